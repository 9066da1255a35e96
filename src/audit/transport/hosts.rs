//! Judges the mail hosts themselves: reachable, greeting, delay, extensions, and whether backups are as strict.

use super::view::{Standing, View, named};
use crate::audit::draft::{Draft, listed};
use crate::audit::{Area, Changer, Effort, Finding, Group, Importance, Status};
use crate::values::{Greeting, PortProbe, ProbeSource};

/// From here on a greeting is slow, in milliseconds.
const SLOW_MILLIS: u64 = 5_000;

/// Extensions that are worth a word, and what they are good for.
const EXTENSIONS: [(&str, &str); 6] = [
    ("SIZE", "says how large mail may be"),
    ("8BITMIME", "takes letters of all scripts as they are"),
    ("PIPELINING", "saves time"),
    ("SMTPUTF8", "takes addresses in all scripts"),
    ("CHUNKING", "takes large mail in parts"),
    ("REQUIRETLS", "can promise TLS on the whole way"),
];

/// The hosts themselves: reached, greeting, delay, backup, extensions.
pub(super) fn judge(view: &View<'_>, findings: &mut Vec<Finding>) {
    findings.push(reachable(view));
    let open: Vec<&PortProbe> = view.probes.iter().copied().filter(|probe| probe.reach.is_open()).collect();
    if open.is_empty() {
        return;
    }
    findings.extend(greeting(view, &open));
    findings.extend(delay(view, &open));
    findings.extend(backup(view));
    findings.extend(extensions(view, &open));
    findings.extend(all_scripts(view, &open));
}

/// Port 25 of every host and address.
fn reachable(view: &View<'_>) -> Finding {
    let with = |standing| -> Vec<&PortProbe> {
        view.probes.iter().copied().filter(|probe| view.standing(probe) == standing).collect()
    };
    let (open, dead, unknown) = (with(Standing::Open), with(Standing::Dead), with(Standing::Unknown));
    let draft = |status, importance, title: String| {
        Draft::new("mx.reachable", Area::IncomingMail, status, importance, title).rfc(5321, "5.1")
    };
    if !dead.is_empty() {
        let (status, importance) = if open.is_empty() && unknown.is_empty() {
            (Status::Fail, Importance::VeryImportant)
        } else {
            (Status::Warn, Importance::Important)
        };
        let words = if open.is_empty() {
            "Nobody can deliver mail to this domain while this lasts: senders try for some days and then send it back."
        } else {
            "Senders try each host and address in turn. Mail arrives later than it could, and some senders never try the second."
        };
        let draft = draft(status, importance, format!("{} cannot be reached", listed(&named(&dead))))
            .words(words)
            .remedy(
                Effort::Medium,
                Changer::YouOnTheServer,
                "Start the mail server there and open port 25 in its firewall, or take the address or the MX record away.",
            )
            .group(Group::SpeaksForMoving);
        return view.done(draft, &dead);
    }
    if unknown.is_empty() {
        let title = format!("{} can be reached", listed(&named(&open)));
        let draft = draft(Status::Pass, Importance::Important, title)
            .words("Port 25 is open at every address of every mail host.");
        return view.done(draft, &open);
    }
    let draft = if open.is_empty() {
        draft(
            Status::Unknown,
            Importance::Important,
            "Port 25 is closed where the audit ran, so the mail hosts could not be looked at".to_owned(),
        )
        .words("A host that always answers was tried as well, and was not reached either: most connections at home and many in offices block outgoing port 25. This says nothing about your mail hosts. Greeting, STARTTLS, versions and certificates are unknown, too.")
    } else {
        let title = format!("Whether {} can be reached could not be measured", listed(&named(&unknown)));
        draft(Status::Unknown, Importance::Important, title).words(
            "There is no way to these addresses from where the audit ran, as where a network has no IPv6. This is neither a good nor a bad result.",
        )
    };
    view.done(View::ask_elsewhere(draft, &unknown), &unknown)
}

