//! What opens below a row of the Copy page: the folders and actions of a mailbox, or the samples and ways out of a
//! problem.

use egui::{CursorIcon, Frame, Margin, OpenUrl, Rect, Role, Sense, Ui, Vec2, WidgetInfo};

use super::copy_words::since_words;
use super::message_list::show_label;
use super::short_address;
use crate::engine::{
    Command, CopyPhase, FolderProgress, MailboxProgress, MailboxProgressState, ProblemGroup, ProjectView,
    lost_words, server_name, wait_words,
};
use crate::plan::{MessageQuery, MessageState, Rest};
use crate::ui::fonts::Type;
use crate::ui::format;
use crate::ui::icons::{ICON, Icon};
use crate::ui::page_cx::PageCx;
use crate::ui::shell::TROUBLES;
use crate::ui::theme::{PANEL_GAP, Theme, Tone};
use crate::ui::widgets::button::Button;
use crate::ui::widgets::{bar, copy_field, focus_ring_inside, panel, text};
use crate::values::with_thousands;

/// Width of the column State of the mailboxes, in points.
pub const STATE_WIDTH: f32 = 156.0;
/// Most folders shown below a mailbox; its message list has the rest.
const MOST_FOLDERS: usize = 200;

/// The open row of a mailbox: its actions, and a bar per folder.
pub fn mailbox(ui: &mut Ui, progress: &MailboxProgress, project: &ProjectView, cx: &mut PageCx<'_>) {
    let theme = Theme::of(ui);
    let name = short_address(&progress.address, project);
    let frame =
        Frame::new().fill(theme.sunken).inner_margin(Margin { left: 32, right: 15, top: 8, bottom: 8 });
    frame.show(ui, |ui| {
        ui.set_width(ui.available_width());
        if let MailboxProgressState::Stopped(error) = &progress.state {
            text::paragraph(ui, &error.title, Type::Label, theme.tone(Tone::Fail).fg);
            text::paragraph(ui, &error.cause, Type::Small, theme.text2);
            ui.add_space(6.0);
        }
        rest(ui, progress, &name, project, cx);
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 8.0;
            buttons(ui, progress, &name, project, cx);
        });
    });
    for folder in progress.folders.iter().take(MOST_FOLDERS) {
        if folder_row(ui, folder) {
            let query = MessageQuery {
                mailbox: Some(progress.id),
                folder: Some(folder.folder.clone()),
                ..MessageQuery::default()
            };
            cx.send(Command::ShowMessages { query, first: 0 });
        }
    }
    if progress.folders.len() > MOST_FOLDERS {
        let more = progress.folders.len() - MOST_FOLDERS;
        let words = format!("and {}", format::counted(more, "more folder", "more folders"));
        let (row, _) = ui.allocate_exact_size(Vec2::new(ui.available_width(), 24.0), Sense::hover());
        ui.painter().rect_filled(row, 0.0, theme.sunken);
        text::left(ui, row.shrink2(Vec2::new(32.0, 0.0)), words, Type::Small, theme.text2);
    }
}

/// Why a mailbox is not copied at the moment, in plain words, and in whole in those of the server.
fn rest(ui: &mut Ui, progress: &MailboxProgress, name: &str, project: &ProjectView, cx: &PageCx<'_>) {
    let theme = Theme::of(ui);
    let (first, second, raw) = match &progress.state {
        MailboxProgressState::WaitsUntil(at, wait) => {
            let why = wait_words(name, wait, server_name(project, wait.side));
            (why, format!("Continues on its own at {}", format::time(*at)), &wait.words)
        }
        MailboxProgressState::Reconnecting(lost) => {
            let server = lost.side.map(|side| server_name(project, side));
            (lost_words(name, server), since_words(lost, cx.snapshot.now), &lost.words)
        }
        _ => return,
    };
    text::paragraph(ui, format!("{first}. {second}."), Type::Label, theme.text);
    text::paragraph(ui, raw.as_str(), Type::Mono, theme.text2);
    ui.add_space(6.0);
}

fn buttons(ui: &mut Ui, progress: &MailboxProgress, name: &str, project: &ProjectView, cx: &mut PageCx<'_>) {
    if !progress.folders.is_empty()
        && Button::secondary(&format!("Show messages of {name}")).small().show(ui).clicked()
    {
        let query = MessageQuery { mailbox: Some(progress.id), ..MessageQuery::default() };
        cx.send(Command::ShowMessages { query, first: 0 });
    }
    let is_running = project.copy.phase == CopyPhase::Running;
    let (label, icon, command) = match progress.state {
        MailboxProgressState::Paused => {
            (format!("Resume {name}"), Icon::Play, Some(Command::ResumeMailbox(progress.id)))
        }
        MailboxProgressState::Done | MailboxProgressState::Stopped(_) => (String::new(), Icon::Pass, None),
        _ => (format!("Pause {name}"), Icon::Paused, Some(Command::PauseMailbox(progress.id))),
    };
    if let Some(command) = command.filter(|_| is_running)
        && Button::secondary(&label).small().icon(icon).show(ui).clicked()
    {
        cx.send(command);
    }
    let has_failed = matches!(progress.state, MailboxProgressState::Stopped(_)) || progress.sum.refused > 0;
    let has_ended = matches!(progress.state, MailboxProgressState::Stopped(_) | MailboxProgressState::Done);
    let is_free = has_ended || matches!(project.copy.phase, CopyPhase::Stopped | CopyPhase::Finished);
    let label = match progress.rest {
        Rest::Copy => format!("Try {name} again"),
        Rest::LeaveOut | Rest::Save => format!("Copy the rest of {name} after all"),
    };
    if (has_failed || progress.rest != Rest::Copy)
        && is_free
        && Button::secondary(&label).small().icon(Icon::Again).show(ui).clicked()
    {
        cx.send(Command::RetryMailbox(progress.id));
    }
}

