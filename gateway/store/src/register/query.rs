//! One statement with named placeholders.

use std::{fmt, iter::Peekable, str::Chars};

/// Longer statements are no question to a register.
const BYTES_MAX: usize = 16 * 1024;

/// A query with placeholders like `:birth_date`. Values take their places by binding: whatever stands in one, it is never read as SQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    pieces: Vec<Piece>,
    names: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Sql(String),
    /// The place of the name in `names`.
    Value(usize),
}

/// Why a statement is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueryFault {
    /// It is not a query.
    #[error("the statement must begin with SELECT or WITH")]
    NoQuery,
    /// There is more than one, or a `;`.
    #[error("the statement has a `;`: write one statement without it")]
    Several,
    /// A text, a name or a comment is not closed.
    #[error("{0} is not closed")]
    Open(&'static str),
    /// Brackets do not match, so that it would leave its place.
    #[error("the brackets do not match")]
    Brackets,
    /// PostgreSQL's `$tag$…$tag$`, or a numbered placeholder.
    #[error("`$` and `?` have no place here: write texts in '…', and values as :name")]
    Numbered,
    /// A placeholder that nobody fills in.
    #[error("there is no value `:{0}`; known here: {1}")]
    Unknown(String, String),
    /// It has none.
    #[error("the statement has no placeholder: it would say the same of everybody")]
    NoValue,
    /// It is too long, or has characters that a statement has not.
    #[error("the statement is longer than {BYTES_MAX} bytes, or has a zero byte")]
    TooLong,
}

impl Query {
    /// Reads a statement, in which only the placeholders `known` may stand.
    ///
    /// # Errors
    /// What is wrong with it. It repeats nothing of the statement but the name of a placeholder.
    pub fn parse(sql: &str, known: &[&str]) -> Result<Self, QueryFault> {
        if sql.len() > BYTES_MAX || sql.contains('\0') {
            return Err(QueryFault::TooLong);
        }
        let mut reader =
            Reader { rest: sql.chars().peekable(), sql: String::new(), pieces: Vec::new(), names: Vec::new() };
        reader.read()?;
        let Reader { sql: last, mut pieces, names, .. } = reader;
        pieces.push(Piece::Sql(last));
        if let Some(name) = names.iter().find(|name| !known.contains(&name.as_str())) {
            return Err(QueryFault::Unknown(name.clone(), known.join(", ")));
        }
        if names.is_empty() {
            return Err(QueryFault::NoValue);
        }
        let first: String = sql.trim_start().chars().take_while(char::is_ascii_alphabetic).collect();
        if !["select", "with"].contains(&first.to_ascii_lowercase().as_str()) {
            return Err(QueryFault::NoQuery);
        }
        Ok(Self { pieces, names })
    }

    /// The placeholders, each once, in the order in which they are bound.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The statement with numbered placeholders, as in `?1` or `$1`.
    pub(super) fn text(&self, sign: char) -> String {
        let one = |piece: &Piece| match piece {
            Piece::Sql(sql) => sql.clone(),
            Piece::Value(at) => format!("{sign}{}", at + 1),
        };
        self.pieces.iter().map(one).collect()
    }
}

struct Reader<'a> {
    rest: Peekable<Chars<'a>>,
    sql: String,
    pieces: Vec<Piece>,
    names: Vec<String>,
}

