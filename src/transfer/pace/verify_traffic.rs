//! What a verification may read in a day: it shares the day's count with the copy, and keeps within the providers' limits.

use crate::plan::{DailyLimit, next_utc_day, utc_day};
use crate::project::Traffic;
use crate::transfer::context::clock::now;
use crate::transfer::context::error::TransferError;
use crate::transfer::context::request::CopyRequest;
use crate::transfer::pace::daily_traffic::account_name;
use crate::values::Side;
use crate::values::{Bytes, UnixTime};

/// Counts message bytes that a verification is about to read, on either side. What goes beyond the limit is an error that says
/// when it goes on.
pub(in crate::transfer) fn count_reading(
    request: &CopyRequest,
    side: Side,
    bytes: u64,
) -> Result<(), TransferError> {
    if bytes == 0 {
        return Ok(());
    }
    let (access, most_bytes) = match side {
        Side::Source => (&request.source, request.limits.download_bytes_per_day),
        Side::Destination => (&request.destination, request.limits.verify_bytes_per_day),
    };
    let account = account_name(access);
    let more = Traffic { bytes_up: 0, bytes_down: bytes };
    let now = now();
    let is_allowed = |used: Traffic| {
        most_bytes
            .is_none_or(|most_bytes| DailyLimit { most_bytes, used_bytes: used.bytes_down }.allows(bytes))
    };
    if request.ledger.add_traffic(&account, utc_day(now.0), more, is_allowed)? {
        return Ok(());
    }
    Err(TransferError::DailyLimit {
        side,
        until: UnixTime(next_utc_day(now.0)),
        words: format!(
            "{} has delivered the daily download limit for one mailbox ({}); the verification continues \
             automatically when the next day begins (00:00 UTC)",
            access.endpoint.host,
            Bytes(most_bytes.unwrap_or_default())
        ),
    })
}
