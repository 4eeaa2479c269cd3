//! `treaty diff`, `prove`, `plan` and `sign`: what changes later is told today, and signed against the own catalogue.

use std::{fs, path::Path};

use identity::{Passphrase, Root, SigningKey, TREATY_LIFETIME, certificate_to_pem};
use model::Timestamp;
use tempfile::TempDir;

use crate::support::{Ran, copy, edit, here, plain};

const PHRASE: &str = "correct horse battery staple";

/// The made-up catalogue, and in it the convention as it is from 1 April 2100 on: 500 subjects, content without a judge.
fn wider_from_2100() -> TempDir {
    let folder = copy();
    let first = folder.path().join("instruments/alpha/instrument.toml");
    let second = folder.path().join("instruments/alpha/instrument.2.toml");
    fs::copy(first, second).unwrap();
    let file = "instruments/alpha/instrument.2.toml";
    let head = "format = \"treaty/1\"\nversion = 2\nrecorded = 2020-01-02\nvalid_from = 2100-04-01";
    edit(folder.path(), file, "format = \"treaty/1\"", head);
    edit(folder.path(), file, "max_subjects = 20", "max_subjects = 500");
    edit(folder.path(), file, "content_data = [\"judge\"]", "content_data = [\"judge\", \"prosecutor\"]");
    folder
}

fn path(folder: &TempDir) -> &str {
    folder.path().to_str().unwrap()
}

fn diff(new: &TempDir, more: &[&str]) -> Ran {
    let old = here("world");
    plain(&[&["diff", old.to_str().unwrap(), path(new), "--on", "2026-12-01"], more].concat())
}

#[test]
fn a_difference_that_begins_later_is_told_under_its_day() {
    let new = wider_from_2100();
    let ran = diff(&new, &["--pair", "XA", "XC"]);
    assert_eq!(ran.exit, 3, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("XA and XC, from 2100-04-01:"), "{}", ran.out);
    assert!(
        ran.out.contains("widens: alpha:7 preservation, requests to XA: subjects: at most 500, before: at most 20"),
        "{}",
        ran.out
    );
    assert!(!ran.out.contains("2026-12-01"), "{}", ran.out);
    let json = diff(&new, &["--pair", "XA", "XC", "--output", "json"]).out;
    assert!(json.contains("\"on\":\"2100-04-01\""), "{json}");
    let only = diff(&new, &["--only"]);
    assert_eq!((only.exit, only.out.as_str()), (0, "nothing changes on 2026-12-01\n"));
    let same = diff(&copy(), &[]);
    assert_eq!((same.exit, same.out.as_str()), (0, "nothing changes on 2026-12-01 or any later day\n"));
}

#[test]
fn a_claim_is_held_on_each_day_on_which_a_rule_changes_and_the_days_are_named() {
    let new = wider_from_2100();
    let old = here("world");
    let prove = |more: &[&str]| {
        let words = ["--catalogue", path(&new), "prove", "--against", old.to_str().unwrap(), "--on", "2026-12-01"];
        plain(&[&words, more].concat())
    };
    for claim in ["never-wider", "no-content-without-judge", "max-subjects=20"] {
        for pair in [&[][..], &["--pair", "XA", "XB"]] {
            let ran = prove(&[&[claim], pair].concat());
            assert_eq!(ran.exit, 3, "{claim}: {}{}", ran.out, ran.err);
            assert!(ran.out.contains("DOES NOT HOLD on 2100-04-01: "), "{claim}: {}", ran.out);
        }
        let only = prove(&[claim, "--only"]);
        assert_eq!(only.exit, 0, "{claim}: {}{}", only.out, only.err);
        assert!(only.out.contains("  on 2026-12-01\n"), "{}", only.out);
    }
    let holds = prove(&["max-subjects=500"]);
    assert!(holds.exit == 0 && holds.out.contains("  on 2026-12-01, 2100-04-01\n"), "{}", holds.out);
}

