//! What a request type must be so that it can give instead of ask.

use super::request::{DualCriminality, Request};
use crate::{
    TimerKind,
    source::{Place, Report},
};

/// Reports everything of `request` that only makes sense where somebody is asked. `place` is where it says that it is spontaneous.
pub(super) fn check(report: &mut Report<'_>, place: &Place, request: &Request) {
    let mut against = |message: &str, help: &str| {
        report.found(place.says(format!("it cannot give without being asked: {message}")).with_help(help));
    };
    if request.automatic {
        against("it is `automatic`, and nobody answers it", "leave out one of the two");
    }
    if request.compulsory {
        against("it compels somebody", "write `compulsory = false`: who gives compels nobody [ETS 185 art. 26]");
    }
    if request.emergency.is_some() {
        against("it is for emergencies, which somebody grants", "give the emergency a [request.…] of its own");
    }
    if request.dual_criminality == DualCriminality::Always {
        against(
            "it needs dual criminality",
            "write `dual_criminality = \"never\"`: that is for who is asked to act [UNTOC 18(9)]",
        );
    }
    if request.consent.is_some() || request.attributes.is_some() {
        against("a holder discloses it by consent", "leave out `consent` and `attributes`, or `spontaneous`");
    }
    if request.timers.iter().any(|timer| timer.kind == TimerKind::Preservation) {
        against("it preserves data", "leave out the timer `preservation`, or `spontaneous`");
    }
}
