//! The command line: commands and their options.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::account_list_args::{AccountList, ReportFiles};
use super::audit_args::EvidenceMailboxes;
use super::copy_args::{AdminForms, PlanArgs, SignIns};
use super::test_imap_args::TestImap;
use crate::plan::{parse_date, parse_size};

/// Audit a mail domain, move its mailboxes exactly once, and write its new DNS records.
///
/// Without a command, the window opens.
#[derive(Debug, Parser)]
#[command(name = "mailferry", version, about, max_term_width = 110)]
pub struct Arguments {
    /// What to do; without a command the window opens.
    #[command(subcommand)]
    pub command: Option<Task>,
    /// A project to open in the window.
    pub project: Option<PathBuf>,
    /// How to draw the window; remembered if it works.
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
    /// Practise the whole move on servers built into the program.
    Rehearse(Rehearse),
    /// Check what mail receivers see of a domain, and judge it.
    Audit(Box<Audit>),
    /// Compare two saved audits of one domain: did it help?
    AuditDiff(AuditDiff),
    /// Judge from saved facts whether to stay or move, without any network access.
    Verdict(Verdict),
    /// Evaluate SPF for one address; the first line is the result as RFC 7208 defines it.
    Spf(Spf),
    /// Copy mailboxes over IMAP, exactly once.
    Copy(Box<Copy>),
    /// Write the new DNS records of a domain as a zone snippet.
    Records(Records),
    /// Publish a stage of the new records at your own name server, after showing what changes.
    Publish(Box<Publish>),
    /// Sign a user in at an OAuth provider, once; “copy” then renews the tokens on its own.
    SignIn(Box<SignIn>),
    /// Write PowerShell scripts that give a Microsoft application access to mailboxes, and remove it again.
    ExchangeAccess(ExchangeAccess),
    /// Watch the switch: who sees the old mail hosts, who the new ones, and what comes next.
    Watch(Watch),
    /// Read mailboxes and aliases from the files of a mail server or its panel, and write them for a provider.
    Accounts(AccountList),
    /// Write the report of a project.
    Report(ReportFiles),
    /// Delete the passwords and sign-ins of a project's mailboxes from the keyring.
    ForgetPasswords(ForgetPasswords),
    /// Store a key of your own for block lists in the keyring, or delete it; audits then ask with it.
    ListKey(ListKey),
    /// List the known providers, measured against your own mail.
    Providers(Providers),
}

/// `mailferry forget-passwords`.
#[derive(Debug, Args)]
pub struct ForgetPasswords {
    /// The project.
    pub project: PathBuf,
}

/// `mailferry list-key`.
#[derive(Debug, Args)]
pub struct ListKey {
    /// The operator of the lists, such as spamhaus.
    pub operator: String,
    /// A file whose first line is the key; without it, the first line of standard input is.
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Delete the stored key.
    #[arg(long, conflicts_with = "file")]
    pub forget: bool,
}

/// `mailferry rehearse`.
#[derive(Debug, Args)]
pub struct Rehearse {
    /// Run all steps without the window.
    #[arg(long)]
    pub headless: bool,
    /// Where report.html, report.json and the zone file go.
    #[arg(long, value_name = "DIR", default_value = "out")]
    pub out: PathBuf,
}

/// How many neighbours are asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Neighbours {
    /// The nearest, and a part of the others.
    Some,
    /// All of the range.
    All,
}

