use std::ops::RangeInclusive;

use model::{CaseId, Digest, EnvelopeDigest, HeaderDigest, Step, Verdict};
use store::{
    Blob, StoreError,
    desk::{
        AttemptRow, DeskBatch, DeskCaseRow, DeskEntryRow, DeskEntryVerdict, DeskStore, DraftRow, ErrandRow, MlsChange,
        NewDeskOutbox, NewEvent, OnceRow, PrivateKeyPackageRow, ProposalRow, RecordKeyRow, Shred, WebhookRow,
    },
};

pub(crate) use super::attachment::a_desk_keeps_one_key_for_a_file_of_a_case_and_forgets_it;
pub(crate) use super::exhibit::what_is_kept_for_a_notice_is_kept_once_and_goes_by_its_entry_its_case_or_its_time;
pub(crate) use super::leaf::where_another_leaf_stands_is_found_page_by_page_and_without_parties_that_are_away;
pub(crate) use super::listed::{
    a_case_that_changes_between_two_pages_is_on_one_of_them,
    a_list_is_read_page_by_page_each_case_and_draft_once_the_newest_first,
    an_agenda_is_read_page_by_page_each_open_clock_once,
    the_clocks_that_are_due_are_found_in_order_and_each_is_written_whole,
    what_officers_pledge_is_written_whole_and_deleted, who_follows_a_case_is_found_by_it,
};
use super::{authority, blob, case_id, entry_id, party};

const ALL: RangeInclusive<i16> = i16::MIN..=i16::MAX;

pub(super) fn draft(number: u32, version: i64) -> DraftRow {
    DraftRow {
        id: case_id(number).into(),
        body: blob(&format!("draft at {version}")),
        peer: party("FR").into(),
        created: 1_000,
        updated: 1_000 + version,
        version,
    }
}

pub(super) fn case(number: u32, version: i64) -> DeskCaseRow {
    DeskCaseRow {
        id: case_id(number).into(),
        role: 0,
        state: 1,
        whose: 1,
        calls_at: None,
        counterpart: authority("FR:central").into(),
        title: None,
        body: blob(&format!("case at {version}")),
        head: HeaderDigest::GENESIS.into(),
        created: 1_000,
        owes: 0,
        updated: 1_000 + version,
        version,
        fold: 1,
    }
}

fn entry(number: u32, case: u32) -> DeskEntryRow {
    DeskEntryRow {
        id: entry_id(number).into(),
        case_id: case_id(case).into(),
        seq: None,
        direction: 1,
        step: Step::OpenGroup.into(),
        header: blob("header"),
        body: None,
        envelope: EnvelopeDigest(Digest::of(&[&number.to_be_bytes()])).into(),
        verdict: Verdict::Pending.into(),
        receipt: None,
        at: 1_000,
    }
}

pub(super) fn proposal(number: u32, case: u32, state: i16) -> ProposalRow {
    ProposalRow {
        id: entry_id(number).into(),
        case_id: case_id(case).into(),
        header: blob("header"),
        body: blob("body"),
        signatures: blob(&format!("signatures {state}")),
        state,
        created: 1_000,
    }
}

fn outbox(number: u32, next_attempt: i64) -> NewDeskOutbox {
    NewDeskOutbox { entry_id: entry_id(number).into(), kind: 0, envelope: blob("wire"), attempts: 0, next_attempt }
}

pub(super) fn event(number: u32, at: i64) -> NewEvent {
    NewEvent { case_id: case_id(number).into(), kind: 2, at, entry_id: Some(entry_id(number).into()) }
}

fn mls(case: u32, key: &str, value: Option<&str>) -> MlsChange {
    MlsChange { case: case_id(case), key: blob(key), value: value.map(blob) }
}

pub(super) fn whole(number: u32) -> DeskBatch {
    let mut batch = DeskBatch::default();
    batch.put_case(case(number, 1), None);
    batch.entries.push(entry(number, number));
    batch.mls.push(mls(number, "tree", Some("secret")));
    batch.proposals.push(proposal(number + 50, number, 0));
    batch.outbox.push(outbox(number, 1_000));
    batch.cursors.insert("gateway".to_owned(), 17);
    batch.events.push(event(number, 1_000));
    batch
}

