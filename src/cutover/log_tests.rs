//! What a project keeps of an imagined switch, and what remains of it.

use std::collections::BTreeMap;

use super::watch_tests::{DAY, NEW, OLD, copied_at, domain, round, route, server, with_resolver};
use super::{
    CopyDone, KeepReason, ReminderKind, ReminderWords, Sees, Sweep, SwitchLog, keep_words, reminder_words,
    reminders, sweep_words,
};
use crate::audit::dmarc::Policy;
use crate::providers::ProviderId;
use crate::records::{Change, DiffLine, DmarcStep, Format, GroupKind, RecordGroup, RecordsPlan, SwitchStage};
use crate::values::UnixTime;

fn log() -> SwitchLog {
    SwitchLog::new(route(), BTreeMap::from([(Format::Bind, "@ MX 10 mail".to_owned())]))
}

fn at(seconds: u32) -> UnixTime {
    UnixTime(seconds.into())
}

fn look(log: &mut SwitchLog, moment: u32, hosts: &[&str], ttl_secs: u32) {
    let serial = if hosts == NEW { 2 } else { 1 };
    log.take_in(&domain(), &round(moment, vec![server(1, serial, hosts, ttl_secs)])).unwrap();
}

fn sweep(began: u32, messages: u64, is_whole: bool) -> Sweep {
    Sweep { began_at: at(began), ended_at: at(began + 10), messages, is_whole }
}

#[test]
fn only_rounds_that_saw_something_new_are_kept() {
    let mut log = log();
    for moment in 0..500 {
        look(&mut log, moment, OLD, 300);
    }
    look(&mut log, 500, NEW, 300);
    let both = with_resolver(round(501, vec![server(1, 2, NEW, 300)]), OLD);
    log.take_in(&domain(), &both).unwrap();
    assert_eq!(log.rounds, 502);
    let kept: Vec<(i64, usize, usize)> =
        log.notes.iter().map(|note| (note.at.0, note.new, note.old)).collect();
    assert_eq!(kept, [(0, 0, 1), (500, 1, 0), (501, 1, 1)]);
    let sights = &log.reading.as_ref().unwrap().sights;
    assert_eq!(sights.iter().map(|sight| sight.sees == Sees::New).collect::<Vec<_>>(), [true, false]);
    let json = serde_json::to_string(&log).unwrap();
    assert_eq!(serde_json::from_str::<SwitchLog>(&json).unwrap(), log);
}

#[test]
fn time_that_is_let_pass_is_time_that_has_passed() {
    let (mut waited, mut skipped) = (log(), log());
    let later = 4_000;
    for log in [&mut waited, &mut skipped] {
        look(log, 10_000, OLD, 3_600);
        look(log, 10_010, NEW, 300);
        log.note_sweep(sweep(10_020, 2, true));
    }
    skipped.let_pass(i64::from(later));
    look(&mut waited, 10_030 + later, NEW, 300);
    look(&mut skipped, 10_030, NEW, 300);
    assert!(skipped.reading.as_ref().unwrap().is_over && waited.reading.as_ref().unwrap().is_over);
    let moved = |at: Option<UnixTime>| at.map(|at| UnixTime(at.0 + i64::from(later)));
    assert_eq!(moved(skipped.watch.over_at), waited.watch.over_at);
    assert_eq!(moved(skipped.watch.published_at), waited.watch.published_at);
    assert_eq!(moved(skipped.last_late_at), waited.last_late_at);
    let copy = CopyDone {
        began_at: Some(at(10_000 + later)),
        finished_at: Some(at(10_005 + later)),
        is_verified: true,
    };
    let earlier = CopyDone { began_at: Some(at(10_000)), finished_at: Some(at(10_005)), ..copy };
    assert_eq!(moved(skipped.next_sweep_at(earlier)), waited.next_sweep_at(copy));
}

#[test]
fn a_long_switch_keeps_its_beginning_and_its_newest_rounds() {
    let mut log = log();
    for moment in 0..1_000 {
        look(&mut log, moment, if moment % 2 == 0 { OLD } else { NEW }, 300);
    }
    assert_eq!(log.notes.len(), 200);
    assert_eq!((log.notes[0].at, log.notes[199].at), (at(0), at(999)));
}

