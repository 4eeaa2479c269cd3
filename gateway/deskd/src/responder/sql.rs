//! A register in a database: one statement, columns mapped to what links and to fields of the record.

use std::{collections::BTreeMap, time::Duration};

use desk::responder::{LinkAttribute, Question, Row};
use serde::Deserialize;
use serde_json::Value;
use store::{
    DatabaseUrl,
    register::{Query, Register, RegisterError},
};

use super::{Rows, Trouble, values};

/// How the text of a column is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Form {
    Text,
    /// `1`, `0`, `t`, `f`, `true`, `false`.
    Boolean,
    Json,
}

/// A register in a database, as its file describes it. It is opened when it is asked first.
pub(crate) struct Database {
    pub(crate) url: DatabaseUrl,
    pub(crate) query: Query,
    pub(crate) links: BTreeMap<LinkAttribute, String>,
    pub(crate) fields: BTreeMap<String, (String, Form)>,
    pub(crate) rows_max: u32,
    pub(crate) wait: Duration,
    pub(crate) register: tokio::sync::OnceCell<Register>,
}

impl Database {
    pub(super) async fn ask(&self, question: &Question) -> Result<Rows, Trouble> {
        let opened = self.register.get_or_try_init(|| Register::open(&self.url, self.wait)).await;
        let register = opened.map_err(|error| trouble(&error))?;
        let found = register.ask(&self.query, &values(question), self.rows_max).await;
        let found = found.map_err(|error| trouble(&error))?;
        let rows: Result<Vec<Row>, Trouble> = found.rows.iter().map(|columns| self.row(columns)).collect();
        Ok(Rows { rows: rows?, truncated: found.truncated })
    }

    fn row(&self, columns: &BTreeMap<String, Option<String>>) -> Result<Row, Trouble> {
        let text = |column: &String| columns.get(column).ok_or(Trouble::Refused);
        let mut row = Row::default();
        for (attribute, column) in &self.links {
            if let Some(value) = text(column)? {
                row.links.insert(*attribute, value.clone());
            }
        }
        for (field, (column, form)) in &self.fields {
            if let Some(value) = text(column)? {
                row.fields.insert(field.clone(), read(value, *form)?);
            }
        }
        Ok(row)
    }
}

fn read(text: &str, form: Form) -> Result<Value, Trouble> {
    match form {
        Form::Text => Ok(text.into()),
        Form::Boolean => match text {
            "1" | "t" | "true" => Ok(true.into()),
            "0" | "f" | "false" => Ok(false.into()),
            _ => Err(Trouble::Malformed),
        },
        Form::Json => records::read(text.as_bytes()).map_err(|_| Trouble::Malformed),
    }
}

fn trouble(error: &RegisterError) -> Trouble {
    match error {
        RegisterError::Unreachable => Trouble::Unreachable,
        RegisterError::TooSlow => Trouble::TooSlow,
        RegisterError::TooLong(_) => Trouble::TooLong,
        RegisterError::Refused | RegisterError::NotText(_) | RegisterError::NoValue(_) => Trouble::Refused,
    }
}
