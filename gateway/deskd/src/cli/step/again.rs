//! `desk again`: a step that lost its place is taken anew, unchanged, behind what the case holds now.

use clap::Args;
use model::{EntryId, Exit};
use proto::desk as wire;

use super::{Common, Taken};
use crate::{
    cli::session::{Session, case_id},
    clock,
    failure::Failure,
    signing::{Anew, check_anew},
    summary,
};

/// `desk again`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Again {
    #[command(flatten)]
    common: Common,
    /// Which entry, by its id; the newest one that can be taken anew when absent.
    #[arg(long)]
    entry: Option<EntryId>,
}

impl Again {
    /// Shows what the desk has prepared, and signs it where it is the same step with the same documents.
    pub(in crate::cli) async fn run(&self, session: &Session) -> Result<Taken, Failure> {
        let officer = self.common.signer.open(session)?;
        let shown = session.show(&self.common.case).await?;
        let case = case_id(shown.summary.as_ref())?;
        let named =
            |one: &&wire::TimelineEvent| self.entry.map_or(one.again, |entry| one.entry_id == entry.as_bytes()[..]);
        let lost = shown.timeline.iter().rfind(named).ok_or_else(|| {
            Failure::new(Exit::NotFound, "no step of the case waits to be taken anew")
                .remedy(format!("Look at the case: desk case show {case}"))
        })?;
        let request = wire::PrepareStepRequest {
            case_id: case.to_string(),
            step: lost.step.clone(),
            role: self.common.role.map(|role| role.as_str().to_owned()).unwrap_or_default(),
            replace: self.common.replace,
            again_entry_id: lost.entry_id.clone(),
            ..wire::PrepareStepRequest::default()
        };
        let prepared = session.desk().prepare_step(request).await?.into_inner();
        let anew = Anew {
            case,
            step: &lost.step,
            own: &session.config.authority,
            documents: shown.documents.iter().filter(|one| one.entry_id == lost.entry_id).collect(),
        };
        let (header, body) = check_anew(&prepared, &anew, clock::now())?;
        let inside = summary::of_body(&body, true)?;
        session.tell(&format!("It did not become part of the case: {}", summary::line(&lost.text)));
        session.tell(&format!("Signing it anew:\n{}\n{inside}\n", summary::of_header(&header)));
        self.common.give(session, &officer, &prepared, (&header, body)).await
    }
}
