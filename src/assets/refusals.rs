use serde::Deserialize;
use toml::Spanned;

use super::error::{AssetError, Lines};
use super::source::check_source;

/// The meanings of a refusal, in the order in which they are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Means {
    /// The folder does not exist (any longer).
    Folder,
    /// The message is larger than the server takes.
    Size,
    /// The mailbox has no room.
    Full,
    /// Another connection has the folder.
    Locked,
    /// The server wants to be left alone for a while.
    Busy,
    /// The server itself has failed.
    Trouble,
    /// A scanner does not like what is in the message.
    Virus,
    /// Nothing may be stored there at all.
    Account,
    /// Line ends of the message.
    LineEnds,
    /// A header of the message.
    Header,
    /// A date.
    Date,
    /// The flag that marks messages as deleted.
    Deleted,
    /// Keywords.
    Keywords,
    /// Long lines.
    LongLines,
    /// NUL bytes.
    Nul,
    /// Speaks of size in passing; what is above counts more.
    Large,
    /// About the message, without saying what.
    Message,
    /// Said of everything: listed so that nobody takes it for more.
    Anything,
}

/// What servers say, and what it means.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refusal {
    /// Response codes (RFC 5530 and others), in upper case.
    #[serde(default)]
    pub codes: Vec<String>,
    /// Parts of the words, in lower case.
    #[serde(default)]
    pub words: Vec<String>,
    /// What it means.
    pub means: Means,
    source: Spanned<String>,
    date: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    refusal: Vec<Spanned<Refusal>>,
}

/// Reads `refusals.toml`, sorted by what counts first.
pub fn read_refusals(text: &str) -> Result<Vec<Refusal>, AssetError> {
    let lines = Lines(text);
    let file: File = lines.parse()?;
    for refusal in &file.refusal {
        let entry = refusal.get_ref();
        check_source(lines, &entry.source, &entry.date)?;
        let wrong = |problem: String, way_out| Err(lines.wrong(refusal.span(), problem, way_out));
        if entry.codes.is_empty() && entry.words.is_empty() {
            return wrong("the entry matches nothing".to_owned(), "give codes, words or both");
        }
        let is_code = |code: &String| {
            !code.is_empty()
                && code.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'-')
        };
        if let Some(code) = entry.codes.iter().find(|code| !is_code(code)) {
            return wrong(
                format!("“{code}” is not a response code"),
                "write codes in upper case and without brackets",
            );
        }
        // Words are compared with the server's in lower case, so that others would never fit.
        if let Some(words) =
            entry.words.iter().find(|words| words.trim().is_empty() || words.to_lowercase() != **words)
        {
            return wrong(format!("“{words}” can never match"), "write words in lower case");
        }
    }
    let mut refusals: Vec<Refusal> = file.refusal.into_iter().map(Spanned::into_inner).collect();
    refusals.sort_by_key(|refusal| refusal.means);
    Ok(refusals)
}
