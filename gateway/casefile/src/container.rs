//! The container: a ZIP archive in which nothing is left to choose. Files are stored, not compressed; in one order; at one moment; without
//! extra fields. So each set of files has exactly one encoding, and every changed byte shows.

use std::collections::BTreeMap;

use crc::{CRC_32_ISO_HDLC, Crc, Table};

use crate::Unreadable;

/// Files in a case file.
pub const FILES_MAX: usize = 1 << 20;
/// Bytes of a case file.
pub const FILE_BYTES_MAX: u64 = 2 * 1024 * 1024 * 1024;
/// Characters of a name.
const NAME_MAX: usize = 240;

/// What stands first, in this order; all else follows by name.
const FIRST: [&str; 3] = [crate::names::README, crate::names::MANIFEST, crate::names::MANIFEST_SIGNATURE];
static CRC: Crc<u32, Table<16>> = Crc::<u32, Table<16>>::new(&CRC_32_ISO_HDLC);
/// 1 January 1980, 0:00, the first moment that a ZIP archive can tell.
const DATE: u16 = 0x0021;
const LOCAL: u32 = 0x0403_4b50;
const CENTRAL: u32 = 0x0201_4b50;
const END: u32 = 0x0605_4b50;
const END_64: u32 = 0x0606_4b50;
const LOCATOR_64: u32 = 0x0706_4b50;
const LOCAL_BYTES: usize = 30;

/// The files of a case, by name.
pub(crate) type Files<'a> = BTreeMap<&'a str, &'a [u8]>;

/// Writes the one archive of these files. Names must be such as [`read`] takes.
pub(crate) fn write(files: &Files<'_>) -> Result<Vec<u8>, Unreadable> {
    let bytes: usize = files.iter().map(|(name, content)| 2 * name.len() + content.len() + 128).sum();
    if files.len() > FILES_MAX || bytes as u64 > FILE_BYTES_MAX {
        return Err(Unreadable::new("", "the case is larger than a case file may be"));
    }
    let mut out = Vec::with_capacity(bytes);
    let mut central = Vec::new();
    for name in order(files) {
        let content = files.get(name).copied().unwrap_or_default();
        let (offset, size) = (small(out.len())?, small(content.len())?);
        check_name(name)?;
        let mut about = Vec::with_capacity(26);
        put16(&mut about, [20, 0, 0, 0, DATE]);
        put32(&mut about, [CRC.checksum(content), size, size]);
        put16(&mut about, [u16::try_from(name.len()).unwrap_or(u16::MAX), 0]);
        put32(&mut out, [LOCAL]);
        out.extend_from_slice(&about);
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(content);
        put32(&mut central, [CENTRAL]);
        // Made by version 2.0 on Unix; a regular file that all may read.
        put16(&mut central, [0x0314]);
        central.extend_from_slice(&about);
        put16(&mut central, [0, 0, 0]);
        put32(&mut central, [0o100_644 << 16, offset]);
        central.extend_from_slice(name.as_bytes());
    }
    end(&mut out, &central, files.len())?;
    Ok(out)
}

/// The directory of the archive and its end; with the records of ZIP64 where there are too many files for the older ones.
fn end(out: &mut Vec<u8>, central: &[u8], count: usize) -> Result<(), Unreadable> {
    let (start, size) = (small(out.len())?, small(central.len())?);
    out.extend_from_slice(central);
    let short = u16::try_from(count).ok().filter(|count| *count != u16::MAX);
    if short.is_none() {
        let at = out.len() as u64;
        put32(out, [END_64]);
        put64(out, [44]);
        put16(out, [0x032d, 45]);
        put32(out, [0, 0]);
        put64(out, [count as u64, count as u64, u64::from(size), u64::from(start)]);
        put32(out, [LOCATOR_64, 0]);
        put64(out, [at]);
        put32(out, [1]);
    }
    put32(out, [END]);
    let count = short.unwrap_or(u16::MAX);
    put16(out, [0, 0, count, count]);
    put32(out, [size, start]);
    put16(out, [0]);
    Ok(())
}

/// Reads an archive that [`write`] made, and no other: what was read is written again and compared, so that nothing hides in between.
pub(crate) fn read(bytes: &[u8]) -> Result<Files<'_>, Unreadable> {
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(Unreadable::new("", "larger than a case file may be"));
    }
    let mut files = Files::new();
    let mut spans = Vec::new();
    let mut at = 0;
    while let Some((name, content, next)) = file_at(bytes, at)? {
        if files.len() >= FILES_MAX || files.insert(name, content).is_some() {
            return Err(Unreadable::new(name, "more files than a case file may have, or one of them twice"));
        }
        spans.push((next, name));
        at = next;
    }
    if files.is_empty() {
        return Err(Unreadable::new("", "not a case file: it does not begin as a ZIP archive of stored files"));
    }
    let again = write(&files)?;
    if again == bytes {
        return Ok(files);
    }
    let differs = first_difference(&again, bytes);
    let name = spans.iter().find(|(end, _)| differs < *end).map_or("", |(_, name)| name);
    Err(Unreadable::new(name, format!("altered after it was exported: byte {differs} is not as it was written")))
}

