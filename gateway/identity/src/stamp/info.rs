use cms::cert::x509::der::{Any, DateTime, Decode, Tag, Tagged, asn1::ObjectIdentifier};
use model::{Digest, Timestamp};

const SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");

/// What an authority states, `TSTInfo` [RFC 3161 §2.4.2]: what is used of it. Its time may have fractions of a second, which the crates that
/// know the whole structure do not read.
pub(super) struct Info {
    /// The SHA-256 that is stamped.
    pub(super) imprint: Digest,
    /// The moment.
    pub(super) at: Timestamp,
    /// How far the moment may be off, rounded up, where it says so.
    pub(super) accuracy_ms: Option<i64>,
    /// What was asked with it.
    pub(super) nonce: Option<Vec<u8>>,
}

impl Info {
    /// `None` where it is none of version 1 over a SHA-256.
    pub(super) fn read(content: &[u8]) -> Option<Self> {
        let items = Vec::<Any>::from_der(content).ok()?;
        let [version, policy, imprint, serial, time, rest @ ..] = items.as_slice() else { return None };
        let tags = [version.tag(), policy.tag(), serial.tag(), time.tag()];
        let expected = [Tag::Integer, Tag::ObjectIdentifier, Tag::Integer, Tag::GeneralizedTime];
        if tags != expected || version.value() != [1] {
            return None;
        }
        let mut rest = rest.iter().peekable();
        let accuracy = rest.next_if(|item| item.tag() == Tag::Sequence);
        let _ordering = rest.next_if(|item| item.tag() == Tag::Boolean);
        let nonce = rest.next_if(|item| item.tag() == Tag::Integer);
        let _tsa = rest.next_if(|item| is_context(item, 0));
        let _extensions = rest.next_if(|item| is_context(item, 1));
        if rest.next().is_some() {
            return None;
        }
        Some(Self {
            imprint: sha256_of(imprint)?,
            at: moment(time.value())?,
            accuracy_ms: accuracy.map(accuracy_ms).map_or(Some(None), |read| read.map(Some))?,
            nonce: nonce.map(|nonce| nonce.value().to_vec()),
        })
    }
}

/// `MessageImprint`.
fn sha256_of(imprint: &Any) -> Option<Digest> {
    let parts = imprint.decode_as::<Vec<Any>>().ok()?;
    let [algorithm, hash] = parts.as_slice() else { return None };
    let algorithm = algorithm.decode_as::<Vec<Any>>().ok()?;
    let oid: ObjectIdentifier = algorithm.first()?.decode_as().ok()?;
    if oid != SHA256 || hash.tag() != Tag::OctetString {
        return None;
    }
    Digest::try_from(hash.value()).ok()
}

/// `YYYYMMDDhhmmss[.s…]Z`, cut to milliseconds.
fn moment(text: &[u8]) -> Option<Timestamp> {
    let text = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.len() != 14 || !digits(whole) || fraction.is_empty() || !digits(fraction) {
        return None;
    }
    let two = |at: usize| whole.get(at..at + 2)?.parse().ok();
    let year = whole.get(..4)?.parse().ok()?;
    let at = DateTime::new(year, two(4)?, two(6)?, two(8)?, two(10)?, two(12)?).ok()?.unix_duration();
    let millis: i64 = format!("{fraction:0<3}").get(..3)?.parse().ok()?;
    Some(Timestamp(i64::try_from(at.as_millis()).ok()? + millis))
}

/// `Accuracy ::= SEQUENCE { seconds INTEGER OPTIONAL, millis [0] OPTIONAL, micros [1] OPTIONAL }`.
fn accuracy_ms(accuracy: &Any) -> Option<i64> {
    let items = accuracy.decode_as::<Vec<Any>>().ok()?;
    let mut all = 0;
    for item in &items {
        let number = match item.value() {
            bytes @ [first, ..] if bytes.len() <= 4 && *first < 0x80 => {
                bytes.iter().fold(0_i64, |number, byte| number << 8 | i64::from(*byte))
            }
            _ => return None,
        };
        all += match item.tag() {
            Tag::Integer => number * 1000,
            _ if is_context(item, 0) => number,
            _ if is_context(item, 1) => i64::from(number > 0),
            _ => return None,
        };
    }
    Some(all)
}

fn is_context(item: &Any, wanted: u8) -> bool {
    matches!(item.tag(), Tag::ContextSpecific { number, .. } if number.value() == wanted)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_moment_may_have_fractions_of_a_second_and_is_in_utc() {
        assert_eq!(moment(b"20261122140000Z"), Some(Timestamp(1_795_356_000_000)));
        assert_eq!(moment(b"20261122140000.5Z"), Some(Timestamp(1_795_356_000_500)));
        assert_eq!(moment(b"20261122140000.123456Z"), Some(Timestamp(1_795_356_000_123)));
        for text in
            [&b"20261122140000"[..], b"20261322140000Z", b"20261122140000.Z", b"202611221400Z", b"2026112214+000Z"]
        {
            assert_eq!(moment(text), None, "{}", String::from_utf8_lossy(text));
        }
    }

    #[test]
    fn an_accuracy_is_rounded_up() {
        let der = [0x30, 0x0b, 0x02, 0x01, 0x01, 0x80, 0x02, 0x01, 0xf4, 0x81, 0x02, 0x00, 0x64];
        assert_eq!(accuracy_ms(&Any::from_der(&der).unwrap()), Some(1501));
        let negative = [0x30, 0x03, 0x02, 0x01, 0xff];
        assert_eq!(accuracy_ms(&Any::from_der(&negative).unwrap()), None);
    }
}
