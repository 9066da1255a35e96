use crate::engine::{Command, ProjectView, ProviderAnswer, Readiness, Step, saved_stages};
use std::collections::{BTreeMap, BTreeSet};

use egui::{CursorIcon, Frame, Margin, Pos2, Rect, Role, Sense, Ui, Vec2, WidgetInfo};

use super::audit::beside;
use super::practice_zone;
use crate::records::{
    Change, DiffLine, ExportStage, Format, GroupKind, RecordGroup, RecordsPlan, Safety, SwitchStage,
    dry_run_words, stage_words,
};
use crate::ui::fonts::Type;
use crate::ui::format;
use crate::ui::icons::{ICON, Icon};
use crate::ui::page_cx::PageCx;
use crate::ui::platform::Purpose;
use crate::ui::shell::{Act, Footer, FooterButton, page_head, scroll_page};
use crate::ui::shortcuts::{self, Wish};
use crate::ui::theme::{PANEL_GAP, Theme, Tone};
use crate::ui::widgets::button::Button;
use crate::ui::widgets::choice::{checkbox, option_button, stage_at};
use crate::ui::widgets::copy_field::{copy, copy_icon};
use crate::ui::widgets::diff::diff_line;
use crate::ui::widgets::field::{Field, field_label};
use crate::ui::widgets::panel::Part;
use crate::ui::widgets::path_field::PathField;
use crate::ui::widgets::{empty_state, error_card, focus_ring_inside, note, panel, text};

const STAGES: [(SwitchStage, &str); 3] = [
    (SwitchStage::Now, "Now"),
    (SwitchStage::AtTheSwitch, "At the switch"),
    (SwitchStage::Later, "72 hours later"),
];

/// Most lines of the zone snippet shown; the button copies all of them.
const PREVIEW_LINES: usize = 12;

/// Step Records: what to change in DNS, as a diff against the current zone.
pub struct RecordsPage {
    stage: SwitchStage,
    folded: BTreeSet<GroupKind>,
    shows_kept: bool,
    path: PathField,
    answers: BTreeMap<String, String>,
    format: Format,
    is_way_back: bool,
}

impl Default for RecordsPage {
    fn default() -> Self {
        Self {
            stage: SwitchStage::Now,
            folded: BTreeSet::new(),
            shows_kept: false,
            path: PathField::new(Purpose::SaveZone),
            answers: BTreeMap::new(),
            format: Format::Bind,
            is_way_back: false,
        }
    }
}

impl RecordsPage {
    /// Draws the page.
    pub fn ui(&mut self, ui: &mut Ui, project: &ProjectView, cx: &mut PageCx<'_>) {
        scroll_page(ui, "records", cx.is_narrow, |ui| {
            let summary = "What to change in DNS, in three stages, compared with your current zone.";
            page_head(ui, "Records", summary, |ui| {
                let is_idle = !project.records.is_preparing && project.records.plan.is_some();
                if is_idle
                    && Button::secondary("Read the zone again").small().icon(Icon::Again).show(ui).clicked()
                {
                    cx.send(Command::PrepareRecords);
                }
            });
            if let Some(error) = &project.records.error {
                error_card::error_card(ui, error, Tone::Fail, cx.commands);
                ui.add_space(PANEL_GAP);
            }
            if project.records.is_preparing {
                note::note(
                    ui,
                    Tone::Running,
                    Icon::Running,
                    "Reading your zone as currently published.",
                    None,
                );
                ui.add_space(PANEL_GAP);
            }
            let Some(plan) = project.records.plan.clone() else {
                if !project.records.is_preparing {
                    not_prepared(ui, project, cx);
                }
                return;
            };
            notes(ui, &plan);
            self.stages(ui, &plan);
            ui.add_space(PANEL_GAP);
            judgement(ui, &plan, self.stage);
            panel::columns(ui, 384.0, cx.is_narrow, |ui, part| match part {
                Part::Main => {
                    let is_waiting = project.records.answers.iter().any(|answer| answer.value.is_empty());
                    self.diff(ui, &plan, is_waiting);
                }
                Part::Aside => {
                    if let Some(practice) = &project.practice {
                        practice_zone::on_records(ui, practice, self.stage, cx);
                    }
                    self.answers(ui, project, cx);
                    senders(ui, &plan, cx);
                    self.export(ui, project, cx);
                    files(ui, &plan, self.stage);
                    tried(ui, &plan, self.stage);
                    ramp(ui, &plan);
                }
            });
        });
    }

