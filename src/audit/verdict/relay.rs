//! The transport map that relays a part of the mail, as text for three mail servers.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use super::rules::{Decision, Rule, Situation};
use crate::audit::evidence::{self, Receiver, Trust};
use crate::values::DomainName;

/// The stand-in for the relay that the owner will choose.
const RELAY: &str = "smtp.relay.example";
/// Domains in the map.
const MAX_DOMAINS: usize = 200;

/// What to write where, so that the mail of some domains goes through a relay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelayPlan {
    /// Receivers whose mail is relayed.
    pub receivers: Vec<String>,
    /// Domains of recipients; empty if everything is relayed.
    pub domains: Vec<String>,
    /// Lines for Postfix.
    pub postfix: String,
    /// Lines for Exim.
    pub exim: String,
    /// Lines for Sendmail.
    pub sendmail: String,
    /// What the DNS needs.
    pub records: String,
}

/// The plan for the receivers that distrust the place; for everybody, where nothing gets out.
pub(super) fn plan(situation: &Situation<'_>, decision: &Decision) -> RelayPlan {
    let is_for_all = decision.rule == Rule::PortClosed;
    let receivers: Vec<&Receiver> = if is_for_all {
        Vec::new()
    } else {
        [Trust::DistrustsRange, Trust::DistrustsAddress]
            .into_iter()
            .flat_map(|trust| situation.who(trust))
            .collect()
    };
    let domains = domains(&receivers);
    let records = "Add what the relay names to the SPF record (“include:…”), publish its DKIM key or let it sign with yours, \
        and keep your own server in the record: both send from now on."
        .to_owned();
    RelayPlan {
        receivers: receivers.iter().map(|receiver| receiver.name.clone()).collect(),
        postfix: postfix(&domains, is_for_all),
        exim: exim(&domains, is_for_all),
        sendmail: sendmail(&domains, is_for_all),
        domains,
        records,
    }
}

/// Domains that everybody knows the receiver by, and those of the owner's own recipients.
fn domains(receivers: &[&Receiver]) -> Vec<String> {
    let mut domains = BTreeSet::new();
    for receiver in receivers {
        let known =
            evidence::receiver(&receiver.id).into_iter().flat_map(|known| known.domains.iter().cloned());
        let seen = receiver.domains.iter().map(|(domain, _)| domain.clone());
        // Logs have what strangers wrote: only what is a domain goes into a configuration.
        domains.extend(
            known
                .chain(seen)
                .filter_map(|name| DomainName::parse(&name).ok())
                .map(|name| name.as_ascii().to_owned()),
        );
    }
    domains.into_iter().take(MAX_DOMAINS).collect()
}

fn postfix(domains: &[String], is_for_all: bool) -> String {
    let password = format!(
        "# /etc/postfix/relay_password (then: chmod 600, postmap /etc/postfix/relay_password)\n[{RELAY}]:587 USER:PASSWORD\n"
    );
    let sign_in = "smtp_sasl_auth_enable = yes\nsmtp_sasl_password_maps = hash:/etc/postfix/relay_password\n\
        smtp_sasl_security_options = noanonymous\nsmtp_tls_security_level = may\n";
    if is_for_all {
        return format!("# /etc/postfix/main.cf\nrelayhost = [{RELAY}]:587\n{sign_in}\n{password}");
    }
    let mut text = String::from("# /etc/postfix/transport (then: postmap /etc/postfix/transport)\n");
    for domain in domains {
        let _infallible = writeln!(text, "{domain} relay:[{RELAY}]:587");
    }
    let _infallible = write!(
        text,
        "\n# /etc/postfix/main.cf (then: postfix reload)\ntransport_maps = hash:/etc/postfix/transport\n{sign_in}\n{password}"
    );
    text
}

fn exim(domains: &[String], is_for_all: bool) -> String {
    let list = if is_for_all { "!+local_domains".to_owned() } else { domains.join(" : ") };
    format!(
        "# routers, before dnslookup\nrelay_part:\n  driver = manualroute\n  domains = {list}\n  transport = relay_smtp\n  \
        route_list = * {RELAY}::587 byname\n\n# transports\nrelay_smtp:\n  driver = smtp\n  hosts_require_auth = *\n  \
        hosts_require_tls = *\n\n# authenticators\nrelay_login:\n  driver = plaintext\n  public_name = PLAIN\n  \
        client_send = ^USER^PASSWORD\n"
    )
}

fn sendmail(domains: &[String], is_for_all: bool) -> String {
    let auth = format!(
        "# /etc/mail/authinfo (then: makemap hash /etc/mail/authinfo < /etc/mail/authinfo)\n\
        AuthInfo:{RELAY} \"U:USER\" \"P:PASSWORD\" \"M:PLAIN\"\n"
    );
    if is_for_all {
        return format!(
            "# sendmail.mc\ndefine(`SMART_HOST', `relay:[{RELAY}]')dnl\ndefine(`RELAY_MAILER_ARGS', `TCP $h 587')dnl\n\
            FEATURE(`authinfo', `hash /etc/mail/authinfo')dnl\n\n{auth}"
        );
    }
    let mut text = String::from(
        "# /etc/mail/mailertable (then: makemap hash /etc/mail/mailertable < /etc/mail/mailertable)\n",
    );
    for domain in domains {
        let _infallible = writeln!(text, "{domain}\trelay:[{RELAY}]");
    }
    let _infallible = write!(
        text,
        "\n# sendmail.mc\nFEATURE(`mailertable')dnl\ndefine(`RELAY_MAILER_ARGS', `TCP $h 587')dnl\n\
        FEATURE(`authinfo', `hash /etc/mail/authinfo')dnl\n\n{auth}"
    );
    text
}
