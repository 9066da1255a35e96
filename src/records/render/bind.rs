//! Zone text for BIND and everything that reads the same form (RFC 1035 section 5).

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::records::judge_words::{stage_name, stage_words};
use crate::records::txt::{escaped_name, quoted_strings};
use crate::records::{Change, DiffLine, RecordGroup, RecordsPlan, SwitchStage};

/// How zone text is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BindOptions {
    /// The last stage whose records are written out; later ones stand in comments.
    pub through: SwitchStage,
    /// When the text was made, for its head: `2026-11-15 09:12 UTC`.
    pub made_at: Option<String>,
}

impl Default for BindOptions {
    fn default() -> Self {
        Self { through: SwitchStage::Now, made_at: None }
    }
}

/// Writes the plan as zone lines: the mail records as they are after [`BindOptions::through`], what has gone by then
/// and what comes later in comments. The text can be included in the zone as it is; it has `$ORIGIN` and `$TTL`.
/// Groups that depend on something unread ([`RecordsPlan::unread`]) stand in comments altogether.
pub fn render_bind(plan: &RecordsPlan, options: &BindOptions) -> String {
    let mut zone = String::new();
    let domain = &plan.domain;
    comment(&mut zone, &format!("Mail records of {domain} for {}", plan.provider_name));
    if let Some(made_at) = &options.made_at {
        comment(&mut zone, &format!("made {made_at}"));
    }
    comment(
        &mut zone,
        "Lines that begin with “; -” are to be taken out of the zone, those with “; +” come later.",
    );
    for note in &plan.notes {
        comment(&mut zone, &format!("Note: {note}"));
    }
    zone.extend(["$ORIGIN ", &escaped_name(domain.as_ascii()), ".\n$TTL 3600\n"]);
    for stage in SwitchStage::ALL {
        let heading = heading(plan, stage);
        let lines = known(plan).flat_map(|group| group.lines.iter().map(move |line| (group, line)));
        let mut last_kind = None;
        for (group, line) in lines.filter(|(_, line)| line.stage == stage && line.change != Change::Keep) {
            if last_kind.is_none() {
                zone.push('\n');
                comment(&mut zone, &format!("== {heading} =="));
            }
            if last_kind != Some(group.kind) {
                comment(&mut zone, &format!("{}: {}", group.heading(), group.purpose));
                last_kind = Some(group.kind);
            }
            if plan.waits(group, line) {
                write_waiting(&mut zone, line);
            } else {
                write_line(&mut zone, plan, line, options.through);
            }
        }
    }
    let kept = known(plan).flat_map(|group| &group.lines).filter(|line| line.change == Change::Keep);
    for (index, line) in kept.enumerate() {
        if index == 0 {
            zone.push('\n');
            comment(&mut zone, "== Stays as it is ==");
        }
        write_line(&mut zone, plan, line, options.through);
    }
    write_unknown(&mut zone, plan);
    zone
}

/// What a stage does, as its judgement has it.
fn heading(plan: &RecordsPlan, stage: SwitchStage) -> String {
    match (plan.judgement(stage), stage) {
        (Some(judgement), _) => stage_words(judgement),
        (None, stage) => stage_name(stage).to_owned(),
    }
}

/// A line that would do harm is there to be read only, and the record that it would replace stays active.
fn write_waiting(zone: &mut String, line: &DiffLine) {
    let Some(record) = record(line) else { return };
    if line.change == Change::Remove && line.stage == SwitchStage::Now {
        comment(zone, "Stays, as the change below would do harm.");
        zone.push_str(&record);
        zone.push('\n');
        return;
    }
    comment(zone, &format!("Waits: {}", line.reason));
    comment(zone, &format!("? {}", flat(&record)));
}

/// Groups of which everything was read that they depend on.
fn known(plan: &RecordsPlan) -> impl Iterator<Item = &RecordGroup> {
    plan.groups.iter().filter(|group| plan.is_known(group))
}

/// What would be done if the unread parts of the zone were empty, for reading only.
fn write_unknown(zone: &mut String, plan: &RecordsPlan) {
    let groups = plan.groups.iter().filter_map(|group| Some((group, plan.unread.get(&group.kind)?)));
    for (index, (group, unread)) in groups.enumerate() {
        if index == 0 {
            zone.push('\n');
            comment(
                zone,
                "== Not written: read the zone again, and leave these records as they are until then ==",
            );
        }
        comment(zone, &format!("{}: {} could not be read", group.heading(), unread.join(", ")));
        for line in &group.lines {
            let sign = match line.change {
                Change::Add => '+',
                Change::Remove => '-',
                Change::Keep => '=',
            };
            if let Some(record) = record(line) {
                comment(zone, &format!("? {sign} {}", flat(&record)));
            }
        }
    }
}

