//! Matches the replies of receivers with the patterns of `assets/reply_patterns.toml`: what a reply means.

use std::sync::LazyLock;

use crate::assets::{ReplyClass, ReplyPattern, ReplyScope, Tier, read_reply_patterns};

/// The patterns that are built into the program; the build script has read them with the same reader.
static PATTERNS: LazyLock<Vec<ReplyPattern>> = LazyLock::new(|| {
    read_reply_patterns(include_str!("../../../assets/reply_patterns.toml")).unwrap_or_default()
});

/// Most of a reply that is read.
const MAX_REPLY: usize = 2_000;

/// What a reply means.
#[derive(Clone, Copy, Debug)]
pub struct Meaning {
    /// The wording that it fits; `None` if only its status code was read.
    pub pattern: Option<&'static ReplyPattern>,
    /// What it is about.
    pub class: ReplyClass,
    /// What it judges.
    pub scope: ReplyScope,
    /// What it means, in plain words.
    pub words: &'static str,
}

/// The pattern with this id.
pub fn pattern(id: &str) -> Option<&'static ReplyPattern> {
    PATTERNS.iter().find(|pattern| pattern.id == id)
}

/// What a reply of a receiver means; `None` if nobody knows.
///
/// `reply` is as [`tidied`] hands it out. The receiver's own wording counts first, and what says something about the
/// recipient (RFC 3463, codes X.1.1 to X.1.3, X.1.6, X.1.10 and X.2) is never taken for distrust by general wording.
pub fn meaning(receiver: Option<&str>, reply: &str) -> Option<Meaning> {
    for tier in [Tier::Receiver, Tier::Gateway, Tier::List, Tier::Anybody] {
        if tier == Tier::Anybody && is_about_recipient(reply) {
            let words = "The recipient does not exist, or the mailbox takes no more.";
            return Some(Meaning {
                pattern: None,
                class: ReplyClass::Recipient,
                scope: ReplyScope::ReceiverLocal,
                words,
            });
        }
        let found = PATTERNS.iter().find(|pattern| {
            pattern.tier == tier
                && (tier != Tier::Receiver
                    || receiver.is_some_and(|id| pattern.receivers.iter().any(|own| own == id)))
                && pattern.pattern.is_match(reply)
        });
        if let Some(pattern) = found {
            return Some(refined(pattern, reply));
        }
    }
    None
}

/// The meaning of a pattern, by the number in its first group where it has codes.
fn refined(pattern: &'static ReplyPattern, reply: &str) -> Meaning {
    let number = || pattern.pattern.captures(reply)?.get(1)?.as_str().parse::<u32>().ok();
    let code = if pattern.codes.is_empty() { None } else { number() };
    let part =
        code.and_then(|code| pattern.codes.iter().find(|part| (part.first..=part.last).contains(&code)));
    match part {
        Some(part) => {
            Meaning { pattern: Some(pattern), class: part.class, scope: part.scope, words: &part.words }
        }
        None => Meaning {
            pattern: Some(pattern),
            class: pattern.class,
            scope: pattern.scope,
            words: &pattern.words,
        },
    }
}

