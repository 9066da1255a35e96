//! The Mailboxes page: add, import, choose and sign in mailboxes.

use crate::engine::{
    Command, ConsentWay, Cure, KeyringStatus, KnownClient, MailboxView, PasswordPlace, ProjectView,
    Readiness, SignInState, SignInView, Step, certificate_questions, is_keyring_unlocked,
};
use crate::plan::MailVolume;
use std::collections::BTreeSet;

use egui::{Rect, Ui, Vec2};
use zeroize::Zeroizing;

use super::alias_plan::AliasPanel;
use super::mailbox_editor::{self, Editor};
use super::mailbox_import::Import;
use super::mailbox_row::{ENTER_IT, RowClick, consent_side, draw_row, inspect, sentence, way_out};
use super::provider_sign_in::ProviderSignIn;
use super::{certificate_cards, short_name};
use crate::ui::fonts::Type;
use crate::ui::format;
use crate::ui::icons::Icon;
use crate::ui::page_cx::PageCx;
use crate::ui::platform::Purpose;
use crate::ui::shell::{Act, Footer, FooterButton, page_head, scroll_page};
use crate::ui::theme::{PANEL_GAP, Theme, Tone};
use crate::ui::widgets::button::Button;
use crate::ui::widgets::field::{Field, field_error, field_label};
use crate::ui::widgets::panel::Part;
use crate::ui::widgets::path_field::PathField;
use crate::ui::widgets::row_list::{Column, Cursor, RowList, Sorting, table_head};
use crate::ui::widgets::{choice, empty_state, note, panel, text};
use crate::values::{EmailAddress, MailboxId, Side, with_thousands};

const ROW: f32 = 32.0;
/// Columns of the table.
pub const COLUMNS: [Column; 7] = [
    Column::words("", 32.0),
    Column::words("Mailbox", 0.0),
    Column::words("Your server", 168.0),
    Column::words("Destination", 188.0),
    Column::number("Messages", 60.0),
    Column::number("Size", 58.0),
    Column::number("What to do", 96.0),
];

/// Address, messages, size.
const SORTING_COLUMNS: [usize; 3] = [1, 4, 5];

/// Which panel above the table is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Adding {
    ByName,
    FromCsv,
    FromServer,
}

/// By which column the table is sorted.
#[derive(Clone, Copy)]
struct Order {
    /// The number of the column; 0: as the mailboxes were added.
    column: usize,
    is_descending: bool,
}

/// Step Mailboxes: who moves, with sign-in on both sides.
pub struct MailboxesPage {
    search: String,
    sort: Order,
    cursor: Cursor,
    adding: Option<Adding>,
    addresses: String,
    address_error: Option<String>,
    csv: PathField,
    import: Import,
    aliases: AliasPanel,
    editor: Option<Editor>,
    /// Signing in at the providers of both sides.
    sign_ins: [ProviderSignIn; 2],
    shown: Option<MailboxId>,
    /// Whether to scroll a certificate question into view.
    wants_question: bool,
}

impl Default for MailboxesPage {
    fn default() -> Self {
        Self {
            search: String::new(),
            // The order in which mailboxes were added.
            sort: Order { column: 0, is_descending: false },
            cursor: Cursor::default(),
            adding: None,
            addresses: String::new(),
            address_error: None,
            csv: PathField::new(Purpose::ImportCsv),
            import: Import::default(),
            aliases: AliasPanel::default(),
            editor: None,
            sign_ins: [Side::Source, Side::Destination].map(ProviderSignIn::new),
            shown: None,
            wants_question: false,
        }
    }
}

