//! Registers of others that a machine reads: a PostgreSQL server in which its login may read one table and no more, and a service that
//! wants to see who asks before it hears a word. Both are programs of their own.

use std::{
    fs,
    os::unix::{
        fs::{MetadataExt, PermissionsExt, chown},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::json;
use tempfile::TempDir;

use crate::{
    automatic::{EXTRACTS, authorise, counts, extract, given, is_at, prepare, responder, sent},
    bounded,
    programs::run,
    running::Running,
    stage::{Side, Stage},
    state::free_port,
    until,
};

/// A server with a table of people, and a login that may read it.
struct Postgres {
    folder: TempDir,
    binaries: PathBuf,
    _server: Running,
}

impl Postgres {
    async fn open(logs: &Path) -> Self {
        let binaries = binaries();
        let folder = tempfile::tempdir().unwrap();
        if let Some((user, group)) = unprivileged() {
            chown(folder.path(), Some(user), Some(group)).unwrap();
        }
        let data = folder.path().join("data");
        let mut making = command(&binaries.join("initdb"));
        making.args(["--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C", "--no-sync", "-D"]);
        let made = making.arg(&data).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let mut server = command(&binaries.join("postgres"));
        server.arg("-D").arg(&data).arg("-k").arg(folder.path());
        server.args(["-c", "listen_addresses=", "-c", "fsync=off", "-c", "shared_buffers=16MB"]);
        let server = Running::start(server, "postgres", logs);
        let postgres = Self { folder, binaries, _server: server };
        until("the server answers", 30, async || {
            postgres.says("postgres", "SELECT 1").await.ok().filter(|said| said == "1")
        })
        .await;
        postgres
    }

    /// What the server answers to a statement of `login`, or its error.
    async fn says(&self, login: &str, sql: &str) -> Result<String, String> {
        let mut asking = command(&self.binaries.join("psql"));
        asking.args(["-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-U", login, "-d", "postgres", "-h"]);
        let said = asking.arg(self.folder.path()).args(["-c", sql]).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        if said.status.success() { Ok(text(&said.stdout)) } else { Err(text(&said.stderr)) }
    }

    fn url(&self, login: &str) -> String {
        format!("postgres://{login}@localhost/postgres?host={}", self.folder.path().display())
    }
}

/// The newest PostgreSQL where Debian puts them.
fn binaries() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").expect("PostgreSQL is missing: apt-get install postgresql");
    let folders = versions.map(|version| version.unwrap().path().join("bin"));
    folders.filter(|folder| folder.join("initdb").is_file()).max().expect("PostgreSQL's server is missing")
}

/// A command that runs unprivileged, because PostgreSQL refuses to run as root.
fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir("/").env("LC_ALL", "C");
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

#[tokio::test]
async fn a_postgresql_register_answers_by_a_login_that_may_only_read_and_takes_no_word_for_a_statement() {
    bounded(async {
        let mut postgres = None;
        let own = EXTRACTS.replace("per_day = 10", "per_day = 5");
        let sql = "[sql]\ndatabase_file = \"register.url\"\nlinks = { name = \"name\", birth_date = \"born\", sex = \"sex\" }\n\
                   fields = { convictions = { column = \"convictions\", as = \"json\" } }\n\
                   statement = \"SELECT name, born, sex, convictions FROM person WHERE name = :name AND born = :birth_date\"\n";
        let stage = Stage::open_prepared(async |base, states| {
            let server = Postgres::open(&base.join("logs")).await;
            prepare(base, states, &own, sql);
            let file = states[0].desk_dir("central").join("register.url");
            fs::write(&file, server.url("reader")).unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
            postgres = Some(server);
        })
        .await;
        let postgres = postgres.unwrap();
        let hostile = "MOREL Lucie' OR '1'='1";
        let people = [("MOREL Lucie", "mark of Lucie"), (hostile, "mark of another")];
        let mut made = "CREATE ROLE reader LOGIN; CREATE TABLE person (name text, born text, sex text, convictions text);\
                        GRANT SELECT ON person TO reader;"
            .to_owned();
        for (name, mark) in people {
            let convictions = json!([{ "convicting_state": "JP", "court": "Court", "file_number": mark,
                "decided_on": "2020-01-01", "final_on": "2020-02-01", "sanctions": [],
                "offences": [{ "code": "0301 00", "completion": "C", "participation": "M", "text": "Theft" }] }]);
            let name = name.replace('\'', "''");
            made += &format!("INSERT INTO person VALUES ('{name}', '1984-05-17', 'female', '{convictions}');");
        }
        postgres.says("postgres", &made).await.unwrap();
        let refused = postgres.says("reader", "DELETE FROM person").await.unwrap_err();
        assert!(refused.contains("permission denied"), "{refused}");

        for officer in ["central/officer-1", "central/officer-2"] {
            authorise(&stage, officer).await;
        }
        // What looks like a statement is a name, and finds whoever is called so.
        for (name, mark) in people {
            let case = sent(&stage, |case| extract(case, name)).await;
            is_at(&stage, Side::Fr, &case, "PRODUCED").await;
            assert_eq!(given(&stage, &case).await["content"]["convictions"][0]["file_number"], mark);
        }
        let nobody = sent(&stage, |case| extract(case, "DURAND Anne")).await;
        counts(&stage, "nobody", 1).await;
        is_at(&stage, Side::Jp, &nobody, "DELIVERED").await;
        assert_eq!(postgres.says("postgres", "SELECT count(*) FROM person").await.unwrap(), "2");
        assert_eq!(responder(&stage).await["today"], json!({ "answered": 2, "nobody": 1 }));
    })
    .await;
}

/// Authorities of the test's own: one for the service, one for those who ask there.
const CERTIFICATES: &str = r#"
set -e
cd "$1"
authority() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "/CN=$1" \
        -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign -keyout "$1.key" -out "$1.pem"
}
certificate() {
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$2" -keyout "$2.key" -out "$2.csr"
    printf 'basicConstraints=critical,CA:FALSE\nextendedKeyUsage=%s\nsubjectAltName=DNS:localhost\n' "$3" > "$2.ext"
    openssl x509 -req -in "$2.csr" -CA "$1.pem" -CAkey "$1.key" -CAcreateserial -days 2 -extfile "$2.ext" -out "$2.pem"
}
authority register-ca; authority desk-ca
certificate register-ca register serverAuth
certificate desk-ca desk clientAuth
openssl pkcs8 -topk8 -v2 aes-256-cbc -v2prf hmacWithSHA256 -in desk.key -passout "file:$2" -out desk.sealed.key
"#;