/// `mailferry audit`.
#[derive(Debug, Args)]
pub struct Audit {
    /// The domain, in Unicode or as A-labels.
    pub domain: String,
    /// Use this resolver instead of the system's.
    #[arg(long, value_name = "HOST:PORT")]
    pub resolver: Option<String>,
    /// A DKIM selector in use; may be repeated.
    #[arg(long = "selector", value_name = "S")]
    pub selectors: Vec<String>,
    /// An IP address that sends the domain's mail; may be repeated.
    #[arg(long = "sending-ip", value_name = "IP")]
    pub sending_ips: Vec<IpAddr>,
    /// Do not connect to the mail hosts; query only the DNS.
    #[arg(long)]
    pub no_probe: bool,
    /// A host that always answers on port 25, to find out whether that port is open from here.
    #[arg(long, value_name = "HOST[:PORT]", conflicts_with = "no_probe")]
    pub probe_control: Option<String>,
    /// A file with the output of the command for the server, if port 25 is blocked here.
    #[arg(long, value_name = "FILE")]
    pub probe_output: Option<PathBuf>,
    /// Ask lists about the neighbours of the sending addresses too, slowly: some 120 of them, or all 255.
    #[arg(long, value_enum, value_name = "HOW MANY", num_args = 0..=1, default_missing_value = "some")]
    pub neighbours: Option<Neighbours>,
    /// Also query a list that is only queried on request, such as “barracuda”; may be repeated.
    #[arg(long = "list", value_name = "ID")]
    pub lists: Vec<String>,
    /// Your key for lists that require one, such as spamhaus=FILE; may be repeated.
    #[arg(long = "list-key-file", value_name = "OPERATOR=FILE")]
    pub list_key_files: Vec<String>,
    /// Ask no registry (RDAP) about the domain and the networks of its addresses.
    #[arg(long)]
    pub no_registries: bool,
    /// The name with which the sending server greets (HELO, EHLO).
    #[arg(long, value_name = "NAME")]
    pub helo: Option<String>,
    /// A second resolver, for a second opinion on signatures (DNSSEC).
    #[arg(long, value_name = "HOST:PORT")]
    pub second_resolver: Option<String>,
    /// Judge facts saved earlier, without any network access.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["helo", "neighbours", "lists"])]
    pub facts: Option<PathBuf>,
    /// Check one finding of saved facts again, asking only the questions behind it. Its id is in brackets after each
    /// heading.
    #[arg(long, value_name = "ID", requires = "facts")]
    pub only: Option<String>,
    /// Compare with the facts of an earlier audit: did it help?
    #[arg(long, value_name = "OLD-FACTS")]
    pub since: Option<PathBuf>,
    /// Read a mail log, bounces, reports or received messages (.eml), compressed or not, or a folder of them; may be
    /// repeated.
    #[arg(long, value_name = "PATH", conflicts_with = "facts")]
    pub evidence: Vec<PathBuf>,
    /// Mailboxes that are read as evidence.
    #[command(flatten)]
    pub mailboxes: EvidenceMailboxes,
    /// An answer about how you run the server, such as backup=no; may be repeated. See “mailferry verdict --help”.
    #[arg(long = "answer", value_name = "NAME=yes|no", conflicts_with = "facts")]
    pub answers: Vec<String>,
    /// Save the measured facts, to judge them again later or elsewhere.
    #[arg(long, value_name = "FILE")]
    pub save_facts: Option<PathBuf>,
    /// Write the findings as JSON; “-” for standard output.
    #[arg(long, value_name = "FILE|-")]
    pub json: Option<PathBuf>,
    /// Write the findings as an HTML page.
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Write the findings as Markdown.
    #[arg(long, value_name = "FILE|-")]
    pub markdown: Option<PathBuf>,
    /// Exit with status 1 if a finding fails, or if nothing could be measured.
    #[arg(long)]
    pub strict: bool,
}

/// `mailferry audit-diff`.
#[derive(Debug, Args)]
pub struct AuditDiff {
    /// Facts of the earlier audit, saved by “mailferry audit --save-facts”.
    pub old: PathBuf,
    /// Facts of the later audit of the same domain.
    pub new: PathBuf,
    /// Write what changed as JSON; “-” for standard output.
    #[arg(long, value_name = "FILE|-")]
    pub json: Option<PathBuf>,
    /// Exit with status 1 if anything is worse than it was.
    #[arg(long)]
    pub strict: bool,
}

/// `mailferry verdict`.
#[derive(Debug, Args)]
pub struct Verdict {
    /// Facts saved by “mailferry audit --save-facts”.
    pub facts: PathBuf,
    /// An answer about how you run the server: updates, backup, second-person, asked, another-address, port-25,
    /// wants-relay, wants-to-move or mail-at-home, with =yes or =no; or google-spam-rate=PERCENT, as Google’s Postmaster
    /// Tools show it; may be repeated.
    #[arg(long = "answer", value_name = "NAME=yes|no")]
    pub answers: Vec<String>,
    /// Your own decision instead: stay, stay-and-fix, new-address, relay-part, move-sending or move-everything.
    #[arg(long, value_name = "OUTCOME")]
    pub decide: Option<String>,
    /// Why you decide differently.
    #[arg(long, value_name = "WORDS", requires = "decide")]
    pub because: Option<String>,
    /// Save the facts with your answers and your decision.
    #[arg(long, value_name = "FILE")]
    pub save_facts: Option<PathBuf>,
    /// Write the verdict as JSON; “-” for standard output.
    #[arg(long, value_name = "FILE|-")]
    pub json: Option<PathBuf>,
    /// Write the verdict as an HTML page.
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
}

