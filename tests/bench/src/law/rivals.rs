//! The same rules in Cedar and in Rego. Before anything is timed, all must agree on thousands of questions: a disagreement ends
//! the run.

mod cedar;
mod clauses;
mod draw;
mod rego;

use std::{collections::BTreeMap, hint::black_box};

use model::{MeasureScope, PartyId};
use treaty::{Catalog, Rule};

use self::{cedar::Cedar, clauses::Clauses, draw::Draw};
use super::{DAY, compiled, question::Question, timed::Timed, world};
use crate::{Treaty, failure::Failure, floors::mean};

/// How many policies Cedar has in the larger comparisons, at least.
const SIZES: [usize; 2] = [200, 1000];
/// Of the questions, at least this share is allowed, and as many are refused: else their agreement would prove too little.
const BALANCE: f64 = 0.1;
/// For an engine and a question, so many calls are made at least, and else as many as take so long.
const CALLS_MIN: usize = 100;
const BUDGET_US: f64 = 1e5;
const SEED: u64 = 20_261_122;

/// An engine that holds the rules.
pub(crate) trait Judge {
    /// A question about one measure, in the engine's own form.
    type Request;

    /// Puts the question into that form: what every caller must pay who has only the facts.
    fn request(&self, question: &Question, scope: &MeasureScope) -> Result<Self::Request, Failure>;

    /// Whether it may be asked.
    fn allows(&mut self, request: &Self::Request) -> Result<bool, Failure>;
}

/// All comparisons.
pub(crate) struct Rivals {
    pub(crate) rounds: Vec<Round>,
}

/// One comparison, with the rules of one pair or more.
pub(crate) struct Round {
    pub(crate) pairs: usize,
    pub(crate) clauses: usize,
    pub(crate) policies: usize,
    /// Questions on which all agreed, and how many of them were allowed.
    pub(crate) agreed: usize,
    pub(crate) allowed: usize,
    /// Clauses that set what no rival is told, and what that is: nothing is asked under them.
    pub(crate) left_out: usize,
    pub(crate) untold: Vec<String>,
    pub(crate) lines: Vec<Line>,
}

/// One question, answered by all.
pub(crate) struct Line {
    pub(crate) name: &'static str,
    pub(crate) measures: usize,
    pub(crate) engines: Vec<Engine>,
}

/// How long one engine took.
pub(crate) struct Engine {
    pub(crate) name: &'static str,
    /// With the request made beforehand.
    pub(crate) prepared: Timed,
    /// With the making of the request.
    pub(crate) whole: Timed,
}

/// All engines with the same rules.
struct Field {
    rules: BTreeMap<[PartyId; 2], Rule>,
    policies: Cedar,
    sliced: Cedar,
    entities: Cedar,
    interpreted: rego::Interpreted,
    compiled: rego::Compiled,
}

pub(crate) fn measure(catalog: &Catalog, options: &Treaty) -> Result<Rivals, Failure> {
    let first: [PartyId; 2] = ["FR".parse()?, "JP".parse()?];
    let mut rounds = vec![round(catalog, &[first], options)?];
    let world = compiled::read(&world::files(catalog, options.parties))?;
    for size in SIZES {
        // One pair may have as many already.
        if rounds.iter().all(|round| round.policies < size) {
            rounds.push(round(&world, &at_least(&world, first, size)?, options)?);
        }
    }
    Ok(Rivals { rounds })
}

/// The first pair and as many others as it takes to have so many policies.
fn at_least(world: &Catalog, first: [PartyId; 2], policies: usize) -> Result<Vec<[PartyId; 2]>, Failure> {
    let (mut pairs, mut count) = (Vec::new(), 0);
    let others = compiled::pairs(world).into_iter().map(|(a, b)| [a, b]).filter(|pair| *pair != first);
    for pair in [first].into_iter().chain(others) {
        let more = cedar::count(&clauses(world, &[pair])?.1.all);
        if more > 0 {
            pairs.push(pair);
            count += more;
        }
        if count >= policies {
            return Ok(pairs);
        }
    }
    Err(Failure::new("the world has too few pairs"))
}

fn clauses(catalog: &Catalog, pairs: &[[PartyId; 2]]) -> Result<(BTreeMap<[PartyId; 2], Rule>, Clauses), Failure> {
    let mut clauses = Clauses::default();
    let mut rules = BTreeMap::new();
    for pair in pairs {
        let [a, b] = *pair;
        let rule = catalog.rule(a, b, DAY);
        clauses.add(&rule)?;
        rules.insert(rule.parties(), rule);
    }
    Ok((rules, clauses))
}

