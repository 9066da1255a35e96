use super::error::{AssetError, Lines};

/// A library that is built into the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Library<'a> {
    /// Its name at crates.io.
    pub name: &'a str,
    /// Its version.
    pub version: &'a str,
    /// Its licence, as an SPDX expression.
    pub licence: &'a str,
}

/// Reads `licences.tsv`, which `scripts/licences.sh` writes: name, version and licence of a library in each line.
pub fn read_licences(text: &str) -> Result<Vec<Library<'_>>, AssetError> {
    let mut libraries = Vec::new();
    let mut start = 0;
    for line in text.lines() {
        let parts: Vec<&str> = line.split('\t').collect();
        let [name, version, licence] = parts[..] else {
            return Err(wrong(text, start, "three values with tabs between them belong here"));
        };
        if [name, version, licence].iter().any(|value| value.trim().is_empty()) {
            return Err(wrong(text, start, "a value is empty"));
        }
        libraries.push(Library { name, version, licence });
        start += line.len() + 1;
    }
    if libraries.is_empty() { Err(wrong(text, 0, "no library is listed")) } else { Ok(libraries) }
}

fn wrong(text: &str, start: usize, problem: &str) -> AssetError {
    Lines(text).wrong(start..start, problem.to_owned(), "write the file again with scripts/licences.sh")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_lacks_a_value_is_named() {
        let error = read_licences("a\t1.0\tMIT\nb\t2.0\n").unwrap_err();
        assert_eq!((error.line, error.way_out), (2, "write the file again with scripts/licences.sh"));
        assert!(read_licences("a\t1.0\t\n").is_err());
        assert!(read_licences("").is_err());
        let one = read_licences("a\t1.0\tMIT OR Apache-2.0\n").unwrap();
        assert_eq!(one, [Library { name: "a", version: "1.0", licence: "MIT OR Apache-2.0" }]);
    }
}
