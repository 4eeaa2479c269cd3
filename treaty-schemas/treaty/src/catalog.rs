use std::{collections::BTreeMap, sync::Arc};

use include_dir::{Dir, include_dir};
use jiff::civil::Date;
use model::{ArticleRef, PartyId};

use crate::{
    Diagnostic, Rule,
    compile::compile,
    instrument::{InstrumentFile, Text},
    party::PartyFile,
};

static INSTRUMENTS: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../catalog/instruments");
static PARTIES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../catalog/parties");

/// All treaty files of a version, read and checked against each other. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Catalog(Arc<Files>);

#[derive(Debug)]
pub(crate) struct Files {
    /// By path.
    pub(crate) instruments: Vec<InstrumentFile>,
    pub(crate) parties: BTreeMap<PartyId, PartyFile>,
}

impl Catalog {
    /// The catalogue that this program was built with.
    pub fn builtin() -> Result<Self, Vec<Diagnostic>> {
        Self::load(Self::builtin_files())
    }

    /// The files of [`Catalog::builtin`], as [`Catalog::load`] takes them: a start for a catalogue of one's own.
    pub fn builtin_files() -> impl Iterator<Item = (String, String)> {
        let instruments = INSTRUMENTS.dirs().flat_map(|folder| folder.files()).map(|file| ("instruments", file));
        let parties = PARTIES.files().map(|file| ("parties", file));
        instruments.chain(parties).filter(|(_, file)| file.path().extension().is_some_and(|e| e == "toml")).filter_map(
            |(root, file)| {
                let components: Vec<_> = file.path().components().map(|c| c.as_os_str().to_str()).collect();
                let path = components.into_iter().collect::<Option<Vec<_>>>()?.join("/");
                Some((format!("{root}/{path}"), file.contents_utf8()?.to_owned()))
            },
        )
    }

    /// Reads `files` (path and text), as `instruments/budapest/instrument.toml` and `parties/JP.toml`.
    ///
    /// The catalogue is whole, or every mistake that was found: a file that cannot be read might hold a reservation.
    pub fn load(files: impl IntoIterator<Item = (String, String)>) -> Result<Self, Vec<Diagnostic>> {
        let mut wrong = Vec::new();
        let mut instruments = BTreeMap::new();
        let mut parties = BTreeMap::new();
        let mut seen = std::collections::BTreeSet::new();
        for (path, source) in files {
            if !seen.insert(path.clone()) {
                wrong.push(Diagnostic::at(&path, "", 0..0, "this file is given twice"));
            } else if path.starts_with("parties/") && path.ends_with(".toml") {
                match PartyFile::read(&path, &source) {
                    Ok(file) => _ = parties.insert(file.id, file),
                    Err(found) => wrong.extend(found),
                }
            } else if path.starts_with("instruments/") && path.ends_with("/instrument.toml") {
                match InstrumentFile::read(&path, &source) {
                    Ok(file) => _ = instruments.insert(path, file),
                    Err(found) => wrong.extend(found),
                }
            } else {
                let help = "instruments/<id>/instrument.toml or parties/<XX>.toml";
                wrong.push(Diagnostic::at(&path, "", 0..0, "this is no path of a treaty file").with_help(help));
            }
        }
        let files = Files { instruments: instruments.into_values().collect(), parties };
        // What one file says of another can be judged only when both could be read.
        if wrong.is_empty() {
            wrong = files.contradictions();
        }
        if wrong.is_empty() { Ok(Self(Arc::new(files))) } else { Err(wrong) }
    }

    /// The effective rule between `a` and `b`, in either order, on the day `on`. Where no treaty is in force it permits
    /// nothing, and has a pin all the same.
    pub fn rule(&self, a: PartyId, b: PartyId, on: Date) -> Rule {
        Rule::new(compile(&self.0, a, b, on), None)
    }

