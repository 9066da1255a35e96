//! Tag lists as DKIM and DMARC write them: `name=value; name=value` (RFC 6376 section 3.2). Pure.

/// Tags that are read; nobody needs more.
const MAX_TAGS: usize = 64;

/// A tag list, taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct TagList<'a> {
    /// Names in lower case with their values, in order.
    pub tags: Vec<Tag<'a>>,
    /// Parts without “=”.
    pub malformed: Vec<&'a str>,
}

/// One tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tag<'a> {
    /// In lower case.
    pub name: String,
    /// Without the blanks around it.
    pub value: &'a str,
    /// The whole tag as written.
    pub text: &'a str,
}

impl<'a> TagList<'a> {
    /// Takes a text apart. Nothing is refused here; what is wrong is for the caller to name.
    pub(super) fn parse(text: &'a str) -> Self {
        let mut list = Self::default();
        for part in text.split(';').map(str::trim).filter(|part| !part.is_empty()).take(MAX_TAGS) {
            match part.split_once('=') {
                Some((name, value)) => list.tags.push(Tag {
                    name: name.trim().to_ascii_lowercase(),
                    value: value.trim(),
                    text: part,
                }),
                None => list.malformed.push(part),
            }
        }
        list
    }

    /// The value of a tag.
    pub(super) fn get(&self, name: &str) -> Option<&'a str> {
        self.tags.iter().find(|tag| tag.name == name).map(|tag| tag.value)
    }

    /// Tags that stand there twice: the whole list is then invalid (section 3.2).
    pub(super) fn twice(&self) -> Option<&str> {
        self.tags.iter().enumerate().find_map(|(index, tag)| {
            let is_again = self.tags.iter().take(index).any(|before| before.name == tag.name);
            is_again.then_some(tag.name.as_str())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_folded_and_doubles_are_found() {
        let list = TagList::parse(" V = DKIM1 ; p=a=b;; rubbish; t = y");
        assert_eq!(list.get("v"), Some("DKIM1"));
        assert_eq!(list.get("p"), Some("a=b"));
        assert_eq!(list.malformed, ["rubbish"]);
        assert_eq!(list.twice(), None);
        assert_eq!(TagList::parse("a=1; b=2; A=3").twice(), Some("a"));
    }
}