fn is_about_recipient(reply: &str) -> bool {
    let Some(status) = reply.split_whitespace().nth(1) else { return false };
    let mut parts = status.split('.');
    let (Some("4" | "5"), Some(subject), Some(detail), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    match subject {
        "1" => matches!(detail, "1" | "2" | "3" | "6" | "10"),
        "2" => matches!(detail, "1" | "2" | "3"),
        _ => false,
    }
}

/// A reply on one line, with one code in front: programs flatten several lines, and the code of each stays in the text.
pub fn tidied(reply: &str) -> String {
    let cut = reply.char_indices().nth(MAX_REPLY).map_or(reply, |(end, _)| reply.get(..end).unwrap_or(reply));
    let mut words = cut.split_whitespace();
    let Some(first) = words.next() else { return String::new() };
    let (code, rest) = match first.split_once('-') {
        Some((code, rest)) if is_code(code) => (code, rest),
        _ if is_code(first) => (first, ""),
        _ => return cut.split_whitespace().collect::<Vec<_>>().join(" "),
    };
    let mut kept: Vec<&str> = vec![code];
    let mut status = "";
    let mut after_code = true;
    if !rest.is_empty() {
        kept.push(rest);
        status = if is_status(rest) { rest } else { "" };
        after_code = false;
    }
    for word in words {
        let repeated = word.strip_prefix(code).and_then(|rest| rest.strip_prefix('-'));
        let is_again = repeated.is_some() || (word == code && kept.len() > 1);
        let word = repeated.unwrap_or(if is_again { "" } else { word });
        if after_code && kept.len() == 1 && is_status(word) {
            status = word;
            kept.push(word);
        } else if !(word.is_empty() || ((is_again || after_code) && !status.is_empty() && word == status)) {
            kept.push(word);
        }
        after_code = is_again && repeated.is_none_or(str::is_empty);
    }
    kept.join(" ")
}

fn is_code(word: &str) -> bool {
    word.len() == 3 && word.bytes().all(|byte| byte.is_ascii_digit()) && word.starts_with(['2', '4', '5'])
}

fn is_status(word: &str) -> bool {
    let mut parts = word.split('.');
    let is_number = |part: Option<&str>| {
        part.is_some_and(|part| {
            (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
        })
    };
    is_number(parts.next()) && is_number(parts.next()) && is_number(parts.next()) && parts.next().is_none()
}

/// A reply without the local parts of addresses, and not longer than a few lines.
pub fn redacted(reply: &str) -> String {
    const LONGEST: usize = 400;
    let mut shown = String::new();
    for word in reply.split(' ') {
        if !shown.is_empty() {
            shown.push(' ');
        }
        match word.rsplit_once('@') {
            Some((before, domain)) if domain.contains('.') && !before.is_empty() => {
                // What stands in front of the address, such as a bracket or a key, stays.
                let local =
                    before.rsplit(['<', '(', '[', '=', ':', '"', ';', ',']).next().unwrap_or_default();
                shown.push_str(before.strip_suffix(local).unwrap_or_default());
                shown.push('…');
                shown.push('@');
                shown.push_str(domain);
            }
            _ => shown.push_str(word),
        }
    }
    match shown.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", shown.get(..end).unwrap_or_default()),
        None => shown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::evidence::receivers::{receiver, receiver_of};

    #[test]
    fn every_sentence_meets_its_own_pattern_and_no_other() {
        assert_eq!(PATTERNS.len(), 110);
        for own in PATTERNS.iter() {
            let receivers: Vec<Option<&str>> = if own.receivers.is_empty() {
                vec![None, Some("mimecast")]
            } else {
                own.receivers.iter().map(|id| Some(id.as_str())).collect()
            };
            for id in receivers {
                assert!(id.is_none_or(|id| receiver(id).is_some()), "{id:?} of {} is no receiver", own.id);
                for reply in [own.sentence.clone(), tidied(&own.sentence)] {
                    let compared = PATTERNS.iter().filter(|other| {
                        other.tier <= own.tier
                            && (other.tier != Tier::Receiver
                                || id.is_some_and(|id| other.receivers.iter().any(|own| own == id)))
                    });
                    let met: Vec<&str> = compared
                        .filter(|other| other.pattern.is_match(&reply))
                        .map(|other| other.id.as_str())
                        .collect();
                    assert_eq!(met, [own.id.as_str()], "{id:?}: {reply}");
                }
                let found = meaning(id, &tidied(&own.sentence)).unwrap();
                match found.pattern {
                    Some(pattern) => assert_eq!(pattern.id, own.id),
                    None => {
                        assert_eq!((own.class, found.class), (ReplyClass::Recipient, ReplyClass::Recipient));
                    }
                }
            }
        }
    }

    #[test]
    fn codes_divide_a_pattern() {
        let of = |reply: &str| meaning(Some("orange"), reply).map(|found| (found.class, found.scope));
        assert_eq!(of("550 5.2.0 Mail rejete OFR_506"), Some((ReplyClass::Content, ReplyScope::Content)));
        assert_eq!(
            of("550 5.1.0 OFR_416 User unknown"),
            Some((ReplyClass::Recipient, ReplyScope::ReceiverLocal))
        );
        assert_eq!(of("550 5.7.1 OFR_103"), Some((ReplyClass::Reputation, ReplyScope::Ip)));
        assert_eq!(of("550 5.7.1 OFR_777"), Some((ReplyClass::Policy, ReplyScope::Ip)));
        let spectrum = meaning(Some("spectrum"), "550 5.1.0 sender rejected. AUP#In-1120").unwrap();
        assert_eq!(spectrum.class, ReplyClass::Ptr);
    }

    #[test]
    fn faults_of_recipients_are_never_distrust() {
        for (host, reply) in [
            (
                "mx.small.example",
                "550 5.1.1 <a@b.example>: Recipient address rejected: User unknown in virtual mailbox table",
            ),
            ("mx.small.example", "552 5.2.2 Mailbox full, policy violation"),
            (
                "gmail-smtp-in.l.google.com",
                "550-5.1.1 The email account that you tried to reach does not exist. 550-5.1.1 Please try",
            ),
            (
                "x.olc.protection.outlook.com",
                "550 5.5.0 Requested action not taken: mailbox unavailable (S2017062302).",
            ),
            ("mx.small.example", "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found"),
            (
                "mx.small.example",
                "450 4.2.0 <a@b.example>: Recipient address rejected: Greylisted, see http://postgrey.example",
            ),
            ("mx.small.example", "451 4.7.1 Greylisting in action, please come back later"),
        ] {
            let id = receiver_of(host).map(|receiver| receiver.id.as_str());
            let class = meaning(id, &tidied(reply)).map(|found| found.class);
            assert!(matches!(class, Some(ReplyClass::Recipient | ReplyClass::Grey)), "{reply}: {class:?}");
        }
    }

    #[test]
    fn replies_are_tidied() {
        for (reply, expected) in [
            (
                "550-5.7.26 This mail has been  blocked 550-5.7.26 because 550 5.7.26 of x",
                "550 5.7.26 This mail has been blocked because of x",
            ),
            (
                "554-gmx.net (mx1) Nemesis 554-No SMTP service 554-IP address is block listed. 554 For more",
                "554 gmx.net (mx1) Nemesis No SMTP service IP address is block listed. For more",
            ),
            ("550 5.7.1 plain", "550 5.7.1 plain"),
            ("Service unavailable", "Service unavailable"),
            ("", ""),
        ] {
            assert_eq!(tidied(reply), expected);
        }
        assert_eq!(
            redacted("550 5.1.1 <anna.b@c.example>: no to=d@e.example ok"),
            "550 5.1.1 <…@c.example>: no to=…@e.example ok"
        );
        assert_eq!(redacted(&"x ".repeat(900)).chars().count(), 401);
    }
}
