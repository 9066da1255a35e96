//! The card that signs mailboxes in at the provider of one side: each in the browser or with a code, or all with one key.

use egui::{Align, OpenUrl, Rect, Ui, Vec2};

use super::client_guide::ClientGuide;
use super::exchange_panel::ExchangePanel;
use super::guide_steps::guide_steps;
use crate::engine::{
    Command, ConsentStage, ConsentView, ConsentWay, DeviceCode, KnownClient, MailboxView, ProjectView,
    SignInProvider, SignInState,
};
use crate::ui::fonts::Type;
use crate::ui::format;
use crate::ui::icons::Icon;
use crate::ui::page_cx::PageCx;
use crate::ui::platform::Purpose;
use crate::ui::theme::{PANEL_GAP, SMALL_CONTROL_HEIGHT, Theme, Tone};
use crate::ui::widgets::button::Button;
use crate::ui::widgets::copy_field::copy_field;
use crate::ui::widgets::error_card::closable_error_card;
use crate::ui::widgets::field::field_label;
use crate::ui::widgets::path_field::PathField;
use crate::ui::widgets::{badge, choice, note, panel, text};
use crate::values::{Credential, Side, UnixTime};

/// Which of the two ways is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tab {
    Each,
    Key,
}

/// The card of one side.
pub struct ProviderSignIn {
    side: Side,
    tab: Option<Tab>,
    /// Whether the guide is shown although an application is known, or the steps to a key.
    is_guide_open: bool,
    /// Whether the card is scrolled to.
    pub is_wanted: bool,
    guide: ClientGuide,
    key: PathField,
    exchange: ExchangePanel,
}

/// What a card is about.
struct Scene<'a> {
    project: &'a ProjectView,
    provider: &'a SignInProvider,
    /// Chosen mailboxes of the side.
    rows: Vec<&'a MailboxView>,
    side: Side,
}

impl Scene<'_> {
    /// Mailboxes whose user has to sign in, those with a trouble first.
    fn waiting(&self) -> Vec<&MailboxView> {
        let is_open = |row: &&&MailboxView| {
            !matches!(row.sign_in(self.side).state, SignInState::SignedIn | SignInState::SigningIn)
                && !matches!(row.mailbox.way(self.side).credential, Credential::KeyFile(_))
                // The passwords of the rehearsal are filled in.
                && (!self.project.is_practice || !row.mailbox.way(self.side).needs_password())
        };
        let mut waiting: Vec<&MailboxView> = self.rows.iter().filter(is_open).copied().collect();
        waiting.sort_by_key(|row| row.sign_in(self.side).state != SignInState::ConsentEnded);
        waiting
    }

    fn signed_in(&self) -> usize {
        self.rows.iter().filter(|row| row.sign_in(self.side).state == SignInState::SignedIn).count()
    }

    fn under_way(&self) -> Option<&ConsentView> {
        self.project.sign_ins.under_way.as_ref().filter(|under_way| under_way.side == self.side)
    }
}

impl ProviderSignIn {
    /// The card of this side.
    pub fn new(side: Side) -> Self {
        Self {
            side,
            tab: None,
            is_guide_open: false,
            is_wanted: false,
            guide: ClientGuide::default(),
            key: PathField::new(Purpose::KeyFile(side)),
            exchange: ExchangePanel::new(side),
        }
    }

    /// Its side.
    pub const fn side(&self) -> Side {
        self.side
    }

    /// Draws the card, where the server takes tokens of a known provider and a mailbox waits for them.
    pub fn ui(&mut self, ui: &mut Ui, project: &ProjectView, cx: &mut PageCx<'_>) {
        let Some(provider) = &project.sign_ins.side(self.side).provider else { return };
        let rows: Vec<&MailboxView> = project.mailboxes.iter().filter(|row| row.mailbox.is_chosen).collect();
        let scene = Scene { project, provider, rows, side: self.side };
        let is_over = scene.signed_in() == scene.rows.len() && scene.under_way().is_none();
        if scene.rows.is_empty() || is_over {
            return;
        }
        let top = Rect::from_min_size(ui.cursor().min, Vec2::new(1.0, 26.0));
        ui.push_id(("provider sign-in", self.side), |ui| panel::panel(ui, |ui| self.card(ui, &scene, cx)));
        ui.add_space(PANEL_GAP);
        if std::mem::take(&mut self.is_wanted) {
            ui.scroll_to_rect(top, Some(Align::TOP));
        }
    }

