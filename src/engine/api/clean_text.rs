use std::io::{self, Write};

use crate::values::printable_text;

/// Most bytes of an incomplete character.
const LONGEST_BEGINNING: usize = 3;

/// A writer that cleans text on its way to a file or terminal ([`printable_text`]), in arbitrary pieces.
pub struct CleanText<W: Write> {
    out: W,
    /// An incomplete character, or a carriage return that may be followed by a line feed.
    begun: Vec<u8>,
}

impl<W: Write> CleanText<W> {
    /// Cleans what goes to `out`.
    pub fn new(out: W) -> Self {
        Self { out, begun: Vec::new() }
    }

    /// Writes the rest and flushes.
    pub fn finish(&mut self) -> io::Result<()> {
        let begun = std::mem::take(&mut self.begun);
        self.pass(&begun)?;
        self.out.flush()
    }

    fn pass(&mut self, bytes: &[u8]) -> io::Result<()> {
        let text = String::from_utf8_lossy(bytes);
        self.out.write_all(printable_text(&text).as_bytes())
    }
}

impl<W: Write> Write for CleanText<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut whole = std::mem::take(&mut self.begun);
        whole.extend_from_slice(bytes);
        let rest = whole.split_off(whole.len() - unfinished(&whole));
        self.begun = rest;
        self.pass(&whole)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// How many bytes at the end are incomplete.
fn unfinished(bytes: &[u8]) -> usize {
    if bytes.ends_with(b"\r") {
        return 1;
    }
    let is_begun = |count: &usize| {
        let Some(&first) = bytes.len().checked_sub(*count).and_then(|at| bytes.get(at)) else { return false };
        let length = match first {
            0xc0..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xf7 => 4,
            _ => return false,
        };
        length > *count
    };
    (1..=LONGEST_BEGINNING).find(is_begun).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_in_pieces_comes_out_as_in_one() {
        let said = "a\u{1b}[1m\r\nbé\u{202e}👩‍👩‍👧\rc\u{9b}, דואר\r\n";
        let mut whole = CleanText::new(Vec::new());
        whole.write_all(said.as_bytes()).unwrap();
        whole.finish().unwrap();
        let whole = String::from_utf8(whole.out).unwrap();
        assert_eq!(whole, "a␛[1m\r\nbé\u{fffd}👩‍👩‍👧␍c\u{fffd}, דואר\r\n");
        for size in 1..7 {
            let mut out = CleanText::new(Vec::new());
            for piece in said.as_bytes().chunks(size) {
                out.write_all(piece).unwrap();
            }
            out.finish().unwrap();
            assert_eq!(String::from_utf8(out.out).unwrap(), whole, "{size}");
        }
    }

    #[test]
    fn what_is_no_text_is_marked_and_loses_nothing_behind_it() {
        let mut out = CleanText::new(Vec::new());
        for piece in [&b"a\xff"[..], b"b\xe2\x82", b"c", b"\xf0"] {
            out.write_all(piece).unwrap();
        }
        out.finish().unwrap();
        assert_eq!(String::from_utf8(out.out).unwrap(), "a\u{fffd}b\u{fffd}c\u{fffd}");
    }
}
