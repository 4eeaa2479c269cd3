//! What a service manager is told, where one asks [systemd, sd_notify(3)]: that the program serves, that it stops, and, as often as it wants
//! to hear it, that it lives. Nothing of a case is in that. Whoever starts a program by hand is told nothing.

use std::time::Duration;

use sd_notify::NotifyState;
use tokio::{
    task::spawn_blocking,
    time::{MissedTickBehavior, interval, timeout},
};

/// Twice in the time after which the service manager would end the program.
const BEATS: u32 = 2;

/// Everybody can call.
pub fn serving() {
    tell(&[NotifyState::Ready, NotifyState::Status("serving")]);
}

/// Running calls end first.
pub fn stopping() {
    tell(&[NotifyState::Stopping, NotifyState::Status("stopping: running calls end first")]);
}

/// Says that the program lives for as long as `works` answers in time, whatever the answer: a full disk is not mended by a restart. What
/// does not work is told as the status of the service. Comes back at once where no service manager wants to hear it.
pub async fn live<E, F>(works: impl Fn() -> F, trouble: &'static str)
where
    F: Future<Output = Result<(), E>>,
{
    let Some(every) = sd_notify::watchdog_enabled().map(|whole| whole / BEATS).filter(|every| *every > Duration::ZERO)
    else {
        return;
    };
    let mut beat = interval(every);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        beat.tick().await;
        // Silence ends the program.
        let Ok(worked) = timeout(every, works()).await else { continue };
        let status = if worked.is_ok() { "serving" } else { trouble };
        // A service manager that does not read holds up who tells it, and nobody else.
        let _ = spawn_blocking(move || tell(&[NotifyState::Watchdog, NotifyState::Status(status)])).await;
    }
}

fn tell(states: &[NotifyState<'_>]) {
    // Who does not listen any more cannot be helped.
    let _ = sd_notify::notify(states);
}
