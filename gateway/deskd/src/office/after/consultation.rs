//! The minutes of a consultation: whose keys signed them.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use desk::{Body, CONSULTATION_MINUTES, ConsultationSignature, MinutesProof, consultation_signatures};
use identity::{Domain, TrustStore};
use model::{Denial, Header, Refusal, RefusalCode, Role, Step};
use serde_json::Value;
use workflow::{Actor, Side, TRANSITIONS, Trigger};

use crate::office::{
    Office,
    then::{Then, in_force},
};

impl Office {
    /// Each signature by a key is that of an officer of the authority that it names, who may speak for this side in a consultation, by the
    /// directory of the day on which it says that it was signed.
    ///
    /// # Errors
    /// R95 with the field.
    pub(in crate::office) async fn hold_consultation(&self, header: &Header, minutes: &Value) -> Result<(), Denial> {
        for one in consultation_signatures(minutes)? {
            let holds = |trust: &TrustStore| holds(trust, &one);
            let today = self.trust.store()?;
            if in_force(&today, [one.authority.party()], one.signed_at) {
                holds(&today)?;
                continue;
            }
            let unknown = unproven(&one, format!("no directory of {} of that day is known", one.authority.party()));
            Then::default().find(self, one.signed_at, [header.home, header.peer], unknown.into(), holds).await?;
        }
        Ok(())
    }
}

/// What stands behind the word that a consultation was held; of other steps nothing is said.
pub(in crate::office) fn proof_of(step: Step, body: &Body) -> &'static str {
    if step != Step::ConsultDone {
        return "";
    }
    let minutes = body.documents.iter().find(|one| one.record_type.as_str() == CONSULTATION_MINUTES);
    let proof = |bytes: &[u8]| MinutesProof::of(&records::read(bytes).ok()?).ok();
    minutes.map_or("without", |one| proof(&one.bytes).map_or("", MinutesProof::as_str))
}

fn holds(trust: &TrustStore, one: &ConsultationSignature) -> Result<(), Denial> {
    let forged = || {
        let reason =
            format!("no officer of {} that its directory of that day names signed these minutes", one.authority);
        unproven(one, format!("{reason} under this name, title and moment"))
    };
    let officer =
        trust.authority(&one.authority).and_then(|authority| authority.officer(&one.key)).ok_or_else(forged)?;
    let bytes = BASE64_STANDARD.decode(&one.value).map_err(|_| forged())?;
    officer.key.verify(Domain::Minutes, one.statement.as_bytes(), &bytes).map_err(|_| forged())?;
    let speaks = speakers(one.side);
    if officer.roles.iter().any(|role| speaks.contains(role)) {
        return Ok(());
    }
    let roles: Vec<_> = speaks.iter().map(|role| role.as_str()).collect();
    Err(unproven(one, format!("who signed was not {} on that day, by the directory", roles.join(" or "))).into())
}

/// Who speaks for a side in a consultation: who opens one there, or says that it was held.
fn speakers(side: Side) -> Vec<Role> {
    let rows = TRANSITIONS.iter().filter(|row| row.sides.contains(&side));
    let of = rows.filter(|row| matches!(row.trigger, Trigger::Step(Step::Consult | Step::ConsultDone)));
    let mut roles: Vec<Role> = of
        .filter_map(|row| if let Actor::Officers(_, roles) = row.actor { Some(roles) } else { None })
        .flatten()
        .copied()
        .collect();
    roles.dedup();
    roles
}

fn unproven(one: &ConsultationSignature, reason: String) -> Refusal {
    let remedy =
        "Let an officer of each side who speaks for it sign them as they are (desk sign-consultation), and send those.";
    Refusal::new(RefusalCode::R95, "desk", reason, remedy).at(one.field.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_requesting_central_authority_and_who_decides_speak_in_a_consultation() {
        assert_eq!(speakers(Side::Home), [Role::Central]);
        assert_eq!(speakers(Side::Peer), [Role::Decider]);
    }
}
