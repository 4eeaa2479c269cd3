//! Carrying out what was accepted.

use clap::Args;
use model::Step;
use serde_json::{Map, Value};

use super::{Ask, Common, Session, Taken, Words, between::written};
use crate::failure::Failure;

/// `desk assign`.
#[derive(Debug, Args)]
pub(crate) struct Assign {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    words: Words,
    /// The order or file under which it is carried out.
    #[arg(long, value_name = "REFERENCE")]
    domestic_reference: Option<String>,
    /// The measure that is carried out in place of the one that was asked for, in words.
    #[arg(long, value_name = "MEASURE")]
    other_measure: Option<String>,
}

impl Assign {
    pub(crate) async fn run(&self, session: &Session) -> Result<Taken, Failure> {
        let officer = self.common.signer.open(session)?;
        let said = [("domestic_reference", &self.domestic_reference), ("other_measure", &self.other_measure)];
        let fields = said.into_iter().filter_map(|(name, said)| Some((name.to_owned(), said.clone()?.into())));
        let notice = written("notice", &Value::Object(Map::from_iter(fields)))?;
        let ask = Ask { documents: &[notice], ..Ask::new(Step::Assign, Some(&self.words)) };
        self.common.take(session, &officer, ask).await
    }
}
