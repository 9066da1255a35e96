//! Faults to inject into a practice server: when each fires, and what it does.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// When a fault strikes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// A connection was accepted, before the greeting.
    Connect,
    /// A command arrived whole: `APPEND`, `UID FETCH`; `FETCH` means both forms, `*` every command.
    Command(String),
    /// The connection has received this many bytes.
    BytesReceived(u64),
    /// The connection has sent this many bytes.
    BytesSent(u64),
    /// A reply is about to go out that has this response code (`APPENDUID`), this status (`NO`, `+`) or this name
    /// (`EXISTS`, `FETCH`); `*` every reply line, tagged or not.
    Reply(String),
}

/// What the server does then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Closes the connection without a word.
    Close,
    /// Stops responding, but keeps the connection open.
    Stall,
    /// Waits, then continues.
    Delay(Duration),
    /// From now on sends no more than this many bytes in a second.
    Throttle {
        /// Bytes in a second; at least 1.
        bytes_per_second: u64,
    },
    /// Does not do it and answers with these words after the tag: `NO [OVERQUOTA] Quota exceeded`.
    Refuse(String),
    /// Says this untagged line first, without `* `: `OK [ALERT] Maintenance at noon`. Then continues.
    Say(String),
    /// Does it, then closes the connection before the tagged reply: the client never learns that it was done.
    LoseReply,
    /// Does it, but leaves the APPENDUID code out (RFC 4315 section 3).
    OmitAppendUid,
    /// Does it, but gives the two numbers of the APPENDUID code in the wrong order.
    SwapAppendUid,
    /// SELECT and EXAMINE report this many messages too many.
    OverstateExists(u32),
    /// SELECT, EXAMINE and STATUS report a UIDNEXT too small by this much, but at least 1.
    UnderstateUidNext(u32),
    /// FETCH reports an RFC822.SIZE that is wrong by this much.
    MisstateSize(i64),
    /// FETCH is answered OK and has sent nothing.
    FetchNothing,
    /// FETCH sends NIL in the place of the bytes that were asked for.
    FetchNil,
    /// The next command is done and answered before this one, where it is there already and neither depends on the
    /// other (RFC 3501 section 5.5).
    Reorder,
}

/// One line of the fault table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// When it strikes.
    pub trigger: Trigger,
    /// What the server does then.
    pub action: Action,
    /// How many matching occasions pass first.
    pub skip: u32,
    /// How many times it strikes; `u32::MAX` is for ever.
    pub times: u32,
}

impl Fault {
    /// A fault that strikes on the first occasion, once.
    pub fn once(trigger: Trigger, action: Action) -> Self {
        Self { trigger, action, skip: 0, times: 1 }
    }

    /// A fault that strikes on the `nth` occasion (from 1), once.
    pub fn at(trigger: Trigger, nth: u32, action: Action) -> Self {
        Self { trigger, action, skip: nth.saturating_sub(1), times: 1 }
    }

    /// A fault that strikes every time.
    pub fn always(trigger: Trigger, action: Action) -> Self {
        Self { trigger, action, skip: 0, times: u32::MAX }
    }

    /// Counts one occasion and says whether the fault strikes now.
    fn strikes(&mut self) -> bool {
        if self.skip > 0 {
            self.skip -= 1;
            return false;
        }
        if self.times == 0 {
            return false;
        }
        if self.times != u32::MAX {
            self.times -= 1;
        }
        true
    }
}

/// The faults of one server; clones share the table, so that a test can change it while the server runs.
#[derive(Clone, Debug, Default)]
pub struct FaultTable(Arc<Mutex<Vec<Fault>>>);

/// The faults of one connection that wait for a number of bytes.
#[derive(Clone, Debug, Default)]
pub(super) struct ByteFaults {
    pub(super) received: Option<(u64, Action)>,
    pub(super) sent: Option<(u64, Action)>,
}

impl FaultTable {
    /// Adds a fault; it counts occasions from now on.
    pub fn push(&self, fault: Fault) {
        self.with(|faults| faults.push(fault));
    }

    /// Removes every fault. Connections keep the byte counts they were armed with.
    pub fn clear(&self) {
        self.with(Vec::clear);
    }

    pub(super) fn on_connect(&self) -> Vec<Action> {
        self.striking(|trigger| *trigger == Trigger::Connect)
    }

