//! A question as a field of a form.

use proto::desk as wire;

use crate::{
    draft::{Field, Filled, Kind, Offered, Place, SELECTORS, text_of},
    govuk::{Checkboxes, Content, DateInput, Input, Item, Label, Markup, Radios, Select, Textarea},
    visit::{Visit, key},
};

/// The languages in which requests are written most, in their own words.
const LANGUAGES: [(&str, &str); 20] = [
    ("ar", "العربية"),
    ("cs", "Čeština"),
    ("de", "Deutsch"),
    ("en", "English"),
    ("es", "Español"),
    ("fr", "Français"),
    ("id", "Bahasa Indonesia"),
    ("it", "Italiano"),
    ("ja", "日本語"),
    ("ko", "한국어"),
    ("nl", "Nederlands"),
    ("pl", "Polski"),
    ("pt", "Português"),
    ("ro", "Română"),
    ("ru", "Русский"),
    ("th", "ไทย"),
    ("tr", "Türkçe"),
    ("vi", "Tiếng Việt"),
    ("zh-Hans", "简体中文"),
    ("zh-Hant", "繁體中文"),
];

/// What a question is shown with.
pub(super) struct Control<'a> {
    pub(super) visit: &'a Visit,
    pub(super) place: &'a Place,
    pub(super) offer: &'a wire::OfferView,
    pub(super) validators: &'a [wire::AuthorityView],
    pub(super) filled: &'a Filled,
}

