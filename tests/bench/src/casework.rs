//! The casework, measured: decisions on transitions, and what fifty thousand open cases cost a desk and its gateways.
//!
//! The limits are those that were promised; whatever depends on the machine is shown as a ratio to the same thing in the same run
//! with a hundred cases. Begin with [`measure`].

mod crowd;
mod decided;
mod delivered;
mod filled;
mod orders;
mod report;

use std::{fs, thread::available_parallelism};

use crate::{Casework, failure::Failure};

pub(crate) use report::{json, require_limits, text};

/// All that was measured.
pub(crate) struct Measured {
    cores: usize,
    /// What else ran on the machine, before and after: the system's mean of the last minute.
    load: [f64; 2],
    decided: decided::Decided,
    crowd: Option<crowd::Crowd>,
    delivered: Option<delivered::Delivered>,
}

pub(crate) async fn measure(options: &Casework) -> Result<Measured, Failure> {
    let before = load();
    let decided = decided::measure(options.rounds)?;
    let crowd = if options.open_cases > 0 { Some(crowd::measure(options).await?) } else { None };
    let delivered = if options.deliveries > 0 { Some(delivered::measure(options.deliveries).await?) } else { None };
    Ok(Measured { cores: available_parallelism()?.get(), load: [before, load()], decided, crowd, delivered })
}

/// 0 where the system does not tell.
fn load() -> f64 {
    let told = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    told.split_whitespace().next().and_then(|first| first.parse().ok()).unwrap_or_default()
}
