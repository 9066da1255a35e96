use std::path::Path;
use std::process::ExitCode;

use super::args::{Audit, Neighbours};
use super::audit_mailboxes::Given;
use super::{CliError, done, output};
use crate::audit::dkim::{MAX_NAMED, is_selector};
use crate::audit::{
    AddressRange, AuditReport, CellState, EarlierAudit, Facts, Status, judge, keyed_operators,
    lists_on_request,
};
use crate::engine::{AuditOptions, AuditReach, NeighbourScope, UserError, headless, read_facts};
use crate::report;
use crate::values::{DomainName, Secret};

/// A key is a few dozen characters.
const MOST_KEY_BYTES: u64 = 4_096;
/// The output of the line for the server is some kB for each host.
const MOST_PROBE_BYTES: u64 = 4_000_000;

/// `mailferry audit`.
pub fn run(arguments: &Audit) -> Result<ExitCode, CliError> {
    let domain = super::checked_domain(&arguments.domain)?;
    super::places::check_audit(arguments)?;
    check_selectors(&arguments.selectors)?;
    let probe_output = arguments
        .probe_output
        .as_deref()
        .map(|path| output::read_text(path, MOST_PROBE_BYTES))
        .transpose()?;
    let mut facts = match &arguments.facts {
        Some(path) => {
            let mut facts = saved_facts(path)?;
            check_domain(&domain, &facts, path)?;
            if let Some(id) = &arguments.only {
                let before = judge(&facts);
                facts = headless::check_again(facts, id, &options(arguments, None), &reach(arguments)?)?;
                output::say(&judge(&facts).change_of(id, &before));
            } else {
                nothing_asked(arguments)?;
            }
            if let Some(output) = &probe_output {
                headless::add_probe_output(&mut facts, output)?;
            }
            facts
        }
        None => ask(arguments, probe_output)?,
    };
    if let Some(path) = &arguments.since {
        let earlier = saved_facts(path)?;
        check_domain(&domain, &earlier, path)?;
        facts.earlier = Some(EarlierAudit::of(&judge(&earlier), earlier.earlier.as_ref()));
    }
    if let Some(path) = &arguments.save_facts {
        output::write_json(path, &facts)?;
    }
    let report = judge(&facts);
    if let Some(path) = &arguments.html {
        let page = report::audit_html(&report).map_err(|error| {
            UserError::new("The audit could not be formatted", error.to_string())
                .or_else("Report this as a bug in Mailferry", "")
        })?;
        output::write_text(path, &page)?;
    }
    if let Some(path) = &arguments.markdown {
        output::write_text(path, &report::audit_markdown(&report))?;
    }
    let is_taken = [&arguments.html, &arguments.markdown, &arguments.save_facts]
        .into_iter()
        .flatten()
        .any(|path| super::places::is_standard_output(path));
    match &arguments.json {
        Some(path) => output::write_json(path, &report)?,
        None if is_taken => output::say(words(&report).trim_end()),
        None => output::print(&words(&report))?,
    }
    Ok(done(arguments.strict && (report.count(Status::Fail) > 0 || !report.has_measured())))
}

/// Input that would not be used is refused, not passed over.
fn check_selectors(selectors: &[String]) -> Result<(), CliError> {
    if selectors.len() > MAX_NAMED {
        return Err(CliError::Usage(format!(
            "{} selectors were given, and one audit asks for {MAX_NAMED}: name those that are in use",
            selectors.len()
        )));
    }
    match selectors.iter().find(|selector| !is_selector(selector.trim().trim_matches('.'))) {
        None => Ok(()),
        Some(wrong) => Err(CliError::Usage(format!(
            "“{wrong}” is no DKIM selector: copy what stands behind s= in the DKIM-Signature header of a sent message"
        ))),
    }
}

/// Facts tell about one domain only.
pub(super) fn check_domain(domain: &DomainName, facts: &Facts, path: &Path) -> Result<(), CliError> {
    if facts.domain == *domain {
        return Ok(());
    }
    Err(CliError::Usage(format!(
        "{} is about another domain ({}): name that one, or choose the file of {domain}",
        path.display(),
        facts.domain
    )))
}

