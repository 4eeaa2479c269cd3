use std::collections::BTreeSet;

use model::{Digest, ReceiptKind, Refuser, RequestType, Step, SubjectTag, Verdict};
use store::{
    Blob, StoreError,
    gateway::{
        AskedRow, Batch, ChannelRow, CheckpointRow, Counted, DirectoryRow, EntryVerdict, GatewayStore, LeafRow,
        NewReceipt, NewRefusal, OpeningRow, ReleaseRow, TreeHashRow,
    },
};

pub(crate) use super::attachment::{
    a_file_is_announced_once_and_named_by_an_entry_once_it_is_complete,
    files_of_a_case_that_moved_are_looked_at_and_of_no_other, what_files_weigh_is_counted_by_case_and_by_desk,
    what_is_to_be_fetched_is_due_in_order_put_off_and_given_up,
};
pub(crate) use super::fold::cases_of_another_fold_are_found_page_by_page;
pub(crate) use super::heads::{
    heads_are_kept_once_and_found_with_who_cosigned_over_them, of_two_heads_for_one_place_a_witness_keeps_one,
    the_first_stamp_on_a_head_stays,
};
pub(crate) use super::ledger::{
    a_leaf_is_found_by_the_entry_that_it_names_or_by_the_receipts_of_the_entry,
    leaves_of_many_turns_are_read_in_any_range_and_by_their_numbers,
    leaves_that_are_told_again_in_other_turns_stay_and_another_one_among_them_is_a_conflict,
};
pub(crate) use super::misconduct::{
    a_second_word_on_a_retrieval_is_a_conflict_and_nothing_is_written,
    entries_that_were_refused_are_kept_by_their_envelopes_as_far_as_their_case_has_room,
    entries_whose_time_is_over_and_that_nobody_opened_are_found_in_its_order_page_by_page,
    evidence_is_kept_for_good_and_is_open_again_when_it_is_seen_again, no_heap_of_lies_takes_the_room_of_what_convicts,
    receipts_and_leaves_on_more_entries_than_one_statement_asks_for_are_all_found,
    the_oldest_receipt_without_a_leaf_is_found_until_its_leaf_comes,
    what_is_awaited_is_found_among_more_than_one_statement_asks_for_and_only_what_has_a_row,
    what_refused_an_entry_is_found_among_all_that_is_kept_and_the_newest_are_read_backwards,
};
pub(crate) use super::stream::{
    a_gateway_knows_how_far_a_desk_was_and_takes_back_its_key_packages,
    a_reader_of_deliveries_misses_none_of_two_writers, a_stream_of_deliveries_is_taken_up_from_any_cursor,
    no_two_callers_claim_the_same_key_package, the_outbox_gives_what_is_due_in_order,
};
use super::{PENDING, authority, blob, case, case_id, entry, entry_id, party, plan};

const LOG: &str = "rogatory/JP/FR";

fn whole(number: u32) -> Batch {
    let mut batch = Batch::default();
    plan(&mut batch, number);
    let hash = Digest::of(&[&number.to_be_bytes()]);
    batch.receipts.push(NewReceipt {
        entry: entry_id(number),
        kind: ReceiptKind::SubmissionAcceptance,
        bytes: blob("receipt"),
        at: 1_000,
        leaf: None,
    });
    batch.refusals.push(NewRefusal {
        at: 1_000,
        channel: "FR".to_owned(),
        code: "R92".to_owned(),
        entry_id: Some(entry_id(99).into()),
        step: Some(Step::SealSend.into()),
        by: Refuser::OwnGateway.into(),
    });
    batch.leaves.push(LeafRow {
        channel: LOG.to_owned(),
        idx: i64::from(number),
        hash: hash.into(),
        salt: Some(Digest::of(&[b"salt"]).into()),
        entry_id: Some(entry_id(number).into()),
        statement: blob("statement"),
    });
    batch.tree_hashes.push(TreeHashRow { channel: LOG.to_owned(), idx: i64::from(number), hash: hash.into() });
    batch.checkpoints.push(CheckpointRow {
        channel: LOG.to_owned(),
        size: i64::from(number) + 1,
        note: blob("note"),
        cosigned: None,
    });
    batch.asked.extend(asked(number, "stored_data", &[&[], &[1; 16]]));
    batch
}

