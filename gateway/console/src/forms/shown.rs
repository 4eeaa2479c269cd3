//! A form on its page: each field with its words in the reader's language, as it was filled in, and what is wrong with it.

use askama::Template;

use super::{
    of_step::Form,
    said::{Clock, Unfit},
    schema::{Field, Kind},
};
use crate::{
    fields::Fields,
    locale::Locale,
    visit::{Visit, key},
};

/// A form on a page.
#[derive(Template)]
#[template(path = "pages/form.html")]
pub(crate) struct FormShown {
    /// Its name in words; empty where the page says it.
    pub(crate) title: String,
    pub(crate) is_optional: bool,
    pub(crate) is_open: bool,
    fields: Vec<FieldShown>,
}

/// A field on a page, with those inside of it.
#[derive(Template)]
#[template(path = "pages/form_field.html")]
struct FieldShown {
    path: String,
    label: String,
    /// Empty, or "en" where the reader's language has no word for it.
    label_lang: &'static str,
    hint: String,
    /// How it is filled in.
    kind: &'static str,
    /// What it says; of a moment the day.
    value: String,
    /// Of a moment.
    time: String,
    wrong: String,
    choices: Vec<ChoiceShown>,
    inside: Vec<FieldShown>,
    /// The words of the buttons of a list, and of the parts of a moment and a file.
    words: Words,
    /// A row of a list, which can be taken away.
    is_row: bool,
    /// Whether there is room for another row.
    has_room: bool,
    /// What goes along unseen: of a file its name, length, media type and digest, and itself; of an answer its question.
    file: Vec<(String, String)>,
}

struct ChoiceShown {
    value: String,
    text: String,
    text_lang: &'static str,
    is_chosen: bool,
}

#[derive(Clone)]
struct Words {
    more: String,
    less: String,
    none: String,
    day: String,
    time: String,
}

impl askama::filters::HtmlSafe for FieldShown {}
impl askama::filters::HtmlSafe for FormShown {}

/// A field that is wrong, for the list at the head of a page: where it stands and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wrong {
    pub(crate) anchor: String,
    pub(crate) text: String,
}

impl Wrong {
    /// The findings of a form, in words.
    pub(crate) fn of(form: &Form, unfit: &[Unfit], visit: &Visit) -> Vec<Self> {
        let told = |one: &&Unfit| one.path.starts_with(&format!("{}.", form.prefix));
        let wrong = |one: &Unfit| Self {
            anchor: one.path.clone(),
            text: format!("{}: {}", trail(&one.path, &form.prefix, visit.locale), why(one.why, visit)),
        };
        unfit.iter().filter(told).map(wrong).collect()
    }
}

/// Where a field stands, in words: `Proposal, time 2, begins at`.
fn trail(path: &str, prefix: &str, locale: Locale) -> String {
    let inside = path.strip_prefix(prefix).unwrap_or(path).trim_start_matches('.');
    let mut words: Vec<String> = Vec::new();
    let mut before = "";
    for part in inside.split('.') {
        match part.parse::<usize>() {
            Ok(row) => words.push((row + 1).to_string()),
            Err(_) => {
                words.push(label(before, part, locale).0);
                before = part;
            }
        }
    }
    let shown = words.len().saturating_sub(3);
    words.split_off(shown).join(", ")
}

fn why(why: &str, visit: &Visit) -> String {
    visit.text(&key("form-wrong", why))
}

/// The words for a field, within another one where they differ there, and "en" where the language has none.
pub(crate) fn label(within: &str, name: &str, locale: Locale) -> (String, &'static str) {
    let known = |id: String| Some(locale.text(&id)).filter(|text| *text != id);
    let own = known(key("field", &format!("{within}-{name}"))).or_else(|| known(key("field", name)));
    own.map_or_else(|| (plain(name), "en"), |text| (text, ""))
}

