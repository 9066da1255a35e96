use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::copy_args::{AdminForms, PlanArgs};
use crate::plan::{parse_date, parse_size};

/// Audit a mail domain, move its mailboxes exactly once, and write its new DNS records.
///
/// Without a command the window opens.
#[derive(Debug, Parser)]
#[command(name = "mailferry", version, about, max_term_width = 110)]
pub struct Arguments {
    /// What to do; nothing opens the window.
    #[command(subcommand)]
    pub command: Option<Task>,
    /// A project to open in the window.
    pub project: Option<PathBuf>,
    /// How the window is drawn; remembered when it works.
    #[arg(long, value_enum)]
    pub renderer: Option<RendererChoice>,
}

/// Renderers of the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RendererChoice {
    /// OpenGL.
    Glow,
    /// Vulkan, Metal, DirectX 12.
    Wgpu,
}

/// Headless commands.
#[derive(Debug, Subcommand)]
pub enum Task {
    /// Do the whole job on practice servers inside the program.
    Rehearse(Rehearse),
    /// Ask what receivers see of a domain, and judge it.
    Audit(Audit),
    /// Say from saved facts whether to stay or to move; nothing is asked.
    Verdict(Verdict),
    /// Evaluate SPF for one address; the first line is the result of RFC 7208.
    Spf(Spf),
    /// Copy mailboxes over IMAP, exactly once.
    Copy(Box<Copy>),
    /// Write the new DNS records of a domain as a zone snippet.
    Records(Records),
}

/// `mailferry rehearse`.
#[derive(Debug, Args)]
pub struct Rehearse {
    /// Do all steps without a window.
    #[arg(long)]
    pub headless: bool,
    /// Where report.html, report.json and the zone file go.
    #[arg(long, value_name = "DIR", default_value = "out")]
    pub out: PathBuf,
}

/// `mailferry audit`.
#[derive(Debug, Args)]
pub struct Audit {
    /// The domain, in Unicode or as A-labels.
    pub domain: String,
    /// Ask this resolver instead of the system's.
    #[arg(long, value_name = "HOST:PORT")]
    pub resolver: Option<String>,
    /// A DKIM selector in use; may be given more than once.
    #[arg(long = "selector", value_name = "S")]
    pub selectors: Vec<String>,
    /// An address that sends the domain's mail; may be given more than once.
    #[arg(long = "sending-ip", value_name = "IP")]
    pub sending_ips: Vec<IpAddr>,
    /// Judge facts saved earlier; nothing is asked.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["save_facts", "resolver"])]
    pub facts: Option<PathBuf>,
    /// Read a mail log, bounces or reports, packed or not, or a folder of them; may be given more than once.
    #[arg(long, value_name = "PATH", conflicts_with = "facts")]
    pub evidence: Vec<PathBuf>,
    /// What you say of the operation, as in backup=no; may be given more than once. See “mailferry verdict --help”.
    #[arg(long = "answer", value_name = "NAME=yes|no", conflicts_with = "facts")]
    pub answers: Vec<String>,
    /// Save what was measured, to judge it again elsewhere.
    #[arg(long, value_name = "FILE")]
    pub save_facts: Option<PathBuf>,
    /// Write the findings as JSON; “-” for standard output.
    #[arg(long, value_name = "FILE|-")]
    pub json: Option<PathBuf>,
    /// Write the findings as a page.
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// End with status 1 when a finding fails.
    #[arg(long)]
    pub strict: bool,
}

/// `mailferry verdict`.
#[derive(Debug, Args)]
pub struct Verdict {
    /// Facts that “mailferry audit --save-facts” wrote.
    pub facts: PathBuf,
    /// What you say of the operation: updates, backup, second-person, asked, another-address, port-25, wants-relay,
    /// wants-to-move or mail-at-home, with =yes or =no; may be given more than once.
    #[arg(long = "answer", value_name = "NAME=yes|no")]
    pub answers: Vec<String>,
    /// What you decide instead: stay, stay-and-fix, new-address, relay-part, move-sending or move-everything.
    #[arg(long, value_name = "OUTCOME")]
    pub decide: Option<String>,
    /// Why you decide otherwise.
    #[arg(long, value_name = "WORDS", requires = "decide")]
    pub because: Option<String>,
    /// Save the facts with your answers and your decision.
    #[arg(long, value_name = "FILE")]
    pub save_facts: Option<PathBuf>,
    /// Write the verdict as JSON; “-” for standard output.
    #[arg(long, value_name = "FILE|-")]
    pub json: Option<PathBuf>,
    /// Write the verdict as a page.
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
}

/// `mailferry spf`.
#[derive(Debug, Args)]
pub struct Spf {
    /// The domain.
    pub domain: String,
    /// The address of the sending server.
    #[arg(long)]
    pub ip: IpAddr,
    /// The envelope sender; postmaster of the domain where it is not given.
    #[arg(long, value_name = "ADDR")]
    pub sender: Option<String>,
    /// The name that the server greets with.
    #[arg(long, value_name = "NAME")]
    pub helo: Option<String>,
    /// Ask this resolver instead of the system's.
    #[arg(long, value_name = "HOST:PORT")]
    pub resolver: Option<String>,
}

