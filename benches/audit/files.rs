//! Files of the owner: many reports, and a log that is larger than the memory should become.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use mailferry::audit::evidence::EvidenceFacts;
use mailferry::survey::{EvidenceSubject, read_evidence};
use mailferry::values::{DomainName, UnixTime};
use tokio_util::sync::CancellationToken;

use crate::memory::{forget_peak, peak_megabytes};
use crate::{median, processor, row};

/// 2026-11-29T01:00:00Z.
const NOW: UnixTime = UnixTime(1_795_914_000);
const REPORTS: u32 = 10_000;
/// Sources in one report; a small domain has one or two.
const SOURCES: u32 = 12;

/// How long something took, by the clock and in processor time.
#[derive(Clone, Copy)]
struct Took {
    elapsed: Duration,
    processor: Duration,
}

fn read(path: &Path) -> (EvidenceFacts, Took, f64) {
    let domain = DomainName::parse("weber.example").unwrap();
    forget_peak();
    let (begin, processor) = (Instant::now(), processor::own());
    let paths = [path.to_path_buf()];
    let subject = EvidenceSubject { domain: &domain, now: NOW, beside: None };
    let facts = read_evidence(&subject, &paths, &mut |_| {}, &CancellationToken::new()).unwrap();
    let took = Took { elapsed: begin.elapsed(), processor: processor::own().saturating_sub(processor) };
    (facts, took, peak_megabytes())
}

/// A report as receivers send it, packed with gzip.
fn report(number: u32) -> Vec<u8> {
    let mut xml = format!(
        "<?xml version=\"1.0\"?><feedback><report_metadata><org_name>receiver {}</org_name><email>noreply@r.example</email>\
         <report_id>{number}</report_id><date_range><begin>{}</begin><end>{}</end></date_range></report_metadata>\
         <policy_published><domain>weber.example</domain><p>none</p></policy_published>",
        number % 40,
        NOW.0 - i64::from(number % 60) * 86_400,
        NOW.0 - i64::from(number % 60) * 86_400 + 86_399,
    );
    for source in 0..SOURCES {
        let address = if source == 0 {
            "192.0.2.25".to_owned()
        } else {
            format!("198.{}.{}.{}", 18 + source % 2, number % 200, source)
        };
        // Writing to a string cannot fail.
        let _always = write!(
            xml,
            "<record><row><source_ip>{address}</source_ip><count>{}</count><policy_evaluated><disposition>none</disposition>\
             <dkim>pass</dkim><spf>fail</spf></policy_evaluated></row><identifiers><header_from>weber.example</header_from>\
             </identifiers><auth_results><dkim><domain>weber.example</domain><selector>mail</selector><result>pass</result></dkim>\
             <spf><domain>weber.example</domain><result>fail</result></spf></auth_results></record>",
            source + 1
        );
    }
    xml += "</feedback>";
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(xml.as_bytes()).unwrap();
    packed.finish().unwrap()
}

/// 10,000 reports in a folder, beside a tenth of them.
pub fn reports() {
    let folder = tempfile::tempdir().unwrap();
    let mut peaks = Vec::new();
    for count in [REPORTS / 10, REPORTS] {
        let place = folder.path().join(count.to_string());
        fs::create_dir(&place).unwrap();
        for number in 0..count {
            fs::write(place.join(format!("r!weber.example!{number}.xml.gz")), report(number)).unwrap();
        }
        let (facts, took, peak) = read(&place);
        assert_eq!(facts.dmarc.unwrap().reports, u64::from(count));
        peaks.push(peak);
        let wanted = if count == REPORTS { "seconds" } else { "-" };
        row(
            &format!("{count} DMARC reports of {SOURCES} sources"),
            &format!("{:.1} s, at most {peak:.0} MB", took.elapsed.as_secs_f64()),
            wanted,
        );
    }
    row("memory, ten times the reports", &format!("{:.2} times", peaks[1] / peaks[0]), "flat");
}

