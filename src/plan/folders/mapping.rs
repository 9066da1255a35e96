//! Maps the source folders to names that the destination accepts.

use std::collections::{BTreeMap, BTreeSet};

use crate::plan::folders::name::{clean_part, fold_name, too_deep};
use crate::plan::folders::path::FolderPath;
use crate::plan::folders::path::SpecialUse;
use crate::plan::folders::plan::FolderChoice;
use crate::plan::folders::plan::FolderPlan;
use crate::plan::folders::plan::LeftOutBecause;
use crate::plan::folders::plan::MailboxPlan;
use crate::plan::folders::remarks::{doubtful_names, too_many_folders};
use crate::plan::folders::rename_reason::RenameReason;
use crate::plan::folders::words::special_use_by_name;
use crate::values::Bytes;

/// A folder as the source lists it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceFolder {
    /// The name exactly as the server gave it.
    pub raw: String,
    /// Its decoded parts, with the namespace prefix still on.
    pub path: FolderPath,
    /// What it is for, where the server says so (RFC 6154).
    pub special_use: Option<SpecialUse>,
    /// False for `\Noselect` and `\NonExistent`.
    pub is_selectable: bool,
    /// Messages in it.
    pub messages: u64,
    /// Their size.
    pub bytes: Bytes,
    /// The owner has unsubscribed from it.
    pub is_unsubscribed: bool,
    /// Another name of a folder that is listed as well, and that shows the same messages.
    pub is_alias: bool,
    /// Why it stays behind unless the owner asks for it, where the server or its kind says so.
    pub stays_because: Option<LeftOutBecause>,
}

impl SourceFolder {
    /// Whether it is no folder of the mailbox in its own right, so that its name says nothing of its use.
    const fn is_apart(&self) -> bool {
        self.is_alias || self.stays_because.is_some()
    }
}

/// What the destination accepts as folder names, and what it has already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DestinationRules {
    /// The hierarchy delimiter; `None` for a flat server.
    pub delimiter: Option<char>,
    /// Parts of the personal namespace prefix: `["INBOX"]` where the server says `INBOX.`.
    pub prefix: Vec<String>,
    /// Its special folders, with the prefix. What is missing is looked for by name in `existing`.
    pub special: BTreeMap<SpecialUse, FolderPath>,
    /// Folders that it has, with the prefix.
    pub existing: Vec<FolderPath>,
    /// Characters that it refuses, apart from the delimiter and control characters.
    pub forbidden: Vec<char>,
    /// Longest part of a name in characters.
    pub max_name_chars: usize,
    /// Deepest level; the top is 1.
    pub max_depth: usize,
    /// Names on the top level that it keeps for itself, in any case.
    pub reserved: Vec<String>,
    /// Whether the inbox can contain folders.
    pub allows_inbox_children: bool,
    /// Folders that it has and that take no folders below them (`\Noinferiors`), with the prefix.
    pub childless: Vec<FolderPath>,
    /// Whether each folder is a file, so that it holds messages or folders and never both (mbox).
    pub has_files_for_folders: bool,
    /// How many folders a mailbox may have, by contract; empty where that is not known.
    pub folder_counts: Vec<u32>,
    /// Signs in names that some set-ups of its server refuse, and others take.
    pub doubtful_signs: Vec<char>,
}

impl Default for DestinationRules {
    /// A server with few peculiarities: `/`, names of any length, 32 levels.
    fn default() -> Self {
        Self {
            delimiter: Some('/'),
            prefix: Vec::new(),
            special: BTreeMap::new(),
            existing: Vec::new(),
            forbidden: Vec::new(),
            max_name_chars: usize::MAX,
            max_depth: 32,
            reserved: Vec::new(),
            allows_inbox_children: true,
            childless: Vec::new(),
            has_files_for_folders: false,
            folder_counts: Vec::new(),
            doubtful_signs: Vec::new(),
        }
    }
}

