//! The wording of every [`Reason`] and [`RenameReason`]. No decision depends on these words.

use jiff::Timestamp;

use crate::message::{RepairStep, RepairTrigger, ServerWords};
use crate::plan::{FlagCheck, FlagsAfter, Reason, RenameReason};
use crate::project::LedgerRow;
use crate::transfer::HIDDEN_LABEL;
use crate::values::with_thousands;

/// Why a message is in its state; `None` if the state says it all.
pub fn why(row: &LedgerRow) -> Option<String> {
    let check = row.flag_check.map(|check| check_words(check).to_owned());
    let parts: Vec<String> = check.into_iter().chain(row.reason.as_ref().map(reason_words)).collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// The words for one reason.
pub fn reason_words(reason: &Reason) -> String {
    match reason {
        Reason::NotListed => "no longer on the source server".to_owned(),
        Reason::Gone => "gone from the source".to_owned(),
        Reason::NotHandedOut => "the source lists it but does not return it".to_owned(),
        Reason::Doubtful(doubt) => format!("the source does not return it as one message: {doubt}"),
        Reason::RefusedBySource(answer) => format!("the source does not return it: {}", answer.text),
        Reason::SourceEndsConnection => "the source closes the connection at this message".to_owned(),
        Reason::NotTaken(trigger) => trigger_words(trigger),
        Reason::NotSaved { trigger, error } => {
            format!("{}; it could not be saved as a file either: {error}", trigger_words(trigger))
        }
        Reason::Exported { trigger, file } => format!("saved as {file}; {}", as_it_was(trigger)),
        Reason::Repaired { trigger, steps, flags } => repair_words(trigger, steps, flags),
        Reason::FolderNotMade { answer, is_label } => {
            format!("the folder could not be created: {}{}", answer.text, hint(*is_label))
        }
        Reason::FolderNotOpened { answer, is_label } => {
            format!("the folder could not be opened: {}{}", answer_words(answer), hint(*is_label))
        }
        Reason::Absent => {
            let said =
                "accepted but absent: the destination reported that it stored this message, but does not have it";
            said.to_owned()
        }
        Reason::FlagsNotKept(flags) => not_kept(flags),
        Reason::SharesCopy => "Gmail keeps one copy of identical mail in a folder".to_owned(),
        Reason::FoldedUnread => {
            "Gmail merged it with a message that was already there and has not been read back yet"
                .to_owned()
        }
        Reason::Labelled => "Gmail shows one message under each of its labels".to_owned(),
        Reason::TakenForAnother => {
            "Gmail treats it as a duplicate of another message with the same Message-ID and keeps only that one".to_owned()
        }
        Reason::LabelRefused(answer) => format!("Gmail refused the label: {}", answer.text),
        Reason::LabelNotShown => "Gmail accepted the label but does not show the message under it".to_owned(),
        Reason::ShownElsewhere(folder) => {
            format!("already in {folder}: Gmail shows one message under each of its labels")
        }
        Reason::CopiedBeforeMove(folder) => {
            format!("already in {folder}: it was copied there before it was moved in Gmail")
        }
        Reason::ArrivedDuringCopy => "arrived during the copy; the next run copies it".to_owned(),
        Reason::DuplicateOf(uid) => {
            format!("an exact duplicate of the message with UID {uid}, which is copied")
        }
        Reason::ShownByView(folder) => format!("this folder is only a view; the message is in {folder}"),
        Reason::FolderLeftOut => "its folder is left out".to_owned(),
        Reason::TooOld(secs) => format!("older than {}", moment(*secs)),
        Reason::TooNew(secs) => format!("received on {} or later", moment(*secs)),
        Reason::TooSmall(bytes) => format!("smaller than {} bytes", with_thousands(*bytes)),
        Reason::TooLarge(bytes) => format!("larger than {} bytes", with_thousands(*bytes)),
        Reason::NotFound(search) => format!("not matched by the search {search}"),
        Reason::OutsideTrial(messages) => {
            format!("outside the trial of {} messages per folder", with_thousands(u64::from(*messages)))
        }
        Reason::RestLeftOut => {
            "the mailbox at the destination was full, and you left the rest out".to_owned()
        }
    }
}

/// A server's answer. If a code comes with words of success, the code says more.
fn answer_words(answer: &ServerWords) -> String {
    match answer.code.as_deref() {
        Some("READ-ONLY") => "the server opens it read-only".to_owned(),
        _ => answer.text.clone(),
    }
}

/// How a folder name was changed and why; `None` if it stays the same.
pub fn rename_words(reasons: &[RenameReason]) -> Option<String> {
    let words: Vec<String> = reasons.iter().map(one_rename).collect();
    (!words.is_empty()).then(|| words.join("; "))
}

fn one_rename(reason: &RenameReason) -> String {
    match reason {
        RenameReason::Accents => "accented letters are encoded the way servers expect".to_owned(),
        RenameReason::Delimiter(sign) => format!("“{sign}” separates folders at the destination"),
        RenameReason::ControlCharacters => "control characters are not allowed in names".to_owned(),
        RenameReason::Forbidden(sign) => format!("the destination does not allow “{sign}” in names"),
        RenameReason::NamespaceSign => "names that begin with “#” have a special meaning in IMAP".to_owned(),
        RenameReason::Blanks => "many servers drop spaces at the beginning or end of a name".to_owned(),
        RenameReason::TooLong(most) => format!("the destination allows {most} characters in a name"),
        RenameReason::Empty => "a folder needs a name".to_owned(),
        RenameReason::Reserved(name) => format!("the destination reserves the name “{name}”"),
        RenameReason::BelowPrefix(prefix) => format!("the destination keeps all folders below “{prefix}”"),
        RenameReason::NothingBelowInbox => "the destination has no folders below the inbox".to_owned(),
        RenameReason::Flat => "the destination has no folders within folders".to_owned(),
        RenameReason::TooDeep(levels) => format!("the destination allows {levels} levels of folders"),
        RenameReason::Childless(folder) => {
            format!("“{folder}” at the destination cannot contain folders")
        }
        RenameReason::MailOrFolders => {
            "a folder at the destination can hold either messages or folders".to_owned()
        }
        RenameReason::SameUse(folder) => format!("the destination uses “{folder}” for this"),
        RenameReason::PassesForInbox => {
            "a folder of that name below the inbox would be taken for the inbox itself".to_owned()
        }
        RenameReason::ParentRenamed => "its parent folder was renamed".to_owned(),
        RenameReason::Collision { place, .. } => format!("another folder goes to “{place}”"),
        RenameReason::Exists(folder) => format!("the destination already has “{folder}”"),
        RenameReason::ChosenByOwner => "you chose this name".to_owned(),
        RenameReason::RefusedByServer { planned, words } => {
            format!("the server refused “{planned}”: {words}")
        }
        RenameReason::BelowProtonFolders => "Proton keeps your own folders below “Folders”".to_owned(),
        RenameReason::UnlabelledOnly => {
            "only mail without a label; all other mail is in the folders of its labels".to_owned()
        }
    }
}

const fn check_words(check: FlagCheck) -> &'static str {
    match check {
        FlagCheck::Unseen => "its flags have not been read yet",
        FlagCheck::InDoubt => "its flags have not been verified yet",
    }
}

