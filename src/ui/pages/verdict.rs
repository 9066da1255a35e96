//! Step Verdict: stay or move, why, and what would change it.

use egui::{Align2, CornerRadius, Rect, Role, Sense, Ui, Vec2, WidgetInfo};

use crate::audit::AuditReport;
use crate::audit::verdict::{
    Confidence, Coverage, Deciding, Outcome, Overrule, OwnerAnswers, Point, RelayPlan, Verdict, outcome_name,
};
use crate::engine::{AuditView, Command, ProjectView, Readiness, Step};
use crate::ui::fonts::Type;
use crate::ui::format;
use crate::ui::icons::{ICON, Icon};
use crate::ui::page_cx::PageCx;
use crate::ui::shell::{Act, Footer, FooterButton, captioned_head, scroll_page};
use crate::ui::theme::{PANEL_GAP, RADIUS_TAG, Theme, Tone};
use crate::ui::widgets::badge::chip;
use crate::ui::widgets::button::Button;
use crate::ui::widgets::copy_field::copy_button;
use crate::ui::widgets::field::{Field, field_error};
use crate::ui::widgets::{choice, empty_state, note, panel, text};
use crate::values::with_thousands;

/// The questions about the operation: names of the answers, and words.
const QUESTIONS: [(&str, &str); 9] = [
    ("updates", "Somebody installs updates in time"),
    ("backup", "Restoring a backup was tried"),
    ("second-person", "A second person can look after the server"),
    ("asked", "The receivers were asked, and it did not help for long"),
    ("another-address", "The provider gives another address with a name of your choice"),
    ("port-25", "The provider lets mail out on port 25"),
    ("wants-relay", "A paid relay for a part of the mail is welcome"),
    ("wants-to-move", "You would rather not run a server any more"),
    ("mail-at-home", "Mailboxes have to stay in your hands"),
];

/// View state of the page.
#[derive(Default)]
pub struct VerdictPage {
    is_deciding: bool,
    because: String,
    shows_questions: bool,
    /// Google's rate as typed; `None` until the field was touched.
    spam_rate: Option<String>,
    server: usize,
}

impl VerdictPage {
    /// Draws the page.
    pub fn ui(&mut self, ui: &mut Ui, project: &ProjectView, cx: &mut PageCx<'_>) {
        scroll_page(ui, "verdict", cx.is_narrow, |ui| {
            let report = project.audit.report().cloned();
            let verdict = report.as_ref().and_then(|report| report.verdict.as_ref());
            let (Some(report), Some(verdict)) = (report.as_ref(), verdict) else {
                captioned_head(ui, "Verdict", "Stay or move, and why.", "", |_| {});
                panel::flush_panel(ui, |ui| {
                    let words =
                        "The verdict follows from the audit and from what receivers said to your server.";
                    empty_state::empty_state(ui, Icon::Search, "No verdict yet", words, |_| {});
                });
                return;
            };
            self.verdict(ui, report, verdict, cx);
        });
    }

