//! A peer whose answers lie, against an honest home: it signs what contradicts the entry, dates it back or ahead, replays what it said
//! before, says two things of one entry, does not cosign, or forges entries by the hundred.

use model::{EntryId, Receipt, ReceiptKind, Refusal, RefusalCode, limits::RELAY_BATCH_ENTRIES_MAX};
use proto::peer::{RelayItem, RelayRequest, RelayResponse, RelayVerdict, relay_verdict::Outcome};
use tempfile::TempDir;

use crate::{
    bounded,
    crooked::{Crooked, forged, stated, stated_at_once},
    misconduct::{DAY_MS, call_as_jp, convicts, cosigned, frozen, kept, taken, with_case},
    now,
    pair::{Pair, two_states},
    scribe::random_id,
    state::State,
    stated::Record,
    three::Three,
    until, wire,
};

/// JP calls FR through a front with FR's keys.
pub(crate) async fn fronted() -> (Pair, Crooked) {
    let (folder, jp, fr): (TempDir, State, State) = two_states().await;
    let front = Crooked::before(&fr, &jp).await;
    let to_jp = jp.peer_listen;
    let pair = Pair::open(folder, jp, fr, to_jp, front.address()).await;
    (pair, front)
}

/// The same, and another state that has a channel with JP.
async fn fronted_by_three() -> (Three, Crooked) {
    let (pair, front) = fronted().await;
    (Three::around(pair, "JP").await, front)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_cosigns_on_a_day_that_has_not_come_is_waited_for_and_can_still_be_caught_going_back() {
    bounded(async {
        let (three, front) = fronted_by_three().await;
        let pair = &three.pair;
        let (mut desk, mut case, _) = with_case(pair).await;
        let before = pair.jp.channel("FR").await["ledger_cosigned"].clone();
        let (fr, jp) = (pair.fr.clone(), pair.jp.party);
        front.turn_calls(move |call, answer| {
            let growth = call.growth.as_ref().filter(|_| !answer.cosignature.is_empty());
            if let Some(growth) = growth {
                let ahead = now().plus_ms(75 * 365 * DAY_MS);
                answer.cosignature = crate::crooked::cosigned(&fr, jp, &growth.checkpoint, ahead);
            }
        });
        let entry = desk.draft(&mut case, b"a draft");
        desk.submit(&entry).await.unwrap();
        until("JP says that the cosignature is of a day that has not come", 20, async || {
            let channel = pair.jp.channel("FR").await;
            let told = channel["last_error"].as_str().unwrap_or_default().contains("dated ahead");
            (told && channel["queued"] == 1).then_some(())
        })
        .await;
        assert_eq!(pair.jp.channel("FR").await["ledger_cosigned"], before);
        three.others_go_on(&pair.jp).await;
        front.repent();
        assert_eq!(desk.verdict(entry.header.entry).await.receipt.kind, ReceiptKind::RelayAcceptance);
        cosigned(pair).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_says_opened_and_not_opened_of_one_entry_is_convicted_and_its_first_word_counts() {
    bounded(async {
        let three = Three::open("JP").await;
        let pair = &three.pair;
        let (mut desk, mut case, _) = with_case(pair).await;
        let entry = desk.draft(&mut case, b"a draft");
        desk.submit(&entry).await.unwrap();
        let taken = desk.verdict(entry.header.entry).await.receipt;
        cosigned(pair).await;
        let say = async |kind| {
            let receipt = Receipt { kind, at: now(), leaf: None, epoch: None, ..taken.clone() };
            let receipts = vec![stated(&pair.fr, pair.jp.party, receipt)];
            let mut as_fr = wire::as_peer(&pair.jp, &pair.fr.tls(&pair.fr.gateway_dir()));
            as_fr.relay(RelayRequest { receipts, ..RelayRequest::default() }).await.unwrap();
        };
        say(ReceiptKind::Retrieval).await;
        say(ReceiptKind::NonRetrieval).await;
        let reason = frozen(&pair.jp, &pair.fr).await;
        assert!(reason.contains("could not open it"), "{reason}");
        convicts(&pair.jp, &pair.fr, "verdicts").await;
        let trace = desk.trace(entry.header.entry).await;
        let kinds: Vec<_> = trace.receipts.iter().map(|one| proto::decode_receipt(one).unwrap().receipt.kind).collect();
        assert!(kinds.contains(&ReceiptKind::Retrieval) && !kinds.contains(&ReceiptKind::NonRetrieval), "{kinds:?}");
        three.others_go_on(&pair.jp).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_sends_forged_entries_fills_no_log_of_ours_and_keeps_nobody_from_the_committer() {
    bounded(async {
        let three = Three::open("FR").await;
        let pair = &three.pair;
        let (mut desk, mut case, _) = with_case(pair).await;
        let entry = desk.draft(&mut case, b"a draft");
        desk.submit(&entry).await.unwrap();
        desk.verdict(entry.header.entry).await;
        // Each names FR as the home of its case, in a header that nobody signed.
        let forged = || {
            let mut forged = entry.clone();
            forged.header.entry = EntryId::new(random_id(7));
            (forged.header.home, forged.header.peer) = (pair.fr.party, pair.jp.party);
            forged.header_bytes = proto::encode_header(&forged.header);
            forged
        };
        let call = async |count: usize| {
            let forged: Vec<_> = (0..count).map(|_| forged()).collect();
            let words = forged.iter().map(|entry| taken(pair, entry)).collect();
            let words = stated_at_once(&pair.jp, pair.fr.party, words);
            let items = forged.iter().zip(words).map(|(entry, word)| RelayItem {
                entry: Some(proto::convert::send_entry(entry)),
                submission: Some(word),
                ..RelayItem::default()
            });
            let items = items.collect();
            call_as_jp(pair, RelayRequest { items, ..RelayRequest::default() }).await.unwrap().verdicts
        };
        let refused = |verdicts: &[RelayVerdict]| {
            verdicts.iter().filter(|one| matches!(one.outcome, Some(Outcome::Receipt(_)))).count()
        };
        let size = async || pair.fr.channel("JP").await["ledger_size"].as_u64().unwrap();
        for _ in 0..2 {
            let verdicts = call(RELAY_BATCH_ENTRIES_MAX).await;
            assert_eq!(refused(&verdicts), RELAY_BATCH_ENTRIES_MAX);
        }
        let full = size().await;
        let verdicts = call(RELAY_BATCH_ENTRIES_MAX).await;
        assert_eq!(refused(&verdicts), 0, "an hour has room for so many refusals");
        let Some(Outcome::TryAgain(later)) = &verdicts[0].outcome else { panic!("{verdicts:?}") };
        assert_eq!(later.reason, "R91");
        assert_eq!(size().await, full, "nothing of it is in our log");
        let entry = desk.draft(&mut case, b"another");
        desk.submit(&entry).await.unwrap();
        assert_eq!(desk.verdict(entry.header.entry).await.receipt.kind, ReceiptKind::RelayAcceptance);
        three.others_go_on(&pair.fr).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_without_a_cosignature_does_not_count_and_no_claim_of_leaves_replaces_it() {
    bounded(async {
        let (three, front) = fronted_by_three().await;
        let pair = &three.pair;
        let (mut desk, mut case, _) = with_case(pair).await;
        let too_many = u64::MAX >> 1;
        for claim in [Some(0), Some(too_many), None] {
            front.turn(move |answer| {
                answer.cosignature.clear();
                answer.leaves_held = claim.unwrap_or(answer.leaves_held);
            });
            let before = pair.jp.channel("FR").await["ledger_cosigned"].clone();
            let entry = desk.draft(&mut case, b"a draft");
            desk.submit(&entry).await.unwrap();
            until("JP waits for the cosignature", 20, async || {
                let channel = pair.jp.channel("FR").await;
                (channel["last_error"] != "" && channel["queued"] == 1).then_some(())
            })
            .await;
            if claim == Some(too_many) {
                // It could be so: JP's own database may be an older one, and then whatever JP signs convicts it.
                let reason = frozen(&pair.jp, &pair.fr).await;
                assert!(reason.contains("holds more leaves of our log than we have"), "{reason}");
            }
            assert_eq!(pair.jp.channel("FR").await["ledger_cosigned"], before);
            three.others_go_on(&pair.jp).await;
            front.repent();
            pair.jp.freeze("FR", false).await;
            assert_eq!(desk.verdict(entry.header.entry).await.receipt.kind, ReceiptKind::RelayAcceptance);
            cosigned(pair).await;
        }
        assert!(kept(&pair.jp).await.is_empty(), "who says nothing signs nothing");
    })
    .await;
}

/// Lets FR sign its verdicts and deliveries as `change` wants them.
pub(crate) fn resigned(front: &Crooked, fr: &State, jp: &State, change: impl Fn(&mut Receipt) + Send + 'static) {
    let (fr, jp) = (fr.clone(), jp.party);
    front.turn(move |answer| {
        for verdict in &mut answer.verdicts {
            if let Some(Outcome::Receipt(signed)) = &mut verdict.outcome {
                *signed = forged(&fr, jp, signed, &change);
            }
            verdict.delivery = verdict.delivery.as_ref().map(|signed| forged(&fr, jp, signed, &change));
        }
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peers_receipt_on_another_case_is_never_kept_as_an_answer_and_convicts_it() {
    bounded(async {
        let (three, front) = fronted_by_three().await;
        let pair = &three.pair;
        let (mut desk, mut case, _) = with_case(pair).await;
        let other = model::CaseId::new(random_id(4));
        resigned(&front, &pair.fr, &pair.jp, move |receipt| receipt.case = other);
        let entry = desk.draft(&mut case, b"a draft");
        desk.submit(&entry).await.unwrap();
        let reason = frozen(&pair.jp, &pair.fr).await;
        assert!(reason.contains("another case"), "{reason}");
        convicts(&pair.jp, &pair.fr, "receipt").await;
        three.others_go_on(&pair.jp).await;
        front.repent();
        pair.jp.freeze("FR", false).await;
        let told = desk.verdict(entry.header.entry).await;
        assert_eq!(told.receipt.case, case.id, "the answer that counts is the true one");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_takes_an_entry_and_cannot_lay_it_ready_says_so_and_its_word_reaches_the_desk_and_the_record() {
    bounded(async {
        let (pair, front) = fronted().await;
        let (mut desk, mut case, _) = with_case(&pair).await;
        resigned(&front, &pair.fr, &pair.jp, |receipt| {
            if receipt.kind == ReceiptKind::Delivery {
                let remedy = "Address another desk.";
                receipt.refusal = Some(Refusal::new(RefusalCode::R93, "roster", "that desk is closed", remedy));
                receipt.kind = ReceiptKind::NonDelivery;
            }
        });
        let entry = desk.draft(&mut case, b"a draft");
        desk.submit(&entry).await.unwrap();
        let id = entry.header.entry;
        let told = desk.undelivered(id).await;
        assert_eq!(told.receipt.refusal.map(|refusal| refusal.reason), Some("that desk is closed".to_owned()));
        let record = Record::of(&pair.jp).await;
        assert_eq!(
            record.kinds(&id.to_string()),
            [ReceiptKind::SubmissionAcceptance, ReceiptKind::RelayAcceptance, ReceiptKind::NonDelivery]
        );
        assert_eq!(pair.jp.channel("FR").await["state"], "OPEN", "it is no contradiction");
        front.repent();
        let next = desk.draft(&mut case, b"another");
        desk.submit(&next).await.unwrap();
        assert_eq!(desk.verdict(next.header.entry).await.receipt.kind, ReceiptKind::RelayAcceptance);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_dates_its_receipts_back_is_convicted_and_one_that_dates_them_ahead_waits() {
    bounded(async {
        let (three, front) = fronted_by_three().await;
        let pair = &three.pair;
        let (mut desk, mut case, _) = with_case(pair).await;
        resigned(&front, &pair.fr, &pair.jp, |receipt| receipt.at = receipt.at.plus_ms(DAY_MS / 2));
        let entry = desk.draft(&mut case, b"a draft");
        desk.submit(&entry).await.unwrap();
        until("the receipt of tomorrow is kept, and proves nothing", 20, async || {
            kept(&pair.jp).await.iter().any(|one| one["kind"] == "receipt" && one["convicts"] == false).then_some(())
        })
        .await;
        assert_eq!(pair.jp.channel("FR").await["state"], "OPEN");
        front.repent();

        desk.verdict(entry.header.entry).await;

        resigned(&front, &pair.fr, &pair.jp, |receipt| receipt.at = receipt.at.plus_ms(-DAY_MS));
        let entry = desk.draft(&mut case, b"another");
        desk.submit(&entry).await.unwrap();
        let reason = frozen(&pair.jp, &pair.fr).await;
        assert!(reason.contains("dated before"), "{reason}");
        assert!(kept(&pair.jp).await.iter().any(|one| one["kind"] == "receipt" && one["convicts"] == true));
        three.others_go_on(&pair.jp).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_takes_an_entry_and_then_refuses_it_convicts_itself() {
    bounded(async {
        let (three, front) = fronted_by_three().await;
        let pair = &three.pair;
        let (mut desk, mut case, _) = with_case(pair).await;
        let (fr, jp) = (pair.fr.clone(), pair.jp.party);
        let refused = |receipt: &mut Receipt| {
            let remedy = "Ask its operator.";
            receipt.refusal = Some(Refusal::new(RefusalCode::R93, "roster", "it was never taken", remedy));
            receipt.kind = ReceiptKind::RelayRejection;
        };
        let mut taken = false;
        front.turn(move |answer| {
            let verdicts = !answer.verdicts.is_empty();
            let before = taken;
            taken |= verdicts;
            if !before {
                // It takes it, in an answer that does not count.
                answer.cosignature.clear();
                return;
            }
            for verdict in &mut answer.verdicts {
                if let Some(Outcome::Receipt(signed)) = &mut verdict.outcome {
                    *signed = forged(&fr, jp, signed, refused);
                    verdict.delivery = None;
                }
            }
        });
        let entry = desk.draft(&mut case, b"a draft");
        desk.submit(&entry).await.unwrap();
        let reason = frozen(&pair.jp, &pair.fr).await;
        assert!(reason.contains("cannot both be true"), "{reason}");
        convicts(&pair.jp, &pair.fr, "verdicts").await;
        three.others_go_on(&pair.jp).await;
        front.repent();
        pair.jp.freeze("FR", false).await;
        let told = desk.verdict(entry.header.entry).await;
        assert_eq!(told.receipt.kind, ReceiptKind::RelayAcceptance, "what it says then counts");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_answer_that_is_replayed_is_not_taken_for_a_new_one() {
    bounded(async {
        let (three, front) = fronted_by_three().await;
        let pair = &three.pair;
        let (mut desk, mut case, _) = with_case(pair).await;
        let first = desk.draft(&mut case, b"the first");
        let mut old: Option<RelayResponse> = None;
        front.turn(move |answer| match &old {
            Some(old) => *answer = old.clone(),
            None if answer.verdicts.is_empty() => {}
            None => old = Some(answer.clone()),
        });
        desk.submit(&first).await.unwrap();
        desk.verdict(first.header.entry).await;
        let second = desk.draft(&mut case, b"the second");
        desk.submit(&second).await.unwrap();
        until("JP does not take the old answer", 20, async || {
            let channel = pair.jp.channel("FR").await;
            (channel["last_error"] != "" && channel["queued"] == 1).then_some(())
        })
        .await;
        three.others_go_on(&pair.jp).await;
        front.repent();
        assert_eq!(desk.verdict(second.header.entry).await.receipt.kind, ReceiptKind::RelayAcceptance);
    })
    .await;
}
