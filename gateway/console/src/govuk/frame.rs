//! What stands around every page.

use askama::{Template, filters::HtmlSafe};

use super::{Attributes, Content, Markup, Tag};

/// The first link of a page, past all that is the same on each.
#[derive(Debug, Clone, Default, Template)]
#[cfg_attr(test, derive(serde::Deserialize), serde(default, deny_unknown_fields, rename_all = "camelCase"))]
#[template(path = "govuk/skip-link.html")]
pub struct SkipLink {
    /// The words.
    pub content: Content,
    /// Where it leads; `#content` where empty.
    pub href: String,
    /// Classes beside its own.
    pub classes: String,
    /// Attributes beside its own.
    pub attributes: Attributes,
}

impl HtmlSafe for SkipLink {}

/// The mark and the name of the program. It is the generic one: the other is a state's.
#[derive(Debug, Clone, Default, Template)]
#[cfg_attr(test, derive(serde::Deserialize), serde(default, deny_unknown_fields, rename_all = "camelCase"))]
#[template(path = "govuk/generic-header.html")]
pub struct GenericHeader {
    /// Mark and name.
    pub logo: Content,
    /// Where they lead; `/` where empty.
    pub url: String,
    /// The class of what holds them.
    pub container_classes: String,
    /// Classes beside its own.
    pub classes: String,
    /// Attributes beside its own.
    pub attributes: Attributes,
}

impl HtmlSafe for GenericHeader {}

/// The name of the service and its parts.
#[derive(Debug, Clone, Default, Template)]
#[cfg_attr(test, derive(serde::Deserialize), serde(default, deny_unknown_fields, rename_all = "camelCase"))]
#[template(path = "govuk/service-navigation.html")]
pub struct ServiceNavigation {
    /// The desk that is served.
    pub service_name: String,
    /// Where its name leads.
    pub service_url: String,
    /// The parts.
    pub navigation: Vec<NavigationItem>,
    /// What the navigation is called, for those who hear it.
    pub navigation_label: String,
    /// The id of the list; `navigation` where empty.
    pub navigation_id: String,
    /// Classes of the navigation.
    pub navigation_classes: String,
    /// "Menu".
    pub menu_button_text: String,
    /// What the button is called, where that is more than its text.
    pub menu_button_label: String,
    /// What the whole is called, for those who hear it.
    pub aria_label: String,
    /// Whether small screens hide the parts behind the button; they do where there are two or more and nothing is said.
    pub collapse_navigation_on_mobile: Option<bool>,
    /// What stands besides.
    pub slots: Slots,
    /// Classes beside its own.
    pub classes: String,
    /// Attributes beside its own.
    pub attributes: Attributes,
}

impl HtmlSafe for ServiceNavigation {}

/// What stands besides in a [`ServiceNavigation`].
#[derive(Debug, Clone, Default)]
#[cfg_attr(test, derive(serde::Deserialize), serde(default, deny_unknown_fields, rename_all = "camelCase"))]
pub struct Slots {
    /// Before everything.
    pub start: Markup,
    /// Behind everything.
    pub end: Markup,
    /// Before the first part.
    pub navigation_start: Markup,
    /// Behind the last part.
    pub navigation_end: Markup,
}

impl ServiceNavigation {
    fn is_collapsed(&self) -> bool {
        self.collapse_navigation_on_mobile.unwrap_or(self.navigation.len() > 1)
    }

    fn has_navigation(&self) -> bool {
        let slots = &self.slots;
        !(self.navigation.is_empty() && slots.navigation_start.is_empty() && slots.navigation_end.is_empty())
    }

    fn is_section(&self) -> bool {
        !(self.service_name.is_empty() && self.slots.start.is_empty() && self.slots.end.is_empty())
    }

    fn list_id(&self) -> &str {
        if self.navigation_id.is_empty() { "navigation" } else { &self.navigation_id }
    }

    fn said_label(&self) -> &str {
        if self.navigation_label.is_empty() { &self.menu_button_text } else { &self.navigation_label }
    }
}

/// A part of the service.
#[derive(Debug, Clone, Default)]
#[cfg_attr(test, derive(serde::Deserialize), serde(default, deny_unknown_fields, rename_all = "camelCase"))]
pub struct NavigationItem {
    /// Its name.
    pub content: Content,
    /// Where it is.
    pub href: String,
    /// Whether it is this page.
    pub current: bool,
    /// Whether this page is in it.
    pub active: bool,
    /// Attributes beside its own.
    pub attributes: Attributes,
}

