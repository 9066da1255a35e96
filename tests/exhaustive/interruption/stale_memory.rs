//! Every way in which a copy goes on with a memory that is not the newest, and every moment for a second writer.

use std::time::Instant;

use mailferry_test_support::scenes::practice_copy::stale_case::{Acts, Memory, Second, Stale};
use mailferry_test_support::scenes::practice_copy::{Change, Measure, Scene, in_quick_time};

use super::interruptions::{Floor, is_exhaustive};

const MEMORIES: [Memory; 3] = [Memory::Older, Memory::WithoutLog, Memory::Elsewhere];
const ACTS: [Acts; 5] = [Acts::None, Acts::Receives, Acts::Files, Acts::Deletes, Acts::Everything];
/// An ordinary run takes one in so many states; each memory begins at another one.
const STRIDE: u32 = 5;
/// An ordinary run lets a second writer begin at so many moments.
const MOMENTS: u32 = 4;

/// A copy that goes on with every state that its project file ever had.
pub struct Remembered {
    /// The two servers and the mail.
    pub scene: Scene,
    /// What happens before the run whose states are kept, where it is a later one.
    pub change: Option<Change>,
    /// How many cases there are at least.
    pub floor: Floor,
}

impl Remembered {
    /// Goes on with every state, and lets a second writer in at every moment.
    pub fn run(&self) {
        let start = Instant::now();
        let (plan, measure) = in_quick_time(self.scene.plan_later(self.change));
        let mut failures = Vec::new();
        let stale = stale_cases(&measure);
        for case in &stale {
            if let Err(error) = in_quick_time(self.scene.play_stale(&plan, self.change, case)) {
                failures.push(format!("{case:?}: {error}"));
            }
        }
        let second = second_writers(&measure);
        let (mut most, bound) = (0, self.scene.under_way_at_first());
        for case in &second {
            match in_quick_time(self.scene.play_two(&plan, self.change, *case)) {
                Ok(doubled) if doubled > bound => {
                    failures.push(format!("{case:?}: {doubled} messages doubled, {bound} at most"));
                }
                Ok(doubled) => most = most.max(doubled),
                Err(error) => failures.push(format!("{case:?}: {error}")),
            }
        }
        let cases = stale.len() + second.len();
        eprintln!(
            "{}: {} memories, {} second writers (at most {most} messages doubled), in {:.1} s",
            self.scene.name(),
            stale.len(),
            second.len(),
            start.elapsed().as_secs_f64(),
        );
        assert!(failures.is_empty(), "{} of {cases} cases failed:\n{}", failures.len(), failures.join("\n"));
        let floor = if is_exhaustive() { self.floor.all } else { self.floor.ordinary };
        assert!(cases >= floor, "only {cases} cases, where there were {floor}");
    }
}

/// Every state with every memory, after a whole run and after one that was broken off later; an ordinary run takes one act
/// of the owner for each, in turn.
fn stale_cases(measure: &Measure) -> Vec<Stale> {
    let last = measure.changes;
    let mut cases = Vec::new();
    let mut turn = 0;
    for (offset, memory) in (0..).zip(MEMORIES) {
        for state in (0..=last).filter(|state| is_exhaustive() || state % STRIDE == offset) {
            for end in [u32::MAX, state + (last - state).div_ceil(2).max(1)] {
                let acts: &[Acts] = if is_exhaustive() { &ACTS } else { &ACTS[turn % ACTS.len()..][..1] };
                turn += 1;
                cases.extend(acts.iter().map(|acts| Stale { memory, state, end, acts: *acts }));
            }
        }
    }
    cases
}

fn second_writers(measure: &Measure) -> Vec<Second> {
    let moments = if is_exhaustive() { measure.polls } else { MOMENTS.min(measure.polls) };
    let at = |part: u32| (measure.polls * part).div_ceil(moments.max(1)).max(1);
    let starts = (1..=moments).map(at);
    starts.flat_map(|start| [false, true].map(|knows| Second { start, knows })).collect()
}
