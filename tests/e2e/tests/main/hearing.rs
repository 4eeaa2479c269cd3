//! A hearing by video link at real desks, from its proposal to the minutes that both sides signed.

use std::fs;

use serde_json::{Value, json};

use crate::{
    bounded,
    browser::{Browser, passphrase},
    now,
    play::{ACTS, Play},
    stage::{Side, Stage},
};

const HOUR_MS: i64 = 3_600_000;

impl Play {
    async fn hears(&self, side: Side, act: &str, more: &[&str]) -> Value {
        let line = [&["hearing", act, &self.case, "--as", "central/officer-1"], more].concat();
        self.stage.desk(side, &line).await.done()
    }

    /// By two officers: one alone hands nothing to the other side.
    async fn hears_by_two(&self, side: Side, act: &str, more: &[&str]) {
        for officer in 1..=2 {
            let signer = format!("central/officer-{officer}");
            let line = [&["hearing", act, &self.case, "--as", &signer], more].concat();
            let said = self.stage.desk(side, &line).await.done();
            assert_eq!(said["signatures_missing"], 2 - officer, "{said}");
        }
    }

    async fn is_not_heard(&self, side: Side, act: &str, more: &[&str]) -> String {
        let line = [&["hearing", act, &self.case, "--as", "central/officer-1"], more].concat();
        self.stage.desk(side, &line).await.failed(5)
    }

    /// Waits until the hearing stands there at a desk, and shows it.
    async fn hearing(&self, side: Side, state: &str) -> Value {
        crate::until(state, 20, async || {
            let answer = self.stage.desk(side, &["hearing", "show", &self.case]).await;
            let shown = (answer.code == 0).then(|| answer.done())?["hearings"][0].clone();
            (shown["state"] == state).then_some(shown)
        })
        .await
    }

    async fn exported(&self, side: Side) -> (Value, String) {
        let path = self.stage.state(side).dir.join("agenda.ics");
        let written = path.to_str().unwrap();
        let agenda = self.stage.desk(side, &["agenda", "--days", "60", "--ical", written]).await.done();
        (agenda, fs::read_to_string(&path).unwrap())
    }
}

const OPEN: [&str; 4] = ["--identity-by", "Durand Anne", "--present", "Durand Anne, judge"];
const CONSENT: [&str; 7] =
    ["--verified-by", "Durand Anne", "--voluntary", "--unequivocal", "--lawyer-consulted", "--informed-in", "fr"];

/// Proposed by JP and agreed by FR.
async fn agreed() -> Play {
    let play = Play::heard(Stage::open().await).await;
    let [first, second] = [20, 21].map(|days| now().plus_ms(days * 24 * HOUR_MS).to_string());
    let slots = ["--slot", &first, "--slot", &format!("{second}/90")];
    let what = ["--capacity", "witness", "--language", "fr", "--interpreter", "fr,ja", "--link", "H.323"];
    play.hears(Side::Jp, "propose", &[slots.as_slice(), what.as_slice()].concat()).await;
    let shown = play.hearing(Side::Fr, "PROPOSED").await;
    let slots = shown["slots"].as_array().unwrap();
    assert_eq!(slots.len(), 2, "{shown}");
    assert_eq!(slots[1]["minutes"], 90, "{shown}");
    for (side, zone, offset) in [("requesting", "Asia/Tokyo", "+09:00"), ("requested", "Europe/Paris", "+0")] {
        assert_eq!(slots[0][side]["zone"], zone, "{shown}");
        assert!(slots[0][side]["local"].as_str().unwrap().contains(offset), "{shown}");
        assert!(slots[0][side]["warnings"].is_array(), "{shown}");
    }
    assert_eq!(shown["waits"], true, "{shown}");
    let own = play.is_not_heard(Side::Jp, "agree", &["--slot", "2"]).await;
    assert!(own.contains("R94") && own.contains("agree_slot"), "who proposes does not agree: {own}");
    play.hears(Side::Fr, "agree", &["--slot", "2", "--room", "salle 4"]).await;
    let shown = play.hearing(Side::Jp, "SLOT_AGREED").await;
    assert_eq!(shown["agreement"]["starts_at"], slots[1]["starts_at"], "{shown}");
    play
}

