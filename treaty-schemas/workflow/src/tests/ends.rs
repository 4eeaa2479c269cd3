//! Whether every case and every matter comes to its end, over all that the procedure can come to by what `decide` takes: not by its table,
//! whose guards forbid much of what it shows. Time may pass.

use std::{collections::BTreeMap, sync::LazyLock};

use model::{MatterId, MeasureId, Step};

use super::{
    NOW, Order,
    alone::{Deed, SIDES, SILENCE_MS, order, said, settled, shape, together, treaties},
    case_in, matters, take,
};
use crate::{Case, Event, Matter, MatterKind, MatterState, Measure, Side, State, Terms, apply, moves_matter};

/// Who leads from one case to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mover {
    Side(Side),
    /// The gateways, which do what they do.
    Delivery,
    /// A gateway that refuses, or a link that stays cut: nobody counts on it.
    Failure,
}

#[derive(Debug, Clone)]
struct Node {
    case: Case,
    /// Whether an acceptance stands, by a decider, by who took the offer, or by the treaty that declares the type automatic.
    accepted: bool,
}

/// Cases, each once, and who leads from which to which.
struct Walk {
    nodes: Vec<Node>,
    ways: Vec<(usize, Mover, usize)>,
}

impl Walk {
    fn over(starts: Vec<Node>, key: fn(&Case) -> String, ways: impl Fn(&Node) -> Vec<(Mover, Node)>) -> Self {
        let mut walk = Self { nodes: Vec::new(), ways: Vec::new() };
        let mut seen = BTreeMap::new();
        let mut place = |nodes: &mut Vec<Node>, node: Node| {
            *seen.entry((key(&node.case), node.accepted)).or_insert_with(|| {
                nodes.push(node);
                nodes.len() - 1
            })
        };
        for start in starts {
            place(&mut walk.nodes, start);
        }
        let mut from = 0;
        while from < walk.nodes.len() {
            for (mover, node) in ways(&walk.nodes[from]) {
                let to = place(&mut walk.nodes, node);
                walk.ways.push((from, mover, to));
            }
            from += 1;
        }
        walk
    }

    /// The cases that these sides cannot bring to an end: all others lead back from one.
    fn endless(&self, sides: &[Side], is_over: impl Fn(&Case) -> bool) -> Vec<&Case> {
        let mut ends: Vec<bool> = self.nodes.iter().map(|node| is_over(&node.case)).collect();
        let counts = |mover: &Mover| match mover {
            Mover::Side(side) => sides.contains(side),
            Mover::Delivery => true,
            Mover::Failure => false,
        };
        loop {
            let more: Vec<usize> = self
                .ways
                .iter()
                .filter(|(from, mover, to)| ends[*to] && !ends[*from] && counts(mover))
                .map(|(from, _, _)| *from)
                .collect();
            if more.is_empty() {
                return self.nodes.iter().zip(ends).filter(|(_, ends)| !ends).map(|(node, _)| &node.case).collect();
            }
            more.into_iter().for_each(|from| ends[from] = true);
        }
    }
}

/// All that a side can do by one step in a case, whoever of its officers it takes, after whatever silence of the other side.
fn taken(case: &Case, step: Step, terms: &Terms) -> Vec<(Mover, Event)> {
    let by = |(side, sender): (Side, &'static str)| {
        let said = said(&order(step, sender, Some(case), terms)).into_iter();
        let signed = said
            .flat_map(move |order| together(step).into_iter().map(move |signers| Order { signers, ..order.clone() }));
        signed
            .filter_map(move |order| order.decide_at(Some(case), NOW.plus_ms(SILENCE_MS)).ok())
            .map(move |event| (Mover::Side(side), event))
    };
    SIDES.into_iter().flat_map(by).collect()
}

fn measure(case: &Case) -> Option<&Measure> {
    case.measures.get(&MeasureId(1))
}

/// Where the only measure can go from here. No matter is kept in mind: none moves a measure.
fn moves(node: &Node, terms: &Terms) -> Vec<(Mover, Node)> {
    let case = &node.case;
    let mut events = Vec::new();
    if case.state() == State::Sent {
        events.push((Mover::Delivery, Event::delivered(case, NOW)));
        events.push((Mover::Failure, Event::denied(case, None, NOW)));
        events.push((Mover::Failure, Event::no_route(case, NOW)));
    }
    let steps = Step::ALL.into_iter().filter(|step| !moves_matter(*step));
    events.extend(steps.flat_map(|step| taken(case, step, terms)));
    let onward = events.into_iter().map(|(mover, event)| {
        let after = apply(Some(case.clone()), &event);
        let releases = Deed::between(case, &after).contains(&Deed::Release);
        assert!(!releases || node.accepted, "{:?} of what nobody accepted in {}", event.change, case.state());
        let kept = measure(case).is_some_and(|measure| measure.keeps() && measure.has_records());
        // What never came to its keeper, it need not destroy.
        let came = !matches!(case.state(), State::Lapsed | State::Blocked);
        let closes = after.state() == State::Closed && case.state() != State::Closed;
        assert!(!(closes && kept && came), "{} is closed over records that have to be destroyed", case.state());
        let accepted = match after.state() {
            State::Accepted => true,
            State::Review | State::Refused => false,
            _ => node.accepted,
        };
        let at_work = matches!(after.state(), State::Executing | State::Partial | State::Ready);
        assert!(!at_work || accepted, "{:?}: nobody accepted it", event.change);
        (mover, Node { case: settled(Case { matters: BTreeMap::new(), ..after }), accepted })
    });
    onward.collect()
}

