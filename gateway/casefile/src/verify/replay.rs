//! The case as it went: one chain, each step allowed by the rule and by the procedure, as the gateways decided it.

use std::collections::BTreeMap;

use model::{Denial, Fault, HeaderDigest, KeyId, MeasureId, Refusal, RefusalCode, Role, Step, limits};
use treaty::{Permit, Query, Rule};
use workflow::{Case, Command, Event, Terms, apply, decide};

use super::{Check, Findings, SKEW_MS, group::Group, items::Item, law::Law, parties::Parties};
use crate::Manifest;

/// What the replay came to.
#[derive(Default)]
pub(crate) struct Outcome {
    /// The case after its last entry; `None` where there is none, or it could not be followed.
    pub(crate) case: Option<Case>,
    /// How many entries are part of it.
    pub(crate) entries: usize,
    /// The group as it went.
    pub(crate) group: Group,
    /// The rule of the request, and what it permits.
    pub(crate) request: Option<Request>,
    /// Who signed, by key: authority, pseudonym.
    pub(crate) signers: BTreeMap<KeyId, String>,
}

/// The request that was sent.
pub(crate) struct Request {
    /// By which entry.
    pub(crate) entry: usize,
    pub(crate) rule: Rule,
    pub(crate) permits: Vec<Permit>,
}

/// Replays the entries that both gateways took. After the first that does not fit nothing more is folded: it would only be more of the same.
pub(super) fn replay(
    manifest: &Manifest,
    items: &[Item],
    parties: &mut Parties,
    law: &Law,
    findings: &mut Findings,
) -> Outcome {
    let mut outcome = Outcome::default();
    let mut head = HeaderDigest::GENESIS;
    let mut broken = false;
    let mut part = true;
    for item in items {
        outcome.note_signers(item, parties);
        if item.accepted().is_none() {
            part = false;
            continue;
        }
        if !part {
            findings.contradict(
                &item.file,
                Check::Chain,
                "an entry of the case behind those that did not become part of it",
            );
        }
        outcome.entries += 1;
        if item.entry.header.previous != head {
            let what = "the entry before it in the file is not the one that it follows: one is missing, or the order is another";
            findings.contradict(&item.file, Check::Chain, what);
            broken = true;
        }
        head = item.entry.header_digest();
        if broken {
            continue;
        }
        if let Err((rule, denial)) = outcome.take(item, parties, law) {
            findings.contradict(&item.file, rule, denial.to_string());
            broken = true;
        }
        outcome.group.take(item, manifest, parties, findings);
    }
    if outcome.entries == 0 {
        findings.contradict("entries/", Check::Chain, "no entry that both gateways took");
    }
    outcome
}

type Broken = (Check, Denial);

impl Outcome {
    fn take(&mut self, item: &Item, parties: &mut Parties, law: &Law) -> Result<(), Broken> {
        times(item).map_err(|denial| (Check::Receipts, denial))?;
        let terms = self.terms(item, parties, law).map_err(|denial| (Check::Treaty, denial))?;
        let header = &item.entry.header;
        let signers: Vec<(KeyId, Role)> = item.entry.officers.iter().map(|one| (one.signature.key, one.role)).collect();
        let command = Command::of(header, &signers).under(&terms).carrying(item.entry.payload.size());
        let command = item.accepted().map_or(command, |accepted| command.taken(accepted.receipt.at));
        let event = decide(self.case.as_ref(), &command, header.created)
            .map_err(|refusal| (Check::Workflow, Denial::from(refusal)))?;
        let case = apply(self.case.take(), &event);
        self.case = Some(match header.step {
            // Both gateways have it: a request goes through SENT to DELIVERED in one.
            Step::SealSend => {
                let delivered = Event::delivered(&case, event.at);
                apply(Some(case), &delivered)
            }
            _ => case,
        });
        Ok(())
    }

    /// What the rule says of the answers to a request, once it allows the request itself.
    fn terms(&mut self, item: &Item, parties: &mut Parties, law: &Law) -> Result<Vec<(MeasureId, Terms)>, Denial> {
        let header = &item.entry.header;
        if !matches!(header.step, Step::OpenGroup | Step::SealSend) {
            return Ok(Vec::new());
        }
        let on =
            item.taken().date().ok_or_else(|| Denial::failed(Fault::Malformed, "a moment beyond all calendars"))?;
        let rule = law.rule(on, header.pin).ok_or_else(|| {
            let reason = format!("the treaty files give another rule for {on} than the one it names, {}", header.pin);
            refuse(RefusalCode::R92, &reason)
        })?;
        if header.step == Step::OpenGroup {
            return Ok(Vec::new());
        }
        let kinds = kinds(item, parties)?;
        let query = Query::of(header, kinds[0], kinds[1]);
        // Counters of quotas are the gateways' own: no file can show them.
        let decision = rule.decide(&query);
        if !decision.allowed() {
            let first = decision.refusals.into_iter().next();
            return Err(first.unwrap_or_else(|| refuse(RefusalCode::R92, "the rule permits nothing of it")).into());
        }
        let terms = Terms::of(&rule, &query);
        self.request = Some(Request { entry: item.number, permits: decision.permits, rule });
        Ok(terms)
    }

    fn note_signers(&mut self, item: &Item, parties: &mut Parties) {
        let Ok(trust) = parties.by(&item.used) else { return };
        let officers = item.entry.officers.iter().map(|one| (item.entry.header.sender.party(), one.signature.key));
        let validator = item.entry.header.validation.iter().map(|one| (one.authority.party(), one.key));
        for (party, key) in officers.chain(validator) {
            if let Some((authority, officer)) = trust.officer(party, &key) {
                self.signers.insert(key, format!("{} of {}", officer.pseudonym, authority.id));
            }
        }
    }
}

/// A gateway takes no entry whose time is over, nor one of the future.
fn times(item: &Item) -> Result<(), Denial> {
    let header = &item.entry.header;
    let lives =
        header.expires > header.created && header.expires <= header.created.plus_ms(limits::ENTRY_LIFETIME_MS_MAX);
    let taken = item.taken();
    if !lives || taken.plus_ms(SKEW_MS) < header.created || taken > header.expires.plus_ms(SKEW_MS) {
        let reason = format!("made {}, to be taken by {}, taken {taken}", header.created, header.expires);
        return Err(refuse(RefusalCode::R94, &reason).into());
    }
    Ok(())
}

fn kinds(item: &Item, parties: &mut Parties) -> Result<[model::AuthorityKind; 2], Denial> {
    let header = &item.entry.header;
    let trust = parties.by(&item.used)?;
    let kind = |id: &model::AuthorityId| {
        let known = trust.authority(id).map(|authority| authority.kind);
        known.ok_or_else(|| Denial::failed(Fault::Unknown, format!("{id} is in no directory")))
    };
    Ok([kind(&header.sender)?, kind(&header.recipient)?])
}

fn refuse(code: RefusalCode, reason: &str) -> Refusal {
    Refusal::new(code, "case file", reason, "Ask both operators for the treaty files of that day.")
}