/// `opened_at` as people write it.
fn plain(name: &str) -> String {
    let words = name.replace('_', " ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// So many choices are shown at once; more of them in a list that opens.
const RADIOS_MAX: usize = 8;

impl FormShown {
    /// As it was filled in, with what is wrong.
    pub(crate) fn of(form: &Form, title: String, fields: &Fields, unfit: &[Unfit], visit: &Visit) -> Self {
        let text = |id: &str| visit.text(id);
        let words = Words {
            more: text("form-more"),
            less: text("form-less"),
            none: text("form-none"),
            day: text("form-day"),
            time: visit.locale.with("form-time", &[("zone", &visit.app.zone)]),
        };
        let writer = Writer { fields, unfit, visit, words };
        let shown: Vec<_> = form.fields.iter().filter_map(|one| writer.field(one, &form.prefix, "")).collect();
        let is_said = fields.starts_with(&format!("{}.", form.prefix));
        Self { title, is_optional: form.is_optional, is_open: is_said || !form.is_optional, fields: shown }
    }
}

struct Writer<'a> {
    fields: &'a Fields,
    unfit: &'a [Unfit],
    visit: &'a Visit,
    words: Words,
}

impl Writer<'_> {
    fn field(&self, field: &Field, path: &str, within: &str) -> Option<FieldShown> {
        let path = format!("{path}.{}", field.name);
        let locale = self.visit.locale;
        let (mut text, lang) = label(within, &field.name, locale);
        if !field.is_needed && !matches!(field.kind, Kind::Tick { .. }) {
            text = locale.with("form-optional", &[("label", &text)]);
        }
        let hint_id = key("field-hint", &field.name);
        let own = Some(locale.text(&hint_id)).filter(|hint| *hint != hint_id);
        // The schema speaks English: it explains where nothing else does, to who reads a form in English.
        let hint = own.or_else(|| (lang == "en" || locale == Locale::En).then(|| field.hint.clone()));
        let mut shown = self.blank(path, text, lang);
        shown.hint = hint.unwrap_or_default();
        let is_shown = self.fill(&mut shown, &field.kind, &field.name);
        // Nobody can take back a choice among buttons.
        if shown.kind == "radios" && !field.is_needed {
            shown.kind = "select";
        }
        is_shown.then_some(shown)
    }

    fn blank(&self, path: String, label: String, label_lang: &'static str) -> FieldShown {
        let wrong = self.unfit.iter().find(|one| one.path == path);
        FieldShown {
            value: self.fields.one(&path).to_owned(),
            wrong: wrong.map(|one| why(one.why, self.visit)).unwrap_or_default(),
            path,
            label,
            label_lang: if self.visit.locale == Locale::En { "" } else { label_lang },
            hint: String::new(),
            kind: "line",
            time: String::new(),
            choices: Vec::new(),
            inside: Vec::new(),
            words: self.words.clone(),
            is_row: false,
            has_room: false,
            file: Vec::new(),
        }
    }

    /// Says how a field is filled in; false where it is not.
    fn fill(&self, shown: &mut FieldShown, kind: &Kind, name: &str) -> bool {
        shown.kind = match kind {
            Kind::Fixed(_) => return false,
            Kind::Line => "line",
            Kind::Drawn => "drawn",
            Kind::Text | Kind::Lines | Kind::Raw => "area",
            Kind::Whole { .. } => "whole",
            Kind::Tick { .. } => "tick",
            Kind::Day => "day",
            Kind::Moment => "moment",
            Kind::File => "file",
            Kind::Choice(all) if all.len() <= RADIOS_MAX => "radios",
            Kind::Choice(_) => "select",
            Kind::Ticks(_) => "ticks",
            Kind::Many { .. } => "many",
            Kind::Group(_) => "group",
        };
        match kind {
            Kind::Choice(all) | Kind::Ticks(all) => {
                shown.choices = all.iter().map(|one| self.choice(one, name, &shown.path)).collect();
            }
            Kind::Moment => {
                shown.value = self.fields.one(&format!("{}-day", shown.path)).to_owned();
                shown.time = self.fields.one(&format!("{}-time", shown.path)).to_owned();
            }
            Kind::File => {
                let part = |part: &str| format!("{}.{part}", shown.path);
                let parts = ["title", "bytes", "media_type", "hash", "inline"].map(part);
                let said = |name: String| (self.fields.one(&name).to_owned(), name);
                let all = parts.into_iter().map(said).filter(|(value, _)| !value.is_empty());
                shown.file = all.map(|(value, name)| (name, value)).collect();
            }
            Kind::Group(fields) => {
                shown.inside = fields.iter().filter_map(|one| self.field(one, &shown.path, name)).collect();
            }
            Kind::Many { item, min, max } => self.rows(shown, item, name, (*min, *max)),
            Kind::Lines if shown.hint.is_empty() => shown.hint = self.visit.text("form-lines"),
            _ => {}
        }
        true
    }

    fn rows(&self, shown: &mut FieldShown, item: &Kind, name: &str, (min, max): (usize, usize)) {
        let count = self.fields.count_under(&shown.path).max(min).max(1).min(max);
        let row = |at: usize| {
            let path = format!("{}.{at}", shown.path);
            let mut row = self.blank(path, format!("{} {}", label("", name, self.visit.locale).0, at + 1), "");
            row.is_row = true;
            row.has_room = count > min.max(1);
            let part = |part: &str| format!("{}.{part}", row.path);
            // An answer bears the number of its question, and shows it.
            row.hint = self.fields.one(&part("question")).to_owned();
            let borne = ["number", "question"].map(|name| (part(name), self.fields.one(&part(name)).to_owned()));
            row.file = borne.into_iter().filter(|(_, value)| !value.is_empty()).collect();
            self.fill(&mut row, item, name).then_some(row)
        };
        let rows = (0..count).filter_map(row).collect();
        shown.has_room = count < max;
        shown.value = count.to_string();
        shown.inside = rows;
    }

    fn choice(&self, value: &str, name: &str, path: &str) -> ChoiceShown {
        let locale = self.visit.locale;
        let known = |id: String| Some(locale.text(&id)).filter(|text| *text != id);
        let own = known(key("choice", &format!("{name}-{value}"))).or_else(|| known(key("choice", value)));
        let text_lang = if own.is_none() && locale != Locale::En { "en" } else { "" };
        ChoiceShown {
            is_chosen: self.fields.all(path).any(|one| one == value),
            text: own.unwrap_or_else(|| plain(value)),
            value: value.to_owned(),
            text_lang,
        }
    }
}

