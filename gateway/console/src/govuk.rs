//! The components of a page, after govuk-frontend: one struct each, whose fields are the options that the console uses, with its template in
//! `templates/govuk`. In a page's template a component is an expression: `{{ govuk::Button::new(page.locale.text("save")) }}`.
//!
//! Text is escaped by its type. [`Markup`] is made only from what a template has written, so that no text of a person becomes markup; there is no
//! `|safe` anywhere. `fixtures.rs` holds each component against govuk-frontend's own fixtures.

mod choice;
mod date;
mod field;
#[cfg(test)]
mod fixtures;
mod frame;
#[cfg(test)]
mod gallery;
mod list;
mod notice;

use std::fmt;

use askama::filters::{Escaper, Html, HtmlSafe};

pub use self::{
    choice::{Checkboxes, Conditional, Fieldset, Item, Legend, Radios},
    date::{Button, DateInput, DatePart},
    field::{ErrorMessage, FileUpload, Input, Label, Select, SelectOption, Textarea},
    frame::{
        BackLink, Breadcrumbs, Crumb, Footer, FooterLink, GenericHeader, Language, LanguageNavigation, NavigationItem,
        PhaseBanner, ServiceNavigation, SkipLink, Slots,
    },
    list::{
        Action, Actions, Card, CardTitle, Cell, Heading, PageLink, PageNumber, Pagination, Passage, Row, SummaryList,
        Tab, Table, Tabs, Task, TaskList, TaskStatus,
    },
    notice::{Details, ErrorLink, ErrorSummary, InsetText, NotificationBanner, Panel, Tag, WarningText},
};

/// What a template has written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(test, derive(serde::Deserialize))]
pub struct Markup(String);

impl Markup {
    /// The markup of a component, or of a template of a page's own that says that it is [`HtmlSafe`].
    pub fn of(written: &impl HtmlSafe) -> Self {
        Self(written.to_string())
    }

    /// A passage in another language than the page's: a document's, a treaty's, a person's name. `lang` also chooses the right forms of Han characters.
    pub fn foreign(lang: &str, text: &str) -> Self {
        Self::of(&Foreign { lang, text })
    }

    /// Several, one behind the other.
    pub fn all(parts: impl IntoIterator<Item = Self>) -> Self {
        Self(parts.into_iter().map(|part| part.0).collect())
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Markup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl HtmlSafe for Markup {}

#[derive(askama::Template)]
#[template(ext = "html", source = r#"<span lang="{{ lang }}" dir="auto">{{ text }}</span>"#)]
struct Foreign<'a> {
    lang: &'a str,
    text: &'a str,
}

impl HtmlSafe for Foreign<'_> {}

/// What stands in a component: a text, which is escaped, or markup.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(test, derive(serde::Deserialize), serde(rename_all = "lowercase"))]
pub enum Content {
    /// As a person wrote it.
    Text(String),
    /// As a template wrote it.
    Html(Markup),
}

impl Content {
    /// Whether there is nothing to show.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Text(text) => text.is_empty(),
            Self::Html(markup) => markup.is_empty(),
        }
    }

    /// Whether it is markup.
    pub fn is_html(&self) -> bool {
        matches!(self, Self::Html(_))
    }
}

impl Default for Content {
    fn default() -> Self {
        Self::Text(String::new())
    }
}

impl fmt::Display for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => Html.write_escaped_str(f, text),
            Self::Html(markup) => markup.fmt(f),
        }
    }
}

impl HtmlSafe for Content {}

impl From<&str> for Content {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Content {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&String> for Content {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}

/// As a template hands the field of a page over.
impl From<&&String> for Content {
    fn from(text: &&String) -> Self {
        Self::Text((*text).clone())
    }
}

impl From<Markup> for Content {
    fn from(markup: Markup) -> Self {
        Self::Html(markup)
    }
}

impl From<Tag> for Content {
    fn from(tag: Tag) -> Self {
        Self::Html(Markup::of(&tag))
    }
}

/// Attributes that a component carries besides its own, such as `lang` and `hx-post`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(test, derive(serde::Deserialize), serde(from = "std::collections::BTreeMap<String, String>"))]
pub struct Attributes(pub Vec<(String, String)>);

#[cfg(test)]
impl From<std::collections::BTreeMap<String, String>> for Attributes {
    fn from(pairs: std::collections::BTreeMap<String, String>) -> Self {
        Self(pairs.into_iter().collect())
    }
}

impl<const N: usize> From<[(&str, &str); N]> for Attributes {
    fn from(pairs: [(&str, &str); N]) -> Self {
        Self(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }
}

/// Each with a space before it. A name that is none of HTML's is left out, as it could not be escaped.
impl fmt::Display for Attributes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_name =
            |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_:.".contains(&b));
        for (name, value) in self.0.iter().filter(|(name, _)| is_name(name)) {
            write!(f, " {name}=\"")?;
            Html.write_escaped_str(&mut *f, value)?;
            f.write_str("\"")?;
        }
        Ok(())
    }
}

impl HtmlSafe for Attributes {}

/// Several ids or classes with a space between, without the empty ones.
fn joined<const N: usize>(parts: [&str; N]) -> String {
    let present: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    present.join(" ")
}
