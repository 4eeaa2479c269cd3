//! Two words of one gateway on one entry that cannot both be true: taken and refused, opened and not, one event at two moments, or two epochs behind one
//! handshake. The two receipts convict by themselves, wherever they were found: told one after the other, or in two files of one case.

use std::{collections::BTreeMap, str};

use identity::{Directory, RootCertificate, SignedDirectory, certificates_from_pem};
use ledger::LedgerKey;
use model::{EntryId, EnvelopeDigest, PartyId, ReceiptKind, SignedReceipt};
use prost::Message;
use proto::types as wire;

use super::{CannotProve, Evidence, Proved, check};
use crate::{RootPin, Unreadable, container, names};

/// Receipts of one gateway on one entry that are looked at in a case file. An honest one has four at the most.
const OF_AN_ENTRY_MAX: usize = 16;
/// Directories of one party that go with what it is convicted by.
const DIRECTORIES_MAX: usize = 16;

/// Two receipts of one gateway on the same header and payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opposed {
    /// The one of the earlier moment.
    pub first: SignedReceipt,
    /// The other one.
    pub then: SignedReceipt,
}

impl Opposed {
    /// The two, in one order whichever was heard first, where they contradict each other.
    pub fn of(one: &SignedReceipt, other: &SignedReceipt) -> Option<Self> {
        let moment = |signed: &SignedReceipt| (signed.receipt.at, signed.bytes.clone());
        let (first, then) = if moment(one) <= moment(other) { (one, other) } else { (other, one) };
        let two = Self { first: first.clone(), then: then.clone() };
        two.contradiction().is_some().then_some(two)
    }

    /// What cannot be true of both, whatever the entry says. A verdict is final, and of a handshake one epoch follows; that a desk seals the
    /// same header again makes another payload, on which another word may be given.
    pub fn contradiction(&self) -> Option<&'static str> {
        use ReceiptKind::{Delivery, NonDelivery, NonRetrieval, RelayAcceptance, RelayRejection, Retrieval};
        let (first, then) = (&self.first.receipt, &self.then.receipt);
        let of = |one: &model::Receipt| (one.by, one.entry, one.header, one.envelope);
        if of(first) != of(then) {
            return None;
        }
        match (first.kind, then.kind) {
            (RelayAcceptance, RelayRejection) | (RelayRejection, RelayAcceptance) => {
                Some("it took the entry, and it refused it")
            }
            (Delivery, NonDelivery) | (NonDelivery, Delivery) => {
                Some("it laid the entry ready for its desk, and it could not")
            }
            (Retrieval, NonRetrieval) | (NonRetrieval, Retrieval) => {
                Some("its desk opened the entry, and could not open it")
            }
            (one, other)
                if certifies(one)
                    && certifies(other)
                    && first.epoch.is_some()
                    && then.epoch.is_some()
                    && first.epoch != then.epoch =>
            {
                Some("it certified two epochs behind one handshake")
            }
            (one, other) if one == other && happens_once(one) && (first.at, first.leaf) != (then.at, then.leaf) => {
                Some("it stated one event twice, and each time otherwise")
            }
            _ => None,
        }
    }
}

/// Whether a receipt of that kind tells the epoch to which a handshake leads.
fn certifies(kind: ReceiptKind) -> bool {
    matches!(kind, ReceiptKind::SubmissionAcceptance | ReceiptKind::RelayAcceptance)
}

/// Whether it is stated when it happens and repeated as it was from then on, so that who asks again gets the same receipt. What is refused, or
/// given up, may be refused again.
pub(crate) fn happens_once(kind: ReceiptKind) -> bool {
    use ReceiptKind::{Delivery, RelayAcceptance, Retrieval, SubmissionAcceptance};
    matches!(kind, SubmissionAcceptance | RelayAcceptance | Delivery | Retrieval)
}

/// What a party says of itself in case files.
#[derive(Default)]
struct Known {
    /// In DER, as the files have it.
    roots: Vec<Vec<u8>>,
    /// By version and signature: a file may hold any.
    directories: BTreeMap<(u64, Vec<u8>), SignedDirectory>,
}

/// What gateways said on whose entries.
type Heard = BTreeMap<(PartyId, EntryId, EnvelopeDigest), Vec<SignedReceipt>>;

