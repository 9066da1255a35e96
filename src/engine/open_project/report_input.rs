//! Gathers what the report of a move contains.

use crate::accounts::left_behind;
use crate::cutover::{
    MxRecord, TestMessage, Viewer, proof_words, reading_words, reminder_words, test_words, way_back,
};
use crate::engine::api::copy_snapshot::MailboxProgressState;
use crate::engine::api::copy_words::elsewhere_words;
use crate::engine::api::standing::{CopyStanding, copied_to, copy_standing};
use crate::engine::api::switch_snapshot::ReminderView;
use crate::engine::api::user_error::{FolderRemark, UserError};
use crate::engine::open_project::OpenProject;
use crate::plan::{FolderChoice, MailboxPlan};
use crate::project::{EarlierCopy, FolderTotals, ProjectError};
use crate::records::SwitchStage;
use crate::report::{
    AccountsReport, CopyReport, EarlierReport, FolderReport, MailboxReport, PauseReport, ProblemReport,
    RecordsReport, ReminderReport, ReportInput, RoundReport, SightReport, SweepReport, SwitchReport,
    TestReport,
};
use crate::values::{Endpoint, UnixTime};

/// Gathers the final report's contents from the open project.
pub(in crate::engine) fn gather(open: &OpenProject) -> Result<ReportInput, ProjectError> {
    let view = &open.view;
    let copy = match view.copy.started_at {
        None => None,
        Some(_) => Some(CopyReport {
            started_at: view.copy.started_at,
            finished_at: view.copy.finished_at,
            mailboxes: mailboxes(open)?,
            problems: view
                .copy
                .problems
                .iter()
                .map(|group| ProblemReport {
                    state: group.state,
                    cause: group.cause.clone(),
                    count: group.count,
                    way_out: group.way_out.clone(),
                    samples: group.samples.clone(),
                })
                .collect(),
            verification: view.copy.verification.clone(),
            verification_counts: view.copy.verification_counts.clone(),
            pauses: view
                .copy
                .pauses
                .iter()
                .map(|pause| PauseReport {
                    words: pause.words.clone(),
                    times: pause.times,
                    seconds: pause.seconds,
                    mailboxes: pause.mailboxes,
                })
                .collect(),
            selection: view.plan.options.words(),
            trial: view.copy.trial,
            earlier: view.copy.earlier.iter().map(earlier).collect(),
            remark: match copy_standing(view) {
                CopyStanding::Elsewhere => Some(elsewhere_words(view)),
                _ => None,
            },
        }),
    };
    Ok(ReportInput {
        domain: open.project.domain().clone(),
        made_at: UnixTime::now(),
        program_version: env!("CARGO_PKG_VERSION").to_owned(),
        is_practice: open.project.is_practice(),
        source_server: source_words(open),
        destination: destination_words(open),
        audit: view.audit.report().map(|report| (**report).clone()),
        copy,
        records: view.records.plan.as_ref().map(|plan| RecordsReport {
            plan: (**plan).clone(),
            zone_text: view.records.zone_texts.get(&SwitchStage::Now).cloned().unwrap_or_default(),
        }),
        switch: switch(open),
        reminders: remaining(open),
        accounts: accounts(open),
        left_behind: left_behind(&view.accounts.directory, &view.accounts.plan),
    })
}

/// How the switch went, if it was watched.
fn switch(open: &OpenProject) -> Option<SwitchReport> {
    let log = open.switch_log()?;
    let reading = log.reading.as_ref()?;
    let now = UnixTime::now();
    let hosts = |records: &[MxRecord]| records.iter().map(|record| record.host.to_string()).collect();
    Some(SwitchReport {
        standing: match log.finished_at {
            Some(_) => "The move is finished.".to_owned(),
            None => reading_words(reading, now),
        },
        old_hosts: hosts(&log.watch.route.old),
        new_hosts: hosts(&log.watch.route.new),
        published_at: log.watch.published_at,
        over_at: log.watch.over_at,
        finished_at: log.finished_at,
        rounds: log.rounds,
        notes: log
            .notes
            .iter()
            .map(|note| RoundReport {
                at: note.at,
                new: note.new,
                old: note.old,
                wrong: note.wrong,
                silent: note.silent,
                proven: note.proven,
            })
            .collect(),
        sights: reading
            .sights
            .iter()
            .map(|sight| SightReport {
                who: match &sight.viewer {
                    Viewer::Server(server) => format!("{} ({})", server.name, server.address),
                    Viewer::Resolver(label) => format!("resolver {label}"),
                },
                sees: sight.words(),
                proof: proof_words(sight).unwrap_or_default(),
            })
            .collect(),
        tests: log.tests.iter().map(test).collect(),
        sweeps: log
            .sweeps
            .iter()
            .map(|sweep| SweepReport {
                began_at: sweep.began_at,
                messages: sweep.messages,
                is_whole: sweep.is_whole,
            })
            .collect(),
        late_messages: log.late_messages,
        way_back: way_back(&log.watch.route),
    })
}

