//! Plans the new DNS records: merges what a provider needs with what the zone says today, judges the result, and writes it as a
//! diff and in the formats of DNS hosts and tools.

mod current_zone;
mod desired;
mod diff;
mod dmarc;
mod group_kind;
mod judge;
mod judge_words;
mod keys;
mod leftovers;
mod mail_hosts;
mod obstacles;
#[cfg(test)]
mod odd_zones_tests;
mod pasted_key;
mod proposals;
mod questions;
mod ramp;
mod render;
mod seen;
mod spf;
mod spf_senders;
mod spf_stages;
mod spf_terms;
mod spf_world;
mod txt;
mod unread;
mod update;
mod zone_file;
mod zone_tokens;

pub use current_zone::{CurrentZone, OtherRecord, Question, Unread, ZoneData, ZoneRecord};
pub use desired::{check_answer, check_key_line, desired, open_questions};
pub use diff::{Change, DiffLine, LeftOut, RecordGroup, RecordsPlan, Sender, SwitchStage};
pub use group_kind::GroupKind;
pub use judge::{DmarcChange, JudgedSender, Safety, SenderRole, StageJudgement};
pub use judge_words::{dry_run_words, harm_words, stage_name, stage_words};
pub use leftovers::PlanFile;
pub use questions::{host_questions, probe_questions, questions};
pub use ramp::DmarcStep;
pub use render::{
    BindOptions, ExportStage, Format, NotWhole, RecordSet, SetAt, SetChange, StageSets, StageUpdate, ValueAt,
    render, render_bind, stage_sets,
};
pub use seen::{DryRun, Lost, SeenSender, dry_run};
pub use txt::quoted_strings;
pub use update::zone_update;
pub use zone_file::{ZoneFileError, parse_zone_file, parse_zone_file_with};