fn asked(number: u32, request_type: &str, tags: &[&[u8]]) -> Vec<AskedRow> {
    let row = |tag: &&[u8]| AskedRow {
        entry_id: entry_id(number).into(),
        request_type: request_type.to_owned(),
        tag: Blob::from(*tag),
        requesting: party("JP").into(),
        requested: party("FR").into(),
        day: 20_000 + i64::from(number),
    };
    tags.iter().map(row).collect()
}

pub(crate) async fn requests_and_distinct_subjects_are_counted_by_direction_type_and_period(store: &GatewayStore) {
    let (one, two) = ([1; 16], [2; 16]);
    for number in 0..3 {
        store.commit(&whole(number)).await.unwrap();
    }
    let more = Batch { asked: asked(2, "preservation", &[&[], &one, &two]), ..Batch::default() };
    store.commit(&more).await.unwrap();
    store.commit(&more).await.unwrap();
    let kind = |name: &str| name.parse::<RequestType>().unwrap();
    let (stored, preserved) = (kind("stored_data"), kind("preservation"));
    let both = [preserved.clone(), stored.clone()];
    let counted = |request_types| Counted { requesting: party("JP"), requested: party("FR"), request_types };
    let of = |request_type| counted(std::slice::from_ref(request_type));
    assert_eq!(store.asked(of(&stored), 20_000..=20_002).await.unwrap(), (3, 1));
    assert_eq!(store.asked(of(&stored), 20_001..=20_001).await.unwrap(), (1, 1));
    assert_eq!(store.asked(of(&preserved), 20_000..=20_002).await.unwrap(), (1, 2));
    let back = Counted { requesting: party("FR"), requested: party("JP"), request_types: &both };
    assert_eq!(store.asked(back, 20_000..=20_002).await.unwrap(), (0, 0));
    // Together: the entry that asks for both types is one request, and a subject of both is one subject.
    assert_eq!(store.asked(counted(&both), 20_000..=20_002).await.unwrap(), (3, 2));
    let tags = [SubjectTag::new(one), SubjectTag::new(two)];
    assert_eq!(store.asked_about(counted(&both), 20_000..=20_002, &tags).await.unwrap(), BTreeSet::from(tags));
    assert_eq!(store.asked_about(of(&stored), 20_000..=20_002, &tags).await.unwrap(), BTreeSet::from([tags[0]]));
    assert_eq!(store.asked_about(of(&stored), 19_000..=19_999, &tags).await.unwrap(), BTreeSet::new());
    store.commit(&Batch { unasked: vec![entry_id(2)], ..Batch::default() }).await.unwrap();
    assert_eq!(store.asked(of(&stored), 20_000..=20_002).await.unwrap(), (2, 1));
    assert_eq!(store.asked(of(&preserved), 20_000..=20_002).await.unwrap(), (0, 0));
}

pub(crate) async fn what_is_committed_is_read_back(store: &GatewayStore) {
    let committed = store.commit(&whole(0)).await.unwrap();
    assert_eq!(committed.desks, [authority("JP:central")].into());
    assert!(!committed.repeated);
    assert_eq!(store.case_file(case_id(0)).await.unwrap().unwrap(), case(0, 1));
    assert_eq!(store.case_files(&[case_id(0), case_id(1)]).await.unwrap(), [case(0, 1)]);
    assert_eq!(store.entry(entry_id(0)).await.unwrap().unwrap(), entry(0, 0));
    assert_eq!(store.places_of(case_id(0)).await.unwrap(), []);
    assert_eq!(store.due(party("FR"), 1_000, 10).await.unwrap()[0].entry_id.0, entry_id(0));
    let receipts = store.receipts_of(entry_id(0)).await.unwrap();
    assert_eq!(
        (receipts.len(), &receipts[0].bytes, *receipts[0].kind),
        (1, &blob("receipt"), ReceiptKind::SubmissionAcceptance)
    );
    let refusals = store.refusals(10).await.unwrap();
    assert_eq!((refusals[0].code.as_str(), *refusals[0].by), ("R92", Refuser::OwnGateway));
    assert_eq!(store.leaves(LOG, 0, 10).await.unwrap(), whole(0).leaves);
    assert_eq!(store.leaves_among(LOG, &[entry_id(0)]).await.unwrap(), whole(0).leaves);
    assert_eq!(store.leaf_count(LOG).await.unwrap(), 1);
    let hash = Digest::of(&[&0_u32.to_be_bytes()]);
    assert_eq!(store.tree_hashes(LOG, &[5, 0, 0]).await.unwrap(), [None, Some(hash), Some(hash)]);
    assert_eq!(store.checkpoint(LOG).await.unwrap().unwrap().size, 1);
    assert!(store.case_file(case_id(1)).await.unwrap().is_none());
    assert!(store.entry(entry_id(1)).await.unwrap().is_none());
    store.check().await.unwrap();
}