/// `mailferry spf`.
#[derive(Debug, Args)]
pub struct Spf {
    /// The domain.
    pub domain: String,
    /// The IP address of the sending server.
    #[arg(long)]
    pub ip: IpAddr,
    /// The envelope sender; postmaster of the domain by default.
    #[arg(long, value_name = "ADDR")]
    pub sender: Option<String>,
    /// The name the server gives in HELO or EHLO.
    #[arg(long, value_name = "NAME")]
    pub helo: Option<String>,
    /// Use this resolver instead of the system's.
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
    /// Read back every message and compare its SHA-256.
    Full,
}

/// Formats of the message list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ListForm {
    /// A table.
    Csv,
    /// One JSON array.
    Json,
    /// One JSON object per line.
    Jsonl,
}

/// How thorough a separate verification is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum VerifyOnlyFlag {
    /// Counts, sizes, dates and flags.
    Quick,
    /// Read back every message and compare its SHA-256.
    Full,
}

/// When to compress connections (COMPRESS=DEFLATE), if the server offers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Compress {
    /// On connections where it helps.
    Auto,
    /// Wherever the server offers it.
    Always,
    /// Not at all.
    Never,
}

/// Modes of a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// New mail still arrives at the source: copy new messages and changed flags.
    Before,
    /// People already work at the destination: add missing mail and change nothing there.
    After,
    /// Late mail: as after the switch, but only from the inbox and junk.
    Sweep,
}

/// Where a Gmail message with several labels goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Labels {
    /// Once, into the folder of its best label.
    Best,
    /// Into the folder of each label.
    Each,
}

/// `mailferry sign-in`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "flags of the command line")]
pub struct SignIn {
    /// The provider, such as google or microsoft.
    #[arg(long, value_name = "ID")]
    pub provider: String,
    /// The user of the mailbox, as “copy” names it.
    #[arg(long, value_name = "ADDRESS", required_unless_present = "guide")]
    pub user: Option<String>,
    /// The client id of your own application; see --guide.
    #[arg(long, value_name = "ID", required_unless_present_any = ["guide", "forget"])]
    pub client_id: Option<String>,
    /// A file whose first line is the client secret, if the provider requires one.
    #[arg(long, value_name = "FILE")]
    pub client_secret_file: Option<PathBuf>,
    /// The organisation at Microsoft: its tenant id or a domain of it.
    #[arg(long, value_name = "TENANT")]
    pub tenant: Option<String>,
    /// Type a code into a browser on any computer instead of using the browser here.
    #[arg(long)]
    pub device: bool,
    /// Only print the address to open, and open no browser.
    #[arg(long, conflicts_with = "device")]
    pub no_browser: bool,
    /// A file with providers of your own, in the form of `assets/sign_in.toml`.
    #[arg(long, value_name = "FILE")]
    pub provider_file: Option<PathBuf>,
    /// List every click that leads to a client id, and sign nobody in.
    #[arg(long, conflicts_with_all = ["forget", "device"])]
    pub guide: bool,
    /// With --guide: the way for a whole organisation, with a key file.
    #[arg(long, requires = "guide")]
    pub organisation: bool,
    /// Withdraw the consent where the provider offers that, and forget the sign-in.
    #[arg(long, conflicts_with = "device")]
    pub forget: bool,
}

/// `mailferry exchange-access`.
#[derive(Debug, Args)]
pub struct ExchangeAccess {
    /// The mailboxes: the same list as for “copy”; the users at the destination count.
    #[arg(long, value_name = "FILE.csv")]
    pub accounts: PathBuf,
    /// “Application (client) ID” of the application.
    #[arg(long, value_name = "ID")]
    pub app_id: String,
    /// “Object ID” of the enterprise application, not that of the app registration.
    #[arg(long, value_name = "ID")]
    pub object_id: String,
    /// The output file for the script that gives access.
    #[arg(long, value_name = "FILE", default_value = "give-access.ps1")]
    pub script: PathBuf,
    /// The output file for the script that removes it again.
    #[arg(long, value_name = "FILE", default_value = "take-access-back.ps1")]
    pub undo: PathBuf,
}

