//! Steps that are done on pages of a provider, one under the other, each with its page.

use egui::{OpenUrl, Sense, Ui, Vec2};

use crate::engine::{AppPasswordNeed, AppPasswords, GuideStep};
use crate::ui::fonts::Type;
use crate::ui::icons::Icon;
use crate::ui::theme::Theme;
use crate::ui::widgets::button::Button;
use crate::ui::widgets::text;

/// Width of the number before a step.
const NUMBER: f32 = 22.0;

/// Draws the steps with their numbers and links.
pub fn guide_steps(ui: &mut Ui, steps: &[GuideStep]) {
    for (index, step) in steps.iter().enumerate() {
        numbered(ui, index, &step.text);
        if !step.link.is_empty() {
            ui.horizontal(|ui| {
                ui.add_space(NUMBER - 4.0);
                page_link(ui, &step.link, &format!("step {}", index + 1));
            });
        }
        ui.add_space(6.0);
    }
}

/// A link to a page of a provider: `Open console.cloud.google.com`. `what` tells links to the same host apart when they
/// are read out.
pub fn page_link(ui: &mut Ui, link: &str, what: &str) {
    let host = link.strip_prefix("https://").unwrap_or(link).split('/').next().unwrap_or(link);
    let label = format!("Open {host}");
    let name = format!("{label}, {what}");
    if Button::link(&label).small().icon(Icon::OpenOutside).name(&name).show(ui).clicked() {
        ui.ctx().open_url(OpenUrl::new_tab(link));
    }
}

fn numbered(ui: &mut Ui, index: usize, words: &str) {
    let theme = Theme::of(ui);
    ui.horizontal_top(|ui| {
        let (rect, _) = ui.allocate_exact_size(Vec2::new(NUMBER, 20.0), Sense::hover());
        text::left(ui, rect, format!("{}.", index + 1), Type::Label, theme.text2);
        ui.vertical(|ui| {
            text::paragraph(ui, words, Type::Body, theme.text);
        });
    });
}

/// How to get an app password, where one is asked for.
pub fn app_password_help(ui: &mut Ui, help: &AppPasswords, provider: &str) {
    let theme = Theme::of(ui);
    let head = match help.needed {
        AppPasswordNeed::Always => {
            format!("{provider} takes an app password here, never the account's own password:")
        }
        AppPasswordNeed::WithSecondFactor => {
            format!("If the account has a second factor, {provider} takes an app password here:")
        }
    };
    text::paragraph(ui, head, Type::Small, theme.text2);
    for (index, step) in help.steps.iter().enumerate() {
        text::paragraph(ui, format!("{}. {step}", index + 1), Type::Small, theme.text2);
    }
    if !help.note.is_empty() {
        text::paragraph(ui, &help.note, Type::Small, theme.text2);
    }
    ui.horizontal(|ui| page_link(ui, &help.link, "app passwords"));
}
