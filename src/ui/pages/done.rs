//! The last page: what was copied, what remains to do, and the reports to save.

use crate::engine::{
    Command, CopyStanding, ProjectView, Readiness, ReportFormat, SavedStages, SavedView, Step, copied_to,
    copy_standing, elsewhere_words, is_zone_saved, saved_stages, trial_words,
};
use egui::{CursorIcon, Pos2, Rect, Role, Sense, Ui, Vec2, WidgetInfo};

use super::alias_plan::left_behind_panel;
use super::audit::{FORMATS, beside, extension};
use super::copy_panels::{LedgerPart, ledger_parts, state_mark};
use super::message_list::SaveMessages;
use crate::cutover::{ReminderKind, StepKind, StepState, reminder_words};
use crate::plan::{MessageQuery, MessageState};
use crate::ui::fonts::Type;
use crate::ui::format;
use crate::ui::icons::{ICON, Icon};
use crate::ui::page_cx::PageCx;
use crate::ui::platform::Purpose;
use crate::ui::shell::{Act, Footer, FooterButton, page_head, scroll_page};
use crate::ui::theme::{PANEL_GAP, Theme, Tone};
use crate::ui::widgets::badge::badge_at;
use crate::ui::widgets::choice::{check_at, option_button, paint_check};
use crate::ui::widgets::field::field_label;
use crate::ui::widgets::panel::Part;
use crate::ui::widgets::path_field::PathField;
use crate::ui::widgets::{bar, empty_state, focus_ring_inside, note, panel, text};
use crate::values::with_thousands;

/// Step Done: the ledger as an equation, what is still to do, and the report.
pub struct DonePage {
    format: ReportFormat,
    path: PathField,
    messages: SaveMessages,
}

impl Default for DonePage {
    fn default() -> Self {
        Self {
            format: ReportFormat::Html,
            path: PathField::new(Purpose::SaveReport),
            messages: SaveMessages::default(),
        }
    }
}

impl DonePage {
    /// Draws the page.
    pub fn ui(&mut self, ui: &mut Ui, project: &ProjectView, cx: &mut PageCx<'_>) {
        scroll_page(ui, "done", cx.is_narrow, |ui| {
            page_head(ui, &title(project), &summary(project), |_| {});
            panel::columns(ui, 384.0, cx.is_narrow, |ui, part| match part {
                Part::Main if copy_standing(project) == CopyStanding::NotStarted => {
                    panel::flush_panel(ui, |ui| {
                        let words = "What became of every message appears here once the copy has started. You can save the report at any time.";
                        empty_state::empty_state(ui, Icon::Archive, "Nothing copied yet", words, |_| {});
                    });
                }
                Part::Main => {
                    ledger(ui, project);
                    ui.add_space(PANEL_GAP);
                    verification(ui, project, cx);
                    left_behind_panel(ui, project);
                }
                Part::Aside => {
                    still_to_do(ui, project, cx);
                    ui.add_space(PANEL_GAP);
                    self.report(ui, project, cx);
                    if project.copy.started_at.is_some() {
                        ui.add_space(PANEL_GAP);
                        self.messages.panel(ui, project, cx);
                    }
                }
            });
        });
    }

    fn report(&mut self, ui: &mut Ui, project: &ProjectView, cx: &mut PageCx<'_>) {
        let theme = Theme::of(ui);
        panel::panel(ui, |ui| {
            panel::section(ui, "Report");
            let words = "Everything a colleague needs to check the move line by line. It contains no passwords and no message text.";
            text::paragraph(ui, words, Type::Body, theme.text2);
            ui.add_space(8.0);
            ui.horizontal(|ui| {
                for (format, label) in FORMATS {
                    if option_button(ui, self.format == format, label).clicked() {
                        self.format = format;
                        self.path.repropose(|| beside(project, "report", extension(format)));
                    }
                    ui.add_space(6.0);
                }
            });
            ui.add_space(10.0);
            field_label(ui, "Save to");
            self.path.propose(|| beside(project, "report", extension(self.format)));
            self.path.show(ui, "Report file", cx);
            if let Some(saved) = &project.report_saved {
                ui.add_space(6.0);
                saved_note(ui, saved);
            }
        });
    }

