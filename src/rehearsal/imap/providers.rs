//! The large providers as far as their habits were published (imapsync's FAQ files, issue threads of several copiers).

use crate::rehearsal::mailbox::SpecialUse;

use super::personality::{Limits, Personality};
use super::quirks::Quirks;

impl Personality {
    /// Gmail: labels shown as folders, duplicates folded, `LITERAL-`, one message at a time.
    pub fn gmail() -> Self {
        Self {
            name: "gmail",
            greeting: "Gimap (practice) ready for requests",
            volunteers_capabilities: false,
            capabilities_before_sign_in: &[
                "IMAP4rev1",
                "UNSELECT",
                "IDLE",
                "NAMESPACE",
                "ID",
                "CHILDREN",
                "X-GM-EXT-1",
                "SASL-IR",
                "AUTH=PLAIN",
            ],
            capabilities: &[
                "IMAP4rev1",
                "UNSELECT",
                "IDLE",
                "NAMESPACE",
                "ID",
                "CHILDREN",
                "X-GM-EXT-1",
                "UIDPLUS",
                "ENABLE",
                "CONDSTORE",
                "LIST-EXTENDED",
                "LIST-STATUS",
                "LITERAL-",
                "SPECIAL-USE",
                "APPENDLIMIT=35651584",
            ],
            id: &[("name", "GImap"), ("vendor", "Mailferry practice server")],
            delimiter: '/',
            prefix: "",
            special_names: &[
                ("[Gmail]/All Mail", SpecialUse::All),
                ("[Gmail]/Drafts", SpecialUse::Drafts),
                ("[Gmail]/Important", SpecialUse::Important),
                ("[Gmail]/Sent Mail", SpecialUse::Sent),
                ("[Gmail]/Spam", SpecialUse::Junk),
                ("[Gmail]/Starred", SpecialUse::Flagged),
                ("[Gmail]/Trash", SpecialUse::Trash),
            ],
            wrong_password: "[AUTHENTICATIONFAILED] Invalid credentials (Failure)",
            has_free_keywords: true,
            limits: Limits { message: 35_651_584, connections_per_user: 15, ..Limits::DOVECOT },
            quirks: Quirks {
                folders_are_labels: true,
                has_folders_of_its_own: true,
                throttle_reply: "NO [THROTTLED] Account exceeded command or bandwidth limits. (Failure)",
                ..Quirks::NONE
            },
        }
    }

    /// Exchange and Microsoft 365: what is stored is not what was sent.
    pub fn exchange() -> Self {
        Self {
            name: "exchange",
            greeting: "The Microsoft Exchange IMAP4 service (practice) is ready.",
            volunteers_capabilities: false,
            capabilities_before_sign_in: &[
                "IMAP4",
                "IMAP4rev1",
                "AUTH=PLAIN",
                "SASL-IR",
                "UIDPLUS",
                "ID",
                "UNSELECT",
                "CHILDREN",
                "IDLE",
                "NAMESPACE",
                "LITERAL+",
            ],
            capabilities: &[
                "IMAP4",
                "IMAP4rev1",
                "AUTH=PLAIN",
                "SASL-IR",
                "UIDPLUS",
                "ID",
                "UNSELECT",
                "CHILDREN",
                "IDLE",
                "NAMESPACE",
                "LITERAL+",
            ],
            id: &[("name", "Microsoft.Exchange.Imap4.Imap4Server"), ("vendor", "Mailferry practice server")],
            delimiter: '/',
            prefix: "",
            special_names: &[
                ("Archive", SpecialUse::Archive),
                ("Deleted Items", SpecialUse::Trash),
                ("Drafts", SpecialUse::Drafts),
                ("Junk Email", SpecialUse::Junk),
                ("Sent Items", SpecialUse::Sent),
            ],
            wrong_password: "LOGIN failed.",
            has_free_keywords: false,
            limits: Limits { message: 36_700_160, connections_per_user: 20, ..Limits::DOVECOT },
            quirks: Quirks {
                has_folders_of_its_own: true,
                added_header: Some("X-MS-Exchange-Organization-SCL: -1\r\n"),
                append_drops_flags: &["\\Flagged"],
                longest_message_line: Some(10_000),
                size_excess_divisor: Some(16),
                errors_before_bye: 10,
                throttle_reply: "BAD Request is throttled. Suggested Backoff Time: {milliseconds} milliseconds",
                long_line_reply: "BAD Command Argument Error. 11",
                ..Quirks::NONE
            },
        }
    }

