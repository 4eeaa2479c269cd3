//! `gateway init`: a complete development state in one command — root, gateway, authorities, desks, officers.
//!
//! In production each of these keys is made where it is used, and the root stays offline. The folders are laid out as those
//! places: `root/`, `treaty/`, `gateway/`, `desks/<authority>/`, `officers/<authority>/`.

use std::{
    collections::BTreeSet,
    fs, io,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
};

use clap::Args;
use identity::{
    Authority, Commitments, Directory, Officer, Passphrase, Root, SignedDirectory, SigningKey, Subject, TRAINING_MARK,
    TlsIdentity, VerifyingKey, certificate_to_pem,
};
use model::{AuthorityId, AuthorityKind, Exit, PartyId, Role, Timestamp};
use serde_json::{Value, json};

use crate::{
    command::{own_directory::DIRECTORY_LIFETIME_MS, second},
    config::{Config, FILE, Folder, Ledger},
    failure::Failure,
    keys,
};

/// Make a complete development state: root, gateway certificate, ledger key, accredited authorities with two officers each.
#[derive(Debug, Args)]
pub(crate) struct Init {
    /// The party, ISO 3166-1 alpha-2, as in FR.
    #[arg(long)]
    party: PartyId,
    /// The folder to make. It must not exist, or be empty.
    #[arg(long)]
    dir: PathBuf,
    /// Where the gateways of other parties will call; a free loopback port when absent.
    #[arg(long)]
    peer_listen: Option<SocketAddr>,
    /// Where the desks of this party will call; a free loopback port when absent.
    #[arg(long)]
    desk_listen: Option<SocketAddr>,
    /// An OTLP collector for the gateway and the desks, as in http://127.0.0.1:4317.
    #[arg(long)]
    otlp_endpoint: Option<String>,
    /// Make a simulated state. Its root says so, and no real state opens a channel to it.
    #[arg(long)]
    training: bool,
    /// Sign each head of a ledger a second time, by ML-DSA-44, which holds against a quantum computer. The directory promises it, and peers
    /// refuse heads without it.
    #[arg(long)]
    post_quantum: bool,
}

/// The authorities of a development state: name, kind, title, roles of both officers.
const AUTHORITIES: [(&str, AuthorityKind, &str, &[Role]); 4] = [
    (
        "central",
        AuthorityKind::Central,
        "Central authority",
        &[Role::Officer, Role::Central, Role::Decider, Role::Custodian],
    ),
    ("judicial", AuthorityKind::Judicial, "Court", &[Role::Judge, Role::Prosecutor]),
    (
        "executing",
        AuthorityKind::Executing,
        "Executing authority",
        // What is forwarded to it, it decides and answers.
        &[Role::Executing, Role::Central, Role::Decider, Role::Custodian],
    ),
    (
        "24x7",
        AuthorityKind::DutyPoint,
        "Point of contact, day and night",
        // At night nobody else is there: it asks, grants after a call-back, and keeps what comes.
        &[Role::DutyOfficer, Role::Officer, Role::Central, Role::Decider, Role::Custodian],
    ),
];

/// The end of each `desk.toml`: the pages for officers' browsers. No table of its own, so that a key may follow.
const CONSOLE: &str = "# The pages for officers' browsers: port 0 is a free one, told at each start; \"\" is no console.\n\
                       console.listen = \"localhost:0\"\n";