/// Says where each folder of a mailbox goes.
///
/// Special folders go to the special folders of the destination, views are left out, and all others keep their
/// name as far as the destination accepts it. No two folders share a destination, not even when the destination
/// does not tell capitals apart, nor letters written in one code point or in several. Children follow their parent.
/// The same input gives the same plan, also once the destination has the folders of the plan.
///
/// `source_prefix` has the parts of the source's personal namespace prefix; pass none where it is not known.
pub fn map_folders(
    source: &[SourceFolder],
    source_prefix: &[String],
    destination: &DestinationRules,
) -> MailboxPlan {
    let mut folders: BTreeMap<FolderPath, Vec<&SourceFolder>> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for folder in source {
        if seen.insert(folder.raw.as_str()) {
            folders.entry(without_prefix(&folder.path, source_prefix)).or_default().push(folder);
        }
    }
    let uses = assign_special_uses(&folders);
    let mut mapper = Mapper::new(destination, &uses, &folders);
    mapper.take_inbox_and_special(&folders);
    // A folder whose name can stay keeps it, before one that must change comes to the same name.
    for path in folders.keys() {
        if mapper.can_stay(path) {
            mapper.resolve(path);
        }
    }
    let mut plans = Vec::with_capacity(source.len());
    for (path, same_path) in &folders {
        for (copy, folder) in same_path.iter().enumerate() {
            let special_use = uses.get(path).copied().filter(|_| copy == 0);
            // A second folder with the same decoded name is a different folder and gets a separate destination.
            let mut place = if copy == 0 { mapper.resolve(path) } else { mapper.resolve_twin(path) };
            name_as_listed(&mut place, &folders);
            plans.push(plan_of(folder, special_use, place));
        }
    }
    plans.sort_by_cached_key(tree_order);
    let remarks = too_many_folders(&plans, destination)
        .into_iter()
        .chain(doubtful_names(&plans, destination))
        .collect();
    MailboxPlan { folders: plans, name_rules: Some(destination.into()), remarks, ..MailboxPlan::default() }
}

/// Names the folder that a place collides with as the source lists it, with the namespace prefix.
fn name_as_listed(place: &mut Place, folders: &BTreeMap<FolderPath, Vec<&SourceFolder>>) {
    for reason in &mut place.reasons {
        if let RenameReason::Collision { with, .. } = reason
            && let Some(first) = folders.get(with).and_then(|same| same.first())
        {
            with.clone_from(&first.path);
        }
    }
}

fn plan_of(folder: &SourceFolder, special_use: Option<SpecialUse>, place: Place) -> FolderPlan {
    let choice = if !folder.is_selectable {
        FolderChoice::ContainerOnly
    } else if let Some(because) = folder.stays_because {
        FolderChoice::LeaveOut(because)
    } else if folder.is_alias || special_use.is_some_and(SpecialUse::is_virtual) {
        FolderChoice::LeaveOut(LeftOutBecause::ItIsAView)
    } else {
        FolderChoice::Copy
    };
    FolderPlan {
        source_raw: folder.raw.clone(),
        source: folder.path.clone(),
        destination: place.path,
        special_use,
        messages: folder.messages,
        bytes: folder.bytes,
        choice,
        renamed: place.reasons,
        is_unsubscribed: folder.is_unsubscribed,
    }
}

/// The inbox first, then by name without regard to case, children below their parent.
fn tree_order(plan: &FolderPlan) -> (bool, Vec<String>, FolderPath) {
    let starts_in_inbox = plan.source.0.first().is_some_and(|part| part.eq_ignore_ascii_case("INBOX"));
    let folded = plan.source.0.iter().map(|part| part.to_lowercase()).collect();
    (!starts_in_inbox, folded, plan.source.clone())
}

/// Takes the namespace prefix off and writes the inbox in capitals. A folder that is called like the inbox and lies below it
/// keeps the prefix: it is not the inbox, and what lies below it stays with it.
fn without_prefix(path: &FolderPath, prefix: &[String]) -> FolderPath {
    let is_inbox = |part: &str| part.eq_ignore_ascii_case("INBOX");
    let equal = |(part, prefix): (&String, &String)| part == prefix || (is_inbox(part) && is_inbox(prefix));
    let is_below = path.0.len() > prefix.len() && path.0.iter().zip(prefix).all(equal);
    let is_namesake =
        is_below && !prefix.is_empty() && path.0.get(prefix.len()).is_some_and(|part| is_inbox(part));
    let skipped = if is_below && !is_namesake { prefix.len() } else { 0 };
    let mut parts: Vec<String> = path.0.iter().skip(skipped).cloned().collect();
    if let Some(first) = parts.first_mut().filter(|first| is_inbox(first)) {
        "INBOX".clone_into(first);
    }
    FolderPath(parts)
}

