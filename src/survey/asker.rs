//! Asks questions with the owner's keys for block lists, which appear only on the wire.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::audit::{KEY_LABEL, operator_of, with_key};
use crate::dns::{HiddenKey, Resolver};
use crate::values::{Asked, DnsAnswer, DnsQuestion, Secret};

/// The owner's own keys, by the operator of the lists that they open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListKeys(BTreeMap<String, Secret>);

impl ListKeys {
    /// Takes a key, unless it cannot be part of a name in the DNS. Returns whether it was taken.
    pub fn insert(&mut self, operator: &str, key: Secret) -> bool {
        let text = key.expose();
        let is_label =
            (1..=63).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if is_label {
            self.0.insert(operator.to_owned(), key);
        }
        is_label
    }

    /// Operators whose lists are asked with a key.
    pub fn operators(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }
}

/// Inserts the owner's keys into questions as they are sent; nothing else ever sees them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asker<'a> {
    pub(super) resolver: &'a Resolver,
    pub(super) keys: &'a ListKeys,
    /// How long a server gets to catch up before it is asked again.
    pub(super) pause: Duration,
}

impl Asker<'_> {
    pub(super) async fn ask(&self, question: &DnsQuestion) -> DnsAnswer {
        if matches!(question.asked, Asked::ServerAgain(_)) {
            tokio::time::sleep(self.pause).await;
        }
        let key = operator_of(&question.name).and_then(|operator| self.keys.0.get(operator));
        let sent = key.and_then(|key| Some((key, with_key(&question.name, key.expose())?)));
        match sent {
            Some((key, sent)) => {
                let hidden = HiddenKey { sent, key, stand_in: KEY_LABEL };
                self.resolver.ask_with_key(question, &hidden).await
            }
            None => self.resolver.ask(question).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_could_change_the_question_is_not_taken() {
        let mut keys = ListKeys::default();
        assert!(keys.insert("spamhaus", Secret::new("abc123")));
        for wrong in ["", "a.b", "a b", "a-b", "ä", &"x".repeat(64)] {
            assert!(!keys.insert("other", Secret::new(wrong)), "{wrong}");
        }
        assert_eq!(keys.operators(), ["spamhaus"]);
        assert!(!format!("{keys:?}").contains("abc123"));
    }
}
