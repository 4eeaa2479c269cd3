//! The checks of `admit`, each with the rule that it enforces.

use std::collections::BTreeSet;

use model::{
    AuthorityId, Denial, Entry, EntryId, Fault, Handshake, Header, KeyId, MeasureId, PartyId, Payload, Refusal,
    RefusalCode, Role, Step, Timestamp, limits,
};
use treaty::Query;
use workflow::{Command, Event, Side, Terms, decide};

use crate::file::{Basis, CaseFile, GroupChange, Seating, sorted};
use crate::rejoin::as_offered;
use crate::{Context, Origin, RosterFacts};

const RULE: &str = "relay";

/// Who hands an entry over is who sends it: a desk speaks for itself, a gateway for its own party's desks. R95.
pub(crate) fn origin(header: &Header, cx: &Context<'_>) -> Result<(), Denial> {
    let (fits, whose) = match cx.origin {
        Origin::OwnDesk(desk) => (header.sender == *desk && desk.party() == cx.own, desk.to_string()),
        Origin::PeerGateway(party) => {
            (header.sender.party() == party && party != cx.own, format!("the gateway of {party}"))
        }
    };
    if fits {
        return Ok(());
    }
    let reason = format!("{whose} hands over an entry of {}", header.sender);
    let remedy = "A desk submits its own entries at its own party's gateway; a gateway relays those of its own party.";
    Err(Refusal::new(RefusalCode::R95, RULE, reason, remedy).at("sender").into())
}

/// An entry id names one entry: the same again is a repetition, another under the same id is none.
pub(crate) fn repeats(entry: &Entry, cx: &Context<'_>) -> Result<bool, Denial> {
    match cx.seen {
        None => Ok(false),
        Some(seen) if seen.envelope == entry.envelope_digest() => Ok(true),
        Some(_) => Err(Denial::failed(Fault::EntryIdReused, "the entry id stands for another entry already")),
    }
}

/// A request of a state for training says that it is one, and no other does: it stays with the case, whatever its states become. R93.
pub(crate) fn world(header: &Header, cx: &Context<'_>) -> Result<(), Denial> {
    if header.step != Step::SealSend || header.declared.training == cx.training {
        return Ok(());
    }
    let is = |training: bool| if training { "for training" } else { "real" };
    let reason = format!("the request is {}, and {} is {}", is(header.declared.training), cx.own, is(cx.training));
    let remedy = "A state for training asks such states only: gateway init --training.";
    Err(Refusal::new(RefusalCode::R93, RULE, reason, remedy).at("declared.training").into())
}

/// The payload fits the step, a sealed body is committed to, and nothing is larger than agreed. R94, `TOO_LARGE`.
pub(crate) fn form(entry: &Entry) -> Result<(), Denial> {
    let header = &entry.header;
    let remedy = "Send a handshake for a change of the group, a sealed body with its commitment for every other step.";
    let wrong = |field: &str, reason: String| -> Denial {
        Refusal::new(RefusalCode::R94, RULE, reason, remedy).at(field).into()
    };
    let size_max = match (&entry.payload, header.step.is_handshake()) {
        (Payload::Sealed(sealed), false) if !sealed.is_empty() => limits::SEALED_BYTES_MAX,
        (Payload::Handshake(handshake), true) if is_whole(handshake, header.step) => limits::HANDSHAKE_BYTES_MAX,
        (Payload::Sealed(_), true) => return Err(wrong("payload", format!("{} carries a handshake", header.step))),
        (Payload::Handshake(_), false) => {
            return Err(wrong("payload", format!("{} carries a sealed body", header.step)));
        }
        _ => return Err(wrong("payload", "the payload is empty, or not that of the step".to_owned())),
    };
    if header.body.is_some() == header.step.is_handshake() {
        let reason =
            if header.body.is_some() { "a handshake has no body to commit to" } else { "the body is not committed to" };
        return Err(wrong("body", reason.to_owned()));
    }
    let too_large = |what: &str| Denial::failed(Fault::TooLarge, format!("{what} is larger than an entry may carry"));
    if entry.header_bytes.len() > limits::HEADER_BYTES_MAX {
        return Err(too_large("the header"));
    }
    if entry.payload.size() > size_max {
        return Err(too_large("the payload"));
    }
    if entry.officers.len() > limits::OFFICER_SIGNATURES_MAX {
        return Err(too_large("the list of signatures"));
    }
    Ok(())
}

