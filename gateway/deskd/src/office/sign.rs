//! An officer's signature under a prepared header.

use std::collections::BTreeSet;

use bytes::Bytes;
use identity::Domain;
use model::{CaseId, Denial, EntryId, Fault, Header, HeaderDigest, KeyId, Refusal, RefusalCode, Role};
use store::desk::{DeskBatch, ProposalRow};
use workflow::by_others;

use super::{
    Office,
    contest::signed_already,
    dispatch::KeptSignature,
    internal,
    prepare::{BEHIND, SEALED, WAITING, digest_of, prepared_long_ago, too_old},
    signers::{signers, standing},
    unknown,
};
use crate::clock;

/// An officer's signature, as it was handed in.
pub(crate) struct OfficerWord {
    pub(crate) role: Role,
    pub(crate) key: KeyId,
    pub(crate) signature: Vec<u8>,
}

/// How far a signed step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    WaitingForSignature,
    WaitingForPeer,
    Submitted,
    Admitted,
}

impl Progress {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::WaitingForSignature => "waiting_for_signature",
            Self::WaitingForPeer => "waiting_for_peer",
            Self::Submitted => "submitted",
            Self::Admitted => "admitted",
        }
    }
}

/// What came of a signature.
pub(crate) struct Signed {
    pub(crate) missing: usize,
    pub(crate) progress: Progress,
    pub(crate) case: CaseId,
}

impl Office {
    /// Adds an officer's signature; seals and sends when there are enough. The same signature again changes nothing.
    pub(crate) async fn sign(&self, entry: EntryId, word: OfficerWord) -> Result<Signed, Denial> {
        let case = {
            let mut members = self.members.lock().await;
            let row = self.store.proposal(entry).await?;
            let mut row = row.ok_or_else(|| unknown("nothing waits for signatures under this header"))?;
            let case = row.case_id.0;
            if row.state == WAITING {
                let (mut view, version) = self.view(case).await?.ok_or_else(|| unknown("there is no such case"))?;
                view.sound()?;
                let header = proto::decode_header(&Bytes::from(row.header.0.clone()))?;
                if too_old(&header, clock::now()) {
                    self.drop_proposal(entry).await?;
                    return Err(prepared_long_ago());
                }
                let ahead = view.ahead(&header);
                let before = ahead.as_ref().unwrap_or(&view);
                if header.previous != before.head || before.pending.is_some() {
                    self.drop_proposal(entry).await?;
                    return Err(self.overtaken(&view, header.step).await?);
                }
                self.uncontested(&row, &header, before).await?;
                let (needed, roles) = standing(&header, signers(header.step, before, &header.concerns)?);
                if let Some(case) = &before.admitted {
                    for measure in header.concerns.iter().filter_map(|id| case.measures.get(id)) {
                        by_others(case, measure, header.step, &[word.key])?;
                    }
                }
                let given = self.add_signature(&mut row, &header, roles, word)?;
                let batch = DeskBatch { proposals: vec![row.clone()], ..DeskBatch::default() };
                self.commit(&batch).await?;
                if given < needed {
                    let missing = needed - given;
                    return Ok(Signed { missing, progress: Progress::WaitingForSignature, case });
                }
                match ahead {
                    Some(_) => self.put_behind(view, version, &header, row).await?,
                    None => self.seal_proposal(&mut members, &mut view, version, row).await?,
                }
            }
            case
        };
        let progress = self.until(|| self.progress(case, entry)).await?.unwrap_or(Progress::WaitingForPeer);
        Ok(Signed { missing: 0, progress, case })
    }

    fn add_signature(
        &self,
        row: &mut ProposalRow,
        header: &Header,
        roles: &[Role],
        word: OfficerWord,
    ) -> Result<usize, Denial> {
        self.check_officer(digest_of(&row.header), header, roles, &word)?;
        self.hold_signer(header, row, &word.key)?;
        let mut signatures = self.signatures(row)?;
        if header.declared.widens {
            beside(&signatures, &word)?;
        }
        let earlier = signatures.iter().find(|one| one.key == word.key);
        if let Some(earlier) = earlier.filter(|earlier| earlier.role != word.role) {
            return Err(signed_already(header.step, earlier.role, self.own.party()));
        }
        if earlier.is_none() {
            signatures.push(KeptSignature { role: word.role, key: word.key, bytes: word.signature });
        }
        row.signatures = serde_json::to_vec(&signatures).map_err(internal)?.into();
        Ok(signatures.iter().map(|one| one.key).collect::<BTreeSet<_>>().len())
    }

