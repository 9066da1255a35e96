//! Sample states of a copy for tests of pages.

use super::{NOW, ago, certificate_error, changed_certificate, error, planned, with};
use crate::engine::{
    Command, Connections, CopyPhase, CopyRoute, CopyView, FolderProgress, LargeMessage, LostLine,
    MailboxProgress, MailboxProgressState, MailboxView, MessageListView, MessageOutcome, PartDone,
    PauseGroup, PlanView, ProblemGroup, ProjectView, ServerWait, Snapshot, UnderWayView, WaitCause,
};
use crate::plan::{
    FolderPath, LedgerSum, MailVolume, MessageQuery, MessageState, ProblemId, Rest, SpeedPoint, TimeLeft,
    VerifySummary,
};
use crate::providers::ProviderId;
use crate::values::{Bytes, DestinationUid, MailboxId, Side, SourceUid, UnixTime};
use std::sync::Arc;

const fn connections(source: usize, destination: usize) -> Connections {
    Connections { source, destination }
}

fn sum_of(total: u64, done: u64) -> LedgerSum {
    LedgerSum { source_count: total, copied: done, to_do: total - done, ..LedgerSum::default() }
}

fn folder_of(parts: &[&str], name: &str, sum: LedgerSum) -> FolderProgress {
    let folder = FolderPath(parts.iter().map(|part| (*part).to_owned()).collect());
    FolderProgress { folder, name: name.to_owned(), sum }
}

fn progress_of(row: &MailboxView, percent: u64, state: MailboxProgressState) -> MailboxProgress {
    let MailVolume { messages, bytes } = row.counted.unwrap_or_default();
    let state_is_done = state == MailboxProgressState::Done;
    MailboxProgress {
        id: row.id,
        address: row.mailbox.address.to_string(),
        state,
        sum: sum_of(messages, messages * percent / 100),
        bytes_done: Bytes(bytes.0 / 100 * percent),
        bytes_total: bytes,
        was_done: state_is_done,
        rest: Rest::Copy,
        folders: vec![
            folder_of(&["INBOX"], "Inbox", sum_of(4_912, 4_912)),
            folder_of(&["Archive", "2019"], "Archive / 2019", sum_of(6_120, 1_204)),
        ],
        renamed: Vec::new(),
    }
}

fn problems() -> Vec<ProblemGroup> {
    let group = |state, cause: &str, count, way_out: &str| ProblemGroup {
        id: ProblemId(i64::try_from(cause.len()).unwrap_or(0)),
        code: "not-taken",
        state,
        cause: cause.to_owned(),
        count,
        way_out: way_out.to_owned(),
        samples: vec!["Archive / 2019: Rechnung März".to_owned(), "Sent: UID 4711".to_owned()],
    };
    vec![
        group(MessageState::Refused, "Header is not readable mail", 1, "saved in the report"),
        group(MessageState::Exported, "Larger than Fastmail accepts", 2, "saved as .eml next to the project"),
        group(MessageState::Vanished, "Deleted at the source during the copy", 6, ""),
        group(MessageState::Repaired, "Bad line ends, repaired and copied", 41, ""),
    ]
}

/// Between the servers that are chosen.
fn route(project: &ProjectView) -> Option<CopyRoute> {
    let (provider, provider_name) = project.destination.chosen.clone()?;
    Some(CopyRoute {
        source: project.domain.source_server.clone()?,
        provider,
        provider_name,
        destination: project.destination.server.clone()?,
    })
}

/// Three hours with a pause of twenty minutes.
fn throughput() -> Vec<SpeedPoint> {
    let begin = u64::try_from(NOW.0 - 11_000).unwrap_or(0) * 1_000;
    let point = |index: u64| {
        let slow = if (120..132).contains(&index) { 1_100_000 } else { 0 };
        let from_millis = begin + index * 61_000;
        let bytes_per_second = 2_300_000 + index * 7_919 % 400 * 1_000 - slow;
        SpeedPoint { from_millis, to_millis: from_millis + 61_000, bytes_per_second }
    };
    (0..180).filter(|index| !(72..92).contains(index)).map(point).collect()
}