pub(crate) async fn what_a_desk_commits_is_read_back(store: &DeskStore) {
    let mut batch = whole(0);
    batch.put_draft(draft(1, 1), None);
    batch.verdicts.push(DeskEntryVerdict {
        id: entry_id(0),
        verdict: Verdict::Admitted,
        seq: Some(1),
        receipt: Some(blob("receipt")),
    });
    assert!(!store.commit(&batch).await.unwrap().repeated);
    assert_eq!(store.case(case_id(0)).await.unwrap(), Some(case(0, 1)));
    assert_eq!(store.case_page(&[1], None, 10).await.unwrap(), [case(0, 1)]);
    assert_eq!(store.case_page(&[2], None, 10).await.unwrap(), []);
    assert_eq!(store.case_counts().await.unwrap(), [(1, 1)]);
    assert_eq!(
        store.case_ids(CaseId::new([0; 16]), CaseId::new([0xff; 16]), 10).await.unwrap(),
        [case_id(0), case_id(1)]
    );
    assert_eq!(store.drafts().await.unwrap(), [draft(1, 1)]);
    let concluded =
        DeskEntryRow { seq: Some(1), verdict: Verdict::Admitted.into(), receipt: Some(blob("receipt")), ..entry(0, 0) };
    assert_eq!(store.entry(entry_id(0)).await.unwrap(), Some(concluded.clone()));
    assert_eq!(store.entries_of(case_id(0)).await.unwrap(), [concluded]);
    assert_eq!(store.mls_state(case_id(0)).await.unwrap(), [(blob("tree"), blob("secret"))]);
    assert_eq!(store.proposal(entry_id(50)).await.unwrap(), Some(proposal(50, 0, 0)));
    assert_eq!(store.cursor("gateway").await.unwrap(), 17);
    assert_eq!(store.cursor("other").await.unwrap(), 0);
    assert_eq!(store.due(ALL, 1_000, 10).await.unwrap()[0].envelope, blob("wire"));
    store.check().await.unwrap();
}

pub(crate) async fn a_repeated_desk_batch_changes_nothing(store: &DeskStore) {
    store.commit(&whole(0)).await.unwrap();
    let waiting = store.due(ALL, 1_000, 10).await.unwrap();
    store.commit(&DeskBatch { concluded: vec![waiting[0].id], ..DeskBatch::default() }).await.unwrap();
    assert!(store.commit(&whole(0)).await.unwrap().repeated);
    assert!(store.due(ALL, 9_999, 10).await.unwrap().is_empty());
    assert_eq!(store.events_after(0, 10).await.unwrap().len(), 1);

    let without_cases = DeskBatch { cases: Default::default(), ..whole(0) };
    store.commit(&without_cases).await.unwrap();
    assert_eq!(store.events_after(0, 10).await.unwrap().len(), 1);
    assert_eq!(store.entries_of(case_id(0)).await.unwrap().len(), 1);
}

pub(crate) async fn a_draft_that_moved_is_a_conflict_and_nothing_is_written(store: &DeskStore) {
    let mut first = DeskBatch::default();
    first.put_draft(draft(0, 1), None);
    store.commit(&first).await.unwrap();
    let mut second = DeskBatch::default();
    second.put_draft(draft(0, 2), Some(1));
    store.commit(&second).await.unwrap();

    let mut late = whole(3);
    late.put_draft(draft(0, 3), Some(1));
    assert!(matches!(store.commit(&late).await, Err(StoreError::Conflict(_))));
    assert_eq!(store.draft(case_id(0)).await.unwrap(), Some(draft(0, 2)));
    assert!(store.case(case_id(3)).await.unwrap().is_none());
    assert!(store.mls_state(case_id(3)).await.unwrap().is_empty());
    assert_eq!(store.cursor("gateway").await.unwrap(), 0);

    let mut half = whole(3);
    half.put_draft(draft(0, 2), Some(1));
    assert!(matches!(store.commit(&half).await, Err(StoreError::Conflict(_))), "a part was written before");

    // A draft becomes the case of the same id in one commit.
    let mut sent = whole(0);
    sent.drafts_done.push(case_id(0));
    store.commit(&sent).await.unwrap();
    assert!(store.draft(case_id(0)).await.unwrap().is_none());
    assert_eq!(store.case_ids(CaseId::new([0; 16]), CaseId::new([0xff; 16]), 10).await.unwrap(), [case_id(0)]);
}

