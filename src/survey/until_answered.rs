//! Repeats a judgement, asking the DNS what it misses, until nothing is missing.

use std::collections::BTreeSet;

use super::ask_all;
use crate::dns::Resolver;
use crate::values::{AnswerBook, DnsQuestion};

/// Rounds of asking: each lookup may need the answer of the one before.
const MAX_ROUNDS: usize = 200;

/// Asks the resolver what the judgement misses, and judges again. `None` if it still misses answers after the last round.
pub async fn until_answered<T>(
    resolver: &Resolver,
    mut judge: impl FnMut(&AnswerBook) -> Result<T, BTreeSet<DnsQuestion>>,
) -> Option<T> {
    let mut book = AnswerBook::default();
    for _ in 0..MAX_ROUNDS {
        match judge(&book) {
            Ok(judgement) => return Some(judgement),
            Err(missing) => {
                let questions: Vec<DnsQuestion> = missing.into_iter().collect();
                for answer in ask_all(resolver, &questions).await {
                    book.insert(answer);
                }
            }
        }
    }
    None
}