/// How thoroughly a copy is verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum VerifyFlag {
    /// Not at all.
    None,
    /// Counts, sizes, dates and flags.
    Quick,
    /// Every message is read again and compared by SHA-256.
    Full,
}

/// Forms of the list of messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ListForm {
    /// A table.
    Csv,
    /// One JSON array.
    Json,
    /// One JSON object per line.
    Jsonl,
}

/// How thoroughly a verification alone looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum VerifyOnlyFlag {
    /// Counts, sizes, dates and flags.
    Quick,
    /// Every message is read again and compared by SHA-256.
    Full,
}

/// Whether connections are compressed (COMPRESS=DEFLATE), where a server offers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Compress {
    /// On lines where it pays.
    Auto,
    /// Wherever it is offered.
    Always,
    /// Not at all.
    Never,
}

/// Modes of a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// New mail still arrives at the source: adds and flags are mirrored.
    Before,
    /// People work at the destination: mail is added, and nothing there is touched.
    After,
    /// Late mail: as after the switch, from the inbox and junk only.
    Sweep,
}

/// Where a message with several labels of a Gmail account goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Labels {
    /// Once, into the folder of its best label.
    Best,
    /// Into the folder of each label.
    Each,
}

/// `mailferry copy`.
#[derive(Debug, Args)]
pub struct Copy {
    /// The server that the mail comes from; USER is percent-encoded (anna%40example.org) and may end in ;AUTH=MECHANISM.
    #[arg(long, value_name = "imaps://USER@HOST[:PORT]", required_unless_present = "project")]
    pub from: Option<String>,
    /// The server that the mail goes to.
    #[arg(long, value_name = "imaps://USER@HOST[:PORT]", required_unless_present = "project")]
    pub to: Option<String>,
    /// A file whose first line is the password at the source.
    #[arg(long, value_name = "FILE")]
    pub from_password_file: Option<PathBuf>,
    /// A file whose first line is the password at the destination.
    #[arg(long, value_name = "FILE")]
    pub to_password_file: Option<PathBuf>,
    /// Sign in at the source as this admin for USER, with the admin's password.
    #[arg(long, value_name = "ADMIN")]
    pub from_admin: Option<String>,
    /// Sign in at the destination as this admin for USER, with the admin's password.
    #[arg(long, value_name = "ADMIN")]
    pub to_admin: Option<String>,
    /// Names of admins that stand beside the mailbox's.
    #[command(flatten)]
    pub admin_forms: AdminForms,
    /// A file with an OAuth token for the source; read again for each connection.
    #[arg(long, value_name = "FILE")]
    pub from_token_file: Option<PathBuf>,
    /// A file with an OAuth token for the destination.
    #[arg(long, value_name = "FILE")]
    pub to_token_file: Option<PathBuf>,
    /// A command that prints an OAuth token for the source; run without a shell for each connection.
    #[arg(long, value_name = "COMMAND")]
    pub from_token_command: Option<String>,
    /// A command that prints an OAuth token for the destination.
    #[arg(long, value_name = "COMMAND")]
    pub to_token_command: Option<String>,
    /// SHA-256 fingerprint of a certificate to trust at the source, as shown by an earlier run.
    #[arg(long, value_name = "FINGERPRINT")]
    pub from_fingerprint: Option<String>,
    /// SHA-256 fingerprint of a certificate to trust at the destination.
    #[arg(long, value_name = "FINGERPRINT")]
    pub to_fingerprint: Option<String>,
    /// Many mailboxes: address, `source_user`, `source_password`, `source_admin`, `source_admin_form`, `source_token_file`,
    /// `source_token_command`, and the same for `destination_`.
    #[arg(long, value_name = "FILE.csv")]
    pub accounts: Option<PathBuf>,
    /// Keep the project here, to resume later or in the window.
    #[arg(long, value_name = "FILE")]
    pub project: Option<PathBuf>,
    /// Most connections to one server at the same time, over all mailboxes of the run, and at least one for each side of a
    /// mailbox. Without it each mailbox has as many as are worth it: up to 7 to each server, and up to 15 to a destination
    /// that takes one message at a time. In either case a mailbox keeps to what the catalogue knows of its provider. For a
    /// moment there may be one more: where the sign-in of an admin is checked, and where messages of the source have to be
    /// read beside the copy.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1_000))]
    pub max_connections: Option<u16>,
    /// Most mailboxes at the same time.
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=64))]
    pub parallel_mailboxes: u8,
    /// How long a server may say nothing until its connection counts as dead.
    #[arg(long, value_name = "SECONDS", default_value_t = 120, value_parser = clap::value_parser!(u64).range(5..=3_600))]
    pub timeout: u64,
    /// Whether connections are compressed, where a server offers it.
    #[arg(long, value_enum, default_value = "auto")]
    pub compress: Compress,
    /// Count and map, but copy nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// How the copy is verified; as the project says where it is not given, which is quick unless something else was chosen.
    #[arg(long, value_enum)]
    pub verify: Option<VerifyFlag>,
    /// Copy nothing: verify once more what this project has copied before.
    #[arg(
        long,
        value_enum,
        value_name = "DEPTH",
        requires = "project",
        conflicts_with_all = ["dry_run", "trial", "verify", "include_folders", "exclude_folders"]
    )]
    pub verify_only: Option<VerifyOnlyFlag>,
    /// Write the outcome as JSON; “-” for standard output.
    #[arg(long, value_name = "FILE|-")]
    pub json: Option<PathBuf>,
    /// Only messages received on this day (UTC) or later.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = parse_date)]
    pub since: Option<i64>,
    /// Only messages received before this day (UTC).
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = parse_date)]
    pub before: Option<i64>,
    /// Only messages of this size or larger, as in 10kB or 1.5MB.
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub min_size: Option<u64>,
    /// Only messages of this size or smaller.
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub max_size: Option<u64>,
    /// Only messages that the source finds with this IMAP search, as in FROM "bank" UNSEEN.
    #[arg(long, value_name = "SEARCH")]
    pub search: Option<String>,
    /// The newest messages of each folder first.
    #[arg(long)]
    pub newest_first: bool,
    /// When in the move this copy runs.
    #[arg(long, value_enum)]
    pub mode: Option<Mode>,
    /// The accounts are those of earlier runs, though their servers or users are named in another way now.
    #[arg(long, requires = "project")]
    pub same_accounts: bool,
    /// From Gmail: a message with several labels goes into the folder of its best label, or into that of each.
    #[arg(long, value_enum)]
    pub labels: Option<Labels>,
    /// Send at most this much to each account in a day, in place of what is known of the provider; 0: no limit.
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub max_up_per_day: Option<u64>,
    /// Read at most this much from each account in a day.
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub max_down_per_day: Option<u64>,
    /// Copy at most N messages of each folder, and tell how long the whole takes.
    #[arg(long, value_name = "N", conflicts_with = "dry_run", value_parser = clap::value_parser!(u32).range(1..))]
    pub trial: Option<u32>,
    /// Only these folders of the source; * stands for any letters, levels are parted by /; may be given more than once.
    #[arg(long = "include-folder", value_name = "PATTERN")]
    pub include_folders: Vec<String>,
    /// Not these folders; may be given more than once.
    #[arg(long = "exclude-folder", value_name = "PATTERN")]
    pub exclude_folders: Vec<String>,
    /// Write one row per message: a table for .csv, JSON for .json, one JSON object per line for .jsonl, for a pipe or
    /// device, and for “-”, which is standard output.
    #[arg(long, value_name = "FILE.csv|.json|.jsonl|-", conflicts_with = "dry_run")]
    pub messages: Option<PathBuf>,
    /// The form of that list, whatever its place is called.
    #[arg(long, value_enum, value_name = "FORM", requires = "messages")]
    pub messages_format: Option<ListForm>,
    /// The plan, the provider, and what is told meanwhile.
    #[command(flatten)]
    pub plan: PlanArgs,
}

