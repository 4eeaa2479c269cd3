//! The check of a stranger: no word of who accuses is asked for.

use std::collections::BTreeMap;

use identity::{Directory, RootCertificate, TrustStore};
use ledger::{LedgerKey, WitnessName};
use model::{Denial, Fault, PartyId, Receipt, SignedReceipt};
use serde::Serialize;

use super::{Contradicted, Evidence, Opposed, text::Misconduct};
use crate::RootPin;

/// What a file of misconduct proves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Proved {
    /// Whose gateway signed what contradicts itself.
    pub accused: PartyId,
    /// As in [`Evidence::kind`].
    pub kind: &'static str,
    /// The log; `None` for receipts.
    pub log: Option<String>,
    /// What is proved, in plain words.
    pub proved: Vec<String>,
    /// What is not.
    pub not_proved: Vec<String>,
}

/// Why a file convicts nobody.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CannotProve {
    /// It is no such file, or was altered.
    #[error("{0}")]
    Unreadable(String),
    /// The accused's root is not pinned by who checks.
    #[error("no root of {0} was given (--root {0}=…): the file cannot vouch for itself")]
    RootMissing(PartyId),
    /// It holds no contradiction that the accused signed.
    #[error("it proves nothing: {0}")]
    Nothing(String),
}

/// Checks a file of misconduct offline, with nothing but the pinned root of the accused among `roots`.
pub fn check(bytes: &[u8], roots: &[RootPin]) -> Result<Proved, CannotProve> {
    let file = Misconduct::parse(bytes).map_err(|denial| CannotProve::Unreadable(denial.to_string()))?;
    let accused = file.evidence.accused();
    let pin = roots.iter().find(|pin| pin.party() == accused).ok_or(CannotProve::RootMissing(accused))?;
    file.prove(pin).map_err(|denial| CannotProve::Nothing(denial.to_string()))
}

/// What was signed in a file of misconduct, readable, in its order: notes as they are, a receipt by its kind and moment. Nothing is checked;
/// empty where it is no such file.
pub fn shown(bytes: &[u8]) -> Vec<String> {
    let note = |name: &str, note: &[u8]| format!("{name}:\n{}", String::from_utf8_lossy(note).trim_end());
    let Ok(file) = Misconduct::parse(bytes) else { return Vec::new() };
    match &file.evidence {
        Evidence::Fork(_, fork) => vec![note("the larger head", &fork.larger), note("the smaller head", &fork.smaller)],
        Evidence::Retreat(_, retreat) => {
            vec![note("cosigned first", &retreat.first), note("cosigned then", &retreat.then)]
        }
        Evidence::Receipt(one) => {
            vec![word(&one.signed.receipt)]
        }
        Evidence::Verdicts(two) => vec![word(&two.first.receipt), word(&two.then.receipt)],
        Evidence::Unreconciled(_, heads) | Evidence::Backdated(_, heads) => {
            vec![note("the head that was held", &heads.held), note("the head that was shown then", &heads.shown)]
        }
    }
}

fn word(receipt: &Receipt) -> String {
    format!("{} by {} at {} on entry {}", receipt.kind.as_str(), receipt.by, receipt.at, receipt.entry)
}

impl Misconduct {
    fn prove(&self, pin: &RootPin) -> Result<Proved, Denial> {
        let root = self.root(pin)?;
        let keys = self.keys(&root)?;
        let mut not_proved = vec!["whether it was intent, an error, or a restored backup".to_owned()];
        not_proved.push(self.signed_by(&keys));
        let proved = match &self.evidence {
            Evidence::Fork(log, fork) => {
                let [larger, smaller] = fork.verify(*log, &keys)?;
                not_proved.push("which of the two histories is true, and what their leaves say".to_owned());
                vec![
                    format!("{} signed a head of {log} with {larger} leaves, and one with {smaller}", log.home()),
                    format!(
                        "the first {smaller} leaves of the one are not those of the other: they cannot both be true"
                    ),
                ]
            }
            Evidence::Retreat(log, retreat) => {
                let [first, then] = retreat.verify(*log, WitnessName(log.peer()), &keys)?;
                not_proved.push("that the times, which it states itself, are right".to_owned());
                vec![
                    format!("{} cosigned {log} with {} leaves at second {}", log.peer(), first.head.size, first.time_s),
                    format!(
                        "and with {} leaves, which does not follow from that, at second {}",
                        then.head.size, then.time_s
                    ),
                ]
            }
            Evidence::Receipt(one) => self.receipt(&root, one, &mut not_proved)?,
            Evidence::Verdicts(two) => self.verdicts(&root, two, &mut not_proved)?,
            Evidence::Unreconciled(..) | Evidence::Backdated(..) => {
                let detail = "it holds two signed heads, and nothing that shows a stranger that they contradict each other: ask their \
                              home for the proof that one follows from the other, and for the moments of its leaves";
                return Err(Denial::failed(Fault::Unknown, detail));
            }
        };
        let leaked = "whose hand it was: a key that leaked and was withdrawn signs too, as long as a directory in the file names it";
        not_proved.push(leaked.to_owned());
        Ok(Proved {
            accused: self.evidence.accused(),
            kind: self.evidence.kind(),
            log: self.evidence.log().map(|log| log.to_string()),
            proved,
            not_proved,
        })
    }

