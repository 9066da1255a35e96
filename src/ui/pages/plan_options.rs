//! The options of the copy: mode, filter, order and limits.

use egui::Ui;

use crate::engine::{Command, ProjectView};
use crate::plan::{
    CopyMode, CopyOptions, GmailLabels, MessageDates, MessageFilter, Rest, VerifyDepth, date_words,
    parse_date, parse_size,
};
use crate::ui::fonts::Type;
use crate::ui::icons::Icon;
use crate::ui::page_cx::PageCx;
use crate::ui::theme::{PANEL_GAP, Theme, Tone};
use crate::ui::widgets::button::Button;
use crate::ui::widgets::choice::{checkbox, radio};
use crate::ui::widgets::field::{Field, field_error, field_label};
use crate::ui::widgets::{note, panel, text};

const MODES: [(CopyMode, &str); 3] = [
    (
        CopyMode::BeforeSwitch,
        "New mail still arrives at your server. New messages and changed flags are copied.",
    ),
    (
        CopyMode::AfterSwitch,
        "People already use the new mailbox. Missing messages are added; nothing there is changed.",
    ),
    (
        CopyMode::Sweep,
        "As after the switch, but only Inbox and Junk: mail that still arrived at the old server.",
    ),
];

/// The open panel and what has been typed so far.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a box of its own")]
pub struct PlanOptions {
    is_open: bool,
    mode: CopyMode,
    is_newest_first: bool,
    since: String,
    before: String,
    least: String,
    most: String,
    search: String,
    labels: GmailLabels,
    up_per_day: String,
    down_per_day: String,
    disarms_receipts: bool,
    dates: MessageDates,
    drops_duplicates: bool,
    verify: VerifyDepth,
}

impl PlanOptions {
    /// Opens the panel with the current options, or closes it.
    pub fn toggle(&mut self, options: &CopyOptions) {
        if self.is_open {
            self.is_open = false;
            return;
        }
        let filter = &options.filter;
        let day = |secs: Option<i64>| secs.map_or_else(String::new, date_words);
        let size = |bytes: Option<u64>| bytes.map_or_else(String::new, size_text);
        *self = Self {
            is_open: true,
            mode: options.mode,
            is_newest_first: options.is_newest_first,
            since: day(filter.since_secs),
            before: day(filter.before_secs),
            least: size(filter.min_bytes),
            most: size(filter.max_bytes),
            search: filter.search.clone().unwrap_or_default(),
            labels: options.gmail_labels,
            up_per_day: size(options.upload_bytes_per_day),
            down_per_day: size(options.download_bytes_per_day),
            disarms_receipts: options.disarms_receipts,
            dates: options.dates,
            drops_duplicates: options.drops_duplicates,
            verify: options.verify,
        };
    }

    /// Draws the current options, or the open panel.
    pub fn ui(&mut self, ui: &mut Ui, project: &ProjectView, cx: &mut PageCx<'_>) {
        let options = &project.plan.options;
        if self.is_open {
            panel::panel(ui, |ui| self.panel(ui, cx));
            ui.add_space(PANEL_GAP);
        } else if let Some(words) = options.words() {
            if note::note(ui, Tone::Info, Icon::Info, &words, Some("Change this")) {
                self.toggle(options);
            }
            ui.add_space(PANEL_GAP);
        }
    }

