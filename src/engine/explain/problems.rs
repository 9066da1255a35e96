//! Messages that share a cause, in plain words, with the way out that fits the cause.

use super::response_codes::response_code;
use crate::engine::ProblemGroup;
use crate::plan::{MessageState, RefusalMeaning, refusal_meaning};
use crate::project::Problem;

/// Causes that the program gives itself, by what is in their words, and the way out of each.
const OWN_CAUSES: [(&str, &str); 5] = [
    ("accepted but absent", "Retry the refused messages; the destination said that it had taken these"),
    ("the source ", "Open them at your server; what it hands out again is copied by a retry"),
    (
        "takes it for another message",
        "Nothing to do where they are the same; else save them from the old server",
    ),
    ("the label", "Give the label by hand at Gmail, or retry the refused messages"),
    ("ends the connection", "Retry the refused messages, or save them from the old server by hand"),
];

/// Messages that share a cause.
pub(in crate::engine) fn problem(problem: &Problem) -> ProblemGroup {
    let (cause, way_out) = match problem.state {
        MessageState::Vanished => {
            ("Deleted at the source during the copy".to_owned(), "Nothing to do: the mail was deleted there")
        }
        MessageState::Refused => (format!("Refused: {}", problem.cause), out_of_refusal(&problem.cause)),
        MessageState::Repaired => (format!("Repaired and copied: {}", problem.cause), ""),
        MessageState::Exported => {
            (format!("Saved as a file: {}", problem.cause), out_of_export(&problem.cause))
        }
        _ => (problem.cause.clone(), ""),
    };
    ProblemGroup {
        id: problem.id,
        state: problem.state,
        cause,
        count: problem.count,
        way_out: way_out.to_owned(),
        samples: problem.samples.iter().map(|(folder, uid)| format!("{folder}: UID {uid}")).collect(),
    }
}

fn out_of_refusal(cause: &str) -> &'static str {
    if let Some((_, way_out)) = OWN_CAUSES.iter().find(|(words, _)| cause.contains(words)) {
        return way_out;
    }
    match meaning(cause) {
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
        RefusalMeaning::Account => match cause.find('[').and_then(|at| response_code(cause.get(at..)?)) {
            Some(code) => code.way_out.0,
            None => "Check at the provider that the mailbox may be written, then retry",
        },
        RefusalMeaning::Message(_) | RefusalMeaning::Unknown => {
            "Retry the refused messages, or save them from the old server by hand"
        }
    }
}

fn out_of_export(cause: &str) -> &'static str {
    match meaning(cause) {
        RefusalMeaning::Size => "Keep the files: they are larger than the provider takes",
        RefusalMeaning::Virus => "Look into the files with care: the provider’s scanner will not have them",
        _ => "Import the file in a mail program",
    }
}

/// What the server's words mean, with the code that they may begin with: `[TOOBIG] Message size exceeds the limit`.
fn meaning(cause: &str) -> RefusalMeaning {
    let code = cause.split_once('[').and_then(|(_, rest)| rest.split([']', ' ']).next());
    refusal_meaning(code, cause)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::ProblemId;

    #[test]
    fn every_cause_has_a_way_out_of_its_own() {
        let way = |state, cause: &str| {
            let samples = Vec::new();
            problem(&Problem { id: ProblemId(1), state, cause: cause.to_owned(), count: 2, samples }).way_out
        };
        let refused = |cause| way(MessageState::Refused, cause);
        for (cause, part) in [
            ("NO [OVERQUOTA] Quota exceeded", "Make room"),
            ("NO [TOOBIG] Message size exceeds the limit", "higher limit"),
            ("NO [LIMIT] Rate limit hit", "later"),
            ("NO [TRYCREATE] no such mailbox", "Make the folder"),
            ("accepted but absent: the destination said that it took this message", "had taken"),
            ("the source lists it and does not hand it out", "at your server"),
            ("Gmail takes it for another message with the same Message-ID", "Nothing to do"),
            ("BAD something else", "save them from the old server"),
        ] {
            assert!(refused(cause).contains(part), "{cause}: {}", refused(cause));
        }
        assert!(way(MessageState::Exported, "NO [TOOBIG] too large").contains("larger than"));
        assert!(way(MessageState::Exported, "NO bad header").contains("Import"));
    }
}
