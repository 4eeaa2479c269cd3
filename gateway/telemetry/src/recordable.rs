use std::{fmt, io, net::IpAddr, time::Duration};

use model::{AuthorityId, AuthorityKind, EntryId, Fault, PartyId, RefusalCode, Step};
use tracing::field::{DisplayValue, display};

/// What may be recorded in a log line, a span or a metric. Sealed: a new kind of value is added here, where it is seen in review,
/// and never a text, a digest or a case id.
pub trait Recordable: sealed::Sealed {
    /// The form in which it is written.
    type Value: tracing::Value;

    /// The value as it is written.
    fn recorded(&self) -> Self::Value;
}

/// A word that stands in the source code: made by [`word!`](crate::word!) only, so it cannot carry what came from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Word(&'static str);

impl Word {
    /// For [`word!`](crate::word!) alone.
    #[doc(hidden)]
    pub const fn __of_literal(literal: &'static str) -> Self {
        Self(literal)
    }

    /// The word.
    pub fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0)
    }
}

/// A literal as a [`Word`](crate::Word): the name of a reason, a state or a part of the program.
///
/// ```
/// const EXPIRED: telemetry::Word = telemetry::word!("expired");
/// telemetry::say!(Warn, "handshake refused", reason = EXPIRED);
/// ```
#[macro_export]
macro_rules! word {
    ($literal:literal) => {
        $crate::Word::__of_literal(concat!($literal))
    };
}

mod sealed {
    /// Only this crate can implement it.
    pub trait Sealed {}
}

/// Implements [`Recordable`]: type, written form, how.
macro_rules! recordable {
    ($($type:ty => $value:ty, $of:expr;)+) => {
        $(
            impl sealed::Sealed for $type {}
            impl Recordable for $type {
                type Value = $value;

                fn recorded(&self) -> $value {
                    ($of as fn(&$type) -> $value)(self)
                }
            }
        )+
    };
}

recordable! {
    PartyId => DisplayValue<PartyId>, |party| display(*party);
    // An authority of a signed directory; a name that somebody merely claims is not parsed into one before it is verified.
    AuthorityId => DisplayValue<AuthorityId>, |authority| display(authority.clone());
    AuthorityKind => &'static str, |kind| kind.as_str();
    Step => &'static str, |step| step.as_str();
    RefusalCode => &'static str, |code| code.as_str();
    Fault => &'static str, |fault| fault.as_str();
    Word => &'static str, |word| word.0;
    EntryId => DisplayValue<ShortId>, |id| display(ShortId::of(*id));
    bool => bool, |truth| *truth;
    u64 => u64, |count| *count;
    u32 => u64, |count| u64::from(*count);
    u16 => u64, |count| u64::from(*count);
    usize => u64, |count| u64::try_from(*count).unwrap_or(u64::MAX);
    Duration => DisplayValue<Millis>, |time| display(Millis(*time));
    // Who knocked at the door, for the firewall: an address of a machine, before any case is known.
    IpAddr => DisplayValue<IpAddr>, |address| display(*address);
    io::ErrorKind => DisplayValue<io::ErrorKind>, |kind| display(*kind);
}

impl<T: sealed::Sealed> sealed::Sealed for Option<T> {}

impl<T: Recordable> Recordable for Option<T> {
    type Value = Option<T::Value>;

    fn recorded(&self) -> Option<T::Value> {
        self.as_ref().map(T::recorded)
    }
}

/// The last eight hexadecimal digits of an entry id: the random end of a UUID version 7 (its beginning is the clock).
#[derive(Clone, Copy)]
pub struct ShortId([u8; 4]);

impl ShortId {
    fn of(id: EntryId) -> Self {
        let [.., a, b, c, d] = *id.as_bytes();
        Self([a, b, c, d])
    }
}

impl fmt::Display for ShortId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", u32::from_be_bytes(self.0))
    }
}

/// A duration, written in milliseconds with three places.
#[derive(Clone, Copy)]
pub struct Millis(Duration);

impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}ms", self.0.as_secs_f64() * 1000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_named_by_its_last_eight_digits() {
        let id = EntryId::new([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0x0d, 0xee, 0xff, 0x10]);
        assert_eq!(ShortId::of(id).to_string(), "0deeff10");
    }

    #[test]
    fn a_duration_is_written_in_milliseconds() {
        assert_eq!(Millis(Duration::from_micros(1_250)).to_string(), "1.250ms");
    }
}
