//! The Plan page: the tree of folders, with the place and the fate of each.

use crate::engine::{
    Command, CopyStanding, PartDone, ProjectView, Readiness, Step, copy_standing, rename_words,
};
use crate::plan::{
    FolderChoice, FolderPath, FolderPlan, LeftOutBecause, MailVolume, MailboxPlan, needs_decision,
    open_decisions,
};
use std::collections::BTreeSet;

use egui::{Pos2, Rect, Stroke, Ui, Vec2};

use super::mailbox_row::folder_icon;
use super::plan_aside::{
    Asked, Decision, decision, good_to_know, how_long, is_renamed, size_words, too_large, what_will_happen,
};
use super::plan_options::PlanOptions;
use super::{certificate_cards, short_name};
use crate::ui::fonts::Type;
use crate::ui::format;
use crate::ui::icons::{ICON, Icon};
use crate::ui::page_cx::PageCx;
use crate::ui::shell::{Act, Footer, FooterButton, page_head, scroll_page};
use crate::ui::theme::{PANEL_GAP, Theme, Tone};
use crate::ui::widgets::badge::badge_at;
use crate::ui::widgets::button::Button;
use crate::ui::widgets::choice::checkbox;
use crate::ui::widgets::field::{Field, field_label};
use crate::ui::widgets::panel::Part;
use crate::ui::widgets::row_list::{Column, Cursor, RowList, cells, table_head};
use crate::ui::widgets::{bar, empty_state, error_card, panel, text};
use crate::values::{Bytes, MailboxId, with_thousands};

/// Messages per folder in a trial.
const TRIAL_MESSAGES: u32 = 20;

const ROW: f32 = 28.0;
const COLUMNS: [Column; 6] = [
    Column::words("Your server", 0.0),
    Column::words("", 24.0),
    Column::words("Destination", 172.0),
    Column::number("Messages", 72.0),
    Column::number("Size", 68.0),
    Column::words("     What happens", 116.0),
];

/// Step Plan: every folder and where it goes.
#[derive(Default)]
pub struct PlanPage {
    opened: BTreeSet<MailboxId>,
    search: String,
    cursor: Cursor,
    selected: Option<(MailboxId, FolderPath)>,
    name: String,
    decision: Decision,
    options: PlanOptions,
}

/// One row of the tree.
enum TreeRow<'a> {
    Mailbox(MailboxId, String, &'a MailboxPlan),
    Folder(MailboxId, &'a MailboxPlan, &'a FolderPlan),
}

impl PlanPage {
    /// Draws the page.
    pub fn ui(&mut self, ui: &mut Ui, project: &ProjectView, cx: &mut PageCx<'_>) {
        scroll_page(ui, "plan", cx.is_narrow, |ui| {
            let summary = "Every folder and where it goes. Your server stays untouched; nothing is deleted on either side.";
            page_head(ui, "Plan", summary, |ui| {
                if !project.plan.mailboxes.is_empty() {
                    Field::new("Find a folder")
                        .small()
                        .hint("Find a folder")
                        .icon(Icon::Search)
                        .width(160.0)
                        .show(ui, &mut self.search);
                    if Button::secondary("Options…").small().show(ui).clicked() {
                        self.options.toggle(&project.plan.options);
                    }
                    let is_resting = project.plan.counting.is_none();
                    if is_resting
                        && Button::secondary("Count again").small().icon(Icon::Again).show(ui).clicked()
                    {
                        cx.send(Command::BuildPlan);
                    }
                }
            });
            if let Some(PartDone { done, total }) = project.plan.counting {
                panel::panel(ui, |ui| {
                    let numbers = format!("{done} of {total} mailboxes");
                    let share = format::share(done, total);
                    bar::labelled_progress(
                        ui,
                        "Counting folders and messages",
                        &numbers,
                        share,
                        Tone::Running,
                        None,
                    );
                });
                ui.add_space(PANEL_GAP);
            }
            let count_again = Command::BuildPlan;
            certificate_cards::on_job(ui, project, &count_again, cx);
            for (id, error) in project.plan.errors.iter().filter(|(_, error)| error.certificate.is_none()) {
                ui.push_id(id.0, |ui| error_card::error_card(ui, error, Tone::Fail, cx.commands));
                ui.add_space(PANEL_GAP);
            }
            self.options.ui(ui, project, cx);
            if project.plan.mailboxes.is_empty() {
                if project.plan.counting.is_none() {
                    nothing_yet(ui, project, cx);
                }
                return;
            }
            panel::columns(ui, 300.0, cx.is_narrow, |ui, part| match part {
                Part::Main => self.tree(ui, project, cx),
                Part::Aside => {
                    if !cx.is_narrow {
                        self.folder(ui, project, cx);
                    }
                    if what_will_happen(ui, project) {
                        self.show_decision(project);
                    }
                    good_to_know(ui, project);
                    too_large(ui, project);
                    how_long(ui, project);
                }
            });
        });
    }

