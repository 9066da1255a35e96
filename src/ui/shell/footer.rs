//! The footer of a page: one sentence about what comes next, and the buttons for it.

use crate::engine::{Command, Cure, Readiness, Step};
use egui::{
    Align, Align2, Layout, Popup, PopupCloseBehavior, Rect, Role, Sense, Ui, UiBuilder, Vec2, WidgetInfo,
};

use crate::ui::fonts::Type;
use crate::ui::icons::{ICON, Icon};
use crate::ui::page_cx::{Action, PageCx, Place};
use crate::ui::theme::{Theme, Tone};
use crate::ui::widgets::button::Button;
use crate::ui::widgets::text;

/// What a button of the footer does.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    /// Shows a step.
    Go(Step),
    /// Sends a command.
    Send(Command),
    /// Sends a command and shows a step.
    SendAndGo(Command, Step),
    /// Asks the window for something.
    Do(Action),
}

/// A button of the footer.
#[derive(Clone, Debug, PartialEq)]
pub struct FooterButton {
    /// Verb and object.
    pub label: String,
    /// An icon before it.
    pub icon: Option<Icon>,
    /// What it does.
    pub act: Act,
}

impl FooterButton {
    /// A button without an icon.
    pub fn new(label: impl Into<String>, act: Act) -> Self {
        Self { label: label.into(), icon: None, act }
    }

    /// A button with an icon.
    pub fn with_icon(label: impl Into<String>, icon: Icon, act: Act) -> Self {
        Self { label: label.into(), icon: Some(icon), act }
    }
}

/// An entry of the menu next to the buttons.
pub type MenuEntry = FooterButton;

/// What comes next, or why the step is blocked, with one primary button and at most one other.
#[derive(Clone, Debug, PartialEq)]
pub struct Footer {
    /// The previous step; `None` leads back to the projects.
    pub back: Option<Step>,
    /// The sentence.
    pub readiness: Readiness,
    /// Tone of a blocked sentence.
    pub tone: Tone,
    /// The other button.
    pub secondary: Option<FooterButton>,
    /// The main button; disabled while the step is blocked.
    pub primary: Option<FooterButton>,
    /// Rare or drastic actions, in a menu.
    pub menu: Vec<MenuEntry>,
}

/// Draws the footer, 56 points high.
pub fn footer(ui: &mut Ui, footer: &Footer, side: f32, cx: &mut PageCx<'_>) {
    let theme = Theme::of(ui);
    let whole = ui.max_rect();
    ui.painter().rect_filled(whole, 0.0, theme.surface);
    ui.painter().hline(whole.x_range(), whole.top() + 0.5, theme.hairline());
    let inner = whole.shrink2(Vec2::new(side, 0.0));
    let (back_label, back) = match footer.back {
        Some(step) => (format!("Back to {}", step.name()), Act::Go(step)),
        None => ("Back to projects".to_owned(), Act::Send(Command::CloseProject)),
    };
    let button = Button::link(&back_label).icon(Icon::ArrowLeft);
    let back_size = button.size(ui);
    let place = Rect::from_center_size(
        egui::Pos2::new(inner.left() + back_size.x / 2.0 + 4.0, inner.center().y),
        back_size,
    );
    if button.show_at(ui, place).clicked() {
        act(&back, cx);
    }
    let builder = UiBuilder::new()
        .id_salt("footer buttons")
        .max_rect(inner.with_min_x(place.right() + 16.0))
        .layout(Layout::right_to_left(Align::Center));
    let mut child = ui.new_child(builder);
    buttons(&mut child, footer, cx);
    let rest = Rect::from_min_max(
        egui::Pos2::new(place.right() + 16.0, inner.top()),
        egui::Pos2::new(child.min_rect().left() - 12.0, inner.bottom()),
    );
    sentence(ui, footer, rest, cx);
}

