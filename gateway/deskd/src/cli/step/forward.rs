use clap::Args;
use model::{AuthorityId, Step};

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
        group::change(session, &self.common.case, "add", Some(&self.to)).await?;
        session.tell("The request, and the earlier documents that this desk can read, go with the transfer.");
        let text = format!("{} is the competent authority. {}", self.to, self.words.text);
        let words = Words { text: text.trim().to_owned(), measures: self.words.measures.clone() };
        self.common.take(session, &officer, Ask::new(Step::Forward, Some(&words))).await
    }
}