    fn rows<'a>(&mut self, project: &'a ProjectView) -> Vec<TreeRow<'a>> {
        if self.opened.is_empty() && self.selected.is_none() {
            // The first mailbox starts open, so that the tree explains itself.
            self.opened.extend(project.plan.mailboxes.keys().next());
        }
        let search = self.search.trim().to_lowercase();
        let mut rows = Vec::new();
        for (id, plan) in project.plan.mailboxes.iter() {
            let name = project
                .mailboxes
                .iter()
                .find(|row| row.id == *id)
                .map_or_else(|| format!("Mailbox {}", id.0), |row| short_name(&row.mailbox, project));
            let is_match = |folder: &&FolderPlan| {
                search.is_empty() || folder.source.to_string().to_lowercase().contains(&search)
            };
            let folders: Vec<&FolderPlan> = plan.folders.iter().filter(is_match).collect();
            if !search.is_empty() && folders.is_empty() {
                continue;
            }
            rows.push(TreeRow::Mailbox(*id, name, plan));
            if self.opened.contains(id) || !search.is_empty() {
                rows.extend(folders.into_iter().map(|folder| TreeRow::Folder(*id, plan, folder)));
            }
        }
        rows
    }

    fn tree(&mut self, ui: &mut Ui, project: &ProjectView, cx: &mut PageCx<'_>) {
        let rows = self.rows(project);
        let destination =
            project.destination.chosen.as_ref().map_or("Destination", |(_, name)| name.as_str());
        panel::flush_panel(ui, |ui| {
            let heads = ["Your server", "", destination, "Messages", "Size", "     What happens"];
            let (head, _) = table_head(ui, &COLUMNS, &heads, None);
            let mut cursor = self.cursor;
            let mut list = RowList::begin(ui, "Folders", head, rows.len(), ROW, &mut cursor);
            let selected = rows.iter().position(|row| self.is_selected(row));
            let (opened, is_searching) = (self.opened.clone(), !self.search.trim().is_empty());
            let sentence = |index: usize| rows.get(index).map_or_else(String::new, row_sentence);
            let draw = |ui: &mut Ui, index: usize, rect: Rect, _look| match rows.get(index) {
                Some(TreeRow::Mailbox(id, name, plan)) => {
                    mailbox_row(ui, rect, name, plan, opened.contains(id));
                }
                Some(TreeRow::Folder(_, plan, folder)) => {
                    folder_row(ui, rect, folder, plan, !is_searching, selected == Some(index));
                }
                None => {}
            };
            // A narrow window has no column beside the tree, so the folder opens under its row.
            let split = selected.filter(|_| cx.is_narrow).map_or(rows.len(), |selected| selected + 1);
            list.rows(ui, 0..split, sentence, &draw);
            if cx.is_narrow && selected.is_some() {
                self.folder(ui, project, cx);
            }
            list.rows(ui, split..rows.len(), sentence, &draw);
            let events = list.end();
            self.cursor = cursor;
            match events.opened.or(events.ticked).and_then(|index| rows.get(index)) {
                Some(TreeRow::Mailbox(id, ..)) => {
                    if !self.opened.remove(id) {
                        self.opened.insert(*id);
                    }
                    // An empty set would reopen the first one.
                    self.selected.get_or_insert((MailboxId(-1), FolderPath(Vec::new())));
                }
                Some(TreeRow::Folder(id, _, folder)) => {
                    self.decision = Decision::default();
                    self.selected = Some((*id, folder.source.clone()));
                    self.name = folder.destination.0.join("/");
                }
                None => {}
            }
        });
    }

    /// Opens the first folder that waits for a decision.
    fn show_decision(&mut self, project: &ProjectView) {
        let waiting = project.plan.mailboxes.iter().find_map(|(id, plan)| {
            let folder = plan.folders.iter().find(|folder| needs_decision(plan, folder))?;
            Some((*id, folder))
        });
        let Some((id, folder)) = waiting else { return };
        self.search.clear();
        self.opened.insert(id);
        self.decision = Decision::default();
        self.name = folder.destination.0.join("/");
        self.selected = Some((id, folder.source.clone()));
    }

    fn is_selected(&self, row: &TreeRow<'_>) -> bool {
        let selected = self.selected.as_ref();
        matches!((row, selected), (TreeRow::Folder(id, _, folder), Some((mailbox, path)))
            if mailbox == id && *path == folder.source)
    }

    /// The selected folder: whether it is copied, and its name at the destination.
    fn folder(&mut self, ui: &mut Ui, project: &ProjectView, cx: &mut PageCx<'_>) {
        let Some((mailbox, path)) = &self.selected else { return };
        let Some(plan) = project.plan.mailboxes.get(mailbox) else { return };
        let Some(folder) = plan.folders.iter().find(|folder| folder.source == *path) else { return };
        if needs_decision(plan, folder) {
            decision(ui, Asked { mailbox: *mailbox, plan, folder }, &mut self.decision, project, cx);
        }
        let theme = Theme::of(ui);
        panel::panel(ui, |ui| {
            panel::section(ui, &visible_name(&folder.source));
            if let Some(reason) = rename_words(&folder.renamed) {
                text::paragraph(ui, &reason, Type::Small, theme.text2);
            }
            if folder.choice == FolderChoice::ContainerOnly {
                text::paragraph(
                    ui,
                    "Contains only folders; created at the destination if one of them needs it.",
                    Type::Small,
                    theme.text2,
                );
                return;
            }
            ui.add_space(6.0);
            let is_included = folder.choice == FolderChoice::Copy;
            if checkbox(ui, is_included, "Copy this folder") {
                cx.send(Command::IncludeFolder {
                    mailbox: *mailbox,
                    folder: path.clone(),
                    is_included: !is_included,
                });
            }
            if let FolderChoice::LeaveOut(because) = folder.choice
                && because != LeftOutBecause::YouChose
            {
                // A full sentence, because the folder's name is above it.
                let reason = because.words().replacen('l', "L", 1);
                text::paragraph(ui, format!("{reason}."), Type::Small, theme.text2);
            }
            ui.add_space(8.0);
            field_label(ui, "Name at the destination");
            let response = Field::new("Name at the destination").show(ui, &mut self.name);
            let is_entered = response.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
            ui.add_space(8.0);
            let wanted = parse_path(&self.name);
            let is_new = !wanted.0.is_empty() && wanted != folder.destination;
            let is_clicked = Button::secondary("Rename folder").small().enabled(is_new).show(ui).clicked();
            if is_new && (is_clicked || is_entered) {
                cx.send(Command::RenameFolder {
                    mailbox: *mailbox,
                    folder: path.clone(),
                    destination: wanted,
                });
            }
        });
        ui.add_space(PANEL_GAP);
    }
}

