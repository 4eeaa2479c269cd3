//! Every component on one page, in each language: what `tests/browser` looks at.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::{fs, path::Path};

use crate::{
    assets,
    face::{Officer, Page, Section},
    govuk::{
        Action, BackLink, Breadcrumbs, Button, Card, Cell, Checkboxes, Content, Crumb, DateInput, Details,
        ErrorSummary, FileUpload, Input, InsetText, Item, Markup, NotificationBanner, Pagination, Panel, Passage,
        Radios, Row, Select, SummaryList, Tab, Table, Tabs, Tag, Task, TaskList, TaskStatus, Textarea, WarningText,
    },
    locale::Locale,
};
use askama::Template;

#[derive(Template)]
#[template(path = "gallery.html")]
struct Gallery {
    page: Page,
    way: Vec<Content>,
    parts: Vec<Content>,
}

fn said(component: &impl askama::filters::HtmlSafe) -> Content {
    Markup::of(component).into()
}

/// Texts of the interface where it has some, so that each language is seen in its own letters.
fn gallery(locale: Locale) -> Gallery {
    let officer = Officer { name: "Ōta Sakura".to_owned(), roles: locale.text("help-person") };
    let page = Page {
        locale,
        officer: Some(officer),
        desk: "central.jp".to_owned(),
        training: true,
        path: format!("/gallery/{}", locale.tag()),
        csrf: "0".repeat(43),
        notice: Some(locale.text("help-sign")),
        section: Section::Inbox,
    };
    let way = vec![
        said(&BackLink::new(locale.text("govuk-page-first"), "#content")),
        said(&Breadcrumbs {
            items: vec![
                Crumb { content: locale.text("face-inbox").into(), href: "/".to_owned(), ..Crumb::default() },
                Crumb { content: "JP-2026-000017".into(), ..Crumb::default() },
            ],
            label_text: locale.text("face-service"),
            ..Breadcrumbs::default()
        }),
    ];
    let parts = notices(locale).into_iter().chain(fields(locale)).chain(lists(locale)).collect();
    Gallery { page, way, parts }
}

fn notices(locale: Locale) -> Vec<Content> {
    let long = locale.text("help-sign-why");
    vec![
        said(&ErrorSummary {
            disable_auto_focus: Some(true),
            ..ErrorSummary::new(
                locale,
                [("reference".to_owned(), locale.text("help-refused")), (String::new(), long.clone())],
            )
        }),
        said(&NotificationBanner {
            title_id: "banner".to_owned(),
            ..NotificationBanner::important(locale, locale.text("face-training-means"))
        }),
        said(&InsetText::new(Markup::foreign("ja", "直骨角：日本国法務省刑事局"))),
        said(&InsetText::new(Markup::foreign("zh-Hans", "直骨角：中华人民共和国司法部"))),
        said(&InsetText::new(Markup::foreign("ar", "عمر بن الخطاب"))),
        said(&WarningText::new(locale, long.clone())),
        said(&Details::new(locale.text("help-refused"), locale.text("help-refused-what"))),
        said(&Details {
            open: true,
            ..Details::new(locale.text("help-languages"), locale.text("help-languages-three"))
        }),
        said(&Panel { heading_level: Some(2), ..Panel::new(locale.text("govuk-success"), "JP-2026-000017") }),
        said(&tags(locale)),
    ]
}

fn tags(locale: Locale) -> InsetText {
    let colours = ["grey", "green", "turquoise", "blue", "purple", "pink", "red", "orange", "yellow"];
    let tags = colours.map(|colour| Markup::of(&Tag::new(locale.text("face-training"), colour)));
    InsetText::new(Markup::all(tags))
}

