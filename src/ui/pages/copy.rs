//! The Copy page: progress of every mailbox, speed, pauses and problems.

use crate::engine::{
    Command, Connections, CopyPhase, CopyStanding, CopyView, MailboxProgress, MailboxProgressState, PartDone,
    ProjectView, UserError, copy_percent, copy_standing, elsewhere_words,
};
use egui::text::LayoutJob;
use egui::{Align2, Color32, Label, Pos2, Rect, Role, Sense, Ui, Vec2, WidgetInfo};

pub use super::copy_footer::{close_question, footer};
use super::copy_panels::{ledger, problem_row, throughput, under_way, waiting};
use super::copy_words::{mailbox_numbers, mailbox_percent, rest_words, sentence, state_words, title, tone};
use super::message_list::MessageList;
use super::{certificate_cards, copy_detail, copy_verify, short_address};
use crate::ui::fonts::Type;
use crate::ui::format;
use crate::ui::icons::{ICON, Icon, SMALL_ICON};
use crate::ui::page_cx::PageCx;
use crate::ui::shell::{page_head, scroll_page};
use crate::ui::theme::{PANEL_GAP, Theme, Tone};
use crate::ui::widgets::badge::{Badge, badge_at};
use crate::ui::widgets::panel::Part;
use crate::ui::widgets::row_list::{Column, Cursor, RowList, cells, table_head};
use crate::ui::widgets::{bar, empty_state, error_card, note, panel, text};

const ROW: f32 = 29.0;
/// Most stopped mailboxes whose error is shown unasked: there may be thousands.
const MOST_CARDS: usize = 3;

/// The columns, with room for the longest name in the first one, up to a third of `width` points.
fn columns(ui: &Ui, names: &[String], width: f32) -> [Column; 5] {
    let longest = names.iter().map(|name| text::width(ui, name, Type::Label)).fold(0.0, f32::max);
    [
        Column::words("Mailbox", (longest + 10.0).clamp(104.0, (width / 3.0).max(104.0))),
        Column::words("", 0.0),
        Column::number("", 46.0),
        Column::number("Messages", 122.0),
        Column::words("     State", copy_detail::STATE_WIDTH),
    ]
}

/// Step Copy: progress, what became of every message, who is waiting, what went wrong.
#[derive(Default)]
pub struct CopyPage {
    cursor: Cursor,
    opened: Option<usize>,
    problem: Option<usize>,
    messages: MessageList,
}

impl CopyPage {
    /// Draws the page.
    pub fn ui(&mut self, ui: &mut Ui, project: &ProjectView, cx: &mut PageCx<'_>) {
        let copy = &project.copy;
        if let Some(list) = &project.messages.list {
            scroll_page(ui, "messages", cx.is_narrow, |ui| self.messages.ui(ui, project, list, cx));
            return;
        }
        scroll_page(ui, "copy", cx.is_narrow, |ui| {
            head(ui, project, cx.is_narrow);
            if !has_begun(project) {
                not_started(ui, project);
                copy_detail::trouble(ui, project, cx);
                return;
            }
            ledger(ui, &copy.sum, cx.is_narrow);
            ui.add_space(PANEL_GAP);
            copy_verify::verification(ui, project, cx);
            if !has_aside(copy) {
                self.main(ui, project, cx);
                copy_detail::trouble(ui, project, cx);
                return;
            }
            panel::columns(ui, 368.0, cx.is_narrow, |ui, part| match part {
                Part::Main => self.main(ui, project, cx),
                Part::Aside if cx.is_narrow => self.narrow_aside(ui, project, cx),
                Part::Aside => {
                    throughput(ui, copy);
                    under_way(ui, project);
                    waiting(ui, project, cx);
                    self.problems(ui, project, cx);
                    copy_verify::pauses(ui, copy);
                }
            });
            copy_detail::trouble(ui, project, cx);
        });
    }

