//! A night: one point of contact asks another in an emergency, is called back over another channel and gets what it asked for. A court validates
//! it in the morning.

use std::fs;

use serde_json::{Value, json};

use crate::{
    bounded, now, papers,
    programs::{Answer, program, run},
    running::Running,
    skew::shim,
    stage::{Side, Stage, Victim},
    state::State,
    until,
};

/// A treaty with a way for emergencies, after CETS 224 art. 9.
const TREATY: &str = r#"
format = "treaty/1"
id = "fictitious-night"
title = "Agreement on emergencies (fictitious)"
kind = "bilateral"
hypothetical = true
purposes = ["criminal_investigation"]

[[instrument]]
id = "fictitious-night"
title = "Agreement on emergencies (fictitious)"
parties = ["FR", "JP"]
in_force = 2026-01-01
denunciation_months = 6
verified = false

[offence]
declared = false

[dual_criminality]
default = "never"

[validators]
subscriber_info = ["judge", "prosecutor"]
traffic_data = ["judge", "prosecutor"]

[refusal]
grounds = ["R01", "R02"]
mandatory = []
consult_before = "no"
reasons = true

[answer]
conditions = ["C01", "C06"]

[safeguards]
specialty = true
onward = "prior_authorisation"
readers = ["central", "judicial", "24x7"]
confidentiality = "always"
return = "no"
incident_notice_hours = 72
rectification = true

[request.emergency_disclosure]
articles = ["fictitious-night:9"]
records = ["subscriber_info", "traffic_data"]
via = ["24x7"]
selectors = ["account"]
max_subjects = 5
max_window_days = 365
emergency = { callback = true, expost_hours = 48 }
verified = false
"#;
const BOND: &str =
    "\n[[treaty]]\ninstrument = \"fictitious-night\"\nratified = 2025-06-01\nin_force = 2026-01-01\nverified = false\n";

/// Both points of contact by night, and the case between them.
struct Night {
    stage: Stage,
    desks: [Running; 2],
    case: String,
}

