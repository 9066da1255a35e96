//! The page Switch: the dated plan, who sees what, late mail and the way back.

use crate::engine::{Command, PartDone, ProjectView, Readiness, Step, SwitchView};
use egui::Ui;

use super::audit::beside;
use super::practice_zone;
use super::switch_route::route_panel;
use super::switch_sights::who_sees_what;
use super::switch_test_message::TestPanel;
use crate::cutover::{StepKind, StepState, reading_words, sweep_words};
use crate::records::{ExportStage, Format, SwitchStage};
use crate::ui::fonts::Type;
use crate::ui::format;
use crate::ui::icons::Icon;
use crate::ui::page_cx::PageCx;
use crate::ui::platform::Purpose;
use crate::ui::shell::{Act, Footer, FooterButton, captioned_head, scroll_page};
use crate::ui::theme::{PANEL_GAP, Theme, Tone};
use crate::ui::widgets::badge::badge;
use crate::ui::widgets::button::Button;
use crate::ui::widgets::choice::{checkbox, option_button};
use crate::ui::widgets::copy_field::{copy, copy_icon};
use crate::ui::widgets::field::field_label;
use crate::ui::widgets::key_value::key_values;
use crate::ui::widgets::panel::Part;
use crate::ui::widgets::path_field::PathField;
use crate::ui::widgets::{empty_state, error_card, note, panel, text};
use crate::values::UnixTime;

/// Step Switch.
pub struct SwitchPage {
    shows_old: bool,
    format: Format,
    path: PathField,
    tests: TestPanel,
}

impl Default for SwitchPage {
    fn default() -> Self {
        Self {
            shows_old: false,
            format: Format::Bind,
            path: PathField::new(Purpose::SaveWayBack),
            tests: TestPanel::default(),
        }
    }
}

impl SwitchPage {
    /// Draws the page.
    pub fn ui(&mut self, ui: &mut Ui, project: &ProjectView, cx: &mut PageCx<'_>) {
        let (switch, now) = (&project.switch, cx.snapshot.now);
        scroll_page(ui, "switch", cx.is_narrow, |ui| {
            captioned_head(ui, title(switch), &summary(project, now), &caption(switch), |ui| {
                if switch.looking.is_some() {
                    if Button::secondary("Cancel").small().name("Cancel the check").show(ui).clicked() {
                        cx.send(Command::CancelLook);
                    }
                } else if switch.route.is_some()
                    && switch.reading.is_some()
                    && Button::secondary("Check now").small().icon(Icon::Again).show(ui).clicked()
                {
                    cx.send(Command::LookAtSwitch);
                }
            });
            if let Some(error) = &switch.error {
                error_card::error_card(ui, error, Tone::Fail, cx.commands);
                ui.add_space(PANEL_GAP);
            }
            if let Some(PartDone { done, total }) = switch.looking {
                let words = match total {
                    0 => "Looking for the name servers of your domain.".to_owned(),
                    _ => format!("Asking name servers and resolvers: {done} of {total} have answered."),
                };
                note::note(ui, Tone::Running, Icon::Running, &words, None);
                ui.add_space(PANEL_GAP);
            }
            let Some(reading) = switch.reading.clone() else {
                return not_checked(ui, project, cx);
            };
            route_panel(ui, switch, now);
            ui.add_space(PANEL_GAP);
            panel::columns(ui, 324.0, cx.is_narrow, |ui, part| match part {
                Part::Main => {
                    who_sees_what(ui, project, &reading.sights);
                    ui.add_space(PANEL_GAP);
                    watching(ui, project, cx);
                }
                Part::Aside => {
                    if let Some(practice) = &project.practice {
                        practice_zone::on_switch(ui, practice, cx);
                    }
                    late_mail(ui, project, cx);
                    ui.add_space(PANEL_GAP);
                    self.tests.ui(ui, project, cx);
                    ui.add_space(PANEL_GAP);
                    self.way_back(ui, project, cx);
                }
            });
        });
    }