    fn main(&mut self, ui: &mut Ui, project: &ProjectView, cx: &mut PageCx<'_>) {
        let stopped = project.copy.mailboxes.iter().filter_map(|progress| match &progress.state {
            // Certificates have their own card, one per server.
            MailboxProgressState::Stopped(error) if error.certificate.is_none() => Some((progress, error)),
            _ => None,
        });
        let stopped: Vec<_> = stopped.collect();
        certificate_cards::on_job(ui, project, &Command::StartCopy, cx);
        for (progress, error) in stopped.iter().take(MOST_CARDS) {
            // Many mailboxes may stop for the same reason: each card says whose it is, and how far it came.
            let name = short_address(&progress.address, project);
            let is_named = error.title.contains(&name);
            let title = if is_named { error.title.clone() } else { format!("{name}: {}", error.title) };
            let far = format!("{} messages are copied.", mailbox_numbers(progress));
            let named = UserError { title, cause: format!("{} {far}", error.cause), ..(*error).clone() };
            ui.push_id(progress.id.0, |ui| error_card::error_card(ui, &named, Tone::Fail, cx.commands));
            ui.add_space(PANEL_GAP);
        }
        if let more @ 1.. = stopped.len().saturating_sub(MOST_CARDS) {
            let words = format!(
                "{} stopped as well; open its row in the list to see why",
                format::counted(more, "more mailbox has", "more mailboxes have")
            );
            note::note(ui, Tone::Fail, Icon::Fail, &words, None);
            ui.add_space(PANEL_GAP);
        }
        self.mailboxes(ui, project, cx);
    }

    /// In a narrow window the right-hand panels go side by side, two per row.
    fn narrow_aside(&mut self, ui: &mut Ui, project: &ProjectView, cx: &mut PageCx<'_>) {
        panel::equal_columns(ui, 2, 12.0, |ui, index| {
            if index == 0 {
                waiting(ui, project, cx);
                throughput(ui, &project.copy);
                under_way(ui, project);
            } else {
                self.problems(ui, project, cx);
                copy_verify::pauses(ui, &project.copy);
            }
        });
    }

    fn mailboxes(&mut self, ui: &mut Ui, project: &ProjectView, cx: &mut PageCx<'_>) {
        let mut rows: Vec<&MailboxProgress> = project.copy.mailboxes.iter().collect();
        rows.sort_by_key(|progress| rank(&progress.state));
        let rows = &rows;
        panel::flush_panel(ui, |ui| {
            // Only as many as fit on screen are measured: there may be thousands.
            let names = rows.iter().take(200).map(|row| short_address(&row.address, project));
            let columns = &columns(ui, &names.collect::<Vec<_>>(), ui.available_width());
            let (head, _) = table_head(ui, columns, &[], None);
            let open = self.opened.filter(|index| *index < rows.len());
            let mut list = RowList::begin(ui, "Mailboxes", head, rows.len(), ROW, &mut self.cursor);
            let standing = copy_standing(project);
            let sentence =
                |index: usize| rows.get(index).map_or_else(String::new, |shown| sentence(shown, standing));
            let draw = |ui: &mut Ui, index: usize, rect: Rect, _look| {
                if let Some(progress) = rows.get(index) {
                    mailbox_row(ui, rect, progress, project, columns, open == Some(index));
                }
            };
            let split = open.map_or(rows.len(), |open| open + 1);
            list.rows(ui, 0..split, sentence, draw);
            if let Some(progress) = open.and_then(|open| rows.get(open)) {
                copy_detail::mailbox(ui, progress, project, cx);
                list.rows(ui, split..rows.len(), sentence, draw);
            }
            if let Some(index) = list.end().opened {
                self.opened = (open != Some(index)).then_some(index);
            }
        });
    }

