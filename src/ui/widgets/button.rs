//! Buttons: primary, secondary, link and danger.

use egui::{
    Align2, Color32, CornerRadius, CursorIcon, Rect, Response, Role, Sense, Stroke, StrokeKind, Ui, Vec2,
    WidgetInfo,
};

use super::{focus_ring, text};
use crate::ui::fonts::Type;
use crate::ui::icons::{ICON, Icon, SMALL_ICON};
use crate::ui::theme::{CONTROL_HEIGHT, RADIUS_CONTROL, SMALL_CONTROL_HEIGHT, Theme, Tone};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Primary,
    Secondary,
    Link,
    DangerOutline,
    Danger,
}

/// A button: verb and object, sentence case.
pub struct Button<'a> {
    label: &'a str,
    icon: Option<Icon>,
    kind: Kind,
    is_small: bool,
    is_tall: bool,
    is_enabled: bool,
    name: Option<&'a str>,
}

/// What a button is painted with.
struct Colors {
    fill: Color32,
    border: Stroke,
    text: Color32,
}

impl<'a> Button<'a> {
    fn new(label: &'a str, kind: Kind) -> Self {
        Self { label, icon: None, kind, is_small: false, is_tall: false, is_enabled: true, name: None }
    }

    /// The main action; at most one per page.
    pub fn primary(label: &'a str) -> Self {
        Self::new(label, Kind::Primary)
    }

    /// Everything else that acts.
    pub fn secondary(label: &'a str) -> Self {
        Self::new(label, Kind::Secondary)
    }

    /// Words in accent without a border.
    pub fn link(label: &'a str) -> Self {
        Self::new(label, Kind::Link)
    }

    /// Leads to something that stops or deletes.
    pub fn danger_outline(label: &'a str) -> Self {
        Self::new(label, Kind::DangerOutline)
    }

    /// Stops or deletes; only inside a confirm panel.
    pub fn danger(label: &'a str) -> Self {
        Self::new(label, Kind::Danger)
    }

    /// An icon before the label.
    pub fn icon(mut self, icon: Icon) -> Self {
        self.icon = Some(icon);
        self
    }

    /// 26 points high instead of 32.
    pub fn small(mut self) -> Self {
        self.is_small = true;
        self
    }

    /// 36 points high, next to a field of that height.
    pub fn tall(mut self) -> Self {
        self.is_tall = true;
        self
    }

    /// Disabled if false; the reason must be written next to it.
    pub fn enabled(mut self, is_enabled: bool) -> Self {
        self.is_enabled = is_enabled;
        self
    }

    /// The name that is read out, where the label alone does not say enough.
    pub fn name(mut self, name: &'a str) -> Self {
        self.name = Some(name);
        self
    }

    fn style(&self) -> Type {
        if self.is_small { Type::SmallLabel } else { Type::Label }
    }

    fn icon_side(&self) -> f32 {
        if self.is_small { SMALL_ICON } else { ICON }
    }

    fn padding(&self) -> f32 {
        match (self.kind, self.is_small) {
            (Kind::Link, _) if self.is_small => 4.0,
            (Kind::Link, _) => 6.0,
            (Kind::Primary | Kind::Danger, false) if self.icon.is_none() => 16.0,
            (_, false) => 12.0,
            (_, true) => 10.0,
        }
    }

    /// Its size in points.
    pub fn size(&self, ui: &Ui) -> Vec2 {
        let icon = if self.icon.is_some() { self.icon_side() + 7.0 } else { 0.0 };
        let label = text::width(ui, self.label, self.style());
        let icon = if self.label.is_empty() { self.icon_side() } else { icon };
        let height = match (self.is_small, self.is_tall) {
            (true, _) => SMALL_CONTROL_HEIGHT,
            (false, true) => CONTROL_HEIGHT + 4.0,
            (false, false) => CONTROL_HEIGHT,
        };
        Vec2::new((label + icon + 2.0 * self.padding()).ceil(), height)
    }

    /// Draws it where the layout has room.
    pub fn show(self, ui: &mut Ui) -> Response {
        let size = self.size(ui);
        let (rect, response) = ui.allocate_exact_size(size, self.sense());
        self.finish(ui, rect, response)
    }

