//! A compiled rule as its canonical form tells it: what every rival is translated from. The pin is the digest of this text, so
//! nothing that both parties mean is missing from it.

use std::collections::{BTreeMap, BTreeSet};

use model::PartyId;
use treaty::Rule;

use crate::failure::Failure;

/// What one party may ask of the other under one article by one request type.
#[derive(Debug, Clone)]
pub(crate) struct Clause {
    pub(crate) requesting: PartyId,
    pub(crate) requested: PartyId,
    pub(crate) article: String,
    pub(crate) request_type: String,
    /// With the roles that may validate; none where nobody needs to.
    pub(crate) records: BTreeMap<String, Vec<String>>,
    pub(crate) selectors: Vec<String>,
    pub(crate) max_subjects: u32,
    pub(crate) max_window_days: Option<u32>,
    pub(crate) purposes: Vec<String>,
    pub(crate) offence_declared: bool,
    pub(crate) min_max_penalty_months: u32,
    /// Where it must be declared: unless the offence is a listed one with so many months at least.
    pub(crate) dual_criminality: Option<Option<u32>>,
    pub(crate) senders: Vec<String>,
    pub(crate) recipients: Vec<String>,
    pub(crate) emergency: bool,
    /// What it sets besides, by the first word of the line: the rivals are not told such a clause.
    untold: BTreeSet<String>,
}

/// The clauses of some rules, but for those that hold what no rival is told.
#[derive(Debug, Default)]
pub(crate) struct Clauses {
    pub(crate) all: Vec<Clause>,
    /// How many are left out, and for what.
    pub(crate) left_out: usize,
    pub(crate) untold: BTreeSet<String>,
}

/// What informs, or binds humans, clocks and answers, and changes no decision on a request that names no attribute.
const INFORMATIVE: [&str; 14] = [
    "languages",
    "compulsory",
    "bytes",
    "never",
    "timer",
    "ground",
    "judgement",
    "postponements",
    "conditions",
    "consult",
    "specialty",
    "onward",
    "readers",
    "retention",
];

impl Clauses {
    /// Those of `rule`, in both directions.
    pub(crate) fn add(&mut self, rule: &Rule) -> Result<(), Failure> {
        let text = rule.canonical();
        let mut current: Option<Clause> = None;
        for line in text.lines() {
            let words: Vec<_> = line.split(' ').collect();
            match (&words[..], &mut current) {
                (["rogatory", ..] | ["pair", ..], None) => {}
                (["article", article, request_type, "to", to], _) => {
                    let clause = Clause::new(rule.parties(), to.parse()?, article, request_type);
                    self.take(current.replace(clause));
                }
                ([first, ..], _) if INFORMATIVE.contains(first) => {}
                ([first, rest @ ..], Some(clause)) => {
                    if !clause.set(first, rest)? {
                        clause.untold.insert((*first).to_owned());
                    }
                }
                _ => return Err(Failure::new(format!("no line of a rule that is known here: {line}"))),
            }
        }
        self.take(current);
        Ok(())
    }

    fn take(&mut self, clause: Option<Clause>) {
        let Some(clause) = clause else { return };
        if clause.untold.is_empty() {
            self.all.push(clause);
        } else {
            self.left_out += 1;
            self.untold.extend(clause.untold);
        }
    }
}

impl Clause {
    fn new([a, b]: [PartyId; 2], to: PartyId, article: &str, request_type: &str) -> Self {
        Self {
            requesting: if to == a { b } else { a },
            requested: to,
            article: article.to_owned(),
            request_type: request_type.to_owned(),
            records: BTreeMap::new(),
            selectors: Vec::new(),
            max_subjects: 0,
            max_window_days: None,
            purposes: Vec::new(),
            offence_declared: true,
            min_max_penalty_months: u32::MAX,
            dual_criminality: None,
            senders: Vec::new(),
            recipients: Vec::new(),
            emergency: false,
            untold: BTreeSet::new(),
        }
    }

    /// Takes a line. Whether it is one that this knows.
    fn set(&mut self, first: &str, rest: &[&str]) -> Result<bool, Failure> {
        let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        match (first, rest) {
            ("record", [record, roles @ ..]) => _ = self.records.insert((*record).to_owned(), owned(roles)),
            ("selectors", kinds) => self.selectors = owned(kinds),
            ("subjects", [most]) => self.max_subjects = most.parse()?,
            ("window", []) => self.max_window_days = None,
            ("window", [days]) => self.max_window_days = Some(days.parse()?),
            ("purposes", names) => self.purposes = owned(names),
            ("offence", [declared, months]) => {
                self.offence_declared = *declared == "1";
                self.min_max_penalty_months = months.parse()?;
            }
            ("dual_criminality", ["*"]) => self.dual_criminality = Some(None),
            ("dual_criminality", [months]) => self.dual_criminality = Some(Some(months.parse()?)),
            ("senders", kinds) => self.senders = owned(kinds),
            ("recipients", kinds) => self.recipients = owned(kinds),
            ("emergency", _) => self.emergency = true,
            ("classification" | "consent", []) => {}
            // Requests are counted by who asks, and nobody counts here; subjects need a tag each.
            ("quota", [_, _, "*", ..]) => {}
            _ => return Ok(false),
        }
        Ok(true)
    }
}
