//! Why a message is in its state, as data. The ledger keeps the number of the reason and what differs from message to
//! message; the words for people are made in `engine/explain/reasons.rs` and decide nothing.

use crate::message::RepairStep;
use crate::message::RepairTrigger;
use crate::message::ServerWords;
use crate::plan::reason_code::ReasonCode;
use crate::values::Side;
use crate::values::SourceUid;

/// Longest part of a detail in characters; servers may send kilobytes.
const FIELD_CHARS: usize = 1_000;

/// Why the flags of a copy must still be checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlagCheck {
    /// It has a flag that was not yet seen to survive an APPEND; another copy may show it.
    Unseen,
    /// It was found after an interrupted APPEND, so its flags are checked in any case.
    InDoubt,
}

impl FlagCheck {
    /// Its number in the project file, where 0 means none; part of the format.
    pub const fn number(check: Option<Self>) -> i64 {
        match check {
            None => 0,
            Some(Self::Unseen) => 1,
            Some(Self::InDoubt) => 2,
        }
    }

    /// The reason with this number; `None` if it is unknown.
    pub const fn from_number(number: i64) -> Option<Option<Self>> {
        match number {
            0 => Some(None),
            1 => Some(Some(Self::Unseen)),
            2 => Some(Some(Self::InDoubt)),
            _ => None,
        }
    }
}

/// What was seen of the flags of a repaired copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FlagsAfter {
    /// It had all of them, or this was not checked yet.
    AsSent,
    /// Those that it lacked were set.
    Set,
    /// The destination does not keep these.
    NotKept(Vec<String>),
}

/// Why a message is in its state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The source no longer lists it.
    NotListed,
    /// It was gone when it was to be read.
    Gone,
    /// The source lists it but does not return it.
    NotHandedOut,
    /// What the source returns may not be the whole message, with the evidence.
    Doubtful(String),
    /// The source refuses to hand it out.
    RefusedBySource(ServerWords),
    /// The source ends the connection at it.
    SourceEndsConnection,

    /// The destination does not take it.
    NotTaken(RepairTrigger),
    /// The same, and it could not be saved as a file either.
    NotSaved {
        /// Why it does not go.
        trigger: RepairTrigger,
        /// Why there is no file.
        error: String,
    },
    /// It was saved as a file.
    Exported {
        /// Why it does not go.
        trigger: RepairTrigger,
        /// The file.
        file: String,
    },
    /// It was copied in another form.
    Repaired {
        /// Why it did not go as it was.
        trigger: RepairTrigger,
        /// What was done, in its order.
        steps: Vec<RepairStep>,
        /// What was seen of its flags.
        flags: FlagsAfter,
    },
    /// The destination does not make its folder.
    FolderNotMade {
        /// What it has answered.
        answer: ServerWords,
        /// Folders are labels there, which may be hidden.
        is_label: bool,
    },
    /// The destination does not open its folder.
    FolderNotOpened {
        /// What it has answered.
        answer: ServerWords,
        /// Folders are labels there, which may be hidden.
        is_label: bool,
    },
    /// The destination said that it took it, and does not have it.
    Absent,
    /// The copy lacks these flags, which the destination does not keep.
    FlagsNotKept(Vec<String>),

    /// Gmail keeps one copy of identical mail in a folder, and this message shares it.
    SharesCopy,
    /// Gmail has folded it into a message that was there before and whose bytes are still to be read.
    FoldedUnread,
    /// Gmail shows the copy of another folder under this label as well.
    Labelled,
    /// Gmail takes it for another message, and keeps only that one.
    TakenForAnother,
    /// Gmail refuses the label.
    LabelRefused(ServerWords),
    /// Gmail took the label and does not show the message under it.
    LabelNotShown,
    /// Gmail shows the same message in this folder, from where it is copied.
    ShownElsewhere(String),
    /// It was copied in this folder before it was moved at Gmail.
    CopiedBeforeMove(String),
    /// It arrived during the copy, so its labels are not known yet.
    ArrivedDuringCopy,

    /// It is the same as the message with this UID, which is copied.
    DuplicateOf(SourceUid),
    /// Its folder is only a view; it is in this one.
    ShownByView(String),
    /// Its folder was left out.
    FolderLeftOut,
    /// It was received before this time, in seconds since 1970.
    TooOld(i64),
    /// It was received at this time or later, in seconds since 1970.
    TooNew(i64),
    /// It has fewer bytes than this.
    TooSmall(u64),
    /// It has more bytes than this.
    TooLarge(u64),
    /// This search of the source does not find it.
    NotFound(String),
    /// It is beyond a trial's limit of messages per folder.
    OutsideTrial(u32),
    /// Its mailbox is full at the destination, and its owner leaves the rest out.
    RestLeftOut,
}

