//! `gateway.toml`: what an operator sets. An unknown key is an error; a path is relative to the file's folder.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use identity::RootOpening;
use model::{Exit, PartyId};
use serde::{Deserialize, Serialize};
use shelf::Signatures;

use crate::failure::Failure;

/// The file's name in a gateway's folder.
pub(crate) const FILE: &str = "gateway.toml";

/// The longest pause between two leaves of the log of heads: a day.
const TICK_S_MAX: u32 = 86_400;
/// The longest time for a receipt to get its leaf: a week.
const RECEIPT_LEAF_S_MAX: u32 = 604_800;

/// The whole of `gateway.toml`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Whose gateway this is.
    pub(crate) party: PartyId,
    /// Where the gateways of other parties call.
    pub(crate) peer_listen: SocketAddr,
    /// Where the desks of the own party call.
    pub(crate) desk_listen: SocketAddr,
    /// Where those who look after this gateway ask: `/livez`, `/readyz`, `/metrics`. Without TLS: on loopback, or where only they can call.
    /// Nobody is answered without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ops_listen: Option<SocketAddr>,
    /// `sqlite:<path>` or `postgres://…`.
    pub(crate) database: String,
    /// A file that holds the passphrase of this gateway's keys.
    pub(crate) passphrase_file: PathBuf,
    /// An OTLP collector, as in `http://127.0.0.1:4317`. Nothing is exported without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) otlp_endpoint: Option<String>,
    /// A folder of treaty files in place of the built-in catalogue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) catalog: Option<PathBuf>,
    /// Whether a treaty of that folder binds only when both parties of a pair have signed it: "required" or "none".
    #[serde(default = "required", skip_serializing_if = "is_required")]
    pub(crate) treaty_signatures: Signatures,
    /// How the log of heads is kept, and who witnesses it.
    #[serde(default, skip_serializing_if = "Ledger::is_default")]
    pub(crate) ledger: Ledger,
    /// Where sealed files are kept, and how much of them.
    #[serde(default, skip_serializing_if = "Attachments::is_default")]
    pub(crate) attachments: Attachments,
}

/// The table `[attachments]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Attachments {
    /// The folder of sealed files.
    pub(crate) folder: PathBuf,
    /// Bytes of one case, those of the other party's files among them.
    pub(crate) case_bytes_max: u64,
    /// Bytes that one own desk has brought, over all cases.
    pub(crate) desk_bytes_max: u64,
}

impl Default for Attachments {
    fn default() -> Self {
        Self { folder: "attachments".into(), case_bytes_max: 200_000_000_000, desk_bytes_max: 1_000_000_000_000 }
    }
}

impl Attachments {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// The table `[ledger]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Ledger {
    /// Seconds between two leaves of the log of heads, from 1 to 86,400.
    pub(crate) tick_s: u32,
    /// Whose gateways are asked to cosign it, as in `["SG", "KE"]`. Each needs an open channel.
    pub(crate) witnesses: Vec<PartyId>,
    /// Seconds that another gateway may take to put our receipts into the log of its cases, from 1 to 604,800. While it takes longer,
    /// its log is not cosigned.
    pub(crate) receipt_leaf_s: u32,
    /// Who time-stamps its head each day. Nobody does without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tsa: Option<Tsa>,
}

/// The table `[ledger.tsa]`: a time-stamping authority [RFC 3161].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tsa {
    /// Where it is asked: `https`, or `http` on this machine.
    pub(crate) url: String,
    /// Who is believed, PEM: its own certificate, or those that its tokens must lead to.
    pub(crate) roots: PathBuf,
    /// How long it may take to answer, from 1 to 300.
    #[serde(default = "timeout_s")]
    pub(crate) timeout_s: u32,
}

fn timeout_s() -> u32 {
    30
}

impl Default for Ledger {
    fn default() -> Self {
        Self { tick_s: 3600, witnesses: Vec::new(), receipt_leaf_s: 3600, tsa: None }
    }
}

