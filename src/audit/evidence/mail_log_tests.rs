use super::*;
use crate::audit::evidence::{DayTally, EvidenceFacts};

/// 2026-11-29T01:00:00Z.
const NOW: UnixTime = UnixTime(1_795_914_000);

fn facts(log: &str) -> EvidenceFacts {
    let kind = LogKind::of(log.as_bytes()).unwrap_or_else(|| panic!("no log: {log}"));
    // In pieces of any size that end with a line, as a reader hands them out.
    let mut found: Option<EvidenceFacts> = None;
    for size in [7, 200, usize::MAX] {
        let mut book = Collector::new();
        let mut reader = LogReader::new(kind, NOW);
        let mut piece = String::new();
        for line in log.split_inclusive('\n') {
            piece.push_str(line);
            if piece.len() >= size {
                reader.read(piece.as_bytes(), &mut book);
                piece.clear();
            }
        }
        reader.read(piece.as_bytes(), &mut book);
        reader.end(&mut book);
        let facts = book.finish();
        assert_eq!(found.get_or_insert_with(|| facts.clone()), &facts);
    }
    found.unwrap()
}

fn sum(facts: &EvidenceFacts, id: &str) -> DayTally {
    let receiver = facts.receivers.iter().find(|receiver| receiver.id == id);
    let receiver = receiver.unwrap_or_else(|| panic!("no {id} in {:?}", facts.receivers));
    receiver.days.values().fold(DayTally::default(), |sum, day| DayTally {
        delivered: sum.delivered + day.delivered,
        later: sum.later + day.later,
        deferred: sum.deferred + day.deferred,
        refused: sum.refused + day.refused,
        bounced: sum.bounced + day.bounced,
        recipient_faults: sum.recipient_faults + day.recipient_faults,
        unreached: sum.unreached + day.unreached,
    })
}

