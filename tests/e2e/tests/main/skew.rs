//! A state whose clock is two hours off. Its programs run as they are; the system's clock is another one for them, as it is on a machine
//! that lost its time server.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use model::ReceiptKind;

use crate::{
    bounded,
    misconduct::kept,
    now,
    pair::{Pair, two_states},
    programs::program,
    running::Running,
    scribe::Scribe,
    state::State,
    until,
};

const TWO_HOURS_MS: i64 = 2 * 3_600_000;

/// The C library's clock of the day with some hours added. Rust's standard library asks nothing else.
const SHIM: &str = r#"
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t id, struct timespec *at) {
    long done = syscall(SYS_clock_gettime, id, at);
    const char *ahead = getenv("CLOCK_AHEAD_S");
    if (done == 0 && id == CLOCK_REALTIME && ahead) at->tv_sec += atol(ahead);
    return (int) done;
}
"#;

/// Builds it with the compiler that builds our cryptography.
pub(crate) fn shim(folder: &Path) -> PathBuf {
    let (source, library) = (folder.join("clock.c"), folder.join("clock.so"));
    fs::write(&source, SHIM).unwrap();
    let compiler = env::var("CC").unwrap_or_else(|_| "cc".to_owned());
    let built = Command::new(compiler).args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(&source).status();
    assert!(built.unwrap().success(), "no C compiler: it is needed to build the programs, too");
    library
}

/// Starts a state's gateway on a machine whose clock is ahead.
fn serve_ahead(state: &State, library: &Path) -> Running {
    let mut command = Command::new(program("gateway"));
    command.args(["serve", "--output", "json", "--dir"]).arg(&state.dir);
    command.env("LD_PRELOAD", library).env("CLOCK_AHEAD_S", (TWO_HOURS_MS / 1000).to_string());
    Running::start(command, "gateway", &state.logs())
}

#[tokio::test]
async fn entries_of_a_state_whose_clock_is_two_hours_ahead_wait_and_those_to_it_do_not() {
    bounded(async {
        let (folder, jp, fr) = two_states().await;
        let library = shim(folder.path());
        let (to_jp, to_fr) = (jp.peer_listen, fr.peer_listen);
        let mut pair = Pair::open(folder, jp, fr, to_jp, to_fr).await;
        let [mut jp_desk, mut fr_desk] = [Scribe::at(&pair.jp).await, Scribe::at(&pair.fr).await];
        let (jp_central, fr_central) = (pair.jp.authority("central"), pair.fr.authority("central"));
        jp_desk.invite(1).await;
        fr_desk.invite(1).await;
        let mut ours = jp_desk.open_case(&fr_central).await;
        let mut theirs = fr_desk.open_case(&jp_central).await;
        let opened = fr_desk.arrivals(1).await;

        assert!(pair.jp_gateway.stop().await.success());
        pair.jp_gateway = serve_ahead(&pair.jp, &library).ready().await;
        pair.opened().await;
        let mut jp_desk = Scribe::at(&pair.jp).await;

        // JP's peer is two hours behind, by JP's clock: that is no reason to refuse it anything.
        let from_fr = fr_desk.request(&mut theirs, b"body");
        fr_desk.submit(&from_fr).await.unwrap();
        let verdict = fr_desk.verdict(from_fr.header.entry).await;
        assert_eq!(verdict.receipt.kind, ReceiptKind::RelayAcceptance);
        assert!(verdict.receipt.at > now().plus_ms(TWO_HOURS_MS - 120_000), "JP's gateway states its own time");

        // What JP's desk makes is from the future for FR: it is asked for again and again, and JP's operator is told why.
        let from_jp = jp_desk.request_with(&mut ours, b"body", |header| {
            header.created = now().plus_ms(TWO_HOURS_MS);
            header.expires = header.created.plus_ms(24 * 3_600_000);
        });
        let taken = jp_desk.submit(&from_jp).await.unwrap();
        assert_eq!(taken.receipt.kind, ReceiptKind::SubmissionAcceptance);
        let told = until("JP's operator is told", 20, async || {
            let channel = pair.jp.channel("FR").await;

            channel.to_string().contains("made in the future").then_some(channel)
        })
        .await;
        assert_eq!(told["queued"], 1, "it waits, and is not lost: {told}");
        assert_eq!(told["waiting"][0]["entry"], from_jp.header.entry.to_string(), "{told}");
        // Another good call does not wipe why; and the desk is told, too, which shows it to its officers.
        let rotation = fr_desk.rotation(&mut theirs);
        let rotation = fr_desk.change_group(&theirs, &rotation);
        fr_desk.admitted(&mut theirs, &rotation).await;
        let trace = jp_desk.trace(from_jp.header.entry).await;
        assert!(trace.waiting && trace.why.contains("made in the future"), "{trace:?}");
        assert!(pair.jp.channel("FR").await.to_string().contains("made in the future"));
        assert_eq!(fr_desk.arrivals(2).await, opened, "nobody is shown what is not yet");

        // FR's clock gets there: it goes, once.
        assert!(pair.fr_gateway.stop().await.success());
        pair.fr_gateway = serve_ahead(&pair.fr, &library).ready().await;
        let verdict = jp_desk.verdict(from_jp.header.entry).await;
        assert_eq!(verdict.receipt.kind, ReceiptKind::RelayAcceptance);
        let mut fr_desk = Scribe::at(&pair.fr).await;
        let expected: Vec<_> = opened.iter().copied().chain([from_jp.header.entry]).collect();
        assert_eq!(fr_desk.arrivals(3).await, expected);

        // Both clocks are put right: JP's leaves are dated two hours before those of before. That stops nothing, and convicts nobody.
        assert!(pair.jp_gateway.stop().await.success() && pair.fr_gateway.stop().await.success());
        pair.jp_gateway = pair.jp.serve().ready().await;
        pair.fr_gateway = pair.fr.serve().ready().await;
        pair.opened().await;
        Scribe::at(&pair.fr).await.invite(1).await;
        let mut jp_desk = Scribe::at(&pair.jp).await;
        let later = jp_desk.opening(&fr_central).await.1;
        jp_desk.submit(&later).await.unwrap();
        let verdict = jp_desk.verdict(later.header.entry).await;
        assert_eq!(verdict.receipt.kind, ReceiptKind::RelayAcceptance);
        assert!(verdict.receipt.at < now().plus_ms(120_000), "the clocks are right again");
        for (state, other) in [(&pair.jp, "FR"), (&pair.fr, "JP")] {
            assert_eq!(state.channel(other).await["state"], "OPEN");
            assert!(kept(state).await.is_empty());
        }
    })
    .await;
}
