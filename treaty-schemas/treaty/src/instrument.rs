//! `instruments/<id>/instrument.toml`: one or more texts and the requests that rest on them.

mod automatic;
mod common;
mod request;
mod spontaneous;
mod text;

use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
};

use jiff::civil::Date;
use model::{ArticleRef, PartyId, RequestType};
use serde::Serialize;

pub(crate) use self::{
    common::Common,
    request::{DualCriminality, Request, read_quota},
    text::{Delay, Entry, GivesWay, Group, Reach, Text},
};
use crate::{
    Diagnostic,
    given::Given,
    source::{Read, Report, Section, Slug, Source, Value, named, suggestion, word},
    version::{Address, Head, Versioned},
};

/// What kind of agreement an instrument is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum InstrumentKind {
    /// Open to states, which ratify it.
    Convention,
    /// Between two sides.
    Bilateral,
    /// Binds the members of a union between each other.
    UnionLaw,
    /// Binds nobody: what it names may be asked, and nobody is compelled.
    Memorandum,
}

impl InstrumentKind {
    const ALL: [Self; 4] = [Self::Convention, Self::Bilateral, Self::UnionLaw, Self::Memorandum];

    /// The word in files and on screens.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Convention => "convention",
            Self::Bilateral => "bilateral",
            Self::UnionLaw => "union_law",
            Self::Memorandum => "memorandum",
        }
    }
}

impl Read for InstrumentKind {
    fn read(report: &mut Report<'_>, value: &Value<'_>) -> Option<Self> {
        word(report, value, &Self::ALL, Self::as_str)
    }
}

/// Whom a version binds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Binds {
    All,
    /// Only those who accepted it [VCLT 40].
    Accepting,
}

impl Read for Binds {
    fn read(report: &mut Report<'_>, value: &Value<'_>) -> Option<Self> {
        word(report, value, &[Self::All, Self::Accepting], |binds| match binds {
            Self::All => "all",
            Self::Accepting => "accepting",
        })
    }
}

#[derive(Debug)]
pub(crate) struct InstrumentFile {
    pub(crate) head: Head,
    pub(crate) id: Slug,
    pub(crate) title: String,
    pub(crate) kind: InstrumentKind,
    pub(crate) hypothetical: bool,
    pub(crate) review: Option<Date>,
    pub(crate) accepting_only: bool,
    pub(crate) texts: Vec<Text>,
    pub(crate) requests: BTreeMap<RequestType, Request>,
    pub(crate) common: Common,
    given: OnceLock<Vec<Given>>,
}

impl Versioned for InstrumentFile {
    fn head(&self) -> &Head {
        &self.head
    }
}

impl InstrumentFile {
    /// Reads a file, whose folder must have the name of its `id`.
    pub(crate) fn read(source: &Arc<Source>) -> Result<Self, Vec<Diagnostic>> {
        Report::read(source, |report, root| {
            let head = Head::read(report, root, "treaty/1", true)?;
            let id = root.must::<Slug>(report, "id");
            let title = root.must::<String>(report, "title");
            let kind = root.must::<InstrumentKind>(report, "kind");
            let hypothetical = root.flag(report, "hypothetical");
            let review = root.may(report, "review");
            let binds = root.may(report, "binds").unwrap_or(Binds::All);
            if binds == Binds::Accepting && head.version == 1 {
                let message = "the first version binds by ratification; only an amendment waits for its acceptance";
                report.wrong(root.span_of("binds"), message);
            }
            let groups = root.table(report, "group");
            let groups = named(report, groups, |report, name, _, value| text::group(report, name, value));
            let texts = root.tables(report, "instrument");
            let texts: Vec<_> = texts.into_iter().map(|section| text::read(report, section, kind, &groups)).collect();
            if texts.is_empty() && !root.has("instrument") {
                report.wrong(0..0, "no [[instrument]]: a treaty file names its texts");
            }
            let texts = texts.into_iter().collect::<Option<Vec<_>>>();
            let common = common::read(report, root, kind);
            let requests = requests(report, root, &common, kind);
            let (id, texts) = (id?, texts?);
            head.expect_path(report, root.span_of("id"), &Address::Instrument(id.clone()));
            let file = Self {
                head,
                id,
                title: title?,
                kind: kind?,
                hypothetical,
                review,
                accepting_only: binds == Binds::Accepting,
                texts,
                requests: requests?,
                common,
                given: OnceLock::new(),
            };
            file.contradictions().into_iter().for_each(|wrong| report.found(wrong));
            Some(file)
        })
    }

    pub(crate) fn text(&self, id: &str) -> Option<&Text> {
        self.texts.iter().find(|text| text.id.0 == id)
    }

    /// What it gives by itself: each article with each of its request types, whoever the parties are.
    pub(crate) fn given(&self) -> &[Given] {
        self.given.get_or_init(|| Given::all(self))
    }

    /// The states that signed it, where it names them; empty for what any state, or any member of a union, may use.
    pub(crate) fn states(&self) -> Vec<PartyId> {
        let mut states: Vec<_> = self.texts.iter().flat_map(Text::states).collect();
        states.sort();
        states.dedup();
        states
    }

    /// What one part of the file says against another.
    fn contradictions(&self) -> Vec<Diagnostic> {
        let mut wrong = text::lineage(&self.texts);
        let ids: Vec<_> = self.texts.iter().map(|text| text.id.0.as_str()).collect();
        let foreign = |article: &ArticleRef| !ids.contains(&article.instrument());
        for clause in self.requests.values().flat_map(|request| &request.articles) {
            if foreign(&clause.value) {
                let message = format!("{} is no article of a text of this file", clause.value);
                wrong.push(clause.place.says(message).with_help(suggestion(clause.value.instrument(), &ids)));
            }
        }
        let named = self.requests.values().flat_map(|request| request.clauses.iter());
        for clause in named.chain(&self.common.clauses).filter(|clause| foreign(&clause.value)) {
            let message = format!("the clause {} stands in no text of this file", clause.value);
            wrong.push(clause.place.says(message).with_help(suggestion(clause.value.instrument(), &ids)));
        }
        for (kinds, ..) in &self.common.quotas {
            for kind in kinds.iter().filter(|kind| !self.requests.contains_key(&kind.value)) {
                let known: Vec<_> = self.requests.keys().map(RequestType::as_str).collect();
                let message = format!("there is no [request.{}] that this could count", kind.value);
                wrong.push(kind.place.says(message).with_help(suggestion(kind.value.as_str(), &known)));
            }
        }
        wrong
    }
}

fn requests<'s>(
    report: &mut Report<'s>,
    root: &mut Section<'_, 's>,
    common: &Common,
    kind: Option<InstrumentKind>,
) -> Option<BTreeMap<RequestType, Request>> {
    let requests = root.table(report, "request");
    if requests.is_none() && !root.has("request") {
        report.wrong(0..0, "no [request.…]: a treaty file says what may be asked");
    }
    let memorandum = kind == Some(InstrumentKind::Memorandum);
    let read = named(report, requests, |report, kind: &RequestType, _, value| {
        let section = Section::of(report, format!("[request.{kind}]"), value)?;
        Some(request::read(report, section, common, memorandum))
    });
    read.into_iter().map(|(kind, request)| Some((kind, request?))).collect()
}
