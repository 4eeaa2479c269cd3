//! Two scenarios, seed by seed: what differs in them, and what that does.

use serde::{Deserialize, Serialize};

use crate::{Outcome, Results};

/// The 97.5 % quantile of Student's distribution for 1 to 30 degrees of freedom; beyond that, that of the normal one.
const STUDENT: [f64; 30] = [
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120,
    2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
];

/// Two scenarios side by side.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The first one.
    pub a: String,
    /// The second one.
    pub b: String,
    /// The seeds that both were played with.
    pub seeds: Vec<u64>,
    /// Lines of the files that only one of them has.
    pub inputs: Inputs,
    /// Numbers of both, those that differ beyond chance first.
    pub rows: Vec<Difference>,
    /// What it comes to, in sentences.
    pub told: Vec<String>,
}

/// What differs in the files.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inputs {
    /// Lines that only the first has.
    pub only_a: Vec<String>,
    /// Lines that only the second has.
    pub only_b: Vec<String>,
}

/// One number in both.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// Which.
    pub what: String,
    /// In which unit.
    pub unit: String,
    /// The mean over the seeds, of the first.
    pub a: f64,
    /// The same of the second.
    pub b: f64,
    /// The mean of the differences, seed by seed.
    pub by: f64,
    /// Between these the true difference lies, with 95 % (Student's interval of the paired differences). `None` with one seed only.
    pub within: Option<[f64; 2]>,
}

impl Difference {
    /// Whether the interval leaves zero out.
    pub fn is_beyond_chance(&self) -> bool {
        self.within.is_some_and(|[low, high]| low > 0.0 || high < 0.0)
    }
}

impl Inputs {
    /// What differs in two files: their lines without comments, each as often as it stands there.
    pub fn of(a: &str, b: &str) -> Self {
        let [mut only_a, mut only_b] =
            [a, b].map(|text| text.lines().map(bare).filter(|line| !line.is_empty()).collect::<Vec<_>>());
        let mut common = only_a.clone();
        common.retain(|line| match only_b.iter().position(|other| other == line) {
            Some(at) => {
                only_b.remove(at);
                true
            }
            None => false,
        });
        for line in common {
            if let Some(at) = only_a.iter().position(|one| *one == line) {
                only_a.remove(at);
            }
        }
        Self { only_a, only_b }
    }
}

/// A line of TOML without its comment. A `#` within quotes is none.
fn bare(line: &str) -> String {
    let mut quoted = false;
    let end = line.char_indices().find(|(_, c)| {
        quoted ^= *c == '"';
        *c == '#' && !quoted
    });
    end.map_or(line, |(at, _)| &line[..at]).trim().to_owned()
}

impl Comparison {
    /// Holds the seeds that both were played with against each other.
    pub fn of(a: &Results, b: &Results, inputs: Inputs) -> Self {
        let pairs: Vec<(&Outcome, &Outcome)> = a
            .outcomes
            .iter()
            .filter_map(|one| Some((one, b.outcomes.iter().find(|other| other.seed == one.seed)?)))
            .collect();
        let mut rows = Vec::new();
        for measured in measures(&pairs) {
            let Measured { what, unit, of } = measured;
            let both: Vec<(f64, f64)> = pairs.iter().filter_map(|(a, b)| Some((of(a)?, of(b)?))).collect();
            rows.extend(difference(&what, unit, &both));
        }
        let strength = |row: &Difference| if row.is_beyond_chance() { 0 } else { 1 };
        rows.sort_by_key(strength);
        let mut comparison = Self {
            a: a.scenario.clone(),
            b: b.scenario.clone(),
            seeds: pairs.iter().map(|(one, _)| one.seed).collect(),
            inputs,
            rows,
            told: Vec::new(),
        };
        comparison.told = comparison.tell();
        comparison
    }

    fn tell(&self) -> Vec<String> {
        let Self { a, b, .. } = self;
        let mut told = Vec::new();
        if self.seeds.is_empty() {
            return vec![format!("{a} and {b} have no seed in common: nothing can be said")];
        }
        for row in self.rows.iter().filter(|row| row.is_beyond_chance()) {
            let Difference { what, unit, by, .. } = row;
            let more = if *by < 0.0 { "less" } else { "more" };
            let [low, high] = row.within.unwrap_or_default();
            let (low, high) = if *by < 0.0 { (-high, -low) } else { (low, high) };
            told.push(format!(
                "{what}: {} in {a}, {} in {b}: {}{unit} {more} (95 % between {} and {}{unit})",
                number(row.a),
                number(row.b),
                number(by.abs()),
                number(low),
                number(high)
            ));
        }
        if told.is_empty() {
            let seeds = self.seeds.len();
            told.push(match seeds {
                1 => "one seed tells no difference from chance: play more with --seeds".to_owned(),
                _ => format!("nothing differs beyond chance in {seeds} seeds"),
            });
        }
        told
    }
}

