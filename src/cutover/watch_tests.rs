//! Rounds of an imagined switch, and what they come to.

use std::net::IpAddr;

use super::round::{AuthoritativeServer, ResolverAnswer, Round, ServerAnswers};
use super::{
    CopyDone, CutoverError, KeepReason, Lie, MailRoute, MxRecord, Reading, Sees, StepKind, StepState, Watch,
    keep_reason, reading_words, schedule, way_back,
};
use crate::values::{
    Asked, DnsAnswer, DnsName, DnsQuestion, DomainName, Outcome, RecordData, RecordType, UnixTime,
};

pub(super) const DAY: u32 = 86_400;
pub(super) const OLD: &[&str] = &["mail.weber.example"];
pub(super) const NEW: &[&str] = &["in1.provider.example", "in2.provider.example"];

pub(super) fn domain() -> DomainName {
    DomainName::parse("weber.example").unwrap()
}

pub(super) fn route() -> MailRoute {
    let record = |preference, host: &str| MxRecord { preference, host: DnsName::new(host), ttl_secs: DAY };
    MailRoute { old: vec![record(10, OLD[0])], new: vec![record(10, NEW[0]), record(20, NEW[1])] }
}

fn answer(kind: RecordType, asked: Asked, outcome: Outcome) -> DnsAnswer {
    let question = DnsQuestion::new(domain().dns(), kind).to(asked);
    DnsAnswer { is_authoritative: matches!(asked, Asked::Server(_)), ..DnsAnswer::empty(question, outcome) }
}

fn mx(asked: Asked, hosts: &[&str], ttl_secs: u32) -> DnsAnswer {
    let record = |host: &&str| RecordData::Mx { preference: 5, exchange: DnsName::new(host) };
    DnsAnswer {
        records: hosts.iter().map(record).collect(),
        ttl_secs: Some(ttl_secs),
        ..answer(RecordType::Mx, asked, Outcome::Answer)
    }
}

/// Server number `number` has this version of the zone, with these mail hosts.
pub(super) fn server(number: u8, serial: u32, hosts: &[&str], ttl_secs: u32) -> ServerAnswers {
    let address = IpAddr::from([192, 0, 2, number]);
    let asked = Asked::Server(address);
    let soa = RecordData::Soa {
        primary: DnsName::new("ns1.weber.example"),
        mailbox: DnsName::new("hostmaster.weber.example"),
        serial,
        refresh_secs: 1,
        retry_secs: 1,
        expire_secs: 1,
        minimum_secs: 1,
    };
    ServerAnswers {
        server: AuthoritativeServer { name: DnsName::new(&format!("ns{number}.weber.example")), address },
        soa: DnsAnswer { records: vec![soa], ..answer(RecordType::Soa, asked, Outcome::Answer) },
        mx: mx(asked, hosts, ttl_secs),
        proof: Vec::new(),
    }
}

fn without_answer(number: u8, outcome: &Outcome) -> ServerAnswers {
    let one = server(number, 0, OLD, 0);
    let empty = |answer: &DnsAnswer| DnsAnswer::empty(answer.question.clone(), outcome.clone());
    ServerAnswers { soa: empty(&one.soa), mx: empty(&one.mx), ..one }
}

pub(super) fn round(at: u32, servers: Vec<ServerAnswers>) -> Round {
    Round { at: UnixTime(at.into()), servers, resolvers: Vec::new() }
}

pub(super) fn with_resolver(mut round: Round, hosts: &[&str]) -> Round {
    let label = "192.0.2.200".to_owned();
    round.resolvers.push(ResolverAnswer { label, mx: mx(Asked::Resolver, hosts, 300), proof: Vec::new() });
    round
}

fn take(watch: &mut Watch, round: &Round) -> Reading {
    watch.take_in(&domain(), round).unwrap()
}

fn sees(reading: &Reading) -> Vec<Sees> {
    reading.sights.iter().map(|sight| sight.sees.clone()).collect()
}

fn state(watch: &Watch, reading: &Reading, copy: CopyDone, kind: StepKind) -> StepState {
    let steps = schedule(watch, reading, copy, watch.last_round_at.unwrap());
    steps.into_iter().find(|step| step.kind == kind).unwrap().state
}

