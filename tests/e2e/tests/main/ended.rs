//! What ends by its date: a consent to another use, and the time for which records may be kept. The desk's clock is set ahead; nothing else
//! is told that the time is over.

use std::{fs, path::Path};

use serde_json::Value;

use crate::{
    bounded, now,
    play::{ACTS, Play},
    skew::shim,
    stage::{Side, Stage},
    state::State,
    until,
};

const DAY_S: i64 = 24 * 3600;
const OVERLAY: &str = r#"
format = "overlay/1"
id = "brief"
title = "A short retention for a test"
parties = ["FR", "JP"]
kind = "arrangement"
verified = false

[[restrict]]
requests = ["stored_data"]
retention_days = 20
because = "A test"
"#;

/// The built-in files and the overlay.
fn prepare(folder: &Path, states: [&State; 2]) {
    let overlay = ("overlays/FR-JP/brief.toml".to_owned(), OVERLAY.to_owned());
    treaties(folder, states, treaty::Catalog::builtin_files().chain([overlay]));
}

/// A folder with these files, for both states, and their programs told to use it.
pub(crate) fn treaties(folder: &Path, states: [&State; 2], files: impl Iterator<Item = (String, String)>) {
    let catalogue = folder.join("treaties");
    for (path, text) in files {
        let path = catalogue.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    for state in states {
        let desks = fs::read_dir(state.dir.join("desks")).unwrap().map(|one| one.unwrap().path().join("desk.toml"));
        for file in desks.chain([state.gateway_dir().join("gateway.toml")]) {
            let text = fs::read_to_string(&file).unwrap();
            let lines = format!("catalog = {:?}\ntreaty_signatures = \"none\"\n", catalogue.to_str().unwrap());
            fs::write(&file, lines + &text).unwrap();
        }
    }
}

/// Opens the records of the case at JP's desk, for a proceeding.
async fn opens(play: &Play, proceeding: Option<&str>) -> crate::programs::Answer {
    let folder = play.stage.pair.jp.dir.join("opened");
    let mut words =
        vec!["case", "show", &play.case, "--documents", folder.to_str().unwrap(), "--as", "central/officer-1"];
    words.extend(proceeding.iter().flat_map(|proceeding| ["--for-proceeding", proceeding]));
    play.stage.desk(Side::Jp, &words).await
}

async fn matter(play: &Play, side: Side, state: &str) -> Value {
    until(state, 20, async || {
        let shown = play.stage.show(side, &play.case).await?;
        (shown["matters"][0]["state"] == state).then_some(shown)
    })
    .await
}

#[tokio::test]
async fn the_keys_refuse_after_the_last_day_of_a_consent_and_after_the_retention() {
    bounded(async {
        let mut play = Play::draft(Stage::open_prepared(async |folder, states| prepare(folder, states)).await).await;
        for act in &ACTS[..7] {
            play.act(act).await;
        }
        let officer = |number: u8| format!("central/officer-{number}");
        let ask = ["use", "request", &play.case, "--as", &officer(1), "--purpose", "criminal_investigation"];
        let more = ["--proceeding", "another file", "--basis", "article_28", "--text", "The same persons are tried."];
        play.stage.desk(Side::Jp, &[&ask[..], &more[..]].concat()).await.done();
        matter(&play, Side::Fr, "REQUESTED").await;
        let last = now().plus_ms(5 * DAY_S * 1000).date().unwrap().to_string();
        for number in 1..=2 {
            let grant = ["use", "grant", &play.case, "--as", &officer(number), "--until", &last];
            play.stage.desk(Side::Fr, &grant).await.done();
        }
        matter(&play, Side::Jp, "GRANTED").await;
        opens(&play, Some("another file")).await.done();

        let clock = shim(&play.stage.pair.jp.dir);
        play.stage.jp_desk_ahead(&clock, 7 * DAY_S).await;
        let refused = opens(&play, Some("another file")).await.failed(5);
        assert!(refused.contains("R16") && refused.contains("proceeding"), "{refused}");
        matter(&play, Side::Jp, "EXPIRED").await;
        opens(&play, None).await.done();
        play.stage.jp_desk_ahead(&clock, 22 * DAY_S).await;
        let refused = opens(&play, None).await.failed(5);
        assert!(refused.contains("R18") && refused.contains("overlays/FR-JP/brief.toml"), "{refused}");
    })
    .await;
}
