//! Steps that say on what they rest: the order of a court, the notice to a ministry, what is wrong with records.

use clap::Args;
use desk::{Document, counterpart::training_banner};
use model::{Flaw, Language, Step};

use super::{
    Ask, Common, Session, Taken, Words,
    between::{reasoned_text, written},
};
use crate::{failure::Failure, office::Beside};

/// The order of a court, or the notice to a ministry, where the law of the requested party wants one.
#[derive(Debug, Args)]
pub(crate) struct Order {
    /// Who made the order, or was told, in words.
    #[arg(long, value_name = "AUTHORITY", requires_all = ["order_number", "order_day"])]
    order_authority: Option<String>,
    /// Its number.
    #[arg(long, value_name = "NUMBER", requires = "order_authority")]
    order_number: Option<String>,
    /// Its day, as in 2026-11-22.
    #[arg(long, value_name = "DAY", requires = "order_authority")]
    order_day: Option<jiff::civil::Date>,
}

impl Order {
    /// One that nobody made, of today: it says so in the place of its authority and of its number.
    pub(crate) fn of_training(language: Language) -> Self {
        let banner = Some(training_banner(language).to_owned());
        let today = crate::clock::now().date();
        Self { order_authority: banner.clone(), order_number: banner, order_day: today }
    }

    /// The form of a step that says it, where there is one.
    pub(crate) fn in_form(&self, record_type: &str) -> Result<Option<Document>, Failure> {
        let (Some(authority), Some(number), Some(day)) = (&self.order_authority, &self.order_number, self.order_day)
        else {
            return Ok(None);
        };
        let order = serde_json::json!({ "authority": authority, "number": number, "made_on": day.to_string() });
        written(record_type, &serde_json::json!({ "order": order })).map(Some)
    }
}

/// `desk review`.
#[derive(Debug, Args)]
pub(crate) struct Review {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    words: Words,
    #[command(flatten)]
    order: Order,
}

/// `desk reject`.
#[derive(Debug, Args)]
pub(crate) struct Reject {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    words: Words,
    /// What is wrong: wrong_subject, wrong_value or stale.
    #[arg(long, value_name = "FLAW")]
    flaw: Flaw,
}

impl Review {
    pub(crate) async fn run(&self, session: &Session) -> Result<Taken, Failure> {
        let officer = self.common.signer.open(session)?;
        let notice: Vec<_> = self.order.in_form("notice")?.into_iter().collect();
        let ask = Ask { documents: &notice, ..Ask::new(Step::OpenReview, Some(&self.words)) };
        self.common.take(session, &officer, ask).await
    }
}

impl Reject {
    pub(crate) async fn run(&self, session: &Session) -> Result<Taken, Failure> {
        reasoned_text(&self.words.text)?;
        let officer = self.common.signer.open(session)?;
        let beside = Beside { flaw: Some(self.flaw), ..Beside::default() };
        self.common.take(session, &officer, Ask { beside, ..Ask::new(Step::Reject, Some(&self.words)) }).await
    }
}