/// The languages of the interface, each in its own words.
#[derive(Debug, Clone, Default, Template)]
#[cfg_attr(test, derive(serde::Deserialize), serde(default, deny_unknown_fields, rename_all = "camelCase"))]
#[template(path = "govuk/language-navigation.html")]
pub struct LanguageNavigation {
    /// The languages.
    pub items: Vec<Language>,
    /// "Language", for those who hear it.
    pub aria_label: String,
    /// Classes beside its own.
    pub classes: String,
    /// Attributes beside its own.
    pub attributes: Attributes,
}

impl HtmlSafe for LanguageNavigation {}

/// A language of the interface.
#[derive(Debug, Clone, Default)]
#[cfg_attr(test, derive(serde::Deserialize), serde(default, deny_unknown_fields, rename_all = "camelCase"))]
pub struct Language {
    /// Its own name for itself.
    pub content: Content,
    /// Where the page is in that language.
    pub href: String,
    /// Its tag.
    pub lang: String,
    /// The tag of what the link leads to, where that is another one.
    pub href_lang: String,
    /// Its direction.
    pub dir: String,
    /// Whether it is the page's.
    pub current: bool,
    /// What the link does, in words of that language.
    pub language_description_text: String,
    /// Classes beside its own.
    pub classes: String,
    /// Attributes beside its own.
    pub attributes: Attributes,
}

/// On every page of a state that is simulated.
#[derive(Debug, Clone, Default, Template)]
#[cfg_attr(test, derive(serde::Deserialize), serde(default, deny_unknown_fields, rename_all = "camelCase"))]
#[template(path = "govuk/phase-banner.html")]
pub struct PhaseBanner {
    /// The word.
    pub tag: Tag,
    /// What that means.
    pub content: Content,
    /// Classes beside its own.
    pub classes: String,
    /// Attributes beside its own.
    pub attributes: Attributes,
}

impl HtmlSafe for PhaseBanner {}

impl PhaseBanner {
    fn tag(&self) -> Tag {
        let classes = super::joined(["govuk-phase-banner__content__tag", &self.tag.classes]);
        Tag { content: self.tag.content.clone(), classes, ..Tag::default() }
    }
}

/// The way back.
#[derive(Debug, Clone, Default, Template)]
#[cfg_attr(test, derive(serde::Deserialize), serde(default, deny_unknown_fields, rename_all = "camelCase"))]
#[template(path = "govuk/back-link.html")]
pub struct BackLink {
    /// "Back".
    pub content: Content,
    /// Where it leads; `#` where empty.
    pub href: String,
    /// Classes beside its own.
    pub classes: String,
    /// Attributes beside its own.
    pub attributes: Attributes,
}

impl HtmlSafe for BackLink {}

impl BackLink {
    /// To this page.
    pub fn new(content: impl Into<Content>, href: &str) -> Self {
        Self { content: content.into(), href: href.to_owned(), ..Self::default() }
    }
}

/// Where a page is among the others.
#[derive(Debug, Clone, Default, Template)]
#[cfg_attr(test, derive(serde::Deserialize), serde(default, deny_unknown_fields, rename_all = "camelCase"))]
#[template(path = "govuk/breadcrumbs.html")]
pub struct Breadcrumbs {
    /// The way to it.
    pub items: Vec<Crumb>,
    /// "Breadcrumb", for those who hear it.
    pub label_text: String,
    /// Whether small screens show the first and the last only.
    pub collapse_on_mobile: bool,
    /// Classes beside its own.
    pub classes: String,
    /// Attributes beside its own.
    pub attributes: Attributes,
}

impl HtmlSafe for Breadcrumbs {}

/// A page on the way to this one.
#[derive(Debug, Clone, Default)]
#[cfg_attr(test, derive(serde::Deserialize), serde(default, deny_unknown_fields, rename_all = "camelCase"))]
pub struct Crumb {
    /// Its name.
    pub content: Content,
    /// Where it is; it is this page where empty.
    pub href: String,
    /// Attributes beside its own.
    pub attributes: Attributes,
}

/// Help and the statement of accessibility, at the same place of every page. Neither a crown nor a licence of another state's.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "govuk/footer.html")]
pub struct Footer {
    /// "Support links", for those who hear it.
    pub title: String,
    /// The links.
    pub items: Vec<FooterLink>,
    /// What stands below.
    pub content: Content,
}

impl HtmlSafe for Footer {}

/// A link of the [`Footer`].
#[derive(Debug, Clone, Default)]
pub struct FooterLink {
    /// Where it leads.
    pub href: String,
    /// Its name.
    pub text: String,
}
