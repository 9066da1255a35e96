use std::collections::BTreeSet;

use serde::Deserialize;
use toml::Spanned;

use super::error::{AssetError, Lines};
use super::source::check_source;

/// A provider that receives mail, told by the host that takes it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receiver {
    /// A short name that stays.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// Whose mail it is: `Outlook.com, Hotmail, Live`.
    pub what: String,
    /// Ends of host names, with the dot in front, in lower case.
    pub hosts: Vec<String>,
    /// Domains whose addresses anybody can get there.
    pub domains: Vec<String>,
    source: Spanned<String>,
    date: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    receiver: Vec<Spanned<Receiver>>,
}

/// Reads `receivers.toml`.
pub fn read_receivers(text: &str) -> Result<Vec<Receiver>, AssetError> {
    let lines = Lines(text);
    let file: File = lines.parse()?;
    let (mut ids, mut hosts) = (BTreeSet::new(), BTreeSet::new());
    for entry in &file.receiver {
        let receiver = entry.get_ref();
        check_source(lines, &receiver.source, &receiver.date)?;
        let wrong = |problem: String, way_out| Err(lines.wrong(entry.span(), problem, way_out));
        if !ids.insert(receiver.id.clone()) {
            return wrong(format!("“{}” is there twice", receiver.id), "keep one of the two");
        }
        let is_end = |host: &String| {
            host.len() > 3 && host.starts_with('.') && host.to_ascii_lowercase() == **host && host.is_ascii()
        };
        match receiver.hosts.iter().find(|host| !is_end(host)) {
            Some(host) => {
                return wrong(format!("“{host}” ends no host name"), "begin with a dot, in lower case");
            }
            None if receiver.hosts.is_empty() => {
                return wrong(format!("“{}” has no hosts", receiver.id), "name ends of its MX hosts");
            }
            None => {}
        }
        if let Some(host) = receiver.hosts.iter().find(|host| !hosts.insert((*host).clone())) {
            return wrong(format!("“{host}” is there twice"), "keep one of the two");
        }
    }
    Ok(file.receiver.into_iter().map(Spanned::into_inner).collect())
}
