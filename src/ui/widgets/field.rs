//! Text fields with a label and an error below.

use egui::{
    Align2, CornerRadius, Frame, Id, Margin, Rect, Response, Sense, Stroke, StrokeKind, TextEdit, Ui,
    UiBuilder, Vec2,
};

use super::button::Button;
use super::{ring, text};
use crate::ui::fonts::Type;
use crate::ui::icons::{ICON, Icon, SMALL_ICON};
use crate::ui::shortcuts::{self, Wish};
use crate::ui::theme::{CONTROL_HEIGHT, RADIUS_CONTROL, SMALL_CONTROL_HEIGHT, Theme, Tone};

#[expect(clippy::struct_excessive_bools, reason = "independent looks, each set by its own method")]
/// A text field that never loses what was half typed: it edits a text of the page, never of the snapshot.
pub struct Field<'a> {
    name: &'a str,
    hint: &'a str,
    icon: Option<Icon>,
    height: f32,
    width: Option<f32>,
    is_password: bool,
    is_mono: bool,
    has_error: bool,
    shows_end: bool,
    id: Option<Id>,
}

impl<'a> Field<'a> {
    /// A field with the name that is read out.
    pub fn new(name: &'a str) -> Self {
        Self {
            name,
            hint: "",
            icon: None,
            height: CONTROL_HEIGHT,
            width: None,
            is_password: false,
            is_mono: false,
            has_error: false,
            shows_end: false,
            id: None,
        }
    }

    /// Words in the empty field.
    pub fn hint(mut self, hint: &'a str) -> Self {
        self.hint = hint;
        self
    }

    /// An icon at the left.
    pub fn icon(mut self, icon: Icon) -> Self {
        self.icon = Some(icon);
        self
    }

    /// Height in points; 32 by default.
    pub fn height(mut self, height: f32) -> Self {
        self.height = height;
        self
    }

    /// 26 points high with small text.
    pub fn small(mut self) -> Self {
        self.height = SMALL_CONTROL_HEIGHT;
        self
    }

    /// Width in points; the available width by default.
    pub fn width(mut self, width: f32) -> Self {
        self.width = Some(width);
        self
    }

    /// Hides what is typed; a button shows it while it is held down.
    pub fn password(mut self) -> Self {
        self.is_password = true;
        self
    }

    /// Monospaced, for keys and paths.
    pub fn mono(mut self) -> Self {
        self.is_mono = true;
        self
    }

    /// Shows the end of what is too long, as the end of a path matters most, until it is edited.
    pub fn shows_end(mut self) -> Self {
        self.shows_end = true;
        self
    }

    /// Red border; the error text goes below.
    pub fn error(mut self, has_error: bool) -> Self {
        self.has_error = has_error;
        self
    }

    /// A stable id, so that a page can give it the keyboard.
    pub fn id(mut self, id: Id) -> Self {
        self.id = Some(id);
        self
    }

    fn style(&self) -> Type {
        match () {
            () if self.is_mono => Type::Mono,
            () if self.height > CONTROL_HEIGHT => Type::Lead,
            () if self.height < CONTROL_HEIGHT => Type::Small,
            () => Type::Body,
        }
    }

