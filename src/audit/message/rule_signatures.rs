//! Whether the signatures of real messages verify, and if not, whether header or body changed (RFC 6376 section 6.1).

use super::facts::{BodyCheck, MessageFacts, Signature, SignatureFault, ascii};
use super::rule::new;
use crate::audit::context::Context;
use crate::audit::dkim::{DkimKey, KeyFault, is_key_record, key_fault, key_name, verifies};
use crate::audit::dmarc::registered_domain;
use crate::audit::draft::{Draft, listed, why_unknown};
use crate::audit::lookups::is_askable;
use crate::audit::{Changer, Effort, Finding, Importance, Lookups, Status};
use crate::values::{DnsName, RecordType};

/// A signature that lives shorter than this may be over before a busy receiver looks at it.
const SHORT_LIFE_SECS: i64 = 86_400;
/// Clocks differ by minutes.
const CLOCK_SECS: i64 = 300;
/// Fields that should be signed where a message has them (RFC 6376 section 5.4.1).
const WORTH_SIGNING: [&str; 3] = ["subject", "date", "to"];

/// The result of one signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::audit) enum Verdict {
    /// Key and hashes fit.
    Passes,
    /// It could never verify, and why.
    Useless(String),
    /// The message is not what was signed any more, and which part.
    Broken(Change),
    /// The key record is not known, and why.
    Unknown(String),
}

/// What was changed after signing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::audit) enum Change {
    /// The body.
    Body,
    /// Something stands behind the body that was signed.
    Appended(u64),
    /// A header field.
    Header,
    /// Only a mark such as “[list]” in the subject.
    SubjectMark,
    /// Both halves.
    HeaderAndBody,
}

impl Change {
    /// Whether this is what mailing lists and footers do, which no signature survives.
    fn is_list_like(self) -> bool {
        matches!(self, Self::Appended(_) | Self::SubjectMark)
    }

    pub(in crate::audit) fn words(self) -> String {
        match self {
            Self::Body => "the text was changed after signing (body hash), the header was not".to_owned(),
            Self::Appended(bytes) => {
                format!("the signed text is whole, and {bytes} bytes were put behind it: a footer of a list or a filter")
            }
            Self::Header => "a signed header field was changed (header hash), or the key was replaced; the text was not changed".to_owned(),
            Self::SubjectMark => "somebody put a mark in square brackets into the subject; without it the signature verifies".to_owned(),
            Self::HeaderAndBody => "both the header and the text differ from what was signed, or the key was replaced".to_owned(),
        }
    }
}

/// Whether the present key verifies a signature.
pub(in crate::audit) fn passes(lookups: &Lookups<'_>, signature: &Signature) -> bool {
    verify(lookups, signature) == Verdict::Passes
}

/// Verifies one signature with the key that the DNS holds.
pub(in crate::audit) fn verify(lookups: &Lookups<'_>, signature: &Signature) -> Verdict {
    if let Some(fault) = &signature.fault {
        return Verdict::Useless(fault_words(fault));
    }
    let name = key_name(&signature.selector, &ascii(&signature.domain));
    if !is_askable(&name) {
        return Verdict::Useless("its key would lie under a name that the DNS cannot carry".to_owned());
    }
    let answer = lookups.ask(&name, RecordType::Txt);
    if !answer.outcome.is_known() {
        return Verdict::Unknown(why_unknown(&answer.outcome));
    }
    let Some(text) = answer.texts().find(|text| is_key_record(text)) else {
        return Verdict::Useless(format!("there is no key at {name}"));
    };
    let key = match DkimKey::parse(&text) {
        Ok(key) => key,
        Err(words) => return Verdict::Useless(format!("the key at {name} cannot be used: {words}")),
    };
    let is_subdomain =
        signature.identity_domain.as_ref().is_some_and(|identity| *identity != signature.domain);
    if let Some(fault) = key_fault(&key, &signature.algorithm, is_subdomain) {
        return Verdict::Useless(key_fault_words(fault).to_owned());
    }
    if signature.algorithm == "rsa-sha1" {
        return Verdict::Useless("it uses SHA-1, which receivers no longer accept".to_owned());
    }
    compare(&key, signature)
}

