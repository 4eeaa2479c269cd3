//! A disk that takes nothing more: a clear fault, nothing acknowledged that is not kept, and all is well again with room.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, process::Command};

use model::{Entry, ReceiptKind};
use tonic::Code;

use crate::{
    bounded,
    pair::Pair,
    programs::program,
    running::Running,
    scribe::{Case, Scribe},
    state::State,
    wire,
};

/// A little more than an empty database has, much less than the entry that must not fit.
const FILE_BYTES_MAX: usize = 1 << 20;
const BODY_BYTES: usize = 2 << 20;
/// What no gateway may know, least of all from its troubles.
const SECRET: &str = "SUSPECT-NAMED-ONLY-IN-THE-BODY ";

fn large_body() -> Vec<u8> {
    SECRET.repeat(BODY_BYTES / SECRET.len()).into_bytes()
}

/// A pair, an open case at the desk of JP.
async fn with_case() -> (Pair, Scribe, Case) {
    let pair = Pair::own().await;
    Scribe::at(&pair.fr).await.invite(2).await;
    let mut desk = Scribe::at(&pair.jp).await;
    let case = desk.open_case(&pair.fr.authority("central")).await;
    (pair, desk, case)
}

/// Starts the gateway where no file may grow over a limit: what a full disk is to SQLite, without a disk to fill.
fn serve_without_room(state: &State) -> Running {
    let mut command = Command::new("sh");
    // SIGXFSZ is ignored, so that the write fails instead of the program; what is ignored stays so over exec.
    command.args(["-c", "trap '' XFSZ; exec \"$@\"", "sh", "prlimit"]);
    command.arg(format!("--fsize={FILE_BYTES_MAX}")).arg(program("gateway"));
    command.args(["serve", "--output", "json", "--dir"]).arg(&state.dir);
    Running::start(command, "gateway", &state.logs())
}

/// Starts the gateway so that its files can be kept from growing while it runs (`Running::room`).
pub(crate) fn serve_with_room(state: &State) -> Running {
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' XFSZ; exec \"$@\"", "sh"]).arg(program("gateway"));
    command.args(["serve", "--output", "json", "--dir"]).arg(&state.dir);
    Running::start(command, "gateway", &state.logs())
}

