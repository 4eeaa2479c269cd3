use std::fmt;

use model::{Denial, Digest, EntryId, EnvelopeDigest, HeaderDigest, Receipt, Timestamp};

use crate::{digest_of, malformed};

/// Length of an encoded [`Statement`].
pub const STATEMENT_BYTES: usize = 143;

const MAGIC: &[u8; 22] = b"rogatory statement v1\0";
const ENTRY: u8 = 1;
const RECEIPT: u8 = 2;

/// What a leaf commits to. It is kept by both gateways and shown to nobody but a court; the log holds its salted hash only.
///
/// Version 1 is 143 bytes, numbers big-endian:
///
/// | bytes | what |
/// |---|---|
/// | 0–21 | `rogatory statement v1` and a zero |
/// | 22 | 1 an entry, 2 a receipt |
/// | 23–38 | entry id |
/// | 39–70 | header digest |
/// | 71–102 | envelope digest |
/// | 103–110 | when, milliseconds since 1970-01-01 UTC, signed |
/// | 111–142 | SHA-256 of the encoded receipt; zeros for an entry |
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Statement {
    /// Whether the entry itself is stated, or what became of it.
    pub kind: StatementKind,
    /// The entry.
    pub entry: EntryId,
    /// Its header.
    pub header: HeaderDigest,
    /// Header and payload.
    pub envelope: EnvelopeDigest,
    /// When the stating gateway admitted the entry or signed the receipt.
    pub at: Timestamp,
}

/// What a [`Statement`] is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatementKind {
    /// An entry was admitted.
    Entry,
    /// A receipt was given: SHA-256 of its encoding.
    Receipt(Digest),
}

/// 32 random bytes, so that a leaf tells a third party nothing. Whoever has the salt and the statement can open the leaf.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct LeafSalt(pub [u8; 32]);

impl fmt::Debug for LeafSalt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LeafSalt(…)")
    }
}

/// The hash of a leaf as it stands in the tree: SHA-256(0 ‖ SHA-256(salt ‖ statement)) [RFC 6962 §2.1].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LeafHash(pub Digest);

impl LeafHash {
    /// The hash of an entry of a tree: SHA-256(0 ‖ entry) [RFC 9162 §2.1.1].
    pub fn of(entry: &[u8]) -> Self {
        Self(digest_of(tlog_tiles::record_hash(entry)))
    }
}

impl Statement {
    /// States that an entry was admitted at `at`.
    pub fn of_entry(entry: EntryId, header: HeaderDigest, envelope: EnvelopeDigest, at: Timestamp) -> Self {
        Self { kind: StatementKind::Entry, entry, header, envelope, at }
    }

    /// States that `receipt`, encoded as `bytes`, was given, at its own time.
    pub fn of_receipt(receipt: &Receipt, bytes: &[u8]) -> Self {
        Self {
            kind: StatementKind::Receipt(Digest::of(&[bytes])),
            entry: receipt.entry,
            header: receipt.header,
            envelope: receipt.envelope,
            at: receipt.at,
        }
    }

    /// The bytes of version 1.
    pub fn encode(&self) -> [u8; STATEMENT_BYTES] {
        let (kind, receipt) = match self.kind {
            StatementKind::Entry => (ENTRY, [0; 32]),
            StatementKind::Receipt(digest) => (RECEIPT, *digest.as_bytes()),
        };
        let mut bytes = [0; STATEMENT_BYTES];
        bytes[..22].copy_from_slice(MAGIC);
        bytes[22] = kind;
        bytes[23..39].copy_from_slice(self.entry.as_bytes());
        bytes[39..71].copy_from_slice(self.header.as_bytes());
        bytes[71..103].copy_from_slice(self.envelope.as_bytes());
        bytes[103..111].copy_from_slice(&self.at.0.to_be_bytes());
        bytes[111..].copy_from_slice(&receipt);
        bytes
    }

    /// Reads version 1. Anything that [`Statement::encode`] would not write is `Malformed`.
    pub fn decode(bytes: &[u8]) -> Result<Self, Denial> {
        let bad = || malformed("not a ledger statement of version 1");
        let bytes: &[u8; STATEMENT_BYTES] = bytes.try_into().map_err(|_| bad())?;
        let mut at = [0; 8];
        at.copy_from_slice(&bytes[103..111]);
        let receipt = Digest::try_from(&bytes[111..]).map_err(|_| bad())?;
        let statement = Self {
            kind: if bytes[22] == RECEIPT { StatementKind::Receipt(receipt) } else { StatementKind::Entry },
            entry: EntryId::try_from(&bytes[23..39]).map_err(|_| bad())?,
            header: HeaderDigest::try_from(&bytes[39..71]).map_err(|_| bad())?,
            envelope: EnvelopeDigest::try_from(&bytes[71..103]).map_err(|_| bad())?,
            at: Timestamp(i64::from_be_bytes(at)),
        };
        // Magic, kind and the zeros of an entry at once.
        if &statement.encode() == bytes { Ok(statement) } else { Err(bad()) }
    }

    /// The leaf that commits to this statement under `salt`. A salt is used once.
    pub fn leaf(&self, salt: &LeafSalt) -> LeafHash {
        LeafHash::of(commitment(salt, &self.encode()).as_bytes())
    }
}

/// What a log has as an entry: SHA-256(salt ‖ statement). It tells nothing to who does not have both.
pub fn commitment(salt: &LeafSalt, statement: &[u8]) -> Digest {
    Digest::of(&[&salt.0, statement])
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn statement(kind: StatementKind) -> Statement {
        Statement {
            kind,
            entry: EntryId::new([0x11; 16]),
            header: HeaderDigest(Digest::new([0x22; 32])),
            envelope: EnvelopeDigest(Digest::new([0x33; 32])),
            at: Timestamp(1_790_000_000_123),
        }
    }

    #[test]
    fn both_kinds_are_read_back() {
        for kind in [StatementKind::Entry, StatementKind::Receipt(Digest::of(&[b"receipt"]))] {
            assert_eq!(Statement::decode(&statement(kind).encode()), Ok(statement(kind)));
        }
    }

    #[test]
    fn other_bytes_are_refused() {
        let good = statement(StatementKind::Entry).encode();
        for (position, byte) in [(0, b'R'), (20, b'2'), (22, 0), (22, 3), (111, 1), (142, 1)] {
            let mut bad = good;
            bad[position] = byte;
            assert!(Statement::decode(&bad).is_err(), "byte {position}");
        }
        assert!(Statement::decode(&good[..142]).is_err());
        assert!(Statement::decode(&[&good[..], &[0]].concat()).is_err());
    }

    #[test]
    fn the_salt_hides_the_statement() {
        let statement = statement(StatementKind::Entry);
        assert_ne!(statement.leaf(&LeafSalt([0; 32])), statement.leaf(&LeafSalt([1; 32])));
    }

    /// The layout is in courts' files: it may never change under this version.
    #[test]
    fn leaf_stability() {
        let leaf = statement(StatementKind::Receipt(Digest::new([0x44; 32]))).leaf(&LeafSalt([0x55; 32]));
        assert_eq!(leaf.0, LEAF_V1.parse().unwrap());
    }

    const LEAF_V1: &str = "f94cfd81630b64dedd180bf075c3c000d9ead68d1b55bdbcd13daea949b93a82";
}
