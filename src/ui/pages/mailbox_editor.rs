//! The editor below a mailbox row: users, passwords and ways to sign in on both sides.

use egui::{Frame, Id, Key, Margin, Ui};

use super::guide_steps::app_password_help;
use super::mailbox_row::sign_in_words;
use super::mailbox_way::{self, Place, TypedWay};
use super::mailboxes::Typed;
use crate::engine::{Command, MailboxView, PasswordPlace, ProjectView, SignInState};
use crate::ui::fonts::Type;
use crate::ui::icons::Icon;
use crate::ui::page_cx::{Action, PageCx};
use crate::ui::theme::{Theme, Tone};
use crate::ui::widgets::badge::Badge;
use crate::ui::widgets::button::Button;
use crate::ui::widgets::confirm::Question;
use crate::ui::widgets::field::{Field, field_label};
use crate::ui::widgets::{badge, error_card, note, panel, text};
use crate::values::Secret;
use crate::values::{MailboxId, Side};

/// The unfinished input for one mailbox. It belongs to the page, so a new snapshot never overwrites it.
pub struct Editor {
    /// The mailbox being edited.
    pub mailbox: MailboxId,
    users: [String; 2],
    passwords: [Typed; 2],
    ways: [TypedWay; 2],
    /// The password field to focus on the next frame.
    pub focus: Option<Side>,
    /// A password on this side was saved with Enter; the next mailbox may follow.
    pub wants_next: Option<Side>,
    /// Close the row.
    pub wants_to_close: bool,
    /// Not drawn yet: it is scrolled into view.
    is_new: bool,
}

impl Editor {
    /// An editor with the mailbox's current settings.
    pub fn of(row: &MailboxView) -> Self {
        Self {
            mailbox: row.id,
            users: [row.mailbox.source_user.clone(), row.mailbox.destination_user.clone()],
            passwords: [Typed::default(), Typed::default()],
            ways: [TypedWay::of(&row.mailbox.ways.source), TypedWay::of(&row.mailbox.ways.destination)],
            focus: None,
            wants_next: None,
            wants_to_close: false,
            is_new: true,
        }
    }
}

/// Draws the open row: both sides next to each other, then errors with their ways out.
pub fn show(ui: &mut Ui, editor: &mut Editor, row: &MailboxView, project: &ProjectView, cx: &mut PageCx<'_>) {
    let theme = Theme::of(ui);
    let frame =
        Frame::new().fill(theme.sunken).inner_margin(Margin { left: 47, right: 15, top: 12, bottom: 12 });
    let shown = frame.show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.push_id(row.id.0, |ui| {
            let [source_user, destination_user] = &mut editor.users;
            let [source_password, destination_password] = &mut editor.passwords;
            let [source_way, destination_way] = &mut editor.ways;
            let mut parts = [
                Part { side: Side::Source, user: source_user, password: source_password, way: source_way },
                Part {
                    side: Side::Destination,
                    user: destination_user,
                    password: destination_password,
                    way: destination_way,
                },
            ];
            let mut kept = None;
            let focus = editor.focus.take();
            panel::equal_columns(ui, 2, 24.0, |ui, index| {
                if let Some(part) = parts.get_mut(index) {
                    let is_kept = side(ui, part, row, project, focus, cx);
                    kept = kept.or(is_kept.then_some(part.side));
                }
            });
            editor.wants_next = kept;
            ui.add_space(10.0);
            actions(ui, editor, row, cx);
            for side in [Side::Source, Side::Destination] {
                trouble(ui, side, row, cx);
            }
        });
    });
    if std::mem::take(&mut editor.is_new) {
        shown.response.scroll_to_me(None);
    }
}

struct Part<'a> {
    side: Side,
    user: &'a mut String,
    password: &'a mut Typed,
    way: &'a mut TypedWay,
}

fn side_name(side: Side, project: &ProjectView) -> String {
    match side {
        Side::Source => "Your server".to_owned(),
        Side::Destination => project
            .destination
            .chosen
            .as_ref()
            .map_or_else(|| "Destination".to_owned(), |(_, name)| name.clone()),
    }
}

/// Draws one side; true if its password was saved with Enter.
fn side(
    ui: &mut Ui,
    part: &mut Part<'_>,
    row: &MailboxView,
    project: &ProjectView,
    focus: Option<Side>,
    cx: &mut PageCx<'_>,
) -> bool {
    let theme = Theme::of(ui);
    let name = side_name(part.side, project);
    let sign_in = row.sign_in(part.side);
    panel::section(ui, &name);
    ui.add_space(6.0);
    field_label(ui, "User name");
    let label = format!("User name, {name}");
    let response = Field::new(&label).show(ui, part.user);
    if response.lost_focus()
        && part.user.trim() != row.mailbox.user(part.side)
        && !part.user.trim().is_empty()
    {
        let user = part.user.trim().to_owned();
        cx.send(Command::SetUser { mailbox: row.id, side: part.side, user });
    }
    ui.add_space(8.0);
    mailbox_way::show(ui, part.way, &Place { row, side: part.side, name: &name, project }, cx);
    let is_kept_with_enter = part.way.wants_password() && password(ui, part, row, &name, focus, cx);
    let help = project.sign_ins.side(part.side).app_passwords.as_ref();
    if let Some(help) =
        help.filter(|_| part.way.takes_app_password() && sign_in.state != SignInState::SignedIn)
    {
        ui.add_space(6.0);
        app_password_help(ui, help, &name);
    }
    ui.add_space(8.0);
    let Badge { tone, icon, word } = sign_in_words(sign_in);
    badge::badge(ui, tone, icon, &word);
    if !sign_in.server_words.is_empty() {
        text::paragraph(ui, &sign_in.server_words, Type::Small, theme.text2);
    }
    is_kept_with_enter
}

