//! deploy/AUDITOR.md, as it stands there, over a case that two states played: with unzip, sha256sum, OpenSSL, Python and Debian's Go.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use crate::{bounded, evidence::received, stage::Side};

const PAGE: &str = include_str!("../../../../deploy/AUDITOR.md");

/// The blocks of the page: the shell's, one after the other, and files by their names.
fn blocks() -> (String, Vec<(&'static str, String)>) {
    let (mut shell, mut files) = (String::new(), Vec::new());
    for block in PAGE.split("\n```").skip(1).step_by(2) {
        let (info, text) = block.split_once('\n').unwrap();
        match info.split_once(' ') {
            Some((_, name)) => files.push((name, format!("{text}\n"))),
            None if info == "sh" => {
                assert!(
                    text.starts_with("set -Eeuo pipefail\n"),
                    "pasted as printed, a block must stop at a failure: {text}"
                );
                shell.push_str(&format!("{text}\n"));
            }
            None => panic!("a block of {info} that nobody runs"),
        }
    }
    (shell, files)
}

/// One of its files.
pub(crate) fn file(name: &str) -> String {
    blocks().1.into_iter().find(|(named, _)| *named == name).unwrap().1
}

/// What somebody sees who does what the page says.
pub(crate) fn said(done: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr))
}

/// Does in `folder` what the page says.
pub(crate) fn follow(folder: &Path, case: &Path, roots: [&Path; 2], tsa: Option<&Path>) -> Output {
    let (shell, files) = blocks();
    fs::create_dir(folder).unwrap();
    for (name, text) in files {
        fs::write(folder.join(name), text).unwrap();
    }
    // The COSE library, as the page installs it.
    let path = env::join_paths([library()].into_iter().chain(env::split_paths(&env::var_os("PATH").unwrap()))).unwrap();
    let environment = [("CASE", case), ("HOME_ROOT", roots[0]), ("PEER_ROOT", roots[1])];
    Command::new("bash")
        .args(["-c", &shell])
        .current_dir(folder)
        .envs(environment)
        .envs([("HOME_PARTY", "JP"), ("PEER_PARTY", "FR")])
        .envs(tsa.map(|tsa| ("TSA", tsa)))
        .env("PATH", path)
        .output()
        .unwrap()
}

/// Where the Python is that has the COSE library of the page.
fn library() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/python/bin")
}

#[tokio::test]
async fn the_auditors_page_proves_a_case_with_nothing_of_ours() {
    for program in ["unzip", "sha256sum", "openssl", "python3", "go"] {
        let there = Command::new("sh").args(["-c", &format!("command -v {program}")]).output().unwrap();
        assert!(there.status.success(), "the page needs {program}: apt-get install unzip openssl python3 golang");
    }
    assert!(
        library().join("python3").is_file(),
        "make it: python3 -m venv target/python && target/python/bin/pip install scitt-cose==0.5.0"
    );
    bounded(async {
        let play = received().await;
        let case = play.export(Side::Jp, "jp.zip", &["--as", "central/officer-1"]).await;
        let folder = &play.stage.pair.jp.dir;
        let root = |state: &crate::state::State| state.dir.join("root/root.cert.pem");
        let (jp, fr) = (root(&play.stage.pair.jp), root(&play.stage.pair.fr));
        let done = follow(&folder.join("audit"), &case, [&jp, &fr], None);
        let said = said(&done);
        assert!(done.status.success(), "{said}");
        for expected in [
            "1: ",
            "2: fingerprint of FR",
            "2: JP had pinned this root of FR",
            "2: FR had pinned this root of JP",
            "3: exported by JP:central",
            "signatures hold",
            "officer JP:central officer-1 as central",
            "receipts hold, by the ledger keys of their states",
            "that both signed",
            "are the entries of the file, ",
            "8: epoch 1 from entry 000000: 2 desks, certified by FR and JP",
            "is central.fr.rogatory.internal",
        ] {
            assert!(said.contains(expected), "{expected}\n{said}");
        }
        assert!(said.contains(&play.stage.pair.fr.fingerprint.replace(' ', "")), "{said}");
        let other = follow(&folder.join("audit-of-another-root"), &case, [&fr, &jp], None);
        assert!(!other.status.success(), "with roots of other states it fails");
    })
    .await;
}