/// `mailferry copy`.
#[derive(Debug, Args)]
pub struct Copy {
    /// The server to copy from; USER is percent-encoded (anna%40example.org) and may end in ;AUTH=MECHANISM.
    #[arg(long, value_name = "imaps://USER@HOST[:PORT]", required_unless_present = "project")]
    pub from: Option<String>,
    /// The server to copy to.
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
    /// Admin names that are part of the user name.
    #[command(flatten)]
    pub admin_forms: AdminForms,
    /// A file with an OAuth token for the source; read again for every connection.
    #[arg(long, value_name = "FILE")]
    pub from_token_file: Option<PathBuf>,
    /// A file with an OAuth token for the destination.
    #[arg(long, value_name = "FILE")]
    pub to_token_file: Option<PathBuf>,
    /// A command that prints an OAuth token for the source; run without a shell for every connection.
    #[arg(long, value_name = "COMMAND")]
    pub from_token_command: Option<String>,
    /// A command that prints an OAuth token for the destination.
    #[arg(long, value_name = "COMMAND")]
    pub to_token_command: Option<String>,
    /// Sign-ins at OAuth providers.
    #[command(flatten)]
    pub sign_ins: SignIns,
    /// SHA-256 fingerprint of a certificate to trust at the source, as shown by an earlier run.
    #[arg(long, value_name = "FINGERPRINT")]
    pub from_fingerprint: Option<String>,
    /// SHA-256 fingerprint of a certificate to trust at the destination.
    #[arg(long, value_name = "FINGERPRINT")]
    pub to_fingerprint: Option<String>,
    /// Many mailboxes: address, `source_user`, `source_password`, `source_admin`, `source_admin_form`, `source_token_file`,
    /// `source_token_command`, `source_sign_in`, `source_key_file`, and the same for `destination_`.
    #[arg(long, value_name = "FILE.csv")]
    pub accounts: Option<PathBuf>,
    /// Keep the project in this file, to resume it later or in the window.
    #[arg(long, value_name = "FILE")]
    pub project: Option<PathBuf>,
    /// Limit on simultaneous connections to one server, over all mailboxes of the run; each side of a mailbox gets at
    /// least one. Without it, each mailbox opens as many as help: up to 7 to each server, and up to 15 to a destination
    /// that accepts one message at a time. A mailbox never exceeds the limit the catalogue has for its provider. One more
    /// may be open briefly, to check the sign-in of an admin or to read source messages during the copy.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1_000))]
    pub max_connections: Option<u16>,
    /// Limit on mailboxes copied at the same time.
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=64))]
    pub parallel_mailboxes: u8,
    /// How long a server may stay silent before its connection counts as dead.
    #[arg(long, value_name = "SECONDS", default_value_t = 120, value_parser = clap::value_parser!(u64).range(5..=3_600))]
    pub timeout: u64,
    /// When to compress connections, if the server offers it.
    #[arg(long, value_enum, default_value = "auto")]
    pub compress: Compress,
    /// Count the folders and map their names, but copy nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// How to verify the copy; by default as set in the project, initially quick.
    #[arg(long, value_enum)]
    pub verify: Option<VerifyFlag>,
    /// Copy nothing; verify again what this project has copied.
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
    /// Only messages of at least this size, such as 10kB or 1.5MB.
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub min_size: Option<u64>,
    /// Only messages of at most this size.
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub max_size: Option<u64>,
    /// Only messages that match this IMAP search at the source, such as FROM "bank" UNSEEN.
    #[arg(long, value_name = "SEARCH")]
    pub search: Option<String>,
    /// Copy the newest messages of each folder first.
    #[arg(long)]
    pub newest_first: bool,
    /// At which point of the move this copy runs.
    #[arg(long, value_enum)]
    pub mode: Option<Mode>,
    /// Confirm that the accounts are the same as in earlier runs, although a server or user name has changed.
    #[arg(long, requires = "project")]
    pub same_accounts: bool,
    /// From Gmail: copy a message with several labels once, into the folder of its best label, or into each label's folder.
    #[arg(long, value_enum)]
    pub labels: Option<Labels>,
    /// Upload at most this much to each account per day, instead of the provider's known limit; 0 means no limit.
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub max_up_per_day: Option<u64>,
    /// Download at most this much from each account per day.
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub max_down_per_day: Option<u64>,
    /// Copy at most N messages per folder, and estimate how long the whole copy takes.
    #[arg(long, value_name = "N", conflicts_with = "dry_run", value_parser = clap::value_parser!(u32).range(1..))]
    pub trial: Option<u32>,
    /// Only these source folders; * matches any characters, / separates levels; may be repeated.
    #[arg(long = "include-folder", value_name = "PATTERN")]
    pub include_folders: Vec<String>,
    /// Leave out these folders; may be repeated.
    #[arg(long = "exclude-folder", value_name = "PATTERN")]
    pub exclude_folders: Vec<String>,
    /// Write one row per message: a table for .csv, JSON for .json, one JSON object per line for .jsonl, for a pipe or
    /// device, and for “-” (standard output).
    #[arg(long, value_name = "FILE.csv|.json|.jsonl|-", conflicts_with = "dry_run")]
    pub messages: Option<PathBuf>,
    /// The format of that list, whatever the file name.
    #[arg(long, value_enum, value_name = "FORM", requires = "messages")]
    pub messages_format: Option<ListForm>,
    /// The plan, the provider and the progress output.
    #[command(flatten)]
    pub plan: PlanArgs,
}