/// What each folder is for: what the server says first, then names. One folder per use, except for views.
fn assign_special_uses(
    folders: &BTreeMap<FolderPath, Vec<&SourceFolder>>,
) -> BTreeMap<FolderPath, SpecialUse> {
    let mut uses = BTreeMap::new();
    let mut taken = BTreeSet::new();
    let said = |folders: &[&SourceFolder]| {
        folders.first().filter(|folder| !folder.is_apart()).and_then(|folder| folder.special_use)
    };
    let told = folders.iter().filter_map(|(path, same)| Some((path, said(same)?)));
    let named = folders
        .iter()
        .filter(|(_, same)| {
            said(same).is_none() && same.iter().any(|folder| folder.is_selectable && !folder.is_apart())
        })
        .filter_map(|(path, _)| Some((path, special_use_by_name(path)?)));
    for (path, special_use) in told.chain(named) {
        if path.is_inbox() || special_use == SpecialUse::Inbox {
            continue;
        }
        if special_use.is_virtual() || taken.insert(special_use) {
            uses.insert(path.clone(), special_use);
        }
    }
    uses.extend(folders.keys().filter(|path| path.is_inbox()).map(|path| (path.clone(), SpecialUse::Inbox)));
    uses
}

/// Where a folder goes, and why its name is not the old one.
#[derive(Clone, Debug)]
struct Place {
    path: FolderPath,
    reasons: Vec<RenameReason>,
}

/// Gives out places at the destination, each once.
struct Mapper<'rules> {
    rules: &'rules DestinationRules,
    uses: &'rules BTreeMap<FolderPath, SpecialUse>,
    /// Folders of the destination, by the use their names suggest.
    named: BTreeMap<SpecialUse, Vec<FolderPath>>,
    /// Folders that the destination has, by folded name.
    existing: BTreeMap<Vec<String>, FolderPath>,
    /// The same by their exact names.
    exact: BTreeSet<&'rules FolderPath>,
    /// Folders of the source that hold messages.
    with_mail: BTreeSet<&'rules FolderPath>,
    /// Folded names that take no folders below them.
    childless: BTreeSet<Vec<String>>,
    /// Folded names that are given out, each with the folder at the source that has it.
    used: BTreeMap<Vec<String>, FolderPath>,
    /// The next number to try for a folded name, so that many equal names stay cheap.
    next_number: BTreeMap<Vec<String>, u64>,
    places: BTreeMap<FolderPath, Place>,
}

impl<'rules> Mapper<'rules> {
    fn new(
        rules: &'rules DestinationRules,
        uses: &'rules BTreeMap<FolderPath, SpecialUse>,
        folders: &'rules BTreeMap<FolderPath, Vec<&SourceFolder>>,
    ) -> Self {
        // Servers list folders in any order; the plan is the same for each.
        let sorted: BTreeSet<&FolderPath> = rules.existing.iter().collect();
        let mut named: BTreeMap<SpecialUse, Vec<FolderPath>> = BTreeMap::new();
        for &path in &sorted {
            let bare = without_prefix(path, &rules.prefix);
            if let Some(special_use) = special_use_by_name(&bare) {
                named.entry(special_use).or_default().push(path.clone());
            }
        }
        let mut existing = BTreeMap::new();
        for &path in &sorted {
            existing.entry(fold(path)).or_insert_with(|| path.clone());
        }
        Self {
            rules,
            uses,
            named,
            existing,
            exact: sorted,
            with_mail: folders
                .iter()
                .filter(|(_, same)| same.iter().any(|folder| folder.is_selectable))
                .map(|(path, _)| path)
                .collect(),
            childless: rules.childless.iter().map(fold).collect(),
            used: BTreeMap::new(),
            next_number: BTreeMap::new(),
            places: BTreeMap::new(),
        }
    }

