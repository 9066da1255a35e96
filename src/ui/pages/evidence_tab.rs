//! The owner's own files as evidence, let go here, chosen in a dialog, or named by their path, and the mailboxes at the old
//! server.

use egui::{Frame, Margin, Rect, Ui, Vec2};

use crate::audit::{AuditReport, Finding, Status};
use crate::engine::{AuditView, Command, ProjectView, Step};
use crate::ui::fonts::Type;
use crate::ui::icons::Icon;
use crate::ui::page_cx::PageCx;
use crate::ui::platform::Purpose;
use crate::ui::theme::{PANEL_GAP, Theme};
use crate::ui::widgets::button::Button;
use crate::ui::widgets::copy_field::copy_field;
use crate::ui::widgets::path_field::PathField;
use crate::ui::widgets::text_area::text_area;
use crate::ui::widgets::{drop_zone, panel, text};
use crate::values::counted_as;

/// View state of the tab.
pub struct EvidenceTab {
    path: PathField,
    pasted: String,
}

impl Default for EvidenceTab {
    fn default() -> Self {
        Self { path: PathField::new(Purpose::ReadEvidence), pasted: String::new() }
    }
}

impl EvidenceTab {
    /// Draws the drop zone, and what was read.
    pub fn ui(
        &mut self,
        ui: &mut Ui,
        project: &ProjectView,
        report: Option<&AuditReport>,
        cx: &mut PageCx<'_>,
    ) {
        self.drop(ui, project, cx);
        ui.add_space(PANEL_GAP);
        mailboxes(ui, project, cx);
        ui.add_space(PANEL_GAP);
        let read =
            report.and_then(|report| report.findings.iter().find(|finding| finding.id == "delivery.sources"));
        if let Some(finding) = read {
            sources(ui, finding);
            ui.add_space(PANEL_GAP);
        }
        if let Some(report) = report {
            self.pasted(ui, project, report, cx);
        }
    }

    /// What the line for the server printed, where port 25 is closed from here.
    fn pasted(&mut self, ui: &mut Ui, project: &ProjectView, report: &AuditReport, cx: &mut PageCx<'_>) {
        let theme = Theme::of(ui);
        panel::panel(ui, |ui| {
            panel::section(ui, "What your server itself sees");
            ui.add_space(4.0);
            let line = report.findings.iter().find(|finding| finding.id == "tls.not-probed");
            let words = match line {
                Some(_) => {
                    "Port 25 of your mail hosts was not reached from here. Run this line on your server, and paste what it prints."
                }
                None => {
                    "Your mail hosts were reached from here, so nothing is needed. Output of the line for the server can be pasted all the same."
                }
            };
            text::paragraph(ui, words, Type::Body, theme.text2);
            if let Some(value) = line.and_then(|finding| finding.copy.as_ref()) {
                ui.add_space(6.0);
                copy_field(ui, &value.name, &value.value);
            }
            ui.add_space(8.0);
            text_area(ui, "Output of your server", "mailferry-probe …", &mut self.pasted);
            ui.add_space(8.0);
            let is_idle = !matches!(project.audit, AuditView::Running { .. });
            let can_read = is_idle && !self.pasted.trim().is_empty();
            if Button::secondary("Read the output").small().enabled(can_read).show(ui).clicked() {
                cx.send(Command::TakeProbeOutput(std::mem::take(&mut self.pasted)));
            }
        });
    }

    fn drop(&mut self, ui: &mut Ui, project: &ProjectView, cx: &mut PageCx<'_>) {
        let theme = Theme::of(ui);
        let hovered = drop_zone::hovered_files(ui);
        let whole = ui.available_rect_before_wrap();
        let ground = Rect::from_min_size(whole.min, Vec2::new(whole.width(), 166.0));
        drop_zone::paint_ground(ui, ground, !hovered.is_empty());
        Frame::new().inner_margin(Margin { left: 16, right: 16, top: 12, bottom: 14 }).show(ui, |ui| {
            ui.set_width(ui.available_width());
            let title = match hovered.first() {
                Some(name) => format!("Let go to read {name}"),
                None => "Drop a mail log, bounces or reports here".to_owned(),
            };
            panel::section(ui, &title);
            let words = "Logs of Postfix, Exim, Sendmail or OpenSMTPD, returned mail, DMARC and TLS reports; packed or \
                         not, single files or a folder. They are read on this computer and kept nowhere: of recipients \
                         only the domain is counted.";
            text::paragraph(ui, words, Type::Body, theme.text2);
            ui.add_space(7.0);
            self.path.show(ui, "Evidence file or folder", cx);
            ui.add_space(8.0);
            let is_idle = !matches!(project.audit, AuditView::Running { .. });
            let path = self.path.path().filter(|_| is_idle);
            if Button::secondary("Read as evidence").small().enabled(path.is_some()).show(ui).clicked()
                && let Some(path) = path
            {
                cx.send(Command::ReadEvidence(vec![path]));
            }
        });
    }
}

/// The mailboxes at the old server: what came back, and what others report, lies there.
fn mailboxes(ui: &mut Ui, project: &ProjectView, cx: &mut PageCx<'_>) {
    let theme = Theme::of(ui);
    let readable = project.readable_mailboxes().count();
    panel::panel(ui, |ui| {
        panel::section(ui, "Read it from the mailboxes");
        ui.add_space(4.0);
        let words = "Your old server is asked for returned mail, DMARC and TLS reports, complaints and a few messages of your \
                     own domain of the last 90 days. Nothing changes there, and no letter of others is read.";
        text::paragraph(ui, words, Type::Body, theme.text2);
        ui.add_space(8.0);
        let is_idle = !matches!(project.audit, AuditView::Running { .. });
        let label = match readable {
            0 => "Read from the mailboxes".to_owned(),
            count => format!("Read from {}", counted_as(count, "mailbox", "mailboxes")),
        };
        let button = Button::secondary(&label).small().icon(Icon::Inbox).enabled(is_idle && readable > 0);
        if button.show(ui).clicked() {
            cx.send(Command::ReadMailboxes);
        }
        let left = project.mailboxes.len() - readable;
        if readable == 0 {
            ui.add_space(6.0);
            let why = "This needs your old server and the password of at least one mailbox.";
            text::paragraph(ui, why, Type::Small, theme.text2);
            if Button::link("Add mailboxes and passwords").show(ui).clicked() {
                cx.go(Step::Mailboxes);
            }
        } else if left > 0 {
            ui.add_space(6.0);
            let why = format!("{} without a password, left alone.", counted_as(left, "mailbox", "mailboxes"));
            text::paragraph(ui, why, Type::Small, theme.text2);
        }
    });
}

fn sources(ui: &mut Ui, finding: &Finding) {
    let theme = Theme::of(ui);
    panel::panel(ui, |ui| {
        panel::section(ui, &finding.title);
        ui.add_space(4.0);
        let color = if finding.status == Status::Unknown { theme.text } else { theme.text2 };
        text::paragraph(ui, finding.words.as_str(), Type::Body, color);
        for line in finding.evidence.iter().flat_map(|evidence| &evidence.data) {
            text::paragraph(ui, line.as_str(), Type::Mono, theme.text2);
        }
    });
}
