//! What every page has: who looks at it, in which language, and what stands around its content (`templates/layout.html`).
//!
//! A page is a struct with a field `page: Page` and a template that begins with `{% extends "layout.html" %}` and fills the blocks `title`, `before_content`
//! and `content`. Components stand in it as expressions ([`crate::govuk`]), texts as `{{ page.text("id") }}`.

use askama::Template;
use axum::http::{HeaderMap, header};

use crate::{
    assets,
    govuk::{
        self, Content, Footer, FooterLink, GenericHeader, Language, LanguageNavigation, Markup, NavigationItem,
        NotificationBanner, PhaseBanner, ServiceNavigation, SkipLink, Tag,
    },
    locale::Locale,
};

/// The cookie that keeps the language of the interface. It says nothing about a person.
pub const LANGUAGE_COOKIE: &str = "rogatory_language";

/// The officer who is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Officer {
    /// As the directory names the officer.
    pub name: String,
    /// Which roles the directory gives, in words of the interface.
    pub roles: String,
}

/// A part of the console, for the navigation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Section {
    /// None of those that the navigation names.
    #[default]
    None,
    /// What is to be done.
    Inbox,
    /// What ends when, and the hearings.
    Agenda,
    /// What must be destroyed or returned when.
    Disposal,
    /// Search.
    Search,
    /// What is counted.
    Statistics,
}

impl Section {
    /// In the order of the navigation: the part, where it is, its text.
    const NAVIGATION: [(Self, &'static str, &'static str); 5] = [
        (Self::Inbox, "/", "face-inbox"),
        (Self::Agenda, "/agenda", "face-agenda"),
        (Self::Disposal, "/disposal", "face-disposal"),
        (Self::Search, "/search", "face-search"),
        (Self::Statistics, "/statistics", "face-statistics"),
    ];
}

/// What every page has.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// The language of the interface.
    pub locale: Locale,
    /// Who looks at it, if somebody is signed in.
    pub officer: Option<Officer>,
    /// The desk that serves it, by its name.
    pub desk: String,
    /// Whether the state is simulated.
    pub training: bool,
    /// The path and query of the page, to which a change of language leads back. Of an answer to a form, the page with the form.
    pub path: String,
    /// The token that every form sends as `csrf`.
    pub csrf: String,
    /// What has just been done, once.
    pub notice: Option<String>,
    /// Which part of the console it is in.
    pub section: Section,
}

impl Page {
    /// A text of the interface.
    pub fn text(&self, id: &str) -> String {
        self.locale.text(id)
    }

    pub(crate) fn asset(&self, name: &str) -> &'static str {
        assets::href(name)
    }

    pub(crate) fn skip_link(&self) -> SkipLink {
        let content = self.text("face-skip").into();
        SkipLink { content, href: "#main-content".to_owned(), ..SkipLink::default() }
    }

    pub(crate) fn header(&self) -> GenericHeader {
        GenericHeader { logo: Markup::of(&Mark).into(), ..GenericHeader::default() }
    }

    pub(crate) fn training_banner(&self) -> PhaseBanner {
        let tag = Tag { content: self.text("face-training").into(), ..Tag::default() };
        PhaseBanner { tag, content: self.text("face-training-means").into(), ..PhaseBanner::default() }
    }

    pub(crate) fn notice_banner(&self) -> Option<NotificationBanner> {
        self.notice.as_deref().map(|notice| NotificationBanner::success(self.locale, notice))
    }

    pub(crate) fn languages(&self) -> LanguageNavigation {
        let back = urlencoded(&self.path);
        let language = |locale: Locale| Language {
            content: locale.name().into(),
            href: format!("/language/{}?back={back}", locale.tag()),
            lang: locale.tag().to_owned(),
            current: locale == self.locale,
            ..Language::default()
        };
        LanguageNavigation {
            items: Locale::ALL.into_iter().map(language).collect(),
            aria_label: self.text("face-language"),
            ..LanguageNavigation::default()
        }
    }

    pub(crate) fn navigation(&self) -> ServiceNavigation {
        let item = |(section, href, text): (Section, &str, &str)| NavigationItem {
            content: self.text(text).into(),
            href: href.to_owned(),
            active: section == self.section,
            ..NavigationItem::default()
        };
        let parts = if self.officer.is_some() { &Section::NAVIGATION[..] } else { &[] };
        ServiceNavigation {
            service_name: self.desk.clone(),
            service_url: "/".to_owned(),
            navigation: parts.iter().copied().map(item).collect(),
            menu_button_text: self.text("face-menu"),
            aria_label: self.text("face-service"),
            slots: govuk::Slots { end: self.who(), ..govuk::Slots::default() },
            ..ServiceNavigation::default()
        }
    }

    pub(crate) fn who(&self) -> Markup {
        self.officer.as_ref().map_or_else(Markup::default, |officer| Markup::of(&Who { page: self, officer }))
    }

    pub(crate) fn footer(&self) -> Footer {
        let link = |href: &str, id: &str| FooterLink { href: href.to_owned(), text: self.text(id) };
        Footer {
            title: self.text("face-support"),
            items: vec![link("/help", "face-help"), link("/accessibility", "face-accessibility")],
            content: Content::default(),
        }
    }
}