    fn panel(&mut self, ui: &mut Ui, cx: &mut PageCx<'_>) {
        panel::section(ui, "What is copied");
        ui.add_space(8.0);
        let mut wrong = Vec::new();
        let columns = if cx.is_narrow { 2 } else { 3 };
        panel::equal_columns(ui, columns, 20.0, |ui, index| {
            if index == 0 {
                self.modes(ui);
                self.verify(ui);
                self.changes_to_copies(ui);
            }
            if index == 1 {
                self.times_and_sizes(ui, &mut wrong);
                self.search(ui, &mut wrong);
                self.duplicates(ui);
            }
            if index + 1 == columns {
                self.order(ui);
                self.provider_limits(ui, &mut wrong);
            }
        });
        ui.add_space(12.0);
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 8.0;
            let options = self.options();
            let is_clicked = Button::secondary("Apply").small().enabled(options.is_ok()).show(ui).clicked();
            if let Some(options) = options.ok().filter(|_| is_clicked) {
                cx.send(Command::SetCopyOptions(options));
                self.is_open = false;
            }
            if Button::link("Cancel").small().show(ui).clicked() {
                self.is_open = false;
            }
        });
    }

    fn modes(&mut self, ui: &mut Ui) {
        let theme = Theme::of(ui);
        for (mode, words) in MODES {
            if radio(ui, self.mode == mode, mode.name()).clicked() {
                self.mode = mode;
            }
            ui.horizontal_top(|ui| {
                ui.add_space(24.0);
                text::paragraph(ui, words, Type::Small, theme.text2);
            });
            ui.add_space(4.0);
        }
    }

    fn verify(&mut self, ui: &mut Ui) {
        ui.add_space(8.0);
        if explained(
            ui,
            self.verify == VerifyDepth::Full,
            "Read back every copy at the end",
            "Compares every byte and takes about as long as the copy. Otherwise only sizes, dates and flags are compared.",
        ) {
            self.verify = match self.verify {
                VerifyDepth::Quick => VerifyDepth::Full,
                VerifyDepth::Full => VerifyDepth::Quick,
            };
        }
    }

    /// Options that change the copies themselves.
    fn changes_to_copies(&mut self, ui: &mut Ui) {
        ui.add_space(8.0);
        if explained(
            ui,
            self.disarms_receipts,
            "Remove read-receipt requests from read messages",
            "So that mail programs do not send receipts again from the new mailbox.",
        ) {
            self.disarms_receipts = !self.disarms_receipts;
        }
        ui.add_space(8.0);
        if explained(
            ui,
            self.dates == MessageDates::Header,
            "Use the date in the message, not the date of arrival",
            "If an earlier move stamped all mail with its own date. Messages already listed keep their date.",
        ) {
            self.dates = match self.dates {
                MessageDates::Arrival => MessageDates::Header,
                MessageDates::Header => MessageDates::Arrival,
            };
        }
    }

    fn duplicates(&mut self, ui: &mut Ui) {
        ui.add_space(8.0);
        if explained(
            ui,
            self.drops_duplicates,
            "Copy exact duplicates once",
            "Messages in one folder that match byte for byte. Otherwise every duplicate is copied.",
        ) {
            self.drops_duplicates = !self.drops_duplicates;
        }
    }

    fn times_and_sizes(&mut self, ui: &mut Ui, wrong: &mut Vec<String>) {
        let pairs = [
            ("Received from (day)", "2020-01-31", &mut self.since),
            ("Received before (day)", "2024-12-31", &mut self.before),
        ];
        for (name, hint, value) in pairs {
            field(ui, name, hint, value, |text| parse_date(text).map_err(|error| error.to_string()), wrong);
        }
        let pairs = [("Smallest size", "10 kB", &mut self.least), ("Largest size", "25 MB", &mut self.most)];
        for (name, hint, value) in pairs {
            let parse = |text: &str| parse_size(text).map_err(|error| error.to_string());
            field(ui, name, hint, value, parse, wrong);
        }
        if wrong.is_empty()
            && let Ok(CopyOptions { filter, .. }) = self.options_without_search()
            && let Err(error) = filter.check()
        {
            field_error(ui, &error.to_string());
        }
    }

    fn search(&mut self, ui: &mut Ui, wrong: &mut Vec<String>) {
        let theme = Theme::of(ui);
        let check = |text: &str| crate::plan::check_search(text).map_err(|error| error.to_string());
        field(
            ui,
            "Only messages that match (IMAP search)",
            "FROM \"bank\" UNSEEN",
            &mut self.search,
            check,
            wrong,
        );
        text::paragraph(ui, "IMAP search keys such as SUBJECT, SINCE or UNSEEN.", Type::Small, theme.text2);
    }

    fn order(&mut self, ui: &mut Ui) {
        let theme = Theme::of(ui);
        if explained(
            ui,
            self.is_newest_first,
            "Newest messages first",
            "Recent mail is usable within minutes; the order within a folder is reversed.",
        ) {
            self.is_newest_first = !self.is_newest_first;
        }
        ui.add_space(8.0);
        text::paragraph(
            ui,
            "Messages you exclude are counted as left out. Choose folders in the tree.",
            Type::Small,
            theme.text2,
        );
    }

    /// Options about the providers rather than the messages.
    fn provider_limits(&mut self, ui: &mut Ui, wrong: &mut Vec<String>) {
        ui.add_space(8.0);
        if explained(
            ui,
            self.labels == GmailLabels::EveryFolder,
            "From Gmail: one copy per label",
            "Otherwise each message is copied once, into the folder of its best label.",
        ) {
            self.labels = match self.labels {
                GmailLabels::OncePerMessage => GmailLabels::EveryFolder,
                GmailLabels::EveryFolder => GmailLabels::OncePerMessage,
            };
        }
        ui.add_space(8.0);
        let pairs = [
            ("Upload limit per day", &mut self.up_per_day),
            ("Download limit per day", &mut self.down_per_day),
        ];
        for (name, value) in pairs {
            let parse = |text: &str| parse_size(text).map_err(|error| error.to_string());
            field(ui, name, "the provider’s limit", value, parse, wrong);
        }
    }

    fn options_without_search(&self) -> Result<CopyOptions, ()> {
        let day = |text: &str| typed(text, |text| parse_date(text).map_err(drop));
        let size = |text: &str| typed(text, |text| parse_size(text).map_err(drop));
        let filter = MessageFilter {
            since_secs: day(&self.since)?,
            before_secs: day(&self.before)?,
            min_bytes: size(&self.least)?,
            max_bytes: size(&self.most)?,
            search: None,
        };
        let (mode, is_newest_first) = (self.mode, self.is_newest_first);
        Ok(CopyOptions {
            mode,
            filter,
            is_newest_first,
            trial_messages: None,
            gmail_labels: self.labels,
            disarms_receipts: self.disarms_receipts,
            dates: self.dates,
            drops_duplicates: self.drops_duplicates,
            upload_bytes_per_day: size(&self.up_per_day)?,
            download_bytes_per_day: size(&self.down_per_day)?,
            verify: self.verify,
            rest: Rest::Copy,
        })
    }

    /// What was typed, if it is valid.
    fn options(&self) -> Result<CopyOptions, ()> {
        let mut options = self.options_without_search()?;
        let search = self.search.trim();
        options.filter.search = (!search.is_empty()).then(|| search.to_owned());
        options.filter.check().map_err(drop)?;
        Ok(options)
    }
}

