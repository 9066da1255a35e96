//! Sign-ins at OAuth providers: what went wrong and what to do, for every kind of trouble in one place.

use std::path::Path;

use crate::assets::{AssetError, ClientMistake};
use crate::engine::api::command::Command;
use crate::engine::api::snapshot::SignInState;
use crate::engine::api::user_error::UserError;
use crate::engine::attempt::Attempt;
use crate::engine::system::input::InputError;
use crate::signin::Way;
use crate::values::{Credential, Endpoint, GrantProblem, GrantTrouble, SignInId};
use crate::web::WebError;

/// Trouble in words.
struct Told {
    title: &'static str,
    why: &'static str,
    way_out: &'static str,
    note: &'static str,
}

/// What each kind of trouble means to the owner.
#[expect(clippy::too_many_lines, reason = "one table")]
const fn told(trouble: GrantTrouble) -> Told {
    match trouble {
        GrantTrouble::NotSignedIn => Told {
            title: "Nobody has signed in yet",
            why: "The keyring has no sign-in for this user at this provider.",
            way_out: "Sign in once, in the window or with “mailferry sign-in --provider … --user …”",
            note: "It lasts until it is revoked; each user of a mailbox signs in for it",
        },
        GrantTrouble::KeyringSilent => Told {
            title: "The keyring does not answer",
            why: "It may be locked, so Mailferry does not know whether somebody has signed in.",
            way_out: "Unlock the keyring, then try again",
            note: "",
        },
        GrantTrouble::Ended => Told {
            title: "The sign-in has ended",
            why: "It was revoked or has expired, or the password was changed. Only this mailbox waits; the others continue.",
            way_out: "Sign in again, in the window or with “mailferry sign-in”",
            note: "The copy then continues where it stopped",
        },
        GrantTrouble::ConsentMissing => Told {
            title: "The consent is missing",
            why: "Nobody has allowed the application to read this mailbox.",
            way_out: "Sign in again and agree, or have an admin agree for everybody",
            note: "Microsoft: Entra admin center, the application, API permissions, “Grant admin consent”",
        },
        GrantTrouble::AdminConsentMissing => Told {
            title: "Only an admin may allow this",
            why: "The organisation does not let its users approve applications themselves.",
            way_out: "Ask an admin to agree for the organisation",
            note: "Microsoft: API permissions, “Grant admin consent”. Google: Admin console, API controls, trust the client id",
        },
        GrantTrouble::ConditionalAccess => Told {
            title: "A rule of the organisation forbids this sign-in",
            why: "Conditional Access requires another device, place or kind of program.",
            way_out: "Ask an admin to look the sign-in up in the sign-in log, under “Conditional Access”",
            note: "The policy named there needs an exception for this application, for the days of the move",
        },
        GrantTrouble::SecondFactor => Told {
            title: "A second factor is missing",
            why: "The organisation requires one, and this sign-in cannot provide it.",
            way_out: "Sign in again in the browser, and set the second factor up there",
            note: "",
        },
        GrantTrouble::ClientUnknown => Told {
            title: "The provider does not know the application",
            why: "The client id is wrong, was deleted, or belongs to another organisation.",
            way_out: "Compare the client id with the provider's console",
            note: "The guide names each click (“mailferry sign-in --provider … --guide”); for Microsoft give the directory ID as well",
        },
        GrantTrouble::ClientSecret => Told {
            title: "The secret or the certificate of the application is not accepted",
            why: "It is wrong or has expired.",
            way_out: "Create a new one in the provider's console",
            note: "Microsoft shows a “Value” and a “Secret ID”: the value is the secret",
        },
        GrantTrouble::NotPublicClient => Told {
            title: "The application may not sign in without a secret",
            why: "It is not registered as a public client.",
            way_out: "Set “Allow public client flows” to “Yes”",
            note: "Entra admin center, the application, Authentication, Advanced settings",
        },
        GrantTrouble::Redirect => Told {
            title: "The address that the browser returns to is not registered",
            why: "The provider compares it with those of the application.",
            way_out: "Register it as the guide says",
            note: "Google: client type “Desktop app”. Microsoft: http://localhost under “Mobile and desktop applications”",
        },
        GrantTrouble::UserUnknown => Told {
            title: "The provider does not let this user in",
            why: "The user does not exist, is blocked, or is not assigned to the application.",
            way_out: "Check the address, and the user in the provider's admin console",
            note: "It is the user's primary address, not an alias",
        },
        GrantTrouble::TenantUnknown => Told {
            title: "The organisation does not exist",
            why: "The tenant is wrong.",
            way_out: "Copy “Directory (tenant) ID” from the overview of the application",
            note: "",
        },
        GrantTrouble::DelegationMissing => Told {
            title: "The key may not act for this mailbox",
            why: "Domain-wide delegation or the application permission is missing.",
            way_out: "Google: Admin console, Security, API controls, Domain-wide delegation: the client id with https://mail.google.com/",
            note: "Microsoft: application permission IMAP.AccessAsApp with admin consent. It can take an hour to work",
        },
        GrantTrouble::Scope => Told {
            title: "The provider does not allow what the sign-in asks for",
            why: "The permission for IMAP, or for a sign-in that lasts, is not among those of the application.",
            way_out: "Add the permissions that the guide names",
            note: "",
        },
        GrantTrouble::Declined => Told {
            title: "The sign-in was declined",
            why: "The request was declined in the browser. Nothing was changed.",
            way_out: "Sign in again and agree",
            note: "",
        },
        GrantTrouble::TooLate => Told {
            title: "The sign-in was not finished",
            why: "The window was closed, or it took too long. Nothing was changed.",
            way_out: "Sign in again",
            note: "If the browser runs on another computer, sign in with a code where the provider allows it",
        },
        GrantTrouble::Clock => Told {
            title: "The clock of this computer is wrong",
            why: "Its signatures count as expired or not yet valid.",
            way_out: "Set date and time, with time zone",
            note: "",
        },
        GrantTrouble::Busy => Told {
            title: "The provider is busy",
            why: "It is not issuing tokens at the moment.",
            way_out: "Wait a few minutes",
            note: "A running copy tries again on its own",
        },
        GrantTrouble::Unreachable => Told {
            title: "The provider was not reached",
            why: "The network is down, or something in between refuses the connection.",
            way_out: "Check the network",
            note: "A running copy tries again on its own",
        },
        GrantTrouble::OtherServer => Told {
            title: "The tokens are for another server",
            why: "Mailferry sends tokens only to the servers of their provider.",
            way_out: "Correct the server, or choose another way to sign in",
            note: "No token was sent",
        },
        GrantTrouble::KeyFile => Told {
            title: "The key file cannot be used",
            why: "It is missing, unreadable, or of another kind.",
            way_out: "Download the key again, or check the path",
            note: "The guide names each click (“mailferry sign-in --provider … --guide --organisation”)",
        },
        GrantTrouble::NotUnderstood => Told {
            title: "The provider's answer was not understood",
            why: "It is neither a success nor a known error.",
            way_out: "Search the provider's documentation for its words",
            note: "",
        },
    }
}