    /// The inbox and the special folders choose first, so that no plain folder sits on their place.
    fn take_inbox_and_special(&mut self, folders: &BTreeMap<FolderPath, Vec<&SourceFolder>>) {
        self.used.insert(fold(&FolderPath::inbox()), FolderPath::inbox());
        // Also where the source does not list it: its children must know where it is.
        self.places.insert(FolderPath::inbox(), Place { path: FolderPath::inbox(), reasons: Vec::new() });
        // How many source folders have a name.
        let mut natural: BTreeMap<Vec<String>, usize> = BTreeMap::new();
        for (path, same) in folders {
            *natural.entry(self.natural_name(path)).or_default() += same.len();
        }
        for (path, special_use) in self.uses {
            if let Some(target) = self.special_target(*special_use, path, &natural) {
                if !folders.contains_key(path) || self.used.contains_key(&fold(&target)) {
                    continue;
                }
                self.used.insert(fold(&target), path.clone());
                let is_renamed = without_prefix(&target, &self.rules.prefix) != *path;
                let reasons =
                    if is_renamed { vec![RenameReason::SameUse(target.clone())] } else { Vec::new() };
                self.places.insert(path.clone(), Place { path: target, reasons });
            }
        }
    }

    /// The destination's folder for this use, if the source folder goes there under another name than its own. Where
    /// only names say so, a name that a source folder has stays free for that one: so the folders of an earlier copy are
    /// found again.
    fn special_target(
        &self,
        special_use: SpecialUse,
        source: &FolderPath,
        natural: &BTreeMap<Vec<String>, usize>,
    ) -> Option<FolderPath> {
        if let Some(told) = self.rules.special.get(&special_use) {
            return Some(told.clone());
        }
        let candidates = self.named.get(&special_use)?;
        let bare = |path: &FolderPath| fold(&without_prefix(path, &self.rules.prefix));
        let own = self.natural_name(source);
        if natural.get(&own) == Some(&1) && candidates.iter().any(|path| bare(path) == own) {
            return None;
        }
        candidates.iter().find(|path| !natural.contains_key(&bare(path))).cloned()
    }

    /// The folded name that a folder would have at the destination if it were alone there, without the prefix.
    fn natural_name(&self, path: &FolderPath) -> Vec<String> {
        let is_out_of_inbox = !self.rules.prefix.is_empty() || !self.rules.allows_inbox_children;
        let skipped =
            usize::from(path.0.len() > 1 && is_out_of_inbox && path.0.starts_with(&["INBOX".to_owned()]));
        let parts = path.0.iter().skip(skipped).enumerate();
        parts.map(|(level, part)| fold_name(&clean_part(part, level == 0, self.rules).name)).collect()
    }

    /// Whether the destination accepts every part of the name as it is.
    fn can_stay(&self, path: &FolderPath) -> bool {
        let mut parts = path.0.iter().enumerate();
        !matches!(path.0.as_slice(), [inbox, name, ..] if is_inbox_below_inbox(std::slice::from_ref(inbox), name))
            && parts.all(|(level, part)| clean_part(part, level == 0, self.rules).reasons.is_empty())
    }

    /// The place of a folder, after those of its parents.
    fn resolve(&mut self, path: &FolderPath) -> Place {
        for depth in 1..=path.0.len() {
            let ancestor = FolderPath(path.0.iter().take(depth).cloned().collect());
            if !self.places.contains_key(&ancestor) {
                let place = self.place_below_parent(&ancestor);
                self.places.insert(ancestor, place);
            }
        }
        let fallback = || Place { path: FolderPath(vec!["unnamed".to_owned()]), reasons: Vec::new() };
        self.places.get(path).cloned().unwrap_or_else(fallback)
    }

    /// A place for another folder with the same decoded name.
    fn resolve_twin(&mut self, path: &FolderPath) -> Place {
        self.place_below_parent(path)
    }

    fn place_below_parent(&mut self, path: &FolderPath) -> Place {
        let Some((name, parents)) = path.0.split_last() else {
            return self.claim(path, &FolderPath(vec!["unnamed".to_owned()]), vec![RenameReason::Empty]);
        };
        let (base, mut reasons) = self.base(parents);
        let clean = clean_part(name, base.len() == self.rules.prefix.len(), self.rules);
        reasons.extend(clean.reasons);
        let mut parts = base;
        let mut name = clean.name;
        if is_inbox_below_inbox(&parts, &name) {
            name.push_str(" 2");
            reasons.push(RenameReason::PassesForInbox);
        }
        if let Some(reason) = self.joined_because(parents, &parts) {
            let joined = format!("{} - {}", parts.pop().unwrap_or_default(), name);
            parts.push(joined);
            reasons.push(reason);
        } else {
            parts.push(name);
        }
        self.claim(path, &FolderPath(parts), reasons)
    }

