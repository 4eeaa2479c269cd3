//! Near misses: misspelt words, and letters of other scripts that look like ours.

/// Letters and signs that look like ASCII ones: Cyrillic, Greek, and dashes.
const LOOK_ALIKES: &[(char, char)] = &[
    ('а', 'a'),
    ('ь', 'b'),
    ('с', 'c'),
    ('ԁ', 'd'),
    ('е', 'e'),
    ('һ', 'h'),
    ('і', 'i'),
    ('ј', 'j'),
    ('ӏ', 'l'),
    ('о', 'o'),
    ('р', 'p'),
    ('ԛ', 'q'),
    ('г', 'r'),
    ('ѕ', 's'),
    ('т', 't'),
    ('ѵ', 'v'),
    ('ԝ', 'w'),
    ('х', 'x'),
    ('у', 'y'),
    ('А', 'A'),
    ('В', 'B'),
    ('С', 'C'),
    ('Е', 'E'),
    ('Н', 'H'),
    ('І', 'I'),
    ('Ј', 'J'),
    ('К', 'K'),
    ('М', 'M'),
    ('О', 'O'),
    ('Р', 'P'),
    ('Ѕ', 'S'),
    ('Т', 'T'),
    ('Х', 'X'),
    ('У', 'Y'),
    ('З', '3'),
    ('α', 'a'),
    ('ε', 'e'),
    ('ι', 'i'),
    ('κ', 'k'),
    ('ν', 'v'),
    ('ο', 'o'),
    ('ρ', 'p'),
    ('τ', 't'),
    ('υ', 'u'),
    ('χ', 'x'),
    ('γ', 'y'),
    ('Α', 'A'),
    ('Β', 'B'),
    ('Ε', 'E'),
    ('Ζ', 'Z'),
    ('Η', 'H'),
    ('Ι', 'I'),
    ('Κ', 'K'),
    ('Μ', 'M'),
    ('Ν', 'N'),
    ('Ο', 'O'),
    ('Ρ', 'P'),
    ('Τ', 'T'),
    ('Υ', 'Y'),
    ('Χ', 'X'),
    ('ı', 'i'),
    ('ɑ', 'a'),
    ('ɡ', 'g'),
    ('‐', '-'),
    ('‑', '-'),
    ('‒', '-'),
    ('–', '-'),
    ('—', '-'),
    ('−', '-'),
    ('“', '"'),
    ('”', '"'),
    ('„', '"'),
    ('‘', '\''),
    ('’', '\''),
    ('＿', '_'),
];

/// The ASCII character that `c` is easily taken for; `None` when there is none, or when it is that one.
pub(crate) fn look_alike(c: char) -> Option<char> {
    // Full-width forms stand in the order of ASCII.
    let full_width = ('！'..='～').contains(&c).then(|| char::from_u32(u32::from(c) - 0xFEE0)).flatten();
    full_width.or_else(|| LOOK_ALIKES.iter().find(|(other, _)| *other == c).map(|(_, ascii)| *ascii))
}

/// The first character of `text` that looks like an ASCII one, that one, and the text as it was meant.
pub(crate) fn look_alikes(text: &str) -> Option<(char, char, String)> {
    let (wrong, right) = text.chars().find_map(|c| Some((c, look_alike(c)?)))?;
    Some((wrong, right, text.chars().map(|c| look_alike(c).unwrap_or(c)).collect()))
}

/// Whether `c` has no shape of its own, or turns the direction of what follows.
pub(crate) fn is_invisible(c: char) -> bool {
    matches!(c, '\u{00AD}' | '\u{061C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
}

/// `did you mean …?`, or the whole choice.
pub fn suggestion(wrong: &str, known: &[&str]) -> String {
    let longer = |word: &&&str| word.strip_prefix(wrong).is_some_and(|rest| rest.starts_with('_'));
    if let Some(word) = known.iter().filter(longer).min() {
        return format!("did you mean `{word}`?");
    }
    let near = known.iter().map(|word| (distance(wrong, word), word)).min();
    match near {
        Some((far, word)) if far <= 1 + word.len() / 4 => format!("did you mean `{word}`?"),
        _ if known.is_empty() => "nothing may stand here".to_owned(),
        _ => {
            let mut known = known.to_vec();
            known.sort_unstable();
            known.dedup();
            format!("known here: {}", known.join(", "))
        }
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
