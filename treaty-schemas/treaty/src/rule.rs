use std::{collections::BTreeMap, fmt, sync::Arc};

use model::{
    ArticleRef, AuthorityKind, Digest, PartyId, Pin, RecordType, RefusalCode, RequestType, Role, SelectorKind,
};

use crate::{Timer, canonical::canonical};

/// The effective rule between two parties on a date: a plain table, so that a decision takes microseconds and cites its
/// article. Cheap to clone.
#[derive(Clone)]
pub struct Rule {
    pub(crate) table: Arc<Table>,
    pin: Pin,
}

pub(crate) struct Table {
    /// Sorted.
    pub(crate) pair: [PartyId; 2],
    /// What stands for a file where the rule is the protocol's own.
    pub(crate) protocol: Arc<str>,
    pub(crate) instruments: BTreeMap<String, Standing>,
    pub(crate) clauses: BTreeMap<ArticleRef, Clause>,
    /// What each party's authorities read, by kind; same order as `pair`.
    pub(crate) languages: [BTreeMap<AuthorityKind, Vec<String>>; 2],
}

/// Whether an instrument is in force for the pair.
pub(crate) struct Standing {
    pub(crate) file: Arc<str>,
    /// Why not; empty when it is.
    pub(crate) obstacles: Vec<Obstacle>,
}

/// One article, and the requests that may rest on it.
#[derive(Default)]
pub(crate) struct Clause {
    /// Why not, in spite of the instrument; empty when it may be used.
    pub(crate) reservations: Vec<Obstacle>,
    pub(crate) provisions: BTreeMap<RequestType, Provision>,
}

/// A reason why an instrument or article cannot be used, told once when the rule is compiled.
pub(crate) struct Obstacle {
    pub(crate) file: Arc<str>,
    pub(crate) owner: Option<PartyId>,
    pub(crate) reason: String,
    pub(crate) remedy: String,
}

/// What may be asked under one article by one request type.
pub(crate) struct Provision {
    pub(crate) file: Arc<str>,
    pub(crate) verified: bool,
    /// With the roles that may validate, sorted; empty where nobody needs to.
    pub(crate) records: BTreeMap<RecordType, Vec<Role>>,
    pub(crate) selectors: Vec<SelectorKind>,
    pub(crate) max_subjects: u32,
    pub(crate) max_window_days: Option<u32>,
    pub(crate) purposes: Vec<String>,
    pub(crate) offence_declared: bool,
    pub(crate) min_max_penalty_months: u32,
    pub(crate) recipients: Vec<AuthorityKind>,
    /// What differs with the party that is asked; same order as the pair.
    pub(crate) towards: [Towards; 2],
    pub(crate) timers: Vec<Timer>,
    pub(crate) grounds: Vec<RefusalCode>,
    pub(crate) consult_before_refusal: bool,
    pub(crate) specialty: bool,
}

/// What holds for requests to one of the two parties.
pub(crate) struct Towards {
    pub(crate) senders: Vec<AuthorityKind>,
    pub(crate) senders_by: Basis,
    /// Who says that dual criminality must be declared.
    pub(crate) dual_criminality: Option<Basis>,
}

/// Where a bound comes from.
#[derive(Clone)]
pub(crate) struct Basis {
    pub(crate) file: Arc<str>,
    pub(crate) article: ArticleRef,
    pub(crate) owner: Option<PartyId>,
}

impl Rule {
    pub(crate) fn new(table: Table) -> Self {
        let pin = Pin(Digest::of(&[canonical(&table).as_bytes()]));
        Self { table: Arc::new(table), pin }
    }

    /// SHA-256 of the canonical form: what both parties must mean when they say "this rule". The date is not in it, only
    /// what follows from it.
    pub fn pin(&self) -> Pin {
        self.pin
    }

    /// The two parties, in alphabetical order.
    pub fn parties(&self) -> [PartyId; 2] {
        self.table.pair
    }

    /// Whether nothing at all may be asked: no treaty is in force between the two.
    pub fn is_empty(&self) -> bool {
        self.table.effective().next().is_none()
    }

    /// What may be asked: each article with its request type, sorted.
    pub fn measures(&self) -> impl Iterator<Item = (&ArticleRef, &RequestType)> {
        self.table.effective().map(|(article, kind, _)| (article, kind))
    }

    /// The text that the pin is the digest of.
    ///
    /// Lines that end in LF, words that are separated by one blank. No word holds a blank: files admit only names from
    /// closed alphabets. First `rogatory rule v1`, then `pair FR JP`, then the languages of each party, then what may be
    /// asked, sorted by article and request type. What is not in force or reserved does not appear, nor do titles,
    /// reasons, and whether a rule was verified: they change no decision.
    pub fn canonical(&self) -> String {
        canonical(&self.table)
    }
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b] = self.table.pair;
        write!(f, "Rule({a}–{b} {})", self.pin)
    }
}

impl Table {
    /// What is in force and not reserved.
    pub(crate) fn effective(&self) -> impl Iterator<Item = (&ArticleRef, &RequestType, &Provision)> {
        let free = |(article, clause): &(&ArticleRef, &Clause)| {
            let standing = self.instruments.get(article.instrument());
            clause.reservations.is_empty() && standing.is_some_and(|standing| standing.obstacles.is_empty())
        };
        self.clauses.iter().filter(free).flat_map(|(article, clause)| {
            clause.provisions.iter().map(move |(kind, provision)| (article, kind, provision))
        })
    }
}
