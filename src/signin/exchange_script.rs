//! PowerShell scripts for Exchange Online that give a Microsoft application access to mailboxes, and remove it again. Pure.

use std::fmt::Write as _;

use crate::values::EmailAddress;

/// The application and its mailboxes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppAccess {
    /// “Application (client) ID”.
    pub app_id: String,
    /// “Object ID” of the *enterprise application*; the one of the app registration does not work.
    pub object_id: String,
    /// The mailboxes.
    pub mailboxes: Vec<EmailAddress>,
}

const HEAD: &str = "# Run in PowerShell as an Exchange administrator, once:\n\
    #   Install-Module ExchangeOnlineManagement -Scope CurrentUser\n\
    $ErrorActionPreference = 'Stop'\n\
    Connect-ExchangeOnline\n";

/// A text in single quotes, in which nothing is expanded. PowerShell treats curly quotes like straight ones.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("'");
    for sign in text.chars().filter(|sign| !sign.is_control()) {
        if matches!(sign, '\'' | '\u{2018}' | '\u{2019}' | '\u{201a}' | '\u{201b}') {
            quoted.push(sign);
        }
        quoted.push(sign);
    }
    quoted.push('\'');
    quoted
}

fn mailboxes(access: &AppAccess) -> String {
    let mut text = String::from("$mailboxes = @(\n");
    for (number, mailbox) in access.mailboxes.iter().enumerate() {
        let comma = if number + 1 < access.mailboxes.len() { "," } else { "" };
        // Writing to a string cannot fail.
        let _written = writeln!(text, "    {}{comma}", quoted(&mailbox.to_string()));
    }
    text.push_str(")\n");
    text
}

/// Gives the application full access to each mailbox, and lists the mailboxes where that failed.
pub fn access_script(access: &AppAccess) -> String {
    format!(
        "# Lets the application Mailferry uses into {count} mailboxes. The other script takes it back.\n{HEAD}\
         $app = {app}\n$object = {object}\n{list}\
         if (-not (Get-ServicePrincipal | Where-Object {{ $_.AppId -eq $app }})) {{\n\
         \x20   # The object id of the ENTERPRISE APPLICATION. With that of the app registration every sign-in ends with\n\
         \x20   # \"User is authenticated but not connected\".\n\
         \x20   New-ServicePrincipal -AppId $app -ObjectId $object -DisplayName 'Mailferry' | Out-Null\n}}\n\
         $known = Get-ServicePrincipal | Where-Object {{ $_.AppId -eq $app }}\n\
         if ($known.ObjectId -ne $object) {{ throw \"The service principal exists with another object id ($($known.ObjectId)). \
         Remove-ServicePrincipal it, and run this again.\" }}\n\
         $failed = @()\n\
         foreach ($mailbox in $mailboxes) {{\n\
         \x20   try {{\n\
         \x20       Set-CASMailbox -Identity $mailbox -ImapEnabled $true\n\
         \x20       Add-MailboxPermission -Identity $mailbox -User $object -AccessRights FullAccess -AutoMapping $false | Out-Null\n\
         \x20       Write-Host \"ok      $mailbox\"\n\
         \x20   }} catch {{ $failed += $mailbox; Write-Warning \"$mailbox : $_\" }}\n}}\n\
         Write-Host \"$($mailboxes.Count - $failed.Count) of $($mailboxes.Count) mailboxes are open to the application.\"\n\
         if ($failed.Count -gt 0) {{ exit 1 }}\n",
        count = access.mailboxes.len(),
        app = quoted(&access.app_id),
        object = quoted(&access.object_id),
        list = mailboxes(access),
    )
}

/// Removes the access and the service principal. IMAP stays enabled, as it may have been before.
pub fn undo_script(access: &AppAccess) -> String {
    format!(
        "# Takes back what the other script has given, for {count} mailboxes. IMAP is left switched on.\n{HEAD}\
         $app = {app}\n$object = {object}\n{list}\
         $failed = @()\n\
         foreach ($mailbox in $mailboxes) {{\n\
         \x20   try {{\n\
         \x20       Remove-MailboxPermission -Identity $mailbox -User $object -AccessRights FullAccess -Confirm:$false | Out-Null\n\
         \x20       Write-Host \"ok      $mailbox\"\n\
         \x20   }} catch {{ $failed += $mailbox; Write-Warning \"$mailbox : $_\" }}\n}}\n\
         if ($failed.Count -gt 0) {{ Write-Warning 'The service principal is kept, as some mailboxes failed.'; exit 1 }}\n\
         Get-ServicePrincipal | Where-Object {{ $_.AppId -eq $app }} | ForEach-Object {{ Remove-ServicePrincipal -Identity \
         $_.ObjectId -Confirm:$false }}\n",
        count = access.mailboxes.len(),
        app = quoted(&access.app_id),
        object = quoted(&access.object_id),
        list = mailboxes(access),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mailbox_is_in_both_scripts_and_nothing_gets_out_of_its_quotes() {
        let mailboxes: Vec<EmailAddress> = ["anna@example.org", "o'neill@example.org"]
            .map(|text| EmailAddress::parse(text).unwrap())
            .to_vec();
        let access = AppAccess {
            app_id: "0000-1".to_owned(),
            object_id: "2222'; Remove-Mailbox *; '\u{2019}\n".to_owned(),
            mailboxes,
        };
        let (give, undo) = (access_script(&access), undo_script(&access));
        for script in [&give, &undo] {
            assert!(
                script.contains("'anna@example.org',\n") && script.contains("'o''neill@example.org'\n)"),
                "{script}"
            );
            assert!(
                script.contains("$object = '2222''; Remove-Mailbox *; ''\u{2019}\u{2019}'\n"),
                "{script}"
            );
        }
        assert!(give.contains("Add-MailboxPermission") && give.contains("New-ServicePrincipal -AppId $app"));
        assert!(undo.contains("Remove-MailboxPermission") && undo.contains("Remove-ServicePrincipal"));
    }
}
