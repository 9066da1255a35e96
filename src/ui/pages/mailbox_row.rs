//! A row of the mailbox table, and the folder panel of an open row.

use super::mailboxes::COLUMNS;
use super::short_name;
use crate::engine::{MailboxView, PasswordPlace, ProjectView, SignInState, SignInView};
use crate::plan::{FolderChoice, SpecialUse};
use crate::ui::fonts::Type;
use crate::ui::format;
use crate::ui::icons::{ICON, Icon};
use crate::ui::theme::{Theme, Tone};
use crate::ui::widgets::badge::badge_at;
use crate::ui::widgets::button::Button;
use crate::ui::widgets::row_list::cells;
use crate::ui::widgets::{choice, key_value, panel, text};
use crate::values::{Side, with_thousands};
use egui::{Rect, Ui, Vec2};

/// What was clicked inside a row.
pub enum RowClick {
    /// Its checkbox.
    Tick,
    /// Its link in the last column.
    WayOut,
}

/// Tone, icon and words of a sign-in.
pub fn sign_in_words(sign_in: &SignInView) -> (Tone, Icon, &'static str) {
    match sign_in.state {
        SignInState::NotTried => match sign_in.password {
            PasswordPlace::Asked => (Tone::Quiet, Icon::Waiting, "Waiting for the keyring"),
            PasswordPlace::NoAnswer => (Tone::Quiet, Icon::Waiting, "Keyring did not answer"),
            PasswordPlace::Missing | PasswordPlace::Unknown => {
                (Tone::Quiet, Icon::NotApplicable, "Needs a password")
            }
            PasswordPlace::Keyring | PasswordPlace::Session | PasswordPlace::NotNeeded => {
                (Tone::Quiet, Icon::NotApplicable, "Not tried yet")
            }
        },
        SignInState::NeedsPassword => (Tone::Quiet, Icon::NotApplicable, "Needs a password"),
        SignInState::SigningIn => (Tone::Running, Icon::Running, "Signing in"),
        SignInState::SignedIn => (Tone::Pass, Icon::Pass, "Signed in"),
        SignInState::NeedsConsent => (Tone::Quiet, Icon::NotApplicable, "Not signed in yet"),
        SignInState::ConsentEnded => (Tone::Warn, Icon::Warn, "Sign-in has ended"),
        SignInState::NeedsAppPassword => (Tone::Warn, Icon::Warn, "Needs an app password"),
        SignInState::PasswordRefused => (Tone::Fail, Icon::Fail, "Password refused"),
        SignInState::NoSuchMailbox => (Tone::Fail, Icon::Fail, "No such mailbox"),
        SignInState::CertificateNotKnown(ref certificate) if certificate.approved.is_some() => {
            (Tone::Fail, Icon::Fail, "Certificate changed")
        }
        SignInState::CertificateNotKnown(_) => (Tone::Warn, Icon::Warn, "Unknown certificate"),
        SignInState::ServerNotReached => (Tone::Fail, Icon::Fail, "Server not reached"),
        SignInState::Failed => (Tone::Fail, Icon::Fail, "Not signed in"),
    }
}

/// The side whose user has to sign in at the provider, unless another side comes first.
pub fn consent_side(row: &MailboxView) -> Option<Side> {
    let first =
        [Side::Source, Side::Destination].into_iter().find(|side| way_out(row.sign_in(*side)).is_some())?;
    matches!(row.sign_in(first).state, SignInState::NeedsConsent | SignInState::ConsentEnded).then_some(first)
}

/// What to do where a password is missing.
pub const ENTER_IT: &str = "Enter it…";

/// What to do about a state, in a word or two; opens the row.
pub fn way_out(sign_in: &SignInView) -> Option<&'static str> {
    match sign_in.state {
        SignInState::SignedIn | SignInState::SigningIn => None,
        SignInState::NotTried if sign_in.has_password() => None,
        // The keyring may have the password.
        SignInState::NotTried
            if matches!(sign_in.password, PasswordPlace::Asked | PasswordPlace::NoAnswer) =>
        {
            None
        }
        SignInState::NotTried | SignInState::NeedsPassword | SignInState::NeedsAppPassword => Some(ENTER_IT),
        SignInState::NeedsConsent => Some("Sign in…"),
        SignInState::ConsentEnded => Some("Sign in again…"),
        SignInState::PasswordRefused => Some("Enter again…"),
        SignInState::CertificateNotKnown(_) => Some("Check it…"),
        SignInState::NoSuchMailbox | SignInState::ServerNotReached | SignInState::Failed => Some("Show why…"),
    }
}