fn large_message() -> LargeMessage {
    LargeMessage {
        folder: FolderPath(vec!["Archiv".to_owned(), "2019".to_owned()]),
        uid: SourceUid(4_711),
        subject: "Fotos vom Sommerfest".to_owned(),
        size: Bytes(30_000_000),
        read: Bytes(30_000_000),
        sent: Bytes(12_500_000),
    }
}

/// What the provider says where it asks to wait.
pub fn asked_to_wait() -> ServerWait {
    ServerWait {
        side: Side::Destination,
        cause: WaitCause::Asked,
        words: "[UNAVAILABLE] Server is busy, try again later".to_owned(),
    }
}

/// A connection to the provider that was lost a minute ago.
pub fn lost(words: &str) -> LostLine {
    LostLine {
        side: Some(Side::Destination),
        since: UnixTime(NOW.0 - 65),
        next_try: UnixTime(NOW.0 + 40),
        words: words.to_owned(),
    }
}

/// The same copy after the line was lost.
pub fn lost_line() -> ProjectView {
    let mut project = copying();
    let lost = lost(
        "signing in at the destination failed: imap.fastmail.com:993 cannot be reached: \
         Connection refused (os error 111)",
    );
    for shown in &mut project.copy.mailboxes {
        if shown.state != MailboxProgressState::Done {
            shown.state = MailboxProgressState::Reconnecting(lost.clone());
        }
    }
    project.copy.connections = Connections::default();
    project.copy.bytes_per_second = Some(0);
    project
}

/// The copy runs, with one mailbox waiting and one paused.
pub fn copying() -> ProjectView {
    let mut project = planned();
    let rows = Arc::clone(&project.mailboxes);
    let state_of = |local: &str| match local {
        "anna" => (74, MailboxProgressState::Running(connections(4, 4))),
        "archiv-2012" => (38, MailboxProgressState::Running(connections(3, 15))),
        "info" => (52, MailboxProgressState::Running(connections(4, 4))),
        "verein" => (44, MailboxProgressState::WaitsUntil(UnixTime(NOW.0 + 1_980), asked_to_wait())),
        "newsletter" => (10, MailboxProgressState::Paused),
        "scanner" | "dmarc" => (0, MailboxProgressState::Queued),
        _ => (100, MailboxProgressState::Done),
    };
    let mailboxes = rows
        .iter()
        .map(|row| {
            let (percent, state) = state_of(row.mailbox.address.local());
            progress_of(row, percent, state)
        })
        .collect();
    project.copy = CopyView {
        throughput: Arc::new(throughput()),
        route: route(&project),
        phase: CopyPhase::Running,
        sum: LedgerSum {
            source_count: 184_990,
            copied: 110_690,
            already_there: 2_480,
            repaired: 41,
            exported: 2,
            refused: 1,
            vanished: 6,
            left_out: 2_960,
            to_do: 68_810,
            deferred: 0,
        },
        bytes_done: Bytes(26_500_000_000),
        bytes_total: Bytes(43_500_000_000),
        bytes_per_second: Some(2_200_000),
        trial: None,
        time_left: Some(TimeLeft { least_secs: 7_200, most_secs: 7_830 }),
        under_way: vec![UnderWayView { mailbox: MailboxId(1), message: large_message() }],
        earlier: Vec::new(),
        connections: connections(11, 23),
        is_verifying: false,
        verified: PartDone::default(),
        pauses: vec![PauseGroup {
            words: "NO [THROTTLED] Account exceeded command or bandwidth limits".to_owned(),
            times: 12,
            seconds: 12_000,
            mailboxes: 2,
        }],
        mailboxes,
        problems: problems(),
        started_at: Some(ago(11_000)),
        finished_at: None,
        verification: None,
        verification_counts: None,
    };
    project
}

