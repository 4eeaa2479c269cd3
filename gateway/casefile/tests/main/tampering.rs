//! Every byte of an exported case, flipped one at a time.

use casefile::verify;

use crate::{
    honest::checked,
    world::{Story, now},
};

#[test]
fn every_flipped_byte_of_an_exported_case_is_found() {
    let story = Story::small();
    let file = story.export(&story.material());
    assert!(checked(&story, &file).holds);
    let (pins, now) = (story.pins(), now());
    let mut changed = file.clone();
    for at in 0..file.len() {
        changed[at] ^= 1 << bit(at);
        let holds = verify(&changed, &pins, now).is_ok_and(|report| report.holds);
        assert!(!holds, "bit {} of byte {at} of {} changed, and nobody noticed", bit(at), file.len());
        changed[at] = file[at];
    }
}

/// Which bit of a byte is flipped, for all eight of each take minutes: of eight bytes in a row each another one, and which first changes from
/// eight to eight, so that no order in the file hides one.
pub(crate) fn bit(at: usize) -> usize {
    (at + at / 8) % 8
}

/// With sums and manifest made anew over what was changed, by who holds the key of the exporting desk: what the two states signed still does
/// not bend. One byte in so many is flipped, for each is a whole verification.
#[test]
fn a_byte_that_is_flipped_before_the_manifest_is_signed_is_found_too() {
    const STRIDE: usize = 97;
    let story = Story::small();
    let honest = story.material();
    let (pins, now) = (story.pins(), now());
    let mut flipped = 0;
    for entry in 0..honest.entries.len() {
        for at in (entry % STRIDE..honest.entries[entry].wire.len()).step_by(STRIDE) {
            let mut material = honest.clone();
            material.entries[entry].wire[at] ^= 1 << bit(at);
            let holds = verify(&story.export(&material), &pins, now).is_ok_and(|report| report.holds);
            assert!(!holds, "byte {at} of entry {entry}");
            flipped += 1;
        }
        for receipt in 0..2 {
            let length = honest.entries[entry].receipts[receipt].2.len();
            for at in (receipt..length).step_by(STRIDE) {
                let mut material = honest.clone();
                material.entries[entry].receipts[receipt].2[at] ^= 1 << bit(at);
                let holds = verify(&story.export(&material), &pins, now).is_ok_and(|report| report.holds);
                assert!(!holds, "byte {at} of receipt {receipt} on entry {entry}");
                flipped += 1;
            }
        }
    }
    for at in (0..honest.held.directories[1].2.toml.len()).step_by(STRIDE) {
        let mut material = honest.clone();
        let mut bytes = material.held.directories[1].2.toml.clone().into_bytes();
        bytes[at] ^= 1;
        material.held.directories[1].2.toml = String::from_utf8(bytes).unwrap();
        assert!(
            !verify(&story.export(&material), &pins, now).is_ok_and(|report| report.holds),
            "byte {at} of a directory"
        );
        flipped += 1;
    }
    assert!(flipped > 100, "{flipped} bytes");
}
