//! What happens beside and after a request, over plain HTTP: a hearing in two time zones, records of somebody else that are recalled, and the end
//! of what was kept. With the mistakes and the malice that forms meet.

use serde_json::Value;

use crate::{
    browser::{Browser, Page, passphrase},
    custody::released,
    now,
    play::{ACTS, Play},
    stage::{Side, Stage},
    until, within,
};

const DAY_MAX_S: u64 = 240;
const HOUR_MS: i64 = 3_600_000;
const MARKUP: &str = "<script>alert('a & b')</script> {{ 7*7 }} \u{202e}名";

/// The browsers of an officer on each side, with the passphrases.
struct Desks {
    jp: Browser,
    fr: Browser,
    jp_secret: String,
    fr_secret: String,
}

impl Desks {
    async fn of(play: &Play) -> Self {
        let stage = &play.stage;
        Self {
            jp: Browser::signed_in(stage, Side::Jp, "officer-1").await,
            fr: Browser::signed_in(stage, Side::Fr, "officer-1").await,
            jp_secret: passphrase(stage, Side::Jp, "officer-1"),
            fr_secret: passphrase(stage, Side::Fr, "officer-1"),
        }
    }

    /// Takes a step of the first matter at the desk of a side.
    async fn moves(&mut self, side: Side, case: &str, step: &str, filled: &[(&str, &str)]) -> Page {
        let (browser, secret) = match side {
            Side::Jp => (&mut self.jp, &self.jp_secret),
            Side::Fr => (&mut self.fr, &self.fr_secret),
        };
        moved(browser, case, step, filled, secret).await
    }
}

/// Takes a step of the first matter: form, check, signature.
async fn moved(browser: &mut Browser, case: &str, step: &str, filled: &[(&str, &str)], secret: &str) -> Page {
    let path = format!("/cases/{case}/steps/{step}");
    let query = if step == "propose_hearing" { "" } else { "?matter=1" };
    let form = until(&format!("{step} is offered"), 30, async || {
        let form = browser.get(&format!("{path}{query}")).await;
        (form.status == 200).then_some(form)
    })
    .await;
    let check = sent(browser, &form, &path, &[filled, &[("act", "check")]].concat()).await;
    let check = browser.led(check).await;
    let signed = browser.send(&check, &path, &[("act", "sign"), ("passphrase", secret)]).await;
    assert_eq!(signed.status, 303, "{step}: {}", signed.text());
    let done = browser.get(signed.header("location")).await;
    assert_eq!(done.status, 200, "{step}: {}", done.text());
    done
}

/// Sends a form as a browser does: with what stands in its fields already, where nothing else was filled in.
async fn sent(browser: &mut Browser, page: &Page, path: &str, filled: &[(&str, &str)]) -> Page {
    let standing = standing(page);
    let given = |name: &str| filled.iter().any(|(one, _)| *one == name);
    let kept = standing.iter().filter(|(name, _)| !given(name)).map(|(name, value)| (name.as_str(), value.as_str()));
    let all: Vec<_> = kept.chain(filled.iter().copied()).collect();
    browser.send(page, path, &all).await
}

/// What stands in the fields of a form of the catalogue that are neither hidden nor ticked.
fn standing(page: &Page) -> Vec<(String, String)> {
    let part = |input: &str, name: &str| {
        let value = input.split_once(&format!(" {name}=\""))?.1;
        Some(value.split_once('"')?.0.to_owned())
    };
    let inputs = page.body.split("<input ").skip(1).filter_map(|rest| rest.split_once('>')).map(|(input, _)| input);
    let written =
        inputs.filter(|input| ["text", "date", "time"].iter().any(|kind| input.contains(&format!("type=\"{kind}\""))));
    let field = |input: &str| Some((part(&format!(" {input}"), "name")?, part(input, "value")?));
    written.filter_map(field).filter(|(name, value)| name.starts_with("f0.") && !value.is_empty()).collect()
}

