use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use egui::{Align, CornerRadius, CursorIcon, Layout, Pos2, Rect, Role, Sense, Ui, Vec2, WidgetInfo};

use super::address_range::AddressRangeTab;
use super::evidence_tab::EvidenceTab;
use super::finding;
use super::receivers::ReceiversTab;
use super::since_last::SinceLast;
use crate::audit::{Area, AuditReport, Finding, Group, Status};
use crate::engine::{AuditView, Command, ProjectView, Readiness, ReportFormat, Step};
use crate::ui::fonts::Type;
use crate::ui::format;
use crate::ui::icons::{ICON, Icon};
use crate::ui::page_cx::PageCx;
use crate::ui::platform::Purpose;
use crate::ui::shell::{Act, Footer, FooterButton, captioned_head, scroll_page};
use crate::ui::shortcuts::{self, Wish};
use crate::ui::theme::{PANEL_GAP, RADIUS_CONTROL, Theme, Tone};
use crate::ui::widgets::badge::{Badge, filter_chip, of_status};
use crate::ui::widgets::button::Button;
use crate::ui::widgets::field::Field;
use crate::ui::widgets::path_field::PathField;
use crate::ui::widgets::row_list::{Column, Cursor, RowList, table_head};
use crate::ui::widgets::tabs::{tab, tab_bar};
use crate::ui::widgets::{bar, choice, empty_state, error_card, focus_ring_inside, panel, text};

/// Columns of the findings: status, title, importance, effort, who can change it, chevron.
pub const COLUMNS: [Column; 6] = [
    Column::words("Status", 96.0),
    Column::words("Finding", 0.0),
    Column::words("Importance", 98.0),
    Column::words("Effort", 62.0),
    Column::words("Who can change it", 136.0),
    Column::words("", 20.0),
];

const STATUSES: [Status; 6] =
    [Status::Fail, Status::Warn, Status::Unknown, Status::Info, Status::Pass, Status::NotApplicable];
const AREAS: [Area; 10] = [
    Area::Zone,
    Area::IncomingMail,
    Area::SendingAddress,
    Area::Spf,
    Area::Dkim,
    Area::Dmarc,
    Area::Transport,
    Area::BlockLists,
    Area::Delivery,
    Area::Messages,
];
const GROUPS: [Group; 7] = [
    Group::SpeaksForMoving,
    Group::TravelsWithYou,
    Group::MattersForTheSwitch,
    Group::CouldNotBeMeasured,
    Group::GoodToKnow,
    Group::Passed,
    Group::NotApplicable,
];

/// The parts of the page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Tab {
    #[default]
    Findings,
    Receivers,
    Evidence,
    /// The street that the server lives in.
    AddressRange,
}

/// Step Audit: the findings, filtered and grouped, one of which may be open; who accepts the mail; and the owner's own
/// files.
pub struct AuditPage {
    statuses: Vec<Status>,
    area: Option<Area>,
    search: String,
    folded: BTreeSet<Group>,
    open: Option<String>,
    shows_evidence: bool,
    cursors: [Cursor; 7],
    is_saving: bool,
    tab: Tab,
    receivers: ReceiversTab,
    since: SinceLast,
    evidence: EvidenceTab,
    path: PathField,
    /// `None`: the facts themselves.
    format: Option<ReportFormat>,
    address_range: AddressRangeTab,
}

impl Default for AuditPage {
    fn default() -> Self {
        Self {
            statuses: Vec::new(),
            area: None,
            search: String::new(),
            folded: BTreeSet::from([Group::GoodToKnow, Group::Passed, Group::NotApplicable]),
            open: None,
            shows_evidence: false,
            cursors: [Cursor::default(); 7],
            is_saving: false,
            tab: Tab::default(),
            receivers: ReceiversTab::default(),
            since: SinceLast::default(),
            evidence: EvidenceTab::default(),
            path: PathField::new(Purpose::SaveAudit),
            format: Some(ReportFormat::Html),
            address_range: AddressRangeTab::default(),
        }
    }
}

