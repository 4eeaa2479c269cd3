//! Standard output. Its reader may leave at any time; what was begun goes on all the same.

use std::io::{Write as _, stdout};

use model::{Exit, printed};

/// Prints a line. The exit code of a command that ends with it: `exit`, but where it could not be printed to who still reads.
pub(crate) fn line(text: &str, exit: Exit) -> u8 {
    match printed(writeln!(stdout(), "{text}")) {
        Ok(()) => exit as u8,
        Err(error) => {
            eprintln!("federation: standard output: {error}");
            Exit::Failure as u8
        }
    }
}