    /// Draws it and edits `value`.
    pub fn show(self, ui: &mut Ui, value: &mut String) -> Response {
        let theme = Theme::of(ui);
        // Never narrower than a word: in a tight row the page scrolls instead.
        let width = self.width.unwrap_or_else(|| ui.available_width()).max(72.0);
        let (rect, _) = ui.allocate_exact_size(Vec2::new(width, self.height), Sense::hover());
        let id = self.id.unwrap_or_else(|| ui.scope_id().with(("field", self.name)));
        let border = if self.has_error { theme.tone(Tone::Fail).bar } else { theme.line2 };
        let radius = CornerRadius::same(RADIUS_CONTROL);
        ui.painter().rect(rect, radius, theme.field_fill(), Stroke::new(1.0, border), StrokeKind::Inside);
        let mut inner = rect.shrink2(Vec2::new(10.0, 1.0));
        if let Some(icon) = self.icon {
            let side = if self.height < CONTROL_HEIGHT { SMALL_ICON } else { ICON };
            icon.paint(
                ui,
                Rect::from_min_size(inner.min, Vec2::new(side, inner.height())),
                side,
                theme.text2,
            );
            inner.min.x += side + 8.0;
        }
        let is_revealed = self.is_password && self.reveal(ui, &mut inner, id, value);
        let style = self.style();
        let hint = text_atom(self.hint, style, theme);
        let height = style.line_height();
        let line = Align2::LEFT_CENTER.align_size_within_rect(Vec2::new(inner.width(), height), inner);
        let is_at_rest = self.shows_end && !ui.memory(|memory| memory.has_focus(id));
        let end_galley = is_at_rest
            .then(|| text::line(ui, value.as_str(), style, theme.text))
            .filter(|galley| galley.size().x > inner.width());
        let color = if end_galley.is_some() { egui::Color32::TRANSPARENT } else { theme.text };
        let edit = TextEdit::singleline(value)
            .id(id)
            .font(style.font())
            .text_color(color)
            .hint_text(hint)
            .password(self.is_password && !is_revealed)
            .frame(Frame::NONE)
            .background_color(egui::Color32::TRANSPARENT)
            .margin(Margin::ZERO)
            .desired_width(inner.width())
            .align(Align2::LEFT_CENTER)
            .char_limit(4_096);
        let mut child = ui.new_child(UiBuilder::new().max_rect(line));
        child.set_clip_rect(child.clip_rect().intersect(inner));
        let response = child.add_sized(line.size(), edit).accessible_name(self.name);
        if let Some(galley) = end_galley {
            // Only painted: what is read out and edited is the whole.
            let at = Align2::RIGHT_CENTER.align_size_within_rect(galley.size(), inner);
            child.painter().galley(at.min, galley, theme.text);
        }
        if self.icon == Some(Icon::Search) && shortcuts::take(ui.ctx(), Wish::Find) {
            response.request_focus();
        }
        if response.has_focus() {
            ring(ui, rect.expand(1.0), RADIUS_CONTROL + 1, StrokeKind::Outside);
        }
        if self.is_password {
            // What was typed must not be found again by undoing.
            forget_history(ui, id);
        }
        response
    }

    /// The button that shows a password while it is held down.
    fn reveal(&self, ui: &Ui, inner: &mut Rect, id: Id, value: &str) -> bool {
        if value.is_empty() {
            return false;
        }
        let button = Button::link("Show").small();
        let size = button.size(ui);
        let place = Align2::RIGHT_CENTER.align_size_within_rect(size, inner.expand2(Vec2::new(6.0, 0.0)));
        inner.max.x = place.left() - 4.0;
        let held_id = id.with("held");
        let name = format!("Show {} while pressed", self.name);
        let response = button.name(&name).show_at(ui, place);
        let is_held = response.is_pointer_button_down_on()
            || (response.has_focus() && ui.input(|input| input.key_down(egui::Key::Space)));
        ui.data_mut(|data| data.insert_temp(held_id, is_held));
        is_held
    }
}

fn forget_history(ui: &Ui, id: Id) {
    if let Some(mut state) = TextEdit::load_state(ui.ctx(), id) {
        state.clear_undoer();
        state.store(ui.ctx(), id);
    }
}

fn text_atom(hint: &str, style: Type, theme: &Theme) -> egui::RichText {
    egui::RichText::new(hint).font(style.font()).color(theme.text3)
}

/// A caption above a field.
pub fn field_label(ui: &mut Ui, label: &str) {
    let theme = Theme::of(ui);
    text::words(ui, label, Type::Label, theme.text);
    ui.add_space(5.0);
}

/// Red words below a field.
pub fn field_error(ui: &mut Ui, words: &str) {
    let theme = Theme::of(ui);
    let colors = theme.tone(Tone::Fail);
    ui.add_space(4.0);
    ui.horizontal_top(|ui| {
        let (rect, _) = ui.allocate_exact_size(Vec2::new(SMALL_ICON, 17.0), Sense::hover());
        Icon::Fail.paint(ui, rect, SMALL_ICON, colors.fg);
        ui.add_space(6.0);
        text::paragraph(ui, words, Type::Small, colors.fg);
    });
}
