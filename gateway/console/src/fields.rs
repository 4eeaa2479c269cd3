//! What a form brought: fields and files, bounded, and the passphrase apart from all that.

use std::fmt;

use axum::http::{HeaderMap, header::CONTENT_TYPE};
use model::{Denial, Fault};
use zeroize::Zeroizing;

/// A form may bring so much: a release of the largest size that the desk takes, and what goes round it.
pub(crate) const BODY_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Fields and files of one form.
const FIELDS_MAX: usize = 1000;
const NAME_BYTES_MAX: usize = 100;
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

    /// Takes the passphrase. A second look finds none.
    pub(crate) fn take_passphrase(&mut self) -> Option<Zeroizing<String>> {
        self.passphrase.take()
    }

    /// What is carried through another page and comes back: everything but what is of one page, and the passphrase never.
    pub(crate) fn carried(&self) -> Vec<(String, String)> {
        let carried = |(name, value): &&(String, String)| !OF_PAGE.contains(&name.as_str()) && !value.is_empty();
        self.pairs.iter().filter(carried).cloned().collect()
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
            let text = std::str::from_utf8(&part[head + 4..end]);
            let text = text.map_err(|_| malformed("a file or field of the form is not UTF-8 text"))?;
            self.add(&name, text.to_owned())?;
            rest = &part[end + mark.len()..];
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
