//! Structured field values (RFC 5322 section 3.2): comments, quoted strings, and the domains of addresses.

/// Characters of one value that are read.
const MAX_CHARS: usize = 8_192;

/// A value in two halves: what counts, and what stood in comments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Plain {
    /// Without comments; each leaves a blank.
    pub text: String,
    /// Comments in their order, without the outer brackets.
    pub comments: Vec<String>,
}

/// Takes the comments out, nested ones too; quoted strings stay as they are.
pub(super) fn without_comments(value: &str) -> Plain {
    let mut plain = Plain::default();
    let mut depth = 0_usize;
    let mut is_quoted = false;
    let mut comment = String::new();
    let mut characters = value.chars().take(MAX_CHARS);
    while let Some(character) = characters.next() {
        let target = if depth == 0 { &mut plain.text } else { &mut comment };
        match character {
            '\\' => {
                target.push('\\');
                target.extend(characters.next());
            }
            '"' if depth == 0 => {
                is_quoted = !is_quoted;
                target.push('"');
            }
            '(' if !is_quoted => {
                if depth > 0 {
                    target.push('(');
                }
                depth += 1;
            }
            ')' if !is_quoted && depth > 0 => {
                depth -= 1;
                if depth == 0 {
                    plain.comments.push(std::mem::take(&mut comment));
                    plain.text.push(' ');
                } else {
                    comment.push(')');
                }
            }
            other => target.push(other),
        }
    }
    if depth > 0 {
        plain.comments.push(comment);
    }
    plain
}

/// Splits at a character that stands outside quoted strings.
pub(super) fn split_outside_quotes(text: &str, separator: char) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut is_quoted = false;
    let mut is_escaped = false;
    for (index, character) in text.char_indices() {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            _ if character == separator && !is_quoted => {
                parts.extend(text.get(start..index));
                start = index + character.len_utf8();
            }
            _ => {}
        }
    }
    parts.extend(text.get(start..));
    parts
}

/// Domains of the addresses in a value such as `Anna <anna@a.example>, bert@b.example`, in lower case, at most ten.
pub(super) fn domains(value: &str) -> Vec<String> {
    let plain = without_comments(value).text;
    let mut found: Vec<String> = Vec::new();
    for mailbox in split_outside_quotes(&plain, ',').into_iter().take(100) {
        let address = match split_outside_quotes(mailbox, '<').as_slice() {
            [_, inner, ..] => inner.split('>').next().unwrap_or(inner),
            _ => mailbox.rsplit(':').next().unwrap_or(mailbox),
        };
        let domain = domain_of(address);
        if let Some(domain) = domain.filter(|domain| found.len() < 10 && !found.contains(domain)) {
            found.push(domain);
        }
    }
    found
}

/// The domain behind the last “@”, in lower case, where it has the form of one.
pub(super) fn domain_of(address: &str) -> Option<String> {
    let (_, domain) = address.rsplit_once('@')?;
    let domain = domain.trim().trim_end_matches(['>', ';', '"', '.']).to_lowercase();
    let is_domain = !domain.is_empty()
        && domain.len() <= 253
        && domain.chars().all(|character| character.is_alphanumeric() || "-._[]:".contains(character));
    is_domain.then_some(domain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_are_taken_out_and_quotes_stay() {
        let plain = without_comments(r#"a (one (two) \) three) "b (c)" d"#);
        assert_eq!(plain.text, r#"a   "b (c)" d"#);
        assert_eq!(plain.comments, [r"one (two) \) three"]);
        assert_eq!(without_comments(&"(".repeat(100_000)).comments.len(), 1);
    }

    #[test]
    fn addresses_give_their_domains() {
        assert_eq!(
            domains(r#""x@evil.example" <a@A.Example>, b@b.example (c@c.example)"#),
            ["a.example", "b.example"]
        );
        assert_eq!(domains("undisclosed:;"), Vec::<String>::new());
        assert_eq!(domains("Gruppe: a@müller.example;"), ["müller.example"]);
    }
}
