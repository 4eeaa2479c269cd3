//! What happens when the storage fails.

use std::fs;

use model::{Denial, Fault};
use store::{
    DatabaseUrl, Settings, StoreError,
    desk::{DeskBatch, DeskStore, MlsChange},
    gateway::{Batch, GatewayStore},
};

use crate::{
    Place,
    conformance::{blob, case_id, entry_id, plan},
    postgres::Server,
};

fn one(number: u32) -> Batch {
    let mut batch = Batch::default();
    plan(&mut batch, number);
    batch
}

#[tokio::test]
async fn what_was_committed_is_there_after_a_restart() {
    let place = Place::folder();
    let store = place.gateway().await;
    store.commit(&one(0)).await.unwrap();
    store.close().await.unwrap();
    let store = place.gateway().await;
    assert!(store.commit(&one(0)).await.unwrap().repeated);
    assert!(store.entry(entry_id(0)).await.unwrap().is_some());
}

#[tokio::test]
async fn a_commit_is_durable_in_the_write_ahead_log_before_it_is_acknowledged() {
    let place = Place::folder();
    let store = place.gateway().await;
    store.commit(&one(0)).await.unwrap();
    // As after a crash: the files as they are now, under another roof, while the first owner still lives.
    let copy = tempfile::tempdir().unwrap();
    let Place::Folder(folder) = &place else { panic!("a folder") };
    for name in ["store.db", "store.db-wal"] {
        fs::copy(folder.path().join(name), copy.path().join(name)).unwrap();
    }
    let url = DatabaseUrl::file(copy.path().join("store.db"));
    let survivor = GatewayStore::open(&url, &Settings::default()).await.unwrap();
    assert!(survivor.entry(entry_id(0)).await.unwrap().is_some());
}

#[tokio::test]
async fn a_read_only_database_is_read_and_refuses_to_be_written() {
    let place = Place::folder();
    place.gateway().await.commit(&one(0)).await.unwrap();
    let url: DatabaseUrl = format!("{}?mode=ro", place.url()).parse().unwrap();
    let store = GatewayStore::open(&url, &Settings::default()).await.unwrap();
    assert!(store.entry(entry_id(0)).await.unwrap().is_some());
    let error = store.commit(&one(1)).await.unwrap_err();
    assert_eq!(error, StoreError::ReadOnly("attempt to write a readonly database".to_owned()));
    assert!(matches!(store.check().await, Err(StoreError::ReadOnly(_))));
    let denial = Denial::from(error);
    assert_eq!(denial.reason(), Fault::Storage.as_str());
    assert!(store.entry(entry_id(1)).await.unwrap().is_none());
}

#[tokio::test]
async fn a_check_writes_to_the_disk_and_changes_nothing() {
    let place = Place::folder();
    let store = place.gateway().await;
    let Place::Folder(folder) = &place else { panic!("a folder") };
    let log = folder.path().join("store.db-wal");
    let before = fs::metadata(&log).unwrap().len();
    store.check().await.unwrap();
    assert!(fs::metadata(&log).unwrap().len() > before, "a disk without room would not be found");
    store.close().await.unwrap();
    // All migrations are there as before: nothing is done again.
    place.gateway().await.check().await.unwrap();
}

