//! What a form brought: fields and files, bounded, and the passphrase apart from all that.

use std::fmt;

use axum::http::{HeaderMap, header::CONTENT_TYPE};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use model::{Denial, Fault};
use zeroize::Zeroizing;

use crate::signing::sha256;

/// A form may bring so much: a release of the largest size that the desk takes, and what goes round it.
pub(crate) const BODY_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Fields and files of one form.
const FIELDS_MAX: usize = 1000;
const NAME_BYTES_MAX: usize = 200;
/// Rows of a list on a page.
const ROWS_MAX: usize = 64;
/// A file that is part of a form goes along whole up to this length; what is longer goes on a medium, and is named by its digest.
const INLINE_BYTES_MAX: usize = 192 * 1024;
const BOUNDARY_BYTES_MAX: usize = 70;
/// The field that is never shown, carried or kept.
const PASSPHRASE: &str = "passphrase";
/// The fields that are of one page only.
const OF_PAGE: [&str; 2] = ["csrf", PASSPHRASE];

/// What a form brought.
#[derive(Clone, Default)]
pub(crate) struct Fields {
    pairs: Vec<(String, String)>,
    passphrase: Option<Zeroizing<String>>,
}

impl Fields {
    /// Reads a body of either kind that a form is sent in. A file is a field as any other: its content is text.
    pub(crate) fn read(headers: &HeaderMap, body: &[u8]) -> Result<Self, Denial> {
        let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let (kind, parameters) = kind.split_once(';').unwrap_or((kind, ""));
        let mut fields = Self::default();
        match kind.trim().to_ascii_lowercase().as_str() {
            "application/x-www-form-urlencoded" => {
                for (name, value) in form_urlencoded::parse(body) {
                    fields.add(&name, value.into_owned())?;
                }
            }
            "multipart/form-data" => fields.read_parts(parameters, body)?,
            _ => return Err(malformed("a form is sent as urlencoded or multipart")),
        }
        Ok(fields)
    }

    /// From pairs that are known.
    pub(crate) fn of(pairs: &[(&str, &str)]) -> Self {
        let mut fields = Self::default();
        for (name, value) in pairs {
            fields.pairs.push(((*name).to_owned(), (*value).to_owned()));
        }
        fields
    }

    /// The first field of this name; empty where there is none.
    pub(crate) fn one(&self, name: &str) -> &str {
        self.all(name).next().unwrap_or_default()
    }

