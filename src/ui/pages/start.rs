//! The start page: open, create or rehearse a project.

use std::path::PathBuf;

use egui::{
    Align, CornerRadius, CursorIcon, Frame, Layout, Margin, Pos2, Rect, Role, ScrollArea, Sense, Ui,
    UiBuilder, Vec2, WidgetInfo,
};

use crate::audit::verdict::{Outcome, outcome_name};
use crate::engine::{Command, ProjectMark, RecentProject, UserError};
use crate::ui::fonts::Type;
use crate::ui::format;
use crate::ui::icons::{ICON, Icon};
use crate::ui::page_cx::{Action, PageCx, Place};
use crate::ui::platform::Purpose;
use crate::ui::shell::app_mark;
use crate::ui::theme::{PANEL_PADDING, RADIUS_PANEL, Theme, Tone};
use crate::ui::widgets::button::Button;
use crate::ui::widgets::confirm::Question;
use crate::ui::widgets::field::{Field, field_error, field_label};
use crate::ui::widgets::path_field::PathField;
use crate::ui::widgets::{badge, bar, drop_zone, error_card, focus_ring_inside, panel, text};
use crate::values::DomainName;

/// The first page: a domain, the projects, the rehearsal, and a place to drop files.
pub struct StartPage {
    domain: String,
    was_asked: bool,
    has_focused: bool,
    closed_error: Option<UserError>,
    open_path: PathField,
}

impl Default for StartPage {
    fn default() -> Self {
        Self {
            domain: String::new(),
            was_asked: false,
            has_focused: false,
            closed_error: None,
            open_path: PathField::new(Purpose::OpenProject),
        }
    }
}

impl StartPage {
    /// Draws the page.
    pub fn ui(&mut self, ui: &mut Ui, cx: &mut PageCx<'_>) {
        ScrollArea::vertical().id_salt("start").auto_shrink(false).show(ui, |ui| {
            top_links(ui, cx);
            let side = ((ui.available_width() - 1000.0) / 2.0).max(24.0);
            let whole = ui.available_rect_before_wrap();
            let width = (whole.width() - 2.0 * side).max(560.0);
            let start = whole.left() + side;
            let column = Rect::from_x_y_ranges(start..=start + width, whole.y_range());
            ui.scope_builder(UiBuilder::new().max_rect(column), |ui| {
                ui.set_width(column.width());
                question(ui);
                let error = cx.snapshot.open_error.as_ref();
                if let Some(error) = error.filter(|error| self.closed_error.as_ref() != Some(error)) {
                    if error_card::closable_error_card(ui, error, Tone::Fail, cx.commands) {
                        self.closed_error = Some(error.clone());
                    }
                    ui.add_space(12.0);
                }
                self.ask(ui, cx);
                ui.add_space(20.0);
                projects(ui, cx);
                ui.add_space(18.0);
                panel::equal_columns(ui, 2, 16.0, |ui, index| {
                    if index == 0 { rehearse(ui, cx) } else { self.drop(ui, cx) }
                });
            });
        });
    }