    fn card(&mut self, ui: &mut Ui, scene: &Scene<'_>, cx: &mut PageCx<'_>) {
        let theme = Theme::of(ui);
        let where_to = match self.side {
            Side::Source => " (your server)",
            Side::Destination => "",
        };
        panel::section(ui, &format!("Sign in at {}{where_to}", scene.provider.name));
        text::paragraph(ui, intro(scene), Type::Small, theme.text2);
        ui.add_space(8.0);
        let uses_key = || {
            let has_key =
                |row: &&MailboxView| matches!(row.mailbox.way(self.side).credential, Credential::KeyFile(_));
            scene.rows.iter().any(has_key)
        };
        let tab = self.tab.unwrap_or_else(|| if uses_key() { Tab::Key } else { Tab::Each });
        if !scene.provider.organisation_steps.is_empty() {
            ui.horizontal(|ui| {
                for (kind, label) in
                    [(Tab::Each, "Each mailbox in the browser"), (Tab::Key, "All mailboxes with one key")]
                {
                    if choice::option_button(ui, tab == kind, label).clicked() {
                        (self.tab, self.is_guide_open) = (Some(kind), false);
                    }
                    ui.add_space(6.0);
                }
            });
            ui.add_space(8.0);
        }
        match tab {
            Tab::Each => self.each(ui, scene, cx),
            Tab::Key => self.all(ui, scene, cx),
        }
    }

    fn each(&mut self, ui: &mut Ui, scene: &Scene<'_>, cx: &mut PageCx<'_>) {
        let theme = Theme::of(ui);
        let client = &scene.project.sign_ins.side(self.side).client;
        match client {
            KnownClient::NotAsked => {
                let words =
                    "Asking the keyring for the client ID that you saved. If it is locked, unlock it.";
                note::note(ui, Tone::Paused, Icon::Waiting, words, None);
            }
            KnownClient::Missing
                if !self.is_guide_open && !scene.project.sign_ins.side(self.side).is_only_way =>
            {
                let words = "It takes the client ID of an application of your own, which you get in about ten minutes.";
                text::paragraph(ui, words, Type::Body, theme.text);
                ui.add_space(6.0);
                self.is_guide_open = Button::secondary("Get a client ID…").small().show(ui).clicked();
            }
            KnownClient::Missing => {
                self.guide.ui(ui, scene.provider, client, cx);
            }
            KnownClient::Known { id, .. } => {
                if self.is_guide_open {
                    if Button::link("Close the guide").small().show(ui).clicked()
                        || self.guide.ui(ui, scene.provider, client, cx)
                    {
                        self.is_guide_open = false;
                    }
                    return;
                }
                match scene.under_way() {
                    Some(under_way) => asked(ui, under_way, scene.provider, cx),
                    None => next(ui, scene, cx),
                }
                ui.add_space(6.0);
                ui.horizontal(|ui| {
                    ui.set_height(SMALL_CONTROL_HEIGHT);
                    text::words(ui, format!("Application {id}"), Type::Small, theme.text2);
                    ui.add_space(4.0);
                    let button = Button::link("Change…").small().name("Change the application…");
                    self.is_guide_open |= button.show(ui).clicked();
                    let button = Button::link("Forget").small().name("Forget the application");
                    if button.show(ui).clicked() {
                        cx.send(Command::ForgetClientApp(scene.provider.id.clone()));
                    }
                });
            }
        }
    }

    fn all(&mut self, ui: &mut Ui, scene: &Scene<'_>, cx: &mut PageCx<'_>) {
        let theme = Theme::of(ui);
        let words = "One key file signs in for every mailbox, without anybody's password. Only its path is saved in the project.";
        text::paragraph(ui, words, Type::Body, theme.text);
        ui.add_space(4.0);
        let label =
            if self.is_guide_open { "Hide the clicks" } else { "Show each click that leads to a key" };
        if Button::link(label).small().show(ui).clicked() {
            self.is_guide_open = !self.is_guide_open;
        }
        if self.is_guide_open {
            ui.add_space(6.0);
            guide_steps(ui, &scene.provider.organisation_steps);
        }
        if scene.provider.has_exchange_script {
            ui.add_space(8.0);
            self.exchange.ui(ui, scene.project, cx);
        }
        ui.add_space(10.0);
        field_label(ui, "Key file");
        self.key.show(ui, "Key file", cx);
        ui.add_space(8.0);
        let mailboxes = format::counted(scene.rows.len(), "mailbox", "mailboxes");
        let path = self.key.path();
        let label = format!("Sign in to {mailboxes} with this key");
        let button = Button::secondary(&label).icon(Icon::Key).enabled(path.is_some());
        if let Some(path) = path.filter(|_| button.show(ui).clicked()) {
            cx.send(Command::UseKeyFile { side: self.side, path });
        }
    }
}

fn intro(scene: &Scene<'_>) -> String {
    let side = scene.project.sign_ins.side(scene.side);
    let done = format!("{} of {} signed in.", scene.signed_in(), scene.rows.len());
    let ways = match (side.is_only_way, &side.app_passwords) {
        (true, _) => "Passwords are refused here.",
        (false, Some(_)) => "App passwords work as well: enter them in the rows below.",
        (false, None) => "Passwords work as well: enter them in the rows below.",
    };
    format!("{done} {ways}")
}