pub(crate) async fn the_later_change_of_an_mls_value_wins(store: &DeskStore) {
    let changes = [
        mls(0, "a", Some("1")),
        mls(0, "a", Some("2")),
        mls(0, "b", Some("1")),
        mls(0, "b", None),
        mls(0, "c", None),
        mls(0, "d", Some("1")),
        mls(1, "d", Some("other case")),
    ];
    store.commit(&DeskBatch { mls: changes.to_vec(), ..DeskBatch::default() }).await.unwrap();
    assert_eq!(store.mls_state(case_id(0)).await.unwrap(), [(blob("a"), blob("2")), (blob("d"), blob("1"))]);
    let changes = vec![mls(0, "a", Some("3")), mls(0, "d", None), mls(0, "e", Some(""))];
    store.commit(&DeskBatch { mls: changes, ..DeskBatch::default() }).await.unwrap();
    assert_eq!(store.mls_state(case_id(0)).await.unwrap(), [(blob("a"), blob("3")), (blob("e"), blob(""))]);
    assert_eq!(store.mls_state(case_id(1)).await.unwrap(), [(blob("d"), blob("other case"))]);
}

pub(crate) async fn a_used_key_package_has_no_private_keys(store: &DeskStore) {
    let package = |number: u8, expires| PrivateKeyPackageRow {
        hash: Digest::of(&[&[number]]).into(),
        private: blob("private"),
        added: 1_000,
        expires,
        used_at: None,
        case_id: None,
    };
    let key_packages = vec![package(1, 5_000), package(2, 4_000), package(3, 2_000)];
    store.commit(&DeskBatch { key_packages: key_packages.clone(), ..DeskBatch::default() }).await.unwrap();
    let hash = |number: u8| Digest::of(&[&[number]]);
    assert_eq!(store.fresh_key_packages(3_000).await.unwrap(), [hash(2), hash(1)]);
    let used = DeskBatch { key_packages_used: vec![(hash(1), 3_000)], ..DeskBatch::default() };
    store.commit(&used).await.unwrap();
    let row = store.key_package(hash(1)).await.unwrap().unwrap();
    assert_eq!((row.private, row.used_at), (Blob::default(), Some(3_000)));
    assert_eq!(store.key_package_count(3_000).await.unwrap(), 1);
    store.commit(&DeskBatch { key_packages, ..DeskBatch::default() }).await.unwrap();
    assert_eq!(store.key_package(hash(1)).await.unwrap().unwrap().used_at, Some(3_000), "it stays used");
    assert_eq!(store.forget_key_packages(3_000).await.unwrap(), 1);
    assert!(store.key_package(hash(3)).await.unwrap().is_none());
}

pub(crate) async fn what_is_forgotten_after_a_restore_is_gone_and_errands_wait_in_order(store: &DeskStore) {
    let errand = |number: u32, due: i64| ErrandRow { case_id: case_id(number).into(), body: blob("wish"), due };
    let batch = DeskBatch {
        mls: vec![mls(1, "tree", Some("old")), mls(2, "tree", Some("other"))],
        errands: vec![errand(1, 900), errand(1, 700), errand(2, 600)],
        key_packages: vec![PrivateKeyPackageRow {
            hash: Digest::of(&[b"package"]).into(),
            private: blob("private"),
            added: 1,
            expires: 5_000,
            used_at: None,
            case_id: None,
        }],
        ..DeskBatch::default()
    };
    store.commit(&batch).await.unwrap();
    assert_eq!(store.mls_cases().await.unwrap(), [case_id(1), case_id(2)]);
    assert_eq!(store.errands_due(650, 9).await.unwrap(), [errand(2, 600)]);
    assert_eq!(store.next_errand().await.unwrap(), Some(600));
    let forgotten = DeskBatch {
        mls_forgotten: vec![case_id(1)],
        mls: vec![mls(1, "root", Some("new"))],
        key_packages_forgotten: true,
        errands_done: vec![case_id(2)],
        ..DeskBatch::default()
    };
    store.commit(&forgotten).await.unwrap();
    let state = store.mls_state(case_id(1)).await.unwrap();
    assert_eq!(state, [(blob("root"), blob("new"))], "what is written with it stays");
    assert_eq!(store.mls_state(case_id(2)).await.unwrap().len(), 1);
    assert_eq!(store.key_package_count(0).await.unwrap(), 0);
    assert_eq!(store.errand(case_id(1)).await.unwrap(), Some(errand(1, 700)));
    assert_eq!(store.errand(case_id(2)).await.unwrap(), None);
}

