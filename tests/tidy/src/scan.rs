use std::ops::Range;

/// A function in masked source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// Line of its `fn`, from 1.
    pub line: usize,
    /// Lines from `fn` to the closing brace, both included.
    pub lines: usize,
}

/// An attribute in masked source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// Where it begins.
    pub start: usize,
    /// After its closing bracket.
    pub end: usize,
    /// What stands between the brackets, strings blanked.
    pub text: String,
}

/// The source with the insides of comments, strings and character literals blanked; offsets and lines stay what they were.
pub fn mask(source: &str) -> String {
    let bytes = source.as_bytes();
    let mut masked = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let end = literal_end(source, at);
        if let Some(end) = end {
            for byte in &mut masked[at..end] {
                if *byte != b'\n' {
                    *byte = b' ';
                }
            }
        }
        at = end.unwrap_or(at + 1);
    }
    String::from_utf8_lossy(&masked).into_owned()
}

/// Where the comment, string or character literal that begins at `at` ends, if one does.
fn literal_end(source: &str, at: usize) -> Option<usize> {
    let bytes = source.as_bytes();
    let rest = &bytes[at..];
    match rest {
        [b'/', b'/', ..] => Some(find(bytes, at, b"\n").unwrap_or(bytes.len())),
        [b'/', b'*', ..] => Some(block_comment_end(bytes, at)),
        [b'"', ..] => Some(string_end(bytes, at + 1)),
        [b'r', b'"' | b'#', ..] if starts_prefix(bytes, at) => raw_string_end(bytes, at),
        [b'\'', b'\\', ..] => Some(find(bytes, at + 3, b"'").map_or(bytes.len(), |quote| quote + 1)),
        [b'\'', ..] => {
            let inner = source.get(at + 1..)?.chars().next()?;
            let close = at + 1 + inner.len_utf8();
            (bytes.get(close) == Some(&b'\'') && inner != '\'').then_some(close + 1)
        }
        _ => None,
    }
}

/// Whether an `r` begins a raw string rather than ending a name: `br"` and `cr"` do, `for"` does not.
fn starts_prefix(bytes: &[u8], at: usize) -> bool {
    let before = |back: usize| at.checked_sub(back).map(|i| bytes[i]);
    match before(1) {
        Some(b'b' | b'c') => !before(2).is_some_and(is_identifier_byte),
        Some(byte) => !is_identifier_byte(byte),
        None => true,
    }
}

fn raw_string_end(bytes: &[u8], at: usize) -> Option<usize> {
    let hashes = bytes[at + 1..].iter().take_while(|byte| **byte == b'#').count();
    if bytes.get(at + 1 + hashes) != Some(&b'"') {
        return None;
    }
    let close = [&b"\""[..], &b"#".repeat(hashes)].concat();
    Some(find(bytes, at + 2 + hashes, &close).map_or(bytes.len(), |quote| quote + close.len()))
}

