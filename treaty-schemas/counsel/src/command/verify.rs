//! `treaty verify`: every signature of a catalogue, by file and by pair.

use std::{collections::BTreeSet, path::PathBuf};

use clap::Args;
use jiff::civil::Date;
use model::{Exit, PartyId};
use serde_json::json;
use shelf::{Need, Shelf, Signatures, State, Subject};

use super::{
    apply::read_roots,
    plan::{pairs_of, shelf_failure, target},
};
use crate::{answer::Answer, cli::Session, failure::Failure};

/// Verify the signatures of the catalogue in --catalogue. Ends with 3 where one is missing, with 9 where one does not hold.
#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// The roots of the parties, as in STATE/root/root.cert.pem: files, or folders of .cert.pem files.
    #[arg(long, required = true, num_args = 1.., value_name = "FILES|DIR")]
    roots: Vec<PathBuf>,
    /// Only this pair, as in --pair JP FR [default: every pair whose roots are given].
    #[arg(long, num_args = 2, value_names = ["A", "B"])]
    pair: Vec<PartyId>,
    /// Whose national file counts too.
    #[arg(long, value_name = "PARTY")]
    own: Option<PartyId>,
    /// On which day [default: today].
    #[arg(long)]
    on: Option<Date>,
}

impl Verify {
    pub(crate) fn run(&self, session: &Session) -> Result<Answer, Failure> {
        let shelf = Shelf::open(target(session)?, Signatures::Required).map_err(shelf_failure)?;
        let roots = read_roots(&self.roots)?;
        let on = self.on.unwrap_or_else(|| session.today());
        let pairs = match pairs_of(&self.pair)? {
            Some(pairs) => pairs,
            None => {
                let known: BTreeSet<_> = shelf.catalog().parties().map(|(party, _)| party).collect();
                let known: Vec<_> = roots.keys().filter(|party| known.contains(party)).copied().collect();
                let others = |i: usize| known.iter().skip(i + 1);
                known.iter().enumerate().flat_map(|(i, a)| others(i).map(move |b| [*a, *b])).collect()
            }
        };
        if pairs.is_empty() {
            return Err(Failure::new(Exit::Usage, "there is no pair of parties whose roots are given")
                .remedy("Give the roots of two parties at least: --roots STATE-A/root STATE-B/root"));
        }
        let (mut text, mut value) = (String::new(), Vec::new());
        let (mut missing, mut bad) = (false, false);
        for [a, b] in pairs {
            let standing = shelf.standing((a, b), on, self.own, &roots, session.now);
            bad |= standing.bad().next().is_some();
            missing |= !standing.holds();
            let verdict = if standing.holds() { "in force as signed" } else { "REFUSED" };
            text += &format!("{a} and {b} on {on}: {verdict}, pin {}\n", standing.pin);
            standing.needs.iter().for_each(|need| text += &format!("  {} {need}\n", mark(need)));
            value.push(json!({
                "pair": [a, b],
                "pin": standing.pin,
                "holds": standing.holds(),
                "signed_by": standing.signed_by(),
                "needs": standing.needs.iter().map(to_value).collect::<Vec<_>>(),
            }));
        }
        let exit = match (bad, missing) {
            (true, _) => Exit::Integrity,
            (_, true) => Exit::Findings,
            _ => Exit::Ok,
        };
        Ok(Answer::new(json!({ "on": on.to_string(), "pairs": value }), text).ending(exit))
    }
}

fn mark(need: &Need) -> &'static str {
    match need.state {
        State::Signed(_) => "ok     ",
        State::Missing(_) => "missing",
        State::Bad(_) => "BAD    ",
    }
}

fn to_value(need: &Need) -> serde_json::Value {
    let file = match &need.what {
        Subject::File(path) | Subject::Removal(path) => Some(path),
        Subject::Pin(..) => None,
    };
    json!({ "file": file, "by": need.by, "state": mark(need).trim().to_lowercase(), "sentence": need.to_string() })
}
