//! What is kept of other gateways that contradict themselves.

use model::{Digest, ReceiptKind, Verdict};
use store::{
    StoreError,
    gateway::{AwaitedRow, Batch, GatewayStore, GivenAgain, MisconductRow, NewReceipt, ReceiptRow, RejectedRow},
};

use super::{blob, entry_id, ledger::leaf, plan};

const LOG: &str = "rogatory.internal/jp/fr";

fn evidence(party: &str, of: &str, at: i64) -> MisconductRow {
    MisconductRow {
        digest: Digest::of(&[of.as_bytes()]).into(),
        party: party.parse::<model::PartyId>().unwrap().into(),
        evidence: of.to_owned(),
        told: "it signed two heads".to_owned(),
        stops: 1,
        at,
        settled: None,
    }
}

pub(crate) async fn evidence_is_kept_for_good_and_is_open_again_when_it_is_seen_again(store: &GatewayStore) {
    let [first, second, other] = [evidence("JP", "one", 1), evidence("JP", "two", 2), evidence("SG", "three", 3)];
    let rows = vec![second.clone(), first.clone(), other.clone()];
    let batch = Batch { misconduct: rows, ..Batch::default() };
    for _ in 0..2 {
        store.commit(&batch).await.unwrap();
    }
    let jp = "JP".parse().unwrap();
    assert_eq!(store.misconduct().await.unwrap(), [first.clone(), second.clone(), other.clone()]);
    store.settle_misconduct(jp, 9).await.unwrap();
    let settled = |row: &MisconductRow| MisconductRow { settled: Some(9), ..row.clone() };
    assert_eq!(store.misconduct_of(jp).await.unwrap(), [settled(&first), settled(&second)]);
    let later = MisconductRow { at: 8, ..first.clone() };
    store.commit(&Batch { misconduct: vec![later], ..Batch::default() }).await.unwrap();
    assert_eq!(store.misconduct().await.unwrap(), [first, settled(&second), other]);
}

pub(crate) async fn entries_that_were_refused_are_kept_by_their_envelopes_as_far_as_their_case_has_room(
    store: &GatewayStore,
) {
    let row = |number: u8, case: u32| RejectedRow {
        envelope: model::EnvelopeDigest(Digest::of(&[&[number]])).into(),
        // The same id under another envelope is another entry.
        entry_id: entry_id(1).into(),
        case_id: super::case_id(case).into(),
        wire: blob("wire"),
        at: i64::from(number),
    };
    let rows: Vec<_> = (0..80).map(|number| row(number, 1)).chain([row(200, 2)]).collect();
    for _ in 0..2 {
        store.commit(&Batch { rejected: rows.clone(), ..Batch::default() }).await.unwrap();
    }
    assert_eq!(store.rejected_of(super::case_id(1)).await.unwrap(), rows[..64]);
    assert_eq!(store.rejected_of(super::case_id(2)).await.unwrap(), rows[80..]);
    assert_eq!(store.rejected_of(super::case_id(3)).await.unwrap(), []);
}

pub(crate) async fn no_heap_of_lies_takes_the_room_of_what_convicts(store: &GatewayStore) {
    let jp = "JP".parse().unwrap();
    let smaller =
        |n: i64| MisconductRow { stops: 0, ..evidence("JP", &format!("kind receipt\naccused JP\nreceipt {n}\n"), n) };
    let back_dated = |n: i64| evidence("JP", &format!("kind backdated\naccused JP\nlog {LOG}\nheld {n}\n"), n);
    let rows = (0..1001).map(smaller).chain((0..101).map(back_dated)).collect();
    store.commit(&Batch { misconduct: rows, ..Batch::default() }).await.unwrap();
    assert_eq!(store.misconduct_of(jp).await.unwrap().len(), 1100, "each has its room, and no more");
    let fork = evidence("JP", &format!("kind fork\naccused JP\nlog {LOG}\nlarger AA==\n"), 5000);
    store.commit(&Batch { misconduct: vec![fork.clone()], ..Batch::default() }).await.unwrap();
    assert_eq!(store.misconduct_of(jp).await.unwrap().last(), Some(&fork));
}

