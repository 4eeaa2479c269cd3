use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// Lines in a window; what comes after is counted in the metrics only. Strangers can cause these lines, so they must not fill a disk.
const LINES: u32 = 20;
const WINDOW: Duration = Duration::from_secs(10);

/// Lets some lines per window through.
#[derive(Debug, Default)]
pub(crate) struct Throttle(Mutex<Option<(Instant, u32)>>);

impl Throttle {
    /// Whether this line may be written.
    pub(crate) fn admits(&self) -> bool {
        let now = Instant::now();
        let mut window = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match window.as_mut() {
            Some((begin, lines)) if now.duration_since(*begin) < WINDOW => {
                *lines = lines.saturating_add(1);
                *lines <= LINES
            }
            _ => {
                *window = Some((now, 1));
                true
            }
        }
    }
}