fn compare(key: &DkimKey, signature: &Signature) -> Verdict {
    let fits = |signed: &[u8]| verifies(key, signed, &signature.signature.0);
    let is_header_same = fits(&signature.signed.0);
    let is_mark = || signature.signed_without_mark.as_ref().is_some_and(|signed| fits(&signed.0));
    match (is_header_same, signature.body) {
        (_, BodyCheck::TooShort) => {
            Verdict::Useless("it covers more of the text (l=) than there is".to_owned())
        }
        (true, BodyCheck::Same) => Verdict::Passes,
        (true, BodyCheck::Appended { bytes }) => Verdict::Broken(Change::Appended(bytes)),
        (true, BodyCheck::Changed | BodyCheck::Unchecked) => Verdict::Broken(Change::Body),
        (false, BodyCheck::Same) if is_mark() => Verdict::Broken(Change::SubjectMark),
        (false, BodyCheck::Appended { bytes }) if is_mark() => Verdict::Broken(Change::Appended(bytes)),
        (false, BodyCheck::Same) => Verdict::Broken(Change::Header),
        (false, _) => Verdict::Broken(Change::HeaderAndBody),
    }
}

fn fault_words(fault: &SignatureFault) -> String {
    match fault {
        SignatureFault::MissingTag(name) => format!("the tag “{name}” is missing"),
        SignatureFault::TwiceTag(name) => format!("the tag “{name}” occurs twice"),
        SignatureFault::BadTag(name) => format!("the tag “{name}” has a value that is not allowed"),
        SignatureFault::FromNotSigned => "the visible sender (From) is not signed".to_owned(),
        SignatureFault::ForeignIdentity => "i= is not of the domain in d=".to_owned(),
        SignatureFault::HeaderTooLong => "the message has more header fields than are read".to_owned(),
    }
}

const fn key_fault_words(fault: KeyFault) -> &'static str {
    match fault {
        KeyFault::Revoked => "its key was withdrawn",
        KeyFault::OtherKind => "its key is of another kind than the signature",
        KeyFault::TooShort => "its key has fewer than 1024 bits, which receivers must not accept",
        KeyFault::Sha1Only => "its key allows SHA-1 only",
        KeyFault::NotForMail => "its key is not meant for mail",
        KeyFault::Strict => "its key forbids subdomains in i= (t=s)",
    }
}

/// One line about one signature of one message.
fn line(message: &MessageFacts, signature: &Signature, words: &str) -> String {
    format!("{}, signature of {} ({}): {words}", message.name, signature.domain, signature.selector)
}

/// How close the signing domain is to the visible sender (RFC 9989 section 4.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Alignment {
    None,
    Relaxed,
    Strict,
}

pub(super) fn alignment(message: &MessageFacts, domain: &str) -> Alignment {
    let signing = ascii(domain);
    let same_organisation = |from: &str| {
        let organisation = |name: &str| registered_domain(&DnsName::new(name));
        organisation(from).is_some() && organisation(from) == organisation(&signing)
    };
    let froms: Vec<String> = message.from_domains.iter().map(|from| ascii(from)).collect();
    if froms.contains(&signing) {
        Alignment::Strict
    } else if froms.iter().any(|from| same_organisation(from)) {
        Alignment::Relaxed
    } else {
        Alignment::None
    }
}

pub(super) fn judge(context: &Context<'_>, messages: &[&MessageFacts], findings: &mut Vec<Finding>) {
    context.lookups.begin();
    judge_verdicts(context, messages, findings);
    judge_alignment(context, messages, findings);
    let mut push = |draft: Option<Draft>| findings.extend(draft.map(|draft| draft.done(&context.lookups)));
    context.lookups.begin();
    push(sha1(messages));
    push(lengths(messages));
    push(signed_fields(messages));
    push(life(messages));
    push(labels(messages));
}

