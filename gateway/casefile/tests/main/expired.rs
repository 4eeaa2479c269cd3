//! A case that is read when every leaf of its group is over by the clock of who reads.

use std::{thread, time::Duration};

use crate::{
    honest::checked,
    world::{Story, now},
};

/// How long a leaf lives from the moment at which it is made.
const LEAF_MS: i64 = 28 * 24 * 3600 * 1000;
/// Within this the group has to be opened, by the same clock.
const LEFT_MS: i64 = 15_000;

#[test]
fn who_could_read_is_proved_when_every_leaf_has_expired() {
    let start = now().plus_ms(LEFT_MS - LEAF_MS);
    let mut story = Story::begun(start);
    story.play();
    let file = story.export(&story.material());
    // The leaves were made a second behind the start.
    while now() <= start.plus_ms(LEAF_MS + 2000) {
        #[expect(clippy::disallowed_methods, reason = "there is no worker to block, and openmls asks this very clock")]
        thread::sleep(Duration::from_millis(100));
    }
    let report = checked(&story, &file);
    assert!(report.holds, "{}", report.to_text());
    let text = report.to_text();
    for said in [
        "epoch 1 from entry 0: JP:central, FR:central (certified by JP and FR)",
        "the commits of 1 epochs lead from each to the next: leaves in them are over",
    ] {
        assert!(text.contains(said), "{said}\n{text}");
    }
}
