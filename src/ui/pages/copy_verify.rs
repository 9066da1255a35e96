//! How the copy was verified, the buttons to verify it again, and the pauses that servers asked for.

use egui::{Ui, Vec2};

use super::copy_panels::two_lines;
use crate::engine::{Command, CopyPhase, CopyView, ProjectView};
use crate::plan::{VerifyDepth, VerifySummary, duration_words};
use crate::ui::fonts::Type;
use crate::ui::icons::Icon;
use crate::ui::page_cx::PageCx;
use crate::ui::theme::{PANEL_GAP, Theme, Tone};
use crate::ui::widgets::badge::badge;
use crate::ui::widgets::button::Button;
use crate::ui::widgets::{panel, text};
use crate::values::with_thousands;

/// Most server replies shown; the report has all of them.
const MOST_PAUSES: usize = 5;

/// The result of the verification, and two ways to verify again. Hidden before and during the copy.
pub fn verification(ui: &mut Ui, project: &ProjectView, cx: &mut PageCx<'_>) {
    let copy = &project.copy;
    let sum = &copy.sum;
    let is_at_rest = matches!(copy.phase, CopyPhase::Finished | CopyPhase::Stopped);
    if !is_at_rest || sum.arrived() == 0 {
        return;
    }
    let theme = Theme::of(ui);
    panel::panel(ui, |ui| {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 10.0;
            text::words(ui, "Check of the copies", Type::Section, theme.text);
            match copy.verification_counts.as_ref().map(VerifySummary::is_clean) {
                Some(true) => badge(ui, Tone::Pass, Icon::Pass, "all copies match"),
                Some(false) => badge(ui, Tone::Fail, Icon::Fail, "not verified"),
                None => badge(ui, Tone::Quiet, Icon::Waiting, "not checked"),
            };
        });
        ui.add_space(2.0);
        let words = copy.verification.as_ref().map_or_else(
            || "The copies have not been compared with the messages yet.".to_owned(),
            |words| format!("How it was verified: {words}"),
        );
        text::paragraph(ui, words, Type::Body, theme.text2);
        ui.add_space(8.0);
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = Vec2::new(8.0, 6.0);
            let check = if copy.verification.is_some() { "Check again" } else { "Check the copies" };
            let again = [
                (VerifyDepth::Quick, check, Icon::Again),
                (VerifyDepth::Full, "Compare every byte", Icon::Search),
            ];
            for (depth, label, icon) in again {
                if Button::secondary(label).small().icon(icon).show(ui).clicked() {
                    cx.send(Command::VerifyCopy(depth));
                }
            }
        });
    });
    ui.add_space(PANEL_GAP);
}

/// How often and for how long servers asked for a pause, and in which words.
pub fn pauses(ui: &mut Ui, copy: &CopyView) {
    if copy.pauses.is_empty() {
        return;
    }
    panel::flush_panel(ui, |ui| {
        panel::panel_head(ui, "Pauses requested by servers", "");
        for pause in copy.pauses.iter().take(MOST_PAUSES) {
            let times = match pause.times {
                1 => "once".to_owned(),
                times => format!("{} times", with_thousands(times)),
            };
            // Mailboxes wait side by side: their times added up would be longer than the copy itself.
            let mailboxes = u64::try_from(pause.mailboxes).unwrap_or(u64::MAX).max(1);
            let each = duration_words(pause.seconds.div_ceil(mailboxes));
            let words = match pause.mailboxes {
                0 | 1 => format!("{times}, {each}"),
                mailboxes => format!("{times}, {each} for each of {mailboxes} mailboxes"),
            };
            two_lines(ui, Tone::Paused, Icon::Waiting, &words, &pause.words);
        }
    });
    ui.add_space(PANEL_GAP);
}
