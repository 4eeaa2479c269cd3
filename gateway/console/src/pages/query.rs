//! What stands behind the question mark of an address.

/// The pairs of a query.
pub(super) struct Asked(pub(super) Vec<(String, String)>);

impl Asked {
    /// The first value of this name; empty where there is none.
    pub(super) fn one(&self, wanted: &str) -> &str {
        self.0.iter().find(|(name, _)| name == wanted).map_or("", |(_, value)| value.trim())
    }
}

/// A value for the query of a link.
pub(super) fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
