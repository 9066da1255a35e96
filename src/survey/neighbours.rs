//! Asks block lists about the neighbours of the sending addresses, slowly and only with the owner's consent.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use tokio_util::sync::CancellationToken;

use super::asker::{Asker, ListKeys};
use super::gather::{Progress, SurveyError};
use crate::audit::{Facts, NeighbourQuestion, neighbour_plan, operator_of};
use crate::dns::Resolver;
use crate::values::DnsAnswer;

/// Limits on how lists are asked about neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Politeness {
    /// Questions in one audit, over all lists and names.
    pub questions: usize,
    /// Pause between two questions to one operator; different operators are asked side by side.
    pub pause: Duration,
}

impl Politeness {
    /// Some 120 neighbours at three lists.
    pub const SAMPLE: Self = Self { questions: 480, pause: Duration::from_millis(60) };
    /// All 255.
    pub const WHOLE: Self = Self { questions: 1_020, pause: Duration::from_millis(60) };
}

/// Asks lists about the neighbours of the sending addresses and records the answers. Only with the owner's consent.
///
/// # Errors
/// [`SurveyError::Cancelled`]; the facts are then as they were.
pub async fn ask_neighbours(
    facts: &mut Facts,
    politeness: Politeness,
    resolver: &Resolver,
    keys: &ListKeys,
    progress: &mut (dyn FnMut(Progress) + Send),
    cancel: &CancellationToken,
) -> Result<(), SurveyError> {
    let plan = neighbour_plan(facts, politeness.questions);
    let mut neighbourhoods = plan.neighbourhoods;
    let total = plan.questions.len();
    let asker = Asker { resolver, keys, pause: Duration::ZERO };
    let mut by_operator: BTreeMap<Option<&str>, Vec<&NeighbourQuestion>> = BTreeMap::new();
    for question in &plan.questions {
        by_operator.entry(operator_of(&question.question.name)).or_default().push(question);
    }
    let (heard, mut hearing) = tokio::sync::mpsc::channel::<(&NeighbourQuestion, DnsAnswer)>(64);
    let mut asking: FuturesUnordered<_> = by_operator
        .into_values()
        .map(|questions| ask_one_after_the_other(asker, questions, politeness.pause, heard.clone()))
        .collect();
    drop(heard);
    let mut done = 0;
    let gather = async {
        loop {
            tokio::select! {
                Some((question, answer)) = hearing.recv() => {
                    if let Some(neighbourhood) = neighbourhoods.get_mut(question.neighbourhood) {
                        neighbourhood.hear(question, &answer);
                    }
                    done += 1;
                    progress(Progress { done, total, what: format!("neighbours: {}", question.question.name) });
                }
                Some(()) = asking.next(), if !asking.is_empty() => {}
                else => break,
            }
        }
    };
    tokio::select! {
        () = cancel.cancelled() => return Err(SurveyError::Cancelled),
        () = gather => {}
    }
    facts.neighbourhoods = neighbourhoods;
    Ok(())
}

async fn ask_one_after_the_other<'a>(
    asker: Asker<'_>,
    questions: Vec<&'a NeighbourQuestion>,
    pause: Duration,
    heard: tokio::sync::mpsc::Sender<(&'a NeighbourQuestion, DnsAnswer)>,
) {
    for (number, question) in questions.into_iter().enumerate() {
        if number > 0 && !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
        let answer = asker.ask(&question.question).await;
        // Nobody listens once the audit was cancelled.
        if heard.send((question, answer)).await.is_err() {
            return;
        }
    }
}
