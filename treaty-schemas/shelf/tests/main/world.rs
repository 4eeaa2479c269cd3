//! FR and JP with their roots and treaty keys, and the built-in files of both in a folder.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use identity::{Root, RootCertificate, SigningKey, TREATY_LIFETIME, certificate_to_pem, treaty::TreatySigner};
use jiff::civil::{Date, date};
use model::{PartyId, Timestamp};
use shelf::{Files, Plan, Shelf, Signatures, apply};
use tempfile::TempDir;
use treaty::Catalog;

/// 22 November 2026, 12:00 UTC.
pub(crate) const NOW: Timestamp = Timestamp(1_795_348_800_000);
pub(crate) const TODAY: Date = date(2026, 11, 22);

pub(crate) fn party(code: &str) -> PartyId {
    code.parse().unwrap()
}

/// A state: its root, and its treaty key with its certificate.
pub(crate) struct State {
    pub(crate) root: RootCertificate,
    pub(crate) signer: TreatySigner,
    pub(crate) certificate: String,
}

impl State {
    pub(crate) fn new(code: &str) -> Self {
        let root = Root::generate(party(code), NOW).unwrap();
        let key = SigningKey::generate().unwrap();
        let der = root.issue_treaty(&key.public_key(), NOW, TREATY_LIFETIME).unwrap();
        let certificate = certificate_to_pem(&der).unwrap();
        let signer = TreatySigner::new(key, &certificate).unwrap();
        Self { root: root.certificate().clone(), signer, certificate }
    }
}

pub(crate) fn fr() -> &'static State {
    static STATE: OnceLock<State> = OnceLock::new();
    STATE.get_or_init(|| State::new("FR"))
}

pub(crate) fn jp() -> &'static State {
    static STATE: OnceLock<State> = OnceLock::new();
    STATE.get_or_init(|| State::new("JP"))
}

pub(crate) type Pinned = BTreeMap<PartyId, RootCertificate>;

pub(crate) fn roots() -> Pinned {
    [fr(), jp()].map(|state| (state.root.party(), state.root.clone())).into()
}

pub(crate) const PAIR: [&str; 2] = ["FR", "JP"];

pub(crate) fn pair() -> [PartyId; 2] {
    PAIR.map(party)
}

/// A folder of a test.
pub(crate) struct Place {
    _dir: TempDir,
    pub(crate) catalogue: PathBuf,
    pub(crate) next: PathBuf,
}

impl Place {
    /// No catalogue yet, and the files of FR and JP to begin with in `next`.
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let place = Self { catalogue: dir.path().join("catalogue"), next: dir.path().join("next"), _dir: dir };
        for (path, text) in Catalog::builtin_files() {
            let other = path.starts_with("overlays/")
                || (path.starts_with("parties/") && !PAIR.iter().any(|code| path.contains(code)));
            if !other {
                put(&place.next, &path, &text);
            }
        }
        place
    }

    /// The same with a catalogue that both have signed.
    pub(crate) fn signed() -> Self {
        let place = Self::new();
        place.enact();
        place
    }

    pub(crate) fn plan(&self) -> Plan {
        self.try_plan().unwrap()
    }

    pub(crate) fn try_plan(&self) -> Result<Plan, shelf::PlanError> {
        let base = Files::read(&self.catalogue).unwrap_or_default();
        Plan::of(&base, &Files::read(&self.next).unwrap(), TODAY, TODAY, None)
    }

    /// Plans what lies in `next`, lets both sign, applies.
    pub(crate) fn enact(&self) {
        let plan = signed(self.plan());
        apply(&plan, &self.catalogue, &roots(), NOW, false).unwrap();
    }

    pub(crate) fn shelf(&self) -> Shelf {
        Shelf::open(&self.catalogue, Signatures::Required).unwrap()
    }
}

pub(crate) fn signed(mut plan: Plan) -> Plan {
    for state in [fr(), jp()] {
        plan.sign(&state.signer, &state.certificate).unwrap();
    }
    plan
}

pub(crate) fn put(folder: &Path, path: &str, text: &str) {
    let path = folder.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

pub(crate) fn rewrite(folder: &Path, path: &str, change: impl FnOnce(String) -> String) {
    let text = fs::read_to_string(folder.join(path)).unwrap();
    let new = change(text.clone());
    assert_ne!(new, text, "nothing changed in {path}");
    fs::write(folder.join(path), new).unwrap();
}
