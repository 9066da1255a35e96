use std::process::ExitCode;

use super::accounts::password;
use super::args::{ExchangeAccess, SignIn};
use super::{CliError, output};
use crate::engine::headless::sign_in::{self, Ask, EntraApp, ProviderChoice, SignInQuestion};

/// `mailferry sign-in`: signs a user in, forgets a sign-in, or names the clicks to a client id.
pub fn run(arguments: &SignIn) -> Result<ExitCode, CliError> {
    let provider = ProviderChoice { id: &arguments.provider, file: arguments.provider_file.as_deref() };
    if arguments.guide {
        let steps = sign_in::guide(provider, arguments.organisation)?;
        let mut text = String::new();
        for (number, step) in steps.iter().enumerate() {
            text.push_str(&output::line(&format!("{}. {}", number + 1, step.text)));
            text.push('\n');
            if !step.link.is_empty() {
                text.push_str(&output::line(&format!("   {}", step.link)));
                text.push('\n');
            }
        }
        output::print(&text)?;
        return Ok(ExitCode::SUCCESS);
    }
    let user = arguments.user.as_deref().unwrap_or_default();
    let words = if arguments.forget {
        sign_in::forget(&arguments.provider, user)?
    } else {
        let question = SignInQuestion {
            provider,
            user,
            client_id: arguments.client_id.as_deref().unwrap_or_default(),
            client_secret: password(arguments.client_secret_file.as_deref())?,
            tenant: arguments.tenant.as_deref(),
            by_code: arguments.device,
            opens_browser: !arguments.no_browser,
        };
        sign_in::run(&question, &ask)?
    };
    output::say(&output::line(&words));
    Ok(ExitCode::SUCCESS)
}

fn ask(question: &Ask<'_>) {
    match question {
        Ask::Open(address) => {
            output::say("Sign in in the browser. If none opens, open this address on this computer:");
            output::say(&output::line(address));
        }
        Ask::Stray => output::say(
            "The browser answered for another sign-in, such as an earlier try in a second tab. Nothing was changed; use the \
             newest one.",
        ),
        Ask::Code(code) => output::say(&output::line(&format!(
            "Open {} in any browser and enter the code {} within {} minutes.",
            code.page,
            code.code,
            code.valid.as_secs() / 60
        ))),
    }
}

/// `mailferry exchange-access`.
pub fn exchange_access(arguments: &ExchangeAccess) -> Result<ExitCode, CliError> {
    let app = EntraApp { app_id: &arguments.app_id, object_id: &arguments.object_id };
    let scripts = sign_in::exchange_scripts(&arguments.accounts, app)?;
    for (path, text) in [(&arguments.script, scripts.allow), (&arguments.undo, scripts.undo)] {
        output::write_text(path, &text)?;
        output::say(&output::line(&format!("Written: {}", path.display())));
    }
    Ok(ExitCode::SUCCESS)
}
