use toml::Spanned;

use super::error::{AssetError, Lines};

/// Checks where a fact comes from, and when somebody last read it there.
pub(super) fn check_source(
    lines: Lines<'_>,
    source: &Spanned<String>,
    date: &Spanned<String>,
) -> Result<(), AssetError> {
    if source.get_ref().trim().len() < 3 {
        return Err(lines.wrong(
            source.span(),
            "the source is empty".to_owned(),
            "give the page or document that states it",
        ));
    }
    if !is_day(date.get_ref()) {
        let problem = format!("“{}” is not a plausible date", date.get_ref());
        return Err(lines.wrong(
            date.span(),
            problem,
            "write the day the source was read, such as 2026-11-28",
        ));
    }
    Ok(())
}

/// `2026-11-28`, from 2020 to 2099.
fn is_day(text: &str) -> bool {
    let mut parts = text.split('-');
    let mut number = |digits: usize| {
        let part = parts
            .next()
            .filter(|part| part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit()))?;
        part.parse::<u32>().ok()
    };
    let (year, month, day) = (number(4), number(2), number(2));
    let (Some(year @ 2020..=2099), Some(month), Some(day), None) = (year, month, day, parts.next()) else {
        return false;
    };
    let days = match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) => 29,
        2 => 28,
        1..=12 => 31,
        _ => 0,
    };
    (1..=days).contains(&day)
}
