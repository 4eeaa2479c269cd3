//! Cases that an earlier program folded.

use model::{Denial, Fault, HeaderDigest, Step};

use super::world::{Gateway, NOW, both_after};
use crate::{CaseFile, PastEntry};

const RELEASED: &[Step] = &[
    Step::OpenGroup,
    Step::SealSend,
    Step::Acknowledge,
    Step::OpenReview,
    Step::Recognise,
    Step::Assign,
    Step::Collected,
    Step::Release,
];

/// The entries of the case, in their order, as a gateway keeps them.
fn past(gateway: &Gateway) -> Vec<PastEntry> {
    let of = |digest: &HeaderDigest| {
        let entry = gateway.entries.values().map(super::world::Draft::entry).find(|one| one.header_digest() == *digest);
        let entry = entry.unwrap();
        PastEntry {
            digest: *digest,
            signers: entry.officers.iter().map(|one| (one.signature.key, one.role)).collect(),
            bytes: entry.payload.size(),
            taken: NOW,
            header: entry.header,
        }
    };
    gateway.settled.iter().map(of).collect()
}

/// As a program stored it that did not note which entries brought records.
fn of_an_earlier_program(file: &CaseFile) -> CaseFile {
    let mut file = CaseFile { fold: 0, ..file.clone() };
    let measures = file.admitted.iter_mut().flat_map(|case| case.measures.values_mut());
    measures.for_each(|measure| measure.entries.clear());
    file
}

#[test]
fn a_case_of_an_earlier_program_is_folded_anew_and_knows_what_that_did_not_note() {
    let (home, peer) = both_after(RELEASED);
    for gateway in [home, peer] {
        let file = gateway.file.as_ref().unwrap();
        let old = of_an_earlier_program(file);
        assert!(old.is_folded_otherwise() && !file.is_folded_otherwise());
        assert_ne!(old.admitted, file.admitted);
        assert_eq!(&old.refolded(&past(&gateway)).unwrap(), file);
    }
}

#[test]
fn a_case_is_not_folded_anew_from_less_or_other_entries_than_it_has() {
    let (home, _) = both_after(RELEASED);
    let old = of_an_earlier_program(home.file.as_ref().unwrap());
    let whole = past(&home);
    let without = |index: usize| {
        let mut some = whole.clone();
        some.remove(index);
        old.refolded(&some).unwrap_err()
    };
    for denial in [without(0), without(3), without(whole.len() - 1), old.refolded(&[]).unwrap_err()] {
        assert!(matches!(denial, Denial::Failed { fault: Fault::Storage, .. }), "{denial}");
    }
}

#[test]
fn what_the_rule_said_when_the_request_was_sent_stays_with_a_case_that_is_folded_anew() {
    let (home, _) = both_after(RELEASED);
    let file = home.file.as_ref().unwrap();
    let terms = |file: &CaseFile| {
        let case = file.admitted.clone().unwrap();
        case.measures.into_values().map(|measure| measure.terms.unwrap()).collect::<Vec<_>>()
    };
    let anew = of_an_earlier_program(file).refolded(&past(&home)).unwrap();
    assert_eq!(terms(&anew), terms(file));
}