/// One folder with its bar; true when it was clicked.
/// Room for the numbers of a folder, and a gap before them.
const NUMBERS_WIDTH: f32 = 124.0;

fn folder_row(ui: &mut Ui, folder: &FolderProgress) -> bool {
    let theme = Theme::of(ui);
    let (row, response) = ui.allocate_exact_size(Vec2::new(ui.available_width(), 24.0), Sense::click());
    let sum = &folder.sum;
    let numbers = format!("{} of {}", with_thousands(sum.arrived()), with_thousands(sum.wanted()));
    let refused =
        if sum.refused > 0 { format!("{} refused", with_thousands(sum.refused)) } else { String::new() };
    response.widget_info(|| {
        WidgetInfo::labeled(
            Role::Row,
            true,
            format!("Show the messages of {}: {numbers} {refused}", folder.name),
        )
    });
    let ground = if response.hovered() { theme.hover } else { theme.sunken };
    ui.painter().rect_filled(row, 0.0, ground);
    let inner = row.shrink2(Vec2::new(15.0, 0.0)).with_min_x(row.left() + 32.0);
    let third = inner.width() / 3.0;
    text::left(ui, inner.with_max_x(inner.left() + third - 10.0), &folder.name, Type::Small, theme.text2);
    let bar = (inner.left() + third)..=(inner.right() - STATE_WIDTH - NUMBERS_WIDTH);
    let place = Rect::from_x_y_ranges(bar, (row.center().y - 2.0)..=(row.center().y + 2.0));
    let is_done = sum.waiting() == 0;
    let share = if is_done { 1.0 } else { format::share(sum.arrived(), sum.wanted()).min(0.99) };
    bar::bar_at(ui, place, share, if is_done { Tone::Pass } else { Tone::Running });
    // Under the numbers of the mailbox.
    text::right(ui, inner.with_max_x(inner.right() - STATE_WIDTH), numbers, Type::Small, theme.text2);
    text::right(ui, inner, refused, Type::Small, theme.tone(Tone::Fail).fg);
    focus_ring_inside(ui, &response, row);
    response.on_hover_cursor(CursorIcon::PointingHand).clicked()
}

/// The open row of a problem: sample messages and the ways out.
pub fn problem(ui: &mut Ui, problem: &ProblemGroup, project: &ProjectView, cx: &mut PageCx<'_>) {
    let theme = Theme::of(ui);
    Frame::new().inner_margin(Margin { left: 40, right: 15, top: 0, bottom: 10 }).show(ui, |ui| {
        for sample in problem.samples.iter().take(5) {
            text::paragraph(ui, sample, Type::Mono, theme.text2);
        }
        ui.add_space(6.0);
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = Vec2::new(8.0, 6.0);
            if Button::secondary(&show_label(problem.count)).small().show(ui).clicked() {
                let query = MessageQuery { problem: Some(problem.id), ..MessageQuery::default() };
                cx.send(Command::ShowMessages { query, first: 0 });
            }
            let is_resting = matches!(project.copy.phase, CopyPhase::Stopped | CopyPhase::Finished);
            if problem.state == MessageState::Refused
                && is_resting
                && Button::secondary("Retry them").small().icon(Icon::Again).show(ui).clicked()
            {
                cx.send(Command::RetryFailed);
            }
            if problem.state == MessageState::Exported
                && Button::secondary("Open the folder").small().icon(Icon::Folder).show(ui).clicked()
            {
                let folder = project.export_folder();
                ui.ctx().open_url(OpenUrl::new_tab(format!("file://{}", folder.display())));
            }
            copy_field::copy_button(ui, "words", &problem.cause);
        });
    });
}

/// Fault injection, in practice projects only.
pub fn trouble(ui: &mut Ui, project: &ProjectView, cx: &mut PageCx<'_>) {
    if !project.is_practice {
        return;
    }
    let theme = Theme::of(ui);
    ui.add_space(PANEL_GAP);
    panel::panel(ui, |ui| {
        ui.horizontal(|ui| {
            let (mark, _) = ui.allocate_exact_size(Vec2::new(ICON, 26.0), Sense::hover());
            Icon::Practice.paint(ui, mark, ICON, theme.tone(Tone::Paused).fg);
            ui.add_space(7.0);
            text::words(ui, "Make trouble on purpose", Type::Section, theme.text);
        });
        let words = "Nothing is lost or duplicated here either. Watch how the copy handles it. The same is under “Make trouble…” at the top of every page.";
        text::paragraph(ui, words, Type::Small, theme.text2);
        ui.add_space(8.0);
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = Vec2::new(8.0, 8.0);
            for (label, trouble) in TROUBLES {
                if Button::secondary(label).small().show(ui).clicked() {
                    cx.send(Command::MakeTrouble(trouble));
                }
            }
        });
    });
}
