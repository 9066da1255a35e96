//! Marks test messages with a subject that nobody else uses, so that they can be found among other mail.

/// Letters of the mark that differ from project to project.
const LENGTH: usize = 8;

/// The mark of one project, the same each time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TestMark(String);

impl TestMark {
    /// From the UUID of the project. One from elsewhere may hold anything, so only letters and digits are taken.
    pub fn of_project(uuid: &str) -> Self {
        Self(uuid.chars().filter(char::is_ascii_alphanumeric).take(LENGTH).collect())
    }

    /// The subject that the owner gives a test message.
    pub fn subject(&self) -> String {
        format!("Mailferry test {}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_subject_is_the_same_for_a_project_and_holds_nothing_odd() {
        let mark = TestMark::of_project("5f0c9a1e-3b77-4d5e-9f20-0123456789ab");
        assert_eq!(mark.subject(), "Mailferry test 5f0c9a1e");
        assert_eq!(TestMark::of_project("a\"b\r\n-cdé").subject(), "Mailferry test abcd");
    }
}
