//! The sign-in of `mailferry rehearse` without a browser: one mailbox wants a token, and its first one ends early.

use super::driver::Driver;
use super::rehearse::wait;
use super::{CliError, output};
use crate::engine::{Command, ConsentStage, ConsentWay, UserError};
use crate::values::{Credential, Side};

/// Signs every mailbox in that wants a token.
pub(super) fn sign_in(driver: &mut Driver) -> Result<(), CliError> {
    let side = Side::Destination;
    let project = driver.project()?;
    let rows = project.mailboxes.iter();
    let waiting = rows.filter(|row| matches!(row.mailbox.way(side).credential, Credential::SignedIn(_)));
    for row in waiting {
        output::say(&format!("Sign-in: {} at the practice provider, with a token", row.mailbox.address));
        driver.require(Command::SignInAtProvider { mailbox: row.id, side, way: ConsentWay::Browser })?;
        wait(driver, |project| {
            let under_way = project.sign_ins.under_way.as_ref();
            under_way.is_none_or(|under_way| matches!(under_way.stage, ConsentStage::Failed(_)))
        })?;
        if let Some(under_way) = driver.project()?.sign_ins.under_way
            && let ConsentStage::Failed(error) = under_way.stage
        {
            return Err((*error).into());
        }
    }
    Ok(())
}

/// The first token is good for one sign-in, so the copy has renewed it.
pub(super) fn judge(driver: &Driver) -> Result<(), CliError> {
    let given = driver.project()?.practice.map_or(0, |practice| practice.tokens_given);
    if given < 2 {
        let why = "One token was enough for the whole copy.";
        return Err(UserError::new("The practice token was not renewed", why)
            .or_else("Run it again with MAILFERRY_LOG=mailferry=debug", "")
            .into());
    }
    output::say(&format!("Sign-in: the token ended once and was renewed; the provider gave {given} tokens"));
    Ok(())
}
