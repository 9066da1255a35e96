//! The tree of an SPF evaluation, with the cost of every term.

use egui::{Align2, CornerRadius, Frame, Pos2, Rect, Role, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo};

use super::row_list::{Column, cells};
use super::text;
use crate::audit::SpfTreeNode;
use crate::ui::fonts::Type;
use crate::ui::theme::{RADIUS_CONTROL, Theme, Tone};

/// The number of lookups after which a receiver gives up (RFC 7208 section 4.6.4).
const LIMIT: u32 = 10;
const ROW: f32 = 24.0;
const COLUMNS: [Column; 4] = [
    Column::words("Term, in the order receivers read it", 0.0),
    Column::words("Note", 214.0),
    Column::words("Lookups", 60.0),
    Column::number("Sum", 40.0),
];

/// The cost of an SPF record: ten slots, then a tree with the cost of each branch and the running total.
pub fn spf_tree(ui: &mut Ui, nodes: &[SpfTreeNode]) {
    let theme = Theme::of(ui);
    slots(ui, nodes);
    ui.add_space(8.0);
    Frame::new()
        .fill(theme.sunken)
        .stroke(theme.hairline())
        .corner_radius(CornerRadius::same(RADIUS_CONTROL))
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            let (head, _) = ui.allocate_exact_size(Vec2::new(ui.available_width(), 27.0), Sense::hover());
            for (cell, column) in cells(head.shrink2(Vec2::new(12.0, 0.0)), &COLUMNS).into_iter().zip(COLUMNS)
            {
                let align = if column.is_number { Align2::RIGHT_CENTER } else { Align2::LEFT_CENTER };
                text::paint(ui, cell, align, column.head, Type::Small, theme.text2);
            }
            for (index, node) in nodes.iter().enumerate() {
                tree_row(ui, node, index + 1 == nodes.len());
            }
        });
}

fn slots(ui: &mut Ui, nodes: &[SpfTreeNode]) {
    let theme = Theme::of(ui);
    let used = nodes.iter().map(|node| node.running_total).max().unwrap_or(0);
    let voids = nodes.iter().filter(|node| node.is_void).count();
    let (rect, response) = ui.allocate_exact_size(Vec2::new(ui.available_width(), 20.0), Sense::hover());
    response.widget_info(|| {
        WidgetInfo::labeled(
            Role::Label,
            true,
            format!("{used} of {LIMIT} lookups, {voids} of 2 empty answers"),
        )
    });
    let slot = |x: f32| Rect::from_center_size(Pos2::new(x + 11.0, rect.center().y), Vec2::new(22.0, 12.0));
    let radius = CornerRadius::same(RADIUS_CONTROL / 2);
    let mut x = rect.left();
    for number in 1..=LIMIT {
        let color = if number <= used { theme.tone(Tone::Info).bar } else { theme.bar_rest };
        ui.painter().rect_filled(slot(x), radius, color);
        x += 25.0;
    }
    let fail = theme.tone(Tone::Fail);
    // More than this would leave no room for the words.
    let over = used.saturating_sub(LIMIT).min(12);
    if over > 0 {
        x += 5.0;
        ui.painter().vline(x, rect.y_range(), Stroke::new(2.0, theme.text));
        x += 6.0;
    }
    for _ in 0..over {
        ui.painter().rect_filled(slot(x).shrink(1.0), radius, fail.bar);
        ui.painter().rect_stroke(
            slot(x).expand(1.0),
            CornerRadius::same(4),
            Stroke::new(1.0, fail.bar),
            StrokeKind::Outside,
        );
        x += 25.0;
    }
    let color = if over > 0 { fail.fg } else { theme.text };
    let words = Rect::from_min_max(Pos2::new(x + 12.0, rect.top()), rect.max);
    let place = text::left(ui, words, format!("{used} of {LIMIT} lookups"), Type::Strong, color);
    let behind = Rect::from_min_max(Pos2::new(place.right() + 14.0, rect.top()), rect.max);
    text::left(ui, behind, format!("{voids} of 2 empty answers"), Type::Small, theme.text2);
}

fn tree_row(ui: &mut Ui, node: &SpfTreeNode, is_last: bool) {
    let theme = Theme::of(ui);
    let fail = theme.tone(Tone::Fail);
    let (row, response) = ui.allocate_exact_size(Vec2::new(ui.available_width(), ROW), Sense::hover());
    let remark = note_of(node);
    response.widget_info(|| {
        let read = if node.is_read { "" } else { ", never read" };
        WidgetInfo::labeled(
            Role::Row,
            true,
            format!(
                "{}: {} lookups, {} in total{read}",
                node.term, node.lookups_with_children, node.running_total
            ),
        )
    });
    if !ui.is_rect_visible(row) {
        return;
    }
    if !node.is_read {
        let radius = if is_last { RADIUS_CONTROL } else { 0 };
        let corners = CornerRadius { sw: radius, se: radius, ..CornerRadius::ZERO };
        ui.painter().rect_filled(row, corners, fail.bg);
    }
    ui.painter().hline(row.x_range(), row.top(), theme.hairline());
    let inner = row.shrink2(Vec2::new(12.0, 0.0));
    let mut parts = cells(inner, &COLUMNS).into_iter();
    let mut cell = || parts.next().unwrap_or(inner);
    let mut term = cell();
    // Deep trees keep their words on the page.
    for level in 0..node.depth.min(8) {
        #[expect(clippy::cast_precision_loss, reason = "a depth below nine")]
        let x = term.left() + 7.0 + 25.0 * level as f32;
        ui.painter().vline(x, row.y_range(), Stroke::new(1.0, theme.line2));
    }
    #[expect(clippy::cast_precision_loss, reason = "a depth below nine")]
    let indent = 25.0 * node.depth.min(8) as f32;
    term.min.x += indent;
    text::left(ui, term, &node.term, Type::Mono, theme.text);
    let note_color = if node.is_read { theme.text2 } else { fail.fg };
    text::left(ui, cell(), remark, Type::Small, note_color);
    price(ui, cell(), node);
    let (style, color) = if node.is_read { (Type::Body, theme.text) } else { (Type::Strong, fail.fg) };
    text::right(ui, cell(), node.running_total.to_string(), style, color);
}

fn note_of(node: &SpfTreeNode) -> String {
    match (node.is_read, node.note.as_str()) {
        (true, remark) => remark.to_owned(),
        (false, "") => "never read".to_owned(),
        (false, remark) => format!("never read; {remark}"),
    }
}

/// One square per lookup: those beyond the limit in red.
fn price(ui: &Ui, cell: Rect, node: &SpfTreeNode) {
    let theme = Theme::of(ui);
    let before = node.running_total.saturating_sub(node.lookups);
    let total = node.lookups_with_children.max(node.lookups);
    let step = if total > 5 { 8.0 } else { 12.0 };
    let mut x = cell.left();
    for index in 1..=total.min(7) {
        let tone = if before + index > LIMIT { Tone::Fail } else { Tone::Info };
        let side = step - 3.0;
        let square = Rect::from_center_size(Pos2::new(x + side / 2.0, cell.center().y), Vec2::splat(side));
        ui.painter().rect_filled(square, CornerRadius::same(2), theme.tone(tone).bar);
        x += step;
    }
}