    /// What happens at a command; `name` in capitals, `UID FETCH` in two words.
    pub(super) fn on_command(&self, name: &str) -> Vec<Action> {
        self.striking(|trigger| match trigger {
            Trigger::Command(wanted) => {
                let is_either_form =
                    name.strip_prefix("UID ").is_some_and(|plain| plain.eq_ignore_ascii_case(wanted));
                wanted == "*" || wanted.eq_ignore_ascii_case(name) || is_either_form
            }
            _ => false,
        })
    }

    /// What happens at a reply line.
    pub(super) fn on_reply(&self, line: &str) -> Vec<Action> {
        self.striking(|trigger| match trigger {
            Trigger::Reply(wanted) => wanted == "*" || is_reply(line, wanted),
            _ => false,
        })
    }

    /// What a new connection must watch its byte counts for.
    pub(super) fn arm(&self) -> ByteFaults {
        self.with(|faults| {
            let mut armed = ByteFaults::default();
            for fault in faults {
                let (limit, slot) = match fault.trigger {
                    Trigger::BytesReceived(limit) => (limit, &mut armed.received),
                    Trigger::BytesSent(limit) => (limit, &mut armed.sent),
                    Trigger::Connect | Trigger::Command(_) | Trigger::Reply(_) => continue,
                };
                if fault.strikes() {
                    *slot = Some((limit, fault.action.clone()));
                }
            }
            armed
        })
    }

    fn striking(&self, is_meant: impl Fn(&Trigger) -> bool) -> Vec<Action> {
        self.with(|faults| {
            let meant = faults.iter_mut().filter(|fault| is_meant(&fault.trigger));
            meant.filter_map(|fault| fault.strikes().then(|| fault.action.clone())).collect()
        })
    }

    fn with<T>(&self, work: impl FnOnce(&mut Vec<Fault>) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Whether a reply line has this response code, this status or this name.
fn is_reply(line: &str, wanted: &str) -> bool {
    let mut words = line.split(' ');
    let first = words.next().unwrap_or_default();
    if first == "+" {
        return wanted == "+";
    }
    let name = words.next().unwrap_or_default();
    let next = words.next().unwrap_or_default();
    // The number comes before the name: `* 5 EXISTS`.
    let name = if name.bytes().all(|byte| byte.is_ascii_digit()) { next } else { name };
    let code = next.strip_prefix('[').map_or("", |code| code.trim_end_matches(']'));
    name.eq_ignore_ascii_case(wanted) || (!code.is_empty() && code.eq_ignore_ascii_case(wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_are_known_by_code_status_and_name() {
        for (line, wanted) in [
            ("A1 OK [APPENDUID 7 3] Append completed.", "APPENDUID"),
            ("A1 NO [OVERQUOTA] Quota exceeded", "OVERQUOTA"),
            ("A1 NO [OVERQUOTA] Quota exceeded", "NO"),
            ("* 5 EXISTS", "EXISTS"),
            ("* 5 FETCH (", "FETCH"),
            ("* OK [UIDNEXT 4] Predicted", "UIDNEXT"),
            ("+ OK", "+"),
        ] {
            assert!(is_reply(line, wanted), "{line}");
            assert!(!is_reply(line, "BAD"), "{line}");
        }
    }

    #[test]
    fn faults_strike_on_their_occasion_only() {
        let table = FaultTable::default();
        table.push(Fault::at(Trigger::Command("FETCH".to_owned()), 2, Action::Close));
        table.push(Fault::once(Trigger::Command("UID FETCH".to_owned()), Action::Stall));
        assert_eq!(table.on_command("NOOP"), []);
        assert_eq!(table.on_command("FETCH"), []);
        assert_eq!(table.on_command("UID FETCH"), [Action::Close, Action::Stall]);
        assert_eq!(table.on_command("UID FETCH"), []);
        table.push(Fault::always(Trigger::Command("*".to_owned()), Action::LoseReply));
        assert_eq!(table.on_command("NOOP"), table.on_command("LOGIN"));
        table.clear();
        assert_eq!(table.on_command("NOOP"), []);
    }

    #[test]
    fn byte_faults_arm_one_connection_each() {
        let table = FaultTable::default();
        table.push(Fault::at(Trigger::BytesSent(100), 2, Action::Close));
        assert!(table.arm().sent.is_none());
        assert_eq!(table.arm().sent, Some((100, Action::Close)));
        assert!(table.arm().sent.is_none());
    }
}
