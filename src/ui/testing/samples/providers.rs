use crate::providers::{Catalogue, Comparison, OwnMail, compare};
use crate::values::Bytes;

/// The whole catalogue, measured against the mail of the sample.
pub fn comparisons() -> Vec<Comparison> {
    let own = OwnMail {
        mailbox_count: 14,
        total: Some(Bytes(43_500_000_000)),
        largest_mailbox: Some(Bytes(11_300_000_000)),
        largest_message: Some(Bytes(61_000_000)),
        folder_levels: Some(4),
    };
    Catalogue::embedded().providers().iter().map(|provider| compare(provider, &own)).collect()
}
