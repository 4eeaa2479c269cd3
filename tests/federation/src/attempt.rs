//! Something that must not be, tried; and who said no.

use std::fmt;

use model::{PartyId, RefusalCode, Refuser};
use serde_json::{Value, json};

use crate::told::Told;

/// Who refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct By {
    pub(crate) refuser: Refuser,
    /// The party whose program it is.
    pub(crate) party: PartyId,
}

impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.refuser {
            Refuser::SendingDesk => write!(f, "the sending desk ({})", self.party),
            Refuser::OwnGateway => write!(f, "the own gateway ({})", self.party),
            Refuser::PeerGateway => write!(f, "the peer gateway ({})", self.party),
            Refuser::ReceivingDesk => write!(f, "the receiving desk ({})", self.party),
        }
    }
}

/// What is tried, and what ought to come of it.
#[derive(Debug, Clone)]
pub(crate) struct Expected {
    /// Who tries.
    pub(crate) actor: String,
    /// What.
    pub(crate) what: String,
    /// Who must refuse.
    pub(crate) by: By,
    /// With one of these codes.
    pub(crate) codes: Vec<RefusalCode>,
    /// Under this article, where a treaty says it.
    pub(crate) article: Option<&'static str>,
    /// At this field and in these words, where it has to be these.
    pub(crate) at: Option<(&'static str, String)>,
}

/// What came of it.
#[derive(Debug, Clone)]
pub(crate) struct Attempt {
    pub(crate) actor: String,
    pub(crate) what: String,
    pub(crate) by: By,
    /// What the refuser said; `None` where it did not refuse.
    pub(crate) told: Option<Told>,
    /// What happened instead of a refusal.
    pub(crate) otherwise: String,
    /// Whether it was refused by whom and as it ought to be.
    pub(crate) held: bool,
}

impl Expected {
    /// Holds what happened against what ought to: `Ok` a refusal by the named refuser, `Err` what happened instead.
    pub(crate) fn hold(self, outcome: Result<Told, String>) -> Attempt {
        let (told, otherwise) = match outcome {
            Ok(told) => (Some(told), String::new()),
            Err(otherwise) => (None, otherwise),
        };
        let held = told.as_ref().is_some_and(|told| {
            let coded = self.codes.iter().any(|code| code.as_str() == told.code);
            let cited = self.article.is_none_or(|article| told.article.as_deref() == Some(article));
            let worded = self
                .at
                .as_ref()
                .is_none_or(|(field, reason)| told.field.as_deref() == Some(*field) && told.reason == *reason);
            coded && cited && worded && !told.reason.is_empty()
        });
        Attempt { actor: self.actor, what: self.what, by: self.by, told, otherwise, held }
    }
}

impl Attempt {
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "who": self.actor,
            "what": self.what,
            "refused_by": { "role": self.by.refuser, "party": self.by.party },
            "refusal": self.told.as_ref().map(Told::to_json),
            "instead": if self.otherwise.is_empty() { Value::Null } else { json!(self.otherwise) },
            "as_expected": self.held,
        })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn expected() -> Expected {
        let by = By { refuser: Refuser::OwnGateway, party: "JP".parse().unwrap() };
        let (codes, article) = (vec![RefusalCode::R92], Some("cets-224:8"));
        Expected { actor: "x".to_owned(), what: "y".to_owned(), by, codes, article, at: None }
    }

    fn told(code: &str, article: Option<&str>) -> Told {
        let reason = "it is not in force".to_owned();
        Told { code: code.to_owned(), article: article.map(str::to_owned), reason, ..Told::default() }
    }

    #[test]
    fn only_the_expected_code_under_the_expected_article_holds() {
        assert!(expected().hold(Ok(told("R92", Some("cets-224:8")))).held);
        assert!(!expected().hold(Ok(told("R90", Some("cets-224:8")))).held);
        assert!(!expected().hold(Ok(told("R92", Some("ets-185:31")))).held);
        assert!(!expected().hold(Ok(told("R92", None))).held);
        assert!(!expected().hold(Ok(told("STORAGE", Some("cets-224:8")))).held);
        assert!(!expected().hold(Err("it was admitted".to_owned())).held);

        let at = |field| Expected { at: Some((field, "it is not in force".to_owned())), ..expected() };
        let told = Told { field: Some("pin".to_owned()), ..told("R92", Some("cets-224:8")) };
        assert!(at("pin").hold(Ok(told.clone())).held);
        assert!(!at("sender").hold(Ok(told.clone())).held);
        assert!(!at("pin").hold(Ok(Told { reason: "another reason".to_owned(), ..told })).held);
    }
}
