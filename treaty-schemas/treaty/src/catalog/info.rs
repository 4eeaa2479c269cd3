//! What the files say, for those who read them: fact sheets, signatures, what nobody has checked yet.

use jiff::civil::Date;
use model::{ArticleRef, AuthorityKind, Digest, PartyId, RequestType};
use serde::Serialize;

use super::{Catalog, Files};
use crate::{
    Diagnostic,
    instrument::{InstrumentFile, InstrumentKind, Reach, Request, Text},
    party::{Bond, PartyFile, Validity},
    version::{Address, Head, Layer, Series, Versioned},
};

/// A file of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileInfo {
    /// Where it stands, as in `parties/JP.2.toml`.
    pub path: String,
    /// Its layer.
    pub layer: Layer,
    /// Its version, from 1.
    pub version: u32,
    /// When it was taken into the catalogue; `None` for a first version that does not say.
    pub recorded: Option<Date>,
    /// Its first day; `None`: always.
    pub valid_from: Option<Date>,
    /// Its last day; `None`: without end.
    pub valid_to: Option<Date>,
    /// Whose it is: the state, the two of an overlay, or of a treaty between single states; empty for what is open.
    pub owners: Vec<PartyId>,
    /// The SHA-256 of its text.
    pub sha256: Digest,
}

/// Who must sign a file before it may be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signers {
    /// All of these.
    Parties(Vec<PartyId>),
    /// Each party that uses it, for itself.
    Users,
}

/// A treaty file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InstrumentInfo {
    /// Its file.
    pub path: String,
    /// Its version.
    pub version: u32,
    /// Its id, as in `budapest`.
    pub id: String,
    /// Its title.
    pub title: String,
    /// What kind of agreement it is.
    pub kind: InstrumentKind,
    /// Whether it was made up.
    pub hypothetical: bool,
    /// When somebody should look at the file again.
    pub review: Option<Date>,
    /// The texts it holds.
    pub texts: Vec<TextInfo>,
    /// What may be asked.
    pub requests: Vec<RequestInfo>,
    /// What is never a ground of refusal.
    pub forbidden_grounds: Vec<&'static str>,
    /// Whether a refusal gives its reasons.
    pub reasons: bool,
    /// When what was received is kept secret: `on_request`, `always`.
    pub confidentiality: Option<&'static str>,
    /// When it goes back: `on_request`, `no`.
    pub returns: Option<&'static str>,
    /// Whether errors are put right on both sides.
    pub rectification: bool,
    /// Whether an assurance against the death penalty may be asked.
    pub death_penalty_assurance: bool,
}

/// A text of a treaty file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TextInfo {
    /// Its id, as in `ets-185`.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Who keeps the original.
    pub depositary: Option<String>,
    /// The convention that it is a protocol to.
    pub parent: Option<String>,
    /// When it began, or will, as far as the ratifications tell; `None` while some are missing.
    pub in_force: Option<Date>,
    /// How many ratifications it needs.
    pub ratifications_needed: Option<u32>,
    /// How many are recorded.
    pub ratifications: usize,
    /// The names of the sides, or of the union; empty for an open convention.
    pub sides: Vec<String>,
    /// The first and last day of provisional application.
    pub provisional: Option<(Date, Date)>,
    /// When it ended.
    pub terminated: Option<Date>,
    /// Whether it gives way to other treaties.
    pub fallback: bool,
    /// Whether it was read.
    pub verified: bool,
}

/// A request type of a treaty file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RequestInfo {
    /// Its name.
    pub kind: RequestType,
    /// The articles it rests on.
    pub articles: Vec<ArticleRef>,
    /// Whether it compels.
    pub compulsory: bool,
    /// Whether an answer is owed.
    pub binding: bool,
    /// Whether it was read.
    pub verified: bool,
}

/// What the newest file of a party says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PartyInfo {
    /// Its file.
    pub path: String,
    /// Its version.
    pub version: u32,
    /// Which state.
    pub id: PartyId,
    /// Its name.
    pub name: String,
    /// Where it stands towards each text.
    pub bonds: Vec<BondInfo>,
    /// What it excepted.
    pub reservations: Vec<ReservationInfo>,
    /// What it declared.
    pub declarations: Vec<DeclarationInfo>,
    /// What it objected to.
    pub objections: Vec<ObjectionInfo>,
    /// Its bodies.
    pub authorities: Vec<AuthorityInfo>,
}

/// Where a state stands towards a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BondInfo {
    /// The text.
    pub instrument: String,
    /// Signature.
    pub signed: Option<Date>,
    /// Ratification.
    pub ratified: Option<Date>,
    /// Entry into force for it: as written, or as it follows.
    pub in_force: Option<Date>,
    /// Whether it applies it provisionally.
    pub provisional: bool,
    /// Notice of denunciation.
    pub denounced: Option<Date>,
    /// From this day on it is not bound.
    pub ends: Option<Date>,
    /// Days of suspension: first, last, towards whom.
    pub suspended: Vec<(Date, Option<Date>, Vec<PartyId>)>,
    /// Whether it was read.
    pub verified: bool,
}

