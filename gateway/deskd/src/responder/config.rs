//! `responder/NAME.toml`: what a responder gives, by whose word, and where its register is. An unknown key is an error; a path is relative
//! to the desk's folder; a secret stands in a file of its own.
//!
//! **What two officers stand for** is the digest of what decides *which* register is asked, *how* and by whose leave: the file itself (with
//! URL or path, statement, links, quota), of an HTTP service the certificate authorities that vouch for it, of a database its
//! address without its password (server, port, database, login, TLS; of SQLite the whole path). No part of it is what a register holds:
//! that changes every day, by design, and by the word of who keeps it. Nor is its schema: a statement names its columns, so that a register
//! that was built anew refuses it, and who could swap tables unseen could as well swap rows. Nor are passwords, tokens, and the
//! certificate and key that we show: they are renewed without another responder. However the file says, a database is opened for reading only.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use desk::responder::{Gives, LinkAttribute, Policy};
use model::{ArticleRef, Attribute, ConditionCode, Digest, Exit};
use serde::Deserialize;
use store::{DatabaseUrl, register::Query};

use super::{Adapter, http, sql};
use crate::{failure::Failure, keys::read_passphrase};

mod service;

/// The folder in a desk's folder.
const FOLDER: &str = "responder";
/// More files are none of a desk's.
const FILES_MAX: usize = 64;
/// Longer files are no configuration.
const BYTES_MAX: usize = 64 * 1024;

/// The whole of a file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: String,
    gives: String,
    /// The articles under which it answers.
    articles: Vec<ArticleRef>,
    link_only_on: Vec<String>,
    #[serde(default)]
    attributes: Vec<Attribute>,
    #[serde(default)]
    never: Vec<Attribute>,
    #[serde(default)]
    answers_no_record: bool,
    register: String,
    legal_basis: String,
    #[serde(default = "restricted")]
    classification: String,
    #[serde(default)]
    conditions: Vec<ConditionCode>,
    #[serde(default)]
    issuer_key: Option<String>,
    #[serde(default = "five_minutes")]
    valid_seconds: u32,
    #[serde(default = "latin")]
    script: String,
    quota: Quota,
    #[serde(default)]
    http: Option<service::HttpFile>,
    #[serde(default)]
    sql: Option<SqlFile>,
}

