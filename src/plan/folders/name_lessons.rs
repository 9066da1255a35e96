//! What refusals have taught about the folder names that a server accepts, and which spelling to try next.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::plan::folders::mapping::fold;
use crate::plan::folders::name::{fold_name, look_alike};
use crate::plan::folders::path::FolderPath;
use crate::plan::folders::plan::MailboxPlan;
use crate::plan::folders::rename_reason::RenameReason;

/// Longest names that are tried where one may be too long, in bytes of modified UTF-7.
const LENGTHS: [usize; 7] = [240, 200, 120, 100, 64, 40, 30];
/// The length of the last spelling of all.
const PLAINEST_LENGTH: usize = 40;
/// Signs that servers are known to refuse in names, those that are refused most often first.
const SIGNS: &str = ".~/\\\"%*<>|?:^&#',;!@$()[]{}=+`";
/// Signs of a refusal's words that are kept.
const MAX_WORDS: usize = 200;

/// What a server's refusals have taught about the names that it takes. No table knows that: it hangs on how the server
/// stores its mail.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NameLessons {
    /// Signs that it takes nowhere in a name.
    signs: BTreeSet<char>,
    /// Signs that no name may begin with.
    leading: BTreeSet<char>,
    /// Whether it takes no letter beyond Unicode's basic plane, such as emoji.
    is_basic_only: bool,
    /// The longest part of a name that it takes, in bytes of modified UTF-7.
    longest: Option<usize>,
    /// Folders that were refused under their planned names.
    names: Vec<LearntName>,
}

/// A folder that was made under another name than was planned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LearntName {
    /// The place that the plan had for it.
    pub planned: FolderPath,
    /// The place that the server took.
    pub made: FolderPath,
    /// What it said to the planned one; empty where it was not asked, as the folder above has another name.
    pub words: String,
}

/// What an accepted spelling has taught.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lesson {
    /// This sign is refused.
    Sign(char),
    /// This sign is refused at the beginning of a name.
    Leading(char),
    /// Letters beyond Unicode's basic plane are refused.
    BasicOnly,
    /// Longer parts are refused than these, in bytes of modified UTF-7.
    Longest(usize),
    /// Nothing beyond this one name.
    OnlyThis,
}

impl NameLessons {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The place of a folder that was refused under this name.
    pub fn made(&self, planned: &FolderPath) -> Option<&LearntName> {
        self.names.iter().find(|name| name.planned == *planned)
    }

    /// Folders that have another name, as the server refused the planned one.
    pub fn refused(&self) -> impl Iterator<Item = &LearntName> {
        self.names.iter().filter(|name| name.planned != name.made && !name.words.is_empty())
    }

    /// All folders whose place was learnt.
    pub fn names(&self) -> &[LearntName] {
        &self.names
    }

    /// A name as it is known to be accepted.
    pub fn clean(&self, name: &str) -> String {
        let mut clean: String = name
            .chars()
            .enumerate()
            .map(|(at, sign)| {
                let is_refused = self.signs.contains(&sign) || (at == 0 && self.leading.contains(&sign));
                if is_refused { look_alike(sign) } else { sign }
            })
            .collect();
        if self.is_basic_only {
            clean = basic(&clean);
        }
        if let Some(longest) = self.longest {
            shorten(&mut clean, longest);
        }
        clean
    }

    /// Keeps what an accepted name has taught.
    pub fn learn(&mut self, name: LearntName, lesson: &Lesson) {
        match lesson {
            Lesson::Sign(sign) => {
                self.signs.insert(*sign);
            }
            Lesson::Leading(sign) => {
                self.leading.insert(*sign);
            }
            Lesson::Longest(bytes) => {
                self.longest = Some(self.longest.map_or(*bytes, |known| known.min(*bytes)));
            }
            Lesson::BasicOnly => self.is_basic_only = true,
            Lesson::OnlyThis => {}
        }
        let words: String = name.words.chars().filter(|sign| !sign.is_control()).take(MAX_WORDS).collect();
        self.names.retain(|known| known.planned != name.planned);
        self.names.push(LearntName { words, ..name });
    }

    /// Gives the folders of a plan the places that they have got. A folder that has its place already keeps it.
    pub fn apply(&self, plan: &mut MailboxPlan) {
        if self.is_empty() {
            return;
        }
        let by_place: BTreeMap<&[String], &LearntName> =
            self.names.iter().map(|name| (name.planned.0.as_slice(), name)).collect();
        // The learnt name of the nearest folder, this one or one above it, and how deep that is.
        let nearest = |place: &FolderPath| {
            let mut above = (1..=place.0.len()).rev().filter_map(|depth| place.0.get(..depth));
            above.find_map(|part| Some((part.len(), *by_place.get(part)?)))
        };
        let moved = |place: &FolderPath| {
            let (depth, learnt) = nearest(place)?;
            let rest = place.0.get(depth..).unwrap_or_default().iter().map(|name| self.clean(name));
            Some(FolderPath(learnt.made.0.iter().cloned().chain(rest).collect()))
        };
        for folder in &mut plan.folders {
            let Some((depth, learnt)) = nearest(&folder.destination) else { continue };
            if learnt.made == learnt.planned {
                continue;
            }
            let is_itself = depth == folder.destination.0.len();
            let reason = if is_itself { learnt.reason() } else { RenameReason::ParentRenamed };
            folder.move_by(moved);
            folder.renamed.push(reason);
        }
    }
}

