use egui::Ui;
use zeroize::Zeroize as _;

use crate::audit::{KeyedOperator, keyed_operators};
use crate::engine::Command;
use crate::ui::fonts::Type;
use crate::ui::icons::Icon;
use crate::ui::page_cx::{Action, PageCx};
use crate::ui::platform::{RendererChoice, Settings, ThemeChoice};
use crate::ui::shell::{page_head, scroll_page};
use crate::ui::theme::{PANEL_GAP, Theme};
use crate::ui::widgets::button::Button;
use crate::ui::widgets::choice::{option_button, radio};
use crate::ui::widgets::confirm::Question;
use crate::ui::widgets::field::{Field, field_label};
use crate::ui::widgets::{panel, text};
use crate::values::Secret;

/// The zoom levels offered, in percent.
const ZOOMS: [u8; 5] = [100, 125, 150, 175, 200];

/// Draws the settings: the few things that belong to the window and not to a project.
pub fn settings(ui: &mut Ui, cx: &mut PageCx<'_>) {
    let theme = Theme::of(ui);
    let before = cx.settings;
    let mut after = before;
    scroll_page(ui, "settings", cx.is_narrow, |ui| {
        page_head(
            ui,
            "Settings",
            "These apply to the window, not to a project, and are saved immediately.",
            |_| {},
        );
        panel::panel(ui, |ui| {
            panel::section(ui, "Light or dark");
            ui.add_space(4.0);
            let choices = [
                (ThemeChoice::System, "Follow the system"),
                (ThemeChoice::Light, "Light"),
                (ThemeChoice::Dark, "Dark"),
            ];
            for (choice, label) in choices {
                if radio(ui, after.theme == choice, label).clicked() {
                    after.theme = choice;
                }
            }
        });
        ui.add_space(PANEL_GAP);
        panel::panel(ui, |ui| {
            panel::section(ui, "Zoom");
            text::paragraph(ui, "Also with Ctrl and plus, minus or 0.", Type::Small, theme.text2);
            ui.add_space(6.0);
            ui.horizontal(|ui| {
                for percent in ZOOMS {
                    let zoom = f32::from(percent) / 100.0;
                    let is_on = (after.zoom - zoom).abs() < 0.01;
                    if option_button(ui, is_on, &format!("{percent}%")).clicked() {
                        after.zoom = zoom;
                    }
                    ui.add_space(6.0);
                }
            });
        });
        ui.add_space(PANEL_GAP);
        renderer(ui, &mut after);
        ui.add_space(PANEL_GAP);
        list_keys(ui, cx);
        if cx.snapshot.project.as_ref().is_some_and(|project| !project.is_practice) {
            ui.add_space(PANEL_GAP);
            passwords(ui, cx);
        }
    });
    if after != before {
        cx.actions.push(Action::Set(after));
    }
}

/// Keys for block lists that take one: for every project of this user.
fn list_keys(ui: &mut Ui, cx: &mut PageCx<'_>) {
    let theme = Theme::of(ui);
    panel::panel(ui, |ui| {
        panel::section(ui, "Keys for block lists");
        let words = "Some operators answer big resolvers only with a key of your own. It goes into the system keyring, audits ask \
                     with it, and no report shows it.";
        text::paragraph(ui, words, Type::Small, theme.text2);
        for KeyedOperator { id: operator, list: name } in keyed_operators() {
            ui.add_space(6.0);
            let id = ui.scope_id().with(("list key", operator));
            let mut typed = ui.data_mut(|data| data.get_temp::<String>(id).unwrap_or_default());
            let is_stored = cx.snapshot.list_keys.iter().any(|known| known == operator);
            let label = format!("Key for {name}");
            field_label(ui, &label);
            ui.horizontal(|ui| {
                let hint = if is_stored { "stored" } else { "none" };
                Field::new(&label).hint(hint).width(230.0).small().password().show(ui, &mut typed);
                ui.add_space(6.0);
                let can_save = !typed.trim().is_empty();
                if Button::secondary("Store the key").small().enabled(can_save).show(ui).clicked() {
                    let key = Secret::new(typed.trim());
                    typed.zeroize();
                    cx.send(Command::SetListKey { operator: operator.to_owned(), key });
                }
                if is_stored && Button::link("Delete the key").show(ui).clicked() {
                    cx.send(Command::ForgetListKey(operator.to_owned()));
                }
            });
            ui.data_mut(|data| data.insert_temp(id, typed));
        }
    });
}

/// The end of a move: nothing that opens a mailbox stays on this computer.
fn passwords(ui: &mut Ui, cx: &mut PageCx<'_>) {
    let theme = Theme::of(ui);
    panel::panel(ui, |ui| {
        panel::section(ui, "Stored passwords");
        let words = "The passwords and sign-ins of this project’s mailboxes, and keys for block lists, are in the system keyring. Once the move is over, nobody needs them.";
        text::paragraph(ui, words, Type::Small, theme.text2);
        ui.add_space(6.0);
        if Button::danger_outline("Delete stored passwords…").small().icon(Icon::Trash).show(ui).clicked() {
            let question = Question {
                title: "Delete the passwords of this project’s mailboxes?".to_owned(),
                what: "They are deleted from the keyring, and the keys for block lists with them. A later copy asks for them again. The accounts themselves and their passwords at both servers stay as they are.".to_owned(),
                alternative: "If mail still arrives at the old server, wait until the last copy is done.".to_owned(),
                safe: "Keep them".to_owned(),
                danger: "Delete them".to_owned(),
            };
            cx.actions.push(Action::Ask { question, command: Command::DeletePasswords });
        }
    });
}

fn renderer(ui: &mut Ui, settings: &mut Settings) {
    let theme = Theme::of(ui);
    panel::panel(ui, |ui| {
        panel::section(ui, "Renderer");
        if !RendererChoice::HAS_WGPU {
            text::paragraph(ui, "This build draws with OpenGL only.", Type::Small, theme.text2);
            return;
        }
        let words = "Takes effect at the next start. Automatic tries both and remembers which one worked.";
        text::paragraph(ui, words, Type::Small, theme.text2);
        ui.add_space(4.0);
        let choices = [
            (RendererChoice::Automatic, "Automatic"),
            (RendererChoice::OpenGl, "OpenGL"),
            (RendererChoice::Wgpu, "Vulkan, Metal or Direct3D"),
        ];
        for (choice, label) in choices {
            if radio(ui, settings.renderer == choice, label).clicked() {
                settings.renderer = choice;
            }
        }
    });
}