const COPIED: CopyDone =
    CopyDone { began_at: Some(UnixTime(40)), finished_at: Some(UnixTime(50)), is_verified: true };

/// A copy that began at this moment and ended at once.
pub(super) fn copied_at(moment: u32) -> CopyDone {
    let moment = UnixTime(moment.into());
    CopyDone { began_at: Some(moment), finished_at: Some(moment), is_verified: true }
}

#[test]
fn the_switch_waits_one_old_waiting_time_after_it_was_lowered() {
    let mut watch = Watch::new(route());
    let at = |seconds: u32| StepState::From(UnixTime(seconds.into()));
    let long = take(&mut watch, &round(1_000, vec![server(1, 1, OLD, DAY)]));
    assert_eq!(state(&watch, &long, COPIED, StepKind::LowerTtls), StepState::Due);
    assert_eq!(state(&watch, &long, COPIED, StepKind::Publish), at(1_000 + DAY));
    // One server is lowered, the other follows an hour later: its last long answer counts.
    let half = round(2_000, vec![server(1, 2, OLD, 300), server(2, 1, OLD, DAY)]);
    let half = take(&mut watch, &half);
    assert_eq!(sees(&half), [Sees::Old, Sees::Lagging]);
    assert_eq!(state(&watch, &half, COPIED, StepKind::LowerTtls), StepState::Due);
    let low = take(&mut watch, &round(5_600, vec![server(1, 2, OLD, 300), server(2, 2, OLD, 300)]));
    assert_eq!(state(&watch, &low, COPIED, StepKind::LowerTtls), StepState::Done);
    assert_eq!(state(&watch, &low, COPIED, StepKind::LongTtlOver), at(2_000 + DAY));
    assert_eq!(state(&watch, &low, COPIED, StepKind::Publish), at(2_000 + DAY));
    let ready = round(2_000 + DAY, vec![server(1, 2, OLD, 300), server(2, 2, OLD, 300)]);
    let ready = take(&mut watch, &ready);
    assert_eq!(state(&watch, &ready, COPIED, StepKind::LongTtlOver), StepState::Done);
    assert_eq!(state(&watch, &ready, COPIED, StepKind::Publish), StepState::Due);
    let not_copied = CopyDone::default();
    assert_eq!(state(&watch, &ready, not_copied, StepKind::Publish), StepState::Waits);
    let unverified = CopyDone { is_verified: false, ..COPIED };
    assert_eq!(state(&watch, &ready, unverified, StepKind::Publish), StepState::Waits);
    assert_eq!(state(&watch, &ready, unverified, StepKind::Verify), StepState::Due);
}

