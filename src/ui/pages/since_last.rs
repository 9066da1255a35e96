//! What has changed since the audit before: did it help?

use egui::Ui;

use crate::audit::{ChangeKind, Comparison};
use crate::ui::fonts::Type;
use crate::ui::format;
use crate::ui::theme::{PANEL_GAP, Theme};
use crate::ui::widgets::button::Button;
use crate::ui::widgets::{panel, text};

use super::receivers::of_trust;

/// View state of the panel.
#[derive(Default)]
pub struct SinceLast {
    is_open: bool,
}

impl SinceLast {
    /// One sentence; the changes one by one where they are wanted.
    pub fn ui(&mut self, ui: &mut Ui, since: &Comparison) {
        let theme = Theme::of(ui);
        panel::panel(ui, |ui| {
            ui.horizontal_wrapped(|ui| {
                let heading = format!("Since {}:", format::date_time(since.earlier_at));
                text::words(ui, heading, Type::Label, theme.text);
                ui.add_space(6.0);
                text::words(ui, since.words(), Type::Body, theme.text2);
                let has_more = !since.changes.is_empty() || !since.receivers.is_empty();
                let label = if self.is_open { "Hide the changes" } else { "Show the changes" };
                if has_more && Button::link(label).small().show(ui).clicked() {
                    self.is_open = !self.is_open;
                }
            });
            if let Some(words) = since.verdict_words() {
                text::paragraph(ui, words, Type::Body, theme.text);
            }
            if self.is_open {
                changes(ui, since);
            }
        });
        ui.add_space(PANEL_GAP);
    }
}

fn changes(ui: &mut Ui, since: &Comparison) {
    let theme = Theme::of(ui);
    for change in &since.changes {
        ui.add_space(3.0);
        let words = format!("{}: {}", sentence_case(change.kind), change.title);
        let color = if change.kind == ChangeKind::Worse { theme.text } else { theme.text2 };
        text::paragraph(ui, words, Type::Body, color);
    }
    for receiver in &since.receivers {
        ui.add_space(3.0);
        let (before, after) = (of_trust(receiver.before).word, of_trust(receiver.after).word);
        let words = format!("{}: “{before}” then, “{after}” now", receiver.name);
        text::paragraph(ui, words, Type::Body, theme.text2);
    }
}

const fn sentence_case(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Worse => "Worse",
        ChangeKind::FoundOut => "Found out only now",
        ChangeKind::Better => "Better",
        ChangeKind::Mended => "Mended",
        ChangeKind::NotMeasured => "Not measured this time",
    }
}
