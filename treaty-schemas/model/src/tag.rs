use std::fmt;

use aws_lc_rs::hmac;

use crate::{Digest, Malformed, SubjectTag};

/// The key of a year's [`SubjectTag`]s between two parties. The desks of both hold it, no gateway does: who has it can test a
/// guess. It travels inside the sealed request.
#[derive(Clone, PartialEq, Eq)]
pub struct TagKey([u8; 32]);

impl TagKey {
    /// From 32 bytes that were derived for this purpose.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Reads 64 hexadecimal digits.
    pub fn from_hex(text: &str) -> Result<Self, Malformed> {
        let digest: Digest = text.parse().map_err(|_| Malformed::new("a tag key (64 hexadecimal digits)", ""))?;
        Ok(Self(*digest.as_bytes()))
    }

    /// The key as it stands in a sealed request.
    pub fn to_hex(&self) -> String {
        Digest::new(self.0).to_string()
    }

    /// What a header names it by.
    pub fn digest(&self) -> Digest {
        Digest::of(&[b"rogatory tag key v1\0", &self.0])
    }

    /// The pseudonym of the subject that `selector`, in canonical form, names: the first half of HMAC-SHA-256 [RFC 2104].
    pub fn tag(&self, selector: &[u8]) -> SubjectTag {
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &self.0), selector);
        let mut half = [0; 16];
        half.iter_mut().zip(tag.as_ref()).for_each(|(to, from)| *to = *from);
        SubjectTag::new(half)
    }
}

impl fmt::Debug for TagKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TagKey(…)")
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_tag_is_the_first_half_of_the_hmac_of_rfc_4231() {
        // Test case 2 of RFC 4231 §4.3 has a shorter key, which HMAC pads with zeros.
        let mut key = [0; 32];
        key[..4].copy_from_slice(b"Jefe");
        let tag = TagKey::new(key).tag(b"what do ya want for nothing?");
        assert_eq!(tag.to_string(), "5bdcc146bf60754e6a042426089575c7");
    }

    #[test]
    fn a_key_tells_itself_to_nobody_but_in_hex() {
        let key = TagKey::new([7; 32]);
        assert_eq!(format!("{key:?}"), "TagKey(…)");
        assert_eq!(TagKey::from_hex(&key.to_hex()).unwrap(), key);
        assert!(!TagKey::from_hex("07").unwrap_err().to_string().contains("07"));
        assert_ne!(key.digest(), TagKey::new([8; 32]).digest());
    }
}
