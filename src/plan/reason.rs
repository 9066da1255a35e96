//! Why a message is in its state, as data. The ledger keeps the number of the reason and what differs from message to
//! message; the words for people are made in `engine/explain/reasons.rs` and decide nothing.

use super::{RepairStep, Side};

/// Longest part of a detail in characters; servers may send kilobytes.
const FIELD_CHARS: usize = 1_000;

/// What a server has answered.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServerWords {
    /// The name of the response code, where it sent one.
    pub code: Option<String>,
    /// Its words, with the code in brackets in front.
    pub text: String,
}

/// Why a message does not go as it is. `Answer` is what the server has said, in the form that is at hand.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RepairTrigger<Answer = ServerWords> {
    /// The destination has refused it.
    Refused(Answer),
    /// The destination ends the connection at it.
    EndsConnection,
    /// Its date, which is none that a server can be told.
    UnsendableDate(String),
    /// The owner asks that requests for a read receipt be disarmed.
    DisarmReceipt,
}

impl<Answer> RepairTrigger<Answer> {
    /// The same with the answer in another form.
    pub fn map<Other>(&self, answer: impl FnOnce(&Answer) -> Other) -> RepairTrigger<Other> {
        match self {
            Self::Refused(one) => RepairTrigger::Refused(answer(one)),
            Self::EndsConnection => RepairTrigger::EndsConnection,
            Self::UnsendableDate(date) => RepairTrigger::UnsendableDate(date.clone()),
            Self::DisarmReceipt => RepairTrigger::DisarmReceipt,
        }
    }
}

impl RepairTrigger {
    /// How it stands in the project file: its name, the response code, and the words or the date.
    pub fn stored(&self) -> [&str; 3] {
        match self {
            Self::Refused(words) => ["refused", words.code.as_deref().unwrap_or_default(), &words.text],
            Self::EndsConnection => ["ends-connection", "", ""],
            Self::UnsendableDate(date) => ["unsendable-date", "", date],
            Self::DisarmReceipt => ["disarm-receipt", "", ""],
        }
    }

    /// What [`Self::stored`] has given; `None` where it is nothing of ours.
    pub fn read(name: &str, code: &str, text: &str) -> Option<Self> {
        Some(match name {
            "refused" => Self::Refused(ServerWords::read(code, text)),
            "ends-connection" => Self::EndsConnection,
            "unsendable-date" => Self::UnsendableDate(text.to_owned()),
            "disarm-receipt" => Self::DisarmReceipt,
            _ => return None,
        })
    }
}

impl ServerWords {
    fn read(code: &str, text: &str) -> Self {
        Self { code: (!code.is_empty()).then(|| code.to_owned()), text: text.to_owned() }
    }
}

/// Why the flags of a copy have still to be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlagCheck {
    /// It has a flag that was not yet seen to survive an APPEND; another copy may show it.
    Unseen,
    /// It was found after its append broke off: whatever else is known, it is looked at.
    InDoubt,
}

impl FlagCheck {
    /// The number that stands for it in the project file, where 0 is none; part of the format.
    pub const fn number(check: Option<Self>) -> i64 {
        match check {
            None => 0,
            Some(Self::Unseen) => 1,
            Some(Self::InDoubt) => 2,
        }
    }

    /// What the number stands for; `None` where it is none of ours.
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
    /// It had all of them, or nobody has looked yet.
    AsSent,
    /// Those that it lacked were set.
    Set,
    /// The destination does not keep these.
    NotKept(Vec<String>),
}

/// Why a message is in its state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The source does not list it any more.
    NotListed,
    /// It was gone when it was to be read.
    Gone,
    /// The source lists it and does not hand it out.
    NotHandedOut,
    /// What the source hands out may not be the whole message: what speaks against it.
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
    /// It lies in a file.
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
    /// It arrived during the copy, and nobody knows its labels yet.
    ArrivedDuringCopy,

    /// It is the same as the message with this UID, which is copied.
    DuplicateOf(u32),
    /// Its folder only shows it; it lies in this one.
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
    /// It is not among so many messages of its folder that a trial takes.
    OutsideTrial(u32),
}

/// A [`Reason`] without what differs from message to message. The numbers are part of the project file's format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each is the reason of the same name")]
pub enum ReasonCode {
    NotListed = 1,
    Gone = 2,
    NotHandedOut = 3,
    Doubtful = 4,
    RefusedBySource = 5,
    SourceEndsConnection = 6,
    NotTaken = 10,
    NotSaved = 11,
    Exported = 12,
    Repaired = 13,
    FolderNotMade = 14,
    FolderNotOpened = 15,
    Absent = 16,
    FlagsNotKept = 17,
    SharesCopy = 20,
    FoldedUnread = 21,
    Labelled = 22,
    TakenForAnother = 23,
    LabelRefused = 24,
    LabelNotShown = 25,
    ShownElsewhere = 26,
    CopiedBeforeMove = 27,
    ArrivedDuringCopy = 28,
    DuplicateOf = 30,
    ShownByView = 31,
    FolderLeftOut = 32,
    TooOld = 33,
    TooNew = 34,
    TooSmall = 35,
    TooLarge = 36,
    NotFound = 37,
    OutsideTrial = 38,
}