    fn check_officer(
        &self,
        digest: HeaderDigest,
        header: &Header,
        roles: &[Role],
        word: &OfficerWord,
    ) -> Result<(), Denial> {
        let refuse = |code, reason: String, remedy: &str| -> Result<(), Denial> {
            let mut refusal = Refusal::new(code, "identity", reason, remedy).at("officers");
            refusal.owner = Some(self.own.party());
            Err(refusal.into())
        };
        let trust = self.trust.store()?;
        // Who validates after the fact, or decides on a remedy, is of a court.
        let court = header.step.is_of_a_court() && matches!(word.role, Role::Judge | Role::Prosecutor);
        let officer = trust.officer(self.own.party(), &word.key);
        let officer = officer.filter(|(authority, _)| court || authority.id == self.own);
        let Some((_, officer)) = officer else {
            let reason = format!("the key is no officer's of {}", self.own);
            return refuse(
                RefusalCode::R95,
                reason,
                "An officer of this authority signs, as the directory lists them.",
            );
        };
        if officer.key.verify(Domain::Step, digest.as_bytes(), &word.signature).is_err() {
            let remedy = "Sign the header that the desk prepared.";
            return refuse(RefusalCode::R95, "the officer's signature does not hold".to_owned(), remedy);
        }
        if !roles.contains(&word.role) || !officer.roles.contains(&word.role) {
            let names: Vec<_> = roles.iter().map(|role| role.as_str()).collect();
            let held: Vec<_> = officer.roles.iter().map(|role| role.as_str()).collect();
            let reason = format!(
                "{} needs the role {}; {} holds {} in the directory, and signs as {}",
                header.step,
                names.join(" or "),
                officer.pseudonym,
                held.join(", "),
                word.role.as_str()
            );
            let remedy = "An officer signs who holds that role; who holds which, the party's directory says.";
            return refuse(RefusalCode::R93, reason, remedy);
        }
        Ok(())
    }

    /// How far an entry is on its way; `None` while the own gateway has not answered.
    async fn progress(&self, case: CaseId, entry: EntryId) -> Result<Option<Progress>, Denial> {
        if let Some(denial) = self.answer(entry) {
            return Err(denial);
        }
        let (view, _) = self.view(case).await?.ok_or_else(|| unknown("there is no such case"))?;
        if let Some(refused) = view.refused.iter().find(|one| one.entry == entry) {
            return Err(Denial::failed(Fault::StaleCase, refused.reason.clone()));
        }
        let pending = view.pending.as_ref().filter(|pending| pending.entry == entry);
        Ok(match pending {
            Some(pending) if pending.submitted => Some(Progress::Submitted),
            Some(_) if !self.uplink.health().reachable => Some(Progress::WaitingForPeer),
            Some(_) => None,
            None => match self.store.proposal(entry).await?.map(|row| row.state) {
                Some(BEHIND) => Some(Progress::WaitingForPeer),
                Some(SEALED) | None => Some(Progress::Admitted),
                Some(_) => None,
            },
        })
    }
}

/// Who validates what an answer asks beyond the request is not who answers, and one of each signs.
fn beside(given: &[KeptSignature], word: &OfficerWord) -> Result<(), Denial> {
    let validates = |role: Role| matches!(role, Role::Judge | Role::Prosecutor);
    let others = || given.iter().filter(|one| one.key != word.key);
    if others().all(|one| validates(one.role) != validates(word.role)) {
        return Ok(());
    }
    let reason = "one officer answers, and one judge or prosecutor validates what is asked beyond the request";
    let remedy = "Let the other of the two sign the same header.";
    Err(Refusal::new(RefusalCode::R93, "workflow", reason, remedy).at("officers").into())
}
