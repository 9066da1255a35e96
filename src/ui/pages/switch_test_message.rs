//! Test messages of the page Switch: one is dropped or chosen, and what it shows stands here.

use egui::{Sense, Ui, Vec2};

use crate::cutover::{TestMessage, test_words};
use crate::engine::{Command, ProjectView};
use crate::ui::fonts::Type;
use crate::ui::format;
use crate::ui::icons::{ICON, Icon};
use crate::ui::page_cx::PageCx;
use crate::ui::platform::Purpose;
use crate::ui::theme::{Theme, Tone};
use crate::ui::widgets::badge::badge;
use crate::ui::widgets::button::Button;
use crate::ui::widgets::field::field_label;
use crate::ui::widgets::path_field::PathField;
use crate::ui::widgets::{panel, text};

/// Messages that are shown; the report has all that are kept.
const MOST_SHOWN: usize = 4;

/// The panel with its path field.
pub(super) struct TestPanel {
    path: PathField,
}

impl Default for TestPanel {
    fn default() -> Self {
        Self { path: PathField::new(Purpose::ReadMessage) }
    }
}

impl TestPanel {
    pub(super) fn ui(&mut self, ui: &mut Ui, project: &ProjectView, cx: &mut PageCx<'_>) {
        let (theme, switch) = (Theme::of(ui), &project.switch);
        panel::panel(ui, |ui| {
            panel::section(ui, "Test message");
            let words = "Write from the new mailbox to one elsewhere, save the message as it arrived there (.eml), and \
                         drop it on this page. Mail that came in from elsewhere is judged as well.";
            text::paragraph(ui, words, Type::Small, theme.text2);
            ui.add_space(6.0);
            for test in switch.tests.iter().rev().take(MOST_SHOWN) {
                outcome(ui, test, cx);
            }
            if switch.is_judging {
                badge(ui, Tone::Running, Icon::Running, "Being judged");
                return;
            }
            field_label(ui, "Message to judge");
            let mut is_clicked = false;
            let has_path = self.path.path().is_some();
            self.path.show_with(ui, "Message file", cx, |ui| {
                let button = Button::secondary("Judge the message").enabled(has_path);
                is_clicked = button.show(ui).clicked();
            });
            if let Some(path) = self.path.path().filter(|_| is_clicked) {
                cx.send(Command::JudgeMessages(vec![path]));
            }
        });
    }
}

fn outcome(ui: &mut Ui, test: &TestMessage, cx: &PageCx<'_>) {
    let theme = Theme::of(ui);
    let words = test_words(test);
    let (tone, icon) = match () {
        () if test.verdict.is_good() => (Tone::Pass, Icon::Pass),
        () if test.verdict.is_bad() => (Tone::Fail, Icon::Fail),
        () => (Tone::Warn, Icon::Warn),
    };
    ui.horizontal_top(|ui| {
        let (mark, _) = ui.allocate_exact_size(Vec2::splat(20.0), Sense::hover());
        icon.paint(ui, mark, ICON, theme.tone(tone).fg);
        ui.add_space(3.0);
        // Longer than the column in some cases, so it wraps.
        ui.vertical(|ui| text::paragraph(ui, words.title, Type::Label, theme.tone(tone).fg));
    });
    let when = format::when(test.judged_at, cx.snapshot.now);
    text::paragraph(ui, format!("{}, {when}. {}", test.name, words.advice), Type::Small, theme.text2);
    for (what, outcome) in &words.rows {
        text::paragraph(ui, format!("{what}: {outcome}"), Type::Small, theme.text2);
    }
    ui.add_space(10.0);
}
