//! What a party says never gives more than the instrument does, and never more than the layers below left.

use model::{AuthorityKind, Classification, MeasureScope, RefusalCode, Role, SelectorKind, Window};
use proptest::{collection::vec, option, prelude::*, sample::select, sample::subsequence};
use treaty::{Catalog, Claim, Decision, Earlier, Query, Rule, Severity, prove_rules};

use crate::{
    force::{appended, replaced},
    support::{TODAY, codes, measure, party, query, replaced_text, world, world_file},
};

const EVIDENCE: &str = "instruments/evidence/instrument.toml";

fn declares(article: &str, rule: &str) -> String {
    format!("\n[[declaration]]\narticle = \"{article}\"\nrule = \"{rule}\"\nverified = true\n")
}

/// One measure of the made-up world, asked in one way.
#[derive(Debug, Clone, Copy)]
struct Way {
    from: &'static str,
    to: &'static str,
    article: &'static str,
    kind: &'static str,
    record: &'static str,
    sender: AuthorityKind,
    recipient: AuthorityKind,
    validator: Option<Role>,
}

impl Way {
    fn ask(self, rule: &Rule) -> Decision {
        let day = |day| jiff::civil::date(2026, 1, day);
        let windowed = matches!(self.kind, "stored_data");
        let scope = MeasureScope {
            selectors: vec![if self.article.starts_with("wide") {
                SelectorKind::Person
            } else {
                SelectorKind::Account
            }],
            window: windowed.then_some(Window { from: day(1), to: day(9) }),
            ..measure(self.article, self.kind, self.record)
        };
        let measures = [scope];
        rule.decide(&Query {
            purpose: Some("investigation"),
            classification: Some(Classification::Official),
            sender: self.sender,
            recipient: self.recipient,
            validator: self.validator,
            emergency: self.kind == "urgent_data",
            ..query(self.from, self.to, &measures)
        })
    }
}

const URGENT: Way = Way {
    from: "JP",
    to: "FR",
    article: "prot:9",
    kind: "urgent_data",
    record: "subscriber_info",
    sender: AuthorityKind::DutyPoint,
    recipient: AuthorityKind::DutyPoint,
    validator: Some(Role::Judge),
};

const CONTENT: Way = Way {
    article: "conv:31",
    kind: "stored_data",
    record: "content_data",
    sender: AuthorityKind::Central,
    recipient: AuthorityKind::Central,
    ..URGENT
};

fn rule(catalog: &Catalog) -> Rule {
    catalog.rule(party("FR"), party("JP"), TODAY)
}

#[test]
fn a_declaration_for_central_authorities_opens_nothing_that_only_a_duty_point_may_send() {
    let plain = rule(&world(&[]));
    let central = Way { sender: AuthorityKind::Central, ..URGENT };
    assert!(URGENT.ask(&plain).allowed() && !central.ask(&plain).allowed());
    let catalog = world(&[appended("parties/FR.toml", &declares("prot:9", "central_authority_only"))]);
    let reason = "under prot:9 urgent_data is sent by 24x7 alone (instruments/evidence/instrument.toml), and FR has declared on \
                  prot:9 that it takes requests from a central authority alone: nobody is left who may ask";
    for way in [URGENT, central] {
        let decision = way.ask(&rule(&catalog));
        let refusal = &decision.refusals[0];
        assert_eq!((refusal.code, refusal.reason.as_str()), (RefusalCode::R92, reason));
        assert_eq!((refusal.rule.as_str(), refusal.owner), ("parties/FR.toml", Some(party("FR"))));
        assert!(decision.permits.is_empty());
    }
    // It binds those who ask the state that made it.
    assert!(Way { from: "FR", to: "JP", ..URGENT }.ask(&rule(&catalog)).allowed());
    let doubts = catalog.doubts();
    assert_eq!((doubts.len(), doubts[0].severity, doubts[0].message.as_str()), (1, Severity::Warning, reason));
    assert_eq!(doubts[0].file, "parties/FR.toml");
}

#[test]
fn a_declaration_for_judges_opens_no_record_that_only_a_prosecutor_validates_and_leaves_the_others() {
    let prosecutor = replaced(EVIDENCE, "content_data = [\"judge\"]", "content_data = [\"prosecutor\"]");
    let plain = rule(&world(std::slice::from_ref(&prosecutor)));
    assert!(!CONTENT.ask(&plain).allowed());
    assert!(Way { validator: Some(Role::Prosecutor), ..CONTENT }.ask(&plain).allowed());
    let declared = appended("parties/FR.toml", &declares("conv:31", "judge_validates"));
    let catalog = world(&[prosecutor, declared]);
    let after = rule(&catalog);
    for validator in [Some(Role::Judge), Some(Role::Prosecutor), None] {
        let decision = Way { validator, ..CONTENT }.ask(&after);
        assert!(codes(&decision).contains(&RefusalCode::R92) && decision.permits.is_empty());
        let reason = &decision.refusals[0].reason;
        assert!(reason.contains("content_data is validated by a prosecutor alone (instruments/evidence"), "{reason}");
        assert!(reason.contains("FR has declared on conv:31"), "{reason}");
    }
    assert!(Way { record: "subscriber_info", ..CONTENT }.ask(&after).allowed());
    assert!(!Way { record: "subscriber_info", validator: Some(Role::Prosecutor), ..CONTENT }.ask(&after).allowed());
    assert_eq!(catalog.doubts().len(), 1);
}

