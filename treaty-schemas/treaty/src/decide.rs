//! The checks of a decision, in their fixed order. Each leaves a step in the trace; each failure is a refusal of its own.

use std::{
    fmt::{Display, Write},
    sync::Arc,
};

use model::{
    ArticleRef, MeasureScope, PartyId, RecordType, Refusal, RefusalCode, Role,
    limits::{MEASURES_MAX, SCOPE_ITEMS_MAX},
};

use crate::{
    Decision, Outcome, Permit, Query, Rule, TraceStep,
    provision::{Basis, Provision},
    rule::{Obstacle, Table},
};

impl Rule {
    /// Decides on a request: at the sending desk, at both gateways and at the receiving desk alike.
    ///
    /// It collects every failed check. It cannot fail itself: what it does not know it refuses.
    pub fn decide(&self, query: &Query<'_>) -> Decision {
        let decision = Decision {
            requesting: query.requesting,
            requested: query.requested,
            pin: self.pin(),
            on: self.on(),
            refusals: Vec::new(),
            permits: Vec::with_capacity(query.measures.len().min(MEASURES_MAX)),
            trace: Vec::with_capacity(2 + 14 * query.measures.len().min(MEASURES_MAX)),
            asked: query.measures.len(),
        };
        let mut bench = Bench { table: &self.table, query, decision };
        let direction = bench.parties();
        let countable = bench.countable();
        if let (Some(direction), true) = (direction, countable) {
            for (index, scope) in query.measures.iter().enumerate() {
                bench.measure(index, scope, direction);
            }
        }
        bench.decision
    }
}

/// Why a check failed.
struct Failure {
    code: RefusalCode,
    field: &'static str,
    reason: String,
    remedy: String,
}

/// Which rule a check is made by.
struct At<'a> {
    /// The measure and its index; `None` for the whole request.
    measure: Option<(usize, &'a MeasureScope)>,
    article: Option<&'a ArticleRef>,
    file: &'a Arc<str>,
    owner: Option<PartyId>,
}

struct Bench<'a> {
    table: &'a Table,
    query: &'a Query<'a>,
    decision: Decision,
}

impl<'a> Bench<'a> {
    /// Which of the two parties is asked: the index into the table's pair.
    fn parties(&mut self) -> Option<usize> {
        let (from, to) = (self.query.requesting, self.query.requested);
        let [a, b] = self.table.pair;
        let ours = a != b && ((from, to) == (a, b) || (from, to) == (b, a));
        let failure = (!ours).then(|| Failure {
            code: RefusalCode::R92,
            field: "peer",
            reason: format!("this is the rule between {a} and {b}, not between {from} and {to}"),
            remedy: "ask the rule of the two parties of the case".to_owned(),
        });
        self.protocol("pair", format!("{from} asks {to}"), failure).then_some(usize::from(to == b))
    }

    /// Whether the list of measures can be judged one by one.
    fn countable(&mut self) -> bool {
        let measures = self.query.measures;
        let repeated =
            measures.iter().take(MEASURES_MAX).enumerate().any(|(i, m)| measures[..i].iter().any(|n| n.id == m.id));
        let (reason, remedy) = if measures.is_empty() {
            ("the request has no measure".to_owned(), "ask for at least one measure")
        } else if measures.len() > MEASURES_MAX {
            (format!("{} measures, at most {MEASURES_MAX}", measures.len()), "split the request into several cases")
        } else if repeated {
            ("two measures have the same number".to_owned(), "number the measures 1, 2, 3")
        } else {
            return self.protocol("measures", format!("{} measures", measures.len()), None);
        };
        let failure = Failure { code: RefusalCode::R94, field: "measures", reason, remedy: remedy.to_owned() };
        self.protocol("measures", format!("{} measures", measures.len()), Some(failure))
    }

    /// A check that rests on no treaty.
    fn protocol(&mut self, check: &'static str, input: String, failure: Option<Failure>) -> bool {
        let file = &self.table.protocol;
        self.step(check, &At { measure: None, article: None, file, owner: None }, input, failure)
    }

