//! The one spelling of evidence, and of a file of misconduct.

use std::str;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use identity::SignedDirectory;
use ledger::{ConsistencyProof, Fork, Origin, Prefix, Retreat};
use model::{Denial, Digest, Fault, SignedReceipt};
use proto::types;

use super::{Contradicted, Evidence, MISCONDUCT_BYTES_MAX, Opposed, TITLE, Unshown};

/// Directories in a file.
const DIRECTORIES_MAX: usize = 16;

/// A file of misconduct, not checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Misconduct {
    /// The accused's root, DER.
    pub(super) root: Vec<u8>,
    /// Directories of the accused, with which its keys are known.
    pub(super) directories: Vec<SignedDirectory>,
    pub(super) evidence: Evidence,
}

impl Evidence {
    /// The lines of its parts: what a gateway keeps.
    pub fn to_text(&self) -> String {
        let mut lines = vec![format!("kind {}", self.kind()), format!("accused {}", self.accused())];
        lines.extend(self.log().map(|log| format!("log {log}")));
        let mut part = |name: &str, bytes: &[u8]| lines.push(format!("{name} {}", BASE64_STANDARD.encode(bytes)));
        match self {
            Self::Fork(_, fork) => {
                part("larger", &fork.larger);
                part("smaller", &fork.smaller);
                if let Some(prefix) = &fork.prefix {
                    part("prefix", prefix.root.as_bytes());
                    part("path", &prefix.proof.path.iter().flat_map(|hash| *hash.as_bytes()).collect::<Vec<_>>());
                    lines.push(format!("sizes {} {}", prefix.proof.old_size, prefix.proof.new_size));
                }
            }
            Self::Retreat(_, retreat) => {
                part("first", &retreat.first);
                part("then", &retreat.then);
            }
            Self::Receipt(one) => {
                part("receipt", &one.signed.bytes);
                part("proof", &one.signed.proof);
                part("header", &one.header);
                part("payload", one.payload.as_bytes());
            }
            Self::Verdicts(two) => {
                part("first", &two.first.bytes);
                part("first_proof", &two.first.proof);
                part("then", &two.then.bytes);
                part("then_proof", &two.then.proof);
            }
            Self::Unreconciled(_, heads) | Self::Backdated(_, heads) => {
                part("held", &heads.held);
                part("shown", &heads.shown);
            }
        }
        lines.iter().map(|line| format!("{line}\n")).collect()
    }

    /// Reads what [`Evidence::to_text`] writes, and nothing else. It is not checked.
    pub fn parse(text: &str) -> Result<Self, Denial> {
        let mut lines = Lines(text.lines());
        let kind = lines.word("kind")?;
        let accused = lines.word("accused")?;
        let evidence = match kind {
            "fork" => Self::Fork(lines.log()?, lines.fork()?),
            "retreat" => {
                Self::Retreat(lines.channel()?, Retreat { first: lines.part("first")?, then: lines.part("then")? })
            }
            "receipt" => Self::Receipt(Box::new(lines.contradicted()?)),
            "verdicts" => Self::Verdicts(Box::new(Opposed {
                first: lines.receipt(["first", "first_proof"])?,
                then: lines.receipt(["then", "then_proof"])?,
            })),
            "unreconciled" => Self::Unreconciled(lines.log()?, lines.unshown()?),
            "backdated" => Self::Backdated(lines.channel()?, lines.unshown()?),
            _ => return Err(bad("a kind of misconduct that is not known here")),
        };
        let same = evidence.to_text() == text && evidence.accused().as_str() == accused;
        if same { Ok(evidence) } else { Err(bad("not spelled as misconduct is")) }
    }

    /// The file that strangers check: with the accused's root (DER) and those of its directories that name the keys.
    pub fn to_file(&self, root: &[u8], directories: &[SignedDirectory]) -> String {
        let mut file = format!("{TITLE}\nroot {}\n", BASE64_STANDARD.encode(root));
        for signed in directories {
            let [toml, signature] =
                [signed.toml.as_bytes(), &signed.signature].map(|part| BASE64_STANDARD.encode(part));
            file.push_str(&format!("directory {toml} {signature}\n"));
        }
        file + &self.to_text()
    }
}

