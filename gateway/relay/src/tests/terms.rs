//! What the treaty says of an answer is held against it by both gateways, whoever sends it.

use model::{Challenge, Classification, ConditionCode, Denial, PostponementCode, RefusalCode, Role, Step, Timestamp};
use treaty::Rule;
use workflow::{Case, State};

use super::world::{Draft, Fate, Gateway, NOW, key, relay, strict_rule};
use crate::Origin;

#[test]
fn a_request_of_training_and_a_real_one_do_not_meet_r93() {
    for (declares, own, fits) in [(false, false, true), (true, true, true), (true, false, false), (false, true, false)]
    {
        let mut pair = Pair { home: Gateway::of("JP"), peer: Gateway::of("FR"), number: 0 };
        let opened = Draft::proper(0, Step::OpenGroup, &[1], pair.head());
        pair.takes(&opened).unwrap();
        let mut sent = Draft::proper(1, Step::SealSend, &[1], pair.head());
        sent.header.declared.training = declares;
        let sender = sent.header.sender.clone();
        let home = pair.home.ask(&sent, Origin::OwnDesk(&sender), sent.header.created, |cx| cx.training = own);
        let peer = Origin::PeerGateway("JP".parse().unwrap());
        let peer = pair.peer.ask(&sent, peer, sent.header.created, |cx| cx.training = own);
        for said in [home, peer] {
            let told = said.as_ref().err().map(Denial::reason);
            assert_eq!(told, if fits { None } else { Some("R93") }, "{declares} {own}");
        }
    }
}

const MINUTE_MS: i64 = 60_000;

/// Both gateways under the strict rule, and the clock of their steps.
pub(super) struct Pair {
    pub(super) home: Gateway,
    pub(super) peer: Gateway,
    pub(super) number: u32,
}

impl Pair {
    /// A request that was sent and reviewed; an emergency's where `emergency`.
    pub(super) fn in_review(emergency: bool) -> Self {
        let mut pair = Self::acknowledged(strict_rule(), emergency);
        pair.takes(&pair.draft(Step::OpenReview, emergency)).unwrap();
        pair
    }

    /// A request that was sent and acknowledged, under a rule of both.
    pub(super) fn acknowledged(rule: &'static Rule, emergency: bool) -> Self {
        let of = |own| Gateway { rule, ..Gateway::of(own) };
        let mut pair = Self { home: of("JP"), peer: of("FR"), number: 0 };
        for step in [Step::OpenGroup, Step::SealSend, Step::Acknowledge] {
            pair.takes(&pair.draft(step, emergency)).unwrap();
        }
        pair
    }

    /// The step as it should be, a minute after the last one.
    pub(super) fn draft(&self, step: Step, emergency: bool) -> Draft {
        let mut draft = Draft::proper(self.number, step, &[1], self.head());
        draft.header.pin = self.home.rule.pin();
        draft.header.created = NOW.plus_ms(i64::from(self.number) * MINUTE_MS);
        if step == Step::SealSend {
            draft.header.declared.classification = Some(Classification::Official);
            if emergency {
                draft.header.declared.emergency = true;
                draft.header.measures[0].article = "ets-185:32".parse().unwrap();
                draft.header.measures[0].request_type = "emergency_data".parse().unwrap();
            }
            let measures = draft.header.measures.clone();
            if let Some(validation) = &mut draft.header.validation {
                (validation.statement.pin, validation.statement.measures) = (draft.header.pin, measures);
            }
        }
        draft
    }

    fn head(&self) -> model::HeaderDigest {
        self.home.head()
    }

    /// Submits it where it belongs and relays it.
    pub(super) fn takes(&mut self, draft: &Draft) -> Result<(), Denial> {
        let now = draft.header.created;
        let by_home = draft.header.sender.party() == self.home.own;
        let (from, to) = if by_home { (&mut self.home, &mut self.peer) } else { (&mut self.peer, &mut self.home) };
        from.submit(draft, now)?;
        relay(from, to, Fate::Arrives, now);
        assert!(from.pending().is_empty());
        self.number += 1;
        assert_eq!(self.home.file.as_ref().map(|f| &f.admitted), self.peer.file.as_ref().map(|f| &f.admitted));
        Ok(())
    }

    /// What both gateways say to it: the own one of who sends, and the other, which was never asked before.
    pub(super) fn both_refuse(&self, draft: &Draft) -> String {
        let refusal = self.both_say(draft);
        assert_eq!(refusal.code, RefusalCode::R94, "{refusal}");
        format!("{} [{}]", refusal.field.unwrap(), refusal.article.unwrap())
    }