/// How many answers a responder gives in a day (UTC).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Quota {
    /// To all together.
    pub(crate) per_day: u32,
    /// To one authority.
    pub(crate) per_counterpart: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SqlFile {
    /// `sqlite:PATH`; not a URL with a password.
    #[serde(default)]
    database: Option<String>,
    /// A file that holds the URL of a PostgreSQL database.
    #[serde(default)]
    database_file: Option<PathBuf>,
    statement: String,
    links: BTreeMap<String, String>,
    fields: BTreeMap<String, FieldFile>,
    #[serde(default = "some_rows")]
    rows_max: u32,
    #[serde(default = "ten_seconds")]
    timeout_ms: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FieldFile {
    column: String,
    #[serde(rename = "as", default = "as_text")]
    form: sql::Form,
}

fn restricted() -> String {
    "restricted".to_owned()
}

fn five_minutes() -> u32 {
    300
}

fn latin() -> String {
    "Latn".to_owned()
}

fn some_rows() -> u32 {
    20
}

fn ten_seconds() -> u32 {
    10_000
}

fn as_text() -> sql::Form {
    sql::Form::Text
}

/// A responder as its file describes it.
pub(crate) struct Loaded {
    pub(crate) name: String,
    /// Of the file, and of what it trusts: for this two officers stand.
    pub(crate) digest: Digest,
    pub(crate) articles: BTreeSet<ArticleRef>,
    pub(crate) policy: Policy,
    pub(crate) legal_basis: String,
    pub(crate) classification: String,
    pub(crate) conditions: Vec<ConditionCode>,
    pub(crate) quota: Quota,
    pub(crate) adapter: Adapter,
}

/// The folder of responders, in a desk's folder.
#[derive(Debug, Clone)]
pub(crate) struct Folder {
    desk: PathBuf,
    passphrase_file: PathBuf,
}

impl Folder {
    /// In the desk's folder `desk`, whose keys are opened with the passphrase in `passphrase_file`.
    pub(crate) fn of(desk: &Path, passphrase_file: &Path) -> Self {
        Self { desk: desk.to_owned(), passphrase_file: desk.join(passphrase_file) }
    }

    /// The names of all responders, sorted.
    pub(crate) fn names(&self) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.desk.join(FOLDER)) else { return Vec::new() };
        let names = entries.filter_map(|entry| {
            let name = entry.ok()?.file_name().into_string().ok()?;
            let name = name.strip_suffix(".toml")?;
            is_name(name).then(|| name.to_owned())
        });
        let names: BTreeSet<String> = names.take(FILES_MAX).collect();
        names.into_iter().collect()
    }

    /// The text of a responder's file, as officers read it.
    ///
    /// # Errors
    /// Where there is none.
    pub(crate) fn text(&self, name: &str) -> Result<String, Failure> {
        if !is_name(name) {
            return Err(Failure::new(Exit::Usage, "a responder is named with a-z, 0-9 and `-`"));
        }
        let path = self.desk.join(FOLDER).join(format!("{name}.toml"));
        fs::read_to_string(&path).map_err(|error| Failure::reading(&path, &error))
    }

    /// One responder. Nothing is connected to yet.
    ///
    /// # Errors
    /// Everything that is wrong with its file, one line each.
    pub(crate) fn load(&self, name: &str) -> Result<Loaded, Failure> {
        let shown = format!("{FOLDER}/{name}.toml");
        let text = self.text(name)?;
        if text.len() > BYTES_MAX {
            return Err(Failure::new(Exit::Usage, format!("{shown} is longer than {BYTES_MAX} bytes")));
        }
        let file: File = toml::from_str(&text).map_err(|error| {
            Failure::new(Exit::Usage, format!("{shown}: {}", error.to_string().trim_end()))
                .remedy("Correct the key or remove it.")
        })?;
        let mut faults = Vec::new();
        let loaded = self.read(name, &text, file, &mut faults);
        match loaded.filter(|_| faults.is_empty()) {
            Some(loaded) => Ok(loaded),
            None => {
                let what: Vec<String> = faults.iter().map(|fault| format!("{shown}: {fault}")).collect();
                Err(Failure::new(Exit::Usage, what.join("\n")).remedy("Mend the file, then: desk responder check."))
            }
        }
    }

    fn read(&self, name: &str, text: &str, file: File, faults: &mut Vec<String>) -> Option<Loaded> {
        if file.format != "responder/1" {
            faults.push("format: write \"responder/1\"".to_owned());
        }
        if file.articles.is_empty() {
            faults.push("articles: name the article under which it answers".to_owned());
        }
        if file.quota.per_day == 0 || file.quota.per_counterpart == 0 {
            faults.push("quota: 0 answers nothing; stop it with: desk responder stop".to_owned());
        }
        if ["open", "official", "restricted", "confidential", "secret"].iter().all(|mark| *mark != file.classification)
        {
            faults.push("classification: one of open, official, restricted, confidential, secret".to_owned());
        }
        let policy = policy(&file, faults);
        let mut bound = vec![text.as_bytes().to_vec()];
        let adapter = match (file.http, file.sql) {
            (Some(http), None) => {
                let (service, trusted) = http.read(&self.desk, &self.passphrase_file, faults)?;
                bound.extend(trusted);
                Adapter::Http(service)
            }
            (None, Some(sql)) => {
                let database = self.database(sql, policy.as_ref()?, faults)?;
                bound.push(self.identity(&database.url).into_bytes());
                Adapter::Sql(database)
            }
            _ => {
                faults.push("write one of [http] and [sql]: where the register is".to_owned());
                return None;
            }
        };
        // Each part is framed by its own digest, so that nothing moves from one into another.
        let parts: Vec<Digest> = bound.iter().map(|part| Digest::of(&[part])).collect();
        let framed: Vec<&[u8]> = parts.iter().map(|part| part.as_bytes().as_slice()).collect();
        Some(Loaded {
            name: name.to_owned(),
            digest: Digest::of(&framed),
            articles: file.articles.into_iter().collect(),
            policy: policy?,
            legal_basis: file.legal_basis,
            classification: file.classification,
            conditions: file.conditions,
            quota: file.quota,
            adapter,
        })
    }

    fn database(&self, file: SqlFile, policy: &Policy, faults: &mut Vec<String>) -> Option<sql::Database> {
        let url = self.url(&file, faults)?;
        let known: Vec<String> = policy
            .link_only_on
            .iter()
            .flat_map(|one| [one.as_str().to_owned(), format!("{}_normal", one.as_str())])
            .collect();
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        let query =
            Query::parse(&file.statement, &known).map_err(|error| faults.push(format!("sql.statement: {error}")));
        let mut links = BTreeMap::new();
        for (link, column) in file.links {
            match link.parse::<LinkAttribute>().ok().filter(|one| policy.link_only_on.contains(one)) {
                Some(attribute) => drop(links.insert(attribute, column)),
                None => faults.push(format!("sql.links.{link}: it is not in link_only_on")),
            }
        }
        for missing in policy.link_only_on.iter().filter(|one| !links.contains_key(one)) {
            faults.push(format!("sql.links: say in which column {} is, or nobody can be linked", missing.as_str()));
        }
        if file.rows_max == 0 || file.rows_max > 1000 || file.timeout_ms == 0 || file.timeout_ms > 60_000 {
            faults.push("sql: rows_max is 1 to 1000, timeout_ms 1 to 60000".to_owned());
        }
        Some(sql::Database {
            url,
            query: query.ok()?,
            links,
            fields: file.fields.into_iter().map(|(name, field)| (name, (field.column, field.form))).collect(),
            rows_max: file.rows_max,
            wait: Duration::from_millis(u64::from(file.timeout_ms)),
            register: tokio::sync::OnceCell::new(),
        })
    }

    /// Which database officers stand for. One in the desk's folder is named within it: the daemon and the officer may each have called the folder
    /// in a way of their own.
    fn identity(&self, url: &DatabaseUrl) -> String {
        let DatabaseUrl::Sqlite { path, read_only } = url else { return url.identity() };
        let path = path.strip_prefix(&self.desk).unwrap_or(path).to_owned();
        DatabaseUrl::Sqlite { path, read_only: *read_only }.identity()
    }

    fn url(&self, file: &SqlFile, faults: &mut Vec<String>) -> Option<DatabaseUrl> {
        let text = match (&file.database, &file.database_file) {
            (Some(url), None) if url.starts_with("sqlite:") => url.clone(),
            (None, Some(path)) => match fs::read_to_string(self.desk.join(path)) {
                Ok(text) => text.trim().to_owned(),
                Err(error) => {
                    faults.push(format!("sql.database_file: {}", error.kind()));
                    return None;
                }
            },
            (Some(_), None) => {
                faults.push(
                    "sql.database: a server's URL may hold a password: put it into a file, and write database_file"
                        .to_owned(),
                );
                return None;
            }
            _ => {
                faults.push("sql: write one of database = \"sqlite:PATH\" and database_file".to_owned());
                return None;
            }
        };
        let url: Result<DatabaseUrl, _> = text.parse();
        match url {
            Ok(DatabaseUrl::Sqlite { path, .. }) => {
                Some(DatabaseUrl::Sqlite { path: self.desk.join(path), read_only: true })
            }
            Ok(postgres) => Some(postgres),
            Err(error) => {
                faults.push(format!("sql: {error}"));
                None
            }
        }
    }
}

