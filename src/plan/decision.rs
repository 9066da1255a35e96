use std::collections::BTreeMap;

use super::mapping::fold;
use super::{FolderChoice, FolderPath, FolderPlan, MailboxPlan};

/// The folders of a plan by where they go, for whoever asks about each of them.
pub struct Collisions<'a> {
    by_place: BTreeMap<Vec<String>, Vec<&'a FolderPlan>>,
}

impl<'a> Collisions<'a> {
    /// Those of this plan.
    pub fn of(plan: &'a MailboxPlan) -> Self {
        let mut by_place: BTreeMap<Vec<String>, Vec<&FolderPlan>> = BTreeMap::new();
        for folder in plan.folders.iter().filter(|folder| folder.choice == FolderChoice::Copy) {
            by_place.entry(fold(&folder.destination)).or_default().push(folder);
        }
        Self { by_place }
    }

    /// The folder whose place this one wanted: it goes to the same name with a number behind it, until its owner decides.
    pub fn with(&self, folder: &FolderPlan) -> Option<&'a FolderPlan> {
        let there = self.by_place.get(&wanted(folder)?)?;
        there.iter().find(|other| other.source != folder.source).copied()
    }

    /// Whether the owner has not said yet what becomes of a folder that collides with another one.
    pub fn needs_decision(&self, folder: &FolderPlan) -> bool {
        folder.renamed_because.as_deref() != Some(super::overrides::CHOSEN_BY_YOU)
            && self.with(folder).is_some()
    }
}

/// The same for one folder alone.
pub fn collides_with<'a>(plan: &'a MailboxPlan, folder: &FolderPlan) -> Option<&'a FolderPlan> {
    let wanted = wanted(folder)?;
    plan.folders.iter().find(|other| {
        other.choice == FolderChoice::Copy
            && other.source != folder.source
            && fold(&other.destination) == wanted
    })
}

/// The folded place that a folder has wanted, where it has got a number behind its name instead.
fn wanted(folder: &FolderPlan) -> Option<Vec<String>> {
    if folder.choice != FolderChoice::Copy || folder.renamed_because.is_none() {
        return None;
    }
    let (name, parents) = folder.destination.0.split_last()?;
    let (stem, number) = name.rsplit_once(' ')?;
    let is_number = !number.is_empty() && number.chars().all(|digit| digit.is_ascii_digit());
    // A folder that has the number at the source has not got it from the mapping.
    if !is_number || folder.source.name() == name {
        return None;
    }
    Some(fold(&FolderPath(parents.iter().cloned().chain([stem.to_owned()]).collect())))
}

/// How many folders of a plan wait for a decision.
pub fn open_decisions(plan: &MailboxPlan) -> usize {
    let collisions = Collisions::of(plan);
    plan.folders.iter().filter(|folder| collisions.needs_decision(folder)).count()
}

/// Whether the owner has not said yet what becomes of a folder that collides with another one.
pub fn needs_decision(plan: &MailboxPlan, folder: &FolderPlan) -> bool {
    folder.renamed_because.as_deref() != Some(super::overrides::CHOSEN_BY_YOU)
        && collides_with(plan, folder).is_some()
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
    fn a_folder_that_was_numbered_at_the_source_asks_nothing() {
        assert_eq!(waiting(&plan(&["INBOX", "Rechnungen", "Rechnungen 2", "Rechnungen 3"])), []);
    }
}
