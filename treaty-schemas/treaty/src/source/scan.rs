//! A look at the characters of a file before it is parsed: depth, and characters that deceive the eye.

use std::{iter::Peekable, ops::Range, str::CharIndices};

use super::spelling::{is_invisible, look_alike};

/// How deep tables and lists may stand in each other, and how many parts a dotted key may have.
const DEPTH_MAX: usize = 32;

/// What is wrong with `text` before anybody parses it: place, message, help. Where it is too deep, nothing else is told.
pub(super) fn scan(text: &str) -> Vec<(Range<usize>, String, &'static str)> {
    let mut scan = Scan { chars: text.char_indices().peekable(), depth: 0, dots: 0, found: Vec::new() };
    match scan.all() {
        Some(deep) => {
            let message = format!("this stands deeper than {DEPTH_MAX} tables or lists in each other");
            vec![(deep, message, "a treaty file needs no more than four; close the brackets before it")]
        }
        None => scan.found,
    }
}

struct Scan<'s> {
    chars: Peekable<CharIndices<'s>>,
    depth: usize,
    dots: usize,
    found: Vec<(Range<usize>, String, &'static str)>,
}

impl Scan<'_> {
    /// Answers the place where it is too deep.
    fn all(&mut self) -> Option<Range<usize>> {
        while let Some((at, c)) = self.chars.next() {
            match c {
                '[' | '{' => (self.depth, self.dots) = (self.depth + 1, 0),
                ']' | '}' => self.depth = self.depth.saturating_sub(1),
                '.' => self.dots += 1,
                '=' | ',' | '\n' => self.dots = 0,
                '#' => self.comment(),
                '"' | '\'' => self.string(c),
                _ => self.outside(at, c),
            }
            if self.depth > DEPTH_MAX || self.dots > DEPTH_MAX {
                return Some(at..at + c.len_utf8());
            }
        }
        None
    }

    fn comment(&mut self) {
        while let Some((at, c)) = self.chars.next_if(|(_, c)| *c != '\n') {
            self.seen(at, c);
        }
    }

    /// To the end of a string that `quote` has begun. One that does not end is the parser's to tell.
    fn string(&mut self, quote: char) {
        let quoted = |(_, c): &(usize, char)| *c == quote;
        let many = self.chars.next_if(quoted).is_some();
        if many && self.chars.next_if(quoted).is_none() {
            return;
        }
        let mut closing = 0;
        while let Some((at, c)) = self.chars.peek().copied() {
            if !many && c == '\n' {
                return;
            }
            self.chars.next();
            self.seen(at, c);
            closing = if c == quote { closing + 1 } else { 0 };
            if closing == if many { 3 } else { 1 } {
                return;
            }
            if c == '\\' && quote == '"' {
                self.chars.next();
            }
        }
    }

    /// A character outside of strings and comments: all that TOML has there is ASCII.
    fn outside(&mut self, at: usize, c: char) {
        if let Some(letter) = look_alike(c) {
            let message = format!("U+{:04X} looks like `{letter}` and is another character", u32::from(c));
            self.wrong(at, c, message, "outside of texts and comments only ASCII may stand; type it anew");
        } else {
            self.seen(at, c);
        }
    }

    fn seen(&mut self, at: usize, c: char) {
        if is_invisible(c) {
            let message = format!("U+{:04X} is not seen, or changes the order in which a line is read", u32::from(c));
            self.wrong(at, c, message, "delete it; what is signed must be what is seen");
        }
    }

    fn wrong(&mut self, at: usize, c: char, message: String, help: &'static str) {
        if self.found.len() < super::DIAGNOSTICS_MAX {
            self.found.push((at..at + c.len_utf8(), message, help));
        }
    }
}
