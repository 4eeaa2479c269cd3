//! The rules in Rego: one policy, and the clauses as data that it looks up, which is how Rego is quickest. Decided by the
//! interpreter of `regorus`, or by its virtual machine.

use std::collections::BTreeMap;

use model::MeasureScope;
use regorus::{Engine, Value, languages::rego::compiler::Compiler, rvm::RegoVM};

use super::{Judge, clauses::Clause};
use crate::{failure::Failure, law::question::Question};

const POLICY: &str = include_str!("treaty.rego");
const ALLOW: &str = "data.treaty.allow";

/// The policy as it stands, walked.
pub(crate) struct Interpreted(Engine);

/// The policy as instructions.
pub(crate) struct Compiled(RegoVM);

fn engine(clauses: &[Clause]) -> Result<Engine, Failure> {
    let mut engine = Engine::new();
    engine.add_policy("treaty.rego".to_owned(), POLICY.to_owned()).map_err(failed)?;
    engine.add_data(data(clauses)).map_err(failed)?;
    Ok(engine)
}

impl Interpreted {
    pub(crate) fn new(clauses: &[Clause]) -> Result<Self, Failure> {
        Ok(Self(engine(clauses)?))
    }
}

impl Compiled {
    pub(crate) fn new(clauses: &[Clause]) -> Result<Self, Failure> {
        let policy = engine(clauses)?.compile_with_entrypoint(&ALLOW.into()).map_err(failed)?;
        let program = Compiler::compile_from_policy(&policy, &[ALLOW]).map_err(failed)?;
        let mut machine = RegoVM::new_with_policy(policy);
        machine.load_program(program);
        machine.set_data(data(clauses)).map_err(failed)?;
        Ok(Self(machine))
    }
}

impl Judge for Interpreted {
    type Request = Value;

    fn request(&self, question: &Question, scope: &MeasureScope) -> Result<Value, Failure> {
        Ok(input(question, scope))
    }

    fn allows(&mut self, request: &Value) -> Result<bool, Failure> {
        self.0.set_input(request.clone());
        verdict(&self.0.eval_rule(ALLOW.to_owned()).map_err(failed)?)
    }
}

impl Judge for Compiled {
    type Request = Value;

    fn request(&self, question: &Question, scope: &MeasureScope) -> Result<Value, Failure> {
        Ok(input(question, scope))
    }

    fn allows(&mut self, request: &Value) -> Result<bool, Failure> {
        self.0.set_input(request.clone());
        verdict(&self.0.execute_entry_point_by_index(0).map_err(failed)?)
    }
}

fn verdict(value: &Value) -> Result<bool, Failure> {
    value.as_bool().copied().map_err(failed)
}

/// Their errors are no `std::error::Error`.
fn failed(error: impl std::fmt::Display) -> Failure {
    Failure::new(format!("regorus: {error}"))
}

fn object(fields: Vec<(&str, Value)>) -> Value {
    fields.into_iter().map(|(name, value)| (Value::from(name), value)).collect::<BTreeMap<_, _>>().into()
}

fn input(question: &Question, scope: &MeasureScope) -> Value {
    let mut fields = vec![
        ("requesting", Value::from(question.requesting.as_str())),
        ("requested", Value::from(question.requested.as_str())),
        ("article", Value::from(scope.article.to_string())),
        ("request_type", Value::from(scope.request_type.as_str())),
        ("records", scope.records.iter().map(|record| Value::from(record.as_str())).collect::<Vec<_>>().into()),
        ("selectors", scope.selectors.iter().map(|kind| Value::from(kind.as_str())).collect::<Vec<_>>().into()),
        ("subjects", Value::from(scope.subjects)),
        ("sender", Value::from(question.sender.as_str())),
        ("recipient", Value::from(question.recipient.as_str())),
        ("emergency", Value::from(question.emergency)),
    ];
    fields.extend(scope.window.map(|window| ("window_days", Value::from(window.days()))));
    fields.extend(question.purpose.as_deref().map(|purpose| ("purpose", Value::from(purpose))));
    fields.extend(question.validator.map(|role| ("validator", Value::from(role.as_str()))));
    fields.extend(question.offence.map(|offence| {
        let declared = vec![
            ("max_penalty_months", Value::from(offence.max_penalty_months)),
            ("dual_criminality", Value::from(offence.dual_criminality)),
            ("listed", Value::from(offence.listed)),
        ];
        ("offence", object(declared))
    }));
    object(fields)
}

/// Lists as objects of `true`, so that one look tells whether a word is among them.
fn data(clauses: &[Clause]) -> Value {
    let words = |words: &[String]| object(words.iter().map(|word| (word.as_str(), Value::from(true))).collect());
    let mut tree: BTreeMap<_, BTreeMap<_, BTreeMap<_, BTreeMap<_, Value>>>> = BTreeMap::new();
    for clause in clauses {
        let records = clause.records.iter().map(|(record, roles)| (record.as_str(), words(roles))).collect();
        let mut fields = vec![
            ("records", object(records)),
            ("selectors", words(&clause.selectors)),
            ("max_subjects", Value::from(clause.max_subjects)),
            ("purposes", words(&clause.purposes)),
            ("offence_declared", Value::from(clause.offence_declared)),
            ("min_max_penalty_months", Value::from(clause.min_max_penalty_months)),
            ("dual_criminality", Value::from(clause.dual_criminality.is_some())),
            ("senders", words(&clause.senders)),
            ("recipients", words(&clause.recipients)),
            ("emergency", Value::from(clause.emergency)),
        ];
        let except = clause.dual_criminality.flatten();
        fields.extend(except.map(|months| ("except_listed_months", Value::from(months))));
        fields.extend(clause.max_window_days.map(|days| ("max_window_days", Value::from(days))));
        let towards = tree.entry(clause.requesting).or_default().entry(clause.requested).or_default();
        towards.entry(&clause.article).or_default().insert(&clause.request_type, object(fields));
    }
    let tree = tree.into_iter().map(|(from, to)| {
        let to = to.into_iter().map(|(to, articles)| {
            let articles = articles.into_iter().map(|(article, kinds)| {
                (Value::from(article.as_str()), object(kinds.into_iter().map(|(kind, v)| (kind.as_str(), v)).collect()))
            });
            (Value::from(to.as_str()), articles.collect::<BTreeMap<_, _>>().into())
        });
        (Value::from(from.as_str()), to.collect::<BTreeMap<_, Value>>().into())
    });
    object(vec![("clauses", tree.collect::<BTreeMap<_, Value>>().into())])
}
