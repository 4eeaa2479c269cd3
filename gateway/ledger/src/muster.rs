use std::{collections::BTreeMap, fmt};

use aws_lc_rs::hmac;
use model::{Denial, Digest, PartyId, Timestamp};

use crate::{
    Checkpoint, InclusionProof, LeafHash, LeafSalt, Log, Origin, Release, Row, StoredHashes, commitment, malformed,
};

/// Places in the tree of a [`Muster`]: one for each pair of letters that a party may have, in both directions, rounded up.
pub(crate) const PLACES: u16 = 2048;
/// The place of the program that ran: no channel has it.
const RELEASE_PLACE: u16 = PLACES - 1;
/// Length of an encoded [`Tick`].
pub const TICK_BYTES: usize = 62;

const MAGIC: &[u8; 22] = b"rogatory heads v1\0\0\0\0\0";

/// The heads of all channels of a party at one moment, and the program that its gateway was, as the leaf of its log of heads commits to
/// them.
///
/// Each channel has a place of its own among 2048, which its peer alone determines, and each place is salted. Who is shown one place
/// learns neither whether there are other channels nor how many; who sees the log alone learns that time passes.
#[derive(Clone, PartialEq, Eq)]
pub struct Muster {
    home: PartyId,
    at: Timestamp,
    secret: LeafSalt,
    heads: BTreeMap<u16, Checkpoint>,
    release: Option<Release>,
}

/// What a leaf of a log of heads commits to: 62 bytes, `rogatory heads v1` and five zeros, milliseconds since 1970-01-01 UTC (8 bytes,
/// big-endian), the root over the places of a [`Muster`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tick {
    /// The moment, by the home's clock.
    pub at: Timestamp,
    /// The Merkle tree hash of the places [RFC 6962 §2.1].
    pub root: Digest,
}

/// What stands at a place of a muster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Held {
    /// The head of a channel's log.
    Head(Checkpoint),
    /// The program that ran.
    Release(Release),
}

/// One place of a muster, opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// What stood there.
    pub held: Held,
    /// The salt that hid it.
    pub salt: LeafSalt,
    /// Where in the muster's tree it stands.
    pub inclusion: InclusionProof,
}

impl Tick {
    /// The bytes of version 1.
    pub fn encode(&self) -> [u8; TICK_BYTES] {
        let mut bytes = [0; TICK_BYTES];
        bytes[..22].copy_from_slice(MAGIC);
        bytes[22..30].copy_from_slice(&self.at.0.to_be_bytes());
        bytes[30..].copy_from_slice(self.root.as_bytes());
        bytes
    }

    /// The leaf that commits to this tick under `salt`. A salt is used once.
    pub fn leaf(&self, salt: &LeafSalt) -> LeafHash {
        LeafHash::of(commitment(salt, &self.encode()).as_bytes())
    }
}

impl Muster {
    /// The heads of `home`'s channels at `at`: of the logs that it writes and of those that it replicates; and the program that its gateway
    /// is (none in the ticks of gateways that did not log it yet). `secret` is 32 fresh random bytes, from which the salts of all places
    /// follow. `Malformed` for a head of no channel of `home`, or two of one log.
    pub fn new(
        home: PartyId,
        at: Timestamp,
        secret: LeafSalt,
        release: Option<Release>,
        heads: impl IntoIterator<Item = Checkpoint>,
    ) -> Result<Self, Denial> {
        let mut placed = BTreeMap::new();
        for head in heads {
            let place = place_of(home, head.origin)?;
            if placed.insert(place, head).is_some() {
                return Err(malformed(format!("two heads of {}", head.origin)));
            }
        }
        Ok(Self { home, at, secret, heads: placed, release })
    }

    /// The heads and the release, as texts of three lines one after the other: what to keep, with time and secret.
    pub fn text(&self) -> String {
        let heads = self.heads.values().map(|head| String::from_utf8_lossy(&head.text()).into_owned());
        heads.chain(self.release.iter().map(Release::text)).collect()
    }

    /// Reads [`Muster::text`].
    pub fn read(home: PartyId, at: Timestamp, secret: LeafSalt, text: &str) -> Result<Self, Denial> {
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        let (mut heads, mut release) = (Vec::new(), None);
        for held in lines.chunks(3) {
            match Held::parse(&held.concat())? {
                Held::Head(head) => heads.push(head),
                Held::Release(one) if release.is_none() => release = Some(one),
                Held::Release(_) => return Err(malformed("two releases at one moment")),
            }
        }
        Self::new(home, at, secret, release, heads)
    }

    /// The head of a log in it.
    pub fn head(&self, log: Origin) -> Option<&Checkpoint> {
        self.heads.get(&place_of(self.home, log).ok()?)
    }

