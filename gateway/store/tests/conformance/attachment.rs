use std::collections::BTreeSet;

use model::{Digest, FileId};
use store::{
    desk::{AttachmentRow as DeskAttachmentRow, DeskStore},
    gateway::{AttachmentRow, Batch, GatewayStore, attachment_state as state},
};

use super::{authority, blob, case_id, entry_id, party};

fn file(number: u8) -> FileId {
    FileId::new([number; 16])
}

fn digest(number: u8) -> Digest {
    Digest::of(&[&[number]])
}

fn announced(case: u32, number: u8, bytes: i64) -> AttachmentRow {
    AttachmentRow {
        case_id: case_id(case).into(),
        file_id: file(number).into(),
        party: party("FR").into(),
        desk: Some(authority("FR:central").into()),
        digest: None,
        bytes,
        state: state::COMING,
        entry_id: None,
        at: 1_000,
        next_attempt: 1_000,
        attempts: 0,
        why: String::new(),
        look: 0,
    }
}

fn wanted(case: u32, number: u8, due: i64) -> AttachmentRow {
    AttachmentRow {
        desk: None,
        party: party("JP").into(),
        digest: Some(digest(number).into()),
        state: state::WANTED,
        entry_id: Some(entry_id(9).into()),
        next_attempt: due,
        ..announced(case, number, 50)
    }
}

pub(crate) async fn a_file_is_announced_once_and_named_by_an_entry_once_it_is_complete(store: &GatewayStore) {
    let row = announced(1, 1, 100);
    store.announce_attachment(&row).await.unwrap();
    store.announce_attachment(&AttachmentRow { bytes: 999, ..row.clone() }).await.unwrap();
    assert_eq!(store.attachment(case_id(1), file(1)).await.unwrap(), Some(row.clone()));
    assert!(store.attachments_complete(&[digest(1)]).await.unwrap().is_empty());
    store.complete_attachment(case_id(1), file(1), digest(1)).await.unwrap();
    let complete = store.attachments_complete(&[digest(1), digest(2)]).await.unwrap();
    assert_eq!(complete, BTreeSet::from([(case_id(1), digest(1), 100)]));
    let named = async || store.attachment_named(case_id(1), digest(1)).await.unwrap().and_then(|row| row.entry_id);
    assert_eq!(named().await, None);
    let batch = Batch { attached: vec![(case_id(1), digest(1), entry_id(1))], ..Batch::default() };
    store.commit(&batch).await.unwrap();
    assert_eq!(named().await, Some(entry_id(1).into()));
    assert_eq!(store.attachment_named(case_id(2), digest(1)).await.unwrap(), None, "another case has none of it");
    store.commit(&Batch { detached: vec![entry_id(1)], ..Batch::default() }).await.unwrap();
    assert_eq!(named().await, None);
    let old = store.attachments_unnamed(1_001, 10).await.unwrap();
    assert_eq!(old.iter().map(|row| row.file_id.0).collect::<Vec<_>>(), [file(1)]);
    assert!(store.attachments_unnamed(1_000, 10).await.unwrap().is_empty());
    store.forget_attachment(case_id(1), file(1)).await.unwrap();
    assert_eq!(store.attachment(case_id(1), file(1)).await.unwrap(), None);
}

pub(crate) async fn what_files_weigh_is_counted_by_case_and_by_desk(store: &GatewayStore) {
    assert_eq!(store.attached_to_case(case_id(1)).await.unwrap(), 0);
    for row in [announced(1, 1, 100), announced(1, 2, 20), announced(2, 3, 3_000_000_000_000)] {
        store.announce_attachment(&row).await.unwrap();
    }
    store.commit(&Batch { attachments: vec![wanted(1, 4, 1_000)], ..Batch::default() }).await.unwrap();
    assert_eq!(store.attached_to_case(case_id(1)).await.unwrap(), 170);
    assert_eq!(store.attached_by_desk(&authority("FR:central")).await.unwrap(), 3_000_000_000_120);
    assert_eq!(store.attached_by_desk(&authority("FR:judicial")).await.unwrap(), 0);
}

