mod check;
mod doubt;
mod due;
mod info;
mod life;
mod timeline;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, OnceLock},
};

use include_dir::{Dir, include_dir};
use jiff::civil::Date;
use model::{ArticleRef, PartyId};

pub use self::info::{
    AuthorityInfo, BondInfo, DeclarationInfo, FileInfo, InstrumentInfo, ObjectionInfo, PartyInfo, RequestInfo,
    ReservationInfo, Signers, TextInfo,
};
pub use self::life::{TeamLife, TeamStanding, TreatyLife, TreatyStanding};
use crate::{
    Diagnostic, Rule,
    compile::compile,
    force::{Ratifications, View},
    instrument::{InstrumentFile, Text},
    national::NationalFile,
    overlay::OverlayFile,
    party::PartyFile,
    source::{Slug, Source},
    version::{Address, Head, Series, Shelf, Versioned},
};

// RECORD_TYPES, and OVERLAYS where the catalogue has some.
include!(concat!(env!("OUT_DIR"), "/record_types.rs"));

static INSTRUMENTS: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../catalog/instruments");
static PARTIES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../catalog/parties");

/// So many files make a catalogue at most: each of 193 states has one, and some versions of it.
const FILES_MAX: usize = 4096;

/// All treaty files in all versions, read and checked against each other. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Catalog(Arc<Files>);

#[derive(Debug, Default)]
pub(crate) struct Files {
    pub(crate) instruments: Shelf<Slug, InstrumentFile>,
    pub(crate) parties: Shelf<PartyId, PartyFile>,
    pub(crate) overlays: BTreeMap<[PartyId; 2], Shelf<Slug, OverlayFile>>,
    pub(crate) national: Shelf<PartyId, NationalFile>,
    /// Who ratified what, as all files together know it: it is asked for every pair.
    ratifications: OnceLock<Ratifications>,
}

impl Catalog {
    /// The catalogue that this program was built with. It has no national layer.
    pub fn builtin() -> Result<Self, Vec<Diagnostic>> {
        Self::load(Self::builtin_files())
    }

    /// The files of [`Catalog::builtin`], as [`Catalog::load`] takes them: a start for a catalogue of one's own.
    pub fn builtin_files() -> impl Iterator<Item = (String, String)> {
        let mut files = Vec::new();
        collect("instruments", &INSTRUMENTS, &mut files);
        collect("parties", &PARTIES, &mut files);
        if let Some(overlays) = &OVERLAYS {
            collect("overlays", overlays, &mut files);
        }
        files.into_iter()
    }

    /// Reads `files` (path and text) of all four layers, in any order: `instruments/budapest/instrument.toml`,
    /// `parties/JP.toml`, `overlays/FR-JP/mou.toml`, `national/JP.toml`, and later versions as `parties/JP.2.toml`.
    ///
    /// The catalogue is whole, or every mistake that was found: a file that cannot be read might hold a reservation.
    pub fn load(files: impl IntoIterator<Item = (String, String)>) -> Result<Self, Vec<Diagnostic>> {
        let mut wrong = Vec::new();
        let mut shelves = Files::default();
        let mut seen = BTreeSet::new();
        for (count, (path, text)) in files.into_iter().enumerate() {
            if count >= FILES_MAX {
                let message = format!("this is one file more than the {FILES_MAX} that a catalogue may have");
                return Err(vec![Diagnostic::at(&path, "", 0..0, message)]);
            }
            let address = Address::parse(&path);
            if !seen.insert(path.clone()) {
                wrong.push(Diagnostic::at(&path, "", 0..0, "this file is given twice"));
            } else if let Some((address, _)) = address {
                let source = Arc::new(Source { path: path.into(), text });
                wrong.extend(shelves.add(address, &source).err().into_iter().flatten());
            } else {
                let help = "instruments/<id>/instrument.toml, parties/<XX>.toml, overlays/<XX>-<YY>/<id>.toml or \
                            national/<XX>.toml, with .<version> before .toml from version 2 on";
                wrong.push(Diagnostic::at(&path, "", 0..0, "this is no path of a treaty file").with_help(help));
            }
        }
        // What one file says of another can be judged only when both could be read.
        if wrong.is_empty() {
            wrong = shelves.contradictions();
        }
        wrong.sort_by(|a, b| (&a.file, a.line, a.column).cmp(&(&b.file, b.line, b.column)));
        if wrong.is_empty() { Ok(Self(Arc::new(shelves))) } else { Err(wrong) }
    }

    /// The effective rule between `a` and `b`, in either order, on the day `on`, as all files know it. Where no treaty is in
    /// force it permits nothing, and has a pin all the same.
    pub fn rule(&self, a: PartyId, b: PartyId, on: Date) -> Rule {
        self.unpinned(a, b, on).pinned()
    }

    /// The same for who may never ask for its pin.
    pub(crate) fn unpinned(&self, a: PartyId, b: PartyId, on: Date) -> Rule {
        Rule::new(compile(&View::of(&self.0, None), [a, b], on), None)
    }

