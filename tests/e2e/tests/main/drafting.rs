//! A request is written in the browser alone, without a script: from the choice of whom to ask to the acknowledgement of the other side. And
//! what two officers, an unlucky one and a hostile page do with a draft.

use serde_json::Value;

use crate::{
    browser::{Browser, Page, passphrase},
    papers,
    play::{ACTS, Play},
    stage::{Side, Stage},
    until, within,
};

/// Each passphrase costs its work on purpose, and a day has many.
const DAY_MAX_S: u64 = 240;

/// A day of the story's request in the parts of a form.
fn day(name: &'static str, iso: &str) -> Vec<(String, String)> {
    let mut parts = iso.split('-');
    ["year", "month", "day"].map(|part| (format!("{name}-{part}"), parts.next().unwrap().to_owned())).into()
}

fn plain(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// Those of its topics that name days.
fn dated(request: &Value) -> [Vec<(String, String)>; 3] {
    let text = |pointer: &str| request.pointer(pointer).unwrap().as_str().unwrap();
    let mut measure = plain(&[
        ("records", "subscriber_info"),
        ("records", "traffic_data"),
        ("custodian-name", text("/measures/0/custodian/name")),
        ("procedure", text("/measures/0/procedure")),
        ("data-sought", text("/measures/0/data_sought")),
    ]);
    measure.extend(day("window-from", text("/measures/0/window/from")));
    measure.extend(day("window-to", text("/measures/0/window/to")));
    let mut validation = plain(&[
        ("authority", "JP:judicial"),
        ("role", "judge"),
        ("decision-reference", text("/validation/decision_reference")),
        ("legal-basis", text("/validation/legal_basis")),
    ]);
    validation.extend(day("decided-on", text("/validation/decided_on")));
    let mut facts =
        plain(&[("summary", text("/facts/summary")), ("relevance", text("/facts/relevance")), ("place", "Yokohama")]);
    facts.extend(day("period-from", text("/facts/period/from")));
    facts.extend(day("period-to", text("/facts/period/to")));
    [measure, facts, validation]
}

/// All topics of the story's request, as an officer fills them in.
fn topics(request: &Value) -> Vec<(&'static str, Vec<(String, String)>)> {
    let text = |pointer: &str| request.pointer(pointer).unwrap().as_str().unwrap();
    let [measure, facts, validation] = dated(request);
    let subject = [
        ("selector", "account"),
        ("selector-account-value", text("/measures/0/subjects/0/selector/value")),
        ("selector-account-provider", text("/measures/0/subjects/0/selector/provider")),
        ("role", "suspect"),
        ("basis-of-suspicion", text("/measures/0/subjects/0/basis_of_suspicion")),
    ];
    let offence = [
        ("title", "Fraud"),
        ("provision", text("/offences/0/provision")),
        ("text", text("/offences/0/text")),
        ("max-penalty-months", "120"),
        ("dual-criminality", "yes"),
        ("death-or-life", "no"),
    ];
    let purpose = [
        ("purpose-code", "criminal_investigation"),
        ("purpose-description", text("/purpose/description")),
        ("necessity", text("/necessity")),
        ("proportionality", text("/proportionality")),
    ];
    let authority = [
        ("name", text("/authority/name")),
        ("in-charge-name", "Aoki Haruka"),
        ("contacts-0-kind", "phone"),
        ("contacts-0-value", "+81 3 0000 0000"),
        ("time-zone", "Asia/Tokyo"),
        ("languages", "ja\r\nen"),
    ];
    let file = [
        ("reference", text("/reference")),
        ("proceeding-reference", text("/proceeding/reference")),
        ("proceeding-nature", "investigation"),
        ("proceeding-subject", text("/proceeding/subject")),
    ];
    let undertakings = [("use-limitation", "yes"), ("return-or-destruction", "yes"), ("reciprocity", "yes")];
    let language = [
        ("original", "ja"),
        ("translation-language", "fr"),
        ("translation-translator", "Sato Yui"),
        ("translation-certified", "yes"),
    ];
    vec![
        ("measure-1", measure),
        ("subject-1-1", plain(&subject)),
        ("file", plain(&file)),
        ("facts", facts),
        ("offence-1", plain(&offence)),
        ("purpose", plain(&purpose)),
        ("authority", plain(&authority)),
        ("urgency", plain(&[("level", "urgent"), ("reason", "The provider keeps its logs for twelve months only.")])),
        ("confidentiality", plain(&[("requested", "yes"), ("not-to-be-told", "The holder of the account")])),
        ("undertakings", plain(&undertakings)),
        ("language", plain(&language)),
        ("validation", validation),
    ]
}

/// Fills a topic in as it is shown.
async fn fill(browser: &mut Browser, path: &str, fields: &[(String, String)]) -> Page {
    let form = browser.get(path).await;
    assert_eq!(form.status, 200, "{path}: {}", form.text());
    let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    browser.send(&form, path, &fields).await
}

/// A new draft to FR, as its page.
async fn begun(browser: &mut Browser) -> String {
    let whom = browser.get("/requests/new").await;
    assert!(whom.body.contains("value=\"FR:central\""), "{}", whom.text());
    let what = browser.get("/requests/new?to=FR:central").await;
    assert!(what.text().contains("Stored computer data") && what.text().contains("Convention on Cybercrime, art. 31"));
    let chosen = [("what", "ets-185:31|stored_data")];
    let first = browser.send(&what, "/requests/new", &chosen).await;
    assert_eq!(first.status, 303, "{}", first.text());
    let second = browser.send(&what, "/requests/new", &chosen).await;
    assert_eq!(first.header("location"), second.header("location"), "a form that is sent twice begins one draft");
    first.header("location").to_owned()
}

/// A draft with nothing left to do.
async fn written(browser: &mut Browser) -> String {
    let draft = begun(browser).await;
    let request = papers::request(draft.rsplit('/').next().unwrap());
    for (slug, fields) in topics(&request) {
        let saved = fill(browser, &format!("{draft}/topics/{slug}"), &fields).await;
        assert_eq!(saved.status, 303, "{slug}: {}", saved.text());
    }
    draft
}

#[tokio::test]
async fn a_draft_asks_what_its_treaty_needs_tells_where_each_topic_stands_and_is_checked_as_on_the_command_line() {
    within(DAY_MAX_S, async {
        let stage = Stage::open().await;
        let mut browser = Browser::signed_in(&stage, Side::Jp, "officer-1").await;
        let draft = begun(&mut browser).await;
        let tasks = browser.get(&draft).await;
        assert!(tasks.text().contains("Not started") && tasks.text().contains("Cannot start yet"), "{}", tasks.text());
        let measure = browser.get(&format!("{draft}/topics/measure-1")).await;
        assert!(measure.text().contains("Subscriber information") && !measure.body.contains("name=\"attributes\""));
        let half = fill(&mut browser, &format!("{draft}/topics/facts"), &plain(&[("summary", "Half")])).await;
        let back = browser.get(half.header("location")).await;
        assert!(back.text().contains("Fill in: How what is asked bears on the facts"), "{}", back.text());
        assert!(browser.get(&draft).await.text().contains("In progress"));

        let draft = written(&mut browser).await;
        let tasks = browser.get(&draft).await;
        assert!(!tasks.text().contains("Not started") && !tasks.text().contains("In progress"), "{}", tasks.text());
        let answers = browser.get(&format!("{draft}/answers")).await;
        assert!(answers.text().contains("Nothing stands in its way"), "{}", answers.text());
        let case = draft.rsplit('/').next().unwrap();
        let checked = stage.desk(Side::Jp, &["preflight", case]).await;
        assert_eq!(checked.code, 0, "{}{}", checked.out, checked.err);

        // More days than the treaty gives: the article, at its field, with what to do.
        let mut wide = topics(&papers::request(case)).into_iter().find(|(slug, _)| *slug == "measure-1").unwrap().1;
        wide.iter_mut().filter(|(name, _)| name == "window-from-year").for_each(|one| one.1 = "2019".to_owned());
        let saved = fill(&mut browser, &format!("{draft}/topics/measure-1"), &wide).await;
        let mend = browser.get(saved.header("location")).await;
        assert!(
            mend.text().contains("There is a problem") && mend.body.contains("href=\"#window-from"),
            "{}",
            mend.text()
        );
        let tasks = browser.get(&draft).await.text();
        assert!(tasks.contains("Would be refused") && tasks.contains("Convention on Cybercrime"), "{tasks}");
    })
    .await;
}

#[tokio::test]
async fn a_request_is_written_limited_by_a_judge_sent_by_two_officers_and_acknowledged_in_the_browser_alone() {
    within(DAY_MAX_S, async {
        let stage = Stage::open().await;
        let secret = |side, officer: &str| passphrase(&stage, side, officer);
        let mut writer = Browser::signed_in(&stage, Side::Jp, "officer-1").await;
        let draft = written(&mut writer).await;
        let case = draft.rsplit('/').next().unwrap().to_owned();
        let scope = format!("{draft}/scope");
        let page = writer.get(&scope).await;
        assert!(page.text().contains("A judge or prosecutor signs here") && !page.body.contains("name=\"passphrase\""));

        let mut judge = Browser::signed_in(&stage, Side::Jp, "judicial/officer-1").await;
        let page = judge.get(&scope).await;
        assert!(page.text().contains("Traffic data") && page.text().contains("at most 20 persons"), "{}", page.text());
        let request = papers::request(&case);
        let window = |end: &str| request["measures"][0]["window"][end].as_str().unwrap().to_owned();
        let mut limits = plain(&[("act", "limit"), ("m1-record", "subscriber_info"), ("m1-subject", "0")]);
        limits.extend(day("m1-from", &window("from")));
        limits.extend(day("m1-to", &window("to")));
        let limits: Vec<_> = limits.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let stale = page.clone();
        assert_eq!(judge.send(&page, &scope, &limits).await.status, 303);
        let judges = secret(Side::Jp, "judicial/officer-1");
        let sign = [("act", "sign"), ("passphrase", judges.as_str())];
        let refused = judge.send(&stale, &scope, &sign).await;
        assert_eq!(refused.status, 409, "what is signed is what was shown: {}", refused.text());
        let page = judge.get(&scope).await;
        assert!(!page.text().contains("Traffic data"), "{}", page.text());
        let wrong = judge.send(&page, &scope, &[("act", "sign"), ("passphrase", "not the right passphrase")]).await;
        assert_eq!(wrong.status, 403, "{}", wrong.text());
        let signed = judge.send(&page, &scope, &sign).await;
        assert_eq!(signed.status, 303, "{}", signed.text());
        assert_eq!(judge.send(&page, &scope, &sign).await.status, 303, "a second press");
        assert!(judge.get(&scope).await.text().contains("It is validated"));

        let one = secret(Side::Jp, "officer-1");
        writer.take(&case, "seal_send", &[], &one).await;
        let mut second = Browser::signed_in(&stage, Side::Jp, "officer-2").await;
        second.take(&case, "seal_send", &[], &secret(Side::Jp, "officer-2")).await;

        let mut asked = Browser::signed_in(&stage, Side::Fr, "officer-1").await;
        let triage = until("the request has come", 30, async || {
            let page = asked.get(&format!("/cases/{case}/triage")).await;
            (page.status == 200 && page.text().contains("Acknowledge receipt")).then_some(page)
        })
        .await;
        for words in ["Stored computer data", "art. 31", "Aoki Haruka", "What is missing", "harbour.trader"] {
            assert!(triage.text().contains(words), "{words}: {}", triage.text());
        }
        let key = secret(Side::Fr, "officer-1");
        asked.take(&case, "acknowledge", &[("text", "noted")], &key).await;
        // To accept is one act, with one passphrase.
        let done = asked.take(&case, "recognise", &[("text", "granted")], &key).await;
        assert!(done.text().contains("Accept the request"), "{}", done.text());
        let shown = until("it is accepted", 30, async || {
            let shown = stage.show(Side::Jp, &case).await?;
            (shown["summary"]["state"] == "ACCEPTED").then_some(shown)
        })
        .await;
        assert_eq!(shown["measures"][0]["records"], serde_json::json!(["subscriber_info"]), "{shown}");
    })
    .await;
}

#[tokio::test]
async fn what_was_shown_to_be_signed_is_a_page_by_itself_and_a_session_signs_in_one_case_at_a_time() {
    within(DAY_MAX_S, async {
        let play = Play::draft(Stage::open().await).await;
        play.act(&ACTS[0]).await;
        let (stage, case) = (&play.stage, play.case.as_str());
        let path = format!("/cases/{case}/steps/seal_send");
        let mut browser = Browser::signed_in(stage, Side::Jp, "officer-1").await;
        let check = browser.check(&path, &[]).await;
        let form = browser.get(&path).await;
        let led = browser.send(&form, &path, &[("act", "check")]).await;
        let address = led.header("location").to_owned();
        assert_eq!(browser.get(&address).await.status, 200);
        assert_eq!(browser.get(&address).await.text(), browser.get(&address).await.text(), "it can be loaded again");
        assert_eq!(browser.get(&format!("{path}/check/nothing")).await.header("location"), path);
        // Another session of the same officer has shown nothing yet: nothing is signed, and what would be is shown.
        let secret = passphrase(stage, Side::Jp, "officer-1");
        let mut other = Browser::signed_in(stage, Side::Jp, "officer-1").await;
        assert_eq!(other.get(&address).await.status, 200, "the form is the officer's, not the session's");
        let mut third = Browser::signed_in(stage, Side::Jp, "officer-1").await;
        let form = third.get(&path).await;
        let mut fields = check.hidden();
        let csrf = form.hidden().into_iter().find(|(name, _)| name == "csrf").unwrap().1;
        fields.iter_mut().filter(|(name, _)| name == "csrf").for_each(|one| one.1.clone_from(&csrf));
        fields.extend([("act".to_owned(), "sign".to_owned()), ("passphrase".to_owned(), secret.clone())]);
        let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let bound = third.post(&path, &fields).await;
        assert_eq!(bound.status, 409, "{}", bound.text());
        let signed = third.send(&bound, &path, &[("act", "sign"), ("passphrase", &secret)]).await;
        assert_eq!(signed.status, 303, "{}", signed.text());
    })
    .await;
}

#[tokio::test]
async fn an_original_and_its_translation_are_compared_side_by_side() {
    within(DAY_MAX_S, async {
        let stage = Stage::open().await;
        let mut browser = Browser::signed_in(&stage, Side::Jp, "officer-1").await;
        let draft = begun(&mut browser).await;
        let path = format!("{draft}/translation");
        let original = "被害額は４０００万円である。";
        fill(&mut browser, &format!("{draft}/topics/facts"), &plain(&[("summary", original)])).await;
        let language = plain(&[("original", "ja"), ("translation-language", "fr"), ("translation-translator", "Sato")]);
        fill(&mut browser, &format!("{draft}/topics/language"), &language).await;
        let form = browser.get(&path).await;
        assert!(form.text().contains(original), "{}", form.text());
        let wrong = [("text-facts-summary", "Le dommage est de 4 millions de yens.")];
        assert_eq!(browser.send(&form, &path, &wrong).await.status, 303);
        let page = browser.get(&path).await;
        assert!(page.text().contains("They differ") && page.text().contains("Only in the original"), "{}", page.text());
        let right = [("text-facts-summary", "Le dommage est de 40 millions de yens.")];
        assert_eq!(browser.send(&page, &path, &right).await.status, 303);
        assert!(browser.get(&path).await.text().contains("Numbers, dates and names agree"));
        let late = browser.send(&form, &path, &[("text-facts-summary", "<b>late</b>")]).await;
        assert!(late.status == 409 && late.text().contains("40 millions") && late.text().contains("<b>late</b>"));
    })
    .await;
}

#[tokio::test]
async fn two_officers_at_one_topic_see_both_texts_and_at_two_topics_do_not_meet() {
    within(DAY_MAX_S, async {
        let stage = Stage::open().await;
        let mut one = Browser::signed_in(&stage, Side::Jp, "officer-1").await;
        let mut two = Browser::signed_in(&stage, Side::Jp, "officer-2").await;
        let draft = begun(&mut one).await;
        let (facts, file) = (format!("{draft}/topics/facts"), format!("{draft}/topics/file"));
        let (first, second) = (one.get(&facts).await, two.get(&facts).await);
        let other = two.get(&file).await;
        assert_eq!(one.send(&first, &facts, &[("summary", "by the first")]).await.status, 303);
        assert_eq!(one.send(&first, &facts, &[("summary", "by the first")]).await.status, 303, "a second press");
        assert_eq!(two.send(&other, &file, &[("reference", "F-1")]).await.status, 303, "another topic");
        let conflict = two.send(&second, &facts, &[("summary", "by the second")]).await;
        assert_eq!(conflict.status, 409);
        assert!(conflict.text().contains("by the first") && conflict.body.contains("by the second"));
        let resolved = two.send(&conflict, &facts, &[("summary", "by both")]).await;
        assert_eq!(resolved.status, 303, "{}", resolved.text());
        assert!(one.get(&facts).await.body.contains("by both"));
        assert!(one.get(&file).await.body.contains("F-1"));
    })
    .await;
}

#[tokio::test]
async fn whatever_is_pasted_into_a_draft_is_kept_as_text_or_told_and_what_no_page_sent_changes_nothing() {
    within(DAY_MAX_S, async {
        let stage = Stage::open().await;
        let mut browser = Browser::signed_in(&stage, Side::Jp, "officer-1").await;
        let draft = begun(&mut browser).await;
        let facts = format!("{draft}/topics/facts");
        let words =
            "<script>alert(1)</script> {{ 7*7 }} {% raw %} <img src=x> <fill in> \u{202e}gpj.exe \u{5d0}\u{5d1}";
        let saved = fill(&mut browser, &facts, &plain(&[("summary", words), ("place", "<b>")])).await;
        assert_eq!(saved.status, 303, "{}", saved.text());
        for path in [facts.clone(), format!("{draft}/answers"), draft.clone()] {
            let page = browser.get(&path).await;
            assert!(page.status == 200 && !page.body.contains("<script>alert") && !page.body.contains("<img src"));
        }
        assert!(browser.get(&facts).await.text().contains("{{ 7*7 }}"));
        // A list of three hundred lines is kept, and found too long.
        let secret = format!("{draft}/topics/confidentiality");
        let lines: Vec<_> = (1..=300).map(|n| format!("person {n}")).collect();
        let pasted = plain(&[("requested", "yes"), ("not-to-be-told", &lines.join("\r\n"))]);
        assert_eq!(fill(&mut browser, &secret, &pasted).await.status, 303);
        assert!(browser.get(&secret).await.body.contains("person 300"));
        // Three hundred fields that nobody asked for are not read.
        let form = browser.get(&facts).await;
        let extra: Vec<_> = (0..300).map(|n| format!("measures-{n}")).collect();
        let extra: Vec<_> = extra.iter().map(|name| (name.as_str(), "x")).chain([("summary", "plain")]).collect();
        assert_eq!(browser.send(&form, &facts, &extra).await.status, 303);
        let large = "x".repeat(2 * 1024 * 1024);
        let form = browser.get(&facts).await;
        let refused = browser.send(&form, &facts, &[("summary", &large)]).await;
        assert!(refused.status == 413 && refused.body.contains(&large), "what was entered is there");
        // Forged, and without a session.
        let form = browser.get(&facts).await;
        assert_eq!(browser.send(&form, &facts, &[("csrf", "AAAA"), ("summary", "forged")]).await.status, 403);
        let own = [("Origin", "https://evil.example")];
        assert_eq!(browser.post_from(&own, &facts, &[("summary", "forged")]).await.status, 403);
        let mut elsewhere = browser.clone();
        elsewhere.cookie = None;
        let ended = elsewhere.send(&form, &facts, &[("summary", "typed before the session ended")]).await;
        assert!(ended.status == 403 && ended.body.contains("typed before the session ended"));
        assert!(browser.get(&facts).await.body.contains("plain"), "nothing was changed");
        for path in ["/drafts/nothing", &format!("{draft}/topics/nothing"), &format!("{draft}/topics/subject-1-9")] {
            assert_eq!(browser.get(path).await.status, 404, "{path}");
        }
        // Items of lists.
        let tasks = browser.get(&draft).await;
        let add = [("add", "subject-1@1")];
        let first = browser.send(&tasks, &format!("{draft}/items"), &add).await;
        let again = browser.send(&tasks, &format!("{draft}/items"), &add).await;
        assert_eq!(first.header("location"), again.header("location"), "a second press adds no second subject");
        assert!(first.header("location").ends_with("/topics/subject-1-2"));
        let second = browser.get(first.header("location")).await;
        let gone = browser.send(&second, &format!("{draft}/items"), &[("drop", "subject-1-2")]).await;
        assert_eq!(gone.status, 303);
        assert_eq!(browser.get(&format!("{draft}/topics/subject-1-2")).await.status, 404);
    })
    .await;
}
