//! Whether data that a confirmation says are held still are.

use jiff::civil::Date;
use model::{ArticleRef, Refusal, RefusalCode};
use serde_json::Value;

/// The record by which a preservation is confirmed.
const CONFIRMATION: &str = "preservation_confirmation";

/// Refuses to give a confirmation of a hold that was over before `on`: whoever gets it relies on data that nobody keeps. `record` is the
/// whole record, `clause` the one that sets the time of the hold. Any other record passes, and so does one whose days are no days: its
/// schema says so.
///
/// # Errors
/// R94, without values.
pub fn holds_still(record: &Value, on: Date, clause: Option<&ArticleRef>) -> Result<(), Refusal> {
    if record.get("record_type").and_then(Value::as_str) != Some(CONFIRMATION) {
        return Ok(());
    }
    let day = |name: &str| record.get("content")?.get(name)?.as_str()?.parse::<Date>().ok();
    let named = ["until", "extended_until"].into_iter().filter_map(|name| Some((day(name)?, name)));
    let Some((_, field)) = named.max().filter(|(last, _)| *last < on) else { return Ok(()) };
    let reason = "the confirmation says that the hold was over before it is given: nobody keeps the data any more";
    let remedy = "Let the custodian hold the data on, and name the last day of that hold; where they are gone, refuse or report that \
                  nothing was found.";
    let refusal = Refusal::new(RefusalCode::R94, "desk", reason, remedy).at(format!("content.{field}"));
    Err(match clause {
        Some(clause) => refusal.under(clause.clone()),
        None => refusal,
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use jiff::civil::date;
    use serde_json::json;

    use super::*;

    fn told(content: Value) -> Option<(String, Option<String>)> {
        let record = json!({ "record_type": CONFIRMATION, "content": content });
        let clause = "ets-185:29(7)".parse().unwrap();
        let refusal = holds_still(&record, date(2026, 11, 3), Some(&clause)).err()?;
        assert_eq!(refusal.code, RefusalCode::R94);
        Some((refusal.field.unwrap(), refusal.article.map(|article| article.to_string())))
    }

    #[test]
    fn a_confirmation_of_a_hold_that_is_over_is_refused_under_its_article() {
        let article = Some("ets-185:29(7)".to_owned());
        assert_eq!(told(json!({ "until": "2026-11-02" })), Some(("content.until".to_owned(), article.clone())));
        let extended = json!({ "until": "2026-10-01", "extended_until": "2026-11-02" });
        assert_eq!(told(extended), Some(("content.extended_until".to_owned(), article)));
    }

    #[test]
    fn a_hold_that_lasts_and_any_other_record_pass() {
        for content in [
            json!({ "until": "2026-11-03" }),
            json!({ "until": "2026-10-01", "extended_until": "2026-12-01" }),
            json!({ "until": "no day" }),
            json!({}),
        ] {
            assert_eq!(told(content), None);
        }
        let other = json!({ "record_type": "traffic_data", "content": { "until": "1999-01-01" } });
        assert_eq!(holds_still(&other, date(2026, 11, 3), None), Ok(()));
    }
}
