//! Inter in five cuts from one variable file, with tabular digits baked in; Hack for records and replies.

use std::sync::Arc;

use egui::epaint::text::{FontTweak, VariationCoords};
use egui::{Color32, Context, FontData, FontDefinitions, FontFamily, FontId, TextFormat};

static INTER: &[u8] = include_bytes!("../../assets/fonts/Inter-mf.ttf");

/// Styles of text. Nothing below 11 points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// The start page's question; once per page.
    Display,
    /// Page headings, large figures.
    Title,
    /// The domain in the header.
    Header,
    /// Panel headings, ledger numbers.
    Section,
    /// Plain-words sentences.
    Lead,
    /// Rows and fields.
    Body,
    /// Names, labels, buttons.
    Label,
    /// The open step, numbers that matter.
    Strong,
    /// Captions, notes, status line.
    Small,
    /// Table heads, chips, small buttons.
    SmallLabel,
    /// Axis labels only.
    Axis,
    /// Records, replies, addresses, A-labels, ids.
    Mono,
    /// The same inside diffs.
    MonoDiff,
}

impl Type {
    /// Font and size.
    pub fn font(self) -> FontId {
        let (size, family) = match self {
            Self::Display => (24.0, "inter-600-24"),
            Self::Title => (20.0, "inter-600-20"),
            Self::Header => (15.0, "inter-600"),
            Self::Section => (14.0, "inter-600"),
            Self::Lead => (14.0, "inter-400"),
            Self::Body => (13.0, "inter-400"),
            Self::Label => (13.0, "inter-500"),
            Self::Strong => (13.0, "inter-600"),
            Self::Small => (12.0, "inter-400"),
            Self::SmallLabel => (12.0, "inter-500"),
            Self::Axis => (11.0, "inter-400"),
            Self::Mono => return FontId::new(12.0, FontFamily::Monospace),
            Self::MonoDiff => return FontId::new(11.5, FontFamily::Monospace),
        };
        FontId::new(size, FontFamily::Name(family.into()))
    }

    /// Height of a line in points.
    pub const fn line_height(self) -> f32 {
        match self {
            Self::Display => 32.0,
            Self::Title => 28.0,
            Self::Section | Self::Body | Self::Label | Self::Strong | Self::Header => 20.0,
            Self::Lead => 21.0,
            Self::Small | Self::SmallLabel => 17.0,
            Self::Axis => 14.0,
            Self::Mono => 18.0,
            Self::MonoDiff => 19.0,
        }
    }

    /// Font, size, line height and colour together.
    pub fn format(self, color: Color32) -> TextFormat {
        TextFormat {
            font_id: self.font(),
            line_height: Some(self.line_height()),
            color,
            ..TextFormat::default()
        }
    }
}

/// The cuts: family name, weight, optical size.
const CUTS: [(&str, f32, f32); 5] = [
    ("inter-400", 400.0, 14.0),
    ("inter-500", 500.0, 14.0),
    ("inter-600", 600.0, 14.0),
    ("inter-600-20", 600.0, 20.0),
    ("inter-600-24", 600.0, 24.0),
];

/// Puts the fonts into the context. Call once at start.
pub fn install(ctx: &Context) {
    ctx.set_fonts(definitions());
}

fn definitions() -> FontDefinitions {
    let mut definitions = FontDefinitions::default();
    let fallback = definitions.families.get(&FontFamily::Monospace).cloned().unwrap_or_default();
    for (name, weight, optical_size) in CUTS {
        let data = FontData::from_static(INTER).tweak(FontTweak {
            coords: VariationCoords::new([(b"wght", weight), (b"opsz", optical_size)]),
            ..FontTweak::default()
        });
        definitions.font_data.insert(name.to_owned(), Arc::new(data));
        let mut family = vec![name.to_owned()];
        family.extend(fallback.iter().cloned());
        definitions.families.insert(FontFamily::Name(name.into()), family);
    }
    if let Some(regular) = definitions.families.get(&FontFamily::Name("inter-400".into())).cloned() {
        definitions.families.insert(FontFamily::Proportional, regular);
    }
    if let Some(monospace) = definitions.families.get_mut(&FontFamily::Monospace) {
        monospace.insert(1.min(monospace.len()), "inter-400".to_owned());
    }
    definitions
}

#[cfg(test)]
mod tests {

    use super::*;

    #[test]
    fn digits_are_equally_wide_in_every_cut() {
        let ctx = Context::default();
        install(&ctx);
        let mut widths = Vec::new();
        let mut output = ctx.run_ui(egui::RawInput::default(), |ui| {
            for style in [Type::Body, Type::Label, Type::Section, Type::Title, Type::Display] {
                let width = |text: &str| {
                    ui.painter().layout_no_wrap(text.to_owned(), style.font(), Color32::WHITE).rect.width()
                };
                widths.push((style, width("0000000000"), width("1111111111")));
            }
        });
        output.textures_delta.clear();
        assert!(!widths.is_empty());
        for (style, zeros, ones) in widths {
            assert!((zeros - ones).abs() < 0.1, "{style:?}: {zeros} {ones}");
        }
    }
}