/// What a sign-in at a provider came to.
pub(in crate::engine) fn grant(user: &str, problem: &GrantProblem) -> UserError {
    let Told { title, why, way_out, note } = told(problem.trouble);
    let shown = [problem.code.as_str(), problem.words.as_str()];
    let said: Vec<&str> = shown.into_iter().filter(|part| !part.is_empty()).collect();
    let error = UserError::new(format!("{title} ({user})"), why).or_else(way_out, note);
    if said.is_empty() { error } else { error.with_server_words(&said.join(": ")) }
}

/// The same for a mailbox that was to be opened: where a person can mend it, that is the first way out.
pub(super) fn of_mailbox(attempt: &Attempt, problem: &GrantProblem) -> UserError {
    let error = grant(&attempt.user, problem);
    if state_of(attempt, problem) == SignInState::Failed {
        return error;
    }
    let Attempt { mailbox, side, .. } = *attempt;
    let mut error = error.or(
        "Sign in with your browser",
        "This mailbox then continues on its own",
        Command::SignInAtProvider { mailbox, side, way: Way::Browser },
    );
    error.ways_out.rotate_right(1);
    error
}

/// Whether a person has to sign in at the provider, for the first time or again.
pub(super) fn state_of(attempt: &Attempt, problem: &GrantProblem) -> SignInState {
    if !matches!(attempt.way.credential, Credential::SignedIn(_)) {
        return SignInState::Failed;
    }
    match problem.trouble {
        GrantTrouble::NotSignedIn | GrantTrouble::ConsentMissing => SignInState::NeedsConsent,
        GrantTrouble::Ended | GrantTrouble::SecondFactor => SignInState::ConsentEnded,
        _ => SignInState::Failed,
    }
}

/// “User is authenticated but not connected”, whose cause Exchange does not name.
pub(super) fn not_connected(attempt: &Attempt) -> UserError {
    let title = format!("{} knows who signs in, but does not open {}", attempt.server.host, attempt.user);
    if attempt.way.needs_password() {
        return UserError::new(title, "The server does not say why.").or_else(
            "Check the password, and that the admin has access to this mailbox",
            "The server does not say which of the two it is",
        );
    }
    let error = UserError::new(
        title,
        "The token is good. The server does not say what is missing; it is one of these.",
    )
    .or_else(
        "Give the mailbox a licence, and switch IMAP on for it",
        "Exchange admin center, “Manage email apps settings”",
    );
    match attempt.way.credential {
        Credential::KeyFile(_) => error
            .or_else(
                "Give the application FullAccess to the mailbox",
                "Run the script of page Mailboxes, or of “mailferry exchange-access”",
            )
            .or_else(
                "Create the service principal with the object id of the ENTERPRISE APPLICATION",
                "Created with the id of the app registration, it opens nothing: remove it and create it again",
            ),
        _ => error.or_else(
            "Check that the one who signed in is the user of this mailbox, or has FullAccess to it",
            "A shared mailbox is opened with the sign-in of a delegate",
        ),
    }
}

