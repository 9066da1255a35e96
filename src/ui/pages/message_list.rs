//! Individual messages: a list that holds only the rows on screen, however many messages there are.

use egui::{Rect, Ui, Vec2};

use super::audit::beside;
use super::copy_panels::{state_mark, state_word};
use super::short_address;
use crate::engine::{Command, MessageListView, MessageOutcome, ProjectView};
use crate::message::internal_date_secs;
use crate::plan::{MessageQuery, MessageState};
use crate::ui::fonts::Type;
use crate::ui::format;
use crate::ui::icons::Icon;
use crate::ui::page_cx::PageCx;
use crate::ui::platform::Purpose;
use crate::ui::shell::page_head;
use crate::ui::theme::{PANEL_GAP, Theme, Tone};
use crate::ui::widgets::badge::{badge_at, filter_chip};
use crate::ui::widgets::button::Button;
use crate::ui::widgets::field::field_label;
use crate::ui::widgets::path_field::PathField;
use crate::ui::widgets::row_list::{Column, Cursor, RowList, cells, table_head};
use crate::ui::widgets::{copy_field, empty_state, key_value, note, panel, text};
use crate::values::{UnixTime, with_thousands};

const ROW: f32 = 28.0;

const COLUMNS: [Column; 6] = [
    Column::words("Received", 142.0),
    Column::words("Folder", 0.0),
    Column::number("UID", 64.0),
    Column::number("Size", 76.0),
    Column::words("     State", 148.0),
    Column::words("Why", 0.0),
];

/// States offered as filters.
const STATES: [MessageState; 9] = [
    MessageState::Copied,
    MessageState::AlreadyThere,
    MessageState::Repaired,
    MessageState::Exported,
    MessageState::Refused,
    MessageState::Vanished,
    MessageState::LeftOut,
    MessageState::Deferred,
    MessageState::ToDo,
];

/// Seconds after which unanswered rows are requested again.
const LONGEST_WAIT_SECONDS: f64 = 1.0;

/// A request for more rows.
#[derive(Clone, Copy)]
struct Asked {
    /// The first row at the time of the request. If it has changed, the answer has arrived.
    loaded_first: u64,
    /// When, on the window's clock.
    at: f64,
}

/// The page that lists individual messages.
#[derive(Default)]
pub struct MessageList {
    cursor: Cursor,
    /// Index of the open row.
    opened: Option<usize>,
    /// The latest request for more rows.
    asked: Option<Asked>,
    save: SaveMessages,
    is_saving: bool,
}

impl MessageList {
    /// Draws the page.
    pub fn ui(&mut self, ui: &mut Ui, project: &ProjectView, list: &MessageListView, cx: &mut PageCx<'_>) {
        page_head(ui, &heading(project, &list.query), &summary(list), |ui| {
            if Button::secondary("Back to the copy").small().icon(Icon::ArrowLeft).show(ui).clicked() {
                cx.send(Command::HideMessages);
            }
            if Button::secondary("Save message list…").small().icon(Icon::Save).show(ui).clicked() {
                self.is_saving = !self.is_saving;
            }
        });
        if self.is_saving {
            self.save.panel(ui, project, cx);
            ui.add_space(PANEL_GAP);
        }
        self.filters(ui, list, cx);
        ui.add_space(PANEL_GAP);
        panel::flush_panel(ui, |ui| {
            if list.total == 0 {
                empty_state::empty_state(
                    ui,
                    Icon::Inbox,
                    "No such message",
                    "No message is in this state right now; states change while the copy runs.",
                    |_| {},
                );
                return;
            }
            self.table(ui, project, list, cx);
        });
    }