fn round(catalog: &Catalog, pairs: &[[PartyId; 2]], options: &Treaty) -> Result<Round, Failure> {
    let (rules, clauses) = clauses(catalog, pairs)?;
    let mut field = Field {
        rules,
        policies: Cedar::new(cedar::Form::Policies, &clauses.all)?,
        sliced: Cedar::new(cedar::Form::Sliced, &clauses.all)?,
        entities: Cedar::new(cedar::Form::Entities, &clauses.all)?,
        interpreted: rego::Interpreted::new(&clauses.all)?,
        compiled: rego::Compiled::new(&clauses.all)?,
    };
    let mut draw = Draw(SEED);
    let mut allowed = 0;
    for _ in 0..options.questions {
        allowed += usize::from(field.agrees(&draw.question(&clauses.all)?)?);
    }
    let share = allowed as f64 / options.questions as f64;
    if !(BALANCE..=1.0 - BALANCE).contains(&share) {
        return Err(Failure::new(format!("{allowed} of {} questions are allowed: too uneven", options.questions)));
    }
    let mut lines = Vec::new();
    for count in [1, 8] {
        for (name, question) in [("allowed", Question::stored_data()?), ("refused: bulk", Question::bulk()?)] {
            let question = question.times(count);
            field.agrees(&question)?;
            let engines = field.time(&question, options.calls)?;
            lines.push(Line { name, measures: question.measures.len(), engines });
        }
    }
    Ok(Round {
        pairs: pairs.len(),
        clauses: clauses.all.len(),
        policies: field.policies.policies(),
        agreed: options.questions,
        allowed,
        left_out: clauses.left_out,
        untold: clauses.untold.into_iter().collect(),
        lines,
    })
}

impl Field {
    /// What all say; a failure where one says otherwise.
    fn agrees(&mut self, question: &Question) -> Result<bool, Failure> {
        let ours = decide(&self.rules, question);
        let said = [
            ("Cedar (policies)", whole(&mut self.policies, question)?),
            ("Cedar (sliced)", whole(&mut self.sliced, question)?),
            ("Cedar (entities)", whole(&mut self.entities, question)?),
            ("Rego (interpreter)", whole(&mut self.interpreted, question)?),
            ("Rego (machine)", whole(&mut self.compiled, question)?),
        ];
        match said.iter().find(|(_, allows)| *allows != ours) {
            Some((name, allows)) => Err(Failure::new(format!(
                "we say {ours}, {name} says {allows}, and no time is worth telling: {question:?}"
            ))),
            None => Ok(ours),
        }
    }

    fn time(&mut self, question: &Question, calls: usize) -> Result<Vec<Engine>, Failure> {
        let ours = || {
            // The facts are asked as they are: there is no request to make.
            Timed::of(calls, || Ok(decide(&self.rules, black_box(question))))
        };
        Ok(vec![
            Engine { name: "ours", prepared: ours()?, whole: ours()? },
            time("Cedar (policies)", &mut self.policies, question, calls)?,
            time("Cedar (sliced)", &mut self.sliced, question, calls)?,
            time("Cedar (entities)", &mut self.entities, question, calls)?,
            time("Rego (interpreter)", &mut self.interpreted, question, calls)?,
            time("Rego (machine)", &mut self.compiled, question, calls)?,
        ])
    }
}

/// Finds the rule of the pair, and asks it.
fn decide(rules: &BTreeMap<[PartyId; 2], Rule>, question: &Question) -> bool {
    let mut pair = [question.requesting, question.requested];
    pair.sort_unstable();
    rules.get(&pair).is_some_and(|rule| black_box(rule.decide(&question.query())).allowed())
}

fn whole<J: Judge>(judge: &mut J, question: &Question) -> Result<bool, Failure> {
    for scope in &question.measures {
        let request = judge.request(question, scope)?;
        if !judge.allows(&request)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Every measure is decided, as we do, so that each is answered: also where the first is refused.
fn time<J: Judge>(name: &'static str, judge: &mut J, question: &Question, calls: usize) -> Result<Engine, Failure> {
    let requests = question.measures.iter().map(|scope| judge.request(question, scope));
    let requests = requests.collect::<Result<Vec<_>, _>>()?;
    let once = mean(CALLS_MIN / 10, || {
        for request in &requests {
            black_box(judge.allows(request)?);
        }
        Ok(())
    })?;
    let calls = ((BUDGET_US / once) as usize).min(calls).max(CALLS_MIN);
    let prepared = Timed::of(calls, || {
        for request in &requests {
            black_box(judge.allows(black_box(request))?);
        }
        Ok(())
    })?;
    let whole = Timed::of(calls, || {
        for scope in &black_box(question).measures {
            let request = judge.request(question, scope)?;
            black_box(judge.allows(&request)?);
        }
        Ok(())
    })?;
    Ok(Engine { name, prepared, whole })
}
