use std::fmt;

use model::{AuthorityId, CaseId, PartyId, Timestamp};
use serde::Serialize;

/// What a case file proves, what it does not, and what in it contradicts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The case.
    pub case: CaseId,
    /// The requesting party.
    pub home: PartyId,
    /// The requested party.
    pub peer: PartyId,
    /// Whose desk exported it.
    pub exporter: AuthorityId,
    /// Whether nothing contradicts: then everything in `proved` holds. What is only `misstated` leaves it standing.
    pub holds: bool,
    /// What is proved, by what it is about. Empty of meaning where something contradicts.
    pub proved: Vec<Section>,
    /// What a gateway signed that is not so. It is pinned on its signer; a step that counts from such a moment was replayed with it.
    pub misstated: Vec<Misstatement>,
    /// Clocks that were wrong: moments that do not fit, and that nobody is held to. Nothing in `proved` rests on them.
    pub clocks: Vec<WrongClock>,
    /// What is not proved, in whole sentences.
    pub not_proved: Vec<String>,
    /// What contradicts.
    pub contradicted: Vec<Contradiction>,
}

/// What is proved of one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Section {
    /// What it is about.
    pub title: String,
    /// In whole sentences.
    pub lines: Vec<String>,
}

/// Who signed what is not so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Signer {
    /// A gateway: a receipt, a leaf, a head.
    Gateway,
    /// A desk: a header, and a body that contradicts it.
    Desk,
}

/// What the signature of a gateway or a desk vouches for and what cannot be true.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Misstatement {
    /// Who of the parties in `by` it is.
    pub signer: Signer,
    /// Whose gateway or desk is wrong; two parties where one of them is, and their words alone do not tell which.
    pub by: Vec<PartyId>,
    /// The file within the case file that bears the signature.
    pub file: String,
    /// What is not so.
    pub what: String,
}

/// A clock that was some hours off, as the receipts and leaves of the time show.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct WrongClock {
    /// Whose gateway's clock was ahead of the other one, or was put back.
    pub of: PartyId,
    /// By about how much, in milliseconds.
    pub ahead_ms: i64,
    /// From when on it shows, by the other clock.
    #[serde(serialize_with = "as_text")]
    pub from: Timestamp,
    /// Until when.
    #[serde(serialize_with = "as_text")]
    pub until: Timestamp,
    /// In plain words.
    pub what: String,
}

fn as_text<S: serde::Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(at)
}

/// Something in a case file that cannot be true together with the rest.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Contradiction {
    /// The file within the case file.
    pub file: String,
    /// The rule that it breaks.
    pub rule: Check,
    /// What is wrong.
    pub what: String,
}

/// The rules that a case file or a violation notice can break. deploy/AUDITOR.md tells them to strangers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Check {
    /// A body is the one that the header of its entry committed to, and written as its schema wants it.
    Body,
    /// Each entry of the case names the header of the one before it.
    Chain,
    /// A directory is signed by the root of its state, and each state has one.
    Directory,
    /// The file holds as much of the case as the exporter's gateway says.
    Extent,
    /// Files are those that such a file has, written as they are to be.
    Format,
    /// The head is signed by both states, and each leaf stands under it and for what is in the file.
    Ledger,
    /// Each file is the one that the manifest names, and there is no other.
    Manifest,
    /// A violation notice says what is found.
    Notice,
    /// An opening shows that a state had pinned the root of the other one.
    Opening,
    /// A receipt stands at the entry that it is on, and says that the entry was taken in its time.
    Receipts,
    /// Nobody came into the group of the case but by the rules.
    Roster,
    /// Who is named as the signer signed.
    Signature,
    /// A time-stamp is of a head that leads to the one in the file.
    TimeStamp,
    /// The treaty files give the rule that the headers name, and it allows the request.
    Treaty,
    /// The procedure allows each step.
    Workflow,
}

impl Check {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::Body,
        Self::Chain,
        Self::Directory,
        Self::Extent,
        Self::Format,
        Self::Ledger,
        Self::Manifest,
        Self::Notice,
        Self::Opening,
        Self::Receipts,
        Self::Roster,
        Self::Signature,
        Self::TimeStamp,
        Self::Treaty,
        Self::Workflow,
    ];

    /// The name in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Body => "body",
            Self::Chain => "chain",
            Self::Directory => "directory",
            Self::Extent => "extent",
            Self::Format => "format",
            Self::Ledger => "ledger",
            Self::Manifest => "manifest",
            Self::Notice => "notice",
            Self::Opening => "opening",
            Self::Receipts => "receipts",
            Self::Roster => "roster",
            Self::Signature => "signature",
            Self::TimeStamp => "time-stamp",
            Self::Treaty => "treaty",
            Self::Workflow => "workflow",
        }
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Lines of one section on a screen; all of them are in the JSON.
const LINES_SHOWN: usize = 400;

impl Report {
    /// For people.
    pub fn to_text(&self) -> String {
        let mut out = format!("Case {} of {} to {}, exported by {}.\n", self.case, self.home, self.peer, self.exporter);
        if self.holds {
            out.push_str("\nPROVED\n");
            for section in &self.proved {
                out.push_str(&format!("\n{}\n", section.title));
                list(&mut out, &section.lines);
            }
        } else {
            out.push_str("\nCONTRADICTED: nothing in this file is proved as long as this stands\n\n");
            let lines: Vec<_> =
                self.contradicted.iter().map(|one| format!("{} [{}]: {}", one.file, one.rule, one.what)).collect();
            list(&mut out, &lines);
        }
        if !self.misstated.is_empty() {
            out.push_str("\nSIGNED, AND NOT SO: whoever signed it is held to it. By what was signed beside it the rest is proved; a step that counts from such a moment \
                 was replayed with it, as the gateways did\n\n");
            let lines: Vec<_> = self.misstated.iter().map(Misstatement::to_line).collect();
            list(&mut out, &lines);
        }
        if !self.clocks.is_empty() {
            out.push_str("\nBY A WRONG CLOCK: nobody is held to it; nothing above rests on it\n\n");
            let lines: Vec<_> = self.clocks.iter().map(|one| one.what.clone()).collect();
            list(&mut out, &lines);
        }
        out.push_str("\nNOT PROVED\n\n");
        list(&mut out, &self.not_proved);
        out
    }
}

impl Misstatement {
    fn to_line(&self) -> String {
        let by: Vec<_> = self.by.iter().map(PartyId::as_str).collect();
        let who = match self.signer {
            Signer::Gateway => "gateway",
            Signer::Desk => "desk",
        };
        format!("the {who} of {} — {}: {}", by.join(" or that of "), self.file, self.what)
    }
}

fn list(out: &mut String, lines: &[String]) {
    lines.iter().take(LINES_SHOWN).for_each(|line| out.push_str(&format!("  {line}\n")));
    if let Some(more) = lines.len().checked_sub(LINES_SHOWN).filter(|more| *more > 0) {
        out.push_str(&format!("  … and {more} more: --output json\n"));
    }
}
