//! `treaty plan`: what a change of a catalogue brings, and who must sign it, as a file that goes from state to state.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, OpenOptions},
    io::{ErrorKind, Read, Write},
    path::{Path, PathBuf},
};

use clap::Args;
use jiff::civil::Date;
use model::{Exit, PartyId};
use serde_json::{Value, json};
use shelf::{Change, Files, Plan, PlanError, ShelfError};

use super::apply::pauses_to_value;
use crate::{answer::Answer, cli::Session, failure::Failure};

/// Plan a change of the catalogue in --catalogue: what it changes for whom, which pins follow, and who must sign.
#[derive(Debug, Args)]
pub(crate) struct MakePlan {
    /// The folder of the new catalogue.
    new: PathBuf,
    /// Where to write the plan. The file must not exist.
    #[arg(short, long, value_name = "FILE")]
    out: PathBuf,
    /// From which day on the parties accept the new rules, as in 2027-01-01 [default: today].
    #[arg(long, value_name = "DATE")]
    effective: Option<Date>,
    /// Let only this pair sign, as in --pair JP FR. May be given again [default: every pair that is concerned].
    #[arg(long, num_args = 2, value_names = ["A", "B"])]
    pair: Vec<PartyId>,
    /// Plan the national layer of this party, and nothing else. National files are in no other plan.
    #[arg(long, value_name = "PARTY", conflicts_with_all = ["pair", "effective"])]
    national: Option<PartyId>,
}

impl MakePlan {
    pub(crate) fn run(&self, session: &Session) -> Result<Answer, Failure> {
        let base = base(session)?;
        let new = Files::read(&self.new).map_err(shelf_failure)?;
        let today = session.today();
        let effective = self.effective.unwrap_or(today);
        let plan = match self.national {
            Some(party) => Plan::of_national(&base, &new, today, party),
            None => Plan::of(&base, &new, today, effective, pairs_of(&self.pair)?.as_deref()),
        };
        let plan = match plan {
            Err(PlanError::Nothing) => return Ok(Answer::new(json!({ "plan": null }), PlanError::Nothing.to_string())),
            plan => plan.map_err(plan_failure)?,
        };
        write_new(&self.out, &plan.to_json().map_err(plan_failure)?)?;
        let pauses = plan.pauses(&base, today).map_err(shelf_failure)?;
        let warnings: String = pauses.iter().map(|one| format!("\nWARNING: {one}.\n")).collect();
        let advice = match pauses.is_empty() {
            true => String::new(),
            false => "  Apply it on that day and not before; or leave today's rule as it is, and give what changes a later valid_from.\n".to_owned(),
        };
        let written = format!("Written: {}\n{}", self.out.display(), next(&plan, &self.out));
        let text = format!("{}{warnings}{advice}\n{written}", in_words(&plan));
        let mut value = to_value(&plan);
        if let Value::Object(fields) = &mut value {
            fields.insert("pauses".to_owned(), pauses_to_value(&pauses).into());
        }
        Ok(Answer::new(value, text))
    }
}

/// `--pair JP FR --pair JP SG`.
pub(crate) fn pairs_of(parties: &[PartyId]) -> Result<Option<Vec<[PartyId; 2]>>, Failure> {
    let pairs: Vec<_> = parties.chunks_exact(2).filter_map(|two| <[PartyId; 2]>::try_from(two).ok()).collect();
    if let Some([a, _]) = pairs.iter().find(|[a, b]| a == b) {
        return Err(Failure::new(Exit::Usage, format!("{a} and {a} are no pair")));
    }
    Ok((!pairs.is_empty()).then(|| pairs.into_iter().map(|[a, b]| [a.min(b), a.max(b)]).collect()))
}

