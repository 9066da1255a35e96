//! The practice domain's own evidence: a mail log, a bounce and reports that tell the story of a neighbour's spam.

use std::fmt::Write as _;

use super::DOMAIN;
use crate::values::UnixTime;

const DAY: i64 = 86_400;
/// The address that the practice server sends from.
const ADDRESS: &str = "198.51.100.77";

/// What the log tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EvidenceStory {
    /// Somebody else in the range sent spam, and two receivers refuse the range since.
    Neighbour,
    /// Everybody takes the mail.
    Clean,
}

/// A file as the owner of the practice domain would have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvidenceFile {
    /// Its name.
    pub name: &'static str,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// What one receiver did in a month.
struct Story {
    host: &'static str,
    domain: &'static str,
    people: u32,
    taken: u32,
    deferred: u32,
    refused: u32,
    reply: &'static str,
}

const STORIES: [Story; 7] = [
    Story {
        host: "gmail-smtp-in.l.google.com",
        domain: "gmail.com",
        people: 68,
        taken: 412,
        deferred: 0,
        refused: 0,
        reply: "",
    },
    Story {
        host: "hotmail-com.olc.protection.outlook.com",
        domain: "hotmail.com",
        people: 62,
        taken: 9,
        deferred: 0,
        refused: 159,
        reply: "550 5.7.1 Unfortunately, messages from [198.51.100.77] weren't sent. Please contact your Internet service provider since part of their network is on our block list (S3150). You can also refer your provider to http://mail.live.com/mail/troubleshooting.aspx#errors.",
    },
    Story {
        host: "mx00.emig.gmx.net",
        domain: "gmx.de",
        people: 28,
        taken: 96,
        deferred: 0,
        refused: 0,
        reply: "",
    },
    Story {
        host: "mx00.t-online.de",
        domain: "t-online.de",
        people: 16,
        taken: 0,
        deferred: 0,
        refused: 37,
        reply: "554 IP=198.51.100.77 - Dialup/transient IP not allowed. Use a mailgateway or contact toda@rx.t-online.de if obsolete. (DIAL)",
    },
    Story {
        host: "metallbau-huber-example.mail.protection.outlook.com",
        domain: "metallbau-huber.example",
        people: 12,
        taken: 58,
        deferred: 9,
        refused: 0,
        reply: "451 4.7.500 Server busy. Please try again later from [198.51.100.77]. (AS843)",
    },
    Story {
        host: "mx01.mail.icloud.com",
        domain: "icloud.com",
        people: 6,
        taken: 22,
        deferred: 0,
        refused: 0,
        reply: "",
    },
    Story {
        host: "mail.schule-am-see.example",
        domain: "schule-am-see.example",
        people: 8,
        taken: 61,
        deferred: 20,
        refused: 0,
        reply: "450 4.2.0 <sekretariat@schule-am-see.example>: Recipient address rejected: Greylisted, please come back later",
    },
];

/// The files, as they would lie there at this moment: the log of a month in two parts, a bounce, a DMARC report and a
/// TLS report.
pub fn practice_evidence(story: EvidenceStory, now: UnixTime) -> Vec<EvidenceFile> {
    let (older, newer) = log(story, now);
    let mut files = vec![
        EvidenceFile { name: "mail.log.1", bytes: older.into_bytes() },
        EvidenceFile { name: "mail.log", bytes: newer.into_bytes() },
        EvidenceFile { name: "dmarc-report.xml", bytes: dmarc_report(now).into_bytes() },
        EvidenceFile { name: "tls-report.json", bytes: tls_report(now).into_bytes() },
    ];
    if story == EvidenceStory::Neighbour {
        files.push(EvidenceFile { name: "returned-mail.eml", bytes: bounce(now).into_bytes() });
    }
    files
}

/// The log of the last four weeks, cut in the middle as log rotation does.
fn log(story: EvidenceStory, now: UnixTime) -> (String, String) {
    const DAYS: u32 = 28;
    let mut lines: Vec<(i64, String)> = Vec::new();
    let mut queue = 0x4a_3100_u32;
    for receiver in &STORIES {
        let (taken, refused) = match story {
            EvidenceStory::Neighbour => (receiver.taken, receiver.refused),
            EvidenceStory::Clean => (receiver.taken + receiver.refused, 0),
        };
        for number in 0..taken + refused {
            queue += 0x35;
            let person = number % receiver.people;
            let at = now.0 - i64::from(number % DAYS) * DAY - 1_800 - i64::from(queue % 30_000);
            let to = format!("kunde{person}@{}", receiver.domain);
            let id = format!("{queue:X}");
            // The school has signed its certificate itself, as small servers do.
            let trust = if receiver.domain.ends_with(".example") { "Untrusted" } else { "Trusted" };
            let mut add = |at: i64, status: &str, dsn: &str, said: &str| {
                let line = format!(
                    "postfix/smtp[2201]: {id}: to=<{to}>, relay={}[192.0.2.{}]:25, delay={}, delays=0.1/0/0.4/0.7, dsn={dsn}, status={status} ({said})",
                    receiver.host,
                    20 + receiver.people,
                    1 + at - (now.0 - i64::from(number % DAYS) * DAY - 1_800 - i64::from(queue % 30_000)),
                );
                let tls = format!(
                    "postfix/smtp[2201]: {trust} TLS connection established to {}[192.0.2.{}]:25: TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)",
                    receiver.host,
                    20 + receiver.people,
                );
                lines.push((at - 1, tls));
                lines.push((at, line));
            };
            let said = |command: &str| {
                format!(
                    "host {}[192.0.2.9] said: {} (in reply to {command} command)",
                    receiver.host, receiver.reply
                )
            };
            if number < refused {
                add(at, "bounced", "5.7.1", &said("MAIL FROM"));
                continue;
            }
            if story == EvidenceStory::Neighbour && number - refused < receiver.deferred {
                add(at, "deferred", "4.7.0", &said("RCPT TO"));
                add(at + 420, "sent", "2.0.0", "250 2.0.0 Ok: queued");
            } else {
                add(at, "sent", "2.0.0", "250 2.0.0 Ok: queued");
            }
        }
    }
    lines.sort();
    let middle = now.0 - 14 * DAY;
    let (mut older, mut newer) = (String::new(), String::new());
    for (at, line) in lines {
        let log = if at < middle { &mut older } else { &mut newer };
        let _infallible = writeln!(log, "{}+00:00 mail {line}", moment(at));
    }
    (older, newer)
}