    /// The same as it was known on the day `known`: files that were recorded later are left out. A decision of that day replays
    /// with it exactly.
    pub fn rule_as_known(&self, a: PartyId, b: PartyId, on: Date, known: Date) -> Rule {
        Rule::new(compile(&View::of(&self.0, Some(known)), [a, b], on), None).pinned()
    }

    /// The same as [`Catalog::rule`] under the national layer of `own`: the pin is equal, the decision may be stricter. Where `own`
    /// is none of the two, there is no national layer.
    pub fn local_rule(&self, own: PartyId, a: PartyId, b: PartyId, on: Date) -> Rule {
        self.local(own, [a, b], on, None)
    }

    /// The same as it was known on the day `known`, the national layer included: a decision of `own` on that day replays with it
    /// exactly.
    pub fn local_rule_as_known(&self, own: PartyId, a: PartyId, b: PartyId, on: Date, known: Date) -> Rule {
        self.local(own, [a, b], on, Some(known))
    }

    fn local(&self, own: PartyId, pair: [PartyId; 2], on: Date, known: Option<Date>) -> Rule {
        let shared = compile(&View::of(&self.0, known), pair, on);
        let national = self.0.national.get(&own).filter(|_| pair.contains(&own));
        let national = national.and_then(|series| series.select(on, known, |_| true)?.valid());
        let local = national.map(|file| {
            let mut local = shared.clone();
            crate::compile::restrict(&mut local, &file.restrictions, &file.head.path, None);
            local
        });
        Rule::new(shared, local).pinned()
    }

    /// The parties that have a file, sorted, with their names.
    pub fn parties(&self) -> impl Iterator<Item = (PartyId, &str)> {
        self.0.parties.values().filter_map(Series::newest).map(|party| (party.id, party.name.as_str()))
    }

    /// The texts in the catalogue, in their newest versions, with their titles: `ets-185`, "Convention on Cybercrime".
    pub fn instruments(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.texts().map(|(_, text)| (text.id.0.as_str(), text.title.as_str()))
    }
}

/// The TOML files below `folder`.
fn collect(root: &str, folder: &'static Dir<'static>, files: &mut Vec<(String, String)>) {
    for file in folder.files() {
        let components: Option<Vec<_>> = file.path().components().map(|c| c.as_os_str().to_str()).collect();
        let toml = file.path().extension().is_some_and(|extension| extension == "toml");
        if let (true, Some(components), Some(text)) = (toml, components, file.contents_utf8()) {
            files.push((format!("{root}/{}", components.join("/")), text.to_owned()));
        }
    }
    for folder in folder.dirs() {
        collect(root, folder, files);
    }
}

impl Files {
    fn add(&mut self, address: Address, source: &Arc<Source>) -> Result<(), Vec<Diagnostic>> {
        match address {
            Address::Instrument(id) => self.instruments.entry(id).or_default().add(InstrumentFile::read(source)?),
            Address::Party(id) => self.parties.entry(id).or_default().add(PartyFile::read(source)?),
            Address::Overlay(pair, id) => {
                self.overlays.entry(pair).or_default().entry(id).or_default().add(OverlayFile::read(source)?);
            }
            Address::National(id) => self.national.entry(id).or_default().add(NationalFile::read(source)?),
        }
        Ok(())
    }

    /// The newest version of each text.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (&InstrumentFile, &Text)> {
        let newest = self.instruments.values().filter_map(Series::newest);
        newest.flat_map(|file| file.texts.iter().map(move |text| (file, text)))
    }

    /// Every version of every instrument file.
    pub(crate) fn instrument_files(&self) -> impl Iterator<Item = &InstrumentFile> {
        self.instruments.values().flat_map(Series::iter)
    }

    pub(crate) fn overlay_series(&self) -> impl Iterator<Item = &Series<OverlayFile>> {
        self.overlays.values().flat_map(BTreeMap::values)
    }

    pub(crate) fn ratifications(&self) -> &Ratifications {
        self.ratifications.get_or_init(|| Ratifications::of(self, None))
    }

    /// Every version of every file.
    fn heads(&self) -> impl Iterator<Item = &Head> {
        let instruments = self.instrument_files().map(Versioned::head);
        let parties = self.parties.values().flat_map(Series::iter).map(Versioned::head);
        let overlays = self.overlay_series().flat_map(Series::iter).map(Versioned::head);
        let national = self.national.values().flat_map(Series::iter).map(Versioned::head);
        instruments.chain(parties).chain(overlays).chain(national)
    }
}

/// Whether `part` is `whole` or a paragraph of it: `8` covers `8(11)`, not `81`.
pub(crate) fn covers(whole: &ArticleRef, part: &ArticleRef) -> bool {
    whole.instrument() == part.instrument()
        && part.clause().strip_prefix(whole.clause()).is_some_and(|rest| rest.is_empty() || rest.starts_with('('))
}