/// What the person has to do now.
fn asked(ui: &mut Ui, under_way: &ConsentView, provider: &SignInProvider, cx: &mut PageCx<'_>) {
    let theme = Theme::of(ui);
    let user = &under_way.user;
    match &under_way.stage {
        ConsentStage::Starting => {
            badge::badge(ui, Tone::Running, Icon::Running, &format!("Asking {}", provider.name));
            ui.add_space(6.0);
            ui.horizontal(|ui| cancel(ui, cx));
        }
        ConsentStage::Browser { address, until } => {
            text::paragraph(ui, format!("Sign in as {user} in your browser"), Type::Strong, theme.text);
            text::paragraph(ui, wait_words(*until), Type::Small, theme.text2);
            ui.add_space(6.0);
            copy_field(ui, "sign-in link", address);
            ui.add_space(8.0);
            strays(ui, under_way.strays);
            ui.horizontal(|ui| {
                let button = Button::secondary("Open it again").small().icon(Icon::OpenOutside);
                if button.show(ui).clicked() {
                    ui.ctx().open_url(OpenUrl::new_tab(address));
                }
                ui.add_space(8.0);
                cancel(ui, cx);
                ui.add_space(8.0);
                let words = "The link works on this computer only.";
                text::words(ui, words, Type::Small, theme.text2);
            });
        }
        ConsentStage::Code { code, until } => {
            device_code(ui, user, code, *until);
            ui.add_space(8.0);
            ui.horizontal(|ui| {
                let button = Button::secondary("Open the page").small().icon(Icon::OpenOutside);
                if button.show(ui).clicked() {
                    ui.ctx().open_url(OpenUrl::new_tab(&code.page));
                }
                ui.add_space(8.0);
                cancel(ui, cx);
            });
        }
        ConsentStage::Failed(error) => {
            if closable_error_card(ui, error, Tone::Fail, cx.commands) {
                cx.send(Command::CancelProviderSignIn);
            }
            ui.add_space(8.0);
            ui.horizontal(|ui| {
                start_buttons(ui, under_way.mailbox, under_way.side, provider, &under_way.user, cx);
            });
        }
    }
}

fn device_code(ui: &mut Ui, user: &str, code: &DeviceCode, until: UnixTime) {
    let theme = Theme::of(ui);
    text::paragraph(
        ui,
        format!("Enter this code as {user}, on any computer or telephone"),
        Type::Strong,
        theme.text,
    );
    ui.add_space(4.0);
    text::words(ui, &code.code, Type::Display, theme.text);
    ui.add_space(4.0);
    copy_field(ui, "code", &code.code);
    ui.add_space(4.0);
    copy_field(ui, "page", &code.page);
    ui.add_space(4.0);
    text::paragraph(ui, wait_words(until), Type::Small, theme.text2);
}

fn wait_words(until: UnixTime) -> String {
    format!("Mailferry waits until {}. Nothing happens if you close the page.", format::time(until))
}

fn strays(ui: &mut Ui, strays: u32) {
    if strays > 0 {
        let words = "The browser answered for another sign-in, such as an earlier try in a second tab. Nothing was \
                     changed: use the tab that was opened last, or open it again.";
        note::note(ui, Tone::Warn, Icon::Warn, words, None);
        ui.add_space(8.0);
    }
}

fn cancel(ui: &mut Ui, cx: &mut PageCx<'_>) {
    if Button::secondary("Cancel").small().name("Cancel the sign-in").show(ui).clicked() {
        cx.send(Command::CancelProviderSignIn);
    }
}

/// The next mailbox, and the two ways to sign it in.
fn next(ui: &mut Ui, scene: &Scene<'_>, cx: &mut PageCx<'_>) {
    let theme = Theme::of(ui);
    let waiting = scene.waiting();
    let Some(row) = waiting.first() else {
        text::paragraph(ui, "Nobody has to sign in now.", Type::Body, theme.text2);
        return;
    };
    let user = row.mailbox.user(scene.side);
    let more = match waiting.len().saturating_sub(1) {
        0 => String::new(),
        more => format!(", then {more} more"),
    };
    text::paragraph(ui, format!("Next: {user}{more}"), Type::Strong, theme.text);
    let words = "Sign in there as this user, not as yourself. Signing in changes nothing in the mailbox.";
    text::paragraph(ui, words, Type::Small, theme.text2);
    ui.add_space(8.0);
    ui.horizontal(|ui| start_buttons(ui, row.id, scene.side, scene.provider, user, cx));
}

/// Buttons that begin a sign-in at the provider.
pub fn start_buttons(
    ui: &mut Ui,
    mailbox: crate::values::MailboxId,
    side: Side,
    provider: &SignInProvider,
    whose: &str,
    cx: &mut PageCx<'_>,
) {
    let mut start = |way| cx.send(Command::SignInAtProvider { mailbox, side, way });
    let name = format!("Sign in with your browser, {whose}");
    let button = Button::secondary("Sign in with your browser").small().icon(Icon::Globe).name(&name);
    if button.show(ui).clicked() {
        start(ConsentWay::Browser);
    }
    if provider.device.is_some() {
        ui.add_space(8.0);
        let name = format!("Sign in with a code, {whose}");
        if Button::secondary("Sign in with a code").small().name(&name).show(ui).clicked() {
            start(ConsentWay::Device);
        }
    }
}
