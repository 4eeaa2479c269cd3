//! What goes out of a gateway: to other gateways by the outbox, to its desks by their streams, and the KeyPackages that it hands out for them.

use store::{
    Blob,
    gateway::{Acknowledgement, Batch, GatewayStore},
};

use super::{authority, blob, case_id, delivery, entry_id, outbox, party, plan};

pub(crate) async fn the_outbox_gives_what_is_due_in_order(store: &GatewayStore) {
    let mut batch = Batch::default();
    for (number, channel, next) in [(3, "FR", 500), (1, "FR", 300), (2, "DE", 400), (4, "FR", 900)] {
        batch.outbox.push(outbox(number, channel, next));
    }
    batch.outbox[1].expires = 600;
    store.commit(&batch).await.unwrap();
    assert_eq!(store.next_due().await.unwrap(), [(party("DE"), 400), (party("FR"), 300)]);
    let due = store.due(party("FR"), 500, 10).await.unwrap();
    let entries: Vec<_> = due.iter().map(|row| *row.entry_id).collect();
    assert_eq!(entries, [entry_id(3), entry_id(1)]);
    assert_eq!(store.due(party("FR"), 500, 1).await.unwrap().len(), 1);
    let expired = store.expired(600, 10).await.unwrap();
    assert_eq!(expired.iter().map(|row| *row.entry_id).collect::<Vec<_>>(), [entry_id(1)]);

    store.retry_later(&[due[0].id, due[1].id], 2_000, "its clock is behind").await.unwrap();
    assert!(store.due(party("FR"), 500, 10).await.unwrap().is_empty());
    let later = store.due(party("FR"), 2_000, 10).await.unwrap();
    assert_eq!(later.iter().map(|row| row.attempts).collect::<Vec<_>>(), [1, 1, 0]);
    let queued = store.queued(party("FR"), later[0].kind, 2).await.unwrap();
    let why: Vec<_> = queued.iter().map(|row| row.why.as_deref()).collect();
    assert_eq!(why, [Some("its clock is behind"), Some("its clock is behind")]);
    let of = store.queued_of(&[entry_id(4), entry_id(3), entry_id(99)], later[0].kind).await.unwrap();
    let of: std::collections::BTreeMap<_, _> = of.into_iter().map(|row| (*row.entry_id, row.why)).collect();
    assert_eq!((of.len(), &of[&entry_id(4)]), (2, &None));

    store.commit(&Batch { concluded: vec![due[0].id, due[1].id], ..Batch::default() }).await.unwrap();
    assert_eq!(store.outbox_depths().await.unwrap(), [(party("DE"), 1), (party("FR"), 1)]);
}

pub(crate) async fn a_stream_of_deliveries_is_taken_up_from_any_cursor(store: &GatewayStore) {
    let mut batch = Batch::default();
    for number in 0..5 {
        plan(&mut batch, number);
    }
    batch.deliveries.push(delivery(0, "JP:police"));
    let mut news = delivery(0, "JP:central");
    news.receipt = Some(blob("accepted"));
    batch.deliveries.push(news);
    let desk = authority("JP:central");
    assert_eq!(store.commit(&batch).await.unwrap().desks, [desk.clone(), authority("JP:police")].into());
    let all = store.deliveries_after(&desk, 0, 100).await.unwrap();
    assert_eq!(all.len(), 6);
    assert!(all.is_sorted_by(|a, b| a.cursor < b.cursor));
    assert_eq!(store.deliveries_after(&authority("JP:police"), 0, 100).await.unwrap().len(), 1);
    assert!(all[..5].iter().zip(0..).all(|(one, number)| one.entry_id == delivery(number, "JP:central").entry.into()));
    assert_eq!(all[5].receipt, Some(blob("accepted")));
    let page = store.deliveries_after(&desk, all[1].cursor, 2).await.unwrap();
    assert_eq!(page, all[2..4]);

    let ack = |desk, cursor, text| Acknowledgement { desk, cursor, ack: blob(text), at: 2_000 };
    assert!(!store.acknowledge(&ack(authority("JP:police"), all[0].cursor, "not mine")).await.unwrap());
    assert!(store.acknowledge(&ack(desk.clone(), all[0].cursor, "taken")).await.unwrap());
    assert!(!store.acknowledge(&ack(desk.clone(), all[0].cursor, "again")).await.unwrap());
    let acknowledgements = vec![ack(desk.clone(), all[1].cursor, "b"), ack(desk.clone(), all[2].cursor, "c")];
    store.commit(&Batch { acknowledgements, ..Batch::default() }).await.unwrap();
    assert_eq!(store.delivery_depths().await.unwrap(), [(desk.clone(), 3), (authority("JP:police"), 1)]);
    let again = store.deliveries_after(&desk, 0, 1).await.unwrap();
    assert_eq!((again[0].acknowledged_at, &again[0].ack), (Some(2_000), &Some(blob("taken"))));
}

