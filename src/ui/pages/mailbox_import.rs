//! Mailboxes and aliases from the files of the old server: what was read, what is added, and the way back.

use std::collections::BTreeSet;

use egui::{Role, TextEdit, Ui, WidgetInfo};
use zeroize::Zeroize as _;

use crate::accounts::Encoding;
use crate::engine::{AccountsPreview, Command, DomainEntries, ProjectView};
use crate::ui::fonts::Type;
use crate::ui::format;
use crate::ui::icons::Icon;
use crate::ui::page_cx::PageCx;
use crate::ui::platform::Purpose;
use crate::ui::theme::{PANEL_GAP, Theme, Tone};
use crate::ui::widgets::button::Button;
use crate::ui::widgets::field::field_label;
use crate::ui::widgets::path_field::PathField;
use crate::ui::widgets::{choice, note, panel, text};
use crate::values::{DomainName, counted_as};

/// Most entries of a preview that are listed.
const MOST_LISTED: usize = 8;

/// The panel that reads, and the ticks of its question.
pub struct Import {
    path: PathField,
    pasted: String,
    /// Other domains whose entries are taken as well.
    others: BTreeSet<DomainName>,
}

impl Default for Import {
    fn default() -> Self {
        Self { path: PathField::new(Purpose::ReadAccounts), pasted: String::new(), others: BTreeSet::new() }
    }
}

impl Import {
    /// A file or pasted text; true once something was sent.
    pub fn ui(&mut self, ui: &mut Ui, cx: &mut PageCx<'_>) -> bool {
        let theme = Theme::of(ui);
        panel::section(ui, "Read from your server");
        let words = "A file of the old server or of its panel: /etc/passwd, /etc/aliases, a Dovecot passwd-file, \
                     Postfix maps, the output of doveadm user '*', a table, or an export of mailcow, Mail-in-a-Box, \
                     iRedMail or Modoboa. What it is shows by what stands in it. Password hashes are skipped. \
                     You see what was found before anything is added.";
        text::paragraph(ui, words, Type::Small, theme.text2);
        ui.add_space(8.0);
        self.path.show(ui, "File of the server", cx);
        ui.add_space(8.0);
        let path = self.path.path();
        let is_read = Button::secondary("Read the file").enabled(path.is_some()).show(ui).clicked();
        if let Some(path) = path.filter(|_| is_read) {
            self.others.clear();
            cx.send(Command::ReadAccounts(vec![path]));
            return true;
        }
        ui.add_space(10.0);
        field_label(ui, "Or paste it here");
        let area = TextEdit::multiline(&mut self.pasted)
            .desired_rows(4)
            .desired_width(f32::INFINITY)
            .hint_text("info@example.org  anna@example.org");
        let response =
            egui::ScrollArea::vertical().id_salt("pasted").max_height(110.0).show(ui, |ui| ui.add(area));
        response.inner.widget_info(|| WidgetInfo::labeled(Role::MultilineTextInput, true, "Text to read"));
        ui.add_space(8.0);
        let has_text = !self.pasted.trim().is_empty();
        if Button::secondary("Read the text").enabled(has_text).show(ui).clicked() {
            self.others.clear();
            cx.send(Command::PasteAccounts(std::mem::take(&mut self.pasted)));
            return true;
        }
        false
    }

    /// Forgets what was pasted, which may hold hashes.
    pub fn close(&mut self) {
        self.pasted.zeroize();
    }

