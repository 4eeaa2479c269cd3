//! A register that is only read, on both engines.

use std::{collections::BTreeMap, time::Duration};

use sea_orm::{ConnectionTrait, Database};
use store::register::{Query, Register, RegisterError, Rows};

use crate::Place;

const WAIT: Duration = Duration::from_secs(20);
const TABLE: &str = "CREATE TABLE person (name TEXT, birth_date TEXT, number INTEGER); \
                     INSERT INTO person VALUES ('MOREL Lucie', '1984-05-17', 1), ('MOREL Lucie', '1990-01-01', 2), \
                     ('Robert''); DROP TABLE person;--', '1984-05-17', 3), (NULL, '1984-05-17', 4)";

async fn filled(place: &Place) -> Register {
    let url = place.url();
    match place {
        Place::Folder(folder) => {
            let path = folder.path().join("store.db");
            let connection = Database::connect(format!("sqlite:{}?mode=rwc", path.display())).await.unwrap();
            connection.execute_unprepared(TABLE).await.unwrap();
            connection.close().await.unwrap();
        }
        Place::Server(server, name) => server.run(name, TABLE).await,
    }
    Register::open(&url, WAIT).await.unwrap()
}

fn query(sql: &str) -> Query {
    Query::parse(sql, &["name", "birth_date"]).unwrap()
}

async fn ask(register: &Register, sql: &str, name: &str) -> Result<Rows, RegisterError> {
    let values = [("name", name), ("birth_date", "1984-05-17")];
    let values = values.map(|(name, value)| (name.to_owned(), value.to_owned()));
    register.ask(&query(sql), &BTreeMap::from(values), 2).await
}

const BY_NAME: &str = "SELECT name, birth_date FROM person WHERE name = :name AND birth_date = :birth_date";

async fn holds(register: &Register) {
    let found = ask(register, BY_NAME, "MOREL Lucie").await.unwrap();
    assert_eq!((found.rows.len(), found.truncated), (1, false));
    assert_eq!(found.rows[0]["birth_date"].as_deref(), Some("1984-05-17"));

    // What looks like SQL is a name.
    let name = "Robert'); DROP TABLE person;--";
    assert_eq!(ask(register, BY_NAME, name).await.unwrap().rows[0]["name"].as_deref(), Some(name));
    assert!(ask(register, BY_NAME, "' OR '1'='1").await.unwrap().rows.is_empty());
    assert_eq!(ask(register, BY_NAME, "MOREL Lucie").await.unwrap().rows.len(), 1, "the table is still there");

    // At most so many rows, and it says that there are more; what the register holds not is nothing, and no text.
    let all = ask(register, "SELECT name FROM person WHERE birth_date = :birth_date ORDER BY number DESC", "").await;
    let all = all.unwrap();
    assert_eq!((all.rows.len(), all.truncated), (2, true));
    assert_eq!(all.rows[0]["name"], None);

    let number = ask(register, "SELECT number FROM person WHERE name = :name", "MOREL Lucie").await;
    assert_eq!(number, Err(RegisterError::NotText("number".to_owned())));
    let missing = ask(register, "SELECT surname FROM person WHERE name = :name", "secret").await.unwrap_err();
    assert_eq!(missing, RegisterError::Refused);
    assert!(!missing.to_string().contains("secret"));
}

async fn writes_nothing(register: &Register, attempts: &[&str]) {
    for attempt in attempts {
        assert_eq!(ask(register, attempt, "x").await, Err(RegisterError::Refused), "{attempt}");
    }
    assert_eq!(ask(register, BY_NAME, "MOREL Lucie").await.unwrap().rows.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sqlite_register_is_read_and_never_written() {
    let place = Place::folder();
    let register = filled(&place).await;
    holds(&register).await;
    writes_nothing(&register, &["WITH x AS (SELECT 1) DELETE FROM person WHERE name = :name"]).await;
    register.close().await;
    let nowhere = Place::folder();
    assert_eq!(Register::open(&nowhere.url(), WAIT).await.unwrap_err(), RegisterError::Unreachable);
    assert!(
        !std::fs::exists(match &nowhere {
            Place::Folder(folder) => folder.path().join("store.db"),
            Place::Server(..) => unreachable!(),
        })
        .unwrap()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgresql_register_is_read_and_never_written_and_ends_what_takes_too_long() {
    let place = Place::server("register").await;
    let register = filled(&place).await;
    holds(&register).await;
    let attempts = [
        "WITH gone AS (DELETE FROM person WHERE name <> :name RETURNING name) SELECT name FROM gone",
        "SELECT nextval('s')::text FROM person WHERE name <> :name",
        "SELECT set_config('transaction_read_only', 'off', false) FROM person WHERE name <> :name",
    ];
    if let Place::Server(server, name) = &place {
        server.run(name, "CREATE SEQUENCE s").await;
    }
    writes_nothing(&register, &attempts).await;
    register.close().await;
    let hasty = Register::open(&place.url(), Duration::from_millis(500)).await.unwrap();
    let slow = ask(&hasty, "SELECT CAST(pg_sleep(30) AS TEXT) AS x WHERE :name <> ''", "x").await;
    assert_eq!(slow, Err(RegisterError::TooSlow));
    hasty.close().await;
}
