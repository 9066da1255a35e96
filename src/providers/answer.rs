//! What only the provider's console or the owner knows: the question, and the check that each answer must pass.

use data_encoding::BASE64;
use thiserror::Error;

/// Longest answer accepted; a 4096-bit DKIM key has about 750 characters.
const ANSWER_BYTES_MAX: usize = 4096;

/// Something that only the provider's console or the owner knows, and that the new records need.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Name in templates.
    pub name: String,
    /// What is asked: `MX target of this domain`.
    pub question: String,
    /// Where the answer is found.
    pub help: String,
    /// What an answer looks like.
    pub example: String,
    /// The answer that is taken while nothing is typed.
    pub default: Option<String>,
    /// Whether records are missing without it.
    pub is_required: bool,
    /// What the answer must look like.
    pub check: AnswerCheck,
}

/// What an answer must look like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AnswerCheck {
    /// A host name, under one of these domains and beginning with one of these texts where any are given.
    Host {
        /// Domains it must be under.
        under: Vec<String>,
        /// Texts it must begin with.
        starts_with: Vec<String>,
    },
    /// One line of printable ASCII, at most 255 bytes, beginning with one of these texts where any are given.
    Text {
        /// Texts it must begin with.
        starts_with: Vec<String>,
    },
    /// A DKIM key record (RFC 6376 section 3.6.1), quoted and split as zone files and consoles show it.
    DkimKey,
    /// Labels of a DNS name: a selector or a token.
    Label,
    /// One SPF mechanism (RFC 7208 section 5), or the bare host of an `include:`.
    SpfTerm,
}

/// Why an answer cannot be used. The words say what would.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum AnswerError {
    /// Nothing was typed.
    #[error("nothing was entered: it looks like {example}")]
    Empty {
        /// What an answer looks like.
        example: String,
    },
    /// Line breaks, control characters or letters that zone files do not take.
    #[error("it contains a line break, a control character or a non-ASCII letter: copy only the value")]
    NotPlain,
    /// Far longer than any record.
    #[error("it is {bytes} bytes long, but the limit is {limit}: copy only the value")]
    TooLong {
        /// How long it is.
        bytes: usize,
        /// How long it may be.
        limit: usize,
    },
    /// Begins with something else.
    #[error("it should begin with {expected}, like {example}")]
    WrongStart {
        /// How it may begin.
        expected: String,
        /// What an answer looks like.
        example: String,
    },
    /// No host name at all.
    #[error("“{text}” is not a host name: it looks like {example}")]
    NotAHost {
        /// What was typed, shortened.
        text: String,
        /// What an answer looks like.
        example: String,
    },
    /// A host of somebody else.
    #[error("“{text}” is not under {expected}: copy the target from the provider’s console")]
    WrongHost {
        /// What was typed, shortened.
        text: String,
        /// Domains it may be under.
        expected: String,
    },
    /// Not made of DNS labels.
    #[error("“{text}” is not a record name: use letters, digits, hyphens and underscores, like {example}")]
    NotALabel {
        /// What was typed, shortened.
        text: String,
        /// What an answer looks like.
        example: String,
    },
    /// No DKIM key record.
    #[error("it is not a DKIM key: {why}; copy the whole text, which begins with v=DKIM1")]
    NotADkimKey {
        /// What is wrong.
        why: String,
    },
    /// The line of another selector or another domain.
    #[error(
        "it was copied from the line of “{pasted}”, and the key is to stand at “{wanted}”: copy that line, or name its selector"
    )]
    KeyOfAnother {
        /// The name of the line.
        pasted: String,
        /// The name of the record.
        wanted: String,
    },
    /// An SPF term for a good part of the world.
    #[error(
        "“{text}” lets a large part of all addresses in the world send as your domain: it looks like {example}"
    )]
    SpfTermForEverybody {
        /// What was typed, shortened.
        text: String,
        /// What an answer looks like.
        example: String,
    },
    /// No SPF mechanism.
    #[error("“{text}” is not one SPF term: it looks like {example}")]
    NotAnSpfTerm {
        /// What was typed, shortened.
        text: String,
        /// What an answer looks like.
        example: String,
    },
}

impl Answer {
    /// Checks what was typed and returns it in the form that records take.
    pub fn check(&self, typed: &str) -> Result<String, AnswerError> {
        let text = typed.trim();
        if text.is_empty() {
            return Err(AnswerError::Empty { example: self.example.clone() });
        }
        if text.len() > ANSWER_BYTES_MAX {
            return Err(AnswerError::TooLong { bytes: text.len(), limit: ANSWER_BYTES_MAX });
        }
        match &self.check {
            AnswerCheck::Host { under, starts_with } => self.check_host(text, under, starts_with),
            AnswerCheck::Text { starts_with } => self.check_text(text, starts_with),
            AnswerCheck::DkimKey => dkim_key(text),
            AnswerCheck::Label => self.check_label(text),
            AnswerCheck::SpfTerm => self.check_spf_term(text),
        }
    }

    fn check_host(
        &self,
        text: &str,
        under: &[String],
        starts_with: &[String],
    ) -> Result<String, AnswerError> {
        let host = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
        if !is_host(&host) {
            return Err(AnswerError::NotAHost { text: shortened(text), example: self.example.clone() });
        }
        self.check_start(&host, starts_with)?;
        let is_under =
            |domain: &String| host.strip_suffix(domain.as_str()).is_some_and(|rest| rest.ends_with('.'));
        if under.is_empty() || under.iter().any(is_under) {
            Ok(host)
        } else {
            Err(AnswerError::WrongHost { text: shortened(text), expected: under.join(" or ") })
        }
    }

