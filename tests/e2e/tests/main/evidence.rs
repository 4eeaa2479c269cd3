//! A case that two real states played, exported by both, and proved by somebody who has the two roots and nothing else.

use std::{fs, path::PathBuf};

use serde_json::Value;

use crate::{
    bounded,
    play::{ACTS, Play},
    programs::{Answer, gateway, program, run},
    stage::{Side, Stage},
};

/// A case whose records were released and confirmed, with nothing on its way.
pub(crate) async fn received() -> Play {
    received_on(Stage::open().await).await
}

/// The same on a stage that is there.
pub(crate) async fn received_on(stage: Stage) -> Play {
    let play = Play::draft(stage).await;
    for act in &ACTS[..8] {
        play.act(act).await;
    }
    for (side, other) in [(Side::Jp, "FR"), (Side::Fr, "JP")] {
        crate::until("the ledger is cosigned", 20, async || {
            let channel = play.stage.state(side).channel(other).await;
            let still = channel["queued"] == 0 && channel["ledger_size"] == channel["ledger_cosigned"];
            still.then_some(())
        })
        .await;
    }
    play
}

impl Play {
    /// The section of who could read, from what a side exports and anybody proves.
    pub(crate) async fn readers(&self, side: Side, name: &str) -> Vec<String> {
        let (file, roots) = (self.export(side, name, &["--without-bodies"]).await, self.roots());
        let report = self.check("gateway", &file, &[&roots[0], &roots[1]]).await.done();
        assert!(report["report"]["holds"] == true, "{}", told(&report));
        let lines = |value: &Value| -> Option<Vec<String>> {
            let text = |line: &Value| line.as_str().map(str::to_owned);
            value.as_array().map(|lines| lines.iter().filter_map(text).collect())
        };
        let sections = report["report"]["proved"].as_array().unwrap().iter();
        let readers = sections.filter(|section| section["title"] == "Who could read");
        readers.filter_map(|section| lines(&section["lines"])).flatten().collect()
    }

    fn file(&self, name: &str) -> PathBuf {
        self.stage.pair.jp.dir.join(name)
    }

    /// Exports the case at the desk of a side.
    pub(crate) async fn export(&self, side: Side, name: &str, more: &[&str]) -> PathBuf {
        let file = self.file(name);
        let line = [&["case", "export", &self.case, "-o", file.to_str().unwrap()], more].concat();
        self.stage.desk(side, &line).await.done();
        file
    }

    /// What is proved of a file by the roots of both, a sentence in a line.
    pub(crate) async fn proved(&self, file: &std::path::Path) -> String {
        let roots = self.roots();
        let report = self.check("gateway", file, &[&roots[0], &roots[1]]).await.done();
        assert_eq!(report["report"]["holds"], true, "{}", told(&report));
        told(&report)
    }

    /// Checks a file with a program, and these roots.
    async fn check(&self, with: &str, file: &std::path::Path, roots: &[&str]) -> Answer {
        let roots = roots.iter().flat_map(|root| ["--root", root]);
        let line: Vec<&str> =
            ["--output", "json", "audit", "verify", file.to_str().unwrap()].into_iter().chain(roots).collect();
        run(&program(with), &line).await
    }

    /// The roots of both: one as a file, one as a fingerprint.
    pub(crate) fn roots(&self) -> [String; 2] {
        let root = self.stage.pair.jp.dir.join("root/root.cert.pem");
        [format!("JP={}", root.display()), format!("FR={}", self.stage.pair.fr.fingerprint)]
    }
}

fn told(report: &Value) -> String {
    serde_json::to_string_pretty(&report["report"]).unwrap()
}

#[tokio::test]
async fn a_case_is_exported_by_both_states_and_proved_with_their_two_roots_only() {
    bounded(async {
        let play = received().await;
        let roots = play.roots();
        let roots: Vec<&str> = roots.iter().map(String::as_str).collect();
        let jp = play.export(Side::Jp, "jp.zip", &["--as", "central/officer-1"]).await;
        let fr = play.export(Side::Fr, "fr.zip", &[]).await;
        for (file, with) in [(&jp, "desk"), (&jp, "gateway"), (&fr, "gateway")] {
            let report = play.check(with, file, &roots).await.done();
            let text = told(&report);
            assert!(report["report"]["holds"] == true, "{text}");
            for said in ["JP:central asked FR:central", "certified by ", "FR cosigned it", "permits it", "(2 officers)"]
            {
                assert!(text.contains(said), "{said}\n{text}");
            }
        }
        let report = play.check("desk", &jp, &roots).await.done();
        assert!(told(&report).contains("subscriber_info"), "what was received is opened: {}", told(&report));
        let shown = play.stage.show(Side::Jp, &play.case).await.unwrap();
        let opening = shown["openings"].as_array().unwrap().iter().find(|one| one["reason"] == "export");
        assert_eq!(opening.expect("an opening for the export is on record")["officer"], "officer-1", "{shown}");

        let both = [jp.to_str().unwrap(), fr.to_str().unwrap(), "--root", roots[0], "--root", roots[1]];
        let held = gateway(&[&["audit", "misconduct"], &both[..]].concat()).await.done();
        assert_eq!(held["misconduct"], serde_json::json!([]), "honest gateways give one word each");

        let bare = play.export(Side::Jp, "bare.zip", &["--without-bodies"]).await;
        let report = play.check("desk", &bare, &roots).await.done();
        assert!(report["report"]["holds"] == true && told(&report).contains("left out on demand"), "{}", told(&report));
        play.refuses(&jp, &roots).await;
    })
    .await;
}

impl Play {
    /// What is not proved is told by the exit code.
    async fn refuses(&self, file: &std::path::Path, roots: &[&str]) {
        let false_root = format!("JP={}", self.stage.pair.fr.fingerprint);
        let wrong = self.check("desk", file, &[&false_root, roots[1]]).await;
        assert_eq!(wrong.code, 9, "{}{}", wrong.out, wrong.err);
        let missing = self.check("gateway", file, &roots[..1]).await;
        assert_eq!(missing.code, 2, "{}{}", missing.out, missing.err);
        assert!(missing.err.contains("no root of FR"), "{}", missing.err);
        let mut bytes = fs::read(file).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        let altered = self.file("altered.zip");
        fs::write(&altered, &bytes).unwrap();
        let found = self.check("desk", &altered, roots).await;
        assert_eq!(found.code, 1, "{}{}", found.out, found.err);
        assert!(found.err.contains("altered after it was exported"), "{}", found.err);
    }
}
