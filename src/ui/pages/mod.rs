//! One file per page. A page holds only view state; everything it shows comes from the snapshot.

pub mod about;
pub mod address_range;
mod alias_plan;
pub mod audit;
mod certificate_cards;
mod client_guide;
pub mod copy;
mod copy_detail;
mod copy_footer;
mod copy_panels;
mod copy_verify;
mod copy_words;
pub mod destination;
mod destination_change;
mod destination_columns;
mod destination_facts;
mod destination_own;
pub mod domain;
pub mod done;
mod evidence_tab;
mod exchange_panel;
mod finding;
mod guide_steps;
pub mod help;
pub mod log;
mod mailbox_editor;
mod mailbox_import;
mod mailbox_row;
mod mailbox_way;
pub mod mailboxes;
mod message_list;
pub mod plan;
mod plan_aside;
mod plan_options;
mod practice_zone;
mod provider_sign_in;
mod receivers;
pub mod records;
pub mod settings;
mod since_last;
pub mod start;
pub mod switch;
mod switch_route;
mod switch_sights;
mod switch_test_message;
pub mod verdict;

use egui::Ui;

use super::page_cx::PageCx;
use super::shell::Footer;
use super::theme::Tone;
use crate::engine::{ProjectView, Snapshot, Step, readiness};
use crate::plan::Mailbox;

/// All pages of an open project.
#[derive(Default)]
pub struct Pages {
    domain: domain::DomainPage,
    audit: audit::AuditPage,
    verdict: verdict::VerdictPage,
    destination: destination::DestinationPage,
    mailboxes: mailboxes::MailboxesPage,
    plan: plan::PlanPage,
    copy: copy::CopyPage,
    records: records::RecordsPage,
    switch: switch::SwitchPage,
    done: done::DonePage,
}

impl Pages {
    /// Draws a step's page.
    pub fn ui(&mut self, ui: &mut Ui, step: Step, project: &ProjectView, cx: &mut PageCx<'_>) {
        match step {
            Step::Domain => self.domain.ui(ui, project, cx),
            Step::Audit => self.audit.ui(ui, project, cx),
            Step::Verdict => self.verdict.ui(ui, project, cx),
            Step::Destination => self.destination.ui(ui, project, cx),
            Step::Mailboxes => self.mailboxes.ui(ui, project, cx),
            Step::Plan => self.plan.ui(ui, project, cx),
            Step::Copy => self.copy.ui(ui, project, cx),
            Step::Records => self.records.ui(ui, project, cx),
            Step::Switch => self.switch.ui(ui, project, cx),
            Step::Done => self.done.ui(ui, project, cx),
        }
    }

    /// What the footer says on a step's page.
    pub fn footer(&self, step: Step, project: &ProjectView, snapshot: &Snapshot) -> Footer {
        let mut footer = Footer {
            back: back(step),
            readiness: readiness(step, snapshot),
            tone: Tone::Warn,
            secondary: None,
            primary: None,
            menu: Vec::new(),
        };
        match step {
            Step::Domain => domain::footer(project, &mut footer),
            Step::Audit => audit::footer(project, &mut footer),
            Step::Verdict => verdict::footer(project, &mut footer),
            Step::Destination => destination::footer(project, &mut footer),
            Step::Mailboxes => mailboxes::footer(project, &mut footer),
            Step::Plan => plan::footer(project, &mut footer),
            Step::Copy => copy::footer(project, &mut footer),
            Step::Records => records::footer(project, &mut footer),
            Step::Switch => switch::footer(project, snapshot.now, &mut footer),
            Step::Done => self.done.footer(&mut footer),
        }
        footer
    }
}

fn back(step: Step) -> Option<Step> {
    let index = Step::ALL.iter().position(|other| *other == step)?;
    Step::ALL.get(index.checked_sub(1)?).copied()
}

/// A mailbox's short name: `anna@` where the domain is the project's, else the whole address.
fn short_name(mailbox: &Mailbox, project: &ProjectView) -> String {
    if *mailbox.address.domain() == project.domain.name {
        format!("{}@", mailbox.address.local())
    } else {
        mailbox.address.to_string()
    }
}

/// The short form of an address as text, for views that carry no parsed address.
fn short_address(address: &str, project: &ProjectView) -> String {
    match address.rsplit_once('@') {
        Some((local, domain))
            if domain == project.domain.name.as_ascii() || domain == project.domain.name.as_unicode() =>
        {
            format!("{local}@")
        }
        _ => address.to_owned(),
    }
}

/// `Start copying 14 mailboxes`.
fn start_label(project: &ProjectView) -> String {
    match project.plan.mailboxes.len() {
        0 => "Start copying".to_owned(),
        count => format!("Start copying {}", super::format::counted(count, "mailbox", "mailboxes")),
    }
}
