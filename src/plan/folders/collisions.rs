//! Folders that collide: two that want the same place, of which the second has got a number behind its name until its owner
//! says what happens to it.

use std::collections::BTreeMap;

use crate::plan::folders::mapping::fold;
use crate::plan::folders::path::FolderPath;
use crate::plan::folders::plan::FolderChoice;
use crate::plan::folders::plan::FolderPlan;
use crate::plan::folders::plan::MailboxPlan;

/// The folders of a plan by their names at the source, for repeated look-ups.
pub struct Collisions<'a> {
    by_source: BTreeMap<&'a FolderPath, &'a FolderPlan>,
}

impl<'a> Collisions<'a> {
    /// Those of this plan.
    pub fn of(plan: &'a MailboxPlan) -> Self {
        // Of two that are called the same, the first one has the place.
        let by_source = plan.folders.iter().rev().map(|folder| (&folder.source, folder)).collect();
        Self { by_source }
    }

    /// The folder whose place this one wanted: it goes to the same name with a number behind it, until its owner decides.
    pub fn with(&self, folder: &FolderPlan) -> Option<&'a FolderPlan> {
        let (with, _) = folder.collision()?;
        self.by_source.get(with).copied().filter(|other| stands_in_the_way(other, folder))
    }

    /// Whether the owner has not said yet what happens to a folder that collides with another one.
    pub fn needs_decision(&self, folder: &FolderPlan) -> bool {
        self.with(folder).is_some()
    }
}

/// The same for one folder alone.
pub fn collides_with<'a>(plan: &'a MailboxPlan, folder: &FolderPlan) -> Option<&'a FolderPlan> {
    let (with, _) = folder.collision()?;
    let other = plan.folders.iter().find(|other| other.source == *with)?;
    stands_in_the_way(other, folder).then_some(other)
}

/// Whether the other folder is in the place that this one wanted: both are copied, and its owner has not sent it elsewhere.
fn stands_in_the_way(other: &FolderPlan, folder: &FolderPlan) -> bool {
    let has_place = || folder.collision().is_some_and(|(_, place)| fold(place) == fold(&other.destination));
    let is_copied = |one: &FolderPlan| one.choice == FolderChoice::Copy;
    is_copied(folder)
        && is_copied(other)
        && other.source != folder.source
        && (!other.is_named_by_owner() || has_place())
}

/// How many folders of a plan wait for a decision.
pub fn open_decisions(plan: &MailboxPlan) -> usize {
    let collisions = Collisions::of(plan);
    plan.folders.iter().filter(|folder| collisions.needs_decision(folder)).count()
}

/// Whether the owner has not said yet what happens to a folder that collides with another one.
pub fn needs_decision(plan: &MailboxPlan, folder: &FolderPlan) -> bool {
    collides_with(plan, folder).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{DestinationRules, FolderOverride, SourceFolder, apply_overrides, map_folders};

    fn path(text: &str) -> FolderPath {
        FolderPath(text.split('|').map(ToOwned::to_owned).collect())
    }

    fn plan(names: &[&str]) -> MailboxPlan {
        let folders: Vec<SourceFolder> = names
            .iter()
            .map(|name| SourceFolder {
                raw: (*name).to_owned(),
                path: path(name),
                is_selectable: true,
                ..SourceFolder::default()
            })
            .collect();
        map_folders(&folders, &[], &DestinationRules::default())
    }

    fn waiting(plan: &MailboxPlan) -> Vec<(String, String)> {
        plan.folders
            .iter()
            .filter(|folder| needs_decision(plan, folder))
            .map(|folder| {
                let other = collides_with(plan, folder).unwrap();
                (folder.source.0.join("|"), other.source.0.join("|"))
            })
            .collect()
    }

    #[test]
    fn a_name_in_other_capitals_asks_and_the_answer_is_kept() {
        let mut plan = plan(&["INBOX", "P", "P|Haus", "P|haus", "Q 2", "Q"]);
        assert_eq!(waiting(&plan).len(), 1, "{plan:#?}");
        assert_eq!(open_decisions(&plan), 1);
        let (second, first) = waiting(&plan).remove(0);
        assert_eq!([second.to_lowercase(), first.to_lowercase()], ["p|haus", "p|haus"]);
        let chosen =
            plan.folders.iter().find(|folder| folder.source == path(&second)).unwrap().destination.clone();
        let keep = FolderOverride { destination: Some(chosen), ..FolderOverride::default() };
        apply_overrides(&mut plan, &BTreeMap::from([(path(&second), keep)]));
        assert_eq!(waiting(&plan), []);
    }

    #[test]
    fn a_collision_lasts_as_long_as_both_want_the_place() {
        let names = ["INBOX", "P", "P|Haus", "P|haus"];
        let after = |changed: &str, change: FolderOverride| {
            let mut plan = plan(&names);
            apply_overrides(&mut plan, &BTreeMap::from([(path(changed), change)]));
            open_decisions(&plan)
        };
        let called =
            |name: &str| FolderOverride { destination: Some(path(name)), ..FolderOverride::default() };
        let left_out = || FolderOverride { is_included: Some(false), ..FolderOverride::default() };
        // Which of the two comes first is for the mapping to say.
        let (second, first) = waiting(&plan(&names)).remove(0);
        for (changed, change, open) in [
            ("INBOX", FolderOverride::default(), 1),
            (first.as_str(), called("Elsewhere"), 0),
            (first.as_str(), called(&first), 1),
            (first.as_str(), left_out(), 0),
            (second.as_str(), left_out(), 0),
            (second.as_str(), called("Another"), 0),
            // Both move along.
            ("P", called("Q"), 1),
        ] {
            assert_eq!(after(changed, change.clone()), open, "{changed}: {change:?}");
        }
    }

    #[test]
    fn the_number_of_a_long_name_is_no_matter() {
        let rules = DestinationRules { max_name_chars: 4, ..DestinationRules::default() };
        let folder = |name: &str| SourceFolder {
            raw: name.to_owned(),
            path: path(name),
            is_selectable: true,
            ..SourceFolder::default()
        };
        let plan = map_folders(&["abcdef", "abcdxy"].map(folder), &[], &rules);
        let found = waiting(&plan);
        assert_eq!(found, [("abcdxy".to_owned(), "abcdef".to_owned())], "{plan:#?}");
    }

    #[test]
    fn a_folder_that_was_numbered_at_the_source_asks_nothing() {
        assert_eq!(waiting(&plan(&["INBOX", "Rechnungen", "Rechnungen 2", "Rechnungen 3"])), []);
    }
}
