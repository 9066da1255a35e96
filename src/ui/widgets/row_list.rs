//! A table whose rows can be reached with the keyboard and by screen readers.

use std::ops::Range;

use egui::{
    Align2, EventFilter, Id, Key, Modifiers, Rect, Response, Role, Sense, StrokeKind, Ui, Vec2, WidgetInfo,
};

use super::{ring, text};
use crate::ui::fonts::Type;
use crate::ui::format;
use crate::ui::icons::{Icon, SMALL_ICON};
use crate::ui::theme::Theme;

/// A column: its head, its width in points (0 takes the rest), and whether it holds numbers.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Words of the head.
    pub head: &'static str,
    /// Width in points; 0 takes what is left.
    pub width: f32,
    /// Whether its contents are right-aligned.
    pub is_number: bool,
}

impl Column {
    /// A column of words.
    pub const fn words(head: &'static str, width: f32) -> Self {
        Self { head, width, is_number: false }
    }

    /// A column of numbers.
    pub const fn number(head: &'static str, width: f32) -> Self {
        Self { head, width, is_number: true }
    }
}

/// Cuts a row into cells; columns of width 0 share the rest equally.
pub fn cells(row: Rect, columns: &[Column]) -> Vec<Rect> {
    let fixed: f32 = columns.iter().map(|column| column.width).sum();
    #[expect(clippy::cast_precision_loss, reason = "a handful of columns")]
    let flexible = columns.iter().filter(|column| column.width == 0.0).count().max(1) as f32;
    let share = ((row.width() - fixed) / flexible).max(0.0);
    let mut start = row.left();
    columns
        .iter()
        .map(|column| {
            let width = if column.width == 0.0 { share } else { column.width };
            let cell = Rect::from_x_y_ranges(start..=start + width, row.y_range());
            start += width;
            cell
        })
        .collect()
}

/// What the heads of a table can sort by, and what they sort by now.
#[derive(Clone, Copy, Debug)]
pub struct Sorting {
    /// The columns that sort; the heads of others are only words.
    pub columns: &'static [usize],
    /// The column that the rows are sorted by; one that sorts nothing stands for the order of the project.
    pub by: usize,
    /// Whether the largest comes first.
    pub is_descending: bool,
}

/// The head of a table, 30 points high; returns the clicked column. A head that sorts nothing is no button.
pub fn table_head(
    ui: &mut Ui,
    columns: &[Column],
    heads: &[&str],
    sorting: Option<Sorting>,
) -> (Rect, Option<usize>) {
    let theme = Theme::of(ui);
    let (row, _) = ui.allocate_exact_size(Vec2::new(ui.available_width(), 30.0), Sense::hover());
    let inner = row.shrink2(Vec2::new(15.0, 0.0));
    let mut clicked = None;
    for (index, (cell, column)) in cells(inner, columns).into_iter().zip(columns).enumerate() {
        let head = heads.get(index).copied().unwrap_or(column.head);
        let align = if column.is_number { Align2::RIGHT_CENTER } else { Align2::LEFT_CENTER };
        let place = text::paint(ui, cell, align, head, Type::SmallLabel, theme.text2);
        let Some(sorting) = sorting.filter(|sorting| sorting.columns.contains(&index)) else { continue };
        let response = ui.interact(cell, ui.scope_id().with(("head", index)), Sense::click());
        let now = match (sorting.by == index, sorting.is_descending) {
            (false, _) => "",
            (true, true) => ", the largest first now",
            (true, false) => ", the smallest first now",
        };
        response.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("Sort by {head}{now}")));
        if response.has_focus() {
            ring(ui, place.expand(3.0), 4, StrokeKind::Outside);
        }
        if sorting.by == index {
            let icon = if sorting.is_descending { Icon::SortDown } else { Icon::ChevronUp };
            let at = Rect::from_min_size(
                place.right_top() + Vec2::new(2.0, 0.0),
                Vec2::new(SMALL_ICON, place.height()),
            );
            icon.paint(ui, at, 12.0, theme.text2);
        }
        if response.clicked() {
            clicked = Some(index);
        }
    }
    ui.painter().hline(row.x_range(), row.bottom() - 0.5, theme.hairline());
    (row, clicked)
}

/// The row that the keyboard is on; view state of a page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    row: usize,
    /// A row that was just clicked needs no ring.
    is_by_pointer: bool,
}

/// How a row looks now.
#[derive(Clone, Copy, Debug)]
pub struct RowLook {
    /// The row that the keyboard is on while the table has it.
    pub has_keyboard: bool,
}

/// What happened in a list of rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RowEvents {
    /// A row was clicked, or Enter was pressed on it.
    pub opened: Option<usize>,
    /// Space was pressed on a row.
    pub ticked: Option<usize>,
}

/// A table with one focus stop: arrow keys move, Enter opens, Space ticks. Only visible rows are drawn.
pub struct RowList<'c> {
    id: Id,
    row_height: f32,
    count: usize,
    cursor: &'c mut Cursor,
    has_focus: bool,
    has_moved: bool,
    events: RowEvents,
}