/// The catalogue to be changed; empty where the folder does not exist yet.
fn base(session: &Session) -> Result<Files, Failure> {
    let folder = target(session)?;
    match Files::read(folder) {
        Err(ShelfError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => Ok(Files::default()),
        read => read.map_err(shelf_failure),
    }
}

/// The folder that is planned for and changed.
pub(crate) fn target(session: &Session) -> Result<&Path, Failure> {
    session.catalogue.as_deref().ok_or_else(|| {
        Failure::new(Exit::Usage, "the built-in files cannot be changed")
            .remedy("Name the folder of the catalogue: --catalogue DIR (it need not exist yet).")
    })
}

pub(crate) fn read_plan(path: &Path) -> Result<Plan, Failure> {
    let file = fs::File::open(path).map_err(|error| Failure::reading(path, &error))?;
    let mut text = String::new();
    let limit = shelf::limits::PLAN_BYTES_MAX;
    file.take(limit).read_to_string(&mut text).map_err(|error| Failure::reading(path, &error))?;
    Plan::from_json(&text).map_err(plan_failure)
}

pub(crate) fn plan_failure(error: PlanError) -> Failure {
    let remedy = match &error {
        PlanError::Shelf(error) => return Failure::new(error.exit(), error.told()),
        PlanError::Stale { .. } => "Make a new plan against this catalogue: treaty plan.",
        PlanError::Altered(_) => "Get the plan from who made it, or make it anew: treaty plan.",
        PlanError::Unsigned(_) => {
            "Let them sign: treaty sign PLAN. What concerns others alone can wait (treaty apply --partly), the removal of a file not."
        }
        PlanError::Bad(_) => "Let them sign again, or get the right certificate of their treaty key into keys/.",
        PlanError::Sign { .. } => "Sign with the key and certificate that the party uses now.",
        PlanError::Unfit(_) => {
            "Mend the new files (the next version of one: treaty new version FILE), then plan again."
        }
        PlanError::NoPlan(_) | PlanError::Unknown(_) | PlanError::Nothing => "See treaty plan --help.",
    };
    let cause = match &error {
        PlanError::Sign { source, .. } => format!("{error}: {source}"),
        _ => error.to_string(),
    };
    Failure::new(error.exit(), cause).remedy(remedy)
}

pub(crate) fn shelf_failure(error: ShelfError) -> Failure {
    Failure::new(error.exit(), error.told())
}

fn write_new(path: &Path, text: &str) -> Result<(), Failure> {
    let open = OpenOptions::new().write(true).create_new(true).open(path);
    let mut file = open.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => Failure::new(Exit::Conflict, format!("{} exists already", path.display()))
            .remedy("Choose another file: a plan that others may have signed is never overwritten."),
        _ => Failure::writing(path, &error),
    })?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(|error| Failure::writing(path, &error))
}

/// What a plan says, for people.
pub(crate) fn in_words(plan: &Plan) -> String {
    let mut text = match plan.national {
        Some(party) => format!("The national layer of {party}; statements of {}.\n", plan.created),
        None => format!("Accepted from {} on; statements of {}.\n", plan.effective, plan.created),
    };
    for file in plan.files.iter().filter(|file| file.change != Change::Kept) {
        text += &format!("  {:8} {} {}\n", file.change.as_str(), file.sha256, file.path);
    }
    let kept = plan.files.iter().filter(|file| file.change == Change::Kept).count();
    text += &format!("  {kept} files stay as they are\n");
    for planned in &plan.pairs {
        let [a, b] = planned.pair;
        text += &format!("\n{a} and {b}:\n");
        let days: BTreeSet<Date> =
            planned.changes.iter().map(|day| day.from).chain(planned.pins.iter().map(|(from, _)| *from)).collect();
        for day in days {
            let pin = planned.pins.iter().find(|(from, _)| *from == day);
            text += &match pin {
                Some((_, pin)) => format!("  from {day} pin {pin}\n"),
                None => format!("  from {day} the same pin\n"),
            };
            let said = planned.changes.iter().filter(|one| one.from == day).flat_map(|one| &one.sentences);
            let mut said = said.map(|sentence| format!("    {sentence}\n")).peekable();
            match said.peek() {
                Some(_) => said.for_each(|line| text += &line),
                None => text += "    as in the catalogue before\n",
            }
        }
    }
    text += "\nWho signs:\n";
    for (party, [done, all]) in progress(plan) {
        text += &format!(
            "  {party} {all} statements, {}\n",
            match done {
                0 => "none signed".to_owned(),
                done if done == all => "all signed".to_owned(),
                done => format!("{done} signed"),
            }
        );
    }
    text
}

/// By party: statements that bear its line, and all that it must sign. Whether the lines hold is asked when the plan is applied.
pub(crate) fn progress(plan: &Plan) -> BTreeMap<PartyId, [usize; 2]> {
    let mut progress: BTreeMap<PartyId, [usize; 2]> = BTreeMap::new();
    for note in &plan.notes {
        for party in &note.signers {
            let count = progress.entry(*party).or_default();
            let name = format!("\u{2014} {}.", party.to_dns_label());
            let signed = note.note.as_ref().is_some_and(|note| note.lines().any(|line| line.starts_with(&name)));
            count[0] += usize::from(signed);
            count[1] += 1;
        }
    }
    progress
}

/// The same for programs, without the files' texts.
pub(crate) fn to_value(plan: &Plan) -> Value {
    let files: Vec<_> = plan
        .files
        .iter()
        .map(|file| json!({ "path": file.path, "change": file.change, "version": file.version, "sha256": file.sha256 }))
        .collect();
    let progress: BTreeMap<String, Value> = progress(plan)
        .into_iter()
        .map(|(party, [signed, all])| (party.to_string(), json!({ "statements": all, "signed": signed })))
        .collect();
    json!({
        "created": plan.created.to_string(),
        "effective": plan.effective.to_string(),
        "national": plan.national,
        "base": plan.base,
        "files": files,
        "pairs": plan.pairs,
        "signers": progress,
    })
}

fn next(plan: &Plan, out: &Path) -> String {
    let signers: Vec<_> = plan.signers().iter().map(ToString::to_string).collect();
    format!(
        "Next, by {}: treaty sign {} --catalogue … --key … --cert … --passphrase-file …",
        signers.join(" and "),
        out.display()
    )
}
