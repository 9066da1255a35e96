//! The practice zone: its owner publishes stages there, as at a DNS host, and lets time pass.

use egui::{Sense, Ui, Vec2};

use crate::engine::{Command, PracticeView};
use crate::records::{ExportStage, SwitchStage};
use crate::ui::fonts::Type;
use crate::ui::format;
use crate::ui::icons::{ICON, Icon};
use crate::ui::page_cx::PageCx;
use crate::ui::shell::{Act, FooterButton};
use crate::ui::theme::{PANEL_GAP, Theme, Tone};
use crate::ui::widgets::badge::badge;
use crate::ui::widgets::button::Button;
use crate::ui::widgets::key_value::key_values;
use crate::ui::widgets::{panel, text};
use crate::values::{UnixTime, counted};

/// What a stage is called on a button.
pub fn publish_label(stage: ExportStage) -> &'static str {
    match stage {
        ExportStage::Stage(SwitchStage::Now) => "Publish stage 1 in the practice zone",
        ExportStage::Stage(SwitchStage::AtTheSwitch) => "Publish stage 2 in the practice zone",
        ExportStage::Stage(SwitchStage::Later) => "Publish stage 3 in the practice zone",
        ExportStage::Rollback => "Put the old records back in the practice zone",
    }
}

/// The button of the footer that publishes a stage.
pub fn publish_button(stage: ExportStage) -> FooterButton {
    FooterButton::new(publish_label(stage), Act::Send(Command::PublishInPractice(stage)))
}

/// On the page Records: the stage that is shown goes into the practice zone.
pub fn on_records(ui: &mut Ui, practice: &PracticeView, stage: SwitchStage, cx: &mut PageCx<'_>) {
    let theme = Theme::of(ui);
    panel::panel(ui, |ui| {
        head(ui, "Practice zone");
        let words = "Here you publish a stage yourself, as you would at your DNS host. It changes the zone inside Mailferry and nothing else.";
        text::paragraph(ui, words, Type::Small, theme.text2);
        ui.add_space(8.0);
        if let Some(at) = practice.published_at(stage) {
            let when = format::when(at, cx.snapshot.now).replace("Today, ", "");
            badge(ui, Tone::Pass, Icon::Pass, &format!("Published {when}"));
            return;
        }
        let stage = ExportStage::Stage(stage);
        let can_publish = practice.can_publish(stage);
        if Button::secondary(publish_label(stage)).enabled(can_publish).show(ui).clicked() {
            cx.send(Command::PublishInPractice(stage));
        }
        if !can_publish {
            ui.add_space(4.0);
            text::paragraph(ui, "Publish the earlier stage first.", Type::Small, theme.text2);
        }
    });
    ui.add_space(PANEL_GAP);
}

/// On the page Switch: what is in the practice zone, the letters that came, and a way to skip the waiting.
pub fn on_switch(ui: &mut Ui, practice: &PracticeView, cx: &mut PageCx<'_>) {
    let theme = Theme::of(ui);
    let now = cx.snapshot.now;
    panel::panel(ui, |ui| {
        head(ui, "Practice");
        let words = "Two name servers and two resolvers inside Mailferry play the Internet. The second name server follows 20 seconds later, and resolvers remember the mail hosts as real ones do.";
        text::paragraph(ui, words, Type::Small, theme.text2);
        ui.add_space(4.0);
        let published = match practice.published.last() {
            None => "No stage yet".to_owned(),
            Some((stage, _)) => {
                let number = SwitchStage::ALL.iter().position(|known| known == stage).unwrap_or(0) + 1;
                format!("Up to stage {number}")
            }
        };
        let mut rows = vec![("In the zone", published)];
        let letters = practice.letters;
        if letters.to_old + letters.to_new > 0 {
            let words = format!("{} to the old server, {} to the new one", letters.to_old, letters.to_new);
            rows.push(("Letters that came", words));
        }
        if let Some(tally) = practice.tally {
            rows.push(("Both servers", tally_words(tally.missing, tally.surplus)));
        }
        key_values(ui, &rows);
        ui.add_space(8.0);
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = Vec2::new(8.0, 8.0);
            if let Some(stage) = practice.next_stage().map(ExportStage::Stage)
                && Button::secondary(publish_label(stage)).small().show(ui).clicked()
            {
                cx.send(Command::PublishInPractice(stage));
            }
            if let Some(at) = practice.next_date {
                let label = pass_label(at, now);
                if Button::secondary(&label).small().icon(Icon::Waiting).show(ui).clicked() {
                    cx.send(Command::LetTimePass);
                }
            }
        });
    });
    ui.add_space(PANEL_GAP);
}

/// `Let time pass until 15:12`.
pub fn pass_label(at: UnixTime, now: UnixTime) -> String {
    let until = if format::date(at) == format::date(now) {
        format::time_with_seconds(at)
    } else {
        format::date_time(at)
    };
    format!("Let time pass until {until}")
}

/// Whether everything arrived, in words.
fn tally_words(missing: u64, surplus: u64) -> String {
    match (missing, surplus) {
        (0, 0) => "Everything is at the new one, once".to_owned(),
        (missing, 0) => format!("{} not at the new one yet", counted(missing, "message")),
        (missing, surplus) => format!("{missing} missing, {surplus} too many"),
    }
}

fn head(ui: &mut Ui, title: &str) {
    let theme = Theme::of(ui);
    ui.horizontal(|ui| {
        let (mark, _) = ui.allocate_exact_size(Vec2::new(ICON, 26.0), Sense::hover());
        Icon::Practice.paint(ui, mark, ICON, theme.tone(Tone::Paused).fg);
        ui.add_space(7.0);
        text::words(ui, title, Type::Section, theme.text);
    });
}

#[cfg(test)]
mod tests {
    use super::tally_words;

    #[test]
    fn what_is_not_over_there_is_said_as_it_is() {
        assert_eq!(tally_words(0, 0), "Everything is at the new one, once");
        assert_eq!(tally_words(1, 0), "1 message not at the new one yet");
        assert_eq!(tally_words(0, 2), "0 missing, 2 too many");
    }
}
