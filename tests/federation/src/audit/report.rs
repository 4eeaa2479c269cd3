//! What the audit found, in plain words and as JSON; and whether that is as it must be.

use std::collections::{BTreeMap, BTreeSet};

use model::{CaseId, EntryId, Exit};
use serde_json::{Value, json};

use super::{
    attack::{self, Outcome},
    candidates::Candidates,
    cases::Cases,
    custody::Kept,
    holding::Holding,
    sealed::Targets,
    texts::Texts,
};
use crate::{failure::Failure, timeline::Timeline};

/// What the secrets of one or of many opened.
#[derive(Default)]
struct Finding {
    whose: String,
    how: &'static str,
    holding: Value,
    /// Texts of bodies that stood in it in clear: how many, and where first.
    texts: BTreeSet<usize>,
    place: Option<String>,
    outcome: Outcome,
    /// Bodies that keys at rest opened.
    custody: BTreeSet<EntryId>,
    /// Cases in which it has a seat.
    own: Vec<CaseId>,
}

/// All of it.
pub(crate) struct Report {
    texts: usize,
    epochs: usize,
    welcomes: usize,
    keys: usize,
    /// The bodies, with their cases.
    bodies: BTreeMap<EntryId, CaseId>,
    /// The cases by what they are in this report.
    cases: [(&'static str, CaseId); 3],
    gateways: Finding,
    desks: Vec<Finding>,
    planted: Finding,
}

impl Report {
    pub(crate) fn new(cases: &Cases, targets: &Targets, texts: usize) -> Self {
        Self {
            texts,
            epochs: targets.epochs.len(),
            welcomes: targets.welcomes.len(),
            keys: targets.keys.len(),
            bodies: targets.bodies.iter().map(|(id, body)| (*id, body.header.case)).collect(),
            cases: [
                ("JP:central–FR:central", cases.whole),
                ("JP:24x7–FR:24x7", cases.unread),
                ("IT:central–FR:central", cases.later),
            ],
            gateways: Finding::default(),
            desks: Vec::new(),
            planted: Finding::default(),
        }
    }

    /// Searches and attacks with everything that all gateways have.
    pub(crate) fn gateways(&mut self, all: &[Holding], texts: &Texts, targets: &Targets, timeline: &Timeline) {
        let mut finding = finding("all gateways", "their folders, keys, databases and memory", all, texts, targets);
        finding.holding = json!(all.iter().map(Holding::to_json).collect::<Vec<_>>());
        self.gateways = finding;
        timeline.event("verifier", &self.in_words(&self.gateways), self.json_of(&self.gateways));
    }

    /// Searches and attacks with what a desk has. Gives the secrets that led to bodies.
    pub(crate) fn desk(
        &mut self,
        how: &'static str,
        own: &[CaseId],
        kept: Kept,
        texts: &Texts,
        targets: &Targets,
        timeline: &Timeline,
    ) -> Vec<Vec<u8>> {
        let whose = kept.holding.whose.clone();
        let mut finding = finding(&whose, how, std::slice::from_ref(&kept.holding), texts, targets);
        finding.custody = kept.bodies;
        finding.own = own.to_vec();
        timeline.event(&whose, &self.in_words(&finding), self.json_of(&finding));
        let secrets = finding.outcome.secrets();
        self.desks.push(finding);
        secrets
    }

    /// Searches and attacks with the memory of the process in which secrets were planted.
    pub(crate) fn planted(&mut self, holding: &Holding, texts: &Texts, targets: &Targets, timeline: &Timeline) {
        self.planted = finding("planted", "its memory alone", std::slice::from_ref(holding), texts, targets);
        timeline.event("planted", &self.in_words(&self.planted), self.json_of(&self.planted));
    }

    /// Whether it is as it must be.
    ///
    /// # Errors
    /// [`Exit::Integrity`] where something of a case was readable that must not be; [`Exit::Failure`] where a control did not find what it
    /// must, so that the rest proves nothing.
    pub(crate) fn verdict(&self) -> Result<(), Failure> {
        let gateways = &self.gateways;
        if let Some(place) = &gateways.place {
            return Err(readable(format!(
                "{} texts of bodies stand at a gateway in clear: {place}",
                gateways.texts.len()
            )));
        }
        if !gateways.outcome.hits.is_empty() || !gateways.opened().is_empty() {
            return Err(readable(format!(
                "the gateways' secrets open what is sealed: {}",
                gateways.outcome.in_words()
            )));
        }
        let (cases, total) = (&self.cases, self.bodies.len());
        if let Some((name, _)) = cases.iter().find(|(_, case)| self.total(*case) == 0) {
            return Err(nothing(format!("the gateways hold no body of the case {name}")));
        }
        for desk in &self.desks {
            let opened = desk.opened();
            if let Some(foreign) =
                opened.iter().find(|id| self.bodies.get(id).is_some_and(|case| !desk.own.contains(case)))
            {
                return Err(readable(format!(
                    "{} opens the body of {foreign}, of a case in which it has no seat",
                    desk.whose
                )));
            }
            if let Some(case) = desk.own.iter().find(|case| self.of_case(&opened, **case) == 0) {
                return Err(nothing(format!("{} opens nothing of {case}, in which it has a seat", desk.whose)));
            }
        }
        self.check_epochs()?;
        self.check_planted()?;
        if total == 0 { Err(nothing("there were no bodies".to_owned())) } else { Ok(()) }
    }

    /// What was sealed before a desk was seated stays closed to it; and what it has read, its MLS state does not open again.
    fn check_epochs(&self) -> Result<(), Failure> {
        let [away, running, read] = self.desks.as_slice() else {
            return Err(nothing("a control is missing".to_owned()));
        };
        let later = self.cases[2].1;
        if self.of_case(&away.outcome.opened, self.cases[1].1) == 0 || self.of_case(&away.outcome.opened, later) == 0 {
            return Err(nothing("the attack does not open what the desk that is away could open".to_owned()));
        }
        for desk in [away, read] {
            if self.of_case(&desk.opened(), later) >= self.total(later) {
                return Err(readable(format!("{} opens what was sealed before it was seated", desk.whose)));
            }
        }
        if let Some(id) = read.outcome.opened.iter().chain(&running.outcome.opened).next() {
            return Err(readable(format!("the keys of {id} were used and are still there: no forward secrecy")));
        }
        Ok(())
    }

    fn check_planted(&self) -> Result<(), Failure> {
        let counts = self.planted.outcome.counts();
        if let Some((role, _)) = counts.iter().find(|(_, count)| **count == 0) {
            return Err(nothing(format!("a planted {role} was not found in the memory of its process")));
        }
        if self.planted.texts.is_empty() || self.planted.outcome.opened.is_empty() {
            return Err(nothing("a planted text was not found, or planted secrets opened nothing".to_owned()));
        }
        Ok(())
    }

    /// The summary for people.
    pub(crate) fn tell(&self, timeline: &Timeline) {
        let total = self.bodies.len();
        timeline.summary(&format!(
            "\nWhat was to be read: {total} sealed bodies in {} epochs of {} cases; {} Welcomes; {} public keys.",
            self.epochs,
            self.cases.len(),
            self.welcomes,
            self.keys
        ));
        timeline.summary(&format!("\n{:<14} {:<36} {}", "whose secrets", "what of them", "bodies opened, by case"));
        for one in [&self.gateways].into_iter().chain(&self.desks) {
            timeline.summary(&format!("{:<14} {:<36} {}", one.whose, one.how, self.in_words(one)));
        }
        let roles: Vec<_> =
            self.planted.outcome.counts().into_iter().map(|(role, count)| format!("{count} {role}")).collect();
        timeline.summary(&format!(
            "\nPlanted in the memory of a process, and found there by the same scan: {} of 1 text, {}.",
            self.planted.texts.len(),
            roles.join(", ")
        ));
        let gateways = &self.gateways;
        timeline.summary(&format!(
            "\nWith everything that all gateways have, {} of {total} bodies could be read: {} windows of 32 bytes were looked at, {} of them may be \
             secrets, {} of 16 bytes may be keys of messages, and {} trials fitted nothing. None of {} texts of the bodies stands anywhere, in clear, Base64 or hexadecimal.",
            gateways.opened().len(),
            gateways.outcome.windows,
            gateways.outcome.candidates,
            gateways.outcome.keys,
            gateways.outcome.trials,
            self.texts
        ));
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({
            "bodies": self.bodies.len(), "epochs": self.epochs, "welcomes": self.welcomes, "public_keys": self.keys,
            "texts": self.texts,
            "gateways": self.json_of(&self.gateways),
            "desks": self.desks.iter().map(|desk| self.json_of(desk)).collect::<Vec<_>>(),
            "planted": self.json_of(&self.planted),
        })
    }

    fn total(&self, case: CaseId) -> usize {
        self.bodies.values().filter(|of| **of == case).count()
    }

    fn of_case(&self, bodies: &BTreeSet<EntryId>, case: CaseId) -> usize {
        bodies.iter().filter(|id| self.bodies.get(id) == Some(&case)).count()
    }

    fn in_words(&self, finding: &Finding) -> String {
        let by_case: Vec<_> = self
            .cases
            .iter()
            .map(|(name, case)| {
                let [attack, custody] =
                    [&finding.outcome.opened, &finding.custody].map(|some| self.of_case(some, *case));
                format!("{name} {attack} by MLS secrets and {custody} by keys at rest, of {}", self.total(*case))
            })
            .collect();
        by_case.join("; ")
    }

    fn json_of(&self, finding: &Finding) -> Value {
        let outcome = &finding.outcome;
        let by_case = self.cases.iter().map(|(name, case)| {
            json!({
                "case": case, "between": name, "bodies": self.total(*case), "has_a_seat": finding.own.contains(case),
                "opened_by_mls_secrets": self.of_case(&outcome.opened, *case),
                "opened_by_keys_at_rest": self.of_case(&finding.custody, *case),
                "sender_known": self.of_case(&outcome.senders, *case),
            })
        });
        json!({
            "whose": finding.whose, "what": finding.how, "holding": finding.holding,
            "texts_found": finding.texts.len(), "windows": outcome.windows, "bulk_bytes_left_out": outcome.bulk, "candidates": outcome.candidates,
            "message_keys": outcome.keys,
            "trials": outcome.trials, "found": outcome.counts(), "cases": by_case.collect::<Vec<_>>(),
        })
    }
}

impl Finding {
    fn opened(&self) -> BTreeSet<EntryId> {
        self.outcome.opened.union(&self.custody).copied().collect()
    }
}

/// Searches all of it for texts, and attacks with all of it.
fn finding(whose: &str, how: &'static str, all: &[Holding], texts: &Texts, targets: &Targets) -> Finding {
    let mut finding = Finding { whose: whose.to_owned(), how, ..Finding::default() };
    let mut candidates = Candidates::default();
    for holding in all {
        holding.candidates(&mut candidates);
        for (place, found) in holding.search(texts) {
            finding.texts.extend(found);
            finding.place.get_or_insert(place);
        }
        finding.holding = holding.to_json();
    }
    finding.outcome = attack::attack(&candidates, targets);
    finding
}

fn readable(what: String) -> Failure {
    Failure::new(Exit::Integrity, what).remedy("This must not be: report it, with the output of --output json.")
}

fn nothing(what: String) -> Failure {
    Failure::unexpected(format!("the audit proves nothing: {what}"))
}
