//! The embedded servers of a practice project.

use std::net::SocketAddr;

use crate::cutover::{KeepReason, StepState};
use crate::engine::api::practice_snapshot::PracticeView;
use crate::engine::open_project::OpenProject;
use crate::records::SwitchStage;
use crate::rehearsal::{Practice, PracticeStage, Tally};
use crate::values::{Endpoint, UnixTime};

/// The embedded servers of the open practice project.
pub(in crate::engine) struct PracticeWorld {
    pub(in crate::engine) world: Practice,
    /// Both sides compared, as of the newest copy.
    pub(in crate::engine) tally: Option<Tally>,
}

impl PracticeWorld {
    pub(in crate::engine) const fn resolver(&self) -> SocketAddr {
        self.world.resolver
    }

    /// Who is asked during a switch.
    pub(in crate::engine) fn resolvers(&self) -> Vec<String> {
        [self.world.resolver, self.world.second_resolver].iter().map(ToString::to_string).collect()
    }

    pub(in crate::engine) fn source(&self) -> Endpoint {
        self.world.source.clone()
    }

    pub(in crate::engine) fn destination(&self) -> Endpoint {
        self.world.destination.clone()
    }
}

impl OpenProject {
    /// What the faces are shown of the practice world; `None` for other projects.
    pub(in crate::engine) fn practice_view(&self, now: UnixTime) -> Option<PracticeView> {
        let practice = self.practice.as_ref()?;
        let world = &practice.world;
        let published = world.stages().into_iter().filter_map(|(stage, at)| Some((switch_stage(stage)?, at)));
        Some(PracticeView {
            published: published.collect(),
            resolvers: practice.resolvers(),
            letters: world.letters(),
            lags_until: world.lags_until(now),
            next_date: self.next_practice_date(now),
            tokens_given: world.tokens_given(),
            tally: practice.tally,
        })
    }

    /// The next moment that the switch or a practice server waits for.
    pub(in crate::engine) fn next_practice_date(&self, now: UnixTime) -> Option<UnixTime> {
        let world = &self.practice.as_ref()?.world;
        let mut dates: Vec<UnixTime> = world.lags_until(now).into_iter().collect();
        if let Some(log) = self.switch_log() {
            let copy = self.copy_done();
            dates.extend(log.steps(copy, now).iter().filter_map(|step| match step.state {
                StepState::From(at) => Some(at),
                _ => None,
            }));
            if let Some(KeepReason::OldAnswers(Some(at)) | KeepReason::Queues(at)) =
                log.keep_reason(copy, now)
            {
                dates.push(at);
            }
            let is_over = log.reading.as_ref().is_some_and(|reading| reading.is_over);
            if log.watch.published_at.is_some() && !is_over {
                dates.extend(world.remembered_until(now));
            }
        }
        dates.into_iter().filter(|at| *at > now).min()
    }

    /// Compares both sides of the practice world, once everything was copied.
    pub(in crate::engine) fn count_practice_mail(&mut self) {
        let is_copied = self.copy_done().finished_at.is_some();
        if let Some(practice) = self.practice.as_mut() {
            practice.tally = is_copied.then(|| practice.world.tally());
        }
    }
}

const fn switch_stage(stage: PracticeStage) -> Option<SwitchStage> {
    match stage {
        PracticeStage::Now => Some(SwitchStage::Now),
        PracticeStage::Switch => Some(SwitchStage::AtTheSwitch),
        PracticeStage::Later => Some(SwitchStage::Later),
        PracticeStage::WayBack => None,
    }
}
