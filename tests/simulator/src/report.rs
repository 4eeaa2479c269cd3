//! One page for people, with everything in it: no script, no network, no font of others. Each chart has its table and its CSV beside it.

mod page;
mod people;
mod sections;
mod versus;

use page::{Page, Table};

use crate::{Comparison, Results, results::MODEL};

/// Where a page comes from: what its reader needs to make it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provenance {
    /// The command that makes it again.
    pub command: String,
    /// Programs and files, with versions or digests.
    pub made_of: Vec<(String, String)>,
}

/// The page of a scenario.
pub fn html(results: &Results, provenance: &Provenance) -> String {
    let mut page = Page::new(&results.title);
    sections::opening(&mut page, results);
    sections::ring(&mut page, results);
    sections::answers(&mut page, results);
    sections::clocks(&mut page, results);
    sections::refusals(&mut page, results);
    people::queues(&mut page, results);
    sections::faults(&mut page, results);
    people::traffic(&mut page, results);
    people::privacy(&mut page, results);
    assumed(&mut page, results);
    made(&mut page, provenance);
    page.done()
}

/// The page of two scenarios side by side.
pub fn comparison_html(comparison: &Comparison, both: [&Results; 2], provenance: &Provenance) -> String {
    let mut page = Page::new(&format!("{} and {}", both[0].title, both[1].title));
    versus::told(&mut page, comparison, both);
    versus::inputs(&mut page, comparison);
    versus::rows(&mut page, comparison);
    assumed(&mut page, both[1]);
    made(&mut page, provenance);
    page.done()
}

/// What is our own, in every page.
fn assumed(page: &mut Page, results: &Results) {
    page.section("What is assumed", "assumptions");
    page.say(&format!(
        "{} numbers of this run are assumptions of who wrote the scenario, and nobody's measurement. A conclusion that hangs on one of \
         them is worth as much as that one.",
        results.assumptions.len()
    ));
    let mut table = Table::new("assumptions", &["what", "value", "why"]);
    for one in &results.assumptions {
        table.row([one.what.clone(), one.value.clone(), one.origin.clone()]);
    }
    page.table(&table);
    page.say("The model takes this for granted in every scenario:");
    let mut table = Table::new("model", &["of", "what"]);
    for (of, what) in MODEL {
        table.row([of.to_owned(), what.to_owned()]);
    }
    page.table(&table);
    if !results.sources.is_empty() {
        page.say("These have a source:");
        let mut table = Table::new("sources", &["what", "value", "source"]);
        for one in &results.sources {
            table.row([one.what.clone(), one.value.clone(), one.origin.clone()]);
        }
        page.table(&table);
    }
}

fn made(page: &mut Page, provenance: &Provenance) {
    page.section("How to make it again", "provenance");
    page.code(&provenance.command);
    page.say("The same seed gives the same bytes on every machine. This page was made of:");
    let mut table = Table::new("provenance", &["part", "version or SHA-256"]);
    for (part, version) in &provenance.made_of {
        table.row([part.clone(), version.clone()]);
    }
    page.folded(&format!("{} parts", provenance.made_of.len()), &table);
}
