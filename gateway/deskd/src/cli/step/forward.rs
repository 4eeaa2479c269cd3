use clap::Args;
use model::{AuthorityId, Exit, Step};
use proto::desk as wire;

use super::{Ask, Common, Taken, Words};
use crate::{
    cli::{group, session::Session},
    failure::Failure,
};

/// `desk forward`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Forward {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    words: Words,
    /// The competent authority of the own party, as in FR:executing.
    #[arg(long)]
    to: AuthorityId,
}

impl Forward {
    /// Seats the authority in the case's group, then passes the request on to it. Run again it goes on from where it was.
    pub(in crate::cli) async fn run(&self, session: &Session) -> Result<Taken, Failure> {
        let officer = self.common.signer.open(session)?;
        self.is_possible(session).await?;
        group::change(session, &self.common.case, "add", Some(&self.to)).await?;
        session.tell("The request, and the earlier documents that this desk can read, go with the transfer.");
        let text = format!("{} is the competent authority. {}", self.to, self.words.text);
        let words = Words { text: text.trim().to_owned(), measures: self.words.measures.clone() };
        self.common.take(session, &officer, Ask::new(Step::Forward, Some(&words))).await
    }

    /// Asked before anybody is seated: a seat that was given for nothing takes two officers to take back.
    async fn is_possible(&self, session: &Session) -> Result<(), Failure> {
        let request = wire::GetCaseRequest { case_id: self.common.case.clone(), traced: false };
        let case = session.desk().get_case(request).await?.into_inner().summary.unwrap_or_default();
        if case.possible_steps.iter().any(|step| step == Step::Forward.as_str()) {
            return Ok(());
        }
        let what = format!("the request is not passed on any more while the case is in {}", case.state);
        Err(Failure::new(Exit::Refused, what).remedy(format!(
            "To let {} read it and act on it: desk group add {} --authority {}",
            self.to, self.common.case, self.to
        )))
    }
}
