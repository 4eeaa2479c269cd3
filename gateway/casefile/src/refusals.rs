//! Refusals as a file that can be handed out: what the record of a gateway tells, with the receipts by which gateways signed it, and the
//! directories that name their keys. A stranger believes what was signed; of the rest they are told that it is the word of who hands it out.

use std::collections::BTreeMap;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use identity::{RootCertificate, SignedDirectory, TrustStore};
use model::{Denial, Fault, PartyId, Receipt, Refusal, SignedReceipt};
use proto::types;
use serde::{Deserialize, Serialize};

use crate::{CannotProve, RootPin, vouched};

/// A file of refusals, at most: a thousand receipts, and directories of up to 1 MiB each.
pub const REFUSALS_BYTES_MAX: usize = 32 << 20;
const FORMAT: &str = "rogatory refusals v1";
/// Refusals in a file.
const REFUSALS_MAX: usize = 1000;
/// Directories in a file.
const DIRECTORIES_MAX: usize = 64;

/// One refusal, as the record of a gateway tells it: its own words, but what was signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefusalOnRecord {
    /// When it was noted.
    pub at: String,
    /// The party of the channel.
    pub party: String,
    /// As in R94.
    pub code: String,
    /// What the entry would have done; empty where that is not known here.
    pub step: String,
    /// Under which rule.
    pub rule: String,
    /// At which field; empty where it is about the whole.
    pub field: String,
    /// Of which case.
    pub case: String,
    /// Which entry.
    pub entry: String,
    /// "own_gateway" where the gateway of the desk that sent it refused it, "peer_gateway" where the other one did.
    pub refused_as: String,
    /// The party whose gateway refused.
    pub refused_by: String,
    /// The receipt that says so; absent where it was told and not signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed: Option<ReceiptText>,
}

/// A signed receipt, in base64.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReceiptText {
    receipt: String,
    proof: String,
}

/// A file of refusals, not checked.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: String,
    /// Whose gateway keeps the record.
    told_by: PartyId,
    refusals: Vec<RefusalOnRecord>,
    directories: Vec<DirectoryText>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DirectoryText {
    toml: String,
    signature: String,
}

/// What a file of refusals proves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RefusalsProved {
    /// Whose gateway's record it is, by its own word.
    pub told_by: PartyId,
    /// What was signed by who refused, in the order of the file.
    pub proved: Vec<ProvedRefusal>,
    /// What is not so.
    pub contradicted: Vec<String>,
    /// What is not proved.
    pub not_proved: Vec<String>,
}

/// That a gateway refused an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProvedRefusal {
    /// Whose gateway.
    pub by: PartyId,
    /// By which receipt: a SubmissionRejection to a desk of its own, a RelayRejection to the other gateway.
    pub stage: &'static str,
    /// When, by its own clock.
    pub at: String,
    /// The case.
    pub case: String,
    /// The entry.
    pub entry: String,
    /// As in R94.
    pub code: &'static str,
    /// Under which rule.
    pub rule: String,
    /// At which field; empty where it is about the whole.
    pub field: String,
    /// Why, in its words.
    pub reason: String,
}

impl ReceiptText {
    /// Of a receipt.
    pub fn of(signed: &SignedReceipt) -> Self {
        Self { receipt: BASE64_STANDARD.encode(&signed.bytes), proof: BASE64_STANDARD.encode(&signed.proof) }
    }

    fn decode(&self) -> Result<SignedReceipt, Denial> {
        let bytes = |text: &str| {
            BASE64_STANDARD.decode(text).map_err(|_| Denial::failed(Fault::Malformed, "a receipt that is no base64"))
        };
        let (receipt, proof) = (bytes(&self.receipt)?.into(), bytes(&self.proof)?.into());
        proto::decode_receipt(&types::SignedReceipt { receipt, proof })
    }
}

/// The file: JSON.
///
/// # Errors
/// `Internal` where it cannot be written.
pub fn refusals_to_file(
    told_by: PartyId,
    refusals: Vec<RefusalOnRecord>,
    directories: &[SignedDirectory],
) -> Result<String, Denial> {
    let directories = directories.iter().map(|signed| DirectoryText {
        toml: signed.toml.clone(),
        signature: BASE64_STANDARD.encode(&signed.signature),
    });
    let file = File { format: FORMAT.to_owned(), told_by, refusals, directories: directories.collect() };
    let text = serde_json::to_string_pretty(&file);
    text.map(|text| text + "\n").map_err(|error| Denial::failed(Fault::Internal, error.to_string()))
}