impl MailboxesPage {
    /// Draws the page.
    pub fn ui(&mut self, ui: &mut Ui, project: &ProjectView, cx: &mut PageCx<'_>) {
        scroll_page(ui, "mailboxes", cx.is_narrow, |ui| {
            let summary = format!(
                "Signing in reads only folder names and counts.{}",
                passwords_words(project, &cx.snapshot.keyring)
            );
            page_head(ui, "Mailboxes", &summary, |_| {});
            if !project.is_practice {
                keyring_note(ui, cx);
            }
            if let Some(logins) = &project.practice_logins {
                note::note(ui, Tone::Paused, Icon::Practice, &logins.words, None);
                ui.add_space(PANEL_GAP);
            }
            certificate_cards::on_mailboxes(ui, project, std::mem::take(&mut self.wants_question), cx);
            for card in &mut self.sign_ins {
                card.ui(ui, project, cx);
            }
            self.tools(ui, project, cx);
            self.adding(ui, project, cx);
            self.import.preview(ui, project, cx);
            if project.mailboxes.is_empty() {
                self.empty(ui);
                self.aliases.ui(ui, project, cx);
                return;
            }
            // The editor follows the snapshot: removing the mailbox closes it.
            self.editor.take_if(|editor| !project.mailboxes.iter().any(|row| row.id == editor.mailbox));
            panel::columns(ui, 268.0, cx.is_narrow, |ui, part| match part {
                Part::Main => {
                    self.table(ui, project, cx);
                    self.aliases.ui(ui, project, cx);
                }
                Part::Aside => self.inspector(ui, project),
            });
        });
    }

