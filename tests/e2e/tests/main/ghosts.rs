//! No ghost member: every way to a further reader, tried by a desk with real keys at its own gateway, and at the other one by whoever has the
//! keys of the desk and of its gateway. Each refuses it for what it is, both have it on their record, and the case goes on.

use std::{fs, path::PathBuf};

use ghosts::{Attack, Expected, Ghosts};
use ledger::Statement;
use model::{Entry, EntryId, Payload, Receipt, ReceiptKind, Refusal, SignedReceipt};
use proto::peer::{RelayRequest, relay_verdict::Outcome};
use serde_json::Value;

use crate::{
    again::recorded,
    bounded,
    crooked::Forger,
    misconduct::{brought, call_as_jp, cosigned, taken},
    pair::Pair,
    programs::{Answer, gateway},
    scribe::{Case, Scribe},
    state::State,
    stated::Record,
    three::Third,
    until, wire,
};

/// Where the case stands in which it is tried.
struct Scene {
    pair: Pair,
    desk: Scribe,
    case: Case,
    /// The GroupInfo of its epoch.
    public: Vec<u8>,
    ghosts: Ghosts,
    /// A state that has no part in the case.
    third: State,
}

impl Scene {
    async fn open() -> Self {
        let pair = Pair::own().await;
        let third = State::make("US", pair.jp.dir.parent().unwrap()).await;
        let jp = &pair.jp;
        let ghosts = Ghosts {
            foreign: third.leaf("central"),
            foreign_party: (third.party, false),
            unlisted: (jp.another_leaf("shadow"), jp.authority("shadow")),
            second: jp.another_leaf("central"),
            accredited: jp.leaf("executing"),
            accredited_chain: jp.leaf_chain("executing"),
        };
        Scribe::at(&pair.fr).await.invite(1).await;
        let mut desk = Scribe::at(&pair.jp).await;
        let (mut case, opening) = desk.opening(&pair.fr.authority("central")).await;
        desk.admitted(&mut case, &opening).await;
        let public = group_info(&opening);
        Self { pair, desk, case, public, ghosts, third }
    }

    /// Each attack as an entry, with what must be said of it.
    fn tries(&mut self, attacks: &[Attack]) -> Vec<(Entry, Expected)> {
        let mut tries = Vec::new();
        for attack in attacks {
            let mut insider = self.desk.insider(&mut self.case, &self.public);
            let handshake = attack.handshake(&mut insider, &self.ghosts).unwrap();
            let expected = attack.expected(&self.desk.authority, &self.ghosts);
            tries.push((self.desk.change_group(&self.case, &handshake), expected));
        }
        tries
    }

    /// A change that is by the book, which both gateways admit.
    async fn goes_on(&mut self) {
        let renewal = self.desk.rotation(&mut self.case);
        let entry = self.desk.change_group(&self.case, &renewal);
        self.desk.admitted(&mut self.case, &entry).await;
        self.public = group_info(&entry);
    }
}

fn group_info(entry: &Entry) -> Vec<u8> {
    let Payload::Handshake(handshake) = &entry.payload else { panic!("a handshake changes a group") };
    handshake.group_info.to_vec()
}

/// That a signed refusal is by that gateway, of that kind, and for that.
fn holds(signed: &SignedReceipt, by: &State, kind: ReceiptKind, entry: &Entry, expected: &Expected) {
    let receipt = &signed.receipt;
    let on_it = (receipt.by, receipt.kind, receipt.entry, receipt.envelope);
    assert_eq!(on_it, (by.party, kind, entry.header.entry, entry.envelope_digest()));
    let Some(Refusal { code, field, reason, .. }) = &receipt.refusal else { panic!("no reason in {receipt:?}") };
    let told = (*code, field.as_deref(), reason);
    assert_eq!(told, (expected.code, Some(expected.field), &expected.reason));
}

/// What `gateway refusals list` of a state tells of an entry.
async fn listed(state: &State, entry: EntryId) -> Vec<Value> {
    let told = gateway(&["refusals", "list", "--dir", state.dir.to_str().unwrap()]).await.done();
    let of = |one: &&Value| one["entry"] == entry.to_string();
    told["refusals"].as_array().unwrap().iter().filter(of).cloned().collect()
}

