use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{DnsAnswer, DnsQuestion};

/// Answers by question and by who was asked. Serialised as a list in the order of the questions, so that two surveys can be compared.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<DnsAnswer>", into = "Vec<DnsAnswer>")]
pub struct AnswerBook(BTreeMap<DnsQuestion, DnsAnswer>);

impl AnswerBook {
    /// The answer to a question, if it was asked.
    pub fn get(&self, question: &DnsQuestion) -> Option<&DnsAnswer> {
        self.0.get(question)
    }

    /// Writes an answer down; a newer one replaces the older.
    pub fn insert(&mut self, answer: DnsAnswer) {
        self.0.insert(answer.question.clone(), answer);
    }

    /// Forgets an answer, so that its question is asked again.
    pub fn remove(&mut self, question: &DnsQuestion) {
        self.0.remove(question);
    }

    /// All answers in the order of their questions.
    pub fn iter(&self) -> impl Iterator<Item = &DnsAnswer> {
        self.0.values()
    }

    /// How many questions were answered.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing was asked.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<Vec<DnsAnswer>> for AnswerBook {
    fn from(answers: Vec<DnsAnswer>) -> Self {
        answers.into_iter().collect()
    }
}

impl FromIterator<DnsAnswer> for AnswerBook {
    fn from_iter<I: IntoIterator<Item = DnsAnswer>>(answers: I) -> Self {
        Self(answers.into_iter().map(|answer| (answer.question.clone(), answer)).collect())
    }
}

impl From<AnswerBook> for Vec<DnsAnswer> {
    fn from(book: AnswerBook) -> Self {
        book.0.into_values().collect()
    }
}
