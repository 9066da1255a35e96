//! Fields of a header as a server gives them, for the few words that are looked for in them.

/// The fields, unfolded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::survey::evidence) struct Header(Vec<(String, String)>);

impl Header {
    /// Reads whatever came; a line that is no field belongs to the one before (RFC 5322 section 2.2.3).
    pub(in crate::survey::evidence) fn read(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let mut fields: Vec<(String, String)> = Vec::new();
        for line in text.lines() {
            let is_fold = line.starts_with([' ', '\t']);
            match (line.split_once(':'), fields.last_mut()) {
                (Some((name, value)), _) if !is_fold => {
                    fields.push((name.trim_end().to_owned(), value.trim().to_owned()));
                }
                (_, Some((_, value))) => {
                    if !value.is_empty() {
                        value.push(' ');
                    }
                    value.push_str(line.trim());
                }
                (_, None) => {}
            }
        }
        Self(fields)
    }

    /// Whether a field of this name holds these words, in whatever case.
    pub(in crate::survey::evidence) fn has_words(&self, name: &str, words: &str) -> bool {
        let words = words.to_ascii_lowercase();
        self.all(name).any(|value| value.to_ascii_lowercase().contains(&words))
    }

    /// The first field of this name that is not empty.
    pub(in crate::survey::evidence) fn first(&self, name: &str) -> Option<&str> {
        self.all(name).find(|value| !value.is_empty())
    }

    fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let is_it = move |field: &&(String, String)| field.0.eq_ignore_ascii_case(name);
        self.0.iter().filter(is_it).map(|(_, value)| value.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folded_odd_and_missing_fields_are_read() {
        let header = Header::read(
            b"stray\r\nMessage-ID:\r\n <1@a.example>\r\nSubject : Gr\xfc\xdfe\nsubject: two\n\n",
        );
        assert_eq!(header.first("message-id"), Some("<1@a.example>"));
        assert!(header.has_words("SUBJECT", "gr") && header.has_words("Subject", "TWO"));
        assert!(!header.has_words("To", "") && header.first("stray").is_none());
        assert_eq!(Header::read(b""), Header::default());
        assert_eq!(Header::read(b"Message-ID: \r\n").first("Message-ID"), None);
    }
}
