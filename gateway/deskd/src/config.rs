//! `desk.toml`: what the people who run a desk set. An unknown key is an error; a path is relative to the file's folder.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use model::{AuthorityId, Exit};
use serde::Deserialize;
use shelf::Signatures;

use crate::failure::Failure;

/// The file's name in a desk's folder.
pub(crate) const FILE: &str = "desk.toml";

/// The whole of `desk.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Whose desk this is.
    pub(crate) authority: AuthorityId,
    /// Where the own party's gateway takes desks: `host:port`.
    pub(crate) gateway: String,
    /// Where those who look after this desk ask: `/livez`, `/readyz`, `/metrics`. Without TLS: on loopback, or where only they can call.
    /// Nobody is answered without it.
    #[serde(default)]
    pub(crate) ops_listen: Option<SocketAddr>,
    /// `sqlite:<path>` or `postgres://…`.
    pub(crate) database: String,
    /// A file that holds the passphrase of this desk's keys.
    pub(crate) passphrase_file: PathBuf,
    /// The folder of officers' keys: for the command line, and for officers who sign in at the console.
    #[serde(default)]
    pub(crate) officers: Option<PathBuf>,
    /// An OTLP collector, as in `http://127.0.0.1:4317`. Nothing is exported without it.
    #[serde(default)]
    pub(crate) otlp_endpoint: Option<String>,
    /// A folder of treaty files in place of the built-in catalogue.
    #[serde(default)]
    pub(crate) catalog: Option<PathBuf>,
    /// Whether a treaty of that folder binds only when both parties of a pair have signed it: "required" or "none".
    #[serde(default = "required")]
    pub(crate) treaty_signatures: Signatures,
    /// A folder of calendars, laid over the built-in ones: a file of a party stands in place of the built-in one.
    #[serde(default)]
    pub(crate) calendars: Option<PathBuf>,
    /// Whether the desk tells the requesting party by itself how a request stands, when nothing was said for so long as the treaty's status
    /// clock runs. It does unless it is told not to: who asks for evidence may expect that [UNTOC 18(24)].
    #[serde(default = "told")]
    pub(crate) tells_status: bool,
    /// The pages for officers' browsers.
    #[serde(default)]
    pub(crate) console: console::Settings,
}

fn told() -> bool {
    true
}

fn required() -> Signatures {
    Signatures::Required
}

/// A desk's folder and the names of what is in it.
#[derive(Debug, Clone)]
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    /// The folder of a desk.
    pub(crate) fn find(dir: &Path) -> Result<Self, Failure> {
        if dir.join(FILE).is_file() {
            return Ok(Self(dir.to_path_buf()));
        }
        Err(Failure::new(Exit::NotInitialised, format!("there is no {FILE} in {}", dir.display()))
            .remedy("Name the folder of a desk, as in --dir STATE/desks/central; `gateway init` makes one."))
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.0.join("desk.sock")
    }

    /// Reads and checks `desk.toml`.
    pub(crate) fn config(&self) -> Result<Config, Failure> {
        let path = self.0.join(FILE);
        let text = fs::read_to_string(&path).map_err(|error| Failure::reading(&path, &error))?;
        toml::from_str(&text).map_err(|error| {
            Failure::new(Exit::Usage, format!("{}: {}", path.display(), error.to_string().trim_end()))
                .remedy("Correct the key or remove it; `gateway init` writes a complete example.")
        })
    }

    /// A path of the configuration, seen from this folder.
    pub(crate) fn resolve(&self, path: &Path) -> PathBuf {
        self.0.join(path)
    }

    /// The database's URL with its path seen from this folder.
    pub(crate) fn database_url(&self, config: &Config) -> String {
        match config.database.strip_prefix("sqlite:") {
            Some(path) => format!("sqlite:{}", self.resolve(Path::new(path)).display()),
            None => config.database.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn folder(text: &str) -> (tempfile::TempDir, Folder) {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(FILE), text).unwrap();
        let folder = Folder::find(dir.path()).unwrap();
        (dir, folder)
    }

    #[test]
    fn a_console_is_there_unless_it_is_turned_off() {
        let (_dir, folder) = folder(GOOD);
        assert_eq!(folder.config().unwrap().console.listen, "localhost:0");
        assert!(folder.config().unwrap().tells_status);
        let (_dir, folder) = self::folder(&format!("{GOOD}console.listen = \"\"\ntells_status = false\n"));
        assert_eq!(folder.config().unwrap().console.listen, "");
        assert!(!folder.config().unwrap().tells_status);
        let (_dir, folder) = self::folder(&format!("{GOOD}console.listens = \"\"\n"));
        assert_eq!(folder.config().unwrap_err().exit(), Exit::Usage);
    }

    const GOOD: &str = "authority = \"FR:central\"\ngateway = \"127.0.0.1:7002\"\ndatabase = \"sqlite:desk.db\"\n\
                        passphrase_file = \"passphrase\"\nofficers = \"../../officers\"\n";

    #[test]
    fn what_gateway_init_writes_is_read_and_paths_are_seen_from_the_folder() {
        let (dir, folder) = folder(GOOD);
        let config = folder.config().unwrap();
        assert_eq!(config.authority.to_string(), "FR:central");
        assert_eq!(folder.database_url(&config), format!("sqlite:{}", dir.path().join("desk.db").display()));
    }

    #[test]
    fn an_unknown_key_is_a_usage_error_that_names_the_key_and_the_remedy() {
        let (_dir, folder) = folder(&format!("{GOOD}gatewy = \"x\"\n"));
        let failure = folder.config().unwrap_err();
        assert_eq!(failure.exit(), Exit::Usage);
        let text = failure.to_string();
        assert!(text.contains("gatewy") && text.contains("next:"), "{text}");
    }

    #[test]
    fn a_folder_without_a_desk_is_not_initialised() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(Folder::find(dir.path()).unwrap_err().exit(), Exit::NotInitialised);
    }
}