impl Init {
    pub(crate) fn run(&self, now: Timestamp) -> Result<Value, Failure> {
        self.check_empty()?;
        let root = match self.training {
            true => Root::generate_training(self.party, now),
            false => Root::generate(self.party, now),
        };
        let root = root.map_err(key_failure)?;
        let gateway = self.dir.join("gateway");
        let passphrase = new_passphrase(&gateway)?;
        let config = self.write_gateway(&gateway, &passphrase, &root, now)?;
        let tags = SigningKey::generate().map_err(key_failure)?;
        let mut authorities = Vec::new();
        for (name, kind, title, roles) in AUTHORITIES {
            let id =
                AuthorityId::new(self.party, name).map_err(|error| Failure::new(Exit::Usage, error.to_string()))?;
            let officers = self.write_officers(&id, roles)?;
            let desk_key = self.write_desk(&id, &root, &config, &tags, now)?;
            authorities.push(Authority { id, kind, title: self.title(title), desk_key, officers });
        }
        let ledger_key = Self::write_ledger_key(&gateway, &passphrase)?;
        let folder = Folder(gateway.clone());
        let second = self.post_quantum.then(|| second::make(&folder, &config)).transpose()?;
        let directory = Directory {
            party: self.party,
            version: 1,
            issued: now,
            expires: now.plus_ms(DIRECTORY_LIFETIME_MS),
            root: root.certificate().der().to_vec(),
            ledger_key,
            ledger_key_ml_dsa_44: second,
            ledger_keys_before: Vec::new(),
            trusted: Commitments::to(&[]).map_err(key_failure)?,
            authorities,
        };
        let signed = root.sign_directory(&directory, &[]).map_err(key_failure)?;
        write_directory(&folder, &signed)?;
        self.write_treaty_key(&root, now)?;
        self.write_root(&root)?;
        Ok(json!({
            "party": self.party.to_string(),
            "dir": self.dir,
            "training": self.training,
            "post_quantum": self.post_quantum,
            "fingerprint": root.certificate().fingerprint().to_string(),
            "root_certificate": self.dir.join("root/root.cert.pem"),
            "treaty_certificate": self.dir.join("treaty/treaty.cert.pem"),
            "peer_listen": config.peer_listen.to_string(),
            "desk_listen": config.desk_listen.to_string(),
            "authorities": AUTHORITIES.map(|(name, ..)| format!("{}:{name}", self.party)),
        }))
    }

    /// A development state of `party` in `dir`.
    #[cfg(test)]
    pub(crate) fn development(party: PartyId, dir: PathBuf, post_quantum: bool) -> Self {
        Self { party, dir, peer_listen: None, desk_listen: None, otlp_endpoint: None, training: false, post_quantum }
    }

    fn title(&self, title: &str) -> String {
        if self.training { format!("{TRAINING_MARK}: {title}") } else { title.to_owned() }
    }

