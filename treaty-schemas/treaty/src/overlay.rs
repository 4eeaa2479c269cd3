use std::sync::Arc;

use model::{PartyId, RequestType};

use crate::{
    Diagnostic,
    restrict::{self, Restriction},
    source::{Place, Read, Report, Slug, Source, Spot, Value, word},
    version::{Address, Head, Versioned},
};

/// `overlays/FR-JP/<id>.toml`: what two states arranged between them.
#[derive(Debug)]
pub(crate) struct OverlayFile {
    pub(crate) head: Head,
    pub(crate) id: Slug,
    pub(crate) kind: OverlayKind,
    pub(crate) title: String,
    /// Sorted.
    pub(crate) pair: [PartyId; 2],
    /// The request types that it opens, where a treaty leaves them to an arrangement.
    pub(crate) arranges: Vec<Spot<RequestType>>,
    pub(crate) restrictions: Vec<Restriction>,
    pub(crate) verified: bool,
    pub(crate) place: Place,
}

/// What kind of agreement an overlay is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OverlayKind {
    /// For all cases of its subject.
    Arrangement,
    /// A joint investigation team: for one investigation, with an end.
    Jit,
}

impl OverlayKind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Arrangement => "arrangement",
            Self::Jit => "jit",
        }
    }
}

impl Read for OverlayKind {
    fn read(report: &mut Report<'_>, value: &Value<'_>) -> Option<Self> {
        word(report, value, &[Self::Arrangement, Self::Jit], Self::as_str)
    }
}

impl Versioned for OverlayFile {
    fn head(&self) -> &Head {
        &self.head
    }
}

impl OverlayFile {
    /// Reads a file, whose folder must be its pair's.
    pub(crate) fn read(source: &Arc<Source>) -> Result<Self, Vec<Diagnostic>> {
        Report::read(source, |report, root| {
            let head = Head::read(report, root, "overlay/1", true)?;
            let id = root.must::<Slug>(report, "id");
            let title = root.must(report, "title");
            let parties = root.must::<Vec<PartyId>>(report, "parties");
            let kind = root.must(report, "kind");
            let arranges = root.list(report, "arranges");
            let restrictions = restrict::read(report, root, None);
            let verified = root.must(report, "verified");
            if kind == Some(OverlayKind::Jit) && head.valid_to.is_none() && !root.has("valid_to") {
                let message = "a joint investigation team has an end, and this one has no `valid_to`";
                report.wrong_with_help(root.span_of("kind"), message, "write `valid_to = <date>`, its last day");
            }
            let pair = match parties?[..] {
                [a, b] if a < b => [a, b],
                _ => {
                    let message = "these are not two parties in alphabetical order";
                    report.wrong_with_help(
                        root.span_of("parties"),
                        message,
                        "write `parties = [\"FR\", \"JP\"]`, and the like",
                    );
                    return None;
                }
            };
            for restriction in restrictions.iter().flatten() {
                restriction.expect_party_of(report, &pair);
            }
            let id = id?;
            head.expect_path(report, root.span_of("id"), &Address::Overlay(pair, id.clone()));
            if restrictions.as_ref().is_some_and(Vec::is_empty) && arranges.is_empty() {
                let help = "write `arranges = [\"<request type>\"]`, or a [[restrict]]";
                report.wrong_with_help(0..0, "this overlay changes nothing", help);
            }
            let kind = kind?;
            let (restrictions, place) = (restrictions?, report.place(root.span_of("id")));
            Some(Self { head, id, kind, title: title?, pair, arranges, restrictions, verified: verified?, place })
        })
    }
}