pub(crate) async fn a_repeated_batch_changes_nothing(store: &GatewayStore) {
    store.commit(&whole(0)).await.unwrap();
    let first = store.deliveries_after(&authority("JP:central"), 0, 10).await.unwrap();
    let row = store.due(party("FR"), 1_000, 10).await.unwrap().remove(0);
    store.commit(&Batch { concluded: vec![row.id], ..Batch::default() }).await.unwrap();

    let again = store.commit(&whole(0)).await.unwrap();
    assert!(again.repeated);
    assert!(again.desks.is_empty());
    assert!(store.due(party("FR"), 9_999, 10).await.unwrap().is_empty(), "what was answered is not sent again");
    let stream = store.deliveries_after(&authority("JP:central"), 0, 10).await.unwrap();
    assert_eq!((stream.len(), stream), (1, first));
    assert_eq!(store.refusal_counts(0).await.unwrap(), [("R92".to_owned(), 1)]);
}

pub(crate) async fn a_plan_that_is_executed_again_changes_nothing(store: &GatewayStore) {
    store.commit(&whole(0)).await.unwrap();
    let without_cases = Batch { cases: Default::default(), ..whole(0) };
    let again = store.commit(&without_cases).await.unwrap();
    assert!(again.desks.is_empty());
    assert_eq!(store.due(party("FR"), 1_000, 10).await.unwrap().len(), 1);
    assert_eq!(store.receipts_of(entry_id(0)).await.unwrap().len(), 1);
    assert_eq!(store.refusals(10).await.unwrap().len(), 1);
    assert_eq!(store.leaf_count(LOG).await.unwrap(), 1);
}

pub(crate) async fn a_case_that_moved_is_a_conflict_and_nothing_is_written(store: &GatewayStore) {
    store.commit(&whole(0)).await.unwrap();
    let mut second = Batch::default();
    second.put_case(case(0, 2), Some(1));
    store.commit(&second).await.unwrap();

    for stale in [Some(1), None] {
        let mut late = whole(1);
        let mut moved = case(0, 5);
        moved.body = blob("late");
        late.put_case(moved, stale);
        assert!(matches!(store.commit(&late).await, Err(StoreError::Conflict(_))));
    }
    assert_eq!(store.case_file(case_id(0)).await.unwrap().unwrap(), case(0, 2));
    assert!(store.case_file(case_id(1)).await.unwrap().is_none());
    assert!(store.entry(entry_id(1)).await.unwrap().is_none());
    assert_eq!(store.outbox_depths().await.unwrap(), [(party("FR"), 1)]);
    assert_eq!(store.leaf_count(LOG).await.unwrap(), 1);

    let mut backwards = Batch::default();
    backwards.put_case(case(0, 2), Some(2));
    assert!(matches!(store.commit(&backwards).await, Err(StoreError::Other(_))));
}