pub(crate) async fn proposals_and_outbox_end_in_one_commit(store: &DeskStore) {
    let mut batch = whole(0);
    batch.outbox.push(outbox(9, 500));
    batch.proposals.push(proposal(60, 0, 0));
    batch.proposals.push(proposal(60, 0, 1));
    store.commit(&batch).await.unwrap();
    assert_eq!(store.proposals(&[1]).await.unwrap(), [proposal(60, 0, 1)]);
    assert_eq!(store.proposals_of(case_id(0)).await.unwrap(), [proposal(50, 0, 0), proposal(60, 0, 1)]);
    assert_eq!(store.next_due(ALL).await.unwrap(), Some(500));
    let due = store.due(ALL, 700, 10).await.unwrap();
    store.retry_later(&[due[0].id], 3_000).await.unwrap();
    assert_eq!(store.next_due(ALL).await.unwrap(), Some(1_000));
    let all = store.due(ALL, 3_000, 10).await.unwrap();
    assert_eq!(all.iter().map(|row| row.attempts).collect::<Vec<_>>(), [0, 1]);

    let end = DeskBatch {
        proposals_done: vec![entry_id(50), entry_id(60)],
        concluded: all.iter().map(|row| row.id).collect(),
        ..DeskBatch::default()
    };
    store.commit(&end).await.unwrap();
    assert_eq!(store.proposals(&[]).await.unwrap(), []);
    assert_eq!(store.next_due(ALL).await.unwrap(), None);
}

pub(crate) async fn what_is_sent_by_two_tasks_waits_apart(store: &DeskStore) {
    let of_kind = |number, kind, next_attempt| NewDeskOutbox { kind, ..outbox(number, next_attempt) };
    let waiting = vec![of_kind(1, 0, 100), of_kind(2, -2, 200), of_kind(3, 17, 300), of_kind(4, -17, 400)];
    store.commit(&DeskBatch { outbox: waiting, ..DeskBatch::default() }).await.unwrap();
    let kinds = async |kinds: RangeInclusive<i16>| -> Vec<i16> {
        store.due(kinds, 1_000, 10).await.unwrap().iter().map(|row| row.kind).collect()
    };
    assert_eq!((kinds(0..=i16::MAX).await, kinds(i16::MIN..=-1).await), (vec![0, 17], vec![-2, -17]));
    assert_eq!(store.next_due(0..=i16::MAX).await.unwrap(), Some(100));
    assert_eq!(store.next_due(i16::MIN..=-1).await.unwrap(), Some(200));
}

pub(crate) async fn subjects_that_were_looked_up_are_counted_whatever_came_of_it(store: &DeskStore) {
    let attempt = |number: u32, outcome: &str, looked_up| AttemptRow {
        case_id: case_id(number).into(),
        measure: 1,
        entry_id: entry_id(number).into(),
        responder: "records".to_owned(),
        counterpart: authority(if number == 5 { "SG:central" } else { "FR:central" }).into(),
        at: 2_000,
        outcome: outcome.to_owned(),
        looked_up,
    };
    let attempts = vec![
        attempt(1, "answered", Some(1_000)),
        attempt(2, "nobody", Some(1_500)),
        attempt(3, "emergency", None),
        attempt(4, "answered", Some(999)),
        attempt(5, "", Some(1_000)),
    ];
    store.commit(&DeskBatch { attempts, ..DeskBatch::default() }).await.unwrap();
    let counted = async |who: Option<&str>| {
        let who = who.map(authority);
        store.looked_up_since("records", who.as_ref(), 1_000).await.unwrap()
    };
    assert_eq!((counted(None).await, counted(Some("FR:central")).await), (3, 2));
    assert_eq!(store.looked_up_since("others", None, 0).await.unwrap(), 0);
    // What is written again is not counted again.
    store
        .commit(&DeskBatch { attempts: vec![attempt(5, "answered", Some(1_000))], ..DeskBatch::default() })
        .await
        .unwrap();
    assert_eq!(counted(None).await, 3);
}

