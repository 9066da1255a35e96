//! Makes one folder name acceptable to the destination, level by level.

use icu_normalizer::ComposingNormalizerBorrowed;

use crate::plan::folders::mapping::{DestinationRules, fold};
use crate::plan::folders::path::FolderPath;
use crate::plan::folders::rename_reason::RenameReason;

/// One part of a folder name made acceptable to the destination, and what was done to it.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::plan) struct CleanName {
    pub name: String,
    /// Why, in the order of the changes; empty where the name stays.
    pub reasons: Vec<RenameReason>,
}

/// Makes a name that the owner chose acceptable to the destination, and says what was changed in it: its parts, its place
/// below the destination's prefix, and its depth.
pub fn clean_destination(path: &FolderPath, rules: &DestinationRules) -> (FolderPath, Vec<RenameReason>) {
    if path.is_inbox() {
        return (FolderPath::inbox(), Vec::new());
    }
    let mut reasons = Vec::new();
    let mut own: &[String] = match path.0.strip_prefix(rules.prefix.as_slice()) {
        Some(own) if !own.is_empty() => own,
        _ => {
            reasons.push(RenameReason::BelowPrefix(FolderPath(rules.prefix.clone())));
            &path.0
        }
    };
    if let [inbox, children @ ..] = own
        && inbox.eq_ignore_ascii_case("INBOX")
        && !rules.allows_inbox_children
    {
        reasons.push(RenameReason::NothingBelowInbox);
        own = children;
    }
    let mut own = own.to_vec();
    reasons.extend(flatten(&mut own, rules));
    let mut parts = rules.prefix.clone();
    for (level, part) in own.iter().enumerate() {
        let clean = clean_part(part, level == 0, rules);
        parts.push(clean.name);
        reasons.extend(clean.reasons);
    }
    reasons.extend(join_below_childless(&mut parts, rules));
    (FolderPath(parts), reasons)
}

/// Joins the name of a child with that of a parent that cannot contain folders; adds the reason.
fn join_below_childless(parts: &mut Vec<String>, rules: &DestinationRules) -> Option<RenameReason> {
    let childless: Vec<Vec<String>> = rules.childless.iter().map(fold).collect();
    let above = |depth: usize| FolderPath(parts.iter().take(depth).cloned().collect());
    let mut depths = rules.prefix.len().max(1)..parts.len();
    let depth = depths.find(|depth| childless.contains(&fold(&above(*depth))))?;
    let reason = RenameReason::Childless(above(depth));
    let joined = parts.split_off(depth - 1).join(" - ");
    parts.push(joined);
    Some(reason)
}

/// Joins the last parts of a path, given without the prefix, that is deeper than the destination allows; says so.
fn flatten(own: &mut Vec<String>, rules: &DestinationRules) -> Option<RenameReason> {
    let is_flat = rules.delimiter.is_none();
    let deepest = if is_flat { 1 } else { rules.max_depth.saturating_sub(rules.prefix.len()).max(1) };
    if own.len() <= deepest {
        return None;
    }
    let joined = own.split_off(deepest - 1).join(" - ");
    own.push(joined);
    Some(too_deep(rules))
}

/// Why a folder goes next to its parent instead of below.
pub(in crate::plan) const fn too_deep(rules: &DestinationRules) -> RenameReason {
    if rules.delimiter.is_none() { RenameReason::Flat } else { RenameReason::TooDeep(rules.max_depth) }
}

/// Letters with accents in one code point each (NFC, RFC 5198). macOS writes two, and people see no difference.
pub(in crate::plan) fn composed(name: &str) -> String {
    ComposingNormalizerBorrowed::new_nfc().normalize(name).into_owned()
}

/// The name as seen by a server that ignores case and Unicode normalisation.
pub(in crate::plan) fn fold_name(name: &str) -> String {
    composed(&name.to_lowercase())
}

/// Makes a part acceptable. `is_top`: it is at the top level, where some names are reserved.
pub(in crate::plan) fn clean_part(part: &str, is_top: bool, rules: &DestinationRules) -> CleanName {
    let mut reasons = Vec::new();
    let mut name = String::with_capacity(part.len());
    let (mut has_control, mut has_delimiter) = (false, false);
    let mut forbidden = Vec::new();
    let whole = composed(part);
    if whole != part {
        reasons.push(RenameReason::Accents);
    }
    for character in whole.chars() {
        if character.is_control() {
            has_control = true;
        } else if Some(character) == rules.delimiter {
            has_delimiter = true;
            name.push(look_alike(character));
        } else if rules.forbidden.contains(&character) {
            if !forbidden.contains(&character) {
                forbidden.push(character);
            }
            name.push(look_alike(character));
        } else {
            name.push(character);
        }
    }
    if let Some(delimiter) = rules.delimiter.filter(|_| has_delimiter) {
        reasons.push(RenameReason::Delimiter(delimiter));
    }
    if has_control {
        reasons.push(RenameReason::ControlCharacters);
    }
    reasons.extend(forbidden.into_iter().map(RenameReason::Forbidden));
    if is_top && name.starts_with('#') {
        // RFC 3501 section 5.1.2: a leading “#” names a namespace.
        name.replace_range(..1, "♯");
        reasons.push(RenameReason::NamespaceSign);
    }
    trim_and_limit(&mut name, &mut reasons, rules);
    if is_top && rules.reserved.iter().any(|reserved| reserved.eq_ignore_ascii_case(&name)) {
        reasons.push(RenameReason::Reserved(name.clone()));
        name.push_str(" (mail)");
    }
    CleanName { name, reasons }
}

