//! Desks that were restored from old backups, both of one case at once.

use std::{
    fs,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use crate::{
    bounded,
    play::{ACTS, Play},
    stage::{Side, Stage, Victim},
    transfer::database,
    until,
};

const BOTH: [Victim; 2] = [Victim::JpDesk, Victim::FrDesk];

fn folders(stage: &Stage) -> [PathBuf; 2] {
    [&stage.pair.jp, &stage.pair.fr].map(|state| state.desk_dir("central"))
}

fn copied(from: &Path, to: &Path) {
    for file in database(from) {
        fs::copy(&file, to.join(file.file_name().unwrap())).unwrap();
    }
}

/// Backups of both central desks, made while they stand still.
async fn backed_up(stage: &mut Stage) -> [TempDir; 2] {
    BOTH.into_iter().for_each(|desk| stage.strike(desk));
    let backups = [(); 2].map(|()| tempfile::tempdir().unwrap());
    for (dir, backup) in folders(stage).iter().zip(&backups) {
        copied(dir, backup.path());
    }
    for desk in BOTH {
        stage.mend(desk).await;
    }
    backups
}

/// Puts both backups back.
async fn restored(stage: &mut Stage, backups: &[TempDir; 2]) {
    BOTH.into_iter().for_each(|desk| stage.strike(desk));
    for (dir, backup) in folders(stage).iter().zip(backups) {
        database(dir).iter().for_each(|file| fs::remove_file(file).unwrap());
        copied(backup.path(), dir);
    }
    for desk in BOTH {
        stage.mend(desk).await;
    }
}

#[tokio::test]
async fn where_every_desk_of_a_case_lost_its_keys_the_case_ends_says_so_and_another_follows_it() {
    bounded(async {
        let mut play = Play::draft(Stage::open().await).await;
        for act in &ACTS[..4] {
            play.act(act).await;
        }
        let backups = backed_up(&mut play.stage).await;
        play.act(&ACTS[4]).await;
        restored(&mut play.stage, &backups).await;
        let case = play.case.clone();
        for side in [Side::Jp, Side::Fr] {
            let shown = until("the desk says that nobody holds the keys", 40, async || {
                let shown = play.stage.show(side, &case).await?;
                let trouble = shown["summary"]["trouble"].as_str()?;
                trouble.contains("every desk of the case has lost its keys").then_some(shown)
            })
            .await;
            // Nothing that was done is lost: it is told from the entries, which both gateways hold.
            assert!(shown["timeline"].as_array().unwrap().iter().any(|one| one["step"] == "recognise"), "{shown}");
        }
        let refused = play.stage.desk(Side::Jp, &["withdraw", &case, "--as", "central/officer-1"]).await.failed(5);
        assert!(refused.contains("in a new case that follows it"), "{refused}");
        // They stop asking: there is nobody to ask.
        let quiet = || async {
            let shown = play.stage.show(Side::Jp, &case).await.unwrap();
            shown["timeline"].as_array().unwrap().len()
        };
        let before = quiet().await;
        tokio::time::sleep(std::time::Duration::from_secs(2)).await;
        assert_eq!(quiet().await, before);
    })
    .await;
}
