//! The question about a certificate, with the fingerprints needed to answer it.

use egui::{Id, Ui};

use super::button::Button;
use super::{choice, copy_field, error_card, key_value, text};
use crate::engine::{ApprovedCertificate, CertificateView, Command, UserError};
use crate::ui::fonts::Type;
use crate::ui::format;
use crate::ui::icons::Icon;
use crate::ui::theme::{Theme, Tone};

/// What is waiting for the answer, and how to check again without answering.
#[derive(Default)]
pub struct Waiting {
    /// How many mailboxes are waiting; 0 if the card is shown next to the mailbox it is about.
    pub mailboxes: usize,
    /// The command that checks again with the current approvals.
    pub look_again: Option<Command>,
}

/// An unknown certificate gets a question whether this is the server. A changed one gets a warning, and can only be
/// approved after the user confirms having compared the fingerprints.
pub fn certificate_card(
    ui: &mut Ui,
    error: &UserError,
    certificate: &CertificateView,
    waiting: &Waiting,
    commands: &mut Vec<Command>,
) {
    let host = certificate.server.host.as_str();
    ui.push_id(("certificate", host, certificate.fingerprint.0), |ui| match &certificate.approved {
        None => {
            let title = format!("Is this the certificate of {}?", certificate.server);
            error_card::framed(ui, &title, error, Tone::Warn, |ui| {
                first_meeting(ui, error, certificate, waiting, commands);
            });
        }
        Some(approved) => {
            error_card::framed(ui, &error.title, error, Tone::Fail, |ui| {
                changed(ui, error, certificate, approved, waiting, commands);
            });
        }
    });
}

fn first_meeting(
    ui: &mut Ui,
    error: &UserError,
    certificate: &CertificateView,
    waiting: &Waiting,
    commands: &mut Vec<Command>,
) {
    let theme = Theme::of(ui);
    let cause = format!("{}{}", error.cause, waits(waiting.mailboxes, "waits", "wait"));
    text::paragraph(ui, &cause, Type::Body, theme.text);
    ui.add_space(6.0);
    key_value::key_values(ui, &facts(certificate));
    ui.add_space(4.0);
    copy_field::copy_field(ui, "fingerprint", &certificate.fingerprint.to_string());
    ui.add_space(8.0);
    let words = "Compare the fingerprint with the one on the server itself. If it is yours, trust it for this server \
                 only; Mailferry stops if the server later presents a different one.";
    text::paragraph(ui, words, Type::Small, theme.text2);
    ui.add_space(8.0);
    ui.horizontal(|ui| {
        let label = format!("Trust it for {}", certificate.server.host);
        if Button::secondary(&label).small().icon(Icon::Lock).show(ui).clicked() {
            commands.push(approval(certificate));
        }
        look_again(ui, waiting, commands);
    });
}

fn changed(
    ui: &mut Ui,
    error: &UserError,
    certificate: &CertificateView,
    approved: &ApprovedCertificate,
    waiting: &Waiting,
    commands: &mut Vec<Command>,
) {
    let theme = Theme::of(ui);
    let cause = format!("{}{}", error.cause, waits(waiting.mailboxes, "has stopped", "have stopped"));
    text::paragraph(ui, &cause, Type::Body, theme.text);
    ui.add_space(8.0);
    let when =
        approved.at.map_or_else(|| "Approved".to_owned(), |at| format!("Approved on {}", format::date(at)));
    text::paragraph(ui, when, Type::Label, theme.text);
    ui.add_space(4.0);
    copy_field::copy_field(ui, "approved fingerprint", &approved.fingerprint.to_string());
    let known =
        [("Signed by", approved.issuer.clone()), ("Valid until", approved.valid_until.map(format::date))];
    let known: Vec<(&str, String)> =
        known.into_iter().filter_map(|(label, value)| Some((label, value?))).collect();
    key_value::key_values(ui, &known);
    ui.add_space(8.0);
    text::paragraph(ui, "Shown now", Type::Label, theme.text);
    ui.add_space(4.0);
    copy_field::copy_field(ui, "new fingerprint", &certificate.fingerprint.to_string());
    key_value::key_values(ui, &facts(certificate));
    ui.add_space(8.0);
    let words = "Compare the new fingerprint with the one on the server itself, or ask its admin. If nobody \
                 renewed the certificate, do not approve it.";
    text::paragraph(ui, words, Type::Small, theme.text2);
    ui.add_space(6.0);
    let id = Id::unique(("compared", certificate.server.host.clone(), certificate.fingerprint.0));
    let mut is_compared = ui.data(|data| data.get_temp::<bool>(id)).unwrap_or_default();
    if choice::checkbox(ui, is_compared, "I compared the new fingerprint with the server's own") {
        is_compared = !is_compared;
        ui.data_mut(|data| data.insert_temp(id, is_compared));
    }
    ui.add_space(6.0);
    ui.horizontal(|ui| {
        let label = format!("Approve the new one for {}", certificate.server.host);
        let button = Button::danger_outline(&label).small().icon(Icon::Lock).enabled(is_compared);
        if button.show(ui).clicked() {
            commands.push(approval(certificate));
        }
        look_again(ui, waiting, commands);
    });
}

fn look_again(ui: &mut Ui, waiting: &Waiting, commands: &mut Vec<Command>) {
    let Some(command) = &waiting.look_again else { return };
    ui.add_space(8.0);
    if Button::secondary("Check again").small().icon(Icon::Again).show(ui).clicked() {
        commands.push(command.clone());
    }
    ui.add_space(8.0);
    text::words(ui, "after the server was fixed", Type::Small, Theme::of(ui).text2);
}

fn approval(certificate: &CertificateView) -> Command {
    Command::TrustCertificate { server: certificate.server.clone(), fingerprint: certificate.fingerprint }
}

fn facts(certificate: &CertificateView) -> [(&'static str, String); 3] {
    let (from, until) = (format::date(certificate.valid_from), format::date(certificate.valid_until));
    [
        ("Names", certificate.names.join(", ")),
        ("Signed by", certificate.issuer.clone()),
        ("Valid", format!("{from} to {until}")),
    ]
}

/// ` 3 mailboxes have stopped.`
fn waits(count: usize, one: &str, many: &str) -> String {
    match count {
        0 => String::new(),
        1 => format!(" 1 mailbox {one}."),
        _ => format!(" {count} mailboxes {many}."),
    }
}
