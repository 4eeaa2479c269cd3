//! What stands in the fields of a topic: as the document has it, or as a form brought it.

use std::collections::BTreeMap;

use model::Digest;
use serde_json::{Value, json};

use super::{
    document::{put, text_at},
    topics::{Field, Kind, Offered, Place, SELECTORS},
};
use crate::fields::Fields;

/// What is posted of a day, in its parts.
const PARTS: [&str; 3] = ["year", "month", "day"];

/// By the name of the field what was filled in: one text, or the items of a list; a day as `2026-11-22`, its parts however they were typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Filled(BTreeMap<String, Vec<String>>);

impl Filled {
    /// As the document has it.
    pub(crate) fn of_document(document: &Value, place: &Place, fields: &[&Field]) -> Self {
        let mut filled = Self::default();
        for field in fields {
            let (name, pointer) = (field.name(), place.pointer(field));
            match field.kind {
                Kind::Lines | Kind::Offered(Offered::Records | Offered::Attributes) => {
                    let items = document.pointer(&pointer).and_then(Value::as_array);
                    let items = items.into_iter().flatten().filter_map(Value::as_str).map(ToOwned::to_owned);
                    filled.put(&name, items.collect());
                }
                Kind::Selector => {
                    let kind = text_at(document, &format!("{pointer}/kind"));
                    for part in beside(&kind) {
                        let value = text_at(document, &format!("{pointer}/{part}"));
                        filled.put(&part_name(&name, &kind, part), vec![value]);
                    }
                    filled.put(&name, vec![kind]);
                }
                _ => filled.put(&name, vec![text_at(document, &pointer)]),
            }
        }
        filled
    }

    /// As a form brought it. What no field of the topic is called is not read.
    pub(crate) fn of_form(form: &Fields, fields: &[&Field]) -> Self {
        let mut filled = Self::default();
        for field in fields {
            let name = field.name();
            match field.kind {
                Kind::Lines => {
                    let lines = form.one(&name).lines().map(str::trim).filter(|line| !line.is_empty());
                    filled.put(&name, lines.map(ToOwned::to_owned).collect());
                }
                Kind::Offered(Offered::Records | Offered::Attributes) => {
                    filled.put(&name, form.all(&name).map(ToOwned::to_owned).collect());
                }
                Kind::Day => {
                    let parts = PARTS.map(|part| form.one(&format!("{name}-{part}")).trim().to_owned());
                    filled.put(&name, vec![day(&parts)]);
                }
                Kind::Flag => filled.put(&name, vec![if form.one(&name).is_empty() { "no" } else { "yes" }.to_owned()]),
                Kind::Selector => {
                    let kind = form.one(&name).to_owned();
                    for (other, _) in SELECTORS {
                        for part in beside(other) {
                            let part = part_name(&name, other, part);
                            filled.put(&part, vec![form.one(&part).trim().to_owned()]);
                        }
                    }
                    filled.put(&name, vec![kind]);
                }
                Kind::Text(_) => filled.put(&name, vec![form.one(&name).replace("\r\n", "\n").trim_end().to_owned()]),
                _ => filled.put(&name, vec![form.one(&name).trim().to_owned()]),
            }
        }
        filled
    }

    fn put(&mut self, name: &str, values: Vec<String>) {
        self.0.insert(name.to_owned(), values.into_iter().filter(|value| !value.is_empty()).collect());
    }

    /// What stands in a field; empty where nothing does.
    pub(crate) fn one(&self, name: &str) -> &str {
        self.0.get(name).and_then(|values| values.first()).map_or("", String::as_str)
    }

