//! What numbers, names and clauses of a scenario may be.

use std::{collections::BTreeSet, ops::Range, str::FromStr};

use model::{ArticleRef, PartyId, RequestType};
use toml::Spanned;
use treaty::{Catalog, Diagnostic, suggestion};

use super::{
    Fault, FaultKind, Statement,
    file::{self, Direction, FaultEntry, Originated, Shape},
};
use crate::distribution::Distribution;

pub(super) const DAY_MS: i64 = 24 * 3_600_000;
const HOUR_MS: f64 = 3_600_000.0;

/// A file with what was found wrong in it, and what it says of its numbers.
pub(super) struct Page<'t> {
    name: &'t str,
    pub(super) text: &'t str,
    pub(super) wrong: Vec<Diagnostic>,
    pub(super) assumptions: Vec<Statement>,
    pub(super) sources: Vec<Statement>,
}

impl<'t> Page<'t> {
    pub(super) fn new(name: &'t str, text: &'t str) -> Self {
        Self { name, text, wrong: Vec::new(), assumptions: Vec::new(), sources: Vec::new() }
    }

    pub(super) fn wrong(&mut self, span: Range<usize>, message: impl Into<String>, help: &str) {
        self.wrong.push(Diagnostic::at(self.name, self.text, span, message).with_help(help));
    }

    /// Where `word` stands within `span`; `span` itself where it does not.
    pub(super) fn find(&self, span: Range<usize>, word: &str) -> Range<usize> {
        let within = self.text.get(span.clone()).and_then(|text| text.find(word));
        within.map_or(span.clone(), |at| span.start + at..span.start + at + word.len())
    }

    /// A number within these bounds; the lower one where it is not.
    pub(super) fn number(&mut self, span: Range<usize>, name: &str, value: f64, within: Range<f64>) -> f64 {
        if value.is_finite() && within.start <= value && value <= within.end {
            return value;
        }
        let help = format!("write a number from {} to {}", within.start, within.end);
        self.wrong(self.find(span, name), format!("`{name}` cannot be {value}"), &help);
        within.start
    }

    /// Names with a grammar of their own.
    pub(super) fn words<T: FromStr<Err = model::Malformed>>(
        &mut self,
        span: Range<usize>,
        written: &[String],
    ) -> Vec<T> {
        let mut words = Vec::with_capacity(written.len());
        for word in written {
            match word.parse::<T>() {
                Ok(word) => words.push(word),
                Err(error) => self.wrong(self.find(span.clone(), word), error.to_string(), "mend the name"),
            }
        }
        words
    }

    /// The places of parties, by their ids; `*` is all.
    pub(super) fn chosen(&mut self, span: Range<usize>, written: &[String], places: &[PartyId]) -> Vec<usize> {
        let mut chosen = BTreeSet::new();
        let names: Vec<&str> = places.iter().map(PartyId::as_str).collect();
        for name in written {
            if name == "*" {
                chosen.extend(0..places.len());
            } else if let Some(place) = names.iter().position(|id| id == name) {
                chosen.insert(place);
            } else {
                let help =
                    if names.len() > 24 { "name it in a [[party]] first".to_owned() } else { suggestion(name, &names) };
                self.wrong(self.find(span.clone(), name), format!("{name} is no state of this scenario"), &help);
            }
        }
        if written.is_empty() {
            self.wrong(span, "nobody is named", "name states, or `[\"*\"]` for all");
        }
        chosen.into_iter().collect()
    }

    /// Clauses with request types that the catalogue has.
    pub(super) fn asked(
        &mut self,
        span: Range<usize>,
        written: &[String],
        catalog: &Catalog,
    ) -> Vec<(ArticleRef, RequestType)> {
        let known: BTreeSet<&str> = catalog.instruments().map(|(id, _)| id).collect();
        let mut asked = Vec::new();
        for one in written {
            let parts = one.split_once(' ').and_then(|(article, kind)| {
                Some((article.parse::<ArticleRef>().ok()?, kind.trim().parse::<RequestType>().ok()?))
            });
            match parts {
                None => {
                    let help = "write clause and request type, as in `ets-185:31 stored_data`";
                    self.wrong(self.find(span.clone(), one), format!("`{one}` asks for nothing"), help);
                }
                Some((article, _)) if !known.contains(article.instrument()) => {
                    let message = format!("the catalogue has no instrument `{}`", article.instrument());
                    let known: Vec<&str> = known.iter().copied().collect();
                    self.wrong(self.find(span.clone(), one), message, &suggestion(article.instrument(), &known));
                }
                Some(parts) => asked.push(parts),
            }
        }
        if written.is_empty() {
            self.wrong(span, "the stream asks for nothing", "write `ask = [\"ets-185:31 stored_data\"]`");
        }
        asked
    }

