//! Background jobs, each with a token and a number, and their results.

pub(in crate::engine) mod consent;
pub(in crate::engine) mod context;
pub(in crate::engine) mod copy;
pub(in crate::engine) mod evidence;
pub(in crate::engine) mod find_server;
pub(in crate::engine) mod mailbox_watch;
pub(in crate::engine) mod plan;
pub(in crate::engine) mod results;
pub(in crate::engine) mod sign_in;
pub(in crate::engine) mod survey;
pub(in crate::engine) mod switch;
pub(in crate::engine) mod test_message;

use std::any::Any;
use std::collections::BTreeMap;
use std::future::Future;
use std::panic::AssertUnwindSafe;

use crate::engine::job_kind::JobKind;
use futures::FutureExt as _;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The running jobs, each with a token below the project's root token, tracked so that a quit can wait for them.
pub struct Jobs {
    runtime: Handle,
    tracker: TaskTracker,
    root: CancellationToken,
    running: BTreeMap<JobKind, Begun>,
    next_number: u64,
}

/// A job that was begun.
#[derive(Clone)]
pub struct Begun {
    /// Its number; results with an older one are dropped.
    pub number: u64,
    /// Cancelled with the job.
    pub token: CancellationToken,
}

/// How a job's future ended.
pub enum Ended<T> {
    /// With its own result.
    Normally(T),
    /// With a panic, whose words become the job's error.
    Panicked(String),
}

/// Runs a job, or one mailbox of it, to completion. A panic affects nothing else; what it
/// held is released when its future is dropped.
pub async fn contained<T>(work: impl Future<Output = T>) -> Ended<T> {
    match AssertUnwindSafe(work).catch_unwind().await {
        Ok(result) => Ended::Normally(result),
        Err(payload) => Ended::Panicked(panic_words(payload.as_ref())),
    }
}

impl Jobs {
    /// No jobs yet.
    pub fn new(runtime: Handle) -> Self {
        Self {
            runtime,
            tracker: TaskTracker::new(),
            root: CancellationToken::new(),
            running: BTreeMap::new(),
            next_number: 0,
        }
    }

    /// Cancels a running job of this kind and begins its successor.
    pub fn begin(&mut self, kind: JobKind) -> Begun {
        self.cancel(kind);
        self.next_number += 1;
        let begun = Begun { number: self.next_number, token: self.root.child_token() };
        self.running.insert(kind, begun.clone());
        begun
    }

    /// Runs a job's future to completion and passes its result, or its panic, to `report`.
    pub fn spawn<T, F, R, W>(&self, work: F, report: R)
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
        R: FnOnce(Ended<T>) -> W + Send + 'static,
        W: Future<Output = ()> + Send,
    {
        let guarded = async move { report(contained(work).await).await };
        self.tracker.spawn_on(guarded, &self.runtime);
    }

    /// Whether a result with this number is still current.
    pub fn is_current(&self, kind: JobKind, number: u64) -> bool {
        self.running.get(&kind).is_some_and(|current| current.number == number)
    }

    /// Whether a job of this kind runs.
    pub fn is_running(&self, kind: JobKind) -> bool {
        self.running.contains_key(&kind)
    }

    /// Forgets a job that has ended.
    pub fn end(&mut self, kind: JobKind, number: u64) {
        if self.is_current(kind, number) {
            self.running.remove(&kind);
        }
    }

    /// Cancels a job; its later results are stale.
    pub fn cancel(&mut self, kind: JobKind) {
        if let Some(Begun { token, .. }) = self.running.remove(&kind) {
            token.cancel();
        }
    }

    /// Cancels every job and returns the tracker that waits for them.
    pub fn cancel_all(&mut self) -> TaskTracker {
        self.root.cancel();
        self.root = CancellationToken::new();
        self.running.clear();
        let tracker = std::mem::replace(&mut self.tracker, TaskTracker::new());
        tracker.close();
        tracker
    }
}

/// The message of a panic, if it has one.
fn panic_words(payload: &(dyn Any + Send)) -> String {
    payload
        .downcast_ref::<&str>()
        .map(|words| (*words).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_becomes_the_jobs_error() {
        let jobs = Jobs::new(Handle::current());
        let (sender, receiver) = tokio::sync::oneshot::channel();
        jobs.spawn(async { panic!("out of cheese") }, |ended: Ended<()>| async move {
            let words = match ended {
                Ended::Panicked(words) => words,
                Ended::Normally(()) => String::new(),
            };
            sender.send(words).unwrap();
        });
        assert_eq!(receiver.await.unwrap(), "out of cheese");
    }

    #[tokio::test]
    async fn a_newer_job_makes_the_older_one_stale() {
        let mut jobs = Jobs::new(Handle::current());
        let Begun { number: first, token: first_token } = jobs.begin(JobKind::Audit);
        let Begun { number: second, token: second_token } = jobs.begin(JobKind::Audit);
        assert!(first_token.is_cancelled() && !second_token.is_cancelled());
        assert!(!jobs.is_current(JobKind::Audit, first));
        jobs.end(JobKind::Audit, first);
        assert!(jobs.is_current(JobKind::Audit, second));
        jobs.cancel_all();
        assert!(second_token.is_cancelled() && !jobs.is_running(JobKind::Audit));
    }
}
