//! The catalogue's examples against its schemas, and what the strict reader refuses.

mod catalogue;
mod strict;
