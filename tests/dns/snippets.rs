//! Every snippet that the program can write is loaded by BIND's own checker and means there what it means here.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use mailferry::providers::{Catalogue, Provider};
use mailferry::records::{
    BindOptions, Change, CurrentZone, DiffLine, RecordsPlan, SwitchStage, ZoneData, desired, parse_zone_file,
    render_bind,
};
use mailferry::values::DomainName;
use mailferry_test_support::clients::checkzone;
use mailferry_test_support::programs;

const EXISTING: &str = r#"
@ 86400 MX 10 mail
@ 86400 MX 20 backup.nordhafen.example.
@ 3600 TXT ( "v=spf1 mx a:mail.weber-familie.example include:_spf.nordhafen.example "
             "include:servers.mcsv.net ip4:198.51.100.7 ~all" )
@ 3600 TXT "v=spf1 a ?all"
@ 3600 TXT "a text with \"quotes\", a \\ and a ; semicolon"
_dmarc 3600 TXT "v=DMARC1; rua=mailto:dmarc@weber-familie.example"
s2024._domainkey 3600 TXT "v=DKIM1; k=rsa; p=QUJDREVGR0g="
fm1._domainkey 3600 TXT "v=DKIM1; k=rsa; p=QUJDREVGR0g="
autodiscover 3600 A 203.0.113.47
mail 3600 A 203.0.113.47
"#;

fn checker() -> Option<PathBuf> {
    programs::require_program("named-checkzone", "bind9-utils")
}

/// The public half of a key of 4096 bits, the longest that providers hand out.
const LONG_KEY: &str = "\
    MIICIjANBgkqhkiG9w0BAQEFAAOCAg8AMIICCgKCAgEAvlgklCoI+jM+AIURwrI9S/l37ugJ77Zm+Rbyvvyr6Hp+kpTWu4qr0UKJ\
    wVQhhf5xDMx5lQMu4m2lC4YLrfJjPwrWOYvFQ/PZYCuPFeoTEKq7wHleKCQLN0ajEGCOXvqenTiVodX0aRelP0OYHts2SI0tpq3U\
    5Gfr3aNXl+vVXw0gv2qpMgDpZ6gxGe18yD3J/bPayAcRISf1DyVuCRPjtDy348RJABOxWfYstmp1piWnysFNm0pVEAduxKhzARc7\
    RvAmJD5h1qJnE1N3wiGZSVRERW9IytBeaq+xi1kNy7fwf2rTXgAzLnYd5bDOdGAh+WIzaQtxvmHxlbgZaIkgIHNB8/JCKgopio1+\
    G55WpMDqQNxxoD1LS9hdNLB9a22pgb4tZU9C2gcMWpSgLra4iFYrxVZ2fVnVQHvzHE2crT6NTSAc6bd3WjG3GjHPa1PXnztPH/nP\
    +a/Kl/EIdqJoCXwjU7diY5x/5ZZSBjBcvvHLuqcAzkFx84BC+OMXDxKtH2HZrQxkdk+We4cLeEZ4apTY8OvldwmQ6HwvD1fYHvuC\
    LHXUYkzaTO0X3yuMHHpcWCWTpy3PoWLRF4Jj5hsx6DDG+RyCMXZKxiagmBXe3q8rtpIrk2CMPdCWhT14gTP1FX8S3J9n4iySffRV\
    MBnsJzAetK8PKFC+fk9MMkN4Pc8CAwEAAQ==\
";

/// Providers that take mail, and so have records to publish.
fn destinations() -> Vec<Provider> {
    let catalogue = Catalogue::embedded();
    catalogue.providers().iter().filter(|provider| provider.no_copy.is_none()).cloned().collect()
}

/// Examples from the provider files, with a 4096-bit key where a DKIM key is asked for.
fn examples(provider: &Provider) -> BTreeMap<String, String> {
    let long_key = format!("v=DKIM1; k=rsa; p={LONG_KEY}");
    provider
        .answers
        .iter()
        .filter(|answer| {
            // A selector has one form.
            let is_other_form =
                matches!(answer.name.as_str(), "dkim_target" | "dkim_server" | "dkim_server_2");
            !is_other_form || provider.answer("dkim_key").is_none()
        })
        .map(|answer| {
            let value = if answer.name == "dkim_key" { long_key.clone() } else { answer.example.clone() };
            (answer.name.clone(), value)
        })
        .collect()
}

fn existing(domain: &DomainName) -> CurrentZone {
    parse_zone_file(&EXISTING.replace("weber-familie.example", domain.as_ascii()), domain).unwrap()
}

