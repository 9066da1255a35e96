use super::generic_names::{is_generic, is_of_a_line};
use super::rule::{Found, NameState};
use crate::audit::context::Context;
use crate::audit::draft::{Draft, listed};
use crate::audit::{Area, Changer, Effort, Finding, Group, Importance, Status};

/// More names than this at one address are those of many customers.
const MANY_NAMES: usize = 3;

/// What kind of address it is, by its name: a server, a rented machine, or a line at home; and whether others share it.
pub(super) fn judge(context: &Context<'_>, found: &Found<'_>, findings: &mut Vec<Finding>) {
    let lookups = &context.lookups;
    let domain = context.facts.domain.as_ascii();
    let (mut lines, mut rented, mut servers) = (Vec::new(), Vec::new(), Vec::new());
    let (mut own, mut shared, mut foreign) = (Vec::new(), Vec::new(), Vec::new());
    let mut is_unknown = false;
    for named in &found.0 {
        let address = named.address;
        if named.names > MANY_NAMES {
            shared.push(format!("{address} ({} names)", named.names));
        }
        match named.name {
            NameState::Confirmed(name) | NameState::Unconfirmed(name) if is_of_a_line(name) => {
                lines.push(format!("{address} ({name})"));
            }
            NameState::Confirmed(name) | NameState::Unconfirmed(name) if is_generic(name, address) => {
                rented.push(format!("{address} ({name})"));
            }
            NameState::Confirmed(name) => {
                servers.push(address);
                let is_own = name.as_str() == domain || name.as_str().ends_with(&format!(".{domain}"));
                if is_own && named.names == 1 { own.push(address) } else { foreign.push(address) }
            }
            NameState::Unconfirmed(_) | NameState::Missing => {}
            NameState::Unknown(_) => is_unknown = true,
        }
    }
    let new = |id: &str, status: Status, importance: Importance, title: String| {
        Draft::new(id, Area::SendingAddress, status, importance, title).group(Group::SpeaksForMoving)
    };
    let again = "Run the audit again in a while, or with another resolver.";
    let class = if !lines.is_empty() {
        new("sender.class", Status::Fail, Importance::VeryImportant, format!("The name is one of a home or office line: {}", listed(&lines)))
            .words("Large receivers refuse mail from such lines outright, whoever sends it.")
            .remedy(Effort::High, Changer::YourHoster, "Send through a server in a data centre or through a relay, or have a fixed address with a name of its own.")
    } else if !rented.is_empty() {
        new(
            "sender.class",
            Status::Warn,
            Importance::Minor,
            format!("The name is one of a rented machine: {}", listed(&rented)),
        )
        .words("Receivers know that such machines are rented by the hour, and trust them less.")
        .remedy(
            Effort::Medium,
            Changer::YourHoster,
            "Have the reverse name set to the name of your mail server.",
        )
    } else if !servers.is_empty() {
        new(
            "sender.class",
            Status::Pass,
            Importance::Minor,
            format!("The name is one of a server: {}", listed(&servers)),
        )
        .words("Somebody has given the address a name of its own.")
    } else if is_unknown {
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
    };
    findings.push(class.done(lookups));
    let sharing = if !shared.is_empty() {
        new(
            "sender.shared",
            Status::Warn,
            Importance::Important,
            format!("Many names stand at one address: {}", listed(&shared)),
        )
        .words("Other people's mail leaves from the same address, and what they send counts against you.")
        .remedy(Effort::Medium, Changer::YourHoster, "Ask for an address of your own.")
    } else if !own.is_empty() && foreign.is_empty() {
        new(
            "sender.shared",
            Status::Pass,
            Importance::Minor,
            format!("The address bears your name only: {}", listed(&own)),
        )
        .words("Nothing in the DNS speaks of strangers at the same address.")
    } else {
        new("sender.shared", Status::Unknown, Importance::Minor, "Whether others send from the same address cannot be told".to_owned())
            .words("The name of the address is not one below your domain, so it may be your provider's for many customers.")
            .remedy(Effort::Low, Changer::Nobody, "Ask your provider whether the address is yours alone.")
    };
    findings.push(sharing.done(lookups));
}
