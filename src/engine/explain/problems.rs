//! Groups of messages with the same reason: the reason in plain words, and what to do about it.

use super::reasons::reason_words;
use super::response_codes::response_code;
use crate::engine::api::copy_snapshot::ProblemGroup;
use crate::message::{RefusalMeaning, RepairTrigger, ServerWords, refusal_meaning};
use crate::plan::{MessageState, Reason};
use crate::project::Problem;

/// The advice when nothing more specific is known.
const BY_HAND: &str = "Retry the refused messages, or save them from the old server by hand";

/// Explains one group of messages.
pub(in crate::engine) fn problem(problem: &Problem) -> ProblemGroup {
    let words = reason_words(&problem.reason);
    let (cause, way_out) = match problem.state {
        MessageState::Vanished => {
            ("Deleted at the source during the copy".to_owned(), "Nothing to do: the mail was deleted there")
        }
        MessageState::Refused => (format!("Refused: {words}"), out_of_refusal(&problem.reason)),
        MessageState::Repaired => (format!("Repaired and copied: {words}"), ""),
        MessageState::Exported => (format!("Saved as a file: {words}"), out_of_export(&problem.reason)),
        _ => (words, ""),
    };
    ProblemGroup {
        id: problem.id,
        state: problem.state,
        code: problem.reason.code().name(),
        cause,
        count: problem.count,
        way_out: way_out.to_owned(),
        samples: problem
            .samples
            .iter()
            .map(|sample| format!("{}: UID {}", sample.folder, sample.uid))
            .collect(),
    }
}

fn out_of_refusal(reason: &Reason) -> &'static str {
    match reason {
        Reason::Absent => "Retry the refused messages; the destination reported that it had stored these",
        Reason::NotHandedOut
        | Reason::Doubtful(_)
        | Reason::RefusedBySource(_)
        | Reason::SourceEndsConnection => {
            "Open them on your server; a retry copies the ones it can return again"
        }
        Reason::TakenForAnother => {
            "If they are identical there is nothing to do; otherwise save them from the old server"
        }
        Reason::LabelRefused(_) | Reason::LabelNotShown => {
            "Add the label by hand in Gmail, or retry the refused messages"
        }
        Reason::NotTaken(RepairTrigger::Refused(answer))
        | Reason::NotSaved { trigger: RepairTrigger::Refused(answer), .. }
        | Reason::FolderNotMade { answer, .. }
        | Reason::FolderNotOpened { answer, .. } => out_of_answer(answer),
        _ => BY_HAND,
    }
}

fn out_of_answer(answer: &ServerWords) -> &'static str {
    match meaning(answer) {
        RefusalMeaning::Full => "Free up space at the provider, then retry the refused messages",
        RefusalMeaning::Trouble => {
            "Ask the server’s admin why it fails on this message, or save it from the old server by hand"
        }
        RefusalMeaning::Busy | RefusalMeaning::Locked => {
            "Retry the refused messages later: the server was busy"
        }
        RefusalMeaning::Size => {
            "Ask the provider for a higher limit, or keep them as files from the old server"
        }
        RefusalMeaning::Virus => "Look at them on the old server; the provider’s virus scanner rejects them",
        RefusalMeaning::Folder => "Create the folder at the provider or rename it in the plan, then retry",
        RefusalMeaning::Account => match response_code(&answer.text) {
            Some(code) => code.way_out.what,
            None => "Check at the provider that the mailbox is writable, then retry",
        },
        RefusalMeaning::Message(_) | RefusalMeaning::Unknown => BY_HAND,
    }
}

fn out_of_export(reason: &Reason) -> &'static str {
    if matches!(reason, Reason::Exported { trigger: RepairTrigger::NoRoom, .. }) {
        return "Keep the files, or make room at the provider and copy the rest of the mailbox after all";
    }
    let refused = match reason {
        Reason::Exported { trigger: RepairTrigger::Refused(answer), .. } => Some(meaning(answer)),
        _ => None,
    };
    match refused {
        Some(RefusalMeaning::Size) => "Keep the files: they are larger than the provider accepts",
        Some(RefusalMeaning::Virus) => {
            "Handle the files with care: the provider’s virus scanner rejected them"
        }
        _ => "Import the file with a mail program",
    }
}

/// What the server's answer means.
fn meaning(answer: &ServerWords) -> RefusalMeaning {
    refusal_meaning(answer.code.as_deref(), &answer.text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::ProblemId;
    use crate::values::Side;

    #[test]
    fn every_cause_has_a_way_out_of_its_own() {
        let way = |state, reason: &Reason| {
            let (reason, samples) = (reason.clone(), Vec::new());
            problem(&Problem { id: ProblemId(1), state, reason, count: 2, samples }).way_out
        };
        let trigger = |code: &str, text: &str| {
            let code = (!code.is_empty()).then(|| code.to_owned());
            RepairTrigger::Refused(ServerWords { code, text: text.to_owned() })
        };
        let answered = |code, text| Reason::NotTaken(trigger(code, text));
        let answer = ServerWords { code: None, text: "[OVERQUOTA] no".to_owned() };
        for (reason, part) in [
            (answered("OVERQUOTA", "[OVERQUOTA] Quota exceeded"), "Free up space"),
            (answered("TOOBIG", "[TOOBIG] Message size exceeds the limit"), "higher limit"),
            (answered("LIMIT", "[LIMIT] Rate limit hit"), "later"),
            (answered("TRYCREATE", "no such mailbox"), "Create the folder"),
            (answered("NOPERM", "[NOPERM] no"), response_code("[NOPERM]").unwrap().way_out.what),
            (answered("", "something else"), "save them from the old server"),
            // A server's words are never mistaken for one of our own reasons.
            (answered("", "the source of the label ends the connection"), BY_HAND),
            (
                Reason::NotSaved { trigger: trigger("", "quota"), error: "disk full".to_owned() },
                "Free up space",
            ),
            (Reason::FolderNotMade { answer, is_label: true }, "Free up space"),
            (Reason::Absent, "had stored"),
            (Reason::NotHandedOut, "on your server"),
            (Reason::SourceEndsConnection, "on your server"),
            (Reason::TakenForAnother, "nothing to do"),
            (Reason::LabelNotShown, "Add the label by hand"),
            (Reason::ends_connection(Side::Destination), BY_HAND),
        ] {
            let way_out = way(MessageState::Refused, &reason);
            assert!(way_out.contains(part), "{reason:?}: {way_out}");
        }
        let saved = |trigger| {
            way(MessageState::Exported, &Reason::Exported { trigger, file: "virus/1.eml".to_owned() })
        };
        assert!(saved(trigger("TOOBIG", "[TOOBIG] too large")).contains("larger than"));
        assert!(saved(trigger("", "bad header")).contains("Import"));
        assert!(saved(RepairTrigger::EndsConnection).contains("Import"));
    }
}