    /// What the footer says; the button saves to the path in the field.
    pub fn footer(&self, footer: &mut Footer) {
        footer.tone = Tone::Info;
        if let Some(path) = self.path.path() {
            let act = Act::Send(Command::SaveReport { path, format: self.format });
            footer.primary = Some(FooterButton::new("Save report", act));
        } else {
            footer.primary = Some(FooterButton::new("Save report", Act::Go(Step::Done)));
            footer.readiness =
                Readiness::Blocked { why: "Choose where to save the report".to_owned(), cure: None };
        }
    }
}

/// A saved file that matches what is shown, or one that is out of date.
pub fn saved_note(ui: &mut Ui, saved: &SavedView) {
    let path = saved.path.display();
    let (tone, icon, words) = if saved.is_current {
        (Tone::Pass, Icon::Pass, format!("Saved to {path}"))
    } else {
        (Tone::Info, Icon::Info, format!("{path} is out of date"))
    };
    note::note(ui, tone, icon, &words, None);
}

fn title(project: &ProjectView) -> String {
    let copy = &project.copy;
    match copy_standing(project) {
        CopyStanding::Finished if copy.sum.refused > 0 => {
            format!("Copied: every message is accounted for, {} refused", with_thousands(copy.sum.refused))
        }
        CopyStanding::Finished => "Copied: every message is accounted for".to_owned(),
        CopyStanding::Elsewhere => {
            format!("Report of the copy to {}", copied_to(project).unwrap_or("the destination"))
        }
        _ => "Report".to_owned(),
    }
}

fn summary(project: &ProjectView) -> String {
    let copy = &project.copy;
    let count = format::counted(copy.mailboxes.len(), "mailbox", "mailboxes");
    let provider = copied_to(project).unwrap_or("the destination");
    let times = copy.started_at.zip(copy.finished_at);
    match (copy_standing(project), times) {
        (CopyStanding::Finished, Some((from, to))) => format!(
            "{count} copied to {provider} between {} and {}. Each message is counted in exactly one line below.",
            format::date_time(from),
            format::date_time(to)
        ),
        (CopyStanding::NotStarted, _) => "What was audited, what was copied, and what to do next.".to_owned(),
        (CopyStanding::Elsewhere, _) => {
            format!("{}. The lines below are about {provider}.", elsewhere_words(project))
        }
        (CopyStanding::Tried(_), _) => format!("{}.", trial_words(&copy.sum)),
        (CopyStanding::Outgrown, _) => {
            "Mailboxes were added or changed since the copy finished; they are still to be copied.".to_owned()
        }
        _ => "The copy is not finished; the lines below show how far it got.".to_owned(),
    }
}

