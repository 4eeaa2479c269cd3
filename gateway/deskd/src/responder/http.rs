//! A register behind an HTTP service: one POST of JSON for each question, one answer of JSON, by `link`'s [`WebTarget`].

use std::{collections::BTreeMap, time::Duration};

use bytes::Bytes;
use desk::responder::{LinkAttribute, Policy, Question, Row};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use link::{WebError, WebRoots, WebTarget};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Rows, Trouble, values};

/// A service as its file describes it.
pub(crate) struct Service {
    pub(crate) target: WebTarget,
    /// `None` on a loopback address without TLS.
    pub(crate) roots: Option<WebRoots>,
    /// The bearer token, if any.
    pub(crate) token: Option<zeroize::Zeroizing<String>>,
    pub(crate) rows_max: u32,
    pub(crate) bytes_max: usize,
    pub(crate) wait: Duration,
}

/// What the service answers.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    rows: Vec<SaidRow>,
    #[serde(default)]
    truncated: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SaidRow {
    links: BTreeMap<String, String>,
    fields: BTreeMap<String, Value>,
}

impl Service {
    pub(super) async fn ask(&self, question: &Question, policy: &Policy) -> Result<Rows, Trouble> {
        let body = json!({
            "format": "rogatory-responder/1",
            "gives": policy.gives.as_str(),
            "links": values(question),
            "attributes": question.attributes.iter().map(|one| one.as_str()).collect::<Vec<_>>(),
            "rows_max": self.rows_max,
        });
        let body = Bytes::from(body.to_string());
        let answer = self.target.ask(self.roots.as_ref(), self.headers()?, body, self.wait, self.bytes_max).await;
        let answer = answer.map_err(|error| trouble(&error))?;
        if answer.status != StatusCode::OK {
            return Err(Trouble::Status(answer.status.as_u16()));
        }
        if answer.media_type != "application/json" {
            return Err(Trouble::Malformed);
        }
        let said = records::read(&answer.body).map_err(|_| Trouble::Malformed)?;
        let said = Said::deserialize(said).map_err(|_| Trouble::Malformed)?;
        let truncated = said.truncated || said.rows.len() > usize::try_from(self.rows_max).unwrap_or(usize::MAX);
        let rows: Result<Vec<Row>, Trouble> = said.rows.into_iter().map(row).collect();
        Ok(Rows { rows: rows?, truncated })
    }

    fn headers(&self) -> Result<HeaderMap, Trouble> {
        let json = HeaderValue::from_static("application/json");
        let mut headers = HeaderMap::from_iter([(header::CONTENT_TYPE, json.clone()), (header::ACCEPT, json)]);
        if let Some(token) = &self.token {
            let mut value =
                HeaderValue::from_str(&format!("Bearer {}", token.as_str())).map_err(|_| Trouble::Configuration)?;
            value.set_sensitive(true);
            headers.insert(header::AUTHORIZATION, value);
        }
        Ok(headers)
    }
}

fn trouble(error: &WebError) -> Trouble {
    match error {
        WebError::Timeout(_) => Trouble::TooSlow,
        WebError::TooLong(_) => Trouble::TooLong,
        WebError::Authorities | WebError::Identity | WebError::Forbidden(_) | WebError::Request(_) => {
            Trouble::Configuration
        }
        WebError::NoAddress(_) | WebError::Unreachable(_) | WebError::Tls(_) | WebError::Http(_) => {
            Trouble::Unreachable
        }
    }
}

fn row(said: SaidRow) -> Result<Row, Trouble> {
    let links = said.links.into_iter().map(|(name, value)| Ok((name.parse::<LinkAttribute>()?, value)));
    let links: Result<BTreeMap<_, _>, model::Malformed> = links.collect();
    // As in a database: what is null is not said.
    let fields = said.fields.into_iter().filter(|(_, value)| !value.is_null()).collect();
    Ok(Row { links: links.map_err(|_| Trouble::Malformed)?, fields })
}
