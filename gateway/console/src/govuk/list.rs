//! Lists and tables.

use askama::{Template, filters::HtmlSafe};

use super::{Attributes, Content, Tag};
use crate::locale::Locale;

/// Rows and columns.
#[derive(Debug, Clone, Default, Template)]
#[cfg_attr(test, derive(serde::Deserialize), serde(default, deny_unknown_fields, rename_all = "camelCase"))]
#[template(path = "govuk/table.html")]
pub struct Table {
    /// What it shows.
    pub caption: String,
    /// Classes of the caption, as `govuk-table__caption--m`.
    pub caption_classes: String,
    /// The columns' names; none where nothing is said.
    pub head: Option<Vec<Heading>>,
    /// The rows.
    pub rows: Vec<Vec<Cell>>,
    /// Whether the first cell of a row names it.
    pub first_cell_is_header: bool,
    /// Classes beside its own.
    pub classes: String,
    /// Attributes beside its own.
    pub attributes: Attributes,
}

impl HtmlSafe for Table {}

impl Table {
    /// A table of these columns, whose rows are named by their first cell.
    pub fn new(caption: &str, head: impl IntoIterator<Item = String>, rows: Vec<Vec<Cell>>) -> Self {
        let head = head.into_iter().map(|text| Heading { content: text.into(), ..Heading::default() }).collect();
        Self {
            caption: caption.to_owned(),
            caption_classes: "govuk-table__caption--m".to_owned(),
            head: Some(head),
            rows,
            first_cell_is_header: true,
            ..Self::default()
        }
    }
}

/// The name of a column.
#[derive(Debug, Clone, Default)]
#[cfg_attr(test, derive(serde::Deserialize), serde(default, deny_unknown_fields, rename_all = "camelCase"))]
pub struct Heading {
    /// The words.
    pub content: Content,
    /// `numeric`, or nothing.
    pub format: String,
    /// Classes beside its own.
    pub classes: String,
    /// Over how many columns it stands.
    pub colspan: Option<u8>,
    /// Over how many rows it stands.
    pub rowspan: Option<u8>,
    /// Attributes beside its own.
    pub attributes: Attributes,
}

/// A cell of a [`Table`].
#[derive(Debug, Clone, Default)]
#[cfg_attr(test, derive(serde::Deserialize), serde(default, deny_unknown_fields, rename_all = "camelCase"))]
pub struct Cell {
    /// What stands in it.
    pub content: Content,
    /// `numeric`, or nothing.
    pub format: String,
    /// Classes beside its own.
    pub classes: String,
    /// Over how many columns it stands.
    pub colspan: Option<u8>,
    /// Over how many rows it stands.
    pub rowspan: Option<u8>,
    /// Attributes beside its own.
    pub attributes: Attributes,
}

impl<T: Into<Content>> From<T> for Cell {
    fn from(content: T) -> Self {
        Self { content: content.into(), ..Self::default() }
    }
}

impl Cell {
    /// A number, at the right.
    pub fn number(locale: Locale, n: u64) -> Self {
        Self { content: locale.number(n).into(), format: "numeric".to_owned(), ..Self::default() }
    }
}

/// What something is, line by line, with what may be changed.
#[derive(Debug, Clone, Default, Template)]
#[cfg_attr(test, derive(serde::Deserialize), serde(default, deny_unknown_fields, rename_all = "camelCase"))]
#[template(path = "govuk/summary-list.html")]
pub struct SummaryList {
    /// The lines.
    pub rows: Vec<Row>,
    /// A frame with a title around them.
    pub card: Option<Card>,
    /// Classes beside its own, as `govuk-summary-list--no-border`.
    pub classes: String,
    /// Attributes beside its own.
    pub attributes: Attributes,
}

impl HtmlSafe for SummaryList {}

impl SummaryList {
    /// Of these lines.
    pub fn new(rows: Vec<Row>) -> Self {
        Self { rows, ..Self::default() }
    }

    /// In a frame with this title.
    #[must_use]
    pub fn card(mut self, title: impl Into<Content>, actions: Vec<Action>) -> Self {
        let title = CardTitle { content: title.into(), ..CardTitle::default() };
        self.card = Some(Card {
            title: Some(title),
            actions: Actions { items: actions, ..Actions::default() },
            ..Card::default()
        });
        self
    }

    fn has_actions(&self) -> bool {
        self.rows.iter().any(|row| !row.actions.items.is_empty())
    }

    fn card_title(&self) -> Option<&CardTitle> {
        self.card.as_ref().and_then(|card| card.title.as_ref())
    }
}

