//! The Domain page: the domain, its source server, and the options of the audit.

use egui::{CursorIcon, Rect, Role, Sense, Ui, Vec2, WidgetInfo};

use super::destination_change::source_question;
use crate::engine::{AuditOptions, AuditView, Command, ProjectView, Readiness, Step};
use crate::ui::fonts::Type;
use crate::ui::format;
use crate::ui::icons::{ICON, Icon};
use crate::ui::page_cx::{Action, PageCx};
use crate::ui::shell::{Act, Footer, FooterButton, page_head, scroll_page};
use crate::ui::theme::{PANEL_GAP, Theme, Tone};
use crate::ui::widgets::button::Button;
use crate::ui::widgets::choice::paint_radio;
use crate::ui::widgets::field::{Field, field_error, field_label};
use crate::ui::widgets::panel::Part;
use crate::ui::widgets::{error_card, focus_ring_inside, key_value, note, panel, text};
use crate::values::{Endpoint, Security};

/// Longest name that stands in a button.
const MOST_IN_BUTTON: usize = 32;

/// Step Domain: the domain, the server that holds the mail, and the options of the audit.
#[derive(Default)]
pub struct DomainPage {
    server: String,
    server_error: Option<String>,
    options: Option<OptionsDraft>,
}

/// The audit's options as typed.
struct OptionsDraft {
    resolver: String,
    selectors: String,
    addresses: String,
    helo: String,
    second_resolver: String,
    sent: AuditOptions,
}

impl OptionsDraft {
    fn of(options: &AuditOptions) -> Self {
        let addresses: Vec<String> = options.sending_addresses.iter().map(ToString::to_string).collect();
        Self {
            resolver: options.resolver.clone(),
            selectors: options.selectors.join(" "),
            addresses: addresses.join(" "),
            helo: options.helo.clone(),
            second_resolver: options.second_resolver.clone(),
            sent: options.clone(),
        }
    }

    fn parse(&self) -> Result<AuditOptions, String> {
        let words = |text: &str| {
            text.split([' ', ',', ';']).filter(|word| !word.is_empty()).map(str::to_owned).collect::<Vec<_>>()
        };
        let mut sending_addresses = Vec::new();
        for word in words(&self.addresses) {
            let address = word.parse().map_err(|_not_an_address| {
                format!("“{word}” is not an IP address; write it like 192.0.2.1 or 2001:db8::1")
            })?;
            sending_addresses.push(address);
        }
        Ok(AuditOptions {
            resolver: self.resolver.trim().to_owned(),
            selectors: words(&self.selectors),
            sending_addresses,
            helo: self.helo.trim().to_owned(),
            second_resolver: self.second_resolver.trim().to_owned(),
            // What has no field here stays as it was.
            ..self.sent.clone()
        })
    }
}

impl DomainPage {
    /// Draws the page.
    pub fn ui(&mut self, ui: &mut Ui, project: &ProjectView, cx: &mut PageCx<'_>) {
        scroll_page(ui, "domain", cx.is_narrow, |ui| {
            let summary = "Where your mail is today. Mailferry only reads there and changes nothing.";
            page_head(ui, "Domain", summary, |_| {});
            if project.was_interrupted {
                let words = "Mailferry ended unexpectedly while this project was open. Nothing is lost: \
                             every step goes on where it stood.";
                note::note(ui, Tone::Info, Icon::Info, words, None);
                ui.add_space(PANEL_GAP);
            }
            panel::columns(ui, 360.0, cx.is_narrow, |ui, part| match part {
                Part::Main => {
                    names(ui, project);
                    ui.add_space(PANEL_GAP);
                    self.server(ui, project, cx);
                }
                Part::Aside if project.is_practice => practice(ui, project),
                Part::Aside => self.options(ui, project, cx),
            });
        });
    }

