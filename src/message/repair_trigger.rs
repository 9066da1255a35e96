//! Why a message does not go as it is, as data.

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
    /// Its date, which cannot be sent to a server.
    UnsendableDate(String),
    /// The owner asks that requests for a read receipt be disarmed.
    DisarmReceipt,
    /// The mailbox is full at the destination, and the owner asks for files.
    NoRoom,
}

impl<Answer> RepairTrigger<Answer> {
    /// The same with the answer in another form.
    pub fn map<Other>(&self, answer: impl FnOnce(&Answer) -> Other) -> RepairTrigger<Other> {
        match self {
            Self::Refused(one) => RepairTrigger::Refused(answer(one)),
            Self::EndsConnection => RepairTrigger::EndsConnection,
            Self::UnsendableDate(date) => RepairTrigger::UnsendableDate(date.clone()),
            Self::DisarmReceipt => RepairTrigger::DisarmReceipt,
            Self::NoRoom => RepairTrigger::NoRoom,
        }
    }
}

impl RepairTrigger {
    /// Its form in the project file: its name, the response code, and the words or the date.
    pub fn stored(&self) -> [&str; 3] {
        match self {
            Self::Refused(words) => ["refused", words.code.as_deref().unwrap_or_default(), &words.text],
            Self::EndsConnection => ["ends-connection", "", ""],
            Self::UnsendableDate(date) => ["unsendable-date", "", date],
            Self::DisarmReceipt => ["disarm-receipt", "", ""],
            Self::NoRoom => ["no-room", "", ""],
        }
    }

    /// What [`Self::stored`] has given; `None` where it is nothing of ours.
    pub fn read(name: &str, code: &str, text: &str) -> Option<Self> {
        Some(match name {
            "refused" => Self::Refused(ServerWords::read(code, text)),
            "ends-connection" => Self::EndsConnection,
            "unsendable-date" => Self::UnsendableDate(text.to_owned()),
            "disarm-receipt" => Self::DisarmReceipt,
            "no-room" => Self::NoRoom,
            _ => return None,
        })
    }
}

impl ServerWords {
    /// Reads it from the project file.
    pub fn read(code: &str, text: &str) -> Self {
        Self { code: (!code.is_empty()).then(|| code.to_owned()), text: text.to_owned() }
    }
}
