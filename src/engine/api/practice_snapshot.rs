//! The snapshot of a practice world: what was published, what came, and what time brings next.

use crate::records::{ExportStage, SwitchStage};
use crate::rehearsal::{Letters, Tally};
use crate::values::UnixTime;

/// The embedded servers of a practice project.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PracticeView {
    /// The stages that are in the practice zone, and since when; in the order in which they came.
    pub published: Vec<(SwitchStage, UnixTime)>,
    /// The resolvers of the two practice senders, as the switch names them.
    pub resolvers: Vec<String>,
    /// Letters that came since the first stage was published.
    pub letters: Letters,
    /// When the second name server has followed; `None` where it has.
    pub lags_until: Option<UnixTime>,
    /// The next moment that something waits for; `None` where nothing waits for time.
    pub next_date: Option<UnixTime>,
    /// Tokens that the practice provider has given to the mailbox that wants them.
    pub tokens_given: u64,
    /// Both sides compared, after the newest copy; `None` before the first whole one.
    pub tally: Option<Tally>,
}

impl PracticeView {
    /// Whose resolver this is; `None` for any other.
    pub fn resolver_words(&self, label: &str) -> Option<&'static str> {
        let mut known =
            self.resolvers.iter().zip(["the first sender’s resolver", "the second sender’s resolver"]);
        known.find(|(known, _)| *known == label).map(|(_, words)| words)
    }

    /// Since when a stage is in the practice zone.
    pub fn published_at(&self, stage: SwitchStage) -> Option<UnixTime> {
        self.published.iter().find(|(known, _)| *known == stage).map(|(_, at)| *at)
    }

    /// The stage that follows in the practice zone; `None` where all are there.
    pub fn next_stage(&self) -> Option<SwitchStage> {
        SwitchStage::ALL.into_iter().find(|stage| self.published_at(*stage).is_none())
    }

    /// Whether a stage can be published now: each builds on those before it.
    pub fn can_publish(&self, stage: ExportStage) -> bool {
        match stage {
            ExportStage::Stage(stage) => self.next_stage() == Some(stage),
            ExportStage::Rollback => self.published_at(SwitchStage::AtTheSwitch).is_some(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_stage_builds_on_the_one_before_and_the_way_back_on_the_switch() {
        let (now, switch) = (SwitchStage::Now, SwitchStage::AtTheSwitch);
        let view = |published: &[SwitchStage]| PracticeView {
            published: published.iter().map(|stage| (*stage, UnixTime(7))).collect(),
            ..PracticeView::default()
        };
        assert!(view(&[]).can_publish(ExportStage::Stage(now)));
        assert!(!view(&[]).can_publish(ExportStage::Stage(switch)));
        assert!(!view(&[now]).can_publish(ExportStage::Rollback));
        assert_eq!(view(&[now]).next_stage(), Some(switch));
        assert!(view(&[now, switch]).can_publish(ExportStage::Rollback));
        assert_eq!(view(&[now, switch, SwitchStage::Later]).next_stage(), None);
        assert_eq!(view(&[now]).published_at(now), Some(UnixTime(7)));
    }
}