    fn server(&mut self, ui: &mut Ui, project: &ProjectView, cx: &mut PageCx<'_>) {
        let theme = Theme::of(ui);
        let domain = &project.domain;
        panel::flush_panel(ui, |ui| {
            let caption =
                if domain.is_searching { "trying SRV records, autoconfig and MX names" } else { "" };
            panel::panel_head(ui, "The server that holds your mail", caption);
            for candidate in &domain.candidates {
                let is_chosen = domain.source_server.as_ref() == Some(&candidate.server);
                if candidate_row(ui, &candidate.server, &candidate.found_by, is_chosen) && !is_chosen {
                    choose(project, &candidate.server, cx);
                }
            }
            if let Some(server) = &domain.source_server
                && !domain.candidates.iter().any(|candidate| candidate.server == *server)
            {
                let found_by = if project.is_practice { "inside this program" } else { "typed by you" };
                candidate_row(ui, server, found_by, true);
            }
            if project.is_practice {
                // There are only the practice servers: nothing to search for or type.
                return;
            }
            egui::Frame::new().inner_margin(egui::Margin::symmetric(15, 12)).show(ui, |ui| {
                if domain.candidates.is_empty() && domain.source_server.is_none() && !domain.is_searching {
                    text::paragraph(
                        ui,
                        "No server is known yet. Let Mailferry look for it, or enter its name.",
                        Type::Body,
                        theme.text2,
                    );
                    ui.add_space(8.0);
                }
                let label = if domain.source_server.is_some() { "Another server" } else { "Its name" };
                field_label(ui, label);
                let mut is_entered = false;
                ui.horizontal(|ui| {
                    let use_it = Button::secondary("Use this server");
                    let find =
                        Button::secondary("Find the server").icon(Icon::Search).enabled(!domain.is_searching);
                    let width = ui.available_width() - use_it.size(ui).x - find.size(ui).x - 16.0;
                    let response = Field::new("Another server")
                        .hint("mail.example.org")
                        .icon(Icon::Server)
                        .width(width.max(120.0))
                        .error(self.server_error.is_some())
                        .show(ui, &mut self.server);
                    if response.changed() {
                        self.server_error = None;
                    }
                    is_entered |=
                        response.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
                    ui.add_space(8.0);
                    is_entered |= use_it.show(ui).clicked();
                    ui.add_space(8.0);
                    if find.show(ui).clicked() {
                        cx.send(Command::FindServer);
                    }
                });
                if is_entered {
                    match Endpoint::parse(&self.server) {
                        Ok(server) => choose(project, &server, cx),
                        Err(error) => self.server_error = Some(error.to_string()),
                    }
                }
                if let Some(error) = &self.server_error {
                    field_error(ui, error);
                }
            });
        });
        if let Some(error) = &domain.search_error {
            ui.add_space(PANEL_GAP);
            error_card::error_card(ui, error, Tone::Warn, cx.commands);
        }
    }

    fn options(&mut self, ui: &mut Ui, project: &ProjectView, cx: &mut PageCx<'_>) {
        let theme = Theme::of(ui);
        let draft = self.options.get_or_insert_with(|| OptionsDraft::of(&project.domain.audit_options));
        let mut is_typing = false;
        panel::panel(ui, |ui| {
            panel::section(ui, "Options for the audit");
            text::paragraph(ui, "All of these are optional.", Type::Small, theme.text2);
            let mut field = |ui: &mut Ui, label: &str, hint: &str, value: &mut String| {
                ui.add_space(10.0);
                field_label(ui, label);
                is_typing |= Field::new(label).hint(hint).show(ui, value).has_focus();
            };
            field(ui, "Resolver", "the system's, or 192.0.2.53:53", &mut draft.resolver);
            field(ui, "DKIM selectors you use", "common names are tried anyway", &mut draft.selectors);
            field(ui, "IP addresses that send your mail", "taken from MX and SPF", &mut draft.addresses);
            field(
                ui,
                "Name your server greets with",
                "HELO or EHLO, such as mail.example.org",
                &mut draft.helo,
            );
            field(ui, "Second resolver", "for DNSSEC, such as 9.9.9.9:53", &mut draft.second_resolver);
            match draft.parse() {
                Ok(options) if options != draft.sent => {
                    // Sent at once: the user may press the button that starts the audit next.
                    draft.sent = options.clone();
                    cx.send(Command::SetAuditOptions(options));
                }
                Err(error) if !is_typing => field_error(ui, &error),
                Ok(_) | Err(_) => {}
            }
        });
    }
}

