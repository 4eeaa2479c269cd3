//! At which moment the certificates of a handshake are judged, and by whose word of accreditation. A desk that was away holds them against the
//! day on which both gateways let the handshake in, and not against its own: what was in time then is followed, whenever it comes here.
//!
//! That moment is nobody's to choose. The receipt by which the other party's gateway took the handshake is signed by that party; where it was
//! the own gateway that took it from the other one, both have signed, and the later counts. It is never before what the entry itself states,
//! nor before the case's last move, and where it is not shown the certificates are judged today.

use std::sync::{Arc, PoisonError};

use identity::TrustStore;
use model::{AuthorityId, Denial, Entry, Receipt, Refusal, RefusalCode, Timestamp, limits::CLOCK_APART_MS_MAX};
use proto::types;
use roster::Accreditation;

use super::{
    Office,
    binding::submits,
    reading::contradiction,
    then::{Then, in_force},
    view::CaseView,
};
/// By what a handshake is judged.
pub(super) struct Judging {
    /// When both gateways had it; `None` where that is not shown.
    admitted: Option<Timestamp>,
    /// What is believed today, and what was then; never empty.
    believed: Vec<Arc<TrustStore>>,
}

impl Judging {
    /// The moment, in the case as it was before the handshake.
    pub(super) fn at(&self, view: Option<&CaseView>, now: Timestamp) -> Timestamp {
        moment(self.admitted, view.and_then(|view| view.admitted.as_ref()).map(|case| case.moved), now)
    }
}

impl Accreditation for Judging {
    fn authority_of(&self, chain: &[&[u8]], leaf_key: &[u8], now: Timestamp) -> Result<AuthorityId, Refusal> {
        let mut last = None;
        for store in &self.believed {
            match store.authority_of(chain, leaf_key, now) {
                Ok(authority) => return Ok(authority),
                Err(refusal) => last = Some(refusal),
            }
        }
        let remedy = "Fetch the directories of both parties.";
        Err(last.unwrap_or_else(|| Refusal::new(RefusalCode::R93, "desk", "nobody is accredited here", remedy)))
    }
}

impl Office {
    /// By what the certificates of `entry` are judged, which the gateway of the party that did not send it took with `receipt`. `submission`
    /// is the word of the gateway of the one that did. Never with the lock held: it asks the own gateway.
    pub(super) async fn judging(
        &self,
        entry: &Entry,
        receipt: &Receipt,
        submission: Option<&types::SignedReceipt>,
    ) -> Result<Judging, Denial> {
        let today = self.trust.store()?;
        if !entry.header.step.is_handshake() {
            return Ok(Judging { admitted: None, believed: vec![today] });
        }
        let submitted = match submission {
            Some(signed) => Some(self.taken_there(entry, signed, &today).await?),
            None => None,
        };
        let stated = entry.header.created.max(receipt.at);
        let admitted = admitted(stated, submitted, self.own.party() == receipt.by);
        let header = &entry.header;
        let parties = [header.home, header.peer];
        let mut believed = vec![today.clone()];
        if let Some(at) = admitted.filter(|at| !in_force(&today, parties, *at)) {
            believed.extend(self.believed_at(at, parties).await?.into_iter().map(Arc::new));
        }
        Ok(Judging { admitted, believed })
    }

    /// When the gateway of the party that sent `entry` took it from its desk, by its receipt.
    async fn taken_there(
        &self,
        entry: &Entry,
        signed: &types::SignedReceipt,
        today: &TrustStore,
    ) -> Result<Timestamp, Denial> {
        let claimed = proto::decode_receipt(signed)?;
        let (at, header) = (claimed.receipt.at, &entry.header);
        if !submits(&claimed.receipt, entry) {
            return Err(
                contradiction("submission", "the receipt is not on how this entry was taken from its desk").into()
            );
        }
        let check = |trust: &TrustStore| {
            let mut proven = self.proven.lock().unwrap_or_else(PoisonError::into_inner);
            trust.verify_receipt_among(&claimed, &mut proven).map(drop)
        };
        match check(today) {
            Ok(()) => Ok(at),
            Err(denial) => {
                Then::default().find(self, at, [header.home, header.peer], denial, check).await?;
                Ok(at)
            }
        }
    }
}

/// When both gateways had a handshake, which was made and taken by the gateway of the party that did not send it by `stated`. Where that is the
/// own one of this desk (`by_own`), the other's word is wanted, too: by that it was `submitted`. `None` where only the own one says so.
fn admitted(stated: Timestamp, submitted: Option<Timestamp>, by_own: bool) -> Option<Timestamp> {
    match submitted {
        Some(submitted) => Some(stated.max(submitted)),
        None => (!by_own).then_some(stated),
    }
}