impl ReasonCode {
    /// All of them.
    pub const ALL: [Self; 32] = [
        Self::NotListed,
        Self::Gone,
        Self::NotHandedOut,
        Self::Doubtful,
        Self::RefusedBySource,
        Self::SourceEndsConnection,
        Self::NotTaken,
        Self::NotSaved,
        Self::Exported,
        Self::Repaired,
        Self::FolderNotMade,
        Self::FolderNotOpened,
        Self::Absent,
        Self::FlagsNotKept,
        Self::SharesCopy,
        Self::FoldedUnread,
        Self::Labelled,
        Self::TakenForAnother,
        Self::LabelRefused,
        Self::LabelNotShown,
        Self::ShownElsewhere,
        Self::CopiedBeforeMove,
        Self::ArrivedDuringCopy,
        Self::DuplicateOf,
        Self::ShownByView,
        Self::FolderLeftOut,
        Self::TooOld,
        Self::TooNew,
        Self::TooSmall,
        Self::TooLarge,
        Self::NotFound,
        Self::OutsideTrial,
    ];

    /// The number that stands for it in the project file.
    pub const fn number(self) -> i64 {
        self as i64
    }

    /// What the number stands for; `None` where it is none of ours.
    pub fn from_number(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.number() == number)
    }

    /// Its name for programs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotListed => "not-listed",
            Self::Gone => "gone",
            Self::NotHandedOut => "not-handed-out",
            Self::Doubtful => "doubtful",
            Self::RefusedBySource => "refused-by-source",
            Self::SourceEndsConnection => "source-ends-connection",
            Self::NotTaken => "not-taken",
            Self::NotSaved => "not-saved",
            Self::Exported => "exported",
            Self::Repaired => "repaired",
            Self::FolderNotMade => "folder-not-made",
            Self::FolderNotOpened => "folder-not-opened",
            Self::Absent => "absent",
            Self::FlagsNotKept => "flags-not-kept",
            Self::SharesCopy => "shares-copy",
            Self::FoldedUnread => "folded-unread",
            Self::Labelled => "labelled",
            Self::TakenForAnother => "taken-for-another",
            Self::LabelRefused => "label-refused",
            Self::LabelNotShown => "label-not-shown",
            Self::ShownElsewhere => "shown-elsewhere",
            Self::CopiedBeforeMove => "copied-before-move",
            Self::ArrivedDuringCopy => "arrived-during-copy",
            Self::DuplicateOf => "duplicate",
            Self::ShownByView => "shown-by-view",
            Self::FolderLeftOut => "folder-left-out",
            Self::TooOld => "too-old",
            Self::TooNew => "too-new",
            Self::TooSmall => "too-small",
            Self::TooLarge => "too-large",
            Self::NotFound => "not-found",
            Self::OutsideTrial => "outside-trial",
        }
    }
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
            | Self::FolderLeftOut => return None,
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
            Self::DuplicateOf(number) | Self::OutsideTrial(number) => number.to_string(),
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
            ReasonCode::DuplicateOf => Self::DuplicateOf(part().parse().ok()?),
            ReasonCode::ShownByView => Self::ShownByView(part().to_owned()),
            ReasonCode::FolderLeftOut => Self::FolderLeftOut,
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

/// Reasons for tests.
#[cfg(test)]
pub mod samples {
    use super::*;

