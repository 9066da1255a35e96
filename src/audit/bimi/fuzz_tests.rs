//! Records, pictures and certificates of BIMI, for any bytes. Built for tests and for `cargo fuzz` only.

use super::record::BimiRecord;
use super::{certificate, picture};
use crate::audit::sender::contact_lines;
use crate::mutate::Target;

/// The targets of this folder, and the other file that is fetched from hosts that anybody may run.
pub const TARGETS: &[Target] = &[
    Target { name: "audit: BIMI record", examples: RECORDS, read: record },
    Target { name: "audit: BIMI picture", examples: PICTURES, read: image },
    Target { name: "audit: mark certificate", examples: CERTIFICATES, read: mark },
    Target { name: "audit: operator page", examples: PAGES, read: page },
];

const RECORDS: &[&[u8]] = &[b"v=BIMI1; l=https://weber.example/a.svg; a=https://weber.example/a.pem;"];
const PICTURES: &[&[u8]] = &[
    b"<svg xmlns=\"http://www.w3.org/2000/svg\" version=\"1.2\" baseProfile=\"tiny-ps\"><title>W</title><use href=\"#a\"/></svg>",
    b"<!DOCTYPE a [<!ENTITY x \"xx\"><!ENTITY y \"&x;&x;\">]><svg>&y;</svg>",
];
const CERTIFICATES: &[&[u8]] = &[b"-----BEGIN CERTIFICATE-----\nMAMCAQE=\n-----END CERTIFICATE-----\n"];
const PAGES: &[&[u8]] = &[
    b"<html><p>Kontakt: <a href=\"mailto:anna@weber.example\">anna@weber.example</a></p><script>x</script>",
];

fn record(bytes: &[u8]) {
    if let Ok(record) = BimiRecord::parse(bytes) {
        let urls = record.picture.iter().chain(&record.certificate);
        assert!(urls.into_iter().all(|url| url.to_ascii_lowercase().starts_with("https://")));
    }
}

fn image(bytes: &[u8]) {
    let _faults = picture::faults(&String::from_utf8_lossy(bytes));
}

fn mark(bytes: &[u8]) {
    if let Some(mark) = certificate::read(&String::from_utf8_lossy(bytes)) {
        assert!(mark.issuer.chars().count() <= 120 && mark.names.len() <= 50);
    }
}

fn page(bytes: &[u8]) {
    let lines = contact_lines(&String::from_utf8_lossy(bytes));
    assert!(lines.len() <= 10 && lines.iter().all(|line| line.chars().count() <= 200));
}

#[cfg(test)]
#[test]
fn no_bytes_cause_a_panic() {
    crate::mutate::run_all(TARGETS);
}