/// A commit with what it needs; or, from a desk that asks to be taken in anew, a KeyPackage alone.
fn is_whole(handshake: &Handshake, step: Step) -> bool {
    let asks = step == Step::AskRejoin;
    let commit = [&handshake.commit, &handshake.group_info, &handshake.welcome, &handshake.opening];
    let [has_commit, has_package] = [!handshake.commit.is_empty(), !handshake.key_package.is_empty()];
    if asks { has_package && commit.iter().all(|part| part.is_empty()) } else { has_commit && !has_package }
}

/// An entry lives from `created` to `expires`, 30 days at most, and not in the future beyond the clocks' skew. `EXPIRED`.
pub(crate) fn times(header: &Header, cx: &Context<'_>) -> Result<(), Denial> {
    let now = cx.now;
    let own = matches!(cx.origin, Origin::OwnDesk(_));
    let fault = |detail: &str| Err(Denial::failed(Fault::Expired, detail));
    if header.created > now.plus_ms(limits::CLOCK_AHEAD_MS_MAX) {
        // Our clock may be the wrong one, and time mends it: another gateway asks again.
        let fault = if own { Fault::Expired } else { Fault::PeerUnreachable };
        Err(Denial::failed(fault, "the entry was made in the future, by our clock"))
    } else if own && header.created.plus_ms(limits::SUBMISSION_AGE_MS_MAX) < now {
        // What officers signed longer ago may no longer be what they mean.
        fault("the entry was made more than a day ago")
    } else if header.expires < now {
        fault("the entry's time is over")
    } else if header.expires <= header.created {
        fault("the entry ends before it begins")
    } else if header.expires > header.created.plus_ms(limits::ENTRY_LIFETIME_MS_MAX) {
        fault("the entry lives longer than 30 days")
    } else {
        Ok(())
    }
}

/// A case is between two parties, we are one, and an entry goes from one to the other. R93.
pub(crate) fn parties(header: &Header, own: PartyId) -> Result<(), Denial> {
    let of_case = |party: PartyId| party == header.home || party == header.peer;
    let (field, reason) = if header.home == header.peer {
        ("peer", "a case is between two parties")
    } else if !of_case(own) {
        ("peer", "the case is not ours")
    } else if !of_case(header.sender.party()) {
        ("sender", "the sender is of no party of the case")
    } else if header.recipient.party() != header.counterpart(header.sender.party()) {
        ("recipient", "the recipient is not of the other party of the case")
    } else {
        return Ok(());
    };
    let remedy = "Address an authority of the other party of the case.";
    Err(Refusal::new(RefusalCode::R93, RULE, reason, remedy).at(field).into())
}

/// A case begins with the opening of its group by the home, and keeps its parties. `None`: it begins with this entry.
pub(crate) fn known<'f>(file: Option<&'f CaseFile>, header: &Header) -> Result<Option<&'f CaseFile>, Denial> {
    // A file of which nothing is left was opened once, and the other gateway said no.
    let file = file.filter(|file| file.admitted.is_some() || !file.pending.is_empty());
    match file {
        Some(file) if (file.id, file.home, file.peer) == (header.case, header.home, header.peer) => Ok(Some(file)),
        Some(_) => Err(Denial::failed(Fault::Unknown, "there is no such case between these parties")),
        None if header.step == Step::OpenGroup => Ok(None),
        None => Err(Denial::failed(Fault::Unknown, "there is no such case here: it begins with open_group")),
    }
}

