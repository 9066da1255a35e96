//! The guide of `docs/`, inside the program: the same pages, for somebody who presses F1 without a network.

use crate::engine::Step;

/// One page of the guide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chapter {
    /// Its file in `docs/src`, by which pages link to each other.
    pub file: &'static str,
    text: &'static str,
}

macro_rules! chapters {
    ($($file:literal),* $(,)?) => {
        /// Every page in the order of the guide's contents.
        pub const CHAPTERS: &[Chapter] = &[
            $(Chapter { file: $file, text: include_str!(concat!("../../docs/src/", $file)) },)*
        ];
    };
}

chapters![
    "index.md",
    "should-i-move.md",
    "copying.md",
    "records-and-switch.md",
    "to-fastmail.md",
    "to-microsoft-365.md",
    "to-google-workspace.md",
    "checks.md",
    "command-line.md",
    "what-is-stored.md",
    "questions.md",
];

impl Chapter {
    /// The chapter in this file.
    pub fn in_file(file: &str) -> Option<Self> {
        CHAPTERS.iter().find(|chapter| chapter.file == file).copied()
    }

    /// What its first line says.
    pub fn title(self) -> &'static str {
        self.text.lines().next().unwrap_or_default().trim_start_matches("# ")
    }

    /// What stands behind the title, without pictures: the window itself is beside it.
    pub fn parts(self) -> Vec<Part> {
        let mut parts = vec![Part::Text(String::new())];
        for line in self.text.lines().skip(1).filter(|line| !line.starts_with("![")) {
            let is_fence = line.trim_start().starts_with("```");
            match (parts.last_mut(), is_fence) {
                (Some(Part::Text(_)), true) => parts.push(Part::Lines(String::new())),
                (Some(Part::Lines(_)), true) => parts.push(Part::Text(String::new())),
                (Some(Part::Text(text)), false) => add_line(text, line),
                (Some(Part::Lines(lines)), false) => add_line(lines, line.trim_start()),
                (None, _) => {}
            }
        }
        parts.retain(|part| match part {
            Part::Text(text) | Part::Lines(text) => !text.trim().is_empty(),
        });
        parts
    }
}

/// A part of a chapter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Markdown without blocks of code.
    Text(String),
    /// Lines to copy.
    Lines(String),
}

fn add_line(text: &mut String, line: &str) {
    if !text.is_empty() {
        text.push('\n');
    }
    text.push_str(line);
}

/// The file of the chapter that helps at a step.
pub const fn file_of(step: Step) -> &'static str {
    match step {
        Step::Domain | Step::Audit | Step::Verdict => "should-i-move.md",
        Step::Destination | Step::Mailboxes | Step::Plan | Step::Copy => "copying.md",
        Step::Records | Step::Switch | Step::Done => "records-and-switch.md",
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    #[test]
    fn the_chapters_are_those_of_the_guide_in_its_order() {
        let summary = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/src/SUMMARY.md"));
        let summary = summary.unwrap();
        let listed: Vec<&str> =
            summary.split("](").skip(1).map(|rest| rest.split(')').next().unwrap()).collect();
        assert_eq!(CHAPTERS.iter().map(|chapter| chapter.file).collect::<Vec<_>>(), listed);
    }

    #[test]
    fn each_chapter_begins_with_its_title_and_shows_no_picture() {
        for chapter in CHAPTERS {
            assert!(chapter.text.starts_with("# "), "{}", chapter.file);
            assert!(!chapter.title().is_empty() && !chapter.parts().is_empty(), "{}", chapter.file);
            for part in chapter.parts() {
                let (Part::Text(text) | Part::Lines(text)) = part;
                assert!(!text.contains("![") && !text.contains("```"), "{}: {text}", chapter.file);
            }
        }
    }

    #[test]
    fn lines_to_copy_stand_apart_also_inside_a_list() {
        let text = "# Title\n\n![a](b.png)\nOne:\n\n```\nmailferry a\nmailferry b\n```\n2. Two\n\n   ```\n   mailferry c\n   ```\n";
        let parts = Chapter { file: "a.md", text }.parts();
        assert_eq!(
            parts,
            [
                Part::Text("One:\n".to_owned()),
                Part::Lines("mailferry a\nmailferry b".to_owned()),
                Part::Text("2. Two\n".to_owned()),
                Part::Lines("mailferry c".to_owned()),
            ]
        );
    }

    #[test]
    fn each_step_has_a_chapter() {
        for step in Step::ALL {
            assert!(Chapter::in_file(file_of(step)).is_some(), "{step:?}");
        }
    }
}
