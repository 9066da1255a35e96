//! The owner's own application at a provider: each click that leads to it, the values to copy, and the fields for what the
//! provider then shows.

use egui::Ui;
use zeroize::Zeroizing;

use super::guide_steps::guide_steps;
use crate::engine::{ClientApp, ClientMistake, Command, KnownClient, SignInProvider, check_tenant};
use crate::ui::fonts::Type;
use crate::ui::icons::Icon;
use crate::ui::page_cx::PageCx;
use crate::ui::theme::Theme;
use crate::ui::widgets::button::Button;
use crate::ui::widgets::copy_field::copy_field;
use crate::ui::widgets::field::{Field, field_error, field_label};
use crate::ui::widgets::{panel, text};
use crate::values::Secret;

/// The unfinished input. It belongs to the page, so a new snapshot never overwrites it.
#[derive(Default)]
pub struct ClientGuide {
    id: Entry,
    secret: Entry,
    tenant: Entry,
}

/// A text and whether it was left once, so that nobody is corrected while typing.
#[derive(Default)]
struct Entry {
    typed: Zeroizing<String>,
    was_left: bool,
}

impl Entry {
    fn value(&self) -> &str {
        self.typed.trim()
    }

    /// Draws the field with its label, an example of its shape, and what is wrong.
    fn show(
        &mut self,
        ui: &mut Ui,
        field: &Asked<'_>,
        check: impl Fn(&str) -> Result<(), ClientMistake>,
    ) -> bool {
        let theme = Theme::of(ui);
        field_label(ui, field.label);
        let mistake = check(self.value()).err().filter(|_| self.was_left);
        let input = Field::new(field.label).hint(field.example).mono().error(mistake.is_some());
        let input = if field.is_secret { input.password() } else { input };
        let response = input.show(ui, &mut self.typed);
        self.was_left |= response.lost_focus() && !self.value().is_empty();
        if let Some(mistake) = mistake {
            field_error(ui, &sentence(&mistake));
        } else {
            ui.add_space(4.0);
            text::paragraph(ui, field.words, Type::Small, theme.text2);
        }
        ui.add_space(8.0);
        check(self.value()).is_ok()
    }
}

/// What a field asks for.
struct Asked<'a> {
    label: &'a str,
    example: &'a str,
    words: &'a str,
    is_secret: bool,
}

/// A mistake as a sentence.
pub fn sentence(mistake: &ClientMistake) -> String {
    let words = mistake.to_string();
    let mut signs = words.chars();
    let first: String = signs.next().map(|sign| sign.to_uppercase().collect()).unwrap_or_default();
    format!("{first}{}.", signs.as_str())
}

impl ClientGuide {
    /// Draws the guide; true when the application was saved.
    pub fn ui(
        &mut self,
        ui: &mut Ui,
        provider: &SignInProvider,
        known: &KnownClient,
        cx: &mut PageCx<'_>,
    ) -> bool {
        let theme = Theme::of(ui);
        panel::section(ui, "Get a client ID of your own");
        let words = "Mailferry has no key to anybody's mail. You register it once as an application of your own organisation; \
                     nobody else gets access. It takes about ten minutes.";
        text::paragraph(ui, words, Type::Small, theme.text2);
        ui.add_space(8.0);
        guide_steps(ui, &provider.steps);
        text::paragraph(ui, "Values to copy", Type::Label, theme.text);
        ui.add_space(4.0);
        copy_field(ui, "redirect URI", &provider.redirect());
        ui.add_space(4.0);
        copy_field(ui, "scopes", &provider.scopes.join(" "));
        ui.add_space(4.0);
        let words = "The redirect URI leads back to this computer, at any port. Some kinds of applications need none.";
        text::paragraph(ui, words, Type::Small, theme.text2);
        ui.add_space(10.0);
        if let KnownClient::Known { id, .. } = known {
            text::paragraph(ui, format!("Saved now: {id}"), Type::Small, theme.text2);
            ui.add_space(6.0);
        }
        self.fields(ui, provider, cx)
    }

    fn fields(&mut self, ui: &mut Ui, provider: &SignInProvider, cx: &mut PageCx<'_>) -> bool {
        let form = &provider.client_form;
        let ending = match form.id_ends.as_str() {
            "" => "Also called “Application (client) ID”.".to_owned(),
            end => format!("It ends with {end}."),
        };
        let id = Asked { label: "Client ID", example: &form.id_example, words: &ending, is_secret: false };
        let mut is_complete = self.id.show(ui, &id, |text| form.check_id(text));
        if provider.needs_client_secret {
            let secret = Asked {
                label: "Client secret",
                example: &form.secret_example,
                words: "It goes into the system keyring, and nowhere else.",
                is_secret: true,
            };
            is_complete &= self.secret.show(ui, &secret, |text| form.check_secret(text));
        }
        if provider.has_tenant() {
            let tenant = Asked {
                label: "Directory (tenant) ID",
                example: &form.id_example,
                words: "Or a domain of the organisation, such as example.org.",
                is_secret: false,
            };
            is_complete &= self.tenant.show(ui, &tenant, check_tenant);
        }
        let button = Button::secondary("Save the application").icon(Icon::Save).enabled(is_complete);
        if !button.show(ui).clicked() {
            return false;
        }
        let taken = |entry: &mut Entry| std::mem::take(entry).value().to_owned();
        let client = ClientApp {
            id: taken(&mut self.id),
            secret: provider.needs_client_secret.then(|| Secret::new(taken(&mut self.secret))),
            tenant: provider.has_tenant().then(|| taken(&mut self.tenant)),
        };
        cx.send(Command::SetClientApp { provider: provider.id.clone(), client });
        true
    }
}
