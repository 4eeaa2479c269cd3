//! Go's own log library, as Debian ships it inside of the Go toolchain, verifies our logs from the files that a gateway exports.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::OnceLock,
};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use ledger::{
    LEAVES_PER_BATCH_MAX, LeafHash, LeafSalt, LedgerKey, Log, Origin, Resource, Row, SignBytes, StoredHashes, Tile,
    WitnessName, commitment,
};
use model::{Digest, Timestamp};

const NOON: Timestamp = Timestamp(1_795_348_800_000);

struct Signer(Ed25519KeyPair);

impl SignBytes for Signer {
    fn public_key(&self) -> LedgerKey {
        LedgerKey::try_from(self.0.public_key().as_ref()).unwrap()
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.0.sign(message).as_ref().to_vec()
    }
}

fn signer(seed: u8) -> Signer {
    Signer(Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap())
}

fn origin() -> Origin {
    "rogatory.internal/jp/fr".parse().unwrap()
}

/// A home with all that it keeps.
#[derive(Default)]
struct Home {
    log: Log,
    rows: StoredHashes,
    entries: Vec<Digest>,
}

impl Home {
    fn grow(&mut self, size: usize) {
        let salt = |n: usize| LeafSalt([n.to_be_bytes()[7]; 32]);
        let first = self.entries.len();
        self.entries.extend((first..size).map(|n| commitment(&salt(n), &n.to_be_bytes())));
        let leaves: Vec<LeafHash> = self.entries[first..].iter().map(|entry| LeafHash::of(entry.as_bytes())).collect();
        for some in leaves.chunks(LEAVES_PER_BATCH_MAX) {
            let (log, rows) = self.log.append(some).unwrap();
            self.rows.extend(rows);
            self.log = log;
        }
    }

    /// The files of the log, and the checkpoint, which both gateways signed.
    fn publish(&self, folder: &Path) {
        let write = |resource: Resource, bytes: &[u8]| {
            let path = folder.join(resource.to_string());
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        };
        for tile in Tile::added(0, self.log.size()).unwrap() {
            let index = |index| Row { index, hash: self.rows.at(index).unwrap() };
            let rows: StoredHashes = tile.indexes_needed().into_iter().map(index).collect();
            write(Resource::Hashes(tile), &tile.encode(&rows).unwrap());
            if tile.level() == 0 {
                let first = tile.first() as usize;
                let entries = &self.entries[first..first + usize::from(tile.width())];
                write(Resource::Entries(tile), &tile.bundle(entries).unwrap());
            }
        }
        let head = self.log.head(origin()).sign(&signer(1)).unwrap();
        let cosignature = head.cosign(WitnessName(origin().peer()), &signer(2), NOON).unwrap();
        write(Resource::Checkpoint, &head.with(&cosignature));
    }
}

/// The Go program, built against the library in the toolchain.
fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("go");
        // Where there is no Go, tests/run installs it.
        let asked = Command::new("go").args(["env", "GOROOT"]).output().unwrap();
        let root = PathBuf::from(String::from_utf8(asked.stdout).unwrap().trim()).join("src/cmd/vendor/golang.org/x");
        // The toolchain's own copies, beside the program as two modules. Newer ones need no x/crypto.
        for (module, package) in [("mod", "sumdb/note"), ("mod", "sumdb/tlog"), ("crypto", "ed25519")] {
            let (from, to) = (root.join(module).join(package), folder.join(module).join(package));
            fs::create_dir_all(&to).unwrap();
            for file in fs::read_dir(&from).into_iter().flatten().map(|file| file.unwrap().path()) {
                fs::copy(&file, to.join(file.file_name().unwrap())).unwrap();
            }
            let manifest = format!("module golang.org/x/{module}\n\ngo 1.19\n");
            fs::write(folder.join(module).join("go.mod"), manifest).unwrap();
        }
        let beside = |module: &str| {
            format!("require {module} v0.0.0\n\nreplace {module} => .{}\n", &module["golang.org/x".len()..])
        };
        let modules = ["golang.org/x/mod", "golang.org/x/crypto"].map(beside).concat();
        fs::write(folder.join("go.mod"), format!("module verify\n\ngo 1.19\n\n{modules}")).unwrap();
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("go/verify.go");
        fs::copy(source, folder.join("verify.go")).unwrap();
        let mut build = Command::new("go");
        build.args(["build", "-o", "verify", "."]).current_dir(&folder);
        build.env("GOFLAGS", "-mod=mod").env("GOPROXY", "off").env("GOTOOLCHAIN", "local");
        let built = build.env("GOCACHE", folder.join("cache")).output().unwrap();
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        folder.join("verify")
    })
}

fn verify(folder: &Path, earlier: Option<&Path>) -> Output {
    let mut command = Command::new(program());
    command.arg(signer(1).public_key().to_vkey(origin(), false));
    command.arg(signer(2).public_key().to_vkey(WitnessName(origin().peer()), true));
    command.arg(folder).args(earlier).output().unwrap()
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn go_verifies_notes_cosignatures_tiles_entries_and_proofs() {
    let folder = tempfile::tempdir().unwrap();
    let mut home = Home::default();
    let mut earlier: Option<PathBuf> = None;
    for size in [1, 255, 256, 257, 70_000] {
        home.grow(size);
        let here = folder.path().join(size.to_string());
        home.publish(&here);
        let verified = verify(&here, earlier.as_deref());
        assert!(verified.status.success(), "{size}: {}", said(&verified));
        assert!(said(&verified).contains(&format!("{size} leaves verified")));
        earlier = Some(here.join("checkpoint"));
    }
}

#[test]
fn go_refuses_a_tile_an_entry_a_head_or_a_past_that_was_altered() {
    let folder = tempfile::tempdir().unwrap();
    let mut home = Home::default();
    home.grow(300);
    home.publish(folder.path());
    for file in ["tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1", "tile/entries/001.p/44", "checkpoint"] {
        let path = folder.path().join(file);
        let good = fs::read(&path).unwrap();
        let mut bad = good.clone();
        bad[28] ^= 1;
        fs::write(&path, bad).unwrap();
        assert!(!verify(folder.path(), None).status.success(), "{file}");
        fs::write(&path, good).unwrap();
    }
    let another = tempfile::tempdir().unwrap();
    let mut fork = Home { entries: vec![Digest::of(&[b"another past"])], ..Home::default() };
    let (log, rows) = fork.log.append(&[LeafHash::of(fork.entries[0].as_bytes())]).unwrap();
    (fork.log, fork.rows) = (log, rows.into_iter().collect());
    fork.grow(200);
    fork.publish(another.path());
    assert!(verify(another.path(), None).status.success());
    let past = verify(folder.path(), Some(&another.path().join("checkpoint")));
    assert!(!past.status.success(), "{}", said(&past));
}
