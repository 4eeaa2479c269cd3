//! What a case file proves, in plain words.

use std::collections::BTreeMap;

use identity::RootCertificate;
use model::{AuthorityId, KeyId, PartyId, Timestamp};

use super::{
    Findings,
    bodies::Bodies,
    group::Epoch,
    items::{Item, Stated},
    law::Law,
    log::Log,
    parties::Against,
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
    let Findings { mut contradicted, mut misstated, mut clocks, not_proved } = findings;
    contradicted.sort();
    contradicted.dedup();
    misstated.sort();
    misstated.dedup();
    clocks.sort_by_key(|one| (one.from, one.of));
    Report {
        case: manifest.case,
        home: manifest.home,
        peer: manifest.peer,
        exporter: manifest.exporter.clone(),
        holds: contradicted.is_empty(),
        proved: if contradicted.is_empty() { proved } else { Vec::new() },
        misstated,
        clocks,
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
            section(
                "That no entry of the case is missing between two others, or stands in another place",
                self.ledger(),
            ),
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
        let receipts: Vec<String> = item.receipts.iter().map(|one| self.receipt(item, one)).collect();
        let standing = match (item.accepted().is_some(), item.fate()) {
            (true, None) => String::new(),
            (true, Some(fate)) => format!(" — {fate}"),
            (false, None) => " — not part of the case".to_owned(),
            (false, Some(fate)) => format!(" — not part of the case: {fate}"),
        };
        let leaf = self.log.entries.get(&header.entry).map_or_else(String::new, |leaf| format!("; leaf {leaf}"));
        format!(
            "{:>4}  {}  {}{standing}, signed by {signed}; {}{leaf}",
            item.number,
            header.step,
            header.sender,
            receipts.join(", ")
        )
    }

    fn receipt(&self, item: &Item, one: &Stated) -> String {
        let receipt = &one.signed.receipt;
        let relied_on = match (one.counts, one.timed) {
            (true, true) if self.log.holds(item, one) => "",
            (true, true) => " (signed, not in the ledger)",
            (true, false) if one.apart => " (signed, and two clocks apart)",
            (true, false) => " (signed, its moment is not so)",
            (false, _) => " (signed, and not so)",
        };
        format!("{} {} {}{relied_on}", receipt.by, receipt.kind.as_str(), receipt.at)
    }

    fn signer(&self, key: &KeyId) -> String {
        self.outcome.signers.get(key).cloned().unwrap_or_else(|| format!("key {key}"))
    }

    fn readers(&self, findings: &mut Findings) -> Vec<String> {
        let mut lines = Vec::new();
        let epochs = &self.outcome.group.epochs;
        let mut before: &[AuthorityId] = &[];
        for epoch in epochs {
            let by: Vec<_> = epoch.certified.iter().map(|party| party.as_str()).collect();
            let members: Vec<_> = epoch.members.iter().map(ToString::to_string).collect();
            lines.push(format!(
                "epoch {} from entry {}: {} (certified by {}), since {}: {}",
                epoch.number,
                epoch.entry,
                members.join(", "),
                by.join(" and "),
                epoch.since,
                change(epoch, before),
            ));
            before = &epoch.members;
            if let Some(against) = &epoch.against {
                let what =
                    format!("That the desks of epoch {} were accredited by the newest directories", epoch.number);
                findings.unproved(self.older(&what, against));
            }
        }
        let outlived = epochs.iter().filter(|epoch| !epoch.replayed).count();
        if outlived > 0 {
            findings.unproved(format!(
                "By a replay in MLS, that the commits of {outlived} epochs lead from each to the next: leaves in them are over by this \
                 machine's clock. Who was in each is proved without it: its tree is the one that the gateways certified, its committer signed \
                 it, and each leaf was accredited when it came in."
            ));
        }
        lines
    }

    fn ledger(&self) -> Vec<String> {
        let mut lines = vec![
            "Each entry of the case names the header of the one before it, and its desk signed that: none can be taken out from between two \
             others."
                .to_owned(),
        ];
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
            lines.extend(head.twice.iter().map(|party| {
                format!(
                    "{party} signed that head by both algorithms: Ed25519, and ML-DSA-44 against quantum computers."
                )
            }));
            lines.push(format!(
                "{} entries and {} receipts are opened as leaves under that head{}. Its other leaves stay closed: whether one of them is of \
                 this case, only the two gateways know.",
                self.log.entries.len(),
                self.log.receipts.len(),
                if self.log.disordered { "" } else { ", in the order of the case" }
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
        let compared = format!(
            "{} requests and releases of records among them are held against the headers that the gateways decided on, as the desks are to \
             do: what is not so stands below, under SIGNED, AND NOT SO.",
            self.bodies.compared
        );
        [whole, compared].into_iter().chain(each).collect()
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
        if let Some(first) = self.bodies.unasked.first() {
            findings.unproved(format!(
                "That the records of {} entries, from entry {first} on, are no more than what was asked for: the request that they answer is \
                 not opened in the file.",
                self.bodies.unasked.len()
            ));
        }
        self.uncovered(findings);
        let unsubmitted = self.items.iter().filter(|item| item.submitted().is_none()).count();
        if unsubmitted > 0 {
            findings.unproved(format!(
                "When {unsubmitted} entries reached their sender's gateway: its own receipt is not in the file."
            ));
        }
        let unfetched = self.items.iter().filter(|item| item.unfetched()).count();
        if unfetched > 0 {
            findings.unproved(format!(
                "Whether {unfetched} entries that lay ready for their desks were opened there: no desk has said so to its gateway."
            ));
        }
        self.accredited(findings);
        let by = self.manifest.exporter.party();
        let other = if by == self.manifest.home { self.manifest.peer } else { self.manifest.home };
        findings.unproved(format!(
            "That the desk and the gateway of {by} together kept nothing back: entries at the end of the case, and entries that did not become \
             part of it, can be left out by both. What the gateway of {other} took or refused of them, and kept, stands in the file that \
             {other} exports: compare. What never reached it, only {by} knows."
        ));
        findings.unproved(format!(
            "That the gateways of {} and {} did not agree on another past: the head bears their two signatures and nobody else's. A third state \
             that witnessed the heads of one of them can tell.",
            self.manifest.home, self.manifest.peer
        ));
        findings.unproved("Anything after the head of the ledger and the moment of the export.");
        findings.unproved("Times better than the clocks of the two gateways, of which each receipt states one and the head binds both.");
        findings.unproved("That quotas were kept: each gateway counts over all cases, and no case shows the others.");
        findings.unproved("That what the bodies say is true.");
        if !self.outcome.signers.is_empty() {
            findings.unproved("Which people the pseudonyms of officers are: their states know.");
        }
    }

    /// What held by an older directory only, though a newer one had been issued by then.
    fn accredited(&self, findings: &mut Findings) {
        for item in self.items {
            if let Some(against) = &item.used.against {
                let what = format!(
                    "That entry {} of {} was signed by whom its state still accredited",
                    item.number, item.entry.header.sender
                );
                findings.unproved(self.older(&what, against));
            }
        }
        let older = self.items.iter().flat_map(|item| &item.receipts).filter(|one| one.older).count();
        if older > 0 {
            findings.unproved(format!(
                "That {older} receipts were signed with the newest key of their gateway: they hold by a directory that was still valid, and a \
                 newer one had been issued."
            ));
        }
    }

    fn older(&self, what: &str, against: &Against) -> String {
        let [home, peer] = against.versions;
        format!(
            "{what}: by the newest directories that had been issued by then ({} version {home}, {} version {peer}) it does not hold — {} It \
             holds by older ones that had not expired.",
            self.manifest.home, self.manifest.peer, against.what
        )
    }

    fn uncovered(&self, findings: &mut Findings) {
        let part = self.items.iter().filter(|item| item.accepted().is_some());
        let uncovered = part.filter(|item| !self.log.entries.contains_key(&item.entry.header.entry));
        let (uncovered, unnamed): (Vec<_>, Vec<_>) = uncovered.partition(|item| item.promised(self.manifest.home));
        let receipts = self.items.iter().flat_map(|item| item.receipts.iter().map(move |one| (item, one)));
        let alone = receipts.filter(|(item, one)| one.counts && !self.log.holds(item, one)).count();
        if self.log.head.is_some() && alone > 0 {
            findings.unproved(format!(
                "By the ledger, {alone} receipts: they are signed by their gateways, and no leaf of them is under the head. Signed they were; \
                 when, only their signer says."
            ));
        }
        if self.log.head.is_none() {
            findings.unproved("Anything by the ledger: there is no head yet that both gateways signed.");
            return;
        }
        if !uncovered.is_empty() {
            findings.unproved(format!(
                "By the ledger, {} entries: by their receipts they are newer than the newest head that both gateways signed.",
                uncovered.len()
            ));
        }
        if !unnamed.is_empty() {
            findings.unproved(format!(
                "By the ledger, {} entries: the gateway of {} took them and has named no leaf of them.",
                unnamed.len(),
                self.manifest.home
            ));
        }
    }
}

fn section(title: &str, lines: Vec<String>) -> Section {
    Section { title: title.to_owned(), lines }
}

/// What an epoch changed: who came in, who was taken out, and whose secrets are new.
fn change(epoch: &Epoch, before: &[AuthorityId]) -> String {
    let mut told = Vec::new();
    let came = epoch.members.iter().filter(|one| !before.contains(one));
    told.extend(came.map(|one| format!("{one} came in")));
    let anew = epoch.added.iter().filter(|one| before.contains(one) && epoch.members.contains(one));
    told.extend(anew.map(|one| format!("{one} was taken in anew")));
    let left = before.iter().filter(|one| !epoch.members.contains(one));
    told.extend(left.map(|one| format!("{one} was taken out, and reads nothing that was sealed from then on")));
    if epoch.members.contains(&epoch.by) {
        told.push(format!("{} renewed its leaf, and with it the secrets of all", epoch.by));
    }
    told.join("; ")
}