/// Splits `Archive/2024` into the parts of a path.
fn parse_path(text: &str) -> FolderPath {
    FolderPath(text.split('/').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect())
}

/// A name with unusual characters made visible: a trailing space as `␣`.
fn visible(name: &str) -> String {
    let trimmed = name.trim_end_matches(' ');
    let blanks = name.len() - trimmed.len();
    let shown: String = trimmed
        .chars()
        .map(|character| if character.is_control() { '\u{FFFD}' } else { character })
        .collect();
    format!("{shown}{}", "\u{2423}".repeat(blanks.min(8)))
}

fn visible_name(path: &FolderPath) -> String {
    path.0.iter().map(|part| visible(part)).collect::<Vec<_>>().join("/")
}

fn nothing_yet(ui: &mut Ui, project: &ProjectView, cx: &mut PageCx<'_>) {
    panel::flush_panel(ui, |ui| {
        if !project.mailboxes.iter().any(|row| row.mailbox.is_chosen) {
            let words = "The plan shows the folders of the mailboxes you add on the Mailboxes page.";
            empty_state::empty_state(ui, Icon::Folder, "No mailboxes yet", words, |ui| {
                if Button::secondary("Show the mailboxes").show(ui).clicked() {
                    cx.go(Step::Mailboxes);
                }
            });
            return;
        }
        let words = "Mailferry lists the folders of every chosen mailbox with their counts and shows where each one goes.";
        empty_state::empty_state(ui, Icon::Folder, "No folders counted yet", words, |_| {});
    });
}

