//! A state in a folder, as `gateway init` made it. Making keys is slow on purpose, so each party is made once and then copied; a
//! copy has ports of its own.

use std::{
    collections::BTreeMap,
    fs,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU16, Ordering},
};

use identity::{
    Passphrase, Root, RootOpening, SignedDirectory, SigningKey, TlsIdentity, certificates_from_pem, open_pkcs8,
};
use model::{AuthorityId, PartyId};
use seal::LeafIdentity;
use serde_json::Value;
use tokio::sync::Mutex;

use crate::{
    programs::{Answer, gateway, program, run, run_at},
    running::Running,
    warden,
};

/// A state's folder and what is told of it.
#[derive(Debug, Clone)]
pub(crate) struct State {
    pub(crate) party: PartyId,
    pub(crate) dir: PathBuf,
    /// Of its root, in groups of four.
    pub(crate) fingerprint: String,
    pub(crate) peer_listen: SocketAddr,
    pub(crate) desk_listen: SocketAddr,
    /// Where its programs send traces, metrics and logs.
    pub(crate) collector: Option<SocketAddr>,
    /// By how many seconds the clocks of its machines are ahead, and the library that makes it so.
    pub(crate) ahead: Option<(PathBuf, i64)>,
}

impl State {
    /// The state of `party` in `<base>/<party>`.
    pub(crate) async fn make(party: &str, base: &Path) -> Self {
        Self::copied(original(party, false).await, party, base)
    }

    /// The same, made for training.
    pub(crate) async fn make_training(party: &str, base: &Path) -> Self {
        Self::copied(original(party, true).await, party, base)
    }

    /// Another state that calls itself so, with keys and a root of its own: what a party is that begins anew.
    pub(crate) async fn anew(party: &str, base: &Path) -> Self {
        let made = Self::init(party, false, &base.join(format!("{party}-made"))).await;
        Self::copied(made, party, &base.join("anew"))
    }

    fn copied(made: Self, party: &str, base: &Path) -> Self {
        let dir = base.join(party);
        copy(&made.dir, &dir);
        let state = Self { dir, peer_listen: free_port(), desk_listen: free_port(), ..made.clone() };
        for file in state.files_with_ports() {
            let text = fs::read_to_string(&file).unwrap();
            let text = text.replace(&made.peer_listen.to_string(), &state.peer_listen.to_string());
            let text = text.replace(&made.desk_listen.to_string(), &state.desk_listen.to_string());
            fs::write(&file, text).unwrap();
        }
        state
    }

    async fn init(party: &str, training: bool, dir: &Path) -> Self {
        let mut init = vec!["init", "--party", party, "--dir", dir.to_str().unwrap()];
        init.extend(training.then_some("--training"));
        let told = gateway(&init).await.done();
        let address = |name: &str| told[name].as_str().unwrap().parse().unwrap();
        Self {
            party: party.parse().unwrap(),
            dir: dir.to_owned(),
            fingerprint: told["fingerprint"].as_str().unwrap().to_owned(),
            peer_listen: address("peer_listen"),
            desk_listen: address("desk_listen"),
            collector: None,
            ahead: None,
        }
    }

    /// The gateway's folder.
    pub(crate) fn gateway_dir(&self) -> PathBuf {
        self.dir.join("gateway")
    }

    /// A desk's folder.
    pub(crate) fn desk_dir(&self, name: &str) -> PathBuf {
        self.dir.join("desks").join(name)
    }

    /// Where the words of its programs are.
    pub(crate) fn logs(&self) -> PathBuf {
        self.dir.join("logs")
    }

    /// Starts its gateway.
    pub(crate) fn serve(&self) -> Running {
        Running::serve("gateway", &self.dir, "gateway", self)
    }

    /// Starts the desk of an authority.
    pub(crate) fn serve_desk(&self, name: &str) -> Running {
        Running::serve("desk", &self.desk_dir(name), &format!("desk-{name}"), self)
    }

