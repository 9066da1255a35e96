//! The large providers as far as their habits were published (imapsync's FAQ files, issue threads of several copiers):
//! each as its differences from Dovecot.

use crate::rehearsal::mailbox::SpecialUse;

use super::personality::{Limits, Personality};
use super::quirks::Quirks;

/// Exchange says the same before and after sign-in.
const EXCHANGE: &[&str] = &[
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
];

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
            limits: Limits { message: 35_651_584, connections_per_user: 15, ..Limits::DOVECOT },
            quirks: Quirks {
                folders_are_labels: true,
                has_folders_of_its_own: true,
                throttle_reply: "NO [THROTTLED] Account exceeded command or bandwidth limits. (Failure)",
                ..Quirks::NONE
            },
            ..Self::dovecot()
        }
    }

    /// Exchange and Microsoft 365: what is stored is not what was sent.
    pub fn exchange() -> Self {
        Self {
            name: "exchange",
            greeting: "The Microsoft Exchange IMAP4 service (practice) is ready.",
            volunteers_capabilities: false,
            capabilities_before_sign_in: EXCHANGE,
            capabilities: EXCHANGE,
            id: &[("name", "Microsoft.Exchange.Imap4.Imap4Server"), ("vendor", "Mailferry practice server")],
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
            ..Self::dovecot()
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
            special_names: &[
                ("Archive", SpecialUse::Archive),
                ("Deleted Messages", SpecialUse::Trash),
                ("Drafts", SpecialUse::Drafts),
                ("Junk", SpecialUse::Junk),
                ("Sent Messages", SpecialUse::Sent),
            ],
            wrong_password: "[AUTHENTICATIONFAILED] Authentication Failed",
            limits: Limits { message: 28_311_552, connections_per_user: 10, ..Limits::DOVECOT },
            quirks: Quirks {
                has_folders_of_its_own: true,
                volunteers_special_use: true,
                refuses_list_return: true,
                dotted_keyword_reply: Some("BAD Parse Error"),
                searches_unsorted: true,
                uid_step: 3,
                ..Quirks::NONE
            },
            ..Self::dovecot()
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
            special_names: &[
                ("Archive", SpecialUse::Archive),
                ("Bulk", SpecialUse::Junk),
                ("Draft", SpecialUse::Drafts),
                ("Sent", SpecialUse::Sent),
                ("Trash", SpecialUse::Trash),
            ],
            wrong_password: "[AUTHENTICATIONFAILED] LOGIN Invalid credentials",
            limits: Limits { message: 41_943_040, connections_per_user: 5, ..Limits::DOVECOT },
            quirks: Quirks {
                has_folders_of_its_own: true,
                visible_messages: Some(10_000),
                shows_fields_in_ascii: true,
                last_line_reply: Some(
                    "BAD [CLIENTBUG] Additional arguments found after last expected argument",
                ),
                message_limit: Some(1_000),
                throttle_reply: "NO [LIMIT] {command} Rate limit hit.",
                ..Quirks::NONE
            },
            ..Self::dovecot()
        }
    }

    /// Zoho: three connections, an inbox with unusual capitalisation, every message requested individually.
    pub fn zoho() -> Self {
        const CAPABILITIES: &[&str] = &[
            "IMAP4rev1",
            "UNSELECT",
            "CHILDREN",
            "NAMESPACE",
            "IDLE",
            "ID",
            "SASL-IR",
            "AUTH=PLAIN",
            "UIDPLUS",
        ];
        Self {
            name: "zoho",
            greeting: "IMAP4 Server (practice) Zoho Mail ready.",
            volunteers_capabilities: false,
            capabilities_before_sign_in: CAPABILITIES,
            capabilities: CAPABILITIES,
            id: &[("name", "Zoho Mail"), ("vendor", "Mailferry practice server")],
            special_names: &[
                ("Drafts", SpecialUse::Drafts),
                ("Sent", SpecialUse::Sent),
                ("Spam", SpecialUse::Junk),
                ("Trash", SpecialUse::Trash),
            ],
            limits: Limits { connections_per_user: 3, ..Limits::DOVECOT },
            quirks: Quirks { has_folders_of_its_own: true, inbox_name: "Inbox", ..Quirks::NONE },
            ..Self::dovecot()
        }
    }

    /// Proton's Bridge: no UIDs after APPEND, labels and All Mail as views, folders in a place of their own. Its UIDs do not
    /// survive a restart: [`ImapHandle::renumber`](super::ImapHandle::renumber) plays that.
    pub fn proton() -> Self {
        const CAPABILITIES: &[&str] = &["IMAP4rev1", "IDLE", "UNSELECT", "UIDPLUS"];
        Self {
            name: "proton",
            greeting: "Proton Mail Bridge (practice) - gluon session ready",
            volunteers_capabilities: true,
            capabilities_before_sign_in: CAPABILITIES,
            capabilities: CAPABILITIES,
            id: &[],
            special_names: &[
                ("All Mail", SpecialUse::All),
                ("Archive", SpecialUse::Archive),
                ("Drafts", SpecialUse::Drafts),
                ("Folders", SpecialUse::Archive),
                ("Labels", SpecialUse::Archive),
                ("Sent", SpecialUse::Sent),
                ("Spam", SpecialUse::Junk),
                ("Starred", SpecialUse::Flagged),
                ("Trash", SpecialUse::Trash),
            ],
            limits: Limits { message: 26_214_400, ..Limits::DOVECOT },
            quirks: Quirks {
                has_folders_of_its_own: true,
                omits_append_uid: true,
                folders_below: &["Folders", "Labels"],
                ..Quirks::NONE
            },
            ..Self::dovecot()
        }
    }

    /// Every personality there is.
    pub fn all() -> [Self; 8] {
        [
            Self::dovecot(),
            Self::courier(),
            Self::gmail(),
            Self::exchange(),
            Self::icloud(),
            Self::yahoo(),
            Self::zoho(),
            Self::proton(),
        ]
    }
}
