use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{CaseId, Digest, EntryId, Malformed};

/// Without I, L, O and U, which are misheard or misread.
const SIGNS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Five bits each.
const LENGTH: usize = 16;
const DOMAIN: &[u8] = b"rogatory call-back v1\0";

/// What is read out over another channel when the requested authority calls back in an emergency: sixteen signs in groups of four. Its eighty
/// bits are drawn at random, so that nobody finds it from its commitment, which needs no salt for that.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Challenge([u8; 10]);

impl Challenge {
    /// From bytes that were drawn at random.
    pub const fn new(bytes: [u8; 10]) -> Self {
        Self(bytes)
    }

    /// What is said of it before the other side has given it back: of use for the emergency that this entry of this case asked for, and for no
    /// other one.
    pub fn commitment(&self, case: CaseId, request: EntryId) -> Digest {
        Digest::of(&[DOMAIN, case.as_bytes(), request.as_bytes(), &self.0])
    }

    /// Whether `text` holds one of which `is_it` is true, in whatever gaps and letters it is written.
    pub fn is_in(text: &str, is_it: impl Fn(Self) -> bool) -> bool {
        let signs: Vec<char> = text.chars().filter(char::is_ascii_alphanumeric).collect();
        let read = |signs: &[char]| signs.iter().collect::<String>().parse().ok();
        signs.windows(LENGTH).filter_map(read).any(is_it)
    }
}

/// A challenge is told to nobody by the way.
impl fmt::Debug for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Challenge")
    }
}

impl fmt::Display for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bits = self.0.iter().fold(0_u128, |bits, byte| bits << 8 | u128::from(*byte));
        for place in 0..LENGTH {
            if place > 0 && place % 4 == 0 {
                f.write_str("-")?;
            }
            let value = bits >> (5 * (LENGTH - 1 - place)) & 31;
            let sign = SIGNS.iter().zip(0_u128..).find(|(_, one)| *one == value);
            write!(f, "{}", sign.map_or('0', |(sign, _)| char::from(*sign)))?;
        }
        Ok(())
    }
}

/// As people write it down: in small letters too, with other gaps, with the letters that are no signs for the digits that they look like.
impl FromStr for Challenge {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        // What was typed is not repeated: it may be nearly right.
        let malformed = || Malformed::new("a challenge (as in 7Q2F-0M9X-R4TB-W8CN)", "what was entered");
        let signs = text.chars().filter(|sign| !matches!(sign, '-' | ' '));
        let (mut bits, mut count) = (0_u128, 0);
        for sign in signs {
            let sign = match sign.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                other => other,
            };
            let found = SIGNS.iter().zip(0_u128..).find(|(one, _)| char::from(**one) == sign);
            let (_, value) = found.ok_or_else(malformed)?;
            count += 1;
            if count > LENGTH {
                return Err(malformed());
            }
            bits = bits << 5 | value;
        }
        if count != LENGTH {
            return Err(malformed());
        }
        let mut bytes = [0; 10];
        bytes.copy_from_slice(&bits.to_be_bytes()[6..]);
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for Challenge {
    type Error = Malformed;

    fn try_from(text: String) -> Result<Self, Malformed> {
        text.parse()
    }
}

impl From<Challenge> for String {
    fn from(challenge: Challenge) -> Self {
        challenge.to_string()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_challenge_is_read_as_it_is_written_and_as_people_write_it_down() {
        let challenge = Challenge::new([0x00, 0x5c, 0xf0, 0x01, 0xff, 0x80, 0x7e, 0x13, 0x99, 0x42]);
        let text = challenge.to_string();
        assert_eq!((text.len(), text.matches('-').count()), (19, 3), "{text}");
        assert_eq!(text.parse::<Challenge>().unwrap(), challenge);
        assert_eq!(text.to_lowercase().replace('-', " ").parse::<Challenge>().unwrap(), challenge);
        let misread = text.replace('0', "o").replace('1', "l");
        assert_ne!(misread, text);
        assert_eq!(misread.parse::<Challenge>().unwrap(), challenge);
        assert_eq!(Challenge::new([0; 10]).to_string(), "0000-0000-0000-0000");
        assert_eq!(Challenge::new([255; 10]).to_string(), "ZZZZ-ZZZZ-ZZZZ-ZZZZ");
        for wrong in ["", "7Q2F-0M9X-R4TB-W8C", "7Q2F-0M9X-R4TB-W8CNN", "7Q2F-0M9X-R4TB-W8CU", "７Q2F-0M9X-R4TB-W8CN"]
        {
            let error = wrong.parse::<Challenge>().unwrap_err().to_string();
            assert_eq!(error, "\"what was entered\" is not a challenge (as in 7Q2F-0M9X-R4TB-W8CN)");
        }
        assert!(!format!("{challenge:?}").contains(&text[..4]));
    }

    #[test]
    fn the_commitment_holds_for_one_challenge_one_case_and_one_request_and_is_stable() {
        let (case, request) = (CaseId::new([1; 16]), EntryId::new([2; 16]));
        let challenge: Challenge = "7Q2F-0M9X-R4TB-W8CN".parse().unwrap();
        let other: Challenge = "7Q2F-0M9X-R4TB-W8CM".parse().unwrap();
        let commitment = challenge.commitment(case, request);
        assert_ne!(commitment, other.commitment(case, request));
        assert_ne!(commitment, challenge.commitment(CaseId::new([2; 16]), request));
        assert_ne!(commitment, challenge.commitment(case, EntryId::new([1; 16])));
        assert_eq!(commitment.to_string(), "69f4940082af76031083dfd9e5162888c00c14305e6678f08d02f55db82f6a3a");
    }

    #[test]
    fn a_challenge_is_found_in_a_text_however_it_is_written() {
        let challenge: Challenge = "7Q2F-0M9X-R4TB-W8CN".parse().unwrap();
        for text in
            ["Enter 7Q2F-0M9X-R4TB-W8CN, please.", "7q2f 0m9x r4tb w8cn", "x7Q2FoM9XR4TBW8CNx", "7Q2F/0M9X.R4TB\nW8CN"]
        {
            assert!(Challenge::is_in(text, |one| one == challenge), "{text}");
        }
        for text in ["", "7Q2F-0M9X-R4TB-W8C", "W8CN-R4TB-0M9X-7Q2F", "We call you back over another channel."] {
            assert!(!Challenge::is_in(text, |one| one == challenge), "{text}");
        }
    }
}