    fn way_back(&mut self, ui: &mut Ui, project: &ProjectView, cx: &mut PageCx<'_>) {
        let (theme, switch) = (Theme::of(ui), &project.switch);
        panel::panel(ui, |ui| {
            panel::section(ui, "The way back");
            let wait = format::duration(u64::from(switch.new_ttl_secs));
            let words = if switch.published_at.is_some() {
                format!(
                    "Publish the old records, and mail returns to your old server within {wait}. No message is lost: both servers keep what they have."
                )
            } else {
                "These are the records of today. Publish them again if something goes wrong; no message is lost."
                    .to_owned()
            };
            text::paragraph(ui, words, Type::Small, theme.text2);
            ui.add_space(8.0);
            let formats: Vec<Format> = switch.way_back.keys().copied().collect();
            if !formats.contains(&self.format) {
                self.format = Format::Bind;
            }
            let mx_lines = switch.old_lines.join("\n");
            let old = switch.way_back.get(&self.format).unwrap_or(&mx_lines);
            ui.horizontal_wrapped(|ui| {
                let name = "old records";
                let button = Button::secondary("Copy old records").small().icon(copy_icon(ui, name));
                if button.show(ui).clicked() {
                    copy(ui.ctx(), name, old);
                }
                let back = ExportStage::Rollback;
                let can_go_back =
                    project.practice.as_ref().is_some_and(|practice| practice.can_publish(back));
                if can_go_back
                    && Button::secondary(practice_zone::publish_label(back)).small().show(ui).clicked()
                {
                    cx.send(Command::PublishInPractice(back));
                }
                let label = if self.shows_old { "Hide them" } else { "Show and save…" };
                if Button::link(label).small().show(ui).clicked() {
                    self.shows_old = !self.shows_old;
                }
            });
            if !self.shows_old {
                return;
            }
            ui.add_space(8.0);
            ui.horizontal_wrapped(|ui| {
                for format in &formats {
                    if option_button(ui, self.format == *format, format.name()).clicked() {
                        self.format = *format;
                    }
                }
            });
            ui.add_space(6.0);
            panel::well(ui, |ui| {
                egui::ScrollArea::horizontal().id_salt("old records").auto_shrink([false, true]).show(
                    ui,
                    |ui| {
                        for line in old.lines() {
                            text::words(ui, line, Type::MonoDiff, theme.text);
                        }
                        // Room for the scroll handle under the last line.
                        ui.add_space(8.0);
                    },
                );
            });
            if switch.way_back.is_empty() {
                return;
            }
            ui.add_space(10.0);
            field_label(ui, "Save to");
            self.path.repropose(|| beside(project, "old-records", self.format.suffix()));
            let mut is_clicked = false;
            let has_path = self.path.path().is_some();
            self.path.show_with(ui, "Old records file", cx, |ui| {
                let button = Button::secondary("Save old records").icon(Icon::Save).enabled(has_path);
                is_clicked = button.show(ui).clicked();
            });
            if let Some(path) = self.path.path().filter(|_| is_clicked) {
                cx.send(Command::ExportWayBack { path, format: self.format });
            }
        });
    }
}

fn title(switch: &SwitchView) -> &'static str {
    let Some(reading) = &switch.reading else { return "Switch" };
    match () {
        () if switch.finished_at.is_some() => "The move is finished",
        () if switch.keep.is_none() => "Your old server may stop",
        () if reading.is_over => "The switch is over",
        () if switch.published_at.is_some() => "The switch is under way",
        () => "Before the switch",
    }
}

fn summary(project: &ProjectView, now: UnixTime) -> String {
    let switch = &project.switch;
    let provider = project.destination.chosen.as_ref().map_or("the new provider", |(_, name)| name.as_str());
    let Some(reading) = &switch.reading else {
        return "New mail goes to the new provider, step by step, with a way back until the end.".to_owned();
    };
    if let Some(at) = switch.finished_at {
        return format!("You finished it {}. What remains is on the page Done.", format::date_time(at));
    }
    let since = switch.published_at.map(|at| {
        format!(
            "Mail for you goes to {provider} since {}.",
            format::when(at, now).replace("Today, ", "today ")
        )
    });
    if let (Some(since), Some(until)) = (&since, reading.old_until.filter(|until| *until > now)) {
        return format!("{since} The last old answers run out {}.", in_words(until, now));
    }
    if let Some(since) = since {
        return format!("{since} {}", reading_words(reading, now));
    }
    let due = switch.steps.iter().find(|step| step.state == StepState::Due);
    match due.map(|step| step.kind) {
        Some(StepKind::Publish) => format!(
            "Everything is ready: publish the records of stage 2, “At the switch”, and new mail goes to {provider}."
        ),
        Some(kind) => format!("Next: {}.", lower_first(kind.words())),
        None => {
            let from = switch.steps.iter().find_map(|step| match step.state {
                StepState::From(at) => Some(at),
                _ => None,
            });
            from.map_or_else(String::new, |at| {
                format!("Others still remember the old waiting time. Continue {}.", in_words(at, now))
            })
        }
    }
}

