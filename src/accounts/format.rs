//! Tells the format of a file from its content.

use serde::{Deserialize, Serialize};

use super::formats::{aliases, dovecot_passwd, iredmail, modoboa, passwd, postfix_map};
use super::{AccountsError, table_rows};

/// The forms in which accounts and aliases are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// A table: CSV, or copied from a spreadsheet.
    Table,
    /// `/etc/passwd`.
    Passwd,
    /// A Dovecot passwd-file.
    DovecotPasswd,
    /// Text of Postfix `virtual_mailbox_maps`.
    PostfixMailboxes,
    /// Text of Postfix `virtual_alias_maps`.
    PostfixAliases,
    /// `/etc/aliases`.
    Aliases,
    /// Answers of the mailcow API about mailboxes or aliases.
    Mailcow,
    /// Answers of the Mail-in-a-Box API about users or aliases.
    MailInABox,
    /// LDIF of an iRedMail directory.
    IredmailLdif,
    /// An SQL dump of the iRedMail database `vmail`.
    IredmailSql,
    /// Modoboa's CSV of identities.
    Modoboa,
    /// What `doveadm user '*'` prints.
    DoveadmUsers,
}

impl Format {
    /// All of them, in the order in which help texts list them.
    pub const ALL: [Self; 12] = [
        Self::Table,
        Self::Passwd,
        Self::DovecotPasswd,
        Self::PostfixMailboxes,
        Self::PostfixAliases,
        Self::Aliases,
        Self::Mailcow,
        Self::MailInABox,
        Self::IredmailLdif,
        Self::IredmailSql,
        Self::Modoboa,
        Self::DoveadmUsers,
    ];

    /// Its name for programs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Passwd => "passwd",
            Self::DovecotPasswd => "dovecot-passwd",
            Self::PostfixMailboxes => "postfix-mailboxes",
            Self::PostfixAliases => "postfix-aliases",
            Self::Aliases => "aliases",
            Self::Mailcow => "mailcow",
            Self::MailInABox => "mail-in-a-box",
            Self::IredmailLdif => "iredmail-ldif",
            Self::IredmailSql => "iredmail-sql",
            Self::Modoboa => "modoboa",
            Self::DoveadmUsers => "doveadm-users",
        }
    }

    /// What it is, for people.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Table => "a table",
            Self::Passwd => "system users (/etc/passwd)",
            Self::DovecotPasswd => "a Dovecot passwd-file",
            Self::PostfixMailboxes => "Postfix virtual mailboxes",
            Self::PostfixAliases => "Postfix virtual aliases",
            Self::Aliases => "system aliases (/etc/aliases)",
            Self::Mailcow => "an export of mailcow",
            Self::MailInABox => "an export of Mail-in-a-Box",
            Self::IredmailLdif => "an LDIF export of iRedMail",
            Self::IredmailSql => "an SQL dump of iRedMail",
            Self::Modoboa => "an export of Modoboa",
            Self::DoveadmUsers => "users listed by doveadm",
        }
    }

    /// The form with this name.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }
}

/// Lines that are enough to tell a form; more would not make it surer.
const LINES_LOOKED_AT: usize = 200;

/// Tells the form of a text by what stands in it, never by the name of its file.
pub(super) fn recognise(text: &str) -> Result<Format, AccountsError> {
    let has_words = |line: &&str| {
        let line = line.trim();
        !line.is_empty() && !line.starts_with('#')
    };
    let lines: Vec<&str> = text.lines().filter(has_words).take(LINES_LOOKED_AT).collect();
    let Some(first) = lines.first() else { return Err(AccountsError::Empty) };
    if first.trim_start().starts_with(['[', '{']) {
        return Ok(if text.contains("\"forwards_to\"") || text.contains("\"privileges\"") {
            Format::MailInABox
        } else {
            Format::Mailcow
        });
    }
    if iredmail::is_ldif(first) {
        return Ok(Format::IredmailLdif);
    }
    if iredmail::is_sql(text) {
        return Ok(Format::IredmailSql);
    }
    if modoboa::fits(first) {
        return Ok(Format::Modoboa);
    }
    if table_rows::is_sign_in_list(first) {
        return Err(AccountsError::SignInList);
    }
    if table_rows::has_known_heading(&lines) {
        return Ok(Format::Table);
    }
    if lines.iter().all(|line| passwd::is_shadow(line)) {
        return Err(AccountsError::Shadow);
    }
    if lines.iter().all(|line| passwd::fits(line)) {
        return Ok(Format::Passwd);
    }
    if lines.iter().all(|line| dovecot_passwd::fits(line)) {
        return Ok(Format::DovecotPasswd);
    }
    let is_one_name = |line: &&str| {
        let name = line.trim();
        !name.contains(|sign: char| sign.is_whitespace() || ":;,|=<>\"".contains(sign))
    };
    if lines.iter().all(is_one_name) {
        return Ok(Format::DoveadmUsers);
    }
    if aliases::fits(first) {
        return Ok(Format::Aliases);
    }
    if let Some(is_of_mailboxes) = postfix_map::fits(&lines) {
        return Ok(if is_of_mailboxes { Format::PostfixMailboxes } else { Format::PostfixAliases });
    }
    if table_rows::has_addresses(&lines) {
        return Ok(Format::Table);
    }
    let before = text.lines().take_while(|line| !has_words(line)).count();
    Err(AccountsError::Unrecognised { line: u64::try_from(before).unwrap_or(0) + 1 })
}
