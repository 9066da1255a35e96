//! Servers that answer out of turn, break off at a certain reply, or say what is not so: the copy is right all the same,
//! or says that it is not.

use mailferry::plan::MessageState;
use mailferry::rehearsal::{Action, Fault, Personality, SampleFolder, Trigger};
use mailferry::transfer::{CopyLimits, VerifyDepth};
use mailferry_test_support::scenes::practice_copy::{
    self, At, Break, Scene, ShownRow, in_quick_time, small_mailbox,
};
use mailferry_test_support::scenes::tiny_mailboxes::{bulky_mailbox, tiny_mailbox};

fn scene(source: Personality, destination: Personality, mail: Vec<SampleFolder>) -> Scene {
    let places_by_hand = !destination.prefix.is_empty() && !destination.has("NAMESPACE");
    Scene { source, destination, mail, places_by_hand, wants_whole_proof: false }
}

fn command(name: &str) -> Trigger {
    Trigger::Command(name.to_owned())
}

fn reply(code: &str) -> Trigger {
    Trigger::Reply(code.to_owned())
}

/// Copies with these faults, and compares.
#[track_caller]
fn survives(scene: &Scene, faults: Vec<(At, Fault)>) {
    let words = format!("{}: {faults:?}", scene.name());
    in_quick_time(scene.play(None, &Break::Faults(faults)))
        .unwrap_or_else(|error| panic!("{words}: {error}"));
}

#[test]
fn answers_may_come_out_of_turn() {
    for (source, destination) in [
        (Personality::dovecot(), Personality::dovecot()),
        (Personality::gmail(), Personality::gmail()),
        (Personality::yahoo(), Personality::exchange()),
        (Personality::courier(), Personality::zoho()),
    ] {
        let scene = scene(source, destination, small_mailbox());
        for name in ["*", "UID FETCH", "APPEND", "STATUS"] {
            let always = || Fault::always(command(name), Action::Reorder);
            survives(&scene, vec![(At::Source, always()), (At::Destination, always())]);
        }
    }
}

#[test]
fn answers_do_come_out_of_turn() {
    let scene = scene(Personality::dovecot(), Personality::dovecot(), small_mailbox());
    in_quick_time(scene.try_out(async |mut case| {
        case.source.faults().push(Fault::always(command("*"), Action::Reorder));
        case.destination.faults().push(Fault::always(command("*"), Action::Reorder));
        case.copy_again().await;
        let [source, destination] = [case.source.traffic(), case.destination.traffic()];
        assert!(source.reordered > 0 && destination.reordered > 0, "{source:?} {destination:?}");
    }));
}

/// Dovecot may put an answer off and send the next one first. What was asked for behind the opening of a folder must be
/// known by then: it was dropped, and asked for again message by message.
#[test]
fn what_comes_out_of_turn_is_not_asked_for_again() {
    let scene = scene(Personality::dovecot(), Personality::dovecot(), bulky_mailbox());
    let commands = |is_reordered: bool| {
        in_quick_time(scene.try_out(async |mut case| {
            // Room for one request at a time.
            case.limits = CopyLimits { budget_bytes: 1 << 20, spool_bytes: 1 << 20, ..case.limits };
            if is_reordered {
                case.source.faults().push(Fault::always(command("UID FETCH"), Action::Reorder));
            }
            case.copy_again().await;
            case.check().await.unwrap();
            let traffic = case.source.traffic();
            assert_eq!(traffic.reordered > 0, is_reordered, "{traffic:?}");
            traffic.commands
        }))
    };
    assert_eq!(commands(true), commands(false));
}

#[test]
fn a_line_may_break_at_any_reply_code() {
    let scene = scene(Personality::dovecot(), Personality::gmail(), tiny_mailbox());
    for code in ["APPENDUID", "UIDNEXT", "UIDVALIDITY", "EXISTS", "FETCH", "LIST", "+", "OK", "STATUS"] {
        for (nth, action) in
            [(1, Action::Close), (2, Action::Stall), (3, Action::Say("BYE so long".to_owned()))]
        {
            for at in [At::Source, At::Destination] {
                survives(&scene, vec![(at, Fault::at(reply(code), nth, action.clone()))]);
            }
        }
    }
}

