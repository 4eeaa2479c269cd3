//! What was shredded is in no file of the database any more.

use std::{fs, path::Path};

use store::{DatabaseUrl, Settings, desk::DeskStore};

use crate::conformance::desk::kept_and_shredded;

/// How often the files of a folder hold these bytes.
fn found(folder: &Path, bytes: &[u8]) -> usize {
    let files = fs::read_dir(folder).unwrap().map(|file| fs::read(file.unwrap().path()).unwrap());
    files.map(|file| file.windows(bytes.len()).filter(|window| *window == bytes).count()).sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_shredded_is_neither_in_the_file_nor_in_its_log() {
    let folder = tempfile::tempdir().unwrap();
    let url = DatabaseUrl::file(folder.path().join("store.db"));
    let store = DeskStore::open(&url, &Settings::default()).await.unwrap();
    // Longer than a page, so that it overflows into pages of its own.
    let body = "ciphertext of a record that is about somebody else; ".repeat(400);
    let wrapped = "the wrapped key of that record, as the safe keeps it";
    let (kept, gone) = kept_and_shredded(&body, wrapped);
    store.commit(&kept).await.unwrap();
    for text in [&body[..52], wrapped] {
        assert!(found(folder.path(), text.as_bytes()) > 0, "the test looks in the wrong place");
    }
    // It is in the file and in the log, and something is written behind it.
    store.forget().await.unwrap();
    store.commit(&gone).await.unwrap();
    store.forget().await.unwrap();
    for text in [&body[..52], wrapped] {
        assert_eq!(found(folder.path(), text.as_bytes()), 0, "{text}");
    }
    store.close().await.unwrap();
    for text in [&body[..52], wrapped] {
        assert_eq!(found(folder.path(), text.as_bytes()), 0, "{text}");
    }
}
