//! A scenario as it is written. What serde says of it is turned into diagnostics by [`super::read`].

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::{Spanned, value::Datetime};

use super::{Staff, Task};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) format: Spanned<String>,
    pub(super) id: Spanned<String>,
    pub(super) title: String,
    pub(super) about: String,
    pub(super) from: Spanned<Datetime>,
    pub(super) days: Spanned<u32>,
    #[serde(default)]
    pub(super) warmup_days: Option<Spanned<u32>>,
    pub(super) seed: u64,
    #[serde(default)]
    pub(super) in_force: Vec<Spanned<InForce>>,
    pub(super) party: Vec<Spanned<PartyEntry>>,
    pub(super) stream: Vec<Spanned<StreamEntry>>,
    pub(super) effort_hours: BTreeMap<Task, Spanned<Shape>>,
    pub(super) wait_days: BTreeMap<Task, Spanned<Shape>>,
    /// By request type, in place of `wait_days.execute`.
    #[serde(default)]
    pub(super) execute_days: BTreeMap<String, Spanned<Shape>>,
    pub(super) conduct: Spanned<ConductEntry>,
    pub(super) size_kb: Sizes,
    #[serde(default)]
    pub(super) fault: Vec<Spanned<FaultEntry>>,
}

/// An instrument that enters into force on a day that no file of the catalogue knows.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct InForce {
    pub(super) instrument: String,
    pub(super) on: Datetime,
    pub(super) parties: Vec<String>,
    pub(super) source: Option<String>,
    pub(super) assumption: Option<bool>,
    pub(super) note: Option<String>,
}

/// Where a number comes from: a source, or ourselves.
#[derive(Debug, Clone, Copy)]
pub(super) struct Origin<'a> {
    pub(super) source: Option<&'a str>,
    pub(super) assumption: bool,
    pub(super) note: Option<&'a str>,
}

/// What says where its numbers come from.
pub(super) trait Originated {
    fn origin(&self) -> Origin<'_>;
}

macro_rules! originated {
    ($($kind:ident),+) => {$(
        impl Originated for $kind {
            fn origin(&self) -> Origin<'_> {
                Origin {
                    source: self.source.as_deref(),
                    assumption: self.assumption.unwrap_or_default(),
                    note: self.note.as_deref(),
                }
            }
        }
    )+};
}

originated!(InForce, PartyEntry, StreamEntry, Shape, ConductEntry);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PartyEntry {
    pub(super) ids: Vec<String>,
    /// What the party is bound by, where the catalogue has no file of it.
    #[serde(default)]
    pub(super) treaties: Vec<String>,
    pub(super) language: String,
    pub(super) staff: BTreeMap<Staff, u32>,
    #[serde(default)]
    pub(super) hours: Option<[String; 2]>,
    #[serde(default)]
    pub(super) weight: Option<f64>,
    #[serde(default)]
    pub(super) slowness: Option<f64>,
    pub(super) source: Option<String>,
    pub(super) assumption: Option<bool>,
    pub(super) note: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StreamEntry {
    pub(super) id: String,
    /// Clause and request type, as in `ets-185:31 stored_data`; the first that the rule in force offers is taken.
    pub(super) ask: Vec<String>,
    pub(super) from: Vec<String>,
    pub(super) to: Vec<String>,
    pub(super) per_year: f64,
    #[serde(default)]
    pub(super) records: Vec<String>,
    #[serde(default)]
    pub(super) subjects: Option<u32>,
    #[serde(default)]
    pub(super) window_days: Option<u32>,
    #[serde(default)]
    pub(super) penalty_months: Option<u32>,
    pub(super) source: Option<String>,
    pub(super) assumption: Option<bool>,
    pub(super) note: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Shape {
    pub(super) fixed: Option<f64>,
    pub(super) exponential: Option<Exponential>,
    pub(super) lognormal: Option<Lognormal>,
    pub(super) gamma: Option<Gamma>,
    pub(super) quantiles: Option<Vec<[f64; 2]>>,
    pub(super) source: Option<String>,
    pub(super) assumption: Option<bool>,
    pub(super) note: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Exponential {
    pub(super) mean: f64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Lognormal {
    pub(super) median: f64,
    pub(super) p90: f64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Gamma {
    pub(super) mean: f64,
    pub(super) shape: f64,
}

/// Shares of cases, each from 0 to 1, and after how many days in the mean those withdraw that do.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ConductEntry {
    pub(super) questions: f64,
    pub(super) refused: f64,
    pub(super) postponed: f64,
    pub(super) withdrawn: f64,
    pub(super) patience_days: f64,
    pub(super) careless: f64,
    pub(super) source: Option<String>,
    pub(super) assumption: Option<bool>,
    pub(super) note: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sizes {
    pub(super) entry: Spanned<Shape>,
    pub(super) answer: Spanned<Shape>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FaultEntry {
    pub(super) kind: FaultKind,
    pub(super) from_day: f64,
    pub(super) days: f64,
    pub(super) parties: Vec<String>,
    /// The other side of a partition; everybody else where it is left out.
    #[serde(default)]
    pub(super) others: Option<Vec<String>>,
    /// `both`, or `out`: only what the parties send is lost.
    #[serde(default)]
    pub(super) direction: Option<Direction>,
    #[serde(default)]
    pub(super) flapping: Option<Flapping>,
    #[serde(default)]
    pub(super) staff: Option<Staff>,
    /// What share of the staff is left.
    #[serde(default)]
    pub(super) left: Option<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum FaultKind {
    Partition,
    Outage,
    Shortage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Direction {
    Both,
    Out,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Flapping {
    pub(super) down_hours: f64,
    pub(super) up_hours: f64,
}
