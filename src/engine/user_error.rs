use super::Command;

/// An error in the user's words: what happened, why, and the ways out. Made in `explain.rs` only.
#[derive(Clone, Debug, PartialEq)]
pub struct UserError {
    /// What happened: `mail.example.org did not accept the password`.
    pub title: String,
    /// Why, in one or two sentences.
    pub cause: String,
    /// The server's or system's own words, if there are any.
    pub server_words: Option<String>,
    /// Numbered ways out; at least one, always.
    pub ways_out: Vec<WayOut>,
    /// Everything for “Copy details”: the chain of causes, without secrets.
    pub details: String,
}

/// One way out of an error.
#[derive(Clone, Debug, PartialEq)]
pub struct WayOut {
    /// What to do: `Enter the password again`.
    pub label: String,
    /// What that does: `The old one is forgotten`.
    pub consequence: String,
    /// What the button sends; `None` where it is something to do outside the program.
    pub command: Option<Command>,
}
