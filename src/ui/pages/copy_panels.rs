//! The panels of the Copy page: ledger, throughput, waiting, problems.

use super::copy_words::{lost_line, since_words};
use super::{short_address, short_name};
use crate::engine::{
    Command, CopyPhase, CopyView, MailboxProgressState, ProblemGroup, ProjectView, UnderWayView, lost_words,
    server_name, wait_words,
};
use crate::plan::{LedgerSum, MessageState, mean_speed};
use crate::ui::fonts::Type;
use crate::ui::format;
use crate::ui::icons::{ICON, Icon};
use crate::ui::page_cx::PageCx;
use crate::ui::theme::{PANEL_GAP, Theme, Tone};
use crate::ui::widgets::button::Button;
use crate::ui::widgets::{panel, plot, text};
use crate::values::{Bytes, with_thousands};
use egui::{Color32, Pos2, Rect, Role, Sense, StrokeKind, Ui, Vec2, WidgetInfo};

/// So many parts of the ledger leave room for their sum in a narrow window.
const MOST_BESIDE_SUM: usize = 5;
/// Most waiting mailboxes listed by name: there may be thousands.
const MOST_WAITING: usize = 6;

/// A part of the ledger.
pub struct LedgerPart {
    pub state: MessageState,
    pub count: u64,
    pub word: &'static str,
    pub color: Color32,
}

/// The parts of the ledger, in their order.
pub fn ledger_parts(sum: &LedgerSum, theme: &Theme) -> Vec<LedgerPart> {
    use MessageState::{
        AlreadyThere, Copied, Deferred, Exported, LeftOut, Refused, Repaired, ToDo, Vanished,
    };
    let bar = |tone: Tone| theme.tone(tone).bar;
    let parts = [
        (Copied, sum.copied, "Copied", theme.accent_bar),
        (AlreadyThere, sum.already_there, "Already there", bar(Tone::Info)),
        (Repaired, sum.repaired, "Repaired", bar(Tone::Pass)),
        (Exported, sum.exported, "Saved as .eml", bar(Tone::Warn)),
        (Refused, sum.refused, "Refused", bar(Tone::Fail)),
        (Vanished, sum.vanished, "Vanished", bar(Tone::Unknown)),
        (LeftOut, sum.left_out, "Left out", theme.line2),
        (Deferred, sum.deferred, "After the trial", theme.bar_rest),
        (ToDo, sum.to_do, "To do", theme.bar_rest),
    ];
    parts.map(|(state, count, word, color)| LedgerPart { state, count, word, color }).into()
}

