use std::fs;
use std::io::Write as _;

use super::*;

/// 2026-11-29T01:00:00Z.
const NOW: UnixTime = UnixTime(1_795_914_000);
const LINE: &str = "2026-11-12T06:25:03Z mail postfix/smtp[8]: 4X: to=<r@hotmail.com>, relay=a.olc.protection.outlook.com[192.0.2.33]:25, delay=1, dsn=5.7.1, status=bounced (host a.olc.protection.outlook.com[192.0.2.33] said: 550 5.7.1 part of their network is on our block list (S3150). (in reply to MAIL FROM command))\n";
const DMARC: &str = "<?xml version=\"1.0\"?><feedback><report_metadata><org_name>g</org_name><date_range><begin>1795000000</begin><end>1795086399</end></date_range></report_metadata><policy_published><domain>weber.example</domain></policy_published><record><row><source_ip>198.51.100.25</source_ip><count>3</count><policy_evaluated><dkim>pass</dkim><spf>pass</spf></policy_evaluated></row></record></feedback>";
const TLS: &str = "{\"organization-name\":\"x\",\"date-range\":{\"start-datetime\":\"2026-11-01T00:00:00Z\"},\"policies\":[{\"summary\":{\"total-successful-session-count\":5}}]}";
const BOUNCE: &str = "Subject: failure notice\n\nHi. This is the qmail-send program at weber.example.\n\n<rita@hotmail.com>:\nRemote host said: 550 5.7.1 part of their network is on our block list (S3150).\n";

