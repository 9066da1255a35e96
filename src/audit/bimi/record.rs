//! BIMI records: parsing.

use crate::audit::tag_list::TagList;
use crate::audit::web_targets::https_host;

/// A BIMI record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BimiRecord {
    /// `l=`: where the picture is; `None` if the domain wants none shown.
    pub picture: Option<String>,
    /// `a=`: where the mark certificate is.
    pub certificate: Option<String>,
}

/// Whether a TXT record at `default._bimi` is meant to be one.
pub(super) fn is_bimi(text: &[u8]) -> bool {
    let start: Vec<u8> = text.iter().filter(|byte| **byte != b' ').take(6).copied().collect();
    start.eq_ignore_ascii_case(b"v=BIMI")
}

impl BimiRecord {
    /// What it points to.
    pub(super) fn urls(&self) -> Vec<String> {
        self.picture.iter().chain(&self.certificate).cloned().collect()
    }

    /// Parses a record.
    ///
    /// # Errors
    /// Says in plain words what makes it useless.
    pub(super) fn parse(text: &[u8]) -> Result<Self, String> {
        let text =
            std::str::from_utf8(text).map_err(|_not_utf8| "it has bytes that are no text".to_owned())?;
        let tags = TagList::parse(text);
        if let Some(name) = tags.twice() {
            return Err(format!("the tag “{name}” occurs twice"));
        }
        let first = tags.tags.first().map(|tag| (tag.name.as_str(), tag.value));
        if first != Some(("v", "BIMI1")) {
            return Err("it does not begin with “v=BIMI1”".to_owned());
        }
        let place = |name: &str| match tags.get(name).unwrap_or_default() {
            "" => Ok(None),
            url if https_host(url).is_some() => Ok(Some(url.to_owned())),
            url => {
                let shown: String = url.chars().take(80).collect();
                Err(format!("“{name}={shown}” is not an address that begins with “https://” and a host name"))
            }
        };
        if tags.get("l").is_none() && tags.get("a").is_none() {
            return Err("“l=” with the address of the picture is missing".to_owned());
        }
        Ok(Self { picture: place("l")?, certificate: place("a")? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_read() {
        let record =
            BimiRecord::parse(b"v=BIMI1; l=https://weber.example/a.svg; a=https://weber.example/a.pem;")
                .unwrap();
        assert_eq!(record.picture.as_deref(), Some("https://weber.example/a.svg"));
        assert_eq!(record.certificate.as_deref(), Some("https://weber.example/a.pem"));
        let declined = BimiRecord::parse(b"v=BIMI1; l=; a=;").unwrap();
        assert_eq!((declined.picture, declined.certificate), (None, None));
        for (bad, why) in [
            ("v=BIMI1", "missing"),
            ("l=https://a.example/x.svg; v=BIMI1", "begin"),
            ("v=BIMI2; l=", "begin"),
            ("v=BIMI1; l=http://a.example/x.svg", "https"),
            ("v=BIMI1; l=https://u@a.example/x.svg", "https"),
            ("v=BIMI1; l=https://[::1]/x.svg", "https"),
            ("v=BIMI1; l=; l=", "twice"),
        ] {
            let said = BimiRecord::parse(bad.as_bytes()).unwrap_err();
            assert!(said.contains(why), "{bad}: {said}");
        }
        assert!(is_bimi(b"v=BIMI1; l=") && is_bimi(b"v = bimi1") && !is_bimi(b"v=spf1 -all"));
    }
}
