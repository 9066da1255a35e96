//! The report and the audit as Markdown (`CommonMark` with tables), for a wiki or a ticket.
//!
//! Untrusted text is put into code spans or escaped, so that it cannot become markup or links.

use std::fmt::Write as _;

use super::format::{equation, utc};
use super::page_accounts::accounts_page;
use super::page_audit::{FindingPage, audit_page};
use super::page_copy::{copy_page, headline};
use super::page_records::records_page;
use super::page_switch::{SwitchPage, reminder_pages, switch_page};
use super::page_verdict::{DecidingRow, OverruledPage, verdict_page};
use super::{ReportInput, next_steps};
use crate::audit::AuditReport;
use crate::values::printable_line;

/// The report of the whole move.
pub fn markdown(input: &ReportInput) -> String {
    let mut out = Page::default();
    out.heading(1, &headline(input.copy.as_ref()));
    out.paragraph(&format!("Domain {}.", code(input.domain.as_unicode())));
    for (word, place) in [("From", &input.source_server), ("To", &input.destination)] {
        if !place.is_empty() {
            out.paragraph(&format!("{word} {}.", code(place)));
        }
    }
    let made = format!("Created {} by Mailferry {}.", utc(input.made_at), input.program_version);
    out.paragraph(&escaped(&made));
    if input.is_practice {
        out.paragraph(
            "**Practice.** Servers, DNS and provider ran inside Mailferry; no real mail was touched.",
        );
    }
    out.heading(2, "What to do next");
    for (number, step) in (1..).zip(next_steps(input)) {
        out.line(&format!("{number}. {}", escaped(&step)));
    }
    copy(&mut out, input);
    accounts(&mut out, input);
    records(&mut out, input);
    switch(&mut out, input);
    out.heading(2, "What was audited");
    match &input.audit {
        Some(report) => audit(&mut out, report),
        None => out.paragraph("The audit has not been run yet."),
    }
    out.text
}

/// The audit alone.
pub fn audit_markdown(report: &AuditReport) -> String {
    let mut out = Page::default();
    out.heading(1, &format!("Mail audit of {}", report.domain));
    audit(&mut out, report);
    out.text
}

fn copy(out: &mut Page, input: &ReportInput) {
    out.heading(2, "What was copied");
    let Some(copy) = &input.copy else { return out.paragraph("Nothing has been copied yet.") };
    let page = copy_page(copy);
    out.paragraph(&format!("**{}**", escaped(&page.equation)));
    for words in
        [Some(&page.times), page.remark.as_ref(), page.verification.as_ref(), page.selection.as_ref()]
    {
        out.paragraph(&words.map_or_else(String::new, |words| escaped(words)));
    }
    out.table(&["Mailbox", "Messages"]);
    for mailbox in &copy.mailboxes {
        let trouble = mailbox.trouble.as_ref().map(|words| format!(" **not done:** {}", escaped(words)));
        let sum = escaped(&equation(&mailbox.sum));
        out.row(&[code(&mailbox.address), format!("{sum}{}", trouble.unwrap_or_default())]);
    }
    out.line("");
    for problem in &page.problems {
        let words = format!("{}, {}: {}. {}", problem.word, problem.count, problem.cause, problem.way_out);
        out.line(&format!("- {}", escaped(&words)));
    }
}

fn accounts(out: &mut Page, input: &ReportInput) {
    if let Some(accounts) = &input.accounts {
        let page = accounts_page(accounts);
        out.heading(2, "Aliases, forwards and lists");
        out.paragraph(&format!("{}.", escaped(&page.summary)));
        for source in &page.sources {
            out.line(&format!("- {}", escaped(source)));
        }
        if !page.routes.is_empty() {
            out.table(&["Address", "Becomes", "Leads to", "Remarks"]);
        }
        for route in &page.routes {
            let remarks = escaped(&route.troubles.join(". "));
            out.row(&[code(&route.from), route.word.to_owned(), code(&route.to), remarks]);
        }
        if !page.left_out.is_empty() {
            out.heading(3, "Not taken");
        }
        for (what, why) in &page.left_out {
            out.line(&format!("- {}: {}", code(what), escaped(why)));
        }
        out.paragraph(&page.more_left_out);
    }
    if !input.left_behind.is_empty() {
        out.heading(2, "What IMAP does not carry");
    }
    for item in &input.left_behind {
        let words = [&item.title, &item.words, &item.what_to_do].map(|words| escaped(words));
        out.line(&format!("- **{}.** {} {}", words[0], words[1], words[2]));
    }
}

fn records(out: &mut Page, input: &ReportInput) {
    out.heading(2, "Records");
    let Some(records) = &input.records else {
        return out.paragraph("The new records have not been prepared yet.");
    };
    let page = records_page(records);
    for group in &page.groups {
        out.heading(3, &format!("{}: {}", group.heading, group.purpose));
        out.table(&["", "Name", "TTL", "Type", "Value", "Reason"]);
        for line in &group.lines {
            let when = if line.stage.is_empty() { String::new() } else { format!(" ({})", line.stage) };
            out.row(&[
                format!("{}{when}", line.word),
                code(&line.name),
                line.ttl_secs.to_string(),
                escaped(&line.record_type),
                code(&line.value),
                escaped(&line.reason),
            ]);
        }
    }
    for note in &page.notes {
        out.line(&format!("- {}", escaped(note)));
    }
}

fn switch(out: &mut Page, input: &ReportInput) {
    out.heading(2, "The switch");
    match &input.switch {
        Some(switch) => watched(out, &switch_page(switch)),
        None => out.paragraph("The switch has not been watched yet."),
    }
    if input.reminders.is_empty() {
        return;
    }
    out.heading(3, "What remains afterwards");
    out.table(&["", "From", "What", "About"]);
    for reminder in reminder_pages(&input.reminders) {
        let title = escaped(&reminder.title);
        out.row(&[reminder.word.to_owned(), reminder.from, title, code(&reminder.detail)]);
    }
}

