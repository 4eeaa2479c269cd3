use std::fmt;

use model::{Role, Step};

use super::{MatterKind, MatterState};
use crate::{
    Actor::{self, Officers},
    Side,
};

/// Whose act it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// Who keeps the records: the requesting party, or the requested one where the request gave them.
    Keeper,
    /// Who gave them.
    Giver,
    /// Who opened the matter.
    Opener,
    /// The requested party.
    Peer,
    /// Either.
    Either,
}

/// What else must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MatterGuard {
    /// Nothing.
    None,
    /// Something was released for each measure.
    Released,
    /// The same, and the header names the purpose.
    Purpose,
    /// Something was released, and the header names the entry that did.
    About,
    /// The header says what is wrong.
    Flaw,
    /// They are about somebody else, and were taken.
    WrongSubject,
    /// They were not found to be about somebody else: that is recalled.
    RightSubject,
    /// They were not taken, and destroyed when it was opened.
    GivenBack,
    /// A value in them is wrong or old; or, after the keys are gone, whatever was wrong. Every record was asked for.
    Replaced,
    /// Where the header says until when, that is later than the step.
    Until,
    /// Each measure asks for the record of a hearing, was accepted and is under way.
    Accepted,
    /// The other side proposed the times.
    Asked,
    /// The header names the minutes by their digest.
    Drawn,
    /// The other side has not signed yet; the header names the minutes that were drawn up last.
    First,
    /// The other side has signed these minutes, and this one not.
    Second,
    /// The header names the minutes that both sides signed.
    Both,
    /// Nobody has moved it for [`MATTER_SILENCE_DAYS`](crate::MATTER_SILENCE_DAYS).
    Silence,
}

/// One line of a matter's procedure.
#[derive(Debug, Clone, Copy)]
pub struct MatterRow {
    /// For which kinds.
    pub kinds: &'static [MatterKind],
    /// Where the matter must stand; empty: it is opened.
    pub from: &'static [MatterState],
    /// Where it goes.
    pub to: MatterState,
    /// By which step.
    pub step: Step,
    /// Whose act it is.
    pub by: By,
    /// Who stands for it.
    pub actor: Actor,
    /// What else must hold.
    pub guard: MatterGuard,
}

use MatterKind::{Breach, Correction, Hearing, Onward, Use};
use MatterState::{
    Cancelled, Closed, Confirmed, ConsentRecorded, Deferred, Denied, Granted, Live, MinutesDraft, Notified,
    PeerNotified, Proposed, Recalled, Reissued, Reported, Requested, Shredded, Signed, SlotAgreed, SubjectNotified,
    TechTested, Transmitted, Triaged,
};

const CENTRAL: Actor = Officers(1, &[Role::Central]);
const CENTRALS: Actor = Officers(2, &[Role::Central]);
const HANDLER: Actor = Officers(1, &[Role::Central, Role::Executing]);
const HEARER: Actor = Officers(1, &[Role::Central, Role::Executing, Role::Judge]);
const HANDLERS: Actor = Officers(2, &[Role::Central, Role::Executing]);
const HEARERS: Actor = Officers(2, &[Role::Central, Role::Executing, Role::Judge]);
const WATCHFUL: Actor = Officers(1, &[Role::Central, Role::Custodian, Role::Executing]);
const CUSTODIANS: Actor = Officers(2, &[Role::Custodian]);
const BOTH: &[MatterKind] = &[Use, Onward];

const fn row(
    kinds: &'static [MatterKind],
    from: &'static [MatterState],
    to: MatterState,
    step: Step,
    by: By,
    actor: Actor,
    guard: MatterGuard,
) -> MatterRow {
    MatterRow { kinds, from, to, step, by, actor, guard }
}

