//! A pair that is bound by the United Nations convention alone, under the catalogue as it is: Japan asks Kenya.

use model::{AuthorityId, Header, RefusalCode, SelectorKind, Step};
use treaty::{Catalog, Rule};
use workflow::State;

use super::terms::Pair;
use super::world::{Draft, Gateway, desk, party};

fn rule() -> &'static Rule {
    let catalog = Catalog::builtin().unwrap();
    Box::leak(Box::new(catalog.rule(party("JP"), party("KE"), jiff::civil::date(2026, 9, 21))))
}

fn asks_where_somebody_is(header: &mut Header) {
    for scope in &mut header.measures {
        scope.article = "untoc:18(3)(i)".parse().unwrap();
        scope.request_type = "locate".parse().unwrap();
        scope.records = vec!["location_report".parse().unwrap()];
        scope.selectors = vec![SelectorKind::Person];
    }
}

/// The step as it should be, between these two.
fn draft(pair: &Pair, step: Step) -> Draft {
    let mut draft = pair.draft(step, false);
    let kenyan = |one: &mut AuthorityId| {
        if one.party() == party("FR") {
            *one = desk("KE:central");
        }
    };
    draft.members.iter_mut().for_each(kenyan);
    let header = &mut draft.header;
    kenyan(&mut header.sender);
    kenyan(&mut header.recipient);
    header.peer = party("KE");
    asks_where_somebody_is(header);
    if let Some(validation) = &mut header.validation {
        validation.statement.measures.clone_from(&header.measures);
    }
    if step == Step::Refuse {
        header.ground = Some(RefusalCode::R02);
    }
    draft
}

#[test]
fn under_untoc_a_refusal_without_prior_consultation_is_rejected_by_both_gateways_with_its_clause() {
    let of = |own| Gateway { rule: rule(), ..Gateway::of(own) };
    let mut pair = Pair { home: of("JP"), peer: of("KE"), number: 0 };
    for step in [Step::OpenGroup, Step::SealSend, Step::Acknowledge, Step::OpenReview] {
        pair.takes(&draft(&pair, step)).unwrap();
    }
    let refusal = pair.both_say(&draft(&pair, Step::Refuse));
    assert_eq!((refusal.code, refusal.field.as_deref()), (RefusalCode::R94, Some("concerns")), "{refusal}");
    assert_eq!(refusal.article.unwrap().to_string(), "untoc:18(3)(i)");
    assert_eq!(
        refusal.remedy,
        "Let a decider of KE open it (consult), and JP say that it was held (consult_done); then refuse."
    );
    for step in [Step::Consult, Step::ConsultDone, Step::Refuse] {
        pair.takes(&draft(&pair, step)).unwrap();
    }
    assert_eq!(pair.state(), State::Refused);
}
