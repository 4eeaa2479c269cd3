//! `desk train`: a simulated authority that answers by itself, for training. It signs with the officers' keys of a state that was made
//! for nothing else, and refuses to run for any other.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use clap::Args;
use desk::{
    Document, RequestBody,
    counterpart::{Act, Asked, Persona, Situation, Standing, next, training_banner},
    translation::language_of,
};
use identity::TRAINING_MARK;
use model::{Exit, Language, MeasureId, RecordType, Step};
use proto::desk as wire;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::{
    Answer, list,
    officer::Signer,
    session::Session,
    step::{Ask, Common, Order, Words},
};
use crate::{failure::Failure, signing::request_body};

/// How often the inbox is looked at.
const LOOK: Duration = Duration::from_millis(500);
/// A persona, in bytes.
const PERSONA_BYTES_MAX: u64 = 64 * 1024;

/// `desk train`.
#[derive(Debug, Args)]
pub(super) struct Train {
    /// How it behaves (TOML): asks_first, question, decides = "produce", "refuse", "conditions" or "varied", ground, conditions, parts,
    /// delay_s.
    #[arg(long, value_name = "FILE")]
    persona: Option<PathBuf>,
    /// Answer what can be answered now, and end.
    #[arg(long)]
    once: bool,
    /// The number that stands for chance: the same number plays the same.
    #[arg(long, default_value_t = 0)]
    choice: u64,
}

impl Train {
    pub(super) async fn run(&self, session: &Session) -> Result<Answer, Failure> {
        let status = session.desk().get_desk_status(wire::GetDeskStatusRequest {}).await?.into_inner();
        if !status.training {
            let what = format!("{} is no simulated authority: its state was not made for training", status.authority);
            return Err(Failure::new(Exit::Refused, what)
                .remedy("Make a state for it: gateway init --training. A real one cannot become one."));
        }
        let persona = self.persona()?;
        let Persona { name, .. } = &persona;
        session.tell(&format!("*** {TRAINING_MARK} ***\n{} answers by itself: {name}. Ctrl-C ends.", status.authority));
        let mut player = Player { session, persona, choice: self.choice, failed: BTreeMap::new(), acts: Vec::new() };
        loop {
            let acted = match player.turn(self.once).await {
                // A desk that restarts, or is busy, is asked again: who learns must not find the counterpart gone.
                Err(failure) if !self.once && failure.exit() == Exit::Unreachable => {
                    session.tell(&failure.to_string());
                    false
                }
                turn => turn?,
            };
            if self.once && !acted {
                break;
            }
            if !acted {
                sleep(LOOK).await;
            }
        }
        let told: Vec<_> = player.acts.iter().map(|(case, step)| format!("{case}  {step}")).collect();
        let value: Vec<_> =
            player.acts.iter().map(|(case, step)| json!({ "case": case, "step": step.as_str() })).collect();
        let text = if told.is_empty() { "nothing to answer".to_owned() } else { told.join("\n") };
        Ok(Answer::new(json!({ "training": true, "acts": value }), format!("*** {TRAINING_MARK} ***\n{text}")))
    }

    fn persona(&self) -> Result<Persona, Failure> {
        let Some(path) = &self.persona else { return Ok(Persona::default()) };
        let length = std::fs::metadata(path).map_err(|error| Failure::reading(path, &error))?.len();
        if length > PERSONA_BYTES_MAX {
            return Err(Failure::new(Exit::Usage, format!("{} is no persona: it is too long", path.display())));
        }
        let text = std::fs::read_to_string(path).map_err(|error| Failure::reading(path, &error))?;
        let wrong = |why: String| Failure::new(Exit::Usage, format!("{}: {why}", path.display()));
        let persona: Persona = toml::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        persona.check().map_err(|why| wrong(why.to_owned()))?;
        Ok(persona)
    }
}

/// The simulated authority at its desk.
struct Player<'a> {
    session: &'a Session,
    persona: Persona,
    choice: u64,
    /// Cases in which an act failed, and how long their timeline was: they are left alone until they move.
    failed: BTreeMap<String, usize>,
    acts: Vec<(String, Step)>,
}