    fn check_empty(&self) -> Result<(), Failure> {
        let taken = match fs::read_dir(&self.dir) {
            Ok(mut entries) => entries.next().is_some(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => false,
            Err(error) => return Err(Failure::reading(&self.dir, &error)),
        };
        if taken {
            let what = format!("{} is not empty; keys are never overwritten", self.dir.display());
            return Err(Failure::new(Exit::Conflict, what).remedy("Choose another folder."));
        }
        Ok(keyring::make_folder(&self.dir)?)
    }

    fn write_gateway(
        &self,
        folder: &Path,
        passphrase: &Passphrase,
        root: &Root,
        now: Timestamp,
    ) -> Result<Config, Failure> {
        let subject = Subject::Gateway(self.party);
        let tls = root.issue_tls(&subject, now, identity::TLS_LIFETIME_MAX).map_err(key_failure)?;
        write_tls(folder, &tls, passphrase)?;
        keyring::write_public(&folder.join("root.cert.pem"), pem(root.certificate().der())?.as_bytes())?;
        let config = Config {
            party: self.party,
            peer_listen: self.peer_listen.map_or_else(free_port, Ok)?,
            ops_listen: None,
            desk_listen: self.desk_listen.map_or_else(free_port, Ok)?,
            database: "sqlite:gateway.db".to_owned(),
            passphrase_file: "passphrase".into(),
            otlp_endpoint: self.otlp_endpoint.clone(),
            catalog: None,
            treaty_signatures: shelf::Signatures::Required,
            ledger: Ledger::default(),
            attachments: crate::config::Attachments::default(),
        };
        let text = toml::to_string(&config).map_err(|error| Failure::new(Exit::Failure, error.to_string()))?;
        keyring::write_public(&folder.join(FILE), format!("# The gateway of {}.\n{text}", self.party).as_bytes())?;
        Ok(config)
    }

    fn write_ledger_key(folder: &Path, passphrase: &Passphrase) -> Result<VerifyingKey, Failure> {
        let key = SigningKey::generate().map_err(key_failure)?;
        keyring::write(&folder.join("ledger.key.pem"), key.seal(passphrase).map_err(key_failure)?.as_bytes())?;
        Ok(key.verifying_key())
    }

    fn write_desk(
        &self,
        id: &AuthorityId,
        root: &Root,
        gateway: &Config,
        tags: &SigningKey,
        now: Timestamp,
    ) -> Result<VerifyingKey, Failure> {
        let folder = self.dir.join("desks").join(id.name());
        let passphrase = new_passphrase(&folder)?;
        let tls = root.issue_tls(&Subject::Desk(id.clone()), now, identity::TLS_LIFETIME_MAX).map_err(key_failure)?;
        write_tls(&folder, &tls, &passphrase)?;
        let desk = SigningKey::generate().map_err(key_failure)?;
        keyring::write(&folder.join("desk.key.pem"), desk.seal(&passphrase).map_err(key_failure)?.as_bytes())?;
        let leaf = SigningKey::generate().map_err(key_failure)?;
        keyring::write(&folder.join("leaf.key.pem"), leaf.seal(&passphrase).map_err(key_failure)?.as_bytes())?;
        let certificate =
            root.issue_leaf(id, &leaf.public_key(), now, identity::LEAF_LIFETIME_MAX).map_err(key_failure)?;
        keyring::write_public(&folder.join("leaf.cert.pem"), pem(&certificate)?.as_bytes())?;
        let storage = SigningKey::generate().map_err(key_failure)?;
        keyring::write(&folder.join("storage.key.pem"), storage.seal(&passphrase).map_err(key_failure)?.as_bytes())?;
        // One for all desks of the party, so that a subject has one pseudonym whichever of them asks.
        keyring::write(&folder.join("tags.key.pem"), tags.seal(&passphrase).map_err(key_failure)?.as_bytes())?;
        keyring::write_public(&folder.join("root.cert.pem"), pem(root.certificate().der())?.as_bytes())?;
        let mut config = format!(
            "# The desk of {id}.\nauthority = \"{id}\"\ngateway = \"{}\"\ndatabase = \"sqlite:desk.db\"\n\
             passphrase_file = \"passphrase\"\nofficers = \"../../officers\"\n",
            gateway.desk_listen
        );
        if let Some(endpoint) = &self.otlp_endpoint {
            config.push_str(&format!("otlp_endpoint = {}\n", toml::Value::from(endpoint.as_str())));
        }
        config.push_str(CONSOLE);
        keyring::write_public(&folder.join("desk.toml"), config.as_bytes())?;
        Ok(desk.verifying_key())
    }

    fn write_officers(&self, id: &AuthorityId, roles: &[Role]) -> Result<Vec<Officer>, Failure> {
        let folder = self.dir.join("officers").join(id.name());
        let mut officers = Vec::new();
        for pseudonym in ["officer-1", "officer-2"] {
            let folder = folder.join(pseudonym);
            let passphrase = new_passphrase(&folder)?;
            let key = SigningKey::generate().map_err(key_failure)?;
            keyring::write(&folder.join("key.pem"), key.seal(&passphrase).map_err(key_failure)?.as_bytes())?;
            let roles = roles.iter().copied().collect::<BTreeSet<_>>();
            officers.push(Officer { key: key.verifying_key(), pseudonym: pseudonym.to_owned(), roles });
        }
        Ok(officers)
    }

    /// The key of those who answer for the party's treaty files.
    fn write_treaty_key(&self, root: &Root, now: Timestamp) -> Result<(), Failure> {
        let folder = self.dir.join("treaty");
        let passphrase = new_passphrase(&folder)?;
        let key = SigningKey::generate().map_err(key_failure)?;
        keyring::write(&folder.join("treaty.key.pem"), key.seal(&passphrase).map_err(key_failure)?.as_bytes())?;
        let certificate = root.issue_treaty(&key.public_key(), now, identity::TREATY_LIFETIME).map_err(key_failure)?;
        Ok(keyring::write_public(&folder.join("treaty.cert.pem"), pem(&certificate)?.as_bytes())?)
    }

    fn write_root(&self, root: &Root) -> Result<(), Failure> {
        let folder = self.dir.join("root");
        let passphrase = new_passphrase(&folder)?;
        let sealed = root.seal(&passphrase).map_err(key_failure)?;
        keyring::write(&folder.join("root.key.pem"), sealed.as_bytes())?;
        Ok(keyring::write_public(&folder.join("root.cert.pem"), pem(root.certificate().der())?.as_bytes())?)
    }
}

/// Writes the signed directory that a gateway serves, the openings of its commitments first: they stay for good, because what was signed
/// under an older version is held against that one.
pub(crate) fn write_directory(gateway: &Folder, signed: &SignedDirectory) -> Result<(), Failure> {
    keyring::make_folder(&gateway.openings())?;
    for opening in &signed.openings {
        keyring::write(&gateway.opening(opening), &opening.to_bytes())?;
    }
    // Two files cannot change at once: the pair before stays readable until the new one is whole.
    if let Ok(before) = keys::read_directory(gateway) {
        keyring::write_public(&gateway.previous_directory_signature(), &before.signature)?;
        keyring::write_public(&gateway.previous_directory(), before.toml.as_bytes())?;
    }
    keyring::write_public(&gateway.directory_signature(), &signed.signature)?;
    Ok(keyring::write_public(&gateway.directory(), signed.toml.as_bytes())?)
}

/// Reads a passphrase file.
pub(crate) fn read_passphrase(path: &Path) -> Result<Passphrase, Failure> {
    Ok(keyring::passphrase(path)?)
}

pub(crate) fn key_failure(error: impl std::fmt::Display) -> Failure {
    Failure::new(Exit::Failure, error.to_string())
}

/// Makes a folder with a passphrase of 256 random bits in it.
fn new_passphrase(folder: &Path) -> Result<Passphrase, Failure> {
    keyring::make_folder(folder)?;
    let passphrase = Passphrase::draw().map_err(key_failure)?;
    keyring::write(&folder.join("passphrase"), &passphrase.line())?;
    Ok(passphrase)
}

fn write_tls(folder: &Path, tls: &TlsIdentity, passphrase: &Passphrase) -> Result<(), Failure> {
    let chain: String = tls.chain.iter().map(|der| pem(der)).collect::<Result<_, _>>()?;
    keyring::write_public(&folder.join("tls.cert.pem"), chain.as_bytes())?;
    let key = identity::seal_pkcs8(&tls.key_pkcs8, passphrase).map_err(key_failure)?;
    Ok(keyring::write(&folder.join("tls.key.pem"), key.as_bytes())?)
}

fn pem(der: &[u8]) -> Result<String, Failure> {
    certificate_to_pem(der).map_err(key_failure)
}

fn free_port() -> Result<SocketAddr, Failure> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .map_err(|error| Failure::new(Exit::Failure, format!("no free port on loopback: {error}")))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use identity::treaty::{TreatySigner, TreatyVerifier, verify_note};