    fn stages(&mut self, ui: &mut Ui, plan: &RecordsPlan) {
        let (row, _) = ui.allocate_exact_size(Vec2::new(ui.available_width(), 38.0), Sense::hover());
        let width = (row.width() - 16.0) / 3.0;
        let mut x = row.left();
        for (index, (stage, label)) in STAGES.into_iter().enumerate() {
            let place = Rect::from_min_size(Pos2::new(x, row.top()), Vec2::new(width, 38.0));
            x += width + 8.0;
            if stage_at(ui, place, index + 1, label, &changes_of(plan, stage), self.stage == stage).clicked()
            {
                self.stage = stage;
            }
        }
    }

    fn diff(&mut self, ui: &mut Ui, plan: &RecordsPlan, is_waiting: bool) {
        let mut is_empty = true;
        let stage = self.stage;
        panel::flush_panel(ui, |ui| {
            for group in &plan.groups {
                let lines: Vec<&DiffLine> = group
                    .lines
                    .iter()
                    .filter(|line| line.stage == stage && line.change != Change::Keep)
                    .collect();
                if lines.is_empty() {
                    continue;
                }
                is_empty = false;
                let is_folded = self.folded.contains(&group.kind);
                if group_head(ui, group.heading(), &group.purpose, &changes_words(&lines), is_folded)
                    && !self.folded.remove(&group.kind)
                {
                    self.folded.insert(group.kind);
                }
                if !is_folded {
                    lines_of(ui, group, &lines);
                }
            }
            if is_empty {
                if is_waiting {
                    let words = "The lines of this stage appear here once it is entered.";
                    let title = "Waits for the provider's data at the right";
                    empty_state::empty_state(ui, Icon::Waiting, title, words, |_| {});
                } else {
                    let title = "Nothing to change at this stage";
                    empty_state::empty_state(ui, Icon::Pass, title, "Choose another stage above.", |_| {});
                }
            }
            self.kept(ui, plan);
        });
    }

    fn kept(&mut self, ui: &mut Ui, plan: &RecordsPlan) {
        let kept: Vec<&DiffLine> = plan
            .groups
            .iter()
            .flat_map(|group| &group.lines)
            .filter(|line| line.change == Change::Keep)
            .collect();
        if kept.is_empty() {
            return;
        }
        let heading = if kept.len() == 1 {
            "1 record stays as it is".to_owned()
        } else {
            format!("{} records stay as they are", kept.len())
        };
        let types: BTreeSet<&str> = kept.iter().map(|line| line.record_type.as_str()).collect();
        let types = types.into_iter().collect::<Vec<_>>().join(", ");
        if group_head(ui, &heading, &types, "", !self.shows_kept) {
            self.shows_kept = !self.shows_kept;
        }
        if self.shows_kept {
            for (index, line) in kept.iter().enumerate() {
                ui.push_id(("kept", index), |ui| diff_line(ui, line, None));
            }
        }
    }

    fn answers(&mut self, ui: &mut Ui, project: &ProjectView, cx: &mut PageCx<'_>) {
        if project.records.answers.is_empty() {
            return;
        }
        panel::panel(ui, |ui| {
            panel::section(ui, "Values from your provider");
            for ProviderAnswer { name, question, value } in &project.records.answers {
                let theme = Theme::of(ui);
                ui.add_space(8.0);
                text::paragraph(ui, question, Type::Small, theme.text2);
                ui.add_space(4.0);
                let draft = self.answers.entry(name.clone()).or_insert_with(|| value.clone());
                let response = Field::new(question).mono().show(ui, draft);
                if response.lost_focus() && draft != value {
                    cx.send(Command::SetAnswer { name: name.clone(), value: draft.trim().to_owned() });
                }
            }
        });
        ui.add_space(PANEL_GAP);
    }

