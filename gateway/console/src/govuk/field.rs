//! What a person fills in, and the button that sends it.

use askama::{Template, filters::HtmlSafe};

use super::{Attributes, Content, Fieldset, Markup, joined};
use crate::locale::Locale;

/// What a field is called.
#[derive(Debug, Clone, Default, Template)]
#[cfg_attr(test, derive(serde::Deserialize), serde(default, deny_unknown_fields, rename_all = "camelCase"))]
#[template(path = "govuk/label.html")]
pub struct Label {
    /// The words.
    pub content: Content,
    /// Classes beside its own, as `govuk-label--l`.
    pub classes: String,
    /// Whether it is the heading of its page.
    pub is_page_heading: bool,
    /// The id of its field.
    #[cfg_attr(test, serde(rename = "for"))]
    pub of: String,
}

impl HtmlSafe for Label {}

impl Label {
    fn at(&self, id: &str) -> Self {
        Self { of: id.to_owned(), ..self.clone() }
    }
}

impl<T: Into<Content>> From<T> for Label {
    fn from(content: T) -> Self {
        Self { content: content.into(), ..Self::default() }
    }
}

/// What is wrong with a field, below its label.
#[derive(Debug, Clone, Default, Template)]
#[cfg_attr(test, derive(serde::Deserialize), serde(default, deny_unknown_fields, rename_all = "camelCase"))]
#[template(path = "govuk/error-message.html")]
pub struct ErrorMessage {
    /// The words.
    pub content: Content,
    /// "Error", for those who do not see the red.
    pub visually_hidden_text: String,
    /// Its id, which the field names in `aria-describedby`.
    pub id: String,
    /// Classes beside its own.
    pub classes: String,
}

impl HtmlSafe for ErrorMessage {}

impl ErrorMessage {
    /// In this language.
    pub fn new(locale: Locale, content: impl Into<Content>) -> Self {
        Self {
            content: content.into(),
            visually_hidden_text: locale.text("govuk-error-prefix"),
            id: String::new(),
            classes: String::new(),
        }
    }
}

/// What stands before the field proper, the same in every kind of field: hint and error, and what `aria-describedby` says of them.
#[derive(Template)]
#[template(path = "govuk/before-field.html")]
pub(super) struct BeforeField<'a> {
    pub(super) id: &'a str,
    pub(super) hint: &'a Content,
    pub(super) error: Option<&'a ErrorMessage>,
}

impl HtmlSafe for BeforeField<'_> {}

impl BeforeField<'_> {
    pub(super) fn described_by(&self, before: &str) -> String {
        let hint = if self.hint.is_empty() { String::new() } else { format!("{}-hint", self.id) };
        let error = if self.error.is_some() { format!("{}-error", self.id) } else { String::new() };
        joined([before, &hint, &error])
    }

    fn message(&self) -> Option<ErrorMessage> {
        self.error.map(|error| ErrorMessage { id: format!("{}-error", self.id), ..error.clone() })
    }
}

/// Says, once for each kind of field, what all of them share.
macro_rules! field {
    ($name:ident) => {
        impl HtmlSafe for $name {}

        impl $name {
            /// A field of this name with this label.
            pub fn new(name: &str, label: impl Into<Label>) -> Self {
                Self { name: name.to_owned(), label: label.into(), ..Self::default() }
            }

            /// The label as a heading of this size (`l`, `m`, `s`), and of the page if `is_page_heading`.
            #[must_use]
            pub fn heading(mut self, size: &str, is_page_heading: bool) -> Self {
                self.label.classes = format!("govuk-label--{size}");
                self.label.is_page_heading = is_page_heading;
                self
            }

            /// With a help below the label.
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

            /// With further classes.
            #[must_use]
            pub fn classes(mut self, classes: &str) -> Self {
                self.classes = classes.to_owned();
                self
            }

            /// With further attributes, such as the `lang` in which it is to be filled in.
            #[must_use]
            pub fn attributes(mut self, attributes: impl Into<Attributes>) -> Self {
                self.attributes = attributes.into();
                self
            }

            fn id(&self) -> &str {
                if self.id.is_empty() { &self.name } else { &self.id }
            }

            fn before(&self) -> BeforeField<'_> {
                BeforeField { id: self.id(), hint: &self.hint, error: self.error_message.as_ref() }
            }

            fn described_by(&self) -> String {
                self.before().described_by(&self.described_by)
            }
        }
    };
}

/// A line of text.
#[derive(Debug, Clone, Default, Template)]
#[cfg_attr(test, derive(serde::Deserialize), serde(default, deny_unknown_fields, rename_all = "camelCase"))]
#[template(path = "govuk/input.html")]
pub struct Input {
    /// Its id; its name where empty.
    pub id: String,
    /// Its name in the form.
    pub name: String,
    /// What it is called.
    pub label: Label,
    /// A help below the label.
    pub hint: Content,
    /// What is wrong.
    pub error_message: Option<ErrorMessage>,
    /// What stands in it.
    pub value: String,
    /// `text` where empty.
    #[cfg_attr(test, serde(rename = "type"))]
    pub kind: String,
    /// Which keys a small screen shows.
    pub inputmode: String,
    /// What a browser may fill in, as `current-password`.
    pub autocomplete: String,
    /// Whether its spelling is checked, if that is said.
    pub spellcheck: Option<bool>,
    /// What a browser lets pass.
    pub pattern: String,
    /// Whether a telephone begins it with a capital, as `none`.
    pub autocapitalize: String,
    /// Ids of what describes it besides.
    pub described_by: String,
    /// Classes beside its own, as `govuk-input--width-10`.
    pub classes: String,
    /// Whether it cannot be filled in.
    pub disabled: bool,
    /// Attributes beside its own.
    pub attributes: Attributes,
}