    use super::*;

    /// 22 November 2026, 00:00 UTC.
    const NOW: Timestamp = Timestamp(1_795_305_600_000);

    #[test]
    fn a_new_state_signs_its_treaty_files_with_a_key_that_its_root_proves() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("jp");
        let party = "JP".parse().unwrap();
        let init = Init {
            party,
            dir: dir.clone(),
            peer_listen: None,
            desk_listen: None,
            otlp_endpoint: None,
            training: false,
            post_quantum: false,
        };
        let made = init.run(NOW).unwrap();
        assert_eq!(made["treaty_certificate"].as_str(), dir.join("treaty/treaty.cert.pem").to_str());

        let read = |path: &str| fs::read_to_string(dir.join(path)).unwrap();
        let passphrase = read_passphrase(&dir.join("treaty/passphrase")).unwrap();
        let certificate = read("treaty/treaty.cert.pem");
        let signer = TreatySigner::open(&read("treaty/treaty.key.pem"), &passphrase, &certificate).unwrap();
        let note = signer.sign("rogatory treaty file v1\nsigned 2026-11-22\n").unwrap();
        let verifier = TreatyVerifier::new(party, &read("root/root.cert.pem"), &certificate, NOW).unwrap();
        assert!(verify_note(&note, &[verifier], NOW).unwrap().is_signed_by_all(&[party]));
    }

    #[test]
    fn only_its_owner_reads_a_new_states_treaty_key() {
        use std::os::unix::fs::PermissionsExt;

        let folder = tempfile::tempdir().unwrap();
        let root = Root::generate("JP".parse().unwrap(), NOW).unwrap();
        let dir = folder.path().to_owned();
        let init = Init {
            party: root.party(),
            dir,
            peer_listen: None,
            desk_listen: None,
            otlp_endpoint: None,
            training: false,
            post_quantum: false,
        };
        init.write_treaty_key(&root, NOW).unwrap();
        for (name, mode) in [("", 0o700), ("passphrase", 0o600), ("treaty.key.pem", 0o600), ("treaty.cert.pem", 0o644)]
        {
            let found = fs::metadata(init.dir.join("treaty").join(name)).unwrap().permissions().mode() & 0o777;
            assert_eq!(found, mode, "{name}");
        }
    }
}
