//! The rules in Cedar, in three forms: a policy for each bound of each clause, all in one set; the same, but each clause a set of its
//! own, which the caller finds; or each clause an entity, and a policy for each kind of bound. All are validated strictly, since a `forbid` that errs is skipped.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    str::FromStr as _,
};

use cedar_policy::{
    Authorizer, Context, Decision, Entities, EntityId, EntityTypeName, EntityUid, PolicySet, Request,
    RestrictedExpression, Schema, ValidationMode, Validator,
};
use model::MeasureScope;
use serde_json::json;

use super::{Judge, clauses::Clause};
use crate::{failure::Failure, law::question::Question};

/// Where the rules are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// In policies: the head of each names one clause.
    Policies,
    /// In the same policies, of which the caller picks those of the clause that is asked about.
    Sliced,
    /// In entities: the policies hold for every clause.
    Entities,
}

pub(crate) struct Cedar {
    form: Form,
    authorizer: Authorizer,
    schema: Schema,
    policies: PolicySet,
    /// By the clause's name; nothing unless sliced.
    slices: BTreeMap<String, PolicySet>,
    entities: Entities,
    party: EntityTypeName,
    clause: EntityTypeName,
    action: EntityTypeName,
}

const CONTEXT: &str = "{ records: Set<String>, selectors: Set<String>, subjects: Long, window_days?: Long, \
     purpose?: String, validator?: String, offence?: { max_penalty_months: Long, dual_criminality: Bool, listed: Bool }, \
     sender: String, recipient: String, emergency: Bool }";

/// What holds for every clause, whose numbers and lists are in the entity.
const GENERAL: &str = r#"
permit (principal, action, resource) when { principal == resource.requesting };
@bound("records") forbid (principal, action, resource)
unless { !context.records.isEmpty() && resource.records.containsAll(context.records) };
@bound("selectors") forbid (principal, action, resource)
unless { !context.selectors.isEmpty() && resource.selectors.containsAll(context.selectors) };
@bound("subjects") forbid (principal, action, resource)
unless { context.subjects >= 1 && context.subjects <= resource.max_subjects };
@bound("window") forbid (principal, action, resource)
when { context has window_days || resource has max_window_days }
unless { context has window_days && resource has max_window_days
         && context.window_days >= 1 && context.window_days <= resource.max_window_days };
@bound("purpose") forbid (principal, action, resource)
unless { context has purpose && resource.purposes.contains(context.purpose) };
@bound("offence") forbid (principal, action, resource) when { resource.offence_declared } unless { context has offence };
@bound("gravity") forbid (principal, action, resource)
when { context has offence && context.offence.max_penalty_months < resource.min_max_penalty_months };
@bound("dual_criminality") forbid (principal, action, resource)
when { resource.dual_criminality }
unless { context has offence && (context.offence.dual_criminality
         || (context.offence.listed && resource has except_listed_months
             && context.offence.max_penalty_months >= resource.except_listed_months)) };
@bound("sender") forbid (principal, action, resource) unless { resource.senders.contains(context.sender) };
@bound("recipient") forbid (principal, action, resource) unless { resource.recipients.contains(context.recipient) };
@bound("emergency") forbid (principal, action, resource) unless { context.emergency == resource.emergency };
"#;

impl Cedar {
    pub(crate) fn new(form: Form, clauses: &[Clause]) -> Result<Self, Failure> {
        let (schema, policies) = match form {
            Form::Policies | Form::Sliced => (heads_schema(clauses), clauses.iter().map(policies).collect::<String>()),
            Form::Entities => (entities_schema(clauses), general(clauses)),
        };
        let (schema, _) = Schema::from_cedarschema_str(&schema)?;
        let policies = PolicySet::from_str(&policies)?;
        let validated = Validator::new(schema.clone()).validate(&policies, ValidationMode::Strict);
        if let Some(wrong) = validated.validation_errors().next() {
            return Err(Failure::new(format!("Cedar does not take the policies: {wrong}")));
        }
        let entities = match form {
            Form::Policies | Form::Sliced => Entities::empty(),
            Form::Entities => Entities::from_json_value(clauses.iter().map(entity).collect(), Some(&schema))?,
        };
        let mut slices = BTreeMap::new();
        for clause in clauses.iter().filter(|_| form == Form::Sliced) {
            slices.insert(name(clause), PolicySet::from_str(&self::policies(clause))?);
        }
        let [party, clause, action] = ["Party", "Clause", "Action"].map(EntityTypeName::from_str);
        let authorizer = Authorizer::new();
        let (party, clause, action) = (party?, clause?, action?);
        Ok(Self { form, authorizer, schema, policies, slices, entities, party, clause, action })
    }

    pub(crate) fn policies(&self) -> usize {
        self.policies.policies().count()
    }
}