/// Where two archives differ first. Blocks that are the same are passed over at once.
fn first_difference(one: &[u8], other: &[u8]) -> usize {
    const BLOCK: usize = 4096;
    let same = one.chunks(BLOCK).zip(other.chunks(BLOCK)).take_while(|(a, b)| a == b).count() * BLOCK;
    let rest = |bytes: &[u8]| bytes.iter().skip(same).take(BLOCK).copied().collect::<Vec<u8>>();
    same + rest(one).iter().zip(rest(other)).take_while(|(a, b)| *a == b).count()
}

/// A file in the archive: name, content, and where it ends.
type Placed<'a> = (&'a str, &'a [u8], usize);

/// The file whose header begins at `at`; `None` where the files end.
fn file_at(bytes: &[u8], at: usize) -> Result<Option<Placed<'_>>, Unreadable> {
    let cut = || Unreadable::new("", format!("cut or altered at byte {at}"));
    let header = bytes.get(at..).unwrap_or_default();
    if header.get(..4) != Some(&LOCAL.to_le_bytes()) {
        return Ok(None);
    }
    let header = header.get(..LOCAL_BYTES).ok_or_else(cut)?;
    let field = |from: usize, length: usize| {
        header
            .get(from..from + length)
            .unwrap_or_default()
            .iter()
            .rev()
            .fold(0, |all, byte| all << 8 | usize::from(*byte))
    };
    let (size, name_bytes) = (field(22, 4), field(26, 2));
    let name_end = at.saturating_add(LOCAL_BYTES).saturating_add(name_bytes);
    let name = bytes.get(at + LOCAL_BYTES..name_end).and_then(|name| std::str::from_utf8(name).ok()).ok_or_else(cut)?;
    check_name(name)?;
    let end = name_end.saturating_add(size);
    Ok(Some((name, bytes.get(name_end..end).ok_or_else(cut)?, end)))
}

fn order<'a>(files: &Files<'a>) -> impl Iterator<Item = &'a str> {
    let first: Vec<&'a str> =
        FIRST.iter().filter_map(|first| files.get_key_value(first).map(|(name, _)| *name)).collect();
    let rest: Vec<&'a str> = files.keys().copied().filter(|name| !FIRST.contains(name)).collect();
    first.into_iter().chain(rest)
}

/// Letters, digits, `.`, `_` and `-` in folders; nothing that leads out of the folder into which somebody unpacks.
fn check_name(name: &str) -> Result<(), Unreadable> {
    let part = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
    };
    if name.len() <= NAME_MAX && name.split('/').all(part) {
        return Ok(());
    }
    Err(Unreadable::new("", "a name of a file that no case file has"))
}

fn small(number: usize) -> Result<u32, Unreadable> {
    u32::try_from(number).map_err(|_| Unreadable::new("", "the case is larger than a case file may be"))
}

fn put16<const N: usize>(out: &mut Vec<u8>, numbers: [u16; N]) {
    numbers.iter().for_each(|number| out.extend_from_slice(&number.to_le_bytes()));
}

fn put32<const N: usize>(out: &mut Vec<u8>, numbers: [u32; N]) {
    numbers.iter().for_each(|number| out.extend_from_slice(&number.to_le_bytes()));
}

fn put64<const N: usize>(out: &mut Vec<u8>, numbers: [u64; N]) {
    numbers.iter().for_each(|number| out.extend_from_slice(&number.to_le_bytes()));
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn files() -> Files<'static> {
        Files::from([
            ("manifest.json", &b"{}"[..]),
            ("README.txt", b"read me"),
            ("entries/000000-a.entry", b"\0\x01"),
            ("empty", b""),
        ])
    }

    #[test]
    fn what_was_written_is_read_and_the_readme_stands_first() {
        let bytes = write(&files()).unwrap();
        assert_eq!(read(&bytes).unwrap(), files());
        assert_eq!(&bytes[30..40], b"README.txt");
        assert_eq!(bytes, write(&files()).unwrap());
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_noticed() {
        let bytes = write(&files()).unwrap();
        for bit in 0..8 * bytes.len() {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(read(&flipped).is_err(), "bit {bit}");
        }
        for length in 0..bytes.len() {
            assert!(read(&bytes[..length]).is_err(), "cut at {length}");
        }
        assert!(read(&[&bytes[..], b"\0"].concat()).is_err());
    }

    #[test]
    fn more_files_than_the_older_format_counts_are_written_and_read() {
        let names: Vec<String> = (0..70_000).map(|number| format!("entries/{number:06}")).collect();
        let files: Files<'_> = names.iter().map(|name| (name.as_str(), &b"x"[..])).collect();
        let bytes = write(&files).unwrap();
        assert_eq!(read(&bytes).unwrap().len(), 70_000);
    }

    #[test]
    fn a_name_leads_nowhere_else() {
        for name in ["/etc/passwd", "../x", "a/../b", "a//b", "", "a\\b", "a b", ".x", "é", &"a".repeat(241)] {
            assert!(write(&Files::from([(name, &b""[..])])).is_err(), "{name}");
        }
    }
}
