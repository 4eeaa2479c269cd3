//! What a report says of what was asked for and is not handed over.

use model::{Denial, MeasureId, Refusal, RefusalCode};
use serde_json::{Map, Value};
use workflow::Measure;

use crate::office::{documents::Said, view::CaseView};

/// What a report says where the officer says nothing.
pub(super) const ALL: &str = "All that was asked for was carried out and handed over.";
/// The same, where it names what is missing.
pub(super) const REST: &str =
    "All that was asked for was carried out. What is left out does not exist, or could not be obtained.";

/// Puts the measure to what the officer left out, where only one of those that the report is about misses it, and wants everything named
/// that was asked for and not released.
///
/// # Errors
/// R94 with the first measure of which something is left out in silence.
pub(super) fn left_out(view: &CaseView, said: &Said<'_>, form: &mut Map<String, Value>) -> Result<(), Denial> {
    let measures: Vec<&Measure> =
        view.admitted.iter().flat_map(|case| said.concerns.iter().filter_map(|id| case.measures.get(id))).collect();
    let misses = |measure: &Measure, record: &str| measure.missing().any(|one| one.as_str() == record);
    let mut named = Vec::new();
    for one in form.get_mut("left_out").and_then(Value::as_array_mut).into_iter().flatten() {
        let record = one["record"].as_str().unwrap_or_default().to_owned();
        let whose: Vec<MeasureId> =
            measures.iter().filter(|measure| misses(measure, &record)).map(|measure| measure.scope.id).collect();
        if let ([only], Some(one)) = (whose.as_slice(), one.as_object_mut()) {
            one.entry("measure").or_insert(only.0.into());
        }
        named.push((one["measure"].as_u64(), record));
    }
    for measure in measures {
        let id = measure.scope.id;
        let is_named = |record: &str| named.iter().any(|(of, name)| *of == Some(u64::from(id.0)) && name == record);
        let silent: Vec<_> =
            measure.missing().map(model::RecordType::as_str).filter(|record| !is_named(record)).collect();
        if let Some(first) = silent.first() {
            let reason = format!("{id} asks for {} too, and nothing of that was released", silent.join(", "));
            let remedy = format!(
                "Say what became of it: desk report --left-out {first}=not_existing, or =not_obtained. What will not be given is refused, \
                 before the last part is said to be collected."
            );
            let refusal = Refusal::new(RefusalCode::R94, "forms", reason, &remedy).at("left_out");
            return Err(refusal.under(measure.scope.article.clone()).into());
        }
    }
    Ok(())
}
