//! What a look at the practice domain's mail host shows. The host exists nowhere: its address is one that books use.

use super::RehearsalError;
use crate::values::{MailHosts, TlsOutcome, UnixTime};

/// Times in it count from the moment of the look.
const SEEN: &str = include_str!("../../assets/rehearsal/mail_hosts.json");

/// What was seen at this time.
///
/// # Errors
/// Where the built-in file is damaged.
pub fn mail_hosts(now: UnixTime) -> Result<MailHosts, RehearsalError> {
    let mut hosts: MailHosts = serde_json::from_str(SEEN).map_err(RehearsalError::MailHosts)?;
    let moved = |time: UnixTime| UnixTime(time.0.saturating_add(now.0));
    for probe in &mut hosts.probes {
        probe.at = moved(probe.at);
        if let TlsOutcome::Done(facts) = &mut probe.tls {
            for certificate in &mut facts.chain {
                certificate.not_before = moved(certificate.not_before);
                certificate.not_after = moved(certificate.not_after);
            }
        }
    }
    Ok(hosts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_practice_host_has_an_old_server_with_a_certificate_of_its_own() {
        let now = UnixTime(1_800_000_000);
        let hosts = mail_hosts(now).unwrap();
        let [probe] = hosts.probes.as_slice() else { panic!("{hosts:?}") };
        let own = probe.tls_facts().unwrap().chain.first().unwrap();
        assert_eq!(probe.at, now);
        assert!(own.not_before < now && now < own.not_after);
        assert_eq!((own.sha512.len(), own.key_sha512.len()), (128, 128));
    }
}
