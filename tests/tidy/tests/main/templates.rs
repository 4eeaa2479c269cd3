//! What a page may hold. The policy of the console forbids the same to the browser; here it is found before anybody looks.

use tidy::{Complaint, Finding, report};

use crate::tree;

const TEMPLATES: &str = "gateway/console/templates/";

/// What no template holds, in small letters, and why.
const FORBIDDEN: [(&str, &str); 16] = [
    ("|safe", "text of a person could become markup: hand it over as govuk::Markup"),
    ("| safe", "text of a person could become markup: hand it over as govuk::Markup"),
    ("|escape(\"none\")", "text of a person could become markup"),
    ("autoescape", "text of a person could become markup"),
    ("<style", "styles stand in assets/styles"),
    (" style=", "styles stand in assets/styles"),
    ("<iframe", "nothing is framed"),
    ("<base", "it would lead every link elsewhere"),
    ("hx-on", "htmx would make a function of text"),
    ("js:", "htmx would make a function of text"),
    ("javascript:", "a link is no script"),
    ("hx-vars", "htmx would make a function of text"),
    ("hx-ext", "the core of htmx only"),
    ("src=\"http", "nothing is fetched from elsewhere"),
    ("href=\"http", "nothing leads elsewhere"),
    ("@import", "nothing is fetched from elsewhere"),
];

/// The only place of a script, with an address and nothing in it.
const SCRIPT: (&str, &str) = ("gateway/console/templates/layout.html", "<script src=\"{{ page.asset(\"boot.js\") }}\"");

fn findings(path: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let small = line.to_lowercase();
        let mut add = |what: String| findings.push(Finding { path: path.to_owned(), line: number + 1, what });
        for (needle, why) in FORBIDDEN.iter().filter(|(needle, _)| small.contains(needle)) {
            add(format!("{needle}: {why}"));
        }
        if small.contains("<script") && !(path == SCRIPT.0 && line.contains(SCRIPT.1) && small.contains("></script>")) {
            add("<script: scripts stand in assets".to_owned());
        }
        for attribute in handlers(&small) {
            add(format!("{attribute}: a handler in markup is a script in markup"));
        }
    }
    findings
}

/// The attributes of a line that begin with `on`, as in `onclick="…"`.
fn handlers(line: &str) -> Vec<&str> {
    let names = line.match_indices(" on").map(|(at, _)| &line[at + 1..]);
    names
        .filter_map(|rest| rest.split_once("=\""))
        .map(|(name, _)| name)
        .filter(|name| name.bytes().all(|b| b.is_ascii_lowercase()))
        .collect()
}

#[test]
fn a_template_holds_no_script_no_style_and_no_markup_of_a_person() -> Result<(), Complaint> {
    let templates = tree()?.files.iter().filter(|(path, _)| path.starts_with(TEMPLATES));
    let found: Vec<Finding> = templates.clone().flat_map(|(path, text)| findings(path, text)).collect();
    if templates.count() < 20 {
        return Err("the templates of the console are gone: mend this rule".into());
    }
    report("templates hold no script, no style, and no text that is not escaped", "see what stands beside each", &found)
}

#[test]
fn only_a_component_says_that_it_is_markup() -> Result<(), Complaint> {
    let console = tree()?.src().filter(|source| source.path.starts_with("gateway/console/"));
    let mut found = Vec::new();
    for source in console {
        let (code, text) = (source.production(), &source.text);
        found.extend(tidy::words(&code, "Safe(").into_iter().map(|at| source.finding(at, "askama's Safe")));
        let raw =
            text.match_indices("escape = \"none\"").map(|(at, _)| source.finding(at, "a template without escaping"));
        found.extend(raw);
    }
    report(
        "nothing in the console is taken for markup by hand",
        "write a template, and say that it is HtmlSafe",
        &found,
    )
}

#[test]
fn what_is_forbidden_is_found() {
    for line in [
        "{{ name|safe }}",
        "<p style=\"x\">",
        "<script>x</script>",
        "<a onclick=\"x\">",
        "<img src=\"https://x\">",
        "<b HX-ON:click=\"x\">",
    ] {
        assert!(!findings("gateway/console/templates/x.html", line).is_empty(), "{line}");
    }
    assert!(
        findings("gateway/console/templates/x.html", "<a class=\"govuk-link\" href=\"/\">one on=two</a>").is_empty()
    );
}
