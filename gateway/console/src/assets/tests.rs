#![expect(clippy::unwrap_used, reason = "tests")]

use super::*;

/// All that a first page loads, before a browser keeps it.
const FIRST_LOAD_BYTES_MAX: usize = 250_000;

#[test]
fn the_first_page_loads_less_than_250_kilobytes() {
    let all: usize = FILES.files().map(|file| file.contents().len()).sum();
    assert!(all < FIRST_LOAD_BYTES_MAX, "{all} bytes");
}

#[test]
fn every_file_is_served_under_a_name_that_follows_from_its_bytes() {
    assert_eq!(ASSETS.len(), FILES.files().count());
    for name in ["console.css", "boot.js", "govuk.js", "htmx.js", "mark.svg"] {
        let href = href(name);
        let (stem, extension) = name.split_once('.').unwrap();
        let middle = href.strip_prefix(&format!("/assets/{stem}-")).unwrap();
        assert_eq!(middle.len(), 2 * DIGEST_BYTES + 1 + extension.len(), "{href}");
    }
}

/// The typeface and the insignia of another state are not ours to use; fonts are the machine's own.
#[test]
fn no_typeface_and_no_insignia_of_another_state_is_part_of_the_program() {
    for file in FILES.files() {
        let text = String::from_utf8_lossy(file.contents()).to_lowercase();
        for foreign in
            ["gds transport", "gds-transport", "govuk-crest", ".woff", "@font-face", "url(http", "sourcemappingurl"]
        {
            assert!(!text.contains(foreign), "{} holds {foreign}", file.path().display());
        }
    }
}
