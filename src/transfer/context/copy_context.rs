//! What the features of a copy are given: what was asked for, how it is reported, and where trouble is noted.

use std::sync::{Mutex, PoisonError};

use crate::imap::Namespace;
use crate::plan::FolderPlan;
use crate::transfer::context::control::CopyControl;
use crate::transfer::context::request::{CopyRequest, FolderProblem, FolderTrouble, Problems, ProgressSink};
use crate::values::Side;

/// An attempt at a mailbox within one run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::transfer) enum Attempt {
    /// Nothing has broken in this run.
    #[default]
    First,
    /// One before it has failed, so that what was under way then may still arrive.
    AfterFailure,
}

/// Shared by everything that works on one mailbox.
pub(in crate::transfer) struct CopyContext<'a> {
    pub(in crate::transfer) request: &'a CopyRequest,
    /// Stops with the copy, and where a worker has failed.
    pub(in crate::transfer) control: CopyControl,
    pub(in crate::transfer) sink: ProgressSink<'a>,
    /// Where folders of the mailbox are at the destination.
    pub(in crate::transfer) namespace: Namespace,
    pub(in crate::transfer) attempt: Attempt,
    problems: Mutex<Problems>,
}

impl<'a> CopyContext<'a> {
    pub(in crate::transfer) fn new(
        request: &'a CopyRequest,
        control: CopyControl,
        sink: ProgressSink<'a>,
        namespace: Namespace,
    ) -> Self {
        Self { request, control, sink, namespace, attempt: Attempt::First, problems: Mutex::default() }
    }

    /// Notes what is the matter with a folder at one side; the last words count.
    pub(in crate::transfer) fn note_trouble(
        &self,
        plan: &FolderPlan,
        (side, trouble): (Side, FolderTrouble),
        words: String,
    ) {
        let problem = FolderProblem { folder: plan.source.clone(), side, trouble, words };
        // Problems are whole between two statements, so a panic elsewhere does not spoil them.
        let mut problems = self.problems.lock().unwrap_or_else(PoisonError::into_inner);
        problems.insert((plan.source.clone(), trouble), problem);
    }

    /// What was noted.
    pub(in crate::transfer) fn into_problems(self) -> Problems {
        self.problems.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}
