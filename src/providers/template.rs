//! Templates: text with `{domain}`, `{dashed}` and the names of answers in braces.

/// Names in braces, in their order; `None` where a brace is not closed.
pub(super) fn placeholders(template: &str) -> Option<Vec<&str>> {
    let mut names = Vec::new();
    let mut rest = template;
    while let Some((_, behind)) = rest.split_once('{') {
        let (name, after) = behind.split_once('}')?;
        names.push(name);
        rest = after;
    }
    (!rest.contains('}')).then_some(names)
}

/// Fills a template. `Err` names the first placeholder that has no value.
pub(crate) fn fill(template: &str, value_of: impl Fn(&str) -> Option<String>) -> Result<String, &str> {
    let mut filled = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, behind)) = rest.split_once('{') {
        filled.push_str(before);
        let (name, after) = behind.split_once('}').ok_or(behind)?;
        filled.push_str(&value_of(name).ok_or(name)?);
        rest = after;
    }
    filled.push_str(rest);
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_filled_or_name_what_is_missing() {
        let value = |name: &str| (name == "domain").then(|| "example.org".to_owned());
        assert_eq!(fill("fm1.{domain}.dkim", value), Ok("fm1.example.org.dkim".to_owned()));
        assert_eq!(fill("{key}", value), Err("key"));
        assert_eq!(placeholders("{a}.{b}"), Some(vec!["a", "b"]));
        assert_eq!(placeholders("{a"), None);
        assert_eq!(placeholders("a}"), None);
    }

    #[test]
    fn values_are_not_filled_again() {
        let value = |_: &str| Some("{domain}".to_owned());
        assert_eq!(fill("{a}", value), Ok("{domain}".to_owned()));
    }
}
