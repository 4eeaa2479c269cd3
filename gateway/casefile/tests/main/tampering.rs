//! Every bit of an exported case, flipped one at a time.

use std::{num::NonZero, thread};

use casefile::verify;

use crate::{
    honest::checked,
    world::{Story, now},
};

/// All eight bits of each byte: half a million whole verifications and more, shared out among the processors. `ROGATORY_FLIP_STRIDE=8` flips one
/// bit in each byte, for who waits.
#[test]
fn every_single_bit_of_an_exported_case_that_is_flipped_is_found() {
    let story = Story::small();
    let file = story.export(&story.material());
    assert!(checked(&story, &file).holds);
    let stride = std::env::var("ROGATORY_FLIP_STRIDE").ok().and_then(|stride| stride.parse().ok()).unwrap_or(1);
    let workers = thread::available_parallelism().map_or(1, NonZero::get);
    let (pins, now) = (story.pins(), now());
    let flipped: usize = thread::scope(|scope| {
        let share = |worker: usize| {
            let (file, pins) = (&file, &pins);
            move || {
                let mut changed = file.clone();
                let bits = (worker * stride..8 * file.len()).step_by(workers * stride);
                bits.map(|at| {
                    // Whatever the stride, no order in the file hides a bit.
                    let (byte, bit) = (at / 8, (at + at / 8 + at / 64) % 8);
                    changed[byte] ^= 1 << bit;
                    let holds = verify(&changed, pins, now).is_ok_and(|report| report.holds);
                    assert!(!holds, "bit {bit} of byte {byte} of {} changed, and nobody noticed", file.len());
                    changed[byte] = file[byte];
                })
                .count()
            }
        };
        let running: Vec<_> = (0..workers).map(|worker| scope.spawn(share(worker))).collect();
        running.into_iter().map(|worker| worker.join().unwrap()).sum()
    });
    println!("{flipped} bits of {} bytes", file.len());
    assert_eq!(flipped, (8 * file.len()).div_ceil(stride));
}

/// Which bit of a byte is flipped, where all eight of each would take minutes: of eight bytes in a row each another one, and which first changes
/// from eight to eight, so that no order in the file hides one.
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