/// A record over several lines as one, so that it stays a comment on each of them.
fn flat(record: &str) -> String {
    record.lines().map(str::trim).collect::<Vec<_>>().join(" ")
}

fn write_line(zone: &mut String, plan: &RecordsPlan, line: &DiffLine, through: SwitchStage) {
    let Some(record) = record(line) else {
        comment(
            zone,
            &format!(
                "{} {} {} (not written, as it is no mail record)",
                line.name, line.record_type, line.value
            ),
        );
        return;
    };
    let is_active = match line.change {
        // What goes in a later stage is still in the zone.
        Change::Remove => line.stage > through && !is_written_elsewhere(plan, line),
        Change::Keep | Change::Add => line.stage <= through && !is_taken_out_later(plan, line, through),
    };
    comment(zone, &line.reason);
    if is_active {
        zone.push_str(&record);
        zone.push('\n');
    } else {
        let sign = if line.change == Change::Remove { '-' } else { '+' };
        comment(zone, &format!("{sign} {}", flat(&record)));
    }
}

/// Whether the record that goes is one that another line brings or keeps.
fn is_written_elsewhere(plan: &RecordsPlan, removed: &DiffLine) -> bool {
    let mut lines = known(plan).flat_map(|group| &group.lines);
    lines.any(|line| line.change != Change::Remove && is_same_record(line, removed))
}

fn is_same_record(one: &DiffLine, other: &DiffLine) -> bool {
    one.name == other.name && one.record_type == other.record_type && one.value == other.value
}

/// Whether a stage that is written out as well takes this record away again.
fn is_taken_out_later(plan: &RecordsPlan, added: &DiffLine, through: SwitchStage) -> bool {
    known(plan).any(|group| {
        group.lines.iter().any(|line| {
            line.change == Change::Remove
                && line.stage > added.stage
                && line.stage <= through
                && is_same_record(line, added)
                && !plan.waits(group, line)
        })
    })
}

/// The record in zone-file form; `None` for data that is not of the type it says.
fn record(line: &DiffLine) -> Option<String> {
    let name = if line.name == "@" { "@".to_owned() } else { escaped_name(&line.name) };
    let head = format!("{name:<24} {:>6} IN {:<5}", line.ttl_secs, line.record_type);
    let host = |text: &str| match text.strip_suffix('.') {
        Some(name) => absolute(name),
        None => absolute(text),
    };
    match line.record_type.as_str() {
        "MX" => {
            let (preference, name) = line.value.split_once(' ')?;
            let preference = preference.parse::<u16>().ok()?;
            Some(format!("{head} {preference} {}", host(name.trim())))
        }
        "CNAME" | "NS" => Some(format!("{head} {}", host(&line.value))),
        "SRV" => {
            let (numbers, name) = line.value.rsplit_once(' ')?;
            let is_numbers = numbers.split(' ').all(|number| number.parse::<u16>().is_ok());
            is_numbers.then(|| format!("{head} {numbers} {}", host(name)))
        }
        "TLSA" => {
            let is_plain = line.value.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b' ');
            is_plain.then(|| format!("{head} {}", line.value))
        }
        "A" => Some(format!("{head} {}", line.value.parse::<Ipv4Addr>().ok()?)),
        "AAAA" => Some(format!("{head} {}", line.value.parse::<Ipv6Addr>().ok()?)),
        "TXT" => {
            let strings = quoted_strings(line.value.as_bytes());
            Some(match strings.as_slice() {
                [one] => format!("{head} {one}"),
                several => format!("{head} (\n    {}\n    )", several.join("\n    ")),
            })
        }
        _ => None,
    }
}

fn absolute(name: &str) -> String {
    let escaped = escaped_name(name);
    if escaped == "." { escaped } else { format!("{escaped}.") }
}

/// One comment line: whatever the words are, they stay on it.
fn comment(zone: &mut String, words: &str) {
    zone.push_str("; ");
    // Old tools read zone files as Latin-1, so typographic quotes become plain ones.
    zone.extend(words.chars().map(|character| match character {
        '“' | '”' => '"',
        '’' => '\'',
        character if character.is_control() => ' ',
        character => character,
    }));
    zone.push('\n');
}

#[cfg(test)]
#[path = "bind_tests.rs"]
mod tests;