/// 220, an answer to EHLO, and a name that leads back.
fn greeting(view: &View<'_>, open: &[&PortProbe]) -> Option<Finding> {
    let lookups = &view.context.lookups;
    lookups.begin();
    let (mut broken, mut away, mut other, mut unknown, mut good) = (vec![], vec![], vec![], vec![], vec![]);
    for probe in open.iter().copied() {
        let is_broken = match (&probe.greeting, &probe.hello) {
            (Greeting::Broken { .. }, _) => true,
            (Greeting::Said { code, .. }, _) if !matches!(code, 0 | 220 | 400..) => true,
            (_, Some(hello)) => matches!(hello.code, 500 | 502),
            _ => false,
        };
        match &probe.hello {
            _ if View::is_turned_away(probe) => away.push(probe),
            _ if is_broken => broken.push(probe),
            Some(hello) if hello.code == 250 => {
                let name = crate::values::DnsName::new(&hello.name);
                let is_askable = hello.name.contains('.') && crate::audit::lookups::is_askable(&name);
                let (addresses, worse) = if is_askable {
                    lookups.addresses(&name)
                } else {
                    (Vec::new(), lookups.ask(&view.context.facts.domain.dns(), crate::values::RecordType::Mx))
                };
                if addresses.contains(&probe.target.address) {
                    good.push(probe);
                } else if worse.outcome.is_known() {
                    other.push((probe, hello.name.clone()));
                } else {
                    unknown.push(probe);
                }
            }
            _ => {}
        }
    }
    let draft = |status, importance, title: String| {
        Draft::new("mx.greeting", Area::IncomingMail, status, importance, title).rfc(5321, "4.1.1.1")
    };
    if !broken.is_empty() {
        let draft = draft(Status::Fail, Importance::VeryImportant, format!("{} does not speak SMTP as it should", listed(&named(&broken))))
            .words("What it says at the beginning of a connection is not what the standard wants, so senders cannot hand mail over.")
            .remedy(Effort::Medium, Changer::YouOnTheServer, "Look at the evidence: is there another program on port 25, or a firewall that changes what is said?")
            .group(Group::SpeaksForMoving);
        return Some(view.done(draft, &broken));
    }
    if !away.is_empty() {
        let draft = draft(Status::Unknown, Importance::Important, format!("{} turned this computer away", listed(&named(&away))))
            .words("The server refuses to speak with the address from which the audit ran. Mail servers do that with addresses of homes; it says nothing about what they do with other mail servers.");
        return Some(view.done(View::ask_elsewhere(draft, &away), &away));
    }
    if let Some((first, name)) = other.first() {
        let probes: Vec<&PortProbe> = other.iter().map(|(probe, _)| *probe).collect();
        let shown = if name.is_empty() { "no name at all" } else { name };
        let draft = draft(Status::Warn, Importance::Minor, format!("{} calls itself {shown}", first.target.host))
            .words("The name in the answer to EHLO does not lead to the address of the host. Senders do not mind; receivers do if the server also uses this name when it sends.")
            .remedy(Effort::Low, Changer::YouOnTheServer, "Give the mail server its own full host name (Postfix: myhostname, Exim: primary_hostname).")
            .group(Group::SpeaksForMoving);
        return Some(view.done(draft, &probes));
    }
    if let Some(first) = unknown.first() {
        let title =
            format!("Whether the name of {} leads back to it could not be measured", first.target.host);
        let draft = draft(Status::Unknown, Importance::Minor, title)
            .words("The DNS did not answer for the name that the server gives itself. This is neither a good nor a bad result.")
            .remedy(Effort::Low, Changer::Nobody, "Run the audit again in a while, or with another resolver.");
        return Some(view.done(draft, &unknown));
    }
    let title = format!("{} greets under its own name", listed(&named(&good)));
    let draft = draft(Status::Pass, Importance::Minor, title)
        .words("The server greets, answers EHLO, and the name that it gives leads back to its address.");
    (!good.is_empty()).then(|| view.done(draft, &good))
}

