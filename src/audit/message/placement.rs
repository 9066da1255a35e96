//! Which folder a message was put into, according to header fields of the receiver's filters.

use super::facts::{Folder, Placement};
use super::fields::Split;

/// Placements of one message that are kept.
const MAX_PLACEMENTS: usize = 10;
/// Characters of a field that are kept as evidence.
const MAX_SAID: usize = 120;

/// What the filters say, from top to bottom.
pub(super) fn placements(parts: &Split<'_>) -> Vec<Placement> {
    let mut hops_above = 0;
    let mut found = Vec::new();
    for field in &parts.fields {
        if field.is("received") {
            hops_above += 1;
        }
        let Ok(name) = std::str::from_utf8(field.name) else { continue };
        let Some(read) = reader_of(&name.to_ascii_lowercase()).filter(|_| found.len() < MAX_PLACEMENTS)
        else {
            continue;
        };
        let value = field.value();
        if let Some(folder) = read(&value.to_ascii_lowercase()) {
            let said = format!("{name}: {value}");
            let said = said.chars().filter(|character| !character.is_control()).take(MAX_SAID).collect();
            found.push(Placement { hops_above, folder, said });
        }
    }
    found
}

/// Reads the value of a field in lower case.
type Reader = fn(&str) -> Option<Folder>;

/// The fields that say where a message went, and how each says it.
fn reader_of(name: &str) -> Option<Reader> {
    Some(match name {
        // Google's export of a mailbox (Takeout).
        "x-gmail-labels" => labels,
        // SpamAssassin and rspamd.
        "x-spam-flag" | "x-spam-status" => flag,
        // Outlook.com and Microsoft 365: the folder itself.
        "x-microsoft-antispam-mailbox-delivery" => destination,
        // GMX and WEB.DE.
        "x-ui-filterresults" => filter_results,
        "x-gmx-antispam" => level,
        _ => return None,
    })
}

fn labels(value: &str) -> Option<Folder> {
    let has = |label: &str| value.split(',').any(|one| one.trim() == label);
    if has("spam") {
        Some(Folder::Spam)
    } else if has("category promotions") || has("promotions") {
        Some(Folder::Promotions)
    } else {
        has("inbox").then_some(Folder::Inbox)
    }
}

fn flag(value: &str) -> Option<Folder> {
    let word = value.split([',', ' ']).next().unwrap_or_default();
    match word {
        "yes" => Some(Folder::Spam),
        "no" => Some(Folder::Inbox),
        _ => None,
    }
}

/// `…;dest:J;…` is the junk folder, `I` the inbox; other letters are folders of the reader's own rules.
fn destination(value: &str) -> Option<Folder> {
    match value.split(';').find_map(|part| part.trim().strip_prefix("dest:"))? {
        "j" => Some(Folder::Spam),
        "i" => Some(Folder::Inbox),
        _ => None,
    }
}

fn filter_results(value: &str) -> Option<Folder> {
    let word = value.split([':', ';']).next().unwrap_or_default().trim();
    match word {
        "junk" => Some(Folder::Spam),
        "notjunk" => Some(Folder::Inbox),
        _ => None,
    }
}

fn level(value: &str) -> Option<Folder> {
    let digits = value.split(' ').next()?;
    let level: i32 = digits.parse().ok()?;
    Some(if level > 0 { Folder::Spam } else { Folder::Inbox })
}

#[cfg(test)]
mod tests {
    use super::super::fields::split;
    use super::*;

    fn of(header: &str) -> Vec<(usize, Folder)> {
        let text = format!("{header}\r\n\r\n");
        placements(&split(text.as_bytes())).into_iter().map(|one| (one.hops_above, one.folder)).collect()
    }

    #[test]
    fn the_fields_of_many_filters_are_read() {
        for (field, folder) in [
            ("X-Gmail-Labels: Inbox,Unread", Folder::Inbox),
            ("X-Gmail-Labels: Category Promotions,Inbox", Folder::Promotions),
            ("X-GMAIL-LABELS: Spam", Folder::Spam),
            ("X-Spam-Flag: YES", Folder::Spam),
            ("X-Spam-Status: No, score=-1.9 required=5.0", Folder::Inbox),
            (
                "X-Microsoft-Antispam-Mailbox-Delivery:\r\n ucf:0;jmr:1;auth:0;dest:J;ENG:(5062000305)",
                Folder::Spam,
            ),
            ("X-Microsoft-Antispam-Mailbox-Delivery: wl:1;dest:I;", Folder::Inbox),
            ("X-UI-Filterresults: notjunk:1;V03:K0:abc", Folder::Inbox),
            ("X-GMX-Antispam: 5 (nemesis mail header analyzer)", Folder::Spam),
            ("X-GMX-Antispam: 0 (Mail was not recognized as spam)", Folder::Inbox),
        ] {
            assert_eq!(of(field), [(0, folder)], "{field}");
        }
        for other in [
            "X-Spam-Status: maybe",
            "X-Gmail-Labels: Archived",
            "X-Microsoft-Antispam-Mailbox-Delivery: dest:C",
        ] {
            assert_eq!(of(other), [], "{other}");
        }
    }

    #[test]
    fn what_stands_below_a_hop_is_distinguished() {
        let found = of("X-Spam-Flag: YES\r\nReceived: by mx.b.example; x\r\nX-Spam-Flag: NO");
        assert_eq!(found, [(0, Folder::Spam), (1, Folder::Inbox)]);
    }
}