/// Of every treaty.
static WALKED: LazyLock<Vec<(Terms, Walk)>> =
    LazyLock::new(|| treaties().into_iter().map(|terms| (terms.clone(), walked(&terms))).collect());

fn walked(terms: &Terms) -> Walk {
    let opened = order(Step::OpenGroup, "JP:central", None, terms).decide(None).unwrap();
    let start = Node { case: settled(apply(None, &opened)), accepted: terms.automatic };
    Walk::over(vec![start], shape, |node| moves(node, terms))
}

/// Whether a side has records that it must destroy, or return, before the case ends.
fn is_left_with(side: Side, case: &Case) -> bool {
    measure(case).is_some_and(|measure| {
        let in_use = matches!(measure.state, State::InUse | State::DisposalDue);
        // What was given and withdrawn is destroyed by who got it.
        let owed = measure.keeps() || in_use || measure.gives();
        let over = matches!(measure.state, State::Lapsed | State::Blocked | State::Disposed | State::Closed);
        measure.keeper() == side && !measure.released.is_empty() && owed && !over
    })
}

fn is_closed(case: &Case) -> bool {
    case.state() == State::Closed
}

#[test]
fn every_state_leads_to_closed_and_nothing_is_released_unless_it_was_accepted_automatic_or_given_nor_closed_over_records()
 {
    for (terms, walk) in WALKED.iter() {
        assert!(walk.nodes.len() > 10, "{}", walk.nodes.len());
        assert!(walk.endless(&[Side::Home, Side::Peer], is_closed).is_empty());
        // A part has arrived, and nothing says how long it is kept.
        let part = |node: &Node| {
            measure(&node.case).is_some_and(|one| one.state == State::Received && one.outstanding && !one.keeps())
        };
        assert_eq!(walk.nodes.iter().any(part), !terms.gives && terms.retention_days.is_none());
    }
}

#[test]
fn the_requesting_party_ends_every_case_alone_but_one_in_which_it_gave_what_the_other_has_to_destroy() {
    for (terms, walk) in WALKED.iter() {
        let endless = walk.endless(&[Side::Home], is_closed);
        assert_eq!(endless.is_empty(), !terms.gives);
        for node in &walk.nodes {
            let stuck = endless.iter().any(|case| **case == node.case);
            assert_eq!(stuck, is_left_with(Side::Peer, &node.case), "{}", shape(&node.case));
        }
    }
}

#[test]
fn the_requested_party_ends_every_case_alone_but_one_that_was_not_sent_or_in_which_the_other_has_records_to_destroy() {
    for (_, walk) in WALKED.iter() {
        let endless = walk.endless(&[Side::Peer], is_closed);
        for node in &walk.nodes {
            let stuck = endless.iter().any(|case| **case == node.case);
            let unsent = node.case.state() == State::Validated;
            assert_eq!(stuck, unsent || is_left_with(Side::Home, &node.case), "{}", shape(&node.case));
        }
    }
}

fn matter(case: &Case) -> Option<&Matter> {
    case.matters.get(&MatterId(1))
}

/// All that is told of a matter but when.
fn standing(case: &Case) -> String {
    let undated =
        matter(case).map(|one| Matter { opened: NOW, since: NOW, granted: one.granted.map(|_| NOW), ..one.clone() });
    format!("{undated:?} {}", case.state())
}

/// Every case that a kind of matter can come to: opened by either side, by records that are not taken, and, for a hearing, when its measure is withdrawn.
fn matters_walked(kind: MatterKind) -> Walk {
    let ways = |node: &Node| {
        let steps = Step::ALL.into_iter().filter(|step| moves_matter(*step));
        let events = steps.flat_map(|step| taken(&node.case, step, &Terms::default()));
        let after = |event: &Event| Node { case: settled(apply(Some(node.case.clone()), event)), accepted: true };
        let own = events.map(|(mover, event)| (mover, after(&event)));
        own.filter(|(_, node)| matter(&node.case).is_some_and(|one| one.kind == kind)).collect()
    };
    let node = |case| Node { case: settled(case), accepted: true };
    let mut starts = vec![node(matters::start(kind))];
    if kind == MatterKind::Correction {
        starts.push(node(take(Some(case_in(State::Produced, &[1])), Step::Reject, &[1])));
    }
    let walk = Walk::over(starts, standing, ways);
    if kind != MatterKind::Hearing {
        return walk;
    }
    let mut starts = walk.nodes.clone();
    starts.extend(walk.nodes.into_iter().map(|one| node(take(Some(one.case), Step::Withdraw, &[1]))));
    Walk::over(starts, standing, ways)
}

#[test]
fn either_side_ends_every_matter_alone_but_a_recall_which_its_keeper_ends_by_destroying() {
    let is_over = |case: &Case| matter(case).is_none_or(|one| one.state == MatterState::Closed);
    for kind in MatterKind::ALL {
        let walk = matters_walked(kind);
        assert!(walk.nodes.len() > 3, "{kind}");
        for (side, _) in SIDES {
            let endless = walk.endless(&[side], is_over);
            for node in &walk.nodes {
                let stuck = endless.iter().any(|case| **case == node.case);
                let recalled = matter(&node.case).is_some_and(|one| one.state == MatterState::Recalled);
                assert_eq!(stuck, recalled && side == Side::Peer, "{kind} by {side:?}: {}", standing(&node.case));
            }
        }
    }
}
