use store::desk::{
    ClockEnd, ClockPage, ClockRow, DeskBatch, DeskCaseRow, DeskStore, DraftRow, LinkRow, Listed, PledgeRow,
};

use super::{
    case_id,
    desk::{case, draft, event, proposal, whole},
};

fn clock(case: u32, round: i64, next_at: Option<i64>) -> ClockRow {
    ClockRow {
        case_id: case_id(case).into(),
        measure: 1,
        kind: "decision".to_owned(),
        record: String::new(),
        round,
        course: "{}".to_owned(),
        fired: None,
        next_at,
        open: 1,
        due: next_at.unwrap_or(9_000) + 100,
        acting: 0,
    }
}

pub(crate) async fn the_clocks_that_are_due_are_found_in_order_and_each_is_written_whole(store: &DeskStore) {
    assert_eq!(store.next_clock().await.unwrap(), None);
    let other = ClockRow { record: "traffic_data".to_owned(), ..clock(1, 0, Some(300)) };
    let clocks = vec![clock(0, 0, Some(500)), clock(0, 1, Some(200)), clock(1, 0, None), other.clone()];
    store.commit(&DeskBatch { clocks, ..DeskBatch::default() }).await.unwrap();
    assert_eq!(store.next_clock().await.unwrap(), Some(200));
    assert_eq!(store.clocks_due(100, 10).await.unwrap(), []);
    assert_eq!(store.clocks_due(300, 10).await.unwrap(), [clock(0, 1, Some(200)), other.clone()]);
    assert_eq!(store.clocks_due(500, 2).await.unwrap(), [clock(0, 1, Some(200)), other]);

    let told = ClockRow { fired: Some("one_day_left".to_owned()), next_at: None, ..clock(0, 1, Some(200)) };
    let batch = DeskBatch { clocks: vec![told.clone()], events: vec![event(0, 7)], ..DeskBatch::default() };
    store.commit(&batch).await.unwrap();
    assert_eq!(store.next_clock().await.unwrap(), Some(300));
    assert_eq!(store.clocks_of(case_id(0)).await.unwrap(), [clock(0, 0, Some(500)), told.clone()]);
}

pub(crate) async fn an_agenda_is_read_page_by_page_each_open_clock_once(store: &DeskStore) {
    let mut batch = whole(0);
    batch.put_case(case(1, 1), None);
    batch.clocks = vec![clock(0, 0, Some(300)), clock(0, 1, Some(300)), clock(1, 0, Some(100)), clock(1, 1, Some(300))];
    batch.clocks.push(ClockRow { open: 0, ..clock(1, 2, Some(50)) });
    batch.clocks.push(ClockRow { acting: 2, ..clock(1, 3, Some(500)) });
    store.commit(&batch).await.unwrap();
    let which = ClockPage { from: 0, until: 9_999, kinds: &[], acting: &[0, 1, 2] };
    let (mut after, mut read) = (None, Vec::new());
    loop {
        let page = store.clocks_page(&which, after.as_ref(), 2).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(ClockEnd::from(last));
        read.extend(page.iter().map(|row| (row.due, row.case_id.0, row.round)));
    }
    let wanted = [(200, 1, 0), (400, 0, 0), (400, 0, 1), (400, 1, 1), (600, 1, 3)];
    assert_eq!(read, wanted.map(|(due, case, round)| (due, case_id(case), round)));
    let count = async |which: ClockPage<'_>| store.clocks_page(&which, None, 10).await.unwrap().len();
    assert_eq!(count(ClockPage { from: 201, until: 400, ..which }).await, 3);
    assert_eq!(count(ClockPage { acting: &[2], ..which }).await, 1);
    assert_eq!(count(ClockPage { kinds: &["no such clock".to_owned()], ..which }).await, 0);
    let over = store.cases_over(&["decision"], 9_999, 1).await.unwrap();
    assert_eq!(over, [case(1, 1)], "that of the first end first");
}