/// A list that is shorter than announced may lack a message: the copy says so, and nothing is taken for whole until it is.
#[test]
fn more_messages_are_announced_than_there_are() {
    for at in [At::Source, At::Destination] {
        let scene = scene(Personality::dovecot(), Personality::dovecot(), tiny_mailbox());
        in_quick_time(scene.try_out(async |mut case| {
            let side = if at == At::Source { &case.source } else { &case.destination };
            side.faults().push(Fault::always(command("*"), Action::OverstateExists(3)));
            let told = case.copy_outcome().await;
            assert!(!matches!(told, Ok(outcome) if outcome.folder_problems.is_empty()), "{at:?}");
            case.source.faults().clear();
            case.destination.faults().clear();
            case.copy_again().await;
            case.check().await.unwrap();
        }));
    }
}

#[test]
fn the_next_uid_is_understated() {
    for lost in 1..=4 {
        for destination in [Personality::dovecot(), Personality::courier()] {
            let scene = scene(Personality::dovecot(), destination, tiny_mailbox());
            let lie = |at| (at, Fault::always(command("*"), Action::UnderstateUidNext(5)));
            let cut = Fault::at(command("APPEND"), lost, Action::LoseReply);
            survives(&scene, vec![lie(At::Source), lie(At::Destination), (At::Destination, cut)]);
        }
    }
}

/// Whether a copy that was found after a break is whole cannot be told by a wrong size, and the proof says so.
#[test]
fn sizes_are_misstated_at_the_source() {
    for by in [-40, -7, 9, 60, 3_000] {
        for lost in 1..=3 {
            let scene = scene(Personality::dovecot(), Personality::dovecot(), tiny_mailbox());
            let lie = Fault::always(command("FETCH"), Action::MisstateSize(by));
            let cut = Fault::at(command("APPEND"), lost, Action::LoseReply);
            let faults = Break::Faults(vec![(At::Source, lie), (At::Destination, cut)]);
            if let Err(words) = in_quick_time(scene.play(None, &faults)) {
                let differences = words.matches("Difference {").count();
                let is_honest = words.starts_with("the verification fails")
                    && words.matches("bytes instead of").count() == differences;
                assert!(is_honest, "{by} {lost}: {words}");
            }
        }
    }
}

/// Where the message does not come when it is asked for alone, it is refused in words, and comes when it is tried again.
#[test]
fn a_fetch_brings_nothing_once() {
    for nth in 1..=6 {
        for action in [Action::FetchNothing, Action::FetchNil] {
            for at in [At::Source, At::Destination] {
                let scene = scene(Personality::dovecot(), Personality::dovecot(), tiny_mailbox());
                in_quick_time(scene.try_out(async |mut case| {
                    let side = if at == At::Source { &case.source } else { &case.destination };
                    side.faults().push(Fault::at(command("FETCH"), nth, action.clone()));
                    let ended = case.copy_outcome().await;
                    case.source.faults().clear();
                    case.destination.faults().clear();
                    let refused = case.rows().into_iter().filter(|row| row.state == MessageState::Refused);
                    for ShownRow { cause, .. } in refused {
                        assert!(cause.contains("does not return it"), "{cause}");
                    }
                    case.retry_refused();
                    case.copy_again().await;
                    let words = format!("{at:?} {nth} {action:?} {ended:?}");
                    case.check().await.unwrap_or_else(|error| panic!("{words}: {error}"));
                }));
            }
        }
    }
}

/// A message whose bytes never come is refused or gone in the ledger, and never a copy.
#[test]
fn a_message_that_never_comes_is_no_copy() {
    for action in [Action::FetchNothing, Action::FetchNil] {
        let scene = scene(Personality::dovecot(), Personality::dovecot(), tiny_mailbox());
        in_quick_time(scene.try_out(async |mut case| {
            case.copy_again().await;
            let before = case.arrived();
            let new = case.source.dump(practice_copy::USER)[1].1.clone();
            let inbox = mailferry::rehearsal::FolderPath::inbox();
            case.source.deliver(practice_copy::USER, &inbox, vec![new]);
            case.source.faults().push(Fault {
                trigger: command("FETCH"),
                action: action.clone(),
                skip: 1,
                times: u32::MAX,
            });
            let told = case.copy_outcome().await;
            assert_eq!(case.arrived(), before, "{action:?}: nothing was made up");
            let states = case.rows().into_iter().filter(|row| {
                row.folder == "INBOX"
                    && matches!(row.state, MessageState::Copied | MessageState::AlreadyThere)
            });
            assert_eq!(states.count(), 4, "{action:?} {told:?} {:?}", case.rows());
            case.source.faults().clear();
            case.retry_refused();
            case.copy_again().await;
            let comes = "it comes once the server hands it out";
            assert_eq!(case.arrived().len(), before.len() + 1, "{action:?}: {comes}: {:?}", case.rows());
            assert!(case.verify(VerifyDepth::Full).await.differences.is_empty());
        }));
    }
}
