//! A real `unbound` on a loopback address: a resolver that checks signatures.

use std::net::Ipv4Addr;
use std::process::{Child, Stdio};

use tempfile::TempDir;

use crate::programs::{require_program, tied, wait_for_port_at};

/// A running resolver; ends with the value.
pub struct Unbound {
    child: Child,
    _folder: TempDir,
}

impl Unbound {
    /// Starts a resolver that believes this DS record and looks for each zone at this address, on its own port.
    /// `None` where the program is missing and need not be there.
    pub fn start(address: Ipv4Addr, port: u16, anchor: &str, zones: &[(&str, Ipv4Addr)]) -> Option<Self> {
        let program = require_program("unbound", "unbound")?;
        let folder = TempDir::new().unwrap();
        let path = folder.path().display();
        // Names below “test” are answered by nobody else, and servers on loopback are asked here.
        let mut config = format!(
            "server:\n interface: {address}@{port}\n access-control: 127.0.0.0/8 allow\n directory: \"{path}\"\n chroot: \"\"\n\
             username: \"\"\n pidfile: \"\"\n use-syslog: no\n do-daemonize: no\n do-not-query-localhost: no\n do-ip6: no\n ede: yes\n\
             module-config: \"validator iterator\"\n local-zone: \"test.\" nodefault\n qname-minimisation: no\n\
             val-clean-additional: no\n trust-anchor: \"{anchor}\"\nremote-control:\n control-enable: no\n"
        );
        for (name, server) in zones {
            config.extend(["stub-zone:\n name: \"", name, "\"\n stub-addr: "]);
            config.extend([server.to_string(), format!("@{port}\n")]);
        }
        let file = folder.path().join("unbound.conf");
        std::fs::write(&file, config).unwrap();
        let log = std::fs::File::create(folder.path().join("log")).unwrap();
        let child = tied(&program)
            .arg("-d")
            .arg("-c")
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let unbound = Self { child, _folder: folder };
        wait_for_port_at(address, port);
        Some(unbound)
    }
}

impl Drop for Unbound {
    fn drop(&mut self) {
        // Both fail only where the server has ended by itself already.
        let _killed = self.child.kill();
        let _status = self.child.wait();
    }
}
