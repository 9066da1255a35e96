//! The options of a copy, as given by the flags.

use super::args::{Copy, Labels, Mode};
use super::driver::Driver;
use super::folder_changes::FolderChange;
use super::plan_outcome::address_of;
use super::providers::{catalogue_with, destination_named};
use super::{CliError, output};
use crate::engine::{Command, UserError};
use crate::plan::{
    CopyMode, CopyOptions, FolderChoice, FolderPattern, FolderPlan, GmailLabels, LeftOutBecause, MessageDates,
};
use crate::providers::ProviderId;
use crate::values::MailboxId;

/// The flags, checked before anything is done.
pub struct Wishes {
    included: Vec<FolderPattern>,
    excluded: Vec<FolderPattern>,
    /// Folders that go elsewhere than planned.
    pub changes: Vec<FolderChange>,
    /// The provider by name.
    pub provider: Option<ProviderId>,
}

impl Wishes {
    /// Reads the flags; an invalid value is wrong usage.
    pub fn from(arguments: &Copy) -> Result<Self, CliError> {
        let patterns = |name: &str, texts: &[String]| -> Result<Vec<FolderPattern>, CliError> {
            let empty = || CliError::Usage(format!("{name} needs the name of a folder"));
            texts.iter().map(|text| FolderPattern::new(text).ok_or_else(empty)).collect()
        };
        let checked = options(arguments, CopyOptions::default());
        checked.filter.check().map_err(|error| CliError::Usage(error.to_string()))?;
        let plan = &arguments.plan;
        let mut changes = FolderChange::read("--rename-folder", &plan.renamed_folders, false)?;
        changes.extend(FolderChange::read("--merge-folder", &plan.merged_folders, true)?);
        Ok(Self {
            changes,
            provider: wanted_provider(arguments)?,
            included: patterns("--include-folder", &arguments.include_folders)?,
            excluded: patterns("--exclude-folder", &arguments.exclude_folders)?,
        })
    }
}

/// The provider by name. A project may have one of the owner's own, which the engine then knows.
fn wanted_provider(arguments: &Copy) -> Result<Option<ProviderId>, CliError> {
    let plan = &arguments.plan;
    let catalogue = catalogue_with(plan.provider_file.as_deref())?;
    let Some(name) = plan.provider.as_deref() else { return Ok(None) };
    let id = ProviderId(name.to_owned());
    if arguments.project.is_some() && catalogue.get(&id).is_none() {
        return Ok(Some(id));
    }
    destination_named(&catalogue, name).map(|provider| Some(provider.id.clone()))
}

/// The options after applying the flags. Options without a flag stay as in the project.
fn options(arguments: &Copy, mut options: CopyOptions) -> CopyOptions {
    let filter = &mut options.filter;
    filter.since_secs = arguments.since.or(filter.since_secs);
    filter.before_secs = arguments.before.or(filter.before_secs);
    filter.min_bytes = arguments.min_size.or(filter.min_bytes);
    filter.max_bytes = arguments.max_size.or(filter.max_bytes);
    filter.search = arguments.search.clone().or(filter.search.take());
    options.is_newest_first |= arguments.newest_first;
    options.disarms_receipts |= arguments.plan.disarm_receipts;
    options.drops_duplicates |= arguments.plan.drop_duplicates;
    if arguments.plan.dates_from_header {
        options.dates = MessageDates::Header;
    }
    options.upload_bytes_per_day = arguments.max_up_per_day.or(options.upload_bytes_per_day);
    options.download_bytes_per_day = arguments.max_down_per_day.or(options.download_bytes_per_day);
    if let Some(labels) = arguments.labels {
        options.gmail_labels = match labels {
            Labels::Best => GmailLabels::OncePerMessage,
            Labels::Each => GmailLabels::EveryFolder,
        };
    }
    if let Some(mode) = arguments.mode {
        options.mode = match mode {
            Mode::Before => CopyMode::BeforeSwitch,
            Mode::After => CopyMode::AfterSwitch,
            Mode::Sweep => CopyMode::Sweep,
        };
    }
    options
}

/// Saves the flags in the project and prints what is copied.
pub fn set_options(driver: &mut Driver, arguments: &Copy) -> Result<(), CliError> {
    let known = driver.project()?.plan.options;
    let wanted = options(arguments, known.clone());
    if wanted != known {
        driver.require(Command::SetCopyOptions(wanted.clone()))?;
    }
    if !wanted.filter.is_open() {
        output::say(&format!("Only messages {}", wanted.filter.words().join(", ")));
    }
    Ok(())
}

