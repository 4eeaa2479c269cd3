//! The MLS member of a desk [RFC 9420]: one group per case. It opens the group, brings other desks in, seals bodies and
//! opens them. The only crate that sees a plaintext or an MLS secret.
//!
//! It must never be linked by a gateway, never write a secret anywhere but into the rows of [`Member::changes`], and never take
//! a member, a commit or a Welcome that `roster::Policy` and the gateways' epoch certificate do not bear out.
//!
//! Everything is synchronous and takes about a millisecond: call it from a blocking thread, one call per group at a time. When
//! a transaction that was to hold [`Member::changes`] fails, drop the [`Member`] and restore it.
//!
//! Begin with [`Member`]; [`LeafIdentity`] is who it is, [`prepare_key_packages`] how others can add it.

mod body;
mod commit;
mod entrance;
mod failure;
mod key_package;
mod leaf;
mod member;
mod rows;

pub use body::{OpenError, Opened};
pub use failure::FollowError;
pub use key_package::{PreparedKeyPackage, prepare_key_packages};
pub use leaf::{BadLeafKey, LeafIdentity};
pub use member::Member;
pub use rows::Row;