#[test]
fn it_is_over_one_waiting_time_after_the_last_server_followed() {
    let mut watch = Watch::new(route());
    take(&mut watch, &round(0, vec![server(1, 1, OLD, 300), server(2, 1, OLD, 300)]));
    let lag = take(&mut watch, &round(100, vec![server(1, 2, NEW, 300), server(2, 1, OLD, 300)]));
    assert_eq!(sees(&lag), [Sees::New, Sees::Lagging]);
    assert!(!lag.is_everywhere && lag.old_until.is_none());
    // The lagging one may have handed the old records out until just now.
    let everywhere = take(&mut watch, &round(700, vec![server(1, 2, NEW, 300), server(2, 2, NEW, 300)]));
    assert_eq!(everywhere.old_until, Some(UnixTime(1_000)));
    assert!(everywhere.is_everywhere && !everywhere.is_over);
    assert!(reading_words(&everywhere, UnixTime(700)).contains("in 5 min"));
    assert_eq!(
        state(&watch, &everywhere, COPIED, StepKind::OldAnswersGone),
        StepState::From(UnixTime(1_000))
    );
    assert_eq!(state(&watch, &everywhere, COPIED, StepKind::Sweep), StepState::Waits);
    let early = take(&mut watch, &round(999, vec![server(1, 2, NEW, 300), server(2, 2, NEW, 300)]));
    assert!(!early.is_over);
    let over = take(&mut watch, &round(1_000, vec![server(1, 2, NEW, 300), server(2, 2, NEW, 300)]));
    assert!(over.is_over);
    // A copy from before has not seen the last late mail.
    let before = CopyDone { began_at: Some(UnixTime(999)), ..copied_at(1_001) };
    assert_eq!(state(&watch, &over, before, StepKind::Sweep), StepState::Due);
    assert_eq!(state(&watch, &over, before, StepKind::StopOldServer), StepState::Waits);
    let after = copied_at(1_000);
    assert_eq!(state(&watch, &over, after, StepKind::Sweep), StepState::Done);
    // The queues of others get three days, and one more sweep follows them.
    let quiet = 1_000 + 3 * DAY;
    assert_eq!(state(&watch, &over, after, StepKind::StopOldServer), StepState::From(UnixTime(quiet.into())));
    let mut at_last = watch.clone();
    let last = take(&mut at_last, &round(quiet, vec![server(1, 2, NEW, 300), server(2, 2, NEW, 300)]));
    assert_eq!(state(&at_last, &last, after, StepKind::StopOldServer), StepState::Waits);
    assert_eq!(keep_reason(&at_last, &last, after, UnixTime(quiet.into())), Some(KeepReason::LastSweep));
    assert_eq!(state(&at_last, &last, copied_at(quiet), StepKind::StopOldServer), StepState::Due);
    assert_eq!(keep_reason(&at_last, &last, copied_at(quiet), UnixTime(quiet.into())), None);
    // The first round that found it over counts, not the newest.
    let later = take(&mut watch, &round(9_000, vec![server(1, 2, NEW, 300), server(2, 2, NEW, 300)]));
    assert_eq!(state(&watch, &later, after, StepKind::Sweep), StepState::Done);
}

#[test]
fn a_watch_that_begins_late_counts_the_waiting_time_of_the_plan() {
    let mut watch = Watch::new(route());
    let first = take(&mut watch, &round(100, vec![server(1, 7, NEW, 300)]));
    assert_eq!(first.old_until, Some(UnixTime(i64::from(100 + DAY))));
    assert!(!first.is_over);
}

#[test]
fn a_server_that_is_down_neither_proves_nor_undoes_anything() {
    let mut watch = Watch::new(route());
    take(&mut watch, &round(0, vec![server(1, 1, OLD, 60), server(2, 1, OLD, 60)]));
    for outcome in [Outcome::Timeout, Outcome::ServFail, Outcome::Refused, Outcome::OutOfReach] {
        let down = vec![server(1, 2, NEW, 60), without_answer(2, &outcome)];
        let reading = take(&mut watch, &round(9_000, down));
        assert!(!reading.is_everywhere, "it may come back with the old records: {outcome}");
    }
    take(&mut watch, &round(9_001, vec![server(1, 2, NEW, 60), server(2, 2, NEW, 60)]));
    let down_after = vec![server(1, 2, NEW, 60), without_answer(2, &Outcome::Timeout)];
    assert!(take(&mut watch, &round(9_500, down_after)).is_over);
}

#[test]
fn an_address_out_of_reach_is_excused_by_another_of_the_same_server() {
    let mut watch = Watch::new(route());
    let mut second = without_answer(2, &Outcome::OutOfReach);
    second.server.name = DnsName::new("ns1.weber.example");
    let reading = take(&mut watch, &round(0, vec![server(1, 2, NEW, 60), second.clone()]));
    assert!(reading.is_everywhere);
    // One of another server is not.
    second.server.name = DnsName::new("ns9.weber.example");
    second.server.address = IpAddr::from([192, 0, 2, 9]);
    assert!(!take(&mut watch, &round(1, vec![server(1, 2, NEW, 60), second])).is_everywhere);
}

