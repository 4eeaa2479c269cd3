//! The wire. Generated types and services, and their conversion into the vocabulary of `model`.
//!
//! Nothing here decides. What comes from outside becomes a `Received<T>`, which only `identity` can turn into a `Verified<T>`.
//! Begin with [`convert`] for entries and receipts, with [`status`] for errors.

pub mod convert;
mod header;
mod receipt;
pub mod status;
#[cfg(test)]
mod tests;

pub use header::{decode_header, encode_header, encode_statement};
pub use receipt::{decode_receipt, encode_receipt};

#[expect(
    missing_docs,
    unreachable_pub,
    unused_qualifications,
    clippy::allow_attributes,
    clippy::allow_attributes_without_reason,
    clippy::large_enum_variant,
    clippy::too_many_lines,
    reason = "generated from rogatory/**.proto, where the documentation is"
)]
mod generated {
    pub mod types {
        pub mod v1 {
            tonic::include_proto!("rogatory.types.v1");
        }
    }
    pub mod peer {
        pub mod v1 {
            tonic::include_proto!("rogatory.peer.v1");
        }
    }
    pub mod desk {
        pub mod v1 {
            tonic::include_proto!("rogatory.desk.v1");
        }
    }
    pub mod operator {
        pub mod v1 {
            tonic::include_proto!("rogatory.operator.v1");
        }
    }
}

/// `rogatory.desk.v1`
pub use generated::desk::v1 as desk;
/// `rogatory.operator.v1`
pub use generated::operator::v1 as operator;
/// `rogatory.peer.v1`
pub use generated::peer::v1 as peer;
/// `rogatory.types.v1`
pub use generated::types::v1 as types;