    /// What was read, and whether it is added.
    pub fn preview(&mut self, ui: &mut Ui, project: &ProjectView, cx: &mut PageCx<'_>) {
        let Some(preview) = &project.accounts.preview else { return undo(ui, project, cx) };
        let theme = Theme::of(ui);
        panel::panel(ui, |ui| {
            panel::section(ui, "What was read");
            for source in &preview.directory.sources {
                let encoding = match source.encoding {
                    Encoding::Utf8 | Encoding::Utf16 => "",
                    Encoding::Latin1 => ", read as Latin-1",
                };
                let mailboxes = counted_as(source.accounts, "mailbox", "mailboxes");
                let aliases = counted_as(source.routes, "alias", "aliases");
                let words =
                    format!("{}: {}{encoding}. {mailboxes}, {aliases}.", source.name, source.format.words());
                text::paragraph(ui, words, Type::Body, theme.text);
            }
            if preview.known > 0 {
                let known = counted_as(preview.known, "mailbox is", "mailboxes are");
                text::paragraph(ui, format!("{known} in the project already."), Type::Small, theme.text2);
            }
            self.other_domains(ui, preview, project);
            left_out(ui, preview);
            ui.add_space(8.0);
            let domains = self.domains(project);
            ui.horizontal(|ui| {
                let label = add_label(preview, &domains);
                if Button::secondary(&label).icon(Icon::Plus).show(ui).clicked() {
                    cx.send(Command::TakeAccounts(domains));
                }
                ui.add_space(8.0);
                if Button::link("Add nothing").show(ui).clicked() {
                    cx.send(Command::DiscardAccounts);
                }
            });
        });
        ui.add_space(PANEL_GAP);
    }

    fn domains(&self, project: &ProjectView) -> Vec<DomainName> {
        std::iter::once(project.domain.name.clone()).chain(self.others.iter().cloned()).collect()
    }

    /// The question about addresses at other domains.
    fn other_domains(&mut self, ui: &mut Ui, preview: &AccountsPreview, project: &ProjectView) {
        let others = preview.domains.iter().filter(|named| !named.is_own);
        if others.clone().next().is_none() {
            return;
        }
        ui.add_space(8.0);
        let words = format!(
            "Some of it is not about {}. It is left out unless you tick it:",
            project.domain.name.as_unicode()
        );
        note::note(ui, Tone::Warn, Icon::Warn, &words, None);
        for DomainEntries { domain, entries, .. } in others {
            let is_on = self.others.contains(domain);
            let label = format!("Take {} at {domain} too", counted_as(*entries, "entry", "entries"));
            if choice::checkbox(ui, is_on, &label) && !self.others.remove(domain) {
                self.others.insert(domain.clone());
            }
        }
    }
}

/// What the button does: `Add 12 mailboxes and 7 aliases`.
fn add_label(preview: &AccountsPreview, domains: &[DomainName]) -> String {
    let directory = &preview.directory;
    let is_taken = |domain: &DomainName| domains.contains(domain);
    let accounts = directory.accounts.iter().filter(|account| is_taken(account.address.domain())).count();
    let routes = directory.routes.iter().filter(|route| is_taken(route.from.domain())).count();
    let accounts = format::counted(accounts, "mailbox", "mailboxes");
    match routes {
        0 => format!("Add {accounts}"),
        routes => format!("Add {accounts} and {}", format::counted(routes, "alias", "aliases")),
    }
}

fn left_out(ui: &mut Ui, preview: &AccountsPreview) {
    let directory = &preview.directory;
    if directory.left_out.is_empty() {
        return;
    }
    let theme = Theme::of(ui);
    ui.add_space(8.0);
    let all = directory.left_out.len() as u64 + directory.more_left_out;
    let all = usize::try_from(all).unwrap_or(usize::MAX);
    let head = format!("{} not taken:", counted_as(all, "entry is", "entries are"));
    text::paragraph(ui, head, Type::Label, theme.text);
    for entry in directory.left_out.iter().take(MOST_LISTED) {
        let words = format!("{}: {}.", entry.what, entry.why.words());
        text::paragraph(ui, words, Type::Small, theme.text2);
    }
    if all > MOST_LISTED {
        let words = format!("and {} more; the report lists them.", all - MOST_LISTED);
        text::paragraph(ui, words, Type::Small, theme.text2);
    }
}

/// The way back after an import.
fn undo(ui: &mut Ui, project: &ProjectView, cx: &mut PageCx<'_>) {
    let Some(added) = project.accounts.undo else { return };
    let words =
        format!("{} added from your server’s files.", counted_as(added, "mailbox was", "mailboxes were"));
    if note::note(ui, Tone::Info, Icon::Undo, &words, Some("Take it back")) {
        cx.send(Command::UndoAccounts);
    }
    ui.add_space(PANEL_GAP);
}
