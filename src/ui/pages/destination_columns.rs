//! Which providers have a column, and the list from which more are taken.

use egui::{Popup, PopupCloseBehavior, ScrollArea, Ui};

use crate::providers::{Comparison, ProviderId};
use crate::ui::fonts::Type;
use crate::ui::icons::Icon;
use crate::ui::theme::Theme;
use crate::ui::widgets::button::Button;
use crate::ui::widgets::text;

/// Most columns side by side, and in a narrow window.
const MOST: usize = 4;
const MOST_NARROW: usize = 3;

/// The providers side by side, those that were added last at the end.
#[derive(Default)]
pub(super) struct Columns {
    shown: Vec<ProviderId>,
    /// Whether the page has been drawn; the first columns are proposed once.
    is_begun: bool,
}

impl Columns {
    /// Proposes the first providers once, and keeps the chosen one among the columns.
    pub fn keep_to(&mut self, all: &[Comparison], chosen: Option<&ProviderId>, is_narrow: bool) {
        self.shown.retain(|id| all.iter().any(|comparison| comparison.provider == *id));
        if !self.is_begun {
            self.is_begun = true;
            let first = all.iter().filter(|comparison| comparison.no_copy.is_none()).take(MOST);
            self.shown = first.map(|comparison| comparison.provider.clone()).collect();
            // A narrow window drops the oldest, and what was proposed last matters least.
            self.shown.reverse();
        }
        if let Some(chosen) = chosen.filter(|id| !self.shown.contains(id)) {
            self.shown.push(chosen.clone());
        }
        let most = if is_narrow { MOST_NARROW } else { MOST };
        while self.shown.len() > most {
            let Some(oldest) = self.shown.iter().position(|id| Some(id) != chosen) else { break };
            self.shown.remove(oldest);
        }
    }

    /// The columns in the catalogue's order.
    pub fn of<'a>(&self, all: &'a [Comparison]) -> Vec<&'a Comparison> {
        all.iter().filter(|comparison| self.shown.contains(&comparison.provider)).collect()
    }

    /// Takes a column away.
    pub fn remove(&mut self, id: &ProviderId) {
        self.shown.retain(|shown| shown != id);
    }

    /// How many are shown, and the list of the others; those that take no mail at the end, with the reason.
    pub fn picker(&mut self, ui: &mut Ui, all: &[Comparison]) {
        let theme = Theme::of(ui);
        let words = format!("{} of {} shown", self.shown.len(), all.len());
        // From right to left.
        let button = Button::secondary("Add a column…").icon(Icon::Plus).show(ui);
        text::words(ui, words, Type::Small, theme.text2);
        Popup::menu(&button).close_behavior(PopupCloseBehavior::CloseOnClick).show(|ui| {
            ScrollArea::vertical().max_height(360.0).show(ui, |ui| {
                let (closed, open): (Vec<_>, Vec<_>) = all
                    .iter()
                    .filter(|comparison| !self.shown.contains(&comparison.provider))
                    .partition(|comparison| comparison.no_copy.is_some());
                for comparison in open {
                    self.entry(ui, comparison);
                }
                if !closed.is_empty() {
                    ui.add_space(6.0);
                    text::words(ui, "Not a destination", Type::SmallLabel, theme.text2);
                }
                for comparison in closed {
                    self.entry(ui, comparison);
                    let reason = comparison.no_copy.as_deref().unwrap_or_default();
                    text::words(ui, reason, Type::Small, theme.text2);
                }
            });
        });
    }

    fn entry(&mut self, ui: &mut Ui, comparison: &Comparison) {
        if Button::link(&comparison.name).show(ui).on_hover_text(&comparison.tagline).clicked() {
            self.shown.push(comparison.provider.clone());
        }
    }
}
