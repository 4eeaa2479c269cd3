//! Forms as fields: what a record form of the catalogue asks for, made from its JSON schema, so that nobody types JSON.
//!
//! `schema` reads what is asked for, `said` makes the document of what was filled in, `shown` the page. What a form can only say in one way the
//! desk fills in, and holds the whole against the schema; here is said what can be said before that, field by field.

mod of_step;
mod said;
mod schema;
mod shown;

pub(crate) use of_step::{CALLBACK, DRAWN, Form, is_offered, of_callback, of_record, of_step};
pub(crate) use said::{Clock, Unfit, document, rearranged};
pub(crate) use shown::{FormShown, Wrong, filled, label};
