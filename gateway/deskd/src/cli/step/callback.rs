//! The call-back on an emergency: who calls reads a challenge out over another channel, and who was called enters it.

use clap::{Args, Subcommand};
use model::{Challenge, Exit, Step};
use serde_json::json;

use super::{Answer, Ask, Common, Session, Words, written};
use crate::{cli::session::case_id, failure::Failure, random};

/// `desk call-back`.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum CallBack {
    /// Call who asked in an emergency: draws a challenge, which is shown once, to be read out over another channel.
    Open(Open),
    /// Enter the challenge that was read out to you: only then the other side can grant what you asked for.
    Answer(Heard),
}

/// `desk call-back open`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Open {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    words: Words,
}

/// `desk call-back answer`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Heard {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    words: Words,
    /// The challenge as you heard it over the other channel, as in 7Q2F-0M9X-R4TB-W8CN; never one that was written to you.
    #[arg(long, value_name = "CHALLENGE")]
    challenge: Challenge,
}

impl CallBack {
    pub(in crate::cli) async fn run(&self, session: &Session) -> Result<Answer, Failure> {
        match self {
            Self::Open(open) => open.run(session).await,
            Self::Answer(heard) => heard.run(session).await,
        }
    }
}

impl Open {
    async fn run(&self, session: &Session) -> Result<Answer, Failure> {
        let officer = self.common.signer.open(session)?;
        let shown = session.show(&self.common.case).await?;
        let request = shown.request_entry().ok_or_else(|| {
            Failure::new(Exit::Refused, "the case has no request that both gateways have taken")
                .remedy("Look at the case: desk case show.")
        })?;
        let case = case_id(shown.summary.as_ref())?;
        let other = shown.summary.unwrap_or_default().counterpart;
        let challenge = random::challenge()?;
        let commitment = challenge.commitment(case, request);
        let notice = [written("notice", &json!({ "challenge_hash": commitment.to_string() }))?];
        let ask = Ask { documents: &notice, ..Ask::new(Step::OpenCallback, Some(&self.words)) };
        let mut answer = self.common.take(session, &officer, ask).await?.answer();
        answer.value["challenge"] = challenge.to_string().into();
        answer.text.push_str(&format!(
            "\nCHALLENGE  {challenge}\nRead it out to {other}, over another channel, at a number of the register of contact points or of \
             the party's directory, never one from the request. It is not shown again; calling anew draws another one."
        ));
        Ok(answer)
    }
}

impl Heard {
    async fn run(&self, session: &Session) -> Result<Answer, Failure> {
        let officer = self.common.signer.open(session)?;
        let notice = [written("notice", &json!({ "challenge": self.challenge.to_string() }))?];
        let ask = Ask { documents: &notice, ..Ask::new(Step::AnswerCallback, Some(&self.words)) };
        self.common.take(session, &officer, ask).await.map(super::Taken::answer)
    }
}
