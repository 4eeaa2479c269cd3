//! A PostgreSQL server of the tests' own: a fresh cluster in a temporary folder, a unix socket, stopped with its last user.
//! Where no PostgreSQL is installed the tests fail; they are never skipped.

use std::{
    fs,
    os::unix::{fs::MetadataExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, Weak},
    time::Duration,
};

use sea_orm::{ConnectionTrait, Database};
use store::DatabaseUrl;

static SHARED: Mutex<Weak<Server>> = Mutex::new(Weak::new());

pub(crate) struct Server {
    folder: tempfile::TempDir,
    binaries: PathBuf,
    process: Mutex<Child>,
}

impl Server {
    /// The server of this test run, started by whoever needs it first.
    pub(crate) fn shared() -> Arc<Self> {
        // A test that failed while it started the server must not hide that from the next one.
        let mut shared = SHARED.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        shared.upgrade().unwrap_or_else(|| {
            let server = Arc::new(Self::start());
            *shared = Arc::downgrade(&server);
            server
        })
    }

    /// A server of one's own.
    pub(crate) fn start() -> Self {
        let binaries = binaries();
        let folder = tempfile::tempdir().unwrap();
        if let Some((user, group)) = unprivileged() {
            std::os::unix::fs::chown(folder.path(), Some(user), Some(group)).unwrap();
        }
        let data = folder.path().join("data");
        let made = command(&binaries.join("initdb"))
            .args(["--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C", "--no-sync", "-D"])
            .arg(&data)
            .output()
            .unwrap();
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        let log = fs::File::create(folder.path().join("log")).unwrap();
        let process = command(&binaries.join("postgres"))
            .arg("-D")
            .arg(&data)
            .arg("-k")
            .arg(folder.path())
            .args([
                "-c",
                "listen_addresses=",
                "-c",
                "fsync=off",
                "-c",
                "max_connections=80",
                "-c",
                "shared_buffers=32MB",
            ])
            .stderr(log)
            .spawn()
            .unwrap();
        let server = Self { folder, binaries, process: Mutex::new(process) };
        server.wait_until_ready();
        server
    }

    pub(crate) fn url(&self, database: &str) -> DatabaseUrl {
        self.address(database).parse().unwrap()
    }

    pub(crate) async fn create_database(&self, name: &str) {
        self.administer(&format!("CREATE DATABASE \"{name}\"")).await;
    }

    /// Runs a statement as superuser in the database `postgres`.
    pub(crate) async fn administer(&self, sql: &str) {
        self.run("postgres", sql).await;
    }

    /// Runs a statement as superuser in a database.
    pub(crate) async fn run(&self, database: &str, sql: &str) {
        let connection = Database::connect(self.address(database)).await.unwrap();
        connection.execute_unprepared(sql).await.unwrap();
        connection.close().await.unwrap();
    }

    fn address(&self, database: &str) -> String {
        format!("postgres://postgres@localhost/{database}?host={}", self.folder.path().display())
    }

    #[expect(clippy::disallowed_methods, reason = "a test waits for a process, and no task runs beside it")]
    fn wait_until_ready(&self) {
        let log = || fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        for _ in 0..1_200 {
            let ready = command(&self.binaries.join("pg_isready")).arg("-q").arg("-h").arg(self.folder.path()).status();
            if ready.unwrap().success() {
                return;
            }
            assert!(self.process.lock().unwrap().try_wait().unwrap().is_none(), "PostgreSQL ended: {}", log());
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("PostgreSQL does not come up in a minute: {}", log());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let stop = command(&self.binaries.join("pg_ctl"))
            .args(["stop", "-m", "immediate", "-w", "-D"])
            .arg(self.folder.path().join("data"))
            .status();
        let mut process = self.process.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if !stop.is_ok_and(|status| status.success()) {
            let _ = process.kill();
        }
        let _ = process.wait();
    }
}

/// The newest PostgreSQL where Debian puts them.
fn binaries() -> PathBuf {
    let versions =
        fs::read_dir("/usr/lib/postgresql").expect("PostgreSQL is not installed: apt-get install postgresql");
    versions
        .filter_map(|version| {
            let version = version.ok()?;
            let number: u32 = version.file_name().to_str()?.parse().ok()?;
            Some((number, version.path().join("bin")))
        })
        .filter(|(_, folder)| folder.join("initdb").is_file() && folder.join("postgres").is_file())
        .max()
        .expect("PostgreSQL's server is not installed: apt-get install postgresql")
        .1
}

/// A command that runs unprivileged, because PostgreSQL refuses to run as root.
fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .current_dir("/")
        .env_clear()
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    if let Some((user, group)) = unprivileged() {
        command.uid(user).gid(group);
    }
    command
}

/// The user and group `postgres`, where we are root.
fn unprivileged() -> Option<(u32, u32)> {
    if fs::metadata("/proc/self").unwrap().uid() != 0 {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").unwrap();
    let line = users.lines().find(|line| line.starts_with("postgres:")).expect("there is no user postgres");
    let field = |index: usize| line.split(':').nth(index).unwrap().parse().unwrap();
    Some((field(2), field(3)))
}