field!(Input);

impl Input {
    /// With what stands in it.
    #[must_use]
    pub fn value(mut self, value: &str) -> Self {
        value.clone_into(&mut self.value);
        self
    }

    /// A field for a passphrase, which may be pasted.
    #[must_use]
    pub fn passphrase(mut self) -> Self {
        "password".clone_into(&mut self.kind);
        "current-password".clone_into(&mut self.autocomplete);
        self.spellcheck = Some(false);
        self
    }
}

/// Several lines of text.
#[derive(Debug, Clone, Default, Template)]
#[cfg_attr(test, derive(serde::Deserialize), serde(default, deny_unknown_fields, rename_all = "camelCase"))]
#[template(path = "govuk/textarea.html")]
pub struct Textarea {
    /// Its id; its name where empty.
    pub id: String,
    /// Its name in the form.
    pub name: String,
    /// What it is called.
    pub label: Label,
    /// A help below the label.
    pub hint: Content,
    /// What is wrong.
    pub error_message: Option<ErrorMessage>,
    /// What stands in it.
    pub value: String,
    /// How many lines it shows; 5 where empty.
    pub rows: String,
    /// What a browser may fill in.
    pub autocomplete: String,
    /// Whether its spelling is checked, if that is said.
    pub spellcheck: Option<bool>,
    /// Ids of what describes it besides.
    pub described_by: String,
    /// Classes beside its own.
    pub classes: String,
    /// Whether it cannot be filled in.
    pub disabled: bool,
    /// Attributes beside its own.
    pub attributes: Attributes,
}

field!(Textarea);

impl Textarea {
    /// With what stands in it.
    #[must_use]
    pub fn value(mut self, value: &str) -> Self {
        value.clone_into(&mut self.value);
        self
    }

    /// So many lines high.
    #[must_use]
    pub fn rows(mut self, rows: u8) -> Self {
        self.rows = rows.to_string();
        self
    }
}

/// One of few, in a menu.
#[derive(Debug, Clone, Default, Template)]
#[cfg_attr(test, derive(serde::Deserialize), serde(default, deny_unknown_fields, rename_all = "camelCase"))]
#[template(path = "govuk/select.html")]
pub struct Select {
    /// Its id; its name where empty.
    pub id: String,
    /// Its name in the form.
    pub name: String,
    /// What it is called.
    pub label: Label,
    /// A help below the label.
    pub hint: Content,
    /// What is wrong.
    pub error_message: Option<ErrorMessage>,
    /// What can be chosen.
    pub items: Vec<SelectOption>,
    /// The value that is chosen.
    pub value: String,
    /// Ids of what describes it besides.
    pub described_by: String,
    /// Classes beside its own.
    pub classes: String,
    /// Whether nothing can be chosen.
    pub disabled: bool,
    /// Attributes beside its own.
    pub attributes: Attributes,
}

field!(Select);

impl Select {
    /// With what can be chosen, value and words, of which `value` is chosen.
    #[must_use]
    pub fn options(mut self, options: impl IntoIterator<Item = (String, String)>, value: &str) -> Self {
        let option = |(value, text)| SelectOption { value: Some(value), text, ..SelectOption::default() };
        self.items = options.into_iter().map(option).collect();
        value.clone_into(&mut self.value);
        self
    }

    fn is_selected(&self, item: &SelectOption) -> bool {
        let own = item.value.as_ref().unwrap_or(&item.text);
        item.selected.unwrap_or(!self.value.is_empty() && *own == self.value)
    }
}

/// What can be chosen in a [`Select`].
#[derive(Debug, Clone, Default)]
#[cfg_attr(test, derive(serde::Deserialize), serde(default, deny_unknown_fields, rename_all = "camelCase"))]
pub struct SelectOption {
    /// What the form sends; the words where none is said.
    pub value: Option<String>,
    /// The words.
    pub text: String,
    /// Whether it is chosen, whatever the [`Select`] says.
    pub selected: Option<bool>,
    /// Whether it cannot be chosen.
    pub disabled: bool,
    /// Attributes beside its own.
    pub attributes: Attributes,
}

/// A file.
#[derive(Debug, Clone, Default, Template)]
#[cfg_attr(test, derive(serde::Deserialize), serde(default, deny_unknown_fields, rename_all = "camelCase"))]
#[template(path = "govuk/file-upload.html")]
pub struct FileUpload {
    /// Its id; its name where empty.
    pub id: String,
    /// Its name in the form.
    pub name: String,
    /// What it is called.
    pub label: Label,
    /// A help below the label.
    pub hint: Content,
    /// What is wrong.
    pub error_message: Option<ErrorMessage>,
    /// Whether several may be chosen.
    pub multiple: bool,
    /// Ids of what describes it besides.
    pub described_by: String,
    /// Classes beside its own.
    pub classes: String,
    /// Whether none can be chosen.
    pub disabled: bool,
    /// Attributes beside its own, as `accept`.
    pub attributes: Attributes,
}

field!(FileUpload);

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
    pub fn new(locale: Locale, name: &str, legend: impl Into<super::Legend>, values: [&str; 3]) -> Self {
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