    fn export(&mut self, ui: &mut Ui, project: &ProjectView, cx: &mut PageCx<'_>) {
        let theme = Theme::of(ui);
        let stage = self.stage;
        let exports = std::sync::Arc::clone(&project.records.exports);
        let written = if self.is_way_back { ExportStage::Rollback } else { ExportStage::Stage(stage) };
        let Some(zone) =
            exports.get(&(written, self.format)).or_else(|| exports.get(&(written, Format::Bind)))
        else {
            return;
        };
        panel::panel(ui, |ui| {
            panel::section(ui, "Export for your DNS host");
            let number = STAGES.iter().position(|(of, _)| *of == stage).map_or(0, |index| index + 1);
            let words = if self.is_way_back {
                "The way back: mail goes to your old server again.".to_owned()
            } else {
                format!("Stage {number} of {}. {}", STAGES.len(), format_words(self.format))
            };
            text::paragraph(ui, &words, Type::Small, theme.text2);
            ui.add_space(8.0);
            ui.horizontal_wrapped(|ui| {
                ui.spacing_mut().item_spacing = Vec2::splat(6.0);
                for format in
                    Format::ALL.into_iter().filter(|format| exports.contains_key(&(written, *format)))
                {
                    if option_button(ui, self.format == format, format.name()).clicked() {
                        self.format = format;
                    }
                }
            });
            ui.add_space(4.0);
            if checkbox(ui, self.is_way_back, "The way back instead of this stage") {
                self.is_way_back = !self.is_way_back;
            }
            ui.add_space(8.0);
            panel::well(ui, |ui| preview(ui, zone));
            ui.add_space(10.0);
            if Button::secondary("Copy zone lines").icon(copy_icon(ui, "zone lines")).show(ui).clicked() {
                copy(ui.ctx(), "zone lines", zone);
            }
            ui.add_space(12.0);
            field_label(ui, "Save to");
            self.path.repropose(|| beside(project, stage_suffix(written), self.format.suffix()));
            let mut is_clicked = false;
            let has_path = self.path.path().is_some();
            self.path.show_with(ui, "Zone file", cx, |ui| {
                let button = Button::secondary("Save zone file").icon(Icon::Save).enabled(has_path);
                is_clicked = button.show(ui).clicked() || (has_path && shortcuts::take(ui.ctx(), Wish::Save));
            });
            is_clicked |= self.path.was_picked();
            let path = self.path.path();
            if let Some(path) = path.filter(|_| is_clicked) {
                cx.send(Command::ExportZone { path, stage: written, format: self.format });
            }
            if let Some(saved) = project.records.saved.get(&stage) {
                ui.add_space(6.0);
                super::done::saved_note(ui, saved);
            }
        });
        ui.add_space(PANEL_GAP);
    }
}

/// The first lines of what is exported.
fn preview(ui: &mut Ui, zone: &str) {
    let theme = Theme::of(ui);
    // The handle is drawn at the edge of the page while the lower end of the preview is below it, and would
    // run through the text.
    let bottom_id = ui.scope_id().with("zone bottom");
    let bottom = ui.data(|data| data.get_temp::<f32>(bottom_id)).unwrap_or(f32::INFINITY);
    let is_whole = ui.cursor().top() + bottom <= ui.clip_rect().bottom();
    let handle = if is_whole {
        egui::scroll_area::ScrollBarVisibility::VisibleWhenNeeded
    } else {
        egui::scroll_area::ScrollBarVisibility::AlwaysHidden
    };
    let area = egui::ScrollArea::horizontal().id_salt("zone").auto_shrink([false, true]);
    let shown = area.scroll_bar_visibility(handle).show(ui, |ui| {
        for line in zone.lines().take(PREVIEW_LINES) {
            let color = if line.starts_with(';') { theme.text3 } else { theme.text };
            text::words(ui, line, Type::MonoDiff, color);
        }
        let rest = zone.lines().count().saturating_sub(PREVIEW_LINES);
        if rest > 0 {
            let words = format!("; {} follow", format::counted(rest, "line", "lines"));
            text::words(ui, words, Type::MonoDiff, theme.text3);
        }
        // Room for the scroll handle under the last line.
        ui.add_space(8.0);
    });
    ui.data_mut(|data| data.insert_temp(bottom_id, shown.inner_rect.height()));
}

