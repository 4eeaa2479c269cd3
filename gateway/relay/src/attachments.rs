use model::{EntryId, MeasureId, Step};
use workflow::{Case, MatterState, State};

/// Whether an entry of this step can make sealed files go, once it is part of the case.
pub fn may_let_files_go(step: Step) -> bool {
    matches!(step, Step::CertifyDisposal | Step::CertifyShredding | Step::ReturnRequest | Step::Close)
}

/// Whether the files that `entry` brought for the measures `about` have to go: two custodians have certified that what was given is
/// destroyed, or it went back, or the measure is over. A file goes whole, with the last measure that it is about.
pub fn files_go(case: &Case, entry: EntryId, about: &[MeasureId]) -> bool {
    about.iter().all(|id| {
        let over = |state| matches!(state, State::Disposed | State::Returned | State::Closed);
        let shredded = case
            .matters
            .values()
            .any(|matter| matter.recalled && matter.state != MatterState::Recalled && matter.is_about(entry, *id));
        shredded || case.measures.get(id).is_none_or(|measure| over(measure.state))
    })
}
