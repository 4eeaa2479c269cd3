//! What a case file proves, in plain words.

use std::collections::BTreeMap;

use identity::RootCertificate;
use model::{KeyId, PartyId, Timestamp};

use super::{
    Findings,
    bodies::Bodies,
    items::Item,
    law::Law,
    log::Log,
    replay::{Outcome, Request},
};
use crate::{Manifest, Report, Section};

/// All that was found.
pub(super) struct Told<'a> {
    pub(super) manifest: &'a Manifest,
    pub(super) items: &'a [Item],
    pub(super) log: &'a Log,
    pub(super) counted: Option<Timestamp>,
    pub(super) law: &'a Law,
    pub(super) outcome: &'a Outcome,
    pub(super) bodies: &'a Bodies,
}

/// The report. With a contradiction in it nothing counts as proved.
pub(super) fn report(manifest: &Manifest, proved: Vec<Section>, findings: Findings) -> Report {
    let Findings { mut contradicted, not_proved } = findings;
    contradicted.sort();
    contradicted.dedup();
    Report {
        case: manifest.case,
        home: manifest.home,
        peer: manifest.peer,
        exporter: manifest.exporter.clone(),
        holds: contradicted.is_empty(),
        proved: if contradicted.is_empty() { proved } else { Vec::new() },
        not_proved,
        contradicted,
    }
}

