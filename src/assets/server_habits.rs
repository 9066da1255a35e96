use serde::Deserialize;
use toml::Spanned;

use super::error::{AssetError, Lines};
use super::source::check_source;

/// The only version of the form so far.
const SCHEMA: u32 = 1;

/// Limits of one server or provider to folders.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerHabits {
    /// Hosts, each including its subdomains.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// How the server calls itself.
    #[serde(default)]
    pub software: Vec<String>,
    /// Levels of folders.
    pub deepest_level: Option<usize>,
    /// Numbers of folders that some contracts allow.
    #[serde(default)]
    pub folder_counts: Vec<u32>,
    /// Whether folders may be below INBOX.
    pub has_inbox_children: Option<bool>,
    /// Signs that some set-ups refuse in names.
    #[serde(default)]
    pub doubtful_signs: String,
    source: Spanned<String>,
    date: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    schema: Spanned<u32>,
    server: Vec<Spanned<ServerHabits>>,
}

/// Reads `server_habits.toml`.
pub fn read_server_habits(text: &str) -> Result<Vec<ServerHabits>, AssetError> {
    let lines = Lines(text);
    let file: File = lines.parse()?;
    if *file.schema.get_ref() != SCHEMA {
        let problem = format!("schema {} is unknown", file.schema.get_ref());
        return Err(lines.wrong(file.schema.span(), problem, "write schema = 1"));
    }
    for server in &file.server {
        let entry = server.get_ref();
        check_source(lines, &entry.source, &entry.date)?;
        let wrong = |problem: &str, way_out| Err(lines.wrong(server.span(), problem.to_owned(), way_out));
        let is_host = |host: &String| host.contains('.') && *host == host.to_ascii_lowercase();
        if !entry.hosts.iter().all(is_host) {
            return wrong("a host name is not valid", "write hosts in lower case, such as example.org");
        }
        if entry.hosts.is_empty() && entry.software.iter().all(String::is_empty) {
            return wrong("the entry names no server", "give hosts, software or both");
        }
        if !entry.deepest_level.is_none_or(|level| (1..=100).contains(&level)) {
            return wrong("the deepest level is out of range", "give a number from 1 to 100");
        }
        if entry.folder_counts.contains(&0) {
            return wrong("a mailbox has at least one folder", "give numbers from 1");
        }
    }
    Ok(file.server.into_iter().map(Spanned::into_inner).collect())
}
