//! Changes of the group: our own, and those of others.

use bytes::Bytes;
use model::{AuthorityId, Denial, Digest, EpochCertificate, Fault, Handshake, Timestamp, limits};
use openmls::prelude::{
    KeyPackage, LeafNodeIndex, MlsMessageBodyIn, MlsMessageIn, MlsMessageOut, NewSignerBundle, ProcessedMessageContent,
    ProtocolMessage, ProtocolVersion, Sender,
};
use openmls_traits::OpenMlsProvider;
use roster::{Accreditation, Change, Policy, check_key_package, outlived, too_early};
use tls_codec::{Deserialize, Serialize};

use crate::{
    FollowError, LeafIdentity, Member,
    failure::{defect, refuse},
    member::{check_context, check_position, not_certified},
};

impl Member {
    /// Adds the desks of `key_packages` (encoded MLSMessages) and renews our leaf. The commit waits until [`Member::merge`] or
    /// [`Member::discard`]; on the first of a case the handshake carries the opening GroupInfo.
    pub fn add<K: AsRef<[u8]>>(
        &mut self,
        key_packages: &[K],
        accreditation: &dyn Accreditation,
        now: Timestamp,
    ) -> Result<Handshake, Denial> {
        let adds = self.read_key_packages(key_packages, accreditation, now)?;
        self.commit(adds, Vec::new(), None, accreditation, now)
    }

    /// Removes every desk of `authority` and renews our leaf. The commit waits as with [`Member::add`].
    pub fn remove(
        &mut self,
        authority: &AuthorityId,
        accreditation: &dyn Accreditation,
        now: Timestamp,
    ) -> Result<Handshake, Denial> {
        let leaves = self.leaves_of_other(authority)?;
        self.commit(Vec::new(), leaves, None, accreditation, now)
    }

    /// Removes every desk of `authority` and adds those of `key_packages` in one commit: for a desk that lost its state, which must
    /// come in anew, because MLS state from a backup would use its keys twice. The commit waits as with [`Member::add`].
    pub fn replace<K: AsRef<[u8]>>(
        &mut self,
        authority: &AuthorityId,
        key_packages: &[K],
        accreditation: &dyn Accreditation,
        now: Timestamp,
    ) -> Result<Handshake, Denial> {
        let leaves = self.leaves_of_other(authority)?;
        let adds = self.read_key_packages(key_packages, accreditation, now)?;
        self.commit(adds, leaves, None, accreditation, now)
    }

    /// Renews our leaf: new secrets for everybody, and with `next` a new certificate and key of the same authority. Do it after
    /// joining and before the leaf's certificate ends. The commit waits as with [`Member::add`].
    pub fn rotate(
        &mut self,
        next: Option<&LeafIdentity>,
        accreditation: &dyn Accreditation,
        now: Timestamp,
    ) -> Result<Handshake, Denial> {
        self.commit(Vec::new(), Vec::new(), next, accreditation, now)
    }

    /// Takes a commit of the group into effect that the gateways have certified: another desk's, or our own. A commit of our own
    /// that waited in vain is given up. Refuses what the policy does, and what the certificate is not for; then nothing changed.
    /// Nor did it where the commit does not verify in the group, although it is certified ([`FollowError::Unverifiable`],
    /// [`FollowError::Outlived`]). `now` is when the gateways admitted it, whenever it comes here.
    pub fn follow(
        &mut self,
        handshake: &Handshake,
        certificate: &EpochCertificate,
        accreditation: &dyn Accreditation,
        now: Timestamp,
    ) -> Result<Change, FollowError> {
        self.require_active()?;
        if handshake.size() > limits::HANDSHAKE_BYTES_MAX {
            return Err(Denial::failed(Fault::TooLarge, "the handshake is larger than an entry may carry").into());
        }
        if Digest::of(&[&handshake.commit]) != certificate.commit {
            return Err(not_certified("the epoch certificate is for another commit").into());
        }
        if self.pending == Some(certificate.commit) {
            let change = self.check_pending(accreditation, now)?;
            self.merge(certificate)?;
            return Ok(change);
        }
        let message = self.read_commit(&handshake.commit)?;
        let processed = self.group.process_message(&self.provider, message);
        let processed = processed.map_err(|error| match (outlived(&error), too_early(&error)) {
            (Some(_), _) => FollowError::Outlived,
            (None, Some(denial)) => denial.into(),
            (None, None) => FollowError::Unverifiable,
        })?;
        let sender = processed.sender().clone();
        let ProcessedMessageContent::StagedCommitMessage(staged) = processed.into_content() else {
            return Err(refuse("commit", "the handshake is not a commit", "Send a commit.").into());
        };
        let policy = Policy { binding: &self.binding, accreditation, now };
        let change = policy.check_commit(&self.seats()?, self.group.public_group(), &sender, &staged)?;
        if staged.self_removed() {
            check_position(staged.group_context(), certificate)?;
        } else {
            check_context(staged.group_context(), certificate)?;
        }
        self.discard()?;
        self.group
            .merge_staged_commit(&self.provider, *staged)
            .map_err(|_| defect("a certified commit could not be merged"))?;
        self.known.extend(change.credentials.clone());
        Ok(change)
    }

