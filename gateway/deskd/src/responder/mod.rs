//! Responders: registers that answer requests without a human, where a treaty lets them. Each is a file in the desk's folder
//! `responder/`, works only while two officers stand for that very text, and asks its register through one of two adapters.
//!
//! What may be answered is decided in `desk::responder`; here are files (`config`), an HTTP service (`http`) and a database (`sql`).

mod config;
#[cfg(test)]
mod crossing;
mod http;
mod sql;

use std::collections::BTreeMap;

use desk::responder::{Policy, Question, Row};

pub(crate) use config::{Folder, Loaded};

/// Rows of a register, and whether there were more than were read.
pub(crate) struct Rows {
    pub(crate) rows: Vec<Row>,
    pub(crate) truncated: bool,
}

/// Why a register was not read. It holds nothing of the question nor of the answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Trouble {
    /// It is away, or does not let us in.
    #[error("unreachable")]
    Unreachable,
    /// It took too long.
    #[error("too_slow")]
    TooSlow,
    /// It answered with a status other than 200.
    #[error("status_{0}")]
    Status(u16),
    /// It answered, and not in the form that is asked for.
    #[error("malformed_answer")]
    Malformed,
    /// Its answer is longer than it may be.
    #[error("answer_too_long")]
    TooLong,
    /// It refused the statement, or a column is not as the file says.
    #[error("statement_refused")]
    Refused,
    /// A file that the configuration names cannot be used.
    #[error("configuration")]
    Configuration,
}

/// How a register is asked.
pub(crate) enum Adapter {
    Http(http::Service),
    Sql(sql::Database),
}

impl Adapter {
    /// What the register says of whom the question is about.
    pub(crate) async fn ask(&self, question: &Question, policy: &Policy) -> Result<Rows, Trouble> {
        match self {
            Self::Http(service) => service.ask(question, policy).await,
            Self::Sql(database) => database.ask(question).await,
        }
    }
}

/// The values of a question, by their names.
fn values(question: &Question) -> BTreeMap<String, String> {
    let mut values = BTreeMap::new();
    for (attribute, said) in &question.links {
        values.insert(attribute.as_str().to_owned(), said.clone());
        if let Some(normal) = attribute.normal(said) {
            values.insert(format!("{}_normal", attribute.as_str()), normal);
        }
    }
    values
}
