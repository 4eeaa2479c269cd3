//! What a person fills in.

use askama::{Template, filters::HtmlSafe};

use super::{Attributes, Content, joined};
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
