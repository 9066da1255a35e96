use egui::accesskit::Live;
use egui::{Rect, Role, Sense, Ui, Vec2, WidgetInfo};

use crate::engine::{KeyringStatus, Snapshot};
use crate::ui::fonts::Type;
use crate::ui::format;
use crate::ui::icons::{Icon, SMALL_ICON};
use crate::ui::platform::Wakefulness;
use crate::ui::theme::{Theme, Tone};
use crate::ui::widgets::text;

/// What Mailferry is doing, and when the project was last saved. 24 points high.
pub fn status_line(ui: &mut Ui, snapshot: &Snapshot, wakefulness: Wakefulness) {
    let theme = Theme::of(ui);
    let whole = ui.max_rect();
    ui.painter().rect_filled(whole, 0.0, theme.rail);
    ui.painter().hline(whole.x_range(), whole.top() + 0.5, theme.hairline());
    let (tone, icon, words) = if snapshot.activity.is_empty() {
        (Tone::Pass, Icon::Pass, rest_words(snapshot))
    } else {
        (Tone::Running, Icon::Running, snapshot.activity.clone())
    };
    let inner = whole.shrink2(Vec2::new(12.0, 0.0));
    let mark = Rect::from_min_size(inner.min, Vec2::new(SMALL_ICON, inner.height()));
    icon.paint(ui, mark, SMALL_ICON, theme.tone(tone).fg);
    let right = right_words(snapshot, wakefulness);
    let right_width = text::width(ui, &right, Type::Small);
    let left = Rect::from_min_max(
        inner.min + Vec2::new(SMALL_ICON + 7.0, 0.0),
        inner.max - Vec2::new(right_width + 24.0, 0.0),
    );
    text::left(ui, left, &words, Type::Small, theme.text2);
    text::right(ui, inner, &right, Type::Small, theme.text2);
    let response = ui.interact(left, ui.scope_id().with("status"), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Status, true, &words));
    let place = Rect::from_x_y_ranges(inner.right() - right_width..=inner.right(), inner.y_range());
    let said = ui.interact(place, ui.scope_id().with("status right"), Sense::hover());
    said.widget_info(|| WidgetInfo::labeled(Role::Label, true, &right));
    // The only live region: screen readers announce changes when idle.
    ui.ctx().accesskit_node_builder(response.id, |node| node.set_live(Live::Polite));
}

fn rest_words(snapshot: &Snapshot) -> String {
    if snapshot.project.is_some() {
        return "Nothing running".to_owned();
    }
    match snapshot.keyring {
        KeyringStatus::Unknown => "Ready".to_owned(),
        _ => format!("Ready. {}", keyring_words(&snapshot.keyring)),
    }
}

/// Where passwords are kept, in words.
pub fn keyring_words(keyring: &KeyringStatus) -> &'static str {
    match keyring {
        KeyringStatus::Unknown => "System keyring not checked yet",
        KeyringStatus::Found => "System keyring found, not used yet",
        KeyringStatus::System => "System keyring unlocked",
        KeyringStatus::WaitsForUnlock => "System keyring is locked",
        KeyringStatus::ThisSessionOnly(_) => "No system keyring: passwords are kept until Mailferry quits",
    }
}

fn right_words(snapshot: &Snapshot, wakefulness: Wakefulness) -> String {
    let Some(project) = &snapshot.project else {
        return format!("Mailferry {}", env!("CARGO_PKG_VERSION"));
    };
    let is_today = format::date(project.saved_at) == format::date(snapshot.now);
    let saved = if is_today {
        format::time_with_seconds(project.saved_at)
    } else {
        format::date_time(project.saved_at)
    };
    let mut words = match wakefulness {
        Wakefulness::Kept => "Computer stays awake · ".to_owned(),
        Wakefulness::MaySleep => "The computer may fall asleep; copying waits until it wakes · ".to_owned(),
        Wakefulness::NotAsked => String::new(),
    };
    words.push_str("Saved ");
    words.push_str(&saved);
    // Practice passwords never touch the keyring.
    match snapshot.keyring {
        _ if project.is_practice => {}
        KeyringStatus::Found => words.push_str(" · Keyring: not used yet"),
        KeyringStatus::System => words.push_str(" · Keyring: unlocked"),
        KeyringStatus::WaitsForUnlock => words.push_str(" · Keyring: locked"),
        KeyringStatus::ThisSessionOnly(_) => words.push_str(" · Keyring: this session only"),
        KeyringStatus::Unknown => {}
    }
    if snapshot.lost_events > 0 {
        words.push_str(" · Some notices were dropped; see the log");
    }
    words
}
