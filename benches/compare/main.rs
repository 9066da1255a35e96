//! Whole copies side by side in one run: Mailferry, mbsync and, where it is on PATH, imapsync, between the same two
//! Dovecots, beside the bare limit of these servers.
//!
//! `make bench`, or `cargo bench --bench compare -- [MESSAGES] [CASE]...` with the cases `loopback`, `distant`,
//! `single-appends`, `large` and `large-folder`. Prints a Markdown table; figures are ratios within this run, not
//! assertions. Each tool reads a source that was read before, takes its turn first and last, writes into a mailbox of
//! its own each time, and counts with the median of its runs.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::cast_precision_loss,
    clippy::let_underscore_must_use,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "tests end where something is wrong"
)]

mod bare;
mod delay_proxy;
mod mailboxes;
mod tools;

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use delay_proxy::DelayProxy;
use mailboxes::{FOLDERS, LARGE_MESSAGES, large, mixed, small};
use mailferry_test_support::clients::plain_imap::{Mail, PlainImap};
use mailferry_test_support::servers::dovecot::{Dovecot, Settings};
use tools::{Account, Figure, Tool, mailferry, planning};

const ROUND_TRIP: Duration = Duration::from_millis(40);
/// Gmail's as far as they matter here: no LITERAL+, no MULTIAPPEND.
const GMAIL_LIKE: &str = "IMAP4rev1 UNSELECT IDLE NAMESPACE QUOTA ID CHILDREN UIDPLUS MOVE CONDSTORE ESEARCH LITERAL- \
     SPECIAL-USE SASL-IR AUTH=PLAIN";
/// A file system in memory.
const MEMORY: &str = "/dev/shm";
/// Connections on each side for the bare limit: one recorded stream, and about as many as Mailferry opens.
const BARE_CONNECTIONS: [usize; 2] = [1, 4];
/// Runs of each tool in each case; the median counts.
const RUNS: usize = 3;
/// Messages of the folder that shows whether anything grows faster than the folder.
const LARGE_FOLDER: [usize; 3] = [50_000, 100_000, 200_000];

/// The tools and the lines of the table.
struct Bench {
    tools: Vec<Tool>,
    runs: usize,
    lines: String,
}