/// A day and a time by the clock of Tokyo, so many minutes from now, at a whole minute.
fn tokyo(minutes: i64) -> (String, String) {
    let there = now().plus_ms(minutes * 60_000 + 9 * HOUR_MS).to_string();
    (there[..10].to_owned(), there[11..16].to_owned())
}

fn entries(case: &Value, step: &str) -> usize {
    case["timeline"].as_array().unwrap().iter().filter(|event| event["step"] == step).count()
}

const PROPOSAL: [(&str, &str); 6] = [
    ("f0.proposal.person.subject_ref", "S1"),
    ("f0.proposal.person.capacity", "witness"),
    ("f0.proposal.language", "fr"),
    ("f0.proposal.link", "H.323 <b>"),
    ("f0.proposal.oath_by", "requested"),
    ("f0.proposal.law_of", "requested"),
];
const CONSENT: [(&str, &str); 6] = [
    ("f0.consent.given", "yes"),
    ("f0.consent.voluntary", "yes"),
    ("f0.consent.unequivocal", "yes"),
    ("f0.consent.verified_by.name", "Durand Anne"),
    ("f0.consent.lawyer_consulted", "yes"),
    ("f0.consent.informed_in", "fr"),
];
const TEST: [(&str, &str); 3] = [("f0.test.picture", "yes"), ("f0.test.sound", "yes"), ("f0.test.encrypted", "yes")];

#[tokio::test]
async fn a_hearing_is_proposed_by_two_clocks_held_and_its_minutes_are_signed_by_both_in_a_browser_alone() {
    within(DAY_MAX_S, async {
        let play = Play::heard(Stage::open().await).await;
        let case = play.case.as_str();
        let mut desks = Desks::of(&play).await;
        proposed(&mut desks, case).await;
        play.matter(Side::Fr, "PROPOSED").await;
        let agree = desks.fr.get(&format!("/cases/{case}/steps/agree_slot?matter=1")).await;
        assert!(!agree.body.contains("type=\"text\" inputmode=\"numeric\""), "a time is chosen, not typed");
        assert!(agree.text().contains("Asia/Tokyo") && agree.text().contains("Europe/Paris"), "{}", agree.text());
        desks
            .moves(Side::Fr, case, "agree_slot", &[("f0.agreement.slot", "1"), ("f0.agreement.room", "salle 4")])
            .await;
        play.matter(Side::Fr, "SLOT_AGREED").await;
        let unticked: Vec<_> = CONSENT.iter().copied().filter(|(name, _)| !name.ends_with("voluntary")).collect();
        let path = format!("/cases/{case}/steps/record_consent");
        let form = until("consent can be recorded", 30, async || {
            let form = desks.fr.get(&format!("{path}?matter=1")).await;
            (form.status == 200).then_some(form)
        })
        .await;
        let refused = sent(&mut desks.fr, &form, &path, &[&unticked[..], &[("act", "check")]].concat()).await;
        assert_eq!(refused.status, 400, "{}", refused.text());
        assert!(refused.body.contains("href=\"#f0.consent.voluntary\""), "{}", refused.text());
        desks.moves(Side::Fr, case, "record_consent", &CONSENT).await;
        play.matter(Side::Jp, "CONSENT_RECORDED").await;
        desks.moves(Side::Jp, case, "test_link", &TEST).await;
        play.matter(Side::Fr, "TECH_TESTED").await;
        let present = [
            ("f0.opening.identity.by.name", "Durand Anne"),
            ("f0.opening.identity.against", "document"),
            ("f0.opening.present", "Durand Anne, judge\r\nTessier Paul"),
        ];
        desks.moves(Side::Fr, case, "open_hearing", &present).await;
        play.matter(Side::Fr, "LIVE").await;
        let second = passphrase(&play.stage, Side::Fr, "officer-2");
        let mut fr_second = Browser::signed_in(&play.stage, Side::Fr, "officer-2").await;
        let hash = drawn_up(&mut desks, (&mut fr_second, &second), case).await;
        let page = desks.jp.get(&format!("/cases/{case}/hearings/1")).await;
        assert!(page.status == 200 && page.text().contains(&hash), "{}", page.text());
        desks.moves(Side::Jp, case, "sign_minutes", &[]).await;
        until("one signature is there", 30, async || {
            let page = desks.fr.get(&format!("/cases/{case}/hearings/1")).await;
            page.text().contains("The minutes are signed by").then_some(())
        })
        .await;
        desks.moves(Side::Fr, case, "sign_minutes", &[]).await;
        play.matter(Side::Fr, "SIGNED").await;
        desks.moves(Side::Fr, case, "transmit_minutes", &[]).await;
        moved(&mut fr_second, case, "transmit_minutes", &[], &second).await;
        play.matter(Side::Jp, "TRANSMITTED").await;
        desks.moves(Side::Jp, case, "close_matter", &[]).await;
        play.matter(Side::Fr, "CLOSED").await;
    })
    .await;
}

