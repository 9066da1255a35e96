use crate::engine::{LateMailView, PartDone, ProjectView, ReminderView, SwitchView};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use super::{NOW, ago, done};
use crate::audit::dmarc::Policy;
use crate::audit::spf::SpfResult;
use crate::audit::{DmarcProof, MessageProof, SignatureOutcome, SignatureProof, SpfProof};
use crate::cutover::{
    AuthoritativeServer, CopyDone, KeepReason, Lie, MailRoute, ProofKind, ProofSight, Reading, Sees, Sight,
    Step, StepKind, StepState, Sweep, SwitchLog, TestMessage, TestVerdict, Viewer, reminders, way_back,
};
use crate::records::Format;
use crate::values::{DnsName, Outcome, UnixTime};

fn later(seconds: i64) -> UnixTime {
    UnixTime(NOW.0 + seconds)
}

fn server(number: u8, sees: Sees, serial: u32) -> Sight {
    let viewer = Viewer::Server(AuthoritativeServer {
        name: DnsName::new(&format!("ns{number}.nordhafen.example")),
        address: IpAddr::from([192, 0, 2, number]),
    });
    Sight {
        viewer,
        sees,
        hosts: BTreeSet::new(),
        ttl_secs: Some(300),
        serial: Some(serial),
        proof: Vec::new(),
    }
}

fn resolver(label: &str, sees: Sees, ttl_secs: u32) -> Sight {
    Sight {
        viewer: Viewer::Resolver(label.to_owned()),
        sees,
        hosts: BTreeSet::new(),
        ttl_secs: Some(ttl_secs),
        serial: None,
        proof: Vec::new(),
    }
}

fn steps(states: [(StepState, Option<UnixTime>); 8]) -> Vec<Step> {
    use StepKind::{Copy, LongTtlOver, LowerTtls, OldAnswersGone, Publish, StopOldServer, Sweep, Verify};
    [LowerTtls, LongTtlOver, Copy, Verify, Publish, OldAnswersGone, Sweep, StopOldServer]
        .into_iter()
        .zip(states)
        .map(|(kind, (state, done_at))| Step { kind, state, done_at })
        .collect()
}

fn project_with(view: SwitchView, over_at: Option<UnixTime>) -> ProjectView {
    let mut project = done();
    let plan = project.records.plan.clone();
    let route = plan.as_ref().and_then(|plan| MailRoute::of_plan(plan).ok());
    let copy = CopyDone { began_at: Some(ago(900)), finished_at: Some(ago(600)), is_verified: true };
    let log = route.clone().map(|route| {
        let mut log = SwitchLog::new(route, BTreeMap::new());
        log.watch.over_at = over_at;
        log
    });
    let remaining = reminders(log.as_ref(), plan.as_deref(), copy);
    let text = "$ORIGIN weber-familie.example.\n@ 86400 IN MX 10 mail.weber-familie.example.\n".to_owned();
    project.switch = SwitchView {
        old_lines: route.as_ref().map(way_back).unwrap_or_default(),
        route,
        looked_at: Some(ago(11)),
        next_look_at: Some(later(19)),
        long_ttl_secs: 86_400,
        old_ttl_secs: 300,
        new_ttl_secs: 300,
        test_subject: "Mailferry test 5f0c9a1e".to_owned(),
        is_watching: true,
        asks_public: true,
        way_back: Arc::new(
            [Format::Bind, Format::Cloudflare, Format::Csv].map(|format| (format, text.clone())).into(),
        ),
        reminders: remaining.into_iter().map(|reminder| ReminderView { reminder, done_at: None }).collect(),
        ..view
    };
    project
}

fn reading(sights: Vec<Sight>, is_everywhere: bool, old_until: Option<UnixTime>) -> Arc<Reading> {
    let is_over = is_everywhere && old_until.is_none();
    Arc::new(Reading { sights, is_everywhere, old_until, is_over })
}

/// A switch is planned, and nobody was asked yet.
pub fn switch_planned() -> ProjectView {
    let mut project = project_with(SwitchView::default(), None);
    project.switch.looked_at = None;
    project.switch.next_look_at = None;
    project
}