/// Starts the gateway as somebody whom the rights of files bind, which root is not.
fn serve_without_privileges(state: &State) -> Running {
    let mut command = Command::new("setpriv");
    if rustix::process::getuid().is_root() {
        command.args(["--inh-caps=-all", "--bounding-set=-all"]);
    }
    command.arg(program("gateway")).args(["serve", "--output", "json", "--dir"]).arg(&state.dir);
    Running::start(command, "gateway", &state.logs())
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// After all, the entry goes its way as if nothing had been.
async fn goes_its_way(pair: &Pair, desk: &mut Scribe, entry: &Entry) {
    desk.submit(entry).await.unwrap();
    let verdict = desk.verdict(entry.header.entry).await;
    assert_eq!(verdict.receipt.kind, ReceiptKind::RelayAcceptance);
    let arrived = Scribe::at(&pair.fr).await.arrivals(3).await;
    assert_eq!(arrived.len(), 2, "each entry arrives once");
    assert_eq!(arrived[1], entry.header.entry);
    pair.assert_not_written(SECRET.trim().as_bytes());
}

#[tokio::test]
async fn a_full_disk_at_the_own_gateway_acknowledges_nothing_and_is_forgotten_with_room() {
    bounded(async {
        let (mut pair, desk, mut case) = with_case().await;
        let leaves = pair.jp.channel("FR").await["ledger_size"].clone();
        pair.jp_gateway.stop().await;
        pair.jp_gateway = serve_without_room(&pair.jp).ready().await;
        let mut desk_then = Scribe::at(&pair.jp).await;
        let entry = desk.request(&mut case, &large_body());
        for _ in 0..2 {
            let denied = desk_then.submit(&entry).await.unwrap_err();
            assert_eq!(wire::error_info(&denied).reason, "STORAGE");
            assert_eq!(denied.code(), Code::Unavailable);
        }
        let log = pair.jp_gateway.log();
        assert!(log.contains("commit failed, nothing was acknowledged") && log.contains("STORAGE"), "{log}");
        assert_eq!(pair.jp.channel("FR").await["ledger_size"], leaves, "a leaf of what was not kept");
        assert_eq!(Scribe::at(&pair.fr).await.arrivals(2).await.len(), 1);

        pair.jp_gateway.kill();
        pair.jp_gateway = pair.jp.serve().ready().await;
        goes_its_way(&pair, &mut Scribe::at(&pair.jp).await, &entry).await;
    })
    .await;
}

#[tokio::test]
async fn what_is_acknowledged_after_commits_that_failed_outlives_the_program() {
    bounded(async {
        let (mut pair, _, mut case) = with_case().await;
        pair.jp_gateway.stop().await;
        pair.jp_gateway = serve_with_room(&pair.jp).ready().await;
        let mut desk = Scribe::at(&pair.jp).await;
        let entry = desk.request(&mut case, SECRET.as_bytes());
        pair.jp_gateway.room("1");
        for _ in 0..4 {
            let denied = desk.submit(&entry).await.unwrap_err();
            assert_eq!(wire::error_info(&denied).reason, "STORAGE");
        }
        pair.jp_gateway.room("unlimited");
        crate::until("it is taken with room", 20, async || desk.submit(&entry).await.ok()).await;
        let leaves = pair.jp.channel("FR").await["ledger_size"].clone();
        pair.jp_gateway.kill();
        pair.jp_gateway = pair.jp.serve().ready().await;
        let after = pair.jp.channel("FR").await["ledger_size"].clone();
        assert!(after.as_u64() >= leaves.as_u64(), "leaves that were acknowledged are gone: {leaves}, {after}");
        goes_its_way(&pair, &mut Scribe::at(&pair.jp).await, &entry).await;
    })
    .await;
}

#[tokio::test]
async fn a_full_disk_at_the_peer_gateway_makes_the_entry_wait_and_nothing_is_lost() {
    bounded(async {
        let (mut pair, mut desk, mut case) = with_case().await;
        pair.fr_gateway.stop().await;
        pair.fr_gateway = serve_without_room(&pair.fr).ready().await;
        let entry = desk.request(&mut case, &large_body());
        desk.submit(&entry).await.unwrap();
        crate::until("the peer's storage fails", 20, async || {
            pair.fr_gateway.log().contains("commit failed, nothing was acknowledged").then_some(())
        })
        .await;
        assert_eq!(pair.jp.channel("FR").await["queued"], 1);
        pair.fr_gateway.kill();
        pair.fr_gateway = pair.fr.serve().ready().await;
        goes_its_way(&pair, &mut desk, &entry).await;
    })
    .await;
}

#[tokio::test]
async fn a_database_that_may_only_be_read_is_a_clear_fault_and_nothing_is_acknowledged() {
    bounded(async {
        let (mut pair, desk, mut case) = with_case().await;
        pair.jp_gateway.stop().await;
        let files = fs::read_dir(pair.jp.gateway_dir()).unwrap().map(|file| file.unwrap().path());
        let databases: Vec<_> = files.filter(|file| file.to_string_lossy().contains("gateway.db")).collect();
        assert!(!databases.is_empty(), "there is no database to protect");
        databases.iter().for_each(|file| set_mode(file, 0o400));
        pair.jp_gateway = serve_without_privileges(&pair.jp).ready().await;
        let entry = desk.request(&mut case, SECRET.as_bytes());
        let mut desk_then = Scribe::at(&pair.jp).await;
        let denied = desk_then.submit(&entry).await.unwrap_err();
        let info = wire::error_info(&denied);
        assert_eq!(info.reason, "STORAGE");
        assert!(info.metadata["detail"].contains("read-only"), "{denied:?}");
        assert_eq!(Scribe::at(&pair.fr).await.arrivals(2).await.len(), 1, "what was not kept was sent");

        pair.jp_gateway.kill();
        databases.iter().for_each(|file| set_mode(file, 0o600));
        pair.jp_gateway = pair.jp.serve().ready().await;
        goes_its_way(&pair, &mut Scribe::at(&pair.jp).await, &entry).await;
    })
    .await;
}