    fn verdict(&mut self, ui: &mut Ui, report: &AuditReport, verdict: &Verdict, cx: &mut PageCx<'_>) {
        let caption = format::date_time(report.at);
        captioned_head(ui, &verdict.sentence, &verdict.why, &caption, |ui| {
            let (tone, words) = match verdict.confidence {
                Confidence::High => (Tone::Pass, "High confidence"),
                Confidence::Medium => (Tone::Info, "Medium confidence"),
                Confidence::Low => (Tone::Unknown, "Low confidence"),
            };
            chip(ui, tone, if tone == Tone::Unknown { Icon::Unknown } else { Icon::Pass }, words);
            if verdict.clean_first {
                chip(ui, Tone::Warn, Icon::Warn, "But clean first");
            }
            if !self.is_deciding && Button::link("I decide otherwise…").small().show(ui).clicked() {
                self.is_deciding = true;
            }
        });
        let theme = Theme::of(ui);
        text::paragraph(
            ui,
            format!("{}.", sentence_case(&verdict.confidence_words)),
            Type::Small,
            theme.text2,
        );
        ui.add_space(8.0);
        track(ui, verdict.outcome);
        ui.add_space(12.0);
        if let Some(owner) = &verdict.overruled {
            let because =
                if owner.because.is_empty() { String::new() } else { format!(" {}", owner.because) };
            let words = format!("You decided otherwise: {}.{because}", outcome_name(owner.outcome));
            if note::note(ui, Tone::Info, Icon::Info, &words, Some("Take it back")) {
                cx.send(Command::Overrule(None));
            }
            ui.add_space(PANEL_GAP);
        }
        if self.is_deciding {
            self.decide(ui, verdict, cx);
        }
        panel::columns(ui, 330.0, cx.is_narrow, |ui, part| match part {
            panel::Part::Main => {
                decided_by(ui, verdict);
                panel::equal_columns(ui, 2, 12.0, |ui, index| match index {
                    0 => points(ui, "Moves with you", &verdict.moves_with_you),
                    _ => points(ui, "Stays behind", &verdict.stays_behind),
                });
                ui.add_space(PANEL_GAP);
                list(ui, "What to do", Icon::ArrowRight, &verdict.steps);
                if let Some(relay) = &verdict.relay {
                    self.relay(ui, relay);
                }
                text::paragraph(ui, format!("The rule: {}", verdict.rule), Type::Small, theme.text2);
            }
            panel::Part::Aside => {
                list(ui, "What speaks against it", Icon::Minus, &verdict.speaks_against);
                let changes: Vec<String> = verdict
                    .would_change
                    .iter()
                    .map(|change| format!("{}: {}", change.condition, outcome_name(change.outcome)))
                    .collect();
                list(ui, "What would change it", Icon::ArrowRight, &changes);
                list(ui, "How much was seen", Icon::Info, &coverage(&verdict.coverage));
                self.questions(ui, &verdict.answers, cx);
            }
        });
    }

    /// The transport map for one of three mail servers.
    fn relay(&mut self, ui: &mut Ui, relay: &RelayPlan) {
        let theme = Theme::of(ui);
        let servers = [("Postfix", &relay.postfix), ("Exim", &relay.exim), ("Sendmail", &relay.sendmail)];
        panel::panel(ui, |ui| {
            panel::section(ui, "Transport map");
            ui.add_space(6.0);
            ui.horizontal(|ui| {
                for (index, (name, _)) in servers.iter().enumerate() {
                    if choice::option_button(ui, self.server == index, name).clicked() {
                        self.server = index;
                    }
                    ui.add_space(6.0);
                }
            });
            ui.add_space(6.0);
            if let Some((name, lines)) = servers.get(self.server) {
                panel::well(ui, |ui| {
                    text::paragraph(ui, lines.as_str(), Type::Mono, theme.text);
                });
                ui.add_space(6.0);
                copy_button(ui, &format!("lines for {name}"), lines);
            }
            ui.add_space(6.0);
            text::paragraph(ui, relay.records.as_str(), Type::Body, theme.text2);
        });
        ui.add_space(PANEL_GAP);
    }

    /// What only the owner knows; each may be left open.
    fn questions(&mut self, ui: &mut Ui, answers: &OwnerAnswers, cx: &mut PageCx<'_>) {
        let theme = Theme::of(ui);
        panel::panel(ui, |ui| {
            panel::section(ui, "What only you know");
            ui.add_space(4.0);
            if !self.shows_questions {
                let words = "Ten questions about the operation. Each can be left open; nothing is guessed.";
                text::paragraph(ui, words, Type::Body, theme.text2);
                ui.add_space(6.0);
                self.shows_questions = Button::secondary("Answer them").small().show(ui).clicked();
                return;
            }
            for (name, question) in QUESTIONS {
                text::paragraph(ui, question, Type::Body, theme.text);
                ui.horizontal(|ui| {
                    let given = answers.get(name);
                    for (word, value, answer) in
                        [("Yes", "yes", Some(true)), ("No", "no", Some(false)), ("Skip", "skip", None)]
                    {
                        if choice::option_button(ui, given == answer, word).clicked() {
                            let mut changed = answers.clone();
                            if changed.set(&format!("{name}={value}")).is_ok() {
                                cx.send(Command::AnswerOwner(changed));
                            }
                        }
                        ui.add_space(6.0);
                    }
                });
                ui.add_space(6.0);
            }
            self.spam_rate(ui, answers, cx);
        });
        ui.add_space(PANEL_GAP);
    }