fn policy(file: &File, faults: &mut Vec<String>) -> Option<Policy> {
    let gives = Gives::ALL.into_iter().find(|one| one.as_str() == file.gives);
    if gives.is_none() {
        let known: Vec<_> = Gives::ALL.iter().map(|one| one.as_str()).collect();
        faults.push(format!("gives: one of {}", known.join(", ")));
    }
    let mut link_only_on = BTreeSet::new();
    for name in &file.link_only_on {
        match name.parse::<LinkAttribute>() {
            Ok(attribute) => drop(link_only_on.insert(attribute)),
            Err(_) => faults.push(format!("link_only_on: `{name}` is none of {}", known_links())),
        }
    }
    if let Err(refusal) = LinkAttribute::enough(&link_only_on) {
        faults.push(format!("link_only_on: {}; {}", refusal.reason, refusal.remedy));
    }
    let holder = link_only_on.contains(&LinkAttribute::Holder);
    let issuer_key = file.issuer_key.as_deref().map(str::parse::<Digest>);
    match gives {
        Some(Gives::IdentityAttestation) => {
            if !holder || !matches!(issuer_key, Some(Ok(_))) {
                faults.push("an attestation links on [\"holder\"], and names issuer_key: the SHA-256 of the key that signs credentials".to_owned());
            }
            if file.answers_no_record {
                faults.push("answers_no_record: an attestation of nobody is none".to_owned());
            }
            if file.attributes.is_empty() {
                faults.push("attributes: name what is disclosed at most".to_owned());
            }
        }
        Some(Gives::CriminalRecordExtract) if holder => {
            faults.push("link_only_on: an extract is of a person, not of a holder".to_owned());
        }
        _ => {}
    }
    if file.valid_seconds == 0 || file.valid_seconds > 86_400 {
        faults.push("valid_seconds: 1 to 86400".to_owned());
    }
    Some(Policy {
        gives: gives?,
        link_only_on,
        discloses: file.attributes.iter().cloned().collect(),
        never: file.never.iter().cloned().collect(),
        answers_no_record: file.answers_no_record,
        register: file.register.clone(),
        issuer_key: issuer_key.and_then(Result::ok),
        valid_s: file.valid_seconds,
        script: file.script.clone(),
    })
}

fn known_links() -> String {
    let names: Vec<_> = LinkAttribute::ALL.iter().map(|one| one.as_str()).collect();
    names.join(", ")
}

fn is_name(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    !name.is_empty() && name.len() <= 48 && name.bytes().all(plain)
}

#[cfg(test)]
mod tests;