/// Lines as Postfix writes them for one message that goes out, and for the clients that come and go meanwhile.
fn message(number: u64, lines: &mut String) {
    use std::fmt::Write as _;
    let (second, process, queue) = (number / 20 % 60, 1_000 + number % 40, 0x4000_0000 + number);
    let when = format!(
        "2026-11-{:02}T{:02}:{:02}:{second:02}.123456+01:00 mail",
        1 + number / 100_000 % 28,
        number / 3_600 % 24,
        number / 60 % 60
    );
    let (host, reply) = match number % 25 {
        0 => (
            "hotmail-com.olc.protection.outlook.com[192.0.2.33]",
            "bounced (host hotmail-com.olc.protection.outlook.com[192.0.2.33] said: 550 5.7.1 Unfortunately, messages from [198.51.100.77] weren't sent. Please contact your Internet service provider since part of their network is on our block list (S3150). (in reply to MAIL FROM command))",
        ),
        1..9 => (
            "gmail-smtp-in.l.google.com[192.0.2.34]",
            "sent (250 2.0.0 OK  1795914000 ab12-20020a17 - gsmtp)",
        ),
        _ => ("mx.kunde.example[192.0.2.35]", "sent (250 2.0.0 Ok: queued as 4XyZ123)"),
    };
    writeln!(
        lines,
        "{when} postfix/smtpd[{process}]: connect from pc.weber.example[203.0.113.{}]",
        number % 250
    )
    .unwrap();
    writeln!(lines, "{when} postfix/smtpd[{process}]: {queue:X}: client=pc.weber.example[203.0.113.{}], sasl_method=PLAIN, sasl_username=user{}", number % 250, number % 30).unwrap();
    writeln!(
        lines,
        "{when} postfix/cleanup[{process}]: {queue:X}: message-id=<{number}.abcdef@weber.example>"
    )
    .unwrap();
    writeln!(
        lines,
        "{when} postfix/qmgr[17]: {queue:X}: from=<user{}@weber.example>, size={}, nrcpt=1 (queue active)",
        number % 30,
        2_000 + number % 90_000
    )
    .unwrap();
    writeln!(lines, "{when} postfix/smtpd[{process}]: disconnect from pc.weber.example[203.0.113.{}] ehlo=2 starttls=1 auth=1 mail=1 rcpt=1 data=1 quit=1 commands=8", number % 250).unwrap();
    writeln!(lines, "{when} postfix/smtp[{process}]: Trusted TLS connection established to {host}:25: TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)").unwrap();
    writeln!(lines, "{when} postfix/smtp[{process}]: {queue:X}: to=<r{}@kunde{}.example>, relay={host}:25, delay=1.2, delays=0.1/0/0.5/0.6, dsn=2.0.0, status={reply}", number % 9_000, number % 900).unwrap();
    writeln!(lines, "{when} postfix/qmgr[17]: {queue:X}: removed").unwrap();
    for stranger in 0..3 {
        writeln!(
            lines,
            "{when} postfix/smtpd[{}]: connect from unknown[198.18.{}.{stranger}]",
            process + 1,
            number % 250
        )
        .unwrap();
        writeln!(
            lines,
            "{when} postfix/smtpd[{}]: lost connection after AUTH from unknown[198.18.{}.{stranger}]",
            process + 1,
            number % 250
        )
        .unwrap();
        writeln!(lines, "{when} postfix/smtpd[{}]: disconnect from unknown[198.18.{}.{stranger}] ehlo=1 auth=0/1 commands=1/2", process + 1, number % 250).unwrap();
    }
}

fn write_log(path: &PathBuf, megabytes: u64) {
    let mut file = BufWriter::with_capacity(1 << 20, File::create(path).unwrap());
    let (mut written, mut number, mut lines) = (0, 0, String::new());
    while written < megabytes << 20 {
        lines.clear();
        message(number, &mut lines);
        file.write_all(lines.as_bytes()).unwrap();
        written += lines.len() as u64;
        number += 1;
    }
    file.flush().unwrap();
}

/// `grep -c` for one word, in bytes as they are.
fn grep(path: &Path) -> Took {
    let (begin, processor) = (Instant::now(), processor::children());
    let out = Command::new("grep").env("LC_ALL", "C").args(["-c", "status="]).arg(path).output().unwrap();
    assert!(out.status.success(), "grep found nothing");
    Took { elapsed: begin.elapsed(), processor: processor::children().saturating_sub(processor) }
}

/// The median of each kind of time.
fn middle(all: &[Took]) -> Took {
    Took {
        elapsed: median(all.iter().map(|took| took.elapsed).collect()),
        processor: median(all.iter().map(|took| took.processor).collect()),
    }
}

/// A log beside `grep -c`, each three times in turn, both from the memory of the system; and a tenth of it.
pub fn log(megabytes: u64) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mail.log");
    write_log(&path, megabytes / 10);
    let (_, _, small_peak) = read(&path);
    write_log(&path, megabytes);
    let (mut greps, mut reads, mut peak) = (Vec::new(), Vec::new(), 0.0_f64);
    grep(&path);
    for _ in 0..3 {
        greps.push(grep(&path));
        let (facts, took, most) = read(&path);
        assert!(facts.receivers.len() >= 3 && facts.outbound_tls.encrypted > 0);
        reads.push(took);
        peak = peak.max(most);
    }
    let (grep, read) = (middle(&greps), middle(&reads));
    let speed = |time: Duration| megabytes as f64 / time.as_secs_f64();
    let told = |took: Took| {
        format!(
            "{:.2} s ({:.0} MB/s), {:.2} s of the processor",
            took.elapsed.as_secs_f64(),
            speed(took.elapsed),
            took.processor.as_secs_f64()
        )
    };
    let what = format!("a Postfix log of {megabytes} MB");
    row(&what, &format!("{}, at most {peak:.0} MB", told(read)), "-");
    row("`grep -c status=` of the same", &told(grep), "-");
    let beside = |grep: Duration, read: Duration| format!("{:.2}", grep.as_secs_f64() / read.as_secs_f64());
    row("speed beside grep, elapsed", &beside(grep.elapsed, read.elapsed), "0.5 or more");
    row("speed beside grep, processor time", &beside(grep.processor, read.processor), "0.5 or more");
    row("memory, ten times the log", &format!("{:.2} times", peak / small_peak), "flat");
}