    /// Runs a command of its gateway's program, with JSON output.
    pub(crate) async fn gateway(&self, arguments: &[&str]) -> Answer {
        self.run("gateway", &[arguments, &["--output", "json"]].concat()).await
    }

    /// Runs a command on a machine of this state.
    pub(crate) async fn run(&self, which: &str, arguments: &[&str]) -> Answer {
        match &self.ahead {
            Some(clock) => run_at(&program(which), arguments, clock).await,
            None => run(&program(which), arguments).await,
        }
    }

    /// Says yes to the channel to `other`, whose gateway is called at `endpoint`.
    pub(crate) async fn add_peer(&self, other: &Self, endpoint: SocketAddr) -> Value {
        let root = other.dir.join("root/root.cert.pem");
        gateway(&[
            "peer",
            "add",
            "--dir",
            self.dir.to_str().unwrap(),
            other.party.as_str(),
            "--endpoint",
            &endpoint.to_string(),
            "--root",
            root.to_str().unwrap(),
            "--fingerprint",
            &other.fingerprint,
        ])
        .await
        .done()
    }

    /// What `gateway peer list` shows of the channel to `other`; null where there is none.
    pub(crate) async fn channel(&self, other: &str) -> Value {
        let listed = gateway(&["peer", "list", "--dir", self.dir.to_str().unwrap()]).await.done();
        let channels = listed["channels"].as_array().unwrap();
        channels.iter().find(|channel| channel["party"] == other).cloned().unwrap_or_default()
    }

    /// Freezes the channel to `other`, or lets it go on.
    pub(crate) async fn freeze(&self, other: &str, frozen: bool) -> Value {
        let verb = if frozen { "freeze" } else { "unfreeze" };
        gateway(&["peer", verb, "--dir", self.dir.to_str().unwrap(), other]).await.done()
    }

    /// Ends the channel to `other`.
    pub(crate) async fn close(&self, other: &str) -> Value {
        gateway(&["peer", "close", "--dir", self.dir.to_str().unwrap(), other]).await.done()
    }

    /// What `gateway status` shows.
    pub(crate) async fn status(&self) -> Value {
        gateway(&["status", "--dir", self.dir.to_str().unwrap()]).await.done()
    }

    /// The root with its private key.
    pub(crate) fn root(&self) -> Root {
        let folder = self.dir.join("root");
        Root::open(&self.root_der(), &text(&folder.join("root.key.pem")), &passphrase(&folder)).unwrap()
    }

    /// The root's certificate, DER.
    pub(crate) fn root_der(&self) -> Vec<u8> {
        certificates_from_pem(&text(&self.dir.join("root/root.cert.pem"))).unwrap()[0].to_vec()
    }

    /// The certificate and key with which the gateway, or a desk, shows itself.
    pub(crate) fn tls(&self, folder: &Path) -> TlsIdentity {
        let chain = certificates_from_pem(&text(&folder.join("tls.cert.pem"))).unwrap();
        TlsIdentity { chain, key_pkcs8: open_pkcs8(&text(&folder.join("tls.key.pem")), &passphrase(folder)).unwrap() }
    }

    /// A signing key in a folder of this state.
    pub(crate) fn key(&self, folder: &str, file: &str) -> SigningKey {
        let folder = self.dir.join(folder);
        SigningKey::open(&text(&folder.join(file)), &passphrase(&folder)).unwrap()
    }

    /// The leaf of a desk in cases' groups.
    pub(crate) fn leaf(&self, name: &str) -> LeafIdentity {
        let folder = self.desk_dir(name);
        let pkcs8 = open_pkcs8(&text(&folder.join("leaf.key.pem")), &passphrase(&folder)).unwrap();
        let chain = certificates_from_pem(&text(&folder.join("leaf.cert.pem"))).unwrap();
        LeafIdentity::from_pkcs8(&chain, &pkcs8).unwrap()
    }

