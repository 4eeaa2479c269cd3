use std::sync::Arc;

use model::{AuthorityId, PartyId, RequestType};

use crate::{
    Diagnostic,
    restrict::{self, Restriction},
    source::{Place, Read, Report, Section, Slug, Source, Spot, Value, word},
    version::{Address, Head, Versioned},
};

/// `overlays/FR-JP/<id>.toml`: what two states arranged between them.
#[derive(Debug)]
pub(crate) struct OverlayFile {
    pub(crate) head: Head,
    pub(crate) id: Slug,
    pub(crate) kind: OverlayKind,
    pub(crate) title: String,
    /// What a joint team is for. Empty for an arrangement.
    pub(crate) purpose: String,
    /// Who is in a joint team: authorities of both. Empty for an arrangement.
    pub(crate) members: Vec<AuthorityId>,
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
            let purpose: Option<String> = root.may(report, "purpose");
            let members: Option<Vec<Spot<AuthorityId>>> = root.may(report, "members");
            let restrictions = restrict::read(report, root, None);
            let verified = root.must(report, "verified");
            match kind {
                Some(OverlayKind::Jit) => agreed(report, root),
                Some(OverlayKind::Arrangement) => nobodys(report, root),
                None => {}
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
            if let (Some(OverlayKind::Jit), Some(members)) = (kind, &members) {
                of_both(report, root, &pair, members);
            }
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
            let mut members: Vec<_> = members.unwrap_or_default().into_iter().map(|member| member.value).collect();
            members.sort();
            Some(Self {
                head,
                id,
                kind,
                title: title?,
                purpose: purpose.unwrap_or_default(),
                members,
                pair,
                arranges,
                restrictions,
                verified: verified?,
                place,
            })
        })
    }

    /// Whether it is a joint team.
    pub(crate) fn is_team(&self) -> bool {
        self.kind == OverlayKind::Jit
    }
}

/// What two states agree on with a joint team: its purpose, its members, its end.
fn agreed<'s>(report: &mut Report<'s>, root: &Section<'_, 's>) {
    for (key, message, help) in [
        (
            "valid_to",
            "a joint investigation team has an end, and this one has no `valid_to`",
            "write `valid_to = <date>`, its last day",
        ),
        (
            "purpose",
            "a joint investigation team has a purpose, and this one has none",
            "write `purpose = \"<the investigation that it is for>\"`",
        ),
        (
            "members",
            "a joint investigation team has members, and this one names none",
            "write `members = [\"FR:central\", \"JP:central\"]`, and the like: authorities of both parties",
        ),
    ] {
        if !root.has(key) {
            report.wrong_with_help(root.span_of("kind"), message, help);
        }
    }
}

/// An arrangement is for all authorities and all cases of its subject.
fn nobodys<'s>(report: &mut Report<'s>, root: &Section<'_, 's>) {
    for key in ["purpose", "members"] {
        if root.has(key) {
            let message = format!("`{key}` is of a joint investigation team, and this is an arrangement");
            let help = match key {
                "purpose" => {
                    "delete it, or write `kind = \"jit\"`; for which purposes records serve says `purposes` of a [[restrict]]"
                }
                _ => {
                    "delete it, or write `kind = \"jit\"`; which kinds of authorities may ask says `senders` of a [[restrict]]"
                }
            };
            report.wrong_with_help(root.span_of(key), message, help);
        }
    }
}

/// The members of a team are authorities of its two parties, at least one of each.
fn of_both<'s>(report: &mut Report<'s>, root: &Section<'_, 's>, pair: &[PartyId; 2], members: &[Spot<AuthorityId>]) {
    let [a, b] = pair;
    for member in members.iter().filter(|member| !pair.contains(&member.value.party())) {
        let message = format!("{} is of neither party: the team is of {a} and {b}", member.value);
        report
            .found(member.place.says(message).with_help("delete it; with another state a team has a file of its own"));
    }
    for party in pair.iter().filter(|party| members.iter().all(|member| member.value.party() != **party)) {
        let message = format!("no member of the team is of {party}");
        let help = format!("name one at least, as in \"{party}:central\"");
        report.wrong_with_help(root.span_of("members"), message, help);
    }
}