    fn measure(&mut self, index: usize, scope: &'a MeasureScope, direction: usize) {
        let refused_before = self.decision.refusals.len();
        let Some(provision) = self.provision(index, scope, direction) else { return };
        let at =
            At { measure: Some((index, scope)), article: Some(&scope.article), file: &provision.by.file, owner: None };
        self.records(&at, scope, provision);
        self.selectors(&at, scope, provision);
        self.subjects(&at, scope, provision);
        self.window(&at, scope, provision);
        self.validator(&at, scope, provision);
        self.authorities(&at, provision);
        self.purpose(&at, provision);
        self.offence(&at, provision);
        if self.decision.refusals.len() == refused_before {
            let permit = self.permit(scope, provision, direction);
            self.decision.permits.push(permit);
        }
    }

    /// What the article allows to this request type, after telling everything that stands against using the article at all.
    fn provision(&mut self, index: usize, scope: &'a MeasureScope, direction: usize) -> Option<&'a Provision> {
        let article = &scope.article;
        let table = self.table;
        let standing = table.instruments.get(article.instrument());
        let file = standing.map_or(&table.protocol, |standing| &standing.file);
        let at = At { measure: Some((index, scope)), article: Some(article), file, owner: None };
        let clause = table.clauses.get(article);
        let unknown = match (standing, clause) {
            (Some(_), Some(_)) => None,
            (None, _) => Some(format!("no instrument `{}` is in the catalogue", article.instrument())),
            (Some(_), None) => Some(format!("no request may rest on {article}")),
        };
        let failure = unknown.map(|reason| Failure {
            code: RefusalCode::R92,
            field: "article",
            reason,
            remedy: "name an article that the treaty file lists".to_owned(),
        });
        self.step("article", &at, article.to_string(), failure);
        if let Some(clause) = clause {
            self.obstacles("reserved", &at, &clause.reservations);
        }
        self.obstacles("in_force", &at, &standing?.obstacles);
        let clause = clause?;
        let provision = clause.provisions.get(&scope.request_type).and_then(|towards| towards.get(direction));
        let failure = provision.is_none().then(|| {
            let kinds = list(clause.provisions.keys());
            Failure {
                code: RefusalCode::R94,
                field: "request_type",
                reason: format!("{article} is no ground for {}", scope.request_type),
                remedy: format!("{article} allows: {kinds}"),
            }
        });
        self.step("request_type", &at, scope.request_type.to_string(), failure);
        provision
    }

    fn obstacles(&mut self, check: &'static str, at: &At<'_>, obstacles: &[Obstacle]) {
        let [a, b] = self.table.pair;
        if obstacles.is_empty() {
            self.step(check, at, format!("{a}–{b}"), None);
        }
        for obstacle in obstacles {
            let failure = Failure {
                code: RefusalCode::R92,
                field: "article",
                reason: obstacle.reason.clone(),
                remedy: obstacle.remedy.clone(),
            };
            let at = At { file: &obstacle.file, owner: obstacle.owner, ..*at };
            self.step(check, &at, format!("{a}–{b}"), Some(failure));
        }
    }

    fn records(&mut self, at: &At<'_>, scope: &MeasureScope, provision: &Provision) {
        let denied = || scope.records.iter().filter(|record| !provision.records.contains_key(*record));
        let reason = if scope.records.is_empty() {
            Some("it asks for no record type".to_owned())
        } else if scope.records.len() > SCOPE_ITEMS_MAX {
            Some(format!("{} record types, at most {SCOPE_ITEMS_MAX}", scope.records.len()))
        } else if denied().next().is_some() {
            Some(format!("{} does not give {}", scope.request_type, list(denied())))
        } else {
            None
        };
        let failure = reason.map(|reason| Failure {
            code: RefusalCode::R94,
            field: "records",
            reason,
            remedy: format!("choose out of: {}", list(provision.records.keys())),
        });
        self.step("records", at, list(scope.records.iter().take(SCOPE_ITEMS_MAX)), failure);
    }

    fn selectors(&mut self, at: &At<'_>, scope: &MeasureScope, provision: &Provision) {
        let denied = || scope.selectors.iter().filter(|selector| !provision.selectors.value.contains(selector));
        let names = |kinds: &mut dyn Iterator<Item = &model::SelectorKind>| list(kinds.map(|kind| kind.as_str()));
        let reason = if scope.selectors.is_empty() {
            Some("it names no kind of selector, so it is not specific".to_owned())
        } else if scope.selectors.len() > SCOPE_ITEMS_MAX {
            Some(format!("{} kinds of selectors, at most {SCOPE_ITEMS_MAX}", scope.selectors.len()))
        } else if denied().next().is_some() {
            Some(format!("{} cannot be asked by {}", scope.request_type, names(&mut denied())))
        } else {
            None
        };
        let failure = reason.map(|reason| Failure {
            code: RefusalCode::R90,
            field: "selectors",
            reason,
            remedy: format!("name each subject by one of: {}", names(&mut provision.selectors.value.iter())),
        });
        self.step("selectors", at, names(&mut scope.selectors.iter().take(SCOPE_ITEMS_MAX)), failure);
    }

    fn subjects(&mut self, at: &At<'_>, scope: &MeasureScope, provision: &Provision) {
        let (asked, most) = (scope.subjects, provision.max_subjects.value);
        let failure = (asked == 0 || asked > most).then(|| Failure {
            code: RefusalCode::R90,
            field: "subjects",
            reason: format!("{}, at most {most}", plural(asked, "subject")),
            remedy: format!("name 1 to {most}; more need a change of the treaty file by both parties"),
        });
        self.step("subjects", at, asked.to_string(), failure);
    }

    fn window(&mut self, at: &At<'_>, scope: &MeasureScope, provision: &Provision) {
        let window_max = provision.max_window_days.as_ref().map(|days| days.value);
        let reason = match (scope.window, window_max) {
            (None, Some(_)) => Some("it has no window of time".to_owned()),
            (Some(window), _) if window.from > window.to => Some("its window ends before it begins".to_owned()),
            (Some(window), Some(most)) if window.days() == 0 || window.days() > most => {
                Some(format!("{}, at most {most}", plural(window.days(), "day")))
            }
            (Some(_), None) => Some(format!("{} has no window of time", scope.request_type)),
            _ => None,
        };
        let remedy = || match window_max {
            Some(most) => format!("ask for 1 to {most} days; more need a change of the treaty file by both parties"),
            None => "leave the window out".to_owned(),
        };
        let failure =
            reason.map(|reason| Failure { code: RefusalCode::R90, field: "window", reason, remedy: remedy() });
        let input = scope.window.map_or_else(|| "none".to_owned(), |window| plural(window.days(), "day"));
        self.step("window", at, input, failure);
    }

    fn validator(&mut self, at: &At<'_>, scope: &MeasureScope, provision: &Provision) {
        let validator = self.query.validator;
        let lacking = scope.records.iter().find_map(|record| {
            let roles = provision.records.get(record).map(|roles| &roles.value).filter(|roles| !roles.is_empty())?;
            (!validator.is_some_and(|role| roles.contains(&role))).then_some((record, roles))
        });
        let failure = lacking.map(|(record, roles)| {
            let roles = any_of(roles.iter().map(|role| role.as_str()));
            Failure {
                code: RefusalCode::R93,
                field: "validation",
                reason: format!("{record} needs a {roles} to validate"),
                remedy: format!("have the request validated by a {roles}, or leave {record} out"),
            }
        });
        self.step("validator", at, validator.map_or("none", Role::as_str).to_owned(), failure);
    }

    fn authorities(&mut self, at: &At<'_>, provision: &Provision) {
        let (sender, recipient) = (self.query.sender, self.query.recipient);
        let Basis { file, article, owner } = &provision.senders.by;
        let by = At { file, article: Some(article), owner: *owner, measure: at.measure };
        let failure = (!provision.senders.value.contains(&sender)).then(|| Failure {
            code: RefusalCode::R93,
            field: "sender",
            reason: format!("an authority of kind {} may not send this", sender.as_str()),
            remedy: format!(
                "send it through an authority of kind {}",
                any_of(provision.senders.value.iter().map(|kind| kind.as_str()))
            ),
        });
        self.step("sender", &by, sender.as_str().to_owned(), failure);
        let failure = (!provision.recipients.value.contains(&recipient)).then(|| Failure {
            code: RefusalCode::R93,
            field: "recipient",
            reason: format!("this cannot be addressed to an authority of kind {}", recipient.as_str()),
            remedy: match &provision.recipients.value[..] {
                [] => "no authority takes this; it does not go through a gateway".to_owned(),
                kinds => format!("address an authority of kind {}", any_of(kinds.iter().map(|kind| kind.as_str()))),
            },
        });
        self.step("recipient", at, recipient.as_str().to_owned(), failure);
    }

    fn purpose(&mut self, at: &At<'_>, provision: &Provision) {
        let asked = self.query.purpose;
        let known = asked.and_then(|asked| provision.purposes.value.iter().find(|purpose| *purpose == asked));
        let remedy = || format!("name one of: {}", list(&provision.purposes.value));
        let failure = match (asked, known) {
            (_, Some(_)) => None,
            (None, None) => Some(Failure {
                code: RefusalCode::R94,
                field: "purpose",
                reason: "no purpose is named".to_owned(),
                remedy: remedy(),
            }),
            (Some(_), None) => Some(Failure {
                code: RefusalCode::R92,
                field: "purpose",
                reason: "the treaty does not serve this purpose".to_owned(),
                remedy: remedy(),
            }),
        };
        // A purpose that no file names is free text of the sender: it stays out of the trace.
        let input = known.map_or(if asked.is_some() { "another" } else { "none" }, String::as_str);
        self.step("purpose", at, input.to_owned(), failure);
    }

    fn offence(&mut self, at: &At<'_>, provision: &Provision) {
        let offence = self.query.offence;
        let failure = (provision.offence.value.declared && offence.is_none()).then(|| Failure {
            code: RefusalCode::R94,
            field: "offence",
            reason: "the offence is not declared".to_owned(),
            remedy: "declare the maximum penalty, and whether it is an offence in both states".to_owned(),
        });
        self.step("offence", at, if offence.is_some() { "declared" } else { "none" }.to_owned(), failure);
        let (months, least) =
            (offence.map_or(0, |offence| offence.max_penalty_months), provision.offence.value.min_max_penalty_months);
        let failure = (offence.is_some() && months < least).then(|| Failure {
            code: RefusalCode::R92,
            field: "offence.max_penalty_months",
            reason: format!("a maximum penalty of {}, at least {least}", plural(months, "month")),
            remedy: "this request type is for graver offences; ask by another".to_owned(),
        });
        self.step("gravity", at, plural(months, "month"), failure);
        let declared = offence.is_some_and(|offence| offence.dual_criminality);
        let input = if declared { "declared" } else { "not declared" }.to_owned();
        match provision.dual_criminality.as_ref().map(|dual| &dual.by) {
            None => self.step("dual_criminality", at, input, None),
            Some(Basis { file, article, owner }) => {
                let by = At { file, article: Some(article), owner: *owner, measure: at.measure };
                let failure = (!declared).then(|| Failure {
                    code: RefusalCode::R94,
                    field: "offence.dual_criminality",
                    reason: "dual criminality is not declared".to_owned(),
                    remedy: "declare that the conduct is an offence in both states, if it is".to_owned(),
                });
                self.step("dual_criminality", &by, input, failure)
            }
        };
    }

    fn permit(&self, scope: &MeasureScope, provision: &Provision, direction: usize) -> Permit {
        let languages = self.table.languages.get(direction).and_then(|by_kind| by_kind.get(&self.query.recipient));
        Permit {
            measure: scope.id,
            article: scope.article.clone(),
            request_type: scope.request_type.clone(),
            records: scope.records.clone(),
            validators: validators(&scope.records, provision),
            max_subjects: provision.max_subjects.value,
            max_window_days: provision.max_window_days.as_ref().map(|days| days.value),
            max_bytes: provision.max_bytes.as_ref().map(|bytes| bytes.value),
            quotas: provision.quotas.iter().map(|quota| quota.value).collect(),
            classification_max: provision.classification_max.as_ref().map(|mark| mark.value),
            attributes: provision.attributes.as_ref().map(|list| list.value.clone()).unwrap_or_default(),
            timers: provision.timers.clone(),
            grounds: provision.grounds.clone(),
            judgements: provision.judgements.clone(),
            postponements: provision.postponements.clone(),
            conditions: provision.conditions.clone(),
            consult: provision.consult,
            callback: provision.emergency.as_ref().is_some_and(|rule| rule.value.callback),
            expost_hours: provision.emergency.as_ref().and_then(|rule| rule.value.expost_hours),
            purposes: provision.purposes.value.clone(),
            specialty: provision.usage.specialty,
            onward: provision.usage.onward.value,
            readers: provision.usage.readers.value.clone(),
            retention_days: provision.usage.retention_days.as_ref().map(|days| days.value),
            dual_criminality: provision.dual_criminality.is_some(),
            languages: languages.cloned().unwrap_or_default(),
            verified: provision.verified,
            file: provision.by.file.clone(),
        }
    }

    /// Writes the step, and the refusal if there is a failure. Answers whether it passed.
    fn step(&mut self, check: &'static str, at: &At<'_>, input: String, failure: Option<Failure>) -> bool {
        let passed = failure.is_none();
        self.decision.trace.push(TraceStep {
            check,
            measure: at.measure.map(|(_, scope)| scope.id),
            article: at.article.cloned(),
            file: at.file.clone(),
            input,
            outcome: if passed { Outcome::Pass } else { Outcome::Fail },
        });
        if let Some(failure) = failure {
            // These belong to the request, not to one of its measures.
            let own = !matches!(failure.field, "sender" | "recipient" | "purpose" | "validation")
                && !failure.field.starts_with("offence");
            let field = match at.measure {
                Some((index, _)) if own => format!("measures[{index}].{}", failure.field),
                _ => failure.field.to_owned(),
            };
            self.decision.refusals.push(Refusal {
                code: failure.code,
                article: at.article.cloned(),
                rule: at.file.to_string(),
                field: Some(field),
                reason: failure.reason,
                remedy: failure.remedy,
                owner: at.owner,
            });
        }
        passed
    }
}

/// The roles that may validate all of `records` at once.
fn validators(records: &[RecordType], provision: &Provision) -> Vec<Role> {
    let mut needed = records
        .iter()
        .filter_map(|record| provision.records.get(record))
        .map(|roles| &roles.value)
        .filter(|roles| !roles.is_empty());
    let mut common = needed.next().cloned().unwrap_or_default();
    for roles in needed {
        common.retain(|role| roles.contains(role));
    }
    common
}

fn list(items: impl IntoIterator<Item = impl Display>) -> String {
    joined(items, ", ")
}

fn any_of(items: impl IntoIterator<Item = impl Display>) -> String {
    joined(items, " or ")
}

fn joined(items: impl IntoIterator<Item = impl Display>, by: &str) -> String {
    let mut text = String::new();
    for item in items {
        if !text.is_empty() {
            text.push_str(by);
        }
        // Writing to a String cannot fail.
        let _ = write!(text, "{item}");
    }
    text
}

fn plural(count: u32, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}