impl AuditPage {
    /// Draws the page.
    pub fn ui(&mut self, ui: &mut Ui, project: &ProjectView, cx: &mut PageCx<'_>) {
        let report = project.audit.report().cloned();
        // The other parts have headings of their own, and need the room.
        let has_head = self.tab == Tab::Findings || report.is_none();
        tab_bar(ui, cx.is_narrow, |ui| {
            self.tabs(ui, report.as_deref());
            if !has_head {
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| self.buttons(ui, project, cx));
            }
        });
        scroll_page(ui, "audit", cx.is_narrow, |ui| {
            if has_head {
                self.head(ui, project, report.as_ref(), cx);
            }
            match &project.audit {
                AuditView::NotRun => not_run(ui, project),
                AuditView::Failed(error) => error_card::error_card(ui, error, Tone::Fail, cx.commands),
                AuditView::Running { done, total, what, .. } => running(ui, *done, *total, what),
                AuditView::Done(_) => {}
            }
            if self.is_saving && report.is_some() {
                self.save(ui, project, cx);
            }
            match (self.tab, &report) {
                (Tab::Evidence, report) => self.evidence.ui(ui, project, report.as_deref(), cx),
                (Tab::Findings, Some(report)) => self.report(ui, report, project, cx),
                (Tab::Receivers, Some(report)) => self.receivers.ui(ui, report, cx.is_narrow),
                (Tab::AddressRange, Some(report)) => self.address_range.ui(ui, project, report, cx),
                (Tab::Findings | Tab::Receivers | Tab::AddressRange, None) => {}
            }
        });
    }

    /// Findings, receivers and evidence; without a report only files can be read.
    fn tabs(&mut self, ui: &mut Ui, report: Option<&AuditReport>) {
        let counted = |count: usize| if count > 0 { count.to_string() } else { String::new() };
        let range = match report.map_or(&[][..], |report| &report.ranges) {
            [only] => only.range.clone(),
            several => counted(several.len()),
        };
        let tabs = [
            (Tab::Findings, "Findings", counted(report.map_or(0, |report| report.findings.len()))),
            (Tab::Receivers, "Receivers", counted(report.map_or(0, |report| report.receivers.len()))),
            (Tab::AddressRange, "Address range", range),
            (Tab::Evidence, "Evidence", String::new()),
        ];
        for (part, label, holds) in &tabs {
            if tab(ui, self.tab == *part, label, holds).clicked() {
                self.tab = *part;
            }
        }
    }

    fn head(
        &mut self,
        ui: &mut Ui,
        project: &ProjectView,
        report: Option<&Arc<AuditReport>>,
        cx: &mut PageCx<'_>,
    ) {
        let summary = match (&project.audit, report) {
            (AuditView::Running { .. }, _) => asked_words(project).to_owned(),
            (_, Some(report)) => report.summary.clone(),
            _ => "What receivers see of your domain, with the raw answers under every sentence.".to_owned(),
        };
        let caption = report.map_or_else(String::new, |report| format::date_time(report.at));
        captioned_head(ui, "Audit", &summary, &caption, |ui| {
            if report.is_some() {
                self.buttons(ui, project, cx);
            }
        });
    }

    /// What can be done with a finished audit, from right to left.
    fn buttons(&mut self, ui: &mut Ui, project: &ProjectView, cx: &mut PageCx<'_>) {
        ui.spacing_mut().item_spacing.x = 8.0;
        let button = Button::secondary("Save audit…").small().icon(Icon::Save);
        if button.show(ui).clicked() || shortcuts::take(ui.ctx(), Wish::Save) {
            self.is_saving = !self.is_saving;
        }
        let is_idle = !matches!(project.audit, AuditView::Running { .. });
        if is_idle && Button::secondary("Run again").small().icon(Icon::Again).show(ui).clicked() {
            cx.send(Command::RunAudit);
        }
    }

    fn save(&mut self, ui: &mut Ui, project: &ProjectView, cx: &mut PageCx<'_>) {
        panel::panel(ui, |ui| {
            panel::section(ui, "Save the audit");
            ui.add_space(8.0);
            ui.horizontal(|ui| {
                let formats = FORMATS.into_iter().map(|(format, label)| (Some(format), label));
                for (format, label) in formats.chain([(None, "Facts")]) {
                    if choice::option_button(ui, self.format == format, label).clicked() {
                        self.format = format;
                        self.path.repropose(|| proposed(project, format));
                    }
                    ui.add_space(6.0);
                }
            });
            ui.add_space(8.0);
            if self.format.is_none() {
                let theme = Theme::of(ui);
                let words = "Facts are every answer as it came. Drop the file on the start page of Mailferry, here or \
                             on another computer, and it is judged again without asking anybody.";
                text::paragraph(ui, words, Type::Body, theme.text2);
                ui.add_space(8.0);
            }
            self.path.propose(|| proposed(project, self.format));
            self.path.show(ui, "Audit file", cx);
            ui.add_space(8.0);
            let path = self.path.path();
            let is_clicked = Button::secondary("Save audit").enabled(path.is_some()).show(ui).clicked();
            if let Some(path) = path.filter(|_| is_clicked) {
                cx.send(match self.format {
                    Some(format) => Command::ExportAudit { path, format },
                    None => Command::ExportFacts(path),
                });
                self.is_saving = false;
            }
        });
        ui.add_space(PANEL_GAP);
    }

    fn report(&mut self, ui: &mut Ui, report: &AuditReport, project: &ProjectView, cx: &mut PageCx<'_>) {
        if let Some(since) = &report.since {
            self.since.ui(ui, since);
        }
        self.filters(ui, report);
        ui.add_space(12.0);
        let is_idle = !matches!(project.audit, AuditView::Running { .. });
        if cx.is_narrow {
            self.findings(ui, report, is_idle, cx);
            return;
        }
        let whole = ui.available_rect_before_wrap();
        let left = Rect::from_x_y_ranges(whole.left()..=whole.left() + 176.0, whole.y_range());
        let right = Rect::from_x_y_ranges(left.right() + 16.0..=whole.right(), whole.y_range());
        let mut taken = Rect::NOTHING;
        for (salt, place) in [("areas", left), ("findings", right)] {
            let mut child = ui.new_child(egui::UiBuilder::new().id_salt(salt).max_rect(place));
            child.set_width(place.width());
            if salt == "areas" {
                self.areas(&mut child, report);
            } else {
                self.findings(&mut child, report, is_idle, cx);
            }
            taken = taken.union(child.min_rect());
        }
        ui.advance_cursor_after_rect(taken);
    }

    fn filters(&mut self, ui: &mut Ui, report: &AuditReport) {
        ui.horizontal(|ui| {
            let field_width = 190.0;
            for status in STATUSES {
                let count = report.count(status);
                if count == 0 || ui.available_width() < field_width + 110.0 {
                    continue;
                }
                let Badge { tone, icon, word } = of_status(status);
                let is_on = self.statuses.contains(&status);
                if filter_chip(ui, tone, icon, &word, count, is_on).clicked() {
                    if is_on {
                        self.statuses.retain(|other| *other != status);
                    } else {
                        self.statuses.push(status);
                    }
                }
                ui.add_space(6.0);
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let hint = format!("Find in {}", format::counted(report.findings.len(), "check", "checks"));
                let field = Field::new("Find in the checks").small().hint(&hint).icon(Icon::Search);
                field.width(field_width.min(ui.available_width())).show(ui, &mut self.search);
            });
        });
    }

    fn areas(&mut self, ui: &mut Ui, report: &AuditReport) {
        if area_row(ui, "All checks", &report.findings.iter(), self.area.is_none()) {
            self.area = None;
        }
        for area in AREAS {
            let findings = || report.findings.iter().filter(move |finding| finding.area == area);
            if findings().next().is_some()
                && area_row(ui, area_name(area), &findings(), self.area == Some(area))
            {
                self.area = Some(area);
            }
        }
    }

    fn is_shown(&self, finding: &Finding) -> bool {
        let search = self.search.trim().to_lowercase();
        (self.statuses.is_empty() || self.statuses.contains(&finding.status))
            && self.area.is_none_or(|area| finding.area == area)
            && (search.is_empty()
                || finding.title.to_lowercase().contains(&search)
                || finding.words.to_lowercase().contains(&search)
                || finding.id.contains(&search))
    }

    fn findings(&mut self, ui: &mut Ui, report: &AuditReport, is_idle: bool, cx: &mut PageCx<'_>) {
        let shown: Vec<&Finding> = report.findings.iter().filter(|finding| self.is_shown(finding)).collect();
        if shown.is_empty() {
            panel::flush_panel(ui, |ui| {
                let words = "No check matches the filters. Take one away to see more.";
                empty_state::empty_state(ui, Icon::Search, "Nothing found", words, |ui| {
                    if Button::secondary("Show all checks").show(ui).clicked() {
                        self.statuses.clear();
                        self.search.clear();
                        self.area = None;
                    }
                });
            });
            return;
        }
        panel::flush_panel(ui, |ui| {
            let (head, _) = table_head(ui, &COLUMNS, &[], None);
            for (index, group) in GROUPS.into_iter().enumerate() {
                let members: Vec<&Finding> =
                    shown.iter().copied().filter(|finding| finding.group == group).collect();
                if members.is_empty() {
                    continue;
                }
                // A search or a filter opens what it found.
                let is_filtered = !self.statuses.is_empty() || !self.search.trim().is_empty();
                let is_folded = self.folded.contains(&group) && !is_filtered;
                if group_head(ui, group, members.len(), is_folded) {
                    if is_folded {
                        self.folded.remove(&group)
                    } else {
                        self.folded.insert(group)
                    };
                }
                if !is_folded {
                    let again = self.group(ui, head, index, group, &members);
                    if let Some(id) = again.filter(|_| is_idle) {
                        cx.send(Command::CheckAgain(id));
                    }
                }
            }
        });
    }

    /// Draws a group; returns the id of a finding that is to be checked again.
    fn group(
        &mut self,
        ui: &mut Ui,
        head: Rect,
        index: usize,
        group: Group,
        members: &[&Finding],
    ) -> Option<String> {
        let mut again = None;
        let mut spare = Cursor::default();
        let cursor = self.cursors.get_mut(index).unwrap_or(&mut spare);
        let open = members.iter().position(|finding| self.open.as_ref() == Some(&finding.id));
        let top =
            Rect::from_min_size(Pos2::new(head.left(), ui.cursor().top()), Vec2::new(head.width(), 1.0));
        let mut list = RowList::begin(ui, group_name(group), top, members.len(), finding::ROW, cursor);
        let sentence =
            |index: usize| members.get(index).map_or_else(String::new, |finding| finding::sentence(finding));
        let draw = |ui: &mut Ui, index: usize, row: Rect, _look| {
            if let Some(finding) = members.get(index) {
                finding::row(ui, row, finding, open == Some(index));
            }
        };
        let split = open.map_or(members.len(), |open| open + 1);
        list.rows(ui, 0..split, sentence, draw);
        if let Some(finding) = open.and_then(|open| members.get(open)) {
            if finding::details(ui, finding, &mut self.shows_evidence) {
                again = Some(finding.id.clone());
            }
            list.rows(ui, split..members.len(), sentence, draw);
        }
        if let Some(finding) = list.end().opened.and_then(|index| members.get(index)) {
            let is_open = self.open.as_ref() == Some(&finding.id);
            self.open = (!is_open).then(|| finding.id.clone());
            self.shows_evidence = false;
        }
        again
    }
}

