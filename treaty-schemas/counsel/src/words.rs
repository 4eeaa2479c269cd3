//! Help for who mistypes.

/// `did you mean …?`, or the whole choice.
pub(crate) fn suggestion(wrong: &str, known: &[&str]) -> String {
    let near = known.iter().map(|word| (distance(wrong, word), *word)).min();
    let begins = known.iter().find(|word| wrong.len() >= 3 && (word.starts_with(wrong) || wrong.starts_with(**word)));
    match (begins, near) {
        (Some(word), _) => format!("did you mean `{word}`?"),
        (None, Some((far, word))) if far <= 1 + word.len() / 4 => format!("did you mean `{word}`?"),
        _ => format!("known here: {}", known.join(", ")),
    }
}

/// How many letters must be added, removed, replaced to come from `a` to `b` (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, from) in a.chars().take(64).enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (cell, to) in row.iter_mut().skip(1).zip(b.chars()) {
            let replaced = diagonal + usize::from(from != to);
            diagonal = *cell;
            left = replaced.min(diagonal + 1).min(left + 1);
            *cell = left;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_is_near_or_a_beginning_is_suggested_else_the_whole_choice() {
        let known = ["preservation", "stored_data"];
        assert_eq!(suggestion("stored", &known), "did you mean `stored_data`?");
        assert_eq!(suggestion("presrvation", &known), "did you mean `preservation`?");
        assert_eq!(suggestion("x", &known), "known here: preservation, stored_data");
    }
}