    /// All fields of this name that say something.
    pub(crate) fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        self.pairs.iter().filter(move |(one, value)| one == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    /// How many rows a list on the page has: as many as say something, and those that were asked for.
    pub(crate) fn count_under(&self, path: &str) -> usize {
        let number = |name: &str| row_of(name, path).map(|(at, _)| at + 1);
        let said = self.pairs.iter().filter(|(_, value)| !value.is_empty()).filter_map(|(name, _)| number(name)).max();
        let wanted = self.one(&format!("{path}-rows")).parse().unwrap_or(0);
        said.unwrap_or(0).max(wanted).min(ROWS_MAX)
    }

    /// With this field in the place of what it said.
    pub(crate) fn put(mut self, name: &str, value: &str) -> Self {
        self.pairs.retain(|(one, _)| one != name);
        self.pairs.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With this field beside those of its name.
    pub(crate) fn and(mut self, name: &str, value: &str) -> Self {
        self.pairs.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Whether a field of such a name says something.
    pub(crate) fn starts_with(&self, prefix: &str) -> bool {
        self.pairs.iter().any(|(name, value)| name.starts_with(prefix) && !value.is_empty())
    }

    /// Without a row of a list; those behind it move up.
    pub(crate) fn without_row(self, path: &str, at: usize) -> Self {
        let rows = self.count_under(path).saturating_sub(1);
        let moved = |(name, value): (String, String)| match row_of(&name, path) {
            Some((row, _)) if row == at => None,
            Some((row, rest)) if row > at => Some((format!("{path}.{}{rest}", row - 1), value)),
            _ => Some((name, value)),
        };
        let pairs = self.pairs.into_iter().filter_map(moved).collect();
        Self { pairs, passphrase: self.passphrase }.put(&format!("{path}-rows"), &rows.to_string())
    }

    /// Takes the passphrase. A second look finds none.
    pub(crate) fn take_passphrase(&mut self) -> Option<Zeroizing<String>> {
        self.passphrase.take()
    }

    /// What is carried through another page and comes back: everything but what is of one page, and the passphrase never.
    pub(crate) fn carried(&self) -> Vec<(String, String)> {
        let carried = |(name, value): &&(String, String)| !OF_PAGE.contains(&name.as_str()) && !value.is_empty();
        self.pairs.iter().filter(carried).cloned().collect()
    }

    /// How much it is.
    pub(crate) fn bytes(&self) -> usize {
        self.pairs.iter().map(|(name, value)| name.len() + value.len()).sum()
    }

    fn add(&mut self, name: &str, value: String) -> Result<(), Denial> {
        let value = Zeroizing::new(value);
        if self.pairs.len() >= FIELDS_MAX {
            return Err(Denial::failed(Fault::TooLarge, format!("a form has at most {FIELDS_MAX} fields")));
        }
        if name.is_empty() || name.len() > NAME_BYTES_MAX {
            return Err(malformed("a field of the form has no name, or one that is too long"));
        }
        if name == PASSPHRASE {
            self.passphrase = Some(value);
        } else {
            self.pairs.push((name.to_owned(), value.to_string()));
        }
        Ok(())
    }

    /// multipart/form-data [RFC 7578].
    fn read_parts(&mut self, parameters: &str, body: &[u8]) -> Result<(), Denial> {
        let broken = || malformed("the form broke off, or its parts cannot be told apart");
        let boundary = parameter(parameters, "boundary").filter(|one| (1..=BOUNDARY_BYTES_MAX).contains(&one.len()));
        let mark = format!("\r\n--{}", boundary.ok_or_else(broken)?);
        // The first boundary has no line before it.
        let mut rest = match body.strip_prefix(&mark.as_bytes()[2..]) {
            Some(rest) => rest,
            None => &body[find(body, mark.as_bytes()).ok_or_else(broken)? + mark.len()..],
        };
        while !rest.starts_with(b"--") {
            let part = rest.strip_prefix(b"\r\n").ok_or_else(broken)?;
            let end = find(part, mark.as_bytes()).ok_or_else(broken)?;
            let head = find(&part[..end], b"\r\n\r\n").ok_or_else(broken)?;
            let headers = std::str::from_utf8(&part[..head]).map_err(|_| broken())?;
            let name = headers.split("\r\n").find_map(disposition).ok_or_else(broken)?;
            if let Some(path) = name.strip_suffix("-upload") {
                self.read_file(path, headers, &part[head + 4..end])?;
                rest = &part[end + mark.len()..];
                continue;
            }
            let text = std::str::from_utf8(&part[head + 4..end]);
            let text = text.map_err(|_| malformed("a file or field of the form is not UTF-8 text"))?;
            self.add(&name, text.to_owned())?;
            rest = &part[end + mark.len()..];
        }
        Ok(())
    }
}

impl Fields {
    /// Notes of a file what a document says of it: `<path>.title`, `.media_type`, `.bytes`, `.hash`, and `.inline` where it is small. One that
    /// was chosen takes the place of one that was there.
    fn read_file(&mut self, path: &str, headers: &str, bytes: &[u8]) -> Result<(), Denial> {
        if bytes.is_empty() {
            return Ok(());
        }
        let lines = headers.split("\r\n").filter_map(|line| line.split_once(':'));
        let named = lines.filter(|(name, _)| name.trim().eq_ignore_ascii_case("content-disposition"));
        let title = named.filter_map(|(_, value)| parameter(value, "filename")).next().unwrap_or_default();
        let title: String = title.chars().filter(|c| !c.is_control()).take(200).collect();
        let kind = match title.rsplit('.').next() {
            Some("pdf") => "application/pdf",
            Some("txt") => "text/plain",
            _ => "application/octet-stream",
        };
        self.pairs.retain(|(name, _)| !name.strip_prefix(path).is_some_and(|rest| rest.starts_with('.')));
        let inline = if bytes.len() <= INLINE_BYTES_MAX { BASE64_STANDARD.encode(bytes) } else { String::new() };
        for (part, value) in [
            ("title", if title.is_empty() { "file".to_owned() } else { title }),
            ("media_type", kind.to_owned()),
            ("bytes", bytes.len().to_string()),
            ("hash", sha256(bytes)),
            ("inline", inline),
        ] {
            self.add(&format!("{path}.{part}"), value)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fields({})", self.pairs.len())
    }
}

/// The name of the field in its Content-Disposition.
fn disposition(line: &str) -> Option<String> {
    let (name, value) = line.split_once(':')?;
    let (kind, parameters) = value.split_once(';')?;
    let is = name.trim().eq_ignore_ascii_case("content-disposition") && kind.trim() == "form-data";
    is.then(|| parameter(parameters, "name")).flatten()
}

/// A parameter, with quotes or without. What browsers escape in a name [WHATWG HTML, multipart/form-data] is in none of ours.
fn parameter(parameters: &str, wanted: &str) -> Option<String> {
    let pairs = parameters.split(';').filter_map(|one| one.trim().split_once('='));
    let mut found = pairs.filter(|(name, _)| name.trim().eq_ignore_ascii_case(wanted));
    found.next().map(|(_, value)| value.trim().trim_matches('"').to_owned())
}

/// In which row of a list a field stands, and what follows: `.a` of `list.3.a`.
fn row_of<'a>(name: &'a str, path: &str) -> Option<(usize, &'a str)> {
    let rest = name.strip_prefix(path)?.strip_prefix('.')?;
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    Some((rest[..end].parse().ok()?, &rest[end..]))
}

fn find(within: &[u8], what: &[u8]) -> Option<usize> {
    within.windows(what.len()).position(|window| window == what)
}

fn malformed(detail: &str) -> Denial {
    Denial::failed(Fault::Malformed, detail)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn read(kind: &str, body: &[u8]) -> Result<Fields, Denial> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, kind.parse().unwrap());
        Fields::read(&headers, body)
    }

    const PARTS: &str = "multipart/form-data; boundary=\"x-y\"";

    #[test]
    fn a_form_is_read_as_browsers_send_it() {
        let plain = read("application/x-www-form-urlencoded; charset=utf-8", b"a=1&a=2&b=%E6%97%A5+%26&c=").unwrap();
        assert_eq!(plain.all("a").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!((plain.one("b"), plain.one("c"), plain.one("d")), ("日 &", "", ""));
        let body = "--x-y\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--x-y\r\n\
                    content-disposition: form-data; name=\"f\"; filename=\"r.json\"\r\nContent-Type: application/json\
                    \r\n\r\n{\"a\":\r\n1}\r\n--x-y--\r\n";
        let parts = read(PARTS, body.as_bytes()).unwrap();
        assert_eq!((parts.one("a"), parts.one("f")), ("1", "{\"a\":\r\n1}"));
    }

    #[test]
    fn a_passphrase_is_taken_once_and_carried_nowhere() {
        let mut fields = read("application/x-www-form-urlencoded", b"passphrase=open&csrf=m&text=t").unwrap();
        assert_eq!(fields.carried(), [("text".to_owned(), "t".to_owned())]);
        assert_eq!(fields.one("passphrase"), "");
        assert_eq!(fields.take_passphrase().unwrap().as_str(), "open");
        assert!(fields.take_passphrase().is_none());
    }

    #[test]
    fn what_is_no_form_or_breaks_off_is_malformed() {
        for body in ["", "--x-y", "--x-y\r\n", "--x-y\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1", "--z--"]
        {
            assert_eq!(read(PARTS, body.as_bytes()).unwrap_err().reason(), "MALFORMED", "{body:?}");
        }
        assert_eq!(read("application/json", b"{}").unwrap_err().reason(), "MALFORMED");
        assert_eq!(read("multipart/form-data", b"--x--").unwrap_err().reason(), "MALFORMED");
        let many = vec!["a=1"; FIELDS_MAX + 1].join("&");
        let many = read("application/x-www-form-urlencoded", many.as_bytes()).unwrap_err();
        assert_eq!(many.reason(), "TOO_LARGE");
    }
}
