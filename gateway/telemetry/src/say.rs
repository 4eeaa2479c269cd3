use std::str::FromStr;

use model::Malformed;

/// How loud a line is. `Error`: a human must act. `Warn`: a human should look. `Info`: what an operator follows. `Debug`: the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Everything.
    Debug,
    /// What an operator follows.
    Info,
    /// A human should look.
    Warn,
    /// A human must act; the simulator fails on any such line.
    Error,
}

impl Level {
    /// The same in the words of `tracing`, usable where a constant is needed.
    #[doc(hidden)]
    pub const fn as_tracing(self) -> tracing::Level {
        match self {
            Self::Debug => tracing::Level::DEBUG,
            Self::Info => tracing::Level::INFO,
            Self::Warn => tracing::Level::WARN,
            Self::Error => tracing::Level::ERROR,
        }
    }
}

impl FromStr for Level {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        match text {
            "debug" => Ok(Self::Debug),
            "info" => Ok(Self::Info),
            "warn" => Ok(Self::Warn),
            "error" => Ok(Self::Error),
            _ => Err(Malformed::new("a log level (debug, info, warn or error)", text)),
        }
    }
}

/// Says one line: a level, a literal message, and fields that are [`Recordable`](crate::Recordable).
///
/// ```
/// use model::{PartyId, RefusalCode};
/// # let party: PartyId = "JP".parse().unwrap();
/// telemetry::say!(Info, "entry refused", party = party, code = RefusalCode::R92);
/// ```
///
/// A text is not recordable, and nothing can be captured into the message:
///
/// ```compile_fail,E0277
/// let name = String::from("the name of a suspect");
/// telemetry::say!(Info, "entry refused", subject = name);
/// ```
///
/// ```compile_fail,E0277
/// telemetry::say!(Info, "entry refused", subject = "the name of a suspect");
/// ```
#[macro_export]
macro_rules! say {
    ($level:ident, $message:literal $(, $key:ident = $value:expr)* $(,)?) => {
        // `message` is a field, not a format string: `{name}` in it stays as it stands.
        $crate::__tracing::event!(
            target: concat!("rogatory::", module_path!()),
            $crate::Level::$level.as_tracing(),
            message = concat!($message),
            $($key = $crate::Recordable::recorded(&$value)),*
        )
    };
}

/// A span around a piece of work, by a literal name, with fields that are [`Recordable`](crate::Recordable).
///
/// ```
/// use telemetry::Instrument;
/// # async fn commit() {}
/// # async fn work() {
/// commit().instrument(telemetry::span!("commit", entries = 12_u64)).await;
/// # }
/// ```
#[macro_export]
macro_rules! span {
    ($name:literal $(, $key:ident = $value:expr)* $(,)?) => {
        $crate::__tracing::span!(
            target: concat!("rogatory::", module_path!()),
            $crate::__tracing::Level::DEBUG,
            $name,
            $($key = $crate::Recordable::recorded(&$value)),*
        )
    };
}

#[cfg(test)]
mod tests {
    use super::Level;

    #[test]
    fn a_level_is_read_from_its_name() {
        assert_eq!("warn".parse(), Ok(Level::Warn));
        assert!("loud".parse::<Level>().is_err());
        assert!(Level::Debug < Level::Error);
    }
}
