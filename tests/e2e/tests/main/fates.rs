//! Entries that do not get through, each in its way: what both gateways hold of it, whole and in its order, whatever was killed between, and what a
//! stranger reads of it in the case file.

use model::{Header, ReceiptKind, Refusal, RefusalCode};
use serde_json::Value;

use crate::{
    bounded,
    crooked::Crooked,
    form::with_case,
    life::does,
    lying_peer::{fronted, resigned},
    now,
    pair::Pair,
    play::{ACTS, Play},
    programs::{program, run, run_at},
    scribe::Scribe,
    skew::shim,
    stage::{Side, Stage, Victim},
    stated::Record,
    until,
};

use ReceiptKind::{Delivery, RelayAcceptance, RelayFailure, RelayRejection, Retrieval, SubmissionAcceptance};

/// How long an entry may be taken that is not to be taken in time.
const SHORT_MS: i64 = 4_000;
const DAY_S: i64 = 24 * 3600;

fn soon(header: &mut Header) {
    header.expires = now().plus_ms(SHORT_MS);
}

/// Waits until JP and FR hold these receipts of an entry, and no others, in this order.
async fn holds(pair: &Pair, entry: &model::Entry, jp: &[ReceiptKind], fr: &[ReceiptKind]) {
    let id = entry.header.entry.to_string();
    until(&format!("JP holds {jp:?} of {id} and FR {fr:?}"), 30, async || {
        let found = [Record::of(&pair.jp).await.kinds(&id), Record::of(&pair.fr).await.kinds(&id)];
        println!("{id}: {found:?}");
        (found[0] == jp && found[1] == fr).then_some(())
    })
    .await;
}

/// Kills both gateways as a power cut does, and starts them again.
async fn kill_both(pair: &mut Pair) {
    pair.jp_gateway.kill();
    pair.fr_gateway.kill();
    pair.jp_gateway = pair.jp.serve().ready().await;
    pair.fr_gateway = pair.fr.serve().ready().await;
}