impl LearntName {
    /// Why the folder has another name.
    fn reason(&self) -> RenameReason {
        if self.words.is_empty() {
            return RenameReason::ParentRenamed;
        }
        RenameReason::RefusedByServer { planned: self.planned.clone(), words: self.words.clone() }
    }
}

/// Spellings to try in place of a refused one, the most faithful first, each with what it teaches if it is accepted. `top`
/// is how many parts stand above the folders of the mailbox.
pub fn spellings(refused: &FolderPath, words: &str, top: usize) -> Vec<(FolderPath, Lesson)> {
    let Some((name, above)) = refused.0.split_last() else { return Vec::new() };
    let mut found = Spellings { above, refused, found: Vec::new() };
    if speaks_of_children(words) {
        found.add_beside(name, top);
    }
    if let Some(first) = name.chars().next().filter(|first| SIGNS.contains(*first)) {
        let rest = name.get(first.len_utf8()..).unwrap_or_default();
        found.add(format!("{}{rest}", look_alike(first)), Lesson::Leading(first));
    }
    let mut signs: Vec<char> = SIGNS.chars().filter(|sign| name.contains(*sign)).collect();
    // A server that names the sign knows best.
    signs.sort_by_key(|sign| !names_sign(words, *sign));
    for sign in &signs {
        found.add(name.replace(*sign, &look_alike(*sign).to_string()), Lesson::Sign(*sign));
    }
    let replaced = |by: fn(char) -> char| -> String {
        name.chars().map(|sign| if SIGNS.contains(sign) { by(sign) } else { sign }).collect()
    };
    found.add(replaced(look_alike), Lesson::OnlyThis);
    found.add(replaced(|_| '_'), Lesson::OnlyThis);
    found.add(basic(name), Lesson::BasicOnly);
    let length = encoded_bytes(name);
    for bytes in LENGTHS.into_iter().filter(|bytes| *bytes < length) {
        let mut short = name.clone();
        shorten(&mut short, bytes);
        found.add(short, Lesson::Longest(bytes));
    }
    if above.len() == top {
        found.add(format!("{name} (mail)"), Lesson::OnlyThis);
    }
    found.add_beside(name, top);
    let mut plain: String =
        name.chars().map(|sign| if sign.is_ascii_alphanumeric() { sign } else { '_' }).collect();
    plain.truncate(PLAINEST_LENGTH);
    if plain.chars().any(|sign| sign != '_') {
        found.add(plain, Lesson::OnlyThis);
    } else {
        found.add("Folder".to_owned(), Lesson::OnlyThis);
    }
    found.found
}

/// Whether anything about a name is out of the ordinary, so that other spellings are worth more than a try or two.
pub fn is_peculiar(name: &str) -> bool {
    name.contains(|sign: char| SIGNS.contains(sign) || !sign.is_ascii())
        || encoded_bytes(name) > PLAINEST_LENGTH
}

struct Spellings<'a> {
    above: &'a [String],
    refused: &'a FolderPath,
    found: Vec<(FolderPath, Lesson)>,
}

impl Spellings<'_> {
    fn add(&mut self, name: String, lesson: Lesson) {
        self.add_place(self.above.iter().cloned().chain([name]).collect(), lesson);
    }

    /// The same folder next to its parent, which may not contain folders.
    fn add_beside(&mut self, name: &str, top: usize) {
        if let Some((parent, higher)) = self.above.split_last().filter(|_| self.above.len() > top) {
            let joined = format!("{parent} - {name}");
            self.add_place(higher.iter().cloned().chain([joined]).collect(), Lesson::OnlyThis);
        }
    }

    fn add_place(&mut self, place: Vec<String>, lesson: Lesson) {
        let is_new = place != self.refused.0 && self.found.iter().all(|(known, _)| known.0 != place);
        if is_new && place.last().is_some_and(|name| !name.trim().is_empty()) {
            self.found.push((FolderPath(place), lesson));
        }
    }
}

/// A place that nothing else has: with a number behind it where it is taken.
pub fn free_place(wanted: &FolderPath, taken: &BTreeSet<Vec<String>>) -> FolderPath {
    let mut place = wanted.clone();
    let mut number = 2;
    while taken.contains(&fold(&place)) {
        place.clone_from(wanted);
        if let Some(name) = place.0.last_mut() {
            *name = format!("{name} {number}");
        }
        number += 1;
    }
    place
}

/// Without letters beyond Unicode's basic plane: modified UTF-7 spells each as two, which some servers cannot read.
fn basic(name: &str) -> String {
    name.chars().map(|sign| if u32::from(sign) > 0xFFFF { '_' } else { sign }).collect()
}

/// Whether a refusal says that the folder above takes none below it.
fn speaks_of_children(words: &str) -> bool {
    let words = fold_name(words);
    ["inferior", "child", "subfolder", "submailbox", "hierarchy", "parent"]
        .iter()
        .any(|word| words.contains(word))
}