    /// iCloud: UIDs without messages, numbers in no order, and LIST options that are advertised and refused.
    pub fn icloud() -> Self {
        Self {
            name: "icloud",
            greeting: "iCloud IMAP (practice) ready.",
            volunteers_capabilities: true,
            capabilities_before_sign_in: &["IMAP4rev1", "SASL-IR", "AUTH=PLAIN"],
            capabilities: &[
                "IMAP4rev1",
                "SASL-IR",
                "ID",
                "ENABLE",
                "IDLE",
                "CONDSTORE",
                "CHILDREN",
                "LIST-EXTENDED",
                "LIST-STATUS",
                "LITERAL-",
                "NAMESPACE",
                "UIDPLUS",
                "UNSELECT",
            ],
            id: &[("name", "iCloud"), ("vendor", "Mailferry practice server")],
            delimiter: '/',
            prefix: "",
            special_names: &[
                ("Archive", SpecialUse::Archive),
                ("Deleted Messages", SpecialUse::Trash),
                ("Drafts", SpecialUse::Drafts),
                ("Junk", SpecialUse::Junk),
                ("Sent Messages", SpecialUse::Sent),
            ],
            wrong_password: "[AUTHENTICATIONFAILED] Authentication Failed",
            has_free_keywords: true,
            limits: Limits { message: 28_311_552, connections_per_user: 10, ..Limits::DOVECOT },
            quirks: Quirks {
                has_folders_of_its_own: true,
                volunteers_special_use: true,
                refuses_list_return: true,
                searches_unsorted: true,
                uid_step: 3,
                ..Quirks::NONE
            },
        }
    }

    /// Yahoo: the newest 10,000 messages of a folder, and 1,000 of them in one command.
    pub fn yahoo() -> Self {
        Self {
            name: "yahoo",
            greeting: "IMAP4rev1 imapgate (practice) ready.",
            volunteers_capabilities: true,
            capabilities_before_sign_in: &["IMAP4rev1", "SASL-IR", "AUTH=PLAIN", "ID"],
            capabilities: &[
                "IMAP4rev1",
                "SASL-IR",
                "ID",
                "IDLE",
                "CHILDREN",
                "LIST-EXTENDED",
                "LIST-STATUS",
                "LITERAL+",
                "MESSAGELIMIT=1000",
                "NAMESPACE",
                "SPECIAL-USE",
                "UIDPLUS",
                "UNSELECT",
            ],
            id: &[("name", "Y!IMAP"), ("vendor", "Mailferry practice server")],
            delimiter: '/',
            prefix: "",
            special_names: &[
                ("Archive", SpecialUse::Archive),
                ("Bulk", SpecialUse::Junk),
                ("Draft", SpecialUse::Drafts),
                ("Sent", SpecialUse::Sent),
                ("Trash", SpecialUse::Trash),
            ],
            wrong_password: "[AUTHENTICATIONFAILED] LOGIN Invalid credentials",
            has_free_keywords: true,
            limits: Limits { message: 41_943_040, connections_per_user: 5, ..Limits::DOVECOT },
            quirks: Quirks {
                has_folders_of_its_own: true,
                visible_messages: Some(10_000),
                message_limit: Some(1_000),
                throttle_reply: "NO [LIMIT] {command} Rate limit hit.",
                ..Quirks::NONE
            },
        }
    }

    /// Every personality there is.
    pub fn all() -> [Self; 6] {
        [Self::dovecot(), Self::courier(), Self::gmail(), Self::exchange(), Self::icloud(), Self::yahoo()]
    }
}
