//! Whether an earlier move has dated the messages of the source: a few of each folder are looked at.

use crate::imap::{FactsBehindOpening, ImapError, MessageFacts, Session};
use crate::plan::{
    FolderChoice, FolderPlan, MIN_DATED_MESSAGES, MailboxPlan, day_of_earlier_move, words_of_earlier_move,
};
use crate::transfer::context::error::TransferError;
use crate::values::Side;

/// Messages of a folder that are looked at.
const SAMPLES: u64 = 12;
/// Messages that are kept; a server that returns more was not asked for them.
const MAX_SAMPLES: usize = 100;
/// Folders that are looked at, the largest.
const FOLDERS: usize = 40;
/// Questions under way at once.
const AHEAD: usize = 10;

/// Words for the owner where an earlier move has dated the messages of folders that are to be copied.
pub async fn find_earlier_move(
    source: &mut Session,
    plan: &MailboxPlan,
) -> Result<Option<String>, TransferError> {
    let is_meant =
        |folder: &&FolderPlan| folder.choice == FolderChoice::Copy && folder.messages >= MIN_DATED_MESSAGES;
    let mut folders: Vec<&FolderPlan> = plan.folders.iter().filter(is_meant).collect();
    folders.sort_by_key(|folder| std::cmp::Reverse(folder.messages));
    folders.truncate(FOLDERS);
    let mut found = Vec::new();
    for window in folders.chunks(AHEAD) {
        let days = days(source, window).await.map_err(TransferError::at(Side::Source))?;
        found.extend(window.iter().zip(days).filter_map(|(folder, day)| Some((&folder.source, day?))));
    }
    Ok(words_of_earlier_move(&found))
}

async fn days(source: &mut Session, folders: &[&FolderPlan]) -> Result<Vec<Option<i64>>, ImapError> {
    let mut asked = Vec::with_capacity(folders.len());
    for folder in folders {
        let count = u32::try_from(folder.messages).unwrap_or(u32::MAX);
        asked.push(source.ask_sample(&folder.source_raw, &spread(count), &["DATE"])?);
    }
    let mut days = Vec::with_capacity(asked.len());
    for request in asked {
        days.push(day(source, request).await?);
    }
    Ok(days)
}

async fn day(source: &mut Session, request: FactsBehindOpening) -> Result<Option<i64>, ImapError> {
    let mut samples: Vec<MessageFacts> = Vec::new();
    let mut listing = match source.opened(request).await {
        Ok((_, listing)) => listing,
        // The copy reports the folder's own trouble.
        Err(ImapError::Refused { .. }) => return Ok(None),
        Err(error) => return Err(error),
    };
    loop {
        match source.next_rows(&mut listing).await {
            Ok(Some(facts)) => {
                let room = MAX_SAMPLES.saturating_sub(samples.len());
                samples.extend(facts.into_iter().take(room));
            }
            Ok(None) | Err(ImapError::Refused { .. }) => break,
            Err(error) => return Err(error),
        }
    }
    let pairs = samples.iter().map(|facts| (facts.internal_date.as_str(), facts.header.as_slice()));
    Ok(day_of_earlier_move(pairs))
}

/// Message sequence numbers spread over a folder with this many messages.
fn spread(count: u32) -> Vec<u32> {
    let (count, samples) = (u64::from(count), SAMPLES);
    let number = |step: u64| u32::try_from(1 + step * count.saturating_sub(1) / (samples - 1)).ok();
    let mut numbers: Vec<u32> = (0..samples).filter_map(number).collect();
    numbers.dedup();
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_spread_over_the_folder() {
        assert_eq!(spread(1), [1]);
        assert_eq!(spread(12), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
        let many = spread(1_000);
        assert_eq!((many.len(), many.first(), many.last()), (12, Some(&1), Some(&1_000)));
    }
}
