//! What a treaty writer can ask for: one file per command.

pub(crate) mod apply;
pub(crate) mod diff;
pub(crate) mod effective;
pub(crate) mod explain;
pub(crate) mod lint;
pub(crate) mod new;
pub(crate) mod plan;
pub(crate) mod prove;
pub(crate) mod render;
pub(crate) mod schema;
pub(crate) mod sign;
pub(crate) mod status;
pub(crate) mod verify;
