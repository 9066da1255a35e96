//! Whether an earlier move has given the messages of a folder its own day as their date of arrival.

use crate::message::date_of_header;
use crate::message::internal_date_secs;
use crate::plan::folders::path::FolderPath;
use crate::plan::options::words::date_words;

/// Smallest number of messages for which a folder is checked; a few from one day are normal.
pub const MIN_DATED_MESSAGES: u64 = 50;
/// Messages with both dates that a judgement needs.
const MIN_SAMPLES: usize = 8;
/// At least this many of ten messages have the same day.
const TENTHS_OF_ONE_DAY: usize = 8;
const DAY_SECONDS: i64 = 86_400;
/// A message written this many days before its arrival date cannot have arrived then.
const LATE_DAYS: i64 = 7;

/// The day, in seconds since 1970, that an earlier move seems to have given to a folder of which these messages are a
/// sample: most arrived within one day, says the server, and most of these were written long before, on different days.
/// Each is INTERNALDATE and the header block, which may be cut down to `Date`.
pub fn day_of_earlier_move<'a>(samples: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Option<i64> {
    let mut dated: Vec<(i64, i64)> = samples
        .into_iter()
        .filter_map(|(arrived, header)| {
            let written = internal_date_secs(&date_of_header(header, arrived)?)?;
            Some((internal_date_secs(arrived)?, written))
        })
        .collect();
    if dated.len() < MIN_SAMPLES {
        return None;
    }
    dated.sort_unstable();
    let least = (dated.len() * TENTHS_OF_ONE_DAY).div_ceil(10);
    let is_one_day = |window: &&[(i64, i64)]| match (window.first(), window.last()) {
        (Some((begin, _)), Some((end, _))) => end - begin < DAY_SECONDS,
        _ => false,
    };
    let window = dated.windows(least).find(is_one_day)?;
    let late = window.iter().filter(|(arrived, written)| arrived - written > LATE_DAYS * DAY_SECONDS);
    let written = |pick: fn(i64, i64) -> i64| window.iter().map(|(_, written)| *written).reduce(pick);
    let spread = written(i64::max)? - written(i64::min)?;
    let is_move = 2 * late.count() > window.len() && spread > LATE_DAYS * DAY_SECONDS;
    window.first().filter(|_| is_move).map(|(arrived, _)| *arrived)
}

/// What is said of folders that an earlier move has dated, with the day of each; `None` where there is none.
pub fn words_of_earlier_move(folders: &[(&FolderPath, i64)]) -> Option<String> {
    let (first, day) = folders.first()?;
    let others = match folders.len() - 1 {
        0 => String::new(),
        1 => " and one more folder".to_owned(),
        more => format!(" and {more} more folders"),
    };
    Some(format!(
        "Most messages in {first}{others} have the same date of arrival ({}), although they were written on other \
         days: an earlier move stamped them. Choose “Use the date in the message” (--dates-from-header) before the \
         start; mail programs then sort them by when they were written",
        date_words(*day)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(messages: &[(&str, &str)]) -> Option<String> {
        let headers: Vec<(String, Vec<u8>)> = messages
            .iter()
            .map(|(arrived, written)| {
                ((*arrived).to_owned(), format!("Date: {written}\r\n\r\n").into_bytes())
            })
            .collect();
        day_of_earlier_move(headers.iter().map(|(arrived, header)| (arrived.as_str(), header.as_slice())))
            .map(date_words)
    }

    #[test]
    fn only_a_day_on_which_old_mail_of_many_days_arrived_is_a_move() {
        const MOVED: &str = "04-Mar-2019 10:00:00 +0100";
        let old = |day: usize| format!("{day} May 2012 08:30:00 +0200");
        let of = |arrived: &dyn Fn(usize) -> String, written: &dyn Fn(usize) -> String, count: usize| {
            let pairs: Vec<(String, String)> = (1..=count).map(|day| (arrived(day), written(day))).collect();
            let pairs: Vec<(&str, &str)> =
                pairs.iter().map(|(one, other)| (one.as_str(), other.as_str())).collect();
            judged(&pairs)
        };
        let moved = |_| MOVED.to_owned();
        assert_eq!(of(&moved, &old, 12).as_deref(), Some("2019-03-04"));
        // A night's work, and new mail behind it.
        let night = |day: usize| match day {
            1..=5 => "04-Mar-2019 23:50:00 +0100".to_owned(),
            6..=10 => "05-Mar-2019 01:10:00 +0100".to_owned(),
            _ => format!("{day:02}-Jun-2021 10:00:00 +0200"),
        };
        assert_eq!(of(&night, &old, 12).as_deref(), Some("2019-03-04"));
        assert_eq!(of(&moved, &old, 7), None, "too few to tell");
        assert_eq!(
            of(&|day| format!("{day:02}-May-2012 08:31:00 +0200"), &old, 12),
            None,
            "as it was written"
        );
        let same = |_: usize| "1 May 2012 08:30:00 +0200".to_owned();
        assert_eq!(of(&moved, &same, 12), None, "one old day is no mailbox that was moved");
        assert_eq!(of(&moved, &|_| "4 Mar 2019 09:59:00 +0100".to_owned(), 12), None, "a busy day");
        assert_eq!(of(&moved, &|_| "some day".to_owned(), 12), None, "no date, no judgement");
    }

    #[test]
    fn what_is_said_names_the_day_and_the_way_out() {
        let (inbox, work) = (FolderPath::inbox(), FolderPath(vec!["Work".to_owned()]));
        assert_eq!(words_of_earlier_move(&[]), None);
        let words = words_of_earlier_move(&[(&inbox, 1_551_690_000), (&work, 0)]).unwrap();
        assert!(words.contains("INBOX and one more folder have the same date of arrival (2019-03-04)"));
    }
}
