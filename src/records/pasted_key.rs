//! Takes apart what people paste where a DKIM key is asked for: often the whole line of a zone file.

/// A pasted key, taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct PastedKey<'a> {
    /// The selector, where the line names it.
    pub selector: Option<String>,
    /// The domain behind `_domainkey`, where the line names it.
    pub domain: Option<String>,
    /// The data of the record.
    pub data: &'a str,
}

/// Takes the owner, waiting time, class and type off the beginning, where they are there.
pub(super) fn taken_apart(pasted: &str) -> PastedKey<'_> {
    // Behind a quote, or behind the version, everything belongs to the record.
    let head_end = pasted.find(['"', '=']).unwrap_or(pasted.len());
    let head = pasted.get(..head_end).unwrap_or(pasted);
    let mut at = None;
    for (start, word) in words(head) {
        if word.eq_ignore_ascii_case("TXT") {
            at = Some(start + word.len());
        }
    }
    let Some(at) = at else { return PastedKey { selector: None, domain: None, data: pasted } };
    let owner = words(head).next().map(|(_, word)| word.to_ascii_lowercase()).unwrap_or_default();
    let (selector, domain) = owner.split_once("._domainkey").map_or((None, None), |(selector, behind)| {
        let domain = behind.trim_matches('.');
        (Some(selector.to_owned()), (!domain.is_empty()).then(|| domain.to_owned()))
    });
    PastedKey { selector, domain, data: pasted.get(at..).unwrap_or_default().trim_start() }
}

/// Words with the places where they begin.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let start = text.as_ptr().addr();
    text.split_ascii_whitespace().map(move |word| (word.as_ptr().addr() - start, word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_zone_line_is_taken_apart() {
        for (pasted, selector, data) in [
            ("v=DKIM1; k=rsa; p=QUJD", None, "v=DKIM1; k=rsa; p=QUJD"),
            (
                "google._domainkey.example.org. 3600 IN TXT ( \"v=DKIM1; \" \"p=QUJD\" )",
                Some("google"),
                "( \"v=DKIM1; \" \"p=QUJD\" )",
            ),
            ("s1._domainkey IN TXT v=DKIM1; p=QUJD", Some("s1"), "v=DKIM1; p=QUJD"),
            ("TXT \"v=DKIM1; p=TXT\"", None, "\"v=DKIM1; p=TXT\""),
            ("v=DKIM1; n=a TXT b; p=QUJD", None, "v=DKIM1; n=a TXT b; p=QUJD"),
            ("", None, ""),
        ] {
            let apart = taken_apart(pasted);
            assert_eq!((apart.selector.as_deref(), apart.data), (selector, data), "{pasted}");
        }
    }
}