/// No provider of this id.
pub(in crate::engine) fn unknown_sign_in(id: &str, known: &[SignInId]) -> UserError {
    let known: Vec<&str> = known.iter().map(SignInId::as_str).collect();
    UserError::new(format!("There is no sign-in for “{id}”"), format!("Known are: {}.", known.join(", ")))
        .or_else(
            "Use one of these, or describe your own server with --provider-file FILE",
            "In the form of assets/sign_in.toml",
        )
        .or_else("Use an app password", "Most other providers have them")
}

/// An owner's file with providers is wrong.
pub(in crate::engine) fn provider_file(path: &Path, error: &AssetError) -> UserError {
    UserError::new(format!("{}:{} is not valid", path.display(), error.line), super::sentence(&error.problem))
        .or_else(error.way_out, "")
}

/// An owner's file with providers cannot be read.
pub(in crate::engine) fn provider_file_not_read(path: &Path, error: &InputError) -> UserError {
    UserError::new(format!("{} could not be read", path.display()), super::sentence(error))
        .or_else("Check the file’s name and permissions", "Nobody was signed in")
        .caused_by(error)
}

/// The provider wants a secret of the client.
pub(in crate::engine) fn no_client_secret(provider: &str) -> UserError {
    UserError::new(
        format!("{provider} requires the client secret as well"),
        "It is shown next to the client id, even for desktop programs.",
    )
    .or_else(
        "Put it on the first line of a file, and give --client-secret-file FILE",
        "Only you should be able to read it",
    )
}

/// The owner has no application at the provider yet.
pub(in crate::engine) fn no_client(provider: &str) -> UserError {
    UserError::new(
        format!("{provider} does not know Mailferry yet"),
        "A sign-in needs the client ID of an application of your own.",
    )
    .or_else("Follow “Get a client ID”, and save it", "It is asked for once, for all mailboxes")
}

/// Something of an application has another form.
pub(in crate::engine) fn client_mistake(provider: &str, what: &str, mistake: &ClientMistake) -> UserError {
    UserError::new(format!("This is not a {what} of {provider}"), super::sentence(mistake))
        .or_else(&format!("Copy the {what} again from the provider's console"), "Nothing was saved")
        .caused_by(mistake)
}

/// No provider is known whose tokens the server takes.
pub(in crate::engine) fn no_provider_sign_in(user: &str) -> UserError {
    UserError::new(
        format!("{user} cannot sign in with the browser"),
        "No provider is known whose tokens this server takes.",
    )
    .or_else("Choose another way to sign in", "In the row of the mailbox")
    .or_else("Describe your own server in sign_in.toml", "In the folder of Mailferry's settings")
}

/// The key of an organisation cannot be used.
pub(in crate::engine) fn key_file(path: &Path, problem: &GrantProblem) -> UserError {
    let Told { why, way_out, .. } = told(problem.trouble);
    UserError::new(format!("{} cannot be used as a key", path.display()), why)
        .with_server_words(&problem.words)
        .or_else(way_out, "Nothing was changed")
        .or_else("Follow the guide beside it", "It names every click that leads to such a file")
}

/// The key is for another server.
pub(in crate::engine) fn key_of_other_server(path: &Path, whose: &str, server: &Endpoint) -> UserError {
    UserError::new(
        format!("{} is not a key for {}", path.display(), server.host),
        format!("It belongs to {whose}, whose tokens go to other servers only."),
    )
    .or_else("Choose the key of this provider", "Nothing was changed")
}

/// HTTPS cannot be set up.
pub(in crate::engine) fn no_tls(error: &WebError) -> UserError {
    UserError::new("No secure connection can be made from this computer", super::sentence(error))
        .or_else("Install the system's certificate authorities", "On Debian: the package ca-certificates")
        .caused_by(error)
}

/// The sign-in worked and could not be kept.
pub(in crate::engine) fn sign_in_not_kept(why: &str) -> UserError {
    UserError::new("The sign-in could not be kept", why)
        .or_else(
            "Start or unlock the keyring of this system, and sign in again",
            "A sign-in is kept nowhere else",
        )
        .or_else(
            "Use the key of a service account or an application, with --to-key-file",
            "It needs no keyring",
        )
}

/// The catalogue has no guide for this.
pub(in crate::engine) fn no_guide(provider: &str) -> UserError {
    UserError::new(format!("There is no guide to this for {provider}"), "The catalogue names no steps.")
        .or_else("Leave --organisation out, or read the provider's own documentation", "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_provider_s_own_words_stand_beside_ours() {
        let problem = GrantProblem {
            trouble: GrantTrouble::ConditionalAccess,
            code: "AADSTS53003".to_owned(),
            words: "Access has been blocked".to_owned(),
        };
        let text = grant("anna@example.org", &problem).to_text();
        for part in
            ["anna@example.org", "AADSTS53003: Access has been blocked", "Conditional Access", "exception"]
        {
            assert!(text.contains(part), "{text}");
        }
    }
}