impl Night {
    async fn fallen() -> Self {
        let stage = Stage::open_prepared(async |base, states: [&State; 2]| {
            let catalogue = base.join("catalogue");
            let write = |path: &str, text: &str| {
                let path = catalogue.join(path);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, text).unwrap();
            };
            for (path, text) in treaty::Catalog::builtin_files() {
                let bound = path == "parties/FR.toml" || path == "parties/JP.toml";
                write(&path, &if bound { format!("{text}{BOND}") } else { text });
            }
            write("instruments/fictitious-night/instrument.toml", TREATY);
            for state in states {
                let head = format!("catalog = \"{}\"\ntreaty_signatures = \"none\"\n", catalogue.display());
                let desks = fs::read_dir(state.dir.join("desks")).unwrap();
                let desks = desks.map(|one| one.unwrap().path().join("desk.toml"));
                for file in desks.chain([state.gateway_dir().join("gateway.toml")]) {
                    let text = fs::read_to_string(&file).unwrap();
                    fs::write(&file, head.clone() + &text).unwrap();
                }
            }
        })
        .await;
        let [jp, fr] = [Side::Jp, Side::Fr].map(|side| stage.state(side).serve_desk("24x7"));
        let mut night = Self { desks: [jp.ready().await, fr.ready().await], stage, case: String::new() };
        for (side, other) in [(Side::Jp, "FR"), (Side::Fr, "JP")] {
            until("the points of contact know each other", 20, async || {
                let status = night.run(side, "status").await.done();
                let knows = status["parties"].as_array().unwrap().iter().any(|party| party == other);
                (knows && status["key_packages_available"] != 0).then_some(())
            })
            .await;
        }
        night.draft().await;
        night
    }

    /// Japan's duty officer writes what cannot wait.
    async fn draft(&mut self) {
        let file = self.stage.pair.jp.dir.join("night.json");
        let write = |case: &str| {
            let mut request = papers::request(case);
            request["addressee"] = "FR:24x7".into();
            request["authority"]["id"] = "JP:24x7".into();
            request["validation"]["role"] = "prosecutor".into();
            request["urgency"] =
                json!({ "level": "emergency", "reason": "The sender threatens to kill the person whom he holds." });
            request["measures"][0]["article"] = "fictitious-night:9".into();
            request["measures"][0]["request_type"] = "emergency_disclosure".into();
            fs::write(&file, request.to_string()).unwrap();
        };
        write(&papers::any_case());
        let new = format!("request new --to FR:24x7 --type emergency_disclosure --from {}", file.display());
        self.case = self.run(Side::Jp, &new).await.done()["case"].as_str().unwrap().to_owned();
        write(&self.case);
        let edit = format!("request edit CASE --from {}", file.display());
        let drafted = self.run(Side::Jp, &edit).await.done();
        assert_eq!(drafted["refusals"].as_array().map_or(0, Vec::len), 0, "{drafted}");
    }

    async fn run(&self, side: Side, words: &str) -> Answer {
        let dir = self.stage.state(side).desk_dir("24x7");
        let words: Vec<String> =
            words.split(' ').map(|word| word.replace("CASE", &self.case).replace('~', " ")).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let line = [&["--dir", dir.to_str().unwrap(), "--output", "json"], words.as_slice()].concat();
        self.stage.state(side).run("desk", &line).await
    }

    /// Lets so many days go by for everybody.
    async fn days_go_by(&mut self, days: i64) {
        let clock = shim(&self.stage.pair.jp.dir);
        self.desks.iter_mut().for_each(Running::kill);
        let all = [Victim::JpGateway, Victim::FrGateway, Victim::JpDesk, Victim::FrDesk];
        all.into_iter().for_each(|victim| self.stage.strike(victim));
        for side in [Side::Jp, Side::Fr] {
            self.stage.set_clocks(side, &clock, days * 24 * 3600);
        }
        for victim in all {
            self.stage.mend(victim).await;
        }
        let [jp, fr] = [Side::Jp, Side::Fr].map(|side| self.stage.state(side).serve_desk("24x7"));
        self.desks = [jp.ready().await, fr.ready().await];
    }

    async fn does(&self, side: Side, words: &str) -> Value {
        self.run(side, words).await.done()
    }

    async fn refused(&self, side: Side, words: &str, told: &str) {
        // What nobody has proved is no matter of a rule.
        let refused = self.run(side, words).await.failed(if told == "R95" { 7 } else { 5 });
        assert!(refused.contains(told), "{told}: {refused}");
    }

    /// Waits until both points of contact show the case there.
    async fn comes_to(&self, state: &str) -> [Value; 2] {
        let at = async |side| {
            until(state, 30, async || {
                let answer = self.run(side, "case show CASE").await;
                let shown = (answer.code == 0).then(|| answer.done())?;
                (shown["summary"]["state"] == state).then_some(shown)
            })
            .await
        };
        [at(Side::Jp).await, at(Side::Fr).await]
    }

    /// Sent at night, granted after a call-back, answered and confirmed.
    async fn answered(&self) {
        self.does(Side::Jp, "request validate CASE --as judicial/officer-1 --role prosecutor").await;
        for officer in ["1", "2"] {
            self.does(Side::Jp, &format!("request send CASE --as 24x7/officer-{officer}")).await;
        }
        self.comes_to("DELIVERED").await;
        self.does(Side::Fr, "acknowledge CASE --as 24x7/officer-1").await;
        // Nothing is granted before somebody called back, at a number of the register.
        self.refused(Side::Fr, "accept CASE --as 24x7/officer-1 --condition C01 --condition C06", "call-back").await;
        let speaks = |party: &str| json!({ "party": party, "authority": format!("{party}:24x7"), "officer": { "name": "On duty" } });
        let call = json!({
            "caller": speaks("FR"),
            "callee": speaks("JP"),
            "channel": "telephone",
            "reached_by": "register_of_contact_points",
            "duration_s": 140,
        });
        let file = self.stage.pair.jp.dir.join("call.json");
        fs::write(&file, call.to_string()).unwrap();
        let granted = || {
            let file = file.display();
            format!(
                "accept CASE --as 24x7/officer-1 --condition C01 --condition C06 --callback-at {} --callback-record {file}",
                now()
            )
        };
        self.called(granted).await;
        self.does(Side::Fr, &granted()).await;
        self.comes_to("ACCEPTED").await;
        let folder = &self.stage.pair.jp.dir;
        let mut produce = String::new();
        for (record_type, record) in papers::answers(&self.case) {
            let file = folder.join(format!("night-{}.json", record_type.replace('_', "-")));
            fs::write(&file, record.to_string()).unwrap();
            produce.push_str(&format!("|--record|{record_type}={}", file.display()));
        }
        for officer in ["1", "2"] {
            let dir = self.stage.state(Side::Fr).desk_dir("24x7");
            let officer = format!("24x7/officer-{officer}");
            let head = ["--dir", dir.to_str().unwrap(), "--output", "json", "produce", &self.case, "--as", &officer];
            let records: Vec<&str> = produce.split('|').skip(1).collect();
            run(&program("desk"), &[&head[..], records.as_slice()].concat()).await.done();
        }
        self.comes_to("PRODUCED").await;
        self.does(Side::Jp, "confirm CASE --as 24x7/officer-1").await;
    }

    /// An officer of FR who says that he called grants nothing, until one of JP has entered what he read out.
    async fn called(&self, granted: impl Fn() -> String) {
        self.refused(Side::Fr, &granted(), "R95").await;
        let opened = self.does(Side::Fr, "call-back open CASE --as 24x7/officer-1").await;
        let challenge = opened["challenge"].as_str().unwrap();
        let there = self.has(Side::Jp, "open_callback").await;
        assert!(!there.to_string().contains(challenge), "it was written to who has to hear it: {there}");
        let inbox = self.does(Side::Jp, "inbox").await;
        let mut cases = inbox["cases"].as_array().unwrap().iter();
        assert!(cases.any(|one| one["case"] == self.case.as_str() && one["emergency"] == true), "{inbox}");
        self.refused(Side::Fr, &granted(), "R95").await;
        let answer = |heard: &str| format!("call-back answer CASE --as 24x7/officer-1 --challenge {heard}");
        self.refused(Side::Jp, &answer("0000-0000-0000-0000"), "R95").await;
        self.refused(Side::Fr, &answer(challenge), "R93").await;
        self.does(Side::Jp, &answer(&challenge.to_lowercase())).await;
        self.has(Side::Fr, "answer_callback").await;
    }

    /// Waits until a point of contact has an entry of this step. Gives the case.
    async fn has(&self, side: Side, step: &str) -> Value {
        until(step, 20, async || {
            let shown = self.does(side, "case show CASE").await;
            let mut timeline = shown["timeline"].as_array().unwrap().iter();
            timeline.any(|one| one["step"] == step).then_some(shown)
        })
        .await
    }
}

