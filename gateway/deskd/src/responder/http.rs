//! A register behind an HTTP service: one POST of JSON for each question, one answer of JSON. No redirect is followed, no proxy asked, no
//! connection kept.

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use desk::responder::{LinkAttribute, Policy, Question, Row};
use http_body_util::{BodyExt, Full, Limited};
use hyper::{Request, Uri, client::conn::http1, header};
use hyper_util::rt::TokioIo;
use rustls_pki_types::ServerName;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, lookup_host},
    time::timeout,
};
use tokio_rustls::{TlsConnector, rustls::ClientConfig};

use super::{Rows, Trouble, values};

/// A service as its file describes it.
pub(crate) struct Service {
    pub(crate) url: Uri,
    /// `None` on a loopback address without TLS.
    pub(crate) tls: Option<Arc<ClientConfig>>,
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
        let said = timeout(self.wait, self.post(body.to_string().into())).await.map_err(|_| Trouble::TooSlow)??;
        let said = records::read(&said).map_err(|_| Trouble::Malformed)?;
        let said = Said::deserialize(said).map_err(|_| Trouble::Malformed)?;
        let truncated = said.truncated || said.rows.len() > usize::try_from(self.rows_max).unwrap_or(usize::MAX);
        let rows: Result<Vec<Row>, Trouble> = said.rows.into_iter().map(row).collect();
        Ok(Rows { rows: rows?, truncated })
    }

    async fn post(&self, body: Bytes) -> Result<Bytes, Trouble> {
        let host = self.url.host().ok_or(Trouble::Configuration)?;
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let port = self.url.port_u16().unwrap_or(if self.tls.is_some() { 443 } else { 80 });
        let addresses: Vec<SocketAddr> = lookup_host((bare, port)).await.map_err(|_| Trouble::Unreachable)?.collect();
        // A name that was loopback when the file was read may be another one now.
        if self.tls.is_none() && !addresses.iter().all(|one| one.ip().is_loopback()) {
            return Err(Trouble::Configuration);
        }
        let stream = TcpStream::connect(&addresses[..]).await.map_err(|_| Trouble::Unreachable)?;
        match &self.tls {
            None => self.exchange(stream, body).await,
            Some(config) => {
                let name = ServerName::try_from(bare.to_owned()).map_err(|_| Trouble::Configuration)?;
                let stream = TlsConnector::from(config.clone()).connect(name, stream).await;
                self.exchange(stream.map_err(|_| Trouble::Unreachable)?, body).await
            }
        }
    }

    async fn exchange<S>(&self, stream: S, body: Bytes) -> Result<Bytes, Trouble>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(|_| Trouble::Unreachable)?;
        let path = self.url.path_and_query().map_or("/", |path| path.as_str());
        let host = self.url.authority().map_or("", |authority| authority.as_str());
        let mut request = Request::post(path)
            .header(header::HOST, host)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT, "application/json")
            .header(header::CONNECTION, "close");
        if let Some(token) = &self.token {
            let mut value = header::HeaderValue::from_str(&format!("Bearer {}", token.as_str()))
                .map_err(|_| Trouble::Configuration)?;
            value.set_sensitive(true);
            request = request.header(header::AUTHORIZATION, value);
        }
        let request = request.body(Full::new(body)).map_err(|_| Trouble::Configuration)?;
        let asked = async {
            let response = sender.send_request(request).await.map_err(|_| Trouble::Unreachable)?;
            if response.status() != hyper::StatusCode::OK {
                return Err(Trouble::Status(response.status().as_u16()));
            }
            let json = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
            let kind = json.and_then(|kind| kind.split(';').next()).map(str::trim);
            if kind != Some("application/json") {
                return Err(Trouble::Malformed);
            }
            let whole = Limited::new(response.into_body(), self.bytes_max).collect().await;
            whole.map(|body| body.to_bytes()).map_err(|error| {
                if error.is::<http_body_util::LengthLimitError>() { Trouble::TooLong } else { Trouble::Unreachable }
            })
        };
        // The connection ends with the answer, whichever of the two is there first.
        tokio::pin!(asked);
        tokio::pin!(connection);
        tokio::select! {
            answer = &mut asked => answer,
            ended = &mut connection => match ended {
                Ok(()) => asked.await,
                Err(_) => Err(Trouble::Unreachable),
            },
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