    fn tools(&mut self, ui: &mut Ui, project: &ProjectView, cx: &mut PageCx<'_>) {
        if project.mailboxes.is_empty() && self.adding.is_none() {
            return;
        }
        ui.horizontal(|ui| {
            let tools = [
                ("Add mailboxes…", Icon::Plus, Adding::ByName),
                ("Import CSV…", Icon::File, Adding::FromCsv),
                ("Read from your server…", Icon::Server, Adding::FromServer),
            ];
            for (label, icon, adding) in tools {
                if Button::secondary(label).small().icon(icon).show(ui).clicked() {
                    self.toggle(adding);
                }
                ui.add_space(8.0);
            }
            let untried: Vec<MailboxId> = project
                .mailboxes
                .iter()
                .filter(|row| {
                    row.mailbox.is_chosen && needs_a_try(&row.source) | needs_a_try(&row.destination)
                })
                .map(|row| row.id)
                .collect();
            if !untried.is_empty() {
                let label = format!("Sign in to {}", format::counted(untried.len(), "mailbox", "mailboxes"));
                if Button::secondary(&label).small().icon(Icon::Key).show(ui).clicked() {
                    cx.send(Command::TestSignIn { mailboxes: untried });
                }
            }
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                let width = 170.0_f32.min(ui.available_width());
                Field::new("Find a mailbox")
                    .small()
                    .hint("Find a mailbox")
                    .icon(Icon::Search)
                    .width(width)
                    .show(ui, &mut self.search);
            });
        });
        ui.add_space(10.0);
    }

    fn toggle(&mut self, adding: Adding) {
        self.import.close();
        self.adding = (self.adding != Some(adding)).then_some(adding);
    }

    fn adding(&mut self, ui: &mut Ui, project: &ProjectView, cx: &mut PageCx<'_>) {
        let Some(adding) = self.adding else { return };
        panel::panel(ui, |ui| match adding {
            Adding::ByName => self.add(ui, project, cx),
            Adding::FromCsv => self.import(ui, cx),
            Adding::FromServer => {
                if self.import.ui(ui, cx) {
                    self.adding = None;
                }
            }
        });
        ui.add_space(PANEL_GAP);
    }

    fn add(&mut self, ui: &mut Ui, project: &ProjectView, cx: &mut PageCx<'_>) {
        field_label(ui, "Addresses");
        let mut is_entered = false;
        ui.horizontal(|ui| {
            let button = Button::secondary("Add");
            let width = ui.available_width() - button.size(ui).x - 8.0;
            let hint = format!("anna@{0}, jonas@{0}", project.domain.name.as_unicode());
            let field = Field::new("Addresses to add").hint(&hint).icon(Icon::User).width(width);
            let response = field.error(self.address_error.is_some()).show(ui, &mut self.addresses);
            if response.changed() {
                self.address_error = None;
            }
            is_entered |= response.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
            ui.add_space(8.0);
            is_entered |= button.show(ui).clicked();
        });
        if is_entered {
            self.send_addresses(cx);
        }
        if let Some(error) = &self.address_error {
            field_error(ui, error);
        }
    }

    /// Sends the valid addresses and leaves the others in the field.
    fn send_addresses(&mut self, cx: &mut PageCx<'_>) {
        let mut rest = Vec::new();
        let is_gap = |character: char| character.is_whitespace() || character == ',' || character == ';';
        for word in self.addresses.split(is_gap).filter(|word| !word.is_empty()) {
            match EmailAddress::parse(word) {
                Ok(_) => cx.commands.push(Command::AddMailbox(word.to_owned())),
                Err(error) => {
                    self.address_error.get_or_insert_with(|| error.to_string());
                    rest.push(word.to_owned());
                }
            }
        }
        self.addresses = rest.join(" ");
    }

    fn import(&mut self, ui: &mut Ui, cx: &mut PageCx<'_>) {
        let theme = Theme::of(ui);
        panel::section(ui, "Import a list");
        let words = "One mailbox per line, below a header line: address; source_user, \
                     source_password, destination_user and destination_password as needed; for other ways to sign in source_admin, \
                     source_token_file or source_token_command, and the same for destination_. Commas or semicolons. \
                     Passwords never go into the project: they go into the system keyring, where one takes them.";
        text::paragraph(ui, words, Type::Small, theme.text2);
        ui.add_space(8.0);
        self.csv.show(ui, "CSV file", cx);
        ui.add_space(8.0);
        let path = self.csv.path();
        let is_clicked = Button::secondary("Import mailboxes").enabled(path.is_some()).show(ui).clicked();
        if let Some(path) = path.filter(|_| is_clicked) {
            cx.send(Command::ImportCsv(path));
            self.adding = None;
        }
    }

    fn empty(&mut self, ui: &mut Ui) {
        panel::flush_panel(ui, |ui| {
            let words = "Add them one by one, or import a list. They appear here with their counts.";
            empty_state::empty_state(ui, Icon::Inbox, "No mailboxes yet", words, |ui| {
                if self.adding.is_none() {
                    if Button::secondary("Add mailboxes…").icon(Icon::Plus).show(ui).clicked() {
                        self.toggle(Adding::ByName);
                    }
                    if Button::secondary("Import CSV…").icon(Icon::File).show(ui).clicked() {
                        self.toggle(Adding::FromCsv);
                    }
                    if Button::secondary("Read from your server…").icon(Icon::Server).show(ui).clicked() {
                        self.toggle(Adding::FromServer);
                    }
                }
            });
        });
    }

    fn sorted<'a>(&self, project: &'a ProjectView) -> Vec<&'a MailboxView> {
        let search = self.search.trim().to_lowercase();
        let mut rows: Vec<&MailboxView> = project
            .mailboxes
            .iter()
            .filter(|row| {
                search.is_empty() || row.mailbox.address.to_string().to_lowercase().contains(&search)
            })
            .collect();
        match self.sort.column {
            1 => rows.sort_by_cached_key(|row| row.mailbox.address.to_string().to_lowercase()),
            4 => rows.sort_by_key(|row| row.counted.map(|counted| counted.messages)),
            5 => rows.sort_by_key(|row| row.counted.map(|counted| counted.bytes)),
            _ => {}
        }
        if self.sort.is_descending {
            rows.reverse();
        }
        rows
    }

    fn table(&mut self, ui: &mut Ui, project: &ProjectView, cx: &mut PageCx<'_>) {
        let rows = self.sorted(project);
        panel::flush_panel(ui, |ui| {
            let destination =
                project.destination.chosen.as_ref().map_or("Destination", |(_, name)| name.as_str());
            let heads = ["", "Mailbox", "Your server", destination, "Messages", "Size", "What to do"];
            let Order { column: by, is_descending } = self.sort;
            let sorting = Sorting { columns: &SORTING_COLUMNS, by, is_descending };
            let (head, clicked) = table_head(ui, &COLUMNS, &heads, Some(sorting));
            if let Some(column) = clicked {
                self.sort = if by == column {
                    Order { column, is_descending: !is_descending }
                } else {
                    Order { column, is_descending: column != 1 }
                };
            }
            all_box(ui, head, project, cx);
            self.rows(ui, head, &rows, project, cx);
        });
        summary(ui, project);
    }

    fn rows(
        &mut self,
        ui: &mut Ui,
        head: Rect,
        rows: &[&MailboxView],
        project: &ProjectView,
        cx: &mut PageCx<'_>,
    ) {
        let edited = self.editor.as_ref().map(|editor| editor.mailbox);
        let open = rows.iter().position(|row| Some(row.id) == edited);
        let mut cursor = self.cursor;
        let mut list = RowList::begin(ui, "Mailboxes", head, rows.len(), ROW, &mut cursor);
        let shown = self.shown;
        let mut way_out = None;
        let mut toggled = None;
        let sentence = |index: usize| rows.get(index).map_or_else(String::new, |row| sentence(row));
        let mut draw = |ui: &mut Ui, index: usize, rect: Rect, _look| {
            let Some(row) = rows.get(index) else { return };
            // The panel at the right shows the first one until another is opened.
            let is_shown = shown.map_or(index == 0, |shown| row.id == shown);
            let is_selected = edited.map_or(is_shown, |edited| row.id == edited);
            match draw_row(ui, rect, row, project, is_selected) {
                Some(RowClick::Tick) => toggled = Some(index),
                Some(RowClick::WayOut) => way_out = Some(index),
                None => {}
            }
        };
        let split = open.map_or(rows.len(), |open| open + 1);
        list.rows(ui, 0..split, sentence, &mut draw);
        if let (Some(editor), Some(row)) = (&mut self.editor, open.and_then(|open| rows.get(open))) {
            mailbox_editor::show(ui, editor, row, project, cx);
            list.rows(ui, split..rows.len(), sentence, &mut draw);
        }
        let events = list.end();
        self.cursor = cursor;
        if let Some(row) = toggled.or(events.ticked).and_then(|index| rows.get(index)) {
            cx.send(Command::ChooseMailbox { mailbox: row.id, is_chosen: !row.mailbox.is_chosen });
        }
        let is_closing = self.editor.as_ref().is_some_and(|editor| editor.wants_to_close);
        if is_closing {
            self.editor = None;
        }
        if let Some(row) = way_out.and_then(|index| rows.get(index))
            && let Some(side) = consent_side(row)
        {
            self.shown = Some(row.id);
            return self.sign_in_at_provider(row, side, project, cx);
        }
        if let Some(row) = way_out.or(events.opened).and_then(|index| rows.get(index)) {
            self.shown = Some(row.id);
            self.wants_question = certificate_cards::asks_about(row);
            let is_open = Some(row.id) == edited;
            self.editor = (!is_open).then(|| Editor::of(row));
            if let Some(editor) = self.editor.as_mut().filter(|_| way_out.is_some()) {
                editor.focus = wants_password(row);
            }
        }
        self.next_without_password(rows);
    }

    /// Begins the sign-in that a row asks for, or shows the guide to the application that it takes.
    fn sign_in_at_provider(
        &mut self,
        row: &MailboxView,
        side: Side,
        project: &ProjectView,
        cx: &mut PageCx<'_>,
    ) {
        for card in self.sign_ins.iter_mut().filter(|card| card.side() == side) {
            card.is_wanted = true;
        }
        if matches!(project.sign_ins.side(side).client, KnownClient::Known { .. }) {
            cx.send(Command::SignInAtProvider { mailbox: row.id, side, way: ConsentWay::Browser });
        }
    }

    /// After a password was saved with Enter, opens the next mailbox without one.
    fn next_without_password(&mut self, rows: &[&MailboxView]) {
        let Some(side) = self.editor.as_mut().and_then(|editor| editor.wants_next.take()) else { return };
        let current = self.editor.as_ref().map(|editor| editor.mailbox);
        let after = rows.iter().skip_while(|row| Some(row.id) != current).skip(1);
        if let Some(next) = after.into_iter().find(|row| !row.sign_in(side).has_password()) {
            self.shown = Some(next.id);
            let mut editor = Editor::of(next);
            editor.focus = Some(side);
            self.editor = Some(editor);
        }
    }

    fn inspector(&self, ui: &mut Ui, project: &ProjectView) {
        let shown = self.editor.as_ref().map(|editor| editor.mailbox).or(self.shown);
        let row =
            project.mailboxes.iter().find(|row| Some(row.id) == shown).or_else(|| project.mailboxes.first());
        if let Some(row) = row {
            inspect(ui, row, project);
        }
    }
}

