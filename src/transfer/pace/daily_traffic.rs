use std::sync::atomic::{AtomicU64, Ordering};

use crate::imap::Access;
use crate::plan::{DailyLimit, next_utc_day, utc_day};
use crate::project::{Ledger, ProjectError, Traffic};
use crate::transfer::context::clock::now;
use crate::transfer::context::error::TransferError;
use crate::transfer::context::request::CopyRequest;
use crate::values::Side;
use crate::values::{Bytes, UnixTime};

/// Bytes of accounts without a limit that are recorded at once; a crash may lose the count of these.
const BYTES_AT_ONCE: u64 = 1 << 20;

/// Counts message bytes for the two accounts of a copy, and keeps them within what their providers allow in a day.
pub(in crate::transfer) struct Meter<'a> {
    ledger: &'a Ledger,
    source: Account,
    destination: Account,
}

struct Account {
    name: String,
    host: String,
    most_bytes: Option<u64>,
    pending: AtomicU64,
}

/// What an account is counted under, by the copy and by its verification: they share the day.
pub(in crate::transfer) fn account_name(access: &Access) -> String {
    format!("{} {}", access.endpoint, access.user).to_lowercase()
}

impl<'a> Meter<'a> {
    pub(in crate::transfer) fn new(request: &'a CopyRequest) -> Self {
        let account = |access: &Access, most_bytes| Account {
            name: account_name(access),
            host: access.endpoint.host.clone(),
            most_bytes,
            pending: AtomicU64::new(0),
        };
        let limits = request.limits;
        Self {
            ledger: &request.ledger,
            source: account(&request.source, limits.download_bytes_per_day),
            destination: account(&request.destination, limits.upload_bytes_per_day),
        }
    }

    /// So many bytes are about to be read from the source.
    pub(in crate::transfer) fn download(&self, bytes: u64) -> Result<(), TransferError> {
        self.count(Side::Source, bytes)
    }

    /// So many bytes are about to be written to the destination.
    pub(in crate::transfer) fn upload(&self, bytes: u64) -> Result<(), TransferError> {
        self.count(Side::Destination, bytes)
    }

    /// So many bytes more than were expected have been read from the source: they count, whatever the limit.
    pub(in crate::transfer) fn downloaded(&self, bytes: u64) -> Result<(), ProjectError> {
        let day = utc_day(now().0);
        if bytes > 0 {
            self.ledger.add_traffic(&self.source.name, day, traffic(Side::Source, bytes), |_| true)?;
        }
        Ok(())
    }

    fn count(&self, side: Side, bytes: u64) -> Result<(), TransferError> {
        let account = self.account(side);
        let Some(most_bytes) = account.most_bytes else {
            let pending = account.pending.fetch_add(bytes, Ordering::Relaxed) + bytes;
            return if pending < BYTES_AT_ONCE { Ok(()) } else { Ok(self.write_down(side)?) };
        };
        let now = now();
        let is_allowed = |used: Traffic| {
            let used_bytes = if side == Side::Source { used.bytes_down } else { used.bytes_up };
            DailyLimit { most_bytes, used_bytes }.allows(bytes)
        };
        if self.ledger.add_traffic(&account.name, utc_day(now.0), traffic(side, bytes), is_allowed)? {
            return Ok(());
        }
        let what = if side == Side::Source { "delivered" } else { "accepted" };
        Err(TransferError::DailyLimit {
            side,
            until: UnixTime(next_utc_day(now.0)),
            words: format!(
                "{} has {what} the daily limit for one mailbox ({}); the copy continues automatically when \
                 the next day begins (00:00 UTC)",
                account.host,
                Bytes(most_bytes)
            ),
        })
    }

    const fn account(&self, side: Side) -> &Account {
        match side {
            Side::Source => &self.source,
            Side::Destination => &self.destination,
        }
    }

    fn write_down(&self, side: Side) -> Result<(), ProjectError> {
        let account = self.account(side);
        let pending = account.pending.swap(0, Ordering::Relaxed);
        if pending > 0 {
            let day = utc_day(now().0);
            self.ledger.add_traffic(&account.name, day, traffic(side, pending), |_| true)?;
        }
        Ok(())
    }
}

impl Drop for Meter<'_> {
    fn drop(&mut self) {
        for side in [Side::Source, Side::Destination] {
            if let Err(error) = self.write_down(side) {
                tracing::warn!(%error, "could not record the traffic of this run");
            }
        }
    }
}

const fn traffic(side: Side, bytes: u64) -> Traffic {
    match side {
        Side::Source => Traffic { bytes_up: 0, bytes_down: bytes },
        Side::Destination => Traffic { bytes_up: bytes, bytes_down: 0 },
    }
}
