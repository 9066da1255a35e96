//! The last pass over a frame before it is painted, read out or copied: it cleans untrusted text anywhere on a page.
//! [`super::widgets::text`] has already cleaned most of it, so that its width is measured correctly.

use std::sync::Arc;

use egui::accesskit::{Node, Role};
use egui::epaint::TextShape;
use egui::text::LayoutJob;
use egui::{Context, FullOutput, OutputCommand, Plugin, Shape};

use super::widgets::text;
use crate::values::{is_unprintable, printable_text};

/// Cleans what a context puts out.
pub struct CleanOutput;

impl Plugin for CleanOutput {
    fn debug_name(&self) -> &'static str {
        "clean output"
    }

    fn output_hook(&mut self, ctx: &Context, output: &mut FullOutput) {
        for clipped in &mut output.shapes {
            clean_shape(ctx, &mut clipped.shape);
        }
        for command in &mut output.platform_output.commands {
            if let OutputCommand::CopyText(text) = command {
                *text = printable_text(text).into_owned();
            }
        }
        if let Some(update) = &mut output.platform_output.accesskit_update {
            for (_, node) in &mut update.nodes {
                clean_node(node);
            }
        }
    }
}

fn clean_shape(ctx: &Context, shape: &mut Shape) {
    match shape {
        Shape::Vec(shapes) => shapes.iter_mut().for_each(|shape| clean_shape(ctx, shape)),
        Shape::Text(text) if text.galley.text().contains(is_unprintable) => clean_text(ctx, text),
        _ => {}
    }
}

fn clean_text(ctx: &Context, text: &mut TextShape) {
    let said = &text.galley.job;
    let mut job = LayoutJob { text: String::new(), sections: Vec::new(), ..(**said).clone() };
    for section in &said.sections {
        let words = said.text.get(section.byte_range.start.0..section.byte_range.end.0).unwrap_or_default();
        job.append(&text::lines(words), section.leading_space, section.format.clone());
    }
    text.galley = ctx.fonts_mut(|fonts| Arc::clone(&fonts.layout_job(job)));
}

fn clean_node(node: &mut Node) {
    let dirty = |words: Option<&str>| {
        words.filter(|words| words.contains(is_unprintable)).map(|words| printable_text(words).into_owned())
    };
    if let Some(label) = dirty(node.label()) {
        node.set_label(label);
    }
    if let Some(description) = dirty(node.description()) {
        node.set_description(description);
    }
    if let Some(value) = dirty(node.value()) {
        if node.role() == Role::TextRun {
            let lengths: Vec<u8> =
                value.chars().map(|character| u8::try_from(character.len_utf8()).unwrap_or(4)).collect();
            node.set_character_lengths(lengths);
        }
        node.set_value(value);
    }
}

#[cfg(test)]
mod tests {
    use egui::{Align2, Color32, FontId, Pos2, RawInput};

    use super::*;

    fn texts(shape: &Shape, found: &mut Vec<String>) {
        match shape {
            Shape::Vec(shapes) => shapes.iter().for_each(|shape| texts(shape, found)),
            Shape::Text(text) => found.push(text.galley.text().to_owned()),
            _ => {}
        }
    }

    #[test]
    fn nothing_that_is_painted_copied_or_read_out_acts_on_a_reader() {
        let nasty = "gpj.\u{202e}exe \u{1b}[2J דואר";
        let ctx = Context::default();
        ctx.add_plugin(CleanOutput);
        ctx.enable_accesskit();
        let mut output = ctx.run_ui(RawInput::default(), |ui| {
            // Past every helper of this program, as a careless page would.
            ui.label(nasty);
            ui.painter().text(Pos2::ZERO, Align2::LEFT_TOP, nasty, FontId::default(), Color32::WHITE);
            ui.ctx().copy_text(nasty.to_owned());
        });
        // Nothing is drawn here.
        output.textures_delta.clear();
        let mut said = Vec::new();
        output.shapes.iter().for_each(|clipped| texts(&clipped.shape, &mut said));
        assert!(said.len() >= 2, "{said:?}");
        for command in &output.platform_output.commands {
            if let OutputCommand::CopyText(text) = command {
                said.push(text.clone());
            }
        }
        for (_, node) in output.platform_output.accesskit_update.iter().flat_map(|update| &update.nodes) {
            said.extend([node.label(), node.value()].into_iter().flatten().map(str::to_owned));
        }
        let with_words: Vec<&String> = said.iter().filter(|words| words.contains("gpj")).collect();
        assert!(with_words.len() >= 4, "{said:?}");
        for words in with_words {
            let is_clean = words == "gpj.□exe □[2J דואר" || words == "gpj.\u{fffd}exe ␛[2J דואר";
            assert!(is_clean, "{words:?}");
        }
    }
}