/// A path beside the project file: `weber.example-audit.html`, or `weber.example.zone` without a word in between.
///
/// The folder of a practice project goes when it is closed, so what is saved from there goes to the home folder.
pub fn beside(project: &ProjectView, what: &str, extension: &str) -> PathBuf {
    let gap = if what.is_empty() { "" } else { "-" };
    let name = format!("{}{gap}{what}.{extension}", project.domain.name.as_ascii());
    match std::env::home_dir().filter(|_| project.is_practice) {
        Some(home) => home.join(format!("practice-{name}")),
        None => project.path.with_file_name(name),
    }
}

/// The forms of a report, as they are offered.
pub const FORMATS: [(ReportFormat, &str); 3] =
    [(ReportFormat::Html, "HTML"), (ReportFormat::Markdown, "Markdown"), (ReportFormat::Json, "JSON")];

/// Where the audit is saved unless the owner names another place.
fn proposed(project: &ProjectView, format: Option<ReportFormat>) -> PathBuf {
    match format {
        Some(format) => beside(project, "audit", extension(format)),
        None => beside(project, "facts", "json"),
    }
}

/// The usual ending of a report's file.
pub const fn extension(format: ReportFormat) -> &'static str {
    match format {
        ReportFormat::Html => "html",
        ReportFormat::Json => "json",
        ReportFormat::Markdown => "md",
    }
}

