//! What the program is made of.

use std::sync::LazyLock;

pub use crate::assets::Library;
use crate::assets::read_licences;

static LIBRARIES: LazyLock<Vec<Library<'static>>> = LazyLock::new(|| {
    // The build script has read the file with the same function, so it is never wrong here.
    read_licences(include_str!("../../../assets/licences.tsv")).unwrap_or_default()
});

/// Every library that is built into the program, on any system, with its licence.
pub fn libraries() -> &'static [Library<'static>] {
    &LIBRARIES
}
