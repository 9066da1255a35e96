//! The provider files that come with the program: all load, all facts have sources, all records can be made.

use std::collections::{BTreeMap, BTreeSet};

use mailferry::providers::{
    Catalogue, CatalogueError, Confidence, Fit, OwnMail, Provider, RecordPurpose, SignInMethod, TemplateType,
    answers, compare,
};
use mailferry::records::{Change, CurrentZone, GroupKind, check_answer, desired, parse_zone_file};
use mailferry::values::{Bytes, DomainName};

#[test]
fn every_embedded_file_loads() {
    let files = Catalogue::embedded_files();
    let loaded = Catalogue::load(files).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(loaded, Catalogue::embedded());
    let ids = loaded.providers().iter().map(|provider| provider.id.0.as_str()).collect::<BTreeSet<_>>();
    let expected = [
        "amazon-workmail",
        "fastmail",
        "gandi",
        "generic-imap",
        "gmail",
        "gmx",
        "google-workspace",
        "hetzner",
        "hey",
        "hostpoint",
        "icloud",
        "infomaniak",
        "ionos",
        "mailbox-org",
        "mailfence",
        "microsoft365",
        "migadu",
        "namecheap",
        "ovhcloud",
        "posteo",
        "proton",
        "purelymail",
        "rackspace",
        "runbox",
        "startmail",
        "titan",
        "tuta",
        "yahoo-aol",
        "yandex",
        "zoho",
    ];
    assert_eq!(ids, BTreeSet::from(expected));
}

#[test]
fn the_folder_holds_what_is_embedded() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/providers");
    let on_disk = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect::<BTreeSet<_>>();
    let embedded = Catalogue::embedded_files().iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(on_disk, embedded);
}

#[test]
fn every_fact_that_is_shown_has_a_source_with_an_iso_date() {
    let own = OwnMail {
        mailbox_count: 3,
        total: Some(Bytes(5_000_000_000)),
        largest_mailbox: Some(Bytes(3_000_000_000)),
        largest_message: Some(Bytes(60_000_000)),
        folder_levels: Some(5),
    };
    for provider in Catalogue::embedded().providers() {
        let rows = compare(provider, &own).rows;
        assert!(rows.len() >= 15);
        for row in rows {
            let place = format!("{}: {} = {}", provider.id, row.label, row.value);
            assert!(!row.value.is_empty(), "{place}");
            let Some(source) = row.source else {
                assert_ne!(row.fit, Fit::NotConfirmed, "{place}");
                continue;
            };
            let date = source.date.split('-').map(str::len).collect::<Vec<_>>();
            assert_eq!(date, [4, 2, 2], "{place}");
            if source.confidence == Confidence::Low {
                assert!(row.value.ends_with(", not confirmed"), "{place}");
                assert!(matches!(row.fit, Fit::NotConfirmed | Fit::TooSmall), "{place}");
            } else {
                assert!(source.url.is_some_and(|url| url.starts_with("https://")), "{place}");
                assert!(!matches!(row.fit, Fit::NotConfirmed | Fit::NotPublished), "{place}");
            }
        }
        let is_known = provider.homepage.is_some();
        // Proton's server runs on the owner's own machine, so that its address tells nothing.
        if provider.no_copy.is_none() && provider.id.0 != "proton" {
            assert_eq!(provider.imap.is_some(), is_known, "{}", provider.id);
        }
        assert_eq!(provider.sign_in.source.is_some(), is_known, "{}", provider.id);
        assert_eq!(provider.spf_source.is_some(), is_known && provider.no_copy.is_none(), "{}", provider.id);
        assert!(provider.records.iter().all(|record| record.source.is_some() == is_known), "{}", provider.id);
    }
}

/// Providers that mail can be copied to.
fn takes_copies(catalogue: &Catalogue) -> impl Iterator<Item = &Provider> {
    catalogue.providers().iter().filter(|provider| provider.no_copy.is_none())
}

#[test]
fn who_takes_no_copies_says_why_with_a_source_and_publishes_nothing() {
    let catalogue = Catalogue::embedded();
    let closed =
        catalogue.providers().iter().filter(|provider| provider.no_copy.is_some()).collect::<Vec<_>>();
    let ids = closed.iter().map(|provider| provider.id.0.as_str()).collect::<BTreeSet<_>>();
    assert_eq!(
        ids,
        BTreeSet::from(["amazon-workmail", "gmail", "gmx", "hey", "posteo", "tuta", "yahoo-aol"])
    );
    for provider in closed {
        let rows = compare(provider, &OwnMail::default()).rows;
        let row = rows.iter().find(|row| row.label == "Takes copied mail").unwrap();
        let reason = provider.no_copy.as_ref().map(|reason| reason.value.as_str()).unwrap();
        assert!(row.value.starts_with(reason), "{}", row.value);
        assert_eq!(row.fit, Fit::TooSmall, "{}", provider.id);
        assert!(row.source.is_some(), "{}", provider.id);
        assert!(rows.iter().all(|row| row.fit != Fit::Fits), "{} seems to fit", provider.id);
        assert!(provider.records.is_empty() && !provider.mx_under.is_empty(), "{}", provider.id);
    }
}