fn delay(view: &View<'_>, open: &[&PortProbe]) -> Option<Finding> {
    view.context.lookups.begin();
    let draft = |status, importance, title: String| {
        Draft::new("mx.greeting-delay", Area::IncomingMail, status, importance, title).rfc(5321, "4.5.3.2.1")
    };
    let remedy = "Look for slow questions to the DNS and to block lists before the greeting, and for delays that are set on purpose.";
    let silent: Vec<&PortProbe> =
        open.iter().copied().filter(|probe| matches!(probe.greeting, Greeting::Silent { .. })).collect();
    if let Some(Greeting::Silent { millis }) = silent.first().map(|probe| &probe.greeting) {
        let title = format!("{} says nothing for {} seconds", listed(&named(&silent)), millis / 1_000);
        let draft = draft(Status::Fail, Importance::VeryImportant, title)
            .words("The connection opens, but no greeting arrives. Few senders wait longer.")
            .remedy(Effort::Medium, Changer::YouOnTheServer, remedy)
            .group(Group::SpeaksForMoving);
        return Some(view.done(draft, &silent));
    }
    let timed = |probe: &&&PortProbe| match &probe.greeting {
        Greeting::Said { millis, .. } if probe.source == ProbeSource::Program => *millis,
        _ => 0,
    };
    let slowest = open.iter().max_by_key(timed)?;
    let millis = timed(&slowest);
    if open.iter().all(|probe| probe.source == ProbeSource::Pasted || probe.greeting == Greeting::NotHeard) {
        let title = "How long the mail hosts take to greet could not be measured".to_owned();
        let draft = draft(Status::Unknown, Importance::Minor, title).words(
            "Output of the line for the server shows no times. This is neither a good nor a bad result.",
        );
        return Some(view.done(draft, open));
    }
    if millis >= SLOW_MILLIS {
        let title = format!("{} greets after {} seconds", slowest.target.host, millis / 1_000);
        let draft = draft(Status::Warn, Importance::Minor, title)
            .words("Most senders wait long enough. Some servers delay on purpose to deter spammers; impatient programs give up.")
            .remedy(Effort::Low, Changer::YouOnTheServer, remedy)
            .group(Group::SpeaksForMoving);
        return Some(view.done(draft, &[*slowest]));
    }
    let title = "Mail hosts greet without delay".to_owned();
    Some(view.done(draft(Status::Pass, Importance::Minor, title).words("No sender has to wait."), open))
}

/// What a host offers to those who care, worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Care {
    Closed,
    ClearText,
    Encrypted,
    Trusted,
}

fn care(view: &View<'_>, host: &crate::values::DnsName) -> Option<Care> {
    let probes = view.probes.iter().filter(|probe| probe.target.host == *host);
    probes
        .filter_map(|probe| match (view.standing(probe), probe.tls_facts()) {
            (Standing::Unknown, _) => None,
            (Standing::Dead, _) => Some(Care::Closed),
            (Standing::Open, _) if View::is_turned_away(probe) => None,
            (Standing::Open, None) => Some(Care::ClearText),
            (Standing::Open, Some(facts)) => {
                let is_named =
                    facts.chain.first().is_some_and(|own| super::view::is_named(host.as_str(), &own.names));
                Some(if facts.trust.is_trusted() && is_named { Care::Trusted } else { Care::Encrypted })
            }
        })
        .min()
}

/// Whether every other host takes as much care as the first: spammers prefer the weakest.
fn backup(view: &View<'_>) -> Option<Finding> {
    view.context.lookups.begin();
    let (first, others) = view.exchangers.split_first()?;
    if others.is_empty() {
        return None;
    }
    let best = care(view, first);
    let about = |weak: &[&crate::values::DnsName]| -> Vec<&PortProbe> {
        view.probes.iter().copied().filter(|probe| weak.contains(&&probe.target.host)).collect()
    };
    let all: Vec<&crate::values::DnsName> = others.iter().collect();
    let draft = |status, importance, title: String| {
        Draft::new("mx.backup", Area::IncomingMail, status, importance, title).rfc(5321, "5.1")
    };
    let unmeasured = others.iter().any(|host| care(view, host).is_none());
    let weaker: Vec<_> =
        others.iter().filter(|host| care(view, host).is_some_and(|care| Some(care) < best)).collect();
    if weaker.is_empty() && (best.is_none() || unmeasured) {
        let title =
            "Whether the other mail hosts are as careful as the first could not be measured".to_owned();
        let draft = draft(Status::Unknown, Importance::Minor, title)
            .words("Not every host could be checked. This is neither a good nor a bad result.");
        return Some(view.done(View::ask_elsewhere(draft, &about(&all)), &about(&all)));
    }
    if weaker.is_empty() {
        let title = "All mail hosts take the same care".to_owned();
        let draft = draft(Status::Pass, Importance::Minor, title)
            .words("The other mail hosts are reached and protect mail at least as well as the first.");
        return Some(view.done(draft, &about(&all)));
    }
    let is_closed = weaker.iter().any(|host| care(view, host) == Some(Care::Closed));
    let (status, words) = if is_closed {
        (
            Status::Fail,
            "A host that nobody can reach is not a backup: senders lose time with it, and mail waits as long as without it.",
        )
    } else {
        (
            Status::Warn,
            "Senders may choose this host, and spammers like to. What the first host protects travels there with less protection.",
        )
    };
    let draft = draft(status, Importance::Important, format!("{} is weaker than {first}", listed(&weaker)))
        .words(words)
        .remedy(
            Effort::Medium,
            Changer::YouOnTheServer,
            "Set the backup up like the first host, or remove its MX record: senders retry for days anyway.",
        )
        .group(Group::SpeaksForMoving);
    Some(view.done(draft, &about(&weaker)))
}