pub(crate) async fn a_reader_of_deliveries_misses_none_of_two_writers(store: &GatewayStore) {
    let writers: Vec<_> = [0_u32, 1_000]
        .into_iter()
        .map(|from| {
            let store = store.clone();
            tokio::spawn(async move {
                for number in from..from + 40 {
                    let mut batch = Batch::default();
                    plan(&mut batch, number);
                    store.commit(&batch).await.unwrap();
                }
            })
        })
        .collect();
    let (mut cursor, mut seen) = (0, 0);
    while seen < 80 {
        let finished = writers.iter().all(tokio::task::JoinHandle::is_finished);
        let page = store.deliveries_after(&authority("JP:central"), cursor, 7).await.unwrap();
        assert!(!(finished && page.is_empty()), "a delivery was stepped over: {seen} of 80");
        seen += page.len();
        cursor = page.last().map_or(cursor, |delivery| delivery.cursor);
    }
    for writer in writers {
        writer.await.unwrap();
    }
}

pub(crate) async fn no_two_callers_claim_the_same_key_package(store: &GatewayStore) {
    let desk = authority("FR:central");
    let packages: Vec<_> = (0..20).map(|number| blob(&format!("package {number}"))).collect();
    let offered: Vec<_> = packages.iter().map(|package| (package.clone(), 9_000)).collect();
    assert_eq!(store.add_key_packages(&desk, &offered, 1_000).await.unwrap(), 20);
    assert_eq!(store.add_key_packages(&desk, &offered[..3], 1_001).await.unwrap(), 0);
    assert_eq!(store.key_package_count(&desk, 1_001).await.unwrap(), 20);
    assert_eq!(store.key_package_count(&desk, 9_000).await.unwrap(), 0, "what has ended is not counted");
    assert_eq!(store.claim_key_package(&desk, "JP", 9_000).await.unwrap(), None, "what has ended is not given out");
    assert_eq!(store.claim_key_package(&desk, "JP", 1_500).await.unwrap(), Some(packages[0].clone()));
    let claims: Vec<_> = (0..24)
        .map(|_| {
            let (store, desk) = (store.clone(), desk.clone());
            tokio::spawn(async move { store.claim_key_package(&desk, "JP", 2_000).await.unwrap() })
        })
        .collect();
    let mut taken: Vec<Blob> = vec![packages[0].clone()];
    for claim in claims {
        taken.extend(claim.await.unwrap());
    }
    taken.sort_by(|a, b| a.0.cmp(&b.0));
    let mut all = packages.clone();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(taken, all);
    assert_eq!(store.key_package_count(&desk, 2_000).await.unwrap(), 0);
    assert_eq!(store.add_key_packages(&desk, &offered, 3_000).await.unwrap(), 0, "none is offered twice");
    assert_eq!(store.claim_key_package(&authority("DE:central"), "JP", 1).await.unwrap(), None);
}

pub(crate) async fn a_gateway_knows_how_far_a_desk_was_and_takes_back_its_key_packages(store: &GatewayStore) {
    let (desk, other) = (authority("FR:central"), authority("FR:executing"));
    assert_eq!(store.sealed_count(&desk).await.unwrap(), 0);
    assert_eq!(store.acknowledged_cursor(&desk).await.unwrap(), 0);
    let mut batch = Batch::default();
    plan(&mut batch, 1);
    batch.marks.insert(desk.clone(), 7);
    store.commit(&batch).await.unwrap();
    let first = store.deliveries_after(&authority("JP:central"), 0, 1).await.unwrap().remove(0);
    let ack = Acknowledgement { desk: first.desk.0.clone(), cursor: first.cursor, ack: blob("ack"), at: 5 };
    store.acknowledge(&ack).await.unwrap();
    assert_eq!(store.acknowledged_cursor(&first.desk).await.unwrap(), first.cursor);
    store.commit(&Batch { marks: [(desk.clone(), 9)].into(), ..Batch::default() }).await.unwrap();
    assert_eq!((store.sealed_count(&desk).await.unwrap(), store.sealed_count(&other).await.unwrap()), (9, 0));
    assert_eq!(store.entries_from(case_id(1), 0, 9).await.unwrap(), [], "what has no place yet is not told");

    let packages = [blob("one"), blob("two")].map(|package| (package, 9_000));
    store.add_key_packages(&desk, &packages, 1).await.unwrap();
    store.add_key_packages(&other, &[(blob("three"), 9_000)], 1).await.unwrap();
    assert_eq!(store.withdraw_key_packages(&desk, 2).await.unwrap(), 2);
    assert_eq!(store.claim_key_package(&desk, "JP", 3).await.unwrap(), None);
    assert_eq!(store.key_package_count(&other, 3).await.unwrap(), 1);
}