/// `mailferry providers`.
#[derive(Debug, Args)]
pub struct Providers {
    /// Measure the providers against this project, as far as its mail was counted and listed.
    #[arg(conflicts_with_all = ["mailboxes", "total", "largest_mailbox", "largest_message", "folder_levels"])]
    pub project: Option<PathBuf>,
    /// Show every row of this provider; may be repeated.
    #[arg(long = "provider", value_name = "ID")]
    pub ids: Vec<String>,
    /// Your own provider: a TOML file in the format of Mailferry's own ones. With a project, it is added to it.
    #[arg(long, value_name = "FILE.toml")]
    pub provider_file: Option<PathBuf>,
    /// How many mailboxes would move.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub mailboxes: usize,
    /// All mail together, such as 43GB.
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub total: Option<u64>,
    /// Your largest mailbox, such as 11GB.
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub largest_mailbox: Option<u64>,
    /// Your largest message, such as 61MB.
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub largest_message: Option<u64>,
    /// How deeply your folders are nested.
    #[arg(long, value_name = "N")]
    pub folder_levels: Option<u32>,
    /// Write every row with its source as JSON; “-” for standard output.
    #[arg(long, value_name = "FILE|-")]
    pub json: Option<PathBuf>,
}

/// `mailferry records`.
#[derive(Debug, Args)]
pub struct Records {
    #[command(flatten)]
    pub planned: PlannedRecords,
    /// What is written: one stage, or the way back. In the formats “bind” and “zone” also what earlier stages have done.
    #[arg(long, value_enum, default_value = "now")]
    pub stage: RecordsStage,
    /// The output format.
    #[arg(long, value_enum, default_value = "bind")]
    pub format: RecordsFormat,
    /// The output file; standard output by default.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// What new records are planned from.
#[derive(Debug, Args)]
pub struct PlannedRecords {
    /// The domain.
    pub domain: String,
    /// The provider's name in the catalogue.
    #[arg(long, value_name = "ID")]
    pub provider: String,
    /// Your own provider: a TOML file in the format of Mailferry's own ones; --provider names it without “.toml”.
    #[arg(long, value_name = "FILE.toml")]
    pub provider_file: Option<PathBuf>,
    /// Facts saved by “mailferry audit --save-facts”: what was asked is not asked again, and its reports try the plan.
    #[arg(long, value_name = "FILE")]
    pub facts: Option<PathBuf>,
    /// A DKIM selector that is in use; may be repeated.
    #[arg(long = "selector", value_name = "NAME")]
    pub selectors: Vec<String>,
    /// Values from the provider that the records need: a TOML file of `name = "value"` lines.
    #[arg(long, value_name = "FILE.toml")]
    pub answers: Option<PathBuf>,
    /// The current zone as a BIND zone file, instead of querying DNS.
    #[arg(long, value_name = "FILE", conflicts_with = "resolver")]
    pub zone: Option<PathBuf>,
    /// Use this resolver instead of the system's.
    #[arg(long, value_name = "HOST:PORT")]
    pub resolver: Option<String>,
    /// A term to drop from the current SPF record; may be repeated.
    #[arg(long = "drop-sender", value_name = "TERM")]
    pub dropped_senders: Vec<String>,
}

/// `mailferry publish`.
#[derive(Debug, Args)]
pub struct Publish {
    #[command(flatten)]
    pub planned: PlannedRecords,
    /// What is published: one stage, or the way back.
    #[arg(long, value_enum)]
    pub stage: RecordsStage,
    /// The primary name server of the zone, which takes changes (RFC 2136).
    #[arg(long, value_name = "HOST[:PORT]")]
    pub server: String,
    /// A file with the key that may change the zone, as tsig-keygen writes it.
    #[arg(long, value_name = "FILE")]
    pub key_file: PathBuf,
    /// Publish without asking.
    #[arg(long)]
    pub yes: bool,
}

/// `mailferry watch`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "flags of the command line")]
pub struct Watch {
    /// The project whose switch is watched.
    pub project: PathBuf,
    /// Check once, instead of repeatedly until the switch is over and late mail has been copied.
    #[arg(long)]
    pub once: bool,
    /// Copy late mail whenever the plan asks for it: a copy of every chosen mailbox that changes nothing already at the
    /// destination. It follows a whole copy, and uses the passwords of the keyring or of --accounts.
    #[arg(long)]
    pub sweep: bool,
    /// The list of mailboxes with passwords, as in “mailferry copy”, for --sweep.
    #[arg(long, value_name = "FILE", requires = "sweep")]
    pub accounts: Option<PathBuf>,
    /// Ask this resolver instead of the system's; may be repeated. The first one finds the name servers.
    #[arg(long = "resolver", value_name = "HOST:PORT")]
    pub resolvers: Vec<String>,
    /// Ask well-known public resolvers, too, to see what senders elsewhere see.
    #[arg(long)]
    pub public_resolvers: bool,
    /// Judge this message once, saved with its whole header (.eml): whether SPF, DKIM and DMARC pass at the new provider, or, if
    /// it came from elsewhere, which server has taken it over; may be repeated.
    #[arg(long = "test-message", value_name = "FILE")]
    pub test_messages: Vec<PathBuf>,
    /// Look once for test messages in this mailbox of the project, at the new provider, and judge them as those of
    /// --test-message. They are told by the subject that “watch” names; nothing changes in the mailbox. The password comes from
    /// the keyring; may be repeated.
    #[arg(long = "test-mailbox", value_name = "ADDRESS")]
    pub test_mailboxes: Vec<String>,
    /// Where else test messages are looked for.
    #[command(flatten)]
    pub test_imap: TestImap,
    /// Agree to query the servers of the domain that a project from another computer names.
    #[arg(long)]
    pub confirm_project: bool,
    /// Write the latest check as JSON; “-” for standard output.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

/// Stages of the records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RecordsStage {
    /// Before the switch: mail is still delivered to the old server.
    Now,
    /// At the switch: new mail goes to the provider.
    Switch,
    /// Three days after the switch: the old server no longer sends.
    Later,
    /// The way back: mail goes to the old server again.
    Rollback,
}

/// Output formats of the records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RecordsFormat {
    /// A BIND zone snippet with `$ORIGIN`.
    Bind,
    /// The whole zone file; needs --zone.
    Zone,
    /// A file for Cloudflare's import.
    Cloudflare,
    /// A change batch for Route 53.
    Route53,
    /// Names for octoDNS's YAML.
    Octodns,
    /// A `D_EXTEND` for `DNSControl`.
    Dnscontrol,
    /// Commands for nsupdate.
    Nsupdate,
    /// Comma-separated values.
    Csv,
    /// Field by field, for the web form of a DNS host.
    Table,
    /// The whole plan for people: every line of every stage with its reason.
    Diff,
}