#[tokio::test]
async fn beside_a_request_for_something_else_no_hearing_is_offered_or_proposed() {
    bounded(async {
        let play = Play::draft(Stage::open().await).await;
        for act in &ACTS[..5] {
            play.act(act).await;
        }
        for side in [Side::Jp, Side::Fr] {
            let shown = play.stage.show(side, &play.case).await.unwrap();
            let openings = shown["matter_openings"].as_array().unwrap();
            assert!(openings.iter().all(|step| *step != "propose_hearing"), "{shown}");
            let slot = now().plus_ms(20 * 24 * HOUR_MS).to_string();
            let what = ["--slot", &slot, "--capacity", "witness", "--language", "fr", "--link", "H.323"];
            let refused = play.is_not_heard(side, "propose", &what).await;
            for word in ["R94", "ets-185:31", "stored_data", "hearing_record", "a request of its own"] {
                assert!(refused.contains(word), "{word} in {refused}");
            }
            let shown = play.stage.show(side, &play.case).await.unwrap();
            assert_eq!(shown["matters"], json!([]), "{shown}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_hearing_is_held_after_consent_and_test_only_and_its_minutes_are_signed_by_both() {
    bounded(async {
        let play = agreed().await;
        let refused = play.is_not_heard(Side::Fr, "open", &OPEN).await;
        assert!(refused.contains("R94") && refused.contains("record_consent"), "{refused}");
        play.hears(Side::Fr, "consent", &CONSENT).await;
        play.hearing(Side::Jp, "CONSENT_RECORDED").await;
        let refused = play.is_not_heard(Side::Fr, "open", &OPEN).await;
        assert!(refused.contains("R94") && refused.contains("test_link"), "{refused}");
        let deaf = play.is_not_heard(Side::Jp, "test", &["--passed"]).await;
        assert!(deaf.contains("test.interpretation") && deaf.contains("nothing was sent"), "{deaf}");
        play.hears(Side::Jp, "test", &["--passed", "--interpretation"]).await;
        play.hearing(Side::Fr, "TECH_TESTED").await;
        let early = play.is_not_heard(Side::Fr, "open", &OPEN).await;
        assert!(early.contains("R94") && early.contains("opening.started_at"), "not in the agreed slot: {early}");
        moved(&play).await;
        play.hears(Side::Fr, "open", &OPEN).await;
        play.hearing(Side::Jp, "LIVE").await;
        minutes(&play).await;
    })
    .await;
}

/// FR moves the hearing to today, JP answers with another time, FR takes it; consent and test are for the new time.
async fn moved(play: &Play) {
    let [first, second] = [50, 40].map(|minutes| now().plus_ms(minutes * 60_000).to_string());
    play.hears(Side::Fr, "move", &["--slot", &first]).await;
    let shown = play.hearing(Side::Jp, "PROPOSED").await;
    assert_eq!((shown["waits"].as_bool(), shown["slots"].as_array().map(Vec::len)), (Some(true), Some(1)), "{shown}");
    let own = play.is_not_heard(Side::Fr, "agree", &["--slot", "1"]).await;
    assert!(own.contains("R94") && own.contains("agree_slot"), "who proposes does not agree: {own}");
    play.hears(Side::Jp, "move", &["--slot", &second]).await;
    crate::until("the other time is there", 20, async || {
        let shown = play.hearing(Side::Fr, "PROPOSED").await;
        (shown["slots"][0]["starts_at"].as_str() == Some(second.as_str())).then_some(())
    })
    .await;
    play.hears(Side::Fr, "agree", &["--slot", "1"]).await;
    let shown = play.hearing(Side::Jp, "SLOT_AGREED").await;
    assert_eq!(shown["agreement"]["starts_at"], second, "{shown}");
    play.hears(Side::Fr, "consent", &CONSENT).await;
    play.hearing(Side::Jp, "CONSENT_RECORDED").await;
    play.hears(Side::Jp, "test", &["--passed", "--interpretation"]).await;
    play.hearing(Side::Fr, "TECH_TESTED").await;
}

/// Drawn up wrongly, signed, drawn up again, and signed anew.
async fn minutes(play: &Play) {
    let folder = &play.stage.pair.fr.dir;
    let file = |name: &str| {
        let path = folder.join(name);
        fs::write(&path, format!("The witness said what {name} says.")).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let [wrong, right] = ["wrong.txt", "right.txt"].map(file);
    let drawn = |file: &str| ["--file", file, "--language", "fr", "--pages", "3"].map(str::to_owned);
    let draw = async |file: &str| {
        let drawn = drawn(file);
        let drawn: Vec<&str> = drawn.iter().map(String::as_str).collect();
        play.hears_by_two(Side::Fr, "minutes", &drawn).await;
    };
    draw(&wrong).await;
    let first = play.hearing(Side::Jp, "MINUTES_DRAFT").await;
    play.hears(Side::Jp, "sign", &[]).await;
    draw(&right).await;
    let again = crate::until("drawn up again", 20, async || {
        let shown = play.hearing(Side::Jp, "MINUTES_DRAFT").await;
        (shown["minutes"]["hash"] != first["minutes"]["hash"]).then_some(shown)
    })
    .await;
    assert_eq!(again["signed"], json!([]), "who signed, signed other minutes: {again}");
    let line = ["hearing", "sign", &play.case, "--as", "central/officer-1", "--file", &wrong];
    let other = play.stage.desk(Side::Jp, &line).await.failed(6);
    assert!(other.contains("other minutes"), "{other}");
    let read = play.stage.pair.jp.dir.join("read.txt");
    let save = ["hearing", "show", &play.case, "--save-minutes", read.to_str().unwrap()];
    let nobody = play.stage.desk(Side::Jp, &save).await.failed(7);
    assert!(nobody.contains("signs for each opening") && !read.exists(), "{nobody}");
    assert_eq!(opened(play).await, Vec::<Value>::new());
    let save = [&save[..], &["--as", "central/officer-1"]].concat();
    let beyond = [&save[..], &["--for-purpose", "civil_damages"]].concat();
    let beyond = play.stage.desk(Side::Jp, &beyond).await.failed(5);
    assert!(beyond.contains("R16") && !read.exists(), "the treaty gives them for its purposes: {beyond}");
    play.stage.desk(Side::Jp, &save).await.done();
    let log = opened(play).await;
    assert_eq!(log.len(), 1, "{log:?}");
    assert_eq!(log[0]["purpose"], "criminal_investigation", "{log:?}");
    let own = play.stage.pair.fr.dir.join("own.txt");
    play.stage.desk(Side::Fr, &["hearing", "show", &play.case, "--save-minutes", own.to_str().unwrap()]).await.done();
    in_a_browser(play, &fs::read_to_string(&right).unwrap()).await;
    assert_eq!(fs::read(&read).unwrap(), fs::read(&right).unwrap(), "what is read is what was drawn up");
    play.hears(Side::Jp, "sign", &["--file", read.to_str().unwrap()]).await;
    crate::until("the signature is there", 20, async || {
        let shown = play.hearing(Side::Fr, "MINUTES_DRAFT").await;
        (shown["signed"] == json!(["JP"])).then_some(())
    })
    .await;
    play.hears(Side::Fr, "sign", &[]).await;
    play.hearing(Side::Fr, "SIGNED").await;
    play.hears_by_two(Side::Fr, "transmit", &["--file", &right]).await;
    let shown = play.hearing(Side::Jp, "TRANSMITTED").await;
    assert_eq!(shown["handover"]["hash"], again["minutes"]["hash"], "{shown}");
    assert_eq!(shown["signed"].as_array().unwrap().len(), 2, "{shown}");
    play.hears(Side::Jp, "close", &[]).await;
    play.hearing(Side::Fr, "CLOSED").await;
    shut(play).await;
}

/// Who opened what, as the desk of JP keeps it.
async fn opened(play: &Play) -> Vec<Value> {
    let log = play.stage.desk(Side::Jp, &["case", "show", &play.case, "--access"]).await.done();
    log["openings"].as_array().unwrap().clone()
}

/// The same door: no page has the minutes, and an officer who gives the passphrase gets them, on record.
async fn in_a_browser(play: &Play, text: &str) {
    let mut browser = Browser::signed_in(&play.stage, Side::Jp, "officer-1").await;
    let (case, before) = (&play.case, opened(play).await.len());
    let page = browser.get(&format!("/cases/{case}/hearings/1")).await;
    let link = page.body.split('"').find(|part| part.starts_with(&format!("/cases/{case}/documents/"))).unwrap();
    let free = browser.get(&format!("/cases/{case}/hearings/1/minutes")).await;
    assert_eq!(free.status, 404, "{}", free.text());
    let door = browser.get(link).await;
    // "The witness said what", as a document has it.
    let encoded = "VGhlIHdpdG5lc3Mgc2FpZCB3aGF0";
    assert!(door.status == 200 && !door.body.contains(encoded) && !door.body.contains(text), "{}", door.text());
    let secret = passphrase(&play.stage, Side::Jp, "officer-1");
    let got = browser.send(&door, link, &[("passphrase", &secret)]).await;
    assert_eq!((got.status, got.body.as_str()), (200, text));
    assert!(got.header("content-disposition").starts_with("attachment"), "{}", got.header("content-disposition"));
    assert_eq!(opened(play).await.len(), before + 1, "it is on record");
}

/// After the case is over nobody opens the minutes any more.
async fn shut(play: &Play) {
    play.stage.desk(Side::Jp, &["withdraw", &play.case, "--as", "central/officer-1", "--text", "over"]).await.done();
    let file = play.stage.pair.jp.dir.join("late.txt");
    let save = ["hearing", "show", &play.case, "--save-minutes", file.to_str().unwrap(), "--as", "central/officer-1"];
    let before = opened(play).await.len();
    let late = play.stage.desk(Side::Jp, &save).await.failed(5);
    assert!(late.contains("R18") && late.contains("WITHDRAWN") && !file.exists(), "{late}");
    assert_eq!(opened(play).await.len(), before, "what was not opened is not in the log");
}

#[tokio::test]
async fn an_agreed_time_is_in_the_agenda_of_both_and_nobodys_name_and_goes_when_it_is_cancelled() {
    bounded(async {
        let play = agreed().await;
        for side in [Side::Jp, Side::Fr] {
            let (agenda, text) = play.exported(side).await;
            assert_eq!(agenda["hearings"][0]["matter"], "X1", "{agenda}");
            let event = text.split("BEGIN:VEVENT").find(|event| event.contains("CATEGORIES:HEARING"));
            let event = event.unwrap_or_else(|| panic!("no hearing in {text}"));
            assert!(event.contains(&format!("SUMMARY:hearing X1 of case {}", &play.case[..8])), "{event}");
            let starts = agenda["hearings"][0]["starts"].as_str().unwrap();
            let compact: String = starts[..19].chars().filter(|c| !matches!(c, '-' | ':')).collect();
            assert!(event.contains(&format!("DTSTART:{compact}Z")) && event.contains("STATUS:CONFIRMED"), "{event}");
            for name in ["Durand", "Tessier", "harbour.trader", "Harbour Trader", "salle 4"] {
                assert!(!text.contains(name), "{name} in {text}");
            }
        }
        play.hears(Side::Fr, "cancel", &["--text", "The witness does not consent."]).await;
        play.hearing(Side::Jp, "CANCELLED").await;
        let (_, text) = play.exported(Side::Jp).await;
        assert!(text.contains("STATUS:CANCELLED"), "{text}");
    })
    .await;
}