/// JP proposes two times, after it got one of them wrong, and looked at them by both clocks.
async fn proposed(desks: &mut Desks, case: &str) {
    let path = format!("/cases/{case}/steps/propose_hearing");
    let form = desks.jp.get(&path).await;
    assert_eq!(form.status, 200, "{}", form.text());
    let (day, time) = tokyo(40);
    let slot = [
        ("f0.proposal.slots.0.starts_at-day", day.as_str()),
        ("f0.proposal.slots.0.starts_at-time", time.as_str()),
        ("f0.proposal.slots.0.minutes", "60"),
    ];
    let wrong = [&PROPOSAL[..], &slot[1..], &[("f0.proposal.slots.0.starts_at-day", "2026-02-30"), ("act", "check")]];
    let wrong = sent(&mut desks.jp, &form, &path, &wrong.concat()).await;
    assert_eq!(wrong.status, 400, "{}", wrong.text());
    assert!(
        wrong.body.contains("value=\"2026-02-30\"") && wrong.body.contains("href=\"#f0.proposal.slots.0.starts_at\"")
    );
    assert!(wrong.body.contains("H.323 &#60;b&#62;"), "what a person wrote is text");
    let more = [&PROPOSAL[..], &slot, &[("act", "more:f0.proposal.slots")]].concat();
    let more = sent(&mut desks.jp, &form, &path, &more).await;
    assert!(more.status == 200 && more.body.contains("f0.proposal.slots.3.minutes"), "{}", more.text());
    assert!(more.text().contains("Asia/Tokyo") && more.text().contains("Europe/Paris"), "{}", more.text());
    desks.moves(Side::Jp, case, "propose_hearing", &[&PROPOSAL[..], &slot].concat()).await;
}

/// Two officers of FR draw the minutes up; JP reads what it is going to sign. Returns their digest.
async fn drawn_up(desks: &mut Desks, (second, secret): (&mut Browser, &str), case: &str) -> String {
    let digest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    // A form knows minutes alone, and this hearing ends in the one in which it began: it is said to have begun at the midnight before.
    let began = ("f0.minutes.started_at-time", "00:00");
    let drawn = [("f0.minutes.hash", digest), ("f0.minutes.pages", "3"), ("f0.minutes.read_over", "yes"), began];
    desks.moves(Side::Fr, case, "draft_minutes", &drawn).await;
    moved(second, case, "draft_minutes", &[], secret).await;
    let sign = until("the minutes are there to be signed", 30, async || {
        let form = desks.jp.get(&format!("/cases/{case}/steps/sign_minutes?matter=1")).await;
        (form.status == 200).then_some(form)
    })
    .await;
    assert!(sign.body.contains(digest), "what is signed is what was drawn up: {}", sign.text());
    digest.to_owned()
}