/// The row as one sentence for screen readers.
pub fn sentence(row: &MailboxView) -> String {
    let chosen = if row.mailbox.is_chosen { "chosen" } else { "not chosen" };
    let counted = row.counted.map_or_else(
        || "not counted yet".to_owned(),
        |(messages, bytes)| format!("{} messages, {bytes}", with_thousands(messages)),
    );
    format!(
        "{}, {chosen}, your server: {}, destination: {}, {counted}",
        row.mailbox.address,
        sign_in_words(&row.source).2,
        sign_in_words(&row.destination).2
    )
}

/// Draws a row and returns what was clicked in it.
pub fn draw_row(
    ui: &Ui,
    rect: Rect,
    row: &MailboxView,
    project: &ProjectView,
    is_selected: bool,
) -> Option<RowClick> {
    let theme = Theme::of(ui);
    if is_selected {
        ui.painter().rect_filled(rect, 0.0, theme.select);
    }
    ui.painter().hline(rect.x_range(), rect.top() - 0.5, theme.hairline());
    let inner = rect.shrink2(Vec2::new(15.0, 0.0));
    let mut parts = cells(inner, &COLUMNS).into_iter();
    let mut cell = || parts.next().unwrap_or(inner);
    let mut click = None;
    let tick = cell();
    let tick = tick.with_max_x(tick.left() + 18.0);
    let name = short_name(&row.mailbox, project);
    if choice::check_at(ui, tick, row.id.0, row.mailbox.is_chosen, &format!("Choose {}", row.mailbox.address))
    {
        click = Some(RowClick::Tick);
    }
    let color = if row.mailbox.is_chosen { theme.text } else { theme.text3 };
    let place = cell();
    text::left(ui, place.with_max_x(place.right() - 8.0), &name, Type::Label, color);
    for sign_in in [&row.source, &row.destination] {
        let place = cell();
        let (tone, icon, word) = sign_in_words(sign_in);
        badge_at(ui, place.with_max_x(place.right() - 6.0), tone, icon, word);
    }
    let (messages, bytes) = row.counted.map_or_else(
        || ("–".to_owned(), "–".to_owned()),
        |(messages, bytes)| (with_thousands(messages), bytes.to_string()),
    );
    text::right(ui, cell(), messages, Type::Body, color);
    text::right(ui, cell(), bytes, Type::Body, color);
    if let Some(words) = way_out(&row.source).or_else(|| way_out(&row.destination)) {
        let read_out = format!("{words} {}", row.mailbox.address);
        let place = cell().expand2(Vec2::new(4.0, 0.0));
        if Button::link(words).small().name(&read_out).show_right(ui, place).clicked() {
            click = Some(RowClick::WayOut);
        }
    }
    click
}

/// The icon of a folder.
pub const fn folder_icon(special_use: Option<SpecialUse>) -> Icon {
    match special_use {
        Some(SpecialUse::Inbox) => Icon::Inbox,
        Some(SpecialUse::Sent) => Icon::Sent,
        Some(SpecialUse::Drafts) => Icon::Edit,
        Some(SpecialUse::Trash) => Icon::Trash,
        Some(SpecialUse::Junk) => Icon::Junk,
        Some(SpecialUse::Archive | SpecialUse::All) => Icon::Archive,
        Some(SpecialUse::Flagged | SpecialUse::Important) | None => Icon::Folder,
    }
}

