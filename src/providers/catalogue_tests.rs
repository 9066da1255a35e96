use super::*;
use crate::providers::{Fit, OwnMail, compare};

const SMALL: &str = r#"schema = 1

[provider]
name = "Small"
tagline = "A provider for tests."
facts_checked = "2026-09-30"

[[source]]
id = "page"
title = "A page"
url = "https://example.org/"
date = "2026-09-30"
confidence = "high"

[sign_in]
method = "password"
words = "Password per mailbox"
before_copy = "Create {mailboxes}"
source = "page"

[spf]
mechanisms = ["include:spf.example.org"]
source = "page"
"#;

fn error_of(text: &str) -> CatalogueError {
    Catalogue::load(&[("small.toml", text)]).unwrap_err()
}

#[test]
fn a_small_file_loads() {
    let catalogue = Catalogue::load(&[("small.toml", SMALL)]).unwrap();
    assert_eq!(catalogue.get(&ProviderId("small".to_owned())).unwrap().name, "Small");
    assert_eq!(catalogue.get(&ProviderId("other".to_owned())), None);
}

#[test]
fn an_unknown_key_names_file_line_and_key_and_the_way_out() {
    let text = SMALL.replace("tagline =", "tag_line =");
    let error = error_of(&text);
    assert!(
        matches!(&error, CatalogueError::UnknownKey { file, line: 5, key, .. } if file == "small.toml" && key == "tag_line"),
        "{error:?}"
    );
    let words = error.to_string();
    assert!(words.contains("small.toml, line 5") && words.contains("“tag_line”") && words.contains("remove"));
    let table = error_of(&format!("{SMALL}\n[limit]\n"));
    assert!(matches!(&table, CatalogueError::UnknownKey { key, .. } if key == "limit"), "{table:?}");
}

