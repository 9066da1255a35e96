//! Reads the files in a zip archive, one after the other.

use std::cell::Cell;
use std::io::{self, Read, Seek};
use std::rc::Rc;

use zip::ZipArchive;

use super::unpack::Bounded;
use super::{DEEPEST, Origin, Reading};

/// Files in one archive.
const MAX_ENTRIES: usize = 10_000;

impl Reading<'_> {
    /// Reads every file of an archive; a bad one is reported and does not stop the others.
    pub(super) fn archive(&mut self, source: impl Read + Seek, origin: &Origin<'_>) -> io::Result<()> {
        if origin.depth >= DEEPEST {
            return Err(io::Error::other("it is packed more often than anything honest is"));
        }
        let mut archive = ZipArchive::new(source).map_err(io::Error::other)?;
        for index in 0..archive.len().min(MAX_ENTRIES) {
            if self.cancel.is_cancelled() {
                break;
            }
            let entry = archive.by_index(index).map_err(io::Error::other)?;
            if entry.is_dir() {
                continue;
            }
            let inner = entry.name().rsplit(['/', '\\']).next().unwrap_or_default();
            let name =
                if inner.is_empty() { origin.name.to_owned() } else { format!("{}: {inner}", origin.name) };
            let taken = Rc::new(Cell::new(entry.compressed_size()));
            let mut plain = Bounded::new(entry, taken);
            let inner =
                Origin { name: &name, written: origin.written, depth: origin.depth + 1, is_file: false };
            if let Err(error) = self.stream(&mut plain, &inner) {
                self.book.end_source(&name, crate::audit::evidence::SourceKind::Unknown, &error.to_string());
            }
        }
        Ok(())
    }
}
