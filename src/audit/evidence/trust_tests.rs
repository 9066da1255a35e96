use super::*;
use crate::audit::evidence::Collector;
use crate::audit::evidence::collector::{Attempt, AttemptOutcome, Protection};

/// 2026-11-29T01:00:00Z.
const NOW: UnixTime = UnixTime(1_795_914_000);
const STORY: &str =
    "550 5.7.1 messages weren't sent since part of their network is on our block list (S3150).";

/// Deliveries one a day, the newest yesterday.
fn table(host: &str, entries: &[(usize, AttemptOutcome, &str)]) -> Receiver {
    let mut book = Collector::new();
    let mut number = 0;
    for (times, outcome, reply) in entries {
        for turn in 0..*times {
            number += 1;
            let id = format!("Q{number}");
            let days = i64::try_from(turn % 20).unwrap() + 1;
            book.attempt(&Attempt {
                at: UnixTime(NOW.0 - days * 86_400),
                queue_id: id.as_bytes(),
                recipient: format!("{number}@x.example").as_bytes(),
                host: host.as_bytes(),
                outcome: *outcome,
                reply: reply.as_bytes(),
                delay: 1,
                protection: Protection::Untold,
            });
        }
    }
    trust_table(&book.finish(), NOW).remove(0)
}

use AttemptOutcome::{Deferred, Delivered, Refused};

#[test]
fn each_state_of_the_table_has_its_case() {
    let microsoft = "x.olc.protection.outlook.com";
    let small = "mx.small.example";
    for (host, entries, expected) in [
        (microsoft, vec![(9, Delivered, ""), (50, Refused, STORY)], Trust::DistrustsRange),
        (small, vec![(60, Delivered, "")], Trust::Trusts),
        (
            small,
            vec![(60, Delivered, ""), (1, Refused, "554 5.7.1 blocked using zen.spamhaus.org")],
            Trust::Trusts,
        ),
        (
            small,
            vec![(60, Delivered, ""), (9, Refused, "554 5.7.1 blocked using zen.spamhaus.org")],
            Trust::DistrustsAddress,
        ),
        (
            small,
            vec![(60, Delivered, ""), (9, Refused, "550 5.7.1 blocked using multi.surbl.org")],
            Trust::DistrustsDomain,
        ),
        (small, vec![(60, Delivered, ""), (9, Refused, "550 5.7.1 SPF check failed")], Trust::WantsFix),
        (small, vec![(60, Delivered, ""), (30, Refused, "550 5.1.1 User unknown")], Trust::Trusts),
        (small, vec![(60, Delivered, ""), (30, Refused, "552 5.2.2 mailbox full")], Trust::Trusts),
        (
            small,
            vec![(60, Delivered, ""), (30, Refused, "550 5.7.1 IP address blacklisted by recipient")],
            Trust::Trusts,
        ),
        (small, vec![(60, Delivered, ""), (9, Refused, "550 5.7.1 zxcv 42")], Trust::Unclear),
        (small, vec![(4, Refused, "550 5.7.1 dynamic ip")], Trust::TooFew),
        (small, vec![(10, Delivered, ""), (10, Deferred, "450 4.2.0 Greylisted")], Trust::Slow),
        (
            "gmail-smtp-in.l.google.com",
            vec![
                (10, Delivered, ""),
                (
                    30,
                    Deferred,
                    "421 4.7.28 Gmail has detected an unusual rate of mail originating from your IP Netblock [192.0.2.0/24].",
                ),
            ],
            Trust::DistrustsRange,
        ),
        (
            "gmail-smtp-in.l.google.com",
            vec![
                (90, Delivered, ""),
                (
                    6,
                    Deferred,
                    "421 4.7.28 Gmail has detected an unusual rate of mail originating from your IP Netblock [192.0.2.0/24].",
                ),
            ],
            Trust::Slow,
        ),
    ] {
        let row = table(host, &entries);
        assert_eq!(row.trust, expected, "{entries:?}: {row:?}");
    }
}

#[test]
fn what_is_old_does_not_count_and_the_reply_says_since_when() {
    let mut row = table("x.olc.protection.outlook.com", &[(50, Refused, STORY)]);
    assert_eq!((row.attempts, row.refused, row.delivered), (50, 50, Some(0)));
    assert_eq!((row.pattern.as_deref(), row.reply.as_str()), (Some("ms01"), STORY));
    assert_eq!(row.until.unwrap().0 - row.since.unwrap().0, 19 * 86_400);
    row.weeks.retain(|week| week.refused > 0);
    assert_eq!(row.weeks.iter().map(|week| week.refused).sum::<u64>(), 50);
    let mut book = Collector::new();
    for number in 0..50_u32 {
        book.attempt(&Attempt {
            at: UnixTime(NOW.0 - 40 * 86_400),
            queue_id: &number.to_be_bytes(),
            recipient: b"a@x.example",
            host: b"mx.x.example",
            outcome: Refused,
            reply: STORY.as_bytes(),
            delay: 1,
            protection: Protection::Untold,
        });
    }
    assert_eq!(trust_table(&book.finish(), NOW)[0].trust, Trust::TooFew);
}

#[test]
fn bounces_are_counted_once_where_the_log_knows_them() {
    let bounce = |number: i64| crate::audit::evidence::Bounce {
        at: Some(UnixTime(NOW.0 - number * 86_400)),
        reporter: None,
        failures: vec![crate::audit::evidence::FailedRecipient {
            recipient: format!("{number}@hotmail.com"),
            host: "x.olc.protection.outlook.com".to_owned(),
            reply: STORY.to_owned(),
            is_permanent: true,
        }],
    };
    let mut book = Collector::new();
    for number in 1..=6 {
        book.bounce(&bounce(number), NOW);
    }
    let alone = trust_table(&book.finish(), NOW).remove(0);
    assert_eq!((alone.delivered, alone.refused, alone.trust), (None, 6, Trust::DistrustsRange));
    let mut book = Collector::new();
    for number in 1..=6 {
        book.bounce(&bounce(number), NOW);
        let at = UnixTime(NOW.0 - number * 86_400);
        let recipient = format!("{number}@hotmail.com");
        book.attempt(&Attempt {
            at,
            queue_id: b"Q",
            recipient: recipient.as_bytes(),
            host: b"x.olc.protection.outlook.com",
            outcome: Refused,
            reply: STORY.as_bytes(),
            delay: 1,
            protection: Protection::Untold,
        });
    }
    let both = trust_table(&book.finish(), NOW).remove(0);
    assert_eq!((both.delivered, both.refused, both.attempts, both.recipients), (Some(0), 6, 6, 6));
}
