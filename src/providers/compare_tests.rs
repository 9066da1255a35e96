use super::*;
use crate::providers::{Catalogue, ProviderId};

fn row<'a>(comparison: &'a Comparison, label: &str) -> &'a ComparisonRow {
    comparison.rows.iter().find(|row| row.label == label).unwrap()
}

fn provider(id: &str) -> Provider {
    Catalogue::embedded().get(&ProviderId(id.to_owned())).unwrap().clone()
}

#[test]
fn every_provider_has_the_same_labels_in_the_same_order() {
    let own = OwnMail { mailbox_count: 14, total: Some(Bytes(43_500_000_000)), ..OwnMail::default() };
    let catalogue = Catalogue::embedded();
    let labels = |provider| {
        compare(provider, &own).rows.into_iter().map(|row| (row.group, row.label)).collect::<Vec<_>>()
    };
    let first = labels(&catalogue.providers()[0]);
    for provider in catalogue.providers() {
        assert_eq!(labels(provider), first, "{}", provider.id);
    }
}

#[test]
fn limits_are_measured_against_the_own_mail() {
    let own = OwnMail {
        mailbox_count: 14,
        total: Some(Bytes(43_500_000_000)),
        largest_mailbox: Some(Bytes(11_300_000_000)),
        largest_message: Some(Bytes(61_000_000)),
        folder_levels: Some(301),
    };
    let google = compare(&provider("google-workspace"), &own);
    let days = row(&google, "Your largest mailbox, 11 GB");
    assert_eq!((days.value.as_str(), days.fit), ("At least 23 days", Fit::Tight));
    assert!(days.source.as_ref().unwrap().url.as_ref().unwrap().contains("1071518"));
    let message = row(&google, "Largest message over IMAP");
    assert_eq!((message.value.as_str(), message.fit), ("36 MB; your largest has 61 MB", Fit::TooSmall));
    assert_eq!(row(&google, "14 separate mailboxes").fit, Fit::Fits);
    let fastmail = compare(&provider("fastmail"), &own);
    assert_eq!(row(&fastmail, "Before the copy").value, "Create 14 app passwords");
    assert_eq!(row(&fastmail, "Signature (DKIM)").value, "3 CNAMEs, computed");
    assert_eq!(row(&fastmail, "Incoming mail (MX)").value, "2 hosts, known");
    let limit = row(&fastmail, "Largest message over IMAP");
    assert_eq!((limit.value.as_str(), limit.fit, &limit.source), ("Not published", Fit::NotPublished, &None));
    let microsoft = compare(&provider("microsoft365"), &own);
    let levels = row(&microsoft, "Folders inside folders, 301 levels");
    assert_eq!((levels.value.as_str(), levels.fit), ("300 levels, not confirmed", Fit::TooSmall));
    let mailfence = compare(&provider("mailfence"), &own);
    assert_eq!(row(&mailfence, "Law the provider is under").value, "Belgium");
}

#[test]
fn small_mail_fits_and_unknown_mail_is_not_judged() {
    let own = OwnMail { mailbox_count: 1, largest_mailbox: Some(Bytes(400_000_000)), ..OwnMail::default() };
    let google = compare(&provider("google-workspace"), &own);
    assert_eq!(row(&google, "Your largest mailbox, 400 MB").value, "Within a day");
    let nothing_known = compare(&provider("google-workspace"), &OwnMail::default());
    assert_eq!(row(&nothing_known, "Your largest mailbox").value, "500 MB a day");
    assert_eq!(row(&nothing_known, "Largest message over IMAP").fit, Fit::Neutral);
}

#[test]
fn what_is_not_published_has_no_source_and_what_is_has_one() {
    for provider in Catalogue::embedded().providers() {
        for row in compare(provider, &OwnMail::default()).rows {
            if row.fit == Fit::NotPublished {
                assert_eq!(row.source, None, "{} {}", provider.id, row.label);
            } else if row.source.is_none() {
                assert!(
                    ["You enter it", "No daily limit known"].contains(&row.value.as_str())
                        || row.label == "Facts checked"
                        || provider.id.0 == "generic-imap",
                    "{} {}: {}",
                    provider.id,
                    row.label,
                    row.value
                );
            }
        }
    }
}
