//! Messages that the destination will not take, found before anything is copied.

use crate::imap::{ImapError, Session};
use crate::plan::{FolderChoice, FolderPath, MailboxPlan, Oversize, OversizeFolder};
use crate::transfer::context::error::TransferError;
use crate::values::Side;
use crate::values::{Bytes, SourceUid};

/// UIDs kept of one folder; the count is kept in any case.
const MAX_UIDS: usize = 1_000;

/// Looks in the chosen folders of the source for messages that are larger than the destination takes.
///
/// `provider_limit` is what the catalogue says; the server's own word (APPENDLIMIT, RFC 7889) counts where it is less.
/// A folder that is smaller than the limit as a whole is not asked.
pub async fn find_oversize(
    source: &mut Session,
    destination: &Session,
    plan: &MailboxPlan,
    provider_limit: Option<Bytes>,
) -> Result<Oversize, TransferError> {
    let told = destination.capabilities().append_limit().map(Bytes);
    let Some(limit) = [told, provider_limit].into_iter().flatten().min() else {
        return Ok(Oversize::default());
    };
    let close = Oversize::close_to(limit);
    let sizes = Sizes { close, limit };
    let mut found = Oversize { limit: Some(limit), ..Oversize::default() };
    for folder in plan.folders.iter().filter(|folder| folder.choice == FolderChoice::Copy) {
        let is_known_to_be_small = folder.bytes > Bytes::ZERO && folder.bytes <= close;
        if folder.messages == 0 || is_known_to_be_small {
            continue;
        }
        match larger(source, &folder.source_raw, sizes).await {
            Ok(large) => {
                found.close.extend(listed(&folder.source, large.close));
                found.folders.extend(listed(&folder.source, large.over));
            }
            // The copy reports the folder's own trouble; a search that is refused says nothing of its mail.
            Err(ImapError::Refused { .. }) => {
                tracing::info!("did not search {} for large messages", folder.source);
            }
            Err(error) => return Err(TransferError::at(Side::Source)(error)),
        }
    }
    Ok(found)
}

/// A folder with these messages; nothing where there are none.
fn listed(folder: &FolderPath, mut uids: Vec<SourceUid>) -> Option<OversizeFolder> {
    let messages = u64::try_from(uids.len()).unwrap_or(u64::MAX);
    uids.truncate(MAX_UIDS);
    (messages > 0).then(|| OversizeFolder { folder: folder.clone(), messages, uids })
}

/// The sizes above which messages are looked for.
#[derive(Clone, Copy)]
struct Sizes {
    /// Close to the limit.
    close: Bytes,
    limit: Bytes,
}

/// What a folder has of them.
#[derive(Default)]
struct LargeMessages {
    /// Close to the limit, and not above it.
    close: Vec<SourceUid>,
    over: Vec<SourceUid>,
}

/// Messages close to the limit, and those above it.
async fn larger(source: &mut Session, raw: &str, sizes: Sizes) -> Result<LargeMessages, ImapError> {
    if source.examine(raw).await?.exists == 0 {
        return Ok(LargeMessages::default());
    }
    let mut close = source.uids_larger_than(sizes.close.0).await?;
    if close.is_empty() {
        return Ok(LargeMessages::default());
    }
    let over = source.uids_larger_than(sizes.limit.0).await?;
    close.retain(|uid| over.binary_search(uid).is_err());
    Ok(LargeMessages { close, over })
}