/// A reservation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReservationInfo {
    /// What is excepted.
    pub article: ArticleRef,
    /// Since when; `None`: from the beginning.
    pub from: Option<Date>,
    /// Since when no more.
    pub withdrawn: Option<Date>,
    /// Towards whom; empty: everybody.
    pub towards: Vec<PartyId>,
    /// Whether it was read.
    pub verified: bool,
}

/// A declaration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeclarationInfo {
    /// On which article.
    pub article: ArticleRef,
    /// What it asks, by its word in the file.
    pub rule: &'static str,
    /// Since when; `None`: from the beginning.
    pub from: Option<Date>,
    /// Since when no more.
    pub withdrawn: Option<Date>,
    /// Whether it was read.
    pub verified: bool,
}

/// An objection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ObjectionInfo {
    /// To whose reservation.
    pub to: PartyId,
    /// To which article it was made.
    pub article: ArticleRef,
    /// Whether it keeps the text from being in force between the two.
    pub bars: bool,
    /// Since when; `None`: from the beginning.
    pub from: Option<Date>,
    /// Since when no more.
    pub withdrawn: Option<Date>,
    /// Whether it was read.
    pub verified: bool,
}

/// A body of a state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuthorityInfo {
    /// What it is for.
    pub kind: AuthorityKind,
    /// Its name.
    pub name: String,
    /// The languages it reads.
    pub languages: Vec<String>,
    /// Since when; `None`: from the beginning.
    pub from: Option<Date>,
    /// Since when no more.
    pub withdrawn: Option<Date>,
}

impl Catalog {
    /// Every version of every file, sorted by path.
    pub fn files(&self) -> impl Iterator<Item = FileInfo> {
        let mut files: Vec<_> = self.0.heads().filter_map(|head| self.0.info(head)).collect();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        files.into_iter()
    }

    /// Every statement of the newest files that says `verified = false`, with its place: what rests on general knowledge alone.
    pub fn unverified(&self) -> Vec<Diagnostic> {
        let mut notes = Vec::new();
        let mut note = |verified: bool, place: &crate::source::Place, what: String| {
            if !verified {
                notes.push(place.notes(format!("{what} was not read in its text")));
            }
        };
        for file in self.0.instruments.values().filter_map(Series::newest) {
            file.texts.iter().for_each(|text| note(text.verified, &text.place, text.id.0.clone()));
            for (kind, request) in &file.requests {
                note(request.verified, &request.place, format!("[request.{kind}]"));
            }
        }
        for party in self.0.parties.values().filter_map(Series::newest) {
            let id = party.id;
            for bond in party.treaties.values() {
                note(bond.verified, &bond.place, format!("what {id} did about {}", bond.instrument.0));
            }
            for one in &party.reservations {
                note(one.verified, &one.place, format!("the reservation of {id} to {}", one.article));
            }
            for one in &party.declarations {
                note(one.verified, &one.place, format!("the declaration of {id} on {}", one.article));
            }
            for one in &party.objections {
                note(one.verified, &one.place, format!("the objection of {id} to {}", one.article));
            }
        }
        for overlay in self.0.overlay_series().filter_map(Series::newest) {
            note(overlay.verified, &overlay.place, format!("\"{}\"", overlay.title));
        }
        notes.sort_by(|a, b| (&a.file, a.line, a.column).cmp(&(&b.file, b.line, b.column)));
        notes
    }

    /// Who must sign the file at `path`; `None` where there is none.
    pub fn signers(&self, path: &str) -> Option<Signers> {
        let owners = self.0.heads().find(|head| *head.path == *path).and_then(|head| self.0.info(head))?.owners;
        Some(if owners.is_empty() { Signers::Users } else { Signers::Parties(owners) })
    }

    /// The newest version of each treaty file, sorted by id.
    pub fn instrument_infos(&self) -> Vec<InstrumentInfo> {
        let newest = self.0.instruments.values().filter_map(Series::newest);
        newest.map(|file| self.0.instrument_info(file)).collect()
    }

    /// The text `id`, as in `ets-185`, in its newest version.
    pub fn text(&self, id: &str) -> Option<TextInfo> {
        self.0.texts().find(|(_, text)| text.id.0 == id).map(|(_, text)| self.0.text_info(text))
    }

    /// What the newest file of a party says.
    pub fn party(&self, id: PartyId) -> Option<PartyInfo> {
        self.0.parties.get(&id)?.newest().map(|party| self.0.party_info(party))
    }
}