pub(crate) async fn the_oldest_receipt_without_a_leaf_is_found_until_its_leaf_comes(store: &GatewayStore) {
    let digest = |of: i64| Digest::of(&[&of.to_be_bytes()]);
    let row = |at: i64| AwaitedRow { digest: digest(at).into(), channel: LOG.to_owned(), at, put_off: 0 };
    let came = |at: i64| (LOG.to_owned(), digest(at));
    let elsewhere = |at: i64| ("rogatory.internal/us/fr".to_owned(), digest(at));
    assert_eq!(store.oldest_awaited(LOG).await.unwrap(), None);
    store.commit(&Batch { awaited: vec![row(7), row(5), row(6)], ..Batch::default() }).await.unwrap();
    assert_eq!(store.oldest_awaited(LOG).await.unwrap(), Some(5));
    assert_eq!(store.oldest_awaited("rogatory.internal/fr/jp").await.unwrap(), None);
    assert_eq!(store.awaited_among(&[digest(6), digest(8)]).await.unwrap(), [row(6)]);
    store.commit(&Batch { leafed: vec![came(5), came(6), elsewhere(7)], ..Batch::default() }).await.unwrap();
    assert_eq!(store.oldest_awaited(LOG).await.unwrap(), Some(7), "a leaf in another log is none in this one");
    let again = |of: i64, at: i64| GivenAgain { digest: digest(of), at, given_until: at - 2 };
    store.commit(&Batch { given_again: vec![again(7, 8)], ..Batch::default() }).await.unwrap();
    assert_eq!(store.oldest_awaited(LOG).await.unwrap(), Some(7), "it was given just before");
    for (at, counts_from) in [(11, 11), (12, 11), (14, 14), (17, 17), (30, 17)] {
        store.commit(&Batch { given_again: vec![again(7, at), again(5, at)], ..Batch::default() }).await.unwrap();
        assert_eq!(store.oldest_awaited(LOG).await.unwrap(), Some(counts_from), "put off three times, at {at}");
    }
    store.commit(&Batch { leafed: vec![came(7)], ..Batch::default() }).await.unwrap();
    assert_eq!(store.oldest_awaited(LOG).await.unwrap(), None);
}

/// More than one statement asks for, and than three.
const MANY: u32 = 1_700;

pub(crate) async fn what_is_awaited_is_found_among_more_than_one_statement_asks_for_and_only_what_has_a_row(
    store: &GatewayStore,
) {
    let digest = |of: u32| Digest::of(&[&of.to_be_bytes()]);
    let row = |of: u32, at: i64| AwaitedRow { digest: digest(of).into(), channel: LOG.to_owned(), at, put_off: 0 };
    let all: Vec<Digest> = (0..MANY).map(digest).collect();
    assert_eq!(store.awaited_among(&all).await.unwrap(), []);
    let has_row = |of: &u32| of.is_multiple_of(3);
    let awaited: Vec<_> = (0..MANY).filter(has_row).map(|of| row(of, 5)).collect();
    store.commit(&Batch { awaited: awaited.clone(), ..Batch::default() }).await.unwrap();
    // Written again, with another moment, and beside some that are new: what is there stays as it is.
    let again: Vec<_> =
        (0..MANY).filter(|of| of.is_multiple_of(6) || of.is_multiple_of(7)).map(|of| row(of, 9)).collect();
    store.commit(&Batch { awaited: again, ..Batch::default() }).await.unwrap();
    let expected = |of: u32| match (has_row(&of), of % 7) {
        (true, _) => Some(row(of, 5)),
        (false, 0) => Some(row(of, 9)),
        (false, _) => None,
    };
    let sorted = |mut rows: Vec<AwaitedRow>| {
        rows.sort_unstable_by_key(|row| *row.digest);
        rows
    };
    let found = store.awaited_among(&all).await.unwrap();
    assert_eq!(sorted(found), sorted((0..MANY).filter_map(expected).collect()));
    // At the edges of what one statement asks for.
    for count in [511, 512, 513, 1_024, 1_025] {
        let found = store.awaited_among(&all[..count]).await.unwrap();
        let edge = u32::try_from(count).unwrap();
        assert_eq!(sorted(found), sorted((0..edge).filter_map(expected).collect()), "{count}");
    }
    let leafed: Vec<_> = (0..MANY).filter(|of| *of != 1_500).map(|of| (LOG.to_owned(), digest(of))).collect();
    store.commit(&Batch { leafed, ..Batch::default() }).await.unwrap();
    assert_eq!(store.awaited_among(&all).await.unwrap(), [row(1_500, 5)]);
}

