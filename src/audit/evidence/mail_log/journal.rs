//! The journal of systemd, as `journalctl -o export` and `-o json` write it: entries become lines of syslog.

use serde_json::Value;

/// Longest message that is kept of an entry.
const MAX_MESSAGE: usize = 64 << 10;

/// An entry under construction; a blank line ends it.
#[derive(Debug, Default)]
pub(super) struct Entry {
    micros: Vec<u8>,
    program: Vec<u8>,
    message: Vec<u8>,
}

impl Entry {
    /// Takes one field; returns the line of an entry that has come to its end.
    pub(super) fn field(&mut self, line: &[u8]) -> Option<Vec<u8>> {
        if line.is_empty() {
            let entry = std::mem::take(self);
            return syslog_line(&entry.micros, &entry.program, &entry.message);
        }
        let keep = |place: &mut Vec<u8>, value: &[u8]| {
            *place = value.get(..MAX_MESSAGE).unwrap_or(value).to_vec();
        };
        if let Some(value) = line.strip_prefix(b"__REALTIME_TIMESTAMP=") {
            keep(&mut self.micros, value);
        } else if let Some(value) = line.strip_prefix(b"SYSLOG_IDENTIFIER=") {
            keep(&mut self.program, value);
        } else if let Some(value) = line.strip_prefix(b"MESSAGE=") {
            keep(&mut self.message, value);
        }
        None
    }
}

/// The same of an entry in JSON.
pub(super) fn json_line(line: &[u8]) -> Option<Vec<u8>> {
    let entry: Value = serde_json::from_slice(line).ok()?;
    let text = |name: &str| entry.get(name).and_then(Value::as_str).map(str::as_bytes);
    syslog_line(text("__REALTIME_TIMESTAMP")?, text("SYSLOG_IDENTIFIER")?, text("MESSAGE")?)
}

fn syslog_line(micros: &[u8], program: &[u8], message: &[u8]) -> Option<Vec<u8>> {
    let micros: i64 = std::str::from_utf8(micros).ok()?.parse().ok()?;
    if program.is_empty() || program.iter().any(|byte| b" :[\n".contains(byte)) || message.contains(&b'\n') {
        return None;
    }
    let mut line = format!("@{} journal ", micros.div_euclid(1_000_000)).into_bytes();
    line.extend_from_slice(program);
    line.extend_from_slice(b"[0]: ");
    line.extend_from_slice(message);
    line.push(b'\n');
    Some(line)
}