/// Whether a refusal shows this sign by itself.
fn names_sign(words: &str, sign: char) -> bool {
    words.contains(&format!("'{sign}'"))
        || words.contains(&format!("\"{sign}\""))
        || words.contains(&format!("“{sign}”"))
}

/// Cuts the end of a name off until it fits.
fn shorten(name: &mut String, bytes: usize) {
    while encoded_bytes(name) > bytes && name.pop().is_some() {}
    name.truncate(name.trim_end().len());
}

/// How long a name is in modified UTF-7, to a few bytes: three letters of other alphabets take eight.
fn encoded_bytes(name: &str) -> usize {
    let (mut bytes, mut units) = (0, 0);
    for sign in name.chars() {
        if matches!(sign, ' '..='~') {
            bytes += shifted_bytes(std::mem::take(&mut units)) + 1 + usize::from(sign == '&');
        } else {
            units += sign.len_utf16();
        }
    }
    bytes + shifted_bytes(units)
}

const fn shifted_bytes(units: usize) -> usize {
    if units == 0 { 0 } else { 2 + (units * 16).div_ceil(6) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{DestinationRules, SourceFolder, map_folders};

    fn path(text: &str) -> FolderPath {
        FolderPath(text.split('|').map(ToOwned::to_owned).collect())
    }

    fn tried(text: &str, words: &str, top: usize) -> Vec<String> {
        spellings(&path(text), words, top).into_iter().map(|(place, _)| place.0.join("|")).collect()
    }

    #[test]
    fn the_most_faithful_spelling_comes_first() {
        assert_eq!(tried("v1.2", "no", 0)[0], "v1․2");
        assert_eq!(
            tried("Inner|~old.mail", "no", 0)[..3],
            ["Inner|∼old.mail", "Inner|~old․mail", "Inner|∼old․mail"]
        );
        assert_eq!(tried("a.b%", "Character not allowed: '%'", 0)[0], "a.b٪");
        assert_eq!(tried("Work|Deep", "Mailbox doesn't allow inferior mailboxes", 0)[0], "Work - Deep");
        assert_eq!(
            tried("INBOX|Work", "no", 1),
            ["INBOX|Work (mail)"],
            "nothing stands beside the inbox's own"
        );
        assert_eq!(tried("Büro 😀", "no", 0)[0], "Büro _");
        let long = "n".repeat(130);
        assert_eq!(tried(&long, "no", 0)[..2], ["n".repeat(120), "n".repeat(100)]);
        assert_eq!(tried("***", "no", 0).last().unwrap(), "Folder");
        assert!(!is_peculiar("Work 2024") && is_peculiar("v1.2") && is_peculiar("Büro"));
    }

    #[test]
    fn lengths_are_those_of_modified_utf_7() {
        for (name, bytes) in [("abc", 3), ("A&B", 4), ("Büro", 8), ("日本語", 10), ("😀", 8)] {
            assert_eq!(encoded_bytes(name), bytes, "{name}");
        }
        let mut name = "ü".repeat(100);
        shorten(&mut name, 64);
        assert!(encoded_bytes(&name) <= 64 && name.chars().count() == 23, "{}", name.chars().count());
    }

    #[test]
    fn what_was_learnt_is_reported_and_children_stay_with_their_parent() {
        let mut lessons = NameLessons::default();
        let refused = |planned: &str, made: &str| LearntName {
            planned: path(planned),
            made: path(made),
            words: "NO Invalid mailbox name".to_owned(),
        };
        lessons.learn(refused("Foo.Bar", "Foo․Bar"), &Lesson::Sign('.'));
        let source = ["Foo", "Foo.Bar", "Foo.Bar|In.side", "v1.2"].map(|text| SourceFolder {
            raw: text.to_owned(),
            path: path(text),
            is_selectable: true,
            ..SourceFolder::default()
        });
        let mut plan = map_folders(&source, &[], &DestinationRules::default());
        lessons.apply(&mut plan);
        let once = plan.clone();
        lessons.apply(&mut plan);
        assert_eq!(plan, once, "once is enough");
        let places: Vec<String> = plan.folders.iter().map(|folder| folder.destination.0.join("|")).collect();
        assert_eq!(places, ["Foo", "Foo․Bar", "Foo․Bar|In․side", "v1.2"]);
        assert_eq!(
            plan.folders[1].renamed,
            [RenameReason::RefusedByServer {
                planned: path("Foo.Bar"),
                words: "NO Invalid mailbox name".to_owned()
            }]
        );
        assert_eq!(lessons.clean("v1.2"), "v1․2");
        let stored: NameLessons = serde_json::from_str(&serde_json::to_string(&lessons).unwrap()).unwrap();
        assert_eq!(stored, lessons);
    }

    #[test]
    fn a_taken_place_gets_a_number() {
        let taken = [path("v1․2"), path("V1․2 2")].iter().map(fold).collect();
        assert_eq!(free_place(&path("v1․2"), &taken), path("v1․2 3"));
        assert_eq!(free_place(&path("new"), &taken), path("new"));
    }
}
