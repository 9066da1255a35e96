//! How mail travels: the mail hosts, TLS on the way to them, and what the zone promises about it.
//!
//! What was seen at the hosts comes from probes ([`crate::values::MailHosts`]), what is promised from the DNS and from the
//! policy file of MTA-STS. All of it is plain data by then.

pub(super) mod certificate;
pub(super) mod dane;
pub(super) mod hosts;
pub(super) mod mailboxes;
pub(super) mod mta_sts;
pub(super) mod mta_sts_policy;
pub(super) mod probe_command;
pub(super) mod probe_targets;
pub(super) mod rule;
pub(super) mod starttls;
pub(super) mod tls_rpt;
pub(super) mod view;
