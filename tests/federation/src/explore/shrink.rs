//! From a run that fails to a short one.

use super::{keys::Cast, op::Op, world};

/// Tries at most.
const TRIES_MAX: usize = 2000;

/// The places of the operations that are enough to fail, and what fails: no one of them can be left out (ddmin, Zeller 2002).
pub(super) fn shrunk(cast: &Cast, ops: &[Op], wrong: String) -> (Vec<usize>, String) {
    let fails = |kept: &[usize]| {
        let ops: Vec<Op> = kept.iter().filter_map(|place| ops.get(*place).copied()).collect();
        world::played(cast, &ops).err()
    };
    smallest((0..ops.len()).collect(), wrong, fails)
}

fn smallest(
    mut kept: Vec<usize>,
    mut wrong: String,
    fails: impl Fn(&[usize]) -> Option<String>,
) -> (Vec<usize>, String) {
    let mut tries = 0;
    let mut size = kept.len().div_ceil(2).max(1);
    loop {
        let mut at = 0;
        let mut shorter = false;
        while at < kept.len() && tries < TRIES_MAX {
            tries += 1;
            let rest: Vec<usize> = kept.iter().take(at).chain(kept.iter().skip(at + size)).copied().collect();
            match fails(&rest) {
                Some(still) => (kept, wrong, shorter) = (rest, still, true),
                None => at += size,
            }
        }
        if size == 1 && !shorter || tries >= TRIES_MAX {
            return (kept, wrong);
        }
        size = if shorter { size } else { (size / 2).max(1) };
        size = size.min(kept.len().max(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_what_it_takes() {
        let fails = |kept: &[usize]| (kept.contains(&17) && kept.contains(&61)).then(|| "both".to_owned());
        let (kept, wrong) = smallest((0..80).collect(), "both".to_owned(), fails);
        assert_eq!((kept, wrong.as_str()), (vec![17, 61], "both"));
    }
}
