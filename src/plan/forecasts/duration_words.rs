use crate::values::counted;

/// An estimate in words, no finer than it deserves: `about 2 hours, 10 minutes`.
pub fn duration_words(seconds: u64) -> String {
    format!("about {}", bare_duration_words(seconds))
}

/// The same without “about”, for sentences that say so themselves.
pub fn bare_duration_words(seconds: u64) -> String {
    let minutes = seconds.div_ceil(60);
    match minutes {
        0 | 1 => "a minute".to_owned(),
        2..=19 => format!("{minutes} minutes"),
        20..=57 => format!("{} minutes", round_to(minutes, 5)),
        58..600 => {
            let rounded = round_to(minutes, 5);
            words(rounded / 60, "hour", rounded % 60, "minute")
        }
        600..2_850 => words(round_to(minutes, 60) / 60, "hour", 0, "minute"),
        _ => {
            let hours = round_to(minutes, 60) / 60;
            words(hours / 24, "day", if hours < 240 { hours % 24 } else { 0 }, "hour")
        }
    }
}

const fn round_to(number: u64, step: u64) -> u64 {
    (number.saturating_add(step / 2)) / step * step
}

fn words(large: u64, large_unit: &str, small: u64, small_unit: &str) -> String {
    if small == 0 {
        counted(large, large_unit)
    } else {
        format!("{}, {}", counted(large, large_unit), counted(small, small_unit))
    }
}

#[cfg(test)]
mod tests {
    use super::duration_words;

    #[test]
    fn estimates_are_rounded_to_what_they_deserve() {
        for (seconds, expected) in [
            (0, "about a minute"),
            (60, "about a minute"),
            (61, "about 2 minutes"),
            (19 * 60, "about 19 minutes"),
            (23 * 60, "about 25 minutes"),
            (58 * 60, "about 1 hour"),
            (61 * 60, "about 1 hour"),
            (129 * 60, "about 2 hours, 10 minutes"),
            (599 * 60, "about 10 hours"),
            (14 * 3_600 + 100, "about 14 hours"),
            (50 * 3_600, "about 2 days, 2 hours"),
            (49 * 3_600, "about 2 days, 1 hour"),
            (30 * 86_400 + 7_200, "about 30 days"),
        ] {
            assert_eq!(duration_words(seconds), expected, "{seconds}");
        }
        assert!(duration_words(u64::MAX).starts_with("about "));
    }
}