/// What a practice project shows instead of fields.
fn practice(ui: &mut Ui, project: &ProjectView) {
    let theme = Theme::of(ui);
    panel::panel(ui, |ui| {
        panel::section(ui, "Your practice setup");
        let words = "A domain with the typical problems of a small mail server, an old server with mail, and an empty new \
                     one. The audit asks the DNS inside this program, so there is nothing to fill in here.";
        text::paragraph(ui, words, Type::Body, theme.text2);
        if let Some(logins) = &project.practice_logins {
            ui.add_space(6.0);
            text::paragraph(ui, &logins.words, Type::Body, theme.text2);
        }
    });
}

fn names(ui: &mut Ui, project: &ProjectView) {
    let (first, second) = format::domain_forms(&project.domain.name);
    let mut rows = vec![("Domain", first)];
    if second.is_some() {
        rows.push(("In DNS", project.domain.name.as_ascii().to_owned()));
    }
    rows.push(("Project file", project.path.display().to_string()));
    panel::panel(ui, |ui| key_value::key_values(ui, &rows));
}

/// The words for a connection's security.
pub fn security_words(security: Security) -> &'static str {
    match security {
        Security::Tls => "TLS",
        Security::StartTls => "STARTTLS",
        Security::Clear => "unencrypted, on this computer",
    }
}

fn candidate_row(ui: &mut Ui, server: &Endpoint, found_by: &str, is_chosen: bool) -> bool {
    let theme = Theme::of(ui);
    let (row, response) = ui.allocate_exact_size(Vec2::new(ui.available_width(), 42.0), Sense::click());
    response.widget_info(|| {
        WidgetInfo::selected(Role::RadioButton, true, is_chosen, format!("{server}, {found_by}"))
    });
    if is_chosen {
        ui.painter().rect_filled(row, 0.0, theme.select);
    } else if response.hovered() {
        ui.painter().rect_filled(row, 0.0, theme.hover);
    }
    let inner = row.shrink2(Vec2::new(15.0, 0.0));
    paint_radio(ui, Rect::from_min_size(inner.min, Vec2::new(ICON, row.height())).center(), is_chosen);
    let words = Rect::from_min_max(inner.min + Vec2::new(ICON + 10.0, 0.0), inner.max);
    let upper = words.with_max_y(row.center().y + 1.0).with_min_y(row.top() + 4.0);
    let lower = words.with_min_y(row.center().y).with_max_y(row.bottom() - 3.0);
    text::left(ui, upper, server.to_string(), Type::Label, theme.text);
    text::left(
        ui,
        lower,
        format!("{found_by}, {}", security_words(server.security)),
        Type::Small,
        theme.text2,
    );
    ui.painter().hline(row.x_range(), row.top() - 0.5, theme.hairline());
    focus_ring_inside(ui, &response, row);
    response.on_hover_cursor(CursorIcon::PointingHand).clicked()
}

/// Makes a server the source; asks first if something would be lost.
fn choose(project: &ProjectView, server: &Endpoint, cx: &mut PageCx<'_>) {
    match source_question(project, server) {
        Some((question, command)) => cx.actions.push(Action::Ask { question, command }),
        None => cx.send(Command::SetSourceServer(server.clone())),
    }
}

/// What the footer says.
pub fn footer(project: &ProjectView, footer: &mut Footer) {
    footer.primary = Some(match &project.audit {
        AuditView::NotRun | AuditView::Failed(_) => {
            let name = format::domain_forms(&project.domain.name).0;
            // A long name would leave no room for the other button.
            let is_short = name.chars().count() <= MOST_IN_BUTTON;
            let label = if is_short { format!("Audit {name}") } else { "Audit this domain".to_owned() };
            FooterButton::new(label, Act::SendAndGo(Command::RunAudit, Step::Audit))
        }
        AuditView::Running { .. } | AuditView::Done(_) => {
            FooterButton::new("Show the audit", Act::Go(Step::Audit))
        }
    });
    if project.domain.source_server.is_none() {
        footer.readiness = Readiness::Ready("The audit needs no server, but the copy does".to_owned());
    }
}