fn not_run(ui: &mut Ui, project: &ProjectView) {
    panel::flush_panel(ui, |ui| {
        let asked = if project.is_practice { "the DNS inside this program" } else { "public DNS" };
        let words = format!(
            "Mailferry asks {asked} about your MX, SPF, DKIM and DMARC records, the names of your sending \
             addresses, and block lists. The findings appear here, most important first."
        );
        empty_state::empty_state(ui, Icon::Search, "Not audited yet", &words, |_| {});
    });
}

fn running(ui: &mut Ui, done: usize, total: usize, what: &str) {
    panel::panel(ui, |ui| {
        let numbers = format!("{done} of {total} answers");
        let label = if what.is_empty() { "Asking" } else { what };
        bar::labelled_progress(
            ui,
            label,
            &numbers,
            format::share(done as u64, total as u64),
            Tone::Running,
            None,
        );
    });
    ui.add_space(PANEL_GAP);
}

/// Who is asked by an audit.
const fn asked_words(project: &ProjectView) -> &'static str {
    if project.is_practice {
        "The audit asks the DNS inside Mailferry; nothing leaves this computer"
    } else {
        "Only public DNS and your own servers are asked; nothing is uploaded"
    }
}

const fn area_name(area: Area) -> &'static str {
    match area {
        Area::Zone => "Zone and delegation",
        Area::IncomingMail => "Incoming mail",
        Area::SendingAddress => "Sending address",
        Area::Spf => "SPF",
        Area::Dkim => "DKIM",
        Area::Dmarc => "DMARC",
        Area::Transport => "Transport security",
        Area::BlockLists => "Block lists",
        Area::Delivery => "Receivers",
        Area::Messages => "Messages",
    }
}