#[test]
fn a_refused_round_changes_nothing() {
    let mut log = log();
    look(&mut log, 500, OLD, 300);
    let before = log.clone();
    log.take_in(&domain(), &round(499, vec![server(1, 2, NEW, 300)])).unwrap_err();
    assert_eq!(log, before);
}

#[test]
fn sweeps_follow_the_plan() {
    let mut log = log();
    look(&mut log, 0, OLD, 7_200);
    let early = copied_at(10);
    assert_eq!(log.next_sweep_at(early), None, "nothing goes to the new server yet");
    look(&mut log, 1_000, NEW, 300);
    assert_eq!(log.next_sweep_at(CopyDone::default()), None, "there was no whole copy");
    assert_eq!(log.next_sweep_at(early), Some(at(1_000)));
    // While old answers may be kept, every hour.
    assert_eq!(log.next_sweep_at(copied_at(1_100)), Some(at(4_700)));
    look(&mut log, 1_000 + 7_200, NEW, 300);
    assert!(log.watch.over_at == Some(at(8_200)));
    assert_eq!(log.next_sweep_at(copied_at(4_700)), Some(at(8_200)));
    // Then every six hours, and once more when the queues of others are empty.
    assert_eq!(log.next_sweep_at(copied_at(8_200)), Some(at(8_200 + 6 * 3600)));
    let quiet = 8_200 + 3 * DAY;
    assert_eq!(log.next_sweep_at(copied_at(quiet - 60)), Some(at(quiet)));
    // What broke off is tried again, but not at once.
    log.note_sweep(sweep(8_300, 0, false));
    assert_eq!(log.next_sweep_at(copied_at(4_700)), Some(at(8_310 + 900)));
    log.finished_at = Some(at(9_000));
    assert_eq!(log.next_sweep_at(copied_at(4_700)), None);
}

#[test]
fn late_mail_is_what_came_after_the_switch() {
    let mut log = log();
    look(&mut log, 0, OLD, 300);
    log.note_sweep(sweep(10, 7, true));
    assert_eq!((log.late_messages, log.last_late_at), (0, None));
    look(&mut log, 100, NEW, 300);
    log.note_sweep(sweep(110, 2, true));
    log.note_sweep(sweep(200, 0, true));
    assert_eq!((log.late_messages, log.last_late_at), (2, Some(at(120))));
    assert_eq!(sweep_words(&sweep(0, 2, true)), "2 late messages brought over");
    assert_eq!(sweep_words(&sweep(0, 0, false)), "No late mail; it did not come to its end");
    for number in 0..300 {
        log.note_sweep(sweep(1_000 + number, 1, true));
    }
    assert_eq!((log.sweeps.len(), log.late_messages), (100, 302));
}

#[test]
fn the_old_server_is_kept_until_nothing_can_come_any_more() {
    let mut log = log();
    let words = |reason| keep_words(reason, |moment| format!("second {}", moment.0));
    assert_eq!(log.keep_reason(copied_at(0), at(0)), Some(KeepReason::NotPublished), "nobody was asked");
    look(&mut log, 0, OLD, 300);
    assert_eq!(log.keep_reason(copied_at(0), at(0)), Some(KeepReason::NotPublished));
    look(&mut log, 100, NEW, 300);
    let cached = log.keep_reason(copied_at(0), at(100)).unwrap();
    assert_eq!(words(cached), "Mail may still go to your old server until second 400");
    look(&mut log, 400, NEW, 300);
    assert_eq!(log.keep_reason(copied_at(0), at(400)), Some(KeepReason::LateMail));
    let quiet = 400 + 3 * DAY;
    assert_eq!(log.keep_reason(copied_at(400), at(400)), Some(KeepReason::Queues(at(quiet))));
    assert_eq!(log.keep_reason(copied_at(400), at(quiet)), Some(KeepReason::LastSweep));
    assert_eq!(log.keep_reason(copied_at(quiet), at(quiet)), None);
}

#[test]
fn it_looks_often_only_while_something_is_under_way() {
    let mut log = log();
    assert_eq!(log.pause_secs(), 30);
    look(&mut log, 0, OLD, 300);
    assert_eq!(log.pause_secs(), 300);
    look(&mut log, 100, NEW, 300);
    assert_eq!(log.pause_secs(), 30);
    look(&mut log, 400, NEW, 300);
    assert_eq!(log.pause_secs(), 3600);
}

