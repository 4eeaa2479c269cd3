//! What may be a secret of 32 bytes, or the key of a message of 16: windows of what was found that look drawn at random.

use std::{collections::HashSet, ops::Range};

use aws_lc_rs::digest::{SHA512, digest};
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};

use super::schedule::{MessageKey, Secret};

/// Different bytes in a window that may be a secret. Of 32 bytes drawn at random, fewer are different once in ten million.
const DIFFERENT_MIN: u32 = 20;
/// The same of 16 bytes: fewer are different once in a hundred thousand.
const DIFFERENT_IN_KEY_MIN: u32 = 11;
/// How far apart windows begin: allocators and compilers align to eight.
const STEP: usize = 8;
/// The length byte before a field of 32 bytes, in TLS, Protocol Buffers, CBOR and DER alike.
const LENGTH: u8 = 32;
/// The same before a field of 16 bytes.
const KEY_LENGTH: u8 = 16;

/// From how many bytes on an unbroken random stretch is bulk, and how much of it is looked at on either side.
const BULK_BYTES_MIN: usize = 64 * 1024;
const BULK_EDGE_BYTES: usize = 4096;

/// Candidates, each once.
#[derive(Debug, Default)]
pub(crate) struct Candidates {
    /// Windows that were looked at.
    pub(crate) windows: u64,
    /// Bytes that were left out, inside of bulk.
    pub(crate) bulk: u64,
    set: HashSet<Secret>,
    keys: HashSet<MessageKey>,
}

impl Candidates {
    /// Takes every window of `bytes` at every eighth byte, every one behind a length of 32, and what is written in `bytes` in hexadecimal, in
    /// Base64 and as lists of numbers.
    pub(crate) fn read(&mut self, bytes: &[u8]) {
        self.windows(bytes, STEP);
        for decoded in written(bytes) {
            self.windows(&decoded, STEP);
        }
    }

    /// Takes the windows behind a length of 32 only, and the first: for what is made of fields that stand behind their lengths.
    pub(crate) fn read_fields(&mut self, bytes: &[u8]) {
        self.window(bytes, 0);
        self.windows(bytes, bytes.len().max(2));
    }

    /// Takes every window at every byte: for what was left behind, and lies as it happened to.
    pub(crate) fn read_every(&mut self, bytes: &[u8]) {
        self.windows(bytes, 1);
    }

    /// Takes every window of a key that was opened; and of what it would be as a key of the other curve, in case one was used as the other.
    pub(crate) fn read_key(&mut self, bytes: &[u8]) {
        self.windows(bytes, 1);
        for seed in bytes.windows(32) {
            // The X25519 key that belongs to the seed of an Ed25519 key [RFC 8032 §5.1.5].
            self.window(digest(&SHA512, seed).as_ref(), 0);
        }
    }

    fn windows(&mut self, bytes: &[u8], step: usize) {
        let bulk = bulk(bytes);
        self.bulk += bulk.iter().map(|range| range.len() as u64).sum::<u64>();
        let mut from = 0;
        for inside in bulk.into_iter().chain(std::iter::once(bytes.len()..bytes.len())) {
            for at in (from..inside.start).step_by(step) {
                self.window(bytes, at);
            }
            let between = bytes.iter().enumerate().take(inside.start).skip(from).filter(|(at, _)| (at + 1) % step != 0);
            for (at, byte) in between {
                match *byte {
                    LENGTH => self.window(bytes, at + 1),
                    KEY_LENGTH => self.key(bytes, at + 1),
                    _ => {}
                }
            }
            from = inside.end;
        }
    }

    fn window(&mut self, bytes: &[u8], at: usize) {
        self.key(bytes, at);
        let Some(window) = bytes.get(at..).and_then(|rest| rest.first_chunk::<32>()) else { return };
        self.windows += 1;
        if may_be_secret(window) {
            self.set.insert(*window);
        }
    }

    fn key(&mut self, bytes: &[u8], at: usize) {
        let Some(window) = bytes.get(at..).and_then(|rest| rest.first_chunk::<16>()) else { return };
        if looks_drawn(window, DIFFERENT_IN_KEY_MIN) {
            self.keys.insert(*window);
        }
    }

    /// What may be the key of one message.
    pub(crate) fn keys(&self) -> Vec<MessageKey> {
        self.keys.iter().copied().collect()
    }

    /// What may be a secret.
    pub(crate) fn to_vec(&self) -> Vec<Secret> {
        self.set.iter().copied().collect()
    }
}

/// The insides of stretches that look drawn at random without a break: what a cipher or a key derivation wrote (scrypt fills 16 MiB). A secret
/// stands among other things; both ends of such a stretch are looked at. Begins and ends are multiples of [`STEP`].
fn bulk(bytes: &[u8]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = 0;
    let words = bytes.len().saturating_sub(31).div_ceil(STEP);
    for word in 0..=words {
        let at = word * STEP;
        let random = bytes.get(at..).and_then(|rest| rest.first_chunk::<32>()).is_some_and(may_be_secret);
        if random {
            continue;
        }
        if at - start >= BULK_BYTES_MIN {
            found.push(start + BULK_EDGE_BYTES..at - BULK_EDGE_BYTES);
        }
        start = at + STEP;
    }
    found
}

fn may_be_secret(window: &Secret) -> bool {
    looks_drawn(window, DIFFERENT_MIN)
}

