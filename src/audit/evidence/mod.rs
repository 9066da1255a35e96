//! Evidence that the owner already has: mail logs, bounces, reports. Text in, [`EvidenceFacts`] out.
//!
//! Only the replies of receivers to the owner's own server show what they think of it. Logs are read in
//! pieces of whole lines and kept nowhere; of addresses of recipients only the domain is kept.

mod bounce;
mod collector;
mod dates;
mod dmarc_report;
mod facts;
mod feedback;
#[cfg(any(test, fuzzing))]
pub mod fuzz_tests;
mod joined;
mod mail_log;
mod receivers;
mod reply_meaning;
mod report_id;
pub(super) mod rule;
mod rule_dashboards;
mod rule_wire;
mod snds;
mod tls_report;
mod trust;
mod way_out;

pub use bounce::{Bounce, FailedRecipient, read_bounce};
pub use collector::{Collector, Noted};
pub use dates::day_of_time;
pub use dmarc_report::{DmarcReport, read_dmarc_report};
pub use facts::{
    AccountFacts, Day, DayTally, DmarcFacts, DmarcSource, EvidenceFacts, FeedbackFacts, OutboundTls,
    ReceiverFacts, ReplyFacts, SndsColour, SndsFacts, SourceFacts, SourceKind, TlsFacts,
};
pub use feedback::{Feedback, read_feedback};
pub use joined::EvidenceParts;
pub use mail_log::{LOG_HEAD, LogKind, LogReader};
pub use receivers::{receiver, receiver_of};
pub use reply_meaning::pattern;
pub use report_id::{ReportId, ReportIds};
pub use snds::{SndsRow, is_snds, read_snds};
pub use tls_report::{TlsReport, read_tls_report};
pub use trust::{Receiver, RemovalRequest, Trend, Trust, trust_table};
pub use way_out::WayOut;

pub use crate::assets::{ReplyClass, ReplyScope};

use thiserror::Error;

/// Why a report cannot be read. The words name what is wrong with it.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ReportError {
    /// It ends too early, or is not well formed.
    #[error("the report is damaged: {0}")]
    Damaged(String),
    /// It brings definitions of its own (DTD), as no report does.
    #[error("the report brings definitions of its own, which no report needs: it was not read")]
    Definitions,
    /// It is well formed, and no report of this kind.
    #[error("the file is no report: {0} is missing")]
    NoReport(&'static str),
}
