use std::collections::BTreeMap;

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
            } else if let Some(rest) = rest {
                folder.destination = FolderPath(new.0.iter().chain(rest).cloned().collect());
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