/// One pending entry of a peer at a time, and nothing new behind an entry of which nobody knows whether it arrived.
pub(crate) fn turn(file: &CaseFile, cx: &Context<'_>) -> Result<(), Denial> {
    if matches!(cx.origin, Origin::PeerGateway(_)) {
        return Ok(());
    }
    if file.pending.iter().any(|one| one.overdue) {
        let detail = "an entry of the case has lapsed and the other gateway has not said whether it took it";
        return Err(Denial::failed(Fault::PeerUnreachable, detail));
    }
    if file.side() == Side::Peer && !file.pending.is_empty() {
        let detail = "an entry of the case awaits the answer of the home gateway";
        return Err(Denial::failed(Fault::StaleCase, detail));
    }
    Ok(())
}

/// Both parties mean the same rule: a case opens and a request is sent under the pin of our own rule, and the pin never changes.
/// R92.
pub(crate) fn pin(file: &CaseFile, header: &Header, cx: &Context<'_>) -> Result<(), Denial> {
    let remedy = "Both parties compare the versions of their treaty catalogues (`treaty effective`).";
    let refuse = |reason: String| Err(Refusal::new(RefusalCode::R92, RULE, reason, remedy).at("pin").into());
    if header.pin != file.pin {
        return refuse(format!("unknown treaty pin {}: the case runs under {}", header.pin.short(), file.pin.short()));
    }
    if !matches!(header.step, Step::OpenGroup | Step::SealSend) {
        return Ok(());
    }
    let [a, b] = cx.rule.parties();
    if BTreeSet::from([a, b]) != BTreeSet::from([header.home, header.peer]) {
        return Err(Denial::failed(Fault::Internal, "the rule is that of another pair"));
    }
    let ours = cx.rule.pin();
    if header.pin != ours {
        let reason = format!("unknown treaty pin {}: ours is {}", header.pin.short(), ours.short());
        let remedy = "Where the rule has changed since the request was written, write a new request under it. Else both parties \
                      compare the versions of their treaty catalogues (`treaty effective`).";
        return Err(Refusal::new(RefusalCode::R92, RULE, reason, remedy).at("pin").into());
    }
    if cx.rule.is_empty() {
        return refuse(format!("no treaty is in force between {} and {}", header.home, header.peer));
    }
    Ok(())
}

/// An entry names its predecessor, and what does not fit is refused, never reordered: `STALE_CASE`. Where it fits behind an
/// entry of ours that the other gateway must have admitted, though its answer has not arrived, the entry has to wait for it.
pub(crate) fn chain(
    file: &CaseFile,
    basis: &Basis,
    header: &Header,
    cx: &Context<'_>,
) -> Result<Option<EntryId>, Denial> {
    let stale = || Err(Denial::failed(Fault::StaleCase, "another entry of the case came first"));
    match (cx.origin, file.pending.last()) {
        (Origin::PeerGateway(_), Some(last)) if header.previous == last.digest => Ok(Some(last.entry)),
        // The home orders: what its own desks sent came first.
        (Origin::PeerGateway(_), Some(_)) if file.side() == Side::Home => stale(),
        _ if header.previous == basis.head => Ok(None),
        _ => stale(),
    }
}

/// The request is allowed by our own copy of the rule: its first refusal, if any; else what the shared rule says of its answers.
pub(crate) fn treaty(header: &Header, cx: &Context<'_>) -> Result<Vec<(MeasureId, Terms)>, Denial> {
    if header.step != Step::SealSend {
        return Ok(Vec::new());
    }
    let query = Query { used: Some(cx.used), ..Query::of(header, cx.sender_kind, cx.recipient_kind) };
    let decision = cx.rule.decide(&query);
    if decision.allowed() {
        return Ok(Terms::of(cx.rule, &query));
    }
    let none =
        || Refusal::new(RefusalCode::R92, RULE, "the treaty permits nothing of it", "Ask for what a treaty permits.");
    Err(decision.refusals.into_iter().next().unwrap_or_else(none).into())
}