pub(super) fn saved_facts(path: &Path) -> Result<Facts, CliError> {
    Ok(read_facts(path).map_err(|error| *error)?)
}

/// Facts that are only judged ask nobody, so what would change a question is refused, not passed over.
fn nothing_asked(arguments: &Audit) -> Result<(), CliError> {
    let given = [
        ("--save-facts", arguments.save_facts.is_some() && arguments.since.is_none()),
        ("--resolver", arguments.resolver.is_some()),
        ("--second-resolver", arguments.second_resolver.is_some()),
        ("--list-key-file", !arguments.list_key_files.is_empty()),
        ("--probe-control", arguments.probe_control.is_some()),
    ];
    match given.into_iter().find(|(_, is_given)| *is_given) {
        None => Ok(()),
        Some((flag, _)) => Err(CliError::Usage(format!(
            "{flag} is of no use with --facts, which asks nobody: leave it out, or add --only to check one finding again"
        ))),
    }
}

/// What the audit is asked with.
fn options(arguments: &Audit, probe_output: Option<String>) -> AuditOptions {
    AuditOptions {
        resolver: arguments.resolver.clone().unwrap_or_default(),
        selectors: arguments.selectors.clone(),
        sending_addresses: arguments.sending_ips.clone(),
        evidence: arguments.evidence.clone(),
        skips_mail_hosts: arguments.no_probe,
        control_host: arguments.probe_control.clone().unwrap_or_default(),
        probe_output,
        helo: arguments.helo.clone().unwrap_or_default(),
        second_resolver: arguments.second_resolver.clone().unwrap_or_default(),
    }
}

/// How far the audit goes.
fn reach(arguments: &Audit) -> Result<AuditReach, CliError> {
    let headless::StoredKeys { keys: stored, unread } = headless::stored_list_keys()?;
    for operator in unread {
        output::say(&output::line(&format!(
            "The stored key for {operator} could not be read from the keyring; its lists are asked without it."
        )));
    }
    // A key that is named here comes before a stored one.
    let is_named = |operator: &str| {
        let files = arguments.list_key_files.iter();
        files.filter_map(|text| text.split_once('=')).any(|(named, _)| named == operator)
    };
    let stored = stored.into_iter().filter(|(operator, _)| !is_named(operator));
    Ok(AuditReach {
        neighbours: match arguments.neighbours {
            None => NeighbourScope::None,
            Some(Neighbours::Some) => NeighbourScope::Sample,
            Some(Neighbours::All) => NeighbourScope::Whole,
        },
        lists: known_lists(&arguments.lists)?,
        keys: keys(&arguments.list_key_files)?.into_iter().chain(stored).collect(),
        asks_registries: !arguments.no_registries,
    })
}

fn ask(arguments: &Audit, probe_output: Option<String>) -> Result<Facts, CliError> {
    let options = options(arguments, probe_output);
    let owner = super::verdict::answers(&arguments.answers)?;
    let reach = reach(arguments)?;
    let mailboxes = Given::from(&arguments.mailboxes)?;
    let mailboxes = mailboxes.as_ref().map(Given::source);
    let mut last_tenth = 0;
    let mut tell = |done: usize, total: usize, what: &str| {
        let tenth = done * 10 / total.max(1);
        if tenth != last_tenth {
            last_tenth = tenth;
            output::say(&output::line(&format!("{done} of {total} answers, now {what}")));
        }
    };
    let facts = headless::audit(&arguments.domain, &options, &owner, &reach, mailboxes, &mut tell)?;
    Ok(facts)
}

/// Lists that may be named; a name that is none would be asked nowhere and look like a clean result.
fn known_lists(named: &[String]) -> Result<Vec<String>, CliError> {
    let known = lists_on_request();
    match named.iter().find(|name| !known.contains(&name.as_str())) {
        Some(name) => Err(CliError::Usage(format!(
            "“{name}” is no list that is asked on request: name one of {}",
            known.join(", ")
        ))),
        None => Ok(named.to_vec()),
    }
}

