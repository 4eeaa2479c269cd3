//! Lists and numbers in English sentences.

use std::fmt::{self, Display};

/// "a, b, c".
pub(crate) struct List<I>(pub(crate) I);

/// "a or b or c".
pub(crate) struct AnyOf<I>(pub(crate) I);

impl<I: IntoIterator<Item: Display> + Clone> Display for List<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        joined(f, self.0.clone(), ", ")
    }
}

impl<I: IntoIterator<Item: Display> + Clone> Display for AnyOf<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        joined(f, self.0.clone(), " or ")
    }
}

fn joined(f: &mut fmt::Formatter<'_>, items: impl IntoIterator<Item: Display>, by: &str) -> fmt::Result {
    for (i, item) in items.into_iter().enumerate() {
        f.write_str(if i == 0 { "" } else { by })?;
        write!(f, "{item}")?;
    }
    Ok(())
}

/// "1 day", "2 days".
pub(crate) struct Plural(pub(crate) u32, pub(crate) &'static str);

impl Display for Plural {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}{}", self.0, self.1, if self.0 == 1 { "" } else { "s" })
    }
}
