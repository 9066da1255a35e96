use egui::{
    Align, CornerRadius, Label, Layout, Popup, PopupCloseBehavior, Pos2, Rect, Role, Sense, StrokeKind, Ui,
    UiBuilder, Vec2, WidgetInfo,
};

use crate::engine::{Command, PracticeTrouble, ProjectView};
use crate::ui::fonts::Type;
use crate::ui::format;
use crate::ui::icons::{ICON, Icon, SMALL_ICON};
use crate::ui::page_cx::PageCx;
use crate::ui::theme::{Theme, Tone};
use crate::ui::widgets::button::Button;
use crate::ui::widgets::{badge, text};

/// What can go wrong on purpose, in the order of the pages.
pub const TROUBLES: [(&str, PracticeTrouble); 11] = [
    ("Change a password", PracticeTrouble::ChangePassword),
    ("Change the certificate", PracticeTrouble::ChangeCertificate),
    ("Make a colliding folder", PracticeTrouble::CollidingFolder),
    ("Cut the connections", PracticeTrouble::CutConnections),
    ("Ask for a pause", PracticeTrouble::SlowProvider),
    ("Lose the next reply", PracticeTrouble::LoseReplies),
    ("Refuse the next message", PracticeTrouble::RefuseMessage),
    ("Fill the mailboxes", PracticeTrouble::FillMailboxes),
    ("Free up space again", PracticeTrouble::MakeRoom),
    ("Copy in slow motion", PracticeTrouble::SlowMotion),
    ("Copy at full speed", PracticeTrouble::FullSpeed),
];

/// The text of the band on every page of a practice project.
pub const PRACTICE_WORDS: &str =
    "Practice project: servers, DNS and provider run inside Mailferry. Nothing leaves this computer.";

/// The domain in both forms, the practice chip, and server → provider. 52 points high.
pub fn header(ui: &mut Ui, project: &ProjectView, side: f32) {
    let theme = Theme::of(ui);
    let whole = ui.max_rect();
    ui.painter().rect_filled(whole, 0.0, theme.surface);
    ui.painter().hline(whole.x_range(), whole.bottom() - 0.5, theme.hairline());
    let inner = whole.shrink2(Vec2::new(side, 0.0));
    let end = route(ui, project, inner);
    let builder =
        UiBuilder::new().max_rect(inner.with_max_x(end)).layout(Layout::left_to_right(Align::Center));
    let mut child = ui.new_child(builder);
    child.set_clip_rect(child.clip_rect().intersect(inner.with_max_x(end)));
    let (first, second) = format::domain_forms(&project.domain.name);
    // A long name leaves room for its other form.
    let share = if second.is_some() { 0.6 } else { 1.0 };
    let name = text::cut(&child, first, Type::Header, theme.text, (end - inner.left()) * share);
    child.add(Label::new(name).selectable(true));
    child.add_space(12.0);
    if let Some(second) = second {
        form_chip(&mut child, &second);
        child.add_space(10.0);
    }
    if project.is_practice {
        badge::chip(&mut child, Tone::Paused, Icon::Practice, "Practice");
    }
}

/// The other form of the domain, monospaced in an outline chip.
fn form_chip(ui: &mut Ui, form: &str) {
    let theme = Theme::of(ui);
    let width = (text::width(ui, form, Type::Mono) + 20.0).min((ui.available_width() - 12.0).max(60.0));
    let (rect, response) = ui.allocate_exact_size(Vec2::new(width, 24.0), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("In DNS this name is {form}")));
    ui.painter().rect(rect, CornerRadius::same(12), theme.surface, theme.hairline(), StrokeKind::Inside);
    text::left(ui, rect.shrink2(Vec2::new(10.0, 0.0)), form, Type::Mono, theme.text2);
}

/// Draws server → provider at the right and returns where it begins.
fn route(ui: &Ui, project: &ProjectView, inner: Rect) -> f32 {
    let theme = Theme::of(ui);
    let Some(server) = &project.domain.source_server else { return inner.right() };
    let host = if project.is_practice { "practice server" } else { server.host.as_str() };
    let provider = project.destination.chosen.as_ref().map(|(_, name)| name.as_str());
    let provider = if project.is_practice { provider.map(|_| "practice provider") } else { provider };
    let sentence = match provider {
        Some(provider) => format!("From {host} to {provider}"),
        None => format!("Your server: {host}"),
    };
    let mut end = inner.right();
    let word = |end: &mut f32, word: &str, most: f32| {
        let width = text::width(ui, word, Type::Small).min(most);
        let place = Rect::from_x_y_ranges(*end - width - 1.0..=*end, inner.y_range());
        text::right(ui, place, word, Type::Small, theme.text2);
        *end -= width + 9.0;
    };
    let icon = |end: &mut f32, icon: Icon, gap: f32| {
        let place =
            Rect::from_center_size(Pos2::new(*end - SMALL_ICON / 2.0, inner.center().y), Vec2::splat(ICON));
        icon.paint(ui, place, SMALL_ICON, theme.text2);
        *end -= SMALL_ICON + gap;
    };
    if let Some(provider) = provider {
        word(&mut end, provider, 160.0);
        icon(&mut end, Icon::Cloud, 8.0);
        icon(&mut end, Icon::ArrowRight, 8.0);
    }
    word(&mut end, host, 240.0);
    icon(&mut end, Icon::Server, 16.0);
    let rect = Rect::from_x_y_ranges(end..=inner.right(), inner.y_range());
    let response = ui.interact(rect, ui.scope_id().with("route"), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &sentence));
    end
}

/// The band under the header of a practice project, 26 points high; it cannot be closed.
pub fn practice_band(ui: &mut Ui, side: f32, cx: &mut PageCx<'_>) {
    let theme = Theme::of(ui);
    let colors = theme.tone(Tone::Paused);
    let whole = ui.max_rect();
    let response = ui.interact(whole, ui.scope_id().with("practice band"), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, PRACTICE_WORDS));
    ui.painter().rect_filled(whole, 0.0, colors.bg);
    ui.painter().hline(whole.x_range(), whole.bottom() - 0.5, egui::Stroke::new(1.0, colors.bar));
    let inner = whole.shrink2(Vec2::new(side, 0.0));
    let mark = Rect::from_min_size(inner.min, Vec2::new(SMALL_ICON, inner.height()));
    Icon::Practice.paint(ui, mark, SMALL_ICON, colors.fg);
    let words = Rect::from_min_max(inner.min + Vec2::new(SMALL_ICON + 9.0, 0.0), inner.max);
    text::left(ui, words, PRACTICE_WORDS, Type::SmallLabel, colors.fg);
    let button = Button::link("Make trouble…").small().icon(Icon::Warn);
    let button_size = button.size(ui);
    let center = Pos2::new(inner.right() - button_size.x / 2.0, inner.center().y);
    let response = button.show_at(ui, Rect::from_center_size(center, Vec2::new(button_size.x, 24.0)));
    Popup::menu(&response).close_behavior(PopupCloseBehavior::CloseOnClick).show(|ui| {
        for (label, trouble) in TROUBLES {
            if Button::link(label).show(ui).clicked() {
                cx.send(Command::MakeTrouble(trouble));
            }
        }
    });
}