impl Reason {
    /// Which one it is.
    pub const fn code(&self) -> ReasonCode {
        match self {
            Self::NotListed => ReasonCode::NotListed,
            Self::Gone => ReasonCode::Gone,
            Self::NotHandedOut => ReasonCode::NotHandedOut,
            Self::Doubtful(_) => ReasonCode::Doubtful,
            Self::RefusedBySource(_) => ReasonCode::RefusedBySource,
            Self::SourceEndsConnection => ReasonCode::SourceEndsConnection,
            Self::NotTaken(_) => ReasonCode::NotTaken,
            Self::NotSaved { .. } => ReasonCode::NotSaved,
            Self::Exported { .. } => ReasonCode::Exported,
            Self::Repaired { .. } => ReasonCode::Repaired,
            Self::FolderNotMade { .. } => ReasonCode::FolderNotMade,
            Self::FolderNotOpened { .. } => ReasonCode::FolderNotOpened,
            Self::Absent => ReasonCode::Absent,
            Self::FlagsNotKept(_) => ReasonCode::FlagsNotKept,
            Self::SharesCopy => ReasonCode::SharesCopy,
            Self::FoldedUnread => ReasonCode::FoldedUnread,
            Self::Labelled => ReasonCode::Labelled,
            Self::TakenForAnother => ReasonCode::TakenForAnother,
            Self::LabelRefused(_) => ReasonCode::LabelRefused,
            Self::LabelNotShown => ReasonCode::LabelNotShown,
            Self::ShownElsewhere(_) => ReasonCode::ShownElsewhere,
            Self::CopiedBeforeMove(_) => ReasonCode::CopiedBeforeMove,
            Self::ArrivedDuringCopy => ReasonCode::ArrivedDuringCopy,
            Self::DuplicateOf(_) => ReasonCode::DuplicateOf,
            Self::ShownByView(_) => ReasonCode::ShownByView,
            Self::FolderLeftOut => ReasonCode::FolderLeftOut,
            Self::RestLeftOut => ReasonCode::RestLeftOut,
            Self::TooOld(_) => ReasonCode::TooOld,
            Self::TooNew(_) => ReasonCode::TooNew,
            Self::TooSmall(_) => ReasonCode::TooSmall,
            Self::TooLarge(_) => ReasonCode::TooLarge,
            Self::NotFound(_) => ReasonCode::NotFound,
            Self::OutsideTrial(_) => ReasonCode::OutsideTrial,
        }
    }

    /// What differs from message to message, a part on each line; `None` where nothing does.
    pub fn detail(&self) -> Option<String> {
        let with = |trigger: &RepairTrigger, more: &[&str]| {
            let [name, code, text] = trigger.stored();
            lines(&[&[name, code, text], more].concat())
        };
        let said = |ServerWords { code, text }: &ServerWords, more: &[&str]| {
            lines(&[&[code.as_deref().unwrap_or_default(), text.as_str()], more].concat())
        };
        Some(match self {
            Self::NotListed
            | Self::Gone
            | Self::NotHandedOut
            | Self::SourceEndsConnection
            | Self::Absent
            | Self::SharesCopy
            | Self::FoldedUnread
            | Self::Labelled
            | Self::TakenForAnother
            | Self::LabelNotShown
            | Self::ArrivedDuringCopy
            | Self::FolderLeftOut
            | Self::RestLeftOut => return None,
            Self::RefusedBySource(words) | Self::LabelRefused(words) => said(words, &[]),
            Self::FolderNotMade { answer, is_label } | Self::FolderNotOpened { answer, is_label } => {
                said(answer, if *is_label { &["label"] } else { &[] })
            }
            Self::Doubtful(text)
            | Self::ShownElsewhere(text)
            | Self::CopiedBeforeMove(text)
            | Self::ShownByView(text)
            | Self::NotFound(text) => lines(&[text]),
            Self::NotTaken(trigger) => with(trigger, &[]),
            Self::NotSaved { trigger, error } => with(trigger, &[error]),
            Self::Exported { trigger, file } => with(trigger, &[file]),
            Self::Repaired { trigger, steps, flags } => {
                let steps: Vec<&str> = steps.iter().map(|step| step.name()).collect();
                let (seen, lacking) = match flags {
                    FlagsAfter::AsSent => ("as-sent", String::new()),
                    FlagsAfter::Set => ("set", String::new()),
                    FlagsAfter::NotKept(flags) => ("not-kept", flags.join(" ")),
                };
                with(trigger, &[&steps.join(" "), seen, &lacking])
            }
            Self::FlagsNotKept(flags) => lines(&[&flags.join(" ")]),
            Self::TooOld(secs) | Self::TooNew(secs) => secs.to_string(),
            Self::TooSmall(bytes) | Self::TooLarge(bytes) => bytes.to_string(),
            Self::DuplicateOf(uid) => uid.to_string(),
            Self::OutsideTrial(number) => number.to_string(),
        })
    }

