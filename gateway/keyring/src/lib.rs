//! Keys and certificates in the folder of a gateway or desk: files that only their owner reads, and the exchange of a pair for the next
//! one while the program runs.
//!
//! A pair is renewed in three steps, so that the key never leaves its folder and the root never comes near it: [`Slot::request`] draws
//! the next key and asks; whoever holds the root answers ([`identity::Root::issue_requested`]); [`Slot::take`] puts the answer in
//! place. A program that runs looks at [`Slot::mark`] now and then, and opens the pair anew when it changed.
//!
//! It must never know of cases, listen, or read a clock.

mod error;
mod files;
mod slot;

pub use error::KeyringError;
pub use files::{lock, make_folder, passphrase, write, write_public};
pub use slot::{Held, Slot, Taking, install, requests};