#[test]
fn where_a_declaration_leaves_no_record_the_request_is_closed() {
    let only = "records = [\"subscriber_info\", \"traffic_data\", \"content_data\"]";
    let text = replaced_text(EVIDENCE, only, "records = [\"content_data\"]");
    let text = text.replacen("content_data = [\"judge\"]", "content_data = [\"prosecutor\"]", 1);
    let catalog = world(&[(EVIDENCE, text), appended("parties/FR.toml", &declares("conv:31", "judge_validates"))]);
    let rule = rule(&catalog);
    let barred: Vec<_> = rule.barred().filter(|one| one.article.to_string() == "conv:31").collect();
    assert_eq!((barred.len(), barred[0].requested), (1, party("FR")));
    assert!(barred[0].reasons[0].reason.ends_with("nobody is left who may ask"));
}

#[test]
fn the_builtin_declarations_leave_somebody() {
    assert_eq!(crate::support::builtin().doubts(), []);
}

/// Two catalogues: the second one has statements, an overlay and a national file that the first one has not.
#[derive(Debug, Clone)]
struct Layers {
    instrument: String,
    said: [String; 2],
    overlay: String,
    national: String,
}

impl Layers {
    fn without(&self) -> Catalog {
        world(&[(EVIDENCE, self.instrument.clone())])
    }

    /// `None` where a check of the files refuses what was made up.
    fn with(&self) -> Option<Catalog> {
        let mut files: Vec<_> =
            crate::support::world_files().into_iter().filter(|(path, _)| path != EVIDENCE).collect();
        for (id, said) in ["FR", "JP"].iter().zip(&self.said) {
            let path = format!("parties/{id}.toml");
            files.retain(|(kept, _)| *kept != path);
            let text = format!("{}\n{said}", world_file(&path));
            files.push((path, text));
        }
        files.push((EVIDENCE.to_owned(), self.instrument.clone()));
        if !self.overlay.is_empty() {
            let head = "format = \"overlay/1\"\nid = \"mou\"\ntitle = \"t\"\nparties = [\"FR\", \"JP\"]\nkind = \"arrangement\"";
            let text = format!("{head}\nverified = true\n{}", self.overlay);
            files.push(("overlays/FR-JP/mou.toml".to_owned(), text));
        }
        if !self.national.is_empty() {
            let text = format!("format = \"national/1\"\nparty = \"JP\"\n{}", self.national);
            files.push(("national/JP.toml".to_owned(), text));
        }
        Catalog::load(files).ok()
    }
}

fn quoted(words: &[&str]) -> String {
    let words: Vec<_> = words.iter().map(|word| format!("\"{word}\"")).collect();
    words.join(", ")
}

fn instrument() -> impl Strategy<Value = String> {
    let kinds = || subsequence(vec!["24x7", "central", "judicial", "executing"], 1..=4);
    let roles = || subsequence(vec!["judge", "prosecutor"], 0..=2);
    (kinds(), kinds(), roles(), roles()).prop_map(|(stored, preserved, content, traffic)| {
        let mut text = world_file(EVIDENCE);
        for (from, to) in [
            ("articles = [\"conv:31\"]", format!("articles = [\"conv:31\"]\nvia = [{}]", quoted(&stored))),
            ("via = [\"24x7\", \"central\"]", format!("via = [{}]", quoted(&preserved))),
            ("content_data = [\"judge\"]", format!("content_data = [{}]", quoted(&content))),
            ("traffic_data = [\"judge\", \"prosecutor\"]", format!("traffic_data = [{}]", quoted(&traffic))),
        ] {
            assert!(text.contains(from));
            text = text.replacen(from, &to, 1);
        }
        text
    })
}

