use egui::{CornerRadius, Frame, Margin, Rect, Sense, Ui, Vec2};

use super::{copy_field, text};
use crate::audit::{Evidence, EvidenceOutcome, Outcome};
use crate::ui::fonts::Type;
use crate::ui::format;
use crate::ui::theme::{RADIUS_CONTROL, Theme};

/// The outcome as the protocol calls it.
pub fn outcome_words(outcome: &EvidenceOutcome, records: usize) -> String {
    let EvidenceOutcome::Dns(outcome) = outcome else { return outcome.words().to_owned() };
    match outcome {
        Outcome::Answer if records == 1 => "NOERROR, 1 record".to_owned(),
        Outcome::Answer => format!("NOERROR, {records} records"),
        Outcome::Refused => "refused".to_owned(),
        other => other.to_string(),
    }
}

/// The lines of one question: `?` query, `!` outcome, `=` data.
pub fn lines(evidence: &Evidence) -> Vec<(char, String)> {
    let mut lines =
        vec![('?', evidence.query.clone()), ('!', outcome_words(&evidence.outcome, evidence.data.len()))];
    lines.extend(evidence.data.iter().map(|line| ('=', line.clone())));
    lines
}

/// One question and its answer in a well, with a button that copies both.
pub fn evidence_block(ui: &mut Ui, evidence: &Evidence) {
    let theme = Theme::of(ui);
    let lines = lines(evidence);
    let copied = lines.iter().map(|(mark, line)| format!("{mark} {line}")).collect::<Vec<_>>().join("\n");
    Frame::new()
        .fill(theme.sunken)
        .stroke(theme.hairline())
        .corner_radius(CornerRadius::same(RADIUS_CONTROL))
        .inner_margin(Margin { bottom: 6, ..Margin::ZERO })
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            let (rect, _) = ui.allocate_exact_size(Vec2::new(ui.available_width(), 30.0), Sense::hover());
            let inner = rect.shrink2(Vec2::new(11.0, 0.0));
            let title = text::left(ui, inner, "Evidence", Type::SmallLabel, theme.text);
            let caption = format!(
                "{}, resolver {}, {} ms",
                format::time_with_seconds(evidence.at),
                evidence.server,
                evidence.duration_millis
            );
            let caption_place =
                Rect::from_min_max(rect.min.max(title.right_top() + Vec2::new(8.0, -8.0)), inner.max);
            let caption_place = Rect::from_x_y_ranges(
                caption_place.left()..=(inner.right() - 170.0).max(caption_place.left() + 20.0),
                rect.y_range(),
            );
            text::left(ui, caption_place, caption, Type::Small, theme.text2);
            copy_field::copy_link_right(ui, inner.expand2(Vec2::new(6.0, 0.0)), "query and answer", &copied);
            ui.painter().hline(rect.x_range(), rect.bottom() - 0.5, theme.hairline());
            ui.add_space(6.0);
            for (mark, line) in &lines {
                mono_line(ui, *mark, line);
            }
        });
}

fn mono_line(ui: &mut Ui, mark: char, line: &str) {
    let theme = Theme::of(ui);
    let width = ui.available_width() - 22.0;
    let galley = text::wrapped(ui, line, Type::Mono, theme.text, width - 16.0);
    let (rect, _) = ui.allocate_exact_size(Vec2::new(ui.available_width(), galley.size().y), Sense::hover());
    let color = if mark == '=' { theme.text } else { theme.text2 };
    let sign = text::line(ui, mark.to_string(), Type::Mono, theme.text3);
    text::paint_galley(ui, rect.min + Vec2::new(11.0, 0.0), sign, theme.text3);
    let place = Rect::from_min_size(rect.min + Vec2::new(26.0, 0.0), galley.size());
    let galley = text::wrapped(ui, line, Type::Mono, color, width - 16.0);
    ui.place(place, egui::Label::new(galley).selectable(true));
}