/// With as many digits as say something.
pub(crate) fn number(value: f64) -> String {
    let size = value.abs();
    if size >= 100.0 {
        format!("{value:.0}")
    } else if size >= 1.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.3}")
    }
}

/// A figure of an outcome; `None` where there is nothing of which it could be one.
type Figure = Box<dyn Fn(&Outcome) -> Option<f64>>;

struct Measured {
    what: String,
    unit: &'static str,
    of: Figure,
}

fn measures(pairs: &[(&Outcome, &Outcome)]) -> Vec<Measured> {
    let mut all = Vec::new();
    let mut add = |what: String, unit: &'static str, of: Figure| all.push(Measured { what, unit, of });
    add("median time to answer, all requests".to_owned(), " days", Box::new(|one| one.all.answer.quantile_days(0.5)));
    let streams: std::collections::BTreeSet<String> =
        pairs.iter().flat_map(|(a, b)| a.streams.keys().chain(b.streams.keys()).cloned()).collect();
    for stream in streams {
        let of = |name: &str, share: f64| -> Figure {
            let name = name.to_owned();
            Box::new(move |one: &Outcome| one.streams.get(&name)?.answer.quantile_days(share))
        };
        add(format!("median time to answer, {stream}"), " days", of(&stream, 0.5));
        add(format!("time in which 9 of 10 are answered, {stream}"), " days", of(&stream, 0.9));
        let name = stream.clone();
        add(
            format!("answered with records, {stream}"),
            "",
            Box::new(move |one| Some(one.streams.get(&name)?.granted as f64)),
        );
        let name = stream.clone();
        add(
            format!("refused by a machine, {stream}"),
            "",
            Box::new(move |one| Some(one.streams.get(&name)?.blocked as f64)),
        );
    }
    add("requests open at the end".to_owned(), "", Box::new(|one| Some(one.open as f64)));
    add("requests that expired".to_owned(), "", Box::new(|one| Some(one.all.lapsed as f64)));
    add(
        "clocks missed".to_owned(),
        "",
        Box::new(|one| Some(one.clocks.values().map(|clocks| clocks.missed).sum::<u64>() as f64)),
    );
    add("entries".to_owned(), "", Box::new(|one| Some(one.entries as f64)));
    all
}

fn difference(what: &str, unit: &str, both: &[(f64, f64)]) -> Option<Difference> {
    let count = both.len();
    if count == 0 {
        return None;
    }
    let mean = |of: &dyn Fn(&(f64, f64)) -> f64| both.iter().map(of).sum::<f64>() / count as f64;
    let (a, b, by) = (mean(&|(a, _)| *a), mean(&|(_, b)| *b), mean(&|(a, b)| b - a));
    let within = (count > 1).then(|| {
        let variance = both.iter().map(|(a, b)| (b - a - by) * (b - a - by)).sum::<f64>() / (count - 1) as f64;
        let student = STUDENT.get(count - 2).copied().unwrap_or(1.96);
        let half = student * libm::sqrt(variance / count as f64);
        [by - half, by + half]
    });
    Some(Difference { what: what.to_owned(), unit: unit.to_owned(), a, b, by, within })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_is_student_s_of_the_paired_differences() {
        let found = difference("x", "", &[(1.0, 3.0), (2.0, 5.0), (10.0, 14.0)]).unwrap_or_else(nothing);
        assert!((found.by - 3.0).abs() < 1e-12);
        // Deviation 1, of three: 4.303 / √3.
        assert!(found.within.is_some_and(|[low, high]| (low - 0.5156).abs() < 1e-3 && (high - 5.4844).abs() < 1e-3));
        assert!(found.is_beyond_chance());
    }

    fn nothing() -> Difference {
        Difference { what: String::new(), unit: String::new(), a: 0.0, b: 0.0, by: 0.0, within: None }
    }

    #[test]
    fn what_differs_in_two_files_is_told_without_comments_and_order_of_equal_lines() {
        let found = Inputs::of("a = 1 # one\nb = \"#2\"\nb = \"#2\"\n", "a = 2\nb = \"#2\"\n");
        assert_eq!(found.only_a, ["a = 1", "b = \"#2\""]);
        assert_eq!(found.only_b, ["a = 2"]);
    }
}
