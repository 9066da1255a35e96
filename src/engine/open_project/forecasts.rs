//! The forecast for each mailbox, from its plan, its ledger, and measurements.

use crate::engine::api::copy_snapshot::CopyPhase;
use crate::engine::api::snapshot::ForecastsView;
use crate::engine::open_project::OpenProject;
use crate::engine::open_project::copy_limits::{RunLimits, copy_limits};
use crate::plan::{ForecastInput, MailVolume, Measured, forecast, forecast_all};
use crate::transfer::CopyConditions;
use crate::values::{Bytes, MailboxId};

impl OpenProject {
    /// Recomputes the forecasts.
    pub(in crate::engine) fn refresh_forecasts(&mut self) {
        let plans = &self.view.plan.mailboxes;
        let together = self.measured.values().copied().reduce(Measured::plus);
        let run = self.run_limits();
        let limits = copy_limits(&self.limits, &self.view.plan.options, run.share(plans.len()));
        let caps = self.limits.caps(&self.view.plan.options);
        let mut warnings = std::collections::BTreeMap::new();
        let mut each = Vec::new();
        let mut mailboxes = std::collections::BTreeMap::new();
        for (id, plan) in plans.iter() {
            let MailVolume { messages, bytes } = self.left_to_copy(*id, plan.chosen());
            let told = plan.warnings(bytes, self.view.plan.options.dates);
            if !told.is_empty() {
                warnings.insert(*id, told);
            }
            let likely =
                CopyConditions { waiting: messages, asks: false, is_near: false, tolerated: limits.pairs };
            let one = forecast(&ForecastInput {
                messages,
                bytes,
                measured: self.measured.get(id).copied().or(together),
                pairs: limits.connections(likely).pairs as u64,
                caps,
            });
            mailboxes.extend(one.clone().map(|one| (*id, one)));
            each.push(one);
        }
        self.view.plan.warnings = warnings;
        self.view.plan.forecasts =
            ForecastsView { all: forecast_all(&each, run.mailboxes as u64), mailboxes };
    }

    /// The limits shared by the mailboxes of one run.
    pub(in crate::engine) fn run_limits(&self) -> RunLimits {
        RunLimits::new(
            self.parallel,
            self.max_connections,
            self.view.domain.source_server.as_ref(),
            self.view.destination.server.as_ref(),
        )
    }

    /// What is still to be copied of a plan.
    fn left_to_copy(&self, id: MailboxId, planned: MailVolume) -> MailVolume {
        let copy = &self.view.copy;
        let shown = copy.mailboxes.iter().find(|shown| shown.id == id);
        match shown.filter(|_| copy.phase != CopyPhase::NotStarted) {
            Some(shown) => MailVolume {
                messages: shown.sum.waiting(),
                bytes: Bytes(shown.bytes_total.0.saturating_sub(shown.bytes_done.0)),
            },
            None => planned,
        }
    }
}