fn area_row<'a>(
    ui: &mut Ui,
    name: &str,
    findings: &(impl Iterator<Item = &'a Finding> + Clone),
    is_on: bool,
) -> bool {
    let theme = Theme::of(ui);
    let (row, response) = ui.allocate_exact_size(Vec2::new(ui.available_width(), 35.0), Sense::click());
    let count = findings.clone().count();
    let checks = format::counted(count, "check", "checks");
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, is_on, format!("{name}, {checks}")));
    if is_on || response.hovered() {
        let fill = if is_on { theme.select } else { theme.hover };
        ui.painter().rect_filled(row, CornerRadius::same(RADIUS_CONTROL), fill);
    }
    let inner = Rect::from_min_max(row.min + Vec2::new(10.0, 4.0), row.max - Vec2::new(10.0, 11.0));
    let style = if is_on { Type::Strong } else { Type::Body };
    text::left(ui, inner, name, style, theme.text);
    text::right(ui, inner, count.to_string(), Type::Body, theme.text2);
    // Only what is not passed: a full bar would say nothing.
    let parts: Vec<_> = [Status::Fail, Status::Warn, Status::Unknown, Status::Info]
        .into_iter()
        .map(|status| {
            let share = findings.clone().filter(|finding| finding.status == status).count();
            (format::share(share as u64, count as u64), theme.tone(of_status(status).tone).bar)
        })
        .collect();
    let bar =
        Rect::from_min_max(Pos2::new(row.left() + 10.0, row.bottom() - 9.0), row.max - Vec2::new(10.0, 5.0));
    bar::parts_at(ui, bar, &parts);
    focus_ring_inside(ui, &response, row);
    response.on_hover_cursor(CursorIcon::PointingHand).clicked()
}

