//! Whether two sign-ins lead to the same account, however each is spelt.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::values::uid::UidValidity;

/// The two ports of IMAP, which lead to the same accounts.
const IMAP_PORTS: [u16; 2] = [143, 993];
/// Shorter ids may count from one in every account (RFC 8474 requires no more), so alone they do not identify an account.
const GLOBAL_ID_LENGTH: usize = 16;

/// An account as the server describes it after the sign-in, however the owner has spelt its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountIdentity {
    /// The host as it was named.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Every address that the host had when the connection was made.
    pub addresses: Vec<IpAddr>,
    /// The user as it was named.
    pub user: String,
    /// What the server says of the inbox.
    pub inbox: InboxMark,
}

/// What a server says of an inbox.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboxMark {
    /// The server's own name of it, with what kind of name that is: `MAILBOXID F2212ea8`.
    pub id: Option<String>,
    /// UIDVALIDITY.
    pub uid_validity: Option<UidValidity>,
    /// UIDNEXT.
    pub uid_next: Option<u32>,
    /// Messages in it.
    pub messages: Option<u64>,
}

/// What the ids of two inboxes say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ids {
    /// One inbox, wherever it was met.
    Same,
    /// Two inboxes.
    Different,
    /// One of them has no id, or they are of a kind that repeats.
    Silent,
}

impl AccountIdentity {
    /// Whether two runs that write into these accounts would meet. Counts do not matter here: they change meanwhile.
    ///
    /// In doubt two names are two accounts. The exception is the same user at the same server: there only ids that
    /// differ say otherwise.
    pub fn is_same_account(&self, other: &Self) -> bool {
        match self.compare_ids(other) {
            Ids::Same => true,
            Ids::Different => false,
            Ids::Silent => self.is_same_by_name(other),
        }
    }

    /// Whether a copy from one to the other would copy an account into itself. Both were examined just now.
    ///
    /// Ids survive when the files of a server are copied to another one, so they count on one computer only. Through
    /// ports that have nothing to do with each other the counts must agree as well.
    pub fn is_itself(&self, other: &Self) -> bool {
        let counts = |one: &Self| (one.inbox.uid_validity, one.inbox.uid_next, one.inbox.messages);
        let is_same_inbox = self.inbox.uid_validity == other.inbox.uid_validity;
        match self.compare_ids(other) {
            Ids::Same if self.is_same_port(other) => self.is_same_host(other) && is_same_inbox,
            Ids::Same => self.is_same_host(other) && counts(self) == counts(other),
            Ids::Different => false,
            Ids::Silent => self.is_same_by_name(other),
        }
    }

    fn compare_ids(&self, other: &Self) -> Ids {
        let parts = |mark: &InboxMark| {
            let (kind, id) = mark.id.as_deref()?.split_once(' ')?;
            Some((kind.to_owned(), id.to_owned()))
        };
        let (Some((kind, id)), Some((other_kind, other_id))) = (parts(&self.inbox), parts(&other.inbox))
        else {
            return Ids::Silent;
        };
        if kind != other_kind {
            Ids::Silent
        } else if id != other_id {
            Ids::Different
        } else if id.len() >= GLOBAL_ID_LENGTH {
            Ids::Same
        } else {
            Ids::Silent
        }
    }

    /// By server, user and UIDVALIDITY. UIDVALIDITY alone is often a time in seconds, which users share who were made
    /// together.
    fn is_same_by_name(&self, other: &Self) -> bool {
        if !self.is_same_port(other) || !self.is_same_host(other) {
            return false;
        }
        let is_spelt_alike =
            self.host.eq_ignore_ascii_case(&other.host) && self.user.eq_ignore_ascii_case(&other.user);
        let is_same_inbox = match (self.inbox.uid_validity, other.inbox.uid_validity) {
            (Some(own), Some(others)) => own == others,
            _ => true,
        };
        is_spelt_alike || (is_same_inbox && may_be_same_user(&self.user, &other.user))
    }

    fn is_same_port(&self, other: &Self) -> bool {
        self.port == other.port || (IMAP_PORTS.contains(&self.port) && IMAP_PORTS.contains(&other.port))
    }

    fn is_same_host(&self, other: &Self) -> bool {
        let is_same = |own: &IpAddr, others: &IpAddr| {
            let (own, others) = (own.to_canonical(), others.to_canonical());
            own == others || (own.is_loopback() && others.is_loopback())
        };
        self.host.eq_ignore_ascii_case(&other.host)
            || self.addresses.iter().any(|own| other.addresses.iter().any(|others| is_same(own, others)))
    }
}