    /// What the leaf of the log of heads commits to.
    pub fn tick(&self) -> Result<Tick, Denial> {
        Ok(Tick { at: self.at, root: self.tree()?.0.root() })
    }

    /// Opens the place of `log`, and no other. `Malformed` where it has no head here.
    pub fn open(&self, log: Origin) -> Result<Place, Denial> {
        let head = *self.head(log).ok_or_else(|| malformed(format!("no head of {log} at that moment")))?;
        self.opened(place_of(self.home, log)?, Held::Head(head))
    }

    /// Opens the place of the program that ran, and no other. `Malformed` where none was logged.
    pub fn open_release(&self) -> Result<Place, Denial> {
        let release = self.release.clone().ok_or_else(|| malformed("no release was logged at that moment"))?;
        self.opened(RELEASE_PLACE, Held::Release(release))
    }

    fn opened(&self, place: u16, held: Held) -> Result<Place, Denial> {
        let inclusion = InclusionProof::prove(u64::from(PLACES), u64::from(place), &self.tree()?.1)?;
        Ok(Place { held, salt: self.salt(place), inclusion })
    }

    fn tree(&self) -> Result<(Log, StoredHashes), Denial> {
        let release = self.release.as_ref().map(|release| release.text().into_bytes());
        let leaf = |place: u16| {
            let text = match (self.heads.get(&place), &release) {
                (Some(head), _) => head.text(),
                (None, Some(release)) if place == RELEASE_PLACE => release.clone(),
                (None, _) => Vec::new(),
            };
            LeafHash::of(commitment(&self.salt(place), &text).as_bytes())
        };
        let leaves: Vec<LeafHash> = (0..PLACES).map(leaf).collect();
        let (log, rows): (Log, Vec<Row>) = Log::default().append(&leaves)?;
        Ok((log, rows.into_iter().collect()))
    }

    /// HMAC-SHA-256 of the place under the secret: one salt tells nothing of another.
    fn salt(&self, place: u16) -> LeafSalt {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.secret.0);
        let tag = hmac::sign(&key, &place.to_be_bytes());
        let mut salt = LeafSalt([0; 32]);
        salt.0.copy_from_slice(tag.as_ref());
        salt
    }
}

impl fmt::Debug for Muster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Muster({}, {}, {} heads)", self.home, self.at, self.heads.len())
    }
}

impl Place {
    /// Holds the opened place against `tick`, which is of `home`. R95 when it does not lead there.
    pub fn verify(&self, home: PartyId, tick: &Tick) -> Result<(), Denial> {
        let place = match &self.held {
            Held::Head(head) => place_of(home, head.origin)?,
            Held::Release(_) => RELEASE_PLACE,
        };
        if (self.inclusion.size, self.inclusion.index) != (u64::from(PLACES), u64::from(place)) {
            return Err(malformed("something at a place that is not its own"));
        }
        self.inclusion.verify(LeafHash::of(commitment(&self.salt, &self.held.text()).as_bytes()), tick.root)
    }
}

impl Held {
    /// What the salted leaf commits to.
    pub fn text(&self) -> Vec<u8> {
        match self {
            Self::Head(head) => head.text(),
            Self::Release(release) => release.text().into_bytes(),
        }
    }

    /// Reads three lines.
    pub(crate) fn parse(text: &str) -> Result<Self, Denial> {
        if Release::is(text) {
            return Release::parse(text).map(Self::Release);
        }
        let origin = text.split('\n').next().and_then(|line| line.parse().ok());
        let origin = origin.ok_or_else(|| malformed("a head of no log"))?;
        Checkpoint::parse(text.as_bytes(), origin).map(Self::Head)
    }

    /// The head, where it is one.
    pub fn head(&self) -> Option<&Checkpoint> {
        match self {
            Self::Head(head) => Some(head),
            Self::Release(_) => None,
        }
    }
}

