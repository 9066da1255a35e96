//! The practice zone in the hands of its owner: stages are published there, and time passes.

use crate::engine::actor::Actor;
use crate::engine::explain;
use crate::project::WholeCopy;
use crate::records::{ExportStage, Format, Safety, SwitchStage, stage_words};
use crate::rehearsal::PracticeStage;
use crate::values::UnixTime;

impl Actor {
    /// Publishes a stage, or the old records, in the zone of the practice domain, as it would be exported for nsupdate.
    pub(super) fn publish_in_practice(&mut self, stage: ExportStage) {
        let now = UnixTime::now();
        let Some((open, practice)) =
            self.open.as_ref().and_then(|open| Some((open, open.practice.as_ref()?)))
        else {
            return self.fail(explain::no_practice());
        };
        if !open.practice_view(now).is_some_and(|view| view.can_publish(stage)) {
            return self.fail(explain::out_of_order());
        }
        let judged = stage.of_switch().zip(open.view.records.plan.as_deref());
        let judgement = judged.and_then(|(stage, plan)| plan.judgement(stage));
        if let Some(judgement) = judgement.filter(|judgement| judgement.safety() == Safety::Harmful) {
            return self.fail(explain::harmful_in_practice(&stage_words(judgement)));
        }
        // The way back is the one that was kept before the switch.
        let is_way_back = stage == ExportStage::Rollback;
        let kept = open.switch_log().filter(|_| is_way_back);
        let kept = kept.and_then(|log| log.way_back.get(&Format::Nsupdate));
        let script = kept.or_else(|| open.view.records.exports.get(&(stage, Format::Nsupdate)));
        let Some(script) = script else {
            return self
                .fail(explain::nothing_to_save("There are no records yet", "Prepare the records first"));
        };
        if let Err(error) = practice.world.publish(practice_stage(stage), script, now) {
            return self.fail(explain::not_published_in_practice(&error));
        }
        practice.world.deliver_letters(now);
        let words = match stage {
            ExportStage::Rollback => "The old records are in the practice zone again".to_owned(),
            ExportStage::Stage(_) => format!("“{}” is in the practice zone now", stage.name()),
        };
        self.notice(words, None);
        if let Some(open) = self.open.as_mut() {
            open.switch.next_look_at = None;
            open.count_practice_mail();
        }
    }

    /// Lets time pass in the practice world until something happens: whatever was seen is that much older then.
    pub(super) fn let_time_pass(&mut self) {
        let now = UnixTime::now();
        if self.open.as_ref().is_none_or(|open| open.practice.is_none()) {
            return self.fail(explain::no_practice());
        }
        if self.refuse_while_copying("let time pass") {
            return;
        }
        let Some(open) = self.open.as_mut() else { return };
        let Some(until) = open.next_practice_date(now) else { return self.fail(explain::nothing_waits()) };
        let seconds = until.0.saturating_sub(now.0);
        if let Some(practice) = &open.practice {
            practice.world.deliver_letters(now);
            practice.world.let_time_pass(seconds);
        }
        let earlier = |at: UnixTime| UnixTime(at.0.saturating_sub(seconds));
        open.whole = open.whole.map(|whole| WholeCopy {
            began_at: earlier(whole.began_at),
            finished_at: earlier(whole.finished_at),
            ..whole
        });
        let log = open.switch.log.as_mut().map(|log| {
            log.let_pass(seconds);
            log.clone()
        });
        let job = open.copy_job();
        self.store(|project| project.set_copy_job(&job));
        if let Some(log) = log {
            self.keep_switch_log(&log);
            self.look_at_switch();
        }
        self.notice(format!("{} have passed in practice", passed(seconds)), None);
    }
}

/// `3 days`, `60 minutes` or `20 seconds`.
fn passed(seconds: i64) -> String {
    match seconds {
        172_800.. => format!("{} days", (seconds + 43_200) / 86_400),
        120.. => format!("{} minutes", (seconds + 30) / 60),
        _ => format!("{seconds} seconds"),
    }
}

const fn practice_stage(stage: ExportStage) -> PracticeStage {
    match stage {
        ExportStage::Stage(SwitchStage::Now) => PracticeStage::Now,
        ExportStage::Stage(SwitchStage::AtTheSwitch) => PracticeStage::Switch,
        ExportStage::Stage(SwitchStage::Later) => PracticeStage::Later,
        ExportStage::Rollback => PracticeStage::WayBack,
    }
}

#[cfg(test)]
mod tests {
    use super::passed;

    #[test]
    fn time_is_told_in_the_unit_that_fits() {
        for (seconds, words) in [(20, "20 seconds"), (3_600, "60 minutes"), (259_200, "3 days")] {
            assert_eq!(passed(seconds), words);
        }
    }
}