impl Files {
    fn info(&self, head: &Head) -> Option<FileInfo> {
        let (address, version) = Address::parse(&head.path)?;
        let (layer, owners) = match &address {
            Address::Instrument(id) => {
                let mut versions = self.instruments.get(id)?.iter();
                (Layer::Instrument, versions.find(|file| file.head().version == version)?.states())
            }
            Address::Party(party) => (Layer::Party, vec![*party]),
            Address::Overlay(pair, _) => (Layer::Overlay, pair.to_vec()),
            Address::National(party) => (Layer::National, vec![*party]),
        };
        Some(FileInfo {
            path: head.path.to_string(),
            layer,
            version,
            recorded: head.recorded,
            valid_from: head.valid_from,
            valid_to: head.valid_to,
            owners,
            sha256: head.digest,
        })
    }

    fn instrument_info(&self, file: &InstrumentFile) -> InstrumentInfo {
        let safeguards = &file.common.safeguards;
        let request = |(kind, request): (&RequestType, &Request)| RequestInfo {
            kind: kind.clone(),
            articles: request.articles.iter().map(|article| article.value.clone()).collect(),
            compulsory: request.compulsory,
            binding: request.binding,
            verified: request.verified,
        };
        InstrumentInfo {
            path: file.head.path.to_string(),
            version: file.head.version,
            id: file.id.0.clone(),
            title: file.title.clone(),
            kind: file.kind,
            hypothetical: file.hypothetical,
            review: file.review,
            texts: file.texts.iter().map(|text| self.text_info(text)).collect(),
            requests: file.requests.iter().map(request).collect(),
            forbidden_grounds: file.common.forbidden_grounds.clone(),
            reasons: file.common.reasons,
            confidentiality: safeguards.confidentiality,
            returns: safeguards.returns,
            rectification: safeguards.rectification,
            death_penalty_assurance: safeguards.death_penalty_assurance,
        }
    }

    fn text_info(&self, text: &Text) -> TextInfo {
        let view = crate::force::View::of(self, None);
        let sides = match &text.reach {
            Reach::Open => Vec::new(),
            Reach::Sides(sides) => sides.iter().map(|side| side.name.clone()).collect(),
            Reach::Union { group, .. } => vec![group.name.clone()],
        };
        TextInfo {
            id: text.id.0.clone(),
            title: text.title.clone(),
            depositary: text.depositary.clone(),
            parent: text.parent.as_ref().map(|parent| parent.value.0.clone()),
            in_force: view.beginning(text),
            ratifications_needed: text.entry.map(|entry| entry.ratifications),
            ratifications: view.ratified(text),
            sides,
            provisional: text.provisional,
            terminated: text.terminated,
            fallback: text.fallback,
            verified: text.verified,
        }
    }

    fn party_info(&self, party: &PartyFile) -> PartyInfo {
        PartyInfo {
            path: party.head.path.to_string(),
            version: party.head.version,
            id: party.id,
            name: party.name.clone(),
            bonds: party.treaties.values().map(|bond| self.bond_info(bond)).collect(),
            reservations: party.reservations.iter().map(ReservationInfo::of).collect(),
            declarations: party.declarations.iter().map(DeclarationInfo::of).collect(),
            objections: party.objections.iter().map(ObjectionInfo::of).collect(),
            authorities: party.authorities.iter().map(AuthorityInfo::of).collect(),
        }
    }

    fn bond_info(&self, bond: &Bond) -> BondInfo {
        let view = crate::force::View::of(self, None);
        let text = self.texts().find(|(_, text)| text.id == bond.instrument).map(|(_, text)| text);
        BondInfo {
            instrument: bond.instrument.0.clone(),
            signed: bond.signed,
            ratified: bond.ratified,
            in_force: bond.in_force.or_else(|| view.entry(text?, bond)),
            provisional: bond.provisional,
            denounced: bond.denounced,
            ends: bond.ends.or_else(|| bond.end(text?)),
            suspended: bond.suspensions.iter().map(|one| (one.from, one.until, one.towards.clone())).collect(),
            verified: bond.verified,
        }
    }
}

impl ReservationInfo {
    fn of(one: &crate::party::Reservation) -> Self {
        let (article, towards) = (one.article.clone(), one.towards.clone());
        let Validity { from, withdrawn } = one.validity;
        Self { article, from, withdrawn, towards, verified: one.verified }
    }
}

impl DeclarationInfo {
    fn of(one: &crate::party::Declaration) -> Self {
        let article = one.article.clone();
        let Validity { from, withdrawn } = one.validity;
        Self { article, rule: one.demand.as_str(), from, withdrawn, verified: one.verified }
    }
}

impl ObjectionInfo {
    fn of(one: &crate::party::Objection) -> Self {
        let article = one.article.clone();
        let Validity { from, withdrawn } = one.validity;
        Self { to: one.to, article, bars: one.bars, from, withdrawn, verified: one.verified }
    }
}

impl AuthorityInfo {
    fn of(one: &crate::party::Authority) -> Self {
        let languages = one.languages.iter().map(|language| language.0.clone()).collect();
        let Validity { from, withdrawn } = one.validity;
        Self { kind: one.kind, name: one.name.clone(), languages, from, withdrawn }
    }
}
