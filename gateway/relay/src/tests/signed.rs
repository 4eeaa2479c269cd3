//! The way a real entry takes: signed with real keys, verified by `identity`, admitted by both gateways.

use identity::{
    Authority, Commitments, Directory, Officer, Received, Root, RootOpening, SigningKey, TrustStore, sign_envelope,
    sign_step, sign_validation,
};
use model::{AuthorityKind, Entry, HeaderDigest, Role, Step};

use super::world::{Draft, HOUR_MS, NOW, desk, party, rule};
use crate::{CaseFile, Context, Origin, Plan, RosterFacts, admit};

struct State {
    root: Root,
    desk: SigningKey,
    central: [SigningKey; 2],
    judge: SigningKey,
}

impl State {
    fn of(id: &str) -> Self {
        let key = || SigningKey::generate().unwrap();
        Self { root: Root::generate(party(id), NOW).unwrap(), desk: key(), central: [key(), key()], judge: key() }
    }

    fn directory(&self, openings: &[RootOpening]) -> Directory {
        let id = self.root.party();
        let officer = |key: &SigningKey, role: Role| Officer {
            pseudonym: "officer".to_owned(),
            key: key.verifying_key(),
            roles: [role].into(),
        };
        let authority = |name: &str, kind, desk_key: &SigningKey, officers| Authority {
            id: desk(&format!("{id}:{name}")),
            kind,
            title: name.to_owned(),
            desk_key: desk_key.verifying_key(),
            officers,
        };
        let central = self.central.iter().map(|key| officer(key, Role::Central)).collect();
        let court = vec![officer(&self.judge, Role::Judge)];
        let key = SigningKey::generate().unwrap();
        Directory {
            party: id,
            version: 1,
            issued: NOW,
            expires: NOW.plus_ms(24 * HOUR_MS),
            ledger_key: SigningKey::generate().unwrap().verifying_key(),
            ledger_key_ml_dsa_44: None,
            ledger_keys_before: Vec::new(),
            root: self.root.certificate().der().to_vec(),
            trusted: Commitments::to(openings).unwrap(),
            authorities: vec![
                authority("central", AuthorityKind::Central, &self.desk, central),
                authority("judicial", AuthorityKind::Judicial, &key, court),
            ],
        }
    }

    fn trust(&self, other: &Self) -> TrustStore {
        let signed = |one: &Self, two: &Self| {
            let openings = [RootOpening::draw(two.root.certificate().clone()).unwrap()];
            one.root.sign_directory(&one.directory(&openings), &openings).unwrap()
        };
        TrustStore::new(self.root.certificate().der(), &signed(self, other), &[signed(other, self)], NOW).unwrap()
    }

    /// Signs as this state's desk, its two central officers and, on a request, its judge.
    fn sign(&self, mut draft: Draft) -> Entry {
        if let Some(validation) = &mut draft.header.validation {
            validation.key = self.judge.key_id();
            validation.signature = sign_validation(&self.judge, &validation.statement_bytes);
        }
        let mut entry = draft.entry();
        let header = entry.header_digest();
        let officers = self.central.iter().take(entry.officers.len());
        entry.officers = officers.map(|key| sign_step(key, Role::Central, header)).collect();
        entry.desk = sign_envelope(&self.desk, entry.envelope_digest());
        entry
    }
}

fn admitted(trust: &TrustStore, file: Option<&CaseFile>, entry: &Entry, origin: Origin<'_>) -> CaseFile {
    let verified = trust.verify_entry(Received::new(entry.clone()), NOW).unwrap();
    let digest = entry.header_digest();
    let members = [desk("FR:central"), desk("JP:central")];
    let roster = if entry.header.step.is_handshake() {
        let committer = &entry.header.sender;
        RosterFacts::Handshake {
            committer,
            members: &members,
            added: &members[..1],
            removed: &[],
            epoch: 1,
            packages: &[],
        }
    } else {
        RosterFacts::Sealed { members: &members, bound_to: digest.as_bytes() }
    };
    let cx = Context {
        training: false,
        own: trust.own_party(),
        now: NOW,
        origin,
        seen: None,
        rule: rule(),
        used: &[],
        sender_kind: trust.authority(&entry.header.sender).unwrap().kind,
        recipient_kind: trust.authority(&entry.header.recipient).unwrap().kind,
        earlier: None,
        attached: crate::AttachedFacts::default(),
        roster: Ok(roster),
    };
    match admit(file, &verified, &cx).unwrap() {
        Plan::Execute(admission) => admission.file,
        other => unreachable!("{other:?}"),
    }
}

#[test]
fn a_request_with_real_signatures_is_admitted_by_both_gateways() {
    let (jp, fr) = (State::of("JP"), State::of("FR"));
    let (at_home, at_peer) = (jp.trust(&fr), fr.trust(&jp));
    let sender = desk("JP:central");
    let open = jp.sign(Draft::proper(1, Step::OpenGroup, &[], HeaderDigest::GENESIS));
    let send = jp.sign(Draft::proper(2, Step::SealSend, &[1, 2], open.header_digest()));
    let (mut home, mut peer) = (None, None);
    for entry in [&open, &send] {
        home = Some(admitted(&at_home, home.as_ref(), entry, Origin::OwnDesk(&sender)));
        peer = Some(admitted(&at_peer, peer.as_ref(), entry, Origin::PeerGateway(party("JP"))));
    }
    let (home, peer) = (home.unwrap(), peer.unwrap());
    assert_eq!(home.shown().unwrap().state(), workflow::State::Sent);
    assert_eq!(peer.shown().unwrap().state(), workflow::State::Delivered);
    assert_eq!(home.pending.len(), 2);
    assert_eq!(peer.next_seq, 2);
}