    fn check_text(&self, text: &str, starts_with: &[String]) -> Result<String, AnswerError> {
        let text = text.strip_prefix('"').and_then(|inner| inner.strip_suffix('"')).unwrap_or(text);
        if !text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()) {
            return Err(AnswerError::NotPlain);
        }
        if text.len() > 255 {
            return Err(AnswerError::TooLong { bytes: text.len(), limit: 255 });
        }
        self.check_start(text, starts_with)?;
        Ok(text.to_owned())
    }

    fn check_start(&self, text: &str, starts_with: &[String]) -> Result<(), AnswerError> {
        if starts_with.is_empty() || starts_with.iter().any(|start| text.starts_with(start.as_str())) {
            return Ok(());
        }
        Err(AnswerError::WrongStart { expected: starts_with.join(" or "), example: self.example.clone() })
    }

    fn check_label(&self, text: &str) -> Result<String, AnswerError> {
        let name = text.strip_suffix("._domainkey").unwrap_or(text).to_ascii_lowercase();
        if name.split('.').all(is_label) && name.len() <= 100 {
            Ok(name)
        } else {
            Err(AnswerError::NotALabel { text: shortened(text), example: self.example.clone() })
        }
    }

    fn check_spf_term(&self, text: &str) -> Result<String, AnswerError> {
        let bad = || AnswerError::NotAnSpfTerm { text: shortened(text), example: self.example.clone() };
        let term = if is_host(text) { format!("include:{text}") } else { text.to_owned() };
        let (mechanism, argument) = term.split_once(':').ok_or_else(bad)?;
        let is_fine = match mechanism {
            "include" | "a" | "mx" => is_host(argument),
            "ip4" | "ip6" => {
                argument.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_ipv4() == (mechanism == "ip4"))
                    || argument
                        .parse::<ipnet::IpNet>()
                        .is_ok_and(|net| net.addr().is_ipv4() == (mechanism == "ip4"))
            }
            _ => false,
        };
        if is_fine { Ok(term) } else { Err(bad()) }
    }
}

/// Whether this is a host name in wire form, underscores allowed, with at least two labels (RFC 1035). An IP address is
/// none: no top-level domain is made of digits alone (RFC 3696 section 2).
pub(crate) fn is_host(text: &str) -> bool {
    let is_number = |label: &str| label.bytes().all(|byte| byte.is_ascii_digit());
    text.len() <= 253
        && text.split('.').all(is_label)
        && text.rsplit_once('.').is_some_and(|(_, top_label)| !is_number(top_label))
}

/// Whether this is one DNS label of letters, digits, hyphens and underscores.
pub(crate) fn is_label(label: &str) -> bool {
    !label.is_empty()
        && label.len() <= 63
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

fn shortened(text: &str) -> String {
    let plain = |character: char| if character.is_control() { ' ' } else { character };
    let mut short: String = text.chars().take(60).map(plain).collect();
    if text.chars().nth(60).is_some() {
        short.push('…');
    }
    short
}

/// Reads a DKIM key record out of what a console or a zone file shows: quotes, parentheses and line breaks
/// between the parts are layout, not text.
fn dkim_key(pasted: &str) -> Result<String, AnswerError> {
    let joined = if pasted.contains('"') {
        // Only text between quotes counts; a space inside quotes belongs to the record.
        pasted.split('"').skip(1).step_by(2).collect::<String>()
    } else {
        pasted.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    if !joined.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()) {
        return Err(AnswerError::NotPlain);
    }
    let wrong = |why: &str| AnswerError::NotADkimKey { why: why.to_owned() };
    let mut tags = Vec::new();
    for part in joined.split(';').map(str::trim).filter(|part| !part.is_empty()) {
        let (name, value) = part.split_once('=').ok_or_else(|| wrong("a part has no “=”"))?;
        let value = if name.trim() == "p" {
            value.chars().filter(|character| !character.is_whitespace()).collect()
        } else {
            value.trim().to_owned()
        };
        tags.push((name.trim().to_owned(), value));
    }
    match tags.first() {
        Some((name, value)) if name == "v" && value != "DKIM1" => {
            return Err(wrong("its version is not DKIM1"));
        }
        Some(_) if tags.iter().skip(1).any(|(name, _)| name == "v") => {
            return Err(wrong("v=DKIM1 is not at its beginning"));
        }
        _ => {}
    }
    let key = tags.iter().find(|(name, _)| name == "p").map(|(_, value)| value.as_str());
    match key {
        None => return Err(wrong("the part with p= is missing")),
        Some("") => return Err(wrong("its p= is empty, which revokes the key")),
        Some(key) if BASE64.decode(key.as_bytes()).is_err() => {
            return Err(wrong("the text after p= is not complete base64"));
        }
        Some(_) => {}
    }
    let mut record = String::from("v=DKIM1");
    for (name, value) in tags.iter().filter(|(name, _)| name != "v") {
        record.extend(["; ", name, "=", value]);
    }
    Ok(record)
}

#[cfg(test)]
#[path = "answer_tests.rs"]
mod tests;