const POSTFIX: &str = "\
Nov 12 06:25:01 mail postfix/submission/smtpd[99]: 4XkA: client=pc.weber.example[203.0.113.9], sasl_method=PLAIN, sasl_username=anna
Nov 12 06:25:02 mail postfix/qmgr[7]: 4XkA: from=<anna@weber.example>, size=900, nrcpt=3 (queue active)
Nov 12 06:25:03 mail postfix/smtp[8]: 4XkA: to=<Rita@hotmail.com>, relay=hotmail-com.olc.protection.outlook.com[192.0.2.33]:25, delay=1.2, delays=0.1/0/0.5/0.6, dsn=5.7.1, status=bounced (host hotmail-com.olc.protection.outlook.com[192.0.2.33] said: 550 5.7.1 Unfortunately, messages from [198.51.100.25] weren't sent. Please contact your Internet service provider since part of their network is on our block list (S3150). (in reply to MAIL FROM command))
Nov 12 06:25:03 mail postfix/smtp[8]: 4XkA: to=<tom@gmail.com>, relay=gmail-smtp-in.l.google.com[192.0.2.26]:25, delay=0.8, delays=0.1/0/0.2/0.5, dsn=2.0.0, status=sent (250 2.0.0 OK 17 - gsmtp)
Nov 12 06:25:04 mail postfix/smtp[8]: 4XkA: to=<eva@small.example>, relay=mx.small.example[192.0.2.5]:25, delay=3, delays=0/0/1/2, dsn=4.2.0, status=deferred (host mx.small.example[192.0.2.5] said: 450 4.2.0 <eva@small.example>: Recipient address rejected: Greylisted (in reply to RCPT TO command))
Nov 12 06:31:04 mail postfix/smtp[8]: 4XkA: to=<eva@small.example>, relay=mx.small.example[192.0.2.5]:25, delay=363, delays=360/0/1/2, dsn=2.0.0, status=sent (250 OK)
Nov 12 06:31:05 mail postfix/smtp[8]: 4XkB: to=<eve@small.example>, relay=mx.small.example[192.0.2.5]:25, delay=3, delays=0/0/1/2, dsn=5.1.1, status=bounced (host mx.small.example[192.0.2.5] said: 550 5.1.1 <eve@small.example>: Recipient address rejected: User unknown in virtual mailbox table (in reply to RCPT TO command))
Nov 12 06:31:06 mail postfix/smtp[8]: 4XkC: to=<x@gone.example>, relay=none, delay=30, delays=0/0/30/0, dsn=4.4.1, status=deferred (connect to gone.example[192.0.2.9]:25: Connection timed out)
Nov 12 06:31:07 mail postfix/error[8]: 4XkD: to=<y@t-online.de>, relay=none, delay=5, delays=0/5/0/0, dsn=4.0.0, status=deferred (delivery temporarily suspended: host mx00.t-online.de[194.25.134.8] refused to talk to me: 554 IP=198.51.100.25 - Dialup/transient IP not allowed. Use a mailgateway or contact toda@rx.t-online.de if obsolete. (DIAL))
Nov 12 06:31:08 mail postfix/lmtp[8]: 4XkE: to=<anna@weber.example>, relay=weber[private/lmtp], delay=1, delays=0/0/0/0, dsn=2.0.0, status=sent (250 2.0.0 Saved)
Nov 12 06:31:08 mail postfix/smtp[8]: 4XkF: to=<f@weber.example>, relay=127.0.0.1[127.0.0.1]:10024, delay=1, delays=0/0/0/0, dsn=2.0.0, status=sent (250 2.0.0 Ok)
Nov 12 06:31:09 mail postfix/qmgr[7]: 4XkG: from=<>, size=3000, nrcpt=1 (queue active)
Nov 12 06:31:10 mail postfix/smtp[8]: 4XkG: to=<stranger@other.example>, relay=mx.other.example[192.0.2.6]:25, delay=1, delays=0/0/0/0, dsn=2.0.0, status=sent (250 OK)
";

#[test]
fn postfix_deliveries_are_distinguished_from_distrust_faults_and_filters() {
    let facts = facts(POSTFIX);
    let microsoft = sum(&facts, "microsoft-consumer");
    assert_eq!((microsoft.refused, microsoft.delivered), (1, 0));
    assert_eq!(sum(&facts, "google").delivered, 1);
    let small = sum(&facts, "small.example");
    assert_eq!((small.deferred, small.later, small.recipient_faults, small.refused), (1, 1, 1, 0));
    let telekom = facts.receivers.iter().find(|receiver| receiver.id == "t-online").unwrap();
    assert_eq!((telekom.waiting, telekom.replies[0].pattern.as_deref()), (1, Some("to03")));
    assert!(!telekom.replies[0].sample.contains("toda@"), "{}", telekom.replies[0].sample);
    assert_eq!(
        facts.sending_addresses.keys().map(ToString::to_string).collect::<Vec<_>>(),
        ["198.51.100.25"]
    );
    assert_eq!(facts.backscatter, 1);
    let ids: Vec<&str> = facts.receivers.iter().map(|receiver| receiver.id.as_str()).collect();
    assert!(!ids.iter().any(|id| id.contains("weber") || id.contains("gone")), "{ids:?}");
    assert_eq!(facts.recipients(), 6);
    let all = serde_json::to_string(&facts).unwrap().to_lowercase();
    for local in ["rita", "tom@", "eva", "eve@", "anna", "stranger", "y@t"] {
        assert!(!all.contains(local), "{local} is kept: {all}");
    }
}

#[test]
fn iso_dates_and_the_journal_say_the_same_as_syslog() {
    let plain = facts(POSTFIX);
    let iso =
        POSTFIX.replace("Nov 12 ", "2026-11-12T").replace(" mail postfix", ".000000+00:00 mail postfix");
    assert_eq!(facts(&iso), plain);
    let (mut export, mut json) = (String::new(), String::new());
    for line in POSTFIX.lines() {
        let (at, rest) = line_date(line.as_bytes(), NOW).unwrap();
        let (program, message) = program_of(rest).unwrap();
        let (program, message) =
            (std::str::from_utf8(program).unwrap(), std::str::from_utf8(message).unwrap());
        let micros = at.0 * 1_000_000 + 7;
        export.extend([format!(
            "__CURSOR=s=1;i=2\n__REALTIME_TIMESTAMP={micros}\nPRIORITY=6\nSYSLOG_IDENTIFIER={program}\nMESSAGE={message}\n\n"
        )]);
        let entry = serde_json::json!({ "__REALTIME_TIMESTAMP": micros.to_string(), "SYSLOG_IDENTIFIER": program, "MESSAGE": message });
        json.extend([format!("{entry}\n")]);
    }
    assert_eq!(facts(&export), plain);
    assert_eq!(facts(export.trim_end()), plain);
    assert_eq!(facts(&json), plain);
}

#[test]
fn exim_is_read() {
    let facts = facts("\
2026-11-12 06:25:02 1kXyZ0-0001Ab-2C <= anna@weber.example H=pc (pc) [203.0.113.9] P=esmtpsa A=login:anna S=900
2026-11-12 06:25:03 1kXyZ0-0001Ab-2C ** rita@hotmail.com R=dnslookup T=remote_smtp H=hotmail-com.olc.protection.outlook.com [192.0.2.33] X=TLS1.3: SMTP error from remote mail server after MAIL FROM:<anna@weber.example> SIZE=1900: 550 5.7.1 Unfortunately, messages from [198.51.100.25] weren't sent. Please contact your Internet service provider since part of their network is on our block list (S3150).
2026-11-12 06:25:03 1kXyZ0-0001Ab-2C => tom@gmail.com R=dnslookup T=remote_smtp H=gmail-smtp-in.l.google.com [192.0.2.26] X=TLS1.3 C=\"250 2.0.0 OK\" QT=2s DT=1s
2026-11-12 06:25:04 1kXyZ0-0001Ab-2C == eva@small.example R=dnslookup T=remote_smtp defer (-44) H=mx.small.example [192.0.2.5]: SMTP error from remote mail server after RCPT TO:<eva@small.example>: 450 4.2.0 Greylisted
2026-11-12 06:31:04 1kXyZ0-0001Ab-2C => eva@small.example R=dnslookup T=remote_smtp H=mx.small.example [192.0.2.5] C=\"250 OK\"
2026-11-12 06:31:05 1kXyZ0-0001Ab-2C => anna <anna@weber.example> R=local_user T=local_delivery
2026-11-12 06:31:05 1kXyZ0-0001Ab-2C Completed
2026-11-12 06:31:06.123 [812] 1kXyZ0-00000001Abc-2Cde ** bad@small.example R=dnslookup T=remote_smtp H=mx.small.example [192.0.2.5]: SMTP error from remote mail server after RCPT TO:<bad@small.example>: 550 5.1.1 User unknown
");
    let microsoft = facts.receivers.iter().find(|receiver| receiver.id == "microsoft-consumer").unwrap();
    assert_eq!(microsoft.replies[0].pattern.as_deref(), Some("ms01"));
    assert_eq!(sum(&facts, "google").delivered, 1);
    let small = sum(&facts, "small.example");
    assert_eq!((small.deferred, small.later, small.recipient_faults, small.delivered), (1, 1, 1, 0));
    assert_eq!(facts.receivers.len(), 3);
}

#[test]
fn sendmail_is_read() {
    let facts = facts("\
Nov 12 06:25:03 mail sm-mta[9]: 4AC5: to=<rita@hotmail.com>,<uwe@hotmail.com>, delay=00:00:02, xdelay=00:00:01, mailer=esmtp, pri=1, relay=hotmail-com.olc.protection.outlook.com. [192.0.2.33], dsn=5.7.1, reply=550 5.7.1 Unfortunately messages were not sent since part of their network is on our block list (S3150)., stat=Service unavailable
Nov 12 06:25:03 mail sm-mta[9]: 4AC6: to=<tom@gmail.com>, delay=1+00:00:02, xdelay=00:00:01, mailer=esmtp, pri=1, relay=gmail-smtp-in.l.google.com. [192.0.2.26], dsn=2.0.0, stat=Sent (OK 17 - gsmtp)
Nov 12 06:25:04 mail sm-mta[9]: 4AC7: to=<eva@small.example>, delay=00:00:02, xdelay=00:00:01, mailer=esmtp, pri=1, relay=mx.small.example. [192.0.2.5], dsn=4.2.0, stat=Deferred: 450 4.2.0 Greylisted
Nov 12 06:25:05 mail sm-mta[9]: 4AC8: to=<eva@small.example>, delay=00:00:02, mailer=esmtp, relay=mx.small.example., dsn=4.0.0, stat=Deferred: Connection refused by mx.small.example.
Nov 12 06:25:06 mail sm-mta[9]: 4AC9: to=<bad@small.example>, delay=00:00:02, mailer=esmtp, relay=mx.small.example. [192.0.2.5], dsn=5.1.1, stat=User unknown
Nov 12 06:25:07 mail sm-mta[9]: 4ACA: to=<anna@weber.example>, delay=00:00:02, mailer=local, dsn=2.0.0, stat=Sent
");
    assert_eq!(sum(&facts, "microsoft-consumer").refused, 2);
    let google = facts.receivers.iter().find(|receiver| receiver.id == "google").unwrap();
    assert_eq!((sum(&facts, "google").delivered, google.slowest_seconds), (1, 86_402));
    let small = sum(&facts, "small.example");
    assert_eq!((small.deferred, small.unreached, small.recipient_faults), (1, 1, 1));
}

#[test]
fn opensmtpd_is_read() {
    let facts = facts("\
Nov 12 06:25:03 mail smtpd[3]: f2a0 mta delivery evpid=11aa22bb33cc44dd from=<anna@weber.example> to=<rita@hotmail.com> rcpt=<-> source=\"198.51.100.25\" relay=\"192.0.2.33 (hotmail-com.olc.protection.outlook.com)\" delay=2s result=\"PermFail\" stat=\"550 5.7.1 part of their network is on our block list (S3150).\"
Nov 12 06:25:03 mail smtpd[3]: f2a0 mta delivery evpid=11aa22bb33cc44de from=<anna@weber.example> to=<tom@gmail.com> rcpt=<-> source=\"198.51.100.25\" relay=\"gmail-smtp-in.l.google.com [192.0.2.26]\" delay=1m2s result=\"Ok\" stat=\"250 2.0.0 OK\"
Nov 12 06:25:04 mail smtpd[3]: f2a0 mda delivery evpid=11aa22bb33cc44df from=<a@b.example> to=<anna@weber.example> rcpt=<-> user=anna result=\"Ok\" stat=\"Delivered\"
Nov 12 06:25:05 mail smtpd[3]: f2a1 mta delivery evpid=11aa22bb33cc44e0 from=<anna@weber.example> to=<x@small.example> rcpt=<-> source=\"-\" relay=\"192.0.2.5 (mx.small.example)\" delay=2s result=\"TempFail\" stat=\"Network error on destination MXs\"
");
    assert_eq!(sum(&facts, "microsoft-consumer").refused, 1);
    assert_eq!(sum(&facts, "google").delivered, 1);
    assert_eq!(sum(&facts, "small.example").unreached, 1);
    assert_eq!(facts.sending_addresses.values().sum::<u64>(), 2);
}

#[test]
fn other_texts_are_no_logs() {
    for text in [
        "",
        "Hello\n",
        "From: a@b.example\n\nNov 12 06:25:01 mail postfix\n",
        "Nov 12 06:25:01 mail sshd[1]: Accepted\n",
        "{\"a\":1}\n",
        "<feedback/>",
        "2026-11-12 06:25:02 something else\n",
    ] {
        assert_eq!(LogKind::of(text.as_bytes()), None, "{text}");
    }
    assert_eq!(
        LogKind::of(b"Nov 12 06:25:01 mail sshd[1]: x\nNov 12 06:25:01 mail postfix/qmgr[7]: y\n"),
        Some(LogKind::Syslog)
    );
}

#[test]
fn lines_of_strangers_are_cut_short_and_mixed_up_ones_survived() {
    let long = format!(
        "Nov 12 06:25:03 mail postfix/smtp[8]: 4X: to=<a@b.example>, relay=mx.b.example[192.0.2.5]:25, delay=1, dsn=5.0.0, status=bounced (host mx.b.example[192.0.2.5] said: 550 {} (in reply to x))\n\u{0}\u{1b}[31mstatus=\nstatus=sent\n",
        "z\u{1b}".repeat(100_000)
    );
    let mut book = Collector::new();
    LogReader::new(LogKind::Syslog, NOW).read(long.as_bytes(), &mut book);
    let facts = book.finish();
    assert_eq!(facts.receivers.len(), 1);
    assert!(facts.receivers[0].replies[0].sample.chars().count() <= 401);
}

#[test]
fn an_account_that_somebody_else_uses_stands_out() {
    let mut log = String::new();
    for day in 10..14 {
        let times = if day == 13 { 400 } else { 5 };
        for number in 0..times {
            log.extend([format!(
                "Nov {day} 06:25:01 mail postfix/smtpd[99]: A{number}: client=x[192.0.{number}.9], sasl_method=PLAIN, sasl_username=anna\n"
            )]);
        }
    }
    let account = facts(&log).busiest_account.unwrap();
    assert_eq!((account.messages, account.usual, account.networks), (400, 5, 400));
    let quiet = log
        .lines()
        .filter(|line| line.starts_with("Nov 1") && !line.starts_with("Nov 13"))
        .collect::<Vec<_>>()
        .join("\n");
    assert_eq!(facts(&quiet).busiest_account, None);
}