fn watched(out: &mut Page, page: &SwitchPage) {
    out.paragraph(&escaped(&page.standing));
    out.paragraph(&escaped(&page.route));
    for (words, at) in &page.dates {
        out.line(&format!("- {words}: {at}"));
    }
    if !page.notes.is_empty() {
        out.paragraph(&page.rounds);
        out.table(&["When", "New", "Old", "Neither", "No answer", "SPF, DKIM, DMARC new"]);
    }
    for note in &page.notes {
        let counts = [note.new, note.old, note.wrong, note.silent, note.proven];
        let [new, old, wrong, silent, proven] = counts.map(|count| count.to_string());
        out.row(&[note.at.clone(), new, old, wrong, silent, proven]);
    }
    if !page.sights.is_empty() {
        out.table(&["Who was asked", "What it has", "SPF, DKIM and DMARC"]);
    }
    for sight in &page.sights {
        out.row(&[code(&sight.who), escaped(&sight.sees), escaped(&sight.proof)]);
    }
    for test in &page.tests {
        let what = format!("Test message {}, judged {}: {}. {}", test.name, test.at, test.title, test.advice);
        out.paragraph(&escaped(&what));
        for (name, outcome) in &test.rows {
            out.line(&format!("- {}: {}", escaped(name), escaped(outcome)));
        }
    }
    out.paragraph(&page.late);
    if !page.sweeps.is_empty() {
        out.table(&["Copied again", "Brought over"]);
    }
    for (at, words) in &page.sweeps {
        out.row(&[at.clone(), words.clone()]);
    }
    for line in page.way_back.lines() {
        out.line(&format!("- the way back: {}", code(line)));
    }
}

fn audit(out: &mut Page, report: &AuditReport) {
    let page = audit_page(report);
    out.paragraph(&format!("{} Measured {} with {}.", escaped(&page.summary), page.at, code(&page.resolver)));
    if let Some(verdict) = verdict_page(report) {
        let clean = if verdict.clean_first { ", but clean first" } else { "" };
        out.heading(3, &format!("Verdict: {}{clean}", verdict.title));
        out.paragraph(&format!("**{}.** {}", escaped(&verdict.sentence), escaped(&verdict.why)));
        if let Some(OverruledPage { outcome, because }) = &verdict.overruled {
            out.paragraph(&format!("**You decided otherwise: {outcome}.** {}", escaped(because)));
        }
        out.paragraph(&format!("{}: {}.", verdict.confidence, escaped(&verdict.confidence_words)));
        for DecidingRow { title, raw, weight } in &verdict.decided_by {
            out.line(&format!("- {} {}", escaped(title), escaped(weight)));
            if !raw.is_empty() {
                out.line(&format!("  {}", code(raw)));
            }
        }
        for (heading, lines) in &verdict.lists {
            out.paragraph(&format!("**{heading}**"));
            for line in lines {
                out.line(&format!("- {}", escaped(line)));
            }
        }
        if !verdict.receivers.is_empty() {
            out.table(&["Receiver", "Recipients", "Attempts", "Delivered", "What it does", "Reply"]);
        }
        for row in &verdict.receivers {
            out.row(&[
                escaped(&row.name),
                row.share.clone(),
                row.attempts.clone(),
                row.delivered.clone(),
                row.word.to_owned(),
                code(&row.reply),
            ]);
        }
    }
    for group in &page.groups {
        out.heading(3, group.heading);
        for finding in &group.findings {
            append_finding(out, finding);
        }
    }
}

fn append_finding(out: &mut Page, finding: &FindingPage) {
    out.line(&format!("- **{}: {}** {}", finding.word, escaped(&finding.title), code(&finding.id)));
    out.line(&format!("  {}", escaped(&finding.words)));
    if let Some(remedy) = &finding.remedy {
        out.line(&format!("  *What to do:* {}", escaped(remedy)));
    }
    if let Some((name, value)) = &finding.copy {
        out.line(&format!("  {}: {}", escaped(name), code(value)));
    }
}

#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    fn line(&mut self, line: &str) {
        let _infallible = writeln!(self.text, "{line}");
    }

    fn heading(&mut self, level: usize, words: &str) {
        let marks = "#".repeat(level);
        self.line(&format!("\n{marks} {}\n", escaped(words)));
    }

    /// Writes nothing for an empty text.
    fn paragraph(&mut self, words: &str) {
        if !words.is_empty() {
            self.line(&format!("\n{words}\n"));
        }
    }

    fn table(&mut self, heads: &[&str]) {
        let rule = heads.iter().map(|_| " --- ").collect::<Vec<_>>().join("|");
        self.line(&format!("\n| {} |\n|{rule}|", heads.join(" | ")));
    }

    fn row(&mut self, cells: &[String]) {
        self.line(&format!("| {} |", cells.join(" | ")));
    }
}

/// Escapes all markup and joins the lines.
fn escaped(words: &str) -> String {
    let mut escaped = String::with_capacity(words.len());
    for sign in printable_line(words).chars() {
        if "\\`*_[]<>#|&~".contains(sign) {
            escaped.push('\\');
        }
        escaped.push(sign);
    }
    escaped
}

/// An untrusted value in a code span that it cannot end. Inside a table `|` must be escaped even there.
fn code(value: &str) -> String {
    if value.is_empty() {
        return String::new();
    }
    let value = printable_line(value).replace('`', "\u{2b9}").replace('|', "\\|");
    format!("`{value}`")
}
