//! What the destination's folders are for, as far as it matters where copies are looked for.

use crate::imap::Folder;
use crate::plan::{FolderPath, SpecialUse, special_use_by_name};

/// Folders that show mail which lives elsewhere. At Gmail archived mail is in `\\All` only.
pub(in crate::transfer) fn is_view(folder: &Folder, is_gmail: bool) -> bool {
    folder.has_attribute("\\Flagged")
        || folder.has_attribute("\\Important")
        || (folder.has_attribute("\\All") && !is_gmail)
}

/// Whether deleted mail goes here.
pub(in crate::transfer) fn is_trash(folder: &Folder) -> bool {
    has_use(folder, "\\Trash", SpecialUse::Trash)
}

/// Whether junk filters move mail here.
pub(in crate::transfer) fn is_junk(folder: &Folder) -> bool {
    has_use(folder, "\\Junk", SpecialUse::Junk)
}

/// Whether the server says so (RFC 6154), or the name does.
fn has_use(folder: &Folder, attribute: &str, special_use: SpecialUse) -> bool {
    folder.has_attribute(attribute) || special_use_by_name(&FolderPath(folder.parts())) == Some(special_use)
}
