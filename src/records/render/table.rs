//! Field by field, to be typed into the web form of a DNS host.

use super::csv_file::{WebFields, fields};
use super::sets::StageSets;
use std::fmt::Write as _;

pub(super) fn render(sets: &StageSets) -> String {
    let mut text = format!("{}\n", sets.title());
    if sets.changes.is_empty() {
        text.push_str("\nNothing to change.\n");
    }
    for change in &sets.changes {
        let gone = change.removed().map(|value| ("Delete", change.before.as_ref(), value));
        let come = change.added().map(|value| ("Add", change.after.as_ref(), value));
        for (action, set, value) in gone.chain(come) {
            let WebFields { priority, data } = fields(value);
            let full = sets.full_name(&change.name);
            let _infallible = writeln!(
                text,
                "\n{action} {}\n  Name      {}   ({full})",
                change.record_type,
                one_line(&change.name)
            );
            if let Some(set) = set {
                let _infallible = writeln!(text, "  TTL       {}", set.ttl_secs);
            }
            if !priority.is_empty() {
                let _infallible = writeln!(text, "  Priority  {priority}");
            }
            let _infallible = writeln!(text, "  Value     {}", one_line(&data));
        }
        for reason in &change.reasons {
            let _infallible = writeln!(text, "  Why       {}", one_line(reason));
        }
    }
    text
}

/// Control characters as escapes, so that each field stays on its line.
fn one_line(text: &str) -> String {
    text.chars()
        .flat_map(
            |sign| if sign.is_control() { sign.escape_default().collect::<Vec<_>>() } else { vec![sign] },
        )
        .collect()
}