/// Our mark and name: two pages, one seal.
#[derive(Template)]
#[template(path = "mark.html")]
struct Mark;

impl askama::filters::HtmlSafe for Mark {}

/// Who is signed in, and the way out.
#[derive(Template)]
#[template(path = "who.html")]
struct Who<'a> {
    page: &'a Page,
    officer: &'a Officer,
}

impl askama::filters::HtmlSafe for Who<'_> {}

/// The language of who asks: the one that was chosen, else the browser's.
pub fn locale(headers: &HeaderMap) -> Locale {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let cookies = text(header::COOKIE).unwrap_or_default().split(';');
    let chosen = cookies.filter_map(|cookie| cookie.trim().split_once('=')).find(|(name, _)| *name == LANGUAGE_COOKIE);
    chosen
        .and_then(|(_, tag)| Locale::of(tag))
        .unwrap_or_else(|| Locale::negotiate(text(header::ACCEPT_LANGUAGE).unwrap_or_default()))
}

/// A path of ours to go back to; `/` for whatever might lead elsewhere.
pub fn own_path(path: &str) -> &str {
    let leads_here = path.starts_with('/')
        && !path.starts_with("//")
        && path.len() <= 2048
        && path.bytes().all(|byte| (0x21..0x7f).contains(&byte) && byte != b'\\');
    if leads_here { path } else { "/" }
}

/// For a value in the query of a link.
fn urlencoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~/".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chosen_language_goes_before_the_browsers() {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_LANGUAGE, header::HeaderValue::from_static("fr"));
        assert_eq!(locale(&headers), Locale::Fr);
        headers.insert(header::COOKIE, header::HeaderValue::from_static("a=b; rogatory_language=ja"));
        assert_eq!(locale(&headers), Locale::Ja);
        headers.insert(header::COOKIE, header::HeaderValue::from_static("rogatory_language=<script>"));
        assert_eq!(locale(&headers), Locale::Fr);
    }

    #[test]
    fn a_way_back_never_leads_to_another_host() {
        for path in [
            "//evil.example",
            "https://evil.example",
            "/\\evil.example",
            "",
            "javascript:alert(1)",
            "/a\r\nSet-Cookie: b",
            "/\tb",
        ] {
            assert_eq!(own_path(path), "/", "{path}");
        }
        assert_eq!(own_path("/case/JP-1?tab=due"), "/case/JP-1?tab=due");
    }

    #[test]
    fn a_query_within_a_query_stays_one_value() {
        assert_eq!(urlencoded("/a?b=c&d=é"), "/a%3Fb%3Dc%26d%3D%C3%A9");
    }
}