    /// One of every reason, with something in each of its parts.
    pub fn one_of_each() -> Vec<Reason> {
        let words = || ServerWords { code: Some("LIMIT".to_owned()), text: "[LIMIT] no, not 3".to_owned() };
        let refused = || RepairTrigger::Refused(words());
        let text = || "A / B".to_owned();
        ReasonCode::ALL
            .into_iter()
            .flat_map(|code| match code {
                ReasonCode::NotListed => vec![Reason::NotListed],
                ReasonCode::Gone => vec![Reason::Gone],
                ReasonCode::NotHandedOut => vec![Reason::NotHandedOut],
                ReasonCode::Doubtful => vec![Reason::Doubtful(text())],
                ReasonCode::RefusedBySource => vec![Reason::RefusedBySource(words())],
                ReasonCode::SourceEndsConnection => vec![Reason::SourceEndsConnection],
                ReasonCode::NotTaken => vec![
                    Reason::NotTaken(refused()),
                    Reason::NotTaken(RepairTrigger::EndsConnection),
                    Reason::NotTaken(RepairTrigger::UnsendableDate("31-Feb-2020".to_owned())),
                    Reason::NotTaken(RepairTrigger::DisarmReceipt),
                ],
                ReasonCode::NotSaved => vec![Reason::NotSaved { trigger: refused(), error: text() }],
                ReasonCode::Exported => vec![Reason::Exported { trigger: refused(), file: text() }],
                ReasonCode::Repaired => vec![
                    repaired(refused(), FlagsAfter::AsSent),
                    repaired(RepairTrigger::EndsConnection, FlagsAfter::Set),
                    repaired(
                        RepairTrigger::UnsendableDate(text()),
                        FlagsAfter::NotKept(vec!["x".to_owned()]),
                    ),
                    repaired(RepairTrigger::DisarmReceipt, FlagsAfter::AsSent),
                ],
                ReasonCode::FolderNotMade => vec![Reason::FolderNotMade { answer: words(), is_label: false }],
                ReasonCode::FolderNotOpened => {
                    vec![Reason::FolderNotOpened { answer: words(), is_label: true }]
                }
                ReasonCode::Absent => vec![Reason::Absent],
                ReasonCode::FlagsNotKept => {
                    vec![Reason::FlagsNotKept(vec!["\\Flagged".to_owned(), "$x".to_owned()])]
                }
                ReasonCode::SharesCopy => vec![Reason::SharesCopy],
                ReasonCode::FoldedUnread => vec![Reason::FoldedUnread],
                ReasonCode::Labelled => vec![Reason::Labelled],
                ReasonCode::TakenForAnother => vec![Reason::TakenForAnother],
                ReasonCode::LabelRefused => vec![Reason::LabelRefused(words())],
                ReasonCode::LabelNotShown => vec![Reason::LabelNotShown],
                ReasonCode::ShownElsewhere => vec![Reason::ShownElsewhere(text())],
                ReasonCode::CopiedBeforeMove => vec![Reason::CopiedBeforeMove(text())],
                ReasonCode::ArrivedDuringCopy => vec![Reason::ArrivedDuringCopy],
                ReasonCode::DuplicateOf => vec![Reason::DuplicateOf(7)],
                ReasonCode::ShownByView => vec![Reason::ShownByView(text())],
                ReasonCode::FolderLeftOut => vec![Reason::FolderLeftOut],
                ReasonCode::TooOld => vec![Reason::TooOld(-5)],
                ReasonCode::TooNew => vec![Reason::TooNew(1_577_836_800)],
                ReasonCode::TooSmall => vec![Reason::TooSmall(2_000)],
                ReasonCode::TooLarge => vec![Reason::TooLarge(2_000)],
                ReasonCode::NotFound => vec![Reason::NotFound("UNSEEN".to_owned())],
                ReasonCode::OutsideTrial => vec![Reason::OutsideTrial(13)],
            })
            .collect()
    }

    fn repaired(trigger: RepairTrigger, flags: FlagsAfter) -> Reason {
        Reason::Repaired { trigger, steps: vec![RepairStep::LineEnds, RepairStep::Wrap], flags }
    }

    /// A refusal in these words.
    pub fn refused(text: &str) -> Reason {
        Reason::NotTaken(RepairTrigger::Refused(ServerWords { code: None, text: text.to_owned() }))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_reason_comes_back_from_its_number_and_detail() {
        for reason in samples::one_of_each() {
            let (number, detail) = (reason.code().number(), reason.detail());
            let code = ReasonCode::from_number(number).unwrap();
            assert_eq!(Reason::read(code, detail.as_deref()), Some(reason));
        }
        assert_eq!(ReasonCode::from_number(0), None);
        assert_eq!(Reason::read(ReasonCode::DuplicateOf, Some("x")), None);
        assert_eq!(Reason::read(ReasonCode::NotTaken, Some("x")), None);
    }

    #[test]
    fn numbers_and_names_are_each_of_one_reason() {
        let numbers: BTreeSet<i64> = ReasonCode::ALL.into_iter().map(ReasonCode::number).collect();
        let names: BTreeSet<&str> = ReasonCode::ALL.into_iter().map(ReasonCode::name).collect();
        assert_eq!((numbers.len(), names.len()), (ReasonCode::ALL.len(), ReasonCode::ALL.len()));
    }

    #[test]
    fn server_words_of_any_length_and_form_keep_the_parts_apart() {
        let trigger = RepairTrigger::Refused(ServerWords { code: None, text: "no\r\n".repeat(4_000) });
        let reason = Reason::Exported { trigger, file: "a.eml".to_owned() };
        let detail = reason.detail().unwrap();
        assert!(detail.chars().count() < FIELD_CHARS + 100);
        let Some(Reason::Exported { file, .. }) = Reason::read(ReasonCode::Exported, Some(&detail)) else {
            panic!("{detail}")
        };
        assert_eq!(file, "a.eml");
    }

    #[test]
    fn checks_of_flags_come_back_from_their_numbers() {
        for check in [None, Some(FlagCheck::Unseen), Some(FlagCheck::InDoubt)] {
            assert_eq!(FlagCheck::from_number(FlagCheck::number(check)), Some(check));
        }
        assert_eq!(FlagCheck::from_number(3), None);
    }
}