#[tokio::test]
async fn what_lapsed_while_the_peer_was_away_and_what_followed_it_stand_whole_on_both_records_through_kills() {
    bounded(async {
        let mut pair = Pair::own().await;
        let (mut desk, mut case) = with_case(&pair).await;
        let head = case.head;
        pair.fr_gateway.kill();
        let late = desk.draft_with(&mut case, b"a draft", soon);
        let behind = desk.draft(&mut case, b"another");
        for entry in [&late, &behind] {
            desk.submit(entry).await.unwrap();
        }
        pair.jp_gateway.kill();
        pair.jp_gateway = pair.jp.serve().ready().await;
        let mut desk = Scribe::at(&pair.jp).await;
        desk.lapse(late.header.entry).await;
        holds(&pair, &late, &[SubmissionAcceptance, RelayFailure], &[]).await;
        holds(&pair, &behind, &[SubmissionAcceptance], &[]).await;

        // FR is asked whether it took them: what comes too late it refuses, and what followed on it has nothing to follow on.
        pair.fr_gateway = pair.fr.serve().ready().await;
        let refused = [SubmissionAcceptance, RelayFailure, RelayRejection];
        holds(&pair, &late, &refused, &refused).await;
        // The home says in its own words that an entry is out with the one before it.
        let [ours, theirs] = [[SubmissionAcceptance, RelayFailure], [SubmissionAcceptance, RelayRejection]];
        holds(&pair, &behind, &ours, &theirs).await;
        kill_both(&mut pair).await;

        // The step is taken anew, behind what the case holds.
        case.head = head;
        let mut desk = Scribe::at(&pair.jp).await;
        let anew = desk.draft(&mut case, b"another");
        desk.submit(&anew).await.unwrap();
        desk.verdict(anew.header.entry).await;
        Scribe::at(&pair.fr).await.report(anew.header.entry, true).await;
        kill_both(&mut pair).await;
        let whole = [SubmissionAcceptance, RelayAcceptance, Delivery, Retrieval];
        holds(&pair, &anew, &whole, &whole).await;
        holds(&pair, &late, &refused, &refused).await;
        holds(&pair, &behind, &ours, &theirs).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_taken_though_the_answer_was_lost_until_its_time_was_over_is_part_of_the_case_on_both_records() {
    bounded(async {
        let (mut pair, front) = fronted().await;
        let (mut desk, mut case) = with_case(&pair).await;
        front.turn(|answer| {
            answer.verdicts.clear();
            answer.cosignature.clear();
        });
        let entry = desk.draft_with(&mut case, b"a draft", |header| header.expires = now().plus_ms(4 * SHORT_MS));
        desk.submit(&entry).await.unwrap();
        until("FR has taken it", 20, async || {
            let kinds = Record::of(&pair.fr).await.kinds(&entry.header.entry.to_string());
            (kinds == [SubmissionAcceptance, RelayAcceptance, Delivery]).then_some(())
        })
        .await;
        Scribe::at(&pair.fr).await.report(entry.header.entry, true).await;
        desk.lapse(entry.header.entry).await;
        kill_both(&mut pair).await;
        front.repent();
        // JP keeps its own word on it, and then the true one; FR keeps JP's when it hears of it, behind or before what its desk said.
        let id = entry.header.entry.to_string();
        let jp = [SubmissionAcceptance, RelayFailure, RelayAcceptance, Delivery, Retrieval];
        until("both hold every word", 30, async || {
            let [ours, mut theirs] = [Record::of(&pair.jp).await.kinds(&id), Record::of(&pair.fr).await.kinds(&id)];
            println!("{id}: {ours:?} {theirs:?}");
            let given_up = theirs.iter().position(|kind| *kind == RelayFailure).map(|at| theirs.remove(at));
            let whole = [SubmissionAcceptance, RelayAcceptance, Delivery, Retrieval];
            (ours == jp && given_up.is_some() && theirs == whole).then_some(())
        })
        .await;
    })
    .await;
}

/// A stage on which days go by.
struct Ages {
    play: Play,
    front: Crooked,
    clock: std::path::PathBuf,
    days: i64,
}

impl Ages {
    /// Lets so many days go by; then these run.
    async fn go_by(&mut self, days: i64, then: &[Victim]) {
        self.days += days;
        let seconds = self.days * DAY_S;
        for victim in [Victim::JpGateway, Victim::FrGateway, Victim::JpDesk, Victim::FrDesk] {
            self.play.stage.strike(victim);
        }
        for side in [Side::Jp, Side::Fr] {
            self.play.stage.set_clocks(side, &self.clock, seconds);
        }
        for victim in then {
            self.play.stage.mend(*victim).await;
        }
    }

    /// Waits until FR's desk is told of an entry of this step that it has a receipt of this kind as its newest, and gives all that it has.
    async fn told(&self, step: &str, newest: &str) -> Vec<String> {
        until(&format!("an entry {step} comes to {newest}"), 40, async || {
            let told = self.play.stage.desk(Side::Fr, &["receipts", &self.play.case]).await.done();
            let entries = told["entries"].as_array().unwrap().iter().filter(|one| one["step"] == step);
            let kinds = |entry: &Value| -> Vec<String> {
                let receipts = entry["receipts"].as_array().unwrap().iter();
                receipts.map(|one| one["kind"].as_str().unwrap().to_owned()).collect()
            };
            let all: Vec<_> = entries.map(kinds).collect();
            println!("{step}: {all:?}");
            all.into_iter().find(|kinds| kinds.last().is_some_and(|last| last == newest))
        })
        .await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_file_names_what_was_refused_not_laid_ready_not_opened_and_given_up() {
    bounded(async {
        let (stage, front) = Stage::open_fronted(|_| {}).await;
        let mut play = Play::draft(stage).await;
        for act in &ACTS[..3] {
            play.act(act).await;
        }
        let case = play.case.clone();
        // Refused: while the link is cut both sides act, and the home's word comes first.
        play.stage.strike(Victim::Link);
        let dir = play.stage.pair.jp.desk_dir("central");
        let renew = ["--dir", dir.to_str().unwrap(), "--output", "json", "group", "renew", &case];
        let desk = program("desk");
        let acknowledges = async {
            does(&play.stage, Side::Fr, &case, "acknowledge CASE --as central/officer-1 --text noted --wait 1").await;
            until("JP's gateway has the renewal", 15, async || {
                (play.stage.pair.jp.channel("FR").await["queued"] == 1).then_some(())
            })
            .await;
        };
        tokio::join!(acknowledges, run(&desk, &renew));
        play.stage.mend(Victim::Link).await;
        let clock = shim(&play.stage.pair.jp.dir);
        let mut ages = Ages { play, front, clock, days: 0 };
        let refused = ages.told("acknowledge", "RelayRejection").await;
        assert_eq!(refused, ["SubmissionAcceptance", "RelayRejection"]);
        // Not laid ready: JP's gateway says so when the step is taken anew. Its desk is away from now on.
        ages.play.stage.strike(Victim::JpDesk);
        let [jp, fr] = [ages.play.stage.pair.jp.clone(), ages.play.stage.pair.fr.clone()];
        resigned(&ages.front, &jp, &fr, |receipt| {
            if receipt.kind == Delivery {
                let remedy = "Address another desk.";
                receipt.refusal = Some(Refusal::new(RefusalCode::R93, "roster", "that desk is closed", remedy));
                receipt.kind = ReceiptKind::NonDelivery;
            }
        });
        does(&ages.play.stage, Side::Fr, &case, "again CASE --as central/officer-1").await;
        let undelivered = ages.told("acknowledge", "NonDelivery").await;
        assert_eq!(undelivered, ["SubmissionAcceptance", "RelayAcceptance", "NonDelivery"]);
        ages.front.repent();
        // Not opened: JP's desk is away for longer than the entry may be taken.
        does(&ages.play.stage, Side::Fr, &case, "ask-info CASE --as central/officer-1 --text Which_account?").await;
        ages.told("ask_info", "Delivery").await;
        let both = [Victim::JpGateway, Victim::FrGateway, Victim::FrDesk];
        ages.go_by(8, &both).await;
        let unopened = ages.told("ask_info", "NonRetrieval").await;
        assert_eq!(unopened, ["SubmissionAcceptance", "RelayAcceptance", "Delivery", "NonRetrieval"]);
        // Given up: JP's gateway is away for as long.
        ages.play.stage.strike(Victim::JpGateway);
        let again = "ask-info CASE --as central/officer-1 --text Once_more:_which? --wait 1";
        does(&ages.play.stage, Side::Fr, &case, again).await;
        ages.go_by(8, &both[1..]).await;
        assert_eq!(ages.told("ask_info", "RelayFailure").await, ["SubmissionAcceptance", "RelayFailure"]);

        let file = ages.play.export(Side::Fr, "fates.zip", &[]).await;
        let roots = ages.play.roots();
        let line =
            ["--output", "json", "audit", "verify", file.to_str().unwrap(), "--root", &roots[0], "--root", &roots[1]];
        let report = run_at(&program("gateway"), &line, &(ages.clock.clone(), ages.days * DAY_S)).await.done();
        let told = serde_json::to_string_pretty(&report["report"]).unwrap();
        assert_eq!(report["report"]["holds"], Value::Bool(true), "{told}");
        for fate in [
            "not part of the case: refused by the gateway of JP (STALE_CASE)",
            "— not laid ready for its desk",
            "— not opened by its desk when its time was over, ",
            "not part of the case: given up, because its time was over before the other gateway had answered",
        ] {
            assert!(told.contains(fate), "{fate}\n{told}");
        }
    })
    .await;
}
