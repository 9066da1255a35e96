//! Plan: folders and where they go, message states, forecast. Pure; the wires only carry it out.

mod content_digest;
mod copy_options;
mod decision;
mod duration_words;
mod earlier_move;
mod estimate;
mod folder;
mod folder_name;
mod folder_pattern;
mod folder_words;
mod forecast;
#[cfg(any(test, fuzzing))]
pub mod fuzz_tests;
mod gmail_settings;
mod governor;
mod header_date;
mod identity;
mod labels;
mod ledger_sum;
mod mailbox;
mod mailbox_csv;
mod mailbox_plan;
mod mapping;
mod message_filter;
mod message_query;
mod mime_parts;
mod name_lessons;
mod nonmail_folders;
mod option_words;
mod overrides;
mod oversize;
mod plan_remarks;
mod reach;
mod reason;
mod reason_code;
mod rename_reason;
mod repair;
mod repair_trigger;
mod search_text;
mod selection;
mod server_habits;
mod subject;
mod verify_summary;

pub use content_digest::content_digest;
pub use copy_options::{CopyMode, CopyOptions, MessageDates, VerifyDepth};
pub use decision::{Collisions, collides_with, needs_decision, open_decisions};
pub use duration_words::duration_words;
pub use earlier_move::{MIN_DATED_MESSAGES, day_of_earlier_move, words_of_earlier_move};
pub use estimate::{SpeedMeter, SpeedPoint, TimeLeft, mean_speed};
pub use folder::{FolderPath, SpecialUse};
pub use folder_name::clean_destination;
pub use folder_pattern::FolderPattern;
pub use folder_words::{special_use_at_gmail, special_use_by_name};
pub use forecast::{DailyCap, Forecast, ForecastInput, Measured, forecast, forecast_all};
pub use gmail_settings::hidden_by_gmail;
pub use governor::{DailyLimit, Governor, Pace, ServerSign, next_utc_day, utc_day};
pub use header_date::internal_date_secs;
pub use identity::{IDENTITY_HEADERS, IdentityKey, MessageKey, identity_key};
pub use labels::{GmailLabels, Homes, LabelRank, has_home, label_rank};
pub use ledger_sum::{LedgerSum, MessageState};
pub use mailbox::{Mailbox, MailboxId, Side, SignInWays};
pub use mailbox_csv::{CsvError, CsvRow, parse_mailboxes};
pub use mailbox_plan::{FolderChoice, FolderPlan, LeftOutBecause, MailboxPlan, NameRules};
pub use mapping::{DestinationRules, SourceFolder, fold as fold_path, map_folders};
pub use message_filter::{FilterError, MessageFilter};
pub use message_query::{MessageQuery, ProblemId};
pub use mime_parts::{MimeContent, mime_content, received_fields};
pub use name_lessons::{LearntName, Lesson, NameLessons, free_place, is_peculiar, spellings};
pub use nonmail_folders::holds_no_mail_at_exchange;
pub use option_words::{OptionWordsError, date_words, parse_date, parse_size};
pub use overrides::{FolderOverride, apply_overrides, shared_destinations};
pub use oversize::{Oversize, OversizeFolder};
pub use reach::Reach;
#[cfg(test)]
pub use reason::samples as reason_samples;
pub use reason::{FlagCheck, FlagsAfter, Reason};
pub use reason_code::ReasonCode;
pub use rename_reason::RenameReason;
#[cfg(test)]
pub use rename_reason::samples as rename_samples;
pub use repair::{
    Draft, RefusalMeaning, RepairLadder, RepairStep, asks_for_receipt, date_of_header, export_component,
    export_file_name, refusal_meaning,
};
pub use repair_trigger::{RepairTrigger, ServerWords};
pub use search_text::{SearchTextError, check_search};
pub use selection::{Candidate, is_choosy, left_out};
pub use subject::subject_of;
pub use verify_summary::VerifySummary;