/// Why a message cannot be sent as it is.
fn trigger_words(trigger: &RepairTrigger) -> String {
    match trigger {
        RepairTrigger::Refused(answer) => answer.text.clone(),
        RepairTrigger::EndsConnection => "the destination closes the connection at this message".to_owned(),
        RepairTrigger::UnsendableDate(date) => {
            format!("its date is invalid and cannot be sent to a server: {date}")
        }
        RepairTrigger::DisarmReceipt => "read-receipt requests are to be removed".to_owned(),
        RepairTrigger::NoRoom => "the mailbox at the destination is full".to_owned(),
    }
}

/// The same for a message that was sent in a repaired form or saved as a file.
fn as_it_was(trigger: &RepairTrigger) -> String {
    match trigger {
        RepairTrigger::Refused(answer) => format!("the destination refused it: {}", answer.text),
        RepairTrigger::EndsConnection => "the destination closed the connection at it".to_owned(),
        RepairTrigger::UnsendableDate(date) => format!("its date cannot be sent to a server: {date}"),
        RepairTrigger::DisarmReceipt | RepairTrigger::NoRoom => trigger_words(trigger),
    }
}

fn repair_words(trigger: &RepairTrigger, steps: &[RepairStep], flags: &FlagsAfter) -> String {
    let seen = match flags {
        FlagsAfter::AsSent => String::new(),
        FlagsAfter::Set => "its flags were set afterwards; ".to_owned(),
        FlagsAfter::NotKept(flags) => format!("{}; ", not_kept(flags)),
    };
    let done: Vec<&str> = steps.iter().map(|step| step.words()).collect();
    let because = match trigger {
        RepairTrigger::DisarmReceipt => ", as you asked".to_owned(),
        _ => format!("; in its original form, {}", as_it_was(trigger)),
    };
    format!("{seen}{}{because}", done.join(", "))
}

