use super::{NOW, ago, error, planned, with};
use crate::engine::{
    Command, Connections, CopyPhase, CopyView, FolderProgress, MailboxProgress, MailboxProgressState,
    MailboxView, MessageListView, MessageOutcome, PauseGroup, ProblemGroup, ProjectView, Snapshot,
};
use crate::plan::{FolderPath, LedgerSum, MailboxId, MessageQuery, MessageState, ProblemId, ProofSummary};
use crate::values::{Bytes, UnixTime};
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
    let (messages, bytes) = row.counted.unwrap_or_default();
    MailboxProgress {
        id: row.id,
        address: row.mailbox.address.to_string(),
        state,
        sum: sum_of(messages, messages * percent / 100),
        bytes_done: Bytes(bytes.0 / 100 * percent),
        bytes_total: bytes,
        folders: vec![
            folder_of(&["INBOX"], "Inbox", sum_of(4_912, 4_912)),
            folder_of(&["Archive", "2019"], "Archive / 2019", sum_of(6_120, 1_204)),
        ],
    }
}

fn problems() -> Vec<ProblemGroup> {
    let group = |state, cause: &str, count, way_out: &str| ProblemGroup {
        id: ProblemId(i64::try_from(cause.len()).unwrap_or(0)),
        state,
        cause: cause.to_owned(),
        count,
        way_out: way_out.to_owned(),
        samples: vec!["Archive / 2019: Rechnung März".to_owned(), "Sent: UID 4711".to_owned()],
    };
    vec![
        group(MessageState::Refused, "Header is not readable mail", 1, "saved in the report"),
        group(MessageState::Exported, "Larger than Fastmail accepts", 2, "saved as .eml beside the project"),
        group(MessageState::Vanished, "Deleted at the source during the copy", 6, ""),
        group(MessageState::Repaired, "Bad line ends, repaired and copied", 41, ""),
    ]
}

/// The copy runs, with one mailbox waiting and one paused.
pub fn copying() -> ProjectView {
    let mut project = planned();
    let rows = Arc::clone(&project.mailboxes);
    let state_of = |local: &str| match local {
        "anna" => (74, MailboxProgressState::Running(connections(4, 4))),
        "archiv-2012" => (38, MailboxProgressState::Running(connections(3, 15))),
        "info" => (52, MailboxProgressState::Running(connections(4, 4))),
        "verein" => (
            44,
            MailboxProgressState::WaitsUntil(
                UnixTime(NOW.0 + 1_980),
                "Fastmail asked for a pause".to_owned(),
            ),
        ),
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
    let throughput = (0..180_i64)
        .map(|index| {
            let wave = u64::try_from((index * 7919) % 400).unwrap_or(0) * 1_000;
            let speed = if (72..76).contains(&index) { 0 } else { 2_300_000 + wave };
            (UnixTime(NOW.0 - 11_000 + index * 61), speed)
        })
        .collect();
    project.copy = CopyView {
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
        },
        bytes_done: Bytes(26_500_000_000),
        bytes_total: Bytes(43_500_000_000),
        bytes_per_second: Some(2_200_000),
        trial: None,
        seconds_left: Some(7_830),
        connections: connections(11, 23),
        is_proving: false,
        proven: (0, 0),
        pauses: vec![PauseGroup {
            words: "NO [THROTTLED] Account exceeded command or bandwidth limits".to_owned(),
            times: 12,
            seconds: 12_000,
            mailboxes: 2,
        }],
        mailboxes,
        throughput: Arc::new(throughput),
        problems: problems(),
        started_at: Some(ago(11_000)),
        finished_at: None,
        proof: None,
        proof_counts: None,
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
    project
}

/// The copy goes on for some; others need the user.
pub fn stopped_mailboxes() -> ProjectView {
    let mut project = copying();
    let full = error(
        "anna@ is full at Fastmail",
        "27,888 of 44,981 messages are there; for the other 4.3 GB there is no room.",
        "A2207 NO [OVERQUOTA] Account is over quota",
        "Continue anna@",
        Some(Command::StartCopy),
    );
    if let Some(first) = project.copy.mailboxes.first_mut() {
        first.state = MailboxProgressState::Stopped(full);
    }
    project.copy.seconds_left = None;
    project
}

/// The copy is finished, with a few problems.
pub fn finished() -> ProjectView {
    let mut project = copying();
    let rows = Arc::clone(&project.mailboxes);
    project.copy.phase = CopyPhase::Finished;
    project.copy.mailboxes =
        rows.iter().map(|row| progress_of(row, 100, MailboxProgressState::Done)).collect();
    project.copy.sum.copied += project.copy.sum.to_do;
    project.copy.sum.to_do = 0;
    project.copy.bytes_done = project.copy.bytes_total;
    project.copy.finished_at = Some(NOW);
    project.copy.proof_counts = Some(ProofSummary { checked: 182_030, ..ProofSummary::default() });
    project.copy.proof = Some(
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
        uid: 4_711 + index,
        destination_uid: (*state == MessageState::Copied).then_some(index + 1),
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
