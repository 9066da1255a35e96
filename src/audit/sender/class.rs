//! Judges sending addresses by what their names reveal: server, rented machine, home line, shared.

use std::net::IpAddr;

use super::generic_names::{is_generic, is_of_a_line};
use super::rule::{Found, NameState};
use crate::audit::context::Context;
use crate::audit::draft::{Draft, listed};
use crate::audit::{Area, Changer, Effort, Finding, Group, Importance, Status};

/// More names than this at one address are those of many customers.
const MANY_NAMES: usize = 3;

/// A finding about the address, which stays behind when the mail moves.
fn new(id: &str, status: Status, importance: Importance, title: String) -> Draft {
    Draft::new(id, Area::SendingAddress, status, importance, title).group(Group::SpeaksForMoving)
}

/// The sending addresses by what their names say.
#[derive(Default)]
struct Kinds {
    /// Lines of homes and offices.
    lines: Vec<String>,
    /// Rented machines.
    rented: Vec<String>,
    /// Servers with names of their own.
    servers: Vec<IpAddr>,
    /// Of these, the ones whose only name is the domain's.
    own: Vec<IpAddr>,
    /// The other ones.
    foreign: Vec<IpAddr>,
    /// Addresses with many names.
    shared: Vec<String>,
    /// The name of one got no answer.
    is_unknown: bool,
}

/// What kind of address it is, by its name: a server, a rented machine, or a line at home; and whether others share it.
pub(super) fn judge(context: &Context<'_>, found: &Found<'_>, findings: &mut Vec<Finding>) {
    let kinds = sort(context.facts.domain.as_ascii(), found);
    findings.push(class(&kinds).done(&context.lookups));
    findings.push(sharing(&kinds).done(&context.lookups));
}

fn sort(domain: &str, found: &Found<'_>) -> Kinds {
    let mut kinds = Kinds::default();
    for named in &found.0 {
        let address = named.address;
        if named.names > MANY_NAMES {
            kinds.shared.push(format!("{address} ({} names)", named.names));
        }
        match named.name {
            NameState::Confirmed(name) | NameState::Unconfirmed(name) if is_of_a_line(name) => {
                kinds.lines.push(format!("{address} ({name})"));
            }
            NameState::Confirmed(name) | NameState::Unconfirmed(name) if is_generic(name, address) => {
                kinds.rented.push(format!("{address} ({name})"));
            }
            NameState::Confirmed(name) => {
                kinds.servers.push(address);
                let is_own = name.as_str() == domain || name.as_str().ends_with(&format!(".{domain}"));
                if is_own && named.names == 1 { kinds.own.push(address) } else { kinds.foreign.push(address) }
            }
            NameState::Unconfirmed(_) | NameState::Missing => {}
            NameState::Unknown(_) => kinds.is_unknown = true,
        }
    }
    kinds
}

fn class(kinds: &Kinds) -> Draft {
    let again = "Run the audit again in a while, or with another resolver.";
    if !kinds.lines.is_empty() {
        new("sender.class", Status::Fail, Importance::VeryImportant, format!("The name is one of a home or office line: {}", listed(&kinds.lines)))
            .words("Large receivers refuse mail from such lines outright, whoever sends it.")
            .remedy(Effort::High, Changer::YourHoster, "Send through a server in a data centre or through a relay, or have a fixed address with a name of its own.")
    } else if !kinds.rented.is_empty() {
        new(
            "sender.class",
            Status::Warn,
            Importance::Minor,
            format!("The name is one of a rented machine: {}", listed(&kinds.rented)),
        )
        .words("Receivers know that such machines are rented by the hour, and trust them less.")
        .remedy(
            Effort::Medium,
            Changer::YourHoster,
            "Have the reverse name set to the name of your mail server.",
        )
    } else if !kinds.servers.is_empty() {
        new(
            "sender.class",
            Status::Pass,
            Importance::Minor,
            format!("The name is one of a server: {}", listed(&kinds.servers)),
        )
        .words("Somebody has given the address its own name.")
    } else if kinds.is_unknown {
        new(
            "sender.class",
            Status::Unknown,
            Importance::Minor,
            "What kind of address it is could not be measured".to_owned(),
        )
        .words("The name of the address got no answer. This is neither a good nor a bad result.")
        .remedy(Effort::Low, Changer::Nobody, again)
    } else {
        new(
            "sender.class",
            Status::Unknown,
            Importance::Minor,
            "What kind of address it is cannot be told".to_owned(),
        )
        .words("The address has no name that leads back to it.")
        .remedy(Effort::Low, Changer::Nobody, "Have the address named, and run the audit again.")
    }
}

fn sharing(kinds: &Kinds) -> Draft {
    if !kinds.shared.is_empty() {
        new(
            "sender.shared",
            Status::Warn,
            Importance::Important,
            format!("Many names stand at one address: {}", listed(&kinds.shared)),
        )
        .words("Other people's mail leaves from the same address, and what they send counts against you.")
        .remedy(Effort::Medium, Changer::YourHoster, "Ask for an address of your own.")
    } else if !kinds.own.is_empty() && kinds.foreign.is_empty() {
        new(
            "sender.shared",
            Status::Pass,
            Importance::Minor,
            format!("The address bears your name only: {}", listed(&kinds.own)),
        )
        .words("Nothing in the DNS suggests strangers at the same address.")
    } else {
        new("sender.shared", Status::Unknown, Importance::Minor, "Whether others send from the same address cannot be told".to_owned())
            .words("The name of the address is not one below your domain, so it may be your provider's for many customers.")
            .remedy(Effort::Low, Changer::Nobody, "Ask your provider whether the address is yours alone.")
    }
}
