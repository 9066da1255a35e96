//! How long the copy of each mailbox will take, from its plan, its ledger, and what was measured.

use super::open_project::OpenProject;
use super::{CopyPhase, ForecastsView};
use crate::plan::{ForecastInput, MailboxId, Measured, MessageState, forecast, forecast_all};
use crate::providers::Catalogue;
use crate::transfer::CopyLimits;
use crate::values::Bytes;

/// Messages that are worth one more pair of connections.
const MESSAGES_PER_PAIR: u64 = 100;

/// What the chosen provider's catalogue entry says that a copy meets.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ProviderLimits {
    /// Largest message.
    pub(super) message: Option<Bytes>,
    /// What one mailbox takes in a day.
    pub(super) bytes_per_day: Option<Bytes>,
    /// Connections that one mailbox may have open.
    pub(super) connections: Option<u32>,
}

impl OpenProject {
    /// What the catalogue confirms about the chosen provider.
    pub(super) fn provider_limits(&self, catalogue: &Catalogue) -> ProviderLimits {
        let chosen = self.view.destination.chosen.as_ref().and_then(|(id, _)| catalogue.get(id));
        chosen.map_or_else(ProviderLimits::default, |provider| {
            let limits = &provider.limits;
            ProviderLimits {
                message: limits.message_bytes.as_ref().map(|fact| fact.value),
                bytes_per_day: limits.upload_bytes_per_day.as_ref().map(|fact| fact.value),
                connections: limits.connections.as_ref().map(|fact| fact.value),
            }
        })
    }

    /// Computes the forecasts anew.
    pub(super) fn refresh_forecasts(&mut self) {
        let plans = &self.view.plan.mailboxes;
        let together = self.measured.values().copied().reduce(Measured::plus);
        let mut each = Vec::new();
        let mut mailboxes = std::collections::BTreeMap::new();
        for (id, plan) in plans.iter() {
            let (messages, bytes) = self.left_to_copy(*id, plan.chosen());
            let most_pairs = u64::try_from(CopyLimits::default().pairs).unwrap_or(1);
            let allowed = self.limits.connections.map_or(most_pairs, u64::from);
            let one = forecast(&ForecastInput {
                messages,
                bytes,
                measured: self.measured.get(id).copied().or(together),
                pairs: most_pairs.min(allowed).min(1 + messages / MESSAGES_PER_PAIR),
                bytes_per_day: self.limits.bytes_per_day,
            });
            mailboxes.extend(one.clone().map(|one| (*id, one)));
            each.push(one);
        }
        let parallel = u64::try_from(self.parallel).unwrap_or(1);
        self.view.plan.forecasts = ForecastsView { all: forecast_all(&each, parallel), mailboxes };
    }

    /// What the copy has still to do of a plan.
    fn left_to_copy(&self, id: MailboxId, (messages, bytes): (u64, Bytes)) -> (u64, Bytes) {
        let copy = &self.view.copy;
        let shown = copy.mailboxes.iter().find(|shown| shown.id == id);
        match shown.filter(|_| copy.phase != CopyPhase::NotStarted) {
            Some(shown) => {
                let done = shown.sum.finished().saturating_sub(shown.sum.count(MessageState::LeftOut));
                (messages.saturating_sub(done), Bytes(bytes.0.saturating_sub(shown.bytes_done.0)))
            }
            None => (messages, bytes),
        }
    }
}
