use super::{Draft, RefusalMeaning, RepairStep};

/// The way of one refused message through the repairs. Each step is tried once, on top of those before.
///
/// The step that the server's words ask for comes first; then the others follow in the order of [`RepairStep::ALL`].
#[derive(Debug)]
pub struct RepairLadder {
    original: Draft,
    current: Draft,
    tried: Vec<RepairStep>,
    seen: Vec<RepairStep>,
    now_seconds: i64,
}

impl RepairLadder {
    /// Begins with the message as it was refused. The time is for dates that cannot be.
    pub fn new(original: Draft, now_seconds: i64) -> Self {
        Self { current: original.clone(), original, tried: Vec::new(), seen: Vec::new(), now_seconds }
    }

    /// Leaves a step out.
    pub fn skip(&mut self, step: RepairStep) {
        self.seen.push(step);
    }

    /// The next form of the message after a refusal that means this; `None` where every repair was tried. `learnt` is a
    /// step that has helped others with the same refusal.
    pub fn next(&mut self, refusal: RefusalMeaning, learnt: Option<RepairStep>) -> Option<&Draft> {
        let named = match refusal {
            RefusalMeaning::Message(step) => step,
            _ => None,
        };
        for step in named.into_iter().chain(learnt).chain(RepairStep::ALL) {
            if self.seen.contains(&step) {
                continue;
            }
            self.seen.push(step);
            let repaired = if step == RepairStep::Wrap {
                // The original is what must be kept; of the other repairs only date and flags go along.
                let wrapped = step.apply(&self.original, self.now_seconds);
                wrapped.map(|wrapped| Draft { bytes: wrapped.bytes, ..self.current.clone() })
            } else {
                step.apply(&self.current, self.now_seconds)
            };
            if let Some(repaired) = repaired {
                self.tried.push(step);
                self.current = repaired;
                return Some(&self.current);
            }
        }
        None
    }

    /// The steps that were tried, in their order; the last one is the one that is being tried.
    pub fn tried(&self) -> &[RepairStep] {
        &self.tried
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::repair::refusal_words::refusal_meaning;

    const NOW: i64 = 1_740_992_400;

    fn draft() -> Draft {
        Draft {
            bytes: b"Subject: x\nDisposition-Notification-To: a@b\n\nnul \0\n".to_vec().into(),
            internal_date: "31-Dec-1899 00:00:00 +0000".to_owned(),
            flags: vec!["\\Seen".to_owned(), "domain.com".to_owned()],
        }
    }

    fn walk(mut ladder: RepairLadder, words: &str) -> Vec<RepairStep> {
        while ladder.next(refusal_meaning(None, words), None).is_some() {}
        ladder.tried().to_vec()
    }

    #[test]
    fn words_that_say_nothing_lead_through_all_steps_in_order() {
        use RepairStep::{Date, Keywords, LineEnds, Nul, ReadReceipt, Wrap};
        let tried = walk(RepairLadder::new(draft(), NOW), "Command Argument Error. 11");
        assert_eq!(tried, [LineEnds, Date, Keywords, Nul, ReadReceipt, Wrap]);
    }

    #[test]
    fn the_step_that_the_words_name_comes_first_and_alone() {
        let mut ladder = RepairLadder::new(draft(), NOW);
        let repaired =
            ladder.next(refusal_meaning(None, "Message contains NUL characters"), None).unwrap().clone();
        assert_eq!(ladder.tried(), [RepairStep::Nul]);
        assert!(!repaired.bytes.contains(&0) && repaired.bytes.starts_with(b"Subject: x\nDisposition"));
        assert_eq!((repaired.flags, repaired.internal_date), (draft().flags, draft().internal_date));
        // What follows comes on top.
        let next = ladder.next(refusal_meaning(None, "Message contains bare newlines"), None).unwrap();
        assert!(!next.bytes.contains(&0) && next.bytes.starts_with(b"Subject: x\r\nDisposition"));
        let tried = walk(ladder, "no");
        assert_eq!(tried.len(), 6, "each step once: {tried:?}");
    }

    #[test]
    fn what_has_helped_others_is_tried_before_the_rest() {
        let mut ladder = RepairLadder::new(draft(), NOW);
        ladder.next(refusal_meaning(None, "no"), Some(RepairStep::ReadReceipt)).unwrap();
        assert_eq!(ladder.tried(), [RepairStep::ReadReceipt]);
    }

    #[test]
    fn the_carrier_holds_the_original_and_the_good_date() {
        let mut ladder = RepairLadder::new(draft(), NOW);
        let mut last = Draft::default();
        while let Some(form) = ladder.next(refusal_meaning(None, "no"), None) {
            last = form.clone();
        }
        assert_eq!((last.flags.len(), last.internal_date.as_str()), (1, ""));
        assert_eq!(ladder.original, draft());
    }

    #[test]
    fn a_message_in_order_has_only_the_carrier_left() {
        let whole = Draft { bytes: b"Subject: x\r\n\r\ny\r\n".to_vec().into(), ..Draft::default() };
        assert_eq!(walk(RepairLadder::new(whole, NOW), "no"), [RepairStep::Wrap]);
    }
}
