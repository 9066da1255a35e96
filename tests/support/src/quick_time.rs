//! Time that follows what is done: it leaps where all wait for it, goes on in small steps while somebody is at work, and
//! stands still while a thread of that work waits for a processor or a disk. A busy computer makes no wait longer.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::{Arc, Barrier, Mutex};
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::{mpsc, watch};

/// How often it is looked whether anybody has something to do.
const TICK: Duration = Duration::from_micros(500);
/// What passes in a tick in which somebody was at work.
const TIME_PER_TICK: Duration = Duration::from_millis(20);
/// So many ticks without anything to do, and time runs faster: all wait for time to pass.
const IDLE_TICKS: u32 = 3;
/// Most time in one tick then: every wait still takes several ticks.
const TIME_PER_IDLE_TICK: Duration = Duration::from_secs(2);
/// Threads for what blocks, made before the work begins, so that each of them is known.
const BLOCKING_THREADS: usize = 6;

/// Runs work on a runtime whose clock follows what is done there.
pub fn in_quick_time<T>(work: impl Future<Output = T>) -> T {
    let quick = QuickRuntime::start(true);
    let ticks = async |mut ticks: Ticks<'_>| {
        let mut step = TIME_PER_TICK;
        loop {
            match ticks.next().await {
                Tick::Blocked => {
                    step = TIME_PER_TICK;
                    continue;
                }
                Tick::Busy => step = TIME_PER_TICK,
                Tick::Idle(count) if count > IDLE_TICKS => step = (step * 4).min(TIME_PER_IDLE_TICK),
                Tick::Idle(_) => {}
            }
            tokio::time::advance(step).await;
            ticks.go_on();
        }
    };
    quick.run(work, ticks)
}

/// Runs work that is told each time that all of it waits for somebody outside.
pub fn with_rests<T, Work: Future<Output = T>>(work: impl FnOnce(watch::Receiver<u64>) -> Work) -> T {
    let quick = QuickRuntime::start(false);
    let (rests, receiver) = watch::channel(0);
    let ticks = async |mut ticks: Ticks<'_>| {
        loop {
            if matches!(ticks.next().await, Tick::Idle(count) if count > IDLE_TICKS) {
                rests.send_modify(|count| *count += 1);
            }
            ticks.go_on();
        }
    };
    quick.run(work(receiver), ticks)
}

/// What was done since the last tick.
enum Tick {
    /// Something is on its way on a thread of its own.
    Blocked,
    /// The work went on.
    Busy,
    /// Nothing, in so many ticks.
    Idle(u32),
}

/// Counts what is done from tick to tick.
struct Ticks<'a> {
    clock: Clock,
    polls: &'a Cell<u64>,
    threads: Threads,
    seen: u64,
    idle: u32,
}

impl Ticks<'_> {
    async fn next(&mut self) -> Tick {
        self.clock.tick().await;
        // One poll is the end of this tick itself.
        let is_busy = self.polls.get() > self.seen + 1;
        let is_blocked = !is_busy && self.threads.is_any_at_work();
        if is_busy || is_blocked {
            self.idle = 0;
            self.go_on();
            return if is_busy { Tick::Busy } else { Tick::Blocked };
        }
        self.idle += 1;
        Tick::Idle(self.idle)
    }

    /// What was polled up to now counts no more.
    fn go_on(&mut self) {
        self.seen = self.polls.get();
    }
}

/// A runtime whose threads are known. Where the work panics, the fields are dropped in their order: the runtime waits for its
/// blocking threads, and one of these waits for `end`.
struct QuickRuntime {
    end: std::sync::mpsc::Sender<()>,
    runtime: Runtime,
    threads: Threads,
}

impl QuickRuntime {
    fn start(is_paused: bool) -> Self {
        let threads = Threads::default();
        let started = threads.clone();
        let runtime = Builder::new_current_thread()
            .enable_all()
            .start_paused(is_paused)
            .max_blocking_threads(BLOCKING_THREADS)
            .thread_keep_alive(Duration::from_hours(24))
            .on_thread_start(move || started.add_this())
            .build()
            .unwrap();
        // A blocking call under way keeps time from jumping ahead whenever everybody waits for a socket.
        let (end, ended) = std::sync::mpsc::channel();
        let all_started = Arc::new(Barrier::new(BLOCKING_THREADS + 1));
        for _ in 1..BLOCKING_THREADS {
            let all_started = Arc::clone(&all_started);
            runtime.spawn_blocking(move || {
                all_started.wait();
            });
        }
        let last = Arc::clone(&all_started);
        runtime.spawn_blocking(move || {
            last.wait();
            // An error, once the other end is gone.
            let _ended: Result<(), _> = ended.recv();
        });
        all_started.wait();
        Self { end, runtime, threads }
    }

    fn run<T>(self, work: impl Future<Output = T>, ticks: impl AsyncFnOnce(Ticks<'_>)) -> T {
        let polls = Cell::new(0);
        let threads = self.threads.clone();
        let clock = Clock::start();
        let result = self.runtime.block_on(async {
            let mut work = pin!(work);
            let counted = poll_fn(|context| {
                polls.set(polls.get() + 1);
                work.as_mut().poll(context)
            });
            tokio::select! {
                biased;
                result = counted => result,
                () = ticks(Ticks { clock, polls: &polls, threads, seen: 0, idle: 0 }) => unreachable!(),
            }
        });
        drop(self.end);
        self.runtime.shutdown_background();
        result
    }
}

/// A thread that waits for a moment each time it is asked to: the others are polled meanwhile.
struct Clock {
    ask: std::sync::mpsc::Sender<()>,
    ticked: mpsc::Receiver<()>,
}

impl Clock {
    fn start() -> Self {
        let (ask, asked) = std::sync::mpsc::channel();
        let (sender, ticked) = mpsc::channel(1);
        std::thread::spawn(move || {
            while asked.recv().is_ok() {
                std::thread::sleep(TICK);
                if sender.blocking_send(()).is_err() {
                    break;
                }
            }
        });
        Self { ask, ticked }
    }

    async fn tick(&mut self) {
        self.ask.send(()).unwrap();
        self.ticked.recv().await.unwrap();
    }
}

/// Threads on which something may block, by the files that say what they are doing.
#[derive(Clone, Default)]
struct Threads(Arc<Mutex<Vec<PathBuf>>>);

impl Threads {
    fn add_this(&self) {
        let thread = std::fs::read_link("/proc/thread-self").unwrap();
        self.0.lock().unwrap().push(Path::new("/proc").join(thread).join("stat"));
    }

    /// Whether one of them runs, would run if there were a processor for it, or waits for the disk.
    fn is_any_at_work(&self) -> bool {
        let is_at_work = |file: &PathBuf| {
            let stat = std::fs::read_to_string(file).unwrap_or_default();
            stat.rsplit_once(") ").is_some_and(|(_name, rest)| rest.starts_with(['R', 'D']))
        };
        self.0.lock().unwrap().iter().any(is_at_work)
    }
}