#[tokio::test]
async fn a_full_disk_leaves_nothing_half_written() {
    let place = Place::folder();
    let settings = Settings { pages_max: Some(120), ..Settings::default() };
    let store = GatewayStore::open(&place.url(), &settings).await.unwrap();
    store.commit(&one(0)).await.unwrap();
    let mut large = Batch::default();
    for number in 1..2_000 {
        plan(&mut large, number);
    }
    let error = store.commit(&large).await.unwrap_err();
    assert_eq!(error, StoreError::Full("database or disk is full".to_owned()));
    assert!(store.case_files(&[case_id(1), case_id(2)]).await.unwrap().is_empty());
    assert!(store.entry(entry_id(1)).await.unwrap().is_none());
    assert_eq!(store.outbox_depths().await.unwrap().len(), 1);
    store.commit(&one(1)).await.unwrap();
    assert!(store.entry(entry_id(1)).await.unwrap().is_some(), "what fits is still taken");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_damaged() {
    let place = Place::folder();
    let Place::Folder(folder) = &place else { panic!("a folder") };
    fs::write(folder.path().join("store.db"), "this is not a database".repeat(500)).unwrap();
    let error = GatewayStore::open(&place.url(), &Settings::default()).await.unwrap_err();
    assert!(matches!(error, StoreError::Corrupt(_)), "{error:?}");
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_gone() {
    let url = DatabaseUrl::file("/nonexistent/store.db");
    let error = GatewayStore::open(&url, &Settings::default()).await.unwrap_err();
    assert!(matches!(error, StoreError::Gone(_)), "{error:?}");
}

#[tokio::test]
async fn a_desk_does_not_open_the_database_of_a_gateway() {
    let place = Place::folder();
    place.gateway().await.close().await.unwrap();
    let error = DeskStore::open(&place.url(), &Settings::default()).await.unwrap_err();
    assert!(matches!(error, StoreError::Other(_)), "{error:?}");
}

#[tokio::test]
async fn what_a_desk_deletes_is_overwritten_on_disk() {
    let place = Place::folder();
    let store = place.desk().await;
    let marker = "old epoch secret ".repeat(40);
    let set = |value| MlsChange { case: case_id(0), key: blob("epoch"), value };
    store.commit(&DeskBatch { mls: vec![set(Some(blob(&marker)))], ..DeskBatch::default() }).await.unwrap();
    store.commit(&DeskBatch { mls: vec![set(None)], ..DeskBatch::default() }).await.unwrap();
    store.close().await.unwrap();
    let Place::Folder(folder) = &place else { panic!("a folder") };
    let bytes = fs::read(folder.path().join("store.db")).unwrap();
    assert!(!bytes.windows(17).any(|window| window == b"old epoch secret "));
}

#[tokio::test]
async fn a_writer_that_waits_too_long_for_another_is_locked_out() {
    let place = Place::folder();
    let first = place.gateway().await;
    first.commit(&one(0)).await.unwrap();
    let other = sea_orm::Database::connect(place.url().to_string()).await.unwrap();
    sea_orm::ConnectionTrait::execute_unprepared(&other, "BEGIN IMMEDIATE").await.unwrap();
    let settings = Settings { wait_ms: 100, ..Settings::default() };
    // Opening reads only, so it succeeds beside the other writer.
    let second = GatewayStore::open(&place.url(), &settings).await.unwrap();
    let error = second.commit(&one(1)).await.unwrap_err();
    assert!(matches!(error, StoreError::Locked(_)), "{error:?}");
    sea_orm::ConnectionTrait::execute_unprepared(&other, "ROLLBACK").await.unwrap();
    second.commit(&one(1)).await.unwrap();
}

#[tokio::test]
async fn a_postgresql_that_only_reads_is_read_only() {
    let place = Place::server("only_reads").await;
    place.gateway().await.commit(&one(0)).await.unwrap();
    let Place::Server(server, _) = &place else { panic!("a server") };
    server.administer("ALTER DATABASE only_reads SET default_transaction_read_only = on").await;
    let store = GatewayStore::open(&place.url(), &Settings::default()).await.unwrap();
    let error = store.commit(&one(1)).await.unwrap_err();
    assert!(matches!(error, StoreError::ReadOnly(_)), "{error:?}");
    assert!(store.entry(entry_id(0)).await.unwrap().is_some());
}

#[tokio::test]
async fn a_postgresql_that_stopped_is_gone() {
    let server = Server::start();
    server.create_database("gone").await;
    let settings = Settings { wait_ms: 500, ..Settings::default() };
    let store = GatewayStore::open(&server.url("gone"), &settings).await.unwrap();
    store.commit(&one(0)).await.unwrap();
    drop(server);
    for _ in 0..3 {
        let error = store.commit(&one(1)).await.unwrap_err();
        assert!(matches!(error, StoreError::Gone(_)), "{error:?}");
    }
}
