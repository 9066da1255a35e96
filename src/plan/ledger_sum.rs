use serde::{Deserialize, Serialize};

/// What became of one source message. Every ledger row is in exactly one of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MessageState {
    /// Not yet processed in this copy.
    ToDo,
    /// An intent is recorded; the append may or may not have reached the destination.
    InFlight,
    /// Copied as it is.
    Copied,
    /// The destination had it before.
    AlreadyThere,
    /// Copied after a repair, which the ledger names.
    Repaired,
    /// Saved as a file next to the project.
    Exported,
    /// The destination refuses it; the ledger has its words.
    Refused,
    /// Gone from the source between the count and the copy.
    Vanished,
    /// Left out by the owner's choice.
    LeftOut,
    /// A trial did not take it: it waits for the whole copy.
    Deferred,
}

/// The ledger as a sum: `source_count` is always the sum of all the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerSum {
    /// Messages on the source server.
    pub source_count: u64,
    /// [`MessageState::Copied`].
    pub copied: u64,
    /// [`MessageState::AlreadyThere`].
    pub already_there: u64,
    /// [`MessageState::Repaired`].
    pub repaired: u64,
    /// [`MessageState::Exported`].
    pub exported: u64,
    /// [`MessageState::Refused`].
    pub refused: u64,
    /// [`MessageState::Vanished`].
    pub vanished: u64,
    /// [`MessageState::LeftOut`].
    pub left_out: u64,
    /// [`MessageState::Deferred`].
    #[serde(default)]
    pub deferred: u64,
    /// [`MessageState::ToDo`] and [`MessageState::InFlight`].
    pub to_do: u64,
}

impl LedgerSum {
    /// Adds `count` rows in this state.
    pub fn add(&mut self, state: MessageState, count: u64) {
        self.source_count += count;
        let field = match state {
            MessageState::ToDo | MessageState::InFlight => &mut self.to_do,
            MessageState::Copied => &mut self.copied,
            MessageState::AlreadyThere => &mut self.already_there,
            MessageState::Repaired => &mut self.repaired,
            MessageState::Exported => &mut self.exported,
            MessageState::Refused => &mut self.refused,
            MessageState::Vanished => &mut self.vanished,
            MessageState::LeftOut => &mut self.left_out,
            MessageState::Deferred => &mut self.deferred,
        };
        *field += count;
    }

    /// The rows in this state; [`MessageState::ToDo`] and [`MessageState::InFlight`] are counted together.
    pub const fn count(&self, state: MessageState) -> u64 {
        match state {
            MessageState::ToDo | MessageState::InFlight => self.to_do,
            MessageState::Copied => self.copied,
            MessageState::AlreadyThere => self.already_there,
            MessageState::Repaired => self.repaired,
            MessageState::Exported => self.exported,
            MessageState::Refused => self.refused,
            MessageState::Vanished => self.vanished,
            MessageState::LeftOut => self.left_out,
            MessageState::Deferred => self.deferred,
        }
    }

    /// Adds another sum to this one.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            source_count: self.source_count + other.source_count,
            copied: self.copied + other.copied,
            already_there: self.already_there + other.already_there,
            repaired: self.repaired + other.repaired,
            exported: self.exported + other.exported,
            refused: self.refused + other.refused,
            vanished: self.vanished + other.vanished,
            left_out: self.left_out + other.left_out,
            deferred: self.deferred + other.deferred,
            to_do: self.to_do + other.to_do,
        }
    }

    /// Messages that reached a final state.
    pub const fn finished(&self) -> u64 {
        self.source_count - self.to_do - self.deferred
    }

    /// Messages at the destination.
    pub const fn arrived(&self) -> u64 {
        self.copied + self.already_there + self.repaired
    }

    /// Messages that are to be at the destination in the end: all but those that were left out or are gone.
    pub const fn wanted(&self) -> u64 {
        self.source_count - self.left_out - self.vanished
    }

    /// Messages that are still to be copied, by this run or by the whole copy after a trial.
    pub const fn waiting(&self) -> u64 {
        self.to_do + self.deferred
    }
}