fn string_end(bytes: &[u8], mut at: usize) -> usize {
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

fn block_comment_end(bytes: &[u8], mut at: usize) -> usize {
    let mut depth = 0_usize;
    while at < bytes.len() {
        match &bytes[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] if depth == 1 => return at + 2,
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
    }
    bytes.len()
}

fn find(bytes: &[u8], from: usize, needle: &[u8]) -> Option<usize> {
    let tail = bytes.get(from..)?;
    tail.windows(needle.len()).position(|window| window == needle).map(|offset| from + offset)
}

/// Whether a byte may stand in an identifier.
pub fn is_identifier_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// Where `needle` stands, not as a part of a longer identifier at either end.
pub fn words(code: &str, needle: &str) -> Vec<usize> {
    let bytes = code.as_bytes();
    let bounded = |byte: Option<&u8>, inner: Option<&u8>| {
        !(byte.is_some_and(|byte| is_identifier_byte(*byte)) && inner.is_some_and(|byte| is_identifier_byte(*byte)))
    };
    code.match_indices(needle)
        .map(|(start, _)| start)
        .filter(|&start| {
            let before = start.checked_sub(1).and_then(|i| bytes.get(i));
            bounded(before, needle.as_bytes().first())
                && bounded(bytes.get(start + needle.len()), needle.as_bytes().last())
        })
        .collect()
}

/// Every function with a body, in masked source.
pub fn functions(code: &str) -> Vec<Function> {
    words(code, "fn").into_iter().filter_map(|start| function_at(code, start)).collect()
}

fn function_at(code: &str, start: usize) -> Option<Function> {
    let after = code[start + 2..].trim_start();
    let name: String = after.bytes().take_while(|byte| is_identifier_byte(*byte)).map(char::from).collect();
    if name.is_empty() {
        return None; // the type `fn(…)`, or a macro's `fn $name`
    }
    let body = body_after(code, start)?;
    let lines = code[start..body.end].matches('\n').count() + 1;
    Some(Function { name, line: line_of(code, start), lines })
}

/// The braces that follow `from`, unless a `;` outside of brackets comes first.
pub(crate) fn body_after(code: &str, from: usize) -> Option<Range<usize>> {
    let mut depth = 0_i64;
    for (offset, byte) in code.bytes().enumerate().skip(from) {
        match byte {
            b'(' | b'[' => depth += 1,
            b')' | b']' => depth -= 1,
            b';' if depth <= 0 => return None,
            b'{' if depth <= 0 => return Some(offset..closing(code, offset)?),
            _ => {}
        }
    }
    None
}

/// After the bracket that closes the one at `open`.
fn closing(code: &str, open: usize) -> Option<usize> {
    let mut depth = 0_i64;
    for (offset, byte) in code.bytes().enumerate().skip(open) {
        match byte {
            b'{' | b'(' | b'[' => depth += 1,
            b'}' | b')' | b']' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(offset + 1);
        }
    }
    None
}

/// Every attribute, inner and outer, in masked source.
pub fn attributes(code: &str) -> Vec<Attribute> {
    let opening = code.match_indices("#[").map(|(start, _)| (start, start + 1));
    let inner = code.match_indices("#![").map(|(start, _)| (start, start + 2));
    opening
        .chain(inner)
        .filter_map(|(start, open)| {
            let end = closing(code, open)?;
            Some(Attribute { start, end, text: code[open + 1..end - 1].to_owned() })
        })
        .collect()
}

/// The line of an offset, from 1.
pub(crate) fn line_of(text: &str, offset: usize) -> usize {
    text.as_bytes()[..offset.min(text.len())].iter().filter(|byte| **byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_comments_and_characters_are_blanked_and_lifetimes_are_not() {
        let source = r####"let a = "x\"}"; // }
/* } /* } */ } */ let b = r#"}"}"#; let c = ['}', '\'', '"', 'é']; fn d<'a>(e: &'a str) { b"}"; br"}\"; '\u{7d}'; }"####;
        let masked = mask(source);
        assert_eq!(masked.matches('\n').count(), 1);
        assert_eq!((masked.matches('{').count(), masked.matches('}').count()), (1, 1));
        assert!(masked.contains("fn d<'a>(e: &'a str)"));
    }

    #[test]
    fn a_function_is_counted_from_its_fn_to_its_brace() {
        let code = mask(
            "trait A { fn a(&self, x: [u8; 2]); }\n\npub fn b<F: Fn(u8)>(\n    f: F,\n) {\n    // }\n}\nconst fn c() {}",
        );
        let found: Vec<_> = functions(&code).into_iter().map(|f| (f.name, f.line, f.lines)).collect();
        assert_eq!(found, [("b".to_owned(), 3, 5), ("c".to_owned(), 8, 1)]);
    }

    #[test]
    fn words_are_whole() {
        assert_eq!(words("fn xfn fn_ (fn) fn", "fn").len(), 3);
        assert_eq!(words("a.unwrap() b.unwrap_or()", ".unwrap()").len(), 1);
    }

    #[test]
    fn attributes_are_cut_at_their_bracket() {
        let code = mask("#![expect(a, reason = \"]\")]\n#[cfg(test)] struct A([u8; 2]);");
        let texts: Vec<_> = attributes(&code).into_iter().map(|a| a.text).collect();
        assert_eq!(texts.len(), 2);
        assert!(texts.contains(&"cfg(test)".to_owned()));
        assert!(texts.iter().any(|text| text.contains("reason =")));
    }
}
