use super::folder_name::fold_name;
use super::{FolderChoice, FolderPath, FolderPlan, MailboxPlan};

/// The folder whose place this one wanted: it goes to the same name with a number behind it, until its owner decides.
pub fn collides_with<'a>(plan: &'a MailboxPlan, folder: &FolderPlan) -> Option<&'a FolderPlan> {
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
    let wanted = folded(&FolderPath(parents.iter().cloned().chain([stem.to_owned()]).collect()));
    plan.folders.iter().find(|other| {
        other.choice == FolderChoice::Copy
            && other.source != folder.source
            && folded(&other.destination) == wanted
    })
}

/// How many folders of a plan wait for a decision.
pub fn open_decisions(plan: &MailboxPlan) -> usize {
    let is_open = |folder: &&FolderPlan| needs_decision(plan, folder);
    plan.folders.iter().filter(is_open).count()
}

/// Whether the owner has not said yet what becomes of a folder that collides with another one.
pub fn needs_decision(plan: &MailboxPlan, folder: &FolderPlan) -> bool {
    folder.renamed_because.as_deref() != Some(super::overrides::CHOSEN_BY_YOU)
        && collides_with(plan, folder).is_some()
}

fn folded(path: &FolderPath) -> Vec<String> {
    path.0.iter().map(|part| fold_name(part)).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

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
