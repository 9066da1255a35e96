use egui::Ui;

use crate::engine::Step;
use crate::ui::page_cx::{Action, PageCx, Place};
use crate::ui::shell::{page_head, scroll_page};
use crate::ui::theme::PANEL_GAP;
use crate::ui::widgets::button::Button;
use crate::ui::widgets::{key_value, panel};

const fn what(step: Step) -> &'static str {
    match step {
        Step::Domain => "Enter the domain and the server that holds its mail. Nothing is changed there.",
        Step::Audit => {
            "What mail receivers see of your domain, most important first, with the raw DNS answers."
        }
        Step::Verdict => {
            "Stay or move, with what decided it. Lists alone never decide, and you can decide otherwise."
        }
        Step::Destination => {
            "Providers side by side with their real limits. What no source confirms is marked."
        }
        Step::Mailboxes => "Who moves. Signing in reads only folder names and counts.",
        Step::Plan => "Every folder and where it goes. Folders you leave out stay on your server.",
        Step::Copy => "Every message is recorded before it is sent, so a second run copies nothing twice.",
        Step::Records => {
            "What to change in DNS, in three stages. The first stage does not affect mail delivery."
        }
        Step::Done => "What became of every message, what is still to do, and the report.",
    }
}

/// Draws the help: what each page is for, and the keys.
pub fn help(ui: &mut Ui, cx: &mut PageCx<'_>) {
    scroll_page(ui, "help", cx.is_narrow, |ui| {
        page_head(ui, "Help", "What each page is for, and how to work without a mouse.", |_| {});
        panel::panel(ui, |ui| {
            panel::section(ui, "The pages");
            ui.add_space(4.0);
            let rows: Vec<_> =
                Step::ALL.into_iter().map(|step| (step.name(), what(step).to_owned())).collect();
            key_value::key_values(ui, &rows);
        });
        ui.add_space(PANEL_GAP);
        panel::panel(ui, |ui| {
            panel::section(ui, "Keys");
            ui.add_space(4.0);
            let rows = [
                ("Ctrl+1 to Ctrl+9", "open a page of the project"),
                ("Tab, Shift+Tab", "move to the next or previous control"),
                ("Arrow keys", "move inside a table; Enter opens a row, Space ticks it"),
                ("Ctrl and plus, minus, 0", "zoom"),
                ("F1", "this page"),
                ("Esc", "the safe answer to a question"),
                ("Ctrl+Q", "quits; a running copy continues next time"),
            ];
            let rows: Vec<_> = rows.into_iter().map(|(key, words)| (key, words.to_owned())).collect();
            key_value::key_values(ui, &rows);
        });
        ui.add_space(PANEL_GAP);
        panel::panel(ui, |ui| {
            panel::section(ui, "Words");
            ui.add_space(4.0);
            let rows = [
                ("MX", "the records that say where incoming mail is delivered"),
                ("SPF", "the record that lists who may send mail as you"),
                ("DKIM", "the signature under your mail, and the record with its key"),
                ("DMARC", "the record that tells receivers what to do when neither SPF nor DKIM matches"),
                ("TTL", "time to live: how long resolvers may cache a record"),
                ("A-label", "the form DNS uses for a name with letters beyond a to z"),
            ];
            let rows: Vec<_> = rows.into_iter().map(|(key, words)| (key, words.to_owned())).collect();
            key_value::key_values(ui, &rows);
        });
        ui.add_space(PANEL_GAP);
        if Button::secondary("About Mailferry and its libraries").show(ui).clicked() {
            cx.actions.push(Action::Go(Place::About));
        }
    });
}