fn ledger(ui: &mut Ui, project: &ProjectView) {
    let theme = Theme::of(ui);
    let sum = &project.copy.sum;
    let parts: Vec<_> = ledger_parts(sum, theme)
        .into_iter()
        .filter(|part| part.count > 0 || part.state == MessageState::Copied)
        .collect();
    panel::flush_panel(ui, |ui| {
        let (row, _) = ui.allocate_exact_size(Vec2::new(ui.available_width(), 30.0), Sense::hover());
        let place = Rect::from_min_size(row.min + Vec2::new(15.0, 11.0), Vec2::new(row.width() - 30.0, 10.0));
        let shares: Vec<_> =
            parts.iter().map(|part| (format::share(part.count, sum.source_count), part.color)).collect();
        bar::parts_at(ui, place, &shares);
        for part in &parts {
            ledger_row(ui, part, &note_for(project, part.state));
        }
        let (row, response) = ui.allocate_exact_size(Vec2::new(ui.available_width(), 36.0), Sense::hover());
        let parts_sum: u64 = parts.iter().map(|part| part.count).sum();
        let adds_up = parts_sum == sum.source_count;
        let verdict = if adds_up { "adds up" } else { "does not add up" };
        response.widget_info(|| {
            let words =
                format!("All messages on your server: {}, {verdict}", with_thousands(sum.source_count));
            WidgetInfo::labeled(Role::Row, true, words)
        });
        ui.painter().hline(row.x_range(), row.top() - 0.5, theme.hairline());
        let inner = row.shrink2(Vec2::new(15.0, 0.0));
        text::left(ui, inner, "All messages on your server", Type::Strong, theme.text);
        let number = inner.with_max_x(number_end(inner));
        text::right(ui, number, with_thousands(sum.source_count), Type::Strong, theme.text);
        let (tone, icon) = if adds_up { (Tone::Pass, Icon::Pass) } else { (Tone::Fail, Icon::Fail) };
        badge_at(ui, inner.with_min_x(number_end(inner) + 16.0), tone, icon, verdict);
    });
}

fn number_end(inner: Rect) -> f32 {
    inner.left() + (inner.width() * 0.463).max(230.0)
}

fn ledger_row(ui: &mut Ui, part: &LedgerPart, note: &str) {
    let LedgerPart { count, word, color, .. } = *part;
    let theme = Theme::of(ui);
    let (row, response) = ui.allocate_exact_size(Vec2::new(ui.available_width(), 32.0), Sense::hover());
    response.widget_info(|| {
        WidgetInfo::labeled(Role::Row, true, format!("{word}: {}. {note}", with_thousands(count)))
    });
    let inner = row.shrink2(Vec2::new(15.0, 0.0));
    let mark = Rect::from_center_size(Pos2::new(inner.left() + 5.0, row.center().y), Vec2::splat(9.0));
    ui.painter().rect_filled(mark, 2.0, color);
    text::left(ui, inner.with_min_x(inner.left() + 18.0), word, Type::Body, theme.text);
    text::right(ui, inner.with_max_x(number_end(inner)), with_thousands(count), Type::Strong, theme.text);
    text::left(ui, inner.with_min_x(number_end(inner) + 16.0), note, Type::Small, theme.text2);
    ui.painter().hline(row.x_range(), row.top() - 0.5, theme.hairline());
}

/// The first cause that explains a line.
fn note_for(project: &ProjectView, state: MessageState) -> String {
    if state == MessageState::AlreadyThere {
        return "found by content, not copied twice".to_owned();
    }
    let first = project.copy.problems.iter().find(|problem| problem.state == state);
    first.map_or_else(String::new, |problem| problem.cause.clone())
}

fn verification(ui: &mut Ui, project: &ProjectView, cx: &mut PageCx<'_>) {
    let theme = Theme::of(ui);
    if let Some(words) = &project.copy.verification {
        panel::panel(ui, |ui| {
            panel::section(ui, "How it was verified");
            ui.add_space(2.0);
            text::paragraph(ui, words, Type::Body, theme.text);
        });
        ui.add_space(PANEL_GAP);
    }
    if project.copy.problems.is_empty() {
        return;
    }
    panel::flush_panel(ui, |ui| {
        panel::panel_head(ui, "What needs a look", "");
        for problem in &project.copy.problems {
            let (tone, icon) = state_mark(problem.state);
            let (row, response) =
                ui.allocate_exact_size(Vec2::new(ui.available_width(), 32.0), Sense::click());
            let words = format!("Show the messages: {}: {}", problem.cause, with_thousands(problem.count));
            response.widget_info(|| {
                WidgetInfo::labeled(Role::Button, true, format!("{words}. {}", problem.way_out))
            });
            if response.hovered() {
                ui.painter().rect_filled(row, 0.0, theme.hover);
            }
            let inner = row.shrink2(Vec2::new(15.0, 0.0));
            icon.paint(
                ui,
                Rect::from_min_size(inner.min, Vec2::new(ICON, row.height())),
                ICON,
                theme.tone(tone).fg,
            );
            let place = text::left(
                ui,
                inner.with_min_x(inner.left() + 25.0),
                &problem.cause,
                Type::Label,
                theme.text,
            );
            let rest = inner.with_min_x(place.right() + 12.0).with_max_x(inner.right() - 60.0);
            text::left(ui, rest, &problem.way_out, Type::Small, theme.text2);
            text::right(ui, inner, with_thousands(problem.count), Type::Strong, theme.text);
            ui.painter().hline(row.x_range(), row.top() - 0.5, theme.hairline());
            focus_ring_inside(ui, &response, row);
            if response.on_hover_cursor(CursorIcon::PointingHand).clicked() {
                let query = MessageQuery { problem: Some(problem.id), ..MessageQuery::default() };
                cx.send(Command::ShowMessages { query, first: 0 });
                cx.go(Step::Copy);
            }
        }
    });
    ui.add_space(PANEL_GAP);
}