pub(crate) async fn a_list_is_read_page_by_page_each_case_and_draft_once_the_newest_first(store: &DeskStore) {
    let mut batch = DeskBatch::default();
    for number in 0..6 {
        let whose = if number % 2 == 0 { 2 } else { 3 };
        let calls_at = (number == 3).then_some(500);
        let created = 1_000 + i64::from(number / 2);
        batch.put_case(DeskCaseRow { whose, calls_at, created, ..case(number, 1) }, None);
    }
    batch.put_draft(draft(5, 1), None);
    batch.put_draft(DraftRow { created: 1_005, ..draft(7, 5) }, None);
    batch.proposals = vec![proposal(1, 1, 4)];
    store.commit(&batch).await.unwrap();
    let read = async |which: &Listed, limit: u64| -> Vec<u32> {
        let (mut after, mut read) = (None, Vec::new());
        loop {
            let page = store.listed(which, after, limit).await.unwrap();
            let Some(last) = page.last() else { return read };
            after = Some(*last);
            read.extend(page.iter().map(|place| (0..9).find(|number| case_id(*number) == place.id).unwrap()));
        }
    };
    let all = Listed { all: true, drafts: true, ..Listed::default() };
    assert_eq!(read(&all, 2).await, [7, 5, 4, 3, 2, 1, 0]);
    assert_eq!(read(&all, 100).await, [7, 5, 4, 3, 2, 1, 0]);
    let ours = Listed { whose: Some(2), calls_by: Some(500), proposed: Some(4), drafts: true, ..Listed::default() };
    assert_eq!(read(&ours, 1).await, [7, 5, 4, 3, 2, 1, 0]);
    assert_eq!(read(&Listed { whose: Some(2), ..Listed::default() }, 2).await, [4, 2, 0]);
    assert_eq!(read(&Listed { calls_by: Some(499), ..Listed::default() }, 2).await, [0_u32; 0]);
    assert_eq!(read(&Listed { all: true, states: vec![9], ..Listed::default() }, 2).await, [0_u32; 0]);
    let around = store.around(&[case_id(1), case_id(5), case_id(7)]).await.unwrap();
    assert_eq!((around.cases.len(), around.drafts.len(), around.proposals.len()), (2, 2, 1));
    assert_eq!(store.unlisted(None, 10).await.unwrap(), []);
}

pub(crate) async fn a_case_that_changes_between_two_pages_is_on_one_of_them(store: &DeskStore) {
    let mut batch = DeskBatch::default();
    (0..4).for_each(|number| batch.put_case(DeskCaseRow { owes: i16::from(number == 2), ..case(number, 1) }, None));
    store.commit(&batch).await.unwrap();
    let all = Listed { all: true, ..Listed::default() };
    let first = store.listed(&all, None, 2).await.unwrap();
    let by_id = store.case_page(&[1], None, 2).await.unwrap();
    let mut batch = DeskBatch::default();
    (0..4).for_each(|number| batch.put_case(DeskCaseRow { updated: 9_000, ..case(number, 2) }, Some(1)));
    store.commit(&batch).await.unwrap();
    let rest = store.listed(&all, first.last().copied(), 10).await.unwrap();
    let read: Vec<_> = first.iter().chain(&rest).map(|place| place.id).collect();
    assert_eq!(read, [3, 2, 1, 0].map(case_id));
    let rest = store.case_page(&[1], by_id.last().map(|row| row.id.0), 10).await.unwrap();
    let read: Vec<_> = by_id.iter().chain(&rest).map(|row| row.id.0).collect();
    assert_eq!(read, [0, 1, 2, 3].map(case_id));
    assert_eq!(store.cases_owing(10).await.unwrap(), [], "what is owed follows the newest version");
}

pub(crate) async fn what_officers_pledge_is_written_whole_and_deleted(store: &DeskStore) {
    let pledge = |text: &str, at| PledgeRow {
        case_id: case_id(0).into(),
        act: "remove FR:executing".to_owned(),
        body: text.as_bytes().to_vec().into(),
        at,
    };
    for row in [pledge("one", 1), pledge("two", 2)] {
        store.commit(&DeskBatch { pledges: vec![row.clone()], ..DeskBatch::default() }).await.unwrap();
        assert_eq!(store.pledge(case_id(0), &row.act).await.unwrap(), Some(row));
    }
    let act = pledge("", 0).act;
    assert_eq!(store.pledge(case_id(1), &act).await.unwrap(), None);
    let done = DeskBatch { pledges_done: vec![(case_id(0), act.clone())], ..DeskBatch::default() };
    store.commit(&done).await.unwrap();
    assert_eq!(store.pledge(case_id(0), &act).await.unwrap(), None);
}

pub(crate) async fn who_follows_a_case_is_found_by_it(store: &DeskStore) {
    let mut batch = whole(0);
    batch.put_case(case(1, 1), None);
    batch.put_case(case(2, 1), None);
    let link = |later: u32, earlier: u32| LinkRow { case_id: case_id(later).into(), earlier: case_id(earlier).into() };
    batch.links = vec![link(1, 0), link(2, 0), link(2, 1)];
    store.commit(&batch).await.unwrap();
    store.commit(&DeskBatch { links: vec![link(1, 0)], ..DeskBatch::default() }).await.unwrap();
    let mut following: Vec<_> =
        store.cases_following(&[case_id(0)], 10).await.unwrap().iter().map(|row| row.id.0).collect();
    following.sort_unstable();
    assert_eq!(following, [case_id(1), case_id(2)]);
    assert_eq!(store.cases_following(&[case_id(1), case_id(8)], 10).await.unwrap(), [case(2, 1)]);
}