    /// The reason of this code and detail; `None` where the detail is none of that reason.
    pub fn read(code: ReasonCode, detail: Option<&str>) -> Option<Self> {
        let mut parts = detail.unwrap_or_default().split('\n');
        let mut part = || parts.next().unwrap_or_default();
        Some(match code {
            ReasonCode::NotListed => Self::NotListed,
            ReasonCode::Gone => Self::Gone,
            ReasonCode::NotHandedOut => Self::NotHandedOut,
            ReasonCode::Doubtful => Self::Doubtful(part().to_owned()),
            ReasonCode::RefusedBySource => Self::RefusedBySource(ServerWords::read(part(), part())),
            ReasonCode::SourceEndsConnection => Self::SourceEndsConnection,
            ReasonCode::NotTaken => Self::NotTaken(RepairTrigger::read(part(), part(), part())?),
            ReasonCode::NotSaved => Self::NotSaved {
                trigger: RepairTrigger::read(part(), part(), part())?,
                error: part().to_owned(),
            },
            ReasonCode::Exported => Self::Exported {
                trigger: RepairTrigger::read(part(), part(), part())?,
                file: part().to_owned(),
            },
            ReasonCode::Repaired => Self::Repaired {
                trigger: RepairTrigger::read(part(), part(), part())?,
                steps: part().split_whitespace().map(RepairStep::from_name).collect::<Option<_>>()?,
                flags: match (part(), part()) {
                    ("as-sent", _) => FlagsAfter::AsSent,
                    ("set", _) => FlagsAfter::Set,
                    ("not-kept", flags) => FlagsAfter::NotKept(words(flags)),
                    _ => return None,
                },
            },
            ReasonCode::FolderNotMade => {
                Self::FolderNotMade { answer: ServerWords::read(part(), part()), is_label: part() == "label" }
            }
            ReasonCode::FolderNotOpened => Self::FolderNotOpened {
                answer: ServerWords::read(part(), part()),
                is_label: part() == "label",
            },
            ReasonCode::Absent => Self::Absent,
            ReasonCode::FlagsNotKept => Self::FlagsNotKept(words(part())),
            ReasonCode::SharesCopy => Self::SharesCopy,
            ReasonCode::FoldedUnread => Self::FoldedUnread,
            ReasonCode::Labelled => Self::Labelled,
            ReasonCode::TakenForAnother => Self::TakenForAnother,
            ReasonCode::LabelRefused => Self::LabelRefused(ServerWords::read(part(), part())),
            ReasonCode::LabelNotShown => Self::LabelNotShown,
            ReasonCode::ShownElsewhere => Self::ShownElsewhere(part().to_owned()),
            ReasonCode::CopiedBeforeMove => Self::CopiedBeforeMove(part().to_owned()),
            ReasonCode::ArrivedDuringCopy => Self::ArrivedDuringCopy,
            ReasonCode::DuplicateOf => Self::DuplicateOf(SourceUid(part().parse().ok()?)),
            ReasonCode::ShownByView => Self::ShownByView(part().to_owned()),
            ReasonCode::FolderLeftOut => Self::FolderLeftOut,
            ReasonCode::RestLeftOut => Self::RestLeftOut,
            ReasonCode::TooOld => Self::TooOld(part().parse().ok()?),
            ReasonCode::TooNew => Self::TooNew(part().parse().ok()?),
            ReasonCode::TooSmall => Self::TooSmall(part().parse().ok()?),
            ReasonCode::TooLarge => Self::TooLarge(part().parse().ok()?),
            ReasonCode::NotFound => Self::NotFound(part().to_owned()),
            ReasonCode::OutsideTrial => Self::OutsideTrial(part().parse().ok()?),
        })
    }

    /// The reason for messages at which the connection to this side ends.
    pub const fn ends_connection(side: Side) -> Self {
        match side {
            Side::Source => Self::SourceEndsConnection,
            Side::Destination => Self::NotTaken(RepairTrigger::EndsConnection),
        }
    }
}

/// A line for each part: without line ends of its own, and bounded.
fn lines(parts: &[&str]) -> String {
    let line = |part: &&str| -> String {
        let kept = part.chars().take(FIELD_CHARS);
        kept.map(|sign| if matches!(sign, '\r' | '\n') { ' ' } else { sign }).collect()
    };
    parts.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn words(part: &str) -> Vec<String> {
    part.split_whitespace().map(ToOwned::to_owned).collect()
}

#[cfg(test)]
pub mod samples;

#[cfg(test)]
mod reason_tests;