    fn filters(&mut self, ui: &mut Ui, list: &MessageListView, cx: &mut PageCx<'_>) {
        let mut chosen = None;
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = Vec2::new(8.0, 8.0);
            let count = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
            let all = count(list.sum.source_count);
            if filter_chip(ui, Tone::Info, Icon::Inbox, "All", all, list.query.state.is_none()).clicked() {
                chosen = Some(None);
            }
            for state in STATES {
                let number = list.sum.count(state);
                let is_on = list.query.state == Some(state);
                if number == 0 && !is_on {
                    continue;
                }
                let (tone, icon) = state_mark(state);
                if filter_chip(ui, tone, icon, state_word(state), count(number), is_on).clicked() {
                    chosen = Some((!is_on).then_some(state));
                }
            }
        });
        if let Some(state) = chosen {
            self.opened = None;
            cx.send(Command::ShowMessages { query: MessageQuery { state, ..list.query.clone() }, first: 0 });
        }
    }

    fn table(&mut self, ui: &mut Ui, project: &ProjectView, list: &MessageListView, cx: &mut PageCx<'_>) {
        let total = usize::try_from(list.total).unwrap_or(usize::MAX);
        let first = usize::try_from(list.first).unwrap_or(usize::MAX);
        let row_at = |index: usize| index.checked_sub(first).and_then(|offset| list.rows.get(offset));
        let is_of_many = list.query.mailbox.is_none();
        let missing = std::cell::Cell::new(None::<usize>);
        let (head, _) = table_head(ui, &COLUMNS, &[], None);
        let open = self.opened.filter(|index| *index < total);
        let mut rows = RowList::begin(ui, "Messages", head, total, ROW, &mut self.cursor);
        let sentence = |index: usize| row_at(index).map_or_else(String::new, row_sentence);
        let draw = |ui: &mut Ui, index: usize, rect: Rect, _look| {
            if let Some(row) = row_at(index) {
                return message_row(ui, rect, row, project, is_of_many, open == Some(index));
            }
            missing.set(missing.get().or(Some(index)));
            let theme = Theme::of(ui);
            text::left(ui, rect.shrink2(Vec2::new(15.0, 0.0)), "…", Type::Body, theme.text3);
        };
        let split = open.map_or(total, |open| open + 1);
        rows.rows(ui, 0..split, sentence, draw);
        if let Some(row) = open.and_then(row_at) {
            details(ui, row);
        }
        rows.rows(ui, split..total, sentence, draw);
        if let Some(index) = rows.end().opened {
            self.opened = (open != Some(index)).then_some(index);
        }
        if let Some(index) = missing.get() {
            self.ask(ui, list, u64::try_from(index).unwrap_or(u64::MAX), cx);
        }
    }

    /// Requests the rows around this one unless a request is pending: scrolling passes many rows.
    fn ask(&mut self, ui: &Ui, list: &MessageListView, wanted: u64, cx: &mut PageCx<'_>) {
        let now = ui.input(|input| input.time);
        let is_under_way = self
            .asked
            .is_some_and(|asked| asked.loaded_first == list.first && now - asked.at < LONGEST_WAIT_SECONDS);
        if !is_under_way {
            cx.send(Command::ShowMessages { query: list.query.clone(), first: wanted });
            self.asked = Some(Asked { loaded_first: list.first, at: now });
        }
    }
}

fn heading(project: &ProjectView, query: &MessageQuery) -> String {
    let mailbox = query.mailbox.and_then(|id| project.mailboxes.iter().find(|row| row.id == id));
    let problem = query.problem.and_then(|id| project.copy.problems.iter().find(|group| group.id == id));
    let folder = query
        .folder
        .as_ref()
        .map(|folder| if folder.is_inbox() { "Inbox".to_owned() } else { folder.to_string() });
    match (mailbox, folder, problem) {
        (_, _, Some(problem)) => problem.cause.clone(),
        (Some(row), Some(folder), _) => format!("{folder} of {}", super::short_name(&row.mailbox, project)),
        (Some(row), None, _) => format!("Messages of {}", super::short_name(&row.mailbox, project)),
        (None, Some(folder), _) => folder,
        (None, None, None) => "Every message".to_owned(),
    }
}

fn summary(list: &MessageListView) -> String {
    let count = usize::try_from(list.total).unwrap_or(usize::MAX);
    format!(
        "{}, one row each. Open a row for its hash and the server’s words.",
        format::counted(count, "message", "messages")
    )
}

/// When a message was received, as date and time; as the server gave it if it does not parse.
fn received(row: &MessageOutcome) -> String {
    internal_date_secs(&row.date).map_or_else(|| row.date.clone(), |secs| format::date_time(UnixTime(secs)))
}

fn row_sentence(row: &MessageOutcome) -> String {
    let why = if row.cause.is_empty() { String::new() } else { format!(", {}", row.cause) };
    format!(
        "{}, {}, UID {}, {}, {}{why}",
        received(row),
        row.folder,
        row.uid,
        row.size,
        state_word(row.state)
    )
}