pub(crate) async fn those_who_watch_miss_no_event(store: &DeskStore) {
    assert_eq!(store.newest_event().await.unwrap(), 0);
    let events = (0..5).map(|number| event(number, 1_000)).collect();
    store.commit(&DeskBatch { events, ..DeskBatch::default() }).await.unwrap();
    let first = store.events_after(0, 2).await.unwrap();
    let rest = store.events_after(first[1].cursor, 10).await.unwrap();
    let seen: Vec<_> = first.iter().chain(&rest).map(|event| *event.case_id).collect();
    assert_eq!(seen, (0..5).map(case_id).collect::<Vec<_>>());
    assert_eq!(store.newest_event().await.unwrap(), rest[2].cursor);
}

fn once(client: i64, key: u8, answer: Option<&str>) -> OnceRow {
    OnceRow {
        client,
        key: Digest::of(&[&[key]]).into(),
        request: Digest::of(&[b"request"]).into(),
        subject: Some(blob("case")),
        answer: answer.map(blob),
        at: 1_000 + i64::from(key),
    }
}

pub(crate) async fn a_call_is_noted_with_what_it_changed_and_answered_once(store: &DeskStore) {
    let key = Digest::of(&[&[1]]);
    assert_eq!(store.once(7, key).await.unwrap(), None);
    let mut batch = whole(0);
    batch.once.push(once(7, 1, None));
    store.commit(&batch).await.unwrap();
    assert_eq!(store.once(7, key).await.unwrap(), Some(once(7, 1, None)));
    assert_eq!(store.once(8, key).await.unwrap(), None, "another client has keys of its own");
    // What is noted again leaves the first.
    let again = OnceRow { subject: None, ..once(7, 1, None) };
    store.commit(&DeskBatch { once: vec![again], ..DeskBatch::default() }).await.unwrap();
    assert_eq!(store.once(7, key).await.unwrap(), Some(once(7, 1, None)));
    store.answer_once(&OnceRow { subject: None, ..once(7, 1, Some("answer")) }).await.unwrap();
    assert_eq!(store.once(7, key).await.unwrap(), Some(once(7, 1, Some("answer"))));
    store.answer_once(&once(7, 2, Some("without a change"))).await.unwrap();
    assert_eq!(store.once_count(7).await.unwrap(), 2);
    assert_eq!(store.forget_once(1_002).await.unwrap(), 1);
    assert_eq!(store.once(7, key).await.unwrap(), None);
    assert_eq!(store.once_count(7).await.unwrap(), 1);
}

pub(crate) async fn a_batch_that_fails_notes_no_call(store: &DeskStore) {
    store.commit(&whole(0)).await.unwrap();
    let mut batch = DeskBatch::default();
    batch.put_case(case(0, 9), Some(8));
    batch.once.push(once(7, 1, None));
    assert!(matches!(store.commit(&batch).await, Err(StoreError::Conflict(_))));
    assert_eq!(store.once_count(7).await.unwrap(), 0);
}

fn webhook(id: &str, created: i64) -> WebhookRow {
    WebhookRow {
        id: id.to_owned(),
        body: blob("body"),
        created,
        cursor: 5,
        attempts: 0,
        next_attempt: 0,
        failing_since: None,
        disabled_at: None,
        delivered_at: None,
        said: String::new(),
    }
}

pub(crate) async fn a_webhook_is_noted_only_by_who_knows_how_far_it_is(store: &DeskStore) {
    let rows = vec![webhook("b", 2), webhook("a", 1)];
    store.commit(&DeskBatch { webhooks: rows, ..DeskBatch::default() }).await.unwrap();
    assert_eq!(store.webhooks().await.unwrap(), [webhook("a", 1), webhook("b", 2)]);
    let told = WebhookRow { cursor: 6, delivered_at: Some(9), said: "200".to_owned(), ..webhook("a", 1) };
    assert!(store.note_webhook(&told, 5).await.unwrap());
    assert!(!store.note_webhook(&webhook("a", 1), 5).await.unwrap(), "it was told meanwhile");
    assert_eq!(store.webhook("a").await.unwrap(), Some(told.clone()));
    let failing = WebhookRow { attempts: 3, failing_since: Some(10), disabled_at: Some(11), ..told };
    assert!(store.note_webhook(&failing, 6).await.unwrap());
    assert_eq!(store.webhook("a").await.unwrap(), Some(failing.clone()));
    store.commit(&DeskBatch { webhooks_done: vec!["a".to_owned()], ..DeskBatch::default() }).await.unwrap();
    assert!(!store.note_webhook(&failing, 6).await.unwrap(), "it is gone");
    assert_eq!(store.webhooks().await.unwrap(), [webhook("b", 2)]);
}

