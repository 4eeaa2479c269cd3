//! A validator's limits: what is struck out of a measure, and the days that are left. Nothing can be widened here.

use serde_json::Value;

use crate::{
    draft::{Draft, put},
    fields::Fields,
    problem::Problem,
    visit::Visit,
};

/// Saves the draft without what was struck out.
pub(super) async fn limit(visit: &Visit, draft: &mut Draft, fields: &Fields) -> Result<(), Problem> {
    if draft.sha256 != fields.one("shown") {
        return Err(crate::signing::is_another());
    }
    draft.save(visit, |document| limited(document, fields)).await
}

fn limited(document: &mut Value, fields: &Fields) -> Result<(), Problem> {
    let wrong = || Problem::Incomplete("limit");
    let count = document.get("measures").and_then(Value::as_array).map_or(0, Vec::len);
    let mut kept = Vec::new();
    for index in 0..count {
        let name = |name: &str| format!("m{}-{name}", index + 1);
        if count > 1 && fields.one(&name("keep")).is_empty() {
            continue;
        }
        let base = format!("/measures/{index}");
        let measure = document.pointer(&base).cloned().ok_or_else(wrong)?;
        let mut measure = measure;
        keep(&mut measure, "records", |_, one| fields.all(&name("record")).any(|kept| one.as_str() == Some(kept)))?;
        keep(&mut measure, "subjects", |at, _| fields.all(&name("subject")).any(|kept| kept == at.to_string()))?;
        window(&mut measure, fields, &name)?;
        kept.push(measure);
    }
    if kept.is_empty() {
        return Err(wrong());
    }
    put(document, "/measures", Some(Value::Array(kept)));
    Ok(())
}

/// Keeps of a list what was left ticked; at least one.
fn keep(measure: &mut Value, list: &str, is_kept: impl Fn(usize, &Value) -> bool) -> Result<(), Problem> {
    let Some(Value::Array(items)) = measure.get_mut(list) else { return Ok(()) };
    let mut at = 0;
    items.retain(|one| {
        at += 1;
        is_kept(at - 1, one)
    });
    if items.is_empty() { Err(Problem::Incomplete("limit")) } else { Ok(()) }
}

/// The days that are left, within those that were asked for.
fn window(measure: &mut Value, fields: &Fields, name: &impl Fn(&str) -> String) -> Result<(), Problem> {
    let wrong = || Problem::Incomplete("limit");
    let day = |value: Option<&Value>| value.and_then(Value::as_str)?.parse::<jiff::civil::Date>().ok();
    let (first, last) = (day(measure.pointer("/window/from")), day(measure.pointer("/window/to")));
    let Some((first, last)) = first.zip(last) else { return Ok(()) };
    let entered = |end: &str| {
        let part = |part: &str| fields.one(&name(&format!("{end}-{part}"))).trim().parse::<i16>().ok();
        let (month, day) = (i8::try_from(part("month")?).ok()?, i8::try_from(part("day")?).ok()?);
        jiff::civil::Date::new(part("year")?, month, day).ok()
    };
    let (from, to) = entered("from").zip(entered("to")).ok_or_else(wrong)?;
    if from > to || from < first || to > last {
        return Err(wrong());
    }
    put(measure, "/window/from", Some(from.to_string().into()));
    put(measure, "/window/to", Some(to.to_string().into()));
    Ok(())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use serde_json::json;

    use super::*;

    fn draft() -> Value {
        json!({ "measures": [
            {
                "records": ["traffic_data", "content_data"],
                "subjects": [{ "subject_ref": "S1" }, { "subject_ref": "S2" }],
                "window": { "from": "2026-01-01", "to": "2026-02-01" },
            },
            { "records": ["subscriber_info"], "subjects": [{ "subject_ref": "S1" }] },
        ] })
    }

    fn form(extra: &[(&str, &str)]) -> Fields {
        let plain = [
            ("m1-keep", "yes"),
            ("m1-record", "traffic_data"),
            ("m1-subject", "1"),
            ("m1-from-year", "2026"),
            ("m1-from-month", "1"),
            ("m1-from-day", "15"),
            ("m1-to-year", "2026"),
            ("m1-to-month", "2"),
            ("m1-to-day", "1"),
        ];
        let given = |name: &str| extra.iter().any(|(one, _)| *one == name);
        let kept = plain.into_iter().filter(|(name, _)| !given(name));
        Fields::of(&kept.chain(extra.iter().copied()).collect::<Vec<_>>())
    }

    #[test]
    fn what_is_struck_out_is_gone_and_the_days_are_fewer() {
        let mut document = draft();
        limited(&mut document, &form(&[])).unwrap();
        assert_eq!(
            document,
            json!({ "measures": [{
                "records": ["traffic_data"],
                "subjects": [{ "subject_ref": "S2" }],
                "window": { "from": "2026-01-15", "to": "2026-02-01" },
            }] })
        );
    }

    #[test]
    fn nothing_is_widened_and_something_is_left() {
        for wrong in [("m1-from-year", "2025"), ("m1-to-month", "3"), ("m1-from-day", "x"), ("m1-record", "none")] {
            assert!(limited(&mut draft(), &form(&[wrong])).is_err(), "{wrong:?}");
        }
        assert!(limited(&mut draft(), &form(&[("m1-subject", "7")])).is_err());
        assert!(limited(&mut draft(), &Fields::default()).is_err());
    }
}
