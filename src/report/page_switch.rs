//! The report's section on the switch and what remains to do after it.

use super::format::utc;
use super::{ReminderReport, SwitchReport, TestReport};
use crate::values::counted;

pub(super) struct SwitchPage {
    pub standing: String,
    pub route: String,
    /// Moments with what happened: words and time.
    pub dates: Vec<(&'static str, String)>,
    pub rounds: String,
    pub notes: Vec<NotePage>,
    pub sights: Vec<SightPage>,
    pub tests: Vec<TestPage>,
    pub late: String,
    /// When, and what was copied.
    pub sweeps: Vec<(String, String)>,
    pub way_back: String,
}

pub(super) struct NotePage {
    pub at: String,
    pub new: usize,
    pub old: usize,
    pub wrong: usize,
    pub silent: usize,
    pub proven: usize,
}

/// Who, and what it sees.
pub(super) struct SightPage {
    pub who: String,
    pub sees: String,
    pub proof: String,
}

pub(super) struct TestPage {
    pub class: &'static str,
    pub name: String,
    pub at: String,
    pub title: String,
    pub advice: String,
    pub rows: Vec<(String, String)>,
}

pub(super) struct ReminderPage {
    pub class: &'static str,
    pub word: &'static str,
    pub from: String,
    pub title: String,
    pub detail: String,
}

pub(super) fn switch_page(switch: &SwitchReport) -> SwitchPage {
    let hosts = |hosts: &[String]| if hosts.is_empty() { "none".to_owned() } else { hosts.join(", ") };
    let dates = [
        ("New records first seen", switch.published_at),
        ("Last old answer gone", switch.over_at),
        ("Move finished", switch.finished_at),
    ];
    SwitchPage {
        standing: switch.standing.clone(),
        route: format!("From {} to {}.", hosts(&switch.old_hosts), hosts(&switch.new_hosts)),
        dates: dates.into_iter().filter_map(|(words, at)| Some((words, utc(at?)))).collect(),
        rounds: format!(
            "Everybody was asked {}; the table has the rounds that saw something new.",
            counted(switch.rounds, "time")
        ),
        notes: switch
            .notes
            .iter()
            .map(|note| NotePage {
                at: utc(note.at),
                new: note.new,
                old: note.old,
                wrong: note.wrong,
                silent: note.silent,
                proven: note.proven,
            })
            .collect(),
        sights: switch
            .sights
            .iter()
            .map(|sight| SightPage {
                who: sight.who.clone(),
                sees: sight.sees.clone(),
                proof: sight.proof.clone(),
            })
            .collect(),
        tests: switch.tests.iter().map(test_page).collect(),
        late: match switch.late_messages {
            0 => "No late mail was found on the old server.".to_owned(),
            count => {
                format!("{} still reached the old server, and was brought over.", counted(count, "message"))
            }
        },
        sweeps: switch
            .sweeps
            .iter()
            .map(|sweep| {
                let end = if sweep.is_whole { "" } else { "; it did not come to its end" };
                (utc(sweep.began_at), format!("{}{end}", counted(sweep.messages, "message")))
            })
            .collect(),
        way_back: switch.way_back.join("\n"),
    }
}

fn test_page(test: &TestReport) -> TestPage {
    TestPage {
        class: if test.is_good { "pass" } else { "warn" },
        name: test.name.clone(),
        at: utc(test.judged_at),
        title: test.title.clone(),
        advice: test.advice.clone(),
        rows: test.rows.clone(),
    }
}

pub(super) fn reminder_pages(reminders: &[ReminderReport]) -> Vec<ReminderPage> {
    let page = |reminder: &ReminderReport| ReminderPage {
        class: if reminder.is_done { "pass" } else { "info" },
        word: if reminder.is_done { "Done" } else { "To do" },
        from: reminder.from.map_or_else(|| "after the switch".to_owned(), utc),
        title: reminder.title.clone(),
        detail: reminder.detail.clone(),
    };
    reminders.iter().map(page).collect()
}
