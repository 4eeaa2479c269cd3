//! The case file: all that this desk and its gateway hold of a case, for somebody who trusts neither state. What was received is opened
//! for it as for any reader, and each opening is on record.

use std::collections::BTreeMap;

use bytes::Bytes;
use casefile::{Body, Entry, Held, LeafProof, Material, StampProof};
use desk::SealedBody;
use identity::{Directory, Domain, RootCertificate, certificate_to_pem};
use ledger::{ConsistencyProof, InclusionProof, LeafSalt, Statement, TimedHead};
use model::{CaseId, Denial, Digest, EntryId, Fault, Refusal, RefusalCode};
use proto::desk::{EvidenceEntry, EvidenceLeaf, EvidenceStamp, get_evidence_response::Part};
use store::desk::DeskEntryRow;

use super::{Office, internal, unknown, usage::Opens, view::CaseView};
use crate::clock;

/// Entries of one case.
const ENTRIES_MAX: usize = 100_000;
/// Time-stamps over one case: one of a day at most.
const STAMPS_MAX: usize = 10_000;

/// What somebody wants to have.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub(crate) without_bodies: bool,
    /// Who opens what was received, and what for.
    pub(crate) opens: Opens,
}

/// What the gateway tells.
#[derive(Default)]
struct Gathered {
    entries: Vec<Entry>,
    held: Held,
    leaves: Vec<EvidenceLeaf>,
    stamps: Vec<EvidenceStamp>,
}

impl Office {
    /// Writes the case file.
    ///
    /// # Errors
    /// Where the case is not here, this desk has no seat in it, or the gateway is away. A record that may not be opened now is left out,
    /// and the file says why.
    pub(crate) async fn export(&self, case: CaseId, wanted: &Wanted) -> Result<Vec<u8>, Denial> {
        let material = self.material(case, wanted).await?;
        casefile::assemble(&material, |manifest| self.desk_key.sign(Domain::CaseFile, manifest)).map_err(internal)
    }

    /// All that a case file is made of.
    pub(super) async fn material(&self, case: CaseId, wanted: &Wanted) -> Result<Material, Denial> {
        let (view, _) = self.view(case).await?.ok_or_else(|| unknown("there is no such case"))?;
        let Gathered { mut entries, held, .. } = self.gather(case).await?;
        let withheld = if wanted.without_bodies {
            vec!["left out on demand".to_owned()]
        } else {
            self.open_bodies(&view, &mut entries, &wanted.opens).await?
        };
        Ok(Material {
            case,
            home: view.home,
            peer: view.peer,
            exporter: self.own.clone(),
            made: clock::now(),
            software: concat!("rogatory/", env!("CARGO_PKG_VERSION")).to_owned(),
            entries,
            held,
            treaties: self.treaties(&view).await?,
            withheld,
        })
    }

    /// Asks the own gateway. Never with the lock held.
    async fn gather(&self, case: CaseId) -> Result<Gathered, Denial> {
        let status = |status: tonic::Status| proto::status::to_denial(&status);
        let mut stream = self.uplink.evidence(case).await.map_err(status)?;
        let mut gathered = Gathered::default();
        while let Some(part) = stream.message().await.map_err(status)? {
            let stamps = gathered.stamps.len();
            if gathered.entries.len() > ENTRIES_MAX || gathered.leaves.len() > 4 * ENTRIES_MAX || stamps > STAMPS_MAX {
                return Err(Denial::failed(Fault::TooLarge, "more entries than a case can have"));
            }
            gathered.take(part.part)?;
        }
        gathered.finished()
    }

    /// Opens what this desk may show, and says why it may not show the rest.
    async fn open_bodies(&self, view: &CaseView, entries: &mut [Entry], opens: &Opens) -> Result<Vec<String>, Denial> {
        let places: BTreeMap<EntryId, usize> = entries.iter().enumerate().map(|(place, one)| (one.id, place)).collect();
        let mut withheld = Vec::new();
        for row in self.store.entries_of(view.id).await? {
            let Some(place) = places.get(&row.id.0) else { continue };
            let header = proto::decode_header(&Bytes::from(row.header.0.clone()))?;
            if header.body.is_none() {
                continue;
            }
            match self.shown_body(&row, &header, opens).await {
                Ok(Some(body)) => {
                    if let Some(entry) = entries.get_mut(*place) {
                        entry.body = Some(body);
                    }
                }
                Ok(None) => withheld.push(format!("entry {place}: not readable at this desk")),
                Err(Denial::Refused(refusal)) => withheld.push(format!("entry {place}: {refusal}")),
                Err(denial) => return Err(denial),
            }
        }
        Ok(withheld)
    }

