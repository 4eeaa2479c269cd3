//! What a refusal told, whoever refused.

use std::fmt;

use model::{Denial, Refusal};
use serde_json::{Value, json};

/// A no with its reasons, as it arrived.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Told {
    /// R01–R95, or the name of a fault.
    pub(crate) code: String,
    pub(crate) article: Option<String>,
    pub(crate) rule: Option<String>,
    pub(crate) field: Option<String>,
    pub(crate) reason: String,
}

impl Told {
    /// From the error object of a command.
    pub(crate) fn from_json(value: &Value) -> Option<Self> {
        let value = value.get("error").filter(|inner| inner.is_object()).unwrap_or(value);
        let text = |name: &str| value.get(name).and_then(Value::as_str).filter(|t| !t.is_empty()).map(str::to_owned);
        let article = text("article");
        let (code, reason) = match (text("code"), text("reason"), text("what")) {
            (Some(code), reason, what) => (code, reason.or(what)?),
            // The reason is the code, as in an ErrorInfo [AIP-193]; the sentence stands in `what`, behind code and article.
            (None, Some(code), Some(what)) => {
                let cited = article.as_ref().map(|article| format!("[{article}] ")).unwrap_or_default();
                let sentence = what.strip_prefix(&format!("{code} ")).unwrap_or(&what);
                let sentence = sentence.strip_prefix(&cited).unwrap_or(sentence).to_owned();
                (code, sentence)
            }
            (None, reason, what) => (String::new(), what.or(reason)?),
        };
        Some(Self { code, article, rule: text("rule"), field: text("field"), reason })
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({
            "code": self.code, "article": self.article, "rule": self.rule, "field": self.field, "reason": self.reason
        })
    }
}

impl From<&Refusal> for Told {
    fn from(refusal: &Refusal) -> Self {
        Self {
            code: refusal.code.to_string(),
            article: refusal.article.as_ref().map(ToString::to_string),
            rule: Some(refusal.rule.clone()),
            field: refusal.field.clone(),
            reason: refusal.reason.clone(),
        }
    }
}

impl From<&Denial> for Told {
    fn from(denial: &Denial) -> Self {
        match denial {
            Denial::Refused(refusal) => Self::from(refusal.as_ref()),
            Denial::Failed { fault, detail } => {
                Self { code: fault.to_string(), reason: detail.clone(), ..Self::default() }
            }
        }
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.code)?;
        if let Some(article) = &self.article {
            write!(f, "[{article}] ")?;
        }
        f.write_str(&self.reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_object_tells_code_article_and_sentence_in_either_layout() {
        let flat = json!({ "code": "R92", "article": "cets-224:8", "reason": "it is not in force", "rule": "x" });
        let nested = json!({ "schema_version": 1, "error": {
            "what": "R92 [cets-224:8] it is not in force", "reason": "R92", "article": "cets-224:8", "rule": "x"
        }});
        let told = Told::from_json(&flat);
        assert_eq!(told, Told::from_json(&nested));
        assert_eq!(told.map(|told| told.to_string()).as_deref(), Some("R92 [cets-224:8] it is not in force"));
        assert_eq!(Told::from_json(&json!({ "level": "INFO" })), None);
    }
}
