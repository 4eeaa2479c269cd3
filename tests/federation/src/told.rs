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
        let reason = text("reason").or_else(|| text("message")).or_else(|| text("what"))?;
        Some(Self {
            code: text("code").unwrap_or_default(),
            article: text("article"),
            rule: text("rule"),
            field: text("field"),
            reason,
        })
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
