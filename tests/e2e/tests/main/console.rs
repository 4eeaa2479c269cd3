//! The console over plain HTTP, as a browser without a script has it: a day's work of both sides, and what a hostile page or an unlucky
//! officer does with it.

use serde_json::Value;

use crate::{
    browser::{Browser, passphrase},
    papers,
    play::{ACTS, Play},
    stage::{Side, Stage},
    until, within,
};

/// Each passphrase costs its work on purpose, and a day has many.
const DAY_MAX_S: u64 = 180;

/// A request that has arrived at FR.
async fn asked() -> Play {
    let play = Play::draft(Stage::open().await).await;
    for act in &ACTS[..3] {
        play.act(act).await;
    }
    play
}

fn entries(case: &Value, step: &str) -> usize {
    case["timeline"].as_array().unwrap().iter().filter(|event| event["step"] == step).count()
}

#[tokio::test]
async fn a_request_is_answered_and_its_records_are_opened_by_officers_who_have_a_browser_alone() {
    within(DAY_MAX_S, async {
        let play = asked().await;
        let (stage, case) = (&play.stage, play.case.as_str());
        let [fr, second, jp] = [(Side::Fr, "officer-1"), (Side::Fr, "officer-2"), (Side::Jp, "officer-1")]
            .map(|(s, o)| passphrase(stage, s, o));
        let mut one = Browser::signed_in(stage, Side::Fr, "officer-1").await;
        let inbox = one.get("/").await;
        assert!(inbox.body.contains(&format!("/cases/{case}")), "{}", inbox.text());
        for (step, words) in
            [("acknowledge", "noted"), ("open_review", ""), ("recognise", "granted"), ("assign", ""), ("collected", "")]
        {
            let done = one.take(case, step, &[("text", words)], &fr).await;
            assert!(done.text().contains("Signed"), "{}", done.text());
        }
        let mut answers = papers::answers(case);
        // The desk puts them under the conditions of the grant: none.
        answers.iter_mut().for_each(|(_, record)| drop(record.as_object_mut().unwrap().remove("conditions")));
        let records: Vec<_> = answers
            .iter()
            .zip(1..)
            .map(|((kind, record), n)| {
                [(format!("record{n}_type"), (*kind).to_owned()), (format!("record{n}_text"), record.to_string())]
            })
            .collect();
        let records: Vec<_> = records.iter().flatten().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let done = one.take(case, "release", &records, &fr).await;
        assert!(
            done.text().contains("a second officer must sign") && done.text().contains("officer-2"),
            "{}",
            done.text()
        );

        let mut two = Browser::signed_in(stage, Side::Fr, "officer-2").await;
        let inbox = two.get("/").await;
        assert!(inbox.text().contains("Waits for a second signature"), "{}", inbox.text());
        let done = two.take(case, "release", &[], &second).await;
        assert!(done.text().contains("Signed") && !done.text().contains("is missing"), "{}", done.text());

        let mut asker = Browser::signed_in(stage, Side::Jp, "officer-1").await;
        asker.take(case, "confirm", &[], &jp).await;
        one.take(case, "final_report", &[("text", "done")], &fr).await;
        asker.take(case, "take_over", &[("readers", "Aoki")], &jp).await;
        let shown = until("the case is in use", 20, async || {
            let page = asker.get(&format!("/cases/{case}")).await;
            page.text().contains("In use").then_some(page)
        })
        .await;
        let link =
            shown.body.split("href=\"").filter(|part| part.contains("Subscriber information</a>")).last().unwrap();
        let document = link.split_once('"').unwrap().0.to_owned();
        let form = asker.get(&document).await;
        assert!(!form.text().contains("content ·"), "nothing is shown before somebody has signed for it");
        let wrong = asker.send(&form, &document, &[("passphrase", "not the passphrase of anybody")]).await;
        assert_eq!(wrong.status, 403, "{}", wrong.text());
        let opened = asker.send(&form, &document, &[("passphrase", &jp)]).await;
        assert!(opened.status == 200 && opened.text().contains("content ·"), "{}", opened.text());
        let log = stage.desk(Side::Jp, &["case", "show", case, "--access"]).await.done();
        assert_eq!(log["openings"].as_array().unwrap().len(), 1, "{log}");
        let events = shown.body.split("/events/").nth(1).unwrap().split('"').next().unwrap();
        let event = asker.get(&format!("/cases/{case}/events/{events}")).await;
        assert!(event.text().contains("Handed in at the sender’s gateway"), "{}", event.text());
        for page in [&inbox, &shown, &opened, &event] {
            assert!(![&fr, &second, &jp].iter().any(|secret| page.body.contains(secret.as_str())));
        }
    })
    .await;
}