    /// Draws it at a given place, without taking room in the layout.
    pub fn show_at(self, ui: &Ui, rect: Rect) -> Response {
        let id = ui.scope_id().with(("button", self.name.unwrap_or(self.label)));
        let response = ui.interact(rect, id, self.sense());
        self.finish(ui, rect, response)
    }

    /// Draws it at the right end of `rect`, vertically centred, and returns its rectangle.
    pub fn show_right(self, ui: &Ui, rect: Rect) -> Response {
        let place = Align2::RIGHT_CENTER.align_size_within_rect(self.size(ui), rect);
        self.show_at(ui, place)
    }

    fn sense(&self) -> Sense {
        if self.is_enabled { Sense::click() } else { Sense::hover() }
    }

    fn finish(self, ui: &Ui, rect: Rect, response: Response) -> Response {
        let is_enabled = self.is_enabled && ui.is_enabled();
        let name = self.name.unwrap_or(self.label);
        let role = if self.kind == Kind::Link { Role::Link } else { Role::Button };
        response.widget_info(|| WidgetInfo::labeled(role, is_enabled, name));
        if ui.is_rect_visible(rect) {
            self.paint(ui, rect, &response, is_enabled);
        }
        if is_enabled { response.on_hover_cursor(CursorIcon::PointingHand) } else { response }
    }

    fn colors(&self, theme: &Theme, response: &Response, is_enabled: bool) -> Colors {
        let none = Stroke::NONE;
        let colors = |fill, border, text| Colors { fill, border, text };
        let is_hot = response.hovered() || response.is_pointer_button_down_on();
        if !is_enabled {
            return match self.kind {
                Kind::Link => colors(Color32::TRANSPARENT, none, theme.text3),
                _ => colors(theme.sunken, theme.hairline(), theme.text3),
            };
        }
        let fail = theme.tone(Tone::Fail);
        match self.kind {
            Kind::Primary if is_hot => colors(theme.accent_hover, none, theme.on_accent),
            Kind::Primary => colors(theme.accent_button, none, theme.on_accent),
            Kind::Secondary => {
                let fill = if is_hot { theme.hover } else { theme.control_fill() };
                colors(fill, Stroke::new(1.0, theme.line2), theme.text)
            }
            Kind::Link => colors(Color32::TRANSPARENT, none, theme.accent),
            Kind::DangerOutline => {
                let fill = if is_hot { fail.bg } else { theme.control_fill() };
                colors(fill, Stroke::new(1.0, fail.bar), fail.fg)
            }
            Kind::Danger => colors(theme.danger, none, theme.on_accent),
        }
    }

    fn paint(&self, ui: &Ui, rect: Rect, response: &Response, is_enabled: bool) {
        let theme = Theme::of(ui);
        let Colors { fill, border, text: color } = self.colors(theme, response, is_enabled);
        let radius = CornerRadius::same(RADIUS_CONTROL);
        ui.painter().rect(rect, radius, fill, border, StrokeKind::Inside);
        let mut x = rect.left() + self.padding();
        let side = self.icon_side();
        if let Some(icon) = self.icon {
            let place = Rect::from_min_size(
                rect.min + Vec2::new(x - rect.left(), 0.0),
                Vec2::new(side, rect.height()),
            );
            icon.paint(ui, place, side, color);
            x += side + 7.0;
        }
        let galley = text::line(ui, self.label, self.style(), color);
        let label = Align2::LEFT_CENTER
            .align_size_within_rect(galley.size(), Rect::from_min_max(rect.min.max(rect.min), rect.max));
        let at = label.min + Vec2::new(x - rect.left(), 0.0);
        let end = at.x + galley.size().x;
        if self.kind == Kind::Link && is_enabled && response.hovered() {
            ui.painter().hline(at.x..=end, label.bottom() - 3.0, Stroke::new(1.0, color));
        }
        text::paint_galley(ui, at, galley, color);
        focus_ring(ui, response, rect, RADIUS_CONTROL);
    }
}
