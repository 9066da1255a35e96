//! Who accepts the mail: one row per receiver, with its own words.

use egui::{Pos2, Rect, Ui, Vec2};

use crate::audit::AuditReport;
use crate::audit::evidence::{self, Receiver, RemovalRequest, Trend, Trust};
use crate::ui::fonts::Type;
use crate::ui::format;
use crate::ui::icons::{ICON, Icon};
use crate::ui::theme::{PANEL_GAP, Theme, Tone};
use crate::ui::widgets::badge::{Badge, badge_at};
use crate::ui::widgets::copy_field::{copy_button, copy_field};
use crate::ui::widgets::row_list::{Column, Cursor, RowList, cells, table_head};
use crate::ui::widgets::{bar, empty_state, key_value, panel, text};
use crate::values::with_thousands;

/// Receiver, share, attempts, delivered, a gap between numbers and words, what it does, last reply, chevron.
const COLUMNS: [Column; 8] = [
    Column::words("Receiver", 170.0),
    Column::words("Share of your recipients", 170.0),
    Column::number("Attempts", 66.0),
    Column::number("Delivered", 72.0),
    Column::words("", 18.0),
    Column::words("What it does", 166.0),
    Column::words("Reply", 0.0),
    Column::words("", 20.0),
];
const ROW: f32 = 42.0;

/// View state of the table.
#[derive(Default)]
pub struct ReceiversTab {
    open: Option<String>,
    cursor: Cursor,
}

impl ReceiversTab {
    /// Draws the table, or what is needed for one.
    pub fn ui(&mut self, ui: &mut Ui, report: &AuditReport, is_narrow: bool) {
        let receivers = report.receivers.as_slice();
        if receivers.is_empty() {
            panel::flush_panel(ui, |ui| {
                let words = "Only receivers themselves know whether they accept your mail, and they tell your own \
                             server. Read its mail log or a folder with bounces under Evidence.";
                empty_state::empty_state(ui, Icon::Inbox, "No receivers known yet", words, |_| {});
            });
            return;
        }
        head(ui, report);
        shares(ui, receivers);
        panel::flush_panel(ui, |ui| {
            let (head, _) = table_head(ui, &COLUMNS, &[], None);
            let open = receivers.iter().position(|receiver| self.open.as_ref() == Some(&receiver.id));
            let mut list = RowList::begin(ui, "Receivers", head, receivers.len(), ROW, &mut self.cursor);
            let sentence = |index: usize| receivers.get(index).map_or_else(String::new, sentence);
            let draw = |ui: &mut Ui, index: usize, place: Rect, _look| {
                if let Some(receiver) = receivers.get(index) {
                    row(ui, place, receiver, open == Some(index));
                }
            };
            let split = open.map_or(receivers.len(), |open| open + 1);
            list.rows(ui, 0..split, sentence, draw);
            if let Some(receiver) = open.and_then(|open| receivers.get(open)) {
                details(ui, receiver, is_narrow);
                list.rows(ui, split..receivers.len(), sentence, draw);
            }
            if let Some(receiver) = list.end().opened.and_then(|index| receivers.get(index)) {
                let is_open = self.open.as_ref() == Some(&receiver.id);
                self.open = (!is_open).then(|| receiver.id.clone());
            }
        });
    }
}

/// The badge of what a receiver does.
pub const fn of_trust(trust: Trust) -> Badge {
    match trust {
        Trust::Trusts => Badge::of(Tone::Pass, Icon::Pass, "Trusts you"),
        Trust::Slow => Badge::of(Tone::Warn, Icon::Warn, "Slow"),
        Trust::WantsFix => Badge::of(Tone::Warn, Icon::Warn, "Wants a fix"),
        Trust::DistrustsAddress => Badge::of(Tone::Fail, Icon::Fail, "Distrusts the address"),
        Trust::DistrustsRange => Badge::of(Tone::Fail, Icon::Fail, "Distrusts the range"),
        Trust::DistrustsDomain => Badge::of(Tone::Fail, Icon::Fail, "Distrusts the domain"),
        Trust::Unclear => Badge::of(Tone::Unknown, Icon::Unknown, "Reason unclear"),
        Trust::TooFew => Badge::of(Tone::Unknown, Icon::Unknown, "Too few to say"),
    }
}