#[test]
fn every_known_provider_has_the_records_that_mail_needs() {
    for provider in takes_copies(&Catalogue::embedded()) {
        for purpose in [RecordPurpose::Mx, RecordPurpose::Dkim] {
            assert!(
                provider.records.iter().any(|record| record.purpose == purpose),
                "{} {purpose:?}",
                provider.id
            );
        }
        assert!(!provider.spf_mechanisms.is_empty());
        assert!(
            provider
                .records
                .iter()
                .all(|record| (record.purpose == RecordPurpose::Mx)
                    == (record.record_type == TemplateType::Mx))
        );
        if provider.sign_in.method == SignInMethod::AppPassword {
            assert!(provider.sign_in.help_url.is_some(), "{}", provider.id);
        }
    }
}

/// The key of RFC 8463 section A.1.
const WHOLE_KEY: &str = "v=DKIM1; k=ed25519; p=Gv9m0gA1nJvJ0J0g4v8J0l0m1v1m0gA1nJvJ0J0g4v8=";

/// Another form of a key that a selector can have once only: an alias, or a delegation.
fn is_other_form(answer: &str) -> bool {
    matches!(answer, "dkim_target" | "dkim_server" | "dkim_server_2")
}

#[test]
fn examples_are_accepted_and_fill_every_record() {
    let domain = DomainName::parse("example.org").unwrap();
    for provider in takes_copies(&Catalogue::embedded()) {
        let mut typed = BTreeMap::new();
        for answer in answers(provider).iter().filter(|answer| !is_other_form(&answer.name)) {
            // The example of a key shows how one begins; half a key is refused.
            let is_key = answer.name == "dkim_key";
            let value = if is_key { WHOLE_KEY } else { &answer.example };
            assert_eq!(check_answer(provider, &answer.name, &answer.example).is_err(), is_key);
            check_answer(provider, &answer.name, value).unwrap();
            check_answer(provider, &answer.name, "$INCLUDE /etc/passwd").unwrap_err();
            typed.insert(answer.name.clone(), value.to_owned());
        }
        let plan = desired(provider, &typed, &CurrentZone::new(domain.clone()), &BTreeSet::new());
        let added =
            plan.groups.iter().flat_map(|group| &group.lines).filter(|line| line.change == Change::Add);
        // SPF and DMARC come on top of the templates; a generic server has one form of key only.
        let of_other_form = answers(provider).iter().filter(|answer| is_other_form(&answer.name)).count();
        let templates = provider.records.len() - of_other_form;
        assert_eq!(added.count(), templates + 2, "{}: {plan:#?}", provider.id);
        assert!(!plan.notes.iter().any(|note| note.contains("Missing: ")), "{:?}", plan.notes);
    }
}

#[test]
fn an_unknown_key_in_a_provider_file_is_an_error_with_the_way_out() {
    let (name, text) = Catalogue::embedded_files()[0];
    let line = text.lines().position(|line| line.starts_with("port = ")).unwrap() + 1;
    let wrong = text.replacen("port = ", "prot = ", 1);
    let error = Catalogue::load(&[(name, &wrong)]).unwrap_err();
    assert!(
        matches!(&error, CatalogueError::UnknownKey { file, line: found, key, .. }
            if file == name && *found == line && key == "prot"),
        "{error:?}"
    );
    assert!(error.to_string().contains("correct its spelling or remove the line"), "{error}");
}

#[test]
fn another_complete_set_of_hosts_stays_in_place() {
    let domain = DomainName::parse("example.org").unwrap();
    let catalogue = Catalogue::embedded();
    for provider in catalogue.providers() {
        for set in &provider.other_mx {
            let zone = |hosts: &[String]| {
                let lines =
                    hosts.iter().map(|host| format!("@ 3600 MX 7 {host}.")).collect::<Vec<_>>().join("\n");
                parse_zone_file(&lines, &domain).unwrap()
            };
            let changes = |zone: &CurrentZone| {
                let plan = desired(provider, &BTreeMap::new(), zone, &BTreeSet::new());
                let group = plan.groups.into_iter().find(|group| group.kind == GroupKind::Mx).unwrap();
                group.lines.into_iter().filter(|line| line.change != Change::Keep).count()
            };
            assert_eq!(changes(&zone(&set.value)), 0, "{}", provider.id);
            let mut mixed = set.value.clone();
            mixed.push("mail.example.net".to_owned());
            assert_ne!(changes(&zone(&mixed)), 0, "{}: a stranger among them is no set", provider.id);
        }
    }
    assert_eq!(catalogue.providers().iter().filter(|provider| !provider.other_mx.is_empty()).count(), 3);
}

#[test]
fn every_provider_of_app_passwords_is_explained() {
    let helps =
        mailferry::assets::read_app_passwords(include_str!("../../assets/app_passwords.toml")).unwrap();
    let explained: BTreeSet<&str> =
        helps.iter().flat_map(|help| help.providers.iter().map(String::as_str)).collect();
    let catalogue = Catalogue::embedded();
    let known = |id: &str| catalogue.providers().iter().any(|provider| provider.id.0 == id);
    for id in &explained {
        assert!(known(id), "{id} is no file in assets/providers");
    }
    for provider in catalogue.providers() {
        let id = provider.id.0.as_str();
        assert!(
            provider.sign_in.method != SignInMethod::AppPassword || explained.contains(id),
            "{id} wants app passwords, and assets/app_passwords.toml says nothing about them"
        );
    }
}