    pub(super) fn both_say(&self, draft: &Draft) -> model::Refusal {
        let (now, sender) = (draft.header.created, draft.header.sender.clone());
        let by_home = sender.party() == self.home.own;
        let (own, other) = if by_home { (&self.home, &self.peer) } else { (&self.peer, &self.home) };
        let said = own.ask(draft, Origin::OwnDesk(&sender), now, |_| {}).unwrap_err();
        assert_eq!(other.ask(draft, Origin::PeerGateway(own.own), now, |_| {}).unwrap_err(), said);
        let Denial::Refused(refusal) = said else { unreachable!("{said}") };
        *refusal
    }

    /// The case, as both gateways hold it.
    pub(super) fn case(&self) -> Case {
        self.peer.file.as_ref().unwrap().shown().unwrap()
    }

    pub(super) fn state(&self) -> State {
        self.peer.file.as_ref().unwrap().shown().unwrap().state()
    }
}

#[test]
fn a_refusal_without_prior_consultation_is_rejected_by_both_gateways() {
    let mut pair = Pair::in_review(false);
    assert_eq!(pair.both_refuse(&pair.draft(Step::Refuse, false)), "concerns [ets-185:31]");
    pair.takes(&pair.draft(Step::Consult, false)).unwrap();
    assert_eq!(pair.state(), State::Consult);
    pair.takes(&pair.draft(Step::ConsultDone, false)).unwrap();
    pair.takes(&pair.draft(Step::Refuse, false)).unwrap();
    assert_eq!(pair.state(), State::Refused);
}

#[test]
fn a_ground_that_the_treaty_does_not_know_is_rejected_by_both_gateways() {
    let pair = Pair::in_review(false);
    let mut refuse = pair.draft(Step::Refuse, false);
    refuse.header.ground = Some(RefusalCode::R02);
    assert_eq!(pair.both_refuse(&refuse), "ground [ets-185:31]");
}

#[test]
fn an_emergency_without_a_call_back_cannot_reach_accepted_whoever_says_that_he_called() {
    let mut pair = Pair::in_review(true);
    let grant = |pair: &Pair, at: Option<Timestamp>| {
        let mut recognise = pair.draft(Step::Recognise, true);
        recognise.header.declared.callback = at;
        recognise
    };
    let unproved = |pair: &Pair, draft: &Draft, field: &str| {
        let refusal = pair.both_say(draft);
        assert_eq!((refusal.code, refusal.field.as_deref()), (RefusalCode::R95, Some(field)), "{refusal}");
        assert!(refusal.article.is_some() && !refusal.remedy.is_empty());
    };
    let late = pair.draft(Step::Recognise, true).header.created.plus_ms(1);
    for (at, why) in [(None, "none"), (Some(NOW), "before the request came"), (Some(late), "after the step")] {
        assert_eq!(pair.both_refuse(&grant(&pair, at)), "declared.callback [ets-185:32]", "{why}");
    }
    let early = Some(NOW.plus_ms(2 * MINUTE_MS));
    unproved(&pair, &grant(&pair, early), "declared.callback");
    // An hour later he calls.
    pair.number = 60;
    let challenge = Challenge::new([7; 10]);
    let request = pair.case().request.unwrap();
    let mut open = pair.draft(Step::OpenCallback, true).by_peer();
    open.header.declared.challenge = Some(challenge.commitment(open.header.case, request));
    let at = Some(open.header.created.plus_ms(MINUTE_MS / 2));
    pair.takes(&open).unwrap();
    unproved(&pair, &grant(&pair, at), "declared.callback");
    let answer = |pair: &Pair, response: Challenge| {
        let mut answer = pair.draft(Step::AnswerCallback, true);
        answer.header.declared.response = Some(response);
        answer
    };
    unproved(&pair, &answer(&pair, Challenge::new([8; 10])), "declared.response");
    assert_eq!(pair.both_say(&answer(&pair, challenge).by_peer()).code, RefusalCode::R93, "not by who calls");
    pair.takes(&answer(&pair, challenge)).unwrap();
    // What both sides have told of the call says when it was: no other moment passes for it.
    assert_eq!(pair.both_refuse(&grant(&pair, early)), "declared.callback [ets-185:32]", "before it was drawn");
    pair.number += 60;
    let since = Some(pair.draft(Step::Recognise, true).header.created);
    assert_eq!(pair.both_refuse(&grant(&pair, since)), "declared.callback [ets-185:32]", "after it was given back");
    pair.takes(&grant(&pair, at)).unwrap();
    assert_eq!(pair.state(), State::Accepted);
}

#[test]
fn a_release_of_too_many_bytes_or_without_its_mark_is_rejected_by_both_gateways() {
    let mut pair = Pair::in_review(false);
    for step in [Step::Recognise, Step::Assign, Step::Collected] {
        pair.takes(&pair.draft(step, false)).unwrap();
    }
    let mut release = pair.draft(Step::Release, false);
    assert_eq!(pair.both_refuse(&release), "declared.classification [ets-185:31]");
    release.header.declared.classification = Some(Classification::Secret);
    assert_eq!(pair.both_refuse(&release), "declared.classification [ets-185:31]");
    release.header.declared.classification = Some(Classification::Restricted);
    let mut long = release.clone();
    long.payload = model::Payload::Sealed(model::Sealed::from_wire(bytes::Bytes::from_static(b"seven b")));
    assert_eq!(pair.both_refuse(&long), "payload [ets-185:31]");
    pair.takes(&release).unwrap();
    assert_eq!(pair.state(), State::Produced);
}