impl Ledger {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }

    pub(crate) fn tick_ms(&self) -> i64 {
        i64::from(self.tick_s.clamp(1, TICK_S_MAX)) * 1000
    }

    pub(crate) fn receipt_leaf_ms(&self) -> i64 {
        i64::from(self.receipt_leaf_s) * 1000
    }

    /// What cannot be meant.
    fn check(&self, own: PartyId) -> Result<(), String> {
        if !(1..=TICK_S_MAX).contains(&self.tick_s) {
            return Err(format!("ledger.tick_s is {}, which is not from 1 to {TICK_S_MAX}", self.tick_s));
        }
        if !(1..=RECEIPT_LEAF_S_MAX).contains(&self.receipt_leaf_s) {
            return Err(format!(
                "ledger.receipt_leaf_s is {}, which is not from 1 to {RECEIPT_LEAF_S_MAX}",
                self.receipt_leaf_s
            ));
        }
        if self.witnesses.contains(&own) {
            return Err(format!("ledger.witnesses names {own} itself: a witness is another state"));
        }
        if self.tsa.as_ref().is_some_and(|tsa| !(1..=300).contains(&tsa.timeout_s)) {
            return Err("ledger.tsa.timeout_s is not from 1 to 300".to_owned());
        }
        Ok(())
    }
}

fn required() -> Signatures {
    Signatures::Required
}

fn is_required(signatures: &Signatures) -> bool {
    *signatures == Signatures::Required
}

/// A gateway's folder and the names of what is in it.
#[derive(Debug, Clone)]
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    /// The folder of the gateway in `dir`: `dir` itself, or the `gateway` folder of a development state.
    pub(crate) fn find(dir: &Path) -> Result<Self, Failure> {
        [dir.to_path_buf(), dir.join("gateway")]
            .into_iter()
            .find(|folder| folder.join(FILE).is_file())
            .map(Self)
            .ok_or_else(|| {
                Failure::new(Exit::NotInitialised, format!("there is no {FILE} in {}", dir.display()))
                    .remedy("Make a state first: gateway init --party FR --dir DIR")
            })
    }

    pub(crate) fn ledger_key(&self) -> PathBuf {
        self.0.join("ledger.key.pem")
    }

    pub(crate) fn second_ledger_key(&self) -> PathBuf {
        self.0.join("ledger.ml-dsa-44.key.pem")
    }

    /// Where the key stands that takes the place of the one at `path` with the next directory.
    pub(crate) fn next(&self, path: &Path) -> PathBuf {
        path.with_extension("next.pem")
    }

    pub(crate) fn root_certificate(&self) -> PathBuf {
        self.0.join("root.cert.pem")
    }

    pub(crate) fn directory(&self) -> PathBuf {
        self.0.join("directory.toml")
    }

    pub(crate) fn directory_signature(&self) -> PathBuf {
        self.0.join("directory.sig")
    }

    pub(crate) fn previous_directory(&self) -> PathBuf {
        self.0.join("directory.previous.toml")
    }

    pub(crate) fn previous_directory_signature(&self) -> PathBuf {
        self.0.join("directory.previous.sig")
    }

    /// Which foreign roots the versions of the own directory commit to: a file for each opening, for nobody but this gateway.
    pub(crate) fn openings(&self) -> PathBuf {
        self.0.join("trusted")
    }

    pub(crate) fn opening(&self, opening: &RootOpening) -> PathBuf {
        self.openings().join(format!("{}-{}.opening", opening.party(), opening.commitment()))
    }

    pub(crate) fn operator_socket(&self) -> PathBuf {
        self.0.join("operator.sock")
    }

    /// Held by the process that serves.
    pub(crate) fn lock(&self) -> PathBuf {
        self.0.join("lock")
    }

    /// Reads and checks `gateway.toml`.
    pub(crate) fn config(&self) -> Result<Config, Failure> {
        let path = self.0.join(FILE);
        let text = fs::read_to_string(&path).map_err(|error| Failure::reading(&path, &error))?;
        let bad = |error: String| {
            Failure::new(Exit::Usage, format!("{}: {}", path.display(), error.trim_end()))
                .remedy("Correct the key or remove it; `gateway init` writes a complete example.")
        };
        let config: Config = toml::from_str(&text).map_err(|error| bad(error.to_string()))?;
        config.ledger.check(config.party).map_err(bad)?;
        Ok(config)
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