pub(crate) async fn old_events_are_forgotten_from_the_oldest_on_and_it_is_known_up_to_where(store: &DeskStore) {
    assert_eq!(store.forget_events(9_999).await.unwrap(), 0);
    let events = [100, 200, 300, 150].map(|at| event(u32::try_from(at).unwrap(), at)).to_vec();
    store.commit(&DeskBatch { events, ..DeskBatch::default() }).await.unwrap();
    let all = store.events_after(0, 10).await.unwrap();
    assert_eq!(store.forget_events(300).await.unwrap(), 2);
    assert_eq!(store.forgotten_events().await.unwrap(), all[1].cursor);
    assert_eq!(store.events_after(0, 10).await.unwrap(), all[2..]);
    // The newest is never forgotten.
    assert_eq!(store.forget_events(9_999).await.unwrap(), 1);
    assert_eq!(store.events_after(0, 10).await.unwrap(), all[3..]);
    assert_eq!(store.newest_event().await.unwrap(), all[3].cursor);
}

pub(crate) fn record_key(number: u32, wrapped: &str) -> RecordKeyRow {
    RecordKeyRow {
        entry_id: entry_id(number).into(),
        case_id: case_id(1).into(),
        wrapped: Some(blob(wrapped)),
        shredded: None,
        certificate: None,
    }
}

/// A batch with one body and its key, and one that shreds it.
pub(crate) fn kept_and_shredded(body: &str, wrapped: &str) -> (DeskBatch, DeskBatch) {
    let mut kept = DeskBatch::default();
    kept.put_case(case(1, 1), None);
    kept.entries.push(DeskEntryRow { body: Some(blob(body)), ..entry(1, 1) });
    kept.record_keys.push(record_key(1, wrapped));
    let mut gone = DeskBatch::default();
    gone.shreds.push(Shred { entry: entry_id(1), case: case_id(1), at: 2_000, certificate: entry_id(9) });
    (kept, gone)
}

pub(crate) async fn a_key_that_is_shredded_takes_its_body_with_it_and_is_never_written_again(store: &DeskStore) {
    let (kept, gone) = kept_and_shredded("sealed body", "wrapped key");
    store.commit(&kept).await.unwrap();
    // One from before there were keys of their own.
    let old =
        DeskBatch { entries: vec![DeskEntryRow { body: Some(blob("old")), ..entry(2, 1) }], ..DeskBatch::default() };
    store.commit(&old).await.unwrap();
    assert_eq!(store.record_key(entry_id(1)).await.unwrap(), Some(record_key(1, "wrapped key")));
    assert_eq!(store.record_key(entry_id(2)).await.unwrap(), None);
    let both = |at, certificate: u32| {
        let mut both = gone.clone();
        both.shreds.push(Shred { entry: entry_id(2), ..both.shreds[0].clone() });
        both.shreds.iter_mut().for_each(|one| (one.at, one.certificate) = (at, entry_id(certificate)));
        both
    };
    store.commit(&both(2_000, 9)).await.unwrap();
    store.forget().await.unwrap();
    store.commit(&both(3_000, 10)).await.unwrap();
    // A key that comes late, as in a batch that is tried again.
    store.commit(&DeskBatch { record_keys: vec![record_key(1, "wrapped key")], ..DeskBatch::default() }).await.unwrap();
    for number in [1, 2] {
        let row = store.record_key(entry_id(number)).await.unwrap().unwrap();
        let first = (None, Some(2_000), Some(entry_id(9).into()));
        assert_eq!((row.wrapped, row.shredded, row.certificate), first, "the first certificate counts");
        assert_eq!(store.entry(entry_id(number)).await.unwrap().unwrap().body, None);
    }
    assert_eq!(store.record_keys_of(case_id(1)).await.unwrap().len(), 2);
}
