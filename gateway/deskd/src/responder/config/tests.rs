#![expect(clippy::unwrap_used, reason = "tests")]

use std::sync::{Arc, Mutex};

use desk::responder::Question;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::*;
use crate::responder::{Rows, Trouble};

const HEAD: &str = "format = \"responder/1\"\ngives = \"criminal_record_extract\"\narticles = [\"fictitious-records:3\"]\n\
                    link_only_on = [\"name\", \"birth_date\", \"sex\"]\nanswers_no_record = true\nregister = \"Register\"\n\
                    legal_basis = \"Act, s. 1\"\nquota = { per_day = 10, per_counterpart = 5 }\n";
const SQL: &str = "[sql]\ndatabase = \"sqlite:register.db\"\nlinks = { name = \"name\", birth_date = \"born\", sex = \"sex\" }\n\
                   fields = { convictions = { column = \"convictions\", as = \"json\" } }\n\
                   statement = \"SELECT name, born, sex, convictions FROM person WHERE born = :birth_date\"\n";

fn folder(text: &str) -> (tempfile::TempDir, Folder) {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join(FOLDER)).unwrap();
    fs::write(dir.path().join(FOLDER).join("records.toml"), text).unwrap();
    let folder = Folder::of(dir.path(), Path::new("passphrase"));
    (dir, folder)
}

fn wrong(text: &str) -> String {
    let (_dir, folder) = folder(text);
    folder.load("records").err().map(|failure| failure.to_string()).unwrap_or_default()
}

fn asked() -> Question {
    use LinkAttribute::{BirthDate, Name, Sex};
    let links = [(Name, "O'Neil; DROP TABLE person;--"), (BirthDate, "1984-05-17"), (Sex, "female")];
    let links = links.into_iter().map(|(attribute, text)| (attribute, text.to_owned())).collect();
    Question { links, attributes: BTreeSet::new() }
}

async fn ask(loaded: &Loaded) -> Result<Rows, Trouble> {
    loaded.adapter.ask(&asked(), &loaded.policy).await
}

#[test]
fn a_good_file_is_read_and_each_change_of_it_is_another_text() {
    let (dir, folder) = folder(&format!("{HEAD}{SQL}"));
    assert_eq!(folder.names(), ["records"]);
    let before = folder.load("records").unwrap().digest;
    fs::write(dir.path().join("responder/records.toml"), format!("{HEAD}{SQL}\n")).unwrap();
    assert_ne!(folder.load("records").unwrap().digest, before);
    assert!(folder.load("../desk").is_err());
}

#[test]
fn who_calls_the_folder_by_another_name_finds_the_same_text_and_another_database_is_another() {
    let (dir, folder) = folder(&format!("{HEAD}{SQL}"));
    let digest = folder.load("records").unwrap().digest;
    let roundabout = dir.path().join(FOLDER).join("..");
    assert_eq!(Folder::of(&roundabout, Path::new("passphrase")).load("records").unwrap().digest, digest);
    for other in ["sqlite:other.db", "sqlite:/srv/register.db"] {
        let text = format!("{HEAD}{SQL}").replace("sqlite:register.db", other);
        fs::write(dir.path().join("responder/records.toml"), text).unwrap();
        assert_ne!(folder.load("records").unwrap().digest, digest, "{other}");
    }
}

#[test]
fn everything_that_is_wrong_is_told_with_its_key() {
    for (from, to, told) in [
        ("responder/1", "responder/2", "format"),
        ("criminal_record_extract", "content_data", "gives"),
        (", \"sex\"]", "]", "link_only_on"),
        (":birth_date", "'1984-05-17'", "sql.statement: the statement has no placeholder"),
        (":birth_date", ":address", "sql.statement: there is no value `:address`"),
        ("SELECT name,", "DELETE name,", "sql.statement"),
        ("sex = \"sex\"", "address = \"sex\"", "sql.links.address"),
        ("database = \"sqlite:register.db\"", "database = \"postgres://u:secret@h/d\"", "sql.database"),
        ("per_day = 10", "per_day = 0", "quota"),
        ("register = ", "registr = ", "registr"),
    ] {
        let text = format!("{HEAD}{SQL}").replace(from, to);
        let found = wrong(&text);
        assert!(found.contains("responder/records.toml") && found.contains(told), "{to}: {found}");
        assert!(!found.contains("secret"), "{found}");
    }
    assert!(wrong(HEAD).contains("[http] and [sql]"));
    let http = |url: &str| wrong(&format!("{HEAD}[http]\nurl = \"{url}\"\n"));
    assert!(http("http://register.example/x").contains("https"));
    assert!(http("https://register.example/x").contains("http.ca_file"));
    assert!(http("https://u:secret@register.example/x").contains("http.url"));
    assert_eq!(http("http://127.0.0.1:1/x"), "");
}

