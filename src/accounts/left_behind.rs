//! Names what IMAP does not carry, with what to do about each, so that nobody finds out weeks later.

use serde::{Deserialize, Serialize};

use super::{AliasPlan, Directory, WhyLeftOut};
use crate::values::counted;

/// Something that a copy over IMAP leaves behind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftBehind {
    /// Its name for programs.
    pub id: String,
    /// What it is.
    pub title: String,
    /// Where it is today, or what was seen of it in the owner's files.
    pub words: String,
    /// What to do about it.
    pub what_to_do: String,
}

/// The list for this project; things that were seen in the owner's files come with their number.
pub fn left_behind(directory: &Directory, plan: &AliasPlan) -> Vec<LeftBehind> {
    let seen =
        |is: fn(&WhyLeftOut) -> bool| directory.left_out.iter().filter(|entry| is(&entry.why)).count() as u64;
    let vacations = seen(|why| matches!(why, WhyLeftOut::Program(program) if program.contains("vacation")));
    let programs = seen(|why| matches!(why, WhyLeftOut::Program(_))) - vacations;
    let files = seen(|why| matches!(why, WhyLeftOut::File | WhyLeftOut::Include));
    let forwards = plan.counts().forwards as u64;
    let item = |id: &str, title: &str, words: String, what_to_do: &str| LeftBehind {
        id: id.to_owned(),
        title: title.to_owned(),
        words,
        what_to_do: what_to_do.to_owned(),
    };
    let mut items = vec![
        item(
            "sieve",
            "Filter rules (Sieve)",
            "Rules that sort or forward mail are kept beside the mailbox, not in it. With Dovecot they lie in ~/.dovecot.sieve and ~/sieve.".to_owned(),
            "Save each script (doveadm sieve list and get, or the filter page of the webmail), and set the rules up anew at the provider. Do it before the switch: mail that was sorted lands in the inbox otherwise.",
        ),
        item(
            "vacation",
            "Vacation notes",
            if vacations > 0 {
                format!("{} in your alias files; others are part of the filter rules.", counted(vacations, "vacation program"))
            } else {
                "They are part of the filter rules, or of the webmail.".to_owned()
            },
            "Ask who is away on the day of the switch, and switch their note on at the provider.",
        ),
        item(
            "calendars",
            "Calendars",
            "They are kept by another service of the server (CalDAV), if there is one. IMAP has only invitations as mails.".to_owned(),
            "Export each calendar as an .ics file from the calendar program or the webmail, and import it at the provider. Shared calendars have to be shared again.",
        ),
        item(
            "contacts",
            "Contacts",
            "They are kept by another service of the server (CardDAV), or in the webmail.".to_owned(),
            "Export each address book as a .vcf file, and import it at the provider.",
        ),
        item(
            "passwords",
            "Passwords",
            "The old server has only hashes of them, which no provider takes. Mailferry does not read them.".to_owned(),
            "Give every mailbox a new password, and tell each person in another way than by mail.",
        ),
        item(
            "programs",
            "Settings of mail programs",
            "Phones and mail programs know the old server by name, and keep signatures, rules and local folders of their own.".to_owned(),
            "Change the server in each program after the switch. Local folders have to be moved into the mailbox before the copy.",
        ),
        item(
            "shares",
            "Shared folders and rights",
            "Messages of shared folders are copied where they are chosen, but not who may read them.".to_owned(),
            "Note who may read what (doveadm acl get), and share the folders again at the provider.",
        ),
    ];
    if programs + files > 0 {
        items.push(LeftBehind {
            id: "deliveries".to_owned(),
            title: "Programs and files behind addresses".to_owned(),
            words: format!("{} in your alias files hand mail to a program or a file on the server.", counted(programs + files, "entry").replace("entrys", "entries")),
            what_to_do: "Let each program fetch its mail from a mailbox over IMAP, or leave it on a server of its own with a subdomain.".to_owned(),
        });
    }
    if forwards > 0 {
        items.push(LeftBehind {
            id: "forwards".to_owned(),
            title: "Forwards".to_owned(),
            words: format!("{} in your alias files; people may have others in their filter rules.", counted(forwards, "forward")),
            what_to_do: "Create them at the provider from the plan of aliases. Many providers forbid forwards to other domains until an admin allows them.".to_owned(),
        });
    }
    items
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::read;
    use crate::values::DomainName;

    #[test]
    fn what_was_seen_is_counted() {
        let domain = DomainName::parse("example.org").unwrap();
        let aliases = b"anna: \"|/usr/bin/vacation anna\"\nlist: :include:/etc/list\nbot: |/opt/bot, /var/x\nben: b@else.example\n";
        let directory = read("aliases", aliases, &domain, None).unwrap();
        let items = left_behind(&directory, &AliasPlan::of(&directory, &[]));
        let words = |id: &str| items.iter().find(|item| item.id == id).unwrap().words.clone();
        assert!(words("vacation").starts_with("1 vacation program "), "{}", words("vacation"));
        assert!(words("deliveries").starts_with("3 entries "), "{}", words("deliveries"));
        assert!(words("forwards").starts_with("1 forward "), "{}", words("forwards"));
        let empty = left_behind(&Directory::default(), &AliasPlan::default());
        assert_eq!(
            empty.iter().map(|item| item.id.as_str()).collect::<Vec<_>>(),
            ["sieve", "vacation", "calendars", "contacts", "passwords", "programs", "shares"]
        );
    }
}