/// Draws the folders of a mailbox as bars, and how it signs in.
pub fn inspect(ui: &mut Ui, row: &MailboxView, project: &ProjectView) {
    let theme = Theme::of(ui);
    panel::panel(ui, |ui| {
        panel::section(ui, &row.mailbox.address.to_string());
        let words = row.counted.map_or_else(
            || "Not counted yet".to_owned(),
            |(messages, bytes)| format!("{} messages, {bytes}", with_thousands(messages)),
        );
        text::paragraph(ui, words, Type::Small, theme.text2);
        ui.add_space(8.0);
        if let Some(plan) = project.plan.mailboxes.get(&row.id) {
            let largest =
                plan.folders.iter().map(|folder| folder.bytes.0.max(folder.messages)).max().unwrap_or(0);
            for folder in
                plan.folders.iter().filter(|folder| folder.choice != FolderChoice::ContainerOnly).take(8)
            {
                let is_left_out = matches!(folder.choice, FolderChoice::LeaveOut(_));
                let share = format::share(folder.bytes.0.max(folder.messages), largest);
                let name =
                    if folder.source.is_inbox() { "Inbox".to_owned() } else { folder.source.to_string() };
                let numbers = (with_thousands(folder.messages), folder.bytes.to_string());
                folder_bar(ui, folder_icon(folder.special_use), &name, &numbers, share, is_left_out);
            }
            if plan.folders.len() > 8 {
                text::paragraph(
                    ui,
                    format!("and {} more on the Plan page", plan.folders.len() - 8),
                    Type::Small,
                    theme.text3,
                );
            }
            ui.add_space(8.0);
            let (line, _) =
                ui.allocate_exact_size(Vec2::new(ui.available_width(), 9.0), egui::Sense::hover());
            ui.painter().hline(line.x_range(), line.top(), theme.hairline());
        }
        let words = |sign_in: &SignInView| {
            if sign_in.server_words.is_empty() {
                sign_in_words(sign_in).2.to_owned()
            } else {
                sign_in.server_words.clone()
            }
        };
        let destination =
            project.destination.chosen.as_ref().map_or("Destination", |(_, name)| name.as_str());
        let rows = [
            ("Signs in as", row.mailbox.source_user.clone()),
            ("Your server", words(&row.source)),
            (destination, words(&row.destination)),
        ];
        key_value::small_key_values(ui, &rows);
        for (name, sign_in) in [("Your server", &row.source), (destination, &row.destination)] {
            if let Some(until) = sign_in.token_until.filter(|_| sign_in.state == SignInState::SignedIn) {
                ui.add_space(6.0);
                let words =
                    format!("{name}: signed in until {}, then renewed by itself.", format::time(until));
                text::paragraph(ui, words, Type::Small, theme.text2);
            }
        }
    });
}

fn folder_bar(
    ui: &mut Ui,
    icon: Icon,
    name: &str,
    numbers: &(String, String),
    share: f32,
    is_left_out: bool,
) {
    let theme = Theme::of(ui);
    let (rect, response) =
        ui.allocate_exact_size(Vec2::new(ui.available_width(), 37.0), egui::Sense::hover());
    let left_out = if is_left_out { ", left out" } else { "" };
    response.widget_info(|| {
        let words = format!("{name}: {} messages, {}{left_out}", numbers.0, numbers.1);
        egui::WidgetInfo::labeled(egui::Role::Label, true, words)
    });
    let line = Rect::from_min_size(rect.min + Vec2::new(0.0, 4.0), Vec2::new(rect.width(), 20.0));
    icon.paint(ui, line.with_max_x(line.left() + ICON), ICON, theme.text2);
    let size = line.with_min_x(line.right() - 54.0);
    text::right(ui, size, &numbers.1, Type::Small, theme.text2);
    let count = Rect::from_x_y_ranges(size.left() - 52.0..=size.left() - 2.0, line.y_range());
    text::right(ui, count, &numbers.0, Type::Small, theme.text2);
    let words = Rect::from_x_y_ranges(line.left() + 22.0..=count.left() - 4.0, line.y_range());
    let label = if is_left_out { format!("{name}, left out") } else { name.to_owned() };
    text::left(ui, words, label, Type::Body, if is_left_out { theme.text3 } else { theme.text });
    let bar = Rect::from_min_max(
        egui::Pos2::new(rect.left(), rect.top() + 25.0),
        egui::Pos2::new(rect.left() + (rect.width() * share).max(2.0), rect.top() + 31.0),
    );
    let fill = if is_left_out { theme.line2 } else { theme.tone(Tone::Info).bar };
    ui.painter().rect_filled(bar, 3.0, fill);
}
