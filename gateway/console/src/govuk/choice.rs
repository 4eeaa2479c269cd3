//! Choices that all stand on the page.

use askama::{Template, filters::HtmlSafe};

use super::{Attributes, Content, ErrorMessage, Label, Markup, field::BeforeField, joined};
use crate::locale::Locale;

/// What holds fields together under one question.
#[derive(Debug, Clone, Default, Template)]
#[cfg_attr(test, derive(serde::Deserialize), serde(default, deny_unknown_fields, rename_all = "camelCase"))]
#[template(path = "govuk/fieldset.html")]
pub struct Fieldset {
    /// The question.
    pub legend: Legend,
    /// Ids of what describes it.
    pub described_by: String,
    /// `group` for fields of text, so that screen readers tell what describes them.
    pub role: String,
    /// Classes beside its own.
    pub classes: String,
    /// What it holds.
    pub content: Content,
    /// Attributes beside its own.
    pub attributes: Attributes,
}

impl HtmlSafe for Fieldset {}

impl Fieldset {
    /// Around these fields.
    pub fn new(legend: impl Into<Legend>, fields: Markup) -> Self {
        Self { legend: legend.into(), content: fields.into(), ..Self::default() }
    }

    pub(super) fn around(&self, fields: Markup) -> Self {
        Self { content: fields.into(), ..self.clone() }
    }
}

/// The question of a [`Fieldset`].
#[derive(Debug, Clone, Default)]
#[cfg_attr(test, derive(serde::Deserialize), serde(default, deny_unknown_fields, rename_all = "camelCase"))]
pub struct Legend {
    /// The words.
    pub content: Content,
    /// Classes beside its own, as `govuk-fieldset__legend--m`.
    pub classes: String,
    /// Whether it is the heading of its page.
    pub is_page_heading: bool,
}

impl<T: Into<Content>> From<T> for Legend {
    fn from(content: T) -> Self {
        Self { content: content.into(), classes: "govuk-fieldset__legend--m".to_owned(), ..Self::default() }
    }
}

/// One choice.
#[derive(Debug, Clone, Default)]
#[cfg_attr(test, derive(serde::Deserialize), serde(default, deny_unknown_fields, rename_all = "camelCase"))]
pub struct Item {
    /// Its id; made from the group's where empty.
    pub id: String,
    /// Its name in the form, where that is not the group's (checkboxes only).
    pub name: String,
    /// What the form sends.
    pub value: String,
    /// The words.
    pub content: Content,
    /// A help below them.
    pub hint: Content,
    /// Whether it is chosen, whatever the group says.
    pub checked: Option<bool>,
    /// Whether it cannot be chosen.
    pub disabled: bool,
    /// What is asked further where it is chosen.
    pub conditional: Conditional,
    /// `exclusive`: choosing it takes the others back.
    pub behaviour: String,
    /// A word between two choices, as "or"; then nothing else is said.
    pub divider: String,
    /// Attributes beside its own.
    pub attributes: Attributes,
}

/// What is asked further where an [`Item`] is chosen.
#[derive(Debug, Clone, Default)]
#[cfg_attr(test, derive(serde::Deserialize), serde(default, deny_unknown_fields))]
pub struct Conditional {
    /// The fields.
    pub content: Content,
}

impl Item {
    /// A choice that sends `value`.
    pub fn new(value: &str, content: impl Into<Content>) -> Self {
        Self { value: value.to_owned(), content: content.into(), ..Self::default() }
    }

    /// With a help below.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<Content>) -> Self {
        self.hint = hint.into();
        self
    }

    /// With what is asked further where it is chosen.
    #[must_use]
    pub fn reveals(mut self, fields: Markup) -> Self {
        self.conditional.content = fields.into();
        self
    }
}

/// An [`Item`] at its place in a group.
#[derive(Debug, Clone)]
struct Choice<'a> {
    item: &'a Item,
    id: String,
    name: &'a str,
    is_checked: bool,
    described_by: String,
    label: Label,
}

fn choice<'a>(
    kind: &'static str,
    item: &'a Item,
    at: usize,
    prefix: &str,
    name: &'a str,
    chosen: bool,
    by: &str,
) -> Choice<'a> {
    let numbered = if at > 0 { format!("{prefix}-{}", at + 1) } else { prefix.to_owned() };
    let id = if item.id.is_empty() { numbered } else { item.id.clone() };
    let hint = if item.hint.is_empty() { String::new() } else { format!("{id}-item-hint") };
    Choice {
        item,
        name: if item.name.is_empty() { name } else { &item.name },
        is_checked: item.checked.unwrap_or(chosen),
        described_by: joined([by, &hint]),
        label: Label {
            content: item.content.clone(),
            classes: format!("govuk-{kind}__label"),
            of: id.clone(),
            ..Label::default()
        },
        id,
    }
}