fn needs_a_try(sign_in: &SignInView) -> bool {
    // A server that waits for the consent of a person need not be asked again.
    let is_over = matches!(
        sign_in.state,
        SignInState::SignedIn
            | SignInState::SigningIn
            | SignInState::NeedsConsent
            | SignInState::ConsentEnded
    );
    sign_in.has_password() && !is_over
}

/// The side whose password is missing or refused.
fn wants_password(row: &MailboxView) -> Option<Side> {
    [Side::Source, Side::Destination].into_iter().find(|side| {
        let sign_in = row.sign_in(*side);
        let is_asked = matches!(
            sign_in.state,
            SignInState::PasswordRefused | SignInState::NeedsPassword | SignInState::NeedsAppPassword
        );
        row.mailbox.way(*side).needs_password() && (is_asked || way_out(sign_in) == Some(ENTER_IT))
    })
}

fn keyring_note(ui: &mut Ui, cx: &mut PageCx<'_>) {
    let (tone, icon, words) = match &cx.snapshot.keyring {
        KeyringStatus::Unknown | KeyringStatus::Found | KeyringStatus::System => return,
        KeyringStatus::WaitsForUnlock => (
            Tone::Paused,
            Icon::Lock,
            "The system keyring is locked. Your desktop shows a window to unlock it.".to_owned(),
        ),
        KeyringStatus::ThisSessionOnly(why) => (Tone::Info, Icon::Key, session_words(why.as_deref())),
    };
    if note::note(ui, tone, icon, &words, Some("Ask the keyring again")) {
        cx.send(Command::RetryKeyring);
    }
    ui.add_space(PANEL_GAP);
}

