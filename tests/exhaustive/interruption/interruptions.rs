//! Every way to break a copy, from what an undisturbed run looked like.

use std::collections::BTreeMap;
use std::time::Instant;

use mailferry::rehearsal::{Action, Fault, Trigger};
pub use mailferry_test_inputs::seeds::is_exhaustive;
use mailferry_test_support::scenes::practice_copy::{At, Break, Change, Measure, Scene, in_quick_time};

/// Places in each stream of bytes where the line is cut, unless all are asked for.
const BYTE_PLACES: u64 = 6;
/// The same where all cases are asked for.
const MANY_BYTE_PLACES: u64 = 150;

/// How many cases there are at least, so that they cannot become fewer unseen.
#[derive(Clone, Copy)]
pub struct Floor {
    /// In an ordinary run.
    pub ordinary: usize,
    /// Where all are asked for.
    pub all: usize,
}

/// A copy that is broken at each of its steps.
pub struct Interrupted {
    /// The two servers and the mail.
    pub scene: Scene,
    /// What happens before the run that is broken, where it is a later one.
    pub change: Option<Change>,
    /// So many cases of each class, unless all are asked for; `None`: all in any case.
    pub sample: Option<usize>,
    /// How many cases there are at least.
    pub floor: Floor,
}

impl Interrupted {
    /// Breaks everywhere.
    pub fn run(&self) {
        self.run_only(|_class| true);
    }

    /// Breaks in some ways only.
    pub fn run_only(&self, is_wanted: impl Fn(&str) -> bool) {
        let messages: usize = self.scene.mail.iter().map(|folder| folder.messages.len()).sum();
        let start = Instant::now();
        let (plan, measure) = in_quick_time(self.scene.plan_later(self.change));
        let (mut run, mut broken) = (0, 0);
        let (mut failures, mut by_class) = (Vec::new(), Vec::new());
        for (class, cases) in self.cases(&measure).into_iter().filter(|(class, _)| is_wanted(class)) {
            let began = Instant::now();
            let chosen = self.chosen(&class, cases);
            let count = chosen.len();
            for case in chosen {
                run += 1;
                match in_quick_time(self.scene.play_later(Some(&plan), self.change, &case)) {
                    Ok(outcome) => broken += usize::from(outcome.was_broken),
                    Err(error) => failures.push(format!("{class}: {case:?}: {error}")),
                }
            }
            by_class.push(format!("    {class}: {count} cases, {:.1} s", began.elapsed().as_secs_f64()));
        }
        eprintln!(
            "{}: {messages} messages; {run} cases, {broken} of them broke the run, in {:.1} s; {measure:?}\n{}",
            self.scene.name(),
            start.elapsed().as_secs_f64(),
            by_class.join("\n"),
        );
        assert!(failures.is_empty(), "{} of {run} cases failed:\n{}", failures.len(), failures.join("\n"));
        let floor = if is_exhaustive() { self.floor.all } else { self.floor.ordinary };
        assert!(run >= floor, "only {run} cases, where there were {floor}");
        assert!(broken * 3 > run, "only {broken} of {run} cases broke anything");
    }

    fn chosen(&self, class: &str, cases: Vec<Break>) -> Vec<Break> {
        if self.sample.is_none() && !is_exhaustive() {
            let stride = stride(class);
            let first = self.scene.name().bytes().map(usize::from).sum::<usize>() % stride;
            return cases.into_iter().skip(first).step_by(stride).collect();
        }
        let Some(most) = self.sample.filter(|most| !is_exhaustive() && cases.len() > *most) else {
            return cases;
        };
        let last = cases.len() - 1;
        let chosen: Vec<usize> = (0..most).map(|part| part * last / (most - 1)).collect();
        cases
            .into_iter()
            .enumerate()
            .filter(|(index, _)| chosen.contains(index))
            .map(|(_, case)| case)
            .collect()
    }

