//! The data files under `assets/` and the form that each must have, read strictly. Pure: text in, data out.
//!
//! The build script reads every file with the same functions, so that a wrong one stops the build; the program may then
//! take for granted that they are right.

mod app_passwords;
mod client_form;
mod dns_lists;
mod error;
mod folder_words;
mod licences;
mod nonmail_folders;
mod public_resolvers;
mod rdap_servers;
mod receivers;
mod refusals;
mod reply_patterns;
mod selectors;
mod server_habits;
mod sign_in;
mod sign_in_errors;
mod source;
mod test_keys;

pub use app_passwords::{AppPasswordNeed, AppPasswords, read_app_passwords};
pub use client_form::{ClientForm, ClientMistake, check_object_id, check_tenant, check_uuid};
pub use dns_lists::{
    Asked, Code, CodePattern, Confidence, DeadList, DnsList, DnsLists, Impact, Judges, ListKind, Reading,
    Removal, read_dns_lists,
};
pub use error::AssetError;
pub use folder_words::{LanguageWords, read_folder_words};
pub use licences::{Library, read_licences};
pub use nonmail_folders::read_nonmail_folders;
pub use public_resolvers::{PublicResolver, read_public_resolvers};
pub use rdap_servers::{RdapServers, RdapService, read_rdap_servers};
pub use receivers::{Receiver, read_receivers};
pub use refusals::{Means, Refusal, read_refusals};
pub use reply_patterns::{ReplyClass, ReplyCode, ReplyPattern, ReplyScope, Tier, read_reply_patterns};
pub use selectors::{Selector, read_selectors};
pub use server_habits::{ServerHabits, read_server_habits};
pub use sign_in::{GuideStep, SignInProvider, read_sign_in};
pub use sign_in_errors::{SignInError, read_sign_in_errors};
pub use test_keys::{TestKey, read_test_keys};

/// Checks a file by its path below `assets/`. Provider files have a separate reader.
pub fn check(path: &str, bytes: &[u8]) -> Result<(), AssetError> {
    let wrong = |line, problem: &str, way_out| AssetError {
        file: path.to_owned(),
        line,
        problem: problem.to_owned(),
        way_out,
    };
    let extension = path.rsplit('.').next().unwrap_or_default();
    match extension {
        "ttf" if bytes.starts_with(&[0, 1, 0, 0]) => return Ok(()),
        "ttf" => return Err(wrong(1, "this is not a font", "put a TrueType font there")),
        "png" if bytes.starts_with(b"\x89PNG\r\n\x1a\n") => return Ok(()),
        "png" => return Err(wrong(1, "this is not a picture", "put a PNG there")),
        _ => {}
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let line = 1 + bytes.iter().take(error.valid_up_to()).filter(|byte| **byte == b'\n').count();
        wrong(line, "this is not UTF-8 text", "save the file as UTF-8")
    })?;
    let read = match path {
        "app_passwords.toml" => read_app_passwords(text).map(drop),
        "dkim_test_keys.toml" => read_test_keys(text).map(drop),
        "dns_lists.toml" => read_dns_lists(text).map(drop),
        "folder_words.toml" => read_folder_words(text).map(drop),
        "licences.tsv" => read_licences(text).map(drop),
        "nonmail_folders.toml" => read_nonmail_folders(text).map(drop),
        "public_resolvers.toml" => read_public_resolvers(text).map(drop),
        "receivers.toml" => read_receivers(text).map(drop),
        "rdap/dns.json" | "rdap/ipv4.json" | "rdap/ipv6.json" => read_rdap_servers(text).map(drop),
        "refusals.toml" => read_refusals(text).map(drop),
        "reply_patterns.toml" => read_reply_patterns(text).map(drop),
        "selectors.toml" => read_selectors(text).map(drop),
        "server_habits.toml" => read_server_habits(text).map(drop),
        "sign_in.toml" | "rehearsal/identity.toml" => read_sign_in(text).map(drop),
        "sign_in_errors.toml" => read_sign_in_errors(text).map(drop),
        _ => match extension {
            "svg" if is_drawing(text) => Ok(()),
            "svg" => Err(wrong(1, "this is not an SVG image", "put an SVG with one <svg> element there")),
            "zone" if has_start_of_authority(text) => Ok(()),
            "zone" => {
                Err(wrong(1, "the zone has no SOA record", "begin it with $ORIGIN and SOA, like the others"))
            }
            // What the practice world shows; a test in its room reads all of it.
            "json" if is_object(text) => Ok(()),
            "json" => Err(wrong(1, "this is not JSON", "put one object in braces there")),
            // Templates are checked again by their compiler; the rest is for people.
            "html" | "css" | "txt" | "py" if !text.trim().is_empty() => Ok(()),
            "html" | "css" | "txt" | "py" => Err(wrong(1, "the file is empty", "write it, or remove it")),
            _ => Err(wrong(1, "nothing reads this file", "remove it, or make src/assets/mod.rs read it")),
        },
    };
    read.map_err(|error| error.in_file(path))
}

fn is_drawing(text: &str) -> bool {
    text.contains("<svg") && text.trim_end().ends_with("</svg>")
}

fn is_object(text: &str) -> bool {
    text.trim_start().starts_with('{') && text.trim_end().ends_with('}')
}

fn has_start_of_authority(text: &str) -> bool {
    text.lines().any(|line| line.split_whitespace().any(|word| word == "SOA") && !line.starts_with(';'))
}

#[cfg(test)]
#[path = "assets_tests.rs"]
mod tests;