    fn ask(&mut self, ui: &mut Ui, cx: &mut PageCx<'_>) {
        let theme = Theme::of(ui);
        panel::panel(ui, |ui| {
            ui.add_space(4.0);
            field_label(ui, "Your mail domain");
            let mut is_asked = false;
            let parsed = DomainName::parse(&self.domain);
            let has_error = self.was_asked && parsed.is_err();
            ui.horizontal(|ui| {
                let button = Button::primary("Audit this domain").tall();
                let width = ui.available_width() - button.size(ui).x - 8.0;
                let field = Field::new("Your mail domain")
                    .hint("example.org")
                    .icon(Icon::Globe)
                    .height(36.0)
                    .width(width)
                    .error(has_error);
                let response = field.show(ui, &mut self.domain);
                if !std::mem::replace(&mut self.has_focused, true) {
                    response.request_focus();
                }
                is_asked |= response.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
                ui.add_space(8.0);
                is_asked |= button.show(ui).clicked();
            });
            match &parsed {
                Err(error) if has_error => field_error(ui, &error.to_string()),
                _ => {
                    ui.add_space(7.0);
                    ui.horizontal(|ui| {
                        if let Some(domain) =
                            parsed.as_ref().ok().filter(|domain| domain.is_internationalised())
                        {
                            text::words(ui, "In DNS this name is", Type::Small, theme.text3);
                            ui.add_space(6.0);
                            text::words(ui, domain.as_ascii(), Type::Mono, theme.text);
                        }
                        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                            let words =
                                "The audit only queries public DNS and your own servers. Nothing is uploaded.";
                            text::words(ui, words, Type::Small, theme.text3);
                        });
                    });
                }
            }
            if is_asked {
                self.was_asked = true;
                if parsed.is_ok() {
                    cx.send(Command::NewProject { domain: self.domain.trim().to_owned(), path: None });
                    cx.send(Command::RunAudit);
                }
            }
        });
    }

    fn drop(&mut self, ui: &mut Ui, cx: &mut PageCx<'_>) {
        let theme = Theme::of(ui);
        let hovered = drop_zone::hovered_files(ui);
        let whole = ui.available_rect_before_wrap();
        let ground = Rect::from_min_size(whole.min, Vec2::new(whole.width(), 164.0));
        drop_zone::paint_ground(ui, ground, !hovered.is_empty());
        Frame::new().inner_margin(Margin { left: 16, right: 16, top: 12, bottom: 14 }).show(ui, |ui| {
            ui.set_width(ui.available_width());
            let title = match hovered.first() {
                Some(name) => format!("Drop to open {name}"),
                None => "Drop a file here".to_owned(),
            };
            card_head(ui, Icon::Drop, Tone::Info, &title);
            let words = "A project (.mailferry), or the saved facts of an audit (.json), which are judged here without \
                         asking anybody.";
            text::paragraph(ui, words, Type::Body, theme.text2);
            ui.add_space(7.0);
            self.open_path.show(ui, "Project or facts file", cx);
            ui.add_space(8.0);
            let path = self.open_path.path();
            let is_clicked =
                Button::secondary("Open this file").small().enabled(path.is_some()).show(ui).clicked();
            if (is_clicked || self.open_path.was_picked())
                && let Some(path) = path
            {
                cx.send(opening(path));
            }
        });
    }
}

/// Opens a project, or saved facts, by the ending of the file.
pub fn opening(path: PathBuf) -> Command {
    if path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("json")) {
        Command::OpenFacts(path)
    } else {
        Command::OpenProject(path)
    }
}

fn top_links(ui: &mut Ui, cx: &mut PageCx<'_>) {
    let (row, _) = ui.allocate_exact_size(Vec2::new(ui.available_width(), 38.0), Sense::hover());
    let place = Rect::from_min_max(row.min + Vec2::new(0.0, 9.0), row.max + Vec2::new(-20.0, 3.0));
    let builder = UiBuilder::new().max_rect(place).layout(Layout::right_to_left(Align::Center));
    let mut child = ui.new_child(builder);
    child.spacing_mut().item_spacing.x = 20.0;
    let links = [
        ("Help", Icon::Help, Place::Help),
        ("Settings", Icon::Gear, Place::Settings),
        ("Log", Icon::Log, Place::Log),
    ];
    for (label, icon, place) in links {
        if Button::link(label).small().icon(icon).show(&mut child).clicked() {
            cx.actions.push(Action::Go(place));
        }
    }
}

fn question(ui: &mut Ui) {
    let theme = Theme::of(ui);
    let (row, response) = ui.allocate_exact_size(Vec2::new(ui.available_width(), 72.0), Sense::hover());
    let title = "Should your mail stay or move?";
    response.widget_info(|| WidgetInfo::labeled(Role::Heading, true, title));
    app_mark(ui, Rect::from_min_size(row.min + Vec2::new(0.0, 2.0), Vec2::splat(44.0)), 10);
    let line = |top: f32, height: f32| {
        Rect::from_min_max(row.min + Vec2::new(58.0, top), Pos2::new(row.right(), row.top() + top + height))
    };
    text::left(ui, line(-3.0, 32.0), title, Type::Display, theme.text);
    let words = "Mailferry checks your domain, tells you plainly what would help, and takes every message along if you move.";
    text::left(ui, line(29.0, 21.0), words, Type::Lead, theme.text2);
}

