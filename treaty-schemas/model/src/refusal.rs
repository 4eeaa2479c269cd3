use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{ArticleRef, PartyId, RefusalCode};

/// Who refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refuser {
    /// The desk that drafts, before it seals.
    SendingDesk,
    /// The gateway of the party that sends.
    OwnGateway,
    /// The gateway of the other party.
    PeerGateway,
    /// The desk that opens.
    ReceivingDesk,
}

/// A deny that explains itself: what, which rule, whose rule, what to do next. It carries no case data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The ground.
    pub code: RefusalCode,
    /// The clause that it rests on, where a treaty says it.
    pub article: Option<ArticleRef>,
    /// The file of the rule, as in `parties/JP.toml`; for a rule of the protocol its name, as in `workflow` or `roster`.
    pub rule: String,
    /// The field of the header or body that fails, as in `measures[1].subjects`.
    pub field: Option<String>,
    /// What is wrong, in one sentence.
    pub reason: String,
    /// What to do next, in one sentence, and who can change the rule.
    pub remedy: String,
    /// Whose rule it is, where one party's; else both parties'.
    pub owner: Option<PartyId>,
}

impl Refusal {
    /// A refusal by a rule of the protocol itself.
    pub fn new(code: RefusalCode, rule: &str, reason: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            code,
            article: None,
            rule: rule.to_owned(),
            field: None,
            reason: reason.into(),
            remedy: remedy.into(),
            owner: None,
        }
    }

    /// Names the field that fails.
    #[must_use]
    pub fn at(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }

    /// Names the clause it rests on.
    #[must_use]
    pub fn under(mut self, article: ArticleRef) -> Self {
        self.article = Some(article);
        self
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.code)?;
        if let Some(article) = &self.article {
            write!(f, "[{article}] ")?;
        }
        f.write_str(&self.reason)
    }
}

impl std::error::Error for Refusal {}
