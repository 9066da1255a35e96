use std::path::PathBuf;

use egui::{
    Align2, Area, Context, CornerRadius, Frame, Id, Margin, Order, Rect, Role, Sense, Stroke, Ui, Vec2,
    WidgetInfo,
};

use super::button::Button;
use super::text;
use crate::engine::Command;
use crate::ui::fonts::Type;
use crate::ui::icons::{ICON, Icon};
use crate::ui::theme::{RADIUS_PANEL, Theme, Tone};

/// Seconds that a toast stays; errors stay until they are closed.
const SECONDS: f64 = 6.0;
/// The same for one with buttons.
const SECONDS_WITH_BUTTONS: f64 = 12.0;
/// At most this many at once.
const MOST: usize = 3;

/// A short message in the corner; never the only place for an error.
#[derive(Clone, Debug, PartialEq)]
struct Toast {
    number: u64,
    tone: Tone,
    title: String,
    words: String,
    until: Option<f64>,
    acts: Vec<(String, ToastAct)>,
}

/// What a button of a toast does.
#[derive(Clone, Debug, PartialEq)]
pub enum ToastAct {
    /// Sends a command, such as the one that takes something back.
    Send(Box<Command>),
    /// Opens a file that was saved.
    Open(PathBuf),
    /// Shows it in its folder.
    ShowInFolder(PathBuf),
}

/// The toasts on show.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Toasts {
    toasts: Vec<Toast>,
    next_number: u64,
}

impl Toasts {
    /// Adds one. `now` is egui's clock in seconds.
    pub fn add(&mut self, tone: Tone, title: impl Into<String>, words: impl Into<String>, now: f64) {
        self.add_with(tone, title, words, Vec::new(), now);
    }

    /// Adds one with buttons, each with its label; it stays long enough to be reached.
    pub fn add_with(
        &mut self,
        tone: Tone,
        title: impl Into<String>,
        words: impl Into<String>,
        acts: Vec<(String, ToastAct)>,
        now: f64,
    ) {
        let seconds = if acts.is_empty() { SECONDS } else { SECONDS_WITH_BUTTONS };
        let until = (tone != Tone::Fail).then_some(now + seconds);
        let (title, words) = (title.into(), words.into());
        self.toasts.retain(|toast| toast.title != title);
        self.toasts.push(Toast { number: self.next_number, tone, title, words, until, acts });
        self.next_number += 1;
        if self.toasts.len() > MOST {
            self.toasts.remove(0);
        }
    }

    /// Draws them above the footer and removes expired ones. What was clicked in one.
    pub fn show(&mut self, ctx: &Context, bottom: f32) -> Option<ToastAct> {
        let now = ctx.input(|input| input.time);
        self.toasts.retain(|toast| toast.until.is_none_or(|until| until > now));
        if self.toasts.is_empty() {
            return None;
        }
        if let Some(until) = self.toasts.iter().filter_map(|toast| toast.until).reduce(f64::min) {
            ctx.request_repaint_after(std::time::Duration::from_secs_f64((until - now).max(0.05)));
        }
        let mut closed = None;
        let mut chosen = None;
        Area::new(Id::unique("toasts"))
            .order(Order::Foreground)
            .anchor(Align2::RIGHT_BOTTOM, Vec2::new(-22.0, -bottom - 14.0))
            .show(ctx, |ui| {
                ui.set_width(330.0);
                for toast in &self.toasts {
                    let Shown { is_closed, act } = toast_ui(ui, toast);
                    if is_closed || act.is_some() {
                        closed = Some(toast.number);
                    }
                    chosen = act.or(chosen.take());
                    ui.add_space(8.0);
                }
            });
        self.toasts.retain(|toast| Some(toast.number) != closed);
        chosen
    }
}

/// What a frame brought.
struct Shown {
    is_closed: bool,
    /// What was clicked in it.
    act: Option<ToastAct>,
}

fn toast_ui(ui: &mut Ui, toast: &Toast) -> Shown {
    let theme = Theme::of(ui);
    let icon = match toast.tone {
        Tone::Fail => Icon::Fail,
        Tone::Warn => Icon::Warn,
        Tone::Pass => Icon::Pass,
        _ => Icon::Info,
    };
    let mut is_closed = false;
    let mut chosen = None;
    Frame::new()
        .fill(theme.raised)
        .stroke(Stroke::new(1.0, theme.line2))
        .corner_radius(CornerRadius::same(RADIUS_PANEL))
        .shadow(theme.float_shadow())
        .inner_margin(Margin::symmetric(13, 10))
        .show(ui, |ui| {
            ui.set_width(302.0);
            let title = text::wrapped(ui, &toast.title, Type::Label, theme.text, 246.0);
            let words = text::wrapped(ui, &toast.words, Type::Small, theme.text2, 246.0);
            let words_height = if toast.words.is_empty() { 0.0 } else { words.size().y };
            let size = Vec2::new(302.0, title.size().y + words_height);
            let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
            response.widget_info(|| {
                WidgetInfo::labeled(Role::Alert, true, format!("{} {}", toast.title, toast.words).trim_end())
            });
            icon.paint(
                ui,
                Rect::from_min_size(rect.min, Vec2::new(ICON, 20.0)),
                ICON,
                theme.tone(toast.tone).fg,
            );
            let title_height = title.size().y;
            text::paint_galley(ui, rect.min + Vec2::new(26.0, 0.0), title, theme.text);
            if words_height > 0.0 {
                text::paint_galley(ui, rect.min + Vec2::new(26.0, title_height), words, theme.text2);
            }
            let cross = Rect::from_min_size(rect.right_top() - Vec2::new(20.0, 0.0), Vec2::splat(20.0));
            let close = ui.interact(cross, ui.scope_id().with(("close", toast.number)), Sense::click());
            close.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("Close “{}”", toast.title)));
            Icon::Close.paint(ui, cross, 14.0, theme.text2);
            super::focus_ring(ui, &close, cross, 4);
            is_closed = close.clicked();
            if toast.acts.is_empty() {
                return;
            }
            ui.add_space(6.0);
            ui.horizontal(|ui| {
                ui.add_space(22.0);
                for (label, act) in &toast.acts {
                    if Button::link(label).small().show(ui).clicked() {
                        chosen = Some(act.clone());
                    }
                    ui.add_space(10.0);
                }
            });
        });
    Shown { is_closed, act: chosen }
}
