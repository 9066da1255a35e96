use egui::Color32;

use super::{DARK, LIGHT, Theme, Tone};

/// Relative luminance (WCAG 2.2).
fn luminance(color: Color32) -> f64 {
    let linear = |channel: u8| {
        let value = f64::from(channel) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * linear(color.r()) + 0.7152 * linear(color.g()) + 0.0722 * linear(color.b())
}

fn contrast(one: Color32, other: Color32) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

fn least(theme: &Theme, color: Color32) -> f64 {
    [theme.canvas, theme.rail, theme.surface, theme.sunken, theme.hover, theme.select]
        .into_iter()
        .map(|ground| contrast(color, ground))
        .fold(f64::MAX, f64::min)
}

fn pairs(theme: &Theme) -> Vec<(&'static str, f64)> {
    let tone = |tone| theme.tone(tone);
    let tints = [Tone::Pass, Tone::Info, Tone::Warn, Tone::Fail, Tone::Unknown, Tone::Paused];
    let names = ["pass", "info", "warn", "fail", "unknown", "paused"];
    let mut pairs = vec![
        ("text", least(theme, theme.text)),
        ("text2", least(theme, theme.text2)),
        ("text3", least(theme, theme.text3)),
        ("accent", least(theme, theme.accent)),
        ("white on accentbtn", contrast(theme.on_accent, theme.accent_button)),
        ("white on accenthov", contrast(theme.on_accent, theme.accent_hover)),
        ("white on danger", contrast(theme.on_accent, theme.danger)),
        ("accentbar on bar-rest", contrast(theme.accent_bar, theme.bar_rest)),
        ("pass on add-bg", contrast(tone(Tone::Pass).fg, theme.add_bg)),
        ("fail on del-bg", contrast(tone(Tone::Fail).fg, theme.del_bg)),
        ("line2 on surface", contrast(theme.line2, theme.surface)),
    ];
    for (name, kind) in names.into_iter().zip(tints) {
        pairs.push((name, least(theme, tone(kind).fg)));
        pairs.push((name, contrast(tone(kind).fg, tone(kind).bg)));
        pairs.push((name, contrast(tone(kind).bar, theme.bar_rest)));
    }
    let on_tints =
        tints.into_iter().map(|kind| contrast(theme.text3, tone(kind).bg)).fold(f64::MAX, f64::min);
    pairs.push(("text3 on any tint", on_tints));
    pairs
}

#[expect(clippy::approx_constant, reason = "a contrast that happens to look like pi")]
/// The table of the visual specification, light and dark, in the order of [`pairs`].
const EXPECTED: [(f64, f64); 30] = [
    (13.80, 10.79),
    (6.62, 6.94),
    (4.66, 4.62),
    (5.83, 5.69),
    (7.00, 5.26),
    (9.23, 6.35),
    (6.54, 5.79),
    (5.43, 3.22),
    (6.01, 7.55),
    (5.63, 6.95),
    (3.69, 3.87),
    (5.68, 6.36),
    (5.89, 6.99),
    (3.14, 3.85),
    (6.06, 6.31),
    (6.17, 6.86),
    (3.09, 3.54),
    (5.66, 6.44),
    (5.82, 6.94),
    (3.21, 4.27),
    (5.44, 5.65),
    (5.46, 6.51),
    (3.71, 3.24),
    (5.82, 5.90),
    (5.84, 6.72),
    (3.21, 3.22),
    (5.97, 7.70),
    (6.22, 8.26),
    (3.26, 4.44),
    (4.67, 4.95),
];

#[test]
fn the_contrast_table_of_the_specification_holds() {
    let light = pairs(&LIGHT);
    let dark = pairs(&DARK);
    assert_eq!(light.len(), EXPECTED.len());
    for ((light, dark), (expected_light, expected_dark)) in light.iter().zip(&dark).zip(EXPECTED) {
        assert!((light.1 - expected_light).abs() < 0.011, "light {}: {:.2}", light.0, light.1);
        assert!((dark.1 - expected_dark).abs() < 0.011, "dark {}: {:.2}", dark.0, dark.1);
    }
}

#[test]
fn every_text_reaches_aa_and_every_mark_reaches_three() {
    for theme in [&LIGHT, &DARK] {
        for color in [theme.text, theme.text2, theme.text3, theme.accent] {
            assert!(least(theme, color) >= 4.5);
        }
        for kind in [Tone::Pass, Tone::Info, Tone::Warn, Tone::Fail, Tone::Unknown, Tone::Paused] {
            let colors = theme.tone(kind);
            assert!(least(theme, colors.fg) >= 4.5, "{kind:?}");
            assert!(contrast(colors.fg, colors.bg) >= 4.5, "{kind:?}");
            assert!(contrast(colors.bar, theme.bar_rest) >= 3.0, "{kind:?}");
        }
    }
}