/// Folders left out are not even counted: a server may fail on them.
pub fn leave_uncounted(driver: &mut Driver, wishes: &Wishes) -> Result<(), CliError> {
    if !wishes.excluded.is_empty() {
        driver.require(Command::LeaveUncounted(wishes.excluded.clone()))?;
    }
    Ok(())
}

/// Includes and leaves out folders as the flags say. A pattern that matches no folder is an error.
pub fn choose_folders(driver: &mut Driver, wishes: &Wishes) -> Result<(), CliError> {
    let plans = driver.project()?.plan.mailboxes;
    let folders: Vec<(MailboxId, &FolderPlan)> = plans
        .iter()
        .flat_map(|(id, plan)| plan.folders.iter().map(|folder| (*id, folder)))
        .filter(|(_, folder)| folder.choice != FolderChoice::ContainerOnly)
        .collect();
    for pattern in wishes.included.iter().chain(&wishes.excluded) {
        if !folders.iter().any(|(_, folder)| pattern.fits(&folder.source)) {
            return Err(no_such_folder(driver, pattern, &folders)?.into());
        }
    }
    for (mailbox, folder) in folders {
        let fits = |patterns: &[FolderPattern]| patterns.iter().any(|pattern| pattern.fits(&folder.source));
        let is_copied = folder.choice == FolderChoice::Copy;
        let is_named = wishes.included.iter().any(|pattern| is_asked_for(pattern, folder));
        let is_wanted =
            if wishes.included.is_empty() { is_copied } else { is_named } && !fits(&wishes.excluded);
        if is_wanted != is_copied {
            let folder = folder.source.clone();
            driver.require(Command::IncludeFolder { mailbox, folder, is_included: is_wanted })?;
        }
    }
    Ok(())
}

/// Whether a pattern asks for this folder. What is not the mailbox's own has to be named: a star at the beginning means
/// any folder of one's own.
fn is_asked_for(pattern: &FolderPattern, folder: &FolderPlan) -> bool {
    use LeftOutBecause::{ItHoldsNoMail, ItIsShared, ItIsSomebodyElses};
    let is_apart =
        matches!(folder.choice, FolderChoice::LeaveOut(ItIsShared | ItIsSomebodyElses | ItHoldsNoMail));
    pattern.fits(&folder.source) && !(is_apart && pattern.text().starts_with('*'))
}

fn no_such_folder(
    driver: &Driver,
    pattern: &FolderPattern,
    folders: &[(MailboxId, &FolderPlan)],
) -> Result<UserError, CliError> {
    let project = driver.project()?;
    let known: Vec<String> = folders
        .iter()
        .take(20)
        .map(|(id, folder)| format!("{} of {}", folder.source.0.join("/"), address_of(&project, *id)))
        .collect();
    let more = if folders.len() > known.len() { " and more" } else { "" };
    Ok(UserError::new(
        format!("No folder is called “{}”", pattern.text()),
        format!("The folders are: {}{more}.", known.join(", ")),
    )
    .or_else("Use one of these names, with * for any characters", "Nothing was copied"))
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::super::args::{Arguments, Task};
    use super::*;

    fn wishes(flags: &[&str], known: CopyOptions) -> CopyOptions {
        let line = ["mailferry", "copy", "--project", "weber.mailferry"].iter().chain(flags);
        let Some(Task::Copy(copy)) = Arguments::try_parse_from(line).unwrap().command else {
            panic!("a copy was asked for")
        };
        options(&copy, known)
    }

    #[test]
    fn flags_change_what_they_name_and_nothing_else() {
        let flags =
            ["--mode", "sweep", "--labels", "each", "--max-up-per-day", "500MB", "--max-size", "25MB"];
        let wanted = wishes(&flags, CopyOptions::default());
        assert_eq!(wanted.mode, CopyMode::Sweep);
        assert_eq!(wanted.gmail_labels, GmailLabels::EveryFolder);
        assert_eq!((wanted.upload_bytes_per_day, wanted.download_bytes_per_day), (Some(500_000_000), None));
        assert_eq!(wanted.filter.max_bytes, Some(25_000_000));
        assert_eq!(wishes(&[], wanted.clone()), wanted);
        let back = wishes(&["--labels", "best", "--max-up-per-day", "0", "--mode", "before"], wanted.clone());
        assert_eq!(back.gmail_labels, GmailLabels::OncePerMessage);
        assert_eq!((back.upload_bytes_per_day, back.mode), (Some(0), CopyMode::BeforeSwitch));
        assert_eq!(back.filter, wanted.filter);
    }
}