/// The progress of the copy in a few words.
fn copied_words(project: &ProjectView) -> String {
    match copy_standing(project) {
        CopyStanding::Finished => format!("at {}", copied_to(project).unwrap_or("the destination")),
        CopyStanding::Elsewhere => project.destination.chosen.as_ref().map_or_else(
            || "no destination is chosen".to_owned(),
            |(_, name)| format!("nothing at {name} yet"),
        ),
        CopyStanding::NotStarted => "not started yet".to_owned(),
        _ => "not finished yet".to_owned(),
    }
}

/// A task of the move; whether it is done shows in the project.
struct Task {
    title: &'static str,
    detail: String,
    is_done: bool,
}

/// The tasks still to do, from the facts of the project.
fn tasks(project: &ProjectView) -> Vec<Task> {
    let is_copied = copy_standing(project) == CopyStanding::Finished;
    let is_published = project.switch.reading.as_ref().is_some_and(|reading| reading.is_everywhere);
    let is_done = |kind: StepKind| {
        project.switch.steps.iter().any(|step| step.kind == kind && step.state == StepState::Done)
    };
    let is_swept = is_done(StepKind::Sweep);
    // The switch builds on stage 1.
    let is_prepared = is_published || is_done(StepKind::LowerTtls);
    let late = with_thousands(project.switch.late.messages);
    let SavedStages { saved, all: stages } = saved_stages(project);
    let refused = project.copy.sum.refused;
    let task = |title, detail, is_done| Task { title, detail, is_done };
    let mut tasks = vec![
        task("Copy every mailbox", copied_words(project), is_copied),
        task(
            "Save the zone lines",
            match (saved, stages) {
                (0, _) => "on the Records page".to_owned(),
                (_, 1) => "the only stage with changes".to_owned(),
                (saved, stages) => format!("{saved} of {stages} stages"),
            },
            is_zone_saved(project),
        ),
        task(
            "Publish the lines of stage 1, “Now”",
            if is_prepared {
                "seen at the name servers".to_owned()
            } else {
                "at your DNS host; mail delivery does not change".to_owned()
            },
            is_prepared,
        ),
        task(
            "Publish the lines of the switch",
            if is_published {
                "seen at every name server".to_owned()
            } else {
                "new mail then arrives at the new provider".to_owned()
            },
            is_published,
        ),
        task(
            "Bring over late mail",
            if is_swept {
                format!("after the last old answer was gone; {late} came late")
            } else {
                "from the page Switch; nothing is duplicated".to_owned()
            },
            is_swept,
        ),
    ];
    if refused > 0 {
        tasks.insert(
            1,
            task("Look at the refused messages", format!("{refused}, listed in the report"), false),
        );
    }
    tasks
}

/// How a row of the list is marked.
enum Tick {
    /// The program sees whether it is done.
    Known(bool),
    /// The owner says so.
    Owner(ReminderKind, bool),
}