    /// By which signatures it is proved, and what that leaves open.
    fn signed_by(&self, keys: &[LedgerKey]) -> String {
        let accused = self.evidence.accused();
        match (&self.evidence, keys.iter().any(|key| key.second().is_some())) {
            (Evidence::Receipt(_) | Evidence::Verdicts(_), _) => {
                "that it holds against quantum computers: a receipt bears Ed25519 alone, and no directory promises more"
                    .to_owned()
            }
            (_, true) => format!(
                "that {accused} signed what bears Ed25519 alone: its directory promises ML-DSA-44 beside it, and only what bears both counts here"
            ),
            (_, false) => format!(
                "that it holds against quantum computers: it bears Ed25519 alone, and none of the directories in the file promises ML-DSA-44. \
                 Ask {accused} whether a newer one did"
            ),
        }
    }

    fn receipt(
        &self,
        root: &RootCertificate,
        one: &Contradicted,
        not_proved: &mut Vec<String>,
    ) -> Result<Vec<String>, Denial> {
        let wrong = |detail: &str| Denial::failed(Fault::Unknown, detail);
        if !self.signed(root, &one.signed) {
            return Err(wrong("the accused did not sign the receipt"));
        }
        let what = one.contradiction().ok_or_else(|| {
            wrong("receipt and entry agree as far as a stranger sees: that its moment, or the epoch that it certifies, does not fit is the word of the other gateway")
        })?;
        not_proved.push("anything of the entry's content, which is not in the file".to_owned());
        let receipt = &one.signed.receipt;
        Ok(vec![format!("the gateway of {} signed a {} that {what}", receipt.by, receipt.kind.as_str())])
    }

    fn verdicts(
        &self,
        root: &RootCertificate,
        two: &Opposed,
        not_proved: &mut Vec<String>,
    ) -> Result<Vec<String>, Denial> {
        let wrong = |detail: &str| Denial::failed(Fault::Unknown, detail);
        if ![&two.first, &two.then].into_iter().all(|one| self.signed(root, one)) {
            return Err(wrong("the accused did not sign both receipts"));
        }
        let what = two.contradiction();
        let what = what.ok_or_else(|| wrong("the two receipts agree, or are not on one header and payload"))?;
        not_proved.push("which of the two is true, and anything of the entry, which is not in the file".to_owned());
        let (first, then) = (&two.first.receipt, &two.then.receipt);
        Ok(vec![
            format!("the gateway of {} signed a {} of {} on an entry", first.by, first.kind.as_str(), first.at),
            format!("and a {} of {} on the same header and payload: {what}", then.kind.as_str(), then.at),
        ])
    }

    /// Whether a directory in the file names the key that signed a receipt, at its moment.
    fn signed(&self, root: &RootCertificate, receipt: &SignedReceipt) -> bool {
        let roots = BTreeMap::from([(root.party(), root.clone())]);
        self.directories.iter().any(|directory| {
            TrustStore::witnessed(&roots, &[directory]).is_ok_and(|store| store.verify_receipt(receipt).is_ok())
        })
    }

    /// The root in the file, where it is the pinned one.
    fn root(&self, pin: &RootPin) -> Result<RootCertificate, Denial> {
        let malformed = |detail: String| Denial::failed(Fault::Malformed, detail);
        let shown = RootCertificate::parse(&self.root).map_err(|error| malformed(error.to_string()))?;
        if pin.fits(&shown) {
            Ok(shown)
        } else {
            Err(malformed(format!("the root of {} in the file is not the one that was given", pin.party())))
        }
    }

    /// The keys that the accused's directories name, each under the root at the moment it was issued. Once one of them promises a second
    /// signature, what lacks it convicts nobody: whoever could forge the first one would date it back.
    fn keys(&self, root: &RootCertificate) -> Result<Vec<LedgerKey>, Denial> {
        let mut keys = Vec::new();
        for signed in &self.directories {
            let claimed = Directory::from_toml(&signed.toml);
            let claimed = claimed.map_err(|error| Denial::failed(Fault::Malformed, error.to_string()))?;
            let directory = signed.verify(root.der(), claimed.issued)?;
            keys.push(directory.head_key());
        }
        if keys.iter().any(|key| key.second().is_some()) {
            keys.retain(|key| key.second().is_some());
        }
        Ok(keys)
    }
}
