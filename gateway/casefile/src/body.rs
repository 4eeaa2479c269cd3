//! The body of an entry as its header committed to it, read by this crate alone: a stranger needs no desk for it.

/// Documents in one body.
const DOCUMENTS_MAX: usize = 64;
const MAGIC: &[u8; 8] = b"rgtbody1";

/// `rgtbody1` ‖ step ‖ number of documents (1 byte) ‖ each: record type ‖ length (4 bytes) ‖ bytes. Names have a length byte before them;
/// numbers are big endian.
pub(crate) struct Opened<'a> {
    /// The step of the header.
    pub(crate) step: &'a str,
    /// Record type and bytes.
    pub(crate) documents: Vec<(&'a str, &'a [u8])>,
}

impl<'a> Opened<'a> {
    /// `None` for anything that is no body.
    pub(crate) fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut rest = bytes.strip_prefix(MAGIC)?;
        let step = name(&mut rest)?;
        let count = usize::from(take(&mut rest, 1)?[0]);
        if count > DOCUMENTS_MAX {
            return None;
        }
        let mut documents = Vec::with_capacity(count);
        for _ in 0..count {
            let record_type = name(&mut rest)?;
            let length = take(&mut rest, 4)?.iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
            documents.push((record_type, take(&mut rest, length)?));
        }
        rest.is_empty().then_some(Self { step, documents })
    }
}

fn name<'a>(rest: &mut &'a [u8]) -> Option<&'a str> {
    let length = usize::from(take(rest, 1)?[0]);
    let name = std::str::from_utf8(take(rest, length)?).ok()?;
    name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_').then_some(name)
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (head, tail) = rest.split_at_checked(length)?;
    *rest = tail;
    Some(head)
}