/// That a state's record tells of an entry who refused it, and for what.
async fn on_record(state: &State, by: &State, refused_as: &str, entry: &Entry, expected: &Expected) {
    let told = until("the refusal is on record", 20, async || {
        Some(listed(state, entry.header.entry).await).filter(|told| !told.is_empty())
    })
    .await;
    let [one] = &*told else { panic!("{} tells it more than once: {told:?}", state.party) };
    assert_eq!(one["refused_by"], by.party.as_str());
    let told = (one["code"].as_str(), one["field"].as_str(), one["case"].as_str(), one["refused_as"].as_str());
    let case = entry.header.case.to_string();
    assert_eq!(told, (Some(expected.code.as_str()), Some(expected.field), Some(&*case), Some(refused_as)));
}

/// Tries them at the gateway of the desk's own state.
async fn at_the_own_gateway(scene: &mut Scene, attacks: &[Attack]) {
    let mut refused = Vec::new();
    for (entry, expected) in scene.tries(attacks) {
        let denied = scene.desk.submit(&entry).await.unwrap_err();
        let info = wire::error_info(&denied);
        let told = (info.reason.as_str(), info.metadata["field"].as_str(), info.metadata["text"].as_str());
        assert_eq!(told, (expected.code.as_str(), expected.field, expected.reason.as_str()));
        let signed = proto::decode_receipt(&proto::status::receipt_of(&denied).unwrap()).unwrap();
        holds(&signed, &scene.pair.jp, ReceiptKind::SubmissionRejection, &entry, &expected);
        // Neither the handshake nor its header goes to the other state: the refusal does.
        for state in [&scene.pair.jp, &scene.pair.fr] {
            on_record(state, &scene.pair.jp, "own_gateway", &entry, &expected).await;
        }
        refused.push(entry);
    }
    scene.goes_on().await;
    cosigned(&scene.pair).await;
    for state in [&scene.pair.jp, &scene.pair.fr] {
        let record = Record::of(state).await;
        for entry in &refused {
            let id = entry.header.entry.to_string();
            assert_eq!(record.kinds(&id), [ReceiptKind::SubmissionRejection], "at {}", state.party);
            assert_eq!(record.leaves_on(&id, "rogatory.internal/jp/fr"), 1, "at {}", state.party);
        }
    }
    for entry in &refused {
        let Payload::Handshake(handshake) = &entry.payload else { panic!("a handshake changes a group") };
        scene.pair.assert_not_written(&handshake.commit);
    }
}

/// Tries them at the other gateway: the own one, of which somebody has the keys, checks nothing and relays all.
async fn at_the_other_gateway(scene: &mut Scene, attacks: &[Attack]) {
    let tries = scene.tries(attacks);
    cosigned(&scene.pair).await;
    let log = recorded(&scene.pair, &[]).await;
    scene.pair.jp_gateway.kill();
    let mut liar = Forger::going_on(&scene.pair.jp, &scene.pair.fr, log.growth.as_ref().unwrap());
    for (entry, expected) in tries {
        let verdict = relayed(&scene.pair, &mut liar, &entry).await;
        holds(&verdict, &scene.pair.fr, ReceiptKind::RelayRejection, &entry, &expected);
        on_record(&scene.pair.fr, &scene.pair.fr, "peer_gateway", &entry, &expected).await;
    }
    let honest = scene.desk.draft(&mut scene.case, b"a draft");
    let verdict = relayed(&scene.pair, &mut liar, &honest).await;
    assert_eq!(verdict.receipt.kind, ReceiptKind::RelayAcceptance);
    assert_eq!(scene.pair.fr.channel("JP").await["state"], "OPEN");
}

/// FR's verdict on an entry that somebody brings who has the keys of JP's gateway.
async fn relayed(pair: &Pair, liar: &mut Forger, entry: &Entry) -> SignedReceipt {
    let leaf = liar.leaves.len();
    let taken = Receipt { leaf: Some(leaf as u64), ..taken(pair, entry) };
    liar.write(&Statement::of_entry(taken.entry, taken.header, taken.envelope, taken.at));
    let call = RelayRequest { items: vec![brought(pair, entry, taken)], ..liar.growth(leaf) };
    let answer = call_as_jp(pair, call).await.unwrap();
    let Some(Outcome::Receipt(verdict)) = &answer.verdicts[0].outcome else { panic!("{answer:?}") };
    proto::decode_receipt(verdict).unwrap()
}

async fn refused_by_both(attacks: &[Attack]) {
    bounded(async {
        let mut scene = Scene::open().await;
        at_the_own_gateway(&mut scene, attacks).await;
        at_the_other_gateway(&mut scene, attacks).await;
    })
    .await;
}