/// The ledger as an equation: the messages on the server are the sum of all outcomes.
pub fn ledger(ui: &mut Ui, sum: &LedgerSum, is_narrow: bool) {
    let theme = Theme::of(ui);
    let parts: Vec<_> = ledger_parts(sum, theme)
        .into_iter()
        .filter(|part| match part.state {
            MessageState::Copied | MessageState::ToDo => true,
            MessageState::Deferred => part.count > 0,
            _ => part.count > 0 || !is_narrow,
        })
        .collect();
    panel::flush_panel(ui, |ui| {
        let (row, response) = ui.allocate_exact_size(Vec2::new(ui.available_width(), 54.0), Sense::hover());
        response.widget_info(|| {
            let sum_words: Vec<String> =
                parts.iter().map(|part| format!("{} {}", with_thousands(part.count), part.word)).collect();
            let words =
                format!("{} on your server = {}", with_thousands(sum.source_count), sum_words.join(" + "));
            WidgetInfo::labeled(Role::Label, true, words)
        });
        let inner = row.shrink2(Vec2::new(15.0, 0.0));
        let line = |x: f32, width: f32, top: f32, height: f32| {
            Rect::from_min_size(Pos2::new(x, row.top() + top), Vec2::new(width, height))
        };
        let mut x = inner.left();
        if !is_narrow || parts.len() <= MOST_BESIDE_SUM {
            text::left(
                ui,
                line(x, 130.0, 8.0, 20.0),
                with_thousands(sum.source_count),
                Type::Section,
                theme.text,
            );
            text::left(ui, line(x, 130.0, 28.0, 17.0), "On your server", Type::Small, theme.text2);
            text::left(ui, line(x + 120.0, 20.0, 8.0, 20.0), "=", Type::Section, theme.text2);
            x += 164.0;
        }
        let widths: Vec<f32> = parts
            .iter()
            .map(|part| {
                let count = text::width(ui, &with_thousands(part.count), Type::Section);
                15.0 + count.max(text::width(ui, part.word, Type::Small))
            })
            .collect();
        let used: f32 = widths.iter().sum();
        #[expect(clippy::cast_precision_loss, reason = "eight parts")]
        let gap =
            ((inner.right() - x - used) / parts.len().saturating_sub(1).max(1) as f32).clamp(6.0, 130.0);
        for (LedgerPart { state, count, word, color }, width) in parts.iter().zip(widths) {
            let mark = Rect::from_center_size(Pos2::new(x + 4.5, row.top() + 18.0), Vec2::splat(8.0));
            ui.painter().rect_filled(mark, 2.0, *color);
            if matches!(state, MessageState::ToDo | MessageState::Deferred) {
                ui.painter().rect_stroke(mark, 2.0, (1.0, theme.line2), StrokeKind::Inside);
            }
            text::left(
                ui,
                line(x + 14.0, width, 8.0, 20.0),
                with_thousands(*count),
                Type::Section,
                theme.text,
            );
            text::left(ui, line(x + 14.0, width, 28.0, 17.0), *word, Type::Small, theme.text2);
            x += width + gap;
        }
    });
}

/// Throughput over time; hidden until there is any.
pub fn throughput(ui: &mut Ui, copy: &CopyView) {
    if copy.throughput.is_empty() {
        return;
    }
    let theme = Theme::of(ui);
    let average = format::speed(mean_speed(&copy.throughput));
    let unit = plot::unit(&copy.throughput);
    panel::panel(ui, |ui| {
        let (row, response) = ui.allocate_exact_size(Vec2::new(ui.available_width(), 20.0), Sense::hover());
        response.widget_info(|| {
            WidgetInfo::labeled(
                Role::Heading,
                true,
                format!("Throughput, {unit} per second, average {average}"),
            )
        });
        let place = text::left(ui, row, "Throughput", Type::Section, theme.text);
        let rest = row.with_min_x(place.right() + 8.0);
        text::left(ui, rest, format!("{unit} per second"), Type::Small, theme.text2);
        text::right(ui, row, format!("average {average}"), Type::Small, theme.text2);
        ui.add_space(2.0);
        plot::throughput(ui, &copy.throughput, 118.0);
    });
    ui.add_space(PANEL_GAP);
}

/// Large messages in progress, by name: one may take minutes during which nothing else visibly happens.
pub fn under_way(ui: &mut Ui, project: &ProjectView) {
    let shown = &project.copy.under_way;
    if shown.is_empty() {
        return;
    }
    panel::flush_panel(ui, |ui| {
        panel::panel_head(ui, "Large messages in progress", "");
        for UnderWayView { mailbox, message } in shown.iter().take(MOST_WAITING) {
            let owner = project.mailboxes.iter().find(|row| row.id == *mailbox);
            let owner = owner.map_or_else(String::new, |row| short_name(&row.mailbox, project));
            let subject = if message.subject.is_empty() { "No subject" } else { message.subject.as_str() };
            let how_far = if message.sent > Bytes::ZERO {
                format!("{} of {} sent", message.sent, message.size)
            } else {
                format!("{} of {} read", message.read, message.size)
            };
            let second = format!("{owner} {}: {how_far}", message.folder);
            two_lines(ui, Tone::Running, Icon::Running, subject, &second);
        }
        if shown.len() > MOST_WAITING {
            let words = format::counted(shown.len() - MOST_WAITING, "more message", "more messages");
            two_lines(ui, Tone::Running, Icon::Running, &format!("and {words}"), "");
        }
    });
    ui.add_space(PANEL_GAP);
}

