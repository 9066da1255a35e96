//! What is to be known of the folders at a destination before they are made.

use std::collections::BTreeSet;

use crate::plan::folders::mapping::DestinationRules;
use crate::plan::folders::mapping::fold;
use crate::plan::folders::path::FolderPath;
use crate::plan::folders::plan::FolderChoice;
use crate::plan::folders::plan::FolderPlan;

/// Words, where the destination may not allow as many folders as the mailbox needs.
pub(in crate::plan) fn too_many_folders(
    plans: &[FolderPlan],
    destination: &DestinationRules,
) -> Option<String> {
    let needed: BTreeSet<Vec<String>> = plans
        .iter()
        .filter(|plan| plan.choice == FolderChoice::Copy)
        .map(|plan| &plan.destination)
        .chain(&destination.existing)
        .map(fold)
        .collect();
    let least = destination.folder_counts.iter().min()?;
    let counts: Vec<String> = destination.folder_counts.iter().map(ToString::to_string).collect();
    (needed.len() > usize::try_from(*least).unwrap_or(usize::MAX)).then(|| {
        format!(
            "The mailbox needs {} folders at the destination, which allows {}, depending on the contract. Ask the provider, \
             or leave folders out or merge them",
            needed.len(),
            counts.join(" or ")
        )
    })
}

/// A warning if the destination may refuse names of folders still to be created. Only creating them shows it.
pub(in crate::plan) fn doubtful_names(
    plans: &[FolderPlan],
    destination: &DestinationRules,
) -> Option<String> {
    let existing: BTreeSet<&FolderPath> = destination.existing.iter().collect();
    let is_doubtful = |plan: &&FolderPlan| {
        let mut names = plan.destination.0.iter();
        plan.choice == FolderChoice::Copy
            && !existing.contains(&plan.destination)
            && names.any(|name| name.contains(destination.doubtful_signs.as_slice()))
    };
    let first = plans.iter().find(is_doubtful)?;
    let folders = match plans.iter().filter(is_doubtful).count() {
        1 => "The destination may refuse the name of one folder".to_owned(),
        count => format!("The destination may refuse the names of {count} folders, such as"),
    };
    let sign = first.destination.to_string();
    Some(format!(
        "{folders} “{sign}”, as some servers of its kind do. Such a folder then gets the closest possible name, \
         and the result says which"
    ))
}
