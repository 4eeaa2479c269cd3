//! What a gateway's decisions cost without its network and its disk, and what MLS costs a desk: each by itself, on one thread.

use identity::{Verified, sign_envelope};
use model::{AuthorityKind, Denial, Entry, EnvelopeDigest, Fault, Payload, Role, Timestamp};
use proto::types as wire;
use relay::{Answer, CaseFile, Context, Origin, Plan, RosterFacts, admit, conclude};
use roster::{CaseBinding, Follower, Frame, Grace};
use seal::Member;
use tokio::time::Instant;
use treaty::{Query, QuotaNeeded, Rule, Used};

use crate::{
    case::{Case, Prepared},
    desks::Desks,
    failure::Failure,
    floors::mean,
    sample::Sample,
};

const TIMES: usize = 2000;
const DECISIONS: usize = 100_000;

/// Microseconds, but where the name says otherwise.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Inner {
    pub(crate) decode: f64,
    pub(crate) verify_entry: f64,
    pub(crate) check_sealed: f64,
    pub(crate) admit: f64,
    pub(crate) check_handshake: f64,
    pub(crate) decide_p50_ns: f64,
    pub(crate) decide_p99_ns: f64,
    pub(crate) seal: f64,
    pub(crate) open: f64,
}

/// A case as the home gateway holds it after its group is open, and the request that comes next.
struct Bench<'a> {
    desks: &'a Desks,
    rule: &'a Rule,
    now: Timestamp,
    follower: Follower,
    file: CaseFile,
    request: Verified<Entry>,
    wire: wire::Entry,
}

pub(crate) fn measure(desks: &Desks, case: &Case, rule: &Rule, now: Timestamp) -> Result<Inner, Failure> {
    let [home, peer] = &desks.both;
    let binding = CaseBinding::new(case.id, case.pin, case.home, case.peer);
    let mut own = Member::create(&home.leaf, &binding, &home.trust, now)?;
    let handshake = own.add(&[&case.key_package], &home.trust, now)?;
    let [opening, request, ..] = &case.entries[..] else { return Err(Failure::new("a case without a request")) };
    let approved = Follower::open_with(&handshake, &binding, &home.trust, now)?;
    let check_handshake = mean(TIMES / 20, || {
        Follower::open_with(&handshake, &binding, &home.trust, now)?;
        Ok(())
    })?;
    own.merge(&approved.epoch)?;
    let mut other = Member::join(
        std::slice::from_ref(&peer.leaf),
        &case.private,
        &handshake.welcome,
        &binding,
        &approved.epoch,
        &peer.trust,
        now,
    )?;
    let sealed = own.seal(&request.plain, request.digest)?;
    let opening = entry(desks, opening, Payload::Handshake(handshake));
    let opening = home.trust.verify_entry(proto::convert::receive_entry(proto::convert::send_entry(&opening))?, now)?;
    let facts = RosterFacts::Handshake {
        committer: &approved.committer,
        members: &approved.members,
        added: &approved.added,
        removed: &approved.removed,
        epoch: approved.epoch.epoch,
        packages: &approved.packages,
    };
    let file = opened(admit(None, &opening, &context(desks, rule, now, Ok(facts)))?, &opening, now)?;
    let request = entry(desks, request, Payload::Sealed(sealed));
    let wire = proto::convert::send_entry(&request);
    let request = home.trust.verify_entry(proto::convert::receive_entry(wire.clone())?, now)?;
    let bench = Bench { desks, rule, now, follower: approved.next, file, request, wire };
    let (seal, open) = mls(&mut own, &mut other, &case.entries[1])?;
    let (decide_p50_ns, decide_p99_ns) = bench.decide();
    Ok(Inner {
        decode: bench.decode()?,
        verify_entry: bench.verify_entry()?,
        check_sealed: bench.check_sealed()?,
        admit: bench.admit()?,
        check_handshake,
        decide_p50_ns,
        decide_p99_ns,
        seal,
        open,
    })
}