/// The texts and targets that a plan publishes, each once, as the checker's canonical form must show them.
fn assert_loads(program: &std::path::Path, plan: &RecordsPlan, through: SwitchStage) {
    let snippet =
        render_bind(plan, &BindOptions { through, made_at: Some("2026-11-15 09:12 UTC".to_owned()) });
    let canonical = checkzone::checked(program, plan.domain.as_ascii(), &snippet)
        .unwrap_or_else(|words| panic!("{} {through:?}: {words}", plan.provider));
    let ours = parse_zone_file(&snippet, &plan.domain).unwrap();
    let theirs = parse_zone_file(&canonical, &plan.domain).unwrap();
    let set = |zone: &CurrentZone| {
        zone.records
            .iter()
            .filter(|record| !matches!(record.data, ZoneData::Ns(_)))
            .map(|record| (record.name.clone(), record.data.shown()))
            .collect::<BTreeSet<_>>()
    };
    assert_eq!(set(&ours), set(&theirs), "{} {through:?}", plan.provider);
    let spf = ours
        .at("@")
        .filter(|record| matches!(&record.data, ZoneData::Txt(text) if text.starts_with(b"v=spf1")));
    assert!(spf.count() <= 1, "{snippet}");
}

#[test]
fn every_provider_with_and_without_existing_records() {
    let Some(program) = checker() else { return };
    for domain in ["weber-familie.example", "weber-köln.example", "mail.a-b.weber-familie.example"] {
        let domain = DomainName::parse(domain).unwrap();
        for provider in Catalogue::embedded().providers() {
            for zone in [CurrentZone::new(domain.clone()), existing(&domain)] {
                for answers in [BTreeMap::new(), examples(provider)] {
                    let plan = desired(provider, &answers, &zone, &BTreeSet::new());
                    for through in [SwitchStage::Now, SwitchStage::AtTheSwitch, SwitchStage::Later] {
                        assert_loads(&program, &plan, through);
                    }
                }
            }
        }
    }
}

/// What zones have at the apex: four ways to receive mail and seven ways to write SPF, 28 shapes together.
const MX_SHAPES: [&str; 4] = [
    "",
    "@ 86400 MX 10 mail\nmail 3600 A 203.0.113.47\n",
    "@ 3600 MX 0 .\n",
    "@ 3600 MX 1 aspmx.l.google.com.\n@ 3600 MX 5 alt1.aspmx.l.google.com.\n@ 3600 MX 5 alt2.aspmx.l.google.com.\n\
     @ 3600 MX 10 alt3.aspmx.l.google.com.\n@ 3600 MX 10 alt4.aspmx.l.google.com.\n",
];
const SPF_SHAPES: [&str; 7] = [
    "",
    "@ 3600 TXT \"v=spf1 mx ~all\"\n",
    "@ 3600 TXT \"v=spf1 redirect=_spf.nordhafen.example\"\n",
    "@ 3600 TXT \"v=spf1 mx -all\"\n@ 3600 TXT \"v=spf1 a ?all\"\n",
    "@ 3600 TXT ( \"v=spf1 ip4:198.51.100.7 \" \"ip6:2001:db8::/32 exists:%{i}.s.nordhafen.example -all\" )\n",
    "@ 3600 TXT \"v=spf1 ip4:198.51.100.777 include: nonsense\"\n",
    "_dmarc 3600 CNAME dmarc.nordhafen.example.\ns1._domainkey 3600 CNAME s1.nordhafen.example.\n",
];

#[test]
fn every_provider_over_28_shapes_of_zones() {
    let Some(program) = checker() else { return };
    let domain = DomainName::parse("weber-familie.example").unwrap();
    let mut count = 0;
    for mx in MX_SHAPES {
        for spf in SPF_SHAPES {
            let text = format!("{mx}{spf}");
            // A file without a record is refused, as it tells nothing; an empty zone is a shape like any other.
            let zone = match text.as_str() {
                "" => CurrentZone::new(domain.clone()),
                text => parse_zone_file(text, &domain).unwrap(),
            };
            for provider in &destinations() {
                let plan = desired(provider, &examples(provider), &zone, &BTreeSet::new());
                assert_loads(&program, &plan, SwitchStage::Later);
                count += 1;
            }
        }
    }
    assert_eq!(count, 28 * destinations().len());
}