fn read(paths: &[&Path]) -> EvidenceFacts {
    let paths: Vec<PathBuf> = paths.iter().map(|path| path.to_path_buf()).collect();
    let domain = DomainName::parse("weber.example").unwrap();
    let (mut last, mut was) = (None, 0);
    let mut tell = |progress: EvidenceProgress| {
        assert!(progress.done >= was && progress.done <= progress.total, "{progress:?} after {was}");
        was = progress.done;
        last = Some(progress);
    };
    let subject = EvidenceSubject { domain: &domain, now: NOW, beside: None };
    let facts = read_evidence(&subject, &paths, &mut tell, &CancellationToken::new()).unwrap();
    let last = last.unwrap();
    assert_eq!(last.done, last.total);
    facts
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zip_of(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(io::Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn base64(bytes: &[u8]) -> String {
    data_encoding::BASE64_MIME.encode(bytes)
}

#[test]
fn everything_is_recognised_by_what_is_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
    write("one", LINE.as_bytes());
    write("two", &gzip(LINE.as_bytes()));
    write(
        "three",
        &zip_of(&[
            ("a.xml", DMARC.as_bytes()),
            ("b.json", TLS.as_bytes()),
            ("deep.gz", &gzip(LINE.as_bytes())),
        ]),
    );
    write("four", format!("\u{feff}{DMARC}").as_bytes());
    write("five", TLS.as_bytes());
    write("six", BOUNCE.as_bytes());
    let report = format!(
        "From: g@g.example\nSubject: Report domain: weber.example\nMIME-Version: 1.0\nContent-Type: application/gzip; name=\"g!weber.example!1.xml.gz\"\nContent-Transfer-Encoding: base64\n\n{}\n",
        base64(&gzip(DMARC.as_bytes()))
    );
    write("seven", report.as_bytes());
    let zipped = report
        .replace("application/gzip", "application/octet-stream")
        .replace(&base64(&gzip(DMARC.as_bytes())), &base64(&zip_of(&[("r.xml", DMARC.as_bytes())])));
    write("eight", zipped.as_bytes());
    write("nine", format!("From a Thu Nov 12 06:25:04 2026\n{BOUNCE}\nFrom a Thu Nov 12 06:25:04 2026\nSubject: hi\n\nhello\n\nFrom a Thu Nov 12 06:25:04 2026\n{report}\n").as_bytes());
    write("ten", b"Subject: hi\n\nhello\n");
    write("eleven", b"\x00\x01binary");
    write("twelve", b"");
    write("thirteen", b"198.51.100.25,11/12/2026 1:00 AM,11/12/2026 11:00 PM,140,139,138,YELLOW,0.4%,,,1,mail.weber.example,a@b.example,\n");
    let facts = read(&[folder.path()]);
    let kind = |name: &str| {
        let found: Vec<SourceKind> = facts
            .sources
            .iter()
            .filter(|source| source.name.starts_with(name))
            .map(|source| source.kind)
            .collect();
        found
    };
    for (name, expected) in [
        ("one", SourceKind::MailLog),
        ("two", SourceKind::MailLog),
        ("four", SourceKind::DmarcReport),
        ("five", SourceKind::TlsReport),
        ("six", SourceKind::Bounce),
        ("seven", SourceKind::DmarcReport),
        ("eight", SourceKind::DmarcReport),
        ("nine", SourceKind::Bounce),
        ("ten", SourceKind::Message),
        ("eleven", SourceKind::Unknown),
        ("twelve", SourceKind::Unknown),
        ("thirteen", SourceKind::Dashboard),
    ] {
        assert_eq!(kind(name), [expected], "{name}: {:?}", facts.sources);
    }
    assert_eq!(kind("three"), [SourceKind::DmarcReport, SourceKind::TlsReport, SourceKind::MailLog]);
    // All are the same two.
    assert_eq!((facts.dmarc.as_ref().unwrap().reports, facts.tls.as_ref().unwrap().reports), (1, 1));
    assert_eq!(facts.sources.iter().map(|source| source.repeated).sum::<u64>(), 4 + 1);
    let dashboard = &facts.snds[&"198.51.100.25".parse::<std::net::IpAddr>().unwrap()];
    assert_eq!((dashboard.yellow, dashboard.trap_hits, dashboard.complaints.as_str()), (1, 1, "0.4%"));
    assert_eq!(facts.helo_names.get("mail.weber.example"), Some(&1));
    let microsoft = &facts.receivers[0];
    let tally = microsoft.days.values().fold((0, 0), |sum, day| (sum.0 + day.refused, sum.1 + day.bounced));
    assert_eq!((microsoft.id.as_str(), tally), ("microsoft-consumer", (3, 2)));
    let json = serde_json::to_string(&facts).unwrap();
    assert!(!json.contains("rita") && !json.contains("\"r@"), "{json}");
}

/// A report of Google's, as its id and its count of messages say.
fn numbered(id: u32, messages: u32) -> String {
    DMARC
        .replace("</org_name>", &format!("</org_name><report_id>{id}</report_id>"))
        .replace("<count>3</count>", &format!("<count>{messages}</count>"))
}

fn in_a_mail(message_id: &str, kind: &str, packed: &[u8]) -> String {
    format!(
        "From: g@g.example\nSubject: Report domain: weber.example\nMessage-ID: <{message_id}@g.example>\nMIME-Version: 1.0\n\
         Content-Type: {kind}\nContent-Transfer-Encoding: base64\n\n{}\n",
        base64(packed)
    )
}

#[test]
fn a_report_counts_once_however_it_comes() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
    let dmarc = numbered(17, 3);
    let tls = TLS.replace("{\"organization-name\"", "{\"report-id\":\"7\",\"organization-name\"");
    write("a.xml", dmarc.as_bytes());
    write("b.xml.gz", &gzip(dmarc.as_bytes()));
    write("c.zip", &zip_of(&[("g!weber.example!1.xml", dmarc.as_bytes()), ("t.json", tls.as_bytes())]));
    write("d.eml", in_a_mail("1", "application/gzip", &gzip(dmarc.as_bytes())).as_bytes());
    // Written anew by a program that sets it out differently.
    let set_out = dmarc.replace("><", ">\r\n<");
    write("e.eml", in_a_mail("2", "application/zip", &zip_of(&[("r.xml", set_out.as_bytes())])).as_bytes());
    write("f.json", tls.as_bytes());
    write("g.eml", in_a_mail("3", "application/tlsrpt+gzip", &gzip(tls.as_bytes())).as_bytes());
    // Two others: the next id, and the same id of another day.
    write("h.xml", numbered(18, 20).as_bytes());
    write(
        "i.xml",
        numbered(17, 100).replace("1795000000", "1795086400").replace("1795086399", "1795172799").as_bytes(),
    );
    let facts = read(&[folder.path()]);
    let (dmarc, tls) = (facts.dmarc.unwrap(), facts.tls.unwrap());
    assert_eq!((dmarc.reports, dmarc.sources.values().map(|source| source.messages).sum::<u64>()), (3, 123));
    assert_eq!((tls.reports, tls.successes), (1, 5));
    assert_eq!(dmarc.reporters["g"], 123);
    let repeated: Vec<(&str, u64, u64)> = facts
        .sources
        .iter()
        .filter(|source| source.repeated > 0)
        .map(|source| (source.name.as_str(), source.entries, source.count()))
        .collect();
    assert_eq!(repeated.len(), 6, "{repeated:?}");
    assert!(repeated.iter().all(|(_, entries, count)| (*entries, *count) == (0, 0)), "{repeated:?}");
    assert!(facts.sources.iter().all(|source| source.problem.is_empty()), "{:?}", facts.sources);
}

#[test]
fn what_the_other_place_counts_is_not_counted_again() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (folder.path().join("a.xml"), folder.path().join("b.xml"));
    fs::write(&first, numbered(17, 3)).unwrap();
    fs::write(&second, numbered(18, 20)).unwrap();
    let domain = DomainName::parse("weber.example").unwrap();
    let there = read(&[&first]);
    let subject = EvidenceSubject { domain: &domain, now: NOW, beside: Some(&there) };
    let paths = [first, second];
    let facts = read_evidence(&subject, &paths, &mut |_| {}, &CancellationToken::new()).unwrap();
    assert_eq!(facts.dmarc.unwrap().sources.values().map(|source| source.messages).sum::<u64>(), 20);
}