/// `2026-11-12T06:25:03`.
fn moment(at: i64) -> String {
    let (days, seconds) = (at.div_euclid(DAY), at.rem_euclid(DAY));
    // The calendar of RFC 3339 from days since 1970-01-01, with years that begin in March.
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}",
        seconds / 3_600,
        seconds / 60 % 60,
        seconds % 60
    )
}

fn bounce(now: UnixTime) -> String {
    let reply = STORIES.get(1).map(|story| story.reply).unwrap_or_default();
    format!(
        "From: MAILER-DAEMON@mail.{DOMAIN} (Mail Delivery System)\r\nTo: anna@{DOMAIN}\r\nSubject: Undelivered Mail Returned to Sender\r\n\
         Resent-Date: {}\r\nMIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=\"4A31.1\"\r\n\r\n\
         --4A31.1\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\nThis is the mail system at host mail.{DOMAIN}.\r\n\r\n\
         I'm sorry to have to inform you that your message could not be delivered.\r\n\r\n\
         --4A31.1\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mail.{DOMAIN}\r\n\r\n\
         Final-Recipient: rfc822; kunde7@hotmail.com\r\nAction: failed\r\nStatus: 5.7.1\r\n\
         Remote-MTA: dns; hotmail-com.olc.protection.outlook.com\r\nDiagnostic-Code: smtp; {reply}\r\n\r\n--4A31.1--\r\n",
        moment(now.0)
    )
}

fn dmarc_report(now: UnixTime) -> String {
    let (begin, end) = (now.0 - 2 * DAY, now.0 - DAY);
    let row = |address: &str, count: u32, result: &str| {
        format!(
            "<record><row><source_ip>{address}</source_ip><count>{count}</count><policy_evaluated><disposition>none</disposition>\
             <dkim>{result}</dkim><spf>{result}</spf></policy_evaluated></row><identifiers><header_from>{DOMAIN}</header_from></identifiers>\
             <auth_results><dkim><domain>{DOMAIN}</domain><selector>default</selector><result>{result}</result></dkim>\
             <spf><domain>{DOMAIN}</domain><result>{result}</result></spf></auth_results></record>\n"
        )
    };
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<feedback>\n<report_metadata><org_name>google.com</org_name>\
         <email>noreply-dmarc-support@google.com</email><report_id>17</report_id>\
         <date_range><begin>{begin}</begin><end>{end}</end></date_range></report_metadata>\n\
         <policy_published><domain>{DOMAIN}</domain><p>none</p></policy_published>\n{}{}</feedback>\n",
        row(ADDRESS, 58, "pass"),
        row("203.0.113.200", 3, "fail"),
    )
}

fn tls_report(now: UnixTime) -> String {
    format!(
        "{{\"organization-name\":\"Google Inc.\",\"date-range\":{{\"start-datetime\":\"{}Z\",\"end-datetime\":\"{}Z\"}},\
         \"report-id\":\"17\",\"policies\":[{{\"policy\":{{\"policy-type\":\"no-policy-found\",\"policy-domain\":\"{DOMAIN}\"}},\
         \"summary\":{{\"total-successful-session-count\":44,\"total-failure-session-count\":0}}}}]}}\n",
        moment(now.0 - 2 * DAY),
        moment(now.0 - DAY)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_those_of_the_calendar() {
        for (at, words) in [
            (0, "1970-01-01T00:00:00"),
            (1_795_914_000, "2026-11-29T01:00:00"),
            (951_782_399, "2000-02-28T23:59:59"),
            (951_782_400, "2000-02-29T00:00:00"),
        ] {
            assert_eq!(moment(at), words);
        }
    }

    #[test]
    fn the_log_names_no_real_person() {
        for story in [EvidenceStory::Neighbour, EvidenceStory::Clean] {
            for file in practice_evidence(story, UnixTime(1_795_914_000)) {
                let text = String::from_utf8(file.bytes).unwrap();
                assert!(text.contains(DOMAIN) || file.name.starts_with("mail.log"), "{}", file.name);
                assert!(!text.contains("@hotmail.com") || text.contains("kunde"), "{}", file.name);
            }
        }
    }
}