    /// The parties that have a file, sorted, with their names.
    pub fn parties(&self) -> impl Iterator<Item = (PartyId, &str)> {
        self.0.parties.values().map(|party| (party.id, party.name.as_str()))
    }

    /// The texts in the catalogue, with their titles: `ets-185`, "Convention on Cybercrime".
    pub fn instruments(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.texts().map(|(_, text)| (text.id.0.as_str(), text.title.as_str()))
    }
}

impl Files {
    pub(crate) fn texts(&self) -> impl Iterator<Item = (&InstrumentFile, &Text)> {
        self.instruments.iter().flat_map(|file| file.texts.iter().map(move |text| (file, text)))
    }

    pub(crate) fn text(&self, id: &str) -> Option<&Text> {
        self.texts().map(|(_, text)| text).find(|text| text.id.0 == id)
    }

    fn contradictions(&self) -> Vec<Diagnostic> {
        let mut wrong = Vec::new();
        let mut ids = BTreeMap::new();
        for (file, text) in self.texts() {
            if let Some(other) = ids.insert(text.id.0.as_str(), file.path.as_ref()) {
                wrong.push(text.place.says(format!("{} is described in {other} already", text.id.0)));
            }
            if let Some(parent) = &text.parent
                && file.texts.iter().take_while(|t| t.id != text.id).all(|t| t.id != *parent)
            {
                let help = "a protocol stands in the file of its convention, after it";
                wrong.push(text.place.says(format!("`parent` {} does not stand before it", parent.0)).with_help(help));
            }
        }
        for file in &self.instruments {
            for request in file.requests.values() {
                let named = request.articles.iter().filter(|article| file.text(article.instrument()).is_none());
                wrong.extend(named.map(|article| {
                    request.place.says(format!("it rests on {article}, which is no text of this file"))
                }));
            }
        }
        wrong.extend(self.parties.values().flat_map(|party| self.party_contradictions(party)));
        wrong
    }

    fn party_contradictions(&self, party: &PartyFile) -> Vec<Diagnostic> {
        let mut wrong = Vec::new();
        let mut bonds = std::collections::BTreeSet::new();
        for bond in &party.treaties {
            let id = &bond.instrument.0;
            let known: Vec<_> = self.texts().map(|(_, text)| text.id.0.as_str()).collect();
            if self.text(id).is_none() {
                let help = crate::source::suggestion(id, &known);
                wrong.push(bond.place.says(format!("there is no instrument `{id}`")).with_help(help));
            }
            if !bonds.insert(id) {
                wrong.push(bond.place.says(format!("{id} has a [[treaty]] already")));
            }
        }
        // A reservation that hits nothing is a slip of the pen, and would let through what a state has excepted.
        let missed = |article: &ArticleRef, general: bool| {
            let requests = self.instruments.iter().flat_map(|file| file.requests.values());
            let mut articles = requests.flat_map(|request| &request.articles);
            let mut clauses = self.instruments.iter().filter_map(|file| file.dual_criminality_clause.as_ref());
            let hit = articles.any(|a| covers(article, a) || (general && covers(a, article)));
            !(hit || general && clauses.any(|clause| clause == article))
        };
        let reserved = party.reservations.iter().filter(|r| missed(&r.article, false)).map(|r| (&r.place, &r.article));
        let declared = party.declarations.iter().filter(|d| missed(&d.article, true)).map(|d| (&d.place, &d.article));
        for (place, article) in reserved.chain(declared) {
            let help = "name an article of a [request.…]; leave out what concerns no request";
            wrong.push(place.says(format!("no request rests on {article}")).with_help(help));
        }
        wrong
    }
}

/// Whether `part` is `whole` or a paragraph of it: `8` covers `8(11)`, not `81`.
pub(crate) fn covers(whole: &ArticleRef, part: &ArticleRef) -> bool {
    whole.instrument() == part.instrument()
        && part.clause().strip_prefix(whole.clause()).is_some_and(|rest| rest.is_empty() || rest.starts_with('('))
}