pub(crate) async fn a_batch_that_is_half_there_is_a_conflict(store: &GatewayStore) {
    store.commit(&whole(0)).await.unwrap();
    let mut half = whole(0);
    plan(&mut half, 1);
    assert!(matches!(store.commit(&half).await, Err(StoreError::Conflict(_))));
    assert!(store.entry(entry_id(1)).await.unwrap().is_none());

    // Two plans of one case in one batch leave one row, which follows from what the first followed from.
    let mut two = Batch::default();
    two.put_case(case(0, 2), Some(1));
    two.put_case(case(0, 3), Some(2));
    store.commit(&two).await.unwrap();
    assert_eq!(store.case_file(case_id(0)).await.unwrap().unwrap(), case(0, 3));
}

pub(crate) async fn another_entry_under_a_used_id_is_a_conflict(store: &GatewayStore) {
    store.commit(&whole(0)).await.unwrap();
    let mut other = entry(0, 0);
    other.envelope = entry(5, 0).envelope;
    let batch = Batch { entries: vec![entry(1, 0), other], ..Batch::default() };
    assert!(matches!(store.commit(&batch).await, Err(StoreError::Conflict(_))));
    assert!(store.entry(entry_id(1)).await.unwrap().is_none());

    let orphan = Batch { entries: vec![entry(2, 77)], ..Batch::default() };
    assert!(matches!(store.commit(&orphan).await, Err(StoreError::Conflict(_))), "an entry needs its case");
}

pub(crate) async fn what_evidence_needs_is_found_by_case_and_party(store: &GatewayStore) {
    let under = |root: &[u8], version: i64, text: &str| DirectoryRow {
        party: party("FR").into(),
        root: Digest::of(&[root]).into(),
        version,
        toml: blob(text),
        signature: blob("signature"),
        seen: version,
    };
    let version = |version: i64, text: &str| under(b"the root", version, text);
    for row in [version(2, "two"), version(1, "one"), version(2, "another two")] {
        store.keep_directory(&row).await.unwrap();
    }
    assert_eq!(store.directories_of(party("FR")).await.unwrap(), [version(1, "one"), version(2, "two")]);
    assert_eq!(store.directories_of(party("JP")).await.unwrap(), []);
    // Another root counts its versions anew, and what the first one signed stays.
    let anew = DirectoryRow { seen: 3, ..under(b"another root", 1, "under another root") };
    store.keep_directory(&anew).await.unwrap();
    let all = [version(1, "one"), version(2, "two"), anew];
    assert_eq!(store.directories_of(party("FR")).await.unwrap(), all);
    // What was kept before roots were told apart is not kept twice.
    let unknown = DirectoryRow { root: Digest::new([0; 32]).into(), seen: 4, ..version(4, "of any root") };
    store.keep_directory(&unknown).await.unwrap();
    store.keep_directory(&DirectoryRow { seen: 5, ..version(4, "of any root") }).await.unwrap();
    assert_eq!(store.directories_of(party("FR")).await.unwrap().last(), Some(&unknown));
    let opening = |text: &str, seen: i64| OpeningRow {
        party: party("FR").into(),
        digest: Digest::of(&[text.as_bytes()]).into(),
        opening: blob(text),
        seen,
    };
    for row in [opening("two", 2), opening("one", 1), opening("two", 3)] {
        store.keep_opening(&row).await.unwrap();
    }
    assert_eq!(store.openings_of(party("FR")).await.unwrap(), [opening("one", 1), opening("two", 2)]);
    for number in 0..2 {
        store.commit(&whole(number)).await.unwrap();
    }
    assert_eq!(store.entries_unplaced(case_id(0)).await.unwrap(), [entry_id(0)]);
    let found = store.leaves_among(LOG, &[entry_id(1), entry_id(9)]).await.unwrap();
    assert_eq!(found.iter().map(|leaf| leaf.idx).collect::<Vec<_>>(), [1]);
    assert_eq!(store.leaves_among("another", &[entry_id(1)]).await.unwrap(), []);
}

