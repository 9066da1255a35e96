//! Which flags go along. Pure.

/// Flags that a client may store (RFC 3501 section 2.3.2).
const SYSTEM_FLAGS: [&str; 5] = ["\\Answered", "\\Flagged", "\\Deleted", "\\Seen", "\\Draft"];

/// Backslash flags of odd servers that mean a known keyword.
const KNOWN_ODD_FLAGS: [(&str, &str); 2] = [("\\Forwarded", "$Forwarded"), ("\\Junk", "$Junk")];

/// The flags that the destination folder takes. `\Recent` and unknown backslash flags never go along;
/// keywords do where PERMANENTFLAGS has `\*` or names them in any case. `None`: the server does not say.
pub(in crate::transfer) fn flags_for(source: &[String], permanent: Option<&[String]>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::with_capacity(source.len());
    for flag in source {
        let Some(flag) = normalised(flag) else { continue };
        let allowed = permanent.is_none_or(|names| is_allowed(&flag, names));
        if allowed && !kept.iter().any(|known| known.eq_ignore_ascii_case(&flag)) {
            kept.push(flag);
        }
    }
    kept
}

/// Flags in one order and each once, without `\Recent`, which is about sessions and not about messages: equal flags
/// are equal texts in the ledger.
pub(in crate::transfer) fn normal_flags(mut flags: Vec<String>) -> Vec<String> {
    flags.retain(|flag| !flag.eq_ignore_ascii_case("\\Recent"));
    // System flags first, as servers write them.
    flags.sort_by(|one, other| {
        (!one.starts_with('\\'), one.as_str()).cmp(&(!other.starts_with('\\'), other.as_str()))
    });
    flags.dedup();
    flags
}

/// What turns some flags into others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::transfer) struct FlagChanges {
    pub(in crate::transfer) added: Vec<String>,
    pub(in crate::transfer) removed: Vec<String>,
}

/// What turns `shown` into `wanted`, whatever the case of the letters.
pub(in crate::transfer) fn flag_changes(shown: &[String], wanted: &[String]) -> FlagChanges {
    let lacks = |flags: &[String], flag: &String| !flags.iter().any(|known| known.eq_ignore_ascii_case(flag));
    let added = wanted.iter().filter(|flag| lacks(shown, flag)).cloned().collect();
    let removed = shown.iter().filter(|flag| lacks(wanted, flag)).cloned().collect();
    FlagChanges { added, removed }
}

fn is_allowed(flag: &str, permanent: &[String]) -> bool {
    let is_named = permanent.iter().any(|name| name.eq_ignore_ascii_case(flag));
    is_named || (!flag.starts_with('\\') && permanent.iter().any(|name| name == "\\*"))
}

fn normalised(flag: &str) -> Option<String> {
    if let Some(known) = SYSTEM_FLAGS.iter().find(|known| known.eq_ignore_ascii_case(flag)) {
        return Some((*known).to_owned());
    }
    if let Some((_, keyword)) = KNOWN_ODD_FLAGS.iter().find(|(odd, _)| odd.eq_ignore_ascii_case(flag)) {
        return Some((*keyword).to_owned());
    }
    let is_atom = !flag.is_empty()
        && flag.len() <= 200
        && flag.bytes().all(|byte| byte.is_ascii_graphic() && !b"(){%*\"\\]".contains(&byte));
    is_atom.then(|| flag.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(flags: &[&str]) -> Vec<String> {
        flags.iter().map(|flag| (*flag).to_owned()).collect()
    }

    #[test]
    fn only_flags_that_the_destination_takes_go_along() {
        let source =
            strings(&["\\seen", "\\Recent", "\\X-EON", "\\Forwarded", "$Label1", "$label1", "a b", "ü"]);
        let any = strings(&["\\Seen", "\\*"]);
        assert_eq!(flags_for(&source, Some(&any)), ["\\Seen", "$Forwarded", "$Label1"]);
        let few = strings(&["\\Answered", "$LABEL1"]);
        assert_eq!(flags_for(&source, Some(&few)), ["$Label1"]);
        assert_eq!(flags_for(&source, None), ["\\Seen", "$Forwarded", "$Label1"]);
    }

    #[test]
    fn changes_of_flags_do_not_depend_on_order_or_case() {
        let shown = normal_flags(strings(&["\\Seen", "\\Recent", "Work", "\\Seen"]));
        assert_eq!(shown, ["\\Seen", "Work"]);
        let FlagChanges { added, removed } = flag_changes(&shown, &strings(&["work", "\\Flagged"]));
        assert_eq!((added, removed), (strings(&["\\Flagged"]), strings(&["\\Seen"])));
    }
}
