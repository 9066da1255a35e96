//! Macro strings (RFC 7208 section 7): parsing and expansion.

use std::net::IpAddr;

/// Where a macro string stands; explanations may use `c`, `r`, `t` and blanks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Domain,
    Modifier,
    Explanation,
}

/// A macro string, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MacroString {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Literal(String),
    /// `%%`, `%_` and `%-`: a text, but a macro for the grammar of the last label.
    Escape(&'static str),
    Expand {
        letter: char,
        is_escaped: bool,
        keep: Option<usize>,
        is_reversed: bool,
        delimiters: String,
    },
}

/// What is wrong, and at which byte of the macro string.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct MacroError {
    pub offset: usize,
    pub words: String,
}

/// Values that macros stand for, except `d` and `p`, which change or cost lookups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::audit) struct Client {
    pub ip: IpAddr,
    pub local: String,
    pub sender_domain: String,
    pub helo: String,
    pub at_secs: i64,
}

impl MacroString {
    pub(super) fn parse(text: &str, place: Place) -> Result<Self, MacroError> {
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(character) = rest.chars().next() {
            let offset = text.len() - rest.len();
            let error = |words: &str| MacroError { offset, words: words.to_owned() };
            if character == '%' {
                if !literal.is_empty() {
                    parts.push(Part::Literal(std::mem::take(&mut literal)));
                }
                let (part, length) = parse_expand(rest, place).map_err(|words| error(&words))?;
                parts.push(part);
                rest = rest.get(length..).unwrap_or_default();
                continue;
            }
            let is_allowed =
                character.is_ascii_graphic() || (character == ' ' && place == Place::Explanation);
            if !is_allowed {
                return Err(error("a character that is not allowed here"));
            }
            literal.push(character);
            rest = rest.get(character.len_utf8()..).unwrap_or_default();
        }
        if !literal.is_empty() {
            parts.push(Part::Literal(literal));
        }
        Ok(Self { parts })
    }

    /// Parses a `domain-spec`, which must end in a macro or in a dot and a top label (RFC 7208 section 7.1).
    pub(super) fn parse_domain(text: &str) -> Result<Self, MacroError> {
        let parsed = Self::parse(text, Place::Domain)?;
        let is_domain = match parsed.parts.last() {
            None => false,
            Some(Part::Literal(literal)) => {
                let literal = literal.strip_suffix('.').unwrap_or(literal);
                literal.rsplit_once('.').is_some_and(|(_, label)| is_top_label(label))
            }
            Some(Part::Escape(_) | Part::Expand { .. }) => true,
        };
        if is_domain {
            Ok(parsed)
        } else {
            let words = if text.is_empty() {
                "a domain is missing".to_owned()
            } else {
                format!("“{text}” is no domain")
            };
            Err(MacroError { offset: 0, words })
        }
    }

    /// Whether the text depends on who sends: anything but `%{d}`.
    pub(super) fn depends_on_client(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Expand { letter, .. } if *letter != 'd'))
    }

    /// Whether `%{p}` is used, which costs lookups.
    pub(super) fn uses_validated_name(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Expand { letter: 'p', .. }))
    }

    /// The name, where no macro but `%{d}` is in it.
    pub(super) fn expand_without_client(&self, domain: &str) -> Option<String> {
        let nobody = Client {
            ip: std::net::Ipv4Addr::UNSPECIFIED.into(),
            local: String::new(),
            sender_domain: String::new(),
            helo: String::new(),
            at_secs: 0,
        };
        (!self.depends_on_client()).then(|| self.expand_domain(&nobody, domain, "unknown"))
    }

    /// The text with every macro replaced. `validated` is the value of `%{p}`.
    pub(super) fn expand(&self, client: &Client, domain: &str, validated: &str) -> String {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Literal(literal) => text.push_str(literal),
                Part::Escape(escape) => text.push_str(escape),
                Part::Expand { letter, is_escaped, keep, is_reversed, delimiters } => {
                    let value = value_of(*letter, client, domain, validated);
                    let value = transform(&value, *keep, *is_reversed, delimiters);
                    if *is_escaped { text.push_str(&url_escape(&value)) } else { text.push_str(&value) }
                }
            }
        }
        text
    }

    /// [`Self::expand`] for a name to ask: cut at the left to 253 bytes (RFC 7208 section 7.3).
    pub(super) fn expand_domain(&self, client: &Client, domain: &str, validated: &str) -> String {
        let text = self.expand(client, domain, validated);
        let mut name = text.strip_suffix('.').unwrap_or(&text);
        while name.len() > 253 {
            match name.split_once('.') {
                Some((_, rest)) => name = rest,
                None => break,
            }
        }
        name.to_owned()
    }
}

