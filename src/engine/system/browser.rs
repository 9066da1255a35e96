//! The browser of the system.

use std::process::{Command, Stdio};

/// Opens an address. Where that fails, the person has it on the screen as well.
pub(in crate::engine) fn open_in_browser(address: &str) {
    let mut command = if cfg!(target_os = "windows") {
        let mut command = Command::new("rundll32");
        command.arg("url.dll,FileProtocolHandler");
        command
    } else if cfg!(target_os = "macos") {
        Command::new("open")
    } else {
        Command::new("xdg-open")
    };
    let started =
        command.arg(address).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    match started {
        Ok(mut child) => {
            // Waited for beside, so that it leaves no zombie behind; the thread ends with it.
            let waiting = std::thread::Builder::new().name("browser".to_owned()).spawn(move || child.wait());
            if let Err(error) = waiting {
                tracing::debug!(%error, "nobody waits for the browser");
            }
        }
        Err(error) => tracing::debug!(%error, "no browser was opened"),
    }
}