#[derive(Template)]
#[template(path = "govuk/choices.html")]
struct Choices<'a> {
    kind: &'static str,
    input: &'static str,
    before: BeforeField<'a>,
    choices: Vec<Choice<'a>>,
    classes: &'a str,
    attributes: &'a Attributes,
}

impl HtmlSafe for Choices<'_> {}

/// One of few.
#[derive(Debug, Clone, Default, Template)]
#[cfg_attr(test, derive(serde::Deserialize), serde(default, deny_unknown_fields, rename_all = "camelCase"))]
#[template(path = "govuk/group.html")]
pub struct Radios {
    /// The name in the form.
    pub name: String,
    /// What the ids begin with; the name where empty.
    pub id_prefix: String,
    /// The question.
    pub fieldset: Option<Fieldset>,
    /// A help below the question.
    pub hint: Content,
    /// What is wrong.
    pub error_message: Option<ErrorMessage>,
    /// What can be chosen.
    pub items: Vec<Item>,
    /// The value that is chosen.
    pub value: String,
    /// Classes beside its own, as `govuk-radios--small`.
    pub classes: String,
    /// Attributes beside its own.
    pub attributes: Attributes,
}

/// Any of few.
#[derive(Debug, Clone, Default, Template)]
#[cfg_attr(test, derive(serde::Deserialize), serde(default, deny_unknown_fields, rename_all = "camelCase"))]
#[template(path = "govuk/group.html")]
pub struct Checkboxes {
    /// The name in the form.
    pub name: String,
    /// What the ids begin with; the name where empty.
    pub id_prefix: String,
    /// The question.
    pub fieldset: Option<Fieldset>,
    /// A help below the question.
    pub hint: Content,
    /// What is wrong.
    pub error_message: Option<ErrorMessage>,
    /// What can be chosen.
    pub items: Vec<Item>,
    /// The values that are chosen.
    pub values: Vec<String>,
    /// Ids of what describes each, where no question surrounds them.
    pub described_by: String,
    /// Classes beside its own, as `govuk-checkboxes--small`.
    pub classes: String,
    /// Attributes beside its own.
    pub attributes: Attributes,
}

/// Says, once for both, what a group of choices is.
macro_rules! group {
    ($name:ident) => {
        impl HtmlSafe for $name {}

        impl $name {
            /// A question with its choices.
            pub fn new(name: &str, question: impl Into<Legend>, items: Vec<Item>) -> Self {
                let fieldset = Fieldset { legend: question.into(), ..Fieldset::default() };
                Self { name: name.to_owned(), fieldset: Some(fieldset), items, ..Self::default() }
            }

            /// With a help below the question.
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

            fn prefix(&self) -> &str {
                if self.id_prefix.is_empty() { &self.name } else { &self.id_prefix }
            }

            fn before(&self) -> BeforeField<'_> {
                BeforeField { id: self.prefix(), hint: &self.hint, error: self.error_message.as_ref() }
            }

            fn whole(&self) -> Markup {
                let inner = Markup::of(&self.choices());
                match &self.fieldset {
                    Some(fieldset) => Markup::of(
                        &Fieldset { described_by: self.before().described_by(self.described()), ..fieldset.clone() }
                            .around(inner),
                    ),
                    None => inner,
                }
            }
        }
    };
}

group!(Radios);
group!(Checkboxes);

impl Radios {
    /// With the value that is chosen.
    #[must_use]
    pub fn value(mut self, value: &str) -> Self {
        value.clone_into(&mut self.value);
        self
    }

    fn described(&self) -> &str {
        self.fieldset.as_ref().map_or("", |fieldset| &fieldset.described_by)
    }

    fn choices(&self) -> Choices<'_> {
        let chosen = |item: &Item| !self.value.is_empty() && item.value == self.value;
        let items = self.items.iter().enumerate();
        Choices {
            kind: "radios",
            input: "radio",
            before: self.before(),
            choices: items
                .map(|(at, item)| choice("radios", item, at, self.prefix(), &self.name, chosen(item), ""))
                .collect(),
            classes: &self.classes,
            attributes: &self.attributes,
        }
    }
}

impl Checkboxes {
    /// With the values that are chosen.
    #[must_use]
    pub fn values(mut self, values: impl IntoIterator<Item = String>) -> Self {
        self.values = values.into_iter().collect();
        self
    }

    fn described(&self) -> &str {
        let own = self.fieldset.as_ref().map_or("", |fieldset| &fieldset.described_by);
        if own.is_empty() { &self.described_by } else { own }
    }

    fn choices(&self) -> Choices<'_> {
        let by = if self.fieldset.is_some() { String::new() } else { self.before().described_by(&self.described_by) };
        let items = self.items.iter().enumerate();
        Choices {
            kind: "checkboxes",
            input: "checkbox",
            before: self.before(),
            choices: items
                .map(|(at, item)| {
                    let chosen = self.values.contains(&item.value);
                    choice("checkboxes", item, at, self.prefix(), &self.name, chosen, &by)
                })
                .collect(),
            classes: &self.classes,
            attributes: &self.attributes,
        }
    }
}