/// What happens to a folder: tone, icon, word.
fn happens(folder: &FolderPlan, plan: Option<&MailboxPlan>) -> (Tone, Option<Icon>, &'static str) {
    match folder.choice {
        FolderChoice::Copy if plan.is_some_and(|plan| needs_decision(plan, folder)) => {
            (Tone::Warn, Some(Icon::Warn), "Decide")
        }
        FolderChoice::LeaveOut(_) => (Tone::Quiet, Some(Icon::NotApplicable), "Left out"),
        FolderChoice::ContainerOnly => (Tone::Quiet, None, "Only a parent"),
        FolderChoice::Copy if is_renamed(folder) => (Tone::Running, Some(Icon::Edit), "Renamed"),
        FolderChoice::Copy if folder.special_use.is_some() => (Tone::Info, None, "Same use"),
        FolderChoice::Copy => (Tone::Info, None, "Keeps its name"),
    }
}

fn row_sentence(row: &TreeRow<'_>) -> String {
    match row {
        TreeRow::Mailbox(_, name, plan) => {
            let MailVolume { messages, bytes } = plan.chosen();
            let decide = match open_decisions(plan) {
                0 => String::new(),
                open => format!(", {open} to decide"),
            };
            let (folders, messages) = (plan.folders.len(), with_thousands(messages));
            format!("{name}, {folders} folders, {messages} messages, {bytes}{decide}")
        }
        TreeRow::Folder(_, plan, folder) => format!(
            "{} goes to {}, {} messages, {}, {}",
            visible_name(&folder.source),
            visible_name(&folder.destination),
            with_thousands(folder.messages),
            folder.bytes,
            happens(folder, Some(plan)).2
        ),
    }
}

fn mailbox_row(ui: &Ui, rect: Rect, name: &str, plan: &MailboxPlan, is_open: bool) {
    let theme = Theme::of(ui);
    ui.painter().hline(rect.x_range(), rect.top() - 0.5, theme.hairline());
    let inner = rect.shrink2(Vec2::new(15.0, 0.0));
    let cell = cells(inner, &COLUMNS);
    let [first, arrow, destination, messages, size, what] = cell.as_slice() else { return };
    let icon = |at: f32, icon: Icon| {
        icon.paint(
            ui,
            Rect::from_min_size(Pos2::new(at, rect.top()), Vec2::new(ICON, rect.height())),
            ICON,
            theme.text2,
        );
    };
    icon(first.left() - 6.0, if is_open { Icon::ChevronDown } else { Icon::ChevronRight });
    icon(first.left() + 13.0, Icon::User);
    text::left(ui, first.with_min_x(first.left() + 35.0), name, Type::Strong, theme.text);
    icon(arrow.left(), Icon::ArrowRight);
    text::left(ui, *destination, name, Type::Strong, theme.text);
    let all = plan
        .folders
        .iter()
        .fold((0, Bytes::ZERO), |(count, sum), folder| (count + folder.messages, sum.plus(folder.bytes)));
    text::right(ui, *messages, with_thousands(all.0), Type::Body, theme.text2);
    text::right(ui, *size, size_words(all.0, all.1), Type::Body, theme.text2);
    let what = what.with_min_x(what.left() + 16.0);
    match open_decisions(plan) {
        0 if is_open => {}
        0 => {
            let words = format::counted(plan.folders.len(), "folder", "folders");
            text::left(ui, what, words, Type::Body, theme.text2);
        }
        open => _ = badge_at(ui, what, Tone::Warn, Icon::Warn, &format!("{open} to decide")),
    }
}

/// Where a folder stands in the tree.
struct TreePlace {
    /// How deep below the listed folders.
    depth: usize,
    /// The rest of its name.
    name: String,
}

fn place_in_tree(folder: &FolderPlan, plan: Option<&MailboxPlan>) -> TreePlace {
    if folder.source.is_inbox() {
        return TreePlace { depth: 0, name: "Inbox".to_owned() };
    }
    let parts = &folder.source.0;
    let has_row = |length: usize| {
        let parent = parts.get(..length);
        plan.is_some_and(|plan| plan.folders.iter().any(|other| Some(other.source.0.as_slice()) == parent))
    };
    // A parent the server does not list has no row, so its name goes in front of the child's.
    let depth = (1..parts.len()).rev().find(|length| has_row(*length)).unwrap_or(0);
    let name = parts.get(depth..).unwrap_or_default().iter().map(|part| visible(part)).collect::<Vec<_>>();
    TreePlace { depth, name: name.join("/") }
}

/// Where a folder goes. A narrow column drops the first parts, since the last one says most.
fn destination_words(ui: &Ui, path: &FolderPath, width: f32) -> String {
    if path.is_inbox() {
        return "Inbox".to_owned();
    }
    let parts: Vec<String> = path.0.iter().map(|part| visible(part)).collect();
    let whole = parts.join("/");
    let fits = |words: &String| text::width(ui, words, Type::Body) <= width;
    let shorter =
        (1..parts.len()).map(|from| format!("…/{}", parts.get(from..).unwrap_or_default().join("/")));
    let last = parts.last().map_or_else(String::new, |last| format!("…/{last}"));
    if fits(&whole) { whole } else { shorter.into_iter().find(fits).unwrap_or(last) }
}

