//! How a mailbox signs in on one side: with a password, as an admin, or with a token.

use egui::{Role, Ui, Vec2, WidgetInfo};

use super::provider_sign_in::start_buttons;
use crate::engine::{Command, KnownClient, MailboxView, ProjectView, SignInProvider};
use crate::ui::fonts::Type;
use crate::ui::page_cx::PageCx;
use crate::ui::theme::Theme;
use crate::ui::widgets::choice::option_button;
use crate::ui::widgets::field::{Field, field_error, field_label};
use crate::ui::widgets::text;
use crate::values::Side;
use crate::values::{CommandLine, Credential, NameForm, SignInId, SignInWay};

/// The choice and the unfinished input for one side.
pub struct TypedWay {
    kind: Kind,
    admin: String,
    admin_form: String,
    token_file: String,
    token_command: String,
    sign_in: String,
    key_file: String,
    error: Option<String>,
    /// What was last sent; the engine may take a moment to show it.
    sent: Option<Credential>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Password,
    Admin,
    TokenFile,
    TokenCommand,
    SignedIn,
    KeyFile,
}

impl Kind {
    const ALL: [(Self, &'static str); 6] = [
        (Self::Password, "Password"),
        (Self::Admin, "Admin"),
        (Self::TokenFile, "Token file"),
        (Self::TokenCommand, "Token command"),
        (Self::SignedIn, "Browser sign-in"),
        (Self::KeyFile, "Key file"),
    ];
}

impl TypedWay {
    /// Starts from the mailbox's current settings.
    pub fn of(way: &SignInWay) -> Self {
        let mut typed = Self {
            kind: Kind::Password,
            admin: String::new(),
            admin_form: String::new(),
            token_file: String::new(),
            token_command: String::new(),
            sign_in: String::new(),
            key_file: String::new(),
            error: None,
            sent: None,
        };
        match &way.credential {
            Credential::Password => {}
            Credential::Admin(admin) => (typed.kind, typed.admin) = (Kind::Admin, admin.clone()),
            Credential::AdminByName { admin, form } => {
                (typed.kind, typed.admin) = (Kind::Admin, admin.clone());
                form.as_str().clone_into(&mut typed.admin_form);
            }
            Credential::TokenFile(path) => {
                (typed.kind, typed.token_file) = (Kind::TokenFile, path.to_string_lossy().into_owned());
            }
            Credential::TokenCommand(line) => {
                (typed.kind, typed.token_command) = (Kind::TokenCommand, line.as_str().to_owned());
            }
            Credential::SignedIn(provider) => {
                (typed.kind, typed.sign_in) = (Kind::SignedIn, provider.as_str().to_owned());
            }
            Credential::KeyFile(path) => {
                (typed.kind, typed.key_file) = (Kind::KeyFile, path.to_string_lossy().into_owned());
            }
        }
        typed
    }

    /// Whether this kind needs a password.
    pub fn wants_password(&self) -> bool {
        matches!(self.kind, Kind::Password | Kind::Admin)
    }

    /// Whether the provider's app passwords go into the field.
    pub fn takes_app_password(&self) -> bool {
        self.kind == Kind::Password
    }

    /// The label of the password field.
    pub fn password_caption(&self) -> &'static str {
        if self.kind == Kind::Admin { "Password of the admin" } else { "Password" }
    }

    /// What was typed, if it is complete; `None` while the field is empty.
    fn credential(&mut self) -> Option<Credential> {
        self.error = None;
        match self.kind {
            Kind::Password => Some(Credential::Password),
            Kind::Admin if self.admin.trim().is_empty() => None,
            Kind::Admin if self.admin_form.trim().is_empty() => {
                Some(Credential::Admin(self.admin.trim().to_owned()))
            }
            Kind::Admin => match NameForm::parse(&self.admin_form) {
                Ok(form) => Some(Credential::AdminByName { admin: self.admin.trim().to_owned(), form }),
                Err(error) => {
                    self.error = Some(error.to_string());
                    None
                }
            },
            Kind::TokenFile => Some(self.token_file.trim())
                .filter(|path| !path.is_empty())
                .map(|path| Credential::TokenFile(path.into())),
            Kind::KeyFile => Some(self.key_file.trim())
                .filter(|path| !path.is_empty())
                .map(|path| Credential::KeyFile(path.into())),
            Kind::SignedIn if self.sign_in.trim().is_empty() => None,
            Kind::SignedIn => match SignInId::parse(self.sign_in.trim()) {
                Ok(provider) => Some(Credential::SignedIn(provider)),
                Err(error) => {
                    self.error = Some(error.to_string());
                    None
                }
            },
            Kind::TokenCommand if self.token_command.trim().is_empty() => None,
            Kind::TokenCommand => match CommandLine::parse(&self.token_command) {
                Ok(line) => Some(Credential::TokenCommand(line)),
                Err(error) => {
                    self.error = Some(error.to_string());
                    None
                }
            },
        }
    }
}

/// Which side of which mailbox is edited.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    /// The mailbox.
    pub row: &'a MailboxView,
    /// The side.
    pub side: Side,
    /// The side's name for people.
    pub name: &'a str,
    /// Its project.
    pub project: &'a ProjectView,
}

