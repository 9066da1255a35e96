//! What the Copy page says about the copy and about each mailbox. All of it follows from [`CopyStanding`].

use crate::engine::{
    Connections, CopyStanding, CopyView, LostLine, MailboxProgress, MailboxProgressState, PartDone,
    ProjectView, copy_standing, server_name, trial_words,
};
use crate::plan::TimeLeft;
use crate::ui::format;
use crate::ui::icons::Icon;
use crate::ui::theme::Tone;
use crate::ui::widgets::badge::Badge;
use crate::values::{UnixTime, with_thousands};

/// The title of the page.
pub fn title(project: &ProjectView) -> String {
    let copy = &project.copy;
    let count = copy.mailboxes.len();
    let all = format::counted(count, "mailbox", "mailboxes");
    let is_stopped = |shown: &&MailboxProgress| matches!(shown.state, MailboxProgressState::Stopped(_));
    let stopped = copy.mailboxes.iter().filter(is_stopped).count();
    let far = || {
        let (arrived, wanted) = (with_thousands(copy.sum.arrived()), with_thousands(copy.sum.wanted()));
        format!("{all}, {arrived} of {wanted} messages copied")
    };
    match copy_standing(project) {
        CopyStanding::NotStarted | CopyStanding::Elsewhere => "Copy".to_owned(),
        CopyStanding::Running if stopped > 0 && stopped < count => {
            format!("Copying continues for {} of {all}", count - stopped)
        }
        CopyStanding::Running if copy.is_verifying => format!("Comparing the copies of {all}"),
        CopyStanding::Running => match copy.trial {
            Some(messages) => format!("Trying {} per folder, {all}", messages_words(messages)),
            None => rest_title(project).unwrap_or_else(|| format!("Copying {all}")),
        },
        CopyStanding::Pausing => format!("Pausing {all}"),
        CopyStanding::Paused => format!("Paused: {}", far()),
        CopyStanding::Stopping => format!("Stopping {all}"),
        CopyStanding::Interrupted => format!("Interrupted: {}", far()),
        CopyStanding::Tried(_) => trial_words(&copy.sum),
        // Others may have been done before.
        CopyStanding::Stopped if stopped > 0 && stopped < count => format!("Stopped: {stopped} of {}", far()),
        CopyStanding::Stopped => format!("Stopped: {}", far()),
        CopyStanding::Outgrown => "Copied before; mailboxes were added or changed since".to_owned(),
        CopyStanding::Finished => format!("Copied {all}"),
    }
}

/// If nothing is copied at the moment: until when every unfinished mailbox waits, or when the next try is.
fn rest_title(project: &ProjectView) -> Option<String> {
    let copy = &project.copy;
    let is_done = |shown: &&MailboxProgress| shown.state == MailboxProgressState::Done;
    let open: Vec<&MailboxProgress> = copy.mailboxes.iter().filter(|shown| !is_done(shown)).collect();
    let until = |shown: &MailboxProgress| match &shown.state {
        MailboxProgressState::WaitsUntil(at, _) => Some(*at),
        MailboxProgressState::Reconnecting(lost) => Some(lost.next_try),
        _ => None,
    };
    let first = open.iter().map(|shown| until(shown)).collect::<Option<Vec<_>>>()?.into_iter().min()?;
    let lost: Vec<&LostLine> = open.iter().filter_map(|shown| lost_line(shown)).collect();
    let mailboxes = match (open.len(), copy.mailboxes.len()) {
        (1, 1) => "The mailbox waits".to_owned(),
        (1, _) => "The last mailbox waits".to_owned(),
        (count, all) if count == all => format!("All {} mailboxes wait", with_thousands(count as u64)),
        (count, _) => format!("All {} unfinished mailboxes wait", with_thousands(count as u64)),
    };
    if lost.len() < open.len() {
        return Some(format!("{mailboxes} until {}", format::time(first)));
    }
    let side = lost.first().and_then(|one| one.side);
    let is_same = lost.iter().all(|one| one.side == side);
    Some(match side.filter(|_| is_same) {
        Some(side) => format!("Lost the connection to {}", server_name(project, side)),
        None => "Lost the connection".to_owned(),
    })
}

/// The connection that a mailbox has lost.
pub const fn lost_line(shown: &MailboxProgress) -> Option<&LostLine> {
    match &shown.state {
        MailboxProgressState::Reconnecting(lost) => Some(lost),
        _ => None,
    }
}

/// Since when a connection is lost, and when it is tried again.
pub fn since_words(lost: &LostLine, now: UnixTime) -> String {
    let since = format::time(lost.since);
    if lost.next_try <= now {
        return format!("Since {since}, trying now");
    }
    format!("Since {since}, next try at {}", format::time_with_seconds(lost.next_try))
}

fn messages_words(messages: u32) -> String {
    format::counted(usize::try_from(messages).unwrap_or(usize::MAX), "message", "messages")
}