#[tokio::test]
async fn a_database_is_asked_with_values_that_stay_values() {
    use sea_orm::{ConnectionTrait, Database};
    let (dir, folder) = folder(&format!("{HEAD}{SQL}"));
    let loaded = folder.load("records").unwrap();
    assert_eq!(ask(&loaded).await.err(), Some(Trouble::Unreachable));
    let path = dir.path().join("register.db");
    let connection = Database::connect(format!("sqlite:{}?mode=rwc", path.display())).await.unwrap();
    let table = "CREATE TABLE person (name TEXT, born TEXT, sex TEXT, convictions TEXT); \
                 INSERT INTO person VALUES ('O''Neil; DROP TABLE person;--', '1984-05-17', 'female', '[]'), \
                 ('Other', '1984-05-17', NULL, '[]')";
    connection.execute_unprepared(table).await.unwrap();
    connection.close().await.unwrap();
    let found = ask(&folder.load("records").unwrap()).await.unwrap();
    assert_eq!((found.rows.len(), found.truncated), (2, false));
    assert_eq!(found.rows[0].fields["convictions"], serde_json::json!([]));
    assert_eq!(found.rows[1].links.len(), 2, "what is NULL is not said");
}

/// A service that answers each question with these bytes, and keeps what it was asked.
async fn service(answer: &'static str) -> (std::net::SocketAddr, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, heard) = (listener.local_addr().unwrap(), Arc::new(Mutex::new(Vec::new())));
    let kept = heard.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut buffer = vec![0; 16 * 1024];
            let mut read = 0;
            while let Ok(more) = stream.read(&mut buffer[read..]).await {
                read += more;
                let text = String::from_utf8_lossy(&buffer[..read]).into_owned();
                if more == 0 || text.ends_with('}') {
                    kept.lock().unwrap().push(text);
                    break;
                }
            }
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    (address, heard)
}

async fn asked_of(answer: &'static str, more: &str) -> (Result<Rows, Trouble>, Vec<String>) {
    let (address, heard) = service(answer).await;
    let (dir, folder) =
        folder(&format!("{HEAD}[http]\nurl = \"http://{address}/answer\"\nbearer_file = \"token\"\n{more}"));
    fs::write(dir.path().join("token"), "s3cret\n").unwrap();
    let found = ask(&folder.load("records").unwrap()).await;
    let heard = heard.lock().unwrap().clone();
    (found, heard)
}

#[tokio::test]
async fn a_service_is_asked_once_and_its_answer_is_read_strictly() {
    let good = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n\
                {\"rows\":[{\"links\":{\"name\":\"x\"},\"fields\":{\"convictions\":[],\"as_of\":null}}]}";
    let (found, heard) = asked_of(good, "").await;
    let found = found.unwrap();
    assert_eq!((found.rows.len(), found.rows[0].fields.len()), (1, 1));
    let [question] = &heard[..] else { unreachable!("{heard:?}") };
    assert!(question.starts_with("POST /answer HTTP/1.1\r\n") && question.contains("authorization: Bearer s3cret"));
    assert!(question.contains("\"birth_date\":\"1984-05-17\"") && question.contains("\"sex_normal\":\"female\""));
    for (answer, trouble) in [
        ("HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1/\r\ncontent-length: 0\r\n\r\n", Trouble::Status(302)),
        ("HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 0\r\n\r\n", Trouble::Malformed),
        ("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}", Trouble::Malformed),
        (
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 25\r\n\r\n{\"rows\":[],\"rows\":[{}]}  ",
            Trouble::Malformed,
        ),
        (
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 23\r\n\r\n{\"rows\":[],\"more\":true}",
            Trouble::Malformed,
        ),
        ("nonsense\r\n\r\n", Trouble::Unreachable),
    ] {
        assert_eq!(asked_of(answer, "").await.0.err(), Some(trouble), "{answer}");
    }
    let long = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 11\r\n\r\n{\"rows\":[]}";
    assert_eq!(asked_of(long, "bytes_max = 10\n").await.0.err(), Some(Trouble::TooLong));
    // Whoever says that there is more to come and sends nothing is not waited for without end.
    let silent = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{";
    let found = asked_of(silent, "timeout_ms = 300\n").await.0.err();
    assert!(matches!(found, Some(Trouble::TooSlow | Trouble::Unreachable)), "{found:?}");
}