    fn commit(
        &mut self,
        adds: Vec<KeyPackage>,
        removals: Vec<LeafNodeIndex>,
        next: Option<&LeafIdentity>,
        accreditation: &dyn Accreditation,
        now: Timestamp,
    ) -> Result<Handshake, Denial> {
        self.require_active()?;
        if self.pending.is_some() {
            return Err(Denial::failed(Fault::StaleEpoch, "a change of the group waits for its certificate already"));
        }
        let signer = self.signer()?;
        let opening = self.opening(&signer)?;
        let failed = || defect("a commit cannot be made");
        let provider = &self.provider;
        let builder = self
            .group
            .commit_builder()
            .force_self_update(true)
            .propose_adds(adds)
            .propose_removals(removals)
            .load_psks(provider.storage())
            .map_err(|_| failed())?
            .create_group_info(true)
            .use_ratchet_tree_extension(true);
        let (rand, crypto) = (provider.rand(), provider.crypto());
        let built = match next {
            Some(next) => {
                let bundle = NewSignerBundle { signer: next, credential_with_key: next.credential_with_key() };
                builder.build_with_new_signer(rand, crypto, &signer, bundle, |_| true)
            }
            None => builder.build(rand, crypto, &signer, |_| true),
        };
        let unfit = |_| {
            let remedy = "A desk sits in a group once: replace one that must come in anew.";
            refuse("commit", "the change does not fit the group as it is", remedy)
        };
        let staged = built.map_err(unfit)?.stage_commit(provider).map_err(|_| failed())?;
        let (commit, welcome, group_info) = staged.into_messages();
        let handshake = Handshake {
            opening,
            commit: encode(&commit)?,
            group_info: encode(&group_info.ok_or_else(failed)?)?,
            welcome: welcome.as_ref().map(encode).transpose()?.unwrap_or_default(),
            key_package: Bytes::new(),
        };
        // The same rules that both gateways will hold it against: better refused here.
        match self.check_pending(accreditation, now) {
            Ok(change) => self.known.extend(change.credentials),
            Err(denial) => {
                self.discard()?;
                return Err(denial);
            }
        }
        if let Some(next) = next {
            self.identities.push(next.clone());
        }
        self.pending = Some(Digest::of(&[&handshake.commit]));
        Ok(handshake)
    }

    /// The GroupInfo of epoch 0, from which gateways begin to follow; nothing in later epochs.
    fn opening(&self, signer: &LeafIdentity) -> Result<Bytes, Denial> {
        if self.epoch() != 0 {
            return Ok(Bytes::new());
        }
        let info = self.group.export_group_info(self.provider.crypto(), signer, true);
        encode(&info.map_err(|_| defect("a GroupInfo cannot be made"))?)
    }

    fn check_pending(&self, accreditation: &dyn Accreditation, now: Timestamp) -> Result<Change, Denial> {
        let staged = self.group.pending_commit().ok_or_else(|| defect("the pending commit is gone"))?;
        let own = Sender::Member(self.group.own_leaf_index());
        let policy = Policy { binding: &self.binding, accreditation, now };
        policy.check_commit(&self.seats()?, self.group.public_group(), &own, staged)
    }

    fn leaves_of_other(&self, authority: &AuthorityId) -> Result<Vec<LeafNodeIndex>, Denial> {
        let leaves = self.seats()?.leaves_of(authority);
        if leaves.is_empty() || leaves.contains(&self.group.own_leaf_index().u32()) {
            return Err(Denial::failed(Fault::Unknown, "no other desk of that authority is in the case's group"));
        }
        Ok(leaves.into_iter().map(LeafNodeIndex::new).collect())
    }

    fn read_key_packages<K: AsRef<[u8]>>(
        &self,
        key_packages: &[K],
        accreditation: &dyn Accreditation,
        now: Timestamp,
    ) -> Result<Vec<KeyPackage>, Denial> {
        let failed = || Denial::failed(Fault::Malformed, "key_package is not a KeyPackage");
        let read = |bytes: &[u8]| {
            check_key_package(bytes, accreditation, now)?;
            let message = MlsMessageIn::tls_deserialize_exact(bytes).map(MlsMessageIn::extract);
            let Ok(MlsMessageBodyIn::KeyPackage(package)) = message else { return Err(failed()) };
            package.validate(self.provider.crypto(), ProtocolVersion::Mls10).map_err(|_| failed())
        };
        key_packages.iter().map(|bytes| read(bytes.as_ref())).collect()
    }

    fn read_commit(&self, bytes: &[u8]) -> Result<ProtocolMessage, Denial> {
        let message = MlsMessageIn::tls_deserialize_exact(bytes).map(MlsMessageIn::extract);
        let Ok(MlsMessageBodyIn::PublicMessage(message)) = message else {
            return Err(Denial::failed(Fault::Malformed, "commit is not a PublicMessage"));
        };
        let message = ProtocolMessage::from(message);
        if message.epoch().as_u64() < self.epoch() {
            return Err(Denial::failed(Fault::StaleEpoch, "the commit is for an epoch that has passed"));
        }
        Ok(message)
    }
}

fn encode(message: &MlsMessageOut) -> Result<Bytes, Denial> {
    message.tls_serialize_detached().map(Bytes::from).map_err(|_| defect("an MLS message cannot be encoded"))
}