/// Puts what a document says into the fields of a form, so that it can be changed.
pub(crate) fn filled(form: &Form, document: &serde_json::Value, fields: Fields, clock: &Clock) -> Fields {
    form.fields.iter().fold(fields, |fields, field| {
        spread(&field.kind, &document[&field.name], &format!("{}.{}", form.prefix, field.name), fields, clock)
    })
}

fn spread(kind: &Kind, value: &serde_json::Value, path: &str, mut fields: Fields, clock: &Clock) -> Fields {
    use serde_json::Value;
    match (kind, value) {
        (_, Value::Null) => fields,
        (Kind::Group(inside), value) => inside.iter().fold(fields, |fields, field| {
            spread(&field.kind, &value[&field.name], &format!("{path}.{}", field.name), fields, clock)
        }),
        (Kind::Many { item, .. }, Value::Array(all)) => {
            let numbered = all.iter().enumerate();
            numbered.fold(fields, |fields, (at, one)| spread(item, one, &format!("{path}.{at}"), fields, clock))
        }
        (Kind::Ticks(_), Value::Array(all)) => {
            for one in all.iter().filter_map(Value::as_str) {
                fields = fields.and(path, one);
            }
            fields
        }
        (Kind::Lines, Value::Array(all)) => {
            let lines: Vec<_> = all.iter().filter_map(Value::as_str).collect();
            fields.put(path, &lines.join("\n"))
        }
        (Kind::Tick { .. }, Value::Bool(ticked)) => fields.put(path, if *ticked { "yes" } else { "" }),
        (Kind::Moment, Value::String(text)) => match text.parse() {
            Ok(at) => {
                let (day, time) = clock.shows(at);
                fields.put(&format!("{path}-day"), &day).put(&format!("{path}-time"), &time)
            }
            Err(_) => fields,
        },
        (_, Value::String(text)) => fields.put(path, text),
        (_, Value::Number(number)) => fields.put(path, &number.to_string()),
        _ => fields,
    }
}
