//! The name of a folder in the destination's own spelling. Pure.

use crate::imap::{Namespace, encode_utf7};
use crate::plan::FolderPath;

/// Joins the parts with the server's delimiter, in modified UTF-7.
pub(in crate::transfer) fn raw_name(path: &FolderPath, namespace: &Namespace) -> String {
    let delimiter = namespace.delimiter.unwrap_or('/').to_string();
    let parts: Vec<String> = path.0.iter().map(|part| encode_utf7(part)).collect();
    parts.join(&delimiter)
}

/// The folders above this one, outermost first.
pub(in crate::transfer) fn parents(path: &FolderPath) -> Vec<FolderPath> {
    (1..path.0.len()).map(|depth| FolderPath(path.0.iter().take(depth).cloned().collect())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_take_the_delimiter_of_the_server() {
        let path = FolderPath(vec!["Büro".to_owned(), "2024".to_owned()]);
        let namespace = Namespace { delimiter: Some('.'), ..Namespace::default() };
        assert_eq!(raw_name(&path, &namespace), "B&APw-ro.2024");
        assert_eq!(parents(&path), [FolderPath(vec!["Büro".to_owned()])]);
    }
}