/// Reservations and declarations, some of them of other days. What a treaty leaves to both parties to allow is no restriction.
fn said() -> impl Strategy<Value = String> {
    let days = || {
        let day = || select(&["2010-01-01", "2020-06-01", "2026-11-22", "2027-01-01"][..]);
        (option::weighted(0.3, day()), option::weighted(0.2, day())).prop_map(|(from, withdrawn)| {
            let from = from.filter(|from| withdrawn.is_none_or(|withdrawn| *from <= withdrawn));
            let line = |key: &str, day: Option<&str>| day.map_or_else(String::new, |day| format!("{key} = {day}\n"));
            line("from", from) + &line("withdrawn", withdrawn)
        })
    };
    let demands = &[
        "central_authority_only",
        "dual_criminality",
        "judge_validates",
        "consult",
        "no_onward",
        "court_order",
        "ministry_notice",
    ];
    let articles =
        &["conv:29", "conv:31", "conv:25(5)", "prot:7", "prot:8", "prot:9", "prot:12", "wide:18", "wide:18(4)"];
    let declaration = (select(&articles[..]), select(&demands[..]), days()).prop_map(|(article, rule, days)| {
        format!("[[declaration]]\narticle = \"{article}\"\nrule = \"{rule}\"\n{days}verified = true\n")
    });
    let reservation = (select(&["conv:29", "conv:31", "prot:8", "wide:18(4)"][..]), days())
        .prop_map(|(article, days)| format!("[[reservation]]\narticle = \"{article}\"\n{days}verified = true\n"));
    vec(prop_oneof![4 => declaration, 1 => reservation], 0..4).prop_map(|all| all.concat())
}

fn restrict() -> impl Strategy<Value = String> {
    let limits = &[
        "max_subjects = 3",
        "max_window_days = 30",
        "records = [\"subscriber_info\"]",
        "records = [\"content_data\"]",
        "senders = [\"central\"]",
        "senders = [\"24x7\"]",
        "recipients = [\"central\"]",
        "validators = { content_data = [\"judge\"] }",
        "validators = { traffic_data = [\"prosecutor\"] }",
        "selectors = [\"account\"]",
        "purposes = [\"investigation\"]",
        "dual_criminality = true",
        "min_max_penalty_months = 24",
        "classification_max = \"official\"",
        "onward = \"never\"",
        "readers = [\"central\"]",
        "forbid = true",
    ];
    let scopes =
        &["articles = [\"conv:31\"]", "requests = [\"stored_data\"]", "instruments = [\"conv\"]", "all = true"];
    let one = (select(&scopes[..]), select(&limits[..]))
        .prop_map(|(scope, limit)| format!("[[restrict]]\n{scope}\n{limit}\nbecause = \"x\"\n"));
    vec(one, 0..3).prop_map(|all| all.concat())
}

fn layers() -> impl Strategy<Value = Layers> {
    (instrument(), said(), said(), restrict(), restrict()).prop_map(|(instrument, fr, jp, overlay, national)| Layers {
        instrument,
        said: [fr, jp],
        overlay,
        national,
    })
}

/// Every way to ask that the made-up world knows between the two.
fn ways() -> Vec<Way> {
    use AuthorityKind::{Central, DutyPoint, Executing, Judicial};
    let asked = [
        ("conv:29", "preservation", "preservation_confirmation"),
        ("conv:31", "stored_data", "subscriber_info"),
        ("conv:31", "stored_data", "traffic_data"),
        ("conv:31", "stored_data", "content_data"),
        ("prot:8", "order_production", "subscriber_info"),
        ("prot:9", "urgent_data", "subscriber_info"),
        ("prot:12", "joint_team", "content_data"),
        ("wide:18(3)", "stored_data", "subscriber_info"),
        ("wide:18(4)", "service", "service_certificate"),
    ];
    let mut ways = Vec::new();
    for (from, to) in [("FR", "JP"), ("JP", "FR")] {
        for (article, kind, record) in asked {
            for sender in [Central, Judicial, Executing, DutyPoint] {
                for recipient in [Central, DutyPoint] {
                    for validator in [None, Some(Role::Judge), Some(Role::Prosecutor)] {
                        ways.push(Way { from, to, article, kind, record, sender, recipient, validator });
                    }
                }
            }
        }
    }
    ways
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, max_global_rejects: 9999, ..ProptestConfig::default() })]

    #[test]
    fn no_declaration_reservation_overlay_or_national_file_allows_what_the_layers_below_refused(layers in layers()) {
        let Some(with) = layers.with() else { return Err(TestCaseError::reject("the files are refused")) };
        let (fr, jp) = (party("FR"), party("JP"));
        let below = rule(&layers.without());
        let shared = rule(&with);
        let local = with.local_rule(jp, fr, jp, TODAY);
        for way in ways() {
            let [bottom, middle, top] = [&below, &shared, &local].map(|rule| way.ask(rule).allowed());
            prop_assert!((bottom || !middle) && (middle || !top), "{way:?}: {bottom} {middle} {top}");
        }
        for (upper, lower) in [(&shared, &below), (&local, &shared)] {
            let claim = Claim::NeverWider { than: Earlier::Rules(vec![lower.clone()]) };
            let proof = prove_rules(std::slice::from_ref(upper), &claim);
            prop_assert!(proof.holds, "{:?}", proof.counterexample);
        }
    }
}