/// A service that shakes hands with those only whom its authority certified, and notes who asked.
const SERVICE: &str = r#"
import json, ssl, sys
from http.server import BaseHTTPRequestHandler, HTTPServer
folder, port = sys.argv[1], int(sys.argv[2])
class Register(BaseHTTPRequestHandler):
    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers['content-length'])))
        name = dict(part[0] for part in self.connection.getpeercert()['subject'])['commonName']
        with open(folder + '/asked', 'a') as log:
            log.write(name + '\n')
        row = {'links': {key: asked['links'][key] for key in ('name', 'birth_date', 'sex')}, 'fields': {'convictions': []}}
        body = json.dumps({'rows': [row]}).encode()
        self.send_response(200)
        self.send_header('content-type', 'application/json')
        self.send_header('content-length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_):
        pass
class Server(HTTPServer):
    def handle_error(self, *_):
        pass
server = Server(('localhost', port), Register)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(folder + '/register.pem', folder + '/register.key')
context.load_verify_locations(folder + '/desk-ca.pem')
context.verify_mode = ssl.CERT_REQUIRED
server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
print(json.dumps({'event': 'ready'}), flush=True)
server.serve_forever()
"#;

/// The adapter's part of a responder's file.
fn service(folder: &Path, port: u16) -> String {
    let folder = folder.display();
    format!(
        "[http]\nurl = \"https://localhost:{port}/answer\"\nca_file = \"{folder}/register-ca.pem\"\n\
         certificate_file = \"{folder}/desk.pem\"\nkey_file = \"{folder}/desk.sealed.key\"\n"
    )
}

#[tokio::test]
async fn a_service_over_tls_that_hears_whom_it_certified_only_answers_the_desk() {
    bounded(async {
        let folder = tempfile::tempdir().unwrap();
        let port = free_port().port();
        let stage = Stage::open_prepared(async |base, states| {
            let passphrase = states[0].desk_dir("central").join("passphrase");
            let script = ["-c", CERTIFICATES, "sh", folder.path().to_str().unwrap(), passphrase.to_str().unwrap()];
            let made = run("/bin/sh".as_ref(), &script).await;
            assert_eq!(made.code, 0, "{}{}", made.out, made.err);
            prepare(base, states, EXTRACTS, &service(folder.path(), port));
        })
        .await;
        let mut serving = Command::new("python3");
        serving.args(["-c", SERVICE, folder.path().to_str().unwrap(), &port.to_string()]);
        let _service = Running::start(serving, "register", &stage.pair.jp.logs()).ready().await;
        for officer in ["central/officer-1", "central/officer-2"] {
            authorise(&stage, officer).await;
        }
        let case = sent(&stage, |case| extract(case, "MOREL Lucie")).await;
        is_at(&stage, Side::Fr, &case, "PRODUCED").await;
        let asked = || fs::read_to_string(folder.path().join("asked")).unwrap_or_default();
        assert_eq!(asked(), "desk\n");
    })
    .await;
}