/// Checks a file of refusals offline, with nothing but the pinned roots of the states whose gateways refused.
///
/// # Errors
/// Where it is no such file, or a gateway that refused is of a state whose root is not pinned.
pub fn check_refusals(bytes: &[u8], pins: &[RootPin]) -> Result<RefusalsProved, CannotProve> {
    let unreadable = |what: &str| CannotProve::Unreadable(format!("no file of refusals: {what}"));
    if bytes.len() > REFUSALS_BYTES_MAX {
        return Err(unreadable("it is larger than one may be"));
    }
    let file: File = serde_json::from_slice(bytes).map_err(|error| unreadable(&error.to_string()))?;
    if file.format != FORMAT || file.refusals.len() > REFUSALS_MAX || file.directories.len() > DIRECTORIES_MAX {
        return Err(unreadable(&format!(
            "format {FORMAT:?}, at most {REFUSALS_MAX} refusals and {DIRECTORIES_MAX} directories"
        )));
    }
    let keys = Keys::read(&file.directories, pins)?;
    let mut told =
        RefusalsProved { told_by: file.told_by, proved: Vec::new(), contradicted: Vec::new(), not_proved: Vec::new() };
    let mut unsigned = 0;
    for (place, one) in file.refusals.iter().enumerate() {
        let Some(signed) = &one.signed else {
            unsigned += 1;
            continue;
        };
        let signed = signed.decode().map_err(|denial| unreadable(&denial.to_string()))?;
        let by = signed.receipt.by;
        if !pins.iter().any(|pin| pin.party() == by) {
            return Err(CannotProve::RootMissing(by));
        }
        match one.proved(&signed, &keys) {
            Ok(proved) => told.proved.push(proved),
            Err(why) => told.contradicted.push(format!("refusal {}, of {by}: {why}", place + 1)),
        }
    }
    let own = file.told_by;
    if unsigned > 0 {
        told.not_proved.push(format!("{unsigned} that no gateway signed: the word of {own} alone"));
    }
    told.not_proved.push(format!("at which step, when it was noted and on which channel: the word of {own}"));
    told.not_proved.push("what was in the entries: neither headers nor bodies are in the file".to_owned());
    told.not_proved.push("that nothing else was refused: who hands it out chooses".to_owned());
    Ok(told)
}

impl RefusalOnRecord {
    /// What the receipt proves; why it proves nothing, or something else than the record says.
    fn proved(&self, signed: &SignedReceipt, keys: &Keys) -> Result<ProvedRefusal, String> {
        let receipt = &signed.receipt;
        if !keys.signed(signed) {
            return Err("its gateway did not sign it".to_owned());
        }
        let refusal = receipt.refusal.as_ref().ok_or("what its gateway signed is no refusal")?;
        let proved = ProvedRefusal::of(receipt, refusal);
        let said = [
            ("code", self.code.as_str(), proved.code),
            ("rule", self.rule.as_str(), proved.rule.as_str()),
            ("field", self.field.as_str(), proved.field.as_str()),
            ("case", self.case.as_str(), proved.case.as_str()),
            ("entry", self.entry.as_str(), proved.entry.as_str()),
            ("refused_by", self.refused_by.as_str(), proved.by.as_str()),
        ];
        if let Some((name, told, signed)) = said.into_iter().find(|(_, told, signed)| told != signed) {
            return Err(format!("the record says {name} {told:?}, and its gateway signed {signed:?}"));
        }
        Ok(proved)
    }
}

impl ProvedRefusal {
    fn of(receipt: &Receipt, refusal: &Refusal) -> Self {
        Self {
            by: receipt.by,
            stage: receipt.kind.as_str(),
            at: receipt.at.to_string(),
            case: receipt.case.to_string(),
            entry: receipt.entry.to_string(),
            code: refusal.code.as_str(),
            rule: refusal.rule.clone(),
            field: refusal.field.clone().unwrap_or_default(),
            reason: refusal.reason.clone(),
        }
    }
}

/// What each directory in the file says of its party's keys, as far as a pinned root signed it.
struct Keys(Vec<(PartyId, TrustStore)>);

impl Keys {
    fn read(directories: &[DirectoryText], pins: &[RootPin]) -> Result<Self, CannotProve> {
        let mut stores = Vec::new();
        for one in directories {
            let signature = BASE64_STANDARD.decode(&one.signature);
            let signature = signature
                .map_err(|_| CannotProve::Unreadable("a directory whose signature is no base64".to_owned()))?;
            let signed = SignedDirectory { toml: one.toml.clone(), signature, openings: Vec::new() };
            // One of a party that nobody asks for, or of another root, vouches for nothing.
            let Ok(directory) = vouched(&signed, pins) else { continue };
            let root = RootCertificate::parse(&directory.root);
            let root = root.map_err(|error| CannotProve::Unreadable(error.to_string()))?;
            let store = TrustStore::witnessed(&BTreeMap::from([(directory.party, root)]), &[&signed]);
            stores.extend(store.ok().map(|store| (directory.party, store)));
        }
        Ok(Self(stores))
    }

    fn signed(&self, receipt: &SignedReceipt) -> bool {
        let of_its_party = self.0.iter().filter(|(party, _)| *party == receipt.receipt.by);
        of_its_party.into_iter().any(|(_, store)| store.verify_receipt(receipt).is_ok())
    }
}