fn judge_verdicts(context: &Context<'_>, messages: &[&MessageFacts], findings: &mut Vec<Finding>) {
    let (mut passing, mut broken, mut unknown) = (Vec::new(), Vec::new(), Vec::new());
    let mut is_only_list_like = true;
    for message in messages {
        for signature in &message.signatures {
            match verify(&context.lookups, signature) {
                Verdict::Passes => passing.push(line(message, signature, "verifies")),
                Verdict::Useless(words) => {
                    is_only_list_like = false;
                    broken.push(line(message, signature, &words));
                }
                Verdict::Broken(change) => {
                    is_only_list_like &= change.is_list_like();
                    broken.push(line(message, signature, &change.words()));
                }
                Verdict::Unknown(words) => unknown.push(line(message, signature, &words)),
            }
        }
    }
    let mut push = |draft: Draft| findings.push(draft.rfc(6376, "6.1").done(&context.lookups));
    if !broken.is_empty() {
        let (status, remedy) = if is_only_list_like {
            (
                Status::Warn,
                "Nothing on your side: lists and forwarders that change mail break every signature. Do not ask for p=reject while people write through them.",
            )
        } else {
            (
                Status::Fail,
                "Let the server sign last, after every filter and footer of its own, and compare the key in the zone with the one on the server.",
            )
        };
        push(
            new(
                "message.dkim-broken",
                status,
                Importance::VeryImportant,
                "A signature (DKIM) of your mail does not verify",
            )
            .words(format!("{}.", broken.join("; ")))
            .remedy(Effort::Medium, Changer::YouOnTheServer, remedy),
        );
    }
    if !passing.is_empty() {
        push(
            new(
                "message.dkim",
                Status::Pass,
                Importance::VeryImportant,
                "Signatures (DKIM) of your mail verify",
            )
            .words(format!("{}.", passing.join("; "))),
        );
    }
    if !unknown.is_empty() {
        push(
            new(
                "message.dkim-unknown",
                Status::Unknown,
                Importance::VeryImportant,
                "Whether a signature verifies could not be measured",
            )
            .words(unknown.join("; "))
            .remedy(
                Effort::Low,
                Changer::Nobody,
                "Run the audit again in a while, or with another resolver.",
            ),
        );
    }
    findings.extend(unsigned(messages).map(|draft| draft.done(&context.lookups)));
}

fn unsigned(messages: &[&MessageFacts]) -> Option<Draft> {
    let unsigned: Vec<&str> = messages
        .iter()
        .filter(|message| message.signatures.is_empty())
        .map(|message| message.name.as_str())
        .collect();
    (!unsigned.is_empty()).then(|| {
        new("message.dkim-missing", Status::Fail, Importance::VeryImportant, format!("Not signed: {}", listed(&unsigned)))
            .words("The message has no DKIM signature. Large receivers expect one, and mail that is forwarded has nothing else to show.")
            .remedy(Effort::Medium, Changer::YouOnTheServer, "Let the server sign every message that it sends for the domain.")
            .rfc(6376, "6.1")
    })
}

/// E14: whether a signature that verifies is of the visible sender's domain.
fn judge_alignment(context: &Context<'_>, messages: &[&MessageFacts], findings: &mut Vec<Finding>) {
    let (mut strict, mut relaxed, mut none) = (Vec::new(), Vec::new(), Vec::new());
    for message in messages.iter().filter(|message| !message.signatures.is_empty()) {
        let best = message.signatures.iter().map(|signature| alignment(message, &signature.domain)).max();
        match best {
            Some(Alignment::Strict) => strict.push(message.name.as_str()),
            Some(Alignment::Relaxed) => relaxed.push(message.name.as_str()),
            _ => none.push(message.name.as_str()),
        }
    }
    let draft = if !none.is_empty() {
        new("message.dkim-alignment", Status::Warn, Importance::Important, format!("Signed by others only: {}", listed(&none)))
            .words("No signature is of the domain of the visible sender, so it does not count for DMARC.")
            .remedy(Effort::Medium, Changer::YouOnTheServer, "Let the service that sends sign with your domain; most offer it as “custom domain” or “domain authentication”.")
    } else if !relaxed.is_empty() {
        new("message.dkim-alignment", Status::Pass, Importance::Minor, "Signed by the same organisation")
            .words(format!("The signature of {} is of another name of your organisation. That counts, unless DMARC asks for adkim=s.", listed(&relaxed)))
    } else if !strict.is_empty() {
        new(
            "message.dkim-alignment",
            Status::Pass,
            Importance::Important,
            "Signed by the domain of the visible sender",
        )
        .words("The signature counts for DMARC in every mode.")
    } else {
        return;
    };
    findings.push(draft.rfc(9989, "4.4").done(&context.lookups));
}

