use store::desk::{DeskBatch, DeskStore, ExhibitRow};

use super::{blob, case_id, entry_id};

fn exhibit(entry: u32, case: u32, until: i64) -> ExhibitRow {
    let (body, wrapped) = (blob("sealed body"), blob("wrapped key"));
    ExhibitRow { entry_id: entry_id(entry).into(), case_id: case_id(case).into(), body, wrapped, until }
}

pub(crate) async fn what_is_kept_for_a_notice_is_kept_once_and_goes_by_its_entry_its_case_or_its_time(
    store: &DeskStore,
) {
    let exhibits = vec![exhibit(1, 1, 1_000), exhibit(2, 1, 2_000), exhibit(3, 2, 3_000)];
    store.commit(&DeskBatch { exhibits, ..DeskBatch::default() }).await.unwrap();
    let again = ExhibitRow { body: blob("another body"), ..exhibit(1, 1, 9_000) };
    store.commit(&DeskBatch { exhibits: vec![again], ..DeskBatch::default() }).await.unwrap();
    assert_eq!(store.exhibit(entry_id(1)).await.unwrap(), Some(exhibit(1, 1, 1_000)));
    let mut over = store.exhibits_over(2_000, 10).await.unwrap();
    over.sort_unstable();
    assert_eq!(over, [entry_id(1), entry_id(2)]);
    assert_eq!(store.exhibits_over(2_000, 1).await.unwrap().len(), 1);

    let one = DeskBatch { exhibits_done: vec![entry_id(1)], ..DeskBatch::default() };
    assert!(one.destroys() && !DeskBatch::default().destroys());
    store.commit(&one).await.unwrap();
    store.forget().await.unwrap();
    assert_eq!(store.exhibits_of(case_id(1)).await.unwrap(), [entry_id(2)]);
    let rest = DeskBatch { exhibits_forgotten: vec![case_id(1)], ..DeskBatch::default() };
    assert!(rest.destroys());
    store.commit(&rest).await.unwrap();
    assert_eq!(store.exhibit(entry_id(2)).await.unwrap(), None);
    assert_eq!(store.exhibits_of(case_id(2)).await.unwrap(), [entry_id(3)], "another case keeps its own");
}
