use store::gateway::{Batch, CaseFileRow, GatewayStore};

use super::{case, case_id};

pub(crate) async fn cases_of_another_fold_are_found_page_by_page(store: &GatewayStore) {
    let mut batch = Batch::default();
    for (number, fold) in [(1, 0), (2, 1), (3, 0), (4, 2)] {
        batch.put_case(CaseFileRow { fold, ..case(number, 1) }, None);
    }
    store.commit(&batch).await.unwrap();
    let page = async |after| {
        let rows = store.case_folded_otherwise(1, after, 2).await.unwrap();
        rows.iter().map(|row| row.id.0).collect::<Vec<_>>()
    };
    assert_eq!(page(None).await, [case_id(1), case_id(3)]);
    assert_eq!(page(Some(case_id(3))).await, [case_id(4)]);
}