fn lines_of(ui: &mut Ui, group: &RecordGroup, lines: &[&DiffLine]) {
    let theme = Theme::of(ui);
    for (index, line) in lines.iter().enumerate() {
        let wanted = if line.change == Change::Add { Change::Remove } else { Change::Add };
        let partner = lines.iter().find(|other| {
            other.change == wanted && other.name == line.name && other.record_type == line.record_type
        });
        ui.push_id((group.kind, index), |ui| {
            diff_line(ui, line, partner.copied());
            // The reason goes under the last line of a change.
            if line.change == Change::Add || partner.is_none() {
                reason(ui, line, theme);
            }
        });
    }
}

fn reason(ui: &mut Ui, line: &DiffLine, theme: &Theme) {
    if line.reason.is_empty() {
        return;
    }
    let ground = if line.change == Change::Add { theme.add_bg } else { theme.del_bg };
    let galley = text::wrapped(ui, &line.reason, Type::Small, theme.text2, ui.available_width() - 49.0);
    let size = Vec2::new(ui.available_width(), galley.size().y + 6.0);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &line.reason));
    ui.painter().rect_filled(rect, 0.0, ground);
    text::paint_galley(ui, rect.min + Vec2::new(34.0, 0.0), galley, theme.text2);
}

fn senders(ui: &mut Ui, plan: &RecordsPlan, cx: &mut PageCx<'_>) {
    if plan.senders.is_empty() {
        return;
    }
    let theme = Theme::of(ui);
    panel::panel(ui, |ui| {
        panel::section(ui, "Other senders for your domain");
        text::paragraph(ui, "They stay in SPF until you drop them here.", Type::Small, theme.text2);
        ui.add_space(4.0);
        for sender in &plan.senders {
            if checkbox(ui, sender.is_kept, &sender.term) {
                cx.send(Command::KeepSender { term: sender.term.clone(), is_kept: !sender.is_kept });
            }
            if !sender.who.is_empty() {
                Frame::new().inner_margin(Margin { left: 24, ..Margin::ZERO }).show(ui, |ui| {
                    text::paragraph(ui, &sender.who, Type::Small, theme.text2);
                });
            }
        }
    });
    ui.add_space(PANEL_GAP);
}

/// The end of the proposed file name, so that the files of different stages cannot be confused.
const fn stage_suffix(stage: ExportStage) -> &'static str {
    match stage {
        ExportStage::Stage(SwitchStage::Now) => "1-now",
        ExportStage::Stage(SwitchStage::AtTheSwitch) => "2-switch",
        ExportStage::Stage(SwitchStage::Later) => "3-later",
        ExportStage::Rollback => "way-back",
    }
}

/// What a format is for.
const fn format_words(format: Format) -> &'static str {
    match format {
        Format::Bind => "Lines for BIND and most DNS hosts. Later stages are commented out.",
        Format::Zone => "The whole zone file, everything else as it is.",
        Format::Cloudflare => {
            "For the import of Cloudflare; what must be deleted by hand first stands at its top."
        }
        Format::Route53 => "A change batch for “aws route53 change-resource-record-sets”.",
        Format::OctoDns => "Put these names in the place of the same ones in your YAML file.",
        Format::DnsControl => "Append it to dnsconfig.js; what must go stands at its top.",
        Format::Nsupdate => "Commands for nsupdate, for a name server of your own.",
        Format::Csv => "For a spreadsheet, or an import.",
        Format::Table => "Field by field, for the web form of your DNS host.",
    }
}