/// The moment at which certificates are judged: when the handshake was admitted, and never before the case's last move, so that nobody goes
/// back behind what the case knows; today where it is not shown. A word from days ahead judges nobody's certificate as ended.
fn moment(admitted: Option<Timestamp>, moved: Option<Timestamp>, now: Timestamp) -> Timestamp {
    let latest = now.plus_ms(CLOCK_APART_MS_MAX);
    admitted.map_or(now, |at| at.max(moved.unwrap_or(at)).min(latest))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::{collections::BTreeSet, time::Duration};

    use identity::{Authority, Commitments, Directory, Officer, Root, SigningKey};
    use model::{AuthorityKind, Role};

    use super::*;

    const DAY_MS: i64 = 24 * 3600 * 1000;
    /// 23 November 2026, 00:00 UTC.
    const TODAY: Timestamp = Timestamp(1_795_392_000_000);

    fn days(count: i64) -> Timestamp {
        TODAY.plus_ms(count * DAY_MS)
    }

    /// What a desk of JP believes from `issued` on, and a leaf of its central authority that ends ten days before today.
    fn ended_leaf(issued: Timestamp) -> (Arc<TrustStore>, Vec<u8>, Vec<u8>) {
        let party = "JP".parse().unwrap();
        let root = Root::generate(party, days(-100)).unwrap();
        let key = || SigningKey::generate().unwrap().verifying_key();
        let id: AuthorityId = "JP:central".parse().unwrap();
        let roles = BTreeSet::from([Role::Central]);
        let central = Authority {
            id: id.clone(),
            kind: AuthorityKind::Central,
            title: "central".to_owned(),
            desk_key: key(),
            officers: vec![Officer { pseudonym: "1".to_owned(), key: key(), roles }],
        };
        let directory = Directory {
            party,
            version: 1,
            issued,
            expires: days(100),
            ledger_key: key(),
            ledger_key_ml_dsa_44: None,
            ledger_keys_before: Vec::new(),
            root: root.certificate().der().to_vec(),
            trusted: Commitments::to(&[]).unwrap(),
            authorities: vec![central],
        };
        let signed = root.sign_directory(&directory, &[]).unwrap();
        let store = TrustStore::new(root.certificate().der(), &signed, &[], TODAY).unwrap();
        let leaf = SigningKey::generate().unwrap();
        let month = Duration::from_secs(28 * 24 * 3600);
        let certificate = root.issue_leaf(&id, &leaf.public_key(), days(-38), month).unwrap();
        (Arc::new(store), certificate.to_vec(), leaf.public_key().to_vec())
    }

    fn judged(judging: &Judging, leaf: &(Vec<u8>, Vec<u8>), moved: Option<Timestamp>) -> Option<RefusalCode> {
        let at = moment(judging.admitted, moved, TODAY);
        judging.authority_of(&[&leaf.0], &leaf.1, at).err().map(|refusal| refusal.code)
    }

    #[test]
    fn a_leaf_that_was_in_time_when_both_gateways_took_it_is_followed_after_its_end() {
        let (store, chain, key) = ended_leaf(days(-90));
        let (leaf, believed) = ((chain, key), vec![store]);
        let then = Judging { admitted: admitted(days(-20), Some(days(-20)), true), believed: believed.clone() };
        assert_eq!(judged(&then, &leaf, Some(days(-21))), None);
        let by_the_other = Judging { admitted: admitted(days(-20), None, false), believed };
        assert_eq!(judged(&by_the_other, &leaf, None), None);
    }

    #[test]
    fn no_old_time_revives_a_leaf_that_has_ended_r95() {
        let (store, chain, key) = ended_leaf(days(-90));
        let (leaf, believed) = ((chain, key), vec![store]);
        let judging = |admitted| Judging { admitted, believed: believed.clone() };
        let ended = Some(RefusalCode::R95);
        // The own gateway dates it back, and the other one's word is missing, or says when it was.
        assert_eq!(judged(&judging(admitted(days(-20), None, true)), &leaf, None), ended);
        assert_eq!(judged(&judging(admitted(days(-20), Some(days(-1)), true)), &leaf, None), ended);
        // Either gateway dates it back, and the entry says when it was made, or the case has moved since.
        assert_eq!(judged(&judging(admitted(days(-1), Some(days(-20)), true)), &leaf, None), ended);
        assert_eq!(judged(&judging(admitted(days(-20), None, false)), &leaf, Some(days(-1))), ended);
    }

    #[test]
    fn a_word_from_days_ahead_ends_no_leaf() {
        let leaf = (days(5), Some(days(3650)));
        assert_eq!(moment(Some(leaf.0), leaf.1, TODAY), TODAY.plus_ms(CLOCK_APART_MS_MAX));
        let hour = TODAY.plus_ms(3_600_000);
        assert_eq!(moment(Some(hour), None, TODAY), hour, "a clock that is an hour off is no lie");
    }

    #[test]
    fn who_was_accredited_then_is_believed_of_then_where_the_directory_has_changed_since() {
        let (newer, ..) = ended_leaf(days(-1));
        let (older, chain, key) = ended_leaf(days(-90));
        let leaf = (chain, key);
        let admitted = admitted(days(-20), None, false);
        let today_alone = Judging { admitted, believed: vec![newer.clone()] };
        assert!(judged(&today_alone, &leaf, None).is_some());
        assert_eq!(judged(&Judging { admitted, believed: vec![newer, older] }, &leaf, None), None);
    }
}