/// What the shares below are counted from.
fn head(ui: &mut Ui, report: &AuditReport) {
    let theme = Theme::of(ui);
    panel::section(ui, "Who accepts your mail");
    if let Some(verdict) = &report.verdict {
        let coverage = &verdict.coverage;
        let words = format!(
            "Read from {} on {}, on this computer. The shares are shares of your recipients.",
            format::counted(coverage.attempts, "delivery", "deliveries"),
            format::counted(coverage.days, "day", "days")
        );
        text::paragraph(ui, words, Type::Lead, theme.text2);
    }
    ui.add_space(8.0);
}

/// Four shares, and one bar.
fn shares(ui: &mut Ui, receivers: &[Receiver]) {
    let theme = Theme::of(ui);
    let sum = |wanted: &[Tone]| -> u64 {
        let of = |receiver: &&Receiver| wanted.contains(&of_trust(receiver.trust).tone);
        receivers.iter().filter(of).map(|receiver| receiver.recipients).sum()
    };
    let all: u64 = receivers.iter().map(|receiver| receiver.recipients).sum();
    let parts = [
        (Tone::Pass, "trust you"),
        (Tone::Fail, "distrust you"),
        (Tone::Warn, "slow or want a fix"),
        (Tone::Unknown, "not known"),
    ];
    let share = |tone: Tone| format::share(sum(&[tone]), all);
    panel::equal_columns(ui, parts.len(), 12.0, |ui, index| {
        if let Some((tone, words)) = parts.get(index) {
            let percent = format!("{:.0}%", share(*tone) * 100.0);
            text::words(ui, percent, Type::Title, theme.tone(*tone).fg);
            text::words(ui, *words, Type::Small, theme.text2);
        }
    });
    ui.add_space(6.0);
    let (rect, _) = ui.allocate_exact_size(Vec2::new(ui.available_width(), 6.0), egui::Sense::hover());
    let colored: Vec<_> = parts.iter().map(|(tone, _)| (share(*tone), theme.tone(*tone).bar)).collect();
    bar::parts_at(ui, rect, &colored);
    ui.add_space(PANEL_GAP);
}

fn delivered(receiver: &Receiver) -> String {
    receiver.delivered.map_or_else(|| "not known".to_owned(), with_thousands)
}

fn percent(receiver: &Receiver) -> String {
    match receiver.share_permille {
        0..10 => "under 1%".to_owned(),
        permille => format!("{}%", (permille + 5) / 10),
    }
}

fn sentence(receiver: &Receiver) -> String {
    let word = of_trust(receiver.trust).word;
    format!(
        "{word}: {}, {} of your recipients, {} attempts, {} delivered",
        receiver.name,
        percent(receiver),
        with_thousands(receiver.attempts),
        delivered(receiver)
    )
}

fn row(ui: &Ui, place: Rect, receiver: &Receiver, is_open: bool) {
    let theme = Theme::of(ui);
    let cells = cells(place.shrink2(Vec2::new(15.0, 0.0)), &COLUMNS);
    let cell = |index: usize| {
        let rect = cells.get(index).copied().unwrap_or(place);
        rect.with_max_x((rect.right() - 8.0).max(rect.left()))
    };
    let Badge { tone, icon, word } = of_trust(receiver.trust);
    let name = cell(0);
    if receiver.what.is_empty() {
        text::left(ui, name, receiver.name.as_str(), Type::Label, theme.text);
    } else {
        let (above, below) = name.shrink2(Vec2::new(0.0, 4.0)).split_top_bottom_at_fraction(0.5);
        text::left(ui, above, receiver.name.as_str(), Type::Label, theme.text);
        text::left(ui, below, receiver.what.as_str(), Type::Small, theme.text2);
    }
    let share = cell(1);
    let track =
        Rect::from_center_size(Pos2::new(share.left() + 50.0, share.center().y), Vec2::new(100.0, 8.0));
    bar::bar_at(ui, track, format::share(u64::from(receiver.share_permille), 1000), tone);
    text::right(ui, share, percent(receiver), Type::Body, theme.text);
    text::right(ui, cell(2), with_thousands(receiver.attempts), Type::Body, theme.text);
    text::right(ui, cell(3), delivered(receiver), Type::Body, theme.text);
    badge_at(ui, cell(5), tone, icon, &word);
    text::left(ui, cell(6), receiver.reply.as_str(), Type::Mono, theme.text2);
    let chevron = if is_open { Icon::ChevronDown } else { Icon::ChevronRight };
    chevron.paint(ui, cell(7), ICON, theme.text2);
    ui.painter().hline(place.x_range(), place.bottom() - 0.5, theme.hairline());
}