/// The value of a field; `None` if it is empty.
fn typed<T>(text: &str, parse: impl Fn(&str) -> Result<T, ()>) -> Result<Option<T>, ()> {
    let text = text.trim();
    if text.is_empty() { Ok(None) } else { parse(text).map(Some) }
}

/// A checkbox with an explanation below it. True if it was clicked.
fn explained(ui: &mut Ui, is_on: bool, label: &str, words: &str) -> bool {
    let theme = Theme::of(ui);
    let is_clicked = checkbox(ui, is_on, label);
    text::paragraph(ui, words, Type::Small, theme.text2);
    is_clicked
}

/// A field with its label, and what is wrong with what was typed.
fn field<T>(
    ui: &mut Ui,
    name: &str,
    hint: &str,
    value: &mut String,
    parse: impl Fn(&str) -> Result<T, String>,
    wrong: &mut Vec<String>,
) {
    field_label(ui, name);
    let error = if value.trim().is_empty() { None } else { parse(value.trim()).err() };
    Field::new(name).hint(hint).small().error(error.is_some()).show(ui, value);
    if let Some(error) = error {
        field_error(ui, &error);
        wrong.push(error);
    }
    ui.add_space(8.0);
}

/// A size in a form that parses back to the same number.
fn size_text(bytes: u64) -> String {
    let units = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    let exact = units.into_iter().find(|(unit, _)| bytes >= *unit && bytes.is_multiple_of(*unit));
    exact.map_or_else(|| bytes.to_string(), |(unit, name)| format!("{} {name}", bytes / unit))
}
