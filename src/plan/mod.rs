//! Plan: folders and where they go, message states, forecast. Pure; the wires only carry it out.

mod folders;
mod forecasts;
#[cfg(any(test, fuzzing))]
pub mod fuzz_tests;
mod gmail;
mod governor;
mod ledger_sum;
mod mailboxes;
mod options;
mod reason;
mod reason_code;
mod verify_summary;

pub use folders::collisions::{Collisions, collides_with, needs_decision, open_decisions};
pub use folders::mapping::{DestinationRules, SourceFolder, fold as fold_path, map_folders};
pub use folders::name::clean_destination;
pub use folders::name_lessons::{LearntName, Lesson, NameLessons, free_place, is_peculiar, spellings};
pub use folders::nonmail::holds_no_mail_at_exchange;
pub use folders::overrides::{FolderOverride, apply_overrides, shared_destinations};
pub use folders::oversize::{Oversize, OversizeFolder};
pub use folders::path::{FolderPath, SpecialUse};
pub use folders::pattern::FolderPattern;
pub use folders::plan::{FolderChoice, FolderPlan, LeftOutBecause, MailVolume, MailboxPlan, NameRules};
pub use folders::rename_reason::RenameReason;
#[cfg(test)]
pub use folders::rename_reason::samples as rename_samples;
pub use folders::words::{special_use_at_gmail, special_use_by_name};
pub use forecasts::duration_words::duration_words;
pub use forecasts::forecast::{DailyCap, Forecast, ForecastInput, Measured, forecast, forecast_all};
pub use forecasts::speed::{SpeedMeter, SpeedPoint, TimeLeft, mean_speed};
pub use gmail::labels::{Homes, LabelRank, has_home, label_rank};
pub use gmail::settings::hidden_by_gmail;
pub use governor::{DailyLimit, Governor, Pace, ServerSign, next_utc_day, utc_day};
pub use ledger_sum::{LedgerSum, MessageState};
pub use mailboxes::csv::{CsvError, CsvRow, parse_mailboxes};
pub use mailboxes::earlier_move::{MIN_DATED_MESSAGES, day_of_earlier_move, words_of_earlier_move};
pub use mailboxes::mailbox::{Mailbox, SignInWays};
pub use mailboxes::query::{MessageQuery, ProblemId};
pub use mailboxes::reach::Reach;
pub use mailboxes::shared_domain::shared_domain;
pub use options::copy::{CopyMode, CopyOptions, GmailLabels, MessageDates, VerifyDepth};
pub use options::filter::{FilterError, MessageFilter};
pub use options::rest::Rest;
pub use options::search_text::{SearchTextError, check_search};
pub use options::selection::{Candidate, is_choosy, left_out};
pub use options::words::{OptionWordsError, date_words, parse_date, parse_size};
#[cfg(test)]
pub use reason::samples as reason_samples;
pub use reason::{FlagCheck, FlagsAfter, Reason};
pub use reason_code::ReasonCode;
pub use verify_summary::VerifySummary;