/// The snapshot of a running copy.
pub fn copying_snapshot() -> Snapshot {
    Snapshot { activity: "Copying 3 mailboxes, 1 waits, 1 paused".to_owned(), ..with(copying()) }
}

/// The copy is paused.
pub fn paused() -> ProjectView {
    let mut project = copying();
    project.copy.phase = CopyPhase::Paused;
    rest(&mut project);
    for shown in project.copy.mailboxes.iter_mut().filter(|shown| !shown.was_done) {
        shown.state = MailboxProgressState::Paused;
    }
    project
}

/// The copy continues for some mailboxes; others need the user.
pub fn stopped_mailboxes() -> ProjectView {
    let mut project = copying();
    let full = error(
        "anna@ is full at Fastmail",
        "There is no room for the other 4.3 GB.",
        "A2207 NO [OVERQUOTA] Account is over quota",
        "Continue",
        Some(Command::StartCopy),
    );
    let settle = |rest| Command::SettleRest { mailboxes: vec![MailboxId(1)], rest };
    let full =
        full.or("Leave out the rest", "17,093 messages stay on your server", settle(Rest::LeaveOut)).or(
            "Save the rest as .eml",
            "Needs 4.3 GB on this computer, next to the project",
            settle(Rest::Save),
        );
    if let Some(first) = project.copy.mailboxes.first_mut() {
        first.state = MailboxProgressState::Stopped(full);
    }
    project.copy.time_left = None;
    project
}

/// Three mailboxes have stopped, as their server shows another certificate than the approved one.
pub fn stopped_by_certificate() -> ProjectView {
    let mut project = copying();
    let error = certificate_error(&changed_certificate());
    for progress in project.copy.mailboxes.iter_mut().take(3) {
        progress.state = MailboxProgressState::Stopped(error.clone());
    }
    project
}

/// The copy is finished, with a few problems.
pub fn finished() -> ProjectView {
    let mut project = copying();
    let rows = Arc::clone(&project.mailboxes);
    project.copy.phase = CopyPhase::Finished;
    rest(&mut project);
    project.copy.mailboxes =
        rows.iter().map(|row| progress_of(row, 100, MailboxProgressState::Done)).collect();
    project.copy.sum.copied += project.copy.sum.to_do;
    project.copy.sum.to_do = 0;
    project.copy.bytes_done = project.copy.bytes_total;
    project.copy.finished_at = Some(NOW);
    project.copy.verification_counts = Some(VerifySummary { checked: 182_030, ..VerifySummary::default() });
    project.copy.verification = Some(
        "Counts, sizes, dates and flags of 182,030 messages were compared at Fastmail; all agree.".to_owned(),
    );
    project
}

/// Messages one by one: the first page of a long list.
pub fn message_list() -> ProjectView {
    let mut project = finished();
    let states = [
        (MessageState::Copied, ""),
        (MessageState::Copied, ""),
        (MessageState::AlreadyThere, ""),
        (MessageState::Repaired, "line ends"),
        (MessageState::Refused, "NO [CANNOT] Message contains invalid header"),
        (MessageState::Exported, "Larger than Fastmail accepts"),
        (MessageState::Vanished, ""),
        (MessageState::LeftOut, "older than 2020-01-01"),
    ];
    let rows = (0..300_u32).zip(states.iter().cycle()).map(|(index, (state, cause))| MessageOutcome {
        mailbox: MailboxId(1),
        folder: FolderPath(vec!["Archiv".to_owned(), "2019".to_owned()]),
        destination: FolderPath(vec!["Archive".to_owned(), "2019".to_owned()]),
        uid: SourceUid(4_711 + index),
        destination_uid: (*state == MessageState::Copied).then_some(DestinationUid(index + 1)),
        size: Bytes(u64::from(index % 37) * 91_000 + 2_400),
        date: format!("{:02}-Mar-2019 {:02}:15:00 +0100", index % 28 + 1, index % 24),
        state: *state,
        cause: (*cause).to_owned(),
        sha256: "9f86d081884c7d659a2feaa0c55ad015".repeat(2),
    });
    let mut sum = sum_of(6_120, 6_000);
    (sum.refused, sum.exported, sum.to_do) = (18, 102, 0);
    let query = MessageQuery {
        mailbox: Some(MailboxId(1)),
        folder: Some(FolderPath(vec!["Archiv".to_owned(), "2019".to_owned()])),
        ..MessageQuery::default()
    };
    let list = MessageListView { query, sum, total: 6_120, first: 0, rows: rows.collect() };
    project.messages.list = Some(Arc::new(list));
    project
}

