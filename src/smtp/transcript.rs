//! What was said on a connection, as evidence.

use super::limits::{MAX_TRANSCRIPT_LINE, MAX_TRANSCRIPT_LINES};
use crate::values::printable_line;

/// Lines of a conversation: `<` from the server, `>` from us, `*` what happened. Bounded.
#[derive(Debug, Default)]
pub(super) struct Transcript(Vec<String>);

impl Transcript {
    pub(super) fn server(&mut self, line: &str) {
        self.push('<', line);
    }

    pub(super) fn us(&mut self, line: &str) {
        self.push('>', line);
    }

    pub(super) fn note(&mut self, line: &str) {
        self.push('*', line);
    }

    fn push(&mut self, mark: char, line: &str) {
        if self.0.len() < MAX_TRANSCRIPT_LINES {
            let line: String = printable_line(line).chars().take(MAX_TRANSCRIPT_LINE).collect();
            self.0.push(format!("{mark} {line}"));
        }
    }

    pub(super) fn into_lines(self) -> Vec<String> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_stays_small_whatever_is_said() {
        let mut transcript = Transcript::default();
        for _ in 0..10_000 {
            transcript.server(&"\u{1b}x".repeat(10_000));
        }
        transcript.us("QUIT");
        let lines = transcript.into_lines();
        assert_eq!(lines.len(), MAX_TRANSCRIPT_LINES);
        assert!(lines.iter().all(|line| line.chars().count() <= MAX_TRANSCRIPT_LINE + 2));
        assert!(lines.iter().all(|line| !line.contains('\u{1b}')));
    }
}
