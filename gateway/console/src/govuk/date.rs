//! A date, and what sends a form.

use askama::{Template, filters::HtmlSafe};

use super::{Attributes, Content, ErrorMessage, Fieldset, Input, Label, Legend, Markup, field::BeforeField, joined};
use crate::locale::Locale;

/// A date in three fields, `<name>-day`, `<name>-month` and `<name>-year`: no calendar to click through.
#[derive(Debug, Clone, Default, Template)]
#[cfg_attr(test, derive(serde::Deserialize), serde(default, deny_unknown_fields, rename_all = "camelCase"))]
#[template(path = "govuk/group.html")]
pub struct DateInput {
    /// Its id.
    pub id: String,
    /// What the names of its fields begin with.
    pub name_prefix: String,
    /// What surrounds it.
    pub fieldset: Option<Fieldset>,
    /// A help below the legend.
    pub hint: Content,
    /// What is wrong.
    pub error_message: Option<ErrorMessage>,
    /// Day, month, year.
    pub items: Vec<DatePart>,
    /// Classes beside its own.
    pub classes: String,
    /// Attributes beside its own.
    pub attributes: Attributes,
}

impl HtmlSafe for DateInput {}

impl DateInput {
    /// The fields of a date under this name, with what stands in day, month and year, in the order that the language writes them.
    pub fn new(locale: Locale, name: &str, legend: impl Into<Legend>, values: [&str; 3]) -> Self {
        let part = |name: &str, value: &str, width: u8| DatePart {
            name: name.to_owned(),
            label: locale.text(&format!("govuk-date-{name}")),
            value: value.to_owned(),
            classes: format!("govuk-input--width-{width}"),
            ..DatePart::default()
        };
        let mut items = vec![part("day", values[0], 2), part("month", values[1], 2), part("year", values[2], 4)];
        if matches!(locale, Locale::Ja | Locale::ZhHans) {
            items.reverse();
        }
        Self {
            id: name.to_owned(),
            name_prefix: name.to_owned(),
            fieldset: Some(Fieldset { legend: legend.into(), ..Fieldset::default() }),
            items,
            ..Self::default()
        }
    }

    /// With a help below the legend.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<Content>) -> Self {
        self.hint = hint.into();
        self
    }

    /// With what is wrong, if something is.
    #[must_use]
    pub fn error(mut self, locale: Locale, error: Option<&str>) -> Self {
        self.error_message = error.map(|error| ErrorMessage::new(locale, error));
        self
    }

    fn before(&self) -> BeforeField<'_> {
        BeforeField { id: &self.id, hint: &self.hint, error: self.error_message.as_ref() }
    }

    /// The fields, within what surrounds them if something does.
    fn whole(&self) -> Markup {
        let inner = Markup::of(&DateFields { date: self });
        match &self.fieldset {
            Some(fieldset) => {
                let described_by = self.before().described_by(&fieldset.described_by);
                Markup::of(&Fieldset { described_by, role: "group".to_owned(), ..fieldset.clone() }.around(inner))
            }
            None => inner,
        }
    }

    fn input(&self, part: &DatePart) -> Input {
        let prefix = if self.name_prefix.is_empty() { String::new() } else { format!("{}-", self.name_prefix) };
        let is_wrong = self.error_message.is_some() && !part.classes.contains("govuk-input--error");
        let wrong = if is_wrong && !self.items.iter().any(|part| part.classes.contains("govuk-input--error")) {
            "govuk-input--error"
        } else {
            ""
        };
        Input {
            id: format!("{}-{}", self.id, part.name),
            name: format!("{prefix}{}", part.name),
            label: Label {
                content: part.label.as_str().into(),
                classes: "govuk-date-input__label".to_owned(),
                ..Label::default()
            },
            value: part.value.clone(),
            inputmode: "numeric".to_owned(),
            classes: joined(["govuk-date-input__input", wrong, &part.classes]),
            autocomplete: part.autocomplete.clone(),
            ..Input::default()
        }
    }
}

#[derive(Template)]
#[template(path = "govuk/date-fields.html")]
struct DateFields<'a> {
    date: &'a DateInput,
}

impl HtmlSafe for DateFields<'_> {}

/// One field of a [`DateInput`].
#[derive(Debug, Clone, Default)]
#[cfg_attr(test, derive(serde::Deserialize), serde(default, deny_unknown_fields, rename_all = "camelCase"))]
pub struct DatePart {
    /// `day`, `month` or `year`.
    pub name: String,
    /// What it is called.
    pub label: String,
    /// What stands in it.
    pub value: String,
    /// Its width, as `govuk-input--width-2`.
    pub classes: String,
    /// What a browser may fill in, as `bday-day`.
    pub autocomplete: String,
}

/// What sends a form, or, with `href`, a link that looks so.
#[derive(Debug, Clone, Default, Template)]
#[cfg_attr(test, derive(serde::Deserialize), serde(default, deny_unknown_fields, rename_all = "camelCase"))]
#[template(path = "govuk/button.html")]
pub struct Button {
    /// The words.
    pub content: Content,
    /// Its name in the form.
    pub name: String,
    /// What the form sends under its name.
    pub value: String,
    /// `submit` where empty.
    #[cfg_attr(test, serde(rename = "type"))]
    pub kind: String,
    /// Where it leads, as a link.
    pub href: String,
    /// Its id.
    pub id: String,
    /// Classes beside its own, as `govuk-button--secondary`.
    pub classes: String,
    /// Whether it cannot be pressed.
    pub disabled: bool,
    /// Whether a second press within a second is dropped, if that is said.
    pub prevent_double_click: Option<bool>,
    /// Whether it begins something: with an arrow.
    pub is_start_button: bool,
    /// Attributes beside its own.
    pub attributes: Attributes,
}

impl HtmlSafe for Button {}

impl Button {
    /// The chief button of a form. A second press does nothing.
    pub fn new(content: impl Into<Content>) -> Self {
        Self { content: content.into(), prevent_double_click: Some(true), ..Self::default() }
    }

    /// A link that looks like a button.
    pub fn link(content: impl Into<Content>, href: &str) -> Self {
        Self { content: content.into(), href: href.to_owned(), ..Self::default() }
    }

    /// Not the chief one.
    #[must_use]
    pub fn secondary(mut self) -> Self {
        self.classes = joined([&self.classes, "govuk-button--secondary"]);
        self
    }

    /// One that destroys something.
    #[must_use]
    pub fn warning(mut self) -> Self {
        self.classes = joined([&self.classes, "govuk-button--warning"]);
        self
    }

    /// What the form sends when this button is pressed.
    #[must_use]
    pub fn sends(mut self, name: &str, value: &str) -> Self {
        name.clone_into(&mut self.name);
        value.clone_into(&mut self.value);
        self
    }
}