/// Keys from files, so that none stands in a command line.
fn keys(named: &[String]) -> Result<Vec<(String, Secret)>, CliError> {
    let known: Vec<&str> = keyed_operators().into_iter().map(|operator| operator.id).collect();
    let key = |text: &String| {
        let (operator, path) =
            text.split_once('=').filter(|(operator, _)| known.contains(operator)).ok_or_else(|| {
                CliError::Usage(format!(
                    "“{text}” names no operator whose lists take a key: write OPERATOR=FILE with one of {}",
                    known.join(", ")
                ))
            })?;
        let key = output::read_text(Path::new(path), MOST_KEY_BYTES)?;
        let key = key.trim();
        if key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(CliError::Usage(format!(
                "{path} holds no key: it has letters and digits only, on one line"
            )));
        }
        Ok((operator.to_owned(), Secret::new(key)))
    };
    named.iter().map(key).collect()
}

/// The findings for a terminal, worst first as on the page.
fn words(report: &AuditReport) -> String {
    let mut text = format!("{}\n{}\n", report.domain, output::line(&report.summary));
    for finding in &report.findings {
        let word = match finding.status {
            Status::Pass => "pass",
            Status::Info => "info",
            Status::Warn => "WARNING",
            Status::Fail => "FAIL",
            Status::Unknown => "unknown",
            Status::NotApplicable => "n/a",
        };
        output::append(
            &mut text,
            format_args!("\n{word:8} {} ({})\n", output::line(&finding.title), finding.id),
        );
        if matches!(finding.status, Status::Pass | Status::NotApplicable) {
            continue;
        }
        output::append(&mut text, format_args!("         {}\n", output::line(&finding.words)));
        if let Some(remedy) = &finding.remedy {
            output::append(&mut text, format_args!("         What to do: {}\n", output::line(remedy)));
        }
        if let Some(copy) = &finding.copy {
            output::append(
                &mut text,
                format_args!("         {}: {}\n", copy.name, output::line(&copy.value)),
            );
        }
    }
    if let Some(since) = &report.since {
        output::append(
            &mut text,
            format_args!("\nSince the audit before\n{}", super::audit_diff::words(since)),
        );
    }
    if report.verdict.is_some() {
        output::append(&mut text, format_args!("\n{}", super::verdict::words(report)));
    }
    for range in report.ranges.iter().filter(|range| range.neighbours().next().is_some()) {
        street(&mut text, range);
    }
    text
}

/// A range as 16 rows of 16 places: each state has a letter of its own.
fn street(text: &mut String, range: &AddressRange) {
    output::append(text, format_args!("\n{}: {}\n", range.range, output::line(&range.words())));
    for row in 0..16_u8 {
        output::append(text, format_args!("{:>8} ", format!(".{}", u16::from(row) * 16)));
        for column in 0..16_u8 {
            let index = row * 16 + column;
            let cell = range.cells.iter().find(|cell| cell.index == index);
            let letter = match cell.map(|cell| cell.state) {
                _ if index == range.own_index => '@',
                Some(CellState::HighImpact) => 'X',
                Some(CellState::LowerImpact) => '/',
                Some(CellState::Unknown) => '?',
                Some(CellState::Clean) => '.',
                None => ' ',
            };
            output::append(text, format_args!("{letter} "));
        }
        output::append(text, format_args!("\n"));
    }
    output::append(
        text,
        format_args!(
            "         @ you, X listed with high impact, / with lower impact, ? no answer, . clean, blank not asked\n"
        ),
    );
    for cell in range.neighbours().filter(|cell| !cell.lists.is_empty()) {
        output::append(
            text,
            format_args!("         {} {}\n", cell.place, output::line(&cell.lists.join(", "))),
        );
    }
}
