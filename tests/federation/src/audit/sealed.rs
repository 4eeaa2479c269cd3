//! What is to be broken: every sealed body, Welcome and KeyPackage in the gateways' databases, and what is public of their groups.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bytes::Bytes;
use identity::Subject;
use model::{AuthorityId, EntryId, Header};
use proto::types;
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

use super::{
    holding::Holding,
    wire::{self, GroupInfo, PrivateMessage, Welcome},
};
use crate::failure::Failure;

/// A group, and one of its epochs.
pub(crate) type Place = (Vec<u8>, u64);

/// A sealed body, with the header that it is bound to.
pub(crate) struct Body {
    pub(crate) header: Header,
    pub(crate) message: PrivateMessage,
}

/// One epoch of one group.
#[derive(Default)]
pub(crate) struct Epoch {
    /// What the gateways have of it; empty where they have no GroupInfo.
    pub(crate) public: GroupInfo,
    /// Whose desks have a seat in it, by the certificates of its leaves.
    pub(crate) members: BTreeSet<AuthorityId>,
    /// Its bodies, in the order in which they were made.
    pub(crate) bodies: Vec<EntryId>,
}

/// An epoch, and one of its bodies.
pub(crate) type Sample<'a> = (&'a Place, &'a Epoch, &'a PrivateMessage);

/// All of it.
#[derive(Default)]
pub(crate) struct Targets {
    pub(crate) bodies: BTreeMap<EntryId, Body>,
    pub(crate) epochs: BTreeMap<Place, Epoch>,
    pub(crate) welcomes: Vec<Welcome>,
    /// Every public key of a leaf, a node or a KeyPackage.
    pub(crate) keys: HashMap<Vec<u8>, &'static str>,
}

impl Targets {
    /// Reads them out of what the gateways hold. What a gateway keeps and this cannot read is an error: it would go untried.
    pub(crate) fn of(gateways: &[Holding]) -> Result<Self, Failure> {
        let mut targets = Self::default();
        for table in gateways.iter().flat_map(|gateway| &gateway.tables) {
            match table.name.as_str() {
                "entry" => table.columns(["wire"]).into_iter().try_for_each(|[wire]| targets.entry(wire))?,
                "key_package" => table.columns(["bytes"]).into_iter().try_for_each(|[one]| targets.key_package(one))?,
                _ => {}
            }
        }
        for (id, body) in &targets.bodies {
            let place = (body.message.group.clone(), body.message.epoch);
            targets.epochs.entry(place).or_default().bodies.push(*id);
        }
        if targets.bodies.is_empty() || targets.welcomes.is_empty() || targets.keys.is_empty() {
            return Err(Failure::unexpected(
                "the gateways hold no sealed body, no Welcome or no key: there is nothing to audit",
            ));
        }
        match targets.epochs.values().find(|epoch| !epoch.bodies.is_empty() && epoch.public.context.is_empty()) {
            Some(_) => Err(Failure::unexpected("a body is of an epoch of which no gateway has the GroupInfo")),
            None => Ok(targets),
        }
    }

    fn entry(&mut self, wire: &[u8]) -> Result<(), Failure> {
        let entry = proto::convert::entry_from_bytes(Bytes::copy_from_slice(wire))?;
        let header = proto::decode_header(&entry.header)?;
        match entry.payload {
            Some(types::entry::Payload::Sealed(sealed)) => {
                let message = PrivateMessage::read(&sealed).ok_or_else(|| unreadable("a sealed body"))?;
                self.bodies.insert(header.entry, Body { header, message });
            }
            Some(types::entry::Payload::Handshake(handshake)) => {
                for info in [&handshake.opening, &handshake.group_info] {
                    self.group_info(info)?;
                }
                if !handshake.key_package.is_empty() {
                    self.key_package(&handshake.key_package)?;
                }
                if !handshake.welcome.is_empty() {
                    let welcome = Welcome::read(&handshake.welcome).ok_or_else(|| unreadable("a Welcome"))?;
                    if !self.welcomes.contains(&welcome) {
                        self.welcomes.push(welcome);
                    }
                }
            }
            None => return Err(unreadable("an entry without a payload")),
        }
        Ok(())
    }

    fn group_info(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        if bytes.is_empty() {
            return Ok(());
        }
        let public = GroupInfo::read(bytes).ok_or_else(|| unreadable("a GroupInfo"))?;
        self.keys.extend(public.keys.iter().cloned().map(|key| (key, "of a leaf or a node of a group")));
        let members = public.certificates.iter().map(|one| desk_of(one).ok_or_else(|| unreadable("a leaf")));
        let members = members.collect::<Result<BTreeSet<_>, _>>()?;
        let epoch = self.epochs.entry((public.group.clone(), public.epoch)).or_default();
        (epoch.public, epoch.members) = (public, members);
        Ok(())
    }

    fn key_package(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let [init, leaf] = wire::key_package_keys(bytes).ok_or_else(|| unreadable("a KeyPackage"))?;
        self.keys.insert(init, "the init key of a KeyPackage");
        self.keys.insert(leaf, "of the leaf of a KeyPackage");
        Ok(())
    }

    /// For each epoch with bodies, the shortest among the first ones of each sender: the generation of those is 0.
    pub(crate) fn samples(&self) -> Vec<Sample<'_>> {
        let sample = |epoch: &Epoch| {
            let mut senders = BTreeSet::new();
            let bodies = epoch.bodies.iter().filter_map(|id| self.bodies.get(id));
            let first = bodies.filter(|body| senders.insert(&body.header.sender)).map(|body| &body.message);
            first.min_by_key(|message| message.ciphertext.len())
        };
        self.epochs.iter().filter_map(|(place, epoch)| Some((place, epoch, sample(epoch)?))).collect()
    }
}

/// Whose desk a certificate names. Whether it may be in the group, the gateways have judged.
fn desk_of(der: &[u8]) -> Option<AuthorityId> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    let names = certificate.subject_alternative_name().ok()??;
    names.value.general_names.iter().find_map(|name| match name {
        GeneralName::DNSName(name) => match Subject::from_dns(name).ok()? {
            Subject::Desk(authority) => Some(authority),
            Subject::Gateway(_) => None,
        },
        _ => None,
    })
}

fn unreadable(what: &str) -> Failure {
    Failure::unexpected(format!("{what} in a gateway's database is not laid out as it should be"))
}