    /// The one answer that is a number.
    fn spam_rate(&mut self, ui: &mut Ui, answers: &OwnerAnswers, cx: &mut PageCx<'_>) {
        let theme = Theme::of(ui);
        text::paragraph(
            ui,
            "The spam rate of your domain in Google’s Postmaster Tools",
            Type::Body,
            theme.text,
        );
        let mut typed = self.spam_rate.clone().unwrap_or_else(|| answers.spam_rate_words());
        let value = if typed.trim().is_empty() { "skip" } else { typed.trim() };
        let mut changed = answers.clone();
        let is_rate = changed.set(&format!("{}={value}", OwnerAnswers::SPAM_RATE)).is_ok();
        ui.horizontal(|ui| {
            let field = Field::new("Google’s spam rate").hint("0.12%").width(96.0).small().error(!is_rate);
            if field.show(ui, &mut typed).changed() {
                self.spam_rate = Some(typed.clone());
            }
            ui.add_space(6.0);
            let can_save = is_rate && changed != *answers;
            if Button::secondary("Save the rate").small().enabled(can_save).show(ui).clicked() {
                self.spam_rate = None;
                cx.send(Command::AnswerOwner(changed));
            }
        });
        if !is_rate {
            field_error(ui, "Write it in percent, as Google shows it: 0.12%");
        }
    }

    fn decide(&mut self, ui: &mut Ui, verdict: &Verdict, cx: &mut PageCx<'_>) {
        let theme = Theme::of(ui);
        panel::panel(ui, |ui| {
            panel::section(ui, "Decide otherwise");
            ui.add_space(4.0);
            text::paragraph(
                ui,
                "The report says what you decided and why, beside the verdict.",
                Type::Body,
                theme.text2,
            );
            ui.add_space(6.0);
            Field::new("Your reason").hint("why").show(ui, &mut self.because);
            ui.add_space(8.0);
            ui.horizontal_wrapped(|ui| {
                for outcome in Outcome::ALL {
                    let is_other = outcome != verdict.outcome && outcome != Outcome::CannotTell;
                    if is_other && Button::secondary(outcome_name(outcome)).small().show(ui).clicked() {
                        let because = self.because.trim().to_owned();
                        cx.send(Command::Overrule(Some(Overrule { outcome, because })));
                        self.is_deciding = false;
                    }
                }
                if Button::link("Keep the verdict").show(ui).clicked() {
                    self.is_deciding = false;
                }
            });
        });
        ui.add_space(PANEL_GAP);
    }
}