#[tokio::test]
async fn a_ghost_that_both_gateways_refuse_and_put_on_record_stops_no_channel_to_a_third_state() {
    bounded(async {
        let mut scene = Scene::open().await;
        let third = Third::beside(scene.third.clone(), &scene.pair.fr).await;
        third.others_go_on(&scene.pair.fr).await;
        at_the_own_gateway(&mut scene, &[Attack::SecondLeaf]).await;
        third.others_go_on(&scene.pair.fr).await;
        at_the_other_gateway(&mut scene, &[Attack::SecondLeaf]).await;
        third.others_go_on(&scene.pair.fr).await;
    })
    .await;
}

/// The record of a state of one case, as it hands it out, and `refusals check` of that with these roots.
async fn handed_out(state: &State, case: &str, roots: &[&State]) -> (PathBuf, Answer) {
    let out = state.dir.join("refusals.json");
    let (dir, file) = (state.dir.to_str().unwrap(), out.to_str().unwrap());
    gateway(&["refusals", "list", "--dir", dir, "--case", case, "--out", file]).await.done();
    let roots = roots.iter().map(|root| format!("{}={}", root.party, root.dir.join("root/root.cert.pem").display()));
    let roots: Vec<String> = roots.flat_map(|root| ["--root".to_owned(), root]).collect();
    let roots: Vec<&str> = roots.iter().map(String::as_str).collect();
    let told = gateway(&[&["refusals", "check", file], &roots[..]].concat()).await;
    (out, told)
}

#[tokio::test]
async fn a_reader_that_was_refused_is_proved_by_what_either_state_hands_out_and_the_two_roots() {
    bounded(async {
        let mut scene = Scene::open().await;
        at_the_own_gateway(&mut scene, &[Attack::SecondLeaf]).await;
        let case = scene.case.id.to_string();
        let (jp, fr) = (scene.pair.jp.clone(), scene.pair.fr.clone());
        for state in [&jp, &fr] {
            let (out, told) = handed_out(state, &case, &[&jp]).await;
            let proved = told.done()["report"]["proved"].clone();
            let by = (proved[0]["by"].as_str(), proved[0]["stage"].as_str(), proved[0]["case"].as_str());
            assert_eq!(by, (Some("JP"), Some("SubmissionRejection"), Some(&*case)), "{proved}");
            let altered = fs::read_to_string(&out).unwrap().replacen("\"code\": \"R9", "\"code\": \"R8", 1);
            fs::write(&out, altered).unwrap();
            let root = format!("JP={}", jp.fingerprint);
            gateway(&["refusals", "check", out.to_str().unwrap(), "--root", &root]).await.failed(9);
        }
        at_the_other_gateway(&mut scene, &[Attack::SecondLeaf]).await;
        let (_, told) = handed_out(&fr, &case, &[&jp, &fr]).await;
        let proved = told.done()["report"]["proved"].as_array().unwrap().clone();
        let by: Vec<_> = proved.iter().map(|one| one["by"].as_str().unwrap()).collect();
        assert_eq!(by, ["FR", "JP"], "both gateways refused, the newest first");
        let (_, told) = handed_out(&fr, &case, &[&jp]).await;
        told.failed(2);
        let (_, told) = handed_out(&fr, "ffff", &[]).await;
        assert_eq!(told.done()["report"]["proved"], serde_json::json!([]), "nothing of another case");
    })
    .await;
}

#[tokio::test]
async fn a_ghost_is_on_both_records_though_something_else_was_refused_under_its_id_before() {
    bounded(async {
        let mut scene = Scene::open().await;
        let (ghost, expected) = scene.tries(&[Attack::SecondLeaf]).remove(0);
        let id = ghost.header.entry;
        let spoil = |header: &mut model::Header| {
            header.entry = id;
            header.pin = model::Pin(model::Digest::of(&[b"none"]));
        };
        let spoilt = scene.desk.request_with(&mut scene.case, b"body", spoil);
        let denied = scene.desk.submit(&spoilt).await.unwrap_err();
        assert_eq!(wire::error_info(&denied).reason, "R92", "that is nobody else's business");
        scene.desk.submit(&ghost).await.unwrap_err();
        on_record(&scene.pair.fr, &scene.pair.jp, "own_gateway", &ghost, &expected).await;
        let told = &Record::of(&scene.pair.fr).await;
        assert_eq!(told.kinds(&id.to_string()), [ReceiptKind::SubmissionRejection], "and nothing but that");
    })
    .await;
}

