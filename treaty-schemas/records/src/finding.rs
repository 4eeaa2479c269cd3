use std::fmt;

/// What is wrong with a document, and where. It never holds a value of the document.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The field, as JSON pointer (RFC 6901); empty for the document as a whole.
    pub field: String,
    /// The rule that is broken: `strict` for the reader's own, else the place in the schema, as in
    /// `common:1#/$defs/selector_account/required`.
    pub rule: String,
    /// What the rule wants, in one sentence.
    pub message: String,
}

impl Finding {
    pub(crate) fn strict(message: impl Into<String>) -> Self {
        Self { field: String::new(), rule: "strict".to_owned(), message: message.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let field = if self.field.is_empty() { "the document" } else { &self.field };
        write!(f, "{field}: {} [{}]", self.message, self.rule)
    }
}

impl std::error::Error for Finding {}

/// A field's name as it may be repeated: names that no schema could have declared may be case data in disguise.
pub(crate) fn speakable(name: &str) -> String {
    let plain = (1..=40).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if plain { format!("`{name}`") } else { "a field whose name is no field name".to_owned() }
}
