use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

use crate::{ArticleRef, PartyId, RefusalCode};

/// The `domain` of our reasons [AIP-193].
pub const ERROR_DOMAIN: &str = "rogatory.internal";

/// What a machine needs of a denial [AIP-193]: a stable reason, whose reason it is, and every variable of the message by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ErrorInfo {
    /// The code, as in `R92`.
    pub reason: &'static str,
    /// [`ERROR_DOMAIN`].
    pub domain: &'static str,
    /// See [`Refusal::metadata`].
    pub metadata: BTreeMap<&'static str, String>,
}

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

    /// Everything but the code, by name: `rule`, `text` (the reason), `remedy`, and where they are known `article`, `field`, `owner`.
    pub fn metadata(&self) -> BTreeMap<&'static str, String> {
        let Self { code: _, article, rule, field, reason, remedy, owner } = self;
        let always = [("rule", rule), ("text", reason), ("remedy", remedy)].map(|(key, value)| (key, value.clone()));
        let known = [
            ("article", article.as_ref().map(ToString::to_string)),
            ("field", field.clone()),
            ("owner", owner.map(|party| party.to_string())),
        ];
        always.into_iter().chain(known.into_iter().filter_map(|(key, value)| Some((key, value?)))).collect()
    }

    /// The refusal that `code` and its metadata came from. What is missing is empty; what is malformed is left out.
    pub fn from_metadata<'a>(code: RefusalCode, value: impl Fn(&str) -> Option<&'a str>) -> Self {
        let text = |key| value(key).map(str::to_owned);
        Self {
            code,
            article: value("article").and_then(|article| article.parse().ok()),
            rule: text("rule").unwrap_or_default(),
            field: text("field"),
            reason: text("text").unwrap_or_default(),
            remedy: text("remedy").unwrap_or_default(),
            owner: value("owner").and_then(|party| party.parse().ok()),
        }
    }

    /// The refusal for a machine: on gRPC, in JSON and in problem details alike.
    pub fn error_info(&self) -> ErrorInfo {
        ErrorInfo { reason: self.code.as_str(), domain: ERROR_DOMAIN, metadata: self.metadata() }
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

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_refusal_comes_back_whole_from_its_metadata() {
        let bare = Refusal::new(RefusalCode::R92, "treaty", "why", "what to do");
        let mut whole = bare.clone().at("measures[0].subjects").under("ets-185:31".parse().unwrap());
        whole.owner = Some("JP".parse().unwrap());
        for refusal in [bare, whole] {
            let info = refusal.error_info();
            assert_eq!((info.reason, info.domain), ("R92", "rogatory.internal"));
            let back = Refusal::from_metadata(refusal.code, |key| info.metadata.get(key).map(String::as_str));
            assert_eq!(back, refusal);
        }
    }

    #[test]
    fn what_a_stranger_made_up_is_left_out() {
        let refusal =
            Refusal::from_metadata(RefusalCode::R92, |key| (key == "article" || key == "owner").then_some("<x>"));
        assert_eq!(refusal, Refusal::new(RefusalCode::R92, "", "", ""));
    }
}
