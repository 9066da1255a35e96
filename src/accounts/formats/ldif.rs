//! LDIF (RFC 2849): entries of a directory as lines of `attribute: value`.

use data_encoding::BASE64;

/// The attributes of one entry that are asked for, in lower case, with their values.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct LdifEntry {
    /// Line in which it begins.
    pub number: u64,
    values: Vec<(String, String)>,
}

impl LdifEntry {
    pub(super) fn all<'e>(&'e self, name: &'e str) -> impl Iterator<Item = &'e str> {
        self.values.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn first(&self, name: &str) -> Option<&str> {
        self.values.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn add(&mut self, line: &str, wanted: &[&str]) {
        let Some((name, value)) = line.split_once(':') else { return };
        // `mail;lang-de` is `mail` in a language (RFC 4512 section 2.5).
        let name = name.split(';').next().unwrap_or_default().to_ascii_lowercase();
        if !wanted.contains(&name.as_str()) {
            return;
        }
        let value = match value.strip_prefix(':') {
            Some(encoded) => {
                let bytes = BASE64.decode(encoded.trim().as_bytes()).unwrap_or_default();
                String::from_utf8_lossy(&bytes).into_owned()
            }
            None => value.trim().to_owned(),
        };
        self.values.push((name, value));
    }
}

/// The entries of a text, with only the attributes that are asked for.
pub(super) fn entries<'t>(text: &'t str, wanted: &'t [&'t str]) -> impl Iterator<Item = LdifEntry> + 't {
    let mut lines = (1_u64..).zip(text.lines()).peekable();
    std::iter::from_fn(move || {
        while lines.next_if(|(_, line)| line.trim().is_empty()).is_some() {}
        let mut entry = LdifEntry { number: lines.peek()?.0, values: Vec::new() };
        while let Some((_, first)) = lines.next_if(|(_, line)| !line.trim().is_empty()) {
            let mut whole = first.to_owned();
            // A line that begins with a space continues the one before.
            while let Some((_, more)) = lines.next_if(|(_, line)| line.starts_with(' ')) {
                whole.push_str(more.get(1..).unwrap_or_default());
            }
            if !whole.starts_with('#') {
                entry.add(&whole, wanted);
            }
        }
        Some(entry)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folded_and_encoded_values_read_and_others_are_dropped() {
        let text = "version: 1\n\ndn: mail=a@b.example\nmail: an\n na@b.example\ncn:: TcO8bGxlcg==\nuserPassword: {SSHA}x\n\n";
        let found: Vec<_> = entries(text, &["mail", "cn"]).collect();
        assert_eq!(found.len(), 2);
        assert_eq!((found[1].first("mail"), found[1].first("cn")), (Some("anna@b.example"), Some("Müller")));
        assert_eq!((found[1].number, found[1].first("userpassword")), (3, None));
    }
}