    /// The certificates of that leaf, DER.
    pub(crate) fn leaf_chain(&self, name: &str) -> Vec<Vec<u8>> {
        let chain = certificates_from_pem(&text(&self.desk_dir(name).join("leaf.cert.pem"))).unwrap();
        chain.iter().map(|der| der.to_vec()).collect()
    }

    /// Another leaf that the root certifies for an authority of this name, whether or not there is one.
    pub(crate) fn another_leaf(&self, name: &str) -> LeafIdentity {
        let key = SigningKey::generate().unwrap();
        let (authority, lifetime) = (self.authority(name), identity::LEAF_LIFETIME_MAX);
        let public = key.verifying_key();
        let certificate = self.root().issue_leaf(&authority, public.as_bytes(), crate::now(), lifetime).unwrap();
        LeafIdentity::from_pkcs8(&[certificate], &key.to_pkcs8().unwrap()).unwrap()
    }

    /// The signed directory as the gateway's folder holds it.
    pub(crate) fn directory(&self) -> SignedDirectory {
        let folder = self.gateway_dir();
        SignedDirectory {
            toml: text(&folder.join("directory.toml")),
            signature: fs::read(folder.join("directory.sig")).unwrap(),
            openings: fs::read_dir(folder.join("trusted"))
                .unwrap()
                .map(|file| RootOpening::from_bytes(&fs::read(file.unwrap().path()).unwrap()).unwrap())
                .collect(),
        }
    }

    /// Signs a directory that `change` has changed, and lays it where the gateway begins with it.
    pub(crate) fn publish(&self, change: impl FnOnce(&mut identity::Directory)) {
        let openings = self.directory().openings;
        let mut directory = self.directory().verify(&self.root_der(), crate::now()).unwrap();
        (directory.version, directory.issued) = (directory.version + 1, crate::now());
        change(&mut directory);
        let signed = self.root().sign_directory(&directory, &openings).unwrap();
        fs::write(self.gateway_dir().join("directory.toml"), signed.toml).unwrap();
        fs::write(self.gateway_dir().join("directory.sig"), signed.signature).unwrap();
    }

    /// One of its authorities.
    pub(crate) fn authority(&self, name: &str) -> AuthorityId {
        AuthorityId::new(self.party, name).unwrap()
    }

    fn files_with_ports(&self) -> Vec<PathBuf> {
        let desks = fs::read_dir(self.dir.join("desks")).unwrap().map(|desk| desk.unwrap().path().join("desk.toml"));
        desks.chain([self.gateway_dir().join("gateway.toml")]).collect()
    }
}

/// A port of this machine that is free now, and of those that the system gives to nobody by itself: a program that is started again finds it
/// free again.
pub(crate) fn free_port() -> SocketAddr {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 10_000 + u16::try_from(std::process::id() % 10_000).unwrap();
    loop {
        let at = SocketAddr::from((Ipv4Addr::LOCALHOST, first + NEXT.fetch_add(1, Ordering::Relaxed) % 12_000));
        if TcpListener::bind(at).is_ok() {
            return at;
        }
    }
}

/// The first state of a party, which is only copied.
async fn original(party: &str, training: bool) -> State {
    static MADE: Mutex<BTreeMap<(String, bool), State>> = Mutex::const_new(BTreeMap::new());
    let mut made = MADE.lock().await;
    if let Some(state) = made.get(&(party.to_owned(), training)) {
        return state.clone();
    }
    let base = tempfile::tempdir().unwrap().keep();
    warden::made(&base);
    let state = State::init(party, training, &base.join(party)).await;
    made.insert((party.to_owned(), training), state.clone());
    state
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    fs::set_permissions(to, fs::metadata(from).unwrap().permissions()).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn passphrase(folder: &Path) -> Passphrase {
    Passphrase::new(&fs::read(folder.join("passphrase")).unwrap()).unwrap()
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