/// How many policies so many clauses are.
pub(crate) fn count(clauses: &[Clause]) -> usize {
    let heads =
        |text: String| text.lines().filter(|line| line.starts_with("permit") || line.starts_with("forbid")).count();
    clauses.iter().map(|clause| heads(policies(clause))).sum()
}

impl Judge for Cedar {
    /// With the clause's name. `None` for what the schema does not know, which nobody may ask.
    type Request = Option<(String, Request)>;

    fn request(&self, question: &Question, scope: &MeasureScope) -> Result<Self::Request, Failure> {
        let name = format!("{} {} {} {}", question.requesting, question.requested, scope.article, scope.request_type);
        let (resource, action) = match self.form {
            Form::Policies | Form::Sliced => {
                (&format!("{} {}", question.requested, scope.article), scope.request_type.as_str())
            }
            Form::Entities => (&name, "ask"),
        };
        let uid = |kind: &EntityTypeName, id: &str| EntityUid::from_type_name_and_id(kind.clone(), EntityId::new(id));
        let request = Request::new(
            uid(&self.party, question.requesting.as_str()),
            uid(&self.action, action),
            uid(&self.clause, resource),
            context(question, scope)?,
            Some(&self.schema),
        );
        Ok(request.ok().map(|request| (name, request)))
    }

    fn allows(&mut self, request: &Self::Request) -> Result<bool, Failure> {
        let Some((name, request)) = request else { return Ok(false) };
        let policies = if self.form == Form::Sliced { self.slices.get(name) } else { Some(&self.policies) };
        let Some(policies) = policies else { return Ok(false) };
        let answer = self.authorizer.is_authorized(request, policies, &self.entities);
        // A clause that no entity describes makes each policy err: without this it would depend on which of them does.
        Ok(answer.decision() == Decision::Allow && answer.diagnostics().errors().next().is_none())
    }
}

fn context(question: &Question, scope: &MeasureScope) -> Result<Context, Failure> {
    let text = |text: &str| RestrictedExpression::new_string(text.to_owned());
    let number = |number: u32| RestrictedExpression::new_long(i64::from(number));
    let mut pairs = vec![
        ("records", RestrictedExpression::new_set(scope.records.iter().map(|record| text(record.as_str())))),
        ("selectors", RestrictedExpression::new_set(scope.selectors.iter().map(|kind| text(kind.as_str())))),
        ("subjects", number(scope.subjects)),
        ("sender", text(question.sender.as_str())),
        ("recipient", text(question.recipient.as_str())),
        ("emergency", RestrictedExpression::new_bool(question.emergency)),
    ];
    pairs.extend(scope.window.map(|window| ("window_days", number(window.days()))));
    pairs.extend(question.purpose.as_deref().map(|purpose| ("purpose", text(purpose))));
    pairs.extend(question.validator.map(|role| ("validator", text(role.as_str()))));
    if let Some(offence) = question.offence {
        let fields = [
            ("max_penalty_months".to_owned(), number(offence.max_penalty_months)),
            ("dual_criminality".to_owned(), RestrictedExpression::new_bool(offence.dual_criminality)),
            ("listed".to_owned(), RestrictedExpression::new_bool(offence.listed)),
        ];
        pairs.push(("offence", RestrictedExpression::new_record(fields)?));
    }
    Ok(Context::from_pairs(pairs.into_iter().map(|(name, value)| (name.to_owned(), value)))?)
}

fn heads_schema(clauses: &[Clause]) -> String {
    let kinds: BTreeSet<_> = clauses.iter().map(|clause| format!("{:?}", clause.request_type)).collect();
    let kinds: Vec<_> = kinds.into_iter().collect();
    format!(
        "entity Party;\nentity Clause;\naction {} appliesTo {{ principal: [Party], resource: [Clause], context: {CONTEXT} }};",
        kinds.join(", ")
    )
}

fn name(clause: &Clause) -> String {
    format!("{} {} {} {}", clause.requesting, clause.requested, clause.article, clause.request_type)
}

