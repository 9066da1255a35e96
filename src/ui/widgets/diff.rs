use egui::text::LayoutJob;
use egui::{Color32, Pos2, Rect, Role, Sense, Ui, Vec2, WidgetInfo};

use super::text;
use crate::records::{Change, DiffLine};
use crate::ui::fonts::Type;
use crate::ui::icons::{Icon, SMALL_ICON};
use crate::ui::theme::{Theme, Tone};

/// One record: plus or minus, name, TTL, type, value; the changed part is highlighted.
pub fn diff_line(ui: &mut Ui, line: &DiffLine, partner: Option<&DiffLine>) {
    let theme = Theme::of(ui);
    let (tone, icon, ground, word) = match line.change {
        Change::Add => (Tone::Pass, Some(Icon::Plus), Some(theme.add_bg), "added"),
        Change::Remove => (Tone::Fail, Some(Icon::Minus), Some(theme.del_bg), "removed"),
        Change::Keep => (Tone::Quiet, None, None, "kept"),
    };
    let whole = ui.available_width();
    let name_width = (whole * 0.18).clamp(96.0, 150.0);
    let value_start = 34.0 + name_width + 8.0 + 44.0 + 10.0 + 54.0;
    let color = if line.change == Change::Keep { theme.text3 } else { theme.text };
    let value = value_job(line, partner, color, theme, whole - value_start - 14.0);
    let value = ui.painter().layout_job(value);
    let height = (value.size().y + 6.0).max(25.0);
    let (row, response) = ui.allocate_exact_size(Vec2::new(whole, height), Sense::hover());
    response.widget_info(|| {
        WidgetInfo::labeled(
            Role::Row,
            true,
            format!(
                "{word}: {} {} {} {}. {}",
                line.name, line.ttl_secs, line.record_type, line.value, line.reason
            ),
        )
    });
    if !ui.is_rect_visible(row) {
        return;
    }
    if let Some(ground) = ground {
        ui.painter().rect_filled(row, 0.0, ground);
    }
    let top = row.top() + 3.0;
    let cell =
        |x: f32, width: f32| Rect::from_min_size(Pos2::new(row.left() + x, top), Vec2::new(width, 19.0));
    if let Some(icon) = icon {
        icon.paint(ui, cell(11.0, 15.0), SMALL_ICON, theme.tone(tone).fg);
    }
    text::left(ui, cell(34.0, name_width), &line.name, Type::MonoDiff, color);
    // What both lines share steps back.
    let has_same_ttl = partner.is_some_and(|partner| partner.ttl_secs == line.ttl_secs);
    let ttl = cell(34.0 + name_width, 52.0);
    let ttl_color = if has_same_ttl { theme.text2 } else { color };
    text::right(ui, ttl, line.ttl_secs.to_string(), Type::MonoDiff, ttl_color);
    text::left(ui, cell(34.0 + name_width + 62.0, 52.0), &line.record_type, Type::MonoDiff, color);
    let place = Rect::from_min_size(Pos2::new(row.left() + value_start, top), value.size());
    ui.place(place, egui::Label::new(value).selectable(true)).on_hover_text(&line.reason);
}

fn value_job(
    line: &DiffLine,
    partner: Option<&DiffLine>,
    color: Color32,
    theme: &Theme,
    width: f32,
) -> LayoutJob {
    let mut job = LayoutJob::default();
    job.wrap.max_width = width.max(80.0);
    let plain = Type::MonoDiff.format(color);
    let quiet = Type::MonoDiff.format(if line.change == Change::Keep { theme.text3 } else { theme.text2 });
    let shown = if line.record_type == "TXT" { format!("\"{}\"", line.value) } else { line.value.clone() };
    match partner {
        // Parts that both lines share are dimmed, so that the changed part stands out.
        Some(partner) if line.change != Change::Keep => {
            let others: Vec<&str> = partner.value.split(' ').collect();
            for (index, word) in shown.split(' ').enumerate() {
                let gap = if index == 0 { "" } else { " " };
                let is_shared = others.contains(&word.trim_matches('"'));
                job.append(
                    &format!("{gap}{word}"),
                    0.0,
                    if is_shared { quiet.clone() } else { plain.clone() },
                );
            }
        }
        _ => job.append(&shown, 0.0, plain),
    }
    if line.change == Change::Keep {
        job.append("  kept", 0.0, Type::Small.format(theme.text3));
    }
    job
}
