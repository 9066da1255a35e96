//! Messages that share a reason, in plain words, with the way out that fits.

use super::reasons::reason_words;
use super::response_codes::response_code;
use crate::engine::api::copy_snapshot::ProblemGroup;
use crate::message::{RefusalMeaning, RepairTrigger, ServerWords, refusal_meaning};
use crate::plan::{MessageState, Reason};
use crate::project::Problem;

/// Another try, or a copy by hand.
const BY_HAND: &str = "Retry the refused messages, or save them from the old server by hand";

/// Messages that share a reason.
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
        samples: problem.samples.iter().map(|(folder, uid)| format!("{folder}: UID {uid}")).collect(),
    }
}

fn out_of_refusal(reason: &Reason) -> &'static str {
    match reason {
        Reason::Absent => "Retry the refused messages; the destination said that it had taken these",
        Reason::NotHandedOut
        | Reason::Doubtful(_)
        | Reason::RefusedBySource(_)
        | Reason::SourceEndsConnection => {
            "Open them at your server; what it hands out again is copied by a retry"
        }
        Reason::TakenForAnother => {
            "Nothing to do where they are the same; else save them from the old server"
        }
        Reason::LabelRefused(_) | Reason::LabelNotShown => {
            "Give the label by hand at Gmail, or retry the refused messages"
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
        RefusalMeaning::Full => "Make room at the provider, then retry the refused messages",
        RefusalMeaning::Trouble => {
            "Ask the server’s admin: it fails at this message. Or save it from the old server by hand"
        }
        RefusalMeaning::Busy | RefusalMeaning::Locked => {
            "Retry the refused messages later: the server was busy"
        }
        RefusalMeaning::Size => {
            "Ask the provider for a higher limit, or keep them as files from the old server"
        }
        RefusalMeaning::Virus => "Look at them on the old server; the provider’s scanner will not have them",
        RefusalMeaning::Folder => "Make the folder at the provider or rename it in the plan, then retry",
        RefusalMeaning::Account => match response_code(&answer.text) {
            Some(code) => code.way_out.0,
            None => "Check at the provider that the mailbox may be written, then retry",
        },
        RefusalMeaning::Message(_) | RefusalMeaning::Unknown => BY_HAND,
    }
}

fn out_of_export(reason: &Reason) -> &'static str {
    let refused = match reason {
        Reason::Exported { trigger: RepairTrigger::Refused(answer), .. } => Some(meaning(answer)),
        _ => None,
    };
    match refused {
        Some(RefusalMeaning::Size) => "Keep the files: they are larger than the provider takes",
        Some(RefusalMeaning::Virus) => {
            "Look into the files with care: the provider’s scanner will not have them"
        }
        _ => "Import the file in a mail program",
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
            (answered("OVERQUOTA", "[OVERQUOTA] Quota exceeded"), "Make room"),
            (answered("TOOBIG", "[TOOBIG] Message size exceeds the limit"), "higher limit"),
            (answered("LIMIT", "[LIMIT] Rate limit hit"), "later"),
            (answered("TRYCREATE", "no such mailbox"), "Make the folder"),
            (answered("NOPERM", "[NOPERM] no"), response_code("[NOPERM]").unwrap().way_out.0),
            (answered("", "something else"), "save them from the old server"),
            // A server's words are never taken for a reason of our own.
            (answered("", "the source of the label ends the connection"), BY_HAND),
            (Reason::NotSaved { trigger: trigger("", "quota"), error: "disk full".to_owned() }, "Make room"),
            (Reason::FolderNotMade { answer, is_label: true }, "Make room"),
            (Reason::Absent, "had taken"),
            (Reason::NotHandedOut, "at your server"),
            (Reason::SourceEndsConnection, "at your server"),
            (Reason::TakenForAnother, "Nothing to do"),
            (Reason::LabelNotShown, "Give the label by hand"),
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
