//! Reads one file, in the format that its content shows or the owner names.

use super::collector::Collector;
use super::format::recognise;
use super::formats::{
    aliases, doveadm_users, dovecot_passwd, iredmail, mail_in_a_box, mailcow, modoboa, passwd, postfix_map,
};
use super::text::decode;
use super::{AccountsError, Directory, Format, SourceFile, table_rows};
use crate::values::DomainName;

/// Largest file that is read, in bytes; a dump of a thousand mailboxes is some two million.
pub const MAX_FILE_BYTES: usize = 32_000_000;

/// Reads one file. `name` is for messages, `domain` completes names without one, and `format` overrides what the text
/// looks like.
///
/// # Errors
/// The file is too large, no text, in no known form, or does not keep to its form.
pub fn read(
    name: &str,
    bytes: &[u8],
    domain: &DomainName,
    format: Option<Format>,
) -> Result<Directory, AccountsError> {
    let decoded = decode(bytes)?;
    let text = decoded.text.as_str();
    let format = match format {
        Some(format) => format,
        None => recognise(text)?,
    };
    let mut found = Collector::new(name, domain);
    match format {
        Format::Table => table_rows::read(text, &mut found)?,
        Format::Passwd => passwd::read(text, &mut found)?,
        Format::DovecotPasswd => dovecot_passwd::read(text, &mut found)?,
        Format::PostfixMailboxes => postfix_map::read_mailboxes(text, &mut found)?,
        Format::PostfixAliases => postfix_map::read_aliases(text, &mut found)?,
        Format::Aliases => aliases::read(text, &mut found)?,
        Format::Mailcow => mailcow::read(text, &mut found)?,
        Format::MailInABox => mail_in_a_box::read(text, &mut found)?,
        Format::IredmailLdif => iredmail::read_ldif(text, &mut found)?,
        Format::IredmailSql => iredmail::read_sql(text, &mut found)?,
        Format::Modoboa => modoboa::read(text, &mut found)?,
        Format::DoveadmUsers => doveadm_users::read(text, &mut found)?,
    }
    let mut directory = found.finish();
    directory.sources.push(SourceFile {
        name: name.to_owned(),
        format,
        encoding: decoded.encoding,
        accounts: directory.accounts.len(),
        routes: directory.routes.len(),
    });
    Ok(directory)
}

#[cfg(test)]
mod read_tests;