pub(super) fn go(pair: &mut Pair, steps: &[Step]) {
    for step in steps {
        pair.takes(&pair.draft(*step, false)).unwrap();
    }
}

#[test]
fn questions_and_their_answers_pass_both_gateways_and_lead_back() {
    let mut pair = Pair::in_review(false);
    go(&mut pair, &[Step::AskInfo]);
    assert_eq!(pair.state(), State::InfoWait);
    go(&mut pair, &[Step::GiveInfo]);
    assert_eq!(pair.state(), State::Review);
    go(&mut pair, &[Step::Recognise, Step::Assign, Step::AskInfo, Step::GiveInfo]);
    assert_eq!(pair.state(), State::Executing);
}

#[test]
fn other_conditions_than_were_offered_are_rejected_by_both_gateways() {
    let mut pair = Pair::in_review(false);
    go(&mut pair, &[Step::OfferConditions, Step::DeclineConditions, Step::OfferConditions]);
    assert_eq!(pair.state(), State::CondOffer);
    let mut accept = pair.draft(Step::AcceptConditions, false);
    accept.header.conditions.push(ConditionCode::C04);
    assert_eq!(pair.both_say(&accept).field.unwrap(), "conditions");
    go(&mut pair, &[Step::AcceptConditions]);
    assert_eq!(pair.state(), State::Accepted);
}

#[test]
fn an_emergency_is_not_offered_under_conditions_without_a_call_back() {
    let pair = Pair::in_review(true);
    assert_eq!(pair.both_refuse(&pair.draft(Step::OfferConditions, true)), "declared.callback [ets-185:32]");
}

#[test]
fn a_postponement_without_consultation_or_for_another_reason_is_rejected_by_both_gateways() {
    let mut pair = Pair::in_review(false);
    let mut other = pair.draft(Step::Postpone, false);
    other.header.declared.postponement = Some(PostponementCode::P02);
    assert_eq!(pair.both_refuse(&other), "declared.postponement [ets-185:31]");
    assert_eq!(pair.both_refuse(&pair.draft(Step::Postpone, false)), "concerns [ets-185:31]");
    go(&mut pair, &[Step::Consult, Step::ConsultDone, Step::Postpone]);
    assert_eq!(pair.state(), State::Postponed);
    go(&mut pair, &[Step::Resume]);
    assert_eq!(pair.state(), State::Review);
}

#[test]
fn the_bytes_of_all_parts_count_at_both_gateways_and_those_of_a_rejected_one_do_not() {
    let mut pair = Pair::in_review(false);
    go(&mut pair, &[Step::Recognise, Step::Assign, Step::PartCollected]);
    let release = |pair: &Pair, bytes: &'static [u8]| {
        let mut release = pair.draft(Step::Release, false);
        release.header.declared.classification = Some(Classification::Restricted);
        release.payload = model::Payload::Sealed(model::Sealed::from_wire(bytes::Bytes::from_static(bytes)));
        release
    };
    pair.takes(&release(&pair, b"four")).unwrap();
    go(&mut pair, &[Step::Confirm, Step::MoreToCome, Step::PartCollected]);
    assert_eq!(pair.both_refuse(&release(&pair, b"fou")), "payload [ets-185:31]");
    pair.takes(&release(&pair, b"tw")).unwrap();
    go(&mut pair, &[Step::Reject]);
    assert_eq!(pair.state(), State::Ready);
    pair.takes(&release(&pair, b"ow")).unwrap();
    go(&mut pair, &[Step::Confirm]);
    assert_eq!(pair.state(), State::Received);
}

#[test]
fn a_rejection_is_the_custodians_and_a_return_rests_on_r93() {
    let mut pair = Pair::in_review(false);
    go(&mut pair, &[Step::AskInfo]);
    let mut back = pair.draft(Step::ReturnRequest, false);
    back.header.ground = Some(RefusalCode::R07);
    assert_eq!(pair.both_say(&back).field.unwrap(), "ground");
    go(&mut pair, &[Step::ReturnRequest]);
    assert_eq!(pair.state(), State::Returned);
    let mut reject = pair.draft(Step::Reject, false);
    reject.signers = vec![(key(1), Role::Central)];
    assert_eq!(pair.both_say(&reject).code, RefusalCode::R94, "nothing was released");
    go(&mut pair, &[Step::Close]);
    assert_eq!(pair.state(), State::Closed);
}
