use std::{fs, path::Path, sync::LazyLock};

use jiff::civil::{Date, date};
use model::{
    AuthorityKind, MeasureId, MeasureScope, Offence, PartyId, Refusal, RefusalCode, Role, SelectorKind, Timestamp,
    Window,
};
use treaty::{Catalog, Decision, Query, Rule};

pub(crate) const TODAY: Date = date(2026, 11, 22);

/// Noon of [`TODAY`], UTC.
pub(crate) const NOON: Timestamp = Timestamp(1_795_348_800_000);

pub(crate) fn party(id: &str) -> PartyId {
    id.parse().unwrap()
}

/// The builtin catalogue, read once: it is large, and the properties ask it thousands of times.
pub(crate) fn builtin() -> Catalog {
    static BUILTIN: LazyLock<Catalog> = LazyLock::new(|| {
        Catalog::builtin().unwrap_or_else(|wrong| {
            let shown: Vec<_> = wrong.iter().map(ToString::to_string).collect();
            unreachable!("{}", shown.join("\n\n"))
        })
    });
    BUILTIN.clone()
}

/// The builtin catalogue with `changed` in place of, or beside, its own files.
pub(crate) fn with(changed: &[(&str, String)]) -> Catalog {
    let kept = Catalog::builtin_files().filter(|(path, _)| changed.iter().all(|(name, _)| name != path));
    let changed = changed.iter().map(|(path, text)| ((*path).to_owned(), text.clone()));
    Catalog::load(kept.chain(changed)).unwrap()
}

/// The text of a builtin file.
pub(crate) fn file(path: &str) -> String {
    Catalog::builtin_files().find(|(name, _)| name == path).unwrap().1
}

/// One year of stored traffic data about one account: the request of the demo, as Japan sends it.
pub(crate) fn stored_data() -> MeasureScope {
    MeasureScope {
        id: MeasureId(1),
        article: "ets-185:31".parse().unwrap(),
        request_type: "stored_data".parse().unwrap(),
        records: vec!["subscriber_info".parse().unwrap(), "traffic_data".parse().unwrap()],
        subjects: 20,
        selectors: vec![SelectorKind::Account],
        window: Some(Window { from: date(2025, 11, 22), to: date(2026, 11, 21) }),
        attributes: vec![],
        tags: vec![],
    }
}

/// The measure under another article, with all else that this article wants.
pub(crate) fn measure(article: &str, request_type: &str, record: &str) -> MeasureScope {
    MeasureScope {
        article: article.parse().unwrap(),
        request_type: request_type.parse().unwrap(),
        records: vec![record.parse().unwrap()],
        subjects: 1,
        ..stored_data()
    }
}

pub(crate) fn query<'a>(from: &str, to: &str, measures: &'a [MeasureScope]) -> Query<'a> {
    Query {
        requesting: party(from),
        requested: party(to),
        sender: AuthorityKind::Central,
        recipient: AuthorityKind::Central,
        between: None,
        measures,
        purpose: Some("criminal_investigation"),
        offence: Some(Offence { max_penalty_months: 60, dual_criminality: true, listed: false }),
        validator: Some(Role::Judge),
        classification: None,
        emergency: false,
        consent: None,
        at: NOON,
        languages: None,
        used: None,
        tag_key: None,
    }
}

pub(crate) fn rule(a: &str, b: &str) -> Rule {
    builtin().rule(party(a), party(b), TODAY)
}

/// Decides between Japan and France today, on one measure.
pub(crate) fn decide(measure: MeasureScope) -> Decision {
    rule("FR", "JP").decide(&query("JP", "FR", &[measure]))
}

pub(crate) fn codes(decision: &Decision) -> Vec<RefusalCode> {
    decision.refusals.iter().map(|refusal| refusal.code).collect()
}

/// The only refusal of a decision that must have exactly one.
pub(crate) fn only(decision: &Decision) -> &Refusal {
    assert!(!decision.allowed());
    assert_eq!(decision.refusals.len(), 1, "{:?}", decision.refusals);
    &decision.refusals[0]
}

/// The files of a small world of made-up treaties, which changes only when a test needs it to.
pub(crate) fn world_files() -> Vec<(String, String)> {
    static FILES: LazyLock<Vec<(String, String)>> =
        LazyLock::new(|| folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/main/world")));
    FILES.clone()
}

/// The TOML files below `root`, each with its path from there.
pub(crate) fn folder(root: &Path) -> Vec<(String, String)> {
    let mut files = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "toml") {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                files.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    files.sort();
    files
}

/// The made-up world with `changed` in place of, or beside, its own files.
pub(crate) fn world(changed: &[(&str, String)]) -> Catalog {
    let kept = world_files().into_iter().filter(|(path, _)| changed.iter().all(|(name, _)| name != path));
    let changed = changed.iter().map(|(path, text)| ((*path).to_owned(), text.clone()));
    Catalog::load(kept.chain(changed)).unwrap_or_else(|wrong| {
        let shown: Vec<_> = wrong.iter().map(ToString::to_string).collect();
        unreachable!("{}", shown.join("\n\n"))
    })
}

/// The text of a file of the made-up world.
pub(crate) fn world_file(path: &str) -> String {
    world_files().into_iter().find(|(name, _)| name == path).unwrap().1
}

/// The text of a file of the made-up world with `to` in place of the first `from`.
pub(crate) fn replaced_text(path: &str, from: &str, to: &str) -> String {
    let text = world_file(path);
    assert!(text.contains(from), "{path} has no {from}");
    text.replacen(from, to, 1)
}

/// The made-up world with an overlay and a national file.
pub(crate) fn layers() -> Vec<(String, String)> {
    let restrict =
        "[[restrict]]\narticles = [\"conv:31\"]\nmax_subjects = 5\nrecords = [\"traffic_data\"]\nbecause = \"x\"\n";
    let overlay = format!(
        "format = \"overlay/1\"\nid = \"mou\"\ntitle = \"t\"\nparties = [\"FR\", \"JP\"]\nkind = \"jit\"\n\
         purpose = \"t\"\nmembers = [\"FR:central\", \"JP:central\"]\n\
         valid_from = 2020-01-01\nvalid_to = 2029-12-31\narranges = [\"joint_team\"]\nverified = true\n\n{restrict}"
    );
    let national =
        format!("format = \"national/1\"\nparty = \"JP\"\n\n{restrict}direction = \"incoming\"\nwith = [\"FR\"]\n");
    let mut files = world_files();
    files.push(("overlays/FR-JP/mou.toml".to_owned(), overlay));
    files.push(("national/JP.toml".to_owned(), national));
    files
}