fn projects(ui: &mut Ui, cx: &mut PageCx<'_>) {
    let theme = Theme::of(ui);
    if cx.snapshot.recent.is_empty() {
        return;
    }
    let (row, response) = ui.allocate_exact_size(Vec2::new(ui.available_width(), 30.0), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Heading, true, "Projects"));
    let place = text::left(ui, row, "Projects", Type::Section, theme.text);
    let count = Rect::from_min_max(Pos2::new(place.right() + 8.0, row.top()), row.max);
    text::left(ui, count, cx.snapshot.recent.len().to_string(), Type::Body, theme.text3);
    ui.add_space(4.0);
    panel::flush_panel(ui, |ui| {
        for (index, project) in cx.snapshot.recent.iter().enumerate() {
            match ui.push_id(index, |ui| project_row(ui, index, project, cx)).inner {
                Some(RowEvent::Open) => cx.send(Command::OpenProject(project.path.clone())),
                Some(RowEvent::Forget) if project.is_practice => {
                    let command = Command::DeleteRehearsal(project.path.clone());
                    cx.actions.push(Action::Ask { question: throw_away_question(project), command });
                }
                Some(RowEvent::Forget) => cx.send(Command::ForgetProject(project.path.clone())),
                None => {}
            }
        }
    });
}

/// What was clicked in a row.
enum RowEvent {
    Open,
    /// Taken from the list; a rehearsal is deleted with it.
    Forget,
}

fn throw_away_question(project: &RecentProject) -> Question {
    Question {
        title: "Throw this rehearsal away?".to_owned(),
        what: format!(
            "It is deleted with its practice mail: {}. Nothing else on this computer or elsewhere changes.",
            project.state
        ),
        alternative: "You can also keep it and continue another day.".to_owned(),
        safe: "Keep it".to_owned(),
        danger: "Throw it away".to_owned(),
    }
}

fn project_row(ui: &mut Ui, index: usize, project: &RecentProject, cx: &PageCx<'_>) -> Option<RowEvent> {
    let theme = Theme::of(ui);
    let (row, response) = ui.allocate_exact_size(Vec2::new(ui.available_width(), 63.0), Sense::click());
    let (name, other) = format::domain_forms(&project.domain);
    let when = format::when(project.at, cx.snapshot.now);
    response.widget_info(|| {
        let mark = match project.mark {
            ProjectMark::Verdict(outcome) => format!("{}, ", outcome_name(outcome)),
            _ => String::new(),
        };
        WidgetInfo::labeled(Role::Button, true, format!("Open {name}, {mark}{}, {when}", project.state))
    });
    if response.hovered() {
        ui.painter().rect_filled(row, CornerRadius::same(RADIUS_PANEL), theme.hover);
    }
    if index > 0 {
        ui.painter().hline(row.x_range(), row.top(), theme.hairline());
    }
    let inner = row.shrink2(Vec2::new(PANEL_PADDING, 0.0));
    let icon = Rect::from_min_size(inner.min, Vec2::new(18.0, row.height()));
    Icon::Globe.paint(ui, icon, 18.0, theme.text2);
    let split = inner.left() + inner.width() * 0.327;
    let cell = |from: f32, to: f32, top: f32, height: f32| {
        Rect::from_min_max(
            Pos2::new(from, row.center().y + top),
            Pos2::new(to, row.center().y + top + height),
        )
    };
    let second = other.unwrap_or_else(|| {
        project.path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
    });
    text::left(ui, cell(inner.left() + 32.0, split - 12.0, -19.0, 20.0), &name, Type::Section, theme.text);
    text::left(ui, cell(inner.left() + 32.0, split - 12.0, 0.0, 18.0), second, Type::Mono, theme.text2);
    let mut state = split;
    if project.is_practice {
        let chip = cell(split, split + 80.0, -11.0, 22.0);
        state = badge::chip_at(ui, chip.min, Tone::Paused, Icon::Practice, "Practice").right() + 10.0;
    }
    standing(ui, project, cell(state, inner.right() - 200.0, -20.0, 40.0));
    text::left(
        ui,
        cell(inner.right() - 188.0, inner.right() - 66.0, -10.0, 20.0),
        when,
        Type::Small,
        theme.text2,
    );
    let (forgets, hint) = if project.is_practice {
        (Icon::Trash, format!("Throw the rehearsal {name} away…"))
    } else {
        (Icon::Close, format!("Take {name} from this list; its file stays"))
    };
    let place = Rect::from_center_size(Pos2::new(inner.right() - 42.0, row.center().y), Vec2::splat(26.0));
    let button = Button::link("").icon(forgets).small().name(&hint);
    let is_forgotten = button.show_at(ui, place).on_hover_text(&hint).clicked();
    let chevron = Rect::from_center_size(Pos2::new(inner.right() - 8.0, row.center().y), Vec2::splat(ICON));
    Icon::ChevronRight.paint(ui, chevron, ICON, theme.text2);
    focus_ring_inside(ui, &response, row);
    let response = response.on_hover_cursor(CursorIcon::PointingHand);
    let is_opened = response.on_hover_text(project.path.display().to_string()).clicked();
    match (is_forgotten, is_opened) {
        (true, _) => Some(RowEvent::Forget),
        (false, true) => Some(RowEvent::Open),
        (false, false) => None,
    }
}

