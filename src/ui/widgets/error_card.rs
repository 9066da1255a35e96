//! A card for one error: what happened, why, and a button for each way out.

use egui::{CornerRadius, Frame, Margin, Rect, Role, Sense, Ui, Vec2, WidgetInfo};

use super::button::Button;
use super::{certificate_card, copy_field, panel, text};
use crate::engine::{Command, UserError};
use crate::ui::fonts::Type;
use crate::ui::icons::{ICON, Icon};
use crate::ui::theme::{RADIUS_PANEL, Theme, Tone};

/// Most folders shown individually; the details have all of them.
const SHOWN_FOLDERS: usize = 8;

/// What happened, why, the server's words, and the numbered ways out. Pushes the command of the chosen one.
pub fn error_card(ui: &mut Ui, error: &UserError, tone: Tone, commands: &mut Vec<Command>) {
    match &error.certificate {
        Some(certificate) => {
            let waiting = certificate_card::Waiting::default();
            certificate_card::certificate_card(ui, error, certificate, &waiting, commands);
        }
        None => {
            card(ui, error, tone, false, commands);
        }
    }
}

/// The same with a close button; true if it was clicked.
pub fn closable_error_card(ui: &mut Ui, error: &UserError, tone: Tone, commands: &mut Vec<Command>) -> bool {
    card(ui, error, tone, true, commands)
}

fn card(ui: &mut Ui, error: &UserError, tone: Tone, can_close: bool, commands: &mut Vec<Command>) -> bool {
    let mut is_closed = false;
    frame(ui, tone, |ui| {
        is_closed = head(ui, &error.title, error, tone, can_close);
        body(ui, error, commands);
    });
    is_closed
}

/// The frame of an error card, with a different title and other contents.
pub(super) fn framed(
    ui: &mut Ui,
    title: &str,
    error: &UserError,
    tone: Tone,
    contents: impl FnOnce(&mut Ui),
) {
    frame(ui, tone, |ui| {
        head(ui, title, error, tone, false);
        Frame::new().inner_margin(Margin { left: 25, ..Margin::ZERO }).show(ui, contents);
    });
}

fn frame(ui: &mut Ui, tone: Tone, contents: impl FnOnce(&mut Ui)) {
    let theme = Theme::of(ui);
    let response = Frame::new()
        .fill(theme.surface)
        .stroke(theme.hairline())
        .corner_radius(CornerRadius::same(RADIUS_PANEL))
        .inner_margin(Margin { left: 19, right: 15, top: 11, bottom: 13 })
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            contents(ui);
        })
        .response;
    let bar = Rect::from_min_size(response.rect.min, Vec2::new(4.0, response.rect.height()));
    // Clipped so that the bar follows the card's round corners.
    let painter = ui.painter().with_clip_rect(bar.intersect(ui.clip_rect()));
    painter.rect_filled(response.rect, CornerRadius::same(RADIUS_PANEL), theme.tone(tone).bar);
}

fn head(ui: &mut Ui, title: &str, error: &UserError, tone: Tone, can_close: bool) -> bool {
    let theme = Theme::of(ui);
    let icon = if tone == Tone::Warn { Icon::Warn } else { Icon::Fail };
    let copy = "details";
    let link_width = Button::link("Copy details").small().icon(Icon::Copy).size(ui).x;
    let close_width = if can_close { 30.0 } else { 0.0 };
    let width = ui.available_width() - ICON - 10.0 - link_width - close_width;
    let galley = text::wrapped(ui, title, Type::Section, theme.text, width);
    let height = (galley.size().y + 4.0).max(26.0);
    let (rect, response) = ui.allocate_exact_size(Vec2::new(ui.available_width(), height), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Heading, true, title));
    let first_line = Rect::from_min_size(rect.min, Vec2::new(ICON, 26.0));
    icon.paint(ui, first_line, ICON, theme.tone(tone).fg);
    text::paint_galley(ui, rect.min + Vec2::new(ICON + 9.0, 3.0), galley, theme.text);
    copy_field::copy_link_right(
        ui,
        Rect::from_min_size(rect.min, Vec2::new(rect.width() - close_width, 26.0)),
        copy,
        &details(error),
    );
    can_close && cross(ui, rect, title)
}

fn cross(ui: &Ui, head: Rect, title: &str) -> bool {
    let place = Rect::from_min_size(head.right_top() + Vec2::new(-22.0, 2.0), Vec2::splat(22.0));
    let response = ui.interact(place, ui.scope_id().with("close"), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("Close “{title}”")));
    Icon::Close.paint(ui, place, 14.0, Theme::of(ui).text2);
    super::focus_ring(ui, &response, place, 4);
    response.clicked()
}

/// Everything for the clipboard, in reading order.
fn details(error: &UserError) -> String {
    format!("{}\n{}", error.to_text(), error.details)
}

/// For an error about several folders: what happened in each, the server's words and what to do.
fn other_folders(ui: &mut Ui, error: &UserError) {
    if error.folders.len() < 2 {
        return;
    }
    let theme = Theme::of(ui);
    ui.add_space(6.0);
    for remark in error.folders.iter().take(SHOWN_FOLDERS) {
        let said = remark.server_words.as_ref().map(|said| format!(": {said}")).unwrap_or_default();
        let words = format!("{}{said}. {}.", remark.title, remark.way_out.what);
        text::paragraph(ui, &words, Type::Small, theme.text2);
    }
    let more = error.folders.len().saturating_sub(SHOWN_FOLDERS);
    if more > 0 {
        let words = format!("{more} more in the details.");
        text::paragraph(ui, &words, Type::Small, theme.text2);
    }
}

fn body(ui: &mut Ui, error: &UserError, commands: &mut Vec<Command>) {
    let theme = Theme::of(ui);
    Frame::new().inner_margin(Margin { left: 25, ..Margin::ZERO }).show(ui, |ui| {
        text::paragraph(ui, &error.cause, Type::Body, theme.text);
        if let Some(words) = &error.server_words {
            ui.add_space(6.0);
            panel::well(ui, |ui| text::paragraph(ui, words, Type::Mono, theme.text2));
        }
        other_folders(ui, error);
        ui.add_space(8.0);
        for (index, way_out) in error.ways_out.iter().enumerate() {
            ui.push_id(index, |ui| {
                ui.horizontal(|ui| {
                    ui.set_min_height(32.0);
                    ui.add_space(1.0);
                    text::words(ui, (index + 1).to_string(), Type::Small, theme.text2);
                    ui.add_space(9.0);
                    if let Some(command) = &way_out.command {
                        if Button::secondary(&way_out.label).small().show(ui).clicked() {
                            commands.push(command.clone());
                        }
                    } else {
                        text::words(ui, &way_out.label, Type::Label, theme.text);
                    }
                    ui.add_space(9.0);
                    text::paragraph(ui, &way_out.consequence, Type::Small, theme.text2);
                });
            });
        }
    });
}