#[tokio::test]
async fn records_of_somebody_else_are_recalled_and_destroyed_from_a_browser_and_once_only() {
    within(DAY_MAX_S, async {
        let play = released().await;
        let (stage, case) = (&play.stage, play.case.as_str());
        let mut desks = Desks::of(&play).await;
        let secrets = [(Side::Jp, "officer-2"), (Side::Fr, "officer-2")].map(|(s, o)| passphrase(stage, s, o));
        let mut jp_second = Browser::signed_in(stage, Side::Jp, "officer-2").await;
        let mut fr_second = Browser::signed_in(stage, Side::Fr, "officer-2").await;
        let way = desks.jp.get(&format!("/cases/{case}/corrections")).await;
        assert!(way.body.contains(&format!("/cases/{case}/steps/report_error")), "{}", way.text());
        let path = format!("/cases/{case}/steps/report_error");
        let form = desks.jp.get(&path).await;
        let about = form.body.split("id=\"about-").nth(3).and_then(|part| part.split('"').next()).unwrap().to_owned();
        let silent = desks.jp.send(&form, &path, &[("about", &about), ("act", "check")]).await;
        assert_eq!(silent.status, 400, "{}", silent.text());
        let forged = desks.jp.send(&form, &path, &[("text", "x"), ("act", "check"), ("csrf", "AAAA")]).await;
        assert_eq!(forged.status, 403, "{}", forged.text());
        let odd = desks.jp.send(&form, &path, &[("text", "x"), ("about", "../etc"), ("act", "check")]).await;
        assert_eq!(odd.status, 400, "{}", odd.text());
        let check = desks.jp.send(&form, &path, &[("text", MARKUP), ("about", &about), ("act", "check")]).await;
        let check = desks.jp.led(check).await;
        assert!(!check.body.contains("<script>alert"), "{}", check.text());
        let signs = [("act", "sign"), ("passphrase", desks.jp_secret.as_str())];
        let mut other = desks.jp.clone();
        let (first, second) = tokio::join!(desks.jp.send(&check, &path, &signs), other.send(&check, &path, &signs));
        assert_eq!((first.status, second.status), (303, 303), "{} {}", first.text(), second.text());
        play.matter(Side::Fr, "REPORTED").await;
        let shown = stage.show(Side::Jp, case).await.unwrap();
        assert_eq!(entries(&shown, "report_error"), 1, "{shown}");
        desks.moves(Side::Fr, case, "triage", &[("flaw", "wrong_subject"), ("text", "A homonym.")]).await;
        let recall = [("f0.compared", "name"), ("f0.compared", "birth_date"), ("f0.root_cause", "partial_match")];
        desks.moves(Side::Fr, case, "recall", &recall).await;
        moved(&mut fr_second, case, "recall", &[], &secrets[1]).await;
        play.matter(Side::Jp, "RECALLED").await;
        let way = desks.jp.get(&format!("/cases/{case}/corrections/1")).await;
        assert!(way.body.contains("/steps/certify_shredding?matter=1"), "{}", way.text());
        let alone = desks.jp.get(&format!("/cases/{case}/steps/certify_shredding?matter=1")).await;
        let path = format!("/cases/{case}/steps/certify_shredding");
        let alone = desks.jp.send(&alone, &path, &[("certifiers", "officer-1"), ("act", "check")]).await;
        assert_eq!(alone.status, 400, "one custodian certifies nothing: {}", alone.text());
        desks.moves(Side::Jp, case, "certify_shredding", &[("certifiers", "officer-1\r\nofficer-2")]).await;
        moved(&mut jp_second, case, "certify_shredding", &[], &secrets[0]).await;
        let shown = play.settled_matter(Side::Jp, "SHREDDED").await;
        assert!(shown["documents"].as_array().unwrap().iter().any(|one| one["destroyed"] == true), "{shown}");
        let custody = desks.jp.get(&format!("/cases/{case}/custody")).await;
        assert!(custody.status == 200 && custody.text().contains("destroyed"), "{}", custody.text());
        play.matter(Side::Fr, "SHREDDED").await;
        reissued(&mut desks, &mut fr_second, case, &secrets[1]).await;
        play.matter(Side::Jp, "REISSUED").await;
    })
    .await;
}

