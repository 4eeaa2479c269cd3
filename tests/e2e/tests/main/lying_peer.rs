//! A peer whose answers lie, against an honest home: it signs what contradicts the entry, dates it back or ahead, replays what it said
//! before, or does not cosign.

use model::{Receipt, ReceiptKind};
use proto::peer::{RelayResponse, relay_verdict::Outcome};
use tempfile::TempDir;

use crate::{
    bounded,
    crooked::{Crooked, forged},
    misconduct::{DAY_MS, convicts, cosigned, frozen, kept, with_case},
    pair::{Pair, two_states},
    state::State,
    until,
};

/// JP calls FR through a front with FR's keys.
async fn fronted() -> (Pair, Crooked) {
    let (folder, jp, fr): (TempDir, State, State) = two_states().await;
    let front = Crooked::before(&fr, &jp).await;
    let to_jp = jp.peer_listen;
    let pair = Pair::open(folder, jp, fr, to_jp, front.address()).await;
    (pair, front)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_without_a_cosignature_does_not_count_and_no_claim_of_leaves_replaces_it() {
    bounded(async {
        let (pair, front) = fronted().await;
        let (mut desk, mut case, _) = with_case(&pair).await;
        for claim in [Some(0), Some(u64::MAX >> 1), None] {
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
            assert_eq!(pair.jp.channel("FR").await["ledger_cosigned"], before);
            front.repent();
            assert_eq!(desk.verdict(entry.header.entry).await.receipt.kind, ReceiptKind::RelayAcceptance);
            cosigned(&pair).await;
        }
        assert!(kept(&pair.jp).await.is_empty(), "who says nothing signs nothing");
    })
    .await;
}

/// Lets FR sign its verdicts and deliveries as `change` wants them.
fn resigned(front: &Crooked, fr: &State, jp: &State, change: impl Fn(&mut Receipt) + Send + 'static) {
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
        let (pair, front) = fronted().await;
        let (mut desk, mut case, _) = with_case(&pair).await;
        let other = model::CaseId::new(crate::scribe::random_id(4));
        resigned(&front, &pair.fr, &pair.jp, move |receipt| receipt.case = other);
        let entry = desk.draft(&mut case, b"a draft");
        desk.submit(&entry).await.unwrap();
        let reason = frozen(&pair.jp, &pair.fr).await;
        assert!(reason.contains("another case"), "{reason}");
        convicts(&pair.jp, &pair.fr, "receipt").await;
        front.repent();
        pair.jp.freeze("FR", false).await;
        let told = desk.verdict(entry.header.entry).await;
        assert_eq!(told.receipt.case, case.id, "the answer that counts is the true one");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_dates_its_receipts_back_is_convicted_and_one_that_dates_them_ahead_waits() {
    bounded(async {
        let (pair, front) = fronted().await;
        let (mut desk, mut case, _) = with_case(&pair).await;
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
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_answer_that_is_replayed_is_not_taken_for_a_new_one() {
    bounded(async {
        let (pair, front) = fronted().await;
        let (mut desk, mut case, _) = with_case(&pair).await;
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
        front.repent();
        assert_eq!(desk.verdict(second.header.entry).await.receipt.kind, ReceiptKind::RelayAcceptance);
    })
    .await;
}
