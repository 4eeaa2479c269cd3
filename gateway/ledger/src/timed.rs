use std::str::FromStr;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use model::{Denial, Digest, Timestamp};

use crate::{
    Checkpoint, Cosignature, Held, InclusionProof, LeafSalt, LedgerKey, NOTE_BYTES_MAX, Origin, PROOF_HASHES_MAX,
    Place, SignedCheckpoint, Tick, WitnessName, malformed, muster::PLACES,
};

/// A head of a channel with all that proves its time.
pub const TIMED_HEAD_BYTES_MAX: usize = NOTE_BYTES_MAX + 2048 + 2 * PROOF_HASHES_MAX * 45;
const TITLE: &str = "rogatory timed head v1";

/// A head of one channel, or the program that ran, and that a third state cosigned a log that had it: it is at least as old as that
/// cosignature. It is for a court, and shows nothing of other channels.
///
/// As text, salts and hashes in base64: the title; `tick`, its milliseconds since 1970, root and salt; `leaf`, its index and path in the
/// log of heads; `place`, its index, salt and path among the heads; an empty line; the three lines of the channel's head, or of the release; an empty line;
/// the note of the log of heads, with the cosignatures of its witnesses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimedHead {
    /// The place of the channel among the heads, with the head.
    pub place: Place,
    /// What the leaf in the log of heads commits to.
    pub tick: Tick,
    /// The salt of that leaf.
    pub salt: LeafSalt,
    /// Where in the log of heads it stands.
    pub inclusion: InclusionProof,
    /// The head of the log of heads, with cosignatures.
    pub note: Vec<u8>,
}

impl TimedHead {
    /// Checks all of it, offline: `home` signed the log of its heads, `witness`, another party, cosigned that head, its tree holds the
    /// tick, and the tick the head of the channel. Answers the cosignature, for its time.
    pub fn verify(&self, home: &LedgerKey, witness: WitnessName, key: &LedgerKey) -> Result<Cosignature, Denial> {
        if witness.0 == self.log()?.home() {
            return Err(malformed("a party is no witness of its own log"));
        }
        let signed = self.verify_signed(home)?;
        Cosignature::find(&self.note, signed.checkpoint(), witness, key)
    }

    /// The same without a witness: whoever takes this believes the time of somebody else, such as of a time-stamp over the note.
    pub fn verify_signed(&self, home: &LedgerKey) -> Result<SignedCheckpoint, Denial> {
        let log = self.log()?;
        let signed = SignedCheckpoint::verify(&self.note, log, home)?;
        let head = signed.checkpoint();
        if self.inclusion.size != head.size {
            return Err(malformed("the proof is for another head"));
        }
        self.inclusion.verify(self.tick.leaf(&self.salt), head.root)?;
        self.place.verify(log.home(), &self.tick)?;
        Ok(signed)
    }

    /// The head of a channel that it proves. `Malformed` where it proves which program ran.
    pub fn head(&self) -> Result<Checkpoint, Denial> {
        self.place
            .held
            .head()
            .copied()
            .ok_or_else(|| malformed("it proves which program ran, and no head of a channel"))
    }

    /// The log of heads that it is from, as it says itself.
    pub fn log(&self) -> Result<Origin, Denial> {
        let name = self.note.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let log = std::str::from_utf8(name).ok().and_then(|name| name.parse().ok()).filter(Origin::is_heads);
        log.ok_or_else(|| malformed("no note of a log of heads"))
    }

    /// The text.
    pub fn encode(&self) -> Vec<u8> {
        let base64 = |hash: &[u8; 32]| BASE64_STANDARD.encode(hash);
        let path =
            |path: &[Digest]| path.iter().map(|hash| format!(" {}", base64(hash.as_bytes()))).collect::<String>();
        let text = format!(
            "{TITLE}\ntick {} {} {}\nleaf {}{}\nplace {} {}{}\n\n",
            self.tick.at.0,
            base64(self.tick.root.as_bytes()),
            base64(&self.salt.0),
            self.inclusion.index,
            path(&self.inclusion.path),
            self.place.inclusion.index,
            base64(&self.place.salt.0),
            path(&self.place.inclusion.path),
        );
        [text.as_bytes(), &self.place.held.text(), b"\n", &self.note].concat()
    }

    /// Reads a text, and nothing that [`TimedHead::encode`] would not write. It is not verified.
    pub fn decode(bytes: &[u8]) -> Result<Self, Denial> {
        let bad = || malformed("not a timed head: title, tick, leaf, place, head, note");
        let text = std::str::from_utf8(bytes).ok().filter(|text| text.len() <= TIMED_HEAD_BYTES_MAX).ok_or_else(bad)?;
        let (title, rest) = text.split_once("\n\n").ok_or_else(bad)?;
        let (held, note) = rest.split_once("\n\n").ok_or_else(bad)?;
        let lines: Vec<Vec<&str>> = title.split('\n').map(|line| line.split(' ').collect()).collect();
        let [_, tick, leaf, place] = &lines[..] else { return Err(bad()) };
        let (["tick", at, root, salt], ["leaf", index, path @ ..], ["place", number, hidden, way @ ..]) =
            (&tick[..], &leaf[..], &place[..])
        else {
            return Err(bad());
        };
        let size = note.split('\n').nth(1).and_then(|size| size.parse().ok()).ok_or_else(bad)?;
        let timed = Self {
            place: Place {
                held: Held::parse(&format!("{held}\n"))?,
                salt: LeafSalt(*hash(hidden)?.as_bytes()),
                inclusion: InclusionProof { size: u64::from(PLACES), index: number_of(number)?, path: hashes(way)? },
            },
            tick: Tick { at: Timestamp(number_of(at)?), root: hash(root)? },
            salt: LeafSalt(*hash(salt)?.as_bytes()),
            inclusion: InclusionProof { size, index: number_of(index)?, path: hashes(path)? },
            note: note.as_bytes().to_vec(),
        };
        if timed.encode() == bytes { Ok(timed) } else { Err(bad()) }
    }
}

fn number_of<N: FromStr>(text: &str) -> Result<N, Denial> {
    text.parse().map_err(|_| malformed("a number of a timed head"))
}

fn hash(text: &str) -> Result<Digest, Denial> {
    let bytes = BASE64_STANDARD.decode(text).unwrap_or_default();
    Digest::try_from(&*bytes).map_err(|_| malformed("a hash of a timed head"))
}

fn hashes(texts: &[&str]) -> Result<Vec<Digest>, Denial> {
    texts.iter().map(|text| hash(text)).collect()
}