/// The text behind the percent: bytes and the time left.
pub fn rest_words(project: &ProjectView) -> String {
    let copy = &project.copy;
    if copy.is_verifying {
        let PartDone { done, total } = copy.verified;
        return format!(", {} of {} copies compared", with_thousands(done), with_thousands(total));
    }
    let bytes = format!(", {} of {}", copy.bytes_done, copy.bytes_total);
    let left = match copy_standing(project) {
        CopyStanding::Running if copy.trial.is_some() => ", the rest waits for the whole copy".to_owned(),
        CopyStanding::Running if rest_title(project).is_some() => ", continues on its own".to_owned(),
        CopyStanding::Running => match copy.time_left {
            Some(left) => format!(", {}", left_words(left)),
            None if copy.bytes_total.0 > 0 && copy.bytes_done >= copy.bytes_total => ", finishing".to_owned(),
            None => ", time left not known yet".to_owned(),
        },
        CopyStanding::Pausing | CopyStanding::Stopping => ", finishing the messages in progress".to_owned(),
        CopyStanding::Paused => ", paused by you; nothing is lost or duplicated".to_owned(),
        CopyStanding::Interrupted => {
            ", the program ended meanwhile; nothing is lost or duplicated".to_owned()
        }
        CopyStanding::Tried(_) => ", see the Plan page for how long the rest takes".to_owned(),
        CopyStanding::Stopped => ", starting again continues where it left off".to_owned(),
        CopyStanding::Finished => took_words(copy),
        CopyStanding::Outgrown | CopyStanding::NotStarted | CopyStanding::Elsewhere => String::new(),
    };
    format!("{bytes}{left}")
}

/// `about 4 minutes remaining`, or `3 minutes to 6 minutes remaining` while the estimate is rough.
fn left_words(left: TimeLeft) -> String {
    let (least, most) = (format::duration(left.least_secs), format::duration(left.most_secs));
    let is_close = left.most_secs.saturating_sub(left.least_secs) <= left.most_secs / 5;
    if is_close || least == most {
        format!("about {most} remaining")
    } else {
        format!("{least} to {most} remaining")
    }
}

/// How long a finished copy took, and when it ended.
fn took_words(copy: &CopyView) -> String {
    let (Some(from), Some(to)) = (copy.started_at, copy.finished_at) else { return String::new() };
    let took = format::duration(to.seconds_since(from));
    format!(", took {took}, finished {}", format::date_time(to))
}

/// The tone of the overall progress bar.
pub fn tone(project: &ProjectView) -> Tone {
    match copy_standing(project) {
        CopyStanding::Paused | CopyStanding::Pausing | CopyStanding::Interrupted => Tone::Paused,
        CopyStanding::Running if rest_title(project).is_some() => Tone::Paused,
        CopyStanding::Stopped | CopyStanding::Stopping => Tone::Fail,
        CopyStanding::Finished => Tone::Pass,
        _ => Tone::Running,
    }
}

/// The badge of a mailbox's state.
pub fn state_words(shown: &MailboxProgress, standing: CopyStanding) -> Badge {
    let quiet = |words| Badge::of(Tone::Quiet, Icon::Waiting, words);
    match &shown.state {
        MailboxProgressState::Queued => quiet(match standing {
            CopyStanding::Running | CopyStanding::Pausing | CopyStanding::Stopping => "Queued",
            CopyStanding::Tried(_) => "Rest not copied yet",
            _ if shown.sum.arrived() == 0 => "Not started yet",
            _ => "Not done yet",
        }),
        MailboxProgressState::Running(own) => {
            Badge::with(Tone::Running, Icon::Running, connection_words(*own))
        }
        MailboxProgressState::Verifying { done, total } => {
            let words = format!("Comparing, {}%", format::percent(*done, *total).min(99));
            Badge::with(Tone::Running, Icon::Search, words)
        }
        MailboxProgressState::Reconnecting(_) => Badge::of(Tone::Paused, Icon::Waiting, "Connection lost"),
        MailboxProgressState::WaitsUntil(at, _) => {
            Badge::with(Tone::Paused, Icon::Waiting, format!("Waits until {}", format::time(*at)))
        }
        MailboxProgressState::Paused => Badge::of(Tone::Paused, Icon::Paused, "Paused by you"),
        MailboxProgressState::Done if shown.sum.to_do > 0 => Badge::of(Tone::Warn, Icon::Warn, "Incomplete"),
        MailboxProgressState::Done => Badge::of(Tone::Pass, Icon::Pass, "Done"),
        MailboxProgressState::Stopped(_) => Badge::of(Tone::Fail, Icon::Fail, "Stopped"),
    }
}

/// The number of connections; two numbers if the sides differ.
fn connection_words(own: Connections) -> String {
    match (own.source, own.destination) {
        (0, 0) => "Signing in".to_owned(),
        (source, destination) if source == destination => {
            format::counted(source, "connection", "connections")
        }
        (source, destination) => format!("{source} in, {destination} out"),
    }
}

/// Whole percent of a mailbox: 100 only if it is done, even during another run.
pub fn mailbox_percent(shown: &MailboxProgress) -> u64 {
    match shown.state {
        MailboxProgressState::Done => 100,
        _ if shown.was_done => 100,
        _ => format::percent(shown.bytes_done.0, shown.bytes_total.0).min(99),
    }
}

/// `21,067 of 21,090`: messages at the destination, of those that should be there.
pub fn mailbox_numbers(shown: &MailboxProgress) -> String {
    let sum = &shown.sum;
    format!("{} of {}", with_thousands(sum.arrived()), with_thousands(sum.wanted()))
}

/// The row as one sentence for screen readers.
pub fn sentence(shown: &MailboxProgress, standing: CopyStanding) -> String {
    let (percent, numbers) = (mailbox_percent(shown), mailbox_numbers(shown));
    let state = state_words(shown, standing).word;
    format!("{}, {percent}%, {numbers} messages, {state}", shown.address)
}
