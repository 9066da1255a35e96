//! The network goes away in mid-run and comes back after minutes or hours: the copy waits, and goes on by itself.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use mailferry::imap::ImapError;
use mailferry::net::NetError;
use mailferry::rehearsal::Personality;
use mailferry::transfer::TransferError;
use mailferry_test_support::fakes::leaving_line::{Line, State};
use mailferry_test_support::scenes::practice_copy::{At, Case, Scene, in_quick_time};
use mailferry_test_support::scenes::tiny_mailboxes::tiny_mailbox;

/// What ended the copy, and how much time went by.
struct Ended {
    result: Result<(), TransferError>,
    time: Duration,
}

fn scene() -> Scene {
    Scene {
        source: Personality::dovecot(),
        destination: Personality::courier(),
        mail: tiny_mailbox(),
        places_by_hand: true,
        wants_whole_proof: false,
    }
}

/// Copies over a line that changes when the copy has reported so often, and is up again after a time.
async fn copy_over(case: &mut Case<'_>, at: At, (state, reports): (State, u32), away: Duration) -> Ended {
    let side = if at == At::Source { &case.source } else { &case.destination };
    let line = Line::new(side.endpoint().port);
    case.ports[usize::from(at == At::Destination)] = Some(line.port);
    let began = tokio::time::Instant::now();
    let count = AtomicU32::new(0);
    let on_progress = || {
        if count.fetch_add(1, Ordering::Relaxed) + 1 == reports {
            line.set(state);
        }
    };
    let back = async {
        let mut state = line.watch();
        state.wait_for(|state| *state != State::Up).await.unwrap();
        tokio::time::sleep(away).await;
        line.set(State::Up);
        std::future::pending::<()>().await;
    };
    let result = tokio::select! {
        () = line.serve() => unreachable!("it serves for ever"),
        () = back => unreachable!("it waits for ever"),
        result = case.copy_watched(&on_progress) => result,
    };
    case.ports = [None, None];
    Ended { result, time: began.elapsed() }
}

/// There are far more tries than breaks that a server is forgiven.
#[test]
fn a_network_that_comes_back_is_waited_for() {
    let away = Duration::from_mins(20);
    for at in [At::Source, At::Destination] {
        for (state, reports) in [(State::Cut, 4), (State::Silent, 6), (State::Cut, 9)] {
            in_quick_time(scene().try_out(async |mut case| {
                let ended = copy_over(&mut case, at, (state, reports), away).await;
                let words = format!("{at:?} {state:?} {reports}");
                ended.result.unwrap_or_else(|error| panic!("{words}: {error}"));
                assert!(ended.time >= away, "{words}: it was never away");
                let rows = case.rows();
                case.check().await.unwrap_or_else(|error| panic!("{words}: {error} {rows:?}"));
            }));
        }
    }
}

#[test]
fn a_network_that_stays_away_ends_the_run_in_words_and_a_later_one_continues() {
    in_quick_time(scene().try_out(async |mut case| {
        (case.limits.max_breaks, case.limits.max_breaks_away) = (2, 5);
        let ended = copy_over(&mut case, At::Destination, (State::Cut, 6), Duration::from_hours(10)).await;
        let error = ended.result.unwrap_err();
        let is_away = matches!(
            &error,
            TransferError::Server { source: ImapError::Net(NetError::NotReached { .. }), .. }
        );
        assert!(is_away || error.to_string().contains("reach"), "{error:?}");
        assert!(ended.time < Duration::from_mins(10), "{:?}", ended.time);
        case.copy_again().await;
        case.check().await.unwrap();
    }));
}

#[test]
fn a_network_that_was_never_there_is_not_waited_for() {
    in_quick_time(scene().try_out(async |mut case| {
        case.limits.max_breaks = 2;
        let nobody = Line::new(1);
        case.ports = [None, Some(nobody.port)];
        let began = tokio::time::Instant::now();
        assert!(case.copy_watched(&|| {}).await.is_err());
        assert!(began.elapsed() < Duration::from_mins(2));
    }));
}
