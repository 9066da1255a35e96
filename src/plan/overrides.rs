use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{FolderChoice, FolderPath, LeftOutBecause, MailboxPlan};

/// What the owner changed about one folder of a plan. Applied after the mapping, so it survives a new count.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FolderOverride {
    /// Whether it is copied; `None` leaves that to the mapping.
    pub is_included: Option<bool>,
    /// Where it goes; `None` leaves that to the mapping.
    pub destination: Option<FolderPath>,
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
    let renamed: Vec<(FolderPath, FolderPath, FolderPath)> = plan
        .folders
        .iter()
        .filter_map(|folder| {
            let target = overrides.get(&folder.source)?.destination.clone()?;
            Some((folder.source.clone(), folder.destination.clone(), target))
        })
        .collect();
    for folder in &mut plan.folders {
        // The nearest renamed ancestor, or the folder itself.
        let nearest = renamed
            .iter()
            .filter(|(source, _, _)| folder.source.0.starts_with(&source.0))
            .max_by_key(|(source, _, _)| source.0.len());
        if let Some((source, old, new)) = nearest {
            let rest = folder.destination.0.strip_prefix(old.0.as_slice());
            if *source == folder.source {
                folder.destination = new.clone();
                folder.renamed_because = Some("you chose this name".to_owned());
            } else if let Some(rest) = rest {
                folder.destination = FolderPath(new.0.iter().chain(rest).cloned().collect());
                folder.renamed_because = Some("the folder above it has another name".to_owned());
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

/// Destinations that more than one copied folder goes to. The mapping never makes any; the owner's names may.
pub fn shared_destinations(plan: &MailboxPlan) -> BTreeSet<FolderPath> {
    let mut seen = BTreeSet::new();
    plan.folders
        .iter()
        .filter(|folder| folder.choice == FolderChoice::Copy)
        .filter(|folder| !seen.insert(&folder.destination))
        .map(|folder| folder.destination.clone())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{DestinationRules, SourceFolder, map_folders};

    fn path(text: &str) -> FolderPath {
        FolderPath(text.split('|').map(ToOwned::to_owned).collect())
    }

    fn renamed(text: &str) -> FolderOverride {
        FolderOverride { is_included: None, destination: Some(path(text)) }
    }

    fn included(is_included: bool) -> FolderOverride {
        FolderOverride { is_included: Some(is_included), destination: None }
    }

    fn plan() -> MailboxPlan {
        let source = ["INBOX", "A", "A|B", "A|B|C", "[Gmail]|All Mail"].map(|text| SourceFolder {
            raw: text.to_owned(),
            path: path(text),
            is_selectable: true,
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
        assert_eq!(plan.folders[2].renamed_because.as_deref(), Some("you chose this name"));
        assert!(plan.folders[0].renamed_because.is_none());
        assert!(shared_destinations(&plan).is_empty());
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
        apply_overrides(&mut plan, &BTreeMap::from([(path("A"), renamed("INBOX"))]));
        assert_eq!(shared_destinations(&plan), BTreeSet::from([path("INBOX")]));
    }
}
