//! What becomes of aliases, forwards and lists, and the files that create them at a provider.

use egui::{Rect, Role, Sense, Ui, Vec2, WidgetInfo};

use super::audit::beside;
use crate::accounts::{ExportFormat, PlannedRoute, RouteKind, RouteTrouble, left_behind};
use crate::engine::{Command, ProjectView};
use crate::ui::fonts::Type;
use crate::ui::icons::Icon;
use crate::ui::page_cx::PageCx;
use crate::ui::platform::Purpose;
use crate::ui::theme::{PANEL_GAP, Theme, Tone};
use crate::ui::widgets::badge::badge_at;
use crate::ui::widgets::button::Button;
use crate::ui::widgets::field::field_label;
use crate::ui::widgets::path_field::PathField;
use crate::ui::widgets::row_list::{Column, cells};
use crate::ui::widgets::{choice, panel, text};

/// Aliases that are listed; the exports and the report have all.
const MOST_LISTED: usize = 100;
const ROW: f32 = 32.0;
const COLUMNS: [Column; 3] =
    [Column::words("Address", 0.0), Column::words("Becomes", 150.0), Column::words("Leads to", 0.0)];

/// The list and its export.
pub struct AliasPanel {
    format: ExportFormat,
    has_passwords: bool,
    path: PathField,
}

impl Default for AliasPanel {
    fn default() -> Self {
        Self { format: ExportFormat::Csv, has_passwords: false, path: PathField::new(Purpose::SaveAccounts) }
    }
}

impl AliasPanel {
    /// Draws both, where files of the old server were read.
    pub fn ui(&mut self, ui: &mut Ui, project: &ProjectView, cx: &mut PageCx<'_>) {
        if project.accounts.directory.is_empty() {
            return;
        }
        let plan = &project.accounts.plan;
        if !plan.routes.is_empty() {
            ui.add_space(PANEL_GAP);
            panel::flush_panel(ui, |ui| {
                panel::panel_head(ui, "Aliases, forwards and lists", "");
                ui.add_space(8.0);
                indented(ui, &format!("{}.", plan.summary()), Type::Body);
                for route in plan.routes.iter().take(MOST_LISTED) {
                    route_row(ui, route);
                }
                if let Some(more) = plan.routes.len().checked_sub(MOST_LISTED).filter(|more| *more > 0) {
                    ui.add_space(6.0);
                    let words = format!("and {more} more, which are in the file and in the report");
                    indented(ui, &words, Type::Small);
                }
            });
        }
        ui.add_space(PANEL_GAP);
        panel::panel(ui, |ui| self.export(ui, project, cx));
        ui.add_space(PANEL_GAP);
        left_behind_panel(ui, project);
    }

    fn export(&mut self, ui: &mut Ui, project: &ProjectView, cx: &mut PageCx<'_>) {
        let theme = Theme::of(ui);
        panel::section(ui, "Create them at the provider");
        let words = "The chosen mailboxes and all aliases, in a form in which providers take many at once.";
        text::paragraph(ui, words, Type::Small, theme.text2);
        ui.add_space(8.0);
        ui.horizontal_wrapped(|ui| {
            for format in ExportFormat::ALL {
                if choice::option_button(ui, self.format == format, format.words()).clicked() {
                    self.format = format;
                    self.path.repropose(|| beside(project, "accounts", format.extension()));
                }
                ui.add_space(6.0);
            }
        });
        if self.format.takes_passwords() {
            ui.add_space(6.0);
            let label = "Make new passwords and write them into this file, which only you can read";
            if choice::checkbox(ui, self.has_passwords, label) {
                self.has_passwords = !self.has_passwords;
            }
        }
        ui.add_space(8.0);
        field_label(ui, "Save to");
        self.path.propose(|| beside(project, "accounts", self.format.extension()));
        self.path.show(ui, "Accounts file", cx);
        ui.add_space(8.0);
        let path = self.path.path();
        let is_saved =
            Button::secondary("Save mailboxes and aliases").enabled(path.is_some()).show(ui).clicked();
        if let Some(path) = path.filter(|_| is_saved) {
            let has_passwords = self.has_passwords && self.format.takes_passwords();
            cx.send(Command::ExportAccounts { path, format: self.format, has_passwords });
        }
    }
}

fn route_row(ui: &mut Ui, route: &PlannedRoute) {
    let theme = Theme::of(ui);
    let ends: Vec<String> = route.inside.iter().chain(&route.outside).map(ToString::to_string).collect();
    let (from, ends) = (route.from.to_string(), ends.join(", "));
    let troubles: Vec<String> = route.troubles.iter().map(RouteTrouble::words).collect();
    let (tone, icon) = match (route.kind, troubles.is_empty()) {
        (RouteKind::Nowhere, _) => (Tone::Fail, Icon::Fail),
        (_, true) => (Tone::Pass, Icon::Pass),
        (_, false) => (Tone::Warn, Icon::Warn),
    };
    let (row, response) = ui.allocate_exact_size(Vec2::new(ui.available_width(), ROW), Sense::hover());
    response.widget_info(|| {
        let words = format!("{from}, {}, {ends}. {}", route.kind.word(), troubles.join(". "));
        WidgetInfo::labeled(Role::Row, true, words)
    });
    ui.painter().hline(row.x_range(), row.top() - 0.5, theme.hairline());
    let inner = row.shrink2(Vec2::new(15.0, 0.0));
    let mut parts = cells(inner, &COLUMNS).into_iter();
    let mut cell = || parts.next().unwrap_or(Rect::NOTHING);
    let place = cell();
    text::left(ui, place.with_max_x(place.right() - 8.0), &from, Type::Label, theme.text);
    badge_at(ui, cell(), tone, icon, route.kind.word());
    text::left(ui, cell(), &ends, Type::Body, theme.text2);
    for words in troubles {
        indented(ui, &format!("{words}."), Type::Small);
    }
}

/// Words within a panel that has no padding of its own.
fn indented(ui: &mut Ui, words: &str, style: Type) {
    let color = Theme::of(ui).text2;
    ui.horizontal_top(|ui| {
        ui.add_space(15.0);
        ui.vertical(|ui| {
            ui.set_max_width(ui.available_width() - 15.0);
            text::paragraph(ui, words, style, color);
            ui.add_space(6.0);
        });
    });
}

/// What a copy over IMAP leaves behind, and what to do about each.
pub fn left_behind_panel(ui: &mut Ui, project: &ProjectView) {
    let theme = Theme::of(ui);
    let items = left_behind(&project.accounts.directory, &project.accounts.plan);
    panel::panel(ui, |ui| {
        panel::section(ui, "What IMAP does not carry");
        for item in items {
            ui.add_space(6.0);
            text::paragraph(ui, &item.title, Type::Label, theme.text);
            text::paragraph(ui, format!("{} {}", item.words, item.what_to_do), Type::Small, theme.text2);
        }
    });
}
