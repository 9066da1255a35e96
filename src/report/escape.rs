//! Escaping for the HTML templates.

use std::fmt::{self, Write};

use askama::filters::{Escaper, Html};

use crate::values::printable_text;

/// Cleans, then escapes untrusted text. `askama.toml` applies it to every template.
#[derive(Clone, Copy, Debug)]
pub(super) struct CleanHtml;

impl Escaper for CleanHtml {
    fn write_escaped_str<W: Write>(&self, dest: W, string: &str) -> fmt::Result {
        Html.write_escaped_str(dest, &printable_text(string))
    }
}