impl Player<'_> {
    /// Goes through the inbox once. Says whether it has done anything.
    async fn turn(&mut self, once: bool) -> Result<bool, Failure> {
        let cases = list::all(self.session, "ours", &[]).await?;
        let mut acted = false;
        for case in cases.iter().filter(|case| case.side == "requested" && case.r#move == "ours") {
            let shown = self.session.show(&case.case_id).await?;
            let moved = shown.timeline.len();
            if self.failed.get(&case.case_id) == Some(&moved) {
                continue;
            }
            match self.answer(&shown).await {
                Ok(None) => {}
                Ok(Some(step)) => {
                    acted = true;
                    let short = case.case_id.get(..8).unwrap_or_default();
                    self.session.tell(&format!("{short}  {step}  ({TRAINING_MARK})"));
                    // In a run that does not end, what was done is told when it is done.
                    if once {
                        self.acts.push((case.case_id.clone(), step));
                    }
                }
                Err(failure) if once => return Err(failure),
                Err(failure) => {
                    self.session.tell(&failure.to_string());
                    self.failed.insert(case.case_id.clone(), moved);
                }
            }
        }
        Ok(acted)
    }

    async fn answer(&self, shown: &wire::GetCaseResponse) -> Result<Option<Step>, Failure> {
        let Some(summary) = &shown.summary else { return Ok(None) };
        let Some(request) = self.request(shown).await? else { return Ok(None) };
        let own = self.session.config.authority.to_string();
        let steps = |names: &[String]| names.iter().filter_map(|name| name.parse().ok()).collect::<Vec<Step>>();
        let possible = steps(&summary.possible_steps);
        let ours = shown.timeline.iter().filter(|one| one.sender == own && one.verdict == "admitted");
        let taken = steps(&ours.map(|one| one.step.clone()).collect::<Vec<_>>());
        let measures: Vec<_> = shown.measures.iter().map(standing).collect();
        let language = language_of(&request.language.original).unwrap_or(Language::English);
        let case = Situation { ours: true, possible: &possible, taken: &taken, measures: &measures };
        let asked = Asked { request: &request, language };
        let Some(act) = next(&self.persona, &case, &asked, self.choice, &example) else { return Ok(None) };
        sleep(Duration::from_secs(self.persona.delay_s.into())).await;
        self.take(&summary.case_id, &act, language).await?;
        Ok(Some(act.step))
    }

    async fn request(&self, shown: &wire::GetCaseResponse) -> Result<Option<RequestBody>, Failure> {
        let Some(one) = shown.documents.iter().find(|one| one.record_type == "request") else { return Ok(None) };
        request_body(&self.session.document(&one.entry_id, one.index).await?.body).map(Some)
    }

    /// Takes the step as the first officer, and as the second where two are needed.
    async fn take(&self, case: &str, act: &Act, language: Language) -> Result<(), Failure> {
        let silent = act.text.is_empty() && act.step != Step::Release;
        if silent || (!act.text.is_empty() && !act.text.starts_with(training_banner(language))) {
            return Err(Failure::new(Exit::Failure, "a simulated authority says nothing without its banner"));
        }
        let documents = act.records.iter().map(|(record_type, value)| Document {
            record_type: record_type.clone(),
            bytes: value.to_string().into_bytes(),
        });
        let order = act.order.map(|form| Order::of_training(language).in_form(form)).transpose()?.flatten();
        let documents: Vec<_> = documents.chain(order).collect();
        let words = Words::of(&act.text);
        for number in 1..=2 {
            let signer = Signer::of(&format!("{}/officer-{number}", self.session.config.authority.name()));
            let officer = signer.open(self.session)?;
            let common = Common::of(case, signer);
            let ask = Ask {
                ground: act.ground,
                conditions: &act.conditions,
                documents: &documents,
                ..Ask::new(act.step, Some(&words))
            };
            if common.take(self.session, &officer, ask).await?.missing() == 0 {
                break;
            }
        }
        Ok(())
    }
}

fn standing(measure: &wire::MeasureView) -> Standing {
    Standing {
        id: MeasureId(measure.id),
        state: measure.state.clone(),
        consult_first: measure.consult_first,
        grounds: measure.grounds.iter().filter_map(|code| code.parse().ok()).collect(),
        ministry_notice: measure.ministry_notice,
        court_order: measure.court_order,
    }
}

/// The catalogue's first valid example of a record type.
fn example(record_type: &RecordType) -> Option<Value> {
    records::read(records::RecordTypes::example(record_type.as_str())?.as_bytes()).ok()
}