/// A line of a [`SummaryList`].
#[derive(Debug, Clone, Default)]
#[cfg_attr(test, derive(serde::Deserialize), serde(default, deny_unknown_fields, rename_all = "camelCase"))]
pub struct Row {
    /// What it is.
    pub key: Passage,
    /// What stands there.
    pub value: Passage,
    /// What may be done with it.
    pub actions: Actions,
    /// Classes beside its own.
    pub classes: String,
}

impl Row {
    /// What it is, and what stands there.
    pub fn new(key: impl Into<Content>, value: impl Into<Content>) -> Self {
        let passage = |content| Passage { content, ..Passage::default() };
        Self { key: passage(key.into()), value: passage(value.into()), ..Self::default() }
    }

    /// With a link that changes it.
    #[must_use]
    pub fn action(mut self, action: Action) -> Self {
        self.actions.items.push(action);
        self
    }
}

/// A passage with classes.
#[derive(Debug, Clone, Default)]
#[cfg_attr(test, derive(serde::Deserialize), serde(default, deny_unknown_fields, rename_all = "camelCase"))]
pub struct Passage {
    /// What it says.
    pub content: Content,
    /// Its classes beside the usual one.
    pub classes: String,
}

/// The frame around a [`SummaryList`].
#[derive(Debug, Clone, Default)]
#[cfg_attr(test, derive(serde::Deserialize), serde(default, deny_unknown_fields, rename_all = "camelCase"))]
pub struct Card {
    /// Its title.
    pub title: Option<CardTitle>,
    /// What may be done with the whole.
    pub actions: Actions,
    /// Classes beside its own.
    pub classes: String,
    /// Attributes beside its own.
    pub attributes: Attributes,
}

/// The title of a [`Card`].
#[derive(Debug, Clone, Default)]
#[cfg_attr(test, derive(serde::Deserialize), serde(default, deny_unknown_fields, rename_all = "camelCase"))]
pub struct CardTitle {
    /// The words.
    pub content: Content,
    /// Its level; 2 where nothing is said.
    pub heading_level: Option<u8>,
    /// Classes beside its own.
    pub classes: String,
}

impl CardTitle {
    fn level(&self) -> u8 {
        self.heading_level.unwrap_or(2)
    }
}

/// What may be done.
#[derive(Debug, Clone, Default)]
#[cfg_attr(test, derive(serde::Deserialize), serde(default, deny_unknown_fields, rename_all = "camelCase"))]
pub struct Actions {
    /// Each by a link.
    pub items: Vec<Action>,
    /// Classes beside its own.
    pub classes: String,
}

/// A link that does something with a [`Row`] or a [`Card`].
#[derive(Debug, Clone, Default)]
#[cfg_attr(test, derive(serde::Deserialize), serde(default, deny_unknown_fields, rename_all = "camelCase"))]
pub struct Action {
    /// "Change".
    pub content: Content,
    /// Where it leads.
    pub href: String,
    /// What is changed, for those who hear the link alone.
    pub visually_hidden_text: String,
    /// Classes beside its own.
    pub classes: String,
    /// Attributes beside its own.
    pub attributes: Attributes,
}

impl Action {
    /// A link that does this with that.
    pub fn new(content: impl Into<Content>, href: &str, with: &str) -> Self {
        Self {
            content: content.into(),
            href: href.to_owned(),
            visually_hidden_text: with.to_owned(),
            ..Self::default()
        }
    }
}

/// What is to be done, and where each of it stands.
#[derive(Debug, Clone, Default, Template)]
#[cfg_attr(test, derive(serde::Deserialize), serde(default, deny_unknown_fields, rename_all = "camelCase"))]
#[template(path = "govuk/task-list.html")]
pub struct TaskList {
    /// The tasks.
    pub items: Vec<Task>,
    /// What the ids begin with; `task-list` where empty.
    pub id_prefix: String,
    /// Classes beside its own.
    pub classes: String,
    /// Attributes beside its own.
    pub attributes: Attributes,
}

impl HtmlSafe for TaskList {}

impl TaskList {
    fn prefix(&self) -> &str {
        if self.id_prefix.is_empty() { "task-list" } else { &self.id_prefix }
    }
}

/// One task.
#[derive(Debug, Clone, Default)]
#[cfg_attr(test, derive(serde::Deserialize), serde(default, deny_unknown_fields, rename_all = "camelCase"))]
pub struct Task {
    /// What is to be done.
    pub title: Passage,
    /// A help below.
    pub hint: Content,
    /// Where it stands.
    pub status: TaskStatus,
    /// Where it is done; nowhere yet where empty.
    pub href: String,
    /// Classes beside its own.
    pub classes: String,
}