#[test]
fn faults_in_a_file_are_found_at_their_line() {
    for (from, to, line, words) in [
        ("date = \"2026-09-30\"\nconfidence", "date = \"30.9.2026\"\nconfidence", 12, "not a date"),
        ("url = \"https://example.org/\"", "url = \"ftp://example.org/\"", 11, "not a web address"),
        ("source = \"page\"\n\n[spf]", "source = \"pag\"\n\n[spf]", 19, "no [[source]] has the id “pag”"),
        ("include:spf.example.org", "include:{host}", 22, "{host}"),
        ("include:spf.example.org", "include:{host", 22, "not closed"),
        (
            "[sign_in]",
            "[[source]]\nid = \"other\"\ntitle = \"B\"\nurl = \"https://example.net/\"\ndate = \"2026-09-30\"\nconfidence = \"high\"\n\n[sign_in]",
            16,
            "no fact names the source “other”",
        ),
    ] {
        assert!(SMALL.contains(from), "{from}");
        match error_of(&SMALL.replace(from, to)) {
            CatalogueError::Shape { line: found, message, .. } => {
                assert_eq!(found, line, "{message}");
                assert!(message.contains(words), "{message}");
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn other_faults_have_errors_of_their_own() {
    let newer = SMALL.replace("schema = 1", "schema = 2");
    assert!(matches!(error_of(&newer), CatalogueError::Schema { line: 1, found: 2, .. }));
    assert!(matches!(error_of("not toml"), CatalogueError::Shape { line: 1, .. }));
    assert!(matches!(error_of(&"#".repeat(FILE_BYTES_MAX + 1)), CatalogueError::TooLarge { .. }));
    assert!(matches!(
        Catalogue::load(&[("a.toml", SMALL), ("a.toml", SMALL)]),
        Err(CatalogueError::Twice(ProviderId(id))) if id == "a"
    ));
    for name in ["a.txt", "../a.toml", ".toml", "A B.toml"] {
        assert!(matches!(Catalogue::load(&[(name, SMALL)]), Err(CatalogueError::FileName(_))), "{name}");
    }
}

#[test]
fn an_example_must_pass_its_own_check() {
    let answer = "\n[[answer]]\nname = \"host\"\nquestion = \"?\"\nhelp = \"\"\ncheck = \"host\"\nexample = \"no host\"\nis_required = true\n";
    let error = error_of(&SMALL.replace("\n[spf]", &format!("{answer}\n[spf]")));
    assert!(error.to_string().contains("does not pass its own check"), "{error}");
}

#[test]
fn a_source_without_confidence_or_address_and_a_wrong_host_stop_the_file() {
    let odd = error_of(&SMALL.replace("confidence = \"high\"", "confidence = \"certain\""));
    assert!(matches!(&odd, CatalogueError::Shape { line: 13, .. }), "{odd:?}");
    assert!(odd.to_string().contains("expected one of `high`, `medium`, `low`"), "{odd}");
    let nameless = SMALL.replace("url = \"https://example.org/\"\n", "");
    let words = error_of(&nameless).to_string();
    assert!(words.contains("small.toml, line 9") && words.contains("needs its url"), "{words}");
    let weak = nameless.replace("confidence = \"high\"", "confidence = \"low\"");
    let catalogue = Catalogue::load(&[("small.toml", &weak)]).unwrap();
    let row = compare(&catalogue.providers()[0], &OwnMail::default()).rows;
    let row = row.into_iter().find(|row| row.label == "Sign-in for the copy").unwrap();
    assert_eq!((row.value.as_str(), row.fit), ("Password per mailbox, not confirmed", Fit::NotConfirmed));
    let none = error_of(&SMALL.replace("confidence = \"high\"\n", ""));
    assert!(none.to_string().contains("missing field `confidence`"), "{none}");
    let host = error_of(&SMALL.replace("\n[spf]", "\n[detect]\nmx_under = [\"not a host\"]\n\n[spf]"));
    assert!(matches!(&host, CatalogueError::Shape { line: 22, .. }), "{host:?}");
    assert!(host.to_string().contains("“not a host” is not a host name"), "{host}");
}

#[test]
fn the_provider_of_a_domain_is_known_by_its_hosts() {
    let catalogue = Catalogue::embedded();
    let of = |hosts: &[&str]| catalogue.hosting(hosts).map(|provider| provider.id.0.as_str());
    for (hosts, id) in [
        (["SMTP.google.com.", "smtp.google.com"], Some("google-workspace")),
        (["aspmx.l.google.com", "alt3.aspmx.l.google.com"], Some("google-workspace")),
        (["gmail-smtp-in.l.google.com", "alt1.gmail-smtp-in.l.google.com"], Some("gmail")),
        (["a-com.mail.protection.outlook.com", "a-com.o-v1.mx.microsoft"], Some("microsoft365")),
        (["mx00.ionos.co.uk", "mx01.ionos.co.uk"], Some("ionos")),
        (["mx0.mail.ovh.net", "mx3.mail.ovh.net"], Some("ovhcloud")),
        (["mail.protonmail.ch", "mailsec.protonmail.ch"], Some("proton")),
        (["mail.tutanota.de", "mail.tutanota.de"], Some("tuta")),
        // Some other host among them: nobody hosts the domain alone.
        (["smtp.google.com", "mail.example.org"], None),
        (["evilmessagingengine.com", "evilmessagingengine.com"], None),
    ] {
        assert_eq!(of(&hosts), id, "{hosts:?}");
    }
    assert_eq!(of(&[]), None);
}

#[test]
fn every_published_host_and_every_other_form_is_known_as_its_providers() {
    let catalogue = Catalogue::embedded();
    for provider in catalogue.providers() {
        let published = provider
            .records
            .iter()
            .filter(|record| {
                record.record_type == crate::providers::TemplateType::Mx && !record.value.contains('{')
            })
            .map(|record| record.value.as_str());
        let others = provider.other_mx.iter().flat_map(|set| set.value.iter().map(String::as_str));
        for host in published.chain(others) {
            assert_eq!(catalogue.hosting(&[host]).map(|found| &found.id), Some(&provider.id), "{host}");
        }
    }
}
