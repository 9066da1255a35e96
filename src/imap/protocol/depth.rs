//! How deep the lists of a reply are nested, counted before anything reads them.

/// Deepest nesting of a reply. What is asked for has four levels at most. A server that describes a message of nested
/// messages (BODYSTRUCTURE, which nobody here asks for) needs two levels for each of them.
pub(in crate::imap) const MAX_DEPTH: usize = 64;

/// Lists that are open, over all lines of one reply. Literals are no part of it.
#[derive(Debug, Default)]
pub(in crate::imap) struct Depth {
    open: usize,
}

impl Depth {
    /// Walks over a line without its literals; false where its lists are nested too deep. What stands in quotes opens
    /// no list, and quotes end with their line.
    pub(in crate::imap) fn takes(&mut self, line: &[u8]) -> bool {
        let mut is_quoted = false;
        let mut is_escaped = false;
        for byte in line {
            match byte {
                _ if is_escaped => is_escaped = false,
                b'\\' if is_quoted => is_escaped = true,
                b'"' => is_quoted = !is_quoted,
                b'(' if !is_quoted => self.open += 1,
                b')' if !is_quoted => self.open = self.open.saturating_sub(1),
                _ => {}
            }
            if self.open > MAX_DEPTH {
                return false;
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_is_counted_whatever_is_between_the_parentheses() {
        for step in
            ["(", "( ", "(1 ", "(a (b) ", "(\"x\" ", "(\"(((\\\"((\" ", "(NIL \"y\" 5 ", ") (( ", "(\\Seen "]
        {
            assert!(Depth::default().takes(step.repeat(MAX_DEPTH / 2).as_bytes()), "{step}");
            assert!(!Depth::default().takes(step.repeat(5_000).as_bytes()), "{step}");
            // Also when a literal ends each line.
            let mut depth = Depth::default();
            let line = format!("{step}{{3}}\r\n");
            assert!((0..5_000).any(|_| !depth.takes(line.as_bytes())), "{step}");
        }
    }

    #[test]
    fn what_is_wide_is_not_deep() {
        for wide in ["(a) ", "\"(\" ", "() (() ()) ", ") ", "\"\\\"(\" "] {
            assert!(Depth::default().takes(wide.repeat(50_000).as_bytes()), "{wide}");
        }
    }
}
