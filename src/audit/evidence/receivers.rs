//! The receivers of `assets/receivers.toml`: which one a mail host or a domain belongs to.

use std::sync::LazyLock;

use crate::assets::{Receiver, read_receivers};

/// The receivers that are built into the program; the build script has read them with the same reader.
static RECEIVERS: LazyLock<Vec<Receiver>> =
    LazyLock::new(|| read_receivers(include_str!("../../../assets/receivers.toml")).unwrap_or_default());
/// The receiver with this id.
pub fn receiver(id: &str) -> Option<&'static Receiver> {
    RECEIVERS.iter().find(|receiver| receiver.id == id)
}

/// The receiver that a mail host belongs to, by the longest end of its name.
pub fn receiver_of(host: &str) -> Option<&'static Receiver> {
    let host = format!(".{}", host.trim_end_matches('.').to_ascii_lowercase());
    let fits = |receiver: &&'static Receiver| {
        receiver.hosts.iter().filter(|end| host.ends_with(*end)).map(String::len).max().unwrap_or(0)
    };
    RECEIVERS.iter().max_by_key(fits).filter(|receiver| fits(receiver) > 0)
}

/// The receiver that takes the mail of a domain whose addresses anybody can get.
pub fn receiver_of_domain(domain: &str) -> Option<&'static Receiver> {
    RECEIVERS.iter().find(|receiver| receiver.domains.iter().any(|known| known.eq_ignore_ascii_case(domain)))
}

/// The part of a host name that tells one small server from another: its last two labels, or three below `co.uk`.
pub fn owner_of(host: &str) -> String {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let labels: Vec<&str> = host.split('.').collect();
    let short = labels.iter().rev().nth(1).is_some_and(|label| label.len() <= 3) && labels.len() > 2;
    let kept = if short { 3 } else { 2 };
    let from = labels.len().saturating_sub(kept);
    labels.get(from..).unwrap_or_default().join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_belong_to_their_provider() {
        for (host, id) in [
            ("hotmail-com.olc.protection.outlook.com", Some("microsoft-consumer")),
            ("firma-de.mail.protection.outlook.com.", Some("microsoft-365")),
            ("ASPMX.L.GOOGLE.COM", Some("google")),
            ("notgoogle.com.example", None),
            ("google.com", Some("google")),
            ("xgoogle.com", None),
        ] {
            assert_eq!(receiver_of(host).map(|receiver| receiver.id.as_str()), id, "{host}");
        }
        assert_eq!(owner_of("mx1.mail.posteo.de"), "posteo.de");
        assert_eq!(owner_of("mx.firm.co.uk"), "firm.co.uk");
        assert_eq!(owner_of("localhost"), "localhost");
    }
}
