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
const LARGE_BODY: usize = 2 << 20;

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
}

#[tokio::test]
async fn a_full_disk_at_the_own_gateway_acknowledges_nothing_and_is_forgotten_with_room() {
    bounded(async {
        let (mut pair, mut desk, mut case) = with_case().await;
        pair.jp_gateway.stop().await;
        pair.jp_gateway = serve_without_room(&pair.jp).ready().await;
        let mut desk_then = Scribe::at(&pair.jp).await;
        let entry = desk.request(&mut case, &vec![b'x'; LARGE_BODY]);
        for _ in 0..2 {
            let denied = desk_then.submit(&entry).await.unwrap_err();
            assert_eq!(wire::error_info(&denied).reason, "STORAGE");
            assert_eq!(denied.code(), Code::Unavailable);
        }
        let log = pair.jp_gateway.log();
        assert!(log.contains("commit failed, nothing was acknowledged") && log.contains("STORAGE"), "{log}");
        assert_eq!(pair.jp.channel("FR").await["ledger_size"], 2, "a leaf of what was not kept");
        assert_eq!(Scribe::at(&pair.fr).await.arrivals(2).await.len(), 1);

        pair.jp_gateway.kill();
        pair.jp_gateway = pair.jp.serve().ready().await;
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
        let entry = desk.request(&mut case, &vec![b'x'; LARGE_BODY]);
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
        let (mut pair, mut desk, mut case) = with_case().await;
        pair.jp_gateway.stop().await;
        let folder = pair.jp.gateway_dir();
        let files = || fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path());
        let databases: Vec<_> = files().filter(|file| file.to_string_lossy().contains("gateway.db")).collect();
        databases.iter().for_each(|file| set_mode(file, 0o400));
        set_mode(&folder, 0o500);
        let mut gateway = serve_without_privileges(&pair.jp);
        let status = gateway.ended().await;
        let told = gateway.log();
        assert_eq!(status.code(), Some(8), "{told}");
        assert!(told.contains("STORAGE") && told.contains("read-only"), "{told}");

        // The database alone is protected: the gateway may start, and must say no to every entry.
        set_mode(&folder, 0o700);
        databases.iter().for_each(|file| set_mode(file, 0o600));
        let config = folder.join("gateway.toml");
        let before = fs::read_to_string(&config).unwrap();
        fs::write(&config, before.replace("sqlite:gateway.db", "sqlite:gateway.db?mode=ro")).unwrap();
        pair.jp_gateway = pair.jp.serve().ready().await;
        let entry = desk.request(&mut case, b"body");
        let denied = Scribe::at(&pair.jp).await.submit(&entry).await.unwrap_err();
        assert_eq!(wire::error_info(&denied).reason, "STORAGE");
        assert!(denied.message().contains("read-only"), "{denied:?}");

        pair.jp_gateway.kill();
        fs::write(&config, before).unwrap();
        pair.jp_gateway = pair.jp.serve().ready().await;
        goes_its_way(&pair, &mut Scribe::at(&pair.jp).await, &entry).await;
    })
    .await;
}
