//! What one file says against another.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use model::ArticleRef;

use super::{Files, covers};
use crate::{
    Diagnostic,
    given::Given,
    instrument::InstrumentFile,
    party::{Bond, Demand, Objection, PartyFile, Reservation},
    source::suggestion,
    version::{Head, Series},
};

impl Files {
    pub(super) fn contradictions(&self) -> Vec<Diagnostic> {
        let mut wrong = Vec::new();
        wrong.extend(self.instruments.values().flat_map(Series::contradictions));
        wrong.extend(self.parties.values().flat_map(Series::contradictions));
        wrong.extend(self.overlay_series().flat_map(Series::contradictions));
        wrong.extend(self.national.values().flat_map(Series::contradictions));
        wrong.extend(self.doubles());
        for series in self.parties.values() {
            // An older version was checked when it was the newest; what was withdrawn since then need not fit any more.
            wrong.extend(series.newest().into_iter().flat_map(|party| self.party_contradictions(party)));
        }
        wrong.extend(self.layer_contradictions());
        wrong
    }

    /// Texts that two files describe.
    fn doubles(&self) -> Vec<Diagnostic> {
        let mut wrong = Vec::new();
        let mut ids = BTreeMap::new();
        for file in self.instrument_files() {
            for text in &file.texts {
                let first = ids.entry(text.id.0.as_str()).or_insert(file);
                if first.id != file.id {
                    wrong.push(text.place.says(format!("{} is described in {} already", text.id.0, first.head.path)));
                }
            }
        }
        wrong
    }

    fn party_contradictions(&self, party: &PartyFile) -> Vec<Diagnostic> {
        let mut wrong = Vec::new();
        let known: BTreeSet<_> =
            self.instrument_files().flat_map(|file| file.texts.iter().map(|text| text.id.0.as_str())).collect();
        let known: Vec<_> = known.into_iter().collect();
        for bond in party.treaties.values() {
            let id = bond.instrument.0.as_str();
            if !known.contains(&id) {
                let help = suggestion(id, &known);
                wrong.push(bond.place.says(format!("there is no instrument `{id}`")).with_help(help));
                continue;
            }
            wrong.extend(self.too_short(bond));
            let series = self.instruments.values().find(|series| series.iter().any(|file| file.text(id).is_some()));
            for version in bond.amendments.keys() {
                let waiting = |file: &InstrumentFile| file.head.version == *version && file.accepting_only;
                if !series.is_some_and(|series| series.iter().any(waiting)) {
                    let message = format!("there is no version {version} of {id} that waits for acceptance");
                    let help = "`amendments` names versions that say `binds = \"accepting\"`";
                    wrong.push(bond.place.says(message).with_help(help));
                }
            }
        }
        // A reservation that hits nothing is a slip of the pen, and would let through what a state has excepted.
        let help = "name an article of a [request.…]; leave out what concerns no request";
        for reservation in &party.reservations {
            if !self.rests(&reservation.article, false) {
                wrong.push(reservation.place.says(no_request(&reservation.article)).with_help(help));
            }
            wrong.extend(self.closed(reservation));
        }
        for declaration in &party.declarations {
            if !self.rests(&declaration.article, declaration.demand != Demand::Allows) {
                wrong.push(declaration.place.says(no_request(&declaration.article)).with_help(help));
            } else if declaration.demand == Demand::Automatic && !self.automatic(&declaration.article) {
                let message = format!("no request on {} may be answered automatically", declaration.article);
                let help = "name the article of a [request.…] with `automatic = true`, and no single paragraph of it";
                wrong.push(declaration.place.says(message).with_help(help));
            }
        }
        wrong.extend(party.objections.iter().filter_map(|objection| self.objects_to_nothing(objection)));
        wrong
    }

    /// A denunciation that takes effect before its notice has run [VCLT 54(a), 56(2)].
    fn too_short(&self, bond: &Bond) -> Option<Diagnostic> {
        let (_, text) = self.texts().find(|(_, text)| text.id == bond.instrument)?;
        let due = bond.due(text)?;
        let ends = bond.ends.filter(|ends| *ends < due)?;
        let (id, months) = (&text.id.0, text.denunciation_months);
        let message =
            format!("a denunciation of {id} takes effect {months} months after its notice, and not on {ends}");
        let help =
            format!("write {due} or a later day; by consent of all parties a text has `terminated` in its own file");
        Some(bond.ends_place.says(message).with_help(help))
    }