/// Neither text nor numbers and addresses.
fn looks_drawn(window: &[u8], different_min: u32) -> bool {
    // A secret begins with eight zeros once in 2^64, and is all ASCII once in 2^32; a key once in 2^16.
    if window.starts_with(&[0; 8]) || window.is_ascii() {
        return false;
    }
    let mut seen = [0_u64; 4];
    for byte in window {
        seen[usize::from(byte >> 6)] |= 1 << (byte & 63);
    }
    seen.iter().map(|word| word.count_ones()).sum::<u32>() >= different_min
}

/// What stands in `bytes` as text: runs of hexadecimal digits and of Base64, and lists of numbers below 256, long enough for a secret.
fn written(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    for run in runs(bytes, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_')) {
        if run.len() >= 64 && run.iter().all(u8::is_ascii_hexdigit) {
            let digit = |byte: &u8| char::from(*byte).to_digit(16).unwrap_or_default() as u8;
            found.push(run.chunks_exact(2).map(|two| digit(&two[0]) << 4 | digit(&two[1])).collect());
        }
        if run.len() >= 43 {
            let standard: Vec<u8> = run
                .iter()
                .map(|byte| match byte {
                    b'-' => b'+',
                    b'_' => b'/',
                    other => *other,
                })
                .collect();
            let whole = standard.len() - usize::from(standard.len() % 4 == 1);
            // What is left over of the last group may hold bits that a strict decoder refuses.
            let whole = standard.get(..whole).unwrap_or_default();
            let even = standard.get(..standard.len() / 4 * 4).unwrap_or_default();
            found.extend(STANDARD_NO_PAD.decode(whole).or_else(|_| STANDARD_NO_PAD.decode(even)).ok());
        }
    }
    for run in runs(bytes, |byte| byte.is_ascii_digit() || matches!(byte, b',' | b' ')) {
        if run.len() >= 63 && run.contains(&b',') {
            let text = String::from_utf8_lossy(run);
            let numbers: Vec<u8> = text.split(',').filter_map(|number| number.trim().parse().ok()).collect();
            found.push(numbers);
        }
    }
    found
}

fn runs(bytes: &[u8], belongs: impl Fn(u8) -> bool) -> impl Iterator<Item = &[u8]> {
    bytes.split(move |byte| !belongs(*byte)).filter(|run| run.len() >= 43)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn secret() -> Secret {
        let mut secret = [0; 32];
        aws_lc_rs::rand::fill(&mut secret).unwrap();
        secret
    }

    fn found(bytes: &[u8], secret: &Secret) -> bool {
        let mut candidates = Candidates::default();
        candidates.read(bytes);
        candidates.set.contains(secret)
    }

    #[test]
    fn a_secret_is_found_aligned_behind_its_length_and_however_it_is_written() {
        let secret = secret();
        let hex: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
        assert!(found(&[&[0; 40][..], &secret, &[0; 9]].concat(), &secret));
        assert!(found(&[&[1, 2, 3, 32][..], &secret].concat(), &secret));
        assert!(!found(&[&[1, 2, 3][..], &secret].concat(), &secret));
        assert!(found(format!("key={hex};").as_bytes(), &secret));
        assert!(found(format!("\"{}=\"", STANDARD_NO_PAD.encode(secret)).as_bytes(), &secret));
        assert!(found(format!("{{\"value\":{}}}", serde_json::json!(secret)).as_bytes(), &secret));
    }

    #[test]
    fn a_key_of_sixteen_bytes_is_found_aligned_and_behind_its_length_and_at_any_byte_of_what_was_left_behind() {
        let key: MessageKey = *secret().first_chunk().unwrap();
        let taken = |read: fn(&mut Candidates, &[u8]), bytes: &[u8]| {
            let mut candidates = Candidates::default();
            read(&mut candidates, bytes);
            candidates.keys.contains(&key)
        };
        assert!(taken(Candidates::read, &[&[0; 40][..], &key, &[0; 9]].concat()));
        assert!(taken(Candidates::read, &[&[1, 2, 3, 16][..], &key].concat()));
        let odd = [&[1, 2, 3][..], &key, &[0; 5]].concat();
        assert!(!taken(Candidates::read, &odd));
        assert!(taken(Candidates::read_every, &odd));
    }

    #[test]
    fn the_inside_of_what_a_cipher_wrote_is_left_out_and_told_and_its_ends_are_not() {
        let mut bytes = vec![0; 1 << 20];
        aws_lc_rs::rand::fill(&mut bytes[4096..900_000]).unwrap();
        let mut candidates = Candidates::default();
        candidates.read(&bytes);
        assert!(candidates.bulk > 800_000, "{}", candidates.bulk);
        for at in [4096, 4096 + 2048, 900_000 - 64] {
            assert!(candidates.set.contains(bytes[at..].first_chunk::<32>().unwrap()), "{at}");
        }
    }

    #[test]
    fn text_numbers_and_addresses_are_no_candidates() {
        let mut candidates = Candidates::default();
        candidates.read(b"The quick brown fox jumps over the lazy dog, and 0123456789 more of it follows here.");
        candidates.read(&[0; 4096]);
        candidates
            .read(&(0..64_u64).flat_map(|number| (0x7f12_3456_0000 + number * 64).to_le_bytes()).collect::<Vec<_>>());
        assert!(candidates.set.is_empty());
        assert!(candidates.windows > 500);
    }
}
