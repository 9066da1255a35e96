//! The right-hand column of the Plan page: the open decision, what will happen, oversize messages, and the forecast.

use egui::{Stroke, Ui};

use super::short_name;
use crate::engine::{Command, CopyStanding, ProjectView, copy_standing};
use crate::plan::{
    FolderChoice, FolderPath, FolderPlan, MailVolume, MailboxPlan, collides_with, open_decisions,
};
use crate::ui::fonts::Type;
use crate::ui::format;
use crate::ui::icons::Icon;
use crate::ui::page_cx::PageCx;
use crate::ui::theme::{PANEL_GAP, Theme, Tone};
use crate::ui::widgets::badge::badge;
use crate::ui::widgets::button::Button;
use crate::ui::widgets::choice::radio;
use crate::ui::widgets::{key_value, panel, text};
use crate::values::MailboxId;
use crate::values::{Bytes, with_thousands};

/// Mailboxes whose time is shown individually: the slowest ones.
const LONGEST_SHOWN: usize = 4;
/// Most warnings shown.
const WARNINGS_SHOWN: usize = 12;

/// What happens to two folders with the same destination.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Decision {
    /// Keep both apart; the safe choice.
    #[default]
    KeepTwo,
    /// Merge them.
    Merge,
    /// Leave the second one out.
    LeaveOut,
}

/// The folder that a question is about.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    /// Whose it is.
    pub mailbox: MailboxId,
    /// Where the folders of that mailbox go.
    pub plan: &'a MailboxPlan,
    /// The folder itself.
    pub folder: &'a FolderPlan,
}

/// Asks what to do with a folder that collides with another. True once answered.
pub fn decision(
    ui: &mut Ui,
    asked: Asked<'_>,
    choice: &mut Decision,
    project: &ProjectView,
    cx: &mut PageCx<'_>,
) -> bool {
    let Asked { mailbox, plan, folder } = asked;
    let Some(other) = collides_with(plan, folder) else { return false };
    let theme = Theme::of(ui);
    let (this, that) = (folder.source.name(), other.source.name());
    let mut is_answered = false;
    panel::marked_panel(ui, Stroke::new(1.5, theme.tone(Tone::Warn).bar), |ui| {
        badge(ui, Tone::Warn, Icon::Warn, &format!("“{that}” and “{this}”"));
        ui.add_space(4.0);
        let words =
            "Your server keeps both apart. The destination or a mail program may treat them as one folder.";
        text::paragraph(ui, words, Type::Body, theme.text2);
        ui.add_space(6.0);
        let both = with_thousands(folder.messages.saturating_add(other.messages));
        let place = |path: &FolderPath| path.0.join("/");
        let options = [
            (Decision::KeepTwo, "Keep two, rename the second".to_owned(), place(&folder.destination)),
            (
                Decision::Merge,
                format!("Merge both into {}", place(&other.destination)),
                format!("{both} messages, each kept once"),
            ),
            (
                Decision::LeaveOut,
                format!("Leave “{this}” out"),
                format!("{} messages stay on your server", with_thousands(folder.messages)),
            ),
        ];
        for (option, name, consequence) in options {
            if radio(ui, *choice == option, &name).clicked() {
                *choice = option;
            }
            ui.horizontal_top(|ui| {
                ui.add_space(24.0);
                text::paragraph(ui, consequence, Type::Small, theme.text2);
            });
            ui.add_space(2.0);
        }
        ui.add_space(6.0);
        let owner = project.mailboxes.iter().find(|row| row.id == mailbox);
        let owner = owner.map_or_else(String::new, |row| short_name(&row.mailbox, project));
        if Button::secondary(&format!("Use this for {owner}")).small().show(ui).clicked() {
            cx.send(answer(*choice, mailbox, folder, other));
            is_answered = true;
        }
    });
    ui.add_space(PANEL_GAP);
    is_answered
}

fn answer(choice: Decision, mailbox: MailboxId, folder: &FolderPlan, other: &FolderPlan) -> Command {
    let source = folder.source.clone();
    match choice {
        Decision::KeepTwo => {
            Command::RenameFolder { mailbox, folder: source, destination: folder.destination.clone() }
        }
        Decision::Merge => {
            Command::MergeFolder { mailbox, folder: source, destination: other.destination.clone() }
        }
        Decision::LeaveOut => Command::IncludeFolder { mailbox, folder: source, is_included: false },
    }
}

/// An unknown size is a dash, not a zero.
pub fn size_words(messages: u64, bytes: Bytes) -> String {
    if messages > 0 && bytes == Bytes::ZERO { "–".to_owned() } else { bytes.to_string() }
}

/// Counts of what is copied, left out and renamed. True if the folder that waits for a decision is to be shown.
pub fn what_will_happen(ui: &mut Ui, project: &ProjectView) -> bool {
    let folders = || project.plan.mailboxes.values().flat_map(|plan| &plan.folders);
    let plans = project.plan.mailboxes.values();
    let MailVolume { messages, bytes } =
        plans.map(MailboxPlan::chosen).fold(MailVolume::default(), MailVolume::plus);
    let left_out: u64 = folders()
        .filter(|folder| matches!(folder.choice, FolderChoice::LeaveOut(_)))
        .map(|folder| folder.messages)
        .sum();
    let renamed = folders().filter(|folder| is_renamed(folder)).count();
    let open: usize = project.plan.mailboxes.values().map(open_decisions).sum();
    let is_asked = panel::panel(ui, |ui| {
        panel::section(ui, "What will happen");
        ui.add_space(4.0);
        let mut rows = vec![
            ("To copy", format!("{} messages", with_thousands(messages))),
            ("Size", size_words(messages, bytes)),
            ("Left out", format!("{} messages", with_thousands(left_out))),
            ("Renamed", format::counted(renamed, "folder", "folders")),
        ];
        if open > 0 {
            rows.push(("To decide", format::counted(open, "folder", "folders")));
        }
        if let Some(at) = project.plan.counted_at {
            rows.push(("Counted", format::date_time(at)));
        }
        key_value::key_values(ui, &rows);
        open > 0 && Button::link("Show what to decide").small().show(ui).clicked()
    });
    ui.add_space(PANEL_GAP);
    is_asked
}

