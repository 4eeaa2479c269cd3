//! Treaties that bind only when both states have signed them: catalogues in folders, plans, signatures, a denunciation, a private layer.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Stdio,
};

use serde_json::Value;
use tokio::{process::Command, time::Instant};

use crate::{
    bounded, now,
    pair::two_states,
    papers,
    play::{ACTS, Play},
    programs::{Answer, program, run},
    scribe::Scribe,
    stage::{Side, Stage, Victim},
    state::State,
    wire,
};

/// What treaty writers work on, beside the folders of both states.
struct Desk {
    next: PathBuf,
    plans: PathBuf,
    states: [State; 2],
}

impl Desk {
    /// The built-in files in a folder, and an empty catalogue for each state, which its programs are told to use.
    fn open(folder: &Path, states: [&State; 2]) -> Self {
        let desk = Self { next: folder.join("next"), plans: folder.to_owned(), states: states.map(Clone::clone) };
        for (path, text) in treaty::Catalog::builtin_files().filter(|(path, _)| !path.starts_with("overlays/")) {
            desk.write(&path, &text);
        }
        for state in states {
            let catalogue = format!("catalog = {}\n", toml_text(&catalogue(state)));
            let desks = fs::read_dir(state.dir.join("desks")).unwrap().map(|one| one.unwrap().path().join("desk.toml"));
            for file in desks.chain([state.gateway_dir().join("gateway.toml")]) {
                let text = fs::read_to_string(&file).unwrap();
                fs::write(&file, catalogue.clone() + &text).unwrap();
            }
        }
        desk
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.next.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn plan_file(&self, name: &str) -> String {
        self.plans.join(name).to_str().unwrap().to_owned()
    }

    /// Plans what lies in `next` for the pair, against JP's catalogue.
    async fn plan(&self, name: &str) -> Value {
        let (next, out) = (self.next.to_str().unwrap(), self.plan_file(name));
        let words = ["plan", next, "--catalogue", &catalogue(&self.states[0]), "-o", &out, "--pair", "JP", "FR"];
        treaty(&words).await.done()
    }

    async fn sign(&self, name: &str, state: &State) {
        let file = |name: &str| state.dir.join("treaty").join(name).to_str().unwrap().to_owned();
        let (key, cert, passphrase) = (file("treaty.key.pem"), file("treaty.cert.pem"), file("passphrase"));
        let plan = self.plan_file(name);
        let own = catalogue(state);
        let words =
            ["sign", &plan, "--key", &key, "--cert", &cert, "--passphrase-file", &passphrase, "--catalogue", &own];
        treaty(&words).await.done();
    }

    /// Applies a plan to a state's catalogue.
    async fn apply(&self, name: &str, state: &State, more: &[&str]) -> Answer {
        let roots = self.states.clone().map(|state| state.dir.join("root/root.cert.pem").to_str().unwrap().to_owned());
        let (plan, catalogue) = (self.plan_file(name), catalogue(state));
        let words = ["apply", &plan, "--catalogue", &catalogue, "--roots", &roots[0], &roots[1]];
        treaty(&[&words, more].concat()).await
    }

    /// Lets both sign, and applies on both sides.
    async fn enact(&self, name: &str) {
        for state in &self.states {
            self.sign(name, state).await;
        }
        for state in &self.states {
            self.apply(name, state, &[]).await.done();
        }
    }
}

fn catalogue(state: &State) -> String {
    state.dir.join("catalogue").to_str().unwrap().to_owned()
}

fn toml_text(text: &str) -> String {
    format!("\"{text}\"")
}

async fn treaty(arguments: &[&str]) -> Answer {
    run(&program("treaty"), &[arguments, &["--output", "json"]].concat()).await
}

/// Starts all programs anew, so that they take the catalogues as they are now.
async fn restart(stage: &mut Stage, victims: &[Victim]) {
    for victim in victims {
        stage.strike(*victim);
    }
    for victim in victims {
        stage.mend(*victim).await;
    }
}

const PROGRAMS: [Victim; 4] = [Victim::JpGateway, Victim::FrGateway, Victim::JpDesk, Victim::FrDesk];

/// What the desk of a side says to a new request for stored data from the other.
async fn ask(stage: &Stage, side: Side) -> Answer {
    let to = if side == Side::Jp { "FR:central" } else { "JP:central" };
    stage.desk(side, &["request", "new", "--to", to, "--type", "stored_data"]).await
}

/// A treaty that both have signed.
async fn signed_stage() -> (Stage, Desk) {
    let mut desk = None;
    let stage = Stage::open_prepared(async |folder, states| {
        let made = Desk::open(folder, states);
        made.plan("first.json").await;
        made.enact("first.json").await;
        desk = Some(made);
    })
    .await;
    (stage, desk.unwrap())
}

/// A joint investigation team, from today on.
fn team() -> String {
    let today = now().date().unwrap();
    format!(
        "format = \"overlay/1\"\nid = \"team\"\ntitle = \"Team\"\nparties = [\"FR\", \"JP\"]\nkind = \"jit\"\n\
         purpose = \"Forged bills\"\nmembers = [\"FR:central\", \"JP:central\"]\nrecorded = {today}\nvalid_from = {today}\n\
         valid_to = 2099-12-31\narranges = [\"jit\"]\nverified = false\n"
    )
}

/// Whether the desk of Japan, which writes a request of the team to this authority, is told that it is no member.
async fn told_no_member(stage: &Stage, to: &str) -> bool {
    let mut request = papers::request(&papers::any_case());
    request["addressee"] = to.into();
    request["measures"][0]["article"] = "untoc:19".into();
    request["measures"][0]["request_type"] = "jit".into();
    let file = stage.pair.jp.dir.join("of-the-team.json");
    fs::write(&file, request.to_string()).unwrap();
    let new = ["request", "new", "--to", to, "--type", "jit", "--from", file.to_str().unwrap()];
    let told = stage.desk(Side::Jp, &new).await.done()["findings"].to_string();
    assert!(!told.contains("R92"), "{told}");
    told.contains(&format!("{to} is not a member of the joint investigation team"))
}

#[tokio::test]
async fn nothing_begins_before_both_have_signed_and_then_it_does() {
    bounded(async {
        let mut desk = None;
        let mut stage = Stage::open_prepared(async |folder, states| {
            let made = Desk::open(folder, states);
            made.write("overlays/FR-JP/team.toml", &team());
            made.plan("first.json").await;
            made.sign("first.json", states[1]).await;
            let refused = made.apply("first.json", states[0], &[]).await.failed(7);
            assert!(refused.contains("parties/JP.toml is not signed by JP"), "{refused}");
            for state in states {
                assert_eq!(made.apply("first.json", state, &["--partly"]).await.code, 3);
            }
            desk = Some(made);
        })
        .await;
        let desk = desk.unwrap();

        // FR has signed, JP has not.
        let channel = stage.state(Side::Fr).channel("JP").await;
        assert_eq!(channel["treaty_signed_by"], serde_json::json!(["FR"]), "{channel}");
        assert!(channel["treaty_missing"].to_string().contains("parties/JP.toml is not signed by JP"), "{channel}");
        let team = &channel["teams"][0];
        assert_eq!((&team["standing"], &team["signed_by"]), (&"PROPOSED".into(), &serde_json::json!(["FR"])), "{team}");
        assert_eq!(team["missing"], serde_json::json!(["overlays/FR-JP/team.toml is not signed by JP"]));
        for side in [Side::Jp, Side::Fr] {
            let refused = ask(&stage, side).await.failed(5);
            assert!(refused.contains("R92") && refused.contains("is not signed by JP"), "{refused}");
        }
        // A desk that does not ask for signatures is refused by both gateways.
        let mut lax = Scribe::at(stage.state(Side::Jp)).await;
        let (_, opening) = lax.opening(&stage.state(Side::Fr).authority("central")).await;
        let denied = lax.submit(&opening).await.unwrap_err();
        assert_eq!(wire::error_info(&denied).reason, "R92", "{denied}");
        assert!(wire::error_info(&denied).metadata["text"].contains("is not signed by JP"), "{denied}");

        // JP signs the same plan: it is completed, and a case begins.
        desk.enact("first.json").await;
        restart(&mut stage, &PROGRAMS).await;
        let team = stage.state(Side::Fr).channel("JP").await["teams"][0].clone();
        assert_eq!((&team["standing"], &team["missing"]), (&"ACTIVE".into(), &serde_json::json!([])), "{team}");
        assert_eq!((&team["purpose"], &team["members"][0]), (&"Forged bills".into(), &"FR:central".into()), "{team}");
        assert_eq!(
            [told_no_member(&stage, "FR:central").await, told_no_member(&stage, "FR:judicial").await],
            [false, true]
        );
        let play = Play::draft(stage).await;
        for act in &ACTS[..4] {
            play.act(act).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_denunciation_stops_what_is_new_and_lets_the_pending_case_finish() {
    bounded(async {
        let (stage, desk) = signed_stage().await;
        let mut play = Play::draft(stage).await;
        for act in &ACTS[..4] {
            play.act(act).await;
        }
        let today = now().date().unwrap();
        desk.write("parties/JP.2.toml", &denunciation(&desk.next.join("parties/JP.toml"), &today.to_string()));
        desk.plan("second.json").await;
        desk.enact("second.json").await;
        restart(&mut play.stage, &PROGRAMS).await;

        let file = desk.plan_file("request.json");
        fs::write(&file, papers::request(&papers::any_case()).to_string()).unwrap();
        let new = ["request", "new", "--to", "FR:central", "--type", "stored_data", "--from", &file];
        let drafted = play.stage.desk(Side::Jp, &new).await.done();
        let told = drafted["findings"].to_string();
        assert!(told.contains("R92") && told.contains("JP") && told.contains("denounced"), "{told}");
        let case = drafted["case"].as_str().unwrap();
        let validate = ["request", "validate", case, "--as", "judicial/officer-1", "--role", "judge"];
        let refused = play.stage.desk(Side::Jp, &validate).await;
        assert_ne!(refused.code, 0, "{}", refused.out);

        for act in &ACTS[4..] {
            play.act(act).await;
        }
        play.assert_whole().await;
    })
    .await;
}

/// JP's file, with a notice under the Budapest Convention that has taken effect.
fn denunciation(file: &Path, today: &str) -> String {
    let text = fs::read_to_string(file).unwrap();
    let head = format!("format = \"party/1\"\nversion = 2\nrecorded = {today}");
    let text = text.replace("format = \"party/1\"", &head);
    let bond = "instrument = \"ets-185\"\n";
    assert!(text.contains(bond), "{text}");
    text.replace(bond, &format!("{bond}denounced = 2026-01-15\nends = {today}\n"))
}

#[tokio::test]
async fn a_byte_changed_after_signing_stops_the_pair_and_names_the_file() {
    bounded(async {
        let (mut stage, desk) = signed_stage().await;
        let channel = stage.state(Side::Fr).channel("JP").await;
        assert_eq!(channel["treaty_signed_by"], serde_json::json!(["FR", "JP"]), "{channel}");
        assert_eq!(channel["treaty_missing"], serde_json::json!([]), "{channel}");

        let file = Path::new(&catalogue(&desk.states[1])).join("parties/JP.toml");
        let text = fs::read_to_string(&file).unwrap();
        fs::write(&file, text.replacen("in_force = 2012-11-01", "in_force = 2012-11-02", 1)).unwrap();
        assert_ne!(fs::read_to_string(&file).unwrap(), text);
        restart(&mut stage, &[Victim::FrGateway, Victim::FrDesk]).await;
        let fr = stage.state(Side::Fr).clone();
        let told = stage.pair.fr_gateway.log();
        let error = told.lines().find(|line| line.contains("ERROR") && line.contains("treaty files"));
        assert!(error.is_some_and(|line| line.contains("parties/JP.toml")), "{told}");
        let status = fr.status().await;
        assert!(status["problems"].to_string().contains("parties/JP.toml"), "{status}");
        let refused = ask(&stage, Side::Fr).await.failed(5);
        assert!(refused.contains("parties/JP.toml") && refused.contains("altered"), "{refused}");
        let roots = desk.states.clone().map(|state| state.dir.join("root").to_str().unwrap().to_owned());
        let words = ["verify", "--catalogue", &catalogue(&desk.states[1]), "--roots", &roots[0], &roots[1]];
        let verified = treaty(&words).await;
        assert_eq!(verified.code, 9, "{}{}", verified.out, verified.err);
    })
    .await;
}

#[tokio::test]
async fn a_private_layer_refuses_what_the_pin_allows_and_the_pins_stay_equal() {
    bounded(async {
        let (mut stage, desk) = signed_stage().await;
        let [jp, fr] = &desk.states;
        desk.write(
            "national/JP.toml",
            &format!(
                "format = \"national/1\"\nrecorded = {}\nparty = \"JP\"\n\n[[restrict]]\nrequests = [\"stored_data\"]\n\
                 forbid = true\nbecause = \"Act of a test\"\n",
                now().date().unwrap()
            ),
        );
        let (next, out) = (desk.next.to_str().unwrap(), desk.plan_file("national.json"));
        treaty(&["plan", next, "--catalogue", &catalogue(jp), "-o", &out, "--national", "JP"]).await.done();
        desk.sign("national.json", jp).await;
        desk.apply("national.json", jp, &[]).await.done();
        restart(&mut stage, &[Victim::JpGateway, Victim::JpDesk]).await;

        let pin = |channel: Value| channel["treaty_pin"].as_str().unwrap().to_owned();
        assert_eq!(pin(jp.channel("FR").await), pin(fr.channel("JP").await));
        let refused = ask(&stage, Side::Jp).await.failed(5);
        assert!(refused.contains("R92"), "{refused}");
        // FR knows nothing of it, and may ask.
        let drafted = ask(&stage, Side::Fr).await.done();
        // The form to be filled in is written where the officer works.
        fs::remove_file(drafted["file"].as_str().unwrap()).unwrap();
        assert!(!Path::new(&catalogue(fr)).join("national").exists());
    })
    .await;
}

#[tokio::test]
async fn what_another_state_refuses_by_its_own_law_stands_in_the_file_that_it_exports() {
    bounded(async {
        let (mut stage, desk) = signed_stage().await;
        let fr = &desk.states[1];
        let today = now().date().unwrap();
        let text = format!(
            "format = \"national/1\"\nrecorded = {today}\nparty = \"FR\"\n\n[[restrict]]\nrequests = [\"stored_data\"]\n\
             forbid = true\nbecause = \"Act of a test\"\n"
        );
        desk.write("national/FR.toml", &text);
        let (next, out) = (desk.next.to_str().unwrap(), desk.plan_file("national.json"));
        treaty(&["plan", next, "--catalogue", &catalogue(fr), "-o", &out, "--national", "FR"]).await.done();
        desk.sign("national.json", fr).await;
        desk.apply("national.json", fr, &[]).await.done();
        restart(&mut stage, &[Victim::FrGateway, Victim::FrDesk]).await;

        let play = Play::draft(stage).await;
        play.act(&ACTS[0]).await;
        play.act(&ACTS[1]).await;
        let send = ["request", "send", &play.case, "--as", "central/officer-2"];
        let refused = play.stage.desk(Side::Jp, &send).await.failed(5);
        assert!(refused.contains("R92") && refused.contains("law of FR"), "{refused}");
        // JP could deny that it ever asked: what FR exports shows what JP's officers, desk and gateway signed.
        let file = play.export(Side::Fr, "refused.zip", &[]).await;
        let report = play.proved(&file).await;
        let lines = report.lines().filter(|line| line.contains("seal_send")).collect::<Vec<_>>();
        let [line] = *lines else { panic!("{report}") };
        for said in ["not part of the case", "(2 officers)", "JP SubmissionAcceptance", "FR RelayRejection"] {
            assert!(line.contains(said), "{said}: {line}");
        }
        assert!(report.contains("1 did not become part of it"), "{report}");
    })
    .await;
}

#[tokio::test]
async fn the_file_of_a_case_says_that_both_states_signed_the_treaties_that_it_rests_on() {
    bounded(async {
        let (stage, _) = signed_stage().await;
        let play = Play::draft(stage).await;
        for act in &ACTS[..4] {
            play.act(act).await;
        }
        for side in [Side::Jp, Side::Fr] {
            let file = play.export(side, &format!("{side:?}.zip"), &[]).await;
            let report = play.proved(&file).await;
            assert!(report.contains("Both states signed these treaty files and accepted this pin."), "{report}");
            assert!(!report.contains("That both states signed the treaty files"), "{report}");
        }
    })
    .await;
}

/// Everything below a folder, by path.
fn everything(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(&next).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                open.push(entry);
            } else {
                found.insert(entry.strip_prefix(folder).unwrap().to_owned(), fs::read(&entry).unwrap());
            }
        }
    }
    found
}

/// How often `treaty apply` is killed, each time a little later.
const KILLS: u32 = 24;

#[tokio::test]
async fn a_kill_of_apply_leaves_the_old_or_the_new_catalogue_and_never_a_mixture() {
    bounded(async {
        let (folder, jp, fr) = two_states().await;
        let desk = Desk::open(folder.path(), [&jp, &fr]);
        desk.plan("first.json").await;
        desk.enact("first.json").await;
        let catalogue = PathBuf::from(catalogue(&jp));
        let old = everything(&catalogue);
        desk.write(
            "parties/JP.2.toml",
            &denunciation(&desk.next.join("parties/JP.toml"), &now().date().unwrap().to_string()),
        );
        desk.plan("second.json").await;
        for state in &desk.states {
            desk.sign("second.json", state).await;
        }
        let began = Instant::now();
        desk.apply("second.json", &fr, &[]).await.done();
        let whole = began.elapsed();
        let new = everything(Path::new(&self::catalogue(&fr)));
        assert_ne!(old, new);

        let roots = [&jp, &fr].map(|state| state.dir.join("root/root.cert.pem"));
        let (mut olds, mut news) = (0, 0);
        for kill in 0..KILLS {
            let mut apply = Command::new(program("treaty"))
                .args(["apply", &desk.plan_file("second.json"), "--catalogue"])
                .arg(&catalogue)
                .arg("--roots")
                .args(&roots)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            tokio::time::sleep(whole * kill / (KILLS - 4)).await;
            apply.kill().await.unwrap();
            let found = everything(&catalogue);
            if found == old {
                olds += 1;
                continue;
            }
            assert_eq!(found, new, "a mixture after {:?}", whole * kill / (KILLS - 4));
            news += 1;
            // Back to the old one, as one who restores a backup.
            fs::remove_dir_all(&catalogue).unwrap();
            for (path, bytes) in &old {
                fs::create_dir_all(catalogue.join(path).parent().unwrap()).unwrap();
                fs::write(catalogue.join(path), bytes).unwrap();
            }
        }
        println!("{olds} kills left the old catalogue, {news} the new one; a whole application takes {whole:?}");
        assert!(olds > 0 && news > 0, "{olds} old, {news} new");
        // What a kill left beside it is cleared away.
        desk.apply("second.json", &jp, &[]).await.done();
        assert_eq!(everything(&catalogue), new);
        assert!(!catalogue.with_file_name(".catalogue.new").exists());
    })
    .await;
}
