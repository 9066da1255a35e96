use std::ops::Range;

use serde::de::DeserializeOwned;
use thiserror::Error;

/// What is wrong with a data file, where, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("assets/{file}:{line}: {problem}; {way_out}")]
pub struct AssetError {
    /// Its path below `assets/`.
    pub file: String,
    /// Line, counted from 1.
    pub line: usize,
    /// What is wrong.
    pub problem: String,
    /// What to write instead.
    pub way_out: &'static str,
}

impl AssetError {
    pub(super) fn in_file(self, file: &str) -> Self {
        Self { file: file.to_owned(), ..self }
    }
}

/// The text of a file, to find line numbers.
#[derive(Clone, Copy)]
pub(super) struct Lines<'a>(pub(super) &'a str);

impl Lines<'_> {
    /// Reads the shape of the file.
    pub(super) fn parse<T: DeserializeOwned>(self) -> Result<T, AssetError> {
        toml::from_str(self.0).map_err(|error| {
            let problem = error.message().replace('\n', " ");
            self.wrong(
                error.span().unwrap_or(0..0),
                problem,
                "see the head of the file and its other entries for the format",
            )
        })
    }

    pub(super) fn wrong(self, at: Range<usize>, problem: String, way_out: &'static str) -> AssetError {
        let before = self.0.as_bytes().iter().take(at.start);
        let line = 1 + before.filter(|byte| **byte == b'\n').count();
        AssetError { file: String::new(), line, problem, way_out }
    }
}