#[tokio::test]
async fn two_readers_who_are_refused_under_one_id_are_both_on_both_records() {
    bounded(async {
        let mut scene = Scene::open().await;
        let (first, expected) = scene.tries(&[Attack::SecondLeaf]).remove(0);
        let id = first.header.entry;
        scene.desk.submit(&first).await.unwrap_err();
        on_record(&scene.pair.fr, &scene.pair.jp, "own_gateway", &first, &expected).await;
        let (other, _) = scene.tries(&[Attack::SecondLeaf]).remove(0);
        let header = model::Header { entry: id, ..other.header };
        let second = scene.desk.sign(header, &[], |_| other.payload);
        assert_ne!(first.envelope_digest(), second.envelope_digest());
        scene.desk.submit(&second).await.unwrap_err();
        for state in [&scene.pair.jp, &scene.pair.fr] {
            let both = async || (listed(state, id).await.len() == 2).then_some(());
            until(&format!("{} has both on record", state.party), 20, both).await;
        }
        scene.goes_on().await;
        cosigned(&scene.pair).await;
        for state in [&scene.pair.jp, &scene.pair.fr] {
            let record = Record::of(state).await;
            assert_eq!(record.kinds(&id.to_string()), [ReceiptKind::SubmissionRejection; 2], "at {}", state.party);
            assert_eq!(record.leaves_on(&id.to_string(), "rogatory.internal/jp/fr"), 2, "at {}", state.party);
        }
    })
    .await;
}

#[tokio::test]
async fn a_case_that_was_never_brought_to_the_other_state_stays_in_its_own_house_when_it_is_refused() {
    bounded(async {
        let pair = Pair::own().await;
        Scribe::at(&pair.fr).await.invite(2).await;
        let mut desk = Scribe::at(&pair.jp).await;
        let pin = model::Pin(model::Digest::of(&[b"a rule that neither party has"]));
        let (_, opening) = desk.opening_under(pin, &pair.fr.authority("central")).await;
        desk.submit(&opening).await.unwrap_err();
        let id = opening.header.entry;
        assert_eq!(listed(&pair.jp, id).await.len(), 1);
        // What comes later on the same channel is there, so nothing is on its way.
        let (mut case, honest) = desk.opening(&pair.fr.authority("central")).await;
        desk.admitted(&mut case, &honest).await;
        assert_eq!(listed(&pair.fr, id).await, [] as [Value; 0]);
        assert!(Record::of(&pair.fr).await.kinds(&id.to_string()).is_empty());
    })
    .await;
}

#[tokio::test]
async fn an_add_by_commit_of_who_is_no_authority_of_a_party_is_refused_by_both_gateways() {
    refused_by_both(&[Attack::ThirdState, Attack::Unlisted]).await;
}

#[tokio::test]
async fn a_desks_second_leaf_is_refused_by_both_gateways() {
    refused_by_both(&[Attack::SecondLeaf]).await;
}

#[tokio::test]
async fn a_welcome_that_is_kept_aside_or_goes_elsewhere_is_refused_by_both_gateways() {
    refused_by_both(&[Attack::WelcomeAside, Attack::WelcomeSwapped, Attack::WelcomeStray]).await;
}

#[tokio::test]
async fn an_injected_pre_shared_key_is_refused_by_both_gateways() {
    refused_by_both(&[Attack::PreSharedKey]).await;
}

#[tokio::test]
async fn a_re_init_is_refused_by_both_gateways() {
    refused_by_both(&[Attack::ReInit]).await;
}

#[tokio::test]
async fn a_custom_proposal_and_one_behind_a_reference_are_refused_by_both_gateways() {
    refused_by_both(&[Attack::Custom, Attack::Reference]).await;
}

#[tokio::test]
async fn an_external_sender_in_the_context_is_refused_by_both_gateways() {
    refused_by_both(&[Attack::ExternalSender]).await;
}

#[tokio::test]
async fn an_external_commit_and_an_external_init_are_refused_by_both_gateways() {
    refused_by_both(&[Attack::ExternalCommit, Attack::ExternalInit]).await;
}

#[tokio::test]
async fn an_external_proposal_is_refused_by_both_gateways() {
    refused_by_both(&[Attack::NewMemberProposal, Attack::ExternalProposal]).await;
}
