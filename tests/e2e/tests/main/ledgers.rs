//! The logs of two running gateways, as a stranger gets them.

use std::{collections::BTreeMap, fs, path::Path};

use serde_json::Value;

use crate::{
    bounded,
    pair::Pair,
    programs::{Answer, gateway},
    scribe::Scribe,
    state::State,
    until,
};

const LOG: &str = "rogatory.internal/jp/fr";

async fn export(state: &State, log: &str, out: &Path) -> Answer {
    let (dir, out) = (state.dir.to_str().unwrap(), out.to_str().unwrap());
    gateway(&["ledger", "export", "--dir", dir, log, "--out", out]).await
}

/// All files below a folder, by their path in it.
fn files(folder: &Path, below: &Path, found: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(below).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            files(folder, &entry, found);
        } else {
            let path = entry.strip_prefix(folder).unwrap().display().to_string();
            found.insert(path, fs::read(&entry).unwrap());
        }
    }
}

fn published(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    files(folder, folder, &mut found);
    found
}

/// Waits until both gateways have signed all that the log has.
async fn cosigned(pair: &Pair) -> u64 {
    until("the whole log is cosigned", 20, async || {
        let channel = pair.jp.channel("FR").await;
        let size = channel["ledger_size"].as_u64().filter(|size| *size > 0)?;
        (channel["ledger_cosigned"] == size).then_some(size)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn both_sides_publish_the_same_log_and_what_is_published_is_never_contradicted() {
    bounded(async {
        let pair = Pair::own().await;
        Scribe::at(&pair.fr).await.invite(2).await;
        let mut desk = Scribe::at(&pair.jp).await;
        desk.open_case(&pair.fr.authority("central")).await;
        let size = cosigned(&pair).await;
        let folder = tempfile::tempdir().unwrap();
        let [home, peer] = ["home", "peer"].map(|name| folder.path().join(name));

        let told: Value = export(&pair.jp, "FR", &home).await.done();
        assert_eq!((told["log"].as_str(), told["size"].as_u64()), (Some(LOG), Some(size)));
        assert_eq!(told["verifier_keys"].as_array().unwrap().len(), 2);
        export(&pair.fr, LOG, &peer).await.done();
        let first = published(&home);
        assert_eq!(first, published(&peer));
        assert!(first.contains_key("checkpoint"));
        assert!(first.contains_key(&format!("tile/0/000.p/{size}")));
        assert!(first.contains_key(&format!("tile/entries/000.p/{size}")));

        desk.open_case(&pair.fr.authority("central")).await;
        let more = cosigned(&pair).await;
        assert!(more > size);
        let told = export(&pair.jp, "FR", &home).await.done();
        assert_eq!((told["size"].as_u64(), told["files_written"].as_u64()), (Some(more), Some(2)));
        let second = published(&home);
        for (path, bytes) in first.iter().filter(|(path, _)| *path != "checkpoint") {
            assert_eq!(second.get(path), Some(bytes), "{path} is immutable");
        }

        // A log that is not there, and a folder that was altered.
        assert!(export(&pair.jp, "rogatory.internal/fr/jp", &home).await.failed(4).contains("checkpoint"));
        let altered = home.join(format!("tile/0/000.p/{more}"));
        fs::write(&altered, [0; 32].repeat(more as usize)).unwrap();
        fs::write(home.join("checkpoint"), &first["checkpoint"]).unwrap();
        assert!(export(&pair.jp, "FR", &home).await.failed(9).contains("do not lead"));
    })
    .await;
}
