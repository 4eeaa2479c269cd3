//! `desk produce`: what was collected is released, by two officers.

use std::path::PathBuf;

use clap::Args;
use model::{ConditionCode, RecordType, Step};

use super::{Ask, Common, Taken, Words, before::Before, documents, record};
use crate::{
    cli::{attachment::attach, session::Session},
    failure::Failure,
};

/// `desk produce`.
#[derive(Debug, Args)]
pub(crate) struct Produce {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    words: Words,
    /// A record and its file, as in subscriber_info=FILE (repeatable). The file holds a whole record, or its content alone.
    #[arg(long = "record", value_name = "TYPE=FILE", value_parser = record)]
    records: Vec<(RecordType, PathBuf)>,
    /// A file of any size that goes with the first record, sealed (repeatable).
    #[arg(long, value_name = "FILE")]
    attach: Vec<PathBuf>,
    /// A condition, as in C01 (repeatable); those of the acceptance when absent.
    #[arg(long = "condition", value_name = "CODE")]
    conditions: Vec<ConditionCode>,
    /// More follows: only a part is collected.
    #[arg(long)]
    part: bool,
    /// Nothing more follows, though not everything that was asked for is among it. The report then says what is left out, and why.
    #[arg(long, conflicts_with = "part")]
    all: bool,
}

impl Produce {
    pub(crate) async fn run(&self, session: &Session) -> Result<Taken, Failure> {
        let officer = self.common.signer.open(session)?;
        let documents = attach(session, &self.common.case, documents(&self.records)?, &self.attach).await?;
        let collected = if self.part { Step::PartCollected } else { Step::Collected };
        let ask =
            Ask { documents: &documents, conditions: &self.conditions, ..Ask::new(Step::Release, Some(&self.words)) };
        let before = [Step::Assign, collected].map(|step| Before { step, main: Step::Release, records: &documents });
        // What would not be released is told before the other side hears that it is carried out, or collected.
        let shown = session.show(&self.common.case).await?;
        if before.iter().any(|before| !before.measures(&shown, &self.words.measures).is_empty()) {
            self.common.check(session, &ask).await?;
        }
        if !self.part && !self.all {
            before.iter().try_for_each(|before| before.lacks_nothing(&shown, &self.words.measures))?;
        }
        for before in &before {
            self.common.take_before(session, &officer, before, &self.words).await?;
        }
        self.common.take(session, &officer, ask).await
    }
}
