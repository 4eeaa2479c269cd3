use std::fmt;

use model::{ArticleRef, PartyId, Refusal, RefusalCode};

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// A gate would refuse.
    Refusal,
    /// Something is missing or contradicts itself: no gate can see it, but the requested authority would return it.
    Missing,
    /// It may be sent; a human of the other side will ask.
    Advice,
}

impl Severity {
    /// The name on screens and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Refusal => "refusal",
            Self::Missing => "missing",
            Self::Advice => "advice",
        }
    }

    /// Whether the request must not be sealed before this is mended.
    pub fn blocks(self) -> bool {
        self != Self::Advice
    }
}

/// What preflight finds: what, which rule, what to do. It names fields and never repeats their values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How much it weighs.
    pub severity: Severity,
    /// The ground on which it would be refused, where there is one.
    pub code: Option<RefusalCode>,
    /// The clause that it rests on, where a treaty says it.
    pub article: Option<ArticleRef>,
    /// The file or schema of the rule, as in `parties/SG.toml`; `desk` for a rule of this crate.
    pub rule: String,
    /// Whose rule it is, where one party's.
    pub owner: Option<PartyId>,
    /// The field, as in `measures[0].subjects`; empty for the request as a whole.
    pub field: String,
    /// What is wrong, in one sentence.
    pub message: String,
    /// What to do next, in one sentence.
    pub remedy: String,
}

impl Finding {
    /// What a schema finds: `field` as JSON pointer, `rule` as place in the schema.
    pub fn form(field: &str, rule: &str, message: &str) -> Self {
        let code = accord::form_code(rule);
        let remedy = match code {
            RefusalCode::R90 => "Name one person, account, device, address or domain: no wildcard, range or list.",
            _ => "Fill the field in as the schema wants it.",
        };
        let mut finding = Self::new(Severity::Refusal, &dotted(field), message, remedy);
        finding.code = Some(code);
        finding.rule = rule.to_owned();
        finding
    }

    pub(crate) fn new(severity: Severity, field: &str, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            severity,
            code: None,
            article: None,
            rule: "desk".to_owned(),
            owner: None,
            field: field.to_owned(),
            message: message.into(),
            remedy: remedy.into(),
        }
    }

    pub(crate) fn coded(self, code: RefusalCode) -> Self {
        Self { code: Some(code), ..self }
    }

    pub(crate) fn under(self, article: &ArticleRef) -> Self {
        Self { article: Some(article.clone()), ..self }
    }
}

impl From<Refusal> for Finding {
    fn from(refusal: Refusal) -> Self {
        Self {
            severity: Severity::Refusal,
            code: Some(refusal.code),
            article: refusal.article,
            rule: refusal.rule,
            owner: refusal.owner,
            field: refusal.field.unwrap_or_default(),
            message: refusal.reason,
            remedy: refusal.remedy,
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.severity.as_str())?;
        if let Some(code) = self.code {
            write!(f, " {code}")?;
        }
        if let Some(article) = &self.article {
            write!(f, " [{article}]")?;
        }
        if !self.field.is_empty() {
            write!(f, " {}", self.field)?;
        }
        write!(f, ": {} {}", self.message, self.remedy)
    }
}

/// A field as in `measures[0].subjects` as JSON pointer, `/measures/0/subjects`; the request as a whole is the empty pointer.
pub fn pointer(field: &str) -> String {
    let mut pointer = String::new();
    for segment in field.split(['.', '[']).filter(|segment| !segment.is_empty()) {
        pointer.push('/');
        pointer.push_str(segment.trim_end_matches(']'));
    }
    pointer
}

/// `/measures/0/subjects` as `measures[0].subjects`, the way headers are spoken of.
pub(crate) fn dotted(pointer: &str) -> String {
    let mut field = String::new();
    for segment in pointer.split('/').skip(1) {
        if !segment.is_empty() && segment.bytes().all(|b| b.is_ascii_digit()) {
            field.push_str(&format!("[{segment}]"));
        } else {
            if !field.is_empty() {
                field.push('.');
            }
            field.push_str(segment);
        }
    }
    field
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_json_pointer_is_told_as_a_path() {
        assert_eq!(
            Finding::form("/measures/0/subjects/12/selector", "x", "y").field,
            "measures[0].subjects[12].selector"
        );
        assert_eq!(Finding::form("", "x", "y").field, "");
        for pointer in ["", "/reference", "/measures/0/subjects/12/selector"] {
            assert_eq!(super::pointer(&dotted(pointer)), pointer);
        }
    }
}
