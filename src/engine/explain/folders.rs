//! Problems with folders: a title, the server's words and a way out for each.

use super::response_codes::response_code;
use super::sentence;
use crate::engine::api::command::Command;
use crate::engine::api::user_error::{Advice, FolderRemark, UserError, advice};
use crate::transfer::{FolderProblem, FolderTrouble};
use crate::values::Side;

/// Explains the problems of a mailbox's folders; `None` if there are none. The worst problem gives the title; the
/// details and the list of folders have all of them.
pub(in crate::engine) fn folders(problems: &[FolderProblem]) -> Option<UserError> {
    let problem = problems.iter().min_by_key(|problem| problem.trouble)?;
    let alike = |other: &&FolderProblem| other.trouble == problem.trouble && other.side == problem.side;
    let same: Vec<&FolderProblem> = problems.iter().filter(alike).collect();
    let what = happened(problem.trouble, problem.side);
    let title = match same.len() {
        1 => format!("The folder {} {what}", problem.folder),
        count => format!("{count} folders {}, such as {}", plural(what), problem.folder),
    };
    let mut error = UserError::new(title, cause(problem)).coded(problem.trouble.code());
    if problem.trouble.has_server_words() {
        error = error.with_server_words(&problem.words);
    }
    let others = problems.len() - same.len();
    if others > 0 {
        let what = if others == 1 { "other problem; see" } else { "other problems; see" };
        let more = format!(" There {} {others} {what} the details.", if others == 1 { "is" } else { "are" });
        error.cause.push_str(&more);
    }
    let Advice { what, consequence } = way_out(problem);
    error = error.or_else(what, consequence);
    if (problem.trouble, problem.side) == (FolderTrouble::CopiesInDoubt, Side::Destination) {
        error = error.or_else(
            "Empty it, or give the folder another name in the plan, and start the copy again",
            "Its mail is then copied again; Mailferry fills an empty folder without asking",
        );
    }
    error.folders = problems.iter().map(remark).collect();
    let lines: Vec<String> =
        error.folders.iter().zip(problems).map(|(remark, problem)| line(remark, problem)).collect();
    error.details = lines.join("\n");
    Some(error.or("Try again", "Copies only what is missing", Command::StartCopy))
}

fn remark(problem: &FolderProblem) -> FolderRemark {
    let title = format!("The folder {} {}", problem.folder, happened(problem.trouble, problem.side));
    let shown = UserError::new(title, cause(problem));
    let shown =
        if problem.trouble.has_server_words() { shown.with_server_words(&problem.words) } else { shown };
    FolderRemark {
        folder: problem.folder.to_string(),
        code: problem.trouble.code(),
        title: shown.title,
        cause: shown.cause,
        server_words: shown.server_words,
        way_out: way_out(problem),
    }
}

/// `Work could not be created at the provider: [NOPERM] no. Have the permission granted on the server.`
fn line(remark: &FolderRemark, problem: &FolderProblem) -> String {
    let happened = happened(problem.trouble, problem.side);
    let way = sentence(&remark.way_out.what);
    match &remark.server_words {
        Some(words) => format!("{} {happened}: {words}\n    {way}", problem.folder),
        None => format!("{} {happened}: {}\n    {way}", problem.folder, problem.words),
    }
}

/// Turns the words about one folder into words about several.
fn plural(what: &str) -> String {
    const WORDS: [(&str, &str); 6] = [
        ("is", "are"),
        ("was", "were"),
        ("has", "have"),
        ("makes", "make"),
        ("its", "their"),
        ("it", "they"),
    ];
    let word = |word: &str| {
        let known = WORDS.iter().find(|(one, _)| *one == word);
        known.map_or_else(|| word.to_owned(), |(_, several)| (*several).to_owned())
    };
    what.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

const fn happened(trouble: FolderTrouble, side: Side) -> &'static str {
    match (trouble, side) {
        (FolderTrouble::OpeningRefused, Side::Source) => "could not be opened on your server",
        (FolderTrouble::OpeningRefused, Side::Destination) => "could not be opened at the provider",
        (FolderTrouble::CreationRefused, _) => "could not be created at the provider",
        (FolderTrouble::NameUnsendable, _) => "has a name that cannot be sent to a server",
        (FolderTrouble::ConnectionLost, Side::Source) => "makes your server close the connection",
        (FolderTrouble::ConnectionLost, Side::Destination) => {
            "makes the provider’s server close the connection"
        }
        (FolderTrouble::ListingRefused, _) => "could not be listed on your server",
        (FolderTrouble::ListedShort, _) => "is listed only in part by your server",
        (FolderTrouble::CountSuspicious, _) => "may hold more mail than your server shows",
        (FolderTrouble::MadeAnew, Side::Source) => "was recreated while being listed",
        (FolderTrouble::MadeAnew, Side::Destination) => "was recreated at the provider during the copy",
        (FolderTrouble::NotListed, _) => "is missing from your server’s folder list",
        (FolderTrouble::CopiesLost, _) => "lost mail at the provider",
        (FolderTrouble::FolderMoved, _) => "is no longer where it was at the provider",
        (FolderTrouble::CopiesInDoubt, Side::Source) => "was renumbered on your server",
        (FolderTrouble::CopiesInDoubt, Side::Destination) => "may have its copies in another form or place",
        (FolderTrouble::ArrivedLate, _) => "got messages twice because some arrived late",
        (FolderTrouble::DoubledByOthers, _) => "is being filled by another program as well",
        (FolderTrouble::StoredTwice, _) => "has messages twice at the provider",
        (FolderTrouble::WrongUids, _) => {
            "got answers from the provider’s server that contradict its own list"
        }
        (FolderTrouble::ServerFails, Side::Source) => "has messages on which your server fails",
        (FolderTrouble::ServerFails, Side::Destination) => {
            "has messages on which the provider’s server fails"
        }
        (FolderTrouble::SearchRefused, _) => "could not be searched on your server",
        (FolderTrouble::FlagsRefused, _) => "could not get its current flags at the provider",
        (FolderTrouble::FlagsNotKept, _) => "has copies that lose a flag at the provider",
    }
}