#[test]
fn lies_mixtures_and_strangers_are_named() {
    let mut lame = server(2, 2, NEW, 300);
    lame.mx.is_authoritative = false;
    let mixed = [OLD[0], NEW[0]];
    let servers = vec![
        server(1, 2, NEW, 300),
        lame,
        server(3, 2, OLD, 300),
        server(4, 3, &mixed, 300),
        server(5, 3, &["mx.stranger.example"], 300),
        server(6, 3, &[NEW[0], "mx.stranger.example"], 300),
        without_answer(7, &Outcome::Referral),
    ];
    let mut watch = Watch::new(route());
    let reading = take(&mut watch, &with_resolver(round(0, servers), &mixed));
    assert_eq!(
        sees(&reading),
        [
            Sees::New,
            Sees::Lying(Lie::NotInCharge),
            Sees::Lying(Lie::SameVersionOtherRecords),
            Sees::Mixed,
            Sees::Other,
            Sees::Other,
            Sees::Lying(Lie::NotInCharge),
            Sees::Mixed,
        ]
    );
    assert!(!reading.is_everywhere);
}

#[test]
fn versions_go_round() {
    let mut watch = Watch::new(route());
    let reading = take(&mut watch, &round(0, vec![server(1, 3, NEW, 300), server(2, u32::MAX, OLD, 300)]));
    assert_eq!(sees(&reading), [Sees::New, Sees::Lagging]);
}

#[test]
fn a_resolver_that_keeps_the_old_records_too_long_delays_the_end() {
    let mut watch = Watch::new(route());
    let everywhere = |at| round(at, vec![server(1, 2, NEW, 300)]);
    take(&mut watch, &everywhere(0));
    let stubborn = take(&mut watch, &with_resolver(everywhere(DAY), OLD));
    assert!(stubborn.is_everywhere && !stubborn.is_over);
    assert!(reading_words(&stubborn, UnixTime(i64::from(DAY))).contains("too long"));
    assert!(take(&mut watch, &with_resolver(everywhere(DAY + 1), NEW)).is_over);
}

#[test]
fn the_way_back_undoes_what_was_proven() {
    let mut watch = Watch::new(route());
    take(&mut watch, &round(0, vec![server(1, 2, NEW, 300)]));
    assert!(take(&mut watch, &round(DAY, vec![server(1, 2, NEW, 300)])).is_over);
    let back = take(&mut watch, &round(DAY + 10, vec![server(1, 3, OLD, 300)]));
    assert!(!back.is_everywhere && watch.over_at.is_none());
    // And the switch once more: the old records of the way back have to run out, too.
    let again = take(&mut watch, &round(DAY + 20, vec![server(1, 4, NEW, 300)]));
    assert_eq!(again.old_until, Some(UnixTime(i64::from(DAY + 320))));
    assert_eq!(way_back(&watch.route), ["@ 86400 IN MX 10 mail.weber.example."]);
}

#[test]
fn a_server_that_left_may_have_been_asked_until_now() {
    let mut watch = Watch::new(route());
    take(&mut watch, &round(0, vec![server(1, 1, OLD, 300), server(2, 1, OLD, 900)]));
    let left = take(&mut watch, &round(1_000, vec![server(1, 2, NEW, 300)]));
    assert_eq!(left.old_until, Some(UnixTime(1_900)));
}

#[test]
fn a_clock_that_went_back_and_a_domain_that_is_gone_change_nothing() {
    let mut watch = Watch::new(route());
    take(&mut watch, &round(500, vec![server(1, 1, OLD, 300)]));
    let before = watch.clone();
    let back = watch.take_in(&domain(), &round(499, vec![server(1, 2, NEW, 300)]));
    assert!(matches!(back, Err(CutoverError::ClockWentBack { last: UnixTime(500), now: UnixTime(499) })));
    let mut gone = server(1, 1, &[], 300);
    gone.mx.outcome = Outcome::NxDomain;
    let gone = watch.take_in(&domain(), &round(600, vec![gone]));
    assert!(matches!(gone, Err(CutoverError::NoSuchDomain(_))));
    assert_eq!(watch, before);
}

#[test]
fn a_server_that_was_not_asked_proves_nothing() {
    let mut watch = Watch::new(route());
    let reading = take(&mut watch, &round(0, Vec::new()));
    assert!(!reading.is_everywhere && !reading.is_over);
}

#[test]
fn a_watch_survives_json() {
    let mut watch = Watch::new(route());
    take(&mut watch, &round(0, vec![server(1, 1, OLD, 300)]));
    let json = serde_json::to_string(&watch).unwrap();
    assert_eq!(serde_json::from_str::<Watch>(&json).unwrap(), watch);
}
