use egui::{Align2, Context, CornerRadius, Id, Label, Rect, Response, Sense, StrokeKind, Ui, Vec2};

use super::button::Button;
use super::text;
use crate::ui::fonts::Type;
use crate::ui::icons::Icon;
use crate::ui::theme::{RADIUS_CONTROL, Theme};

/// How long a tick replaces the copy icon, in seconds.
const TICK_SECONDS: f64 = 2.0;

fn last_id() -> Id {
    Id::unique("last copied")
}

fn toasts_id() -> Id {
    Id::unique("copied toasts")
}

/// Copies a text and leaves a word about it for the toasts.
pub fn copy(ctx: &Context, name: &str, value: &str) {
    ctx.copy_text(value.to_owned());
    let now = ctx.input(|input| input.time);
    ctx.data_mut(|data| {
        data.insert_temp(last_id(), (name.to_owned(), now));
        data.get_temp_mut_or_default::<Vec<String>>(toasts_id()).push(format!("Copied the {name}"));
    });
}

/// Takes the words that [`copy`] left for the toasts.
pub fn take_copied(ctx: &Context) -> Vec<String> {
    ctx.data_mut(|data| data.remove_temp::<Vec<String>>(toasts_id())).unwrap_or_default()
}

/// The icon of a copy button: a tick for two seconds after its text was copied.
pub fn copy_icon(ui: &Ui, name: &str) -> Icon {
    let now = ui.input(|input| input.time);
    let last = ui.data(|data| data.get_temp::<(String, f64)>(last_id()));
    match last {
        Some((copied, at)) if copied == name && now - at < TICK_SECONDS => {
            ui.ctx().request_repaint_after(std::time::Duration::from_millis(2_100));
            Icon::Tick
        }
        _ => Icon::Copy,
    }
}

/// A small button that copies `value`: `Copy SPF record`.
pub fn copy_button(ui: &mut Ui, name: &str, value: &str) -> Response {
    let label = format!("Copy {name}");
    let response = Button::secondary(&label).small().icon(copy_icon(ui, name)).show(ui);
    if response.clicked() {
        copy(ui.ctx(), name, value);
    }
    response
}

/// The same as words without a border, at the right end of `rect`.
pub fn copy_link_right(ui: &Ui, rect: Rect, name: &str, value: &str) -> Response {
    let label = format!("Copy {name}");
    let response = Button::link(&label).small().icon(copy_icon(ui, name)).show_right(ui, rect);
    if response.clicked() {
        copy(ui.ctx(), name, value);
    }
    response
}

/// A value in a well that wraps and can be selected, with a button that names it.
pub fn copy_field(ui: &mut Ui, name: &str, value: &str) {
    let theme = Theme::of(ui);
    let label = format!("Copy {name}");
    let button = Button::secondary(&label).small().icon(copy_icon(ui, name));
    let button_size = button.size(ui);
    let width = ui.available_width();
    let galley = text::wrapped(ui, value, Type::Mono, theme.text, width - button_size.x - 30.0);
    let height = (galley.size().y + 10.0).max(36.0);
    let (rect, _) = ui.allocate_exact_size(Vec2::new(width, height), Sense::hover());
    ui.painter().rect(
        rect,
        CornerRadius::same(RADIUS_CONTROL),
        theme.sunken,
        theme.hairline(),
        StrokeKind::Inside,
    );
    let words = Align2::LEFT_CENTER.align_size_within_rect(galley.size(), rect.shrink2(Vec2::new(11.0, 0.0)));
    ui.place(words, Label::new(galley).selectable(true));
    let place = Align2::RIGHT_CENTER.align_size_within_rect(button_size, rect.shrink2(Vec2::new(5.0, 0.0)));
    if button.show_at(ui, place).clicked() {
        copy(ui.ctx(), name, value);
    }
}