fn cause(problem: &FolderProblem) -> String {
    if !problem.trouble.has_server_words() {
        return sentence(&problem.words);
    }
    let meaning = response_code(&problem.words).map(|code| format!("{} ", code.meaning)).unwrap_or_default();
    let rest = match problem.trouble {
        FolderTrouble::ServerFails => {
            "Mailferry tried them several times; they are still to do. Everything else was copied."
        }
        FolderTrouble::ConnectionLost => {
            "It does so whatever message is being copied, so no message is to blame; they are all still to do. It \
             does not affect the other folders."
        }
        FolderTrouble::FlagsRefused => "The mail itself was copied.",
        _ => "The other folders are not affected.",
    };
    format!("{meaning}{rest}")
}

/// What to do: the advice for the response code if the words begin with one, else the advice for this kind of problem.
fn way_out(problem: &FolderProblem) -> Advice {
    let by_code = response_code(&problem.words).filter(|_| problem.trouble.has_server_words());
    match (by_code, problem.trouble, problem.side) {
        (Some(code), ..) => code.way_out,
        (None, FolderTrouble::OpeningRefused, _) => advice(
            "Check on the server that the mailbox may open it, or leave it out of the plan",
            "Then start the copy again",
        ),
        (None, FolderTrouble::CreationRefused, _) => advice(
            "Give the folder another name in the plan, or create it at the provider yourself",
            "Then start the copy again",
        ),
        (None, FolderTrouble::NameUnsendable, _) => advice(
            "Rename the folder on your server, or leave it out of the plan",
            "Then count the folders again",
        ),
        (None, FolderTrouble::ConnectionLost, _) => advice(
            "Ask the server’s admin why it closes the connection at this folder",
            "Or leave the folder out of the plan; until then its messages are still to do",
        ),
        (None, FolderTrouble::ListingRefused | FolderTrouble::ListedShort, _) => advice(
            "Ask your server’s admin to repair the folder’s index",
            "Then start the copy again; it copies what was not listed",
        ),
        (None, FolderTrouble::CountSuspicious, _) => advice(
            "First move older mail into separate folders, or use the server’s address for exports",
            "Then start the copy again",
        ),
        (None, FolderTrouble::MadeAnew, _) => advice("Start the copy again", "The folder is listed afresh"),
        (None, FolderTrouble::NotListed, _) => advice(
            "Check on your server that its folder list is complete",
            "Then start the copy again; leave out in the plan a folder that you removed",
        ),
        (None, FolderTrouble::CopiesLost, _) => advice(
            "Copy once more in the mode “before the switch”",
            "This restores what is lost and leaves alone what people have moved",
        ),
        (None, FolderTrouble::FolderMoved, _) => advice(
            "In the plan, give the folder the name its mail is under now",
            "Or copy once more in the mode “before the switch”, which creates it again",
        ),
        (None, FolderTrouble::CopiesInDoubt, Side::Source) => advice(
            "Copy this folder once more in the mode “before the switch”",
            "Everything is compared; what people moved or deleted since the switch may arrive a second time",
        ),
        (None, FolderTrouble::CopiesInDoubt, Side::Destination) => {
            advice("Look at the folder at the provider", "Nothing was changed there")
        }
        (None, FolderTrouble::ArrivedLate, _) => advice(
            "Delete one of each pair at the provider",
            "The details name them; Mailferry deletes nothing",
        ),
        (None, FolderTrouble::DoubledByOthers, _) => {
            advice("Stop the other program, then delete one of each pair", "Only one run at a time")
        }
        (None, FolderTrouble::StoredTwice, _) => advice(
            "Ask the provider why its server stores messages twice, and make sure that no other program copies",
            "Then delete one of each pair; Mailferry deletes nothing",
        ),
        (None, FolderTrouble::WrongUids, _) => advice(
            "Report the server’s answers to the provider",
            "Mailferry found the copies by their content; nothing needs to be sent again",
        ),
        (None, FolderTrouble::ServerFails, _) => advice(
            "Ask the server’s admin why it fails on them",
            "Or move these messages out of the folder and continue",
        ),
        (None, FolderTrouble::SearchRefused, _) => {
            advice("Rewrite the search, or filter by date and size instead", "Then start the copy again")
        }
        (None, FolderTrouble::FlagsRefused, _) => {
            advice("Set the flags by hand at the provider if they matter", "The mail itself is there")
        }
        (None, FolderTrouble::FlagsNotKept, _) => {
            advice("Use a folder instead of the flag if it matters", "The mail itself is there")
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::plan::FolderPath;

    fn problem(folder: &str, trouble: FolderTrouble, side: Side, words: &str) -> FolderProblem {
        let folder = FolderPath(vec![folder.to_owned()]);
        FolderProblem { folder, side, trouble, words: words.to_owned() }
    }

    #[test]
    fn every_trouble_has_a_code_a_title_and_a_way_out_of_its_own() {
        let (mut codes, mut titles) = (BTreeSet::new(), BTreeSet::new());
        for trouble in FolderTrouble::ALL {
            let error = folders(&[problem("Work", trouble, Side::Destination, "nobody said why")]).unwrap();
            assert!(codes.insert(error.code.unwrap()) && titles.insert(error.title.clone()), "{error:?}");
            assert!(error.ways_out.len() >= 2, "{error:?}");
            assert_eq!(error.server_words.is_some(), trouble.has_server_words(), "{error:?}");
            assert!(error.details.contains("nobody said why"), "{error:?}");
            let text = error.to_text().to_lowercase();
            assert!(text.contains("nobody said why") && !text.contains("network"), "{text}");
            let [remark] = error.folders.as_slice() else { unreachable!("one folder, one remark") };
            assert_eq!((remark.code, &remark.folder), (trouble.code(), &"Work".to_owned()));
            let opening = text.contains("opened");
            assert_eq!(opening, trouble == FolderTrouble::OpeningRefused, "{text}");
        }
        assert_eq!(codes.len(), FolderTrouble::ALL.len());
    }

    #[test]
    fn a_response_code_decides_what_can_be_done() {
        for (words, part) in [
            ("[NOPERM] no new folders", "Have the permission granted"),
            ("[OVERQUOTA] full", "Get more space"),
            ("[CONTACTADMIN] call us", "Ask the server’s admin"),
            ("no new folders", "another name in the plan"),
        ] {
            let error = folders(&[problem("Work", FolderTrouble::CreationRefused, Side::Destination, words)])
                .unwrap();
            assert!(error.to_text().contains(part), "{}", error.to_text());
            assert_eq!(error.server_words.as_deref(), Some(words));
        }
    }

    #[test]
    fn several_folders_are_worded_in_the_plural() {
        for trouble in FolderTrouble::ALL {
            for side in [Side::Source, Side::Destination] {
                let two = [problem("A", trouble, side, "why"), problem("B", trouble, side, "why")];
                let title = folders(&two).unwrap().title;
                assert!(title.starts_with("2 folders ") && title.ends_with(", such as A"), "{title}");
                let words: Vec<&str> = title.split([' ', ',']).collect();
                assert!(!["is", "was", "has", "makes"].contains(&words[2]), "{title}");
                assert!(!words.contains(&"its"), "{title}");
            }
        }
    }

    #[test]
    fn the_worst_gives_the_title_and_none_is_left_out() {
        let all = [
            problem("A", FolderTrouble::FlagsNotKept, Side::Destination, "no \\Flagged"),
            problem("B", FolderTrouble::CreationRefused, Side::Destination, "[CANNOT] no"),
            problem("C", FolderTrouble::CreationRefused, Side::Destination, "[CANNOT] no"),
        ];
        let error = folders(&all).unwrap();
        assert!(error.title.starts_with("2 folders could not be created"), "{error:?}");
        assert!(error.cause.contains("There is 1 other problem"), "{error:?}");
        assert_eq!(error.folders.iter().map(|one| one.folder.as_str()).collect::<Vec<_>>(), ["A", "B", "C"]);
        assert_eq!(folders(&[]), None);
    }
}