    fn problems(&mut self, ui: &mut Ui, project: &ProjectView, cx: &mut PageCx<'_>) {
        let copy = &project.copy;
        if copy.problems.is_empty() {
            return;
        }
        panel::flush_panel(ui, |ui| {
            panel::panel_head(ui, "Problems by cause", "");
            for (index, problem) in copy.problems.iter().enumerate() {
                let is_open = self.problem == Some(index);
                if problem_row(ui, problem) {
                    self.problem = (!is_open).then_some(index);
                }
                if is_open {
                    ui.push_id(index, |ui| copy_detail::problem(ui, problem, project, cx));
                }
            }
        });
        ui.add_space(PANEL_GAP);
    }
}

/// Whether the right-hand column has anything to show.
fn has_aside(copy: &CopyView) -> bool {
    let is_waiting = |progress: &MailboxProgress| {
        use MailboxProgressState::{Paused, Reconnecting, WaitsUntil};
        matches!(progress.state, WaitsUntil(..) | Paused | Reconnecting(_))
    };
    !copy.throughput.is_empty()
        || !copy.under_way.is_empty()
        || !copy.pauses.is_empty()
        || !copy.problems.is_empty()
        || copy.mailboxes.iter().any(is_waiting)
}

/// Whether mail was or is being copied between the chosen servers.
fn has_begun(project: &ProjectView) -> bool {
    !matches!(copy_standing(project), CopyStanding::NotStarted | CopyStanding::Elsewhere)
}

fn head(ui: &mut Ui, project: &ProjectView, is_narrow: bool) {
    let (theme, copy) = (Theme::of(ui), &project.copy);
    let words = title(project);
    if !has_begun(project) {
        page_head(
            ui,
            &words,
            "Every message is recorded before it is sent, so nothing is lost or duplicated.",
            |_| {},
        );
        return;
    }
    let (row, response) = ui.allocate_exact_size(Vec2::new(ui.available_width(), 28.0), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Heading, true, &words));
    text::left(ui, row, &words, Type::Title, theme.text);
    ui.add_space(2.0);
    let mut job = LayoutJob::default();
    job.append(
        &format!("{}%", copy_percent(project)),
        0.0,
        egui::TextFormat { font_id: Type::Section.font(), ..Type::Lead.format(theme.text) },
    );
    job.append(&rest_words(project), 0.0, Type::Lead.format(theme.text2));
    let (line, _) = ui.allocate_exact_size(Vec2::new(ui.available_width(), 21.0), Sense::hover());
    let end =
        if copy.phase == CopyPhase::Running { connections(ui, line, copy, is_narrow) } else { line.right() };
    job.wrap = egui::text::TextWrapping::truncate_at_width(end - line.left() - 12.0);
    let galley = ui.painter().layout_job(job);
    ui.place(Rect::from_min_size(line.min, galley.size()), Label::new(galley).selectable(true));
    ui.add_space(9.0);
    let PartDone { done, total } = copy.part_done();
    let is_finished = copy_standing(project) == CopyStanding::Finished;
    let share = if is_finished { 1.0 } else { format::share(done, total).min(0.995) };
    let label = format!("{words}, {}%", copy_percent(project));
    bar::progress(ui, &label, share, tone(project), 12.0);
    ui.add_space(PANEL_GAP);
}

