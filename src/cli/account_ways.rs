use std::path::PathBuf;

use super::CliError;
use super::account_url::AccountUrl;
use super::args::Copy;
use crate::values::{CommandLine, Credential, Mechanism, NameForm, SignInId, SignInWay};

/// How to sign in on each side, as given by the arguments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ways {
    /// At the source; `None` if not given, in which case a project keeps its setting.
    pub from: Option<SignInWay>,
    /// At the destination.
    pub to: Option<SignInWay>,
}

/// The arguments of one side.
struct Given<'a> {
    prefix: &'a str,
    mechanism: Option<Mechanism>,
    admin: Option<&'a String>,
    admin_form: Option<&'a String>,
    token_file: Option<&'a PathBuf>,
    token_command: Option<&'a String>,
    sign_in: Option<&'a String>,
    key_file: Option<&'a PathBuf>,
}

impl Ways {
    /// Reads them; arguments that conflict are wrong usage.
    pub fn from(
        arguments: &Copy,
        from: Option<&AccountUrl>,
        to: Option<&AccountUrl>,
    ) -> Result<Self, CliError> {
        let from = Given {
            prefix: "from",
            mechanism: from.and_then(|account| account.mechanism),
            admin: arguments.from_admin.as_ref(),
            admin_form: arguments.admin_forms.from_admin_form.as_ref(),
            token_file: arguments.from_token_file.as_ref(),
            token_command: arguments.from_token_command.as_ref(),
            sign_in: arguments.sign_ins.from_sign_in.as_ref(),
            key_file: arguments.sign_ins.from_key_file.as_ref(),
        };
        let to = Given {
            prefix: "to",
            mechanism: to.and_then(|account| account.mechanism),
            admin: arguments.to_admin.as_ref(),
            admin_form: arguments.admin_forms.to_admin_form.as_ref(),
            token_file: arguments.to_token_file.as_ref(),
            token_command: arguments.to_token_command.as_ref(),
            sign_in: arguments.sign_ins.to_sign_in.as_ref(),
            key_file: arguments.sign_ins.to_key_file.as_ref(),
        };
        Ok(Self { from: from.way()?, to: to.way()? })
    }
}

impl Given<'_> {
    fn way(&self) -> Result<Option<SignInWay>, CliError> {
        let prefix = self.prefix;
        let wrong = |flag: &str, words: String| CliError::Usage(format!("--{prefix}-{flag}: {words}"));
        let mut given = Vec::new();
        if let Some(admin) = self.admin {
            given.push(match self.admin_form {
                Some(form) => Credential::AdminByName {
                    admin: admin.clone(),
                    form: NameForm::parse(form).map_err(|error| wrong("admin-form", error.to_string()))?,
                },
                None => Credential::Admin(admin.clone()),
            });
        }
        // The project may later be opened from another folder.
        let whole = |path: &PathBuf| std::path::absolute(path).unwrap_or_else(|_no_folder| path.clone());
        given.extend(self.token_file.map(|path| Credential::TokenFile(whole(path))));
        given.extend(self.key_file.map(|path| Credential::KeyFile(whole(path))));
        if let Some(text) = self.token_command {
            let line = CommandLine::parse(text).map_err(|error| wrong("token-command", error.to_string()))?;
            given.push(Credential::TokenCommand(line));
        }
        if let Some(text) = self.sign_in {
            let id = SignInId::parse(text).map_err(|error| wrong("sign-in", error.to_string()))?;
            given.push(Credential::SignedIn(id));
        }
        let credential = match (given.pop(), given.is_empty()) {
            (None, _) if self.mechanism.is_none() => return Ok(None),
            (None, _) => Credential::Password,
            (Some(credential), true) => credential,
            (Some(_), false) => {
                return Err(CliError::Usage(format!(
                    "give only one of --{prefix}-admin, --{prefix}-token-file, --{prefix}-token-command, --{prefix}-sign-in \
                     and --{prefix}-key-file"
                )));
            }
        };
        let way = SignInWay { credential, mechanism: self.mechanism };
        way.check().map_err(|misfit| CliError::Usage(format!("--{prefix}: {misfit}")))?;
        Ok(Some(way))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(
        admin: Option<&String>,
        command: Option<&String>,
        mechanism: Option<Mechanism>,
    ) -> Given<'static> {
        let leak = |text: &String| -> &'static String { Box::leak(Box::new(text.clone())) };
        Given {
            prefix: "from",
            mechanism,
            admin: admin.map(leak),
            admin_form: None,
            token_file: None,
            token_command: command.map(leak),
            sign_in: None,
            key_file: None,
        }
    }

    #[test]
    fn one_way_for_each_side_and_none_where_nothing_is_said() {
        let (root, command) = ("root".to_owned(), "token --for anna".to_owned());
        assert_eq!(given(None, None, None).way().unwrap(), None);
        let plain = given(None, None, Some(Mechanism::Plain)).way().unwrap().unwrap();
        assert_eq!((plain.credential, plain.mechanism), (Credential::Password, Some(Mechanism::Plain)));
        let admin = given(Some(&root), None, None).way().unwrap().unwrap();
        assert_eq!(admin.admin(), Some("root"));
        let token = given(None, Some(&command), Some(Mechanism::XOAuth2)).way().unwrap().unwrap();
        assert!(!token.needs_password());
        let google = "google".to_owned();
        let signed_in = Given { sign_in: Some(&google), ..given(None, None, None) };
        let way = signed_in.way().unwrap().unwrap();
        assert_eq!(way.credential, Credential::SignedIn(SignInId::parse("google").unwrap()));
        let (key, upper) = (PathBuf::from("key.json"), "Google".to_owned());
        let by_key = Given { key_file: Some(&key), ..given(None, None, None) }.way().unwrap().unwrap();
        assert!(matches!(&by_key.credential, Credential::KeyFile(path) if path.is_absolute()), "{by_key:?}");
        for wrong in [
            Given { key_file: Some(&key), sign_in: Some(&google), ..given(None, None, None) },
            Given { sign_in: Some(&upper), ..given(None, None, None) },
            Given { key_file: Some(&key), ..given(None, None, Some(Mechanism::Plain)) },
            given(Some(&root), Some(&command), None),
            given(None, None, Some(Mechanism::XOAuth2)),
            given(None, Some(&"a 'b".to_owned()), None),
        ] {
            assert!(matches!(wrong.way(), Err(CliError::Usage(_))));
        }
    }
}