fn signatures<'m>(messages: &[&'m MessageFacts]) -> impl Iterator<Item = (&'m MessageFacts, &'m Signature)> {
    messages
        .iter()
        .flat_map(|message| message.signatures.iter().map(move |signature| (*message, signature)))
        .collect::<Vec<_>>()
        .into_iter()
}

/// E11
fn sha1(messages: &[&MessageFacts]) -> Option<Draft> {
    let old: Vec<String> = signatures(messages)
        .filter(|(_, signature)| signature.algorithm == "rsa-sha1")
        .map(|(message, signature)| format!("{} ({})", message.name, signature.domain))
        .collect();
    (!old.is_empty()).then(|| {
        new(
            "message.dkim-sha1",
            Status::Fail,
            Importance::VeryImportant,
            format!("Signed with SHA-1: {}", listed(&old)),
        )
        .words("Receivers must not accept such signatures, so this mail counts as not signed.")
        .remedy(Effort::Medium, Changer::YouOnTheServer, "Set the signing algorithm to rsa-sha256.")
        .rfc(8301, "3.1")
    })
}

/// E12
fn lengths(messages: &[&MessageFacts]) -> Option<Draft> {
    let limited: Vec<(String, u64)> = signatures(messages)
        .filter_map(|(message, signature)| {
            signature.body_length.map(|length| (format!("{} (l={length})", message.name), length))
        })
        .collect();
    let is_nothing = limited.iter().any(|(_, length)| *length == 0);
    let names: Vec<&String> = limited.iter().map(|(name, _)| name).collect();
    (!limited.is_empty()).then(|| {
        let (status, words) = if is_nothing {
            (
                Status::Fail,
                "With l=0 none of the text is signed: anybody can put another text under your signature.",
            )
        } else {
            (Status::Warn, "Whatever is put behind the signed part passes as yours.")
        };
        new(
            "message.dkim-length",
            status,
            Importance::Important,
            format!("Signed in part only: {}", listed(&names)),
        )
        .words(words)
        .remedy(Effort::Low, Changer::YouOnTheServer, "Switch the length tag (l=) off in the signer.")
        .rfc(6376, "8.2")
    })
}

/// E13
fn signed_fields(messages: &[&MessageFacts]) -> Option<Draft> {
    let (mut without, mut open) = (Vec::new(), false);
    let mut is_any = false;
    for (message, signature) in signatures(messages).filter(|(_, signature)| signature.fault.is_none()) {
        is_any = true;
        open |= !signature.is_from_oversigned;
        let missing: Vec<&str> = WORTH_SIGNING
            .into_iter()
            .filter(|name| !signature.signed_fields.iter().any(|signed| signed == name))
            .collect();
        if !missing.is_empty() {
            without.push(format!("{}: {}", message.name, listed(&missing)));
        }
    }
    let draft = if !without.is_empty() {
        new("message.dkim-fields", Status::Warn, Importance::Minor, "Important header fields are not signed")
            .words(format!("They can be changed on the way without a trace: {}.", without.join("; ")))
            .remedy(
                Effort::Low,
                Changer::YouOnTheServer,
                "Let the server sign From, To, Subject and Date at least.",
            )
    } else if open {
        new("message.dkim-fields", Status::Info, Importance::Minor, "The important header fields are signed")
            .words("A second From could still be put in without a trace; some servers name From twice in h= against that.")
    } else {
        new("message.dkim-fields", Status::Pass, Importance::Minor, "The important header fields are signed")
            .words("A second From put in on the way would break the signature as well.")
    };
    is_any.then(|| draft.rfc(6376, "5.4"))
}

