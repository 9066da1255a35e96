//! Proposes first records of MTA-STS (RFC 8461) and TLS-RPT (RFC 8460) where the domain has none and the provider's hosts can keep
//! the promise. They come in the last stage, and the policy begins in mode “testing”.

use std::fmt::Write as _;

use super::current_zone::{CurrentZone, Question};
use super::desired::Lines;
use super::leftovers::PlanFile;
use super::{Change, SwitchStage};
use crate::audit::{StsMode, StsPolicy};
use crate::values::{DnsName, RecordType};

/// How long senders remember a first policy, in seconds: a day, so that a mistake is soon forgotten.
const FIRST_SECS: u64 = 86_400;

/// What proposals are made of.
pub(super) struct Proposals<'a> {
    pub zone: &'a CurrentZone,
    /// The mail hosts of the provider.
    pub new: &'a [DnsName],
    /// Its name.
    pub provider: &'a str,
}

impl Proposals<'_> {
    /// Whether it is known that nothing is there. A delegation or a wildcard would answer in the place of the record.
    fn is_free(&self, name: &str) -> bool {
        let question = Question { name: self.zone.domain.below(name), record_type: RecordType::Txt };
        let is_read = !self.zone.unread.iter().any(|unread| unread.name == name);
        is_read
            && self.zone.covers(&[question])
            && self.zone.at(name).next().is_none()
            && !self.zone.is_delegated(name)
    }

    /// The record, and the policy file that the owner puts on a web server before.
    pub fn sts(&self, lines: &mut Lines) -> Option<PlanFile> {
        let text = self.policy().filter(|_| self.is_free("_mta-sts"))?;
        let domain = &self.zone.domain;
        let url = format!("https://mta-sts.{domain}/.well-known/mta-sts.txt");
        lines.text(
            Change::Add,
            SwitchStage::Later,
            "_mta-sts",
            &format!("v=STSv1; id={}", self.id()),
            "A proposal: senders that look for it deliver over verified TLS only, once its policy is enforced. Put the \
             policy file on the web server first, or leave this line out.",
        );
        lines.note(format!(
            "MTA-STS is a proposal. It needs a web server of yours at mta-sts.{domain} with a valid certificate, as {} does \
             not host the policy. It begins with mode “testing”: watch the reports for two weeks, then set “enforce” and \
             change the id.",
            self.provider
        ));
        Some(PlanFile {
            stage: SwitchStage::Later,
            url,
            text,
            reason: "Names the new hosts and begins with watching: nothing is refused.".to_owned(),
        })
    }

    /// The record that asks for reports about TLS.
    pub fn reports(&self, lines: &mut Lines) {
        if self.new.is_empty() || !self.is_free("_smtp._tls") {
            return;
        }
        let domain = &self.zone.domain;
        lines.text(
            Change::Add,
            SwitchStage::Later,
            "_smtp._tls",
            &format!("v=TLSRPTv1; rua=mailto:postmaster@{}", domain.as_ascii()),
            "A proposal: senders report daily where TLS to your mail hosts fails; nothing is refused.",
        );
        lines
            .note(format!("Reports about TLS go to postmaster@{domain}: make sure that the address exists."));
    }

    /// The policy, as our own reader takes it; `None` where the hosts are not known or a name does not fit.
    fn policy(&self) -> Option<String> {
        let mut text = "version: STSv1\r\nmode: testing\r\n".to_owned();
        for host in self.new {
            let _infallible = write!(text, "mx: {host}\r\n");
        }
        let _infallible = write!(text, "max_age: {FIRST_SECS}\r\n");
        let read = StsPolicy::parse(&text).ok()?;
        let covers_all = self.new.iter().all(|host| read.covers(host.as_str()));
        (!self.new.is_empty() && read.mode == StsMode::Testing && covers_all).then_some(text)
    }

    /// An id that no earlier record had (RFC 8461 section 3.1): when the zone was read.
    fn id(&self) -> String {
        self.zone.read_at.map_or_else(|| "1".to_owned(), |at| at.0.max(1).to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::parse_zone_file;
    use crate::values::{DomainName, Outcome};

    const HOSTS: [&str; 2] = ["smtp.google.com", "alt.google.com"];

    fn proposed(zone: &str) -> (Option<PlanFile>, Lines, Lines) {
        proposed_in(&parse_zone_file(zone, &DomainName::parse("d.example").unwrap()).unwrap())
    }

    fn proposed_in(zone: &CurrentZone) -> (Option<PlanFile>, Lines, Lines) {
        let new = HOSTS.map(DnsName::new);
        let proposals = Proposals { zone, new: &new, provider: "Google Workspace" };
        let (mut sts, mut reports) = (Lines::default(), Lines::default());
        let file = proposals.sts(&mut sts);
        proposals.reports(&mut reports);
        (file, sts, reports)
    }

    #[test]
    fn a_domain_without_either_gets_both_last_and_with_a_policy_to_host() {
        let (file, sts, reports) = proposed("@ 300 MX 10 mail\n");
        let file = file.unwrap();
        assert_eq!(file.url, "https://mta-sts.d.example/.well-known/mta-sts.txt");
        let policy = StsPolicy::parse(&file.text).unwrap();
        assert_eq!((policy.mode, policy.patterns), (StsMode::Testing, HOSTS.map(str::to_owned).to_vec()));
        assert_eq!(sts.shown(), [("later", "_mta-sts", "v=STSv1; id=1")]);
        assert_eq!(reports.shown(), [("later", "_smtp._tls", "v=TLSRPTv1; rua=mailto:postmaster@d.example")]);
    }

    #[test]
    fn what_is_there_or_not_known_is_left_alone() {
        for zone in [
            "_mta-sts 300 TXT \"v=STSv1; id=7\"\n_smtp._tls 300 TXT \"v=TLSRPTv1; rua=mailto:a@d.example\"\n",
            "_mta-sts 300 CNAME _mta-sts.other.example.\n_smtp._tls 300 CNAME reports.other.example.\n",
            "_mta-sts 300 NS ns.other.example.\n_tls 300 NS ns.other.example.\n",
        ] {
            let (file, sts, reports) = proposed(zone);
            assert_eq!(file, None, "{zone}");
            assert!(sts.shown().is_empty() && reports.shown().is_empty(), "{zone}");
        }
        let domain = DomainName::parse("d.example").unwrap();
        // Nobody has asked.
        let (file, _, reports) = proposed_in(&CurrentZone::new(domain.clone()));
        assert!(file.is_none() && reports.shown().is_empty());
        let mut unread = parse_zone_file("@ 300 MX 10 mail\n", &domain).unwrap();
        for name in ["_mta-sts", "_smtp._tls"] {
            unread.add_unread(&domain.below(name), RecordType::Txt, Outcome::Timeout);
        }
        let (file, _, reports) = proposed_in(&unread);
        assert!(file.is_none() && reports.shown().is_empty());
    }
}
