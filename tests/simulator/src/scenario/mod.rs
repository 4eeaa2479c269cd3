//! What is played: who, under which treaties, how much is asked, how long people take, what fails.
//!
//! A scenario is one TOML file. [`Scenario::read`] makes it whole, or tells every mistake as a diagnostic of a treaty file is told. A number
//! says where it comes from: `source = "…"`, or `assumption = true` where it is our own; a report repeats the latter.

mod check;
mod file;
mod law;
mod read;

use std::collections::BTreeMap;

use jiff::civil::{Date, Time};
use model::{ArticleRef, Digest, PartyId, RecordType, RequestType, Timestamp};
use serde::{Deserialize, Serialize};
use treaty::Catalog;

use crate::distribution::Distribution;

/// The JSON Schema of a scenario file, for editors.
pub const SCHEMA: &str = include_str!("scenario.schema.json");

/// The language of a state that shares it with none.
pub(crate) const OWN: &str = "own";

macro_rules! words {
    ($(#[$outer:meta])* $enum:ident { $($(#[$doc:meta])* $name:ident => $word:literal,)+ }) => {
        $(#[$outer])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $enum { $($(#[$doc])* $name,)+ }

        impl $enum {
            /// All of them, in order.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The word in files and on screens.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)+ }
            }
        }
    };
}

words! {
    /// Who does one kind of work.
    Staff {
        /// Writes requests, and uses what comes.
        Officer => "officer",
        /// Validates requests of its own state.
        Judge => "judge",
        /// Translates requests to states of other languages.
        Translator => "translator",
        /// Sends, acknowledges, assigns, releases.
        Central => "central",
        /// Decides on requests of other states.
        Decider => "decider",
        /// Carries them out.
        Executing => "executing",
        /// Keeps what was received.
        Custodian => "custodian",
        /// Answers emergencies, day and night.
        Duty => "duty",
    }
}

words! {
    /// A piece of work between two steps of a case.
    Task {
        /// The request is written.
        Draft => "draft",
        /// A judge or prosecutor validates it.
        Validate => "validate",
        /// It is translated.
        Translate => "translate",
        /// Two officers send it.
        Send => "send",
        /// The requested authority names who handles it.
        Acknowledge => "acknowledge",
        /// The review is opened.
        OpenReview => "open_review",
        /// It is decided on.
        Decide => "decide",
        /// A consultation before a refusal is answered.
        Consult => "consult",
        /// A question is answered.
        GiveInfo => "give_info",
        /// What was postponed is taken up again.
        Resume => "resume",
        /// It is given to who carries it out.
        Assign => "assign",
        /// It is carried out.
        Execute => "execute",
        /// Two officers release what was collected.
        Release => "release",
        /// What came is checked and confirmed.
        Confirm => "confirm",
        /// An emergency is validated after the fact.
        Regularise => "regularise",
        /// The requested authority reports the end.
        Report => "report",
        /// What came is taken into use.
        TakeOver => "take_over",
        /// A case that ended without records is closed.
        Close => "close",
    }
}

/// What is played.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// Its name, as in `three-states`.
    pub id: String,
    /// For people.
    pub title: String,
    /// What it shows, in a paragraph.
    pub about: String,
    /// The file's SHA-256.
    pub digest: Digest,
    /// The first day.
    pub first: Date,
    /// The first moment.
    pub from: Timestamp,
    /// So many days are played.
    pub days: u32,
    /// Requests that begin on the first so many days are played and not counted.
    pub warmup_days: u32,
    /// Where nobody names another one.
    pub seed: u64,
    /// The treaties.
    pub catalog: Catalog,
    /// SHA-256 of each treaty file that was used.
    pub files: BTreeMap<String, Digest>,
    /// The states, sorted.
    pub parties: Vec<Party>,
    /// What is asked.
    pub streams: Vec<Stream>,
    /// How many hours of work each task takes.
    pub efforts: BTreeMap<Task, Distribution>,
    /// How many days pass after the work until the task is done: for a provider, a court, a bank.
    pub waits: BTreeMap<Task, Distribution>,
    /// The same for carrying out, by request type where that differs.
    pub execute_days: BTreeMap<RequestType, Distribution>,
    /// What people do with a request.
    pub conduct: Conduct,
    /// Of an entry, in kB.
    pub entry_kb: Distribution,
    /// Of what answers a request, in kB.
    pub answer_kb: Distribution,
    /// What fails.
    pub faults: Vec<Fault>,
    /// What is our own, to be repeated in every report.
    pub assumptions: Vec<Statement>,
    /// What has a source.
    pub sources: Vec<Statement>,
}