    /// Why a child of these parents goes next to them at the destination instead of below.
    fn joined_because(&self, parents: &[String], there: &[String]) -> Option<RenameReason> {
        if there.len() <= self.rules.prefix.len() {
            return None;
        }
        if self.rules.delimiter.is_none() || there.len() >= self.rules.max_depth {
            return Some(too_deep(self.rules));
        }
        let there = FolderPath(there.to_vec());
        if self.childless.contains(&fold(&there)) {
            return Some(RenameReason::Childless(there));
        }
        let is_file =
            self.rules.has_files_for_folders && self.with_mail.contains(&FolderPath(parents.to_vec()));
        is_file.then_some(RenameReason::MailOrFolders)
    }

    /// The destination path for children of these parents, and why it differs from the source.
    fn base(&self, parents: &[String]) -> (Vec<String>, Vec<RenameReason>) {
        let is_inbox = matches!(parents, [only] if only == "INBOX");
        if parents.is_empty() || (is_inbox && !self.rules.prefix.is_empty()) {
            return (self.rules.prefix.clone(), Vec::new());
        }
        if is_inbox && !self.rules.allows_inbox_children {
            return (self.rules.prefix.clone(), vec![RenameReason::NothingBelowInbox]);
        }
        match self.places.get(&FolderPath(parents.to_vec())) {
            Some(place) if place.reasons.is_empty() => (place.path.0.clone(), Vec::new()),
            Some(place) => (place.path.0.clone(), vec![RenameReason::ParentRenamed]),
            None => (self.rules.prefix.clone(), Vec::new()),
        }
    }

    /// Gives out the place that a folder of the source wants, with a number behind the name where it is taken.
    fn claim(&mut self, source: &FolderPath, wanted: &FolderPath, mut reasons: Vec<RenameReason>) -> Place {
        let mut path = wanted.clone();
        let folded_wanted = fold(wanted);
        let mut number = self.next_number.get(&folded_wanted).copied().unwrap_or(2);
        while self.used.contains_key(&fold(&path)) {
            path = numbered(wanted, number, self.rules.max_name_chars);
            number += 1;
        }
        self.used.insert(fold(&path), source.clone());
        if path != *wanted {
            let with = self.used.get(&folded_wanted).cloned().unwrap_or_default();
            reasons.push(RenameReason::Collision { with, place: wanted.clone() });
            self.next_number.insert(folded_wanted, number);
        }
        if let Some(existing) = self.existing.get(&fold(&path)).filter(|_| !self.exact.contains(&path)) {
            reasons.push(RenameReason::Exists(existing.clone()));
            path = existing.clone();
        }
        Place { path, reasons }
    }
}

/// Whether a folder right below the inbox is called like the inbox: servers take the one for the other.
fn is_inbox_below_inbox(parents: &[String], name: &str) -> bool {
    let is_inbox = |part: &str| part.eq_ignore_ascii_case("INBOX");
    matches!(parents, [only] if is_inbox(only)) && is_inbox(name)
}

/// The path with a number behind its last part, which is shortened where it would become too long.
fn numbered(path: &FolderPath, number: u64, max_name_chars: usize) -> FolderPath {
    let suffix = format!(" {number}");
    let mut parts = path.0.clone();
    if let Some(last) = parts.last_mut() {
        let room = max_name_chars.saturating_sub(suffix.len()).max(1);
        let short: String = last.chars().take(room).collect();
        *last = format!("{}{suffix}", short.trim_end());
    }
    FolderPath(parts)
}

/// The name as seen by a destination that ignores case and Unicode normalisation.
pub fn fold(path: &FolderPath) -> Vec<String> {
    path.0.iter().map(|part| fold_name(part)).collect()
}

#[cfg(test)]
mod mapping_tests;
