//! A row of the mailbox table, and the folder panel of an open row.

use super::mailboxes::COLUMNS;
use super::short_name;
use crate::engine::{MailboxView, PasswordPlace, ProjectView, SignInState, SignInView};
use crate::plan::{FolderChoice, FolderPath, MailVolume, SpecialUse};
use crate::ui::fonts::Type;
use crate::ui::format;
use crate::ui::icons::{ICON, Icon};
use crate::ui::theme::{Theme, Tone};
use crate::ui::widgets::badge::{Badge, badge_at};
use crate::ui::widgets::button::Button;
use crate::ui::widgets::row_list::cells;
use crate::ui::widgets::{choice, key_value, panel, text};
use crate::values::{Bytes, Side, with_thousands};
use egui::{Rect, Ui, Vec2};

/// What was clicked inside a row.
pub enum RowClick {
    /// Its checkbox.
    Tick,
    /// Its link in the last column.
    WayOut,
}

/// The badge of a sign-in.
pub fn sign_in_words(sign_in: &SignInView) -> Badge {
    match sign_in.state {
        SignInState::NotTried => match sign_in.password {
            PasswordPlace::Asked => Badge::of(Tone::Quiet, Icon::Waiting, "Waiting for the keyring"),
            PasswordPlace::NoAnswer => Badge::of(Tone::Quiet, Icon::Waiting, "Keyring did not answer"),
            PasswordPlace::Missing | PasswordPlace::Unknown => {
                Badge::of(Tone::Quiet, Icon::NotApplicable, "Needs a password")
            }
            PasswordPlace::Keyring | PasswordPlace::Session | PasswordPlace::NotNeeded => {
                Badge::of(Tone::Quiet, Icon::NotApplicable, "Not tried yet")
            }
        },
        SignInState::NeedsPassword => Badge::of(Tone::Quiet, Icon::NotApplicable, "Needs a password"),
        SignInState::SigningIn => Badge::of(Tone::Running, Icon::Running, "Signing in"),
        SignInState::SignedIn => Badge::of(Tone::Pass, Icon::Pass, "Signed in"),
        SignInState::NeedsConsent => Badge::of(Tone::Quiet, Icon::NotApplicable, "Not signed in yet"),
        SignInState::ConsentEnded => Badge::of(Tone::Warn, Icon::Warn, "Sign-in has ended"),
        SignInState::NeedsAppPassword => Badge::of(Tone::Warn, Icon::Warn, "Needs an app password"),
        SignInState::PasswordRefused => Badge::of(Tone::Fail, Icon::Fail, "Password refused"),
        SignInState::NoSuchMailbox => Badge::of(Tone::Fail, Icon::Fail, "No such mailbox"),
        SignInState::CertificateNotKnown(ref certificate) if certificate.approved.is_some() => {
            Badge::of(Tone::Fail, Icon::Fail, "Certificate changed")
        }
        SignInState::CertificateNotKnown(_) => Badge::of(Tone::Warn, Icon::Warn, "Unknown certificate"),
        SignInState::ServerNotReached => Badge::of(Tone::Fail, Icon::Fail, "Server not reached"),
        SignInState::Failed => Badge::of(Tone::Fail, Icon::Fail, "Not signed in"),
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
        |MailVolume { messages, bytes }| format!("{} messages, {bytes}", with_thousands(messages)),
    );
    format!(
        "{}, {chosen}, your server: {}, destination: {}, {counted}",
        row.mailbox.address,
        sign_in_words(&row.source).word,
        sign_in_words(&row.destination).word
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
        let Badge { tone, icon, word } = sign_in_words(sign_in);
        badge_at(ui, place.with_max_x(place.right() - 6.0), tone, icon, &word);
    }
    let (messages, bytes) = row.counted.map_or_else(
        || ("–".to_owned(), "–".to_owned()),
        |MailVolume { messages, bytes }| (with_thousands(messages), bytes.to_string()),
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
            |MailVolume { messages, bytes }| format!("{} messages, {bytes}", with_thousands(messages)),
        );
        text::paragraph(ui, words, Type::Small, theme.text2);
        ui.add_space(8.0);
        let folders = folders_of(row, project);
        if !folders.is_empty() {
            let largest = folders.iter().map(FolderBar::weight).max().unwrap_or(0);
            for folder in folders.iter().take(MOST_FOLDERS) {
                folder_bar(ui, folder, format::share(folder.weight(), largest));
            }
            if folders.len() > MOST_FOLDERS {
                let more = format!("and {} more on the Plan page", folders.len() - MOST_FOLDERS);
                text::paragraph(ui, more, Type::Small, theme.text3);
            }
            ui.add_space(8.0);
            let (line, _) =
                ui.allocate_exact_size(Vec2::new(ui.available_width(), 9.0), egui::Sense::hover());
            ui.painter().hline(line.x_range(), line.top(), theme.hairline());
        }
        let words = |sign_in: &SignInView| {
            if sign_in.server_words.is_empty() {
                sign_in_words(sign_in).word.into_owned()
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

/// Most folders shown; the others are on the page Plan.
const MOST_FOLDERS: usize = 8;

/// A folder with its bar.
struct FolderBar {
    name: String,
    special_use: Option<SpecialUse>,
    messages: u64,
    bytes: Bytes,
    is_left_out: bool,
}

impl FolderBar {
    /// What its bar is as long as: its bytes, or its messages where the server tells no sizes.
    fn weight(&self) -> u64 {
        self.bytes.0.max(self.messages)
    }
}

/// The folders of a mailbox, the inbox first and then the largest: as planned, or as its sign-in has found them.
fn folders_of(row: &MailboxView, project: &ProjectView) -> Vec<FolderBar> {
    let name = |path: &FolderPath| if path.is_inbox() { "Inbox".to_owned() } else { path.to_string() };
    let mut folders: Vec<(bool, FolderBar)> = match project.plan.mailboxes.get(&row.id) {
        Some(plan) => plan
            .folders
            .iter()
            .filter(|folder| folder.choice != FolderChoice::ContainerOnly)
            .map(|folder| {
                let bar = FolderBar {
                    name: name(&folder.source),
                    special_use: folder.special_use,
                    messages: folder.messages,
                    bytes: folder.bytes,
                    is_left_out: matches!(folder.choice, FolderChoice::LeaveOut(_)),
                };
                (folder.source.is_inbox(), bar)
            })
            .collect(),
        None => row
            .folders
            .iter()
            .map(|folder| {
                let bar = FolderBar {
                    name: name(&folder.path),
                    special_use: folder.special_use,
                    messages: folder.messages,
                    bytes: folder.bytes,
                    is_left_out: false,
                };
                (folder.path.is_inbox(), bar)
            })
            .collect(),
    };
    folders.sort_by_key(|(is_inbox, bar)| (!is_inbox, std::cmp::Reverse(bar.weight())));
    folders.into_iter().map(|(_, bar)| bar).collect()
}

fn folder_bar(ui: &mut Ui, folder: &FolderBar, share: f32) {
    let theme = Theme::of(ui);
    let FolderBar { name, is_left_out, .. } = folder;
    let is_left_out = *is_left_out;
    let (messages, bytes) = (with_thousands(folder.messages), folder.bytes.to_string());
    let (rect, response) =
        ui.allocate_exact_size(Vec2::new(ui.available_width(), 37.0), egui::Sense::hover());
    let left_out = if is_left_out { ", left out" } else { "" };
    response.widget_info(|| {
        let words = format!("{name}: {messages} messages, {bytes}{left_out}");
        egui::WidgetInfo::labeled(egui::Role::Label, true, words)
    });
    let line = Rect::from_min_size(rect.min + Vec2::new(0.0, 4.0), Vec2::new(rect.width(), 20.0));
    folder_icon(folder.special_use).paint(ui, line.with_max_x(line.left() + ICON), ICON, theme.text2);
    let size = line.with_min_x(line.right() - 54.0);
    text::right(ui, size, &bytes, Type::Small, theme.text2);
    let count = Rect::from_x_y_ranges(size.left() - 52.0..=size.left() - 2.0, line.y_range());
    text::right(ui, count, &messages, Type::Small, theme.text2);
    let words = Rect::from_x_y_ranges(line.left() + 22.0..=count.left() - 4.0, line.y_range());
    let label = if is_left_out { format!("{name}, left out") } else { name.clone() };
    text::left(ui, words, label, Type::Body, if is_left_out { theme.text3 } else { theme.text });
    let bar = Rect::from_min_max(
        egui::Pos2::new(rect.left(), rect.top() + 25.0),
        egui::Pos2::new(rect.left() + (rect.width() * share).max(2.0), rect.top() + 31.0),
    );
    let fill = if is_left_out { theme.line2 } else { theme.tone(Tone::Info).bar };
    ui.painter().rect_filled(bar, 3.0, fill);
}
