//! Files of any size beside records: they cross in pieces, go on after every cut, are held against what officers signed, and go with their records.

use std::{
    fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

use serde_json::Value;

use crate::{
    bounded,
    crooked::Crooked,
    play::{ACTS, Play},
    programs::Answer,
    stage::{Side, Stage, Victim},
    state::State,
    until,
};

const MIB: usize = 1024 * 1024;
/// What stands in each file, and what nobody between the desks may read.
const MARK: &[u8] = b"the harbour master's own ledger";

/// A file of so many bytes that no other one is like.
fn file(folder: &Path, name: &str, bytes: usize) -> PathBuf {
    let mut state = 0x2545_F491_4F6C_DD1D_u64 ^ bytes as u64;
    let mut content: Vec<u8> = Vec::with_capacity(bytes + 8);
    while content.len() < bytes {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        content.extend_from_slice(&state.to_le_bytes());
    }
    content.truncate(bytes);
    for at in (0..bytes.saturating_sub(MARK.len())).step_by(MIB) {
        content[at..at + MARK.len()].copy_from_slice(MARK);
    }
    let path = folder.join(name);
    fs::write(&path, content).unwrap();
    path
}

/// The pieces that a gateway keeps, of all its files, with the moments at which they were written.
fn pieces(state: &State) -> Vec<(PathBuf, SystemTime)> {
    fn walk(folder: &Path, found: &mut Vec<(PathBuf, SystemTime)>) {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let name = entry.file_name().into_string().unwrap();
            if path.is_dir() {
                walk(&path, found);
            } else if name.contains('-') && !name.contains('#') {
                found.push((path, entry.metadata().unwrap().modified().unwrap()));
            }
        }
    }
    let mut found = Vec::new();
    walk(&state.gateway_dir().join("attachments"), &mut found);
    found.sort();
    found
}

/// A case up to where records are released.
async fn accepted(stage: Stage) -> Play {
    let play = Play::draft(stage).await;
    for act in &ACTS[..5] {
        play.act(act).await;
    }
    play
}

impl Play {
    async fn try_at(&self, side: Side, words: &[&str]) -> Answer {
        self.stage.desk(side, words).await
    }

    /// Two officers of FR release the records with these files; waits until JP has it, unless it is refused.
    async fn released_with(&self, files: &[&Path]) -> Answer {
        let folder = self.stage.pair.jp.dir.display().to_string();
        let records = ["subscriber_info", "traffic_data"].map(|name| format!("{name}={folder}/{name}.json"));
        let mut last = None;
        for officer in ["central/officer-1", "central/officer-2"] {
            let mut words = vec!["produce", &self.case, "--as", officer];
            words.extend(records.iter().flat_map(|record| ["--record", record]));
            words.extend(files.iter().flat_map(|file| ["--attach", file.to_str().unwrap()]));
            let answer = self.try_at(Side::Fr, &words).await;
            if answer.code != 0 {
                return answer;
            }
            last = Some(answer);
        }
        until("the release has arrived", 30, async || {
            let shown = self.stage.show(Side::Jp, &self.case).await?;
            (shown["summary"]["state"] == "PRODUCED").then_some(())
        })
        .await;
        last.unwrap()
    }

