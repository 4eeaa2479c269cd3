//! The few forms of deterministic CBOR of which a receipt consists [RFC 8949 §4.2.1].

pub(crate) const UNSIGNED: u8 = 0;
pub(crate) const BYTES: u8 = 2;
pub(crate) const TEXT: u8 = 3;
pub(crate) const ARRAY: u8 = 4;

/// Begins an item of a major type, in the shortest form.
pub(crate) fn head(out: &mut Vec<u8>, major: u8, count: u64) {
    let (major, count) = (major << 5, count.to_be_bytes());
    match count {
        [0, 0, 0, 0, 0, 0, 0, short @ ..24] => out.push(major | short),
        [0, 0, 0, 0, 0, 0, 0, one] => out.extend_from_slice(&[major | 24, one]),
        [0, 0, 0, 0, 0, 0, two @ ..] => {
            out.push(major | 25);
            out.extend_from_slice(&two);
        }
        [0, 0, 0, 0, four @ ..] => {
            out.push(major | 26);
            out.extend_from_slice(&four);
        }
        eight => {
            out.push(major | 27);
            out.extend_from_slice(&eight);
        }
    }
}

/// A string, of bytes or of text.
pub(crate) fn string(out: &mut Vec<u8>, major: u8, content: &[u8]) {
    head(out, major, content.len() as u64);
    out.extend_from_slice(content);
}

/// Reads what is expected and nothing else. It takes a longer form of a number too: who reads compares with what would be written.
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    /// These bytes.
    pub(crate) fn exactly(&mut self, expected: &[u8]) -> Option<()> {
        self.0 = self.0.strip_prefix(expected)?;
        Some(())
    }

    /// The number at the head of an item of this major type.
    pub(crate) fn head(&mut self, major: u8) -> Option<u64> {
        let first = *self.take(1)?.first()?;
        if first >> 5 != major {
            return None;
        }
        let more = match first & 31 {
            short @ ..24 => return Some(u64::from(short)),
            size @ 24..28 => 1 << (size - 24),
            _ => return None,
        };
        Some(self.take(more)?.iter().fold(0, |count, byte| count << 8 | u64::from(*byte)))
    }

    /// A string, of bytes or of text.
    pub(crate) fn string(&mut self, major: u8) -> Option<&'a [u8]> {
        let length = usize::try_from(self.head(major)?).ok()?;
        self.take(length)
    }

    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }
}
