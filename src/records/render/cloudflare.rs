//! Cloudflare: its import takes zone lines and only adds; what is to be deleted first stands in comments.

use super::sets::StageSets;
use super::zone::{data, line};
use crate::records::ZoneData;
use crate::records::txt::escaped_name;
use std::fmt::Write as _;

pub(super) fn render(sets: &StageSets) -> String {
    let mut text = format!(
        ";; {}\n;; Cloudflare: DNS, Records, Import and export. The import adds and deletes nothing, so first delete:\n",
        sets.title()
    );
    let mut is_any = false;
    for change in &sets.changes {
        for value in change.removed() {
            is_any = true;
            let name = sets.full_name(&change.name);
            let _infallible =
                writeln!(text, ";;   {} {} {}", escaped_name(&name), value.record_type(), data(value));
        }
    }
    if !is_any {
        text.push_str(";;   nothing\n");
    }
    let _infallible = writeln!(text, "$ORIGIN {}.", escaped_name(sets.domain.as_ascii()));
    for change in &sets.changes {
        let ttl_secs = change.after.as_ref().map_or(0, |set| set.ttl_secs);
        for value in change.added() {
            text.push_str(&line(&change.name, ttl_secs, value));
            // Mail names must not stand behind Cloudflare's own proxy.
            if matches!(value, ZoneData::Cname(_) | ZoneData::Address(_)) {
                text.push_str(" ; cf_tags=cf-proxied:false");
            }
            text.push('\n');
        }
    }
    text
}