    /// Whether a request rests on `article`; where it is `general`, also whether it is a paragraph of one on which a request
    /// rests, or a clause on dual criminality.
    fn rests(&self, article: &ArticleRef, general: bool) -> bool {
        let mut requests = self.instrument_files().flat_map(|file| file.requests.values());
        let hit = requests.any(|request| {
            let mut articles = request.articles.iter().map(|article| &article.value);
            articles.any(|one| covers(article, one) || (general && covers(one, article)))
        });
        let mut clauses = self.instrument_files().filter_map(|file| file.common.dual_criminality_clause.as_ref());
        hit || (general && clauses.any(|clause| clause == article))
    }

    /// Whether a request on `article` may be answered automatically.
    fn automatic(&self, article: &ArticleRef) -> bool {
        let mut requests = self.instrument_files().flat_map(|file| file.requests.values());
        requests.any(|one| one.automatic && one.articles.iter().any(|clause| covers(article, &clause.value)))
    }

    /// A reservation that the treaty does not allow [VCLT 19].
    fn closed(&self, reservation: &Reservation) -> Option<Diagnostic> {
        let article = &reservation.article;
        let (_, text) = self.texts().find(|(_, text)| text.id.0 == article.instrument())?;
        let allowed = text.reservable.iter().any(|one| covers(&one.value, article));
        if !text.closed_reservations || allowed {
            return None;
        }
        let reservable: Vec<_> = text.reservable.iter().map(|one| one.value.to_string()).collect();
        let help = match &reservable[..] {
            [] => "the text allows none at all; delete it, or tell it as a [[declaration]]".to_owned(),
            some => format!("reservations are allowed to: {}", some.join(", ")),
        };
        Some(reservation.place.says(format!("{} allows no reservation to {article}", text.id.0)).with_help(help))
    }

    fn objects_to_nothing(&self, objection: &Objection) -> Option<Diagnostic> {
        let article = &objection.article;
        let Some(other) = self.parties.get(&objection.to) else {
            let message = format!("{} has no file, so it has reserved nothing", objection.to);
            return Some(objection.place.says(message));
        };
        let mut reservations = other.iter().flat_map(|version| &version.reservations);
        let meant = |one: &Reservation| covers(&one.article, article) || covers(article, &one.article);
        if reservations.any(meant) {
            return None;
        }
        let message = format!("{} has no reservation to {article} that could be objected to", objection.to);
        Some(objection.place.says(message).with_help("name the article of its [[reservation]]"))
    }

    fn layer_contradictions(&self) -> Vec<Diagnostic> {
        let mut wrong = Vec::new();
        for overlay in self.overlay_series().flat_map(Series::iter) {
            for party in overlay.pair.iter().filter(|party| !self.parties.contains_key(party)) {
                let message = format!("{party} has no file, so it can arrange nothing");
                wrong.push(overlay.place.says(message).with_help(format!("write parties/{party}.toml first")));
            }
            for kind in &overlay.arranges {
                let mut requests = self.instrument_files().flat_map(|file| file.requests.keys());
                if !requests.any(|one| *one == kind.value) {
                    let known = self.instrument_files().flat_map(|file| &file.requests);
                    let known = known.filter(|(_, request)| request.requires_arrangement);
                    let known: Vec<_> = known.map(|(kind, _)| kind.as_str()).collect();
                    let message = format!("no instrument has [request.{}]", kind.value);
                    wrong.push(kind.place.says(message).with_help(suggestion(kind.value.as_str(), &known)));
                }
            }
            let given = self.given(&overlay.head);
            wrong.extend(overlay.restrictions.iter().flat_map(|restriction| restriction.check(&given)));
        }
        for national in self.national.values().flat_map(Series::iter) {
            if !self.parties.contains_key(&national.party) {
                let message = format!("{} has no file, so nobody can tell what it has ratified", national.party);
                wrong.push(
                    national.place.says(message).with_help(format!("write parties/{}.toml first", national.party)),
                );
            }
            let given = self.given(&national.head);
            wrong.extend(national.restrictions.iter().flat_map(|restriction| restriction.check(&given)));
        }
        wrong
    }

    /// What the instruments give on the first day of a layer; where it has none, what they give last.
    fn given(&self, layer: &Head) -> Vec<&Given> {
        let on = layer.valid_from.or(layer.recorded).unwrap_or(Date::MAX);
        let files = self.instruments.values().filter_map(|series| {
            let selected = series.select(on, None, |_| true)?;
            Some(selected.file())
        });
        files.flat_map(InstrumentFile::given).collect()
    }
}

fn no_request(article: &ArticleRef) -> String {
    format!("no request rests on {article}")
}