/// Everybody is asked for the first time.
pub fn switch_asking() -> ProjectView {
    let mut project = switch_planned();
    project.switch.looking = Some(PartDone { done: 5, total: 8 });
    project
}

/// Before the switch: the long waiting time runs out tomorrow.
pub fn switch_ahead() -> ProjectView {
    use StepState::{Done, From, Waits};
    let mut sights = vec![server(1, Sees::Old, 2_026_111_401), server(2, Sees::Old, 2_026_111_401)];
    sights.push(resolver("system (192.0.2.53)", Sees::Old, 41_000));
    sights.push(resolver("1.1.1.1", Sees::Old, 12_000));
    let view = SwitchView {
        reading: Some(reading(sights, false, None)),
        rounds: 12,
        steps: steps([
            (Done, Some(ago(7_000))),
            (From(later(79_400)), None),
            (Done, Some(ago(600))),
            (Done, Some(ago(600))),
            (From(later(79_400)), None),
            (Waits, None),
            (Waits, None),
            (Waits, None),
        ]),
        keep: Some(KeepReason::NotPublished),
        late: LateMailView { can_begin: true, ..LateMailView::default() },
        ..SwitchView::default()
    };
    project_with(view, None)
}

/// The switch is under way: most see the new mail hosts.
pub fn switching() -> ProjectView {
    use StepState::{Done, From, Waits};
    let sights = vec![
        server(1, Sees::New, 2_026_111_402),
        server(2, Sees::New, 2_026_111_402),
        resolver("system (192.0.2.53)", Sees::New, 240),
        resolver("1.1.1.1", Sees::New, 112),
        resolver("8.8.8.8", Sees::New, 200),
        resolver("9.9.9.9", Sees::Old, 168),
        resolver("208.67.222.222", Sees::New, 30),
        resolver("2001:db8::53", Sees::Down(Outcome::Timeout), 0),
    ];
    let view = SwitchView {
        reading: Some(reading(sights, true, Some(later(157)))),
        rounds: 40,
        steps: steps([
            (Done, Some(ago(170_000))),
            (Done, Some(ago(83_600))),
            (Done, Some(ago(600))),
            (Done, Some(ago(600))),
            (Done, Some(ago(143))),
            (From(later(157)), None),
            (Waits, None),
            (Waits, None),
        ]),
        published_at: Some(ago(143)),
        keep: Some(KeepReason::OldAnswers(Some(later(157)))),
        late: LateMailView {
            messages: 2,
            last: Some(Sweep { began_at: ago(90), ended_at: ago(70), messages: 2, is_whole: true }),
            next_at: Some(later(3_510)),
            can_begin: true,
            ..LateMailView::default()
        },
        ..SwitchView::default()
    };
    project_with(view, None)
}

/// The same with SPF, DKIM and DMARC, and with two test messages.
pub fn switch_proven() -> ProjectView {
    let mut project = switching();
    let domain = "weber-familie.example";
    if let Some(reading) = &mut project.switch.reading {
        for (place, sight) in Arc::make_mut(reading).sights.iter_mut().enumerate() {
            let dkim = match &sight.sees {
                Sees::Old => Sees::Old,
                Sees::Down(outcome) => Sees::Down(outcome.clone()),
                _ if place == 3 => Sees::Other,
                _ => Sees::New,
            };
            sight.proof = [
                (ProofKind::Spf, domain.to_owned(), Sees::New),
                (ProofKind::Dkim, format!("fm1._domainkey.{domain}"), dkim),
                (ProofKind::Dmarc, format!("_dmarc.{domain}"), Sees::New),
            ]
            .map(|(kind, name, sees)| ProofSight { kind, name: DnsName::new(&name), sees })
            .to_vec();
        }
    }
    let address = IpAddr::from([203, 0, 113, 7]);
    let good = TestMessage {
        name: "test.eml".to_owned(),
        message_id: Some("1@weber-familie.example".to_owned()),
        judged_at: ago(60),
        verdict: TestVerdict::Proven,
        is_signed_by_provider: true,
        proof: MessageProof {
            from: Some(domain.to_owned()),
            handed_over_by: Some(address),
            taken_over_by: Some("mx.hotmail.example".to_owned()),
            spf: SpfProof::Checked {
                domain: domain.to_owned(),
                result: SpfResult::Pass,
                why: String::new(),
                is_aligned: true,
            },
            signatures: vec![SignatureProof {
                domain: domain.to_owned(),
                key: DnsName::new("fm1._domainkey.weber-familie.example"),
                outcome: SignatureOutcome::Passes,
                is_aligned: true,
            }],
            dmarc: DmarcProof::Pass,
            policy: Some(Policy::Reject),
            receiver: vec!["spf=pass".to_owned(), "dkim=pass".to_owned()],
        },
    };
    let old = TestMessage {
        name: "first try.eml".to_owned(),
        message_id: None,
        judged_at: ago(120),
        verdict: TestVerdict::FromOldServer { address: IpAddr::from([203, 0, 113, 47]) },
        is_signed_by_provider: false,
        proof: MessageProof { signatures: Vec::new(), receiver: Vec::new(), ..good.proof.clone() },
    };
    project.switch.tests = Arc::new(vec![old, good]);
    project
}