/// Draws the choice and the field that belongs to it.
pub fn show(ui: &mut Ui, typed: &mut TypedWay, place: &Place<'_>, cx: &mut PageCx<'_>) {
    let Place { row, side, name, project } = *place;
    let signing = project.sign_ins.side(side);
    let theme = Theme::of(ui);
    field_label(ui, "Sign in with");
    let before = typed.kind;
    ui.horizontal_wrapped(|ui| kinds(ui, &mut typed.kind, side, name));
    let mut is_done = typed.kind != before;
    if is_done {
        typed.sent = None;
    }
    ui.add_space(8.0);
    let (label, value, hint, words) = match typed.kind {
        Kind::Password => ("", None, "", ""),
        Kind::Admin => (
            "Admin",
            Some(&mut typed.admin),
            "user name of the admin",
            "The admin signs in for this mailbox. Mailferry then checks that the inbox is not the admin's own.",
        ),
        Kind::TokenFile => (
            "Token file",
            Some(&mut typed.token_file),
            "path",
            "Its first line is an OAuth token that another program keeps up to date. Mailferry reads it again for each connection.",
        ),
        Kind::TokenCommand => (
            "Token command",
            Some(&mut typed.token_command),
            "program and arguments",
            "It prints an OAuth token. Mailferry runs it, without a shell, for each connection and saves only the command.",
        ),
        Kind::SignedIn if signing.provider.is_some() => ("", None, "", ""),
        Kind::SignedIn => (
            "Provider",
            Some(&mut typed.sign_in),
            "google or microsoft",
            "Sign in once with “mailferry sign-in --provider … --user …”; what renews the tokens is in the keyring, and only the provider's name is saved here.",
        ),
        Kind::KeyFile => (
            "Key file",
            Some(&mut typed.key_file),
            "path",
            "The key of a Google service account or a Microsoft application, which signs in for every mailbox. Only the path is saved.",
        ),
    };
    if let Some(value) = value {
        field_label(ui, label);
        let response = Field::new(&format!("{label}, {name}")).hint(hint).show(ui, value);
        is_done |= response.lost_focus();
        ui.add_space(4.0);
        text::paragraph(ui, words, Type::Small, theme.text2);
        ui.add_space(8.0);
    }
    if let Some(provider) = signing.provider.as_ref().filter(|_| typed.kind == Kind::SignedIn) {
        provider.id.as_str().clone_into(&mut typed.sign_in);
        at_provider(ui, provider, place, cx);
    }
    if typed.kind == Kind::Admin {
        is_done |= name_form(ui, &mut typed.admin_form, name);
    }
    if is_done
        && let Some(credential) = typed.credential()
        && row.mailbox.way(side).credential != credential
        && typed.sent.as_ref() != Some(&credential)
    {
        typed.sent = Some(credential.clone());
        // A requested mechanism belonged to the previous way.
        let way = SignInWay::with(credential);
        cx.send(Command::SetSignInWay { mailbox: row.id, side, way });
    }
    if let Some(error) = &typed.error {
        field_error(ui, error);
        ui.add_space(8.0);
    }
}

/// The ways to choose from.
fn kinds(ui: &mut Ui, chosen: &mut Kind, side: Side, name: &str) {
    ui.spacing_mut().item_spacing = Vec2::splat(6.0);
    ui.push_id(("way", side), |ui| {
        for (kind, label) in Kind::ALL {
            let is_on = *chosen == kind;
            let response = option_button(ui, is_on, label);
            // Both sides have the same buttons; the accessible name tells them apart.
            let read_out = format!("Sign in with {}, {name}", label.to_lowercase());
            response.widget_info(|| WidgetInfo::selected(Role::RadioButton, true, is_on, &read_out));
            if response.clicked() {
                *chosen = kind;
            }
        }
    });
}

/// The sign-in at the provider whose tokens the server takes.
fn at_provider(ui: &mut Ui, provider: &SignInProvider, place: &Place<'_>, cx: &mut PageCx<'_>) {
    let theme = Theme::of(ui);
    let Place { row, side, name, project } = *place;
    let words = format!("The user signs in at {} once; the tokens are renewed by themselves.", provider.name);
    text::paragraph(ui, words, Type::Small, theme.text2);
    ui.add_space(6.0);
    if matches!(project.sign_ins.side(side).client, KnownClient::Known { .. }) {
        ui.horizontal_wrapped(|ui| start_buttons(ui, row.id, side, provider, name, cx));
    } else {
        let words = "Save the client ID of your application first: the guide is at the top of the page.";
        text::paragraph(ui, words, Type::Small, theme.text2);
    }
    ui.add_space(8.0);
}

/// The form of the admin's name, for servers that support nothing else; true when the field lost the focus.
fn name_form(ui: &mut Ui, form: &mut String, name: &str) -> bool {
    let theme = Theme::of(ui);
    field_label(ui, "Form of the name");
    let response = Field::new(&format!("Form of the name, {name}")).hint("usually empty").show(ui, form);
    ui.add_space(4.0);
    let words = "Only if the server expects both names in one: the separator between them, such as *, or a form such as \
        {admin}\\{user}.";
    text::paragraph(ui, words, Type::Small, theme.text2);
    ui.add_space(8.0);
    response.lost_focus()
}