    /// Every case by its class.
    fn cases(&self, measure: &Measure) -> BTreeMap<String, Vec<Break>> {
        let mut classes: BTreeMap<String, Vec<Break>> = BTreeMap::new();
        let mut add = |class: &str, cases: Vec<Break>| {
            classes.insert(class.to_owned(), cases);
        };
        add("dropped after a poll", (1..=measure.polls).map(Break::AfterPoll).collect());
        add("ended while it reports", (1..=measure.progress).map(Break::AtProgress).collect());
        add("ended after a change was kept", (1..=measure.changes).map(Break::AfterChange).collect());
        add("ledger refuses a change", (0..measure.ledger_changes).map(Break::AfterLedgerChanges).collect());
        for (index, at) in [At::Source, At::Destination].into_iter().enumerate() {
            for (class, cases) in steps(at, index, measure) {
                add(&class, cases);
            }
        }
        let appends = measure.progress.min(8);
        for (class, action) in
            [("APPENDUID left out", Action::OmitAppendUid), ("APPENDUID swapped", Action::SwapAppendUid)]
        {
            add(class, (1..=appends).map(|nth| lie_and_cut(&action, nth)).collect());
        }
        let lost = |nth| Break::Visited(vec![(At::Destination, Fault::at(append(), nth, Action::LoseReply))]);
        add("reply lost while other mail arrives", (1..=appends).map(lost).collect());
        add("throttled", throttles(&self.scene, appends));
        classes
    }
}

/// An ordinary run takes one in so many steps of these classes, other ones in each scene: they are many, and differ little
/// from their neighbours.
fn stride(class: &str) -> usize {
    match class {
        _ if class.contains("reply line") => 8,
        _ if class.contains("silent") || class == "ledger refuses a change" => 8,
        "dropped after a poll" => 2,
        _ => 1,
    }
}

/// Every command, every reply line, and places in the streams of one side.
fn steps(at: At, index: usize, measure: &Measure) -> Vec<(String, Vec<Break>)> {
    let fault = |fault| Break::Faults(vec![(at, fault)]);
    let every_command = || Trigger::Command("*".to_owned());
    let every_reply = || Trigger::Reply("*".to_owned());
    let mut classes = Vec::new();
    for (class, count, trigger, action) in [
        ("closed before a command", measure.commands, every_command(), Action::Close),
        ("replies to a command lost", measure.commands, every_command(), Action::LoseReply),
        ("silent from a command on", measure.commands, every_command(), Action::Stall),
        ("closed before a reply line", measure.replies, every_reply(), Action::Close),
        ("silent from a reply line on", measure.replies, every_reply(), Action::Stall),
    ] {
        let cases = (1..=count[index]).map(|nth| fault(Fault::at(trigger.clone(), nth, action.clone())));
        classes.push((format!("{at:?}: {class}"), cases.collect()));
    }
    let places = if is_exhaustive() { MANY_BYTE_PLACES } else { BYTE_PLACES };
    for (class, bytes, trigger) in [
        (
            "closed after bytes received",
            measure.received[index],
            Trigger::BytesReceived as fn(u64) -> Trigger,
        ),
        ("closed after bytes sent", measure.sent[index], Trigger::BytesSent),
    ] {
        let parts = places.min(bytes);
        // The whole stream is no break: one byte less.
        let places = (1..=parts).map(|part| (bytes * part / parts).saturating_sub(1).max(1));
        let cases = places.map(|place| fault(Fault::once(trigger(place), Action::Close)));
        classes.push((format!("{at:?}: {class}"), cases.collect()));
    }
    classes
}

fn append() -> Trigger {
    Trigger::Command("APPEND".to_owned())
}

/// A lie about UIDs, and a lost reply behind it, so that the next run must find its way without the number.
fn lie_and_cut(lie: &Action, nth: u32) -> Break {
    let lie = Fault { trigger: append(), action: lie.clone(), skip: 0, times: nth };
    let cut = Fault::at(append(), nth + 1, Action::LoseReply);
    Break::Faults(vec![(At::Destination, lie), (At::Destination, cut)])
}

/// Refusals in the destination's own words: wait, then go on.
fn throttles(scene: &Scene, appends: u32) -> Vec<Break> {
    let words = scene
        .destination
        .quirks
        .throttle_reply
        .replace("{command}", "APPEND")
        .replace("{milliseconds}", "2000");
    let refuse = |nth| Fault::at(append(), nth, Action::Refuse(words.clone()));
    (1..=appends).map(|nth| Break::Faults(vec![(At::Destination, refuse(nth))])).collect()
}
