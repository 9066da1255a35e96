use std::collections::VecDeque;
use std::fmt::{self, Write as _};
use std::sync::{Arc, Mutex, PoisonError};

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use crate::engine::api::snapshot::LogLine;
use crate::values::UnixTime;

/// How many lines the log page can show.
const MOST: usize = 500;

/// The newest log lines, kept in memory for the log page.
#[derive(Clone, Default)]
pub struct LogRing(Arc<Mutex<VecDeque<LogLine>>>);

impl LogRing {
    /// The lines, oldest first.
    pub fn lines(&self) -> Vec<LogLine> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    fn push(&self, line: LogLine) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == MOST {
            lines.pop_front();
        }
        lines.push_back(line);
    }
}

/// Copies this program's log lines from INFO upwards into a [`LogRing`], without those of other crates.
pub struct RingLayer(pub LogRing);

impl<S: Subscriber> Layer<S> for RingLayer {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        let metadata = event.metadata();
        if *metadata.level() > Level::INFO || !metadata.target().starts_with("mailferry") {
            return;
        }
        let mut words = Words(String::new());
        event.record(&mut words);
        self.0.push(LogLine {
            at: UnixTime::now(),
            level: metadata.level().as_str().to_ascii_lowercase(),
            text: redact(&words.0),
        });
    }
}

struct Words(String);

impl Visit for Words {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let separator = if self.0.is_empty() { "" } else { " " };
        // Writing to a String cannot fail.
        let _infallible = if field.name() == "message" {
            write!(self.0, "{separator}{value:?}")
        } else {
            write!(self.0, "{separator}{}={value:?}", field.name())
        };
    }
}

/// The last safeguard against secrets in the log: cuts what follows a sign-in command.
///
/// Passwords are [`crate::values::Secret`]s, which do not print; this catches servers that echo a command.
pub fn redact(line: &str) -> String {
    let upper = line.to_ascii_uppercase();
    let cut = ["AUTHENTICATE ", "LOGIN ", "AUTH PLAIN ", "AUTH=PLAIN ", "PASSWORD=", "PASSWORD:"]
        .iter()
        .filter_map(|word| upper.find(word).map(|index| index + word.len()))
        .min();
    match cut.and_then(|index| line.get(..index)) {
        Some(kept) => format!("{kept}…"),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;
    use crate::values::Secret;

    #[test]
    fn no_secret_gets_through_any_path() {
        let ring = LogRing::default();
        let subscriber = tracing_subscriber::registry().with(RingLayer(ring.clone()));
        tracing::subscriber::with_default(subscriber, || {
            let secret = Secret::new("hunter2");
            tracing::info!("signing in with {secret:?}");
            tracing::info!(?secret, "signing in");
            tracing::warn!("the server said: A1 LOGIN anna@example.org hunter2 is wrong");
            tracing::warn!("BAD authenticate plain AGFubmEAaHVudGVyMg==");
            tracing::error!(words = "password=hunter2", "failed");
            tracing::debug!("not for the page");
        });
        let lines = ring.lines();
        assert_eq!(lines.len(), 5);
        for line in lines {
            assert!(!line.text.contains("hunter2") && !line.text.contains("AGFubm"), "{}", line.text);
        }
    }

    #[test]
    fn the_ring_keeps_the_newest_lines() {
        let ring = LogRing::default();
        for number in 0..MOST + 3 {
            ring.push(LogLine { at: UnixTime(0), level: "info".to_owned(), text: number.to_string() });
        }
        let lines = ring.lines();
        assert_eq!((lines.len(), lines[0].text.as_str()), (MOST, "3"));
    }
}