/// Whether two user names may be one user of a server: in letters of another case, or one of them without its domain.
pub fn may_be_same_user(one: &str, other: &str) -> bool {
    let is_short_for = |short: &str, long: &str| {
        long.rsplit_once('@').is_some_and(|(local, _domain)| {
            !short.contains('@') && local.to_lowercase() == short.to_lowercase()
        })
    };
    one.to_lowercase() == other.to_lowercase() || is_short_for(one, other) || is_short_for(other, one)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GUID: &str = "X-GUID 8a1b2c3d4e5f60718293a4b5c6d7e8f9";

    fn account(host: &str, port: u16, address: &str, user: &str) -> AccountIdentity {
        AccountIdentity {
            host: host.to_owned(),
            port,
            addresses: vec![address.parse().unwrap()],
            user: user.to_owned(),
            inbox: InboxMark {
                id: None,
                uid_validity: Some(UidValidity(1_700_000_000)),
                uid_next: Some(8),
                messages: Some(7),
            },
        }
    }

    fn with_id(mut account: AccountIdentity, id: &str) -> AccountIdentity {
        account.inbox.id = Some(id.to_owned());
        account
    }

    fn with_validity(mut account: AccountIdentity, uid_validity: u32) -> AccountIdentity {
        account.inbox.uid_validity = Some(UidValidity(uid_validity));
        account
    }

    #[track_caller]
    fn assert_same(one: &AccountIdentity, other: &AccountIdentity, expected: bool) {
        for (one, other) in [(one, other), (other, one)] {
            assert_eq!(one.is_same_account(other), expected, "{one:?}\n{other:?}");
            assert_eq!(one.is_itself(other), expected, "{one:?}\n{other:?}");
        }
    }

    #[test]
    fn one_account_under_many_names_is_one() {
        let anna = account("mail.weber.example", 993, "192.0.2.1", "anna@weber.example");
        assert_same(&anna, &anna, true);
        for other in [
            account("MAIL.weber.example", 993, "192.0.2.9", "anna@weber.example"),
            account("imap.weber.example", 993, "192.0.2.1", "anna@weber.example"),
            account("192.0.2.1", 143, "192.0.2.1", "anna"),
            account("mail.weber.example", 993, "::ffff:192.0.2.1", "Anna@Weber.example"),
        ] {
            assert_same(&anna, &other, true);
        }
        let here = account("localhost", 1143, "::1", "anna");
        assert_same(&here, &account("127.0.0.1", 1143, "127.0.0.1", "anna"), true);
        assert_same(&here, &account("127.0.0.2", 1143, "127.0.0.2", "ANNA"), true);
        let alias = with_id(account("localhost", 1143, "::1", "weber"), GUID);
        assert_same(&with_id(here.clone(), GUID), &alias, true);
        let through_tls = with_id(account("localhost", 1993, "127.0.0.1", "anna"), GUID);
        assert_same(&with_id(here, GUID), &through_tls, true);
    }

    #[test]
    fn two_accounts_are_two_however_much_they_look_alike() {
        let anna = account("mail.weber.example", 993, "192.0.2.1", "anna@weber.example");
        for other in [
            // Users of one server who were made in the same second.
            account("mail.weber.example", 993, "192.0.2.1", "ben@weber.example"),
            account("mail.weber.example", 993, "192.0.2.1", "anna@fischer.example"),
            account("imap.fischer.example", 993, "192.0.2.2", "anna@weber.example"),
            // Another server on the same computer.
            account("mail.weber.example", 1993, "192.0.2.1", "anna@weber.example"),
            // The same local part and another inbox.
            with_validity(account("mail.weber.example", 993, "192.0.2.1", "anna"), 9),
        ] {
            assert_same(&anna, &other, false);
        }
        // Two servers behind one name.
        let other_id = "X-GUID 00000000000000000000000000000000";
        assert_same(&with_id(anna.clone(), GUID), &with_id(anna.clone(), other_id), false);
        // Ids that count from one in every account.
        let ben = account("mail.weber.example", 993, "192.0.2.1", "ben@weber.example");
        assert_same(&with_id(anna, "MAILBOXID P-"), &with_id(ben, "MAILBOXID P-"), false);
    }

    #[test]
    fn a_server_whose_files_were_copied_to_another_one_is_no_copy_into_itself() {
        let old = with_id(account("old.weber.example", 993, "192.0.2.1", "anna"), GUID);
        let new = with_id(account("new.weber.example", 993, "192.0.2.2", "anna"), GUID);
        assert!(!old.is_itself(&new));
        let mut beside = with_id(account("old.weber.example", 2993, "192.0.2.1", "anna"), GUID);
        beside.inbox.messages = Some(6);
        assert!(!old.is_itself(&beside));
        // Two runs at once into what may be one account are not begun all the same.
        assert!(old.is_same_account(&new));
    }

    #[test]
    fn the_same_name_is_the_same_account_while_its_inbox_is_created_again() {
        let anna = account("mail.weber.example", 993, "192.0.2.1", "anna@weber.example");
        assert_same(&anna, &with_validity(anna.clone(), 9), true);
        let mut silent = anna.clone();
        silent.inbox = InboxMark::default();
        assert_same(&anna, &silent, true);
    }
}