/// Draws connections → speed → connections at the right and returns where they begin.
fn connections(ui: &Ui, line: Rect, copy: &CopyView, is_narrow: bool) -> f32 {
    let theme = Theme::of(ui);
    let speed = copy.bytes_per_second.map_or_else(|| "–".to_owned(), format::speed);
    let Connections { source, destination } = copy.connections;
    let words = |count: usize| format::counted(count, "connection", "connections");
    let mut end = line.right();
    let word = |end: &mut f32, words: &str, style: Type, color: Color32| {
        let galley = text::line(ui, words, style, color);
        let width = galley.size().x;
        let place = Align2::RIGHT_CENTER.align_size_within_rect(galley.size(), line.with_max_x(*end));
        text::paint_galley(ui, place.min, galley, color);
        *end -= width + 8.0;
    };
    let icon = |end: &mut f32, icon: Icon, color: Color32| {
        let place =
            Rect::from_center_size(Pos2::new(*end - SMALL_ICON / 2.0, line.center().y), Vec2::splat(ICON));
        icon.paint(ui, place, SMALL_ICON, color);
        *end -= SMALL_ICON + 8.0;
    };
    if !is_narrow {
        word(&mut end, &words(destination), Type::Small, theme.text2);
        icon(&mut end, Icon::Cloud, theme.text2);
        icon(&mut end, Icon::ArrowRight, theme.accent);
    }
    word(&mut end, &speed, Type::SmallLabel, theme.text);
    icon(&mut end, Icon::ArrowRight, theme.accent);
    word(&mut end, &words(source), Type::Small, theme.text2);
    if !is_narrow {
        icon(&mut end, Icon::Server, theme.text2);
    }
    let place = line.with_min_x(end);
    let response = ui.interact(place, ui.scope_id().with("connections"), Sense::hover());
    response.widget_info(|| {
        let sentence =
            format!("{} to your server, {speed}, {} to the provider", words(source), words(destination));
        WidgetInfo::labeled(Role::Label, true, sentence)
    });
    end
}

fn not_started(ui: &mut Ui, project: &ProjectView) {
    if copy_standing(project) == CopyStanding::Elsewhere {
        note::note(ui, Tone::Info, Icon::Info, &format!("{}.", elsewhere_words(project)), None);
        ui.add_space(PANEL_GAP);
    }
    panel::flush_panel(ui, |ui| {
        let (title, words) = if project.plan.mailboxes.is_empty() {
            ("No plan yet", "Count the folders on the Plan page first; then you can start the copy.")
        } else {
            ("Not started yet", "Progress, the outcome of every message, and problems by cause appear here.")
        };
        empty_state::empty_state(ui, Icon::Running, title, words, |_| {});
    });
}

/// Active mailboxes first, finished ones last.
const fn rank(state: &MailboxProgressState) -> u8 {
    match state {
        MailboxProgressState::Stopped(_) => 0,
        MailboxProgressState::Running(_) | MailboxProgressState::Verifying { .. } => 1,
        MailboxProgressState::WaitsUntil(..) | MailboxProgressState::Reconnecting(_) => 2,
        MailboxProgressState::Paused => 3,
        MailboxProgressState::Queued => 4,
        MailboxProgressState::Done => 5,
    }
}

fn mailbox_row(
    ui: &Ui,
    rect: Rect,
    progress: &MailboxProgress,
    project: &ProjectView,
    columns: &[Column],
    is_open: bool,
) {
    let theme = Theme::of(ui);
    if is_open {
        ui.painter().rect_filled(rect, 0.0, theme.select);
    }
    ui.painter().hline(rect.x_range(), rect.top() - 0.5, theme.hairline());
    let cell = cells(rect.shrink2(Vec2::new(15.0, 0.0)), columns);
    let [name, place, percent, messages, state] = cell.as_slice() else { return };
    text::left(
        ui,
        name.with_max_x(name.right() - 4.0),
        short_address(&progress.address, project),
        Type::Label,
        theme.text,
    );
    let Badge { tone, icon, word } = state_words(progress, copy_standing(project));
    let is_done = tone == Tone::Pass || progress.was_done;
    let height = if is_done { 4.0 } else { 8.0 };
    let bar_rect = Rect::from_center_size(place.center(), Vec2::new(place.width(), height));
    let bar_tone = if tone == Tone::Quiet { Tone::Running } else { tone };
    let share =
        if is_done { 1.0 } else { format::share(progress.bytes_done.0, progress.bytes_total.0).min(0.99) };
    bar::bar_at(ui, bar_rect, share, bar_tone);
    text::right(ui, *percent, format!("{}%", mailbox_percent(progress)), Type::Body, theme.text2);
    let numbers = mailbox_numbers(progress);
    text::right(ui, *messages, numbers, Type::Body, theme.text2);
    badge_at(ui, state.with_min_x(state.left() + 20.0), tone, icon, &word);
}
