//! What a practice server imitates: capabilities, limits and habits of a real one.

use crate::rehearsal::mailbox::SpecialUse;
use crate::values::Bytes;

use super::folder_path::FolderPath;
use super::modified_utf7;
use super::quirks::Quirks;

/// What a practice server looks like from outside, as data: two servers differ in this table and nowhere else.
///
/// An extension works exactly if [`Personality::capabilities`] lists it.
#[derive(Clone, Debug)]
pub struct Personality {
    /// Short name for messages.
    pub name: &'static str,
    /// The words of the greeting (RFC 3501 section 7.1.1).
    pub greeting: &'static str,
    /// Whether greeting and sign-in carry a CAPABILITY response code.
    pub volunteers_capabilities: bool,
    /// Capabilities before sign-in.
    pub capabilities_before_sign_in: &'static [&'static str],
    /// Capabilities after sign-in.
    pub capabilities: &'static [&'static str],
    /// Field and value pairs of the ID reply (RFC 2971).
    pub id: &'static [(&'static str, &'static str)],
    /// Between the levels of a folder name.
    pub delimiter: char,
    /// Before every folder name but the inbox, delimiter included; mostly empty.
    pub prefix: &'static str,
    /// Folders that have a purpose (RFC 6154) from the moment they are made.
    pub special_names: &'static [(&'static str, SpecialUse)],
    /// The words after `NO` to a wrong password, response code included.
    pub wrong_password: &'static str,
    /// Whether a client may make up keywords (`\*` in PERMANENTFLAGS).
    pub has_free_keywords: bool,
    /// What the server refuses for its size or number.
    pub limits: Limits,
    /// Where it leaves the standards.
    pub quirks: Quirks,
}

/// What a practice server refuses for its size or number.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Longest command line in bytes, literals not counted.
    pub line: usize,
    /// Largest message in bytes (APPENDLIMIT of RFC 7889).
    pub message: u64,
    /// Largest whole command in bytes, all literals of a MULTIAPPEND counted.
    pub command: u64,
    /// Connections that one user may have open.
    pub connections_per_user: u32,
    /// Room of one mailbox; `None`: no limit.
    pub quota: Option<Bytes>,
}

impl Limits {
    pub(super) const DOVECOT: Self = Self {
        line: 65_536,
        message: 150_000_000,
        command: 400_000_000,
        connections_per_user: 10,
        quota: None,
    };
}

impl Personality {
    /// Dovecot 2.3 with its usual settings.
    pub fn dovecot() -> Self {
        Self {
            name: "dovecot",
            greeting: "Dovecot (practice) ready.",
            volunteers_capabilities: true,
            capabilities_before_sign_in: &[
                "IMAP4rev1",
                "SASL-IR",
                "ID",
                "ENABLE",
                "IDLE",
                "LITERAL+",
                "AUTH=PLAIN",
            ],
            capabilities: &[
                "IMAP4rev1",
                "SASL-IR",
                "ID",
                "ENABLE",
                "IDLE",
                "MULTIAPPEND",
                "UNSELECT",
                "CHILDREN",
                "NAMESPACE",
                "UIDPLUS",
                "LIST-EXTENDED",
                "CONDSTORE",
                "QRESYNC",
                "LIST-STATUS",
                "STATUS=SIZE",
                "LITERAL+",
                "SPECIAL-USE",
            ],
            id: &[("name", "Dovecot"), ("vendor", "Mailferry practice server")],
            delimiter: '/',
            prefix: "",
            special_names: &[
                ("Archive", SpecialUse::Archive),
                ("Drafts", SpecialUse::Drafts),
                ("Junk", SpecialUse::Junk),
                ("Sent", SpecialUse::Sent),
                ("Trash", SpecialUse::Trash),
            ],
            wrong_password: "[AUTHENTICATIONFAILED] Authentication failed.",
            has_free_keywords: true,
            limits: Limits::DOVECOT,
            quirks: Quirks::NONE,
        }
    }