fn not_kept(flags: &[String]) -> String {
    format!("the destination does not keep {}", flags.join(" "))
}

const fn hint(is_label: bool) -> &'static str {
    if is_label { HIDDEN_LABEL } else { "" }
}

/// `2020-01-01`, with the time of day unless it is midnight UTC.
fn moment(secs: i64) -> String {
    let Ok(time) = Timestamp::from_second(secs) else { return String::new() };
    let is_midnight = secs.rem_euclid(86_400) == 0;
    time.strftime(if is_midnight { "%Y-%m-%d" } else { "%Y-%m-%d %H:%M UTC" }).to_string()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::message::ServerWords;
    use crate::plan::{ReasonCode, reason_samples, rename_samples};

    #[test]
    fn every_reason_has_words_and_none_has_those_of_another() {
        let reasons = reason_samples::one_of_each();
        let codes: BTreeSet<ReasonCode> = reasons.iter().map(Reason::code).collect();
        assert_eq!(codes.len(), ReasonCode::ALL.len());
        let words: BTreeSet<String> = reasons.iter().map(reason_words).collect();
        assert_eq!(words.len(), reasons.len(), "{words:#?}");
        assert!(words.iter().all(|words| words.chars().count() > 10), "{words:#?}");
    }

    #[test]
    fn every_rename_has_words_and_none_has_those_of_another() {
        let reasons = rename_samples::one_of_each();
        let words: BTreeSet<String> = reasons.iter().map(one_rename).collect();
        assert_eq!(words.len(), reasons.len(), "{words:#?}");
        assert_eq!(rename_words(&[]), None);
        let two = [RenameReason::Delimiter('/'), RenameReason::Forbidden('^')];
        assert_eq!(
            rename_words(&two).as_deref(),
            Some("“/” separates folders at the destination; the destination does not allow “^” in names")
        );
    }

    #[test]
    fn reasons_with_parts_say_them() {
        let answer = || ServerWords { code: Some("LIMIT".to_owned()), text: "[LIMIT] no".to_owned() };
        let refused = || RepairTrigger::Refused(answer());
        let steps = vec![RepairStep::LineEnds, RepairStep::Keywords];
        let repaired = |trigger, flags| Reason::Repaired { trigger, steps: steps.clone(), flags };
        for (reason, words) in [
            (Reason::NotTaken(refused()), "[LIMIT] no"),
            (
                Reason::NotSaved { trigger: refused(), error: "full".to_owned() },
                "[LIMIT] no; it could not be saved as a file either: full",
            ),
            (
                Reason::Exported { trigger: refused(), file: "a/1.eml".to_owned() },
                "saved as a/1.eml; the destination refused it: [LIMIT] no",
            ),
            (
                repaired(refused(), FlagsAfter::AsSent),
                "line endings fixed, keywords omitted; in its original form, the destination refused it: [LIMIT] no",
            ),
            (
                repaired(RepairTrigger::EndsConnection, FlagsAfter::NotKept(vec!["\\Flagged".to_owned()])),
                "the destination does not keep \\Flagged; line endings fixed, keywords omitted; in its original form, the \
                 destination closed the connection at it",
            ),
            (
                repaired(RepairTrigger::DisarmReceipt, FlagsAfter::Set),
                "its flags were set afterwards; line endings fixed, keywords omitted, as you asked",
            ),
            (
                Reason::FolderNotMade { answer: answer(), is_label: false },
                "the folder could not be created: [LIMIT] no",
            ),
            (Reason::TooOld(1_577_836_800), "older than 2020-01-01"),
            (Reason::TooNew(1_577_840_400), "received on 2020-01-01 01:00 UTC or later"),
            (Reason::TooSmall(10), "smaller than 10 bytes"),
            (Reason::TooLarge(2_000), "larger than 2,000 bytes"),
            (Reason::NotFound("UNSEEN".to_owned()), "not matched by the search UNSEEN"),
            (Reason::OutsideTrial(13), "outside the trial of 13 messages per folder"),
        ] {
            assert_eq!(reason_words(&reason), words);
        }
    }
}