fn lower_first(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

/// `at 07:15` today, else `on 2026-11-20 at 07:15`.
fn in_words(at: UnixTime, now: UnixTime) -> String {
    if format::date(at) == format::date(now) {
        format!("at {}", format::time(at))
    } else {
        format!("on {} at {}", format::date(at), format::time(at))
    }
}

fn caption(switch: &SwitchView) -> String {
    let Some(at) = switch.looked_at else { return String::new() };
    let again = match switch.next_look_at.filter(|_| switch.is_watching) {
        Some(next) => format!(", again at {}", format::time_with_seconds(next)),
        None => String::new(),
    };
    format!("Checked {}{again}", format::time_with_seconds(at))
}

fn not_checked(ui: &mut Ui, project: &ProjectView, cx: &mut PageCx<'_>) {
    if project.switch.looking.is_some() {
        return;
    }
    panel::flush_panel(ui, |ui| {
        if project.switch.route.is_none() {
            let words = if project.records.plan.is_some() {
                "The records of the plan lead to the same mail hosts before and after."
            } else {
                "The switch follows the new records: which mail hosts are old, and which are new."
            };
            empty_state::empty_state(ui, Icon::Globe, "No switch is planned yet", words, |ui| {
                if Button::secondary("Go to Records").show(ui).clicked() {
                    cx.go(Step::Records);
                }
            });
            return;
        }
        let words = "Mailferry asks every name server of your domain and several resolvers who sees the old mail hosts and who the new ones, and makes a dated plan of it. Nothing is changed.";
        empty_state::empty_state(ui, Icon::Globe, "Nobody was asked yet", words, |ui| {
            if Button::secondary("Check now").icon(Icon::Play).show(ui).clicked() {
                cx.send(Command::LookAtSwitch);
            }
        });
    });
}

fn watching(ui: &mut Ui, project: &ProjectView, cx: &mut PageCx<'_>) {
    let switch = &project.switch;
    let theme = Theme::of(ui);
    panel::panel(ui, |ui| {
        panel::section(ui, "Watching");
        ui.add_space(2.0);
        if checkbox(
            ui,
            switch.is_watching,
            "Check again by itself, and bring over late mail when the plan says so",
        ) {
            cx.send(Command::WatchSwitch(!switch.is_watching));
        }
        if !project.is_practice
            && checkbox(
                ui,
                switch.asks_public,
                "Ask public resolvers, too, to see what senders elsewhere see",
            )
        {
            cx.send(Command::AskPublicResolvers(!switch.asks_public));
        }
        let words = if switch.is_watching {
            "It continues while this project is open. Without a window, “mailferry watch --sweep” does the same."
        } else {
            "Nothing is asked by itself."
        };
        text::paragraph(ui, words, Type::Small, theme.text2);
    });
}

fn late_mail(ui: &mut Ui, project: &ProjectView, cx: &mut PageCx<'_>) {
    let theme = Theme::of(ui);
    let (switch, late) = (&project.switch, &project.switch.late);
    let provider = project.destination.chosen.as_ref().map_or("the new provider", |(_, name)| name.as_str());
    panel::panel(ui, |ui| {
        panel::section(ui, "Late mail");
        let words = match late.messages {
            _ if switch.published_at.is_none() => {
                "New mail still arrives at your old server. After the switch, what comes late is brought over from here."
                    .to_owned()
            }
            0 => "Nothing that came late was found on your old server so far.".to_owned(),
            1 => format!("1 message still reached your old server after the switch. It is at {provider} now."),
            count => format!(
                "{} still reached your old server after the switch. They are at {provider} now.",
                format::counted(usize::try_from(count).unwrap_or(usize::MAX), "message", "messages")
            ),
        };
        text::paragraph(ui, words, Type::Small, theme.text2);
        ui.add_space(4.0);
        let mut rows: Vec<(&str, String)> = Vec::new();
        if let Some(last) = &late.last {
            let when = format::when(last.ended_at, cx.snapshot.now).replace("Today, ", "");
            rows.push(("Last sweep", format!("{when}: {}", lower_first(&sweep_words(last)))));
        }
        if let Some(next) = late.next_at {
            let when = if next <= cx.snapshot.now {
                "due now".to_owned()
            } else {
                format::when(next, cx.snapshot.now).replace("Today, ", "")
            };
            let by = if switch.is_watching { ", by itself" } else { "" };
            rows.push(("Next sweep", format!("{when}{by}")));
        }
        key_values(ui, &rows);
        ui.add_space(6.0);
        if late.is_running {
            badge(ui, Tone::Running, Icon::Running, "Being brought over");
            if Button::link("Show the copy").small().show(ui).clicked() {
                cx.go(Step::Copy);
            }
            return;
        }
        let can_begin = late.can_begin && switch.published_at.is_some();
        let button = Button::secondary("Bring over late mail").small().icon(Icon::Again).enabled(can_begin);
        if button.show(ui).clicked() {
            cx.send(Command::SweepLateMail);
        }
        if !late.can_begin {
            ui.add_space(4.0);
            let why = "Possible once every mailbox was copied and nothing is being copied.";
            text::paragraph(ui, why, Type::Small, theme.text2);
        } else if switch.published_at.is_none() {
            ui.add_space(4.0);
            text::paragraph(ui, "Possible once the new records are seen.", Type::Small, theme.text2);
        }
    });
}

/// What comes next in a practice project, while its switch is under way: a stage to publish, or time to let pass.
fn practice_footer(project: &ProjectView, now: UnixTime, footer: &mut Footer) -> bool {
    let switch = &project.switch;
    let Some(practice) = project.practice.as_ref().filter(|_| switch.reading.is_some()) else { return false };
    let is_due = |kind| switch.steps.iter().any(|step| step.kind == kind && step.state == StepState::Due);
    let stage = match practice.next_stage() {
        Some(SwitchStage::Now) => Some(SwitchStage::Now),
        Some(SwitchStage::AtTheSwitch) if is_due(StepKind::Publish) => Some(SwitchStage::AtTheSwitch),
        _ => None,
    };
    let (words, button) = match (stage, practice.next_date) {
        _ if switch.finished_at.is_some() || is_due(StepKind::Copy) || is_due(StepKind::Sweep) => {
            return false;
        }
        (Some(stage), _) => (
            "It changes the zone inside Mailferry and nothing else",
            practice_zone::publish_button(ExportStage::Stage(stage)),
        ),
        (None, Some(at)) => (
            "In a real move you would wait; here you need not",
            FooterButton::with_icon(
                practice_zone::pass_label(at, now),
                Icon::Waiting,
                Act::Send(Command::LetTimePass),
            ),
        ),
        (None, None) => return false,
    };
    footer.tone = Tone::Info;
    footer.readiness = Readiness::Ready(words.to_owned());
    footer.primary = Some(button);
    footer.secondary = Some(FooterButton::new("Show the report", Act::Go(Step::Done)));
    true
}

/// What the footer says.
pub fn footer(project: &ProjectView, now: UnixTime, footer: &mut Footer) {
    if practice_footer(project, now, footer) {
        return;
    }
    let switch = &project.switch;
    footer.tone = match switch.keep {
        _ if switch.reading.is_none() => Tone::Info,
        Some(_) => Tone::Paused,
        None => Tone::Info,
    };
    footer.primary = Some(if switch.finished_at.is_some() {
        FooterButton::new("Show the report", Act::Go(Step::Done))
    } else {
        FooterButton::new("Finish the move", Act::SendAndGo(Command::FinishMove, Step::Done))
    });
    if switch.finished_at.is_none() {
        footer.secondary = Some(FooterButton::new("Show the report", Act::Go(Step::Done)));
    }
}
