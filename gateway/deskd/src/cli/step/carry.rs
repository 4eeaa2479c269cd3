//! Steps whose notice says more than words: what is carried out, and by which other channel a request goes.

use clap::Args;
use desk::Document;
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
        let notice = notice(&said)?;
        let ask = Ask { documents: &[notice], ..Ask::new(Step::Assign, Some(&self.words)) };
        self.common.take(session, &officer, ask).await
    }
}

/// `desk close`.
#[derive(Debug, Args)]
pub(crate) struct Close {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    words: Words,
    /// By which other channel the request goes, in words: only where it did not arrive in time, or came back as another authority's.
    #[arg(long, value_name = "CHANNEL")]
    alternative_channel: Option<String>,
}

impl Close {
    pub(crate) async fn run(&self, session: &Session) -> Result<Taken, Failure> {
        let officer = self.common.signer.open(session)?;
        let notice = notice(&[("alternative_channel", &self.alternative_channel)])?;
        let ask = Ask { documents: &[notice], ..Ask::new(Step::Close, Some(&self.words)) };
        self.common.take(session, &officer, ask).await
    }
}

fn notice(said: &[(&str, &Option<String>)]) -> Result<Document, Failure> {
    let fields = said.iter().filter_map(|(name, said)| Some(((*name).to_owned(), (*said).clone()?.into())));
    written("notice", &Value::Object(Map::from_iter(fields)))
}
