//! Each component against the fixtures that govuk-frontend tests itself with: the same options make the same markup, whitespace and the spelling of
//! entities apart. `gateway/console/assets/build` fetches them.

#![expect(clippy::unwrap_used, reason = "tests")]

mod adapt;
mod left_out;
mod markup;

use std::{collections::BTreeSet, fs, path::Path};

use askama::filters::HtmlSafe;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use self::{
    left_out::{DIFFERENT, LEFT_OUT},
    markup::tokens,
};
use super::{
    BackLink, Breadcrumbs, Button, Checkboxes, DateInput, Details, ErrorMessage, ErrorSummary, Fieldset, FileUpload,
    GenericHeader, Input, InsetText, Label, LanguageNavigation, NotificationBanner, Pagination, Panel, PhaseBanner,
    Radios, Select, ServiceNavigation, SkipLink, SummaryList, Table, Tabs, Tag, TaskList, Textarea, WarningText,
};

#[derive(Deserialize)]
struct Fixtures {
    fixtures: Vec<Fixture>,
}

#[derive(Deserialize)]
struct Fixture {
    name: String,
    options: Value,
    html: String,
}

/// Reads the options and writes the component.
type Render = fn(Value) -> Result<String, serde_json::Error>;

fn render<T: DeserializeOwned + HtmlSafe>(options: Value) -> Result<String, serde_json::Error> {
    serde_json::from_value::<T>(options).map(|component| component.to_string())
}

/// All components that have fixtures. The footer is not among them: ours has neither the crown nor the licence that theirs always shows.
const COMPONENTS: [(&str, Render); 30] = [
    ("back-link", render::<BackLink>),
    ("breadcrumbs", render::<Breadcrumbs>),
    ("button", render::<Button>),
    ("checkboxes", render::<Checkboxes>),
    ("date-input", render::<DateInput>),
    ("details", render::<Details>),
    ("error-message", render::<ErrorMessage>),
    ("error-summary", render::<ErrorSummary>),
    ("fieldset", render::<Fieldset>),
    ("file-upload", render::<FileUpload>),
    ("generic-header", render::<GenericHeader>),
    ("input", render::<Input>),
    ("inset-text", render::<InsetText>),
    ("label", render::<Label>),
    ("language-navigation", render::<LanguageNavigation>),
    ("notification-banner", render::<NotificationBanner>),
    ("pagination", render::<Pagination>),
    ("panel", render::<Panel>),
    ("phase-banner", render::<PhaseBanner>),
    ("radios", render::<Radios>),
    ("select", render::<Select>),
    ("service-navigation", render::<ServiceNavigation>),
    ("skip-link", render::<SkipLink>),
    ("summary-list", render::<SummaryList>),
    ("table", render::<Table>),
    ("tabs", render::<Tabs>),
    ("tag", render::<Tag>),
    ("task-list", render::<TaskList>),
    ("textarea", render::<Textarea>),
    ("warning-text", render::<WarningText>),
];

/// What the comparison of all fixtures found.
#[derive(Default)]
struct Findings {
    equal: usize,
    excused: BTreeSet<(&'static str, String)>,
    wrong: Vec<String>,
}

fn compare(component: &'static str, render: Render, found: &mut Findings) {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/assets/node_modules/govuk-frontend/dist/govuk");
    let path = folder.join(format!("components/{component}/fixtures.json"));
    let file = fs::read_to_string(&path)
        .map_err(|_| format!("{} is not there: run gateway/console/assets/build", path.display()));
    let fixtures: Fixtures = serde_json::from_str(&file.unwrap()).unwrap();
    for Fixture { name, options, html } in fixtures.fixtures {
        let is_different = DIFFERENT.iter().any(|(of, fixture, _)| (*of, *fixture) == (component, name.as_str()));
        match render(adapt::adapt(component, options)) {
            Ok(ours) if tokens(&ours) == tokens(&html) => found.equal += 1,
            _ if is_different => _ = found.excused.insert((component, name)),
            Ok(ours) => {
                let (ours, theirs) = (tokens(&ours), tokens(&html));
                let at = ours.iter().zip(&theirs).take_while(|(our, their)| our == their).count();
                found.wrong.push(format!(
                    "{component}: {name}\n  ours   {:?}\n  theirs {:?}",
                    ours.get(at),
                    theirs.get(at)
                ));
            }
            Err(error) => match unknown_option(&error) {
                Some(option) if LEFT_OUT.iter().any(|(of, left, _)| (*of, *left) == (component, option.as_str())) => {
                    found.excused.insert((component, option));
                }
                _ => found.wrong.push(format!("{component}: {name}: {error}")),
            },
        }
    }
}

/// The option that the component does not have, if that is what serde says.
fn unknown_option(error: &serde_json::Error) -> Option<String> {
    let said = error.to_string();
    Some(said.strip_prefix("unknown field `")?.split('`').next()?.to_owned())
}

#[test]
fn each_component_writes_what_govuk_frontend_writes() {
    let mut found = Findings::default();
    for (component, render) in COMPONENTS {
        compare(component, render, &mut found);
    }
    assert!(found.wrong.is_empty(), "{} differ:\n{}", found.wrong.len(), found.wrong.join("\n"));
    let listed = LEFT_OUT.iter().chain(DIFFERENT).map(|(of, what, _)| (*of, (*what).to_owned()));
    let stale: Vec<_> = listed.filter(|entry| !found.excused.contains(entry)).collect();
    assert!(stale.is_empty(), "strike these excuses, no fixture needs them: {stale:?}");
    assert_eq!(found.equal, EQUAL, "fixtures that are held against");
}

/// So many fixtures are held against, whatever is excused.
const EQUAL: usize = 512;