/// Draws the password field of one side, the mailbox's own or the admin's; true if it was saved with Enter.
fn password(
    ui: &mut Ui,
    part: &mut Part<'_>,
    row: &MailboxView,
    name: &str,
    focus: Option<Side>,
    cx: &mut PageCx<'_>,
) -> bool {
    let sign_in = row.sign_in(part.side);
    let is_entered = |ui: &Ui| ui.input(|input| input.key_pressed(Key::Enter));
    ui.add_space(8.0);
    let whose = part.way.password_caption();
    let caption = match sign_in.password {
        PasswordPlace::Keyring => format!("{whose} (saved in the system keyring)"),
        PasswordPlace::Session => format!("{whose} (saved for this session)"),
        PasswordPlace::Asked => format!("{whose} (asking the keyring)"),
        _ => whose.to_owned(),
    };
    field_label(ui, &caption);
    let label = format!("Password, {name}");
    let id = Id::unique(("password", row.id.0, part.side));
    let mut is_kept_with_enter = false;
    ui.horizontal(|ui| {
        let button_name = format!("Save password, {name}");
        let button = Button::secondary("Save").name(&button_name).enabled(!part.password.is_empty());
        let width = ui.available_width() - button.size(ui).x - 8.0;
        let hint = if sign_in.has_password() { "enter a new one to replace it" } else { "" };
        let response = Field::new(&label).hint(hint).password().width(width).id(id).show(ui, part.password);
        if focus == Some(part.side) {
            response.request_focus();
        }
        let entered = response.lost_focus() && is_entered(ui) && !part.password.is_empty();
        ui.add_space(8.0);
        if button.show(ui).clicked() || entered {
            // Taking the text empties the field; the secret type wipes itself.
            let secret = Secret::new(std::mem::take(&mut **part.password));
            cx.send(Command::SetPassword { mailbox: row.id, side: part.side, secret });
            // Tried at once where nothing else is missing.
            if row.sign_in(other(part.side)).has_password() {
                cx.send(Command::TestSignIn { mailboxes: vec![row.id] });
            }
            is_kept_with_enter = entered;
        }
    });
    is_kept_with_enter
}

const fn other(side: Side) -> Side {
    match side {
        Side::Source => Side::Destination,
        Side::Destination => Side::Source,
    }
}

fn actions(ui: &mut Ui, editor: &mut Editor, row: &MailboxView, cx: &mut PageCx<'_>) {
    ui.horizontal(|ui| {
        let is_busy =
            row.source.state == SignInState::SigningIn || row.destination.state == SignInState::SigningIn;
        let label = format!("Sign in to {}", row.mailbox.address);
        if Button::secondary("Sign in")
            .small()
            .name(&label)
            .icon(Icon::Key)
            .enabled(!is_busy)
            .show(ui)
            .clicked()
        {
            cx.send(Command::TestSignIn { mailboxes: vec![row.id] });
        }
        ui.add_space(8.0);
        let label = format!("Close {}", row.mailbox.address);
        if Button::secondary("Close").small().name(&label).show(ui).clicked() {
            editor.wants_to_close = true;
        }
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            if Button::danger_outline("Remove…").small().icon(Icon::Trash).show(ui).clicked() {
                let question = Question {
                    title: format!("Remove {} from the project?", row.mailbox.address),
                    what:
                        "Its record of copied messages is removed too. Nothing is deleted on either server."
                            .to_owned(),
                    alternative: "To leave it out of the copy for now, untick it instead.".to_owned(),
                    safe: "Keep it".to_owned(),
                    danger: "Remove it".to_owned(),
                };
                cx.actions.push(Action::Ask { question, command: Command::RemoveMailbox(row.id) });
            }
        });
    });
}

/// The error of a side, or a pointer to the question about its certificate.
fn trouble(ui: &mut Ui, side: Side, row: &MailboxView, cx: &mut PageCx<'_>) {
    let sign_in = row.sign_in(side);
    if matches!(sign_in.state, SignInState::CertificateNotKnown(_)) {
        ui.add_space(12.0);
        let words = "The question about this certificate is at the top of the page, once for all mailboxes.";
        note::note(ui, Tone::Warn, Icon::Warn, words, None);
    } else if let Some(error) = &sign_in.error {
        ui.add_space(12.0);
        let tone = if sign_in.state == SignInState::NeedsAppPassword { Tone::Warn } else { Tone::Fail };
        ui.push_id(("trouble", side), |ui| error_card::error_card(ui, error, tone, cx.commands));
    }
}