pub(crate) async fn receipts_and_leaves_on_more_entries_than_one_statement_asks_for_are_all_found(
    store: &GatewayStore,
) {
    let kinds = [ReceiptKind::SubmissionRejection, ReceiptKind::Delivery, ReceiptKind::Retrieval];
    let kept = |entry: u32, kind: ReceiptKind| NewReceipt {
        entry: entry_id(entry),
        kind,
        bytes: blob(&format!("{entry} {kind:?}")),
        at: i64::from(entry),
        leaf: (kind == ReceiptKind::Delivery).then_some(i64::from(entry)),
    };
    let receipts: Vec<_> = (0..MANY).flat_map(|entry| kinds.map(|kind| kept(entry, kind))).collect();
    let leaves = (0..MANY).map(|entry| leaf(LOG, i64::from(entry), entry, false)).collect();
    store.commit(&Batch { receipts: receipts.clone(), leaves, ..Batch::default() }).await.unwrap();
    // The same again changes nothing.
    store.commit(&Batch { receipts, ..Batch::default() }).await.unwrap();
    let ids: Vec<_> = (0..MANY).rev().map(entry_id).collect();
    let entries = |rows: Vec<ReceiptRow>| rows.into_iter().map(|row| *row.entry_id).collect::<Vec<_>>();
    let in_order: Vec<_> = (0..MANY).map(entry_id).collect();
    let delivered = store.receipts_by_kind(&ids, &[ReceiptKind::Delivery]).await.unwrap();
    assert_eq!(entries(delivered), in_order, "the oldest first, whatever the order in which it is asked");
    assert_eq!(entries(store.rejections_of(&ids).await.unwrap()), in_order);
    let mut places: Vec<_> = store.leaves_among(LOG, &ids).await.unwrap().iter().map(|row| row.idx).collect();
    places.sort_unstable();
    assert_eq!(places, (0..i64::from(MANY)).collect::<Vec<_>>());
    // Page by page, backwards, none twice and none left out.
    let (mut before, mut seen) = (i64::MAX, 0);
    loop {
        let page = store.receipts_before(before, 512).await.unwrap();
        assert!(page.iter().all(|row| row.id < before) && page.is_sorted_by(|one, next| one.id > next.id));
        let Some(last) = page.last() else { break };
        (before, seen) = (last.id, seen + page.len());
    }
    assert_eq!(seen, 3 * MANY as usize);
}

pub(crate) async fn a_second_word_on_a_retrieval_is_a_conflict_and_nothing_is_written(store: &GatewayStore) {
    let word =
        |entry: u32, kind, bytes| NewReceipt { entry: entry_id(entry), kind, bytes: blob(bytes), at: 1, leaf: None };
    let told = |receipts: &[NewReceipt]| Batch { receipts: receipts.to_vec(), ..Batch::default() };
    let first = word(0, ReceiptKind::Retrieval, "opened");
    for _ in 0..2 {
        store.commit(&told(std::slice::from_ref(&first))).await.unwrap();
    }
    let other = word(1, ReceiptKind::NonRetrieval, "it lies");
    for kind in [ReceiptKind::Retrieval, ReceiptKind::NonRetrieval] {
        let late = store.commit(&told(&[other.clone(), word(0, kind, "opened later")])).await;
        assert!(matches!(late, Err(StoreError::Conflict(_))));
    }
    let both = [entry_id(0), entry_id(1)];
    assert_eq!(store.receipts_by_kind(&both, &ReceiptKind::ALL).await.unwrap().len(), 1);
    store.commit(&told(&[other])).await.unwrap();
    assert_eq!(store.receipts_by_kind(&both, &ReceiptKind::ALL).await.unwrap().len(), 2);
}