const fn group_name(group: Group) -> &'static str {
    match group {
        Group::SpeaksForMoving => "Speaks for moving",
        Group::TravelsWithYou => "Travels with you",
        Group::MattersForTheSwitch => "Matters for the switch",
        Group::CouldNotBeMeasured => "Could not be measured",
        Group::GoodToKnow => "Good to know",
        Group::Passed => "Passed",
        Group::NotApplicable => "Not applicable",
    }
}

const fn group_words(group: Group) -> &'static str {
    match group {
        Group::SpeaksForMoving => "Nothing you publish can change this; a new sending address can",
        Group::TravelsWithYou => "Fix these whether you move or stay",
        Group::MattersForTheSwitch => "Do this a day before",
        Group::CouldNotBeMeasured => "Unknown is not bad and not good; each one says how to find out",
        Group::GoodToKnow => "Facts, neither good nor bad",
        Group::Passed => "Measured and in order",
        Group::NotApplicable => "Does not apply to your domain",
    }
}

fn group_head(ui: &mut Ui, group: Group, count: usize, is_folded: bool) -> bool {
    let theme = Theme::of(ui);
    let (row, response) = ui.allocate_exact_size(Vec2::new(ui.available_width(), 32.0), Sense::click());
    let name = group_name(group);
    let state = if is_folded { "folded" } else { "open" };
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("{name}, {count}, {state}")));
    ui.painter().rect_filled(row, 0.0, if response.hovered() { theme.hover } else { theme.sunken });
    ui.painter().hline(row.x_range(), row.top() - 0.5, theme.hairline());
    let chevron = Rect::from_center_size(Pos2::new(row.left() + 20.0, row.center().y), Vec2::splat(ICON));
    let icon = if is_folded { Icon::ChevronRight } else { Icon::ChevronDown };
    icon.paint(ui, chevron, ICON, theme.text2);
    let words = Rect::from_min_max(row.min + Vec2::new(33.0, 0.0), row.max - Vec2::new(15.0, 0.0));
    let place = text::left(ui, words, name, Type::Strong, theme.text);
    let next = |from: f32| Rect::from_min_max(Pos2::new(from, row.top()), words.max);
    let place = text::left(ui, next(place.right() + 7.0), count.to_string(), Type::Body, theme.text2);
    text::left(ui, next(place.right() + 14.0), group_words(group), Type::Small, theme.text2);
    focus_ring_inside(ui, &response, row);
    response.on_hover_cursor(CursorIcon::PointingHand).clicked()
}

/// What the footer says.
pub fn footer(project: &ProjectView, footer: &mut Footer) {
    footer.tone = Tone::Info;
    footer.secondary = match project.audit {
        AuditView::Running { .. } => {
            Some(FooterButton::with_icon("Cancel the audit", Icon::Close, Act::Send(Command::CancelAudit)))
        }
        AuditView::NotRun | AuditView::Failed(_) | AuditView::Done(_) => None,
    };
    let run = |label| FooterButton::new(label, Act::Send(Command::RunAudit));
    footer.primary = Some(match project.audit {
        AuditView::NotRun => run("Run the audit"),
        AuditView::Failed(_) => run("Run the audit again"),
        AuditView::Running { .. } | AuditView::Done(_) => {
            FooterButton::new("Show the verdict", Act::Go(Step::Verdict))
        }
    });
    match project.audit {
        AuditView::NotRun => footer.readiness = Readiness::Ready(asked_words(project).to_owned()),
        AuditView::Failed(_) => footer.readiness = Readiness::Ready(String::new()),
        AuditView::Running { .. } | AuditView::Done(_) => {}
    }
}