fn message_row(
    ui: &Ui,
    rect: Rect,
    row: &MessageOutcome,
    project: &ProjectView,
    is_of_many: bool,
    is_open: bool,
) {
    let theme = Theme::of(ui);
    if is_open {
        ui.painter().rect_filled(rect, 0.0, theme.select);
    }
    ui.painter().hline(rect.x_range(), rect.top() - 0.5, theme.hairline());
    let cell = cells(rect.shrink2(Vec2::new(15.0, 0.0)), &COLUMNS);
    let [date, folder, uid, size, state, why] = cell.as_slice() else { return };
    let cut = |cell: &Rect| cell.with_max_x(cell.right() - 8.0);
    text::left(ui, cut(date), received(row), Type::Body, theme.text2);
    let mut name = if row.folder.is_inbox() { "Inbox".to_owned() } else { row.folder.to_string() };
    if is_of_many && let Some(owner) = project.mailboxes.iter().find(|owner| owner.id == row.mailbox) {
        name = format!("{} {name}", short_address(&owner.mailbox.address.to_string(), project));
    }
    text::left(ui, cut(folder), name, Type::Body, theme.text);
    text::right(ui, *uid, row.uid.to_string(), Type::Body, theme.text2);
    text::right(ui, *size, row.size.to_string(), Type::Body, theme.text2);
    let (tone, icon) = state_mark(row.state);
    badge_at(ui, state.with_min_x(state.left() + 20.0), tone, icon, state_word(row.state));
    text::left(ui, *why, &row.cause, Type::Body, theme.text2);
}

/// Everything known about one message.
fn details(ui: &mut Ui, row: &MessageOutcome) {
    let theme = Theme::of(ui);
    let frame = egui::Frame::new().fill(theme.sunken).inner_margin(egui::Margin {
        left: 15,
        right: 15,
        top: 8,
        bottom: 10,
    });
    frame.show(ui, |ui| {
        ui.set_width(ui.available_width());
        let place = row
            .destination_uid
            .map_or_else(|| row.destination.to_string(), |uid| format!("{}, UID {uid}", row.destination));
        let mut known = vec![
            ("On your server", format!("{}, UID {}", row.folder, row.uid)),
            ("At the destination", place),
            ("Size", row.size.exact()),
            ("Received", row.date.clone()),
        ];
        if !row.sha256.is_empty() {
            known.push(("SHA-256", row.sha256.clone()));
        }
        if !row.cause.is_empty() {
            known.push(("Why", row.cause.clone()));
        }
        key_value::small_key_values(ui, &known);
        if !row.cause.is_empty() {
            ui.add_space(6.0);
            copy_field::copy_button(ui, "words", &row.cause);
        }
    });
}

/// Where the list of all messages is saved.
pub struct SaveMessages {
    path: PathField,
}

impl Default for SaveMessages {
    fn default() -> Self {
        Self { path: PathField::new(Purpose::SaveMessages) }
    }
}

impl SaveMessages {
    /// Draws the panel.
    pub fn panel(&mut self, ui: &mut Ui, project: &ProjectView, cx: &mut PageCx<'_>) {
        let theme = Theme::of(ui);
        panel::panel(ui, |ui| {
            panel::section(ui, "Message list");
            let words = "One row per message: state, cause, folders, UIDs, size, date and hash. A name ending in .csv gives a table; .json and .jsonl are for programs.";
            text::paragraph(ui, words, Type::Body, theme.text2);
            ui.add_space(8.0);
            field_label(ui, "Save the list to");
            self.path.propose(|| beside(project, "messages", "csv"));
            self.path.show(ui, "Message list file", cx);
            ui.add_space(8.0);
            if project.messages.is_saving {
                text::paragraph(ui, "Writing the list…", Type::Body, theme.text2);
                return;
            }
            let path = self.path.path();
            let button = Button::secondary("Save message list").small().icon(Icon::Save);
            let is_clicked = button.enabled(path.is_some()).show(ui).clicked();
            if let Some(path) = path.filter(|_| is_clicked) {
                cx.send(Command::SaveMessages(path));
            }
            if let Some(saved) = &project.messages.saved {
                ui.add_space(6.0);
                note::note(ui, Tone::Pass, Icon::Pass, &format!("Saved to {}", saved.display()), None);
            }
        });
    }
}

/// `Show 2,960 messages`.
pub fn show_label(count: u64) -> String {
    match count {
        1 => "Show the message".to_owned(),
        count => format!("Show {} messages", with_thousands(count)),
    }
}
