//! Spontaneous information [ETS 185 art. 26, UNTOC 18(4)-(5)]: a request that gives instead of asking. Its records go with it.

use std::collections::BTreeSet;

use model::{MeasureScope, RecordType, Refusal};

use crate::{Change, Command, Terms, answer, decide::sequence};

/// Whether the request gives. Where nobody knows the rule, what is inside tells.
pub(crate) fn gives(command: &Command<'_>) -> bool {
    match command.terms {
        [] => !command.records.is_empty(),
        terms => terms.iter().any(|(_, terms)| terms.gives),
    }
}

/// What becomes of the case when the request is sent.
pub(crate) fn sent(command: &Command<'_>) -> Change {
    let measures = command.measures.to_vec();
    if !gives(command) {
        return Change::Sent { measures, terms: command.terms.to_vec(), conditions: Vec::new(), bytes: 0 };
    }
    let terms = match command.terms {
        [] => measures.iter().map(|scope| (scope.id, Terms { gives: true, ..Terms::default() })).collect(),
        terms => terms.to_vec(),
    };
    Change::Sent { measures, terms, conditions: command.conditions.to_vec(), bytes: command.bytes }
}

/// What is given is what the header says: all of its measures give, each of their record types is inside and no other, and it stays
/// within the conditions, the mark and the bytes of the treaty. R94.
pub(crate) fn within(command: &Command<'_>) -> Result<(), Refusal> {
    if !gives(command) {
        return Ok(());
    }
    if let Some((id, _)) = command.terms.iter().find(|(_, terms)| !terms.gives) {
        let reason = format!("the request gives and asks at once: {id} asks");
        let remedy = "Give in one case, and ask in another.";
        return Err(sequence(reason, remedy).at("measures"));
    }
    let named: BTreeSet<&RecordType> = command.measures.iter().flat_map(|scope| &scope.records).collect();
    let inside: BTreeSet<&RecordType> = command.records.iter().collect();
    if named != inside || inside.len() != command.records.len() {
        let reason = "the records inside are not those that the measures name, each type once";
        return Err(sequence(reason.to_owned(), "Name what is given, and attach what is named.").at("records"));
    }
    let scope = |id| command.measures.iter().find(|scope: &&MeasureScope| scope.id == id);
    for (id, terms) in command.terms {
        if let Some(scope) = scope(*id) {
            answer::bounded(command, scope, terms, 0)?;
        }
    }
    Ok(())
}