fn plan() -> RecordsPlan {
    let later = DiffLine {
        change: Change::Remove,
        stage: SwitchStage::Later,
        name: "@".to_owned(),
        ttl_secs: 300,
        record_type: "TXT".to_owned(),
        value: "v=spf1 mx ~all".to_owned(),
        reason: String::new(),
    };
    let step = |policy, days_after_switch, record: &str| DmarcStep {
        policy,
        days_after_switch,
        record: record.to_owned(),
        see_first: String::new(),
    };
    RecordsPlan {
        domain: domain(),
        provider: ProviderId("generic".to_owned()),
        provider_name: "your provider".to_owned(),
        groups: vec![RecordGroup { kind: GroupKind::Spf, purpose: String::new(), lines: vec![later] }],
        senders: Vec::new(),
        notes: Vec::new(),
        unread: BTreeMap::new(),
        left_out: Vec::new(),
        files: Vec::new(),
        old_keys: vec!["default._domainkey".to_owned()],
        dmarc_ramp: vec![
            step(Policy::Quarantine, 31, "v=DMARC1; p=quarantine"),
            step(Policy::Reject, 59, "v=DMARC1; p=reject"),
        ],
        judgements: Vec::new(),
    }
}

#[test]
fn what_remains_has_its_days_once_the_switch_is_over() {
    use ReminderKind::{
        ChangeMailPrograms, DeletePasswords, DmarcQuarantine, DmarcReject, PublishLater, RaiseTtls,
        RemoveOldKeys, StopOldServer,
    };

    let kinds =
        |log: Option<&SwitchLog>, plan: Option<&RecordsPlan>, copy| -> Vec<(ReminderKind, Option<i64>)> {
            let days = |moment: UnixTime| (moment.0 - 400) / i64::from(DAY);
            reminders(log, plan, copy).iter().map(|one| (one.kind, one.from.map(days))).collect()
        };
    assert_eq!(kinds(None, None, CopyDone::default()), [(ChangeMailPrograms, None)]);
    let mut log = log();
    look(&mut log, 0, OLD, 300);
    assert!(kinds(Some(&log), Some(&plan()), copied_at(1)).iter().all(|(_, day)| day.is_none()));
    look(&mut log, 100, NEW, 300);
    look(&mut log, 400, NEW, 300);
    assert_eq!(
        kinds(Some(&log), Some(&plan()), copied_at(1)),
        [
            (ChangeMailPrograms, Some(0)),
            (PublishLater, Some(3)),
            (RaiseTtls, Some(3)),
            (DeletePasswords, Some(3)),
            (RemoveOldKeys, Some(10)),
            (StopOldServer, Some(30)),
            (DmarcQuarantine, Some(31)),
            (DmarcReject, Some(59)),
        ]
    );
    // Late mail after two days moves the end.
    log.note_sweep(Sweep { ended_at: at(400 + 2 * DAY), ..sweep(500, 1, true) });
    assert!(kinds(Some(&log), Some(&plan()), copied_at(1)).contains(&(StopOldServer, Some(32))));
}

#[test]
fn a_longer_waiting_time_is_seen() {
    let mut log = log();
    let is_seen = |log: &SwitchLog| {
        let all = reminders(Some(log), None, CopyDone::default());
        all.iter().any(|one| one.kind == ReminderKind::RaiseTtls && one.is_seen)
    };
    look(&mut log, 0, OLD, 7_200);
    assert!(!is_seen(&log), "the old records say nothing");
    look(&mut log, 100, NEW, 300);
    assert!(!is_seen(&log));
    look(&mut log, 200, NEW, 3_600);
    assert!(is_seen(&log));
}

#[test]
fn every_reminder_has_words_of_its_own() {
    let all = reminders(None, Some(&plan()), copied_at(1));
    assert_eq!(all.len(), ReminderKind::ALL.len());
    let words: Vec<ReminderWords> = all.iter().map(|one| reminder_words(one, "Fastmail")).collect();
    let titles: std::collections::BTreeSet<&str> = words.iter().map(|words| words.title).collect();
    assert_eq!(titles.len(), words.len());
    assert!(words.iter().all(|words| !words.detail.is_empty()));
    assert!(words.iter().any(|words| words.detail == "v=DMARC1; p=quarantine"));
    assert!(words.iter().any(|words| words.detail == "default._domainkey"));
}