/// Whether a copied folder gets another name.
pub fn is_renamed(folder: &FolderPlan) -> bool {
    folder.choice == FolderChoice::Copy
        && (!folder.renamed.is_empty()
            || (folder.special_use.is_none() && folder.source.name() != folder.destination.name()))
}

/// Warnings before the start: too little space, too many folders, messages close to the size limit.
pub fn good_to_know(ui: &mut Ui, project: &ProjectView) {
    let plan = &project.plan;
    let name = |id: &MailboxId| {
        let row = project.mailboxes.iter().find(|row| row.id == *id);
        row.map_or_else(String::new, |row| short_name(&row.mailbox, project))
    };
    let mut words: Vec<String> = Vec::new();
    for (id, warnings) in &plan.warnings {
        words.extend(warnings.iter().map(|warning| format!("{}: {warning}.", name(id))));
    }
    for (id, oversize) in plan.oversize.iter().filter(|(_, one)| one.close_messages() > 0) {
        let count = usize::try_from(oversize.close_messages()).unwrap_or(usize::MAX);
        let counted = format::counted(count, "message", "messages");
        words.push(format!("{}: {counted} just below the size limit, which may be refused.", name(id)));
    }
    if words.is_empty() {
        return;
    }
    let theme = Theme::of(ui);
    panel::panel(ui, |ui| {
        panel::section(ui, "Good to know");
        ui.add_space(4.0);
        for words in words.iter().take(WARNINGS_SHOWN) {
            text::paragraph(ui, words, Type::Body, theme.text);
        }
        if let Some(more) = words.len().checked_sub(WARNINGS_SHOWN).filter(|more| *more > 0) {
            text::paragraph(ui, format!("and {more} more"), Type::Small, theme.text2);
        }
    });
    ui.add_space(PANEL_GAP);
}

/// Messages too large for the destination; hidden if there are none.
pub fn too_large(ui: &mut Ui, project: &ProjectView) {
    let found: Vec<_> = project.plan.oversize.iter().filter(|(_, one)| one.messages() > 0).collect();
    let Some(limit) = found.first().and_then(|(_, one)| one.limit) else { return };
    let theme = Theme::of(ui);
    let count: u64 = found.iter().map(|(_, one)| one.messages()).sum();
    panel::panel(ui, |ui| {
        panel::section(ui, &format!("Over {limit}: {} messages", with_thousands(count)));
        let words =
            "The destination accepts nothing larger. They are saved as .eml files next to the project.";
        text::paragraph(ui, words, Type::Small, theme.text2);
        ui.add_space(4.0);
        for (id, oversize) in found {
            let owner = project.mailboxes.iter().find(|row| row.id == *id);
            let owner = owner.map_or_else(String::new, |row| short_name(&row.mailbox, project));
            for folder in &oversize.folders {
                let name =
                    if folder.folder.is_inbox() { "Inbox".to_owned() } else { folder.folder.to_string() };
                let messages = usize::try_from(folder.messages).unwrap_or(usize::MAX);
                let words = format!("{owner} {name}: {}", format::counted(messages, "message", "messages"));
                text::paragraph(ui, words, Type::Body, theme.text);
            }
        }
    });
    ui.add_space(PANEL_GAP);
}

/// How long it takes, and what the estimate is based on.
pub fn how_long(ui: &mut Ui, project: &ProjectView) {
    let theme = Theme::of(ui);
    if copy_standing(project) == CopyStanding::Finished {
        return;
    }
    let forecasts = &project.plan.forecasts;
    panel::panel(ui, |ui| {
        panel::section(ui, "How long");
        ui.add_space(4.0);
        let Some(all) = &forecasts.all else {
            let words = "Not known yet. A trial of 20 messages per folder measures it; those messages count towards the copy.";
            text::paragraph(ui, words, Type::Body, theme.text2);
            return;
        };
        key_value::key_values(ui, &[("In total", all.words())]);
        if forecasts.mailboxes.len() > 1 {
            let mut each: Vec<_> = forecasts.mailboxes.iter().collect();
            each.sort_by_key(|(_, one)| std::cmp::Reverse(one.most_secs.unwrap_or(one.least_secs)));
            let name = |id: &MailboxId| {
                let row = project.mailboxes.iter().find(|row| row.id == *id);
                row.map_or_else(String::new, |row| short_name(&row.mailbox, project))
            };
            let rows: Vec<(String, String)> =
                each.iter().take(LONGEST_SHOWN).map(|(id, one)| (name(id), one.words())).collect();
            let rows: Vec<(&str, String)> =
                rows.iter().map(|(name, words)| (name.as_str(), words.clone())).collect();
            key_value::small_key_values(ui, &rows);
            if let Some(more) = each.len().checked_sub(LONGEST_SHOWN).filter(|more| *more > 0) {
                let words =
                    format!("and {} that take less time", format::counted(more, "mailbox", "mailboxes"));
                text::paragraph(ui, words, Type::Small, theme.text2);
            }
        }
        let basis = all.basis();
        if !basis.is_empty() {
            ui.add_space(4.0);
            let mut letters = basis.chars();
            let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
            text::paragraph(ui, format!("{first}{}.", letters.as_str()), Type::Small, theme.text2);
        }
    });
    ui.add_space(PANEL_GAP);
}