/// The procedure of the matters. Two different officers stand for a consent, for a recall, for what replaces records, for the
/// minutes of a hearing when they go to the other side, and for the certificate that keys are gone.
///
/// A recall takes from the other party what it may read, and ends in destruction, on which there are four eyes. That an incident was
/// confirmed would not do in their place: who opened it confirms it, and that may be the giver itself; and a giver that finds a leak
/// must not wait for a keeper that is silent.
///
/// Either side can end a matter alone, at the latest when nobody has moved it for long. What was recalled is the exception: it stays
/// open until its keeper has destroyed it.
#[rustfmt::skip]
pub const MATTERS: &[MatterRow] = &[
    // Another use, another reader.
    row(&[Use],        &[],                       Requested,       Step::RequestUse,        By::Keeper, CENTRAL,    MatterGuard::Purpose),
    row(&[Onward],     &[],                       Requested,       Step::RequestOnward,     By::Keeper, CENTRAL,    MatterGuard::Purpose),
    row(&[Use],        &[],                       Notified,        Step::NotifyExculpatory, By::Keeper, CENTRAL,    MatterGuard::Purpose),
    row(BOTH,          &[Requested],              Granted,         Step::GrantConsent,      By::Giver,  Officers(2, &[Role::Central, Role::Decider]), MatterGuard::Until),
    row(BOTH,          &[Requested],              Denied,          Step::DenyConsent,       By::Giver,  Officers(1, &[Role::Central, Role::Decider]), MatterGuard::None),
    row(BOTH,          &[Requested],              Closed,          Step::CloseMatter,       By::Opener, CENTRAL,    MatterGuard::None),
    row(BOTH,          &[Granted, Denied, Notified], Closed,       Step::CloseMatter,       By::Either, CENTRAL,    MatterGuard::None),
    // An incident.
    row(&[Breach],     &[],                       PeerNotified,    Step::NotifyBreach,      By::Either, WATCHFUL,   MatterGuard::Released),
    row(&[Breach],     &[PeerNotified],           Confirmed,       Step::ConfirmBreach,     By::Opener, WATCHFUL,   MatterGuard::None),
    row(&[Breach],     &[PeerNotified, Confirmed], Recalled,       Step::Recall,            By::Giver,  CENTRALS,   MatterGuard::None),
    row(&[Breach],     &[Recalled],               Shredded,        Step::CertifyShredding,  By::Keeper, CUSTODIANS, MatterGuard::None),
    row(&[Breach],     &[Confirmed, Shredded, Deferred], SubjectNotified, Step::NotifySubject, By::Either, CENTRAL, MatterGuard::None),
    row(&[Breach],     &[Confirmed, Shredded],    Deferred,        Step::DeferSubject,      By::Either, CENTRAL,    MatterGuard::None),
    row(&[Breach],     &[PeerNotified, SubjectNotified, Deferred], Closed, Step::CloseMatter, By::Opener, CENTRAL,  MatterGuard::None),
    row(&[Breach],     &[PeerNotified, SubjectNotified, Deferred], Closed, Step::CloseMatter, By::Either, CENTRAL,  MatterGuard::Silence),
    // An error in what was given.
    row(&[Correction], &[],                       Reported,        Step::ReportError,       By::Either, WATCHFUL,   MatterGuard::About),
    row(&[Correction], &[Reported],               Triaged,         Step::Triage,            By::Giver,  HANDLER,    MatterGuard::Flaw),
    row(&[Correction], &[Triaged],                Recalled,        Step::Recall,            By::Giver,  CENTRALS,   MatterGuard::WrongSubject),
    row(&[Correction], &[Recalled],               Shredded,        Step::CertifyShredding,  By::Keeper, CUSTODIANS, MatterGuard::None),
    row(&[Correction], &[Triaged, Shredded],      Reissued,        Step::Reissue,           By::Giver,  CENTRALS, MatterGuard::Replaced),
    row(&[Correction], &[Reported],               Closed,          Step::CloseMatter,       By::Opener, CENTRAL,    MatterGuard::None),
    // What was not taken is released anew in the ordinary way.
    row(&[Correction], &[Triaged],                Closed,          Step::CloseMatter,       By::Opener, CENTRAL,    MatterGuard::GivenBack),
    // Nothing is wrong, or not what it seemed.
    row(&[Correction], &[Reported, Triaged],      Closed,          Step::CloseMatter,       By::Giver,  CENTRAL,    MatterGuard::RightSubject),
    row(&[Correction], &[Reissued, Shredded],     Closed,          Step::CloseMatter,       By::Keeper, CENTRAL,    MatterGuard::None),
    row(&[Correction], &[Reported, Triaged, Reissued, Shredded], Closed, Step::CloseMatter,       By::Either, CENTRAL,    MatterGuard::Silence),
    // A hearing by video link.
    row(&[Hearing],    &[],                       Proposed,        Step::ProposeHearing,    By::Either, HANDLER,    MatterGuard::Accepted),
    row(&[Hearing],    &[Proposed],               SlotAgreed,      Step::AgreeSlot,         By::Either, HANDLER,    MatterGuard::Asked),
    // Other times, before it begins: who consented to one consents to the next.
    row(&[Hearing],    &[Proposed, SlotAgreed, ConsentRecorded, TechTested], Proposed, Step::ProposeSlots, By::Either, HANDLER, MatterGuard::Accepted),
    row(&[Hearing],    &[SlotAgreed],             ConsentRecorded, Step::RecordConsent,     By::Peer,   HEARER,     MatterGuard::Accepted),
    row(&[Hearing],    &[ConsentRecorded],        TechTested,      Step::TestLink,          By::Either, HANDLER,    MatterGuard::None),
    row(&[Hearing],    &[TechTested],             Live,            Step::OpenHearing,       By::Either, HEARER,     MatterGuard::Accepted),
    row(&[Hearing],    &[Live, MinutesDraft],     MinutesDraft,    Step::DraftMinutes,      By::Peer,   HEARERS,    MatterGuard::Drawn),
    row(&[Hearing],    &[MinutesDraft],           MinutesDraft,    Step::SignMinutes,       By::Either, HEARER,     MatterGuard::First),
    row(&[Hearing],    &[MinutesDraft],           Signed,          Step::SignMinutes,       By::Either, HEARER,     MatterGuard::Second),
    row(&[Hearing],    &[Signed],                 Transmitted,     Step::TransmitMinutes,   By::Peer,   HANDLERS,   MatterGuard::Both),
    row(&[Hearing],    &[Proposed, SlotAgreed, ConsentRecorded, TechTested, Live, MinutesDraft], Cancelled, Step::CancelHearing, By::Either, HEARER, MatterGuard::None),
    row(&[Hearing],    &[Transmitted, Cancelled], Closed,          Step::CloseMatter,       By::Either, CENTRAL,    MatterGuard::None),
    row(&[Hearing],    &[Signed],                 Closed,          Step::CloseMatter,       By::Either, CENTRAL,    MatterGuard::Silence),
];