impl Control<'_> {
    /// What a question is called.
    pub(super) fn label(&self, field: &Field) -> String {
        self.visit.text(&format!("field-{}-{}", self.place.topic.name, field.name()))
    }

    fn called(&self, field: &Field) -> String {
        let label = self.label(field);
        if field.required || matches!(field.kind, Kind::Flag) {
            return label;
        }
        self.visit.locale.with("draft-optional", &[("label", &label)])
    }

    fn hint(&self, field: &Field) -> Content {
        let own = match field.name().as_str() {
            "window-from" => {
                let days = self.offer.max_window_days.to_string();
                return self.visit.locale.with("hint-measure-window-from", &[("days", &days)]).into();
            }
            "translation-language" if !self.offer.languages.is_empty() => {
                let languages = self.offer.languages.join(", ");
                return self.visit.locale.with("draft-languages", &[("languages", &languages)]).into();
            }
            "max-penalty-months" if self.offer.min_penalty_months > 0 => {
                let months = self.offer.min_penalty_months.to_string();
                return self.visit.locale.with("draft-least-penalty", &[("months", &months)]).into();
            }
            name => format!("hint-{}-{name}", self.place.topic.name),
        };
        if field.hint { self.visit.text(&own).into() } else { Content::default() }
    }

    /// The field, with what is wrong with it.
    pub(super) fn markup(&self, field: &Field, error: Option<&str>) -> Markup {
        let (name, value, locale) = (field.name(), self.filled.one(&field.name()), self.visit.locale);
        let label = || Label { classes: "govuk-label--s".to_owned(), ..Label::from(self.called(field)) };
        let auto = [("dir", "auto")];
        match field.kind {
            Kind::Line => Markup::of(
                &Input::new(&name, label()).hint(self.hint(field)).error(locale, error).value(value).attributes(auto),
            ),
            Kind::Number => Markup::of(
                &Input { inputmode: "numeric".to_owned(), ..Input::new(&name, label()) }
                    .classes("govuk-input--width-5")
                    .hint(self.hint(field))
                    .error(locale, error)
                    .value(value),
            ),
            Kind::Text(rows) => Markup::of(
                &Textarea::new(&name, label())
                    .hint(self.hint(field))
                    .error(locale, error)
                    .value(value)
                    .rows(rows)
                    .attributes(auto),
            ),
            Kind::Lines => Markup::of(
                &Textarea::new(&name, label())
                    .hint(self.hint(field))
                    .error(locale, error)
                    .value(&self.filled.all(&name).join("\n"))
                    .rows(3)
                    .attributes(auto),
            ),
            Kind::Day => {
                let mut parts = value.splitn(3, '-');
                let [year, month, day] = [(); 3].map(|()| parts.next().unwrap_or_default());
                let date = DateInput::new(locale, &name, small(self.called(field)), [day, month, year]);
                Markup::of(&date.hint(self.hint(field)).error(locale, error))
            }
            Kind::Flag => {
                let item = Item::new("yes", self.label(field)).hint(self.hint(field));
                let checked = if value == "yes" { vec!["yes".to_owned()] } else { Vec::new() };
                let alone = Checkboxes { fieldset: None, ..Checkboxes::new(&name, "", vec![item]) };
                Markup::of(&alone.values(checked).error(locale, error))
            }
            _ => self.choices(field, error),
        }
    }

    fn choices(&self, field: &Field, error: Option<&str>) -> Markup {
        let (name, value, locale) = (field.name(), self.filled.one(&field.name()), self.visit.locale);
        let items: Vec<(String, String, String)> = self.offered(field);
        let item = |(value, text, hint): (String, String, String)| Item::new(&value, text).hint(hint);
        match field.kind {
            Kind::Offered(Offered::Records | Offered::Attributes) => {
                let boxes = Checkboxes::new(&name, small(self.called(field)), items.into_iter().map(item).collect());
                let chosen = self.filled.all(&name).iter().cloned();
                Markup::of(&boxes.hint(self.hint(field)).values(chosen).error(locale, error))
            }
            Kind::Selector => {
                let kinds = items
                    .into_iter()
                    .map(|(kind, text, hint)| Item::new(&kind, text).hint(hint).reveals(self.selector(&name, &kind)));
                let radios = Radios::new(&name, small(self.called(field)), kinds.collect());
                Markup::of(&radios.value(value).error(locale, error))
            }
            Kind::Language | Kind::One(..) if !field.required || field.kind == Kind::Language => {
                let nothing = (String::new(), self.visit.text("draft-choose"));
                let mut options: Vec<_> = items.into_iter().map(|(value, text, _)| (value, text)).collect();
                if !value.is_empty() && !options.iter().any(|(one, _)| one == value) {
                    options.push((value.to_owned(), value.to_owned()));
                }
                let label = Label { classes: "govuk-label--s".to_owned(), ..Label::from(self.called(field)) };
                let options = std::iter::once(nothing).chain(options);
                let select = Select::new(&name, label).hint(self.hint(field)).error(locale, error);
                Markup::of(&select.options(options, value))
            }
            _ => {
                let radios = Radios::new(&name, small(self.called(field)), items.into_iter().map(item).collect());
                Markup::of(&radios.hint(self.hint(field)).value(value).error(locale, error))
            }
        }
    }

    /// What can be chosen: value, words and a help.
    fn offered(&self, field: &Field) -> Vec<(String, String, String)> {
        let visit = self.visit;
        let plain = |value: &str, text: String| (value.to_owned(), text, String::new());
        match field.kind {
            Kind::YesNo => ["yes", "no"].map(|one| plain(one, visit.text(&key("answer", one)))).into(),
            Kind::One(group, values) => {
                values.iter().map(|value| plain(value, visit.text(&text_of(group, value)))).collect()
            }
            Kind::Language => LANGUAGES.iter().map(|(tag, name)| plain(tag, (*name).to_owned())).collect(),
            Kind::Offered(Offered::Records) => {
                let record = |one: &wire::OfferedRecord| {
                    let roles: Vec<_> = one.validators.iter().map(|role| visit.text(&key("role", role))).collect();
                    let hint = match roles.as_slice() {
                        [] => visit.text("draft-no-validator"),
                        roles => visit.locale.with("draft-validators", &[("roles", &roles.join(", "))]),
                    };
                    (one.record_type.clone(), visit.record(&one.record_type), hint)
                };
                self.offer.records.iter().map(record).collect()
            }
            Kind::Offered(Offered::Attributes) => {
                self.offer.attributes.iter().map(|one| plain(one, visit.attribute(one))).collect()
            }
            Kind::Offered(Offered::Purposes) => {
                self.offer.purposes.iter().map(|one| plain(one, visit.purpose(one))).collect()
            }
            Kind::Offered(Offered::Validators) => {
                self.validators.iter().map(|one| (one.id.clone(), one.title.clone(), one.id.clone())).collect()
            }
            Kind::Offered(Offered::Roles) => {
                ["judge", "prosecutor"].map(|role| plain(role, visit.text(&key("role", role)))).into()
            }
            Kind::Selector => {
                // Where the treaty is not in force any more, what was chosen can be seen still.
                let all = SELECTORS.iter().map(|(kind, _)| *kind);
                let offered: Vec<&str> = self.offer.selectors.iter().map(String::as_str).collect();
                let kinds = all.filter(|kind| offered.is_empty() || offered.contains(kind));
                kinds.map(|kind| plain(kind, visit.selector(kind))).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The fields of one kind of selector.
    fn selector(&self, name: &str, kind: &str) -> Markup {
        let one = |part: &'static str| {
            let name = crate::draft::part_name(name, kind, part);
            let label = self.visit.text(&format!("selector-{}-{}", kind.replace('_', "-"), part.replace('_', "-")));
            let input = Input::new(&name, label).value(self.filled.one(&name)).attributes([
                ("dir", "auto"),
                ("autocapitalize", "none"),
                ("spellcheck", "false"),
            ]);
            Markup::of(&input)
        };
        Markup::all(crate::draft::beside(kind).map(one))
    }
}

fn small(text: String) -> crate::govuk::Legend {
    crate::govuk::Legend { classes: "govuk-fieldset__legend--s".to_owned(), ..text.into() }
}