    /// The same, where tokens open a mailbox as well (RFC 7628, and XOAUTH2 as Google describes it).
    pub fn dovecot_with_tokens() -> Self {
        Self {
            capabilities_before_sign_in: &[
                "IMAP4rev1",
                "SASL-IR",
                "ID",
                "ENABLE",
                "IDLE",
                "LITERAL+",
                "AUTH=PLAIN",
                "AUTH=XOAUTH2",
                "AUTH=OAUTHBEARER",
            ],
            ..Self::dovecot()
        }
    }

    /// A Courier of old: `INBOX.` before every name, no UIDPLUS, no literals without waiting, one message at a time.
    pub fn courier() -> Self {
        Self {
            name: "courier",
            greeting: "Courier-IMAP (practice) ready.",
            volunteers_capabilities: true,
            capabilities_before_sign_in: &["IMAP4rev1", "CHILDREN", "IDLE"],
            capabilities: &["IMAP4rev1", "CHILDREN", "IDLE"],
            id: &[],
            delimiter: '.',
            prefix: "INBOX.",
            special_names: &[],
            wrong_password: "Login failed.",
            limits: Limits { connections_per_user: 4, line: 16_384, ..Limits::DOVECOT },
            quirks: Quirks { refuses_append_to_examined: true, ..Quirks::NONE },
            ..Self::dovecot()
        }
    }

    /// Whether an extension works after sign-in.
    pub fn has(&self, capability: &str) -> bool {
        self.capabilities.contains(&capability)
    }

    /// The name of a folder on the wire, in modified UTF-7.
    pub(super) fn wire_name(&self, path: &FolderPath) -> String {
        if path.is_inbox() {
            return self.quirks.inbox_name.to_owned();
        }
        let joined = path.levels().join(self.delimiter.encode_utf8(&mut [0; 4]));
        modified_utf7::encode(&format!("{}{joined}", self.prefix))
    }

    /// The folder that a name on the wire means; `None` for a name this server cannot have.
    pub(super) fn path(&self, wire_name: &[u8]) -> Option<FolderPath> {
        let name = modified_utf7::decode(wire_name)?;
        if name.eq_ignore_ascii_case("INBOX") {
            return Some(FolderPath::inbox());
        }
        let below = match name.get(..self.prefix.len()) {
            Some(start) if start.eq_ignore_ascii_case(self.prefix) => name.get(self.prefix.len()..)?,
            _ => return None,
        };
        let below = below.strip_suffix(self.delimiter).unwrap_or(below);
        let levels: Vec<String> = below.split(self.delimiter).map(str::to_owned).collect();
        let is_valid =
            levels.len() <= 20 && name.len() <= 900 && levels.iter().all(|level| !level.is_empty());
        is_valid.then(|| FolderPath::from_levels(levels))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_onto_the_wire_and_come_back() {
        let (dovecot, courier) = (Personality::dovecot(), Personality::courier());
        for (path, dovecot_name, courier_name) in [
            ("INBOX", "INBOX", "INBOX"),
            ("Entwürfe", "Entw&APw-rfe", "INBOX.Entw&APw-rfe"),
            ("Projekte/2024", "Projekte/2024", "INBOX.Projekte.2024"),
        ] {
            let path = FolderPath::parse(path);
            assert_eq!(dovecot.wire_name(&path), dovecot_name);
            assert_eq!(courier.wire_name(&path), courier_name);
            assert_eq!(dovecot.path(dovecot_name.as_bytes()), Some(path.clone()));
            assert_eq!(courier.path(courier_name.as_bytes()), Some(path));
        }
        assert_eq!(dovecot.path(b"a//b"), None);
        assert_eq!(dovecot.path(b""), None);
        assert_eq!(dovecot.path(b"Archive/"), Some(FolderPath::parse("Archive")));
        assert_eq!(courier.path(b"Sent"), None);
    }
}
