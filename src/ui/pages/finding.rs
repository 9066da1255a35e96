use egui::{Frame, Margin, OpenUrl, Rect, Ui, Vec2};

use super::audit::COLUMNS;
use crate::audit::{Area, Changer, Effort, Finding, Importance, Picture, Status};
use crate::ui::fonts::Type;
use crate::ui::format;
use crate::ui::icons::{ICON, Icon};
use crate::ui::theme::Theme;
use crate::ui::widgets::badge::{Badge, badge_at, of_status};
use crate::ui::widgets::button::Button;
use crate::ui::widgets::row_list::cells;
use crate::ui::widgets::{copy_field, evidence, panel, spf_tree, text};

/// Height of a finding's row.
pub const ROW: f32 = 34.0;
/// Where titles and everything under them begin.
const INDENT: f32 = 111.0;

const fn importance_words(importance: Importance) -> &'static str {
    match importance {
        Importance::VeryImportant => "Very important",
        Importance::Important => "Important",
        Importance::Minor => "Minor",
    }
}

const fn effort_words(effort: Option<Effort>) -> &'static str {
    match effort {
        Some(Effort::Low) => "Low",
        Some(Effort::Medium) => "Medium",
        Some(Effort::High) => "High",
        None => "–",
    }
}

const fn changer_words(changer: Changer) -> &'static str {
    match changer {
        Changer::YouInTheZone => "You, in DNS",
        Changer::YouOnTheServer => "You, on the server",
        Changer::YourHoster => "Your hosting provider",
        Changer::TheListOperator => "The list's operator",
        Changer::Nobody => "–",
    }
}

/// The row as one sentence for screen readers.
pub fn sentence(finding: &Finding) -> String {
    let word = of_status(finding.status).word;
    format!(
        "{word}: {}. {}, effort {}, {}",
        finding.title,
        importance_words(finding.importance),
        effort_words(finding.effort),
        changer_words(finding.changer)
    )
}

/// Draws a finding's row.
pub fn row(ui: &Ui, row: Rect, finding: &Finding, is_open: bool) {
    let theme = Theme::of(ui);
    let inner = row.shrink2(Vec2::new(15.0, 0.0));
    let mut parts = cells(inner, &COLUMNS).into_iter();
    let mut cell = || parts.next().unwrap_or(inner);
    let Badge { tone, icon, word } = of_status(finding.status);
    let status = cell();
    let word = if finding.status == Status::NotApplicable { "n/a" } else { &*word };
    badge_at(ui, status, tone, icon, word);
    let title = cell();
    text::left(ui, title.with_max_x(title.right() - 12.0), &finding.title, Type::Label, theme.text);
    text::left(ui, cell(), importance_words(finding.importance), Type::Small, theme.text2);
    text::left(ui, cell(), effort_words(finding.effort), Type::Small, theme.text2);
    text::left(ui, cell(), changer_words(finding.changer), Type::Small, theme.text2);
    let chevron = cell();
    let mark = Rect::from_center_size(
        egui::Pos2::new(chevron.right() - ICON / 2.0 + 4.0, chevron.center().y),
        Vec2::splat(ICON),
    );
    let icon = if is_open { Icon::ChevronDown } else { Icon::ChevronRight };
    icon.paint(ui, mark, ICON, theme.text2);
    ui.painter().hline(row.x_range(), row.top() - 0.5, theme.hairline());
}

/// Draws what stands under an open finding; returns whether it is to be checked again.
pub fn details(ui: &mut Ui, finding: &Finding, shows_evidence: &mut bool) -> bool {
    let theme = Theme::of(ui);
    #[expect(clippy::cast_possible_truncation, reason = "a margin of a page")]
    let left = INDENT as i8;
    let frame = Frame::new().inner_margin(Margin { left, right: 15, top: 2, bottom: 12 });
    let mut is_again = false;
    frame.show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.scope(|ui| {
            let title_room = cells(ui.available_rect_before_wrap(), &COLUMNS);
            let cut = title_room.get(1).map_or(0.0, |cell| cell.width() + INDENT - 15.0 - 12.0);
            ui.set_max_width(ui.available_width().min(720.0));
            if text::width(ui, &finding.title, Type::Label) > cut {
                // The row above had no room for all of it.
                text::paragraph(ui, &finding.title, Type::Label, theme.text);
                ui.add_space(2.0);
            }
            text::paragraph(ui, &finding.words, Type::Lead, theme.text);
        });
        if let Some(Picture::SpfTree(nodes)) = &finding.picture {
            ui.add_space(6.0);
            spf_tree::spf_tree(ui, nodes);
        }
        if let Some(remedy) = &finding.remedy {
            ui.add_space(12.0);
            panel::section(ui, "What to do");
            ui.add_space(3.0);
            text::paragraph(ui, remedy, Type::Body, theme.text2);
        }
        if let Some(value) = &finding.copy {
            ui.add_space(6.0);
            copy_field::copy_field(ui, &value.name, &value.value);
        }
        ui.add_space(8.0);
        is_again = last_line(ui, finding, shows_evidence);
        if *shows_evidence {
            for (index, block) in finding.evidence.iter().enumerate() {
                ui.add_space(8.0);
                ui.push_id(index, |ui| evidence::evidence_block(ui, block));
            }
        }
    });
    is_again
}

fn last_line(ui: &mut Ui, finding: &Finding, shows_evidence: &mut bool) -> bool {
    let theme = Theme::of(ui);
    let mut is_again = false;
    // What the owner's files say cannot be asked again.
    let can_be_asked = !matches!(finding.area, Area::Delivery | Area::Messages);
    ui.horizontal(|ui| {
        ui.set_height(24.0);
        if let Some(first) = finding.evidence.first() {
            let queries = format::counted(finding.evidence.len(), "query", "queries");
            let label = format!("Evidence: {queries}, asked {}", format::date_time(first.at));
            let icon = if *shows_evidence { Icon::ChevronDown } else { Icon::ChevronRight };
            if Button::link(&label).small().icon(icon).show(ui).clicked() {
                *shows_evidence = !*shows_evidence;
            }
            ui.add_space(8.0);
        }
        if let Some(reference) = &finding.reference
            && Button::link(&reference.name).small().icon(Icon::OpenOutside).show(ui).clicked()
        {
            ui.ctx().open_url(OpenUrl::new_tab(&reference.url));
        }
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            text::words(ui, &finding.id, Type::Mono, theme.text3);
            ui.add_space(8.0);
            if can_be_asked {
                is_again = Button::secondary("Check again").small().icon(Icon::Again).show(ui).clicked();
            }
        });
    });
    is_again
}