#[tokio::test]
async fn an_emergency_is_granted_at_night_after_a_call_back_and_a_court_validates_it_in_the_morning() {
    bounded(async {
        let night = Night::fallen().await;
        night.answered().await;
        night.comes_to("RECEIVED").await;
        let inbox = night.does(Side::Jp, "inbox").await;
        let mut cases = inbox["cases"].as_array().unwrap().iter();
        assert!(cases.any(|one| one["case"] == night.case.as_str()), "a court has to validate it: {inbox}");
        // As long as no court has validated it, nobody closes the case over what came.
        night.does(Side::Fr, "report CASE --as 24x7/officer-1").await;
        night.comes_to("EXECUTED").await;
        night.refused(Side::Jp, "close CASE --as 24x7/officer-1", "R94").await;
        let words = "regularise CASE --emergency a~life --necessity no~other~way --order 311";
        night.refused(Side::Jp, &format!("{words} --as 24x7/officer-1 --role central"), "R94").await;
        night.does(Side::Jp, &format!("{words} --as judicial/officer-1")).await;
        for shown in night.comes_to("EXECUTED").await {
            let steps: Vec<_> =
                shown["timeline"].as_array().unwrap().iter().filter_map(|one| one["step"].as_str()).collect();
            assert!(steps.ends_with(&["regularise"]), "{steps:?}");
        }
        night.does(Side::Jp, "take-over CASE --as 24x7/officer-1 --reader Aoki").await;
        night.comes_to("IN_USE").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_court_validated_in_its_hours_is_due_by_the_word_of_the_desk_and_two_certify_that_it_is_gone() {
    bounded(async {
        let mut night = Night::fallen().await;
        night.answered().await;
        night.comes_to("RECEIVED").await;
        night.days_go_by(3).await;
        for shown in night.comes_to("DISPOSAL_DUE").await {
            let last = shown["timeline"].as_array().unwrap().last().unwrap();
            assert_eq!((&last["step"], &last["sender"]), (&"disposal_due".into(), &"JP:24x7".into()), "{shown}");
        }
        let words = "regularise CASE --emergency a~life --necessity no~other~way --order 311";
        night.refused(Side::Jp, &format!("{words} --as judicial/officer-1 --role judge"), "R94").await;
        let certify = "dispose certify CASE --officer officer-1 --officer officer-2 --cause not_regularised";
        for officer in ["1", "2"] {
            night.does(Side::Jp, &format!("{certify} --as 24x7/officer-{officer}")).await;
        }
        night.comes_to("DISPOSED").await;
        night.does(Side::Fr, "close CASE --as 24x7/officer-1").await;
        night.comes_to("CLOSED").await;
    })
    .await;
}
