use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, OnceLock},
};

use jiff::civil::Date;
use model::{ArticleRef, AuthorityKind, Digest, PartyId, Pin, RequestType};

use crate::{canonical::canonical, provision::Provision};

/// The effective rule between two parties on a date: a plain table, so that a decision takes microseconds and cites its
/// article. Cheap to clone.
#[derive(Clone)]
pub struct Rule {
    /// What both parties mean: the pin is its digest.
    pub(crate) shared: Arc<Table>,
    /// What is left of it under a national layer; the same table where there is none.
    pub(crate) table: Arc<Table>,
    /// Once somebody has asked for it: a proof over many rules never does.
    pin: OnceLock<Pin>,
}

/// The compiled rule of a pair.
#[derive(Clone)]
pub(crate) struct Table {
    /// Sorted.
    pub(crate) pair: [PartyId; 2],
    /// The day it was compiled for. Not part of the pin: only what follows from it is.
    pub(crate) on: Date,
    /// What stands for a file where the rule is the protocol's own.
    pub(crate) protocol: Arc<str>,
    pub(crate) instruments: BTreeMap<String, Standing>,
    pub(crate) clauses: BTreeMap<ArticleRef, Clause>,
    /// What each party's authorities read, by kind; same order as `pair`.
    pub(crate) languages: [Arc<Languages>; 2],
    /// Where each party says so; same order as `pair`.
    pub(crate) files: [Arc<str>; 2],
}

/// What authorities read, by kind.
pub(crate) type Languages = BTreeMap<AuthorityKind, Vec<String>>;

/// Whether an instrument is in force for the pair.
#[derive(Clone)]
pub(crate) struct Standing {
    pub(crate) file: Arc<str>,
    /// Why not; empty when it is.
    pub(crate) obstacles: Vec<Obstacle>,
    /// Applied before its entry into force, until this day [VCLT 25].
    pub(crate) provisional_until: Option<Date>,
}

/// One article, and the requests that may rest on it.
#[derive(Clone, Default)]
pub(crate) struct Clause {
    /// Why not, in spite of the instrument; empty when it may be used.
    pub(crate) reservations: Vec<Obstacle>,
    /// By request type, then by the place in `Table::pair` of the party that is asked.
    pub(crate) provisions: BTreeMap<RequestType, [Provision; 2]>,
}

/// A reason why an instrument, article or request type cannot be used, told once when the rule is compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Obstacle {
    pub(crate) file: Arc<str>,
    pub(crate) owner: Option<PartyId>,
    pub(crate) reason: String,
    pub(crate) remedy: String,
}

impl Rule {
    /// `local` is what a national layer leaves of `shared`.
    pub(crate) fn new(shared: Table, local: Option<Table>) -> Self {
        let shared = Arc::new(shared);
        let table = local.map_or_else(|| shared.clone(), Arc::new);
        Self { shared, table, pin: OnceLock::new() }
    }

    /// The same, with its pin ready: the first decision takes no longer than the others.
    pub(crate) fn pinned(self) -> Self {
        self.pin();
        self
    }

    /// SHA-256 of the canonical form: what both parties must mean when they say "this rule". Neither the date is in it, only
    /// what follows from it, nor a national layer, which is nobody else's business.
    pub fn pin(&self) -> Pin {
        *self.pin.get_or_init(|| Pin(Digest::of(&[canonical(&self.shared).as_bytes()])))
    }

    /// The same without its national layer: what both parties may hold each other to.
    #[must_use]
    pub fn shared(&self) -> Self {
        Self { shared: self.shared.clone(), table: self.shared.clone(), pin: self.pin.clone() }
    }

    /// The two parties, in alphabetical order.
    pub fn parties(&self) -> [PartyId; 2] {
        self.table.pair
    }

    /// The day for which it was compiled.
    pub fn on(&self) -> Date {
        self.table.on
    }

    /// Whether nothing at all may be asked, in neither direction: no treaty is in force between the two.
    pub fn is_empty(&self) -> bool {
        self.table.effective().next().is_none()
    }

    /// What may be asked, in one direction at least: each article with its request type, sorted.
    pub fn measures(&self) -> impl Iterator<Item = (&ArticleRef, &RequestType)> {
        self.table.effective().map(|(article, kind, _)| (article, kind))
    }