/// The place of a log among the heads of `home`: by the two letters of the other party, and who of the two writes.
fn place_of(home: PartyId, log: Origin) -> Result<u16, Denial> {
    let (peer, theirs) = match (log.home() == home, log.peer() == home) {
        (true, false) => (log.peer(), 0),
        (false, true) => (log.home(), 1),
        _ => return Err(malformed(format!("{log} is no log of a channel of {home}"))),
    };
    // A party is two letters from A to Z.
    let letter = |letter: u8| u16::from(letter.saturating_sub(b'A')).min(25);
    let number = peer.as_str().bytes().fold(0, |number, byte| 26 * number + letter(byte));
    Ok(2 * number + theirs)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    const NOON: Timestamp = Timestamp(1_795_348_800_000);

    fn party(name: &str) -> PartyId {
        name.parse().unwrap()
    }

    fn head(home: &str, peer: &str, size: u64) -> Checkpoint {
        let origin = Origin::new(party(home), party(peer)).unwrap();
        Checkpoint { origin, size, root: Digest::of(&[&size.to_be_bytes()]) }
    }

    fn release() -> Release {
        Release::new("rogatory/0.1.0", Digest::new([0xab; 32])).unwrap()
    }

    fn muster(heads: &[Checkpoint]) -> Muster {
        Muster::new(party("JP"), NOON, LeafSalt([3; 32]), Some(release()), heads.iter().copied()).unwrap()
    }

    #[test]
    fn each_channel_is_opened_alone_and_proves_itself() {
        let heads = [head("JP", "FR", 7), head("FR", "JP", 5), head("JP", "AA", 0), head("ZZ", "JP", 1)];
        let muster = muster(&heads);
        let tick = muster.tick().unwrap();
        for head in heads {
            let place = muster.open(head.origin).unwrap();
            assert_eq!(place.held, Held::Head(head));
            assert_eq!(place.verify(party("JP"), &tick), Ok(()));
            let other = Place { held: Held::Head(Checkpoint { size: head.size + 1, ..head }), ..place.clone() };
            assert_eq!(other.verify(party("JP"), &tick).unwrap_err().reason(), "R95");
            let elsewhere = muster.open(heads[usize::from(head == heads[0])].origin).unwrap();
            assert!(Place { inclusion: elsewhere.inclusion, ..place }.verify(party("JP"), &tick).is_err());
        }
        assert!(muster.open(head("JP", "SG", 1).origin).is_err());
    }

    #[test]
    fn what_is_opened_does_not_depend_on_how_many_channels_there_are() {
        let alone = muster(&[head("JP", "FR", 7)]);
        let many = muster(&[head("JP", "FR", 7), head("JP", "SG", 9), head("KE", "JP", 9)]);
        let [alone, many] = [alone, many].map(|one| one.open(head("JP", "FR", 7).origin).unwrap());
        assert_eq!((alone.salt.0, alone.inclusion.size), (many.salt.0, many.inclusion.size));
        assert_eq!((alone.inclusion.index, alone.inclusion.path.len()), (many.inclusion.index, 11));
    }

    #[test]
    fn heads_and_release_are_read_back() {
        let heads = [head("JP", "FR", 7), head("FR", "JP", 5)];
        let muster = muster(&heads);
        let read = |text: &str| Muster::read(party("JP"), NOON, LeafSalt([3; 32]), text);
        assert_eq!(read(&muster.text()), Ok(muster));
        assert!(read("").unwrap().open_release().is_err(), "ticks from before a release was logged");
        assert!(read("rogatory.internal/jp/fr\n7\n").is_err());
        assert!(read(&[release().text(), release().text()].concat()).is_err());
    }

    #[test]
    fn the_program_that_ran_has_a_place_of_its_own_and_no_head_fits_there() {
        let muster = muster(&[head("JP", "ZZ", 7), head("ZZ", "JP", 5)]);
        let tick = muster.tick().unwrap();
        let place = muster.open_release().unwrap();
        assert_eq!((&place.held, place.verify(party("JP"), &tick)), (&Held::Release(release()), Ok(())));
        let other = Release::new("rogatory/0.1.0", Digest::new([0xcd; 32])).unwrap();
        let lie = Place { held: Held::Release(other), ..place.clone() };
        assert_eq!(lie.verify(party("JP"), &tick).unwrap_err().reason(), "R95");
        let moved = Place { held: Held::Head(head("JP", "ZZ", 7)), ..place };
        assert!(moved.verify(party("JP"), &tick).is_err());
    }

    #[test]
    fn heads_of_others_and_heads_twice_are_refused() {
        let new = |heads: &[Checkpoint]| Muster::new(party("JP"), NOON, LeafSalt([0; 32]), None, heads.iter().copied());
        assert!(new(&[head("FR", "SG", 1)]).is_err());
        assert!(new(&[head("JP", "FR", 1), head("JP", "FR", 2)]).is_err());
        assert!(new(&[Checkpoint { origin: Origin::heads(party("JP")), ..head("JP", "FR", 1) }]).is_err());
    }

    /// It is in courts' files: it may never change under this version.
    #[test]
    fn tick_stability() {
        let tick = Tick { at: NOON, root: Digest::new([0x44; 32]) };
        assert_eq!(tick.encode()[..30], *b"rogatory heads v1\0\0\0\0\0\x00\x00\x01\xa2\x03\x20\xa2\x00");
    }
}
