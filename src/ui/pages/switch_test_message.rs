//! Test messages of the page Switch: one is dropped, chosen or found in a mailbox, and what it shows stands here.

use egui::{Sense, Ui, Vec2};

use crate::cutover::{TestMessage, TestRow, test_words};
use crate::engine::{Command, MailboxView, ProjectView, Step};
use crate::ui::fonts::Type;
use crate::ui::format;
use crate::ui::icons::{ICON, Icon};
use crate::ui::page_cx::PageCx;
use crate::ui::platform::Purpose;
use crate::ui::theme::{Theme, Tone};
use crate::ui::widgets::badge::badge;
use crate::ui::widgets::button::Button;
use crate::ui::widgets::copy_field::copy_field;
use crate::ui::widgets::field::{Field, field_label};
use crate::ui::widgets::path_field::PathField;
use crate::ui::widgets::{panel, text};

/// Messages that are shown; the report has all that are kept.
const MOST_SHOWN: usize = 4;

/// The panel with its fields.
pub(super) struct TestPanel {
    path: PathField,
    /// The mailbox as typed; `None` before the first one is proposed.
    mailbox: Option<String>,
}

impl Default for TestPanel {
    fn default() -> Self {
        Self { path: PathField::new(Purpose::ReadMessage), mailbox: None }
    }
}

impl TestPanel {
    pub(super) fn ui(&mut self, ui: &mut Ui, project: &ProjectView, cx: &mut PageCx<'_>) {
        let (theme, switch) = (Theme::of(ui), &project.switch);
        panel::panel(ui, |ui| {
            panel::section(ui, "Test message");
            let words = "Two ways are to be tried: mail that comes in, and mail that you send.";
            text::paragraph(ui, words, Type::Small, theme.text2);
            ui.add_space(6.0);
            for test in switch.tests.iter().rev().take(MOST_SHOWN) {
                outcome(ui, test, cx);
            }
            if switch.is_judging {
                badge(ui, Tone::Running, Icon::Running, "Being judged");
                return;
            }
            self.comes_in(ui, project, cx);
            ui.add_space(10.0);
            self.goes_out(ui, cx);
        });
    }

    /// Mail from elsewhere, found where it arrived: it shows which server took it over.
    fn comes_in(&mut self, ui: &mut Ui, project: &ProjectView, cx: &mut PageCx<'_>) {
        let theme = Theme::of(ui);
        field_label(ui, "Mail that comes in");
        let words = "From a mailbox elsewhere, write to one at the new provider, with this subject. Whether it came past your \
                     old server is seen there. It shows nothing about what you send.";
        text::paragraph(ui, words, Type::Small, theme.text2);
        ui.add_space(4.0);
        copy_field(ui, "test subject", &project.switch.test_subject);
        ui.add_space(6.0);
        let mut reachable = project.reachable_at_provider();
        let Some(first) = reachable.next() else {
            let why = "To look for it, the new provider and the password of a mailbox there are needed.";
            text::paragraph(ui, why, Type::Small, theme.text2);
            if Button::link("Go to Mailboxes").small().show(ui).clicked() {
                cx.go(Step::Mailboxes);
            }
            return;
        };
        let typed = self.mailbox.get_or_insert_with(|| first.mailbox.address.to_string());
        Field::new("Mailbox to look in").show(ui, typed);
        let wanted = typed.trim();
        let is_it = |row: &&MailboxView| row.mailbox.address.to_string().eq_ignore_ascii_case(wanted);
        let found = std::iter::once(first).chain(reachable).find(is_it).map(|row| row.id);
        ui.add_space(6.0);
        if Button::secondary("Look for it in the mailbox").enabled(found.is_some()).show(ui).clicked()
            && let Some(mailbox) = found
        {
            cx.send(Command::FindTestMessages(mailbox));
        }
        if found.is_none() {
            let why = "The project has no mailbox of this name with a password at the new provider.";
            text::paragraph(ui, why, Type::Small, theme.text2);
        }
    }

    /// Mail of the domain, as it arrived elsewhere: it shows SPF, DKIM and DMARC.
    fn goes_out(&mut self, ui: &mut Ui, cx: &mut PageCx<'_>) {
        let theme = Theme::of(ui);
        field_label(ui, "Mail that you send");
        let words = "Write from the new mailbox to one elsewhere, save the message as it arrived there (.eml), and drop it on \
                     this page. Only a receiver elsewhere sees whether SPF, DKIM and DMARC pass.";
        text::paragraph(ui, words, Type::Small, theme.text2);
        ui.add_space(4.0);
        let mut is_clicked = false;
        let has_path = self.path.path().is_some();
        self.path.show_with(ui, "Message file", cx, |ui| {
            let button = Button::secondary("Judge the message").enabled(has_path);
            is_clicked = button.show(ui).clicked();
        });
        if let Some(path) = self.path.path().filter(|_| is_clicked) {
            cx.send(Command::JudgeMessages(vec![path]));
        }
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
    for TestRow { what, outcome } in &words.rows {
        text::paragraph(ui, format!("{what}: {outcome}"), Type::Small, theme.text2);
    }
    ui.add_space(10.0);
}
