use std::fmt;

use tracing::{Event, Subscriber};
use tracing_subscriber::{
    fmt::{
        FmtContext, FormatEvent, FormatFields,
        format::Writer,
        time::{FormatTime, SystemTime},
    },
    registry::LookupSpan,
};

use crate::LogFormat;

/// Prints that a library spoke, and where, but not what it said: its words are not ours to vouch for.
pub(crate) struct Foreign(pub(crate) LogFormat);

impl<S, N> FormatEvent<S, N> for Foreign
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let said = event.metadata();
        let mut time = String::new();
        SystemTime.format_time(&mut Writer::new(&mut time))?;
        // Target, file and line are constants of the program's source, so they need no escaping beyond quotes.
        let (target, file, line) = (said.target(), said.file().unwrap_or("?"), said.line().unwrap_or(0));
        match self.0 {
            LogFormat::Text => {
                writeln!(writer, "{time} {:>5} {target}: a library speaks at {file}:{line}", said.level())
            }
            LogFormat::Json => writeln!(
                writer,
                r#"{{"timestamp":"{time}","level":"{}","fields":{{"message":"a library speaks","line":{line}}},"target":{target:?}}}"#,
                said.level(),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::{
        io,
        sync::{Arc, Mutex},
    };

    use tracing_subscriber::{fmt::MakeWriter, layer::SubscriberExt};

    use super::*;

    #[derive(Clone, Default)]
    struct Memory(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Memory {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl<'a> MakeWriter<'a> for Memory {
        type Writer = Self;

        fn make_writer(&'a self) -> Self {
            self.clone()
        }
    }

    fn printed(format: LogFormat, speak: impl FnOnce()) -> String {
        let memory = Memory::default();
        let subscriber =
            tracing_subscriber::registry().with(crate::init::stderr(format, crate::Level::Info, memory.clone()));
        tracing::subscriber::with_default(subscriber, speak);
        String::from_utf8(memory.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn our_own_line_is_printed_with_its_fields() {
        for format in [LogFormat::Text, LogFormat::Json] {
            let line = printed(format, || {
                crate::say!(Warn, "entry refused {secret}", code = model::RefusalCode::R92, entries = 3_u64);
            });
            assert!(line.contains("entry refused {secret}") && line.contains("R92"), "{line}");
        }
    }

    #[test]
    fn a_library_s_warning_is_printed_without_its_words() {
        for format in [LogFormat::Text, LogFormat::Json] {
            let line = printed(format, || {
                tracing::warn!(target: "sqlx::query", subject = "Jane Roe", "slow: Jane Roe");
                tracing::info!(target: "sqlx::query", "chatter");
            });
            assert!(line.contains("sqlx::query") && line.contains("a library speaks"), "{line}");
            assert!(!line.contains("Roe") && !line.contains("chatter"), "{line}");
        }
    }
}
