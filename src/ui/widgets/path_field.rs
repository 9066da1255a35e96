use std::path::PathBuf;

use egui::{Response, Ui};

use super::button::Button;
use super::field::Field;
use crate::ui::icons::Icon;
use crate::ui::page_cx::{Action, PageCx};
use crate::ui::platform::Purpose;

/// Width in points from which the field and its button are side by side.
const ROOM_FOR_BOTH: f32 = 400.0;

/// A path that can be typed or chosen. Choosing one in the dialog fills the field; who draws it may act at once.
pub struct PathField {
    purpose: Purpose,
    text: String,
    was_edited: bool,
    was_picked: bool,
}

impl PathField {
    /// An empty field for this purpose.
    pub const fn new(purpose: Purpose) -> Self {
        Self { purpose, text: String::new(), was_edited: false, was_picked: false }
    }

    /// Whether a path was just chosen in a dialog, which is a decision already. Said once.
    pub fn was_picked(&mut self) -> bool {
        std::mem::take(&mut self.was_picked)
    }

    /// Proposes a path until the user types or chooses another one.
    pub fn propose(&mut self, path: impl FnOnce() -> PathBuf) {
        if self.text.is_empty() && !self.was_edited {
            self.text = path().to_string_lossy().into_owned();
        }
    }

    /// Proposes another path when what it depends on has changed and the user has not typed.
    pub fn repropose(&mut self, path: impl FnOnce() -> PathBuf) {
        if !self.was_edited {
            self.text = path().to_string_lossy().into_owned();
        }
    }

    /// The path, unless the field is empty.
    pub fn path(&self) -> Option<PathBuf> {
        let text = self.text.trim();
        (!text.is_empty()).then(|| PathBuf::from(text))
    }

    /// Draws the field with its button. The response is that of the field.
    pub fn show(&mut self, ui: &mut Ui, name: &str, cx: &mut PageCx<'_>) -> Response {
        self.draw(ui, name, cx, None::<fn(&mut Ui)>)
    }

    /// The same with the button that acts, which stands beside the other one where the field has a line of its own.
    pub fn show_with(
        &mut self,
        ui: &mut Ui,
        name: &str,
        cx: &mut PageCx<'_>,
        action: impl FnOnce(&mut Ui),
    ) -> Response {
        self.draw(ui, name, cx, Some(action))
    }

    fn draw(
        &mut self,
        ui: &mut Ui,
        name: &str,
        cx: &mut PageCx<'_>,
        action: Option<impl FnOnce(&mut Ui)>,
    ) -> Response {
        if let Some(path) = cx.take_picked(self.purpose) {
            self.text = path.to_string_lossy().into_owned();
            (self.was_edited, self.was_picked) = (true, true);
        }
        let label = format!("Choose {} in a dialog", name.to_lowercase());
        let button = Button::secondary("Choose…").icon(Icon::Folder).name(&label);
        let field = Field::new(name).hint("path of the file").mono().shows_end();
        let is_clicked;
        let response;
        if ui.available_width() < ROOM_FOR_BOTH {
            // The end of a path matters most; in a narrow column the field gets its own line.
            response = field.show(ui, &mut self.text);
            ui.add_space(8.0);
            is_clicked = ui
                .horizontal(|ui| {
                    let is_clicked = button.show(ui).clicked();
                    if let Some(action) = action {
                        ui.add_space(8.0);
                        action(ui);
                    }
                    is_clicked
                })
                .inner;
        } else {
            (response, is_clicked) = ui
                .horizontal(|ui| {
                    let width = ui.available_width() - button.size(ui).x - 8.0;
                    let response = field.width(width.max(80.0)).show(ui, &mut self.text);
                    ui.add_space(8.0);
                    (response, button.show(ui).clicked())
                })
                .inner;
            if let Some(action) = action {
                ui.add_space(8.0);
                action(ui);
            }
        }
        self.was_edited |= response.changed();
        if is_clicked {
            cx.actions.push(Action::Pick { purpose: self.purpose, start: self.path() });
        }
        response
    }
}
