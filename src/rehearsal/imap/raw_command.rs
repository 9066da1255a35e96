use imap_codec::CommandCodec;
use imap_codec::decode::Decoder;
use imap_codec::imap_types::command::Command;

/// A command as it came: pieces of text with the literals between them, line ends and literal marks taken away.
///
/// There is always one text more than there are literals. It has no `Debug`, as it may hold a password.
#[derive(Default)]
pub(super) struct RawCommand {
    pub(super) texts: Vec<Vec<u8>>,
    pub(super) literals: Vec<Vec<u8>>,
}

/// The end of a line that announces a literal: `{12}` or `{12+}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LiteralMark {
    /// Length of the text before the mark.
    pub(super) text_length: usize,
    pub(super) literal_length: u64,
    /// Whether the client waits for `+` (RFC 7888 has the form that does not).
    pub(super) is_synchronising: bool,
}

impl LiteralMark {
    pub(super) fn find(line: &[u8]) -> Option<Self> {
        let inner = line.strip_suffix(b"}")?;
        let (inner, is_synchronising) = match inner.strip_suffix(b"+") {
            Some(inner) => (inner, false),
            None => (inner, true),
        };
        let open = memchr::memrchr(b'{', inner)?;
        let digits = std::str::from_utf8(inner.get(open + 1..)?).ok()?;
        if digits.len() > 18 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        Some(Self { text_length: open, literal_length: digits.parse().ok()?, is_synchronising })
    }
}

impl RawCommand {
    /// Whether this text occurs in the command outside literals.
    pub(super) fn names(&self, text: &str) -> bool {
        self.texts.iter().any(|part| part.windows(text.len().max(1)).any(|window| window == text.as_bytes()))
    }

    /// The tag, or `*` where there is none that could be answered.
    pub(super) fn tag(&self) -> &str {
        let text = self.texts.first().map_or(&[][..], Vec::as_slice);
        let tag = text.split(|byte| *byte == b' ').next().unwrap_or_default();
        let is_tag = !tag.is_empty() && tag.len() <= 64 && tag.iter().all(|byte| is_tag_character(*byte));
        std::str::from_utf8(tag).ok().filter(|_| is_tag).unwrap_or("*")
    }

    /// The name of the command in capitals; `UID` commands with both words.
    pub(super) fn name(&self) -> String {
        let text = self.texts.first().map_or(&[][..], Vec::as_slice);
        let mut words = text.split(|byte| *byte == b' ').skip(1);
        let mut word = || String::from_utf8_lossy(words.next().unwrap_or_default()).to_ascii_uppercase();
        match word() {
            uid if uid == "UID" => format!("UID {}", word()),
            name => name,
        }
    }

    /// Everything after tag and name, for the commands that the grammar of imap-codec does not have.
    ///
    /// Literals become quoted strings; `None` where a literal cannot be quoted.
    pub(super) fn arguments(&self) -> Option<String> {
        let mut joined = String::new();
        for (index, text) in self.texts.iter().enumerate() {
            joined.push_str(std::str::from_utf8(text).ok()?);
            if let Some(literal) = self.literals.get(index) {
                let literal =
                    std::str::from_utf8(literal).ok().filter(|text| !text.contains(['\r', '\n', '\0']))?;
                joined.push('"');
                joined.push_str(&literal.replace('\\', "\\\\").replace('"', "\\\""));
                joined.push('"');
            }
        }
        let mut parts = joined.splitn(3, ' ');
        Some(parts.nth(2).unwrap_or_default().to_owned())
    }

    /// Reads the command with the grammar of imap-codec.
    pub(super) fn parse(&self) -> Option<Command<'static>> {
        let mut joined = Vec::new();
        for (index, text) in self.texts.iter().enumerate() {
            joined.extend_from_slice(text);
            if let Some(literal) = self.literals.get(index) {
                joined.extend_from_slice(format!("{{{}}}\r\n", literal.len()).as_bytes());
                joined.extend_from_slice(literal);
            }
        }
        joined.extend_from_slice(b"\r\n");
        let (rest, command) = CommandCodec::default().decode_static(&joined).ok()?;
        rest.is_empty().then_some(command)
    }
}

/// `tag = 1*<any ASTRING-CHAR except "+">`
fn is_tag_character(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"(){%*\"\\+".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literal_marks_are_found_at_the_end_only() {
        let mark = LiteralMark::find(b"a LOGIN {5}").unwrap();
        assert_eq!((mark.text_length, mark.literal_length, mark.is_synchronising), (8, 5, true));
        assert!(!LiteralMark::find(b"a APPEND x {12+}").unwrap().is_synchronising);
        for line in [&b"a NOOP"[..], b"a LOGIN {5} x", b"{x}", b"}", b"{99999999999999999999}", b"a \"{5\"}x"]
        {
            assert_eq!(LiteralMark::find(line), None, "{line:?}");
        }
    }

    #[test]
    fn commands_know_tag_name_and_arguments() {
        let raw = RawCommand {
            texts: vec![b"a1 LIST \"\" ".to_vec(), b" RETURN (CHILDREN)".to_vec()],
            literals: vec![b"*".to_vec()],
        };
        assert_eq!((raw.tag(), raw.name().as_str()), ("a1", "LIST"));
        assert_eq!(raw.arguments().unwrap(), "\"\" \"*\" RETURN (CHILDREN)");
        let raw = RawCommand { texts: vec![b"b uid fetch 1:* FLAGS".to_vec()], literals: Vec::new() };
        assert_eq!(raw.name(), "UID FETCH");
        assert!(raw.parse().is_some());
        assert_eq!(RawCommand::default().tag(), "*");
    }
}
