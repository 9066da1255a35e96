//! The progress on a terminal: a line for each active mailbox and one for the total, redrawn in place.

use std::collections::BTreeMap;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::output;
use super::progress::{Moment, total_words, words};
use crate::engine::{MailboxProgressState, Snapshot};
use crate::values::MailboxId;

/// Most mailboxes shown at once.
const SHOWN: usize = 8;
/// How often it is drawn, in hertz.
const DRAWN_PER_SECOND: u8 = 5;

/// Draws on standard error.
pub struct LiveDisplay {
    all: MultiProgress,
    total: ProgressBar,
    bars: BTreeMap<MailboxId, ProgressBar>,
}

impl LiveDisplay {
    /// Begins to draw.
    pub fn new() -> Self {
        let all = MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(DRAWN_PER_SECOND));
        let total = all.add(ProgressBar::new(0).with_style(style("{bar:30} {wide_msg}")));
        total.enable_steady_tick(Duration::from_secs(1));
        output::draws(Some(all.clone()));
        Self { all, total, bars: BTreeMap::new() }
    }

    /// Draws what a snapshot says.
    pub fn draw(&mut self, snapshot: &Snapshot) {
        let Some(project) = &snapshot.project else { return };
        for mailbox in &project.copy.mailboxes {
            let is_at_work = !matches!(
                mailbox.state,
                MailboxProgressState::Queued | MailboxProgressState::Done | MailboxProgressState::Stopped(_)
            );
            if !is_at_work {
                if let Some(bar) = self.bars.remove(&mailbox.id) {
                    bar.finish_and_clear();
                    self.all.remove(&bar);
                }
                continue;
            }
            if !self.bars.contains_key(&mailbox.id) && self.bars.len() >= SHOWN {
                continue;
            }
            let (all, total) = (&self.all, &self.total);
            let bar = self.bars.entry(mailbox.id).or_insert_with(|| {
                all.insert_before(total, ProgressBar::new(0).with_style(style("{bar:30} {wide_msg}")))
            });
            bar.set_length(mailbox.bytes_total.0);
            bar.set_position(mailbox.bytes_done.0);
            bar.set_message(output::line(&words(mailbox, Moment::of(snapshot, project))));
        }
        self.total.set_length(project.copy.bytes_total.0);
        self.total.set_position(project.copy.bytes_done.0);
        self.total.set_message(total_words(project));
    }
}

impl Drop for LiveDisplay {
    fn drop(&mut self) {
        self.total.finish_and_clear();
        for bar in self.bars.values() {
            bar.finish_and_clear();
        }
        output::draws(None);
    }
}

/// Parses a style that should be well-formed; falls back to the default.
fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_malformed| ProgressStyle::default_bar())
}
