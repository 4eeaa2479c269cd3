//! What a page says to a person.

use askama::{Template, filters::HtmlSafe};

use super::{Attributes, Content};
use crate::locale::Locale;

/// The standing of something, in a word: colour never says it alone.
#[derive(Debug, Clone, Default, Template)]
#[cfg_attr(test, derive(serde::Deserialize), serde(default, deny_unknown_fields, rename_all = "camelCase"))]
#[template(path = "govuk/tag.html")]
pub struct Tag {
    /// The word.
    pub content: Content,
    /// Classes beside its own, as `govuk-tag--grey`.
    pub classes: String,
    /// Attributes beside its own.
    pub attributes: Attributes,
}

impl HtmlSafe for Tag {}

impl Tag {
    /// A word on a colour of govuk-frontend's: `grey`, `green`, `turquoise`, `blue`, `purple`, `pink`, `red`, `orange`, `yellow`.
    pub fn new(content: impl Into<Content>, colour: &str) -> Self {
        Self { content: content.into(), classes: format!("govuk-tag--{colour}"), ..Self::default() }
    }
}

/// All that is wrong with a form, at the top of its page; each leads to its field.
#[derive(Debug, Clone, Default, Template)]
#[cfg_attr(test, derive(serde::Deserialize), serde(default, deny_unknown_fields, rename_all = "camelCase"))]
#[template(path = "govuk/error-summary.html")]
pub struct ErrorSummary {
    /// "There is a problem".
    pub title: Content,
    /// A sentence above the list.
    pub description: Content,
    /// What is wrong.
    pub error_list: Vec<ErrorLink>,
    /// Whether it does not take the focus, if that is said.
    pub disable_auto_focus: Option<bool>,
    /// Classes beside its own.
    pub classes: String,
    /// Attributes beside its own.
    pub attributes: Attributes,
}

impl HtmlSafe for ErrorSummary {}

impl ErrorSummary {
    /// In this language, of these fields (their ids) and what is wrong with each.
    pub fn new(locale: Locale, errors: impl IntoIterator<Item = (String, String)>) -> Self {
        let link = |(field, text): (String, String)| ErrorLink {
            content: text.into(),
            href: if field.is_empty() { field } else { format!("#{field}") },
            ..ErrorLink::default()
        };
        let error_list = errors.into_iter().map(link).collect();
        Self { title: locale.text("govuk-error-title").into(), error_list, ..Self::default() }
    }
}

/// One line of an [`ErrorSummary`].
#[derive(Debug, Clone, Default)]
#[cfg_attr(test, derive(serde::Deserialize), serde(default, deny_unknown_fields, rename_all = "camelCase"))]
pub struct ErrorLink {
    /// The words.
    pub content: Content,
    /// Where the field is, as `#ground`; nowhere where empty.
    pub href: String,
    /// Attributes beside its own.
    pub attributes: Attributes,
}

/// What has just happened, or what is to be known before anything else.
#[derive(Debug, Clone, Default, Template)]
#[cfg_attr(test, derive(serde::Deserialize), serde(default, deny_unknown_fields, rename_all = "camelCase"))]
#[template(path = "govuk/notification-banner.html")]
pub struct NotificationBanner {
    /// "Success" or "Important".
    pub title: Content,
    /// What it says.
    pub content: Content,
    /// `success`, or nothing.
    #[cfg_attr(test, serde(rename = "type"))]
    pub kind: String,
    /// The id of its title.
    pub title_id: String,
    /// Its role, where that is not the usual one.
    pub role: String,
    /// The level of its title; 2 where nothing is said.
    pub title_heading_level: Option<u8>,
    /// Whether it does not take the focus, if that is said.
    pub disable_auto_focus: Option<bool>,
    /// Classes beside its own.
    pub classes: String,
    /// Attributes beside its own.
    pub attributes: Attributes,
}

impl HtmlSafe for NotificationBanner {}

impl NotificationBanner {
    /// What has been done.
    pub fn success(locale: Locale, content: impl Into<Content>) -> Self {
        let title = locale.text("govuk-success").into();
        Self { title, content: content.into(), kind: "success".to_owned(), ..Self::default() }
    }

