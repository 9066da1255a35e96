//! Postfix on loopback ports with its own configuration: a mail server that takes connections and sends nothing.

use super::authority::Issued;
use super::postfix_instance::{Instance, Prepared};
use crate::programs::{free_port, wait_for_port};

/// A running instance; ends and vanishes when dropped.
pub struct ReceivingPostfix {
    instance: Instance,
    /// SMTP with STARTTLS, in the place of port 25.
    pub smtp_port: u16,
    /// SMTP inside TLS, in the place of port 465.
    pub tls_port: u16,
}

impl ReceivingPostfix {
    /// Starts an instance under this name with a certificate, or says that the test was skipped.
    ///
    /// # Panics
    /// Where it does not start.
    pub fn start(name: &str, certificate: &Issued, extra: &str) -> Option<Self> {
        let prepared = Prepared::new()?;
        let (chain, key) = certificate.write(prepared.root());
        let (smtp_port, tls_port) = (free_port(), free_port());
        let main = format!(
            "mail_owner = postfix\nsetgid_group = postdrop\nmyhostname = {name}\nsmtpd_peername_lookup = no\n\
             smtpd_tls_security_level = may\nsmtpd_tls_chain_files = {}, {}\n{extra}\n",
            key.display(),
            chain.display()
        );
        let master = format!(
            "127.0.0.1:{smtp_port} inet n - n - - smtpd\n\
             127.0.0.1:{tls_port} inet n - n - - smtpd -o smtpd_tls_wrappermode=yes\n\
             postlog unix-dgram n - n - 1 postlogd\ntlsmgr unix - - n 1000? 1 tlsmgr\nanvil unix - - n - 1 anvil\n\
             rewrite unix - - n - - trivial-rewrite\nproxymap unix - - n - - proxymap\ncleanup unix n - n - 0 cleanup\n"
        );
        let instance = prepared.start(&main, &master);
        wait_for_port(smtp_port);
        wait_for_port(tls_port);
        Some(Self { instance, smtp_port, tls_port })
    }

    /// The log.
    pub fn log(&self) -> String {
        self.instance.log()
    }
}
