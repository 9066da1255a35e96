use proptest::prelude::*;

use super::rules::{Situation, decide};
use super::*;
use crate::audit::draft::Draft;
use crate::audit::evidence::{ReplyClass, Trust, WayOut};
use crate::audit::{Area, Changer, Effort, Group, Importance, Lookups, Status};
use crate::values::{AnswerBook, UnixTime};

fn finding(id: &str, area: Area, status: Status, group: Group) -> Finding {
    let book = AnswerBook::default();
    Draft::new(id, area, status, Importance::VeryImportant, id)
        .group(group)
        .remedy(Effort::Low, Changer::YouInTheZone, "mend it")
        .done(&Lookups::new(&book))
}

fn receiver(trust: Trust, recipients: u64, all: u64, lasts: bool, class: Option<ReplyClass>) -> Receiver {
    Receiver {
        request: None,
        id: "x.example".to_owned(),
        name: "X".to_owned(),
        what: String::new(),
        recipients,
        share_permille: u32::try_from(recipients * 1000 / all.max(1)).unwrap(),
        attempts: 50,
        delivered: Some(10),
        at_once: 10,
        refused: 40,
        recipient_faults: 0,
        trust,
        reply: "550 no".to_owned(),
        pattern: None,
        class,
        since: Some(UnixTime(0)),
        until: Some(UnixTime(if lasts { 30 * 86_400 } else { 86_400 })),
        trend: None,
        weeks: Vec::new(),
        domains: Vec::new(),
    }
}

fn trust() -> impl Strategy<Value = Trust> {
    prop_oneof![
        Just(Trust::Trusts),
        Just(Trust::Slow),
        Just(Trust::WantsFix),
        Just(Trust::DistrustsAddress),
        Just(Trust::DistrustsRange),
        Just(Trust::DistrustsDomain),
        Just(Trust::Unclear),
        Just(Trust::TooFew),
    ]
}

fn receivers() -> impl Strategy<Value = Vec<Receiver>> {
    let one = (trust(), 1_u64..200, any::<bool>(), any::<bool>());
    prop::collection::vec(one, 0..7).prop_map(|entries| {
        let all = entries.iter().map(|(_, recipients, ..)| *recipients).sum();
        let made = |(trust, recipients, lasts, is_dynamic)| {
            let class = if is_dynamic { ReplyClass::Dynamic } else { ReplyClass::Reputation };
            receiver(trust, recipients, all, lasts, Some(class))
        };
        let mut receivers: Vec<Receiver> = entries.into_iter().map(made).collect();
        receivers.sort_by_key(|receiver| std::cmp::Reverse(receiver.recipients));
        receivers
    })
}

fn owner() -> impl Strategy<Value = OwnerAnswers> {
    prop::collection::vec(any::<Option<bool>>(), OwnerAnswers::NAMES.len()).prop_map(|answers| {
        let mut owner = OwnerAnswers::default();
        for (name, answer) in OwnerAnswers::NAMES.iter().zip(answers) {
            let word = match answer {
                Some(true) => "yes",
                Some(false) => "no",
                None => "skip",
            };
            owner.set(&format!("{name}={word}")).unwrap();
        }
        owner
    })
}

/// Findings that may or may not be there.
fn findings() -> impl Strategy<Value = Vec<Finding>> {
    let all = vec![
        finding("spf.missing", Area::Spf, Status::Fail, Group::TravelsWithYou),
        finding("ptr.missing", Area::SendingAddress, Status::Fail, Group::SpeaksForMoving),
        finding("blocklist.spamhaus-zen", Area::BlockLists, Status::Fail, Group::SpeaksForMoving),
        finding("dmarc.policy", Area::Dmarc, Status::Warn, Group::TravelsWithYou),
        finding("domain-list.dbl", Area::BlockLists, Status::Fail, Group::TravelsWithYou),
    ];
    let count = all.len();
    prop::sample::subsequence(all, 0..=count)
}

proptest! {
    #![proptest_config(crate::mutate::seeds::properties(2_000))]

    #[test]
    fn the_guard_rails_hold(
        receivers in receivers(),
        owner in owner(),
        findings in findings(),
        has_log in any::<bool>(),
        is_compromised in any::<bool>(),
    ) {
        let situation = Situation { receivers, has_log, is_compromised, findings: &findings, owner: &owner, way_out: WayOut::Unknown };
        let before = decide(&situation);
        prop_assert_eq!(before.outcome, decide(&situation).outcome);

        // An entry of a list of low impact changes nothing.
        let mut listed = findings.clone();
        listed.push(finding("blocklist.uceprotect-2", Area::BlockLists, Status::Warn, Group::SpeaksForMoving));
        let after = decide(&Situation { findings: &listed, ..situation.clone() });
        prop_assert_eq!((before.outcome, before.clean_first), (after.outcome, after.clean_first));

        // A failure of the set-up never turns “stay and fix”, or anything else, into a move.
        for failure in ["dkim.missing", "ptr.missing", "mx.missing"] {
            let mut failed = findings.clone();
            failed.push(finding(failure, Area::IncomingMail, Status::Fail, Group::TravelsWithYou));
            let after = decide(&Situation { findings: &failed, ..situation.clone() });
            prop_assert!(before.outcome.is_move() || !after.outcome.is_move());
        }

        // Lists alone never move anything.
        let none = Situation { receivers: Vec::new(), ..situation.clone() };
        prop_assert!(!decide(&none).outcome.is_move());

        // Where nobody distrusts the place, nothing moves.
        let mut kind = situation.clone();
        kind.receivers.retain(|receiver| !receiver.trust.is_about_place());
        prop_assert!(!decide(&kind).outcome.is_move());
    }

    #[test]
    fn less_evidence_is_never_surer(receivers in receivers(), days in 0_usize..31, attempts in 0_u64..200) {
        let owner = OwnerAnswers::default();
        let coverage = |days, attempts| Coverage { known: Vec::new(), unknown: Vec::new(), days, attempts, unmeasured: 0 };
        let situation = Situation { receivers, has_log: true, is_compromised: false, findings: &[], owner: &owner, way_out: WayOut::Unknown };
        let before = receivers::confidence(&situation, &coverage(days, attempts));
        for index in 0..situation.receivers.len() {
            let mut less = situation.clone();
            less.receivers.remove(index);
            prop_assert!(receivers::confidence(&less, &coverage(days, attempts)) <= before);
        }
        prop_assert!(receivers::confidence(&situation, &coverage(days / 2, attempts)) <= before);
        prop_assert!(receivers::confidence(&situation, &coverage(days, attempts / 2)) <= before);
    }
}

#[test]
fn a_network_in_criminal_hands_is_left() {
    let owner = OwnerAnswers::default();
    let findings = [finding("range.drop", Area::BlockLists, Status::Fail, Group::SpeaksForMoving)];
    let situation = Situation {
        receivers: Vec::new(),
        has_log: false,
        is_compromised: false,
        findings: &findings,
        owner: &owner,
        way_out: WayOut::Unknown,
    };
    assert_eq!(decide(&situation).outcome, Outcome::MoveSending);
}
