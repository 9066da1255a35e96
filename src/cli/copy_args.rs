use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Flags of `mailferry copy` about the plan, the provider and the progress output.
#[derive(Debug, Default, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct PlanArgs {
    /// The destination's provider by its name in the catalogue; recognised from the server name by default.
    #[arg(long, value_name = "ID")]
    pub provider: Option<String>,
    /// Your own provider: a TOML file in the format of Mailferry's own ones; --provider names it without “.toml”. It is
    /// kept in the project.
    #[arg(long, value_name = "FILE.toml")]
    pub provider_file: Option<PathBuf>,
    /// Rename a folder at the destination, with everything below it; / separates levels; may be repeated.
    #[arg(long = "rename-folder", value_name = "SOURCE=DESTINATION")]
    pub renamed_folders: Vec<String>,
    /// Merge a folder into another one at the destination; may be repeated.
    #[arg(long = "merge-folder", value_name = "SOURCE=DESTINATION")]
    pub merged_folders: Vec<String>,
    /// Disable read-receipt requests in read messages, by renaming the header field, so that mail programs do not send
    /// receipts again from the new mailbox.
    #[arg(long)]
    pub disarm_receipts: bool,
    /// Date copies by their Date field instead of their arrival, for mailboxes where an earlier move stamped all mail with
    /// its own date. Messages already listed by an earlier run keep their date.
    #[arg(long)]
    pub dates_from_header: bool,
    /// Copy exact duplicates within a folder only once: same bytes and same flags, read or unread. By default every
    /// duplicate is copied.
    #[arg(long)]
    pub drop_duplicates: bool,
    /// Where to save messages that the destination accepts in no form. By default next to the project or, without a
    /// project, in the folder mailferry-exported of the current directory.
    #[arg(long, value_name = "DIR", conflicts_with = "dry_run")]
    pub export_dir: Option<PathBuf>,
    /// Retry messages that an earlier run of this project could not copy or saved as files.
    #[arg(long, requires = "project", conflicts_with_all = ["dry_run", "trial"])]
    pub retry_failed: bool,
    /// What to do with the remaining messages of a mailbox that is full at the destination. A project remembers the choice
    /// for each such mailbox; --when-full stop takes it back and copies the remaining messages after all.
    #[arg(long, value_enum, value_name = "WHAT", conflicts_with_all = ["dry_run", "verify_only"])]
    pub when_full: Option<WhenFull>,
    /// Allow a project that was created or changed elsewhere to run, read and send what it specifies; otherwise this is
    /// only printed.
    #[arg(long, requires = "project")]
    pub confirm_project: bool,
    /// Copy even if Mailferry cannot record which accounts are in use, and so cannot prevent a second copy into the same
    /// account.
    #[arg(long)]
    pub without_account_lock: bool,
    /// The format of the progress on standard error.
    #[arg(long, value_enum, default_value = "lines")]
    pub progress: ProgressForm,
}

/// Flags of `mailferry copy` about admin names.
#[derive(Debug, Default, Args)]
pub struct AdminForms {
    /// How the source expects mailbox and admin in one user name: the separator, such as *, or a form such as
    /// {admin}\{user}. Mailferry checks whose inbox it opened.
    #[arg(long, value_name = "FORM", requires = "from_admin")]
    pub from_admin_form: Option<String>,
    /// The same for the destination.
    #[arg(long, value_name = "FORM", requires = "to_admin")]
    pub to_admin_form: Option<String>,
}

/// What to do with the remaining messages of a full mailbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum WhenFull {
    /// The mailbox stops, as it does without this flag.
    Stop,
    /// They stay at the source.
    LeaveOut,
    /// They are saved as .eml files, beside other messages that the destination does not accept.
    Save,
}

/// Formats of the progress.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ProgressForm {
    /// For people: a line whenever a mailbox changes.
    #[default]
    Lines,
    /// For programs: one JSON object per line, including messages.
    Json,
}

/// Flags of `mailferry copy` about sign-ins at OAuth providers.
#[derive(Debug, Default, Args)]
pub struct SignIns {
    /// Use the sign-in of the source's user at this provider, made by “mailferry sign-in”; tokens are renewed as needed.
    #[arg(long, value_name = "PROVIDER")]
    pub from_sign_in: Option<String>,
    /// The same at the destination.
    #[arg(long, value_name = "PROVIDER")]
    pub to_sign_in: Option<String>,
    /// The key of a Google service account or a Microsoft application, which signs in for every mailbox at the source.
    #[arg(long, value_name = "FILE")]
    pub from_key_file: Option<PathBuf>,
    /// The same at the destination.
    #[arg(long, value_name = "FILE")]
    pub to_key_file: Option<PathBuf>,
}
