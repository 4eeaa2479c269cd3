//! By which leaf a desk stands in the groups of its cases.

use model::PartyId;
use store::desk::{DeskBatch, DeskStore, LeafRow};

use super::{case_id, party};

pub(crate) async fn where_another_leaf_stands_is_found_page_by_page_and_without_parties_that_are_away(
    store: &DeskStore,
) {
    let row = |number: u32, mark: i64, party: &str| LeafRow {
        case_id: case_id(number).into(),
        mark,
        party: self::party(party).into(),
    };
    let rows = vec![row(1, 7, "FR"), row(2, -5, "FR"), row(3, 0, "US"), row(4, 9, "FR"), row(5, 7, "US")];
    store.commit(&DeskBatch { leaves: rows.clone(), ..DeskBatch::default() }).await.unwrap();
    let others = async |but: &[PartyId], after, limit| {
        let found = store.leaves_other_than(7, but, after, limit).await.unwrap();
        found.iter().map(|row| row.case_id.0).collect::<Vec<_>>()
    };
    assert_eq!(others(&[], None, 9).await, [case_id(2), case_id(3), case_id(4)]);
    assert_eq!(others(&[], None, 2).await, [case_id(2), case_id(3)]);
    assert_eq!(others(&[], Some((0, case_id(3))), 2).await, [case_id(4)]);
    assert_eq!(others(&[party("FR")], None, 9).await, [case_id(3)]);
    assert_eq!(store.leaves_other_than_count(7).await.unwrap(), 3);
    assert!(store.stands_by(9).await.unwrap() && !store.stands_by(8).await.unwrap());
    // It is renewed in one, another is over, and a third one is forgotten with its group.
    let batch = DeskBatch {
        leaves: vec![row(2, 7, "FR"), row(4, 7, "FR")],
        leaves_done: vec![case_id(4)],
        mls_forgotten: vec![case_id(3)],
        ..DeskBatch::default()
    };
    store.commit(&batch).await.unwrap();
    assert_eq!(store.leaves_other_than_count(7).await.unwrap(), 0);
    assert_eq!(store.leaf(case_id(2)).await.unwrap(), Some(row(2, 7, "FR")));
    assert_eq!(store.leaf(case_id(4)).await.unwrap(), None);
}