fn still_to_do(ui: &mut Ui, project: &ProjectView, cx: &mut PageCx<'_>) {
    let tasks = tasks(project);
    let reminders = &project.switch.reminders;
    let provider = project.destination.chosen.as_ref().map_or("the new provider", |(_, name)| name.as_str());
    let done = tasks.iter().filter(|task| task.is_done).count()
        + reminders.iter().filter(|one| one.is_done()).count();
    panel::flush_panel(ui, |ui| {
        let all = tasks.len() + reminders.len();
        panel::panel_head(ui, "Still to do", &format!("{done} of {all} done"));
        for Task { title, detail, is_done } in &tasks {
            to_do_row(ui, &ToDo { title, detail, date: "" }, &Tick::Known(*is_done));
        }
        for one in reminders {
            let words = reminder_words(&one.reminder, provider);
            let date = match (one.done_at, one.reminder.from) {
                (Some(at), _) => format::date(at),
                (None, Some(from)) if from <= cx.snapshot.now => "now".to_owned(),
                (None, Some(from)) => format::date(from),
                (None, None) => "after the switch".to_owned(),
            };
            let tick = if one.reminder.is_seen {
                Tick::Known(true)
            } else {
                Tick::Owner(one.reminder.kind, one.done_at.is_some())
            };
            let row = ToDo { title: words.title, detail: &words.detail, date: &date };
            if let Some(Ticked { kind, is_done }) = to_do_row(ui, &row, &tick) {
                cx.send(Command::TickReminder { kind, is_done });
            }
        }
    });
}

/// The words of a row of the list.
struct ToDo<'a> {
    title: &'a str,
    detail: &'a str,
    /// From when on; empty where it has no date.
    date: &'a str,
}

/// What was just ticked, and whether it is done now.
struct Ticked {
    kind: ReminderKind,
    is_done: bool,
}

fn to_do_row(ui: &mut Ui, row: &ToDo<'_>, tick: &Tick) -> Option<Ticked> {
    let ToDo { title: words, detail: known, date } = *row;
    let theme = Theme::of(ui);
    let (row, response) = ui.allocate_exact_size(Vec2::new(ui.available_width(), 52.0), Sense::hover());
    let (Tick::Known(is_done) | Tick::Owner(_, is_done)) = *tick;
    let state = if is_done { "done" } else { "to do" };
    let when = if date.is_empty() { String::new() } else { format!(", {date}") };
    response.widget_info(|| WidgetInfo::labeled(Role::Row, true, format!("{words}, {known}{when}, {state}")));
    let mark = Rect::from_min_size(row.min + Vec2::new(16.0, 9.0), Vec2::splat(16.0));
    let mut ticked = None;
    match tick {
        Tick::Owner(kind, is_done) => {
            if check_at(ui, mark, words.len(), *is_done, &format!("Done: {words}")) {
                ticked = Some(Ticked { kind: *kind, is_done: !is_done });
            }
        }
        Tick::Known(true) => paint_check(ui, mark, true),
        Tick::Known(false) => {
            ui.painter().circle_stroke(mark.center(), 6.5, (1.5, theme.line2));
        }
    }
    let right = row.right() - 15.0;
    let line = |top: f32, height: f32, end: f32| {
        Rect::from_min_max(row.min + Vec2::new(42.0, top), Pos2::new(end, row.top() + top + height))
    };
    let date_width = if date.is_empty() { 0.0 } else { text::width(ui, date, Type::Small) + 12.0 };
    let color = if is_done { theme.text2 } else { theme.text };
    text::left(ui, line(7.0, 20.0, right - date_width), words, Type::Label, color);
    text::right(ui, line(7.0, 20.0, right), date, Type::Small, theme.text2);
    text::left(ui, line(27.0, 17.0, right), known, Type::Small, theme.text2);
    response.on_hover_text(known);
    ui.painter().hline(row.x_range(), row.top() - 0.5, theme.hairline());
    ticked
}