fn trim_and_limit(name: &mut String, reasons: &mut Vec<RenameReason>, rules: &DestinationRules) {
    let trimmed = name.trim();
    if trimmed.len() != name.len() {
        *name = trimmed.to_owned();
        reasons.push(RenameReason::Blanks);
    }
    if name.chars().count() > rules.max_name_chars {
        let kept: String = name.chars().take(rules.max_name_chars).collect();
        kept.trim_end().clone_into(name);
        reasons.push(RenameReason::TooLong(rules.max_name_chars));
    }
    if name.is_empty() {
        "unnamed".clone_into(name);
        reasons.push(RenameReason::Empty);
    }
}

/// A character that people read as the same one and that servers take as a plain letter.
pub(in crate::plan) const fn look_alike(character: char) -> char {
    match character {
        '/' => '∕',
        '\\' => '⧵',
        '.' => '․',
        ':' => '∶',
        '|' => '∣',
        '*' => '∗',
        '%' => '٪',
        '"' => '”',
        '\'' => '’',
        '^' => 'ˆ',
        '?' => '？',
        '<' => '‹',
        '>' => '›',
        '~' => '∼',
        _ => '_',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chosen_name_keeps_its_prefix() {
        let rules = DestinationRules {
            delimiter: Some('.'),
            prefix: vec!["INBOX".to_owned()],
            ..DestinationRules::default()
        };
        let chosen = FolderPath(vec!["INBOX".to_owned(), "v1.2 ".to_owned(), "x".to_owned()]);
        let (path, reasons) = clean_destination(&chosen, &rules);
        assert_eq!((path.0.join("|").as_str(), reasons.len()), ("INBOX|v1․2|x", 2));
        let typed = |text: &str, rules: &DestinationRules| {
            let path = FolderPath(text.split('|').map(str::to_owned).collect());
            let (clean, reasons) = clean_destination(&path, rules);
            assert_eq!(clean_destination(&clean, rules), (clean.clone(), Vec::new()), "once is enough");
            (clean.0.join("|"), reasons.len())
        };
        assert_eq!(typed("Work", &rules), ("INBOX|Work".to_owned(), 1));
        assert_eq!(typed("inbox", &rules), ("INBOX".to_owned(), 0));
        let shallow =
            DestinationRules { max_depth: 2, allows_inbox_children: false, ..DestinationRules::default() };
        assert_eq!(typed("A|B|C", &shallow), ("A|B - C".to_owned(), 1));
        assert_eq!(typed("INBOX|B", &shallow), ("B".to_owned(), 1));
        let flat = DestinationRules { delimiter: None, ..DestinationRules::default() };
        assert_eq!(typed("A|B", &flat), ("A - B".to_owned(), 1));
        let childless = vec![FolderPath(vec!["A".to_owned()])];
        let childless = DestinationRules { childless, ..DestinationRules::default() };
        assert_eq!(typed("a|B|C", &childless), ("a - B - C".to_owned(), 1));
        assert_eq!(typed("AB|C", &childless), ("AB|C".to_owned(), 0));
    }

    #[test]
    fn names_become_acceptable_and_every_change_is_reported() {
        let rules = DestinationRules {
            delimiter: Some('/'),
            forbidden: vec!['^', '"'],
            max_name_chars: 12,
            reserved: vec!["Files".to_owned()],
            ..DestinationRules::default()
        };
        for (part, is_top, name, reasons) in [
            ("Projekte", true, "Projekte", 0),
            ("2024/25", false, "2024∕25", 1),
            ("a^b\"c^", false, "aˆb”cˆ", 2),
            (" Blank ", true, "Blank", 1),
            ("tab\there", true, "tabhere", 1),
            ("#news", true, "♯news", 1),
            ("#news", false, "#news", 0),
            ("files", true, "files (mail)", 1),
            ("Files", false, "Files", 0),
            ("Bu\u{308}ro", true, "Büro", 1),
            ("äöüäöüäöüäöüäöü", true, "äöüäöüäöüäöü", 1),
            ("  \u{7}", true, "unnamed", 3),
            ("", true, "unnamed", 1),
        ] {
            let clean = clean_part(part, is_top, &rules);
            assert_eq!((clean.name.as_str(), clean.reasons.len()), (name, reasons), "{:?}", clean.reasons);
        }
    }
}