    async fn shown_body(
        &self,
        row: &DeskEntryRow,
        header: &model::Header,
        opens: &Opens,
    ) -> Result<Option<Body>, Denial> {
        let Some(plain) = self.kept_body(row).await?.filter(|plain| !plain.is_empty()) else { return Ok(None) };
        let Ok((sealed, mut body)) = SealedBody::open(&plain, header) else { return Ok(None) };
        // What a transfer carries of earlier entries is opened in their own places, each as it may be.
        if !body.take_carried()?.is_empty() {
            let reason = "it carries the bodies of earlier entries, which stand in their own places";
            let remedy = "Open those; the desk that made the transfer holds this one too.";
            return Err(Refusal::new(RefusalCode::R93, "desk", reason, remedy).at("body").into());
        }
        for (index, document) in body.documents.iter().enumerate() {
            self.may_open(row, index, document, opens).await?;
        }
        let trust = self.trust.store()?;
        let digest = Digest::of(&[&sealed.bytes]);
        let key = trust.desk_key(&header.sender);
        let by_sender = |one: &&model::Signature| {
            key.is_some_and(|key| {
                one.key == key.key_id() && key.verify(Domain::Record, digest.as_bytes(), &one.bytes).is_ok()
            })
        };
        let signature = sealed.signatures.iter().find(by_sender).map(|one| one.bytes.clone());
        Ok(Some(Body { bytes: sealed.bytes, salt: sealed.salt.0, signature }))
    }

    /// The treaty files that make the rule of the case, with their signatures. Never a national layer.
    async fn treaties(&self, view: &CaseView) -> Result<Vec<(String, String)>, Denial> {
        let on = match view.request {
            Some(request) => self.store.entry(request).await?.map(|row| row.header.0),
            None => None,
        };
        let on = on.map(|header| proto::decode_header(&Bytes::from(header))).transpose()?;
        let on = on.map_or_else(|| view.admitted.as_ref().map(|case| case.opened), |header| Some(header.created));
        let on = clock::day(on.unwrap_or_else(clock::now))?;
        Ok(casefile::treaty_files(self.rules.shelf(), (view.home, view.peer), on, view.pin))
    }
}

impl Gathered {
    fn take(&mut self, part: Option<Part>) -> Result<(), Denial> {
        match part {
            Some(Part::Head(note)) => self.held.head = note,
            Some(Part::Root(der)) => {
                let root = RootCertificate::parse(&der).map_err(malformed)?;
                self.held.roots.insert(root.party(), certificate_to_pem(&der).map_err(malformed)?);
            }
            Some(Part::Directory(signed)) => {
                let directory = Directory::from_toml(&signed.toml).map_err(malformed)?;
                let signed = proto::convert::receive_directory(signed)?;
                self.held.directories.push((directory.party, directory.version, signed));
            }
            Some(Part::Entry(entry)) => self.entries.push(read_entry(&entry)?),
            Some(Part::Leaf(leaf)) => self.leaves.push(leaf),
            Some(Part::Stamp(stamp)) => self.stamps.push(stamp),
            Some(Part::Extent(extent)) => self.held.extent = (extent.text, extent.signature.to_vec()),
            None => {}
        }
        Ok(())
    }

    /// With all leaves under the one head.
    fn finished(mut self) -> Result<Self, Denial> {
        if self.held.extent.1.is_empty() {
            return Err(Denial::failed(Fault::PeerUnreachable, "the gateway's answer has no end"));
        }
        let size = match self.held.head.lines().nth(1).map(str::parse) {
            Some(Ok(size)) => size,
            _ => 0,
        };
        self.held.stamps = self.stamps.iter().map(|stamp| read_stamp(stamp, size)).collect::<Result<_, _>>()?;
        self.held.leaves = self.leaves.iter().map(|leaf| read_leaf(leaf, size)).collect::<Result<_, _>>()?;
        Ok(self)
    }
}

fn read_entry(entry: &EvidenceEntry) -> Result<Entry, Denial> {
    let decoded = proto::convert::entry_from_bytes(entry.entry.clone())?;
    let header = proto::decode_header(&decoded.header)?;
    let receipt = |bytes: &Bytes| {
        let decoded = prost::Message::decode(bytes.clone()).map_err(malformed)?;
        let signed = proto::decode_receipt(&decoded)?;
        Ok((signed.receipt.kind, signed.receipt.by, bytes.to_vec()))
    };
    let receipts = entry.receipts.iter().map(receipt).collect::<Result<_, Denial>>()?;
    Ok(Entry { id: header.entry, wire: entry.entry.to_vec(), receipts, body: None })
}

fn read_leaf(leaf: &EvidenceLeaf, size: u64) -> Result<LeafProof, Denial> {
    let path = leaf.path.iter().map(|hash| Digest::try_from(&**hash)).collect::<Result<_, _>>().map_err(malformed)?;
    Ok(LeafProof {
        statement: Statement::decode(&leaf.statement)?,
        salt: LeafSalt(*Digest::try_from(&*leaf.salt).map_err(malformed)?.as_bytes()),
        inclusion: InclusionProof { size, index: leaf.index, path },
    })
}

fn read_stamp(stamp: &EvidenceStamp, size: u64) -> Result<StampProof, Denial> {
    let path = stamp.path.iter().map(|hash| Digest::try_from(&**hash)).collect::<Result<_, _>>().map_err(malformed)?;
    let timed = TimedHead::decode(&stamp.timed_head)?;
    let consistency = ConsistencyProof { old_size: timed.head()?.size, new_size: size, path };
    Ok(StampProof { timed, consistency, token: stamp.token.to_vec() })
}

fn malformed(error: impl std::fmt::Display) -> Denial {
    Denial::failed(Fault::Malformed, format!("the gateway's evidence: {error}"))
}
