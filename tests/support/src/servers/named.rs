//! A real `named` on a loopback port, with zones from the test.

use std::path::Path;
use std::process::{Child, Stdio};

use tempfile::TempDir;

use crate::programs::{free_port, require_program, tied, wait_for_port};

/// A running name server; ends with the value.
pub struct Named {
    child: Child,
    /// UDP and TCP port on 127.0.0.1.
    pub port: u16,
    _folder: TempDir,
}

impl Named {
    /// Starts `named` as a root server for itself: names in no zone do not exist, and nothing leaves the computer.
    /// `None` where the program is missing and need not be there.
    pub fn start(zones: &[(&str, &str)], more_config: &str) -> Option<Self> {
        let header = "$TTL 300\n@ SOA ns.weber.test. hostmaster.weber.test. 1 7200 3600 1209600 300\n@ NS ns.weber.test.\n";
        let zones: Vec<(&str, String)> =
            zones.iter().map(|(name, text)| (*name, format!("{header}{text}\n"))).collect();
        Self::start_at(free_port(), &zones, more_config)
    }

    /// Starts `named` on a port, with whole zone files. `None` where the program is missing and need not be there.
    pub fn start_at(port: u16, zones: &[(&str, String)], more_config: &str) -> Option<Self> {
        let program = require_program("named", "bind9")?;
        let folder = TempDir::new().unwrap();
        std::fs::write(folder.path().join("named.conf"), config(folder.path(), port, zones, more_config))
            .unwrap();
        for (name, text) in zones {
            std::fs::write(folder.path().join(file_name(name)), text).unwrap();
        }
        let log = std::fs::File::create(folder.path().join("log")).unwrap();
        let child = tied(&program)
            .args(["-g", "-4", "-n", "1", "-c"])
            .arg(folder.path().join("named.conf"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let named = Self { child, port, _folder: folder };
        wait_for_port(port);
        Some(named)
    }
}

impl Named {
    /// The number of its process.
    pub fn process(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Named {
    fn drop(&mut self) {
        // Both fail only where the server has ended by itself already.
        let _killed = self.child.kill();
        let _status = self.child.wait();
    }
}

fn file_name(zone: &str) -> String {
    format!("{}.zone", if zone == "." { "root" } else { zone })
}

fn config(folder: &Path, port: u16, zones: &[(&str, String)], more: &str) -> String {
    let folder = folder.display();
    let mut text = format!(
        "options {{ directory \"{folder}\"; listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};\n\
         pid-file none; session-keyfile none; recursion yes; allow-query {{ any; }}; allow-recursion {{ any; }};\n\
         dnssec-validation no; empty-zones-enable no; minimal-responses yes; }};\ncontrols {{ }};\n{more}\n"
    );
    for (name, _) in zones {
        let rule = if name.starts_with("private.") { "allow-query { none; };" } else { "" };
        let file = file_name(name);
        text.extend(["zone \"", name, "\" { type primary; file \"", &file, "\"; ", rule, " };\n"]);
    }
    text
}