    /// All items of a list.
    pub(crate) fn all(&self, name: &str) -> &[String] {
        self.0.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    /// What stands there, as a digest: whether somebody has changed it since.
    pub(crate) fn digest(&self, fields: &[&Field]) -> String {
        Digest::of(&[json!(self.told(fields)).to_string().as_bytes()]).to_string()
    }

    /// Each field with what stands in it.
    fn told(&self, fields: &[&Field]) -> Vec<Vec<String>> {
        let of = |field: &&Field| {
            let name = field.name();
            let mut told = self.all(&name).to_vec();
            if field.kind == Kind::Selector {
                let kind = self.one(&name).to_owned();
                told.extend(beside(&kind).map(|part| self.one(&part_name(&name, &kind, part)).to_owned()));
            }
            if field.kind == Kind::Flag && told.is_empty() {
                told.push("no".to_owned());
            }
            told
        };
        fields.iter().map(of).collect()
    }

    /// Whether both say the same of a field.
    pub(crate) fn same(&self, other: &Self, field: &Field) -> bool {
        self.told(&[field]) == other.told(&[field])
    }

    /// A field as a text for people.
    pub(crate) fn words(&self, field: &Field) -> String {
        self.told(&[field]).concat().into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join("\n")
    }

    /// Writes it into a document. Nothing of the officer is lost: what is no number or no day stays as it was typed, and preflight says so.
    pub(crate) fn write(&self, document: &mut Value, place: &Place, fields: &[&Field]) {
        // A list grows by one at a time, and empty ones go from its end.
        let (filled, empty): (Vec<_>, Vec<_>) = fields.iter().partition(|field| !self.words(field).is_empty());
        for field in filled {
            self.write_one(document, place, field);
        }
        for field in empty.into_iter().rev() {
            put(document, &place.pointer(field), None);
        }
    }

    fn write_one(&self, document: &mut Value, place: &Place, field: &Field) {
        let (name, pointer) = (field.name(), place.pointer(field));
        let text = self.one(&name);
        let value = match field.kind {
            Kind::Lines | Kind::Offered(Offered::Records | Offered::Attributes) => json!(self.all(&name)),
            Kind::YesNo | Kind::Flag => json!(text == "yes"),
            Kind::Number => text.parse::<i64>().map_or_else(|_| json!(text), |number| json!(number)),
            Kind::Selector => {
                let mut selector = json!({ "kind": text });
                for part in beside(text) {
                    let value = self.one(&part_name(&name, text, part));
                    match (part, value.parse::<u16>()) {
                        (_, _) if value.is_empty() => {}
                        ("port", Ok(port)) => selector[part] = json!(port),
                        _ => selector[part] = json!(value),
                    }
                }
                selector
            }
            _ => json!(text),
        };
        put(document, &pointer, Some(value));
    }
}

/// The value of a selector, and what is told beside it.
pub(crate) fn beside(kind: &str) -> impl Iterator<Item = &'static str> {
    let found = SELECTORS.iter().find(|(name, _)| *name == kind);
    found.into_iter().flat_map(|(_, beside)| std::iter::once("value").chain(beside.iter().copied()))
}

/// The name of a field of one kind of selector.
pub(crate) fn part_name(name: &str, kind: &str, part: &str) -> String {
    format!("{name}-{}-{}", kind.replace('_', "-"), part.replace('_', "-"))
}

/// A day of its parts: `2026-01-05`, or as they were typed where they are none.
fn day([year, month, day]: &[String; 3]) -> String {
    if [year, month, day].iter().all(|part| part.is_empty()) {
        return String::new();
    }
    let whole = |text: &str| text.parse::<i8>().ok();
    let date = year.parse::<i16>().ok().zip(whole(month)).zip(whole(day));
    let date = date.and_then(|((year, month), day)| jiff::civil::Date::new(year, month, day).ok());
    date.map_or_else(|| format!("{year}-{month}-{day}"), |date| date.to_string())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use proto::desk::OfferView;

    use super::*;

    fn place(slug: &str) -> (Place, Vec<&'static Field>) {
        let place = Place::read(slug).unwrap();
        let fields = place.fields(&OfferView { max_window_days: 90, ..OfferView::default() });
        (place, fields)
    }

    #[test]
    fn what_a_form_brings_is_in_the_document_and_comes_back() {
        let (place, fields) = place("measure-1");
        let form = Fields::of(&[
            ("records", "traffic_data"),
            ("records", "subscriber_info"),
            ("window-from-year", "2026"),
            ("window-from-month", "2"),
            ("window-from-day", "31"),
            ("window-to-year", "2026"),
            ("window-to-month", "3"),
            ("window-to-day", "1"),
            ("procedure", "a\r\nb\r\n"),
            ("article", "somebody-else:1"),
        ]);
        let filled = Filled::of_form(&form, &fields);
        let mut document = json!({ "measures": [{ "id": 1, "article": "ets-185:31", "custodian": { "name": "x" } }] });
        filled.write(&mut document, &place, &fields);
        assert_eq!(
            document["measures"][0],
            json!({
                "id": 1, "article": "ets-185:31", "procedure": "a\nb", "records": ["traffic_data", "subscriber_info"],
                "window": { "from": "2026-2-31", "to": "2026-03-01" },
            })
        );
        let again = Filled::of_document(&document, &place, &fields);
        assert_eq!(again.digest(&fields), filled.digest(&fields));
        assert_ne!(again.digest(&fields), Filled::default().digest(&fields));
    }

    #[test]
    fn a_selector_keeps_what_is_of_its_kind_only() {
        let (place, fields) = place("subject-1-1");
        let form = Fields::of(&[
            ("selector", "account"),
            ("selector-account-value", "a@mail.example"),
            ("selector-account-provider", "Mail"),
            ("selector-device-value", "35"),
        ]);
        let mut document = json!({ "measures": [{ "subjects": [{ "subject_ref": "S1" }] }] });
        Filled::of_form(&form, &fields).write(&mut document, &place, &fields);
        let selector = &document["measures"][0]["subjects"][0]["selector"];
        assert_eq!(*selector, json!({ "kind": "account", "value": "a@mail.example", "provider": "Mail" }));
    }
}