/// The procedure and the treaty's terms allow the step now, by these officers. R93, R94. What rests on elapsed time is held to our own
/// clock too: an entry of the other side counts from now on, one of our own desks from when the other gateway will have taken it.
pub(crate) fn procedure(
    basis: &Basis,
    entry: &Entry,
    terms: &[(MeasureId, Terms)],
    now: Timestamp,
) -> Result<Event, Denial> {
    let signers: Vec<(KeyId, Role)> = entry.officers.iter().map(|one| (one.signature.key, one.role)).collect();
    let command = Command::of(&entry.header, &signers).under(terms).carrying(entry.payload.size()).taken(now);
    Ok(decide(basis.case.as_ref(), &command, entry.header.created)?)
}

/// A file is named once, and an own desk has brought all of it before (R94); of the other party's, this gateway takes what it has room for
/// (R91). What the treaty lets an answer weigh, `procedure` has held.
pub(crate) fn attached(header: &Header, cx: &Context<'_>) -> Result<(), Denial> {
    let named = &header.declared.attached;
    let refuse = |code, reason: String, remedy: &str| {
        Err(Refusal::new(code, RULE, reason, remedy).at("declared.attached").into())
    };
    let each: BTreeSet<_> = named.iter().map(|one| one.digest).collect();
    let possible = named.iter().all(|one| (17..=limits::FILE_BYTES_MAX).contains(&one.bytes));
    if each.len() != named.len() || !possible || named.len() > limits::ATTACHED_MAX {
        let remedy = "The sending desk names each file once, with its length, as its gateway has it.";
        return refuse(RefusalCode::R94, "a file is named twice, or has a length that no file has".to_owned(), remedy);
    }
    let weight = header.declared.attached_bytes();
    match cx.origin {
        Origin::OwnDesk(_) if !named.is_empty() && !cx.attached.complete => {
            let reason = "the header names a file that is not whole at this gateway, in this case".to_owned();
            refuse(RefusalCode::R94, reason, "Bring the file first (desk attachment add), then release anew.")
        }
        Origin::PeerGateway(_) if weight > cx.attached.room => {
            let reason =
                format!("the files have {weight} bytes, and {} takes {} more in this case", cx.own, cx.attached.room);
            refuse(
                RefusalCode::R91,
                reason,
                "Release less, send a medium (out_of_band_media), or ask the operator of the other gateway for room: \
                 attachments.case_bytes_max.",
            )
        }
        _ => Ok(()),
    }
}

/// Who sends is in the group and so is who is addressed; a party brings in and takes out its own desks only; the desks that
/// opened the case and were addressed stay; a sealed body is bound to its header. R93, R94.
pub(crate) fn roster(file: &CaseFile, basis: &Basis, entry: &Entry, cx: &Context<'_>) -> Result<Seating, Denial> {
    let header = &entry.header;
    match (&cx.roster, header.step.is_handshake()) {
        (Err(denial), _) => Err(denial.clone()),
        (Ok(RosterFacts::Sealed { members, bound_to }), false) => {
            if sorted(members.iter().cloned()) != basis.members {
                return Err(Denial::failed(Fault::Internal, "the roster is that of another moment of the case"));
            }
            seated("sender", &header.sender, members)?;
            seated("recipient", &header.recipient, members)?;
            if *bound_to != entry.header_digest().as_bytes() {
                let remedy = "Seal the body for the header it is sent with.";
                let reason = "the sealed body is bound to another header";
                return Err(Refusal::new(RefusalCode::R94, "roster", reason, remedy).at("payload").into());
            }
            Ok(Seating::default())
        }
        (Ok(RosterFacts::Handshake { committer, members, added, removed, epoch, packages }), true) => {
            if *epoch != basis.epoch.saturating_add(1) {
                return Err(Denial::failed(Fault::StaleEpoch, "the commit is not for the newest epoch of the case"));
            }
            if **committer != header.sender {
                return Err(refuse("sender", format!("{} sends a commit of {committer}", header.sender)));
            }
            seated("sender", &header.sender, members)?;
            seated("recipient", &header.recipient, members)?;
            members_fit(file, header, members, added, removed)?;
            as_offered(file, added, removed, packages)?;
            let anew = sorted(added.iter().filter(|desk| removed.contains(desk)).cloned());
            let group = GroupChange { members: sorted(members.iter().cloned()), epoch: *epoch, anew };
            Ok(Seating { group: Some(group), package: None })
        }
        (Ok(RosterFacts::Asked { by, members, package }), true) => {
            if **by != header.sender {
                return Err(refuse("sender", format!("{} asks with a KeyPackage of {by}", header.sender)));
            }
            seated("sender", &header.sender, members)?;
            seated("recipient", &header.recipient, members)?;
            Ok(Seating { group: None, package: Some(*package) })
        }
        (Ok(_), _) => Err(Denial::failed(Fault::Internal, "the roster was asked about another kind of payload")),
    }
}