pub(crate) async fn what_is_to_be_fetched_is_due_in_order_put_off_and_given_up(store: &GatewayStore) {
    let batch = Batch { attachments: vec![wanted(1, 1, 2_000), wanted(1, 2, 1_000)], ..Batch::default() };
    store.commit(&batch).await.unwrap();
    let due = async |now| {
        let rows = store.attachments_due(now, 10).await.unwrap();
        rows.iter().map(|row| row.file_id.0).collect::<Vec<_>>()
    };
    assert_eq!(due(2_000).await, [file(2), file(1)]);
    store.put_off_attachment(case_id(1), file(2), 5_000, "other bytes", false).await.unwrap();
    assert_eq!(due(2_000).await, [file(1)]);
    let row = store.attachment(case_id(1), file(2)).await.unwrap().unwrap();
    assert_eq!((row.attempts, row.why.as_str(), row.state), (1, "other bytes", state::WANTED));
    store.complete_attachment(case_id(1), file(1), digest(1)).await.unwrap();
    store.put_off_attachment(case_id(1), file(1), 9_000, "too late", true).await.unwrap();
    let row = store.attachment(case_id(1), file(1)).await.unwrap().unwrap();
    assert_eq!((row.state, row.why.as_str()), (state::COMPLETE, ""), "what is here is not given up");
    store.put_off_attachment(case_id(1), file(2), 9_000, "never", true).await.unwrap();
    assert!(due(10_000).await.is_empty());
    // The same entry again: what is known of its files stays.
    store.commit(&batch).await.unwrap();
    assert!(due(10_000).await.is_empty());
}

pub(crate) async fn files_of_a_case_that_moved_are_looked_at_and_of_no_other(store: &GatewayStore) {
    for row in [announced(1, 1, 1), announced(1, 2, 1), announced(2, 3, 1)] {
        store.announce_attachment(&row).await.unwrap();
    }
    let batch = Batch { attachments_looked_at: BTreeSet::from([case_id(1)]), ..Batch::default() };
    store.commit(&batch).await.unwrap();
    assert_eq!(store.attachments_to_look_at(1).await.unwrap().len(), 1);
    store.keep_attachment(case_id(1), file(2)).await.unwrap();
    let looked_at = store.attachments_to_look_at(10).await.unwrap();
    assert_eq!(looked_at.iter().map(|row| row.file_id.0).collect::<Vec<_>>(), [file(1)]);
}

pub(crate) async fn a_desk_keeps_one_key_for_a_file_of_a_case_and_forgets_it(store: &DeskStore) {
    let row = |hash: u8, at| DeskAttachmentRow {
        case_id: case_id(1).into(),
        hash: digest(hash).into(),
        file_id: file(hash).into(),
        manifest: blob("sealed manifest"),
        complete: 0,
        at,
    };
    store.begin_attachment(&row(1, 1_000)).await.unwrap();
    store.begin_attachment(&DeskAttachmentRow { file_id: file(9).into(), ..row(1, 2_000) }).await.unwrap();
    assert_eq!(store.attachment(case_id(1), digest(1)).await.unwrap(), Some(row(1, 1_000)), "whoever was first");
    assert_eq!(store.attachment(case_id(2), digest(1)).await.unwrap(), None);
    store.complete_attachment(case_id(1), digest(1), &blob("whole manifest")).await.unwrap();
    let whole = DeskAttachmentRow { manifest: blob("whole manifest"), complete: 1, ..row(1, 1_000) };
    assert_eq!(store.attachment(case_id(1), digest(1)).await.unwrap(), Some(whole));
    store.begin_attachment(&row(2, 3_000)).await.unwrap();
    store.begin_attachment(&row(3, 3_000)).await.unwrap();
    store.forget_attachment(case_id(1), digest(3)).await.unwrap();
    store.forget_attachments(2_000).await.unwrap();
    let there = async |hash| store.attachment(case_id(1), digest(hash)).await.unwrap().is_some();
    assert_eq!([there(1).await, there(2).await, there(3).await], [false, true, false]);
}
