//! Searching for texts in whatever was found: as they are, in hexadecimal, and in Base64 wherever they may begin.

use std::collections::HashMap;

use base64::{
    Engine,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};

/// Shortest beginning that is compared before the rest.
const HEAD: usize = 4;

/// Texts, in all the forms in which they are searched for.
pub(crate) struct Texts {
    count: usize,
    /// Each form, and the text that it is of.
    forms: Vec<(Vec<u8>, usize)>,
    heads: HashMap<[u8; HEAD], Vec<usize>>,
    /// Whether any form begins with these two bytes.
    begins: Vec<bool>,
}

impl Texts {
    /// Of texts of at least nine bytes; shorter ones stand anywhere by chance, and are left out.
    pub(crate) fn new(texts: &[String]) -> Self {
        let mut this = Self { count: 0, forms: Vec::new(), heads: HashMap::new(), begins: vec![false; 1 << 16] };
        for text in texts.iter().filter(|text| text.len() >= 9) {
            for form in forms(text.as_bytes()) {
                this.add(form);
            }
            this.count += 1;
        }
        this
    }

    fn add(&mut self, form: Vec<u8>) {
        let Some(head) = form.first_chunk::<HEAD>().copied() else { return };
        self.begins[usize::from(u16::from_be_bytes([head[0], head[1]]))] = true;
        self.heads.entry(head).or_default().push(self.forms.len());
        self.forms.push((form, self.count));
    }

    /// How many texts are searched for.
    pub(crate) fn len(&self) -> usize {
        self.count
    }

    /// The numbers of the texts that stand in `bytes`.
    pub(crate) fn in_bytes(&self, bytes: &[u8]) -> Vec<usize> {
        let mut found = Vec::new();
        for (at, two) in bytes.windows(2).enumerate() {
            if !self.begins[usize::from(two[0]) << 8 | usize::from(two[1])] {
                continue;
            }
            let rest = &bytes[at..];
            let Some(forms) = rest.first_chunk::<HEAD>().and_then(|head| self.heads.get(head)) else { continue };
            for (form, text) in forms.iter().filter_map(|form| self.forms.get(*form)) {
                if rest.starts_with(form) && !found.contains(text) {
                    found.push(*text);
                }
            }
        }
        found
    }
}

fn forms(text: &[u8]) -> Vec<Vec<u8>> {
    let hex = |upper: bool| -> Vec<u8> {
        text.iter()
            .flat_map(|byte| if upper { format!("{byte:02X}") } else { format!("{byte:02x}") }.into_bytes())
            .collect()
    };
    let mut forms = vec![text.to_vec(), hex(false), hex(true)];
    for before in 0..3_usize {
        let shifted = [&[0; 2][..before], text].concat();
        // What depends on the neighbours is cut off: at the front the characters that hold bits of them, at the end an incomplete one.
        let (skip, whole) = ([0, 2, 3][before], shifted.len() * 8 / 6);
        for encoded in [STANDARD_NO_PAD.encode(&shifted), URL_SAFE_NO_PAD.encode(&shifted)] {
            forms.extend(encoded.as_bytes().get(skip..whole).map(<[u8]>::to_vec));
        }
    }
    forms.sort();
    forms.dedup();
    forms
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_found_as_it_is_in_hexadecimal_and_in_base64_wherever_it_begins() {
        let texts = Texts::new(&["harbour.trader@mail.example".to_owned(), "zu kurz".to_owned()]);
        assert_eq!(texts.len(), 1);
        for before in 0..7 {
            let plain = [&b"?????????"[..before], b"harbour.trader@mail.example", b"!!"].concat();
            let hex: String = plain.iter().map(|byte| format!("{byte:02x}")).collect();
            for hay in [plain.clone(), hex.to_uppercase().into_bytes(), hex.into_bytes()] {
                assert_eq!(texts.in_bytes(&hay), [0], "{before}");
            }
            assert_eq!(texts.in_bytes(STANDARD_NO_PAD.encode(&plain).as_bytes()), [0], "{before}");
            assert_eq!(texts.in_bytes(URL_SAFE_NO_PAD.encode(&plain).as_bytes()), [0], "{before}");
        }
        assert!(texts.in_bytes(b"harbour.trader@mail.exampl, and no more").is_empty());
    }
}
