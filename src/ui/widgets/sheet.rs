use egui::{CornerRadius, Frame, Margin, Rect, Sense, StrokeKind, Ui, Vec2};

use super::{
    badge, bar, button::Button, choice, copy_field, empty_state, error_card, evidence, field::Field, panel,
    text,
};
use crate::audit::{Evidence, EvidenceOutcome, Outcome};
use crate::engine::{UserError, WayOut};
use crate::ui::fonts::Type;
use crate::ui::icons::{ICON, Icon};
use crate::ui::theme::{Theme, Tone};
use crate::values::UnixTime;

/// Every component once, as in picture 16 of the specification; for tests that look at pictures.
pub fn sheet(ui: &mut Ui) {
    let theme = Theme::of(ui);
    ui.painter().rect_filled(ui.max_rect().expand(8.0), 0.0, theme.canvas);
    Frame::new().inner_margin(Margin::same(28)).show(ui, |ui| {
        ui.set_width(ui.available_width());
        text::words(ui, "Tokens and components", Type::Title, theme.text);
        ui.add_space(8.0);
        panel::equal_columns(ui, 3, 24.0, |ui, index| match index {
            0 => first(ui),
            1 => second(ui),
            _ => third(ui),
        });
    });
}

fn caption(ui: &mut Ui, words: &str) {
    let theme = Theme::of(ui);
    ui.add_space(14.0);
    text::words(ui, words, Type::Small, theme.text2);
    ui.add_space(6.0);
}

fn first(ui: &mut Ui) {
    let theme = Theme::of(ui);
    caption(ui, "Severity: badge and chip");
    let tones = [
        (Tone::Pass, Icon::Pass, "Pass"),
        (Tone::Info, Icon::Info, "Info"),
        (Tone::Warn, Icon::Warn, "Warning"),
        (Tone::Fail, Icon::Fail, "Fail"),
        (Tone::Unknown, Icon::Unknown, "Unknown"),
        (Tone::Paused, Icon::Paused, "Paused"),
        (Tone::Quiet, Icon::NotApplicable, "Not applicable"),
    ];
    for (tone, icon, word) in tones {
        ui.horizontal(|ui| {
            ui.set_height(30.0);
            badge::badge(ui, tone, icon, word);
            ui.add_space(24.0);
            badge::chip(ui, tone, icon, word);
        });
    }
    caption(ui, "Icons");
    ui.horizontal_wrapped(|ui| {
        for icon in Icon::ALL {
            let (rect, _) = ui.allocate_exact_size(Vec2::splat(28.0), Sense::hover());
            icon.paint(ui, rect, ICON, theme.text2);
        }
    });
    caption(ui, "Colours");
    ui.horizontal_wrapped(|ui| {
        for color in [
            theme.canvas,
            theme.rail,
            theme.surface,
            theme.sunken,
            theme.raised,
            theme.hover,
            theme.select,
            theme.accent,
        ] {
            let (rect, _) = ui.allocate_exact_size(Vec2::new(38.0, 26.0), Sense::hover());
            let swatch = Rect::from_center_size(rect.center(), Vec2::new(34.0, 22.0));
            ui.painter().rect(swatch, CornerRadius::same(4), color, theme.hairline(), StrokeKind::Inside);
        }
    });
}

fn second(ui: &mut Ui) {
    let theme = Theme::of(ui);
    caption(ui, "Type");
    panel::panel(ui, |ui| {
        for (words, style) in [
            ("Move everything", Type::Display),
            ("Every message is accounted for", Type::Title),
            ("Three findings decided it", Type::Section),
            ("14, running text for plain words", Type::Lead),
            ("13, rows, buttons, fields 0123456789 1,111", Type::Body),
            ("12, notes and captions", Type::Small),
            ("12 mono v=spf1 ip4:203.0.113.47 ~all 0O 1lI", Type::Mono),
        ] {
            text::words(ui, words, style, theme.text);
        }
    });
    caption(ui, "Buttons and fields");
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = Vec2::splat(8.0);
        Button::primary("Use Fastmail").show(ui);
        Button::primary("Blocked").enabled(false).show(ui);
        Button::secondary("Pause copying").icon(Icon::Paused).show(ui);
        Button::secondary("Run again").small().icon(Icon::Again).show(ui);
        Button::link("Show 3 more").small().show(ui);
        Button::danger_outline("Go back…").small().icon(Icon::Undo).show(ui);
        Button::danger("Delete 28 passwords").show(ui);
    });
    ui.horizontal(|ui| {
        choice::checkbox(ui, true, "Chosen");
        ui.add_space(8.0);
        choice::checkbox(ui, false, "Not chosen");
        ui.add_space(8.0);
        choice::radio(ui, true, "This");
        ui.add_space(8.0);
        choice::radio(ui, false, "That");
    });
    let mut value = "anna@weber-familie.example".to_owned();
    Field::new("Sample").show(ui, &mut value);
    caption(ui, "Progress, label above");
    bar::labelled_progress(ui, "Reading mail.log", "31 of 84 MB", 0.37, Tone::Running, None);
    ui.add_space(6.0);
    bar::labelled_progress(ui, "Paused by you", "671 of 6,710", 0.1, Tone::Paused, Some(Icon::Paused));
    ui.add_space(6.0);
    bar::labelled_progress(
        ui,
        "Stopped: mailbox full",
        "17,093 of 44,981",
        0.38,
        Tone::Fail,
        Some(Icon::Fail),
    );
}

fn third(ui: &mut Ui) {
    caption(ui, "Error card with ways out");
    let way_out = |label: &str, consequence: &str, command| WayOut {
        label: label.to_owned(),
        consequence: consequence.to_owned(),
        command,
    };
    let error = UserError {
        title: "Fastmail refused the password for scanner@".to_owned(),
        cause: "Fastmail wants an app password here, never the account password.".to_owned(),
        server_words: Some("A0003 NO [AUTHENTICATIONFAILED] Incorrect username or password".to_owned()),
        ways_out: vec![
            way_out(
                "Ask the keyring again",
                "after it was unlocked",
                Some(crate::engine::Command::RetryKeyring),
            ),
            way_out("Make an app password at Fastmail", "then enter it here", None),
        ],
        details: String::new(),
        certificate: None,
        code: None,
        folders: Vec::new(),
    };
    error_card::error_card(ui, &error, Tone::Fail, &mut Vec::new());
    caption(ui, "Evidence block");
    let evidence = Evidence {
        query: "_dmarc.weber-familie.example. IN TXT".to_owned(),
        server: "192.0.2.53".to_owned(),
        outcome: EvidenceOutcome::Dns(Outcome::Answer),
        data: vec![
            "\"v=DMARC1; p=none; pct=100; ri=86400; rua=mailto:dmarc@weber-familie.example\"".to_owned(),
        ],
        at: UnixTime(1_794_508_812),
        duration_millis: 14,
    };
    evidence::evidence_block(ui, &evidence);
    caption(ui, "Copy field");
    copy_field::copy_field(ui, "SPF record", "v=spf1 ip4:203.0.113.47 include:spf.messagingengine.com ~all");
    caption(ui, "Empty state");
    panel::flush_panel(ui, |ui| {
        let words = "Add them one by one, or import a list. They appear here with their counts.";
        empty_state::empty_state(ui, Icon::Inbox, "No mailboxes yet", words, |ui| {
            Button::secondary("Add mailboxes…").icon(Icon::Plus).show(ui);
            Button::secondary("Import CSV…").icon(Icon::File).show(ui);
        });
    });
}