impl<'c> RowList<'c> {
    /// Begins the list. `head` is the place of the focus stop, usually the table's head.
    pub fn begin(
        ui: &Ui,
        name: &str,
        head: Rect,
        count: usize,
        row_height: f32,
        cursor: &'c mut Cursor,
    ) -> Self {
        let id = ui.scope_id().with(("rows", name));
        cursor.row = cursor.row.min(count.saturating_sub(1));
        let response = ui.interact(head.with_max_y(head.top() + 1.0), id, Sense::focusable_noninteractive());
        let rows = format::counted(count, "row", "rows");
        response.widget_info(|| WidgetInfo::labeled(Role::Table, true, format!("{name}, {rows}")));
        let mut list = Self {
            id,
            row_height,
            count,
            cursor,
            has_focus: response.has_focus(),
            has_moved: false,
            events: RowEvents::default(),
        };
        if list.has_focus && count > 0 {
            list.keys(ui);
        } else {
            list.cursor.is_by_pointer = false;
        }
        list
    }

    fn keys(&mut self, ui: &Ui) {
        let filter = EventFilter { vertical_arrows: true, ..EventFilter::default() };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(self.id, filter));
        let before = self.cursor.row;
        let last = self.count - 1;
        ui.input_mut(|input| {
            let mut pressed = |key| input.consume_key(Modifiers::NONE, key);
            if pressed(Key::ArrowDown) {
                self.cursor.row = (before + 1).min(last);
            } else if pressed(Key::ArrowUp) {
                self.cursor.row = before.saturating_sub(1);
            } else if pressed(Key::PageDown) {
                self.cursor.row = (before + 10).min(last);
            } else if pressed(Key::PageUp) {
                self.cursor.row = before.saturating_sub(10);
            } else if pressed(Key::Home) {
                self.cursor.row = 0;
            } else if pressed(Key::End) {
                self.cursor.row = last;
            }
            if pressed(Key::Enter) {
                self.events.opened = Some(self.cursor.row);
            } else if pressed(Key::Space) {
                self.events.ticked = Some(self.cursor.row);
            }
        });
        self.has_moved = before != self.cursor.row;
        if self.has_moved || self.events != RowEvents::default() {
            self.cursor.is_by_pointer = false;
        }
    }

    /// Draws these rows. `sentence` names a row for screen readers, `draw` draws it.
    pub fn rows(
        &mut self,
        ui: &mut Ui,
        range: Range<usize>,
        sentence: impl Fn(usize) -> String,
        mut draw: impl FnMut(&mut Ui, usize, Rect, RowLook),
    ) {
        let (rows, row_height) = (range.len(), self.row_height);
        #[expect(clippy::cast_precision_loss, reason = "a height in points")]
        let height = move |rows: usize| rows as f32 * row_height;
        let (whole, _) =
            ui.allocate_exact_size(Vec2::new(ui.available_width(), height(rows)), Sense::hover());
        if self.has_moved && range.contains(&self.cursor.row) {
            let top = whole.top() + height(self.cursor.row - range.start);
            let row = Rect::from_x_y_ranges(whole.x_range(), top..=top + self.row_height);
            ui.scroll_to_rect(row.expand2(Vec2::new(0.0, self.row_height)), None);
        }
        let visible = self.visible(ui.clip_rect(), whole, rows);
        for offset in visible {
            let index = range.start + offset;
            let top = whole.top() + height(offset);
            let row = Rect::from_x_y_ranges(whole.x_range(), top..=top + self.row_height);
            let response = ui.interact(row, self.id.with(index), Sense::CLICK);
            let is_active = self.has_focus && self.cursor.row == index;
            response.widget_info(|| WidgetInfo::labeled(Role::Row, true, sentence(index)));
            ui.ctx().accesskit_node_builder(response.id, |row| row.set_selected(is_active));
            if is_active {
                // The table keeps the keyboard; screen readers read the row that it is on.
                let row = response.id.accesskit_id();
                ui.ctx().accesskit_node_builder(self.id, |table| table.set_active_descendant(row));
            }
            self.row(ui, index, row, &response, &mut draw);
        }
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a number of rows on a screen"
    )]
    fn visible(&self, clip: Rect, whole: Rect, rows: usize) -> Range<usize> {
        let first = ((clip.top() - whole.top()) / self.row_height).floor().max(0.0) as usize;
        let last = ((clip.bottom() - whole.top()) / self.row_height).ceil().max(0.0) as usize;
        first.min(rows)..last.min(rows)
    }

    fn row(
        &mut self,
        ui: &mut Ui,
        index: usize,
        row: Rect,
        response: &Response,
        draw: &mut impl FnMut(&mut Ui, usize, Rect, RowLook),
    ) {
        let theme = Theme::of(ui);
        let look = RowLook {
            has_keyboard: self.has_focus && !self.cursor.is_by_pointer && self.cursor.row == index,
        };
        if response.hovered() {
            ui.painter().rect_filled(row, 0.0, theme.hover);
        }
        draw(ui, index, row, look);
        if look.has_keyboard {
            ring(ui, row.shrink(1.0), 4, StrokeKind::Inside);
        }
        if response.clicked() {
            *self.cursor = Cursor { row: index, is_by_pointer: true };
            self.events.opened = Some(index);
            ui.memory_mut(|memory| memory.request_focus(self.id));
        }
    }

    /// Ends the list and returns what happened.
    pub fn end(self) -> RowEvents {
        self.events
    }
}