/// Holds the receipts of case files against each other, each against those of its own file and of the others: one pair for each entry of
/// which a gateway gave two words, as a file of misconduct, with what that proves. Only what convicts before `pins` is told.
///
/// # Errors
/// Where a file is no case file, or a gateway is accused whose root is not pinned.
pub fn opposed_in<F: AsRef<[u8]>>(case_files: &[F], pins: &[RootPin]) -> Result<Vec<(Proved, String)>, CannotProve> {
    let (mut heard, mut known) = (Heard::new(), BTreeMap::new());
    for file in case_files {
        read(file.as_ref(), &mut heard, &mut known).map_err(|error| CannotProve::Unreadable(error.to_string()))?;
    }
    let mut found = Vec::new();
    for ((by, ..), receipts) in &heard {
        let behind = |(place, one): (usize, &SignedReceipt)| {
            receipts.iter().skip(place + 1).filter_map(|other| Opposed::of(one, other)).collect::<Vec<_>>()
        };
        let Some(known) = known.get(by) else { continue };
        for two in receipts.iter().enumerate().flat_map(behind) {
            match known.proves(two, pins) {
                Ok(proved) => {
                    found.push(proved);
                    break;
                }
                Err(missing @ CannotProve::RootMissing(_)) => return Err(missing),
                // Somebody else signed one of them, and wrote the name of this gateway into it.
                Err(_) => {}
            }
        }
    }
    Ok(found)
}

fn read(file: &[u8], heard: &mut Heard, known: &mut BTreeMap<PartyId, Known>) -> Result<(), Unreadable> {
    let files = container::read(file)?;
    let mut here = Heard::new();
    for (name, bytes) in &files {
        let wrong = |error: &dyn std::fmt::Display| Unreadable::new(name, error.to_string());
        if name.starts_with("receipts/") {
            let decoded = wire::SignedReceipt::decode(*bytes).map_err(|error| wrong(&error))?;
            let signed = proto::decode_receipt(&decoded).map_err(|error| wrong(&error))?;
            let receipt = &signed.receipt;
            let said = here.entry((receipt.by, receipt.entry, receipt.envelope)).or_default();
            if said.len() < OF_AN_ENTRY_MAX {
                said.push(signed);
            }
        } else if name.starts_with("directories/") && name.ends_with(".toml") {
            let toml = String::from_utf8(bytes.to_vec()).map_err(|error| wrong(&error))?;
            let directory = Directory::from_toml(&toml).map_err(|error| wrong(&error))?;
            let (party, version) = (directory.party, directory.version);
            let signature = files.get(names::directory_signature(party, version).as_str());
            let signature = signature.map(|bytes| bytes.to_vec()).unwrap_or_default();
            let signed = SignedDirectory { toml, signature: signature.clone(), openings: Vec::new() };
            known.entry(party).or_default().directories.insert((version, signature), signed);
        } else if let Some(party) = name.strip_prefix("roots/").and_then(|name| name.strip_suffix(".pem")) {
            let party: PartyId = party.parse().map_err(|error| wrong(&error))?;
            let pem = str::from_utf8(bytes).map_err(|error| wrong(&error))?;
            let root = certificates_from_pem(pem).map_err(|error| wrong(&error))?.into_iter().next();
            known.entry(party).or_default().roots.extend(root.map(|der| der.to_vec()));
        }
    }
    for (subject, said) in here {
        heard.entry(subject).or_default().extend(said);
    }
    Ok(())
}

impl Known {
    fn proves(&self, two: Opposed, pins: &[RootPin]) -> Result<(Proved, String), CannotProve> {
        let evidence = Evidence::Verdicts(Box::new(two));
        let accused = evidence.accused();
        let pin = pins.iter().find(|pin| pin.party() == accused).ok_or(CannotProve::RootMissing(accused))?;
        let root = self.root(pin).unwrap_or_default();
        let file = evidence.to_file(&root, &self.naming(&root));
        Ok((check(file.as_bytes(), pins)?, file))
    }

    /// The pinned root: who pinned the certificate needs none of the files'.
    fn root(&self, pin: &RootPin) -> Option<Vec<u8>> {
        match pin {
            RootPin::Certificate(root) => Some(root.der().to_vec()),
            RootPin::Fingerprint(_, fingerprint) => {
                let is_pinned =
                    |der: &&Vec<u8>| RootCertificate::parse(der).is_ok_and(|root| root.fingerprint() == *fingerprint);
                self.roots.iter().find(is_pinned).cloned()
            }
        }
    }

    /// One directory for each key that the party ever had, of those that its root signed, the newest first.
    fn naming(&self, root: &[u8]) -> Vec<SignedDirectory> {
        let (mut keys, mut naming): (Vec<LedgerKey>, Vec<_>) = (Vec::new(), Vec::new());
        if RootCertificate::parse(root).is_err() {
            return naming;
        }
        for signed in self.directories.values().rev() {
            let Ok(claimed) = Directory::from_toml(&signed.toml) else { continue };
            let Ok(directory) = signed.verify(root, claimed.issued) else { continue };
            let key = directory.head_key();
            if !keys.contains(&key) && naming.len() < DIRECTORIES_MAX {
                keys.push(key);
                naming.push(signed.clone());
            }
        }
        naming
    }
}
