//! What the owner says about the operation, as the verdict needs it.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::Outcome;

/// Name of the one answer that is a number.
const SPAM_RATE: &str = OwnerAnswers::SPAM_RATE;

/// What the owner says of the operation. Asked, never guessed; each may be left open.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OwnerAnswers {
    /// Somebody installs updates in time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub has_updates: Option<bool>,
    /// A backup exists, and restoring it was tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub has_backup: Option<bool>,
    /// A second person can look after the server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub has_second_person: Option<bool>,
    /// The receiver or the provider was asked, and it did not help for long.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub has_asked: Option<bool>,
    /// The provider gives another address, with a name (PTR) of the owner's choice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gets_another_address: Option<bool>,
    /// The provider lets port 25 out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port_25_is_open: Option<bool>,
    /// A paid relay is acceptable for a part of the mail, and wanted rather than a move.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wants_relay: Option<bool>,
    /// The owner would rather not run a server any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wants_to_move: Option<bool>,
    /// Mailboxes have to stay in the owner's hands, by law or by wish.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keeps_mail_at_home: Option<bool>,
    /// The rate of spam that Google's Postmaster Tools show, in hundredths of a percent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub google_spam_rate: Option<u16>,
}

/// Why an answer is not taken.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error(
    "“{0}” is not an answer: write one of {names} with =yes or =no, or {SPAM_RATE}=PERCENT as Google’s Postmaster Tools show it",
    names = OwnerAnswers::NAMES.join(", ")
)]
pub struct OwnerAnswerError(String);

impl OwnerAnswers {
    /// Names of the questions, as answers are written.
    pub const NAMES: [&str; 9] = [
        "updates",
        "backup",
        "second-person",
        "asked",
        "another-address",
        "port-25",
        "wants-relay",
        "wants-to-move",
        "mail-at-home",
    ];

    /// Name of the one answer that is a number, in percent: `google-spam-rate=0.12%`.
    pub const SPAM_RATE: &str = "google-spam-rate";

    /// The rate that Google shows, as [`Self::set`] reads it: `0.12%`; empty if it was not given.
    pub fn spam_rate_words(&self) -> String {
        let words = |rate: u16| format!("{}.{:02}%", rate / 100, rate % 100);
        self.google_spam_rate.map(words).unwrap_or_default()
    }

    /// Takes an answer such as `backup=no`.
    ///
    /// # Errors
    /// Where nobody asks for such a thing, or it is neither yes nor no.
    pub fn set(&mut self, text: &str) -> Result<(), OwnerAnswerError> {
        let wrong = || OwnerAnswerError(text.to_owned());
        let (name, value) = text.split_once('=').ok_or_else(wrong)?;
        if name.trim() == SPAM_RATE {
            self.google_spam_rate = match value.trim() {
                "skip" => None,
                percent => Some(hundredths(percent).ok_or_else(wrong)?),
            };
            return Ok(());
        }
        let value = match value.trim() {
            "yes" => Some(true),
            "no" => Some(false),
            "skip" => None,
            _ => return Err(wrong()),
        };
        *self.place(name.trim()).ok_or_else(wrong)? = value;
        Ok(())
    }

    /// The answer to a question by its name.
    pub fn get(&self, name: &str) -> Option<bool> {
        *self.clone().place(name)?
    }

    fn place(&mut self, name: &str) -> Option<&mut Option<bool>> {
        Some(match name {
            "updates" => &mut self.has_updates,
            "backup" => &mut self.has_backup,
            "second-person" => &mut self.has_second_person,
            "asked" => &mut self.has_asked,
            "another-address" => &mut self.gets_another_address,
            "port-25" => &mut self.port_25_is_open,
            "wants-relay" => &mut self.wants_relay,
            "wants-to-move" => &mut self.wants_to_move,
            "mail-at-home" => &mut self.keeps_mail_at_home,
            _ => return None,
        })
    }

    /// Whether nothing was answered.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether two of updates, backup and a second person are missing: nobody can carry the operation for long.
    pub fn nobody_carries_it(&self) -> bool {
        let carried = [self.has_updates, self.has_backup, self.has_second_person];
        carried.into_iter().filter(|answer| *answer == Some(false)).count() >= 2
    }
}

/// `0.12%`, `0.12` or `3` percent, in hundredths of a percent.
fn hundredths(percent: &str) -> Option<u16> {
    let percent = percent.trim_end_matches('%').trim();
    let (whole, part) = percent.split_once('.').unwrap_or((percent, ""));
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_number(whole) || !is_number(part) {
        return None;
    }
    let part: u16 = format!("{part:0<2}").get(..2)?.parse().ok()?;
    let whole: u16 = whole.parse().ok()?;
    whole.checked_mul(100)?.checked_add(part).filter(|rate| *rate <= 10_000)
}

/// What the owner decided against the rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Overrule {
    /// The decision.
    pub outcome: Outcome,
    /// Why, in the owner's words; may be empty.
    pub because: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_taken_by_name() {
        let mut answers = OwnerAnswers::default();
        for name in OwnerAnswers::NAMES {
            assert_eq!(answers.get(name), None);
            answers.set(&format!("{name}=no")).unwrap();
            assert_eq!(answers.get(name), Some(false), "{name}");
        }
        assert!(answers.nobody_carries_it());
        answers.set("backup=yes").unwrap();
        answers.set("updates=skip").unwrap();
        assert!(!answers.nobody_carries_it() && answers.get("updates").is_none());
        for (percent, rate) in [("0.12%", 12), ("0.3", 30), ("1", 100), ("0.005", 0), ("100", 10_000)] {
            answers.set(&format!("google-spam-rate={percent}")).unwrap();
            assert_eq!(answers.google_spam_rate, Some(rate), "{percent}");
            let mut again = OwnerAnswers::default();
            again.set(&format!("google-spam-rate={}", answers.spam_rate_words())).unwrap();
            assert_eq!(again.google_spam_rate, Some(rate), "{}", answers.spam_rate_words());
        }
        for wrong in ["", "-1", "101", ".5", "a", "1,5"] {
            assert!(answers.set(&format!("google-spam-rate={wrong}")).is_err(), "{wrong}");
        }
        for wrong in ["backup", "backup=maybe", "weather=yes", ""] {
            assert!(answers.set(wrong).unwrap_err().to_string().contains("second-person"), "{wrong}");
        }
    }
}