/// What an open row says: plain words, the reply, since when, and what to do.
fn details(ui: &mut Ui, receiver: &Receiver, is_narrow: bool) {
    let theme = Theme::of(ui);
    let known = receiver.pattern.as_deref().and_then(evidence::pattern);
    egui::Frame::new().fill(theme.sunken).inner_margin(15).show(ui, |ui| {
        ui.set_width(ui.available_width());
        panel::columns(ui, 300.0, is_narrow, |ui, part| match part {
            panel::Part::Main => {
                let words = match (known, receiver.trust) {
                    (Some(pattern), _) => pattern.words.clone(),
                    (None, Trust::Unclear) => {
                        "What this receiver means is not known. Its words stand below.".to_owned()
                    }
                    (None, Trust::TooFew) => {
                        "Five messages on two days are needed before anything is said.".to_owned()
                    }
                    (None, _) => "It has said nothing that would need a word.".to_owned(),
                };
                text::paragraph(ui, words, Type::Lead, theme.text);
                if !receiver.reply.is_empty() {
                    ui.add_space(8.0);
                    copy_field(ui, "reply", &receiver.reply);
                }
                if let Some(pattern) = known {
                    ui.add_space(8.0);
                    text::paragraph(ui, format!("What to do: {}", pattern.remedy), Type::Body, theme.text);
                }
                request(ui, receiver);
            }
            panel::Part::Aside => key_value::key_values(ui, &figures(receiver)),
        });
    });
}

/// A text to send, or what has to be mended before.
fn request(ui: &mut Ui, receiver: &Receiver) {
    let theme = Theme::of(ui);
    match &receiver.request {
        None => {}
        Some(RemovalRequest::Ready(letter)) => {
            ui.add_space(8.0);
            copy_button(ui, &format!("request to {}", receiver.name), letter);
        }
        Some(RemovalRequest::WaitsFor(first)) => {
            ui.add_space(8.0);
            let words = format!(
                "A text that asks for acceptance appears here once this is fixed: {first}. Whoever asks before is turned away."
            );
            text::paragraph(ui, words, Type::Body, theme.text2);
        }
    }
}

fn figures(receiver: &Receiver) -> Vec<(&'static str, String)> {
    let mut rows = vec![("Refused", with_thousands(receiver.refused))];
    if let Some(since) = receiver.since {
        rows.push(("Since", format::date_time(since)));
    }
    if let Some(until) = receiver.until {
        rows.push(("Last seen", format::date_time(until)));
    }
    if let Some(trend) = receiver.trend {
        let words = match trend {
            Trend::Falling => "falling",
            Trend::Flat => "flat",
            Trend::Rising => "rising",
        };
        let newest = receiver.weeks.iter().rev().take(4).map(|week| week.refused.to_string());
        let newest: Vec<String> = newest.collect::<Vec<_>>().into_iter().rev().collect();
        rows.push(("Trend", format!("{words}, by week: {}", newest.join(", "))));
    }
    if receiver.recipient_faults > 0 {
        rows.push(("Wrong or full mailboxes", with_thousands(receiver.recipient_faults)));
    }
    rows
}