/// Mailboxes that will continue on their own, and those paused individually.
pub fn waiting(ui: &mut Ui, project: &ProjectView, cx: &mut PageCx<'_>) {
    let now = cx.snapshot.now;
    let is_running = project.copy.phase == CopyPhase::Running;
    let paused: Vec<_> = project
        .copy
        .mailboxes
        .iter()
        .filter(|progress| is_running && progress.state == MailboxProgressState::Paused)
        .collect();
    let waiting: Vec<_> = project
        .copy
        .mailboxes
        .iter()
        .filter_map(|progress| match &progress.state {
            MailboxProgressState::WaitsUntil(at, wait) => Some((progress, *at, wait)),
            _ => None,
        })
        .collect();
    let broken: Vec<_> = project
        .copy
        .mailboxes
        .iter()
        .filter_map(|progress| lost_line(progress).map(|lost| (progress, lost)))
        .collect();
    if waiting.is_empty() && paused.is_empty() && broken.is_empty() {
        return;
    }
    let count = waiting.len() + paused.len() + broken.len();
    let theme = Theme::of(ui);
    panel::flush_panel(ui, |ui| {
        let head = panel::panel_head(ui, "Waiting", "");
        if !broken.is_empty() {
            let button = Button::secondary("Try now").small().icon(Icon::Again);
            let size = button.size(ui);
            let center = Pos2::new(head.right() - 12.0 - size.x / 2.0, head.center().y);
            if button.show_at(ui, Rect::from_center_size(center, size)).clicked() {
                cx.send(Command::TryNow);
            }
        }
        for (progress, at, wait) in waiting.iter().take(MOST_WAITING) {
            let name = short_address(&progress.address, project);
            let why = wait_words(&name, wait, server_name(project, wait.side));
            let second = format!("Continues on its own in {}", format::duration(at.seconds_since(now)));
            let row = with_raw_words(ui, &why, &second, &wait.words);
            let first_line =
                Rect::from_min_size(row.min + Vec2::new(0.0, 6.0), Vec2::new(row.width() - 15.0, 20.0));
            text::right(ui, first_line, format::time(*at), Type::Strong, theme.text);
        }
        for (progress, lost) in broken.iter().take(MOST_WAITING) {
            let name = short_address(&progress.address, project);
            let server = lost.side.map(|side| server_name(project, side));
            with_raw_words(ui, &lost_words(&name, server), &since_words(lost, now), &lost.words);
        }
        for progress in paused.iter().take(MOST_WAITING) {
            let name = short_address(&progress.address, project);
            let row = two_lines(ui, Tone::Paused, Icon::Paused, &format!("{name}: paused by you"), " ");
            let label = format!("Resume {name}");
            let button = Button::link(&label).small();
            let place = Rect::from_min_size(row.min + Vec2::new(36.0, 23.0), button.size(ui));
            if button.show_at(ui, place).clicked() {
                cx.send(Command::ResumeMailbox(progress.id));
            }
        }
        let shown: usize =
            [waiting.len(), broken.len(), paused.len()].map(|one| one.min(MOST_WAITING)).iter().sum();
        if count > shown {
            let words = format::counted(count - shown, "more mailbox", "more mailboxes");
            two_lines(ui, Tone::Paused, Icon::Waiting, &format!("and {words}"), "");
        }
    });
    ui.add_space(PANEL_GAP);
}