pub(crate) async fn entries_whose_time_is_over_and_that_nobody_opened_are_found_in_its_order_page_by_page(
    store: &GatewayStore,
) {
    let mut batch = Batch::default();
    // The second and the third end together; the sixth is not over; the fourth was opened, the fifth could not be; the seventh is on its way.
    for (number, expires) in [(1, 500), (2, 400), (3, 400), (4, 300), (5, 300), (6, 901), (7, 300)] {
        plan(&mut batch, number);
        let row = batch.entries.last_mut().unwrap();
        let verdict = if number == 7 { Verdict::Pending } else { Verdict::Admitted };
        (row.expires, row.verdict) = (expires, verdict.into());
    }
    for (entry, kind) in [(4, ReceiptKind::Retrieval), (5, ReceiptKind::NonRetrieval), (1, ReceiptKind::Delivery)] {
        let bytes = blob(&format!("{kind:?}"));
        batch.receipts.push(NewReceipt { entry: entry_id(entry), kind, bytes, at: 1, leaf: None });
    }
    store.commit(&batch).await.unwrap();
    let (mut behind, mut found) = ((i64::MIN, entry_id(0)), Vec::new());
    while let Some(one) = store.unretrieved(behind, 900, 1).await.unwrap().pop() {
        behind = (one.expires, one.entry);
        found.push((one.entry, one.expires, one.sender.to_string()));
    }
    let expected = [(2, 400), (3, 400), (1, 500)].map(|(n, expires)| (entry_id(n), expires, "JP:central".to_owned()));
    assert_eq!(found, expected);
    assert_eq!(store.unretrieved((i64::MIN, entry_id(0)), 900, 9).await.unwrap().len(), 3);
}

pub(crate) async fn what_refused_an_entry_is_found_among_all_that_is_kept_and_the_newest_are_read_backwards(
    store: &GatewayStore,
) {
    let kept = |entry: u32, kind: ReceiptKind, at: i64| NewReceipt {
        entry: entry_id(entry),
        kind,
        bytes: blob(&format!("{entry} {kind:?}")),
        at,
        leaf: None,
    };
    let all: Vec<_> = (0..40)
        .flat_map(|entry| {
            ReceiptKind::ALL
                .into_iter()
                .filter(|kind| *kind != ReceiptKind::NonRetrieval)
                .map(move |kind| (entry, kind))
        })
        .collect();
    let receipts = all.iter().zip(0..).map(|((entry, kind), at)| kept(*entry, *kind, at)).collect();
    store.commit(&Batch { receipts, ..Batch::default() }).await.unwrap();
    let asked: Vec<_> = [3, 7, 99].map(entry_id).into();
    let found = store.rejections_of(&asked).await.unwrap();
    let found: Vec<_> = found.iter().map(|row| (*row.entry_id, *row.kind)).collect();
    let (own, other) = (ReceiptKind::SubmissionRejection, ReceiptKind::RelayRejection);
    assert_eq!(found, [3, 7].map(|entry| [(entry_id(entry), own), (entry_id(entry), other)]).concat());
    assert_eq!(store.rejections_of(&[]).await.unwrap(), []);
    let newest = store.receipts_before(i64::MAX, 100).await.unwrap();
    let rest = store.receipts_before(newest[99].id, 1000).await.unwrap();
    let moments: Vec<_> = newest.iter().chain(&rest).map(|row| row.at).collect();
    assert_eq!(moments, (0..320).rev().collect::<Vec<_>>());
}