pub(crate) async fn another_leaf_at_a_used_index_is_a_conflict(store: &GatewayStore) {
    store.commit(&whole(0)).await.unwrap();
    let mut fork = whole(1).leaves;
    fork[0].idx = 0;
    let batch = Batch { leaves: fork, ..Batch::default() };
    assert!(matches!(store.commit(&batch).await, Err(StoreError::Conflict(_))));

    let mut twice = whole(1).leaves;
    twice.extend(whole(2).leaves);
    twice[1].idx = 1;
    let batch = Batch { leaves: twice, ..Batch::default() };
    assert!(matches!(store.commit(&batch).await, Err(StoreError::Conflict(_))));
    assert_eq!(store.leaf_count(LOG).await.unwrap(), 1);
}

pub(crate) async fn a_verdict_keeps_what_it_does_not_say(store: &GatewayStore) {
    let mut batch = whole(0);
    batch.entries.push(entry(1, 0));
    let verdict = |number, verdict, seq, receipt: Option<&str>| EntryVerdict {
        id: entry_id(number),
        verdict,
        seq,
        receipt: receipt.map(blob),
    };
    batch.verdicts.push(verdict(0, Verdict::Pending, Some(7), Some("first")));
    store.commit(&batch).await.unwrap();
    let verdicts = vec![
        verdict(0, Verdict::Admitted, None, None),
        verdict(1, Verdict::Pending, Some(3), None),
        verdict(1, Verdict::Rejected, None, Some("no")),
    ];
    store.commit(&Batch { verdicts, ..Batch::default() }).await.unwrap();
    let mut entries = store.entries(&[entry_id(0), entry_id(1)]).await.unwrap();
    entries.sort_by_key(|entry| entry.seq);
    let seen: Vec<_> = entries.iter().map(|e| (*e.id, *e.verdict, e.seq, &*e.receipt)).collect();
    assert_eq!(
        seen,
        [
            (entry_id(1), Verdict::Rejected, Some(3), &b"no"[..]),
            (entry_id(0), Verdict::Admitted, Some(7), &b"first"[..]),
        ]
    );
    let mut places = store.places_of(case_id(0)).await.unwrap();
    places.sort_unstable();
    assert_eq!(places, [(entry_id(0), 7), (entry_id(1), 3)]);

    let unknown = Batch { verdicts: vec![verdict(9, Verdict::Admitted, None, None)], ..Batch::default() };
    assert!(matches!(store.commit(&unknown).await, Err(StoreError::Conflict(_))));
}

pub(crate) async fn a_thousand_plans_fit_in_one_batch(store: &GatewayStore) {
    let mut batch = Batch::default();
    for number in 0..1_201 {
        plan(&mut batch, number);
        batch.verdicts.push(EntryVerdict {
            id: entry_id(number),
            verdict: Verdict::Admitted,
            seq: Some(1),
            receipt: Some(blob("receipt")),
        });
        batch.leaves.extend(whole(number).leaves);
    }
    assert_eq!(store.commit(&batch).await.unwrap().desks, [authority("JP:central")].into());
    assert_eq!(store.deliveries_after(&authority("JP:central"), 0, 2_000).await.unwrap().len(), 1_201);
    assert!(store.commit(&batch).await.unwrap().repeated);
    let ids: Vec<_> = (0..1_201).map(entry_id).collect();
    let entries = store.entries(&ids).await.unwrap();
    assert_eq!(entries.len(), 1_201);
    assert!(entries.iter().all(|entry| *entry.verdict == Verdict::Admitted));
    let indexes: Vec<_> = store.due(party("FR"), 1_000, 2_000).await.unwrap().iter().map(|row| row.id).collect();
    store.commit(&Batch { concluded: indexes, ..Batch::default() }).await.unwrap();
    assert!(store.outbox_depths().await.unwrap().is_empty());
    assert!(store.commit(&Batch { leaves: batch.leaves, ..Batch::default() }).await.is_ok());
}

