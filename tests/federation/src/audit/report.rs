//! What the audit found, in plain words and as JSON; and whether that is as it must be.

use std::collections::{BTreeMap, BTreeSet};

use model::{AuthorityId, CaseId, EntryId, Exit};
use serde_json::{Value, json};

use super::{
    attack::{self, Outcome},
    candidates::Candidates,
    cases::Cases,
    custody::Kept,
    holding::Holding,
    sealed::{Body, Targets},
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

/// Where a body lies: in which case, and in an epoch in which these desks have a seat.
struct Lies {
    case: CaseId,
    seated: BTreeSet<AuthorityId>,
}

/// All of it.
pub(crate) struct Report {
    texts: usize,
    epochs: usize,
    welcomes: usize,
    keys: usize,
    bodies: BTreeMap<EntryId, Lies>,
    /// The cases by what they are in this report.
    cases: [(&'static str, CaseId); 3],
    gateways: Finding,
    desks: Vec<Finding>,
    planted: Finding,
}

impl Report {
    pub(crate) fn new(cases: &Cases, targets: &Targets, texts: usize) -> Self {
        let lies = |(id, body): (&EntryId, &Body)| {
            let epoch = targets.epochs.get(&(body.message.group.clone(), body.message.epoch));
            let seated = epoch.map(|epoch| epoch.members.clone()).unwrap_or_default();
            (*id, Lies { case: body.header.case, seated })
        };
        Self {
            texts,
            epochs: targets.epochs.len(),
            welcomes: targets.welcomes.len(),
            keys: targets.keys.len(),
            bodies: targets.bodies.iter().map(lies).collect(),
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
        self.check_seats()?;
        self.check_planted()?;
        if total == 0 { Err(nothing("there were no bodies".to_owned())) } else { Ok(()) }
    }

    /// What a desk opens was sealed in epochs in which the handshakes give it a seat: nothing else, and by the attack or by its own keys at rest
    /// all of it. What it has read, its MLS state does not open again.
    fn check_seats(&self) -> Result<(), Failure> {
        for desk in &self.desks {
            let opened = desk.opened();
            if let Some(id) = opened.difference(&self.open_to(desk)).next() {
                let what = format!("{} opens the body of {id}, of an epoch in which it has no seat", desk.whose);
                return Err(readable(what));
            }
            if let Some(case) = desk.own.iter().find(|case| self.of_case(&opened, **case) == 0) {
                return Err(nothing(format!("{} opens nothing of {case}, in which it has a seat", desk.whose)));
            }
        }
        let [away, running, read] = self.desks.as_slice() else {
            return Err(nothing("a control is missing".to_owned()));
        };
        for (desk, opened) in [(away, &away.outcome.opened), (read, &read.custody)] {
            if let Some(id) = self.open_to(desk).difference(opened).next() {
                return Err(nothing(format!("{} ({}) does not open {id}, which it can", desk.whose, desk.how)));
            }
        }
        let later = self.cases[2].1;
        if self.of_case(&self.open_to(away), later) >= self.total(later) {
            return Err(nothing(format!("nothing was sealed before {} was seated", away.whose)));
        }
        if let Some(id) = read.outcome.opened.iter().chain(&running.outcome.opened).next() {
            return Err(readable(format!("the keys of {id} were used and are still there: no forward secrecy")));
        }
        Ok(())
    }

    /// The bodies of the epochs in which a desk has a seat.
    fn open_to(&self, desk: &Finding) -> BTreeSet<EntryId> {
        let seated = |lies: &Lies| lies.seated.iter().any(|authority| authority.to_string() == desk.whose);
        self.bodies.iter().filter(|(_, lies)| seated(lies)).map(|(id, _)| *id).collect()
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
        self.bodies.values().filter(|lies| lies.case == case).count()
    }

    fn of_case(&self, bodies: &BTreeSet<EntryId>, case: CaseId) -> usize {
        bodies.iter().filter(|id| self.bodies.get(id).is_some_and(|lies| lies.case == case)).count()
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

#[cfg(test)]
mod tests {
    use super::*;

    const LATER: u8 = 3;

    fn entry(number: u8) -> EntryId {
        EntryId::new([number; 16])
    }

    fn ids(numbers: &[u8]) -> BTreeSet<EntryId> {
        numbers.iter().copied().map(entry).collect()
    }

    fn case(number: u8) -> CaseId {
        CaseId::new([number; 16])
    }

    /// A desk that opens these by MLS secrets, and these by its keys at rest.
    fn desk(whose: &str, own: &[u8], attack: &[u8], custody: &[u8]) -> Finding {
        let mut outcome = Outcome::default();
        outcome.opened = ids(attack);
        let own = own.iter().copied().map(case).collect();
        Finding { whose: whose.to_owned(), outcome, custody: ids(custody), own, ..Finding::default() }
    }

    /// Three cases: bodies 1 and 2 of one between JP:central and FR:central, 3 and 4 of one of FR:24x7; 5 and 6 from before it was seated in the
    /// third, 7 and 8 from after that.
    fn report() -> Report {
        let seated = |number: u8| match number {
            1 | 2 => (1, ["JP:central", "FR:central"].as_slice()),
            3 | 4 => (2, ["JP:24x7", "FR:24x7"].as_slice()),
            5 | 6 => (LATER, ["IT:central", "FR:central"].as_slice()),
            _ => (LATER, ["IT:central", "FR:central", "FR:24x7"].as_slice()),
        };
        let lies = |number: u8| {
            let (of, desks) = seated(number);
            let seated = desks.iter().filter_map(|desk| desk.parse().ok()).collect();
            (entry(number), Lies { case: case(of), seated })
        };
        Report {
            texts: 0,
            epochs: 4,
            welcomes: 0,
            keys: 0,
            bodies: (1..=8).map(lies).collect(),
            cases: [("whole", case(1)), ("unread", case(2)), ("later", case(LATER))],
            gateways: Finding::default(),
            desks: vec![
                desk("FR:24x7", &[2, LATER], &[3, 4, 7, 8], &[]),
                desk("JP:central", &[1], &[], &[1]),
                desk("FR:24x7", &[2, LATER], &[], &[3, 4, 7, 8]),
            ],
            planted: Finding::default(),
        }
    }

    fn said(report: &Report) -> String {
        report.check_seats().map_or_else(|failure| failure.to_string(), |()| "as it must be".to_owned())
    }

    #[test]
    fn a_desk_that_opens_just_what_was_sealed_while_it_had_a_seat_is_as_it_must_be() {
        assert_eq!(said(&report()), "as it must be");
    }

    #[test]
    fn as_many_bodies_as_a_desk_may_open_and_one_of_them_another_is_found() {
        for (place, forged) in [
            (0, desk("FR:24x7", &[2, LATER], &[3, 4, 6, 8], &[])),
            (2, desk("FR:24x7", &[2, LATER], &[], &[3, 4, 5, 8])),
            (1, desk("JP:central", &[1], &[], &[4, 1])),
        ] {
            let mut report = report();
            report.desks[place] = forged;
            assert!(said(&report).contains("of an epoch in which it has no seat"), "{place}: {}", said(&report));
        }
    }

    #[test]
    fn a_member_whom_the_handshakes_put_into_the_place_of_another_is_found() {
        let mut report = report();
        for lies in report.bodies.values_mut().filter(|lies| lies.case == case(2)) {
            lies.seated = ["JP:24x7", "FR:central"].iter().filter_map(|desk| desk.parse().ok()).collect();
        }
        assert!(said(&report).contains("FR:24x7 opens the body of"), "{}", said(&report));
    }

    #[test]
    fn an_attack_that_misses_a_body_proves_nothing() {
        for (place, whose) in
            [(0, desk("FR:24x7", &[2, LATER], &[3, 7, 8], &[])), (2, desk("FR:24x7", &[2, LATER], &[], &[3, 4, 7]))]
        {
            let mut report = report();
            report.desks[place] = whose;
            assert!(said(&report).contains("which it can"), "{}", said(&report));
        }
    }

    #[test]
    fn what_was_used_and_still_opens_is_found() {
        let mut report = report();
        report.desks[2].outcome.opened = ids(&[3]);
        assert!(said(&report).contains("no forward secrecy"), "{}", said(&report));
    }
}