fn members_fit(
    file: &CaseFile,
    header: &Header,
    members: &[AuthorityId],
    added: &[AuthorityId],
    removed: &[AuthorityId],
) -> Result<(), Denial> {
    if members.len() > limits::MEMBERS_MAX {
        return Err(Denial::failed(Fault::TooLarge, format!("a group has at most {} desks", limits::MEMBERS_MAX)));
    }
    let foreign = |desk: &&AuthorityId| desk.party() != file.home && desk.party() != file.peer;
    if let Some(desk) = members.iter().find(foreign) {
        return Err(refuse("members", format!("{desk} is no authority of a party of the case")));
    }
    if header.step == Step::OpenGroup {
        if let Some(desk) = members.iter().find(|desk| **desk != header.sender && **desk != header.recipient) {
            return Err(refuse("members", format!("{desk} is neither who opens the case nor who is addressed")));
        }
        return Ok(());
    }
    let party = header.sender.party();
    // A desk of the other party is taken in anew where it asked for that, and not otherwise.
    let anew = |desk: &AuthorityId| file.asking.contains(desk) && added.contains(desk) && removed.contains(desk);
    if let Some(desk) = added.iter().chain(removed).find(|desk| desk.party() != party && !anew(desk)) {
        return Err(refuse("members", format!("{} cannot decide on the seat of {desk}", header.sender)));
    }
    seated("members", &file.home_desk, members)?;
    seated("members", &file.peer_desk, members)
}

/// Into a case that a joint team opened only its members are let: with the request, and afterwards. R93.
pub(crate) fn team(basis: &Basis, terms: &[(MeasureId, Terms)], cx: &Context<'_>) -> Result<(), Denial> {
    let members = match &cx.roster {
        Ok(RosterFacts::Sealed { members, .. } | RosterFacts::Handshake { members, .. }) => members,
        _ => return Ok(()),
    };
    let before = basis.case.iter().flat_map(|case| case.measures.values()).filter_map(|measure| measure.terms.as_ref());
    let all = before.chain(terms.iter().map(|(_, terms)| terms));
    for team in all.map(|terms| &terms.team).filter(|team| !team.is_empty()) {
        if let Some(desk) = members.iter().find(|desk| !team.contains(desk)) {
            let reason = format!("{desk} is not a member of the joint investigation team of this case");
            let remedy = "Take in members of the team alone; both parties can agree on others in its overlay.";
            return Err(Refusal::new(RefusalCode::R93, "roster", reason, remedy).at("members").into());
        }
    }
    Ok(())
}

fn seated(field: &str, desk: &AuthorityId, members: &[AuthorityId]) -> Result<(), Denial> {
    if members.contains(desk) { Ok(()) } else { Err(refuse(field, format!("{desk} has no seat in the case's group"))) }
}

fn refuse(field: &str, reason: String) -> Denial {
    let remedy = "Each party seats its own desks; who opened the case and who was addressed stay in it.";
    Refusal::new(RefusalCode::R93, "roster", reason, remedy).at(field).into()
}