impl By {
    /// The sides that it stands for.
    pub fn sides(self, keeper: Side, opener: Side) -> &'static [Side] {
        const HOME: &[Side] = &[Side::Home];
        const PEER: &[Side] = &[Side::Peer];
        let one = |side: Side| if side == Side::Home { HOME } else { PEER };
        let other = |side: Side| if side == Side::Home { PEER } else { HOME };
        match self {
            Self::Keeper => one(keeper),
            Self::Giver => other(keeper),
            Self::Opener => one(opener),
            Self::Peer => PEER,
            Self::Either => &[Side::Home, Side::Peer],
        }
    }

    /// The name in documentation.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Keeper => "who keeps the records",
            Self::Giver => "who gave them",
            Self::Opener => "who opened it",
            Self::Peer => "peer",
            Self::Either => "home or peer",
        }
    }
}

/// The rows of one kind of matter, in the order of the table.
pub fn matter_rows(kind: MatterKind) -> impl Iterator<Item = &'static MatterRow> {
    MATTERS.iter().filter(move |row| row.kinds.contains(&kind))
}

/// The table of one kind in Markdown.
pub fn matter_table(kind: MatterKind) -> String {
    use fmt::Write as _;
    let mut text = String::from("| from | to | event | side | who | guard |\n|---|---|---|---|---|---|\n");
    for row in matter_rows(kind) {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{row}");
    }
    text
}

/// One kind as a state diagram of Mermaid.
pub fn matter_picture(kind: MatterKind) -> String {
    use fmt::Write as _;
    let mut text = String::from("stateDiagram-v2\n");
    for row in matter_rows(kind) {
        let from =
            if row.from.is_empty() { vec!["[*]"] } else { row.from.iter().map(|state| state.as_str()).collect() };
        for from in from {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "    {from} --> {}: {} ({}, {})", row.to, row.step, row.by.as_str(), row.actor);
        }
    }
    text.push_str("    CLOSED --> [*]\n");
    text
}

impl fmt::Display for MatterRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let from: Vec<_> = self.from.iter().map(|state| state.as_str()).collect();
        let from = if from.is_empty() { "(opens)".to_owned() } else { from.join(" / ") };
        write!(f, "| {from} | {} | {} | {} | {} | {} |", self.to, self.step, self.by.as_str(), self.actor, self.guard)
    }
}

impl fmt::Display for MatterGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "",
            Self::Released => "something was released",
            Self::Purpose => "something was released; the purpose is named",
            Self::About => "something was released; the entry that did is named",
            Self::Flaw => "what is wrong is named",
            Self::WrongSubject => "the records are about somebody else, and were taken",
            Self::GivenBack => "the records were not taken, and destroyed when it was opened",
            Self::RightSubject => "the records were not found to be about somebody else",
            Self::Replaced => "the keys are gone where the subject was wrong; records that were asked",
            Self::Until => "an end that is not over, where one is named",
            Self::Accepted => "the measure asks for what a hearing makes, was accepted and is under way",
            Self::Asked => "the other side proposed the times",
            Self::Drawn => "the minutes are named by their digest",
            Self::First => "the first signature, on the minutes drawn up last",
            Self::Second => "the other side has signed the same minutes",
            Self::Both => "the minutes that both signed",
            Self::Silence => "nobody has moved it for 30 days",
        })
    }
}
