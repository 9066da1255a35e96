//! How long the copy of each mailbox will take, from its plan, its ledger, and what was measured.

use super::open_project::OpenProject;
use super::{CopyPhase, ForecastsView};
use crate::plan::{ForecastInput, MailboxId, Measured, forecast, forecast_all};
use crate::transfer::CopyLimits;
use crate::values::Bytes;

/// Messages that are worth one more pair of connections.
const MESSAGES_PER_PAIR: u64 = 100;

impl OpenProject {
    /// Computes the forecasts anew.
    pub(super) fn refresh_forecasts(&mut self) {
        let plans = &self.view.plan.mailboxes;
        let together = self.measured.values().copied().reduce(Measured::plus);
        let caps = self.limits.caps(&self.view.plan.options);
        let mut warnings = std::collections::BTreeMap::new();
        let mut each = Vec::new();
        let mut mailboxes = std::collections::BTreeMap::new();
        for (id, plan) in plans.iter() {
            let (messages, bytes) = self.left_to_copy(*id, plan.chosen());
            let told = plan.warnings(bytes, self.view.plan.options.dates);
            if !told.is_empty() {
                warnings.insert(*id, told);
            }
            let most_pairs = u64::try_from(CopyLimits::default().pairs).unwrap_or(1);
            let allowed = self.limits.connections.map_or(most_pairs, u64::from);
            let one = forecast(&ForecastInput {
                messages,
                bytes,
                measured: self.measured.get(id).copied().or(together),
                pairs: most_pairs.min(allowed).min(1 + messages / MESSAGES_PER_PAIR),
                caps,
            });
            mailboxes.extend(one.clone().map(|one| (*id, one)));
            each.push(one);
        }
        let parallel = u64::try_from(self.parallel).unwrap_or(1);
        self.view.plan.warnings = warnings;
        self.view.plan.forecasts = ForecastsView { all: forecast_all(&each, parallel), mailboxes };
    }

    /// What the copy has still to do of a plan.
    fn left_to_copy(&self, id: MailboxId, (messages, bytes): (u64, Bytes)) -> (u64, Bytes) {
        let copy = &self.view.copy;
        let shown = copy.mailboxes.iter().find(|shown| shown.id == id);
        match shown.filter(|_| copy.phase != CopyPhase::NotStarted) {
            Some(shown) => {
                (shown.sum.waiting(), Bytes(shown.bytes_total.0.saturating_sub(shown.bytes_done.0)))
            }
            None => (messages, bytes),
        }
    }
}