impl Told<'_> {
    pub(super) fn sections(
        &self,
        roots: &BTreeMap<PartyId, RootCertificate>,
        now: Timestamp,
        findings: &mut Findings,
    ) -> Vec<Section> {
        self.limits(findings);
        vec![
            section("Trusted: nothing but these roots", self.roots(roots)),
            section("Who asked, under which rule", self.request(now, findings)),
            section("What was sent, by whom, and when each side took it", self.entries()),
            section("Who could read", self.readers(findings)),
            section("That nothing was removed or reordered", self.ledger()),
            section("What the bodies say", self.opened()),
        ]
    }

    fn roots(&self, roots: &BTreeMap<PartyId, RootCertificate>) -> Vec<String> {
        roots.iter().map(|(party, root)| format!("{party}  {}", root.fingerprint())).collect()
    }

    fn request(&self, now: Timestamp, findings: &mut Findings) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(request) = &self.outcome.request
            && let Some(item) = self.items.get(request.entry)
        {
            lines.extend(self.asked(item, request));
            self.signed_law(item, request, now, &mut lines, findings);
        } else {
            lines.push("No request is part of the case.".to_owned());
        }
        lines.extend(
            self.outcome.case.iter().map(|case| format!("The case stands at {} after its last entry.", case.state())),
        );
        lines
    }

    fn asked(&self, item: &Item, request: &Request) -> Vec<String> {
        let header = &item.entry.header;
        let mut lines = vec![format!(
            "{} asked {}, in entry {} of {}.",
            header.sender, header.recipient, item.number, header.created
        )];
        for permit in &request.permits {
            let scope = header.measures.iter().find(|one| one.id == permit.measure);
            let (kind, subjects) =
                scope.map_or_else(Default::default, |one| (one.request_type.to_string(), one.subjects));
            lines.push(format!(
                "{} asks for {kind} of {subjects} subject(s): article {} permits it.",
                permit.measure, permit.article
            ));
        }
        if let Some(validation) = &header.validation {
            let who = self.signer(&validation.key);
            lines.push(format!(
                "{who} validated it as {}, on {}.",
                validation.role.as_str(),
                validation.statement.validated
            ));
        }
        lines.push(format!(
            "The rule, compiled from the treaty files enclosed for {}, has the pin {} that every header names.",
            request.rule.on(),
            request.rule.pin()
        ));
        lines
    }

    /// What the two states signed of the treaty files.
    fn signed_law(
        &self,
        item: &Item,
        request: &Request,
        now: Timestamp,
        lines: &mut Vec<String>,
        findings: &mut Findings,
    ) {
        let standing = item.taken().date().and_then(|on| self.law.standing(on, now));
        let Some(standing) = standing.filter(|_| self.law.is_there()) else { return };
        if standing.holds() && standing.pin == request.rule.pin() {
            lines.push("Both states signed these treaty files and accepted this pin.".to_owned());
            return;
        }
        let missing: Vec<String> = standing.unmet().take(3).map(ToString::to_string).collect();
        findings.unproved(format!(
            "That both states signed the treaty files: {}. Both gateways acted under the rule that they give, and its text beyond what \
             makes the pin (titles, remarks) is the exporter's.",
            missing.join("; ")
        ));
    }

    fn entries(&self) -> Vec<String> {
        let beside = self.items.len() - self.outcome.entries;
        // What it comes to stands first: of a long case the rest is cut on a screen.
        let whole = format!(
            "{} entries are one chain, each allowed by the procedure, and are the case; {beside} did not become part of it.",
            self.outcome.entries
        );
        std::iter::once(whole).chain(self.items.iter().map(|item| self.entry(item))).collect()
    }

    fn entry(&self, item: &Item) -> String {
        let header = &item.entry.header;
        let signed: Vec<String> = item
            .entry
            .officers
            .iter()
            .map(|one| format!("{} as {}", self.signer(&one.signature.key), one.role.as_str()))
            .collect();
        let signed = match signed.len() {
            0 => "the desk alone".to_owned(),
            1 => signed.join(""),
            count => format!("{} ({count} officers)", signed.join(" and ")),
        };
        let receipts: Vec<String> = item
            .receipts
            .iter()
            .map(|one| &one.signed.receipt)
            .map(|receipt| format!("{} {} {}", receipt.by, receipt.kind.as_str(), receipt.at))
            .collect();
        let standing = if item.accepted().is_some() { "" } else { " — not part of the case" };
        let leaf = self.log.entries.get(&header.entry).map_or_else(String::new, |leaf| format!("; leaf {leaf}"));
        format!(
            "{:>4}  {}  {}{standing}, signed by {signed}; {}{leaf}",
            item.number,
            header.step,
            header.sender,
            receipts.join(", ")
        )
    }

    fn signer(&self, key: &KeyId) -> String {
        self.outcome.signers.get(key).cloned().unwrap_or_else(|| format!("key {key}"))
    }

    fn readers(&self, findings: &mut Findings) -> Vec<String> {
        let mut lines = Vec::new();
        for epoch in &self.outcome.group.epochs {
            let by: Vec<_> = epoch.certified.iter().map(|party| party.as_str()).collect();
            let members: Vec<_> = epoch.members.iter().map(ToString::to_string).collect();
            let who = if members.is_empty() { "not followed".to_owned() } else { members.join(", ") };
            lines.push(format!(
                "epoch {} from entry {}: {who} (certified by {})",
                epoch.number,
                epoch.entry,
                by.join(" and ")
            ));
        }
        if self.outcome.group.lost {
            findings.unproved(
                "Who was in the group in the epochs that say \"not followed\": certificates of desks in them are over by the clock of this \
                 machine, and MLS refuses them. Their gateways' certificates hold. Set the clock of the check back (faketime) to follow them.",
            );
        }
        lines
    }

    fn ledger(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(head) = &self.log.head {
            let at = i64::try_from(head.cosigned_s).unwrap_or(i64::MAX).saturating_mul(1000);
            let origin = head.origin;
            lines.push(format!(
                "{} signed the head of {} leaves of {origin}, and {} cosigned it at {}.",
                origin.home(),
                head.size,
                origin.peer(),
                Timestamp(at)
            ));
            lines.push(format!(
                "{} entries and {} receipts are opened as leaves under that head, in the order of the case.",
                self.log.entries.len(),
                self.log.receipts
            ));
        }
        if let Some(at) = self.counted {
            let by = self.manifest.exporter.party();
            lines.push(format!("The gateway of {by} stated at {at} that it holds these entries, receipts and leaves of the case, and no others."));
        }
        lines
    }

    fn opened(&self) -> Vec<String> {
        let whole = format!(
            "{} of {} bodies are opened and equal what their headers committed to; {} bear the sending desk's own signature.",
            self.bodies.opened.len(),
            self.bodies.sealed,
            self.bodies.signed
        );
        let each = self.bodies.opened.iter().map(|(number, types)| {
            format!("entry {number}: {}", if types.is_empty() { "no document".to_owned() } else { types.join(", ") })
        });
        std::iter::once(whole).chain(each).collect()
    }

    /// What no case file can prove, and what this one does not.
    fn limits(&self, findings: &mut Findings) {
        let withheld = self.bodies.sealed - self.bodies.opened.len();
        if withheld > 0 {
            let why = if self.manifest.withheld.is_empty() {
                String::new()
            } else {
                format!(" ({})", self.manifest.withheld.join("; "))
            };
            findings.unproved(format!("What {withheld} bodies say: they are not in the file{why}. Each can be opened later, and proves itself."));
        }
        self.uncovered(findings);
        let unsubmitted = self.items.iter().filter(|item| item.submitted().is_none()).count();
        if unsubmitted > 0 {
            findings.unproved(format!(
                "When {unsubmitted} entries reached their sender's gateway: its own receipt is not in the file."
            ));
        }
        let older = self.items.iter().filter(|item| !item.used.newest).count();
        if older > 0 {
            findings.unproved(format!(
                "That the newest directory was known when {older} entries were taken: they hold by one that was still valid, and a newer one \
                 had been issued."
            ));
        }
        let by = self.manifest.exporter.party();
        let other = if by == self.manifest.home { self.manifest.peer } else { self.manifest.home };
        findings.unproved(format!(
            "That the desk and the gateway of {by} together kept back nothing at the end of the case: compare with the file that {other} exports."
        ));
        findings.unproved("Anything after the head of the ledger and the moment of the export.");
        findings.unproved("Times better than the clocks of the two gateways, of which each receipt states one and the head binds both.");
        findings.unproved("That quotas were kept: each gateway counts over all cases, and no case shows the others.");
        findings.unproved("That what the bodies say is true.");
        if !self.outcome.signers.is_empty() {
            findings.unproved("Which people the pseudonyms of officers are: their states know.");
        }
    }

    fn uncovered(&self, findings: &mut Findings) {
        let part = self.items.iter().filter(|item| item.accepted().is_some());
        let uncovered = part.filter(|item| !self.log.entries.contains_key(&item.entry.header.entry)).count();
        if self.log.head.is_none() {
            findings.unproved("Anything by the ledger: there is no head yet that both gateways signed.");
        } else if uncovered > 0 {
            findings.unproved(format!(
                "By the ledger, {uncovered} entries: they are newer than the newest head that both gateways signed."
            ));
        }
    }
}

fn section(title: &str, lines: Vec<String>) -> Section {
    Section { title: title.to_owned(), lines }
}