impl Reader<'_> {
    fn read(&mut self) -> Result<(), QueryFault> {
        let mut depth = 0_u32;
        while let Some(c) = self.rest.next() {
            match c {
                '\'' => self.through(c, '\'', "a text")?,
                '"' => self.through(c, '"', "a name")?,
                '`' => self.through(c, '`', "a name")?,
                '-' if self.rest.peek() == Some(&'-') => self.line_comment(),
                '/' if self.rest.peek() == Some(&'*') => self.block_comment()?,
                ';' => return Err(QueryFault::Several),
                '$' | '?' => return Err(QueryFault::Numbered),
                '(' => {
                    depth += 1;
                    self.sql.push(c);
                }
                ')' => {
                    depth = depth.checked_sub(1).ok_or(QueryFault::Brackets)?;
                    self.sql.push(c);
                }
                ':' if self.rest.peek() == Some(&':') => {
                    self.rest.next();
                    self.sql.push_str("::");
                }
                ':' if self.rest.peek().is_some_and(char::is_ascii_lowercase) => self.value(),
                other => self.sql.push(other),
            }
        }
        if depth == 0 { Ok(()) } else { Err(QueryFault::Brackets) }
    }

    /// A text or a quoted name, to its end. A doubled mark is two of them, one after the other.
    fn through(&mut self, first: char, last: char, what: &'static str) -> Result<(), QueryFault> {
        // E'…' of PostgreSQL could close where it does not seem to.
        if self.sql.ends_with(['e', 'E', '&']) && first == '\'' {
            let before = self.sql.trim_end_matches(['e', 'E', '&']);
            if !before.ends_with(|c: char| c.is_alphanumeric() || c == '_') {
                return Err(QueryFault::Open("a text with escapes (write it plainly: '…')"));
            }
        }
        self.sql.push(first);
        for c in self.rest.by_ref() {
            self.sql.push(c);
            if c == last {
                return Ok(());
            }
        }
        Err(QueryFault::Open(what))
    }

    /// Comments are left out.
    fn line_comment(&mut self) {
        for c in self.rest.by_ref() {
            if c == '\n' {
                break;
            }
        }
        self.sql.push('\n');
    }

    fn block_comment(&mut self) -> Result<(), QueryFault> {
        self.rest.next();
        let mut before = ' ';
        for c in self.rest.by_ref() {
            if before == '*' && c == '/' {
                self.sql.push(' ');
                return Ok(());
            }
            // PostgreSQL nests comments and SQLite does not: what both read alike has none inside.
            if before == '/' && c == '*' {
                return Err(QueryFault::Open("a comment inside a comment"));
            }
            before = c;
        }
        Err(QueryFault::Open("a comment"))
    }

    fn value(&mut self) {
        let mut name = String::new();
        while let Some(c) = self.rest.next_if(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || *c == '_') {
            name.push(c);
        }
        let known = self.names.iter().position(|one| *one == name);
        let at = known.unwrap_or(self.names.len());
        if known.is_none() {
            self.names.push(name);
        }
        self.pieces.push(Piece::Sql(std::mem::take(&mut self.sql)));
        self.pieces.push(Piece::Value(at));
    }
}

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a query with {} values", self.names.len())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    const KNOWN: [&str; 2] = ["name", "birth_date"];

    #[test]
    fn placeholders_are_numbered_and_nothing_else_is_touched() {
        let sql = "SELECT a::text, ':name' AS \"x:name\" -- :name\n/* :name */ FROM t WHERE n = :name OR (m=:name AND b = CAST(:birth_date AS date))";
        let query = Query::parse(sql, &KNOWN).unwrap();
        assert_eq!(query.names(), ["name", "birth_date"]);
        let text = query.text('$');
        assert!(text.contains("a::text, ':name' AS \"x:name\""), "{text}");
        assert!(text.ends_with("FROM t WHERE n = $1 OR (m=$1 AND b = CAST($2 AS date))"), "{text}");
        assert_eq!(text.matches("$1").count(), 2);
    }

    #[test]
    fn what_is_no_single_query_is_refused() {
        let refused = |sql: &str| Query::parse(sql, &KNOWN).unwrap_err();
        assert_eq!(refused("DELETE FROM t WHERE n = :name"), QueryFault::NoQuery);
        assert_eq!(refused("SELECT 1 FROM t WHERE n = :name; DROP TABLE t"), QueryFault::Several);
        assert_eq!(refused("SELECT 1 FROM t WHERE n = :name) AS x; --"), QueryFault::Brackets);
        assert_eq!(refused("SELECT 1 WHERE (n = :name"), QueryFault::Brackets);
        assert_eq!(refused("SELECT 'x WHERE n = :name"), QueryFault::Open("a text"));
        assert_eq!(refused("SELECT 1 WHERE n = :name /* x"), QueryFault::Open("a comment"));
        assert_eq!(refused("SELECT $$ WHERE n = :name"), QueryFault::Numbered);
        assert_eq!(refused("SELECT 1 WHERE n = ?"), QueryFault::Numbered);
        assert_eq!(refused("SELECT 1 FROM t"), QueryFault::NoValue);
        assert!(matches!(refused("SELECT E'\\' FROM t WHERE n = :name"), QueryFault::Open(_)));
        assert!(matches!(refused("SELECT 1 WHERE n = :surname"), QueryFault::Unknown(name, _) if name == "surname"));
    }
}