    /// What is to be known.
    pub fn important(locale: Locale, content: impl Into<Content>) -> Self {
        Self { title: locale.text("govuk-important").into(), content: content.into(), ..Self::default() }
    }

    fn is_success(&self) -> bool {
        self.kind == "success"
    }

    fn said_role(&self) -> &str {
        match (self.role.as_str(), self.is_success()) {
            ("", true) => "alert",
            ("", false) => "region",
            (role, _) => role,
        }
    }

    fn level(&self) -> u8 {
        self.title_heading_level.unwrap_or(2)
    }

    fn heading_id(&self) -> &str {
        if self.title_id.is_empty() { "govuk-notification-banner-title" } else { &self.title_id }
    }
}

/// A passage apart from the text, such as words that are quoted.
#[derive(Debug, Clone, Default, Template)]
#[cfg_attr(test, derive(serde::Deserialize), serde(default, deny_unknown_fields, rename_all = "camelCase"))]
#[template(path = "govuk/inset-text.html")]
pub struct InsetText {
    /// What it says.
    pub content: Content,
    /// Its id.
    pub id: String,
    /// Classes beside its own.
    pub classes: String,
    /// Attributes beside its own.
    pub attributes: Attributes,
}

impl HtmlSafe for InsetText {}

impl InsetText {
    /// With this in it.
    pub fn new(content: impl Into<Content>) -> Self {
        Self { content: content.into(), ..Self::default() }
    }
}

/// What follows for a person in law, or cannot be taken back.
#[derive(Debug, Clone, Default, Template)]
#[cfg_attr(test, derive(serde::Deserialize), serde(default, deny_unknown_fields, rename_all = "camelCase"))]
#[template(path = "govuk/warning-text.html")]
pub struct WarningText {
    /// What it says.
    pub content: Content,
    /// "Warning", for those who do not see the sign.
    pub icon_fallback_text: String,
    /// Classes beside its own.
    pub classes: String,
    /// Attributes beside its own.
    pub attributes: Attributes,
}

impl HtmlSafe for WarningText {}

impl WarningText {
    /// In this language.
    pub fn new(locale: Locale, content: impl Into<Content>) -> Self {
        Self { content: content.into(), icon_fallback_text: locale.text("govuk-warning"), ..Self::default() }
    }
}

/// What only some want to read: closed until it is asked for.
#[derive(Debug, Clone, Default, Template)]
#[cfg_attr(test, derive(serde::Deserialize), serde(default, deny_unknown_fields, rename_all = "camelCase"))]
#[template(path = "govuk/details.html")]
pub struct Details {
    /// What it is about.
    pub summary: Content,
    /// What it says.
    pub content: Content,
    /// Its id.
    pub id: String,
    /// Whether it is open from the first.
    pub open: bool,
    /// Classes beside its own.
    pub classes: String,
    /// Attributes beside its own.
    pub attributes: Attributes,
}

impl HtmlSafe for Details {}

impl Details {
    /// With this in it.
    pub fn new(summary: impl Into<Content>, content: impl Into<Content>) -> Self {
        Self { summary: summary.into(), content: content.into(), ..Self::default() }
    }
}

/// That a step is done, at the end of a way.
#[derive(Debug, Clone, Default, Template)]
#[cfg_attr(test, derive(serde::Deserialize), serde(default, deny_unknown_fields, rename_all = "camelCase"))]
#[template(path = "govuk/panel.html")]
pub struct Panel {
    /// What is done.
    pub title: Content,
    /// Its reference.
    pub content: Content,
    /// The level of its title; 1 where nothing is said.
    pub heading_level: Option<u8>,
    /// Classes beside its own.
    pub classes: String,
    /// Attributes beside its own.
    pub attributes: Attributes,
}

impl HtmlSafe for Panel {}

impl Panel {
    /// What is done, and its reference.
    pub fn new(title: impl Into<Content>, content: impl Into<Content>) -> Self {
        Self { title: title.into(), content: content.into(), ..Self::default() }
    }

    fn level(&self) -> u8 {
        self.heading_level.unwrap_or(1)
    }
}