/// Parses what begins with `%`; gives the part and its length in bytes.
fn parse_expand(text: &str, place: Place) -> Result<(Part, usize), String> {
    for (escape, meaning) in [("%%", "%"), ("%_", " "), ("%-", "%20")] {
        if text.starts_with(escape) {
            return Ok((Part::Escape(meaning), 2));
        }
    }
    let (body, _) = text
        .strip_prefix("%{")
        .and_then(|rest| rest.split_once('}'))
        .ok_or("“%” begins a macro such as %{i}, and a percent sign itself is written %%")?;
    let wrong = || format!("%{{{body}}} is not a macro");
    let mut characters = body.chars();
    let letter = characters.next().ok_or_else(wrong)?;
    let lower = letter.to_ascii_lowercase();
    let is_known = "slodiphv".contains(lower) || (place == Place::Explanation && "crt".contains(lower));
    if !is_known {
        return Err(if "crt".contains(lower) {
            format!("%{{{body}}} is allowed in explanations only")
        } else {
            wrong()
        });
    }
    let rest = characters.as_str();
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    let rest = rest.get(digits.len()..).unwrap_or_default();
    let keep = match digits.as_str() {
        "" => None,
        // More parts than any name has: all of them.
        digits => Some(digits.parse::<usize>().unwrap_or(usize::MAX))
            .filter(|number| *number > 0)
            .ok_or_else(wrong)
            .map(Some)?,
    };
    let (is_reversed, delimiters) = match rest.strip_prefix(['r', 'R']) {
        Some(delimiters) => (true, delimiters),
        None => (false, rest),
    };
    if !delimiters.chars().all(|character| ".-+,/_=".contains(character)) {
        return Err(wrong());
    }
    let delimiters = if delimiters.is_empty() { "." } else { delimiters }.to_owned();
    let part = Part::Expand {
        letter: lower,
        is_escaped: letter.is_ascii_uppercase(),
        keep,
        is_reversed,
        delimiters,
    };
    Ok((part, body.len() + 3))
}

/// `( *alphanum ALPHA *alphanum ) / ( 1*alphanum "-" *( alphanum / "-" ) alphanum )`.
fn is_top_label(label: &str) -> bool {
    let is_inside = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    !label.is_empty()
        && label.bytes().all(is_inside)
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.bytes().any(|byte| byte.is_ascii_alphabetic() || byte == b'-')
}

fn value_of(letter: char, client: &Client, domain: &str, validated: &str) -> String {
    match letter {
        's' => format!("{}@{}", client.local, client.sender_domain),
        'l' => client.local.clone(),
        'o' => client.sender_domain.clone(),
        'd' => domain.to_owned(),
        'i' => dotted(client.ip),
        'p' => validated.to_owned(),
        'v' => if client.ip.is_ipv4() { "in-addr" } else { "ip6" }.to_owned(),
        'h' => client.helo.clone(),
        'c' => client.ip.to_string(),
        't' => client.at_secs.to_string(),
        // `r`, the receiving host: an audit has none.
        _ => "unknown".to_owned(),
    }
}

fn dotted(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => {
            let nibbles: Vec<String> = v6
                .octets()
                .iter()
                .flat_map(|byte| [byte >> 4, byte & 15])
                .map(|nibble| format!("{nibble:x}"))
                .collect();
            nibbles.join(".")
        }
    }
}

fn transform(value: &str, keep: Option<usize>, is_reversed: bool, delimiters: &str) -> String {
    let mut parts: Vec<&str> = value.split(|character| delimiters.contains(character)).collect();
    if is_reversed {
        parts.reverse();
    }
    let skip = keep.map_or(0, |keep| parts.len().saturating_sub(keep));
    parts.into_iter().skip(skip).collect::<Vec<_>>().join(".")
}

fn url_escape(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.extend(["%", &format!("{byte:02X}")]);
        }
    }
    text
}

#[cfg(test)]
#[path = "macros_tests.rs"]
mod macros_tests;