/// E15
fn life(messages: &[&MessageFacts]) -> Option<Draft> {
    let (mut over, mut short, mut sane) = (Vec::new(), Vec::new(), 0_usize);
    for (message, signature) in signatures(messages) {
        let arrived = message.received.first().and_then(|hop| hop.at_secs).or(message.date_secs);
        let (signed, expires) = (signature.signed_at_secs, signature.expires_at_secs);
        if signed.is_some_and(|signed| arrived.is_some_and(|arrived| signed > arrived + CLOCK_SECS)) {
            over.push(format!("{} (signed after it arrived: a clock is wrong)", message.name));
        } else if expires.is_some_and(|expires| arrived.is_some_and(|arrived| expires < arrived)) {
            over.push(format!("{} (over before it arrived)", message.name));
        } else if let (Some(signed), Some(expires)) = (signed, expires) {
            if expires <= signed {
                over.push(format!("{} (ends before it begins)", message.name));
            } else if expires - signed < SHORT_LIFE_SECS {
                short.push(format!("{} ({} minutes)", message.name, (expires - signed) / 60));
            } else {
                sane += 1;
            }
        } else if signed.is_some() || expires.is_some() {
            sane += 1;
        }
    }
    let draft = if !over.is_empty() {
        new(
            "message.dkim-life",
            Status::Fail,
            Importance::Important,
            format!("A signature was not valid when the message arrived: {}", listed(&over)),
        )
        .words("Receivers may take such mail as not signed.")
        .remedy(
            Effort::Low,
            Changer::YouOnTheServer,
            "Set the clock of the server, and let signatures live a week or longer (x=).",
        )
    } else if !short.is_empty() {
        new(
            "message.dkim-life",
            Status::Warn,
            Importance::Minor,
            format!("A signature lives for less than a day: {}", listed(&short)),
        )
        .words("Mail that waits in a queue arrives with an expired signature.")
        .remedy(Effort::Low, Changer::YouOnTheServer, "Let signatures live a week or longer (x=).")
    } else if sane > 0 {
        new("message.dkim-life", Status::Pass, Importance::Minor, "The times of the signatures are in order")
            .words("They were valid when the message arrived.")
    } else {
        return None;
    };
    Some(draft.rfc(6376, "3.5"))
}

/// E19
fn labels(messages: &[&MessageFacts]) -> Option<Draft> {
    let is_international =
        |name: &str| !name.is_ascii() || name.split('.').any(|label| label.starts_with("xn--"));
    let (mut wrong, mut right) = (Vec::new(), false);
    for (message, signature) in signatures(messages) {
        if !signature.domain.is_ascii() || !signature.selector.is_ascii() {
            wrong.push(format!("{} ({})", message.name, signature.domain));
        } else {
            right |= is_international(&signature.domain);
        }
    }
    if !wrong.is_empty() {
        Some(new("message.dkim-labels", Status::Warn, Importance::Minor, format!("A signature names its domain in Unicode: {}", listed(&wrong)))
            .words("Receivers that do not know internationalised mail look for the key under a name that does not exist.")
            .remedy(Effort::Low, Changer::YouOnTheServer, "Let the signer write the domain as A-labels (xn--…).")
            .rfc(8616, "5"))
    } else if right {
        Some(
            new(
                "message.dkim-labels",
                Status::Pass,
                Importance::Minor,
                "Signatures name the domain as A-labels",
            )
            .words("Every receiver finds the key.")
            .rfc(8616, "5"),
        )
    } else {
        None
    }
}