/// Where a [`Task`] stands: a word that is done with, or a tag that calls.
#[derive(Debug, Clone, Default)]
#[cfg_attr(test, derive(serde::Deserialize), serde(default, deny_unknown_fields, rename_all = "camelCase"))]
pub struct TaskStatus {
    /// The tag.
    pub tag: Option<Tag>,
    /// The word, where there is no tag.
    pub content: Content,
    /// Classes beside its own.
    pub classes: String,
}

/// Parts of a page, of which one shows at a time; all of them where there is no JavaScript.
#[derive(Debug, Clone, Default, Template)]
#[cfg_attr(test, derive(serde::Deserialize), serde(default, deny_unknown_fields, rename_all = "camelCase"))]
#[template(path = "govuk/tabs.html")]
pub struct Tabs {
    /// "Contents".
    pub title: String,
    /// What the ids of the parts begin with.
    pub id_prefix: String,
    /// The parts.
    pub items: Vec<Tab>,
    /// Its id.
    pub id: String,
    /// Classes beside its own.
    pub classes: String,
    /// Attributes beside its own.
    pub attributes: Attributes,
}

impl HtmlSafe for Tabs {}

impl Tabs {
    fn panel(&self, tab: &Tab, index: &usize) -> String {
        if tab.id.is_empty() { format!("{}-{index}", self.id_prefix) } else { tab.id.clone() }
    }
}

/// One part of [`Tabs`].
#[derive(Debug, Clone, Default)]
#[cfg_attr(test, derive(serde::Deserialize), serde(default, deny_unknown_fields, rename_all = "camelCase"))]
pub struct Tab {
    /// Its id.
    pub id: String,
    /// Its name.
    pub label: String,
    /// What it holds.
    pub panel: Content,
    /// Attributes of the link to it.
    pub attributes: Attributes,
}

/// The way to what does not stand on this page.
#[derive(Debug, Clone, Default, Template)]
#[cfg_attr(test, derive(serde::Deserialize), serde(default, deny_unknown_fields, rename_all = "camelCase"))]
#[template(path = "govuk/pagination.html")]
pub struct Pagination {
    /// The page before.
    pub previous: PageLink,
    /// The page behind.
    pub next: PageLink,
    /// Numbered pages; the lists that are read from a cursor have none.
    pub items: Option<Vec<PageNumber>>,
    /// "Pagination", for those who hear the page.
    pub landmark_label: String,
    /// Classes beside its own.
    pub classes: String,
    /// Attributes beside its own.
    pub attributes: Attributes,
}

impl HtmlSafe for Pagination {}

impl Pagination {
    /// Of a list that is read from a cursor: back to its beginning, and on.
    pub fn new(locale: Locale, first: Option<&str>, next: Option<&str>) -> Self {
        let link = |href: Option<&str>, id: &str| PageLink {
            href: href.unwrap_or_default().to_owned(),
            content: locale.text(id).into(),
            ..PageLink::default()
        };
        Self {
            previous: link(first, "govuk-page-first"),
            next: link(next, "govuk-page-next"),
            landmark_label: locale.text("govuk-pages"),
            ..Self::default()
        }
    }

    fn is_block(&self) -> bool {
        self.items.is_none() && !(self.previous.href.is_empty() && self.next.href.is_empty())
    }
}

/// A link to a page before or behind.
#[derive(Debug, Clone, Default)]
#[cfg_attr(test, derive(serde::Deserialize), serde(default, deny_unknown_fields, rename_all = "camelCase"))]
pub struct PageLink {
    /// Where it leads; there is none where empty.
    pub href: String,
    /// "Next page".
    pub content: Content,
    /// What stands there.
    pub label_text: String,
    /// Attributes beside its own.
    pub attributes: Attributes,
}

/// A numbered page.
#[derive(Debug, Clone, Default)]
#[cfg_attr(test, derive(serde::Deserialize), serde(default, deny_unknown_fields, rename_all = "camelCase"))]
pub struct PageNumber {
    /// Its number.
    pub number: String,
    /// Where it is.
    pub href: String,
    /// Whether it is this one.
    pub current: bool,
    /// Whether it stands for some that are left out.
    pub ellipsis: bool,
    /// "Page 7".
    pub visually_hidden_text: String,
    /// Attributes beside its own.
    pub attributes: Attributes,
}