impl Bench<'_> {
    fn decode(&self) -> Result<f64, Failure> {
        mean(TIMES, || {
            proto::convert::receive_entry(self.wire.clone())?;
            Ok(())
        })
    }

    fn verify_entry(&self) -> Result<f64, Failure> {
        mean(TIMES, || {
            let received = proto::convert::receive_entry(self.wire.clone())?;
            self.desks.both[0].trust.verify_entry(received, self.now)?;
            Ok(())
        })
    }

    fn check_sealed(&self) -> Result<f64, Failure> {
        let Payload::Sealed(sealed) = &self.request.payload else { return Err(Failure::new("not sealed")) };
        let digest = self.request.header_digest();
        mean(TIMES, || Ok(self.follower.check_sealed(sealed, digest, Grace::PreviousEpoch)?))
    }

    fn admit(&self) -> Result<f64, Failure> {
        let Payload::Sealed(sealed) = &self.request.payload else { return Err(Failure::new("not sealed")) };
        let members = self.follower.members();
        let frame = Frame::read(sealed)?;
        let facts = RosterFacts::Sealed { members: &members, bound_to: frame.authenticated_data };
        let header = &self.request.header;
        let first = |quota: QuotaNeeded| Used { counted: quota.counted, per: quota.per, requests: 1, subjects: 1 };
        let used: Vec<_> = self.rule.quotas(header.peer, &header.measures).into_iter().map(first).collect();
        let context = Context { used: &used, ..context(self.desks, self.rule, self.now, Ok(facts)) };
        mean(TIMES, || match admit(Some(&self.file), &self.request, &context)? {
            Plan::Execute(_) => Ok(()),
            _ => Err(Failure::new("the request was not admitted")),
        })
    }

    /// Each question by itself, so with the time that reading the clock takes.
    fn decide(&self) -> (f64, f64) {
        let header = &self.request.header;
        let query =
            Query { validator: Some(Role::Judge), ..Query::of(header, AuthorityKind::Central, AuthorityKind::Central) };
        let one = |_| {
            let started = Instant::now();
            std::hint::black_box(self.rule.decide(std::hint::black_box(&query)));
            started.elapsed().as_secs_f64() * 1e9
        };
        let times = Sample::new((0..DECISIONS).map(one).collect());
        (times.quantile(0.5), times.quantile(0.99))
    }
}

fn mls(own: &mut Member, other: &mut Member, prepared: &Prepared) -> Result<(f64, f64), Failure> {
    let mut sealed = Vec::with_capacity(TIMES / 4);
    let seal = mean(TIMES / 4, || {
        sealed.push(own.seal(&prepared.plain, prepared.digest)?);
        Ok(())
    })?;
    let mut sealed = sealed.into_iter();
    let open = mean(TIMES / 4, || {
        let one = sealed.next().ok_or_else(|| Failure::new("nothing to open"))?;
        other.open(&one, prepared.digest)?;
        Ok(())
    })?;
    Ok((seal, open))
}

fn entry(desks: &Desks, prepared: &Prepared, payload: Payload) -> Entry {
    let desk = sign_envelope(&desks.both[prepared.side].key, EnvelopeDigest::of(prepared.digest, &payload));
    Entry {
        header: prepared.header.clone(),
        header_bytes: prepared.bytes.clone(),
        payload,
        officers: prepared.officers.clone(),
        desk,
    }
}

fn context<'a>(
    desks: &'a Desks,
    rule: &'a Rule,
    now: Timestamp,
    roster: Result<RosterFacts<'a>, Denial>,
) -> Context<'a> {
    let desk = &desks.both[0].id;
    Context {
        training: false,
        own: desk.party(),
        now,
        origin: Origin::OwnDesk(desk),
        seen: None,
        rule,
        used: &[],
        sender_kind: AuthorityKind::Central,
        recipient_kind: AuthorityKind::Central,
        earlier: None,
        attached: relay::AttachedFacts::default(),
        roster,
    }
}

/// The case after the other gateway took its opening, too.
fn opened(plan: Plan, opening: &Entry, now: Timestamp) -> Result<CaseFile, Failure> {
    let Plan::Execute(admission) = plan else { return Err(Failure::new("the opening was not admitted")) };
    let concluded = conclude(&admission.file, opening.header.entry, &Answer::Accepted(now), now)?;
    let nothing = || Denial::failed(Fault::Internal, "the opening was not concluded");
    Ok(concluded.ok_or_else(nothing)?.file)
}
