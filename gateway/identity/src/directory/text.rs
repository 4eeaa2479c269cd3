//! How values stand in the TOML of a directory.

/// A moment as RFC 3339 text in UTC, to the millisecond.
pub(crate) mod moment {
    use model::Timestamp;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(crate) fn serialize<S: Serializer>(moment: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(moment)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
        let text = String::deserialize(deserializer)?;
        let moment: jiff::Timestamp = text.parse().map_err(|_| D::Error::custom("a moment is not in RFC 3339"))?;
        Ok(Timestamp(moment.as_millisecond()))
    }
}

/// A certificate as PEM, one and nothing else.
pub(crate) mod pem {
    use pkcs8::der::{Document, pem::LineEnding};
    use serde::{Deserialize, Deserializer, Serializer, de::Error as _, ser::Error as _};

    const LABEL: &str = "CERTIFICATE";

    pub(crate) fn serialize<S: Serializer>(der: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        let pem = pkcs8::der::pem::encode_string(LABEL, LineEnding::LF, der).map_err(S::Error::custom)?;
        serializer.serialize_str(&pem)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        match Document::from_pem(&text) {
            Ok((LABEL, document)) => Ok(document.as_bytes().to_vec()),
            _ => Err(D::Error::custom("a certificate is not in PEM")),
        }
    }
}

/// An ML-DSA-44 key in base64, where there is one.
pub(crate) mod second {
    use ledger::SecondKey;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(crate) fn serialize<S: Serializer>(key: &Option<SecondKey>, serializer: S) -> Result<S::Ok, S::Error> {
        match key {
            Some(key) => serializer.collect_str(key),
            None => serializer.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SecondKey>, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(Some).map_err(|_| D::Error::custom("a second ledger key is not ML-DSA-44 in base64"))
    }
}