/// What becomes of the mail that logs and reports have seen.
fn tried(ui: &mut Ui, plan: &RecordsPlan, stage: SwitchStage) {
    let Some(words) = plan.judgement(stage).and_then(dry_run_words) else { return };
    let theme = Theme::of(ui);
    panel::panel(ui, |ui| {
        panel::section(ui, "Tried before you publish");
        text::paragraph(ui, &words, Type::Small, theme.text2);
    });
    ui.add_space(PANEL_GAP);
}

/// Files on a web server that belong to the stage.
fn files(ui: &mut Ui, plan: &RecordsPlan, stage: SwitchStage) {
    let theme = Theme::of(ui);
    for file in plan.files.iter().filter(|file| file.stage == stage) {
        panel::panel(ui, |ui| {
            panel::section(ui, "Policy file of MTA-STS");
            text::paragraph(ui, format!("{} {}", file.url, file.reason), Type::Small, theme.text2);
            ui.add_space(8.0);
            panel::well(ui, |ui| {
                for line in file.text.lines() {
                    text::words(ui, line, Type::MonoDiff, theme.text);
                }
            });
            ui.add_space(10.0);
            if Button::secondary("Copy policy file").icon(copy_icon(ui, "policy file")).show(ui).clicked() {
                copy(ui.ctx(), "policy file", &file.text);
            }
        });
        ui.add_space(PANEL_GAP);
    }
}

/// How DMARC is tightened later.
fn ramp(ui: &mut Ui, plan: &RecordsPlan) {
    if plan.dmarc_ramp.is_empty() {
        return;
    }
    let theme = Theme::of(ui);
    panel::panel(ui, |ui| {
        panel::section(ui, "Tighten DMARC afterwards");
        for step in &plan.dmarc_ramp {
            ui.add_space(6.0);
            let head = format!(
                "p={}, {} days after the switch at the earliest",
                step.policy.word(),
                step.days_after_switch
            );
            text::paragraph(ui, &head, Type::Strong, theme.text);
            text::paragraph(ui, format!("First: {}", step.see_first), Type::Small, theme.text2);
            text::paragraph(ui, &step.record, Type::MonoDiff, theme.text);
        }
    });
    ui.add_space(PANEL_GAP);
}

/// The verdict on the chosen stage.
fn judgement(ui: &mut Ui, plan: &RecordsPlan, stage: SwitchStage) {
    let Some(judgement) = plan.judgement(stage) else { return };
    let words = stage_words(judgement);
    match judgement.safety() {
        Safety::Safe => note::note(ui, Tone::Pass, Icon::Pass, &words, None),
        Safety::Unproven => note::note(ui, Tone::Info, Icon::Warn, &words, None),
        Safety::Harmful => note::note(ui, Tone::Fail, Icon::Warn, &words, None),
    };
    ui.add_space(PANEL_GAP);
}

/// What the owner must know before publishing anything; shown above the lines so that nobody misses it.
fn notes(ui: &mut Ui, plan: &RecordsPlan) {
    if !plan.notes.is_empty() {
        note::notes(ui, Tone::Warn, Icon::Warn, &plan.notes);
        ui.add_space(PANEL_GAP);
    }
}

fn not_prepared(ui: &mut Ui, project: &ProjectView, cx: &mut PageCx<'_>) {
    panel::flush_panel(ui, |ui| {
        if project.destination.chosen.is_none() {
            let words = "The new records depend on the provider you choose on the Destination page.";
            empty_state::empty_state(ui, Icon::File, "No destination chosen yet", words, |ui| {
                if Button::secondary("Choose a destination").show(ui).clicked() {
                    cx.go(Step::Destination);
                }
            });
            return;
        }
        let words = "Mailferry reads your zone and shows here, line by line, what to add, change and remove, and why.";
        empty_state::empty_state(ui, Icon::File, "Not prepared yet", words, |_| {});
    });
}

fn changes_of(plan: &RecordsPlan, stage: SwitchStage) -> String {
    let lines: Vec<&DiffLine> = plan
        .groups
        .iter()
        .flat_map(|group| &group.lines)
        .filter(|line| line.stage == stage && line.change != Change::Keep)
        .collect();
    if lines.is_empty() { "nothing to do".to_owned() } else { changes_words(&lines) }
}

