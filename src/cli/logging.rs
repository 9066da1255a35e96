use std::io;

use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, fmt};

use crate::engine::{CleanText, LogRing, RingLayer};

/// Sends the log to the log page, and to standard error as `MAILFERRY_LOG` says (`mailferry=debug`; errors where unset).
pub fn start_logging(ring: &LogRing, is_window: bool) {
    let fallback = if is_window { "mailferry=info" } else { "mailferry=error" };
    let filter = EnvFilter::try_from_env("MAILFERRY_LOG").unwrap_or_else(|_unset| EnvFilter::new(fallback));
    let to_stderr = fmt::layer()
        // Log lines quote servers too. Without colours, every control character in them can be cleaned.
        .with_writer(|| CleanText::new(io::stderr()))
        .with_ansi(false)
        .with_target(false)
        .with_filter(filter);
    // A second call, as in tests, keeps the first subscriber.
    let _already_set =
        tracing_subscriber::registry().with(RingLayer(ring.clone())).with(to_stderr).try_init();
}
