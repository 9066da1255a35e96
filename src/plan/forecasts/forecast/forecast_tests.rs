use super::*;

const MB: u64 = 1_000_000;

fn measured(messages: u64, bytes: u64, secs: u64) -> Measured {
    Measured { messages, bytes: Bytes(bytes), millis: secs * 1_000, pairs: 4 }
}

fn input(messages: u64, bytes: u64, measured: Option<Measured>) -> ForecastInput {
    ForecastInput { messages, bytes: Bytes(bytes), measured, pairs: 4, caps: [None; 2] }
}

fn cap(side: Side, megabytes: u64) -> DailyCap {
    DailyCap { bytes: Bytes(megabytes * MB), side, is_own: false }
}

fn range(input: &ForecastInput) -> (u64, Option<u64>) {
    let forecast = forecast(input).unwrap();
    (forecast.least_secs, forecast.most_secs)
}

#[test]
fn nothing_is_said_before_anything_is_known() {
    assert_eq!(forecast(&input(1_000, MB, None)), None);
    assert_eq!(forecast(&input(1_000, MB, Some(measured(3, 100, 1)))), None, "three messages say nothing");
    assert_eq!(forecast(&input(1_000, MB, Some(measured(300, 100, 0)))), None, "no time says nothing");
}

#[test]
fn messages_and_bytes_are_the_two_ends() {
    // Ten messages and 1 MB a second were measured; what is left has larger messages.
    let seen = measured(1_000, 100 * MB, 100);
    assert_eq!(range(&input(1_000, 1_000 * MB, Some(seen))), (100, Some(1_000)));
    assert_eq!(range(&input(100_000, 1_000 * MB, Some(seen))), (1_000, Some(10_000)));
    assert_eq!(range(&input(10_000, 1_000 * MB, Some(seen))), (1_000, Some(1_000)));
    assert_eq!(range(&input(0, 0, Some(seen))), (0, Some(0)));
}

#[test]
fn a_small_trial_is_less_sure_and_more_connections_can_only_help() {
    let few = measured(100, 10 * MB, 10);
    assert_eq!(range(&input(1_000, 100 * MB, Some(few))), (100, Some(150)));
    let one_pair = Measured { pairs: 1, ..measured(1_000, 100 * MB, 100) };
    assert_eq!(range(&input(10_000, 1_000 * MB, Some(one_pair))), (250, Some(1_000)));
    let many = Measured { pairs: 8, ..one_pair };
    assert_eq!(
        range(&input(10_000, 1_000 * MB, Some(many))),
        (1_000, Some(1_000)),
        "fewer do not hurt the estimate"
    );
}

#[test]
fn a_daily_cap_is_a_floor() {
    let capped = |bytes, seen| ForecastInput {
        caps: [Some(cap(Side::Destination, 500)), None],
        ..input(1_000, bytes, seen)
    };
    assert_eq!(forecast(&capped(500 * MB, None)), None, "one day's share says nothing of the speed");
    assert_eq!(range(&capped(500 * MB + 1, None)), (DAY_SECS, None));
    let seen = Some(measured(1_000, 100 * MB, 100));
    assert_eq!(range(&capped(5_000 * MB, seen)), (9 * DAY_SECS, Some(10 * DAY_SECS)));
    let words = forecast(&capped(5_000 * MB, seen)).unwrap();
    assert_eq!(words.words(), "9 to 10 days");
    assert_eq!(
        words.basis(),
        "measured on 1,000 messages: 10 messages/s, 1.0 MB/s; the provider accepts 500 MB a day"
    );
    assert_eq!(forecast(&capped(5_000 * MB, None)).unwrap().words(), "at least 9 days");
    assert_eq!(forecast(&capped(100 * MB, seen)).unwrap().cap, None, "the cap is not what makes it last");
}

#[test]
fn all_mailboxes_share_the_seats_and_none_is_shorter_than_its_longest() {
    let of =
        |least, most| Some(Forecast { least_secs: least, most_secs: Some(most), measured: None, cap: None });
    let all = forecast_all(&[of(100, 200), of(100, 200), of(100, 200), of(100, 200)], 4).unwrap();
    assert_eq!((all.least_secs, all.most_secs), (100, Some(200)));
    let all = forecast_all(&[of(1_000, 2_000), of(10, 20), of(10, 20)], 4).unwrap();
    assert_eq!((all.least_secs, all.most_secs), (1_000, Some(2_000)));
    assert_eq!(forecast_all(&[of(1, 2), None], 4), None);
    assert_eq!(forecast_all(&[], 4), None);
}

#[test]
fn ranges_use_one_unit_where_possible() {
    let words = |least_secs, most_secs| {
        Forecast { least_secs, most_secs: Some(most_secs), measured: None, cap: None }.words()
    };
    for (least, most, expected) in [
        (10, 50, "about a minute"),
        (300, 600, "5 to 10 minutes"),
        (5 * 3_600, 7 * 3_600, "5 to 7 hours"),
        (40 * 60, 3 * 3_600, "40 minutes to 3 hours"),
        (3 * DAY_SECS, 5 * DAY_SECS, "3 to 5 days"),
        (7_200, 7_300, "about 2 hours"),
    ] {
        assert_eq!(words(least, most), expected, "{least} {most}");
    }
}

#[test]
fn slow_rates_keep_a_digit() {
    assert_eq!(measured(200, 2 * MB, 400).words(), "measured on 200 messages: 0.5 messages/s, 5.0 kB/s");
    assert_eq!(measured(200, 16 * MB, 14).words(), "measured on 200 messages: 14 messages/s, 1.1 MB/s");
}

#[test]
fn the_tighter_of_both_sides_counts_whoever_said_so() {
    let own = DailyCap { is_own: true, ..cap(Side::Destination, 1_000) };
    let both =
        |bytes| ForecastInput { caps: [Some(own), Some(cap(Side::Source, 2_500))], ..input(1, bytes, None) };
    let words = forecast(&both(10_000 * MB)).unwrap();
    assert_eq!(
        (words.least_secs, words.basis().as_str()),
        (9 * DAY_SECS, "your upload limit is 1.0 GB a day")
    );
    let down = ForecastInput { caps: [None, Some(cap(Side::Source, 2_500))], ..input(1, 10_000 * MB, None) };
    let words = forecast(&down).unwrap();
    assert_eq!(
        (words.least_secs, words.basis().as_str()),
        (3 * DAY_SECS, "the source allows downloading 2.5 GB a day")
    );
}
