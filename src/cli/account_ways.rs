use std::path::PathBuf;

use super::CliError;
use super::account_url::AccountUrl;
use super::args::Copy;
use crate::values::{CommandLine, Credential, Mechanism, NameForm, SignInWay};

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
        };
        let to = Given {
            prefix: "to",
            mechanism: to.and_then(|account| account.mechanism),
            admin: arguments.to_admin.as_ref(),
            admin_form: arguments.admin_forms.to_admin_form.as_ref(),
            token_file: arguments.to_token_file.as_ref(),
            token_command: arguments.to_token_command.as_ref(),
        };
        Ok(Self { from: from.way()?, to: to.way()? })
    }
}

impl Given<'_> {
    fn way(&self) -> Result<Option<SignInWay>, CliError> {
        let prefix = self.prefix;
        let credential = match (self.admin, self.token_file, self.token_command) {
            (None, None, None) if self.mechanism.is_none() => return Ok(None),
            (None, None, None) => Credential::Password,
            (Some(admin), None, None) => match self.admin_form {
                Some(form) => Credential::AdminByName {
                    admin: admin.clone(),
                    form: NameForm::parse(form)
                        .map_err(|error| CliError::Usage(format!("--{prefix}-admin-form: {error}")))?,
                },
                None => Credential::Admin(admin.clone()),
            },
            // The project may later be opened from another folder.
            (None, Some(path), None) => {
                Credential::TokenFile(std::path::absolute(path).unwrap_or_else(|_no_folder| path.clone()))
            }
            (None, None, Some(text)) => Credential::TokenCommand(
                CommandLine::parse(text)
                    .map_err(|error| CliError::Usage(format!("--{prefix}-token-command: {error}")))?,
            ),
            _ => {
                return Err(CliError::Usage(format!(
                    "give only one of --{prefix}-admin, --{prefix}-token-file and --{prefix}-token-command"
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
        for wrong in [
            given(Some(&root), Some(&command), None),
            given(None, None, Some(Mechanism::XOAuth2)),
            given(None, Some(&"a 'b".to_owned()), None),
        ] {
            assert!(matches!(wrong.way(), Err(CliError::Usage(_))));
        }
    }
}