/// Where the passwords of this project are, as far as known. Practice passwords never touch the keyring; where
/// there is none, a note says so.
fn passwords_words(project: &ProjectView, keyring: &KeyringStatus) -> String {
    let sides = || project.mailboxes.iter().flat_map(|row| [row.source.password, row.destination.password]);
    let count = |place: PasswordPlace| sides().filter(|known| *known == place).count();
    let (kept, session) = (count(PasswordPlace::Keyring), count(PasswordPlace::Session));
    if project.is_practice || matches!(keyring, KeyringStatus::ThisSessionOnly(_)) {
        return String::new();
    }
    match (kept, session) {
        (0, 0) => " Passwords will go into your system keyring.".to_owned(),
        (_, 0) if is_keyring_unlocked(keyring) => " The passwords are in your system keyring.".to_owned(),
        (_, 0) => String::new(),
        (_, session) => format!(
            " {} kept for this session only, until the keyring accepts {}.",
            format::counted(session, "password is", "passwords are"),
            if session == 1 { "it" } else { "them" }
        ),
    }
}

/// Where passwords are kept without a keyring, and why there is none.
fn session_words(why: Option<&str>) -> String {
    let words = "Passwords are kept until Mailferry quits; you enter them again next time.";
    why.map_or_else(|| words.to_owned(), |why| format!("{words} {why}"))
}

/// The checkbox in the header that selects all or none.
fn all_box(ui: &mut Ui, head: Rect, project: &ProjectView, cx: &mut PageCx<'_>) {
    let are_all = project.mailboxes.iter().all(|row| row.mailbox.is_chosen);
    let place = Rect::from_min_size(head.min + Vec2::new(15.0, 0.0), Vec2::new(18.0, head.height()));
    if choice::check_at(ui, place, "all", are_all, "Choose all mailboxes") {
        for row in project.mailboxes.iter().filter(|row| row.mailbox.is_chosen == are_all) {
            cx.send(Command::ChooseMailbox { mailbox: row.id, is_chosen: !are_all });
        }
    }
}

