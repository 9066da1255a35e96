//! The organisational domain of a name by the public suffix list (RFC 7489 section 3.2).

use crate::values::DnsName;

/// The name one label below the public suffix; `None` for a suffix itself.
pub(in crate::audit) fn registered_domain(name: &DnsName) -> Option<DnsName> {
    psl::domain_str(name.as_str()).map(DnsName::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_tells_suffixes_from_organisations() {
        let of = |name: &str| registered_domain(&DnsName::new(name)).map(|name| name.as_str().to_owned());
        assert_eq!(of("mail.shop.example.co.uk").as_deref(), Some("example.co.uk"));
        assert_eq!(of("a.b.weber.example").as_deref(), Some("weber.example"));
        assert_eq!(of("user.github.io").as_deref(), Some("user.github.io"));
        assert_eq!(of("co.uk"), None);
        assert_eq!(of(""), None);
    }
}
