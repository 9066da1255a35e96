use std::path::PathBuf;

use clap::Args;

/// `mailferry accounts`.
#[derive(Debug, Args)]
pub struct AccountList {
    /// Files to read: tables, /etc/passwd, /etc/aliases, Dovecot passwd-files, Postfix maps, the output of doveadm user
    /// '*', exports of mailcow, Mail-in-a-Box, iRedMail and Modoboa. The format is recognised from the content.
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// Take this domain only; names without a domain belong to it. Without it, all domains are taken.
    #[arg(long, value_name = "DOMAIN")]
    pub domain: Option<String>,
    /// Read the files in this format: table, passwd, dovecot-passwd, postfix-mailboxes, postfix-aliases, aliases, mailcow,
    /// mail-in-a-box, iredmail-ldif, iredmail-sql, modoboa or doveadm-users.
    #[arg(long = "as", value_name = "FORM", conflicts_with = "project")]
    pub form: Option<String>,
    /// Write what was read, the plan of aliases and what IMAP does not carry as JSON; “-” for standard output.
    #[arg(long, value_name = "FILE|-")]
    pub json: Option<PathBuf>,
    /// Write mailboxes and aliases for a provider: csv, google, microsoft365 or microsoft365-aliases (PowerShell).
    #[arg(long, value_name = "FORM")]
    pub export: Option<String>,
    /// The output file for it; standard output by default.
    #[arg(long, value_name = "FILE", requires = "export")]
    pub out: Option<PathBuf>,
    /// Make a new password for every mailbox. They are in the file of --out, which only you can read, and nowhere else.
    #[arg(long, requires = "out")]
    pub passwords: bool,
    /// Add the mailboxes and aliases to this project, which is created if there is none.
    #[arg(long, value_name = "FILE", requires = "domain")]
    pub project: Option<PathBuf>,
}

/// `mailferry report`.
#[derive(Debug, Args)]
pub struct ReportFiles {
    /// The project.
    pub project: PathBuf,
    /// Write the report as an HTML page.
    #[arg(long, value_name = "FILE", required_unless_present_any = ["markdown", "json"])]
    pub html: Option<PathBuf>,
    /// Write it as Markdown.
    #[arg(long, value_name = "FILE")]
    pub markdown: Option<PathBuf>,
    /// Write it as JSON.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}