/// A switch in trouble: one name server lags, one lies, one is silent, and the last round failed.
pub fn switch_in_trouble() -> ProjectView {
    use StepState::{Done, Due, Waits};
    let mut stranger = server(4, Sees::Other, 2_026_111_403);
    stranger.hosts.insert(DnsName::new("mx.stranger.example"));
    let sights = vec![
        server(1, Sees::New, 2_026_111_402),
        server(2, Sees::Lagging, 2_026_111_401),
        server(3, Sees::Lying(Lie::SameVersionOtherRecords), 2_026_111_402),
        stranger,
        server(5, Sees::Down(Outcome::ServFail), 0),
        resolver("system (192.0.2.53)", Sees::Mixed, 240),
        resolver("2001:4860:4860::8888", Sees::OutOfReach, 0),
    ];
    let view = SwitchView {
        reading: Some(reading(sights, false, None)),
        rounds: 41,
        steps: steps([
            (Done, Some(ago(170_000))),
            (Done, Some(ago(83_600))),
            (Done, Some(ago(600))),
            (Done, Some(ago(600))),
            (Due, None),
            (Waits, None),
            (Waits, None),
            (Waits, None),
        ]),
        published_at: Some(ago(143)),
        keep: Some(KeepReason::NotPublished),
        late: LateMailView { is_running: true, next_at: Some(ago(143)), ..LateMailView::default() },
        error: Some(super::error(
            "The name servers were not found",
            "No name server of weber-familie.example was found: no answer.",
            "",
            "Check now",
            Some(crate::engine::Command::LookAtSwitch),
        )),
        ..SwitchView::default()
    };
    project_with(view, None)
}

/// Nobody has the old records any more, late mail is at the new server, and the days of grace are over.
pub fn switched() -> ProjectView {
    use StepState::{Done, Due};
    let over = ago(4 * 86_400);
    let sights = vec![
        server(1, Sees::New, 2_026_111_402),
        server(2, Sees::New, 2_026_111_402),
        resolver("system (192.0.2.53)", Sees::New, 240),
    ];
    let view = SwitchView {
        reading: Some(reading(sights, true, None)),
        rounds: 140,
        steps: steps([
            (Done, Some(ago(6 * 86_400))),
            (Done, Some(ago(5 * 86_400))),
            (Done, Some(ago(5 * 86_400))),
            (Done, Some(ago(5 * 86_400))),
            (Done, Some(UnixTime(over.0 - 300))),
            (Done, Some(over)),
            (Done, Some(ago(3_600))),
            (Due, None),
        ]),
        published_at: Some(UnixTime(over.0 - 300)),
        keep: None,
        late: LateMailView {
            messages: 3,
            last: Some(Sweep { began_at: ago(3_650), ended_at: ago(3_600), messages: 0, is_whole: true }),
            next_at: Some(later(18_000)),
            can_begin: true,
            ..LateMailView::default()
        },
        ..SwitchView::default()
    };
    project_with(view, Some(over))
}

/// The owner has finished the move, and ticked the first reminder.
pub fn move_finished() -> ProjectView {
    let mut project = switched();
    project.switch.finished_at = Some(ago(60));
    project.switch.is_watching = false;
    if let Some(first) = project.switch.reminders.first_mut() {
        first.done_at = Some(ago(30));
    }
    project
}