fn summary(ui: &mut Ui, project: &ProjectView) {
    let theme = Theme::of(ui);
    let chosen: Vec<&MailboxView> = project.mailboxes.iter().filter(|row| row.mailbox.is_chosen).collect();
    let MailVolume { messages, bytes } =
        chosen.iter().filter_map(|row| row.counted).fold(MailVolume::default(), MailVolume::plus);
    let uncounted = chosen.iter().filter(|row| row.counted.is_none()).count();
    ui.add_space(8.0);
    ui.horizontal(|ui| {
        let words = format!("{} of {} chosen", chosen.len(), project.mailboxes.len());
        text::words(ui, words, Type::Small, theme.text2);
        ui.add_space(16.0);
        if uncounted < chosen.len() {
            let words = format!("{} messages, {bytes} counted", with_thousands(messages));
            text::words(ui, words, Type::Small, theme.text2);
        }
        if uncounted > 0 {
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                let words = format!("{} not counted yet", format::counted(uncounted, "mailbox", "mailboxes"));
                text::words(ui, words, Type::Small, theme.text2);
            });
        }
    });
}

/// What the footer says.
pub fn footer(project: &ProjectView, footer: &mut Footer) {
    footer.primary =
        Some(FooterButton::new("Build the plan", Act::SendAndGo(Command::BuildPlan, Step::Plan)));
    let chosen = || project.mailboxes.iter().filter(|row| row.mailbox.is_chosen);
    let any_state = |wanted: fn(&SignInView) -> bool| {
        chosen().filter(|row| wanted(&row.source) || wanted(&row.destination)).count()
    };
    let signing_in = any_state(|sign_in| sign_in.state == SignInState::SigningIn);
    let need_you = any_state(|sign_in| way_out(sign_in).is_some());
    let is_open = project.destination.chosen.is_some() && project.domain.source_server.is_some();
    if !is_open || chosen().next().is_none() || (signing_in == 0 && need_you == 0) {
        return;
    }
    // However many mailboxes wait, a single answer may be all that is missing.
    let questions = certificate_questions(project);
    let asked: BTreeSet<MailboxId> =
        questions.iter().flat_map(|question| question.mailboxes.iter().copied()).collect();
    if let Some(question) = questions.first().filter(|_| signing_in == 0 && need_you == asked.len()) {
        let why = format!(
            "{}: check the certificate of {}",
            format::counted(asked.len(), "mailbox waits", "mailboxes wait"),
            question.certificate.server.host
        );
        footer.readiness = Readiness::Blocked { why, cure: None };
        return;
    }
    let verb = if need_you == 1 { "needs" } else { "need" };
    let why = match (need_you, signing_in) {
        (0, _) => format!("{} signing in", format::counted(signing_in, "mailbox is", "mailboxes are")),
        (_, 0) => format!("{} {verb} you", format::counted(need_you, "mailbox", "mailboxes")),
        (_, 1) => {
            format!("{} {verb} you, 1 is signing in", format::counted(need_you, "mailbox", "mailboxes"))
        }
        _ => format!(
            "{} {verb} you, {signing_in} are signing in",
            format::counted(need_you, "mailbox", "mailboxes")
        ),
    };
    if need_you == 0 {
        footer.tone = Tone::Running;
    }
    let others = chosen().filter(|row| !asked.contains(&row.id));
    let others: Vec<&MailboxView> =
        others.filter(|row| way_out(&row.source).or_else(|| way_out(&row.destination)).is_some()).collect();
    let cure = others.first().filter(|_| signing_in == 0).map(|row| {
        let label = match others.len() {
            1 => format!("Leave {} out", short_name(&row.mailbox, project)),
            more => format!("Leave {more} out"),
        };
        Cure { label, command: Command::LeaveOut(others.iter().map(|row| row.id).collect()) }
    });
    footer.readiness = Readiness::Blocked { why, cure };
}

/// A password being typed; wiped on drop.
pub type Typed = Zeroizing<String>;
