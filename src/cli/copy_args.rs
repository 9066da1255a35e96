use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Flags of `mailferry copy` about the plan, the provider, and what is told meanwhile.
#[derive(Debug, Default, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct PlanArgs {
    /// The provider of the destination, as named by the catalogue; recognised by the server's name where it is not given.
    #[arg(long, value_name = "ID")]
    pub provider: Option<String>,
    /// Give a folder another name at the destination, levels parted by /; what lies below it follows; may be given more
    /// than once.
    #[arg(long = "rename-folder", value_name = "SOURCE=DESTINATION")]
    pub renamed_folders: Vec<String>,
    /// Put a folder where another one goes, so that two become one; may be given more than once.
    #[arg(long = "merge-folder", value_name = "SOURCE=DESTINATION")]
    pub merged_folders: Vec<String>,
    /// Give requests for a read receipt another name in messages that are read, so that no mail program answers them anew
    /// in the new mailbox.
    #[arg(long)]
    pub disarm_receipts: bool,
    /// Date copies by their Date field, not by their arrival: for mailboxes in which an earlier move has dated all messages
    /// with its own day. Messages that an earlier run has listed keep their date.
    #[arg(long)]
    pub dates_from_header: bool,
    /// Copy exact duplicates within a folder once: the same bytes and flags, but for whether they are read. Without it as
    /// many arrive as there are.
    #[arg(long)]
    pub drop_duplicates: bool,
    /// Save messages here that the destination takes in no form. Without it they go beside the project, and without a
    /// project into the folder mailferry-exported of the current directory.
    #[arg(long, value_name = "DIR", conflicts_with = "dry_run")]
    pub export_dir: Option<PathBuf>,
    /// Try messages again that an earlier run of this project could not copy, or has saved as files.
    #[arg(long, requires = "project", conflicts_with_all = ["dry_run", "trial"])]
    pub retry_failed: bool,
    /// Let a project that was made or changed elsewhere run, read and send what it says; without this flag it is only shown.
    #[arg(long, requires = "project")]
    pub confirm_project: bool,
    /// Copy although the list of accounts that are written into cannot be kept, so that nothing keeps a second copy from
    /// running into the same account.
    #[arg(long)]
    pub without_account_lock: bool,
    /// How the progress is told on standard error.
    #[arg(long, value_enum, default_value = "lines")]
    pub progress: ProgressForm,
}

/// Flags of `mailferry copy` about names of admins.
#[derive(Debug, Default, Args)]
pub struct AdminForms {
    /// How the source wants the names of mailbox and admin in one: what stands between them, as in *, or a form such as
    /// {admin}\{user}. Whose inbox was opened is checked.
    #[arg(long, value_name = "FORM", requires = "from_admin")]
    pub from_admin_form: Option<String>,
    /// The same at the destination.
    #[arg(long, value_name = "FORM", requires = "to_admin")]
    pub to_admin_form: Option<String>,
}

/// Forms of the progress.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ProgressForm {
    /// A line per mailbox that changes, for people.
    #[default]
    Lines,
    /// A JSON object per line, for programs; words come as objects, too.
    Json,
}
