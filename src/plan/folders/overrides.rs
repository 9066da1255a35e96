//! Folder names and choices that the owner set, applied to a plan.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::plan::folders::mapping::DestinationRules;
use crate::plan::folders::name::clean_destination;
use crate::plan::folders::path::FolderPath;
use crate::plan::folders::plan::FolderChoice;
use crate::plan::folders::plan::LeftOutBecause;
use crate::plan::folders::plan::MailboxPlan;
use crate::plan::folders::rename_reason::RenameReason;

/// What the owner changed about one folder of a plan. Applied after the mapping, so it survives a new count.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FolderOverride {
    /// Whether it is copied; `None` leaves that to the mapping.
    pub is_included: Option<bool>,
    /// Where it goes; `None` leaves that to the mapping.
    pub destination: Option<FolderPath>,
    /// Whether it may go where another folder goes: only when the owner asked for it.
    #[serde(default)]
    pub may_share: bool,
}

impl FolderOverride {
    /// Whether it changes nothing.
    pub const fn is_empty(&self) -> bool {
        self.is_included.is_none() && self.destination.is_none()
    }
}

/// Applies the owner's changes to a plan. Children of a renamed folder follow it, unless they have a name of
/// their own. Changes for folders that are gone do nothing.
pub fn apply_overrides(plan: &mut MailboxPlan, overrides: &BTreeMap<FolderPath, FolderOverride>) {
    let renamed: BTreeMap<Vec<String>, (FolderPath, FolderPath)> = plan
        .folders
        .iter()
        .filter_map(|folder| {
            let target = overrides.get(&folder.source)?.destination.clone()?;
            Some((folder.source.0.clone(), (folder.destination.clone(), target)))
        })
        .collect();
    let rules = plan.name_rules.as_ref().map(DestinationRules::from);
    let acceptable = |path: FolderPath| match &rules {
        Some(rules) => clean_destination(&path, rules).0,
        None => path,
    };
    for folder in &mut plan.folders {
        // The nearest renamed ancestor, or the folder itself.
        let depths = (0..=folder.source.0.len()).rev().filter(|_| !renamed.is_empty());
        let mut above = depths.filter_map(|depth| folder.source.0.get(..depth));
        let nearest = above.find_map(|source| Some((source, renamed.get(source)?)));
        if let Some((source, (old, new))) = nearest {
            // Below a folder that went deeper, not every level may find its place.
            let moved = |path: &FolderPath| {
                let rest = path.0.strip_prefix(old.0.as_slice())?;
                Some(acceptable(FolderPath(new.0.iter().chain(rest).cloned().collect())))
            };
            if source == folder.source.0 {
                folder.destination = new.clone();
                folder.renamed = vec![RenameReason::ChosenByOwner];
            } else if folder.destination.0.starts_with(&old.0) {
                // Whether it collides with a sibling does not depend on its parent's name.
                folder.renamed.retain(|reason| matches!(reason, RenameReason::Collision { .. }));
                folder.move_by(moved);
                folder.renamed.push(RenameReason::ParentRenamed);
            }
        }
        match overrides.get(&folder.source).and_then(|change| change.is_included) {
            Some(true) if matches!(folder.choice, FolderChoice::LeaveOut(_)) => {
                folder.choice = FolderChoice::Copy;
            }
            Some(false) if folder.choice == FolderChoice::Copy => {
                folder.choice = FolderChoice::LeaveOut(LeftOutBecause::YouChose);
            }
            _ => {}
        }
    }
}

/// Destinations that more than one copied folder goes to without having been asked to. The mapping never makes any;
/// the owner's names may.
pub fn shared_destinations(
    plan: &MailboxPlan,
    overrides: &BTreeMap<FolderPath, FolderOverride>,
) -> BTreeSet<FolderPath> {
    let mut seen = BTreeSet::new();
    let may_share = |folder: &FolderPath| overrides.get(folder).is_some_and(|change| change.may_share);
    plan.folders
        .iter()
        .filter(|folder| folder.choice == FolderChoice::Copy && !may_share(&folder.source))
        .filter(|folder| !seen.insert(&folder.destination))
        .map(|folder| folder.destination.clone())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{DestinationRules, SourceFolder, SpecialUse, map_folders};

    fn path(text: &str) -> FolderPath {
        FolderPath(text.split('|').map(ToOwned::to_owned).collect())
    }

    fn renamed(text: &str) -> FolderOverride {
        FolderOverride { destination: Some(path(text)), ..FolderOverride::default() }
    }

    fn included(is_included: bool) -> FolderOverride {
        FolderOverride { is_included: Some(is_included), ..FolderOverride::default() }
    }

    fn plan() -> MailboxPlan {
        let source = ["INBOX", "A", "A|B", "A|B|C", "[Gmail]|All Mail"].map(|text| SourceFolder {
            raw: text.to_owned(),
            path: path(text),
            is_selectable: true,
            special_use: text.ends_with("All Mail").then_some(SpecialUse::All),
            ..SourceFolder::default()
        });
        map_folders(&source, &[], &DestinationRules::default())
    }

    #[test]
    fn children_follow_unless_they_have_a_name_of_their_own() {
        let mut plan = plan();
        let overrides = BTreeMap::from([
            (path("A"), renamed("Alt")),
            (path("A|B"), renamed("Beta")),
            (path("gone"), renamed("x")),
            (path("INBOX"), FolderOverride::default()),
        ]);
        apply_overrides(&mut plan, &overrides);
        let targets: Vec<_> = plan.folders.iter().map(|folder| folder.destination.0.join("|")).collect();
        assert_eq!(targets, ["INBOX", "[Gmail]|All Mail", "Alt", "Beta", "Beta|C"]);
        assert_eq!(plan.folders[2].renamed, [RenameReason::ChosenByOwner]);
        assert!(plan.folders[0].renamed.is_empty());
        assert!(shared_destinations(&plan, &overrides).is_empty());
    }

    #[test]
    fn the_owner_decides_what_is_copied() {
        let mut plan = plan();
        let overrides = BTreeMap::from([
            (path("A"), included(false)),
            (path("[Gmail]|All Mail"), included(true)),
            (path("A|B"), included(true)),
        ]);
        apply_overrides(&mut plan, &overrides);
        let choices: Vec<_> = plan.folders.iter().map(|folder| folder.choice).collect();
        let left = FolderChoice::LeaveOut(LeftOutBecause::YouChose);
        assert_eq!(
            choices,
            [FolderChoice::Copy, FolderChoice::Copy, left, FolderChoice::Copy, FolderChoice::Copy]
        );
    }

    #[test]
    fn two_folders_with_one_destination_are_seen() {
        let mut plan = plan();
        let unasked = BTreeMap::from([(path("A"), renamed("INBOX"))]);
        apply_overrides(&mut plan, &unasked);
        assert_eq!(shared_destinations(&plan, &unasked), BTreeSet::from([path("INBOX")]));
        let asked = FolderOverride { may_share: true, ..renamed("INBOX") };
        assert!(shared_destinations(&plan, &BTreeMap::from([(path("A"), asked.clone())])).is_empty());
        let other = BTreeMap::from([(path("A"), asked), (path("A|B"), renamed("INBOX"))]);
        apply_overrides(&mut plan, &other);
        assert_eq!(shared_destinations(&plan, &other), BTreeSet::from([path("INBOX")]), "B did not ask");
    }
}
