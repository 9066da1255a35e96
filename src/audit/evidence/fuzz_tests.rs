//! Logs, bounces and reports, for any bytes. Built for tests and for `cargo fuzz` only.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "targets fail where something does not hold"
)]

use super::{
    Collector, EvidenceFacts, LogKind, LogReader, is_snds, read_bounce, read_dmarc_report, read_feedback,
    read_snds, read_tls_report, trust_table,
};
use crate::mutate::Target;
use crate::values::UnixTime;

/// The targets of this room.
pub const TARGETS: &[Target] = &[
    Target { name: "audit: mail log", examples: LOGS, read: log },
    Target { name: "audit: bounce", examples: BOUNCES, read: bounce },
    Target { name: "audit: DMARC report", examples: DMARC, read: dmarc },
    Target { name: "audit: TLS report", examples: TLS, read: tls },
    Target { name: "audit: feedback", examples: FEEDBACK, read: feedback },
    Target { name: "audit: SNDS", examples: SNDS, read: snds },
];

const NOW: UnixTime = UnixTime(1_795_914_000);

const LOGS: &[&[u8]] = &[
    b"Nov 12 06:25:03 mail postfix/smtp[8]: 4X: to=<r@hotmail.com>, relay=a.olc.protection.outlook.com[192.0.2.33]:25, delay=1.2, dsn=5.7.1, status=bounced (host a[192.0.2.33] said: 550-5.7.1 part of their network is on our block list (S3150). (in reply to MAIL FROM command))\n",
    b"2026-11-12T06:25:03+01:00 mail postfix/smtpd[8]: 4X: client=a[192.0.2.3], sasl_username=anna\n@1795914000 m postfix/qmgr[7]: 4X: from=<>, size=3\n",
    b"2026-11-12 06:25:03 1kXyZ0-0001Ab-2C ** r@b.example R=d T=s H=mx.b.example [192.0.2.3]: SMTP error from remote mail server after RCPT TO:<r@b.example>: 550 5.1.1 No\n",
    b"Nov 12 06:25:03 mail sm-mta[9]: 4A: to=<r@b.example>,<s@b.example>, delay=1+00:00:02, mailer=esmtp, relay=mx.b.example. [192.0.2.3], dsn=5.7.1, reply=550 no, stat=Service unavailable\n",
    b"Nov 12 06:25:03 mail smtpd[3]: f2 mta delivery evpid=1 to=<r@b.example> source=\"198.51.100.2\" relay=\"192.0.2.3 (mx.b.example)\" delay=2s result=\"PermFail\" stat=\"550 no\"\n",
    b"__CURSOR=s\n__REALTIME_TIMESTAMP=1795914000000000\nSYSLOG_IDENTIFIER=postfix/smtp\nMESSAGE=4X: to=<r@b.example>, relay=mx.b.example[192.0.2.3]:25, status=sent (250)\n\n",
    b"{\"__REALTIME_TIMESTAMP\":\"1795914000000000\",\"SYSLOG_IDENTIFIER\":\"postfix/smtp\",\"MESSAGE\":\"4X: to=<r@b.example>, relay=mx.b[192.0.2.3]:25, status=sent (250)\"}\n",
];
const BOUNCES: &[&[u8]] = &[
    b"Date: Thu, 12 Nov 2026 06:25:04 +0100\r\nContent-Type: multipart/report; boundary=b\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; m.example\r\n\r\nFinal-Recipient: rfc822; r@b.example\r\nAction: failed\r\nStatus: 5.7.1\r\nRemote-MTA: dns; mx.b.example\r\nDiagnostic-Code: smtp; 550-5.7.1 no\r\n 550 no\r\n\r\n--b--\r\n",
    b"X-Failed-Recipients: a@b.example\n\nThis message was created automatically by mail delivery software.\n\n  a@b.example\n    host mx [192.0.2.3]\n    550 no\n",
    b"Subject: x\n\nHi. This is the qmail-send program at x.\n\n<a@b.example>:\nRemote host said: 550 no\n",
    b"Subject: x\n\na@b.example\nRemote Server returned '<x #5.7.1 smtp; 550 5.7.1 No>'\n",
];
const DMARC: &[&[u8]] = &[
    b"<?xml version=\"1.0\"?><feedback><report_metadata><org_name>g</org_name><date_range><begin>1</begin><end>2</end></date_range></report_metadata><record><row><source_ip>192.0.2.1</source_ip><count>3</count><policy_evaluated><disposition>none</disposition><dkim>pass</dkim><spf>fail</spf><reason><type>forwarded</type></reason></policy_evaluated></row><auth_results><dkim><domain>a.example</domain><selector>s</selector><result>pass</result></dkim></auth_results></record></feedback>",
    b"<!DOCTYPE a [<!ENTITY x \"xxxxxxxxxx\"><!ENTITY y \"&x;&x;&x;&x;\">]><feedback>&y;</feedback>",
];
const TLS: &[&[u8]] = &[
    b"{\"organization-name\":\"x\",\"date-range\":{\"start-datetime\":\"2026-11-01T00:00:00Z\",\"end-datetime\":\"2026-11-01T23:59:59Z\"},\"policies\":[{\"summary\":{\"total-successful-session-count\":5,\"total-failure-session-count\":3},\"failure-details\":[{\"result-type\":\"certificate-expired\",\"receiving-mx-hostname\":\"mx\",\"failed-session-count\":3}]}]}",
];
const FEEDBACK: &[&[u8]] = &[
    b"Date: Thu, 12 Nov 2026 06:25:04 +0100\r\nContent-Type: multipart/report; boundary=b\r\n\r\n--b\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\nSource-IP: [192.0.2.1]\r\n\r\n--b--\r\n",
];

