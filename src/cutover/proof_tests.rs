//! What imagined answers show of SPF, DKIM and DMARC.

use super::proof::{ProofKind, ProofRecord};
use super::reading::Sees;
use crate::providers::ProviderId;
use crate::records::{Change, DiffLine, GroupKind, RecordGroup, RecordsPlan, SwitchStage};
use crate::values::{
    DnsAnswer, DnsName, DnsQuestion, DomainName, NamedServer, Outcome, RecordData, RecordType, TxtStrings,
};

type Line = (Change, SwitchStage, &'static str, &'static str, &'static str);

const OLD_SPF: &str = "v=spf1 mx -all";
const BOTH_SPF: &str = "v=spf1 include:spf.provider.example mx -all";
const NEW_SPF: &str = "v=spf1 include:spf.provider.example -all";
const KEY: &str = "v=DKIM1; k=rsa; p=QUJD";

fn plan(groups: &[(GroupKind, &[Line])]) -> RecordsPlan {
    let group = |(kind, lines): &(GroupKind, &[Line])| RecordGroup {
        kind: *kind,
        purpose: String::new(),
        lines: lines
            .iter()
            .map(|(change, stage, name, record_type, value)| DiffLine {
                change: *change,
                stage: *stage,
                name: (*name).to_owned(),
                ttl_secs: 300,
                record_type: (*record_type).to_owned(),
                value: (*value).to_owned(),
                reason: String::new(),
            })
            .collect(),
    };
    RecordsPlan {
        groups: groups.iter().map(group).collect(),
        ..RecordsPlan::empty(DomainName::parse("weber.example").unwrap(), ProviderId("generic".to_owned()))
    }
}

fn whole() -> RecordsPlan {
    use Change::{Add, Keep, Remove};
    use SwitchStage::{AtTheSwitch, Later, Now};
    let mut plan = plan(&[
        (GroupKind::Mx, &[(Add, AtTheSwitch, "@", "MX", "10 in1.provider.example.")]),
        (
            GroupKind::Spf,
            &[
                (Remove, Now, "@", "TXT", OLD_SPF),
                (Add, Now, "@", "TXT", BOTH_SPF),
                (Remove, Later, "@", "TXT", BOTH_SPF),
                (Add, Later, "@", "TXT", NEW_SPF),
            ],
        ),
        (
            GroupKind::Dkim,
            &[
                (Add, Now, "new._domainkey", "TXT", KEY),
                (Keep, Now, "mail._domainkey", "TXT", "v=DKIM1; p=T0xE"),
                (Remove, AtTheSwitch, "_domainkey", "NS", "keys.old.example."),
            ],
        ),
        (GroupKind::Dmarc, &[(Keep, Now, "_dmarc", "TXT", "v=DMARC1; p=reject")]),
    ]);
    plan.old_keys.push("mail._domainkey".to_owned());
    plan
}

/// SPF, a key and DMARC of one plan.
pub(super) fn three_records() -> Vec<ProofRecord> {
    ProofRecord::of_plan(&whole())
}

fn answer(record: &ProofRecord, outcome: Outcome, records: Vec<RecordData>) -> DnsAnswer {
    let question = DnsQuestion::new(record.name.clone(), record.record_type);
    DnsAnswer { records, ..DnsAnswer::empty(question, outcome) }
}

/// An answer with these texts, each in one string.
pub(super) fn texts(record: &ProofRecord, texts: &[&str]) -> DnsAnswer {
    let text = |text: &&str| RecordData::Txt(TxtStrings::new(vec![text.as_bytes().to_vec()]));
    answer(record, Outcome::Answer, texts.iter().map(text).collect())
}

#[test]
fn a_plan_says_which_records_are_followed() {
    let records = three_records();
    let names: Vec<(ProofKind, &str)> =
        records.iter().map(|record| (record.kind, record.name.as_str())).collect();
    assert_eq!(
        names,
        [
            (ProofKind::Spf, "weber.example"),
            (ProofKind::Dkim, "new._domainkey.weber.example"),
            (ProofKind::Dmarc, "_dmarc.weber.example"),
        ]
    );
    let mut unread = whole();
    unread.unread.insert(GroupKind::Spf, vec!["TXT at “@”".to_owned()]);
    assert_eq!(ProofRecord::of_plan(&unread).len(), 2, "what must not be published is not waited for");
}

#[test]
fn each_stage_of_spf_is_new_and_other_texts_do_not_count() {
    let spf = &three_records()[0];
    for (seen, expected) in [
        (vec![OLD_SPF, "site-verification=1"], Sees::Old),
        (vec![BOTH_SPF], Sees::New),
        (vec!["V=SPF1  include:SPF.provider.example -ALL"], Sees::New),
        (vec![OLD_SPF, BOTH_SPF], Sees::Mixed),
        (vec!["v=spf1 include:other.example -all"], Sees::Other),
        (vec![], Sees::Other),
    ] {
        assert_eq!(spf.shown_by(&texts(spf, &seen)), expected, "{seen:?}");
    }
}

#[test]
fn a_key_may_be_cut_anew_but_not_be_another_one() {
    let key = &three_records()[1];
    let cut = RecordData::Txt(TxtStrings::new(vec![b"v=DKIM1;k=rsa;".to_vec(), b" p=QU JD;".to_vec()]));
    assert_eq!(key.shown_by(&answer(key, Outcome::Answer, vec![cut])), Sees::New);
    assert_eq!(key.shown_by(&texts(key, &["v=DKIM1; k=rsa; p=QUJE"])), Sees::Other);
    for outcome in [Outcome::NoData, Outcome::NxDomain] {
        assert_eq!(key.shown_by(&answer(key, outcome, Vec::new())), Sees::Old);
    }
    let alias = DnsAnswer { aliases: vec![DnsName::new("key.old.example")], ..texts(key, &[KEY]) };
    assert_eq!(key.shown_by(&alias), Sees::Other, "the key behind an alias is another name's");
    assert_eq!(key.shown_by(&answer(key, Outcome::Timeout, Vec::new())), Sees::Down(Outcome::Timeout));
}

#[test]
fn what_stays_is_new_and_what_waits_is_old() {
    let dmarc = &three_records()[2];
    assert_eq!(dmarc.shown_by(&texts(dmarc, &["v=DMARC1;p=reject;"])), Sees::New);
    assert_eq!(dmarc.shown_by(&answer(dmarc, Outcome::NxDomain, Vec::new())), Sees::Other);
    let switch = SwitchStage::AtTheSwitch;
    let waiting = plan(&[(
        GroupKind::Dkim,
        &[
            (Change::Remove, switch, "s1._domainkey", "TXT", KEY),
            (Change::Add, switch, "s1._domainkey", "CNAME", "s1.provider.example."),
        ],
    )]);
    let [alias] = ProofRecord::of_plan(&waiting).try_into().unwrap();
    assert_eq!(alias.record_type, RecordType::Cname);
    let target = |name: &str| vec![RecordData::Cname(DnsName::new(name))];
    assert_eq!(alias.shown_by(&answer(&alias, Outcome::Answer, target("s1.provider.example"))), Sees::New);
    assert_eq!(alias.shown_by(&answer(&alias, Outcome::Answer, target("s1.other.example"))), Sees::Other);
}

#[test]
fn a_plan_that_is_made_anew_after_the_first_stage_takes_nothing_back() {
    use Change::{Add, Keep, Remove};
    let lines = [
        (Keep, SwitchStage::Now, "@", "TXT", BOTH_SPF),
        (Remove, SwitchStage::Later, "@", "TXT", BOTH_SPF),
        (Add, SwitchStage::Later, "@", "TXT", NEW_SPF),
    ];
    let again = || ProofRecord::of_plan(&plan(&[(GroupKind::Spf, &lines)])).remove(0);
    let shows = |record: &ProofRecord, text| record.shown_by(&texts(record, &[text]));
    assert_eq!(shows(&again(), BOTH_SPF), Sees::New, "the provider may send already");
    // Whoever still has what was there at first has not seen the first stage.
    let followed = again().begun_from(&three_records()[0]);
    assert_eq!(
        [OLD_SPF, BOTH_SPF, NEW_SPF].map(|text| shows(&followed, text)),
        [Sees::Old, Sees::New, Sees::New]
    );
}

#[test]
fn a_delegated_key_is_seen_in_the_referral() {
    let lines = [
        (Change::Add, SwitchStage::Now, "s1._domainkey", "NS", "ns1.keys.example."),
        (Change::Add, SwitchStage::Now, "s1._domainkey", "NS", "ns2.keys.example."),
    ];
    let [record] = ProofRecord::of_plan(&plan(&[(GroupKind::Dkim, &lines)])).try_into().unwrap();
    let server = |name: &str| NamedServer { name: DnsName::new(name), addresses: Vec::new() };
    let referral = |names: &[&str]| DnsAnswer {
        delegation: names.iter().map(|name| server(name)).collect(),
        ..answer(&record, Outcome::Referral, Vec::new())
    };
    assert_eq!(record.shown_by(&referral(&["ns2.keys.example", "ns1.keys.example"])), Sees::New);
    assert_eq!(record.shown_by(&referral(&["ns1.keys.example"])), Sees::Mixed);
    assert_eq!(record.shown_by(&answer(&record, Outcome::NxDomain, Vec::new())), Sees::Old);
}