pub(crate) async fn a_status_counts_cases_and_refusals(store: &GatewayStore) {
    let mut batch = Batch::default();
    for number in 0..6 {
        let mut row = case(number, 1);
        row.state = i16::try_from(number % 2).unwrap();
        batch.put_case(row, None);
        batch.refusals.push(NewRefusal {
            at: i64::from(number),
            channel: "FR".to_owned(),
            code: if number < 4 { "R90" } else { "MALFORMED" }.to_owned(),
            entry_id: None,
            step: None,
            by: Refuser::PeerGateway.into(),
        });
    }
    store.commit(&batch).await.unwrap();
    assert_eq!(store.case_counts().await.unwrap(), [(0, 3), (PENDING, 3)]);
    assert_eq!(store.refusal_counts(1).await.unwrap(), [("MALFORMED".to_owned(), 2), ("R90".to_owned(), 3)]);
    let page = store.case_page(&[PENDING], None, 2).await.unwrap();
    assert_eq!(page.iter().map(|row| *row.id).collect::<Vec<_>>(), [case_id(1), case_id(3)]);
    let rest = store.case_page(&[PENDING], Some(case_id(3)), 2).await.unwrap();
    assert_eq!(rest.iter().map(|row| *row.id).collect::<Vec<_>>(), [case_id(5)]);
    assert_eq!(store.case_page(&[], None, 100).await.unwrap().len(), 6);
}

pub(crate) async fn a_cosignature_is_never_lost(store: &GatewayStore) {
    let at = |size, cosigned: Option<&str>| CheckpointRow {
        channel: LOG.to_owned(),
        size,
        note: blob("note"),
        cosigned: cosigned.map(blob),
    };
    for row in [at(3, None), at(3, Some("both")), at(3, None), at(8, None)] {
        store.commit(&Batch { checkpoints: vec![row], ..Batch::default() }).await.unwrap();
    }
    assert_eq!(store.checkpoint(LOG).await.unwrap(), Some(at(8, None)));
    assert_eq!(store.cosigned_checkpoint(LOG).await.unwrap(), Some(at(3, Some("both"))));
    assert_eq!(store.checkpoint_over(LOG, 2).await.unwrap(), Some(at(3, Some("both"))));
    assert_eq!(store.checkpoint_over(LOG, 3).await.unwrap(), Some(at(8, None)));
    assert_eq!(store.checkpoint("rogatory/FR/JP").await.unwrap(), None);
}

pub(crate) async fn a_channel_is_written_whole(store: &GatewayStore) {
    let mut channel = ChannelRow {
        party: party("FR").into(),
        endpoint: "gw.fr.rogatory.internal:7443".to_owned(),
        root: blob("certificate"),
        fingerprint: "ab:cd".to_owned(),
        state: 0,
        own_yes_at: Some(5),
        peer_yes: None,
        frozen_from: None,
        frozen_by: None,
        frozen_reason: None,
        directory: Some(blob("directory")),
        directory_signature: Some(blob("signature")),
        updated: 1,
        closed_at: None,
    };
    store.put_channel(&channel).await.unwrap();
    channel.state = 2;
    channel.directory = None;
    channel.updated = 2;
    channel.closed_at = Some(2);
    store.put_channel(&channel).await.unwrap();
    assert_eq!(store.channel(party("FR")).await.unwrap(), Some(channel.clone()));
    assert_eq!(store.channels().await.unwrap(), [channel]);
    assert!(store.remove_channel(party("FR")).await.unwrap());
    assert!(!store.remove_channel(party("FR")).await.unwrap());
}

pub(crate) async fn which_program_a_gateway_runs_is_kept_when_it_changes_and_only_so_often(store: &GatewayStore) {
    let run = |since: i64, program: &str| ReleaseRow {
        party: party("FR").into(),
        since,
        software: "rogatory".to_owned(),
        sha256: Digest::of(&[program.as_bytes()]).into(),
    };
    for row in [run(1, "one"), run(2, "one"), run(3, "two"), run(4, "one")] {
        store.keep_release(&row).await.unwrap();
    }
    let kept = store.releases_of(party("FR"), 9).await.unwrap();
    assert_eq!(kept, [run(4, "one"), run(3, "two"), run(1, "one")]);
    for since in 5..200 {
        store.keep_release(&run(since, &since.to_string())).await.unwrap();
    }
    let kept = store.releases_of(party("FR"), 999).await.unwrap();
    assert_eq!((kept.len(), kept[0].since), (64, 199), "who changes it all the time fills no disk");
    assert_eq!(store.releases_of(party("JP"), 9).await.unwrap(), []);
}
