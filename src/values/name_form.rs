use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The place of the mailbox in a form.
const USER: &str = "{user}";
/// The place of the admin.
const ADMIN: &str = "{admin}";

/// How a server wants the names of mailbox and admin in one user name, such as `{user}*{admin}` (Dovecot, Cyrus) or
/// `{admin}\{user}` (Exchange).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct NameForm(String);

/// Why a text is not a valid form.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum NameFormError {
    /// It has not each of the two places once, or nothing between them.
    #[error(
        "“{0}” is not a valid name form: write the separator between mailbox and admin, such as *, or a form such as {{admin}}/{{user}}"
    )]
    NoPlaces(String),
    /// A form without an admin means nothing.
    #[error("a name form needs an admin: give the admin as well")]
    NoAdmin,
}

impl NameForm {
    /// Mailbox, star, admin: what Dovecot, iRedMail, mailcow and UW-IMAP take where their separator is the usual one.
    pub fn usual() -> Self {
        Self(format!("{USER}*{ADMIN}"))
    }

    /// Parses a form; a bare separator goes between mailbox and admin, in this order.
    pub fn parse(text: &str) -> Result<Self, NameFormError> {
        let wrong = || NameFormError::NoPlaces(text.to_owned());
        let whole = match text.trim() {
            "" => return Err(wrong()),
            form if form.contains('{') => form.to_owned(),
            separator => format!("{USER}{separator}{ADMIN}"),
        };
        let has_each_once = [USER, ADMIN].iter().all(|place| whole.matches(place).count() == 1);
        let between = whole.replace(USER, "\n").replace(ADMIN, "\n");
        let is_parted = between.split('\n').nth(1).is_some_and(|separator| !separator.is_empty());
        let is_plain = !whole.chars().any(char::is_control);
        if has_each_once && is_parted && is_plain { Ok(Self(whole)) } else { Err(wrong()) }
    }

    /// The name to sign in with. A user name that has the form already, with this admin, stays as it is.
    pub fn fill(&self, user: &str, admin: &str) -> String {
        // The admin first: a user name may hold what looks like a place.
        let around = self.0.replace(ADMIN, admin);
        let (before, after) = around.split_once(USER).unwrap_or_default();
        let bare = user.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
        match bare {
            Some(bare) if !bare.is_empty() => user.to_owned(),
            _ => format!("{before}{user}{after}"),
        }
    }

    /// The whole form.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for NameForm {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl TryFrom<String> for NameForm {
    type Error = NameFormError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<NameForm> for String {
    fn from(form: NameForm) -> Self {
        form.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_names_find_their_places_in_any_form() {
        for (form, expected) in [
            ("*", "anna*root"),
            (" + ", "anna+root"),
            ("{admin}\\{user}", "root\\anna"),
            ("EXAMPLE\\{admin}\\{user}", "EXAMPLE\\root\\anna"),
            ("{user}@x\\{admin}", "anna@x\\root"),
        ] {
            let form = NameForm::parse(form).unwrap();
            assert_eq!(form.fill("anna", "root"), expected);
            assert_eq!(form.fill(expected, "root"), expected, "written by hand already");
            assert_eq!(NameForm::parse(form.as_str()).as_ref(), Ok(&form));
        }
        let star = NameForm::parse("*").unwrap();
        assert_eq!(star.fill("*root", "root"), "*root*root", "a name of its own");
        assert_eq!(star.fill("{admin}", "root"), "{admin}*root");
        for wrong in ["", "  ", "{user}", "{user}{admin}", "{user}*{user}", "{user}*{admin}*{admin}", "{x}"] {
            assert!(NameForm::parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
