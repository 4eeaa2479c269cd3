//! Days in a plan: `2026-11-22`.

use jiff::civil::Date;
use serde::{Deserialize, Deserializer, Serializer, de::Error};

pub(super) fn serialize<S: Serializer>(day: &Date, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(day)
}

pub(super) fn deserialize<'d, D: Deserializer<'d>>(deserializer: D) -> Result<Date, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(|_| D::Error::custom(format!("{text:?} is not a day (as in 2026-11-22)")))
}

/// Pins with the days from which they hold: `[{ "from": "2026-11-22", "pin": "…" }]`.
pub(super) mod pins {
    use jiff::civil::Date;
    use model::Pin;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    struct From {
        #[serde(with = "super")]
        from: Date,
        pin: Pin,
    }

    pub(in super::super) fn serialize<S: Serializer>(pins: &[(Date, Pin)], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(pins.iter().map(|(from, pin)| From { from: *from, pin: *pin }))
    }

    pub(in super::super) fn deserialize<'d, D: Deserializer<'d>>(
        deserializer: D,
    ) -> Result<Vec<(Date, Pin)>, D::Error> {
        Ok(Vec::<From>::deserialize(deserializer)?.into_iter().map(|one| (one.from, one.pin)).collect())
    }
}