    /// A distribution with exactly one shape, and with its origin.
    pub(super) fn shape(&mut self, what: &str, unit: &str, entry: &Spanned<Shape>) -> Distribution {
        let span = entry.span();
        let shape = entry.get_ref();
        let mut found: Vec<Distribution> = Vec::new();
        let positive = 1e-6..1e6;
        if let Some(fixed) = shape.fixed {
            found.push(Distribution::Fixed(self.number(span.clone(), "fixed", fixed, 0.0..1e6)));
        }
        if let Some(file::Exponential { mean }) = shape.exponential {
            found.push(Distribution::Exponential { mean: self.number(span.clone(), "mean", mean, positive.clone()) });
        }
        if let Some(file::Lognormal { median, p90 }) = shape.lognormal {
            let median = self.number(span.clone(), "median", median, positive.clone());
            found.push(Distribution::Lognormal { median, p90: self.number(span.clone(), "p90", p90, median..1e6) });
        }
        if let Some(file::Gamma { mean, shape }) = shape.gamma {
            let mean = self.number(span.clone(), "mean", mean, positive);
            found.push(Distribution::Gamma { mean, shape: self.number(span.clone(), "shape", shape, 0.05..1000.0) });
        }
        if let Some(points) = &shape.quantiles {
            found.push(Distribution::Quantiles(self.quantiles(span.clone(), points)));
        }
        if found.len() != 1 {
            let help = "write one of `fixed`, `exponential`, `lognormal`, `gamma`, `quantiles`";
            self.wrong(span, format!("{what} has {} shapes", found.len()), help);
        }
        let distribution = found.pop().unwrap_or(Distribution::Fixed(0.0));
        self.originated(what, &format!("{distribution} {unit}"), entry);
        distribution
    }

    fn quantiles(&mut self, span: Range<usize>, points: &[[f64; 2]]) -> Vec<(f64, f64)> {
        let points: Vec<(f64, f64)> = points.iter().map(|[share, value]| (*share, *value)).collect();
        let rising = points.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 <= pair[1].1);
        let whole = points.first().is_some_and(|(share, value)| *share == 0.0 && *value >= 0.0)
            && points.last().is_some_and(|(share, value)| *share == 1.0 && value.is_finite());
        if !rising || !whole {
            let help =
                "write pairs of share and value that rise, from share 0 to share 1: `[[0, 1], [0.5, 20], [1, 400]]`";
            self.wrong(self.find(span, "quantiles"), "these are no quantiles", help);
        }
        points
    }

    /// Notes where a number comes from. One that comes from nowhere is a mistake: a reader could not tell it from a published one.
    pub(super) fn originated<T: Originated>(&mut self, what: &str, value: &str, entry: &Spanned<T>) {
        let origin = entry.get_ref().origin();
        match (origin.source, origin.assumption) {
            (Some(source), false) => self.sources.push(Statement::new(what, value, source)),
            (None, true) => {
                self.assumptions.push(Statement::new(what, value, origin.note.unwrap_or("ours")));
            }
            (Some(source), true) => {
                let why = format!("ours, after {source}");
                self.assumptions.push(Statement::new(what, value, origin.note.unwrap_or(&why)));
            }
            (None, false) => {
                let help = "write `source = \"…\"`, or `assumption = true` where it is your own";
                self.wrong(entry.span(), format!("{what} does not say where its numbers come from"), help);
            }
        }
    }

    pub(super) fn fault(&mut self, entry: &Spanned<FaultEntry>, places: &[PartyId], (from, to): (i64, i64)) -> Fault {
        let span = entry.span();
        let written = entry.get_ref();
        let days = ((to - from) / DAY_MS) as f64;
        let first = self.number(span.clone(), "from_day", written.from_day, 0.0..days);
        let length = self.number(span.clone(), "days", written.days, 0.001..days);
        let parties = self.chosen(span.clone(), &written.parties, places);
        let names = written.parties.join(" ");
        let begin = from + (first * DAY_MS as f64) as i64;
        let (kind, title) = match written.kind {
            file::FaultKind::Outage => (FaultKind::Outage, format!("gateways of {names} down")),
            file::FaultKind::Partition => {
                let others = match &written.others {
                    Some(others) => self.chosen(span, others, places),
                    None => (0..places.len()).filter(|place| !parties.contains(place)).collect(),
                };
                let one_way = written.direction == Some(Direction::Out);
                let flapping =
                    written.flapping.map(|f| ((f.down_hours * HOUR_MS) as i64, (f.up_hours * HOUR_MS) as i64));
                let how = match (one_way, flapping) {
                    (true, _) => "what they send is lost",
                    (false, Some(_)) => "comes and goes",
                    _ => "cut off",
                };
                (
                    FaultKind::Partition { others, one_way, flapping: flapping.filter(|(down, up)| down + up > 0) },
                    format!("{names}: {how}"),
                )
            }
            file::FaultKind::Shortage => {
                let left = self.number(span.clone(), "left", written.left.unwrap_or(0.0), 0.0..1.0);
                let Some(staff) = written.staff else {
                    self.wrong(span, "a shortage names no `staff`", "write `staff = \"translator\"`");
                    return Fault { title: String::new(), from, to, parties, kind: FaultKind::Outage };
                };
                let title = format!("{names}: {:.0} % of {} left", left * 100.0, staff.as_str());
                (FaultKind::Shortage { staff, left: (left * 1000.0) as i64 }, title)
            }
        };
        Fault { title, from: begin, to: (begin + (length * DAY_MS as f64) as i64).min(to), parties, kind }
    }
}