    /// Fetches a file at JP.
    async fn fetch(&self, number: &str, out: &Path) -> Answer {
        let out = out.to_str().unwrap();
        let words = ["attachment", "fetch", &self.case, number, "--out", out, "--as", "central/officer-1"];
        self.try_at(Side::Jp, &words).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_larger_than_any_message_crosses_unread_and_goes_with_its_record() {
    bounded(async {
        let play = accepted(Stage::open().await).await;
        let [jp, fr] = [play.stage.pair.jp.clone(), play.stage.pair.fr.clone()];
        let large = file(&fr.dir, "statements.csv", 11 * MIB + 4321);
        let empty = file(&fr.dir, "empty.txt", 0);
        play.released_with(&[&large, &empty]).await.done();

        let listed = play.says(Side::Jp, "attachment list CASE --as central/officer-1").await;
        let titles: Vec<_> = listed["attachments"].as_array().unwrap().iter().map(|one| &one["title"]).collect();
        assert_eq!(titles, ["statements.csv", "empty.txt"]);
        assert!(!listed.to_string().contains("\"key\""), "a list shows no key: {listed}");
        assert_eq!(listed["attachments"][0]["media_type"], "text/csv");

        let out = jp.dir.join("statements.csv");
        play.fetch("1", &out).await.done();
        assert_eq!(fs::read(&out).unwrap(), fs::read(&large).unwrap());
        play.fetch("2", &jp.dir.join("empty.txt")).await.done();
        assert_eq!(fs::read(jp.dir.join("empty.txt")).unwrap(), Vec::<u8>::new());
        play.fetch("1", &out).await.failed(2);
        play.fetch("3", &jp.dir.join("none")).await.failed(4);
        let exported = play
            .says(Side::Jp, "case export CASE --out DIR/case.file --attachments DIR/files --as central/officer-1")
            .await;
        let first = exported["attachments"][0].as_str().unwrap().to_owned();
        assert_eq!(fs::read(first).unwrap(), fs::read(&large).unwrap());
        let roots = [format!("JP={}", jp.dir.join("root/root.cert.pem").display()), format!("FR={}", fr.fingerprint)];
        let [case_file, jp_root, fr_root] =
            [jp.dir.join("case.file").display().to_string(), roots[0].clone(), roots[1].clone()];
        let words = ["--output", "json", "audit", "verify", &case_file, "--root", &jp_root, "--root", &fr_root];
        crate::programs::run(&crate::programs::program("gateway"), &words).await.done();

        for state in [&jp, &fr] {
            let kept = pieces(state);
            // Twelve of the large one, filled up, and one of the empty one.
            assert_eq!(kept.len(), 13, "{} keeps {kept:?}", state.party);
            for (path, _) in kept {
                let holds = fs::read(&path).unwrap().windows(MARK.len()).any(|window| window == MARK);
                assert!(!holds, "{} can be read", path.display());
            }
        }
        play.stage.pair.assert_not_written(MARK);

        for act in &ACTS[7..13] {
            play.act(act).await;
        }
        let gone = play.fetch("1", &jp.dir.join("again")).await.failed(4);
        assert!(gone.contains("no record"), "{gone}");
        for state in [&jp, &fr] {
            until("the gateway has destroyed the bytes", 20, async || pieces(state).is_empty().then_some(())).await;
        }
    })
    .await;
}

/// A command of an officer of a side, apart from the stage.
async fn command(state: &State, words: &[&str]) -> Answer {
    let dir = state.desk_dir("central");
    let line = [&["--dir", dir.to_str().unwrap(), "--output", "json"], words].concat();
    crate::programs::run(&crate::programs::program("desk"), &line).await
}

/// Each piece that was there when something was struck is there, as it was.
fn assert_kept(state: &State, kept: &[(PathBuf, SystemTime)], victim: Victim) {
    let after = pieces(state);
    assert!(kept.iter().all(|one| after.contains(one)), "{victim:?}: a piece was lost or written again");
}

/// Brings a file to the gateway of FR, which is killed meanwhile, and the desk after it.
async fn brought_struck(play: &mut Play, large: &Path, whole: usize) {
    let fr = play.stage.pair.fr.clone();
    let case = play.case.clone();
    let add = ["attachment", "add", &case, large.to_str().unwrap()];
    for victim in [Victim::FrGateway, Victim::FrDesk] {
        let there = pieces(&fr).len();
        let strike = async {
            until("some pieces are there", 30, async || {
                let now = pieces(&fr).len();
                (now > there + 2 || now == whole).then_some(())
            })
            .await;
            play.stage.strike(victim);
            let kept = pieces(&fr);
            println!("{victim:?} struck with {} pieces of {whole}", kept.len());
            play.stage.mend(victim).await;
            kept
        };
        let (answer, kept) = tokio::join!(command(&fr, &add), strike);
        assert!([0, 8].contains(&answer.code), "{victim:?}: {}{}", answer.out, answer.err);
        assert_kept(&fr, &kept, victim);
    }
    let before = pieces(&fr);
    until("the desk has its gateway again", 20, async || (play.try_at(Side::Fr, &add).await.code == 0).then_some(()))
        .await;
    assert_kept(&fr, &before, Victim::FrDesk);
    assert_eq!(pieces(&fr).len(), whole);
}

/// Fetches the first file at JP, whose desk is killed while it is written.
async fn fetched_struck(play: &mut Play, out: &Path) {
    let jp = play.stage.pair.jp.clone();
    let case = play.case.clone();
    let words = ["attachment", "fetch", &case, "1", "--out", out.to_str().unwrap(), "--as", "central/officer-1"];
    let is_part = |one: &fs::DirEntry| one.path().extension().is_some_and(|end| end == "part");
    let part = || fs::read_dir(&jp.dir).unwrap().flatten().find(is_part);
    let strike = async {
        until("a part of it is there", 60, async || {
            out.exists().then_some(()).or(part().filter(|one| one.metadata().unwrap().len() as usize > MIB).map(drop))
        })
        .await;
        play.stage.strike(Victim::JpDesk);
        println!("JpDesk struck: the file is {}", if out.exists() { "whole" } else { "a part" });
        play.stage.mend(Victim::JpDesk).await;
    };
    let (answer, ()) = tokio::join!(command(&jp, &words), strike);
    assert!([0, 8].contains(&answer.code), "{}{}", answer.out, answer.err);
    if answer.code != 0 {
        assert!(!out.exists(), "the file is there before it is whole");
        until("the rest of it is fetched", 40, async || (play.fetch("1", out).await.code == 0).then_some(())).await;
    }
    assert!(part().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_goes_on_where_it_stopped_whatever_is_killed_on_its_way() {
    bounded(async {
        let mut play = accepted(Stage::open().await).await;
        let [jp, fr] = [play.stage.pair.jp.clone(), play.stage.pair.fr.clone()];
        let large = file(&fr.dir, "disk.img", 40 * MIB + 7);
        brought_struck(&mut play, &large, 41).await;

        play.released_with(&[&large]).await.done();
        for victim in [Victim::JpGateway, Victim::FrGateway, Victim::Link] {
            play.stage.strike(victim);
            let kept = pieces(&jp);
            println!("{victim:?} struck with {} pieces of 41 at JP", kept.len());
            play.stage.mend(victim).await;
            assert_kept(&jp, &kept, victim);
        }

        let out = jp.dir.join("disk.img");
        fetched_struck(&mut play, &out).await;
        assert_eq!(fs::read(&out).unwrap(), fs::read(&large).unwrap());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_gives_other_bytes_than_its_desk_signed_for_is_found_at_the_first_piece_and_nothing_of_it_is_kept()
{
    bounded(async {
        let (folder, jp, fr) = crate::pair::two_states().await;
        let front = Crooked::before(&fr, &jp).await;
        let stage = Stage::open_behind(folder, jp, fr, front.address()).await;
        let play = accepted(stage).await;
        let [jp, fr] = [play.stage.pair.jp.clone(), play.stage.pair.fr.clone()];
        let large = file(&fr.dir, "video.mp4", 5 * MIB);
        front.tamper(|index, sealed| match index {
            2 => sealed[100] ^= 1,
            3 => sealed.truncate(1000),
            4 => sealed.extend_from_slice(&[0; 1000]),
            _ => {}
        });
        play.released_with(&[&large]).await.done();
        let out = jp.dir.join("video.mp4");
        let words = ["attachment", "fetch", &play.case, "1", "--out", out.to_str().unwrap(), "--wait", "0"];
        let words = [words.as_slice(), &["--as", "central/officer-1"]].concat();
        let told = until("JP's gateway says what it was given", 30, async || {
            let answer = play.try_at(Side::Jp, &words).await;
            (answer.code != 0 && answer.err.contains("other bytes")).then_some(answer.err)
        })
        .await;
        assert!(told.contains("is not the one that the outline names"), "{told}");
        assert!(!out.exists());
        let named: Vec<_> = pieces(&jp).iter().map(|(path, _)| path.file_name().unwrap().to_owned()).collect();
        let true_ones: Vec<_> = pieces(&fr).iter().map(|(path, _)| path.file_name().unwrap().to_owned()).collect();
        assert!(named.len() < 5 && named.iter().all(|one| true_ones.contains(one)), "{named:?}");
    })
    .await;
}

/// Sets what the gateway of a state keeps of files.
fn limited(state: &State, key: &str, bytes: usize) {
    let path = state.gateway_dir().join("gateway.toml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("{text}\n[attachments]\n{key} = {bytes}\n")).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_over_the_cap_of_a_gateway_is_refused_r91_by_the_own_one_and_by_the_other_one() {
    bounded(async {
        let stage = Stage::open_prepared(async |_, [jp, fr]| {
            limited(jp, "case_bytes_max", 3 * MIB);
            limited(fr, "desk_bytes_max", 6 * MIB);
        })
        .await;
        let play = accepted(stage).await;
        let fr = play.stage.pair.fr.clone();
        let too_large = file(&fr.dir, "too-large.bin", 7 * MIB);
        let words = ["attachment", "add", &play.case, too_large.to_str().unwrap()];
        let refused = play.try_at(Side::Fr, &words).await.failed(5);
        assert!(refused.contains("R91") && refused.contains("desk_bytes_max"), "{refused}");
        assert!(pieces(&fr).is_empty());

        let large = file(&fr.dir, "large.bin", 4 * MIB);
        let refused = play.released_with(&[&large]).await;
        assert_ne!(refused.code, 0, "{}", refused.out);
        assert!(refused.err.contains("R91") && refused.err.contains("case_bytes_max"), "{}", refused.err);
        assert!(pieces(&play.stage.pair.jp).is_empty(), "nothing of it was fetched");

        let small = file(&fr.dir, "small.bin", MIB);
        play.released_with(&[&small]).await.done();
        let out = play.stage.pair.jp.dir.join("small.bin");
        play.fetch("1", &out).await.done();
        assert_eq!(fs::read(&out).unwrap(), fs::read(&small).unwrap());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sealed_file_opens_by_what_is_written_down_of_it_with_nothing_of_ours() {
    bounded(async {
        let play = accepted(Stage::open().await).await;
        let [jp, fr] = [play.stage.pair.jp.clone(), play.stage.pair.fr.clone()];
        let large = file(&fr.dir, "scan.tiff", 2 * MIB + 99);
        play.released_with(&[&large]).await.done();
        let folder = jp.dir.join("opened");
        let documents =
            ["case", "show", &play.case, "--documents", folder.to_str().unwrap(), "--as", "central/officer-1"];
        play.try_at(Side::Jp, &documents).await.done();
        let mut records = fs::read_dir(&folder).unwrap().flatten().map(|one| one.path());
        let naming = |path: &PathBuf| {
            let record: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
            record["attachments"].is_array()
        };
        let record = records.find(naming).unwrap();
        let kept = until("JP's gateway has all of it", 30, async || {
            let kept = pieces(&jp);
            (kept.len() == 3).then_some(kept)
        })
        .await;
        let out = jp.dir.join("scan.tiff");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/open_file.py");
        let sealed = kept[0].0.parent().unwrap();
        let words =
            [script.to_str().unwrap(), record.to_str().unwrap(), sealed.to_str().unwrap(), out.to_str().unwrap()];
        let venv = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/python");
        let python = venv.join("bin/python");
        let make = format!("python3 -m venv {0} && {0}/bin/pip install 'cryptography>=48'", venv.display());
        assert!(python.exists(), "there is no {}: run {make}", python.display());
        let answer = crate::programs::run(&python, &words).await;
        assert_eq!(answer.code, 0, "{}{}", answer.out, answer.err);
        assert_eq!(fs::read(&out).unwrap(), fs::read(&large).unwrap());
    })
    .await;
}