#[tokio::test]
async fn what_no_page_of_the_console_sent_is_not_done() {
    within(DAY_MAX_S, async {
        let play = asked().await;
        let (stage, case) = (&play.stage, play.case.as_str());
        let secret = passphrase(stage, Side::Fr, "officer-1");
        let mut browser = Browser::signed_in(stage, Side::Fr, "officer-1").await;
        let path = format!("/cases/{case}/steps/acknowledge");
        let check = browser.check(&path, &[("text", "noted")]).await;
        let page = browser.get("/").await;
        for (name, value) in [
            ("content-security-policy", "default-src 'none'"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("x-content-type-options", "nosniff"),
            ("cache-control", "no-store"),
            ("referrer-policy", "no-referrer"),
        ] {
            assert!(page.header(name).starts_with(value), "{name}: {}", page.header(name));
        }
        let filled = check.hidden();
        let mut fields: Vec<_> = filled.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        fields.extend([("act", "sign"), ("passphrase", secret.as_str())]);
        let own = browser.origin.clone();
        for headers in [
            vec![("Origin", "https://evil.example")],
            vec![("Origin", own.as_str()), ("Sec-Fetch-Site", "cross-site")],
            vec![("Origin", "null")],
            vec![],
        ] {
            assert_eq!(browser.post_from(&headers, &path, &fields).await.status, 403, "{headers:?}");
        }
        let mut forged = fields.clone();
        forged.iter_mut().filter(|(name, _)| *name == "csrf").for_each(|one| one.1 = "AAAA");
        assert_eq!(browser.post(&path, &forged).await.status, 403);
        for host in ["evil.example", "localhost", "127.0.0.1:1"] {
            assert_eq!(browser.ask(&[("Host", host)], "GET / HTTP/1.1", "").await.status, 421, "{host}");
        }
        assert_eq!(browser.ask(&[], "DELETE / HTTP/1.1", "").await.status, 405);
        assert_eq!(browser.get("/cases/nothing").await.status, 404);
        let huge = "x".repeat(64);
        let length = ("Content-Length", "99999999");
        let kind = ("Content-Type", "application/x-www-form-urlencoded");
        let large = browser.ask(&[length, kind, ("Origin", &own)], &format!("POST {path} HTTP/1.1"), &huge).await;
        assert_eq!(large.status, 413, "{}", large.text());
        let shown = stage.show(Side::Fr, case).await.unwrap();
        assert_eq!(entries(&shown, "acknowledge"), 0, "{shown}");
        let other = "another text than the one that was shown";
        let changed = browser.send(&check, &path, &[("text", other), ("act", "sign"), ("passphrase", &secret)]).await;
        assert_eq!(changed.status, 409, "{}", changed.text());
        assert!(changed.body.contains(other), "what was entered is there");
    })
    .await;
}

#[tokio::test]
async fn a_form_that_is_sent_twice_is_done_once_and_both_times_tells_what_came_of_it() {
    within(DAY_MAX_S, async {
        let play = asked().await;
        let (stage, case) = (&play.stage, play.case.as_str());
        let secret = passphrase(stage, Side::Fr, "officer-1");
        let mut browser = Browser::signed_in(stage, Side::Fr, "officer-1").await;
        let path = format!("/cases/{case}/steps/acknowledge");
        let check = browser.check(&path, &[("text", "noted")]).await;
        let wrong = browser.send(&check, &path, &[("act", "sign"), ("passphrase", "not the right passphrase")]).await;
        assert_eq!(wrong.status, 403, "{}", wrong.text());
        assert!(wrong.text().contains("noted"), "it is shown again: {}", wrong.text());
        let mut other = browser.clone();
        let filled = [("act", "sign"), ("passphrase", secret.as_str())];
        let (first, second) = tokio::join!(browser.send(&check, &path, &filled), other.send(&check, &path, &filled));
        assert_eq!((first.status, second.status), (303, 303), "{} {}", first.text(), second.text());
        assert_eq!(first.header("location"), second.header("location"));
        let back = browser.send(&check, &path, &filled).await;
        assert_eq!(back.header("location"), first.header("location"), "the back button: {}", back.text());
        let shown = until("it is admitted", 20, async || {
            let shown = stage.show(Side::Fr, case).await?;
            (shown["summary"]["state"] == "ACKED").then_some(shown)
        })
        .await;
        assert_eq!(entries(&shown, "acknowledge"), 1, "{shown}");
    })
    .await;
}

#[tokio::test]
async fn a_session_that_ends_in_the_middle_of_a_form_loses_nothing_and_passphrases_are_not_guessed() {
    within(DAY_MAX_S, async {
        let play = asked().await;
        let (stage, case) = (&play.stage, play.case.as_str());
        let secret = passphrase(stage, Side::Fr, "officer-1");
        let mut browser = Browser::signed_in(stage, Side::Fr, "officer-1").await;
        let path = format!("/cases/{case}/steps/acknowledge");
        let words = "<script>alert('a & b')</script> 日本\u{202e}";
        let form = browser.get(&path).await;
        let mut elsewhere = browser.clone();
        let page = elsewhere.get("/").await;
        let csrf = page.body.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        assert_eq!(elsewhere.post("/sign-out", &[("csrf", &csrf)]).await.status, 303);
        assert_eq!(browser.get("/").await.status, 303, "nobody is signed in");
        let ended = browser.send(&form, &path, &[("text", words), ("act", "check")]).await;
        assert!(ended.status == 403 && ended.text().contains("what you had entered is kept"), "{}", ended.text());
        assert!(!ended.body.contains("<script>alert"), "markup of a person is text");
        let again = browser.send(&ended, "/sign-in", &[("officer", "officer-1"), ("passphrase", &secret)]).await;
        assert_eq!(again.status, 200, "{}", again.text());
        let filled = browser.send(&again, &path, &[]).await;
        assert!(filled.status == 200 && filled.text().contains("alert('a & b')"), "{}", filled.text());
        let check = browser.send(&filled, &path, &[("text", words), ("act", "check")]).await;
        let check = browser.led(check).await;
        assert!(check.text().contains("alert('a & b')"), "{}", check.text());
        let shown = stage.show(Side::Fr, case).await.unwrap();
        assert_eq!(entries(&shown, "acknowledge"), 0, "nothing was done: {shown}");

        let mut stranger = Browser::at(stage, Side::Fr).await;
        let form = stranger.get("/sign-in").await;
        for officer in ["officer-2", "nobody"] {
            let guess = [("officer", officer), ("passphrase", "a guess that is long enough")];
            for _ in 0..5 {
                assert_eq!(stranger.send(&form, "/sign-in", &guess).await.status, 403, "{officer}");
            }
            let waits = stranger.send(&form, "/sign-in", &guess).await;
            assert_eq!(waits.status, 429, "{officer}");
            assert!(waits.header("retry-after").parse::<u64>().unwrap() > 0);
        }
    })
    .await;
}
