//! `mailferry providers`: what the catalogue knows, measured against the owner's mail.

use std::process::ExitCode;

use super::args::Providers;
use super::{CliError, output};
use crate::providers::{Catalogue, Comparison, OwnMail, ProviderId, compare};
use crate::values::Bytes;

/// `mailferry providers`.
pub fn run(arguments: &Providers) -> Result<ExitCode, CliError> {
    let catalogue = Catalogue::embedded();
    for id in &arguments.ids {
        let id = ProviderId(id.clone());
        if catalogue.get(&id).is_none() {
            let known: Vec<_> = catalogue.providers().iter().map(|provider| provider.id.0.as_str()).collect();
            let words = format!("there is no provider “{id}”; the providers are {}", known.join(", "));
            return Err(CliError::Usage(words));
        }
    }
    let own = OwnMail {
        mailbox_count: arguments.mailboxes,
        largest_mailbox: arguments.largest_mailbox.map(Bytes),
        largest_message: arguments.largest_message.map(Bytes),
        ..OwnMail::default()
    };
    let wanted = catalogue
        .providers()
        .iter()
        .filter(|provider| arguments.ids.is_empty() || arguments.ids.contains(&provider.id.0));
    let comparisons = wanted.map(|provider| compare(provider, &own)).collect::<Vec<_>>();
    if arguments.json {
        output::write_json("-".as_ref(), &comparisons)?;
    } else {
        output::print(&comparisons.iter().map(in_words).collect::<Vec<_>>().join("\n"))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// One provider for a terminal.
fn in_words(comparison: &Comparison) -> String {
    let mut text = String::new();
    output::append(
        &mut text,
        format_args!("{} ({})\n{}\n", comparison.name, comparison.provider, comparison.tagline),
    );
    for row in &comparison.rows {
        output::append(&mut text, format_args!("  {:38} {}\n", row.label, output::line(&row.value)));
    }
    text
}
