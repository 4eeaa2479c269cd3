//! Whether data that a confirmation says are held still are, and for as long as the treaty wants.

use jiff::civil::Date;
use model::{ArticleRef, Refusal, RefusalCode};
use serde_json::Value;

/// The record by which a preservation is confirmed.
const CONFIRMATION: &str = "preservation_confirmation";

/// Refuses to give a confirmation of a hold that was over before `on`, or is shorter than `days`: whoever gets it relies on data that
/// nobody keeps [Budapest 29(7): not less than sixty days]. `record` is the whole record, `clause` the one that sets the time of the hold.
/// Any other record passes, and so does one whose days are no days: its schema says so.
///
/// # Errors
/// R94, without values.
pub fn holds_still(record: &Value, on: Date, days: Option<u32>, clause: Option<&ArticleRef>) -> Result<(), Refusal> {
    if record.get("record_type").and_then(Value::as_str) != Some(CONFIRMATION) {
        return Ok(());
    }
    let day = |name: &str| record.get("content")?.get(name)?.as_str()?.parse::<Date>().ok();
    let named = ["until", "extended_until"].into_iter().filter_map(|name| Some((day(name)?, name)));
    let Some((last, field)) = named.max() else { return Ok(()) };
    // The first day of the hold is one of them.
    let held = |from: Date| last.duration_since(from).as_hours() / 24 + 1;
    let short = day("from").zip(days).filter(|(from, days)| held(*from) < i64::from(*days));
    let (reason, remedy) = if last < on {
        let remedy = "Let the custodian hold the data on, and name the last day of that hold; where they are gone, refuse or report \
                      that nothing was found.";
        (
            "the confirmation says that the hold was over before it is given: nobody keeps the data any more"
                .to_owned(),
            remedy,
        )
    } else if let Some((_, days)) = short {
        let reason = format!("the confirmation says that the data are held for less than {days} days");
        (reason, "Let the custodian hold the data for longer, and name the last day of that hold.")
    } else {
        return Ok(());
    };
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
        let refusal = holds_still(&record, date(2026, 11, 3), Some(60), Some(&clause)).err()?;
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
        assert_eq!(holds_still(&other, date(2026, 11, 3), Some(60), None), Ok(()));
    }

    #[test]
    fn a_hold_that_is_shorter_than_the_treaty_wants_is_refused_and_a_prolonged_one_counts_as_a_whole() {
        let short = json!({ "from": "2026-10-20", "until": "2026-12-17" });
        assert_eq!(told(short), Some(("content.until".to_owned(), Some("ets-185:29(7)".to_owned()))));
        for content in [
            json!({ "from": "2026-10-20", "until": "2026-12-18" }),
            json!({ "from": "2026-10-20", "until": "2026-11-30", "extended_until": "2026-12-18" }),
        ] {
            assert_eq!(told(content), None);
        }
        let content = json!({ "from": "2026-10-20", "until": "2026-11-30" });
        let record = json!({ "record_type": CONFIRMATION, "content": content });
        assert_eq!(holds_still(&record, date(2026, 11, 3), None, None), Ok(()), "no treaty sets a time");
    }
}