impl Misconduct {
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, Denial> {
        let text = str::from_utf8(bytes).ok().filter(|text| text.len() <= MISCONDUCT_BYTES_MAX);
        let text = text.ok_or_else(|| bad("no text, or more than a file of misconduct may have"))?;
        let rest = text.strip_prefix(TITLE).and_then(|rest| rest.strip_prefix('\n'));
        let (first, mut rest) = rest.and_then(|rest| rest.split_once('\n')).ok_or_else(|| bad("no such title"))?;
        let root = Lines(first.lines()).part("root")?;
        let mut directories = Vec::new();
        while let Some((line, behind)) = rest.split_once('\n').filter(|(line, _)| line.starts_with("directory ")) {
            let (toml, signature) = line["directory ".len()..].split_once(' ').ok_or_else(|| bad("directory"))?;
            let toml = String::from_utf8(decoded(toml)?).map_err(|_| bad("a directory that is no text"))?;
            directories.push(SignedDirectory { toml, signature: decoded(signature)?, openings: Vec::new() });
            rest = behind;
            if directories.len() > DIRECTORIES_MAX {
                return Err(bad("more directories than a file of misconduct may have"));
            }
        }
        let evidence = Evidence::parse(rest)?;
        if evidence.to_file(&root, &directories) == text {
            Ok(Self { root, directories, evidence })
        } else {
            Err(bad("not spelled as misconduct is"))
        }
    }
}

struct Lines<'a>(str::Lines<'a>);

impl<'a> Lines<'a> {
    fn word(&mut self, name: &str) -> Result<&'a str, Denial> {
        let value = self.0.next().and_then(|line| line.strip_prefix(name)).and_then(|rest| rest.strip_prefix(' '));
        value.ok_or_else(|| bad(name))
    }

    fn part(&mut self, name: &str) -> Result<Vec<u8>, Denial> {
        decoded(self.word(name)?)
    }

    fn log(&mut self) -> Result<Origin, Denial> {
        self.word("log")?.parse().map_err(|_| bad("log"))
    }

    /// One that a peer cosigns. Witnesses of a log of heads keep no order of time that would convict them, and say nothing of its moments.
    fn channel(&mut self) -> Result<Origin, Denial> {
        let log = self.log()?;
        if log.is_heads() { Err(bad("a log of heads")) } else { Ok(log) }
    }

    fn fork(&mut self) -> Result<Fork, Denial> {
        let (larger, smaller) = (self.part("larger")?, self.part("smaller")?);
        if self.0.clone().next().is_none() {
            return Ok(Fork { larger, smaller, prefix: None });
        }
        let root = Digest::try_from(&*self.part("prefix")?).map_err(|_| bad("prefix"))?;
        let path = self.part("path")?;
        let (hashes, []) = path.as_chunks::<32>() else { return Err(bad("path")) };
        let path = hashes.iter().map(|hash| Digest::new(*hash)).collect();
        let (old, new) = self.word("sizes")?.split_once(' ').ok_or_else(|| bad("sizes"))?;
        let number = |text: &str| text.parse().map_err(|_| bad("sizes"));
        let proof = ConsistencyProof { old_size: number(old)?, new_size: number(new)?, path };
        Ok(Fork { larger, smaller, prefix: Some(Prefix { root, proof }) })
    }

    fn unshown(&mut self) -> Result<Unshown, Denial> {
        Ok(Unshown { held: self.part("held")?, shown: self.part("shown")? })
    }

    fn receipt(&mut self, [receipt, proof]: [&str; 2]) -> Result<SignedReceipt, Denial> {
        let (receipt, proof) = (self.part(receipt)?.into(), self.part(proof)?.into());
        proto::decode_receipt(&types::SignedReceipt { receipt, proof })
    }

    fn contradicted(&mut self) -> Result<Contradicted, Denial> {
        let signed = self.receipt(["receipt", "proof"])?;
        let header = self.part("header")?;
        let payload = Digest::try_from(&*self.part("payload")?).map_err(|_| bad("payload"))?;
        Ok(Contradicted { signed, header, payload })
    }
}

fn decoded(text: &str) -> Result<Vec<u8>, Denial> {
    BASE64_STANDARD.decode(text).map_err(|_| bad("a part that is no base64"))
}

fn bad(what: &str) -> Denial {
    Denial::failed(Fault::Malformed, format!("not a file of misconduct: {what}"))
}