const SNDS: &[&[u8]] = &[
    b"192.0.2.25,11/12/2026 1:00 AM,11/12/2026 11:00 PM,140,139,138,RED,1.2%,,,3,mail.a.example,\"a, b\",x\n2001:db8::1,,,,,,,,,,,\n",
];

/// What must hold of facts, whatever they were made from.
fn check(facts: &EvidenceFacts) {
    for receiver in &facts.receivers {
        assert!(receiver.replies.iter().all(|reply| reply.sample.chars().count() <= 401));
        assert!(receiver.domains.len() <= 40 && receiver.id.chars().count() <= 100);
    }
    let json = serde_json::to_string(facts).unwrap();
    assert_eq!(&serde_json::from_str::<EvidenceFacts>(&json).unwrap(), facts);
    let table = trust_table(facts, NOW);
    assert_eq!(table.len(), facts.receivers.len());
}

fn log(bytes: &[u8]) {
    let _kind = LogKind::of(bytes);
    for kind in [LogKind::Syslog, LogKind::Exim, LogKind::JournalExport, LogKind::JournalJson] {
        let mut book = Collector::new();
        let mut reader = LogReader::new(kind, NOW);
        reader.read(bytes, &mut book);
        reader.end(&mut book);
        check(&book.finish());
    }
}

fn bounce(bytes: &[u8]) {
    if let Some(bounce) = read_bounce(bytes) {
        assert!(!bounce.failures.is_empty() && bounce.failures.len() <= 200);
        let mut book = Collector::new();
        book.bounce(&bounce, NOW);
        check(&book.finish());
    }
}

fn dmarc(bytes: &[u8]) {
    if let Ok(report) = read_dmarc_report(bytes) {
        let mut book = Collector::new();
        book.dmarc_report(&report);
        check(&book.finish());
    }
}

fn tls(bytes: &[u8]) {
    if let Ok(report) = read_tls_report(bytes) {
        let mut book = Collector::new();
        book.tls_report(&report);
        check(&book.finish());
    }
}

fn feedback(bytes: &[u8]) {
    if let Some(feedback) = read_feedback(bytes) {
        let mut book = Collector::new();
        book.feedback(&feedback, NOW);
        check(&book.finish());
    }
}

fn snds(bytes: &[u8]) {
    let _is_known = is_snds(bytes);
    let mut book = Collector::new();
    for row in read_snds(bytes) {
        assert!(row.helo.len() <= 64 && row.complaints.len() <= 64);
        book.snds(&row);
    }
    check(&book.finish());
}

#[cfg(test)]
#[test]
fn no_bytes_cause_a_panic() {
    crate::mutate::run_all(TARGETS);
}