fn main() {
    let mut messages = 5_000;
    let mut chosen = Vec::new();
    for argument in std::env::args().skip(1).filter(|argument| !argument.starts_with('-')) {
        match argument.parse() {
            Ok(number) => messages = number,
            Err(_) => chosen.push(argument),
        }
    }
    let wants = |case: &str| chosen.is_empty() || chosen.iter().any(|name| name == case);
    let all = [Tool::Mailferry, Tool::Mbsync, Tool::Imapsync];
    for missing in all.into_iter().filter(|tool| !tool.is_here()) {
        println!("{} is not on PATH: skipped", missing.name());
    }
    let runs = std::env::var("BENCH_RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(RUNS);
    let mut bench =
        Bench { tools: all.into_iter().filter(|tool| tool.is_here()).collect(), runs, lines: String::new() };
    let mails = mixed(messages);
    if wants("loopback") {
        bench.whole_mailbox("loopback", &mails, None);
    }
    if wants("distant") {
        bench.whole_mailbox("40 ms to each side", &mails, Some(ROUND_TRIP));
    }
    if wants("single-appends") {
        bench.single_appends(mails.get(..messages / 5).unwrap());
    }
    if wants("large") {
        bench.large();
    }
    if wants("large-folder") {
        bench.large_folder(chosen.iter().any(|word| word == "quick"));
    }
    println!("{HEAD}{}", bench.lines);
}

const HEAD: &str = "\
| case | tool | time | against mailferry | its own CPU | peak memory |
| --- | --- | --- | --- | --- | --- |
";

/// Two servers, reached directly or over a long line, and a folder for the state of the tools.
struct Servers {
    work: tempfile::TempDir,
    source: Dovecot,
    destination: Dovecot,
    lines: Option<(DelayProxy, DelayProxy)>,
}

impl Servers {
    fn start(bench: &Bench, settings: &Settings, round_trip: Option<Duration>) -> Self {
        let mut users: Vec<String> = Vec::new();
        let bare = BARE_CONNECTIONS.map(|connections| format!("bare{connections}"));
        let tools = bench.tools.iter().map(|tool| tool.name().to_owned());
        for name in tools.chain(bare).chain(["bare".to_owned()]) {
            users.extend((0..=bench.runs).map(|run| format!("{name}-{run}")));
        }
        let users: Vec<&str> = users.iter().map(String::as_str).collect();
        // In memory where the system has such a place, so that what else the disk does is not measured. The tools keep
        // their own state on the disk.
        let place = if Path::new(MEMORY).is_dir() { MEMORY } else { "/tmp" };
        let plain = Settings { format: settings.format, place, ..Settings::default() };
        let source = Dovecot::start(&["anna"], &plain).expect("dovecot-imapd");
        let settings = Settings { place, ..settings.clone() };
        let destination = Dovecot::start(&users, &settings).expect("dovecot-imapd");
        let line = |port, round_trip| DelayProxy::start(port, round_trip);
        let lines = round_trip.map(|round_trip| {
            (line(source.clear_port, round_trip), line(destination.clear_port, round_trip))
        });
        Self { work: tempfile::tempdir().unwrap(), source, destination, lines }
    }

    fn from(&self) -> Account {
        let port = self.lines.as_ref().map_or(self.source.clear_port, |(source, _)| source.port);
        Account { port, user: "anna".to_owned() }
    }

    fn to(&self, user: &str) -> Account {
        let port = self.lines.as_ref().map_or(self.destination.clear_port, |(_, to)| to.port);
        Account { port, user: user.to_owned() }
    }

    fn assert_arrived(&self, user: &str, expected: usize) {
        let mut reader = PlainImap::open(self.destination.clear_port, user);
        let folders = reader.folders();
        let arrived: usize = folders.iter().map(|folder| reader.count(folder)).sum();
        assert_eq!(arrived, expected, "{user}");
    }
}

impl Bench {
    /// Runs every tool, first one first and then the other way round; hands back the median of each, and the median of
    /// copying again when there is nothing to do. `between` is called once in each round.
    fn compare(
        &self,
        servers: &Servers,
        expected: usize,
        mut between: impl FnMut(usize),
    ) -> Vec<(Tool, Figure, Figure)> {
        let work = servers.work.path();
        let mut figures: Vec<(Tool, Vec<Figure>, Vec<Figure>)> =
            self.tools.iter().map(|tool| (*tool, Vec::new(), Vec::new())).collect();
        // Run 0 makes the source warm and is not counted; with one run only, the tools share what is cold.
        let first = usize::from(self.runs == 1);
        for run in first..=self.runs {
            between(run);
            let count = figures.len();
            for turn in 0..count {
                let turn = if run % 2 == 0 { turn } else { count - 1 - turn };
                let (tool, copies, repeats) = &mut figures[turn];
                let user = format!("{}-{run}", tool.name());
                let figure = tool.copy(work, &servers.from(), &servers.to(&user));
                servers.assert_arrived(&user, expected);
                let again = tool.copy(work, &servers.from(), &servers.to(&user));
                if run > 0 {
                    println!("  run {run}: {user}: {figure:?}, again {again:?}");
                    copies.push(figure);
                    repeats.push(again);
                }
            }
        }
        figures.into_iter().map(|(tool, copies, repeats)| (tool, median(copies), median(repeats))).collect()
    }

    fn whole_mailbox(&mut self, place: &str, mails: &[Mail], round_trip: Option<Duration>) {
        let servers = Servers::start(self, &Settings::default(), round_trip);
        PlainImap::open(servers.source.clear_port, "anna").store(mails);
        let mut bare = BARE_CONNECTIONS.map(|connections| (connections, Vec::new()));
        let figures = self.compare(&servers, mails.len(), |run| {
            for (connections, seconds) in &mut bare {
                let user = format!("bare{connections}-{run}");
                seconds.push(bare::seconds(&servers.from(), &servers.to(&user), mails, *connections));
                servers.assert_arrived(&user, mails.len());
            }
        });
        let case = format!("{}, {place}", sum(mails));
        self.lines_for(&case, figures.iter().map(|(tool, figure, _)| (*tool, *figure)));
        let ours = figures[0].1.seconds;
        for (connections, mut seconds) in bare {
            seconds.sort_by(f64::total_cmp);
            let bare = seconds[seconds.len() / 2];
            let words = format!("bare limit, connections a side: {connections}");
            self.line(&format!("| {case} | {words} | {bare:.2} s | {:.2} |  |  |", bare / ours));
        }
        let again = format!("nothing to do, {place}");
        self.lines_for(&again, figures.iter().map(|(tool, _, figure)| (*tool, *figure)));
        let proof = mailferry(servers.work.path(), &servers.from(), &servers.to("mailferry-1"), "quick");
        let case = format!("nothing to do and quick proof, {place}");
        self.lines_for(&case, [(Tool::Mailferry, proof)]);
    }

    /// A destination that asks for every literal above 4 KB, so each message costs a round trip.
    fn single_appends(&mut self, mails: &[Mail]) {
        let settings = Settings { capabilities: Some(GMAIL_LIKE), ..Settings::default() };
        let servers = Servers::start(self, &settings, Some(ROUND_TRIP));
        PlainImap::open(servers.source.clear_port, "anna").store(mails);
        let figures = self.compare(&servers, mails.len(), |_run| {});
        let case = format!("{}, LITERAL-, no MULTIAPPEND, 40 ms", sum(mails));
        self.lines_for(&case, figures.into_iter().map(|(tool, figure, _)| (tool, figure)));
    }

    fn large(&mut self) {
        let servers = Servers::start(self, &Settings::default(), None);
        for number in 0..LARGE_MESSAGES {
            PlainImap::open(servers.source.clear_port, "anna").store(&[large(number)]);
        }
        let figures = self.compare(&servers, LARGE_MESSAGES, |_run| {});
        let case = "12 messages of 33 MB, loopback";
        self.lines_for(case, figures.into_iter().map(|(tool, figure, _)| (tool, figure)));
    }

    /// One folder that grows: time must grow with it and memory must not.
    fn large_folder(&mut self, is_quick: bool) {
        let sizes = if is_quick { &LARGE_FOLDER[..2] } else { &LARGE_FOLDER[..] };
        let mut filled = 0;
        let settings = Settings { format: "mdbox", ..Settings::default() };
        let runs = std::mem::replace(&mut self.runs, LARGE_FOLDER.len());
        let servers = Servers::start(self, &settings, None);
        self.runs = runs;
        let at_source = Account { port: servers.source.clear_port, user: "anna".to_owned() };
        for (run, size) in sizes.iter().enumerate() {
            bare::fill(&at_source, "INBOX", (filled..*size).map(small));
            filled = *size;
            let mut copies = Vec::new();
            let mut repeats = Vec::new();
            for tool in self.tools.iter().copied().filter(|tool| *tool != Tool::Imapsync) {
                let user = format!("{}-{run}", tool.name());
                copies.push((tool, tool.copy(servers.work.path(), &servers.from(), &servers.to(&user))));
                servers.assert_arrived(&user, *size);
                repeats.push((tool, tool.copy(servers.work.path(), &servers.from(), &servers.to(&user))));
            }
            let plan = planning(servers.work.path(), &servers.from(), &servers.to(&format!("bare-{run}")));
            self.lines_for(&format!("{size} messages in one folder, planning"), [(Tool::Mailferry, plan)]);
            self.lines_for(&format!("{size} messages in one folder"), copies);
            self.lines_for(&format!("{size} messages in one folder, nothing to do"), repeats);
            let to = servers.to(&format!("mailferry-{run}"));
            let proof = mailferry(servers.work.path(), &servers.from(), &to, "quick");
            self.lines_for(
                &format!("{size} messages in one folder, quick proof"),
                [(Tool::Mailferry, proof)],
            );
        }
    }

    fn lines_for(&mut self, case: &str, figures: impl IntoIterator<Item = (Tool, Figure)>) {
        let mut ours = None;
        for (tool, figure) in figures {
            let ours = *ours.get_or_insert(figure.seconds);
            self.line(&format!(
                "| {case} | {} | {:.2} s | {:.2} | {:.2} s | {} MB |",
                tool.name(),
                figure.seconds,
                figure.seconds / ours,
                figure.cpu_seconds,
                figure.peak_kilobytes / 1_000,
            ));
        }
    }

    fn line(&mut self, line: &str) {
        println!("{line}");
        writeln!(self.lines, "{line}").unwrap();
    }
}

fn median(mut figures: Vec<Figure>) -> Figure {
    figures.sort_by(|one, other| one.seconds.total_cmp(&other.seconds));
    let middle = figures[figures.len() / 2];
    let peak_kilobytes = figures.iter().map(|figure| figure.peak_kilobytes).max().unwrap();
    Figure { peak_kilobytes, ..middle }
}

fn sum(mails: &[Mail]) -> String {
    let bytes: usize = mails.iter().map(|mail| mail.bytes.len()).sum();
    format!("{} messages, {:.0} MB, {FOLDERS} folders", mails.len(), bytes as f64 / 1e6)
}
