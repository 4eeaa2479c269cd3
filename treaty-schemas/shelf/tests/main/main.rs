//! Two states with real keys, and a catalogue in a folder that both sign.

#![expect(clippy::unwrap_used, reason = "tests")]

mod applying;
mod planning;
mod reading;
mod standing;
mod world;