/// `mailferry records`.
#[derive(Debug, Args)]
pub struct Records {
    /// The domain.
    pub domain: String,
    /// The provider, as named by the catalogue.
    #[arg(long, value_name = "ID")]
    pub provider: String,
    /// Answers that the provider's records need: a TOML file of `name = "value"` lines.
    #[arg(long, value_name = "FILE.toml")]
    pub answers: Option<PathBuf>,
    /// The zone of today as a BIND zone file, instead of asking the DNS.
    #[arg(long, value_name = "FILE", conflicts_with = "resolver")]
    pub zone: Option<PathBuf>,
    /// Ask this resolver instead of the system's.
    #[arg(long, value_name = "HOST:PORT")]
    pub resolver: Option<String>,
    /// An SPF term of today to drop; may be given more than once.
    #[arg(long = "drop-sender", value_name = "TERM")]
    pub dropped_senders: Vec<String>,
    /// Whose lines are active; those of later stages stand in comments.
    #[arg(long, value_enum, default_value = "now")]
    pub stage: RecordsStage,
    /// In which form.
    #[arg(long, value_enum, default_value = "bind")]
    pub format: RecordsFormat,
    /// Where it goes; standard output where it is not given.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// Stages of the records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RecordsStage {
    /// Before the switch: mail goes its old way.
    Now,
    /// From the switch on: new mail goes to the provider.
    Switch,
    /// Three days after the switch: the old server sends no more.
    Later,
}

/// Forms of the records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RecordsFormat {
    /// A BIND zone snippet with `$ORIGIN`.
    Bind,
    /// The diff as a table for people.
    Table,
}
