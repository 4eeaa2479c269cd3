use std::sync::Arc;

use model::PartyId;

use crate::{
    Diagnostic,
    restrict::{self, Restriction},
    source::{Place, Report, Source},
    version::{Address, Head, Versioned},
};

/// `national/XX.toml`: what a state asks of itself. It is never in a pin, and never leaves the state.
#[derive(Debug)]
pub(crate) struct NationalFile {
    pub(crate) head: Head,
    pub(crate) party: PartyId,
    pub(crate) place: Place,
    pub(crate) restrictions: Vec<Restriction>,
}

impl Versioned for NationalFile {
    fn head(&self) -> &Head {
        &self.head
    }
}

impl NationalFile {
    /// Reads a file, whose name must be its party's.
    pub(crate) fn read(source: &Arc<Source>) -> Result<Self, Vec<Diagnostic>> {
        Report::read(source, |report, root| {
            let head = Head::read(report, root, "national/1", true)?;
            let party = root.must::<PartyId>(report, "party")?;
            let restrictions = restrict::read(report, root, Some(party));
            head.expect_path(report, root.span_of("party"), &Address::National(party));
            if restrictions.as_ref().is_some_and(Vec::is_empty) {
                report.wrong_with_help(0..0, "this file changes nothing", "write a [[restrict]], or delete the file");
            }
            let place = report.place(root.span_of("party"));
            Some(Self { head, party, place, restrictions: restrictions? })
        })
    }
}