#[test]
fn once_the_first_stage_is_published_nothing_is_done_twice() {
    let Some(program) = checker() else { return };
    let domain = DomainName::parse("weber-familie.example").unwrap();
    let hosts = "mail A 203.0.113.47\n";
    for provider in Catalogue::embedded().providers() {
        let answers = examples(provider);
        let plan = desired(provider, &answers, &existing(&domain), &BTreeSet::new());
        let snippet = render_bind(&plan, &BindOptions { through: SwitchStage::Now, made_at: None });
        let published = parse_zone_file(&format!("{snippet}{hosts}"), &domain).unwrap();
        let again = desired(provider, &answers, &published, &BTreeSet::new());
        for heading in ["SPF", "DKIM", "DMARC", "Ownership"] {
            let lines =
                again.groups.iter().filter(|group| group.heading() == heading).flat_map(|group| &group.lines);
            let early = lines.filter(|line| line.change != Change::Keep && line.stage == SwitchStage::Now);
            assert_eq!(early.collect::<Vec<_>>(), Vec::<&DiffLine>::new(), "{}", provider.id);
        }
        for through in [SwitchStage::AtTheSwitch, SwitchStage::Later] {
            assert_loads(&program, &again, through);
        }
    }
}

#[test]
fn a_plan_with_all_answers_publishes_every_kind_of_record() {
    let Some(program) = checker() else { return };
    let domain = DomainName::parse("weber-familie.example").unwrap();
    for provider in &destinations() {
        let plan =
            desired(provider, &examples(provider), &CurrentZone::new(domain.clone()), &BTreeSet::new());
        let snippet = render_bind(&plan, &BindOptions { through: SwitchStage::AtTheSwitch, made_at: None });
        checkzone::checked(&program, domain.as_ascii(), &snippet).unwrap();
        let zone = parse_zone_file(&snippet, &domain).unwrap();
        assert!(zone.at("@").any(|record| matches!(record.data, ZoneData::Mx(..))), "{snippet}");
        assert!(zone.records.iter().any(|record| record.name.ends_with("._domainkey")), "{snippet}");
        assert_eq!(zone.at("_dmarc").count(), 1, "{snippet}");
        let spf = zone.at("@").map(|record| record.data.shown()).find(|text| text.starts_with("v=spf1 "));
        for term in &provider.spf_mechanisms {
            let term = provider.answers.iter().fold(term.clone(), |term, answer| {
                term.replace(&format!("{{{}}}", answer.name), &answer.example)
            });
            let has_it = spf.iter().any(|spf| spf.split(' ').any(|word| word == term));
            assert!(has_it, "{}: {term} is not in {snippet}", provider.id);
        }
    }
}

#[test]
fn long_keys_are_split_and_come_back_whole() {
    let Some(program) = checker() else { return };
    let domain = DomainName::parse("weber-familie.example").unwrap();
    let catalogue = Catalogue::embedded();
    let google = catalogue.providers().iter().find(|provider| provider.id.0 == "google-workspace").unwrap();
    let answers = examples(google);
    let plan = desired(google, &answers, &CurrentZone::new(domain.clone()), &BTreeSet::new());
    let snippet = render_bind(&plan, &BindOptions::default());
    let canonical = checkzone::checked(&program, domain.as_ascii(), &snippet).unwrap();
    let zone = parse_zone_file(&canonical, &domain).unwrap();
    let key = zone.at("google._domainkey").next().unwrap();
    assert_eq!(key.data.shown(), answers["dkim_key"]);
    assert!(key.data.shown().len() > 700);
}

#[test]
fn hostile_answers_and_a_hostile_zone_load_and_add_nothing() {
    let Some(program) = checker() else { return };
    let domain = DomainName::parse("weber-familie.example").unwrap();
    let hostile = "\" ) ; \n$INCLUDE /etc/passwd\n@ 1 IN MX 0 evil.example.\n\\";
    let zone = parse_zone_file(
        "_dmarc TXT \"v=DMARC1; p=none; x=\\034\\010$INCLUDE /etc/passwd\\010@ MX 0 evil.example.\"\n\
         old._domainkey TXT \"\\000\\255\\\\ ( ; \\\"\"\n\
         @ TXT \"v=spf1 include:a.example\\010@MX0evil.example. -all\"\n",
        &domain,
    )
    .unwrap();
    for provider in Catalogue::embedded().providers() {
        let answers =
            provider.answers.iter().map(|answer| (answer.name.clone(), hostile.to_owned())).collect();
        let plan = desired(provider, &answers, &zone, &BTreeSet::new());
        for through in [SwitchStage::Now, SwitchStage::AtTheSwitch, SwitchStage::Later] {
            let snippet = render_bind(&plan, &BindOptions { through, made_at: Some(hostile.to_owned()) });
            let canonical = checkzone::checked(&program, domain.as_ascii(), &snippet).unwrap();
            let loaded = parse_zone_file(&canonical, &domain).unwrap();
            assert!(
                !loaded.records.iter().any(
                    |record| matches!(&record.data, ZoneData::Mx(_, host) if host.as_str() == "evil.example")
                ),
                "{canonical}"
            );
        }
        let added =
            plan.groups.iter().flat_map(|group| &group.lines).filter(|line| line.change == Change::Add);
        assert!(added.clone().all(|line| !line.name.contains(['\n', ' ', '"'])));
    }
}