fn extensions(view: &View<'_>, open: &[&PortProbe]) -> Option<Finding> {
    view.context.lookups.begin();
    let probe = open.iter().find(|probe| probe.hello.is_some() || probe.hello_in_tls.is_some())?;
    let offers = |keyword: &str| {
        [&probe.hello, &probe.hello_in_tls].into_iter().flatten().any(|hello| hello.offers(keyword))
    };
    let (has, lacks): (Vec<_>, Vec<_>) = EXTENSIONS.into_iter().partition(|(keyword, _)| offers(keyword));
    let said: Vec<String> = has.iter().map(|(keyword, use_of)| format!("{keyword} ({use_of})")).collect();
    let lacking: Vec<&str> = lacks.iter().map(|(keyword, _)| *keyword).collect();
    let words = if lacking.is_empty() {
        "It offers everything that senders ask for today.".to_owned()
    } else {
        format!("It does not offer {}; mail arrives without.", listed(&lacking))
    };
    let title = if said.is_empty() {
        format!("{} offers no extensions", probe.target.host)
    } else {
        format!("{} offers {}", probe.target.host, listed(&said))
    };
    let draft = Draft::new("mx.extensions", Area::IncomingMail, Status::Info, Importance::Minor, title)
        .words(words)
        .rfc(5321, "2.2");
    Some(view.done(draft, &[*probe]))
}

/// K2: mail to and from addresses in all scripts (RFC 6531).
fn all_scripts(view: &View<'_>, open: &[&PortProbe]) -> Option<Finding> {
    view.context.lookups.begin();
    let draft = |status, title: String| {
        Draft::new("mx.smtputf8", Area::IncomingMail, status, Importance::Minor, title).rfc(6531, "3.2")
    };
    let (mut with, mut without, mut unheard) = (Vec::new(), Vec::new(), Vec::new());
    for probe in open.iter().copied() {
        let hellos: Vec<_> = [&probe.hello, &probe.hello_in_tls].into_iter().flatten().collect();
        // Offers count where the host answered EHLO as it should.
        if hellos.iter().all(|hello| hello.code != 250) {
            unheard.push(probe);
        } else if hellos.iter().any(|hello| hello.offers("SMTPUTF8")) {
            with.push(probe);
        } else {
            without.push(probe);
        }
    }
    if !with.is_empty() && !without.is_empty() {
        let title = format!("{} takes no addresses in all scripts, other hosts do", listed(&named(&without)));
        let draft = draft(Status::Warn, title)
            .words("Mail from an address such as “jürgen@…” arrives or comes back, depending on which host it happens to reach.")
            .remedy(Effort::Low, Changer::YouOnTheServer, "Set all mail hosts up alike (Postfix: smtputf8_enable = yes).")
            .group(Group::SpeaksForMoving);
        return Some(view.done(draft, &without));
    }
    if with.is_empty() && without.is_empty() {
        let title = "Whether the mail hosts take addresses in all scripts could not be measured".to_owned();
        let draft = draft(Status::Unknown, title)
            .words("No host answered EHLO. This is neither a good nor a bad result.");
        return (!unheard.is_empty()).then(|| view.done(View::ask_elsewhere(draft, &unheard), &unheard));
    }
    if without.is_empty() {
        let draft = draft(Status::Pass, "The mail hosts take addresses in all scripts".to_owned())
            .words("Mail from an address such as “jürgen@…” arrives (SMTPUTF8).");
        return Some(view.done(draft, &with));
    }
    let draft = draft(Status::Info, "The mail hosts take no addresses in all scripts".to_owned())
        .words("Mail from an address such as “jürgen@…” comes back. Such addresses are still rare.");
    Some(view.done(draft, &without))
}