fn sentence_case(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// The outcomes from staying to moving, with the one of the verdict marked.
fn track(ui: &mut Ui, outcome: Outcome) {
    let theme = Theme::of(ui);
    panel::equal_columns(ui, Outcome::ALL.len(), 4.0, |ui, index| {
        let Some(here) = Outcome::ALL.get(index).copied() else { return };
        let is_on = here == outcome;
        let (rect, response) = ui.allocate_exact_size(Vec2::new(ui.available_width(), 30.0), Sense::hover());
        response.widget_info(|| {
            WidgetInfo::selected(Role::ListItem, true, is_on, format!("Outcome: {}", outcome_name(here)))
        });
        let line = Rect::from_min_size(rect.min, Vec2::new(rect.width(), 6.0));
        let fill = if is_on { theme.accent_bar } else { theme.bar_rest };
        ui.painter().rect_filled(line, CornerRadius::same(3), fill);
        let words = Rect::from_min_max(rect.min + Vec2::new(0.0, 9.0), rect.max);
        let (style, color) = if is_on { (Type::Strong, theme.text) } else { (Type::Small, theme.text2) };
        text::left(ui, words, outcome_name(here), style, color);
    });
}

fn decided_by(ui: &mut Ui, verdict: &Verdict) {
    panel::panel(ui, |ui| {
        let heading = match verdict.decided_by.len() {
            1 => "One finding decided it",
            2 => "Two findings decided it",
            _ => "Three findings decided it",
        };
        panel::section(ui, heading);
        for (index, deciding) in verdict.decided_by.iter().enumerate() {
            ui.add_space(8.0);
            finding(ui, index + 1, deciding);
        }
    });
    ui.add_space(PANEL_GAP);
}

/// One finding that decided: its number, its title with its weight at the right, and the words of the receiver.
fn finding(ui: &mut Ui, number: usize, deciding: &Deciding) {
    const NUMBER_ROOM: f32 = 30.0;
    let theme = Theme::of(ui);
    let weight = text::width(ui, &deciding.weight, Type::Small);
    let whole = ui.available_width();
    let start = ui.cursor().min;
    let badge = Rect::from_min_size(start, Vec2::splat(20.0));
    ui.painter().rect_filled(badge, CornerRadius::same(RADIUS_TAG), theme.sunken);
    text::paint(ui, badge, Align2::CENTER_CENTER, number.to_string(), Type::SmallLabel, theme.text2);
    let line = Rect::from_min_size(start, Vec2::new(whole, 20.0));
    text::right(ui, line, deciding.weight.as_str(), Type::Small, theme.text2);
    ui.horizontal_top(|ui| {
        ui.add_space(NUMBER_ROOM);
        ui.vertical(|ui| {
            ui.set_width(whole - NUMBER_ROOM);
            ui.scope(|ui| {
                ui.set_max_width(whole - NUMBER_ROOM - weight - 12.0);
                text::paragraph(ui, deciding.title.as_str(), Type::Label, theme.text);
            });
            if !deciding.raw.is_empty() {
                text::paragraph(ui, deciding.raw.as_str(), Type::Mono, theme.text2);
            }
        });
    });
}

fn points(ui: &mut Ui, heading: &str, points: &[Point]) {
    let theme = Theme::of(ui);
    panel::panel(ui, |ui| {
        panel::section(ui, heading);
        for point in points {
            ui.add_space(4.0);
            ui.horizontal_top(|ui| {
                let (tone, icon) =
                    if point.is_trouble { (Tone::Warn, Icon::Warn) } else { (Tone::Info, Icon::Info) };
                let (mark, _) = ui.allocate_exact_size(Vec2::splat(20.0), Sense::hover());
                icon.paint(ui, mark, ICON, theme.tone(tone).fg);
                ui.add_space(5.0);
                ui.vertical(|ui| text::paragraph(ui, point.words.as_str(), Type::Body, theme.text));
            });
        }
    });
}

fn list(ui: &mut Ui, heading: &str, icon: Icon, lines: &[String]) {
    if lines.is_empty() {
        return;
    }
    let theme = Theme::of(ui);
    panel::panel(ui, |ui| {
        panel::section(ui, heading);
        for line in lines {
            ui.add_space(4.0);
            ui.horizontal_top(|ui| {
                let (mark, _) = ui.allocate_exact_size(Vec2::splat(20.0), Sense::hover());
                icon.paint(ui, mark, ICON, theme.text2);
                ui.add_space(5.0);
                ui.vertical(|ui| text::paragraph(ui, line.as_str(), Type::Body, theme.text));
            });
        }
    });
    ui.add_space(PANEL_GAP);
}

fn coverage(coverage: &Coverage) -> Vec<String> {
    let mut lines = vec![format!("{} messages on {} days", with_thousands(coverage.attempts), coverage.days)];
    if !coverage.known.is_empty() {
        lines.push(format!("Known: {}", coverage.known.join(", ")));
    }
    if !coverage.unknown.is_empty() {
        lines.push(format!("Not known: {}", coverage.unknown.join(", ")));
    }
    lines.extend(coverage.unmeasured_words());
    lines
}

/// What the footer says.
pub fn footer(project: &ProjectView, footer: &mut Footer) {
    footer.tone = Tone::Info;
    let has_verdict = project.audit.report().is_some_and(|report| report.verdict.is_some());
    let compare = FooterButton::new("Compare destinations", Act::Go(Step::Destination));
    if has_verdict {
        footer.primary = Some(compare);
        return;
    }
    // Who has decided already may go on without it.
    footer.secondary = Some(compare);
    footer.readiness = Readiness::Ready("The verdict follows from the audit".to_owned());
    footer.primary = Some(match project.audit {
        AuditView::Running { .. } => FooterButton::new("Show the audit", Act::Go(Step::Audit)),
        AuditView::NotRun | AuditView::Done(_) | AuditView::Failed(_) => {
            FooterButton::new("Run the audit", Act::SendAndGo(Command::RunAudit, Step::Audit))
        }
    });
}
