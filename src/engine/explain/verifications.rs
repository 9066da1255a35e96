//! What a verification could not confirm.

use super::sentence;
use crate::engine::api::command::Command;
use crate::engine::api::user_error::{FolderRemark, UserError, advice};
use crate::transfer::{LeftFolder, VerifyReport};
use crate::values::{Side, counted, counted_as, with_thousands};

/// Most folders that the cause lists by name.
const NAMED: usize = 3;

/// Copies that are missing or differ, and folders whose copies were not compared.
pub(in crate::engine) fn differences(report: &VerifyReport) -> UserError {
    let count = report.counts.differences.saturating_add(report.counts.not_placed);
    let mut error = match report.left.first() {
        None => UserError::new(unconfirmed(report, count), missing(count)).coded("copies-unconfirmed"),
        Some(first) => {
            let left = report.counts.unread;
            let all = report.counts.checked.saturating_add(left);
            let title =
                format!("{} of {} copies could not be compared", with_thousands(left), with_thousands(all));
            let compared = format!("{} compared. {}", was(report.counts.checked), unread(&report.left));
            let error = if count == 0 {
                UserError::new(title, compared).coded("copies-not-compared")
            } else {
                let title = format!("{}, and {title}", unconfirmed(report, count));
                UserError::new(title, format!("{} {compared}", missing(count))).coded("copies-unconfirmed")
            };
            error.with_server_words(&first.words)
        }
    };
    if count > 0 || report.left.is_empty() {
        error = error.or_else("Look at these messages at the provider", "The details list them by folder");
    }
    error = error.or("Check again", "Copies what is missing, then compares once more", Command::StartCopy);
    error.folders = report.left.iter().map(remark).collect();
    let left = report.left.iter().map(|left| {
        format!(
            "{}: {} not compared because {}: {}",
            left.folder,
            was(left.copies),
            shut(left.side),
            left.words
        )
    });
    let lines = report
        .differences
        .iter()
        .chain(&report.unplaced)
        .map(|difference| format!("{}, UID {}: {}", difference.folder, difference.uid, difference.what));
    error.details = left.chain(lines).collect::<Vec<String>>().join("\n");
    error
}

fn unconfirmed(report: &VerifyReport, count: u64) -> String {
    match report.counts.checked {
        1 if report.left.is_empty() => "The only copy could not be verified".to_owned(),
        checked => {
            format!("{} of {} copies could not be verified", with_thousands(count), with_thousands(checked))
        }
    }
}

const fn missing(count: u64) -> &'static str {
    match count {
        1 => "It is missing at the destination, or differs from the message at the source.",
        _ => "They are missing at the destination, or differ from the messages at the source.",
    }
}

fn was(copies: u64) -> String {
    counted_as(copies, "copy was", "copies were")
}

const fn shut(side: Side) -> &'static str {
    match side {
        Side::Source => "the folder could not be read at your server",
        Side::Destination => "the folder could not be read at the provider",
    }
}

/// Which folders were left.
fn unread(left: &[LeftFolder]) -> String {
    let where_from = |side| match side {
        Side::Source => "at your server",
        Side::Destination => "at the provider",
    };
    let named: Vec<String> = left
        .iter()
        .take(NAMED)
        .map(|left| format!("{} ({} {})", left.folder, with_thousands(left.copies), where_from(left.side)))
        .collect();
    let more = left.len().saturating_sub(NAMED) as u64;
    let more = if more > 0 { format!(" and {}", counted(more, "more folder")) } else { String::new() };
    let folders = if left.len() == 1 { "This folder" } else { "These folders" };
    format!("{folders} could not be read, so the copies there were not checked: {}{more}.", named.join(", "))
}

fn remark(left: &LeftFolder) -> FolderRemark {
    let shown = UserError::new(
        format!("The copies in the folder {} could not be compared", left.folder),
        sentence(&format!("{} not compared because {}", was(left.copies), shut(left.side))),
    )
    .with_server_words(&left.words);
    FolderRemark {
        folder: left.folder.to_string(),
        code: "folder-not-compared",
        title: shown.title,
        cause: shown.cause,
        server_words: shown.server_words,
        way_out: advice(
            "Have the server's admin look at this folder, then check again",
            "The mail in it was copied; only the check is missing",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{FolderPath, VerifySummary};

    fn left(folder: &str, copies: u64) -> LeftFolder {
        LeftFolder {
            folder: FolderPath(vec![folder.to_owned()]),
            side: Side::Destination,
            copies,
            words: "[SERVERBUG] broken".to_owned(),
        }
    }

    #[test]
    fn copies_that_could_not_be_compared_are_not_called_missing() {
        let report = VerifyReport {
            counts: VerifySummary { checked: 6, unread: 3, ..VerifySummary::default() },
            left: vec![left("A", 3)],
            ..VerifyReport::default()
        };
        let error = differences(&report);
        assert_eq!(error.title, "3 of 9 copies could not be compared");
        assert_eq!(
            error.cause,
            "6 copies were compared. This folder could not be read, so the copies there were not checked: A (3 \
             at the provider)."
        );
        assert_eq!(
            error.details,
            "A: 3 copies were not compared because the folder could not be read at the provider: [SERVERBUG] broken"
        );
        assert_eq!(error.server_words.as_deref(), Some("[SERVERBUG] broken"));
        assert_eq!(error.folders.len(), 1);
        let counts = VerifySummary { differences: 2, ..report.counts };
        let both = VerifyReport { counts, ..report };
        let error = differences(&both);
        assert_eq!(
            error.title,
            "2 of 6 copies could not be verified, and 3 of 9 copies could not be compared"
        );
    }
}