fn fields(locale: Locale) -> Vec<Content> {
    let hint = locale.text("help-person-whom");
    let wrong = locale.text("govuk-error-title");
    let item = |value: &str, id: &str| Item::new(value, locale.text(id));
    let fields = Markup::of(&Input::new("why", locale.text("help-refused")));
    let divider = Item { divider: "·".to_owned(), ..Item::default() };
    vec![
        said(
            &Input::new("reference", locale.text("help-title"))
                .hint(hint.clone())
                .error(locale, Some(&wrong))
                .value("<b>&\"'"),
        ),
        said(&Input::new("passphrase", locale.text("help-sign")).passphrase().classes("govuk-input--width-20")),
        said(
            &Textarea::new("text", locale.text("help-refused"))
                .hint(hint.clone())
                .value("第一行\n第二行")
                .attributes([("lang", "ja")]),
        ),
        said(
            &Select::new("ground", locale.text("help-refused"))
                .options(Locale::ALL.map(|locale| (locale.tag().to_owned(), locale.name().to_owned())), locale.tag()),
        ),
        said(
            &Radios::new(
                "answer",
                locale.text("help-sign"),
                vec![
                    item("a", "face-help").hint(hint.clone()),
                    divider,
                    item("b", "face-accessibility").reveals(fields),
                ],
            )
            .value("b"),
        ),
        said(
            &Checkboxes::new(
                "measures",
                locale.text("help-languages"),
                vec![item("m1", "face-inbox"), item("m2", "face-training")],
            )
            .hint(hint.clone())
            .error(locale, Some(&wrong))
            .values(["m1".to_owned()]),
        ),
        said(
            &DateInput::new(locale, "until", locale.text("govuk-date-day"), ["31", "2", "2027"])
                .hint("31 3 2027")
                .error(locale, Some(&wrong)),
        ),
        said(&FileUpload::new("records", locale.text("accessibility-gap-documents")).attributes([("accept", ".json")])),
        said(&Button::new(locale.text("govuk-page-next"))),
        said(&Button::new(locale.text("face-sign-out")).secondary()),
        said(&Button::new(locale.text("face-sign-out")).warning()),
        said(&Button { is_start_button: true, ..Button::link(locale.text("govuk-page-next"), "#content") }),
    ]
}

fn lists(locale: Locale) -> Vec<Content> {
    let moment = 1_795_305_600_000;
    let row = |what: &str, ms: i64, n: u64| {
        vec![Cell::from(what), locale.moment(moment + ms, "Asia/Tokyo").into(), Cell::number(locale, n)]
    };
    let digest = Content::from("f3a9c2d4e5b60718f3a9c2d4e5b60718f3a9c2d4e5b60718f3a9c2d4e5b60718");
    let task = |id: &str, status: TaskStatus, href: &str| Task {
        title: Passage { content: locale.text(id).into(), ..Passage::default() },
        status,
        href: href.to_owned(),
        ..Task::default()
    };
    let done = TaskStatus { content: locale.text("govuk-success").into(), ..TaskStatus::default() };
    let open = TaskStatus { tag: Some(Tag::new(locale.text("govuk-important"), "blue")), ..TaskStatus::default() };
    let tab = |id: &str, text: &str| Tab {
        id: id.to_owned(),
        label: locale.text(text),
        panel: locale.text("help-refused-what").into(),
        ..Tab::default()
    };
    vec![
        said(&SummaryList::new(vec![
            Row::new(locale.text("govuk-date-day"), locale.day("2026-11-22")).action(Action::new(
                locale.text("face-help"),
                "#content",
                &locale.text("govuk-date-day"),
            )),
            Row::new("SHA-256", digest),
            Row::new(locale.text("face-language"), Markup::foreign("zh-Hans", "简体中文")),
        ])),
        said(
            &SummaryList {
                card: Some(Card::default()),
                ..SummaryList::new(vec![Row::new(locale.text("face-inbox"), locale.number(50_000))])
            }
            .card(locale.text("help-title"), vec![Action::new(locale.text("face-help"), "#content", "")]),
        ),
        said(&Table::new(
            &locale.text("face-inbox"),
            ["govuk-date-day", "face-language", "govuk-pages"].map(|id| locale.text(id)),
            vec![row("JP-2026-000017", 0, 3), row("FR-2026-004411", 86_400_000, 50_000)],
        )),
        said(&TaskList {
            items: vec![task("help-sign", done, "#content"), task("help-refused", open, "#content")],
            ..TaskList::default()
        }),
        said(&Tabs {
            title: locale.text("govuk-pages"),
            items: vec![tab("one", "face-help"), tab("two", "face-accessibility")],
            ..Tabs::default()
        }),
        said(&Pagination::new(locale, Some("#first"), Some("#next"))),
    ]
}

#[test]
fn every_component_is_shown_in_every_language() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/gallery");
    fs::create_dir_all(folder.join("gallery")).unwrap();
    fs::create_dir_all(folder.join("assets")).unwrap();
    for locale in Locale::ALL.into_iter().chain([Locale::Pseudo]) {
        let shown = gallery(locale).render().unwrap();
        assert!(shown.contains(&format!("lang=\"{}\"", locale.tag())));
        // What a person wrote is shown and is no markup.
        assert!(shown.contains("&#60;b&#62;&#38;&#34;&#39;"));
        fs::write(folder.join(format!("gallery/{}.html", locale.tag())), shown).unwrap();
    }
    for (href, bytes) in assets::all() {
        fs::write(folder.join(href.trim_start_matches('/')), bytes).unwrap();
    }
}
