//! The pages that people work with in a browser.
//!
//! A page is a client of the desk like the command line: it calls `rogatory.desk.v1` over the desk's own socket and knows nothing else of a case, so
//! that whatever the browser can do, a national system can, and the desk refuses both alike. What an officer signs is checked and signed by who
//! starts the console; no key and no passphrase stays here.
//!
//! It must never link a storage, `seal`, `desk`, `relay` or `workflow`, and it keeps nothing on a disk.

pub mod assets;
pub mod face;
#[cfg(test)]
mod gallery;
pub mod govuk;
pub mod locale;