#[test]
fn a_plan_tells_every_later_day_in_words_and_which_pairs_would_be_refused_until_then() {
    let new = wider_from_2100();
    let (place, base) = (tempfile::tempdir().unwrap(), copy());
    let out = place.path().join("plan.json");
    let words = ["plan", path(&new), "--catalogue", path(&base), "-o", out.to_str().unwrap(), "--pair", "XA", "XC"];
    let ran = plain(&[&words[..], &["--effective", "2099-01-01"]].concat());
    assert_eq!(ran.exit, 0, "{}", ran.err);
    let later = ran.out.split_once("  from 2100-04-01 pin ").unwrap().1;
    assert!(
        later.contains("    widens: alpha:7 preservation, requests to XA: subjects: at most 500, before: at most 20"),
        "{}",
        ran.out
    );
    let warning = "WARNING: XA and XC begin nothing new from the day on which this is applied until 2099-01-01";
    assert!(ran.out.contains(warning), "{}", ran.out);
}

/// Writes the treaty key of XA, as `gateway init` does, and answers how to name it.
fn key(folder: &Path) -> Vec<String> {
    let now = Timestamp(std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_millis().try_into().unwrap());
    let root = Root::generate("XA".parse().unwrap(), now).unwrap();
    let key = SigningKey::generate().unwrap();
    let der = root.issue_treaty(&key.public_key(), now, TREATY_LIFETIME).unwrap();
    let sealed = key.seal(&Passphrase::new(PHRASE.as_bytes()).unwrap()).unwrap();
    let files = [
        ("--key", "key.pem", sealed.to_string()),
        ("--cert", "cert.pem", certificate_to_pem(&der).unwrap()),
        ("--passphrase-file", "passphrase", PHRASE.to_owned()),
    ];
    let write = |(option, name, text): (&str, &str, String)| {
        let path = folder.join(name);
        fs::write(&path, text).unwrap();
        [option.to_owned(), path.to_str().unwrap().to_owned()]
    };
    files.into_iter().flat_map(write).collect()
}

#[test]
fn a_plan_is_signed_against_the_own_catalogue_or_what_is_not_checked_is_said() {
    let new = wider_from_2100();
    let (place, base) = (tempfile::tempdir().unwrap(), copy());
    let plan = place.path().join("plan.json");
    let plan = plan.to_str().unwrap();
    let made = plain(&["plan", path(&new), "--catalogue", path(&base), "-o", plan, "--pair", "XA", "XC"]);
    assert_eq!(made.exit, 0, "{}", made.err);
    let key = key(place.path());
    let key: Vec<&str> = key.iter().map(String::as_str).collect();
    let sign = |plan: &str, more: &[&str]| plain(&[&["sign", plan], key.as_slice(), more].concat());

    let bare = sign(plan, &[]);
    assert!(bare.exit == 2 && bare.err.contains("--without-catalogue"), "{}{}", bare.out, bare.err);
    let elsewhere = copy();
    edit(elsewhere.path(), "instruments/alpha/instrument.toml", "max_subjects = 20", "max_subjects = 500");
    let other = sign(plan, &["--catalogue", path(&elsewhere)]);
    assert_eq!(other.exit, 6, "{}{}", other.out, other.err);

    let text = fs::read_to_string(plan).unwrap();
    let forged = text.replacen("at most 500, before: at most 20", "at most 5, before: at most 20", 1);
    assert_ne!(forged, text);
    let edited = place.path().join("edited.json");
    fs::write(&edited, forged).unwrap();
    for more in [&["--without-catalogue"][..], &["--catalogue", path(&base)]] {
        let ran = sign(edited.to_str().unwrap(), more);
        assert!(ran.exit == 9 && ran.err.contains("does not follow from its files"), "{}{}", ran.out, ran.err);
    }

    let alone = sign(plan, &["--without-catalogue"]);
    assert!(alone.exit == 0 && alone.out.contains("NOT CHECKED: WHETHER THIS PLAN STARTS FROM YOUR"), "{}", alone.out);
    let own = sign(plan, &["--catalogue", path(&base)]);
    assert!(own.exit == 0 && !own.out.contains("NOT CHECKED"), "{}{}", own.out, own.err);
    // Where the files were taken over before all had signed, they are no longer what the plan starts from.
    let applied = sign(plan, &["--catalogue", path(&new)]);
    assert!(applied.exit == 0 && applied.out.contains("NOT CHECKED: WHAT STOOD THERE BEFORE"), "{}", applied.out);
}