fn buttons(ui: &mut Ui, footer: &Footer, cx: &mut PageCx<'_>) {
    let is_ready = matches!(footer.readiness, Readiness::Ready(_));
    if let Some(primary) = &footer.primary {
        if Button::primary(&primary.label).enabled(is_ready).show(ui).clicked() {
            act(&primary.act, cx);
        }
        ui.add_space(12.0);
    }
    if let Some(secondary) = &footer.secondary {
        let mut button = Button::secondary(&secondary.label);
        if let Some(icon) = secondary.icon {
            button = button.icon(icon);
        }
        if button.show(ui).clicked() {
            act(&secondary.act, cx);
        }
        ui.add_space(8.0);
    }
    if !footer.menu.is_empty() {
        let response = Button::secondary("").icon(Icon::More).name("More").show(ui);
        Popup::menu(&response).close_behavior(PopupCloseBehavior::CloseOnClick).show(|ui| {
            for entry in &footer.menu {
                let mut button = Button::link(&entry.label);
                if let Some(icon) = entry.icon {
                    button = button.icon(icon);
                }
                if button.show(ui).clicked() {
                    act(&entry.act, cx);
                }
            }
        });
        ui.add_space(8.0);
    }
}

fn sentence(ui: &mut Ui, footer: &Footer, rest: Rect, cx: &mut PageCx<'_>) {
    let theme = Theme::of(ui);
    let (words, link) = match &footer.readiness {
        Readiness::Ready(words) => (words.as_str(), None),
        Readiness::Blocked { why, cure } => (why.as_str(), cure.as_ref()),
    };
    if words.is_empty() {
        return;
    }
    let is_blocked = matches!(footer.readiness, Readiness::Blocked { .. });
    let mut end = rest.right();
    if let Some(Cure { label, command }) = link {
        let button = Button::link(label);
        let size = button.size(ui);
        let place = Rect::from_center_size(egui::Pos2::new(end - size.x / 2.0, rest.center().y), size);
        end = place.left();
        if button.show_at(ui, place).clicked() {
            act(&Act::Send(command.clone()), cx);
        }
    }
    let room = rest.with_max_x(end - 4.0);
    let icon_room = if is_blocked { ICON + 7.0 } else { 0.0 };
    let width = text::width(ui, words, Type::Body).min(room.width() - icon_room);
    let fits = text::width(ui, words, Type::Body) <= room.width() - icon_room;
    // A narrow window may drop what comes next, but never why the step is blocked.
    if !fits && !is_blocked || width < 40.0 {
        return;
    }
    let place = Rect::from_x_y_ranges(room.right() - width - 1.0..=room.right(), rest.y_range());
    let response = ui.interact(place, ui.scope_id().with("readiness"), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, words));
    if fits {
        text::left(ui, place, words, Type::Body, if is_blocked { theme.text } else { theme.text2 });
    } else {
        let galley = text::wrapped(ui, words, Type::Small, theme.text, width);
        let at = Align2::LEFT_CENTER.align_size_within_rect(galley.size(), place);
        text::paint_galley(ui, at.min, galley, theme.text);
    }
    if is_blocked {
        let mark =
            Rect::from_min_size(place.min - Vec2::new(icon_room, 0.0), Vec2::new(ICON, place.height()));
        let icon = match footer.tone {
            Tone::Fail => Icon::Fail,
            Tone::Info => Icon::Info,
            Tone::Running => Icon::Running,
            Tone::Paused => Icon::Waiting,
            _ => Icon::Warn,
        };
        icon.paint(ui, mark, ICON, theme.tone(footer.tone).fg);
    }
    if !fits {
        response.on_hover_text(words);
    }
}

fn act(act: &Act, cx: &mut PageCx<'_>) {
    match act {
        Act::Go(step) => cx.go(*step),
        Act::Send(command) => cx.send(command.clone()),
        Act::SendAndGo(command, step) => {
            cx.send(command.clone());
            cx.actions.push(Action::Go(Place::Step(*step)));
        }
        Act::Do(action) => cx.actions.push(action.clone()),
    }
}