/// Widest bar of a copy.
const BAR_WIDTH: f32 = 300.0;

/// Where the project stands: the verdict as a chip, a copy as a bar, and the words.
fn standing(ui: &Ui, project: &RecentProject, place: Rect) {
    let theme = Theme::of(ui);
    let middle =
        |from: f32| Rect::from_center_size(place.center(), Vec2::new(place.width(), 20.0)).with_min_x(from);
    let bar = match project.mark {
        ProjectMark::Copying(percent) => Some((percent, Tone::Running, Icon::Running)),
        ProjectMark::Paused(percent) => Some((percent, Tone::Paused, Icon::Paused)),
        ProjectMark::Stopped(percent) => Some((percent, Tone::Fail, Icon::Fail)),
        ProjectMark::None | ProjectMark::Verdict(_) | ProjectMark::Copied => None,
    };
    if let Some((percent, tone, icon)) = bar {
        let line = place.with_max_y(place.top() + 20.0);
        icon.paint(ui, line.with_max_x(line.left() + ICON), ICON, theme.tone(tone).fg);
        text::left(ui, line.with_min_x(line.left() + ICON + 7.0), &project.state, Type::Body, theme.text2);
        let width = place.width().min(BAR_WIDTH);
        let track = Rect::from_min_size(place.min + Vec2::new(0.0, 26.0), Vec2::new(width, 6.0));
        bar::bar_at(ui, track, f32::from(percent) / 100.0, tone);
        return;
    }
    let chip = match project.mark {
        ProjectMark::Verdict(outcome) => {
            let (tone, icon) = match outcome {
                Outcome::CannotTell => (Tone::Unknown, Icon::Unknown),
                Outcome::Stay | Outcome::StayAndFix => (Tone::Pass, Icon::Pass),
                _ => (Tone::Info, Icon::Info),
            };
            Some((tone, icon, outcome_name(outcome)))
        }
        ProjectMark::Copied => Some((Tone::Pass, Icon::Pass, "Copied")),
        _ => None,
    };
    let words_from = chip.map_or(place.left(), |(tone, icon, word)| {
        let at = Pos2::new(place.left(), place.center().y - 11.0);
        badge::chip_at(ui, at, tone, icon, word).right() + 10.0
    });
    text::left(ui, middle(words_from), &project.state, Type::Body, theme.text2);
}

fn card_head(ui: &mut Ui, icon: Icon, tone: Tone, title: &str) {
    let theme = Theme::of(ui);
    let (row, response) = ui.allocate_exact_size(Vec2::new(ui.available_width(), 20.0), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Heading, true, title));
    let color = if tone == Tone::Info { theme.text2 } else { theme.tone(tone).fg };
    icon.paint(ui, Rect::from_min_size(row.min, Vec2::new(18.0, 20.0)), 18.0, color);
    text::left(
        ui,
        Rect::from_min_max(row.min + Vec2::new(26.0, 0.0), row.max),
        title,
        Type::Section,
        theme.text,
    );
    ui.add_space(6.0);
}

fn rehearse(ui: &mut Ui, cx: &mut PageCx<'_>) {
    let theme = Theme::of(ui);
    panel::panel(ui, |ui| {
        ui.set_min_height(138.0);
        card_head(ui, Icon::Practice, Tone::Paused, "Rehearse first");
        let words = "Walk through a whole move with a practice domain. The mail servers, the DNS and the provider \
                     are inside this program, so nothing leaves this computer and nothing can break. It stays in the list above \
                     until you throw it away.";
        text::paragraph(ui, words, Type::Body, theme.text2);
        ui.add_space(11.0);
        ui.horizontal(|ui| {
            if Button::secondary("Start a rehearsal").icon(Icon::Play).show(ui).clicked() {
                cx.send(Command::Rehearse);
            }
            ui.add_space(9.0);
            text::words(ui, "about 10 minutes", Type::Small, theme.text2);
        });
    });
}
