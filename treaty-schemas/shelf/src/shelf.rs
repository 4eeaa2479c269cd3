use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use model::PartyId;
use treaty::Catalog;

use crate::{
    address::{Layer, layer},
    error::ShelfError,
    files::Files,
    index::Index,
};

/// Whether a treaty binds here only when those whose it is have signed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Signatures {
    /// Nothing that is not signed by both states of a pair is used between them.
    Required,
    /// The files are used as they lie there: for development, and for states that sign elsewhere.
    None,
}

/// Where a catalogue comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The program was built with it.
    Builtin,
    /// A folder.
    Folder(PathBuf),
}

/// A catalogue that was read, with everything that was signed of it.
#[derive(Debug, Clone)]
pub struct Shelf {
    source: Source,
    signatures: Signatures,
    files: Files,
    catalog: Catalog,
    /// The folder of an instrument, and who can be bound by its texts.
    users: BTreeMap<String, BTreeSet<PartyId>>,
    index: Index,
}

impl Shelf {
    /// The catalogue that the program was built with. No state has signed it.
    pub fn builtin() -> Result<Self, ShelfError> {
        Self::new(Files::of(Catalog::builtin_files()), Source::Builtin, Signatures::None)
    }

    /// Reads the catalogue in `folder`.
    pub fn open(folder: &Path, signatures: Signatures) -> Result<Self, ShelfError> {
        Self::new(Files::read(folder)?, Source::Folder(folder.to_owned()), signatures)
    }

    /// Of files in memory, as a plan has them.
    pub fn of(files: Files) -> Result<Self, ShelfError> {
        Self::new(files, Source::Builtin, Signatures::Required)
    }

    fn new(files: Files, source: Source, signatures: Signatures) -> Result<Self, ShelfError> {
        let owned = files.treaty().map(|(path, text)| (path.to_owned(), text.to_owned()));
        let catalog = Catalog::load(owned).map_err(ShelfError::Catalogue)?;
        let users = users(&files);
        let index = Index::of(&files);
        Ok(Self { source, signatures, files, catalog, users, index })
    }

    /// The law in it, signed or not.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// All of its files.
    pub fn files(&self) -> &Files {
        &self.files
    }

    /// Where it comes from.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// Whether signatures are asked for.
    pub fn signatures(&self) -> Signatures {
        self.signatures
    }

    /// The files that the rule of a pair rests on, each with those of the pair who must have signed it: their own party files in all
    /// versions, the arrangements between them, and each instrument that can bind both. `own` also has its national file to sign.
    pub fn foundations(&self, pair: [PartyId; 2], own: Option<PartyId>) -> Vec<(&str, Vec<PartyId>)> {
        let of = |path: &str| self.signers_within(path, pair, own);
        let concerning = self.index.concerning(pair, own).into_iter();
        concerning.map(|path| (path, of(path))).filter(|(_, signers)| !signers.is_empty()).collect()
    }

    /// Who can be bound by the instrument at `path`.
    pub fn users(&self, path: &str) -> BTreeSet<PartyId> {
        path.rsplit_once('/').and_then(|(folder, _)| self.users.get(folder)).cloned().unwrap_or_default()
    }

    /// Whether any text can bind both.
    pub(crate) fn shares_an_instrument(&self, pair: [PartyId; 2]) -> bool {
        self.users.values().any(|users| pair.iter().all(|party| users.contains(party)))
    }

    pub(crate) fn index(&self) -> &Index {
        &self.index
    }

    /// Who of these pairs must sign the file at `path`.
    pub(crate) fn signers_among(&self, path: &str, pairs: &BTreeSet<[PartyId; 2]>) -> BTreeSet<PartyId> {
        let all = || pairs.iter().flatten().copied();
        match layer(path) {
            Some(Layer::Party(party)) => all().find(|one| *one == party).into_iter().collect(),
            Some(Layer::Overlay(pair)) => pairs.get(&pair).into_iter().flatten().copied().collect(),
            Some(Layer::Instrument) => pairs.iter().flat_map(|pair| self.signers_within(path, *pair, None)).collect(),
            Some(Layer::National(_)) | None => BTreeSet::new(),
        }
    }

    pub(crate) fn signers_within(&self, path: &str, pair: [PartyId; 2], own: Option<PartyId>) -> Vec<PartyId> {
        match layer(path) {
            Some(Layer::Party(party)) if pair.contains(&party) => vec![party],
            Some(Layer::Overlay(parties)) if parties == pair => pair.to_vec(),
            Some(Layer::National(party)) if Some(party) == own => vec![party],
            Some(Layer::Instrument) => {
                let both = path
                    .rsplit_once('/')
                    .and_then(|(folder, _)| self.users.get(folder))
                    .is_some_and(|users| pair.iter().all(|party| users.contains(party)));
                if both { pair.to_vec() } else { Vec::new() }
            }
            _ => Vec::new(),
        }
    }
}

/// Who can be bound by the texts in an instrument's folder: who has a `[[treaty]]` on one of them, and whom the file itself names as
/// a party or as a member of a group. Whoever is missing here is bound by nothing in it.
fn users(files: &Files) -> BTreeMap<String, BTreeSet<PartyId>> {
    let mut users: BTreeMap<String, BTreeSet<PartyId>> = BTreeMap::new();
    let mut folders: BTreeMap<String, String> = BTreeMap::new();
    let tables = || files.treaty().filter_map(|(path, text)| Some((path, text.parse::<toml::Table>().ok()?)));
    for (path, table) in tables().filter(|(path, _)| layer(path) == Some(Layer::Instrument)) {
        let Some((folder, _)) = path.rsplit_once('/') else { continue };
        let named = users.entry(folder.to_owned()).or_default();
        for text in tables_in(&table, "instrument") {
            folders.extend(text.get("id").and_then(toml::Value::as_str).map(|id| (id.to_owned(), folder.to_owned())));
            named.extend(strings(text.get("parties")).filter_map(|name| name.parse::<PartyId>().ok()));
        }
        for group in table.get("group").and_then(toml::Value::as_table).into_iter().flat_map(toml::Table::values) {
            named.extend(strings(group.get("members")).filter_map(|name| name.parse::<PartyId>().ok()));
            let joined = group.get("joined").and_then(toml::Value::as_table);
            named
                .extend(joined.into_iter().flat_map(toml::Table::keys).filter_map(|name| name.parse::<PartyId>().ok()));
        }
    }
    for (path, table) in tables() {
        let Some(Layer::Party(party)) = layer(path) else { continue };
        for bond in tables_in(&table, "treaty") {
            let id = bond.get("instrument").and_then(toml::Value::as_str);
            if let Some(folder) = id.and_then(|id| folders.get(id)) {
                users.entry(folder.clone()).or_default().insert(party);
            }
        }
    }
    users
}

fn tables_in<'t>(table: &'t toml::Table, key: &str) -> impl Iterator<Item = &'t toml::Table> {
    let list = table.get(key).and_then(toml::Value::as_array).into_iter().flatten();
    list.filter_map(toml::Value::as_table)
}

fn strings(value: Option<&toml::Value>) -> impl Iterator<Item = &str> {
    value.and_then(toml::Value::as_array).into_iter().flatten().filter_map(toml::Value::as_str)
}
