//! Field by field, to be typed into the web form of a DNS host.

use super::csv_file::fields;
use super::sets::StageSets;

pub(super) fn render(sets: &StageSets) -> String {
    let mut text = format!("{}\n", sets.title());
    if sets.changes.is_empty() {
        text.push_str("\nNothing to change.\n");
    }
    for change in &sets.changes {
        let gone = change.removed().map(|value| ("Delete", change.before.as_ref(), value));
        let come = change.added().map(|value| ("Add", change.after.as_ref(), value));
        for (action, set, value) in gone.chain(come) {
            let (priority, data) = fields(value);
            let full = sets.full_name(&change.name);
            text.push_str(&format!(
                "\n{action} {}\n  Name      {}   ({full})\n",
                change.record_type,
                one_line(&change.name)
            ));
            if let Some(set) = set {
                text.push_str(&format!("  TTL       {}\n", set.ttl_secs));
            }
            if !priority.is_empty() {
                text.push_str(&format!("  Priority  {priority}\n"));
            }
            text.push_str(&format!("  Value     {}\n", one_line(&data)));
        }
        for reason in &change.reasons {
            text.push_str(&format!("  Why       {}\n", one_line(reason)));
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
