//! Puts a judgement into words for people.

use super::SwitchStage;
use super::judge::{JudgedSender, Safety, SenderRole, StageJudgement};
use crate::audit::spf::SpfResult;
use crate::records::seen::{DryRun, dry_run};
use crate::values::counted;
use std::fmt::Write as _;

/// Senders that are named one by one; the others are counted.
const MAX_NAMED: usize = 4;

/// The name of a stage, at the beginning of a line.
pub const fn stage_name(stage: SwitchStage) -> &'static str {
    match stage {
        SwitchStage::Now => "Now",
        SwitchStage::AtTheSwitch => "At the switch",
        SwitchStage::Later => "Three days after the switch",
    }
}

/// What a stage does to those who send as the domain, in one line.
pub fn stage_words(judgement: &StageJudgement) -> String {
    let name = stage_name(judgement.stage);
    match judgement.safety() {
        Safety::Safe => format!("{name}: safe. {}", checked_words(judgement)),
        Safety::Unproven => format!(
            "{name}: not proven to be safe, as some DNS answers are missing. {}",
            checked_words(judgement)
        ),
        Safety::Harmful => format!("{name}: wait. {}", harm_words(judgement).join(" ")),
    }
}

/// What the judge has tried.
fn checked_words(judgement: &StageJudgement) -> String {
    let tried = judgement.senders.iter().filter(|sender| !sender.is_given_up).count();
    match (tried, judgement.stage) {
        (0, _) => "No sender could be tried.".to_owned(),
        (1, SwitchStage::Later) => {
            "The one sender that stays was tried, and SPF answers no worse than today.".to_owned()
        }
        (1, _) => "The one sender that is known was tried, and SPF answers no worse than today.".to_owned(),
        (tried, SwitchStage::Later) => {
            format!("{tried} addresses that stay were tried, and SPF answers no worse than today.")
        }
        (tried, _) => format!("{tried} addresses that send were tried, and SPF answers no worse than today."),
    }
}

/// Who would be worse off, each in a sentence.
pub fn harm_words(judgement: &StageJudgement) -> Vec<String> {
    let worse: Vec<&JudgedSender> = judgement.worse().collect();
    let mut words: Vec<String> = worse.iter().take(MAX_NAMED).map(|sender| sender_words(sender)).collect();
    if let Some(more @ 1..) = worse.len().checked_sub(MAX_NAMED) {
        words.push(format!("The same for {more} more {}.", if more == 1 { "address" } else { "addresses" }));
    }
    if worse.is_empty() && !judgement.broken_spf.is_empty() {
        words.push(format!(
            "Receivers would answer “permerror” to the new SPF record, as they may to that of today: {}. Drop or repair a \
             term first.",
            judgement.broken_spf
        ));
    }
    if let [first, ..] = judgement.refused_hosts.as_slice() {
        words.push(format!(
            "The MTA-STS policy in force does not name {first}, so senders that honour it would deliver nothing: publish \
             the new policy file and the new id first."
        ));
    }
    if judgement.is_dmarc_weaker() {
        words.push("Receivers would apply a weaker DMARC policy than today.".to_owned());
    }
    words
}

/// What the stage would have done to the mail that logs and reports have seen; `None` where nothing was seen.
pub fn dry_run_words(judgement: &StageJudgement) -> Option<String> {
    let DryRun { messages, pass, lost } = dry_run(judgement)?;
    let mut words =
        format!("Tried against {} that were seen: SPF passes {pass}.", counted(messages, "message"));
    for one in lost.iter().take(MAX_NAMED) {
        let fails = match one.without_dkim {
            0 => "DMARC still passes by their signatures".to_owned(),
            count => format!("{count} would fail DMARC"),
        };
        let _infallible = write!(
            words,
            " {} from {} would get “{}”; {fails}.",
            counted(one.messages, "message"),
            one.address,
            one.after
        );
    }
    Some(words)
}

fn sender_words(sender: &JudgedSender) -> String {
    let who = match &sender.role {
        SenderRole::OldServer(host) => format!("your server {host}"),
        SenderRole::Seen(seen) => format!("a sender that was seen {}", counted(seen.messages, "time")),
        SenderRole::Term(term) => format!("whoever “{term}” allows"),
        SenderRole::Provider => "the provider".to_owned(),
    };
    let JudgedSender { address, before, after, why, .. } = sender;
    let wanted = if sender.role == SenderRole::Provider { &SpfResult::Pass } else { before };
    let change = format!("gets “{after}” in place of “{wanted}”");
    format!("Mail of {who} ({address}) {change}: {why}.")
}
