//! The treaty language, measured: decisions, compilation, and beside them rivals that hold the same rules.
//!
//! Limits are those that the language was promised with, peers are measured in the same run. Begin with [`measure`].

mod compiled;
mod decided;
mod proved;
mod question;
mod report;
#[cfg(feature = "rivals")]
mod rivals;
mod timed;
mod world;

use std::{fs, thread::available_parallelism};

use jiff::civil::{Date, date};
use treaty::{Catalog, Diagnostic};

use crate::{Treaty, failure::Failure, floors};

pub(crate) use report::{json, text};

/// For which day rules are compiled. Fixed, so that two runs ask the same.
const DAY: Date = date(2026, 11, 22);

/// All that was measured.
pub(crate) struct Measured {
    cores: usize,
    /// What else ran on the machine, before and after: the system's mean of the last minute.
    load: [f64; 2],
    /// One signature verified, in microseconds of processor time: what each entry costs several times, whatever its treaty.
    verify: f64,
    decided: decided::Decided,
    compiled: compiled::Compiled,
    proved: proved::Proved,
    #[cfg(feature = "rivals")]
    rivals: rivals::Rivals,
}

pub(crate) fn measure(options: &Treaty) -> Result<Measured, Failure> {
    let catalog = Catalog::builtin().map_err(|wrong| unreadable(&wrong))?;
    let before = load();
    let (_, verify) = floors::signatures()?;
    let decided = decided::measure(&catalog, options.calls)?;
    #[cfg(feature = "rivals")]
    let rivals = rivals::measure(&catalog, options)?;
    let compiled = compiled::measure(&catalog, options.parties)?;
    let proved = proved::measure(&catalog)?;
    Ok(Measured {
        cores: available_parallelism()?.get(),
        load: [before, load()],
        verify,
        decided,
        compiled,
        proved,
        #[cfg(feature = "rivals")]
        rivals,
    })
}

fn unreadable(wrong: &[Diagnostic]) -> Failure {
    let shown: Vec<_> = wrong.iter().take(3).map(ToString::to_string).collect();
    Failure::new(format!("the catalogue has {} mistakes: {}", wrong.len(), shown.join("; ")))
}

/// 0 where the system does not tell.
fn load() -> f64 {
    let told = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    told.split_whitespace().next().and_then(|first| first.parse().ok()).unwrap_or_default()
}
