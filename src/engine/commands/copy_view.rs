//! What is read anew of a copy that runs.

use crate::engine::actor::Actor;
use crate::engine::api::copy_snapshot::CopyPhase;

impl Actor {
    /// Takes a fresh look at the ledger while a copy runs.
    pub(in crate::engine) async fn watch_copy(&mut self) {
        let Some(open) = self.open.as_mut() else { return };
        if !matches!(open.view.copy.phase, CopyPhase::Running | CopyPhase::Pausing | CopyPhase::Stopping) {
            return;
        }
        let has_ended_one = open.take_copy_states();
        let has_paused = open.view.copy.phase == CopyPhase::Paused;
        open.look_at_the_ledger();
        if has_ended_one || has_paused {
            // Whatever happens to the program, what is done stays done, and what is paused rests.
            self.remember_copy_phase();
        }
        self.touch();
        // Lets answers of jobs in between two looks at a large ledger.
        tokio::task::yield_now().await;
    }
}