#[test]
fn bad_files_are_reported_and_the_others_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
    write("a-good.log", LINE.as_bytes());
    let packed = gzip(LINE.repeat(2_000).as_bytes());
    write("b-half.gz", &packed[..packed.len() / 2]);
    write("c-half.xml", &DMARC.as_bytes()[..200]);
    write(
        "d-laughs.xml",
        format!("<!DOCTYPE f [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;&a;\">]>{}", DMARC.split_at(21).1)
            .as_bytes(),
    );
    write("e-bomb.gz", &gzip(&[LINE.as_bytes(), &vec![b'x'; 100 << 20]].concat()));
    write("f-bomb.zip", &zip_of(&[("log", &[LINE.as_bytes(), &vec![b'\n'; 100 << 20]].concat())]));
    let mut nested = LINE.as_bytes().to_vec();
    for _ in 0..9 {
        nested = gzip(&nested);
    }
    write("g-nested.gz", &nested);
    write("h-other.xml", DMARC.replace("weber.example", "other.example").as_bytes());
    write(
        "i-latin1.log",
        LINE.replace("block list", "bl\u{fc}ck list")
            .chars()
            .map(|letter| u8::try_from(u32::from(letter)).unwrap_or(b'?'))
            .collect::<Vec<u8>>()
            .as_slice(),
    );
    write("j-zip", b"PK\x03\x04 is no zip");
    let facts = read(&[folder.path()]);
    let problem = |name: &str| {
        let found = facts.sources.iter().find(|source| source.name.starts_with(name));
        found.unwrap_or_else(|| panic!("no {name}: {:?}", facts.sources)).problem.clone()
    };
    for (name, words) in [
        ("b-half", "up to a point"),
        ("c-half", "damaged"),
        ("d-laughs", "definitions of its own"),
        ("e-bomb", "out of all proportion"),
        ("f-bomb", "out of all proportion"),
        ("g-nested", "packed more often"),
        ("h-other", "about other.example"),
        ("j-zip", ""),
    ] {
        assert!(!problem(name).is_empty() && problem(name).contains(words), "{name}: {}", problem(name));
    }
    assert_eq!((problem("a-good"), problem("i-latin1")), (String::new(), String::new()));
    assert!(facts.sources.iter().find(|source| source.name.starts_with("b-half")).unwrap().entries > 100);
}

#[test]
fn lines_longer_than_a_piece_are_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mail.log");
    let long =
        format!("2026-11-12T06:25:03Z mail postfix/smtp[8]: {} status=sent (x)\n", "y".repeat(5 << 20));
    fs::write(&path, [LINE, &long, LINE.trim_end()].concat()).unwrap();
    let facts = read(&[&path]);
    assert_eq!(facts.sources[0].entries, 2, "{:?}", facts.sources);
}

#[test]
fn a_reading_can_be_cancelled_and_a_missing_file_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mail.log");
    fs::write(&path, LINE.repeat(100_000)).unwrap();
    let domain = DomainName::parse("weber.example").unwrap();
    let cancel = CancellationToken::new();
    let stop = cancel.clone();
    let mut tell = |progress: EvidenceProgress| {
        if progress.done > 0 {
            stop.cancel();
        }
    };
    let subject = EvidenceSubject { domain: &domain, now: NOW, beside: None };
    let outcome = read_evidence(&subject, &[path], &mut tell, &cancel);
    assert!(matches!(outcome, Err(EvidenceError::Cancelled)));
    let outcome =
        read_evidence(&subject, &[folder.path().join("none")], &mut |_| {}, &CancellationToken::new());
    assert!(matches!(outcome, Err(EvidenceError::Open { .. })));
}
