//! The call-back on an emergency: who is to grant it calls who asked, over another channel, and reads a challenge out. The entry of one side holds the
//! digest of the challenge, that of the other the challenge itself, so that neither an officer who did not call nor one who was not called
//! makes the grant alone.

use model::{Digest, Refusal, RefusalCode, Step, Timestamp, limits::CLOCK_AHEAD_MS_MAX};
use serde::{Deserialize, Serialize};

use crate::{Case, Command, Measure, Side, Terms, answer::cited, case::never};

/// A call-back, as the entries of both sides tell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallBack {
    /// The commitment of the challenge that the requested side drew.
    pub challenge: Digest,
    /// When the entry that says it was made, as it states: nobody read the challenge out before, and who called may have while that entry was
    /// still on its way.
    #[serde(default = "never")]
    pub opened: Timestamp,
    /// When the requesting side gave that challenge back.
    pub answered: Option<Timestamp>,
}

impl CallBack {
    /// Whether somebody can have read its challenge out at that moment, as far as clocks agree: after it was drawn, and before it was given back.
    fn spans(&self, at: Timestamp) -> bool {
        let before = at < self.opened.plus_ms(-CLOCK_AHEAD_MS_MAX);
        !before && self.answered.is_none_or(|answered| at <= answered.plus_ms(CLOCK_AHEAD_MS_MAX))
    }
}

impl Measure {
    /// Whether the treaty wants a call-back before it is granted.
    pub fn wants_call(&self) -> bool {
        self.terms.as_ref().is_some_and(|terms| terms.callback)
    }

    /// Whether a call-back waits for the challenge from who was called.
    pub fn awaits_challenge(&self) -> bool {
        self.call.is_some_and(|call| call.answered.is_none())
    }
}

/// What a step says of the call. A new call takes the place of one that was not answered, or by the wrong person.
pub(crate) fn fold(measure: &mut Measure, step: Step, challenge: Option<Digest>, stated: Timestamp, at: Timestamp) {
    match step {
        Step::OpenCallback => {
            measure.call = challenge.map(|challenge| CallBack { challenge, opened: stated, answered: None });
        }
        Step::AnswerCallback => {
            if let Some(call) = &mut measure.call {
                call.answered = Some(at);
            }
        }
        _ => {}
    }
}

/// A call is opened where the treaty wants one, and says the commitment of its challenge. R94.
pub(crate) fn opened(command: &Command<'_>, measure: &Measure) -> Result<(), Refusal> {
    let id = measure.scope.id;
    if !measure.wants_call() {
        let reason = format!("the treaty wants no call-back before {id} is granted");
        return Err(cited(&measure.scope, "concerns", reason, "Decide on it without one.".to_owned()));
    }
    if command.declared.challenge.is_some() {
        return Ok(());
    }
    let reason = format!("{} says no commitment of a challenge", command.step);
    let remedy = "Let the desk draw a challenge, and read it out over another channel.".to_owned();
    Err(cited(&measure.scope, "declared.challenge", reason, remedy))
}

/// The challenge that is given back is the one that was drawn. R94 where nobody called, R95 where it is another one.
pub(crate) fn answered(case: &Case, command: &Command<'_>, measure: &Measure) -> Result<(), Refusal> {
    let (id, peer) = (measure.scope.id, case.party(Side::Peer));
    let Some(call) = measure.call.filter(|call| call.answered.is_none()) else {
        let reason = format!("no call-back on {id} waits for an answer");
        let remedy = format!("Let an officer of {peer} call first ({}).", Step::OpenCallback);
        return Err(cited(&measure.scope, "concerns", reason, remedy));
    };
    let field = "declared.response";
    match command.declared.response {
        // Drawn for another request, it proves no call on this one.
        Some(response)
            if case.request.is_some_and(|request| response.commitment(command.case, request) == call.challenge) =>
        {
            Ok(())
        }
        Some(_) => {
            let reason = format!("the challenge is not the one that {peer} drew for {id}");
            let remedy = format!(
                "Compare it with the officer of {peer} who calls, sign by sign; else let {peer} call anew ({}).",
                Step::OpenCallback
            );
            Err(Refusal { code: RefusalCode::R95, ..cited(&measure.scope, field, reason, remedy) })
        }
        None => {
            let reason = format!("{} gives no challenge back", command.step);
            let remedy = "Enter the challenge as it was read out over the other channel.".to_owned();
            Err(cited(&measure.scope, field, reason, remedy))
        }
    }
}

/// What is granted was confirmed by a call-back where the treaty wants one: the grant says when, and the requesting side has proved that it was called.
/// R94 for the moment, R95 without that proof.
pub(crate) fn confirmed(
    case: &Case,
    command: &Command<'_>,
    now: Timestamp,
    measure: &Measure,
    terms: &Terms,
) -> Result<(), Refusal> {
    let (home, peer, field) = (case.party(Side::Home), case.party(Side::Peer), "declared.callback");
    let missing = match command.declared.callback {
        Some(at) if at <= measure.arrived || now < at => {
            Some("the call-back was not between the arrival of the request and this step")
        }
        Some(at) if terms.callback && measure.call.is_some_and(|call| !call.spans(at)) => {
            Some("the call-back was not between the moments at which its challenge was drawn and given back")
        }
        Some(_) => None,
        None if terms.callback => Some("an emergency is granted only after a call-back, and none is declared"),
        None => None,
    };
    if let Some(missing) = missing {
        let reason = format!("{missing} ({})", measure.scope.id);
        let remedy = format!(
            "Let an officer of {peer} call {home} back over another channel, at a number of the register, and declare when."
        );
        return Err(cited(&measure.scope, field, reason, remedy));
    }
    if !terms.callback || measure.call.is_some_and(|call| call.answered.is_some()) {
        return Ok(());
    }
    let reason = format!("{home} has not given back the challenge of a call-back on {}", measure.scope.id);
    let remedy = format!(
        "Let an officer of {peer} call ({}) and read the challenge to {home} over another channel, at a number of the register; \
         an officer of {home} enters it ({}). Then grant it.",
        Step::OpenCallback,
        Step::AnswerCallback
    );
    Err(Refusal { code: RefusalCode::R95, ..cited(&measure.scope, field, reason, remedy) })
}
