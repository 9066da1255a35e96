//! PowerShell that lets a Microsoft application into all mailboxes, and the one that takes that back.

use egui::{ScrollArea, Ui};

use super::audit::beside;
use super::client_guide::sentence;
use crate::engine::{
    ClientMistake, Command, ExchangeApp, ExchangeScript, ProjectView, check_object_id, check_uuid,
};
use crate::ui::fonts::Type;
use crate::ui::icons::Icon;
use crate::ui::page_cx::PageCx;
use crate::ui::platform::Purpose;
use crate::ui::theme::Theme;
use crate::ui::widgets::button::Button;
use crate::ui::widgets::copy_field::{copy_button, copy_field};
use crate::ui::widgets::field::{Field, field_error, field_label};
use crate::ui::widgets::path_field::PathField;
use crate::ui::widgets::{choice, panel, text};
use crate::values::Side;

/// Height of the preview in points.
const PREVIEW: f32 = 168.0;
const EXAMPLE: &str = "1b4e28ba-2fa1-11d2-883f-0016d3cca427";

/// The ids and the file.
pub struct ExchangePanel {
    side: Side,
    app_id: String,
    object_id: String,
    script: ExchangeScript,
    path: PathField,
}

impl ExchangePanel {
    /// For mailboxes of this side.
    pub const fn new(side: Side) -> Self {
        Self {
            side,
            app_id: String::new(),
            object_id: String::new(),
            script: ExchangeScript::GiveAccess,
            path: PathField::new(Purpose::SaveScript(side)),
        }
    }

    /// Draws the fields and, once both ids are there, the script.
    pub fn ui(&mut self, ui: &mut Ui, project: &ProjectView, cx: &mut PageCx<'_>) {
        let theme = Theme::of(ui);
        panel::section(ui, "Let the application into the mailboxes");
        let words = "An Exchange administrator runs this script once. After the move the other one takes the access back.";
        text::paragraph(ui, words, Type::Small, theme.text2);
        ui.add_space(8.0);
        panel::equal_columns(ui, 2, 16.0, |ui, column| {
            if column == 0 {
                let mistake = check_uuid(self.app_id.trim()).err();
                id_field(
                    ui,
                    "Application (client) ID",
                    "On “Overview” of the app registration.",
                    &mut self.app_id,
                    mistake,
                );
            } else {
                let mistake = check_object_id(self.app_id.trim(), self.object_id.trim()).err();
                let words = "On the page of the same name under “Enterprise applications”.";
                id_field(ui, "Object ID of the enterprise application", words, &mut self.object_id, mistake);
            }
        });
        let app = ExchangeApp {
            app_id: self.app_id.trim().to_owned(),
            object_id: self.object_id.trim().to_owned(),
            side: self.side,
        };
        if check_uuid(&app.app_id).is_ok() && check_object_id(&app.app_id, &app.object_id).is_ok() {
            ui.add_space(8.0);
            text::paragraph(
                ui,
                "A key file to fill in; only you should be able to read it",
                Type::Label,
                theme.text,
            );
            ui.add_space(4.0);
            copy_field(ui, "key file", &app.key_file());
            ui.add_space(8.0);
            self.script(ui, app, project, cx);
        }
    }

    fn script(&mut self, ui: &mut Ui, app: ExchangeApp, project: &ProjectView, cx: &mut PageCx<'_>) {
        let theme = Theme::of(ui);
        ui.horizontal(|ui| {
            let both = [
                (ExchangeScript::GiveAccess, "Give access"),
                (ExchangeScript::TakeBack, "Take it back after the move"),
            ];
            for (script, label) in both {
                if choice::option_button(ui, self.script == script, label).clicked() {
                    self.script = script;
                    self.path.repropose(|| beside_script(project, script));
                }
                ui.add_space(6.0);
            }
        });
        ui.add_space(6.0);
        let script = self.script.text(&app, project);
        panel::well(ui, |ui| {
            ScrollArea::both().id_salt("script").max_height(PREVIEW).auto_shrink([false, true]).show(
                ui,
                |ui| {
                    for line in script.lines() {
                        text::words(ui, line, Type::Mono, theme.text);
                    }
                },
            );
        });
        ui.add_space(8.0);
        copy_button(ui, "script", &script);
        ui.add_space(8.0);
        field_label(ui, "File for the script");
        self.path.propose(|| beside_script(project, self.script));
        self.path.show(ui, "Script file", cx);
        ui.add_space(8.0);
        let path = self.path.path();
        let button = Button::secondary("Save to file").icon(Icon::Save).enabled(path.is_some());
        if let Some(path) = path.filter(|_| button.show(ui).clicked()) {
            cx.send(Command::SaveExchangeScript { path, script: self.script, app });
        }
    }
}

fn beside_script(project: &ProjectView, script: ExchangeScript) -> std::path::PathBuf {
    beside(project, script.file_name().trim_end_matches(".ps1"), "ps1")
}

fn id_field(ui: &mut Ui, label: &str, words: &str, value: &mut String, mistake: Option<ClientMistake>) {
    let theme = Theme::of(ui);
    let mistake = mistake.filter(|_| !value.trim().is_empty());
    field_label(ui, label);
    let response = Field::new(label).hint(EXAMPLE).mono().error(mistake.is_some()).show(ui, value);
    if let Some(mistake) = mistake.filter(|_| !response.has_focus()) {
        field_error(ui, &sentence(&mistake));
    } else {
        ui.add_space(4.0);
        text::paragraph(ui, words, Type::Small, theme.text2);
    }
}