/// Where a number comes from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Statement {
    /// Which, as in `wait_days.execute`.
    pub what: String,
    /// What it is, in words.
    pub value: String,
    /// Who says so; why, where it is our own.
    pub origin: String,
}

/// A state.
#[derive(Debug, Clone)]
pub struct Party {
    /// Which.
    pub id: PartyId,
    /// Its name.
    pub name: String,
    /// In which language it works; `own` where it shares it with none.
    pub language: String,
    /// How many people do what.
    pub staff: BTreeMap<Staff, u32>,
    /// When its offices are open, by the clock of its own zone.
    pub hours: (Time, Time),
    /// Its share of what is asked.
    pub weight: f64,
    /// By what its waits are longer than others'.
    pub slowness: f64,
}

/// Requests of one kind.
#[derive(Debug, Clone)]
pub struct Stream {
    /// Its name.
    pub id: String,
    /// What is asked, the best first: the first that the rule in force offers is taken.
    pub ask: Vec<(ArticleRef, RequestType)>,
    /// Who asks, by place in [`Scenario::parties`].
    pub from: Vec<usize>,
    /// Who is asked.
    pub to: Vec<usize>,
    /// How many of all together in 365 days, divided among the pairs by the weights of both.
    pub per_year: f64,
    /// Which records; all that are offered where it is empty.
    pub records: Vec<RecordType>,
    /// How many subjects each request names.
    pub subjects: u32,
    /// About how many days each asks.
    pub window_days: u32,
    /// The maximum penalty of the offence.
    pub penalty_months: u32,
}

/// What people do with a request: shares of all, from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Conduct {
    /// Of these something is asked back.
    pub questions: f64,
    /// These a human refuses, where the treaty knows a ground.
    pub refused: f64,
    /// These are postponed, where the treaty knows a reason.
    pub postponed: f64,
    /// These are withdrawn while they wait.
    pub withdrawn: f64,
    /// After so many days, in the mean.
    pub patience_days: f64,
    /// Of these the officer asks for more than the treaty gives: a machine refuses them.
    pub careless: f64,
}

/// What fails.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// What it is called in reports.
    pub title: String,
    /// From this moment, in ms.
    pub from: i64,
    /// To before this one.
    pub to: i64,
    /// Whom it hits, by place in [`Scenario::parties`].
    pub parties: Vec<usize>,
    /// What it is.
    pub kind: FaultKind,
}

/// A kind of failure.
#[derive(Debug, Clone, PartialEq)]
pub enum FaultKind {
    /// No way between the parties and others.
    Partition {
        /// The other side.
        others: Vec<usize>,
        /// Whether only what the parties send is lost.
        one_way: bool,
        /// Comes and goes: so long it is down, and so long up, in ms.
        flapping: Option<(i64, i64)>,
    },
    /// Their gateways are down.
    Outage,
    /// Fewer people do this work.
    Shortage {
        /// Which.
        staff: Staff,
        /// How many of a thousand are left.
        left: i64,
    },
}

impl Scenario {
    /// The last moment, which is not played any more.
    pub fn to(&self) -> Timestamp {
        self.from.plus_ms(i64::from(self.days) * 24 * 3_600_000)
    }

    /// The place of a party.
    pub fn place(&self, id: PartyId) -> Option<usize> {
        self.parties.iter().position(|party| party.id == id)
    }
}
