//! Every provider of the catalogue over random zones: what is written is read back by the program's own reader, and says
//! what the plan says.

use std::collections::{BTreeMap, BTreeSet};

use mailferry::providers::{Catalogue, Provider};
use mailferry::records::{
    BindOptions, Change, CurrentZone, RecordsPlan, SwitchStage, ZoneData, desired, parse_zone_file,
    render_bind,
};
use mailferry::values::DomainName;
use mailferry_test_inputs::seeds;
use proptest::prelude::*;

/// Records as zones have them, and some that nobody should have.
const RECORDS: [&str; 22] = [
    "@ 86400 MX 10 mail",
    "@ 300 MX 20 backup.nordhafen.example.",
    "@ 3600 MX 0 .",
    "@ 3600 MX 1 smtp.google.com.",
    "@ 3600 MX 10 in1-smtp.messagingengine.com.",
    "@ 3600 MX 10 mailserver.purelymail.com.",
    "@ 3600 TXT \"v=spf1 mx -all\"",
    "@ 3600 TXT \"v=spf1 include:_spf.google.com a:mail.weber.example ~all\"",
    "@ 3600 TXT \"v=spf1 redirect=spf.runbox.com\"",
    "@ 3600 TXT \"v=spf1 ip4:198.51.100.777 include: nonsense\"",
    "@ 3600 TXT \"google-site-verification=abc\"",
    "_dmarc 3600 TXT \"v=DMARC1; p=reject; rua=mailto:d@weber.example\"",
    "_dmarc 3600 CNAME dmarc.nordhafen.example.",
    "fm1._domainkey 3600 TXT \"v=DKIM1; k=rsa; p=QUJDREVGR0g=\"",
    "s1-ionos._domainkey 3600 CNAME s1.dkim.ionos.com.",
    "_domainkey 3600 NS ns41.infomaniak.com.",
    "autodiscover 3600 CNAME autodiscover.outlook.com.",
    "_mta-sts 3600 TXT \"v=STSv1; id=20240101\"",
    "* 3600 MX 10 mail",
    "mail 3600 A 203.0.113.47",
    "_imaps._tcp 3600 SRV 0 1 993 mail",
    "@ 3600 TXT \"a text with \\\"quotes\\\", a \\\\ and a ; semicolon\"",
];

fn examples(provider: &Provider) -> BTreeMap<String, String> {
    let key = "v=DKIM1; k=ed25519; p=Gv9m0gA1nJvJ0J0g4v8J0l0m1v1m0gA1nJvJ0J0g4v8=";
    let wanted = provider
        .answers
        .iter()
        .filter(|answer| !matches!(answer.name.as_str(), "dkim_target" | "dkim_server" | "dkim_server_2"));
    wanted
        .map(|answer| {
            let value = if answer.name == "dkim_key" { key } else { &answer.example };
            (answer.name.clone(), value.to_owned())
        })
        .collect()
}

/// Name and value of every record.
fn said(zone: &CurrentZone) -> BTreeSet<(String, String)> {
    zone.records.iter().map(|record| (record.name.clone(), record.data.shown())).collect()
}

/// What must be in the zone once every stage is done: what is added, and not taken out again later.
fn added(plan: &RecordsPlan) -> BTreeSet<(String, String)> {
    let mut added = BTreeSet::new();
    let groups = plan.groups.iter().filter(|group| plan.is_known(group));
    let lines: Vec<_> = groups.flat_map(|group| group.lines.iter().map(move |line| (group, line))).collect();
    for stage in SwitchStage::ALL {
        let of_stage = lines.iter().filter(|(group, line)| line.stage == stage && !plan.waits(group, line));
        for (_, line) in of_stage.clone().filter(|(_, line)| line.change == Change::Remove) {
            added.remove(&(line.name.clone(), line.value.clone()));
        }
        for (_, line) in of_stage.filter(|(_, line)| line.change == Change::Add) {
            added.insert((line.name.clone(), line.value.clone()));
        }
    }
    added
}

proptest! {
    #![proptest_config(seeds::properties(16))]

    #[test]
    fn what_is_written_for_any_zone_is_read_back_and_says_what_the_plan_says(
        chosen in prop::collection::btree_set(0..RECORDS.len(), 0..9),
        domain in prop::sample::select(vec!["weber.example", "weber-köln.example", "mail.a-b.weber.example"]),
        is_answered in any::<bool>(),
    ) {
        let domain = DomainName::parse(domain).unwrap();
        let text = chosen.iter().map(|index| RECORDS[*index]).collect::<Vec<_>>().join("\n");
        let zone = if text.is_empty() {
            CurrentZone::new(domain.clone())
        } else {
            parse_zone_file(&text, &domain).unwrap()
        };
        for provider in Catalogue::embedded().providers().iter().filter(|one| one.no_copy.is_none()) {
            let answers = if is_answered { examples(provider) } else { BTreeMap::new() };
            let plan = desired(provider, &answers, &zone, &BTreeSet::new());
            for through in SwitchStage::ALL {
                let snippet = render_bind(&plan, &BindOptions { through, made_at: None });
                let read = match parse_zone_file(&snippet, &domain) {
                    Ok(read) => read,
                    // A plan without a record to publish has none to read back.
                    Err(_) if snippet.lines().all(|line| line.is_empty() || line.starts_with([';', '$'])) => continue,
                    Err(error) => return Err(TestCaseError::fail(format!("{}: {error}: {snippet}", provider.id))),
                };
                let spf = read.at("@").filter(
                    |record| matches!(&record.data, ZoneData::Txt(text) if text.starts_with(b"v=spf1")),
                );
                prop_assert!(spf.count() <= 1, "{}: {snippet}", provider.id);
                if through == SwitchStage::Later {
                    let read = said(&read);
                    for line in added(&plan) {
                        prop_assert!(read.contains(&line), "{}: {line:?} is not in {snippet}", provider.id);
                    }
                }
            }
        }
    }
}