/// A trial is over: the most waits for the whole copy.
pub fn after_trial() -> ProjectView {
    let mut project = copying();
    project.copy.phase = CopyPhase::Stopped;
    project.copy.trial = Some(20);
    rest(&mut project);
    for shown in &mut project.copy.mailboxes {
        shown.state = MailboxProgressState::Queued;
        let done = shown.sum.source_count.min(40);
        shown.sum = LedgerSum {
            source_count: shown.sum.source_count,
            copied: done,
            deferred: shown.sum.source_count - done,
            ..LedgerSum::default()
        };
        shown.bytes_done = Bytes(shown.bytes_total.0 / 50);
        shown.was_done = false;
    }
    add_up(&mut project);
    project.copy.problems.clear();
    project.copy.pauses.clear();
    project
}

/// The program ended while mail was copied, and was opened again.
pub fn interrupted() -> ProjectView {
    let mut project = copying();
    project.copy.phase = CopyPhase::Interrupted;
    rest(&mut project);
    for shown in project.copy.mailboxes.iter_mut().filter(|shown| !shown.was_done) {
        shown.state = MailboxProgressState::Queued;
    }
    project
}

/// Mail was copied, and then another provider was chosen.
pub fn elsewhere() -> ProjectView {
    let mut project = finished();
    let other = "mailbox.org".to_owned();
    project.destination.chosen = Some((ProviderId("mailbox-org".to_owned()), other));
    project.destination.server = Some(super::endpoint("imap.mailbox.example"));
    project.plan = PlanView::default();
    project
}

/// After the end of the copy one more mailbox was added.
pub fn outgrown() -> ProjectView {
    let mut project = finished();
    let row = super::mailbox(99, "neu", "weber-familie.example", 45, 2_000_000);
    project.copy.mailboxes.push(MailboxProgress {
        sum: sum_of(45, 0),
        bytes_done: Bytes::ZERO,
        was_done: false,
        ..progress_of(&row, 0, MailboxProgressState::Queued)
    });
    Arc::make_mut(&mut project.mailboxes).push(row);
    project.copy.sum.source_count += 45;
    project.copy.sum.to_do += 45;
    project.copy.bytes_total = project.copy.bytes_total.plus(Bytes(2_000_000));
    project
}

/// Nothing is running any more.
fn rest(project: &mut ProjectView) {
    let copy = &mut project.copy;
    (copy.bytes_per_second, copy.time_left, copy.connections) = (None, None, Connections::default());
    copy.under_way.clear();
}

/// The whole as the sum of its mailboxes.
fn add_up(project: &mut ProjectView) {
    let copy = &mut project.copy;
    let sum = |sum: LedgerSum, shown: &MailboxProgress| sum.plus(shown.sum);
    copy.sum = copy.mailboxes.iter().fold(LedgerSum::default(), sum);
    let bytes =
        |of: fn(&MailboxProgress) -> Bytes| Bytes(copy.mailboxes.iter().map(|shown| of(shown).0).sum());
    (copy.bytes_done, copy.bytes_total) = (bytes(|shown| shown.bytes_done), bytes(|shown| shown.bytes_total));
}