/// One permit, and one forbid for each bound.
fn policies(clause: &Clause) -> String {
    let head = format!(
        "(principal == Party::\"{}\", action == Action::\"{}\", resource == Clause::\"{} {}\")",
        clause.requesting, clause.request_type, clause.requested, clause.article
    );
    let article = &clause.article;
    let mut text = format!("@article(\"{article}\")\npermit {head};\n");
    // Writing to a String cannot fail.
    let mut forbid = |bound: &str, when: String| {
        _ = writeln!(text, "@article(\"{article}\")\n@bound(\"{bound}\")\nforbid {head} {when};")
    };
    let records: Vec<_> = clause.records.keys().cloned().collect();
    forbid("records", all_of("records", &records));
    forbid("selectors", all_of("selectors", &clause.selectors));
    let most = clause.max_subjects;
    forbid("subjects", format!("unless {{ context.subjects >= 1 && context.subjects <= {most} }}"));
    forbid(
        "window",
        match clause.max_window_days {
            Some(days) => format!(
                "unless {{ context has window_days && context.window_days >= 1 && context.window_days <= {days} }}"
            ),
            None => "when { context has window_days }".to_owned(),
        },
    );
    for (record, roles) in clause.records.iter().filter(|(_, roles)| !roles.is_empty()) {
        let role = one_of("context has validator && ", "validator", roles);
        forbid(&format!("validator {record}"), format!("when {{ context.records.contains(\"{record}\") }} {role}"));
    }
    forbid("purpose", one_of("context has purpose && ", "purpose", &clause.purposes));
    if clause.offence_declared {
        forbid("offence", "unless { context has offence }".to_owned());
    }
    if clause.min_max_penalty_months > 0 {
        let least = clause.min_max_penalty_months;
        forbid("gravity", format!("when {{ context has offence && context.offence.max_penalty_months < {least} }}"));
    }
    if let Some(except) = clause.dual_criminality {
        let listed = except.map_or_else(String::new, |months| {
            format!(" || (context.offence.listed && context.offence.max_penalty_months >= {months})")
        });
        let declared = format!("unless {{ context has offence && (context.offence.dual_criminality{listed}) }}");
        forbid("dual_criminality", declared);
    }
    forbid("emergency", format!("unless {{ context.emergency == {} }}", clause.emergency));
    forbid("sender", one_of("", "sender", &clause.senders));
    forbid("recipient", one_of("", "recipient", &clause.recipients));
    text
}

/// Strict validation admits no empty set: what nothing can fulfil is forbidden without a condition.
fn all_of(field: &str, words: &[String]) -> String {
    match words {
        [] => String::new(),
        words => format!("unless {{ !context.{field}.isEmpty() && {words:?}.containsAll(context.{field}) }}"),
    }
}

fn one_of(present: &str, field: &str, words: &[String]) -> String {
    match words {
        [] => String::new(),
        words => format!("unless {{ {present}{words:?}.contains(context.{field}) }}"),
    }
}

fn every_record(clauses: &[Clause]) -> BTreeSet<&str> {
    clauses.iter().flat_map(|clause| clause.records.keys().map(String::as_str)).collect()
}

fn entities_schema(clauses: &[Clause]) -> String {
    let validators: Vec<_> = every_record(clauses).iter().map(|record| format!("{record}?: Set<String>")).collect();
    format!(
        "entity Party;\nentity Clause = {{ requesting: Party, records: Set<String>, validators: {{ {} }}, \
         selectors: Set<String>, max_subjects: Long, max_window_days?: Long, purposes: Set<String>, \
         offence_declared: Bool, min_max_penalty_months: Long, dual_criminality: Bool, except_listed_months?: Long, \
         senders: Set<String>, recipients: Set<String>, emergency: Bool }};\n\
         action \"ask\" appliesTo {{ principal: [Party], resource: [Clause], context: {CONTEXT} }};",
        validators.join(", ")
    )
}

fn general(clauses: &[Clause]) -> String {
    let mut text = GENERAL.to_owned();
    for record in every_record(clauses) {
        text += &format!(
            "@bound(\"validator {record}\") forbid (principal, action, resource)\n\
             when {{ context.records.contains(\"{record}\") && resource.validators has {record} }}\n\
             unless {{ context has validator && resource.validators.{record}.contains(context.validator) }};\n"
        );
    }
    text
}

fn entity(clause: &Clause) -> serde_json::Value {
    let records: Vec<_> = clause.records.keys().collect();
    let validators: serde_json::Map<_, _> = clause
        .records
        .iter()
        .filter(|(_, roles)| !roles.is_empty())
        .map(|(record, roles)| (record.clone(), json!(roles)))
        .collect();
    let mut attributes = json!({
        "requesting": { "type": "Party", "id": clause.requesting.as_str() },
        "records": records, "validators": validators, "selectors": clause.selectors, "max_subjects": clause.max_subjects,
        "purposes": clause.purposes, "offence_declared": clause.offence_declared,
        "min_max_penalty_months": clause.min_max_penalty_months, "dual_criminality": clause.dual_criminality.is_some(),
        "senders": clause.senders, "recipients": clause.recipients, "emergency": clause.emergency,
    });
    if let Some(days) = clause.max_window_days {
        attributes["max_window_days"] = json!(days);
    }
    if let Some(months) = clause.dual_criminality.flatten() {
        attributes["except_listed_months"] = json!(months);
    }
    json!({ "uid": { "type": "Clause", "id": name(clause) }, "attrs": attributes, "parents": [] })
}