/// FR gives a record by its fields, which nobody has to write as JSON.
async fn reissued(desks: &mut Desks, second: &mut Browser, case: &str, secret: &str) {
    let path = format!("/cases/{case}/steps/reissue");
    let form = until("a record can be given", 30, async || {
        let form = desks.fr.get(&format!("{path}?matter=1")).await;
        (form.status == 200).then_some(form)
    })
    .await;
    let kind = ("record1_type", "subscriber_info");
    let fields = desks.fr.send(&form, &path, &[kind, ("act", "fields:1")]).await;
    assert!(fields.body.contains("name=\"record1.content."), "{}", fields.text());
    let answers = crate::papers::answers(case);
    let (_, record) = answers.iter().find(|(name, _)| *name == "subscriber_info").unwrap();
    let content = record["content"].to_string();
    let given = [kind, ("record1_text", content.as_str())];
    desks.moves(Side::Fr, case, "reissue", &given).await;
    moved(second, case, "reissue", &[], secret).await;
}

#[tokio::test]
async fn what_is_due_is_in_the_calendar_and_two_custodians_end_it_in_a_browser() {
    within(DAY_MAX_S, async {
        let play = Play::draft(Stage::open().await).await;
        for act in &ACTS[..10] {
            play.act(act).await;
        }
        let (stage, case) = (&play.stage, play.case.as_str());
        let mut desks = Desks::of(&play).await;
        let ahead = desks.jp.get("/disposal").await;
        assert!(ahead.status == 200 && ahead.body.contains(&format!("/cases/{case}")), "{}", ahead.text());
        let secret = desks.jp_secret.clone();
        desks.jp.take(case, "disposal_due", &[], &secret).await;
        let due = until("it is due", 30, async || {
            let page = desks.jp.get("/disposal").await;
            page.body.contains("/steps/certify_disposal").then_some(page)
        })
        .await;
        assert!(due.text().contains("Due now"), "{}", due.text());
        desks
            .jp
            .take(case, "certify_disposal", &[("certifiers", "officer-1\r\nofficer-2"), ("remaining", MARKUP)], &secret)
            .await;
        let mut second = Browser::signed_in(stage, Side::Jp, "officer-2").await;
        second.take(case, "certify_disposal", &[], &passphrase(stage, Side::Jp, "officer-2")).await;
        until("it is destroyed", 30, async || {
            let shown = stage.show(Side::Jp, case).await?;
            (shown["summary"]["state"] == "DISPOSED").then_some(())
        })
        .await;
        let found = desks.jp.get("/search?words=FR%3Acentral+stored_data&state=DISPOSED").await;
        assert!(found.status == 200 && found.body.contains(&format!("/cases/{case}\"")), "{}", found.text());
        let none = desks.jp.get("/search?words=%3Cscript%3Ealert&from=2026-02-30").await;
        assert!(
            none.status == 200 && !none.body.contains("<script>alert") && none.text().contains("day"),
            "{}",
            none.text()
        );
        let counted = desks.jp.get("/statistics?by=counterpart&months=yes").await;
        assert!(
            counted.status == 200 && counted.body.contains("<svg") && counted.text().contains("FR"),
            "{}",
            counted.text()
        );
        let csv = desks.jp.get("/statistics.csv").await;
        assert!(csv.header("content-type").starts_with("text/csv") && csv.body.contains("issued"), "{}", csv.body);
        let agenda = desks.fr.get("/agenda?days=365").await;
        assert!(agenda.status == 200 && agenda.text().contains("By law") && agenda.text().contains("By policy"));
        let calendar = desks.fr.get("/agenda.ics").await;
        assert!(calendar.body.starts_with("BEGIN:VCALENDAR"), "{}", calendar.body);
        for strange in ["/agenda?days=-1&acting=%27", "/statistics?year=99999&by=x", "/disposal?after=x"] {
            let page = desks.jp.get(strange).await;
            assert!([200, 400].contains(&page.status), "{strange}: {}", page.text());
        }
    })
    .await;
}