/// `3 new, 1 changed, 1 removed`.
fn changes_words(lines: &[&DiffLine]) -> String {
    let keys = |change: Change| -> BTreeMap<(&str, &str), usize> {
        let mut keys = BTreeMap::new();
        for line in lines.iter().filter(|line| line.change == change) {
            *keys.entry((line.name.as_str(), line.record_type.as_str())).or_default() += 1;
        }
        keys
    };
    let (added, removed) = (keys(Change::Add), keys(Change::Remove));
    let changed: usize =
        added.iter().map(|(key, count)| (*count).min(removed.get(key).copied().unwrap_or(0))).sum();
    let total = |keys: &BTreeMap<(&str, &str), usize>| keys.values().sum::<usize>();
    let parts =
        [(total(&added) - changed, "new"), (changed, "changed"), (total(&removed) - changed, "removed")];
    let words: Vec<String> = parts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    words.join(", ")
}

fn group_head(ui: &mut Ui, heading: &str, purpose: &str, caption: &str, is_folded: bool) -> bool {
    let theme = Theme::of(ui);
    let (row, response) = ui.allocate_exact_size(Vec2::new(ui.available_width(), 30.0), Sense::click());
    let state = if is_folded { "folded" } else { "open" };
    response.widget_info(|| {
        WidgetInfo::labeled(Role::Button, true, format!("{heading}, {purpose}, {caption}, {state}"))
    });
    ui.painter().rect_filled(row, 0.0, if response.hovered() { theme.hover } else { theme.sunken });
    ui.painter().hline(row.x_range(), row.top() - 0.5, theme.hairline());
    if !is_folded {
        ui.painter().hline(row.x_range(), row.bottom() - 0.5, theme.hairline());
    }
    let chevron = Rect::from_center_size(Pos2::new(row.left() + 19.0, row.center().y), Vec2::splat(ICON));
    let icon = if is_folded { Icon::ChevronRight } else { Icon::ChevronDown };
    icon.paint(ui, chevron, ICON, theme.text2);
    let inner = Rect::from_min_max(row.min + Vec2::new(33.0, 0.0), row.max - Vec2::new(12.0, 0.0));
    let place = text::left(ui, inner, heading, Type::Strong, theme.text);
    let rest = inner.with_min_x(place.right() + 8.0).with_max_x(inner.right() - 120.0);
    text::left(ui, rest, purpose, Type::Small, theme.text2);
    text::right(ui, inner, caption, Type::Small, theme.text2);
    focus_ring_inside(ui, &response, row);
    response.on_hover_cursor(CursorIcon::PointingHand).clicked()
}

/// What the footer says.
pub fn footer(project: &ProjectView, footer: &mut Footer) {
    footer.tone = Tone::Info;
    let is_first = project.records.plan.is_none() && project.destination.chosen.is_some();
    if is_first && !project.records.is_preparing {
        footer.readiness = Readiness::Ready("Mailferry reads your zone and changes nothing in it".to_owned());
        footer.primary = Some(FooterButton::new("Prepare the records", Act::Send(Command::PrepareRecords)));
        return;
    }
    footer.primary = Some(FooterButton::new("Go to the switch", Act::Go(Step::Switch)));
    let stage = ExportStage::Stage(SwitchStage::Now);
    let practice = project.practice.as_ref().filter(|_| project.records.plan.is_some());
    if practice.is_some_and(|practice| practice.can_publish(stage)) {
        footer.readiness =
            Readiness::Ready("It changes the zone inside Mailferry and nothing else".to_owned());
        footer.secondary = footer.primary.take();
        footer.primary = Some(practice_zone::publish_button(stage));
        return;
    }
    if let Some(at) = project.copy.finished_at
        && saved_stages(project).saved == 0
        && project.records.plan.is_some()
    {
        let words = format!("First copy finished {}; your server still receives mail", format::date_time(at));
        footer.readiness = Readiness::Ready(words);
    }
}
