//! After an admin has signed in for a mailbox: is the inbox that of the mailbox, or the admin's own?
//!
//! A server that overlooks the authorisation identity lets the admin into its own mailbox and says OK. So the admin
//! signs in a second time without naming a mailbox, and the two inboxes are compared.

use crate::imap::protocol::error::ImapError;
use crate::imap::protocol::reply::Reply;
use crate::imap::session::Session;
use crate::imap::sign_in::connection_limit::Claim;
use crate::imap::sign_in::{Access, AccessOptions, Behind, SignInError};
use crate::values::{Credential, SignInWay, UidValidity};

/// What a server says of an inbox.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Inbox {
    /// MAILBOXID (RFC 8474), or Dovecot's GUID: the same for one mailbox only.
    id: Option<String>,
    uid_validity: UidValidity,
    uid_next: Option<u32>,
    exists: u32,
    /// UID, size and date of the first and the last message.
    ends: Vec<(u32, u64, String)>,
}

/// How two inboxes compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Likeness {
    Same,
    Different,
    /// Both are empty and indistinguishable.
    Unknown,
}

/// Compares the opened inbox with the admin's own, once per mailbox and run. Words about what was checked.
pub(in crate::imap) async fn check(
    access: &Access,
    admin: &str,
    session: &mut Session,
) -> Result<String, SignInError> {
    let words = |what: &str| format!("signed in by {admin} for {}: {what}", access.user);
    if let Some(known) = access.idle.proven(access) {
        return Ok(known);
    }
    let way = SignInWay { credential: Credential::Password, mechanism: access.options.way.mechanism };
    let own = Access {
        user: admin.to_owned(),
        options: AccessOptions { way, ..access.options.clone() },
        ..access.clone()
    };
    let mut own = match own.enter(Behind::Introduction(None), Claim::Briefly).await {
        Ok(own) => own,
        Err(error) if error.is_temporary() => return Err(error),
        Err(SignInError::Imap(error)) => return Err(SignInError::Imap(error)),
        // Most admins of this kind have no mailbox at all.
        Err(refused) => {
            tracing::debug!(%refused, "the admin has no mailbox of its own");
            let proven = words("the admin has no mailbox that could be mistaken for it");
            access.idle.prove(access, &proven);
            return Ok(proven);
        }
    };
    let (theirs, own_inbox) = tokio::join!(look(session), look(&mut own));
    own.logout().await;
    let proven = match likeness(theirs?.as_ref(), own_inbox?.as_ref()) {
        Likeness::Same => return Err(SignInError::AdminsOwnMailbox { admin: admin.to_owned() }),
        Likeness::Unknown => return Err(SignInError::MailboxNotProven { admin: admin.to_owned() }),
        Likeness::Different => words("its inbox was compared with the admin's own and differs"),
    };
    access.idle.prove(access, &proven);
    Ok(proven)
}

fn likeness(theirs: Option<&Inbox>, own: Option<&Inbox>) -> Likeness {
    let (Some(theirs), Some(own)) = (theirs, own) else {
        // An inbox that only one of the two has.
        return if theirs.is_some() || own.is_some() { Likeness::Different } else { Likeness::Unknown };
    };
    if let (Some(theirs), Some(own)) = (&theirs.id, &own.id) {
        return if theirs == own { Likeness::Same } else { Likeness::Different };
    }
    if (theirs.uid_validity, theirs.uid_next) != (own.uid_validity, own.uid_next) || theirs.ends != own.ends {
        return Likeness::Different;
    }
    if theirs.exists == 0 { Likeness::Unknown } else { Likeness::Same }
}

/// What the server says of the inbox; `None` where it does not open.
async fn look(session: &mut Session) -> Result<Option<Inbox>, ImapError> {
    let mut inbox = Inbox { id: session.inbox_id().await?, ..Inbox::default() };
    let opened = match session.examine("INBOX").await {
        Ok(opened) => opened,
        Err(ImapError::Refused { .. }) => return Ok(None),
        Err(error) => return Err(error),
    };
    (inbox.uid_validity, inbox.uid_next, inbox.exists) =
        (opened.uid_validity, opened.uid_next, opened.exists);
    if opened.exists > 0 {
        let mut ends = Vec::new();
        let asked = format!("FETCH 1,{} (UID RFC822.SIZE INTERNALDATE)", opened.exists);
        let fetched = session
            .run("FETCH", &asked, |reply| {
                if let Reply::Fetch(item) = reply
                    && let (Some(uid), Some(size)) = (item.uid, item.size)
                    && ends.len() < 2
                {
                    ends.push((uid, size, item.internal_date.unwrap_or_default()));
                }
            })
            .await;
        match fetched {
            Ok(_) | Err(ImapError::Refused { .. }) => {}
            Err(error) => return Err(error),
        }
        ends.sort();
        inbox.ends = ends;
    }
    Ok(Some(inbox))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inboxes_are_distinguished_by_their_number_else_by_what_is_in_them() {
        let inbox = |id: Option<&str>, uid_validity, exists| Inbox {
            id: id.map(str::to_owned),
            uid_validity: UidValidity(uid_validity),
            uid_next: Some(exists + 1),
            exists,
            ends: (0..exists.min(2)).map(|uid| (uid, 100, "d".to_owned())).collect(),
        };
        for (theirs, own, expected) in [
            (inbox(Some("a"), 7, 0), inbox(Some("b"), 7, 0), Likeness::Different),
            (inbox(Some("a"), 7, 0), inbox(Some("a"), 7, 0), Likeness::Same),
            (inbox(None, 7, 3), inbox(None, 8, 3), Likeness::Different),
            (inbox(None, 7, 3), inbox(None, 7, 4), Likeness::Different),
            (inbox(None, 7, 3), inbox(None, 7, 3), Likeness::Same),
            (inbox(None, 7, 0), inbox(None, 7, 0), Likeness::Unknown),
        ] {
            assert_eq!(likeness(Some(&theirs), Some(&own)), expected);
        }
        let mut other = inbox(None, 7, 3);
        other.ends[1].1 = 101;
        assert_eq!(likeness(Some(&inbox(None, 7, 3)), Some(&other)), Likeness::Different);
        assert_eq!(likeness(Some(&other), None), Likeness::Different);
        assert_eq!(likeness(None, None), Likeness::Unknown);
    }
}