    /// Whether a quota on one of these measures to `requested` counts distinct subjects, so that the header must carry their
    /// pseudonyms. Where none does, it carries none.
    pub fn counts_subjects<'m>(
        &self,
        requested: PartyId,
        measures: impl IntoIterator<Item = (&'m ArticleRef, &'m RequestType)>,
    ) -> bool {
        let Some(place) = self.table.place(requested) else { return false };
        let open = |(article, kind)| self.table.open_at(article, kind, place);
        let mut provisions = measures.into_iter().filter_map(open);
        provisions.any(|provision| provision.quotas.iter().any(|quota| quota.value.subjects.is_some()))
    }

    /// The text that the pin is the digest of.
    ///
    /// Lines that end in LF, words that are separated by one blank; `%` and what is not visible ASCII is `%` and two hexadecimal
    /// digits a byte. First `rogatory rule v2`, `pair FR JP`, and `languages FR central en fr` for each kind of authority of each
    /// party. Then what may be asked, sorted by article, request type and direction: `article ets-185:31 stored_data to FR`, and
    /// below it its bounds in a fixed order, each list sorted:
    ///
    /// `compulsory 0|1` · `record <type> <role>…`, one each · `selectors` · `subjects <n>` · `window <days>` · `bytes <n>` ·
    /// `quota <per> <requests|*> <subjects|*> <request type that is counted together>…`, one each · `purposes` ·
    /// `offence <declared 0|1> <months>` · `dual_criminality <months for listed offences|*>` · `senders` · `recipients` · `classification` · `attributes` · `never` ·
    /// `consent <seconds>` · `emergency <callback 0|1> <hours|*>` · `timer <which> <record|*> ordinary|emergency <n> <unit>
    /// <clause|policy>`, one each · `ground <code> may|must`, one each · `judgement <name> <clause|policy>`, one each ·
    /// `postponements` · `conditions` · `consult` · `court_order` · `ministry_notice` · `specialty 0|1` · `onward` · `readers` · `retention <days>`.
    ///
    /// A bound that is not set has its word alone, but `dual_criminality`, `attributes`, `emergency`, `court_order` and `ministry_notice` are left out. What is not in
    /// force, reserved or forbidden does not appear, nor do titles, reasons, files, and whether a rule was verified: they change no
    /// decision.
    pub fn canonical(&self) -> String {
        canonical(&self.shared)
    }
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b] = self.table.pair;
        write!(f, "Rule({a}–{b} {})", self.pin())
    }
}

impl Table {
    /// The place in `pair` of a party; `None` for a third one.
    pub(crate) fn place(&self, party: PartyId) -> Option<usize> {
        self.pair.iter().position(|one| *one == party)
    }

    /// What may be asked of the party at `place`, by article and request type.
    pub(crate) fn open(&self, place: usize) -> impl Iterator<Item = (&ArticleRef, &RequestType, &Provision)> {
        self.effective().filter_map(move |(article, kind, towards)| {
            let provision = towards.get(place).filter(|provision| provision.closed.is_empty())?;
            Some((article, kind, provision))
        })
    }

    /// The same for one article and request type.
    pub(crate) fn open_at(&self, article: &ArticleRef, kind: &RequestType, place: usize) -> Option<&Provision> {
        let clause = self.clauses.get(article).filter(|clause| clause.reservations.is_empty())?;
        let provision = clause.provisions.get(kind)?.get(place).filter(|provision| provision.closed.is_empty())?;
        let standing = self.instruments.get(article.instrument())?;
        standing.obstacles.is_empty().then_some(provision)
    }

    /// What is in force and not reserved, with a provision that is open in one direction at least.
    pub(crate) fn effective(&self) -> impl Iterator<Item = (&ArticleRef, &RequestType, &[Provision; 2])> {
        let free = |(article, clause): &(&ArticleRef, &Clause)| {
            let standing = self.instruments.get(article.instrument());
            clause.reservations.is_empty() && standing.is_some_and(|standing| standing.obstacles.is_empty())
        };
        let all = self.clauses.iter().filter(free).flat_map(|(article, clause)| {
            clause.provisions.iter().map(move |(kind, provisions)| (article, kind, provisions))
        });
        all.filter(|(_, _, provisions)| provisions.iter().any(|one| one.closed.is_empty()))
    }
}
