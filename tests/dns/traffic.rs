//! Mail traffic of a case as a mail log or as bounces: `mail: HOST DOMAIN RECIPIENTS MESSAGES` is taken, `refused:` and
//! `deferred:` have the reply behind them. All of it is spread over `days`. `bounces: yes` tells refusals by bounces, without
//! a log. `account: N` is a day on which one account sends so many. `log:` is a line as it stands in a log.

use std::fmt::Write as _;

use mailferry::audit::evidence::{Collector, LogKind, LogReader, SourceKind, read_bounce};
use mailferry::values::UnixTime;
use mailferry_test_support::cases::Case;

/// The keys of a case that are read here.
pub const KEYS: [&str; 7] = ["mail", "refused", "deferred", "days", "bounces", "account", "log"];

const DAY: i64 = 86_400;

/// Reads the traffic of a case into the book. Returns whether there was any.
pub fn read(case: &Case, now: UnixTime, book: &mut Collector) -> bool {
    if case.get("bounces").is_some() {
        bounces(case, now, book);
        return true;
    }
    let log = log(case, now);
    if log.is_empty() {
        return false;
    }
    let kind = LogKind::of(log.as_bytes()).unwrap_or_else(|| panic!("{}: this is no log:\n{log}", case.name));
    let mut reader = LogReader::new(kind, now);
    reader.read(log.as_bytes(), book);
    reader.end(book);
    book.end_source("mail.log", SourceKind::MailLog, "");
    true
}

/// One line of a case: who, how many recipients and messages, and what was said.
struct Traffic<'a> {
    host: &'a str,
    domain: &'a str,
    recipients: u64,
    messages: u64,
    reply: &'a str,
}

fn traffic<'a>(case: &'a Case, key: &str) -> Vec<Traffic<'a>> {
    let read = |line: &'a str| {
        let mut words = line.splitn(5, ' ');
        let mut word = || words.next().unwrap_or_default();
        let (host, domain, recipients, messages) = (word(), word(), word(), word());
        Traffic {
            host,
            domain,
            recipients: recipients.parse().unwrap(),
            messages: messages.parse().unwrap(),
            reply: word(),
        }
    };
    case.all(key).into_iter().map(read).collect()
}

/// When the message of this number is sent: they are spread over the days of the case.
fn moment(case: &Case, now: UnixTime, number: u64) -> i64 {
    let days: u64 = case.get("days").map_or(28, |days| days.parse().unwrap());
    now.0 - i64::try_from(number % days).unwrap() * DAY - 3_600
}

/// The log that Postfix would have written.
fn log(case: &Case, now: UnixTime) -> String {
    let mut log = String::new();
    let mut queue = 0_u64;
    for (key, status) in [("mail", "sent"), ("refused", "bounced"), ("deferred", "deferred")] {
        for line in traffic(case, key) {
            for number in 0..line.messages {
                queue += 1;
                let said = match status {
                    "sent" => "250 2.0.0 OK".to_owned(),
                    _ => format!(
                        "host {}[192.0.2.200] said: {} (in reply to RCPT TO command)",
                        line.host, line.reply
                    ),
                };
                writeln!(
                    log,
                    "@{} mail postfix/smtp[7]: Q{queue}: to=<p{}@{}>, relay={}[192.0.2.200]:25, delay=2, dsn=2.0.0, status={status} ({said})",
                    moment(case, now, number),
                    number % line.recipients,
                    line.domain,
                    line.host,
                )
                .unwrap();
            }
        }
    }
    if let Some(most) = case.get("account") {
        for day in 1..=10 {
            let count = if day == 3 { most.parse().unwrap() } else { 4 };
            for number in 0..count {
                let at = now.0 - day * DAY;
                writeln!(log, "@{at} mail postfix/smtpd[9]: A{number}: client=pc[203.0.113.{}], sasl_method=PLAIN, sasl_username=anna", number % 200).unwrap();
            }
        }
    }
    for line in case.all("log") {
        writeln!(log, "{line}").unwrap();
    }
    log
}

fn bounces(case: &Case, now: UnixTime, book: &mut Collector) {
    for line in traffic(case, "refused") {
        for number in 0..line.messages {
            let mail = format!(
                "From: MAILER-DAEMON@mail.good.example\nDate: {}\nContent-Type: multipart/report; boundary=b\n\n--b\n\
                 Content-Type: message/delivery-status\n\nReporting-MTA: dns; mail.good.example\n\n\
                 Final-Recipient: rfc822; p{}@{}\nAction: failed\nStatus: 5.7.1\nRemote-MTA: dns; {}\nDiagnostic-Code: smtp; {}\n\n--b--\n",
                date(now, moment(case, now, number)),
                number % line.recipients,
                line.domain,
                line.host,
                line.reply,
            );
            book.bounce(&read_bounce(mail.as_bytes()).unwrap(), now);
            book.end_source("bounce", SourceKind::Bounce, "");
        }
    }
}

/// A date of November 2026, in the form of RFC 5322.
fn date(now: UnixTime, at: i64) -> String {
    let first = now.0 - now.0.rem_euclid(DAY) - 28 * DAY;
    let (day, seconds) = ((at - first).div_euclid(DAY) + 1, at.rem_euclid(DAY));
    format!("{day} Nov 2026 {:02}:{:02}:00 +0000", seconds / 3600, seconds / 60 % 60)
}
