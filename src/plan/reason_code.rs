//! Which reason it is, without what differs from message to message.

/// A [`crate::plan::reason::Reason`] without what differs from message to message. The numbers are part of the project file's format.
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
    RestLeftOut = 39,
}

impl ReasonCode {
    /// All of them.
    pub const ALL: [Self; 33] = [
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
        Self::RestLeftOut,
    ];

    /// Its number in the project file.
    pub const fn number(self) -> i64 {
        self as i64
    }

    /// The code with this number; `None` if it is unknown.
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
            Self::RestLeftOut => "rest-left-out",
        }
    }
}
