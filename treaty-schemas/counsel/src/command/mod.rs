//! What a treaty writer can ask for: one file per command.

pub(crate) mod lint;