/// A test message as the report shows it.
fn test(test: &TestMessage) -> TestReport {
    let words = test_words(test);
    TestReport {
        name: test.name.clone(),
        judged_at: test.judged_at,
        title: words.title.to_owned(),
        advice: words.advice,
        is_good: test.verdict.is_good(),
        rows: words.rows.into_iter().map(|row| (row.what.to_owned(), row.outcome)).collect(),
    }
}

/// What remains to be done after the switch.
fn remaining(open: &OpenProject) -> Vec<ReminderReport> {
    let view = open.switch_view(UnixTime::now());
    let provider = copied_to(&open.view).unwrap_or("the new provider");
    let report = |one: &ReminderView| {
        let words = reminder_words(&one.reminder, provider);
        ReminderReport {
            title: words.title.to_owned(),
            detail: words.detail,
            from: one.reminder.from,
            is_done: one.is_done(),
        }
    };
    view.reminders.iter().map(report).collect()
}

/// What the old server's files say, if any were read.
fn accounts(open: &OpenProject) -> Option<AccountsReport> {
    let directory = &open.view.accounts.directory;
    (!directory.is_empty()).then(|| AccountsReport {
        sources: directory.sources.clone(),
        mailboxes: directory.accounts.len(),
        aliases: (*open.view.accounts.plan).clone(),
        left_out: directory.left_out.clone(),
        more_left_out: directory.more_left_out,
    })
}

/// Where the mail came from: the server of the copy, if there was one, whatever is chosen now.
fn source_words(open: &OpenProject) -> String {
    let copied = open.view.copy.route.as_ref().map(|route| &route.source);
    copied.or(open.view.domain.source_server.as_ref()).map(ToString::to_string).unwrap_or_default()
}

/// Where the mail went, or where it will go if nothing was copied yet.
fn destination_words(open: &OpenProject) -> String {
    if let Some(route) = &open.view.copy.route {
        return place_words(&route.provider_name, &route.destination);
    }
    let name = open.view.destination.chosen.as_ref().map(|(_, name)| name.clone()).unwrap_or_default();
    match &open.view.destination.server {
        Some(server) => place_words(&name, server),
        None => name,
    }
}

fn place_words(name: &str, server: &Endpoint) -> String {
    format!("{name} ({server})")
}

fn earlier(copy: &EarlierCopy) -> EarlierReport {
    EarlierReport {
        source: copy.route.source.to_string(),
        destination: place_words(&copy.route.provider_name, &copy.route.destination),
        started_at: copy.started_at,
        finished_at: copy.finished_at,
        mailboxes: copy.mailboxes,
        sum: copy.sum,
        verification: copy.verification.clone(),
    }
}

fn mailboxes(open: &OpenProject) -> Result<Vec<MailboxReport>, ProjectError> {
    let mut reports = Vec::new();
    for shown in &open.view.copy.mailboxes {
        let plan = open.view.plan.mailboxes.get(&shown.id);
        let folders = open.project.ledger(shown.id).folder_totals()?;
        reports.push(MailboxReport {
            address: shown.address.clone(),
            sum: shown.sum,
            trouble: match &shown.state {
                MailboxProgressState::Stopped(error) => Some(trouble_words(error)),
                _ => None,
            },
            folders: folder_reports(&folders, plan),
        });
    }
    Ok(reports)
}

/// Why a mailbox stopped; for folder problems, each with the server's words and what to do.
fn trouble_words(error: &UserError) -> String {
    let of_folder = |remark: &FolderRemark| {
        let said = remark.server_words.as_ref().map(|said| format!(": “{said}”")).unwrap_or_default();
        format!("{}{said}. {}.", remark.title, remark.way_out.what)
    };
    let whole = format!("{}. {}", error.title, error.cause);
    let folders = error.folders.iter().map(of_folder);
    std::iter::once(whole).chain(folders).collect::<Vec<_>>().join(" ")
}

/// Folders of the ledger, then those left out.
fn folder_reports(folders: &[FolderTotals], plan: Option<&MailboxPlan>) -> Vec<FolderReport> {
    let copied = folders.iter().map(|folder| FolderReport {
        name: folder.source.to_string(),
        remark: if folder.source == folder.destination {
            String::new()
        } else {
            format!("to {}", folder.destination)
        },
        sum: folder.totals.sum,
    });
    let left_out = plan.into_iter().flat_map(|plan| &plan.folders).filter_map(|folder| {
        let FolderChoice::LeaveOut(because) = folder.choice else { return None };
        if folders.iter().any(|listed| listed.source == folder.source) {
            return None;
        }
        let mut sum = crate::plan::LedgerSum::default();
        sum.add(crate::plan::MessageState::LeftOut, folder.messages);
        let remark = because.words().to_owned();
        Some(FolderReport { name: folder.source.to_string(), remark, sum })
    });
    copied.chain(left_out).collect()
}