fn folder_row(
    ui: &Ui,
    rect: Rect,
    folder: &FolderPlan,
    plan: &MailboxPlan,
    is_tree: bool,
    is_selected: bool,
) {
    let theme = Theme::of(ui);
    if is_selected {
        ui.painter().rect_filled(rect, 0.0, theme.select);
    }
    ui.painter().hline(rect.x_range(), rect.top() - 0.5, theme.hairline());
    let cell = cells(rect.shrink2(Vec2::new(15.0, 0.0)), &COLUMNS);
    let [first, arrow, destination, messages, size, what] = cell.as_slice() else { return };
    // The words of deep trees stay on the page.
    let TreePlace { depth, name: shown } = place_in_tree(folder, Some(plan).filter(|_| is_tree));
    let depth = depth.min(8);
    for level in 0..=depth {
        #[expect(clippy::cast_precision_loss, reason = "a depth below nine")]
        let x = first.left() + 2.0 + 20.0 * level as f32;
        ui.painter().vline(x, rect.y_range(), Stroke::new(1.0, theme.line2));
    }
    #[expect(clippy::cast_precision_loss, reason = "a depth below nine")]
    let start = first.left() + 33.0 + 20.0 * depth as f32;
    let is_copied = folder.choice == FolderChoice::Copy;
    let color = if is_copied { theme.text } else { theme.text3 };
    let icon = |at: f32, icon: Icon| {
        icon.paint(
            ui,
            Rect::from_min_size(Pos2::new(at, rect.top()), Vec2::new(ICON, rect.height())),
            ICON,
            theme.text2,
        );
    };
    icon(start, folder_icon(folder.special_use));
    let name = first.with_min_x(start + 22.0).with_max_x(first.right() - 6.0);
    text::left(ui, name, shown, Type::Body, color);
    if is_copied {
        icon(arrow.left(), Icon::ArrowRight);
        let room = destination.with_max_x(destination.right() - 6.0);
        let words = destination_words(ui, &folder.destination, room.width());
        text::left(ui, room, words, Type::Body, theme.text);
    }
    if folder.choice != FolderChoice::ContainerOnly {
        text::right(ui, *messages, with_thousands(folder.messages), Type::Body, theme.text2);
        text::right(ui, *size, size_words(folder.messages, folder.bytes), Type::Body, theme.text2);
    }
    let what = what.with_min_x(what.left() + 16.0);
    let (tone, mark, word) = happens(folder, Some(plan));
    match mark {
        Some(mark) => _ = badge_at(ui, what, tone, mark, word),
        None => _ = text::left(ui, what, word, Type::Body, theme.text2),
    }
}

/// What the footer says.
pub fn footer(project: &ProjectView, footer: &mut Footer) {
    footer.tone = Tone::Info;
    let standing = copy_standing(project);
    let can_try = project.plan.counting.is_none()
        && !project.plan.mailboxes.is_empty()
        && matches!(
            standing,
            CopyStanding::NotStarted
                | CopyStanding::Elsewhere
                | CopyStanding::Tried(_)
                | CopyStanding::Stopped
        );
    if can_try {
        let command = Command::TryCopy { messages: TRIAL_MESSAGES };
        let label = format!("Try {TRIAL_MESSAGES} messages per folder");
        footer.secondary = Some(FooterButton::new(label, Act::SendAndGo(command, Step::Copy)));
    }
    let can_count = project.plan.mailboxes.is_empty()
        && project.plan.counting.is_none()
        && project.mailboxes.iter().any(|row| row.mailbox.is_chosen)
        && project.destination.server.is_some()
        && project.domain.source_server.is_some();
    if can_count {
        footer.readiness = Readiness::Ready("Counting reads both servers and changes nothing".to_owned());
        footer.primary = Some(FooterButton::new("Count the folders", Act::Send(Command::BuildPlan)));
        return;
    }
    footer.primary = Some(match standing {
        CopyStanding::NotStarted | CopyStanding::Elsewhere => {
            let label = super::start_label(project);
            FooterButton::new(label, Act::SendAndGo(Command::StartCopy, Step::Copy))
        }
        _ => FooterButton::new("Show the copy", Act::Go(Step::Copy)),
    });
}
