use std::str::FromStr;

use jiff::civil::Date;
use model::{Malformed, PartyId, Pin};

use super::{
    limits::{PINS_MAX, STATEMENT_BYTES_MAX},
    text::{day, field, signed_line},
};

const HEADING: &str = "rogatory treaty acceptance v1";

/// Two parties accept the effective rules between them: each pin from its day until the next one's. It takes effect when
/// both have signed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcceptanceStatement {
    /// The two, in the order of their codes.
    pub pair: [PartyId; 2],
    /// From which day each pin holds: 1 to 512 of them, days ascending.
    pub pins: Vec<(Date, Pin)>,
    /// The day on which it is signed, UTC.
    pub signed: Date,
}

impl AcceptanceStatement {
    /// The text that is signed: three lines and one for each pin. The inverse of [`AcceptanceStatement::from_str`]. A pair or
    /// days out of order, no pin, more than 512 and days outside the years 0 to 9999 are refused.
    pub fn to_text(&self) -> Result<String, Malformed> {
        let [first, second] = self.pair;
        if first >= second {
            return Err(Malformed::new("two parties in order (as in FR JP)", &format!("{first} {second}")));
        }
        if self.pins.is_empty() || self.pins.len() > PINS_MAX {
            return Err(Malformed::new("1 to 512 pins", &self.pins.len().to_string()));
        }
        if let Some(pair) = self.pins.windows(2).find(|pair| pair[0].0 >= pair[1].0) {
            return Err(Malformed::new("pins by ascending days", &format!("{} then {}", pair[0].0, pair[1].0)));
        }
        let mut days = self.pins.iter().map(|(from, _)| from).chain([&self.signed]);
        if let Some(odd) = days.find(|date| day(&date.to_string()).is_none()) {
            return Err(Malformed::new("a day (as in 2026-11-22)", &odd.to_string()));
        }
        let pins: String = self.pins.iter().map(|(from, pin)| format!("from {from} pin {pin}\n")).collect();
        Ok(format!("{HEADING}\npair {first} {second}\n{pins}{}", signed_line(self.signed)))
    }
}

impl FromStr for AcceptanceStatement {
    type Err = Malformed;

    /// Takes exactly what [`AcceptanceStatement::to_text`] writes.
    fn from_str(text: &str) -> Result<Self, Malformed> {
        let malformed = || Malformed::new("a statement of acceptance (rogatory treaty acceptance v1)", text);
        if text.len() > STATEMENT_BYTES_MAX {
            return Err(malformed());
        }
        let statement = read(text).ok_or_else(malformed)?;
        // A digest has other spellings too; only what we would write is one.
        if statement.to_text()? == text { Ok(statement) } else { Err(malformed()) }
    }
}

fn read(text: &str) -> Option<AcceptanceStatement> {
    let mut lines = text.lines();
    lines.next().filter(|line| *line == HEADING)?;
    let (first, second) = field(lines.next()?, "pair")?.split_once(' ')?;
    let pair = [first.parse().ok()?, second.parse().ok()?];
    let mut pins = Vec::new();
    for line in lines {
        if let Some(signed) = field(line, "signed") {
            return Some(AcceptanceStatement { pair, pins, signed: day(signed)? });
        }
        let (from, pin) = field(line, "from")?.split_once(' ')?;
        pins.push((day(from)?, field(pin, "pin")?.parse().ok()?));
    }
    None
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use jiff::ToSpan;
    use model::Digest;

    use super::*;

    const TEXT: &str = "rogatory treaty acceptance v1\npair FR JP\n\
        from 2026-11-22 pin e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n\
        from 2027-03-01 pin 0707070707070707070707070707070707070707070707070707070707070707\nsigned 2026-11-22\n";

    fn statement() -> AcceptanceStatement {
        AcceptanceStatement {
            pair: ["FR".parse().unwrap(), "JP".parse().unwrap()],
            pins: vec![
                ("2026-11-22".parse().unwrap(), Pin(Digest::of(&[b""]))),
                ("2027-03-01".parse().unwrap(), Pin(Digest::new([7; 32]))),
            ],
            signed: "2026-11-22".parse().unwrap(),
        }
    }

    #[test]
    fn an_acceptance_is_a_line_for_each_pin_and_is_read_back() {
        assert_eq!(statement().to_text().unwrap(), TEXT);
        assert_eq!(TEXT.parse::<AcceptanceStatement>().unwrap(), statement());
    }

    #[test]
    fn an_acceptance_has_one_spelling_only() {
        for (ours, theirs) in [
            ("v1", "v2"),
            ("pair FR JP", "pair JP FR"),
            ("pair FR JP", "pair JP JP"),
            ("pair FR JP", "pair fr JP"),
            ("pair FR JP", "pair FR JP RS"),
            ("pair FR JP\n", ""),
            ("from 2026-11-22", "from 2027-03-01"),
            ("from 2026-11-22", "from 2028-03-01"),
            ("from 2026-11-22", "from 20261122"),
            (" pin e3b0", " pin E3B0"),
            (" pin e3b0", " pin +3b0"),
            (" pin e3b0", "  pin e3b0"),
            ("from 2027", "till 2027"),
            ("signed 2026-11-22\n", ""),
            ("signed 2026-11-22\n", "signed 2026-11-22\n\n"),
            ("signed 2026-11-22\n", "signed 2026-11-22\nfrom 2027-04-01 pin 00\n"),
            ("\n", "\r\n"),
        ] {
            let text = TEXT.replace(ours, theirs);
            assert_ne!(text, TEXT, "{ours}");
            assert!(text.parse::<AcceptanceStatement>().is_err(), "{text:?}");
        }
        for at in 0..TEXT.len() {
            assert!(TEXT[..at].parse::<AcceptanceStatement>().is_err(), "cut at {at}");
        }
    }

    #[test]
    fn an_acceptance_has_one_to_512_pins() {
        let first: Date = "2026-11-22".parse().unwrap();
        let of = |pins: i64| AcceptanceStatement {
            pins: (0..pins).map(|days| (first + days.days(), Pin(Digest::new([7; 32])))).collect(),
            ..statement()
        };
        let full = of(512);
        assert_eq!(full.to_text().unwrap().parse::<AcceptanceStatement>().unwrap(), full);
        assert!(of(513).to_text().is_err() && of(0).to_text().is_err());
        let (head, tail) = TEXT.split_once("from 2026").unwrap();
        let signed = tail.split_once("signed").unwrap().1;
        assert!(format!("{head}signed{signed}").parse::<AcceptanceStatement>().is_err(), "no pin");
        let many: String = of(513).pins.iter().map(|(from, pin)| format!("from {from} pin {pin}\n")).collect();
        assert!(format!("{head}{many}signed{signed}").parse::<AcceptanceStatement>().is_err(), "513 pins");
    }
}