/// Plain words, what happens next, and the raw words under them, in whole on hover.
fn with_raw_words(ui: &mut Ui, first: &str, second: &str, raw: &str) -> Rect {
    let theme = Theme::of(ui);
    let row = two_lines(ui, Tone::Paused, Icon::Waiting, first, second);
    let (line, response) = ui.allocate_exact_size(Vec2::new(ui.available_width(), 22.0), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, raw));
    let place = Rect::from_min_max(line.min + Vec2::new(40.0, 0.0), line.max - Vec2::new(15.0, 5.0));
    text::left(ui, place, raw, Type::Mono, theme.text2);
    response.on_hover_text(raw);
    row
}

/// A row with an icon, a line, and a fainter line below it.
pub fn two_lines(ui: &mut Ui, tone: Tone, icon: Icon, first: &str, second: &str) -> Rect {
    let theme = Theme::of(ui);
    let height = if second.is_empty() { 32.0 } else { 49.0 };
    let (row, response) = ui.allocate_exact_size(Vec2::new(ui.available_width(), height), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Row, true, format!("{first}. {second}")));
    let mark = Rect::from_min_size(row.min + Vec2::new(15.0, 6.0), Vec2::new(ICON, 20.0));
    icon.paint(ui, mark, ICON, theme.tone(tone).fg);
    let line = Rect::from_min_max(
        Pos2::new(row.left() + 40.0, row.top() + 6.0),
        Pos2::new(row.right() - 60.0, row.top() + 26.0),
    );
    text::left(ui, line, first, Type::Label, theme.text);
    let line = Rect::from_min_max(
        Pos2::new(row.left() + 40.0, row.top() + 25.0),
        Pos2::new(row.right() - 15.0, row.top() + 42.0),
    );
    text::left(ui, line, second, Type::Small, theme.text2);
    ui.painter().hline(row.x_range(), row.top() - 0.5, theme.hairline());
    row
}

/// Tone and icon of what became of messages.
pub const fn state_mark(state: MessageState) -> (Tone, Icon) {
    match state {
        MessageState::Copied | MessageState::AlreadyThere | MessageState::Repaired => {
            (Tone::Pass, Icon::Pass)
        }
        MessageState::Exported => (Tone::Warn, Icon::Warn),
        MessageState::Refused => (Tone::Fail, Icon::Fail),
        MessageState::Vanished => (Tone::Info, Icon::Info),
        MessageState::LeftOut => (Tone::Quiet, Icon::NotApplicable),
        MessageState::ToDo | MessageState::InFlight | MessageState::Deferred => (Tone::Quiet, Icon::Waiting),
    }
}

/// The word for what became of messages.
pub const fn state_word(state: MessageState) -> &'static str {
    match state {
        MessageState::Copied => "Copied",
        MessageState::AlreadyThere => "Already there",
        MessageState::Repaired => "Repaired",
        MessageState::Exported => "Saved as .eml",
        MessageState::Refused => "Refused",
        MessageState::Vanished => "Vanished",
        MessageState::LeftOut => "Left out",
        MessageState::Deferred => "After the trial",
        MessageState::ToDo => "To do",
        MessageState::InFlight => "In progress",
    }
}

/// One cause with its count; true when it was clicked.
pub fn problem_row(ui: &mut Ui, problem: &ProblemGroup) -> bool {
    let theme = Theme::of(ui);
    let (tone, icon) = state_mark(problem.state);
    let row = two_lines(ui, tone, icon, &problem.cause, &problem.way_out);
    let line = Rect::from_min_size(row.min + Vec2::new(0.0, 6.0), Vec2::new(row.width() - 15.0, 20.0));
    text::right(ui, line, with_thousands(problem.count), Type::Strong, theme.text);
    let response = ui.interact(row, ui.scope_id().with(("problem", problem.id)), Sense::click());
    response.widget_info(|| {
        WidgetInfo::labeled(
            Role::Button,
            true,
            format!("Show the messages: {}, {}", problem.cause, problem.count),
        )
    });
    crate::ui::widgets::focus_ring_inside(ui, &response, row);
    response.on_hover_cursor(egui::CursorIcon::PointingHand).clicked()
}
