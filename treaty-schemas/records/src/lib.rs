//! Record types: what a request, a record that answers it, and a workflow document may look like.
//!
//! It knows JSON, read strictly ([`read`]), and the schemas of `treaty-schemas/catalog/records`, which are compiled into the
//! program ([`RecordTypes`]). It must never fetch a schema, and never repeat a value of a document in what it says: a
//! [`Finding`] names fields and rules, because documents are case data and findings are logged.
//!
//! Begin with [`RecordTypes::accept`]: bytes in, checked document or findings out.

mod finding;
mod schema;
mod strict;

pub use finding::Finding;
pub use schema::{Defect, RecordTypes};
pub use strict::{DEPTH_MAX, DOCUMENT_BYTES_MAX, INTEGER_MAX, read};
