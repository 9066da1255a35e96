//! What the open project would make this computer do.

use crate::engine::attempt::Whose;
use crate::engine::open_project::OpenProject;
use crate::plan::Reach;
use crate::values::Endpoint;
use crate::values::{MailboxId, Side};

impl OpenProject {
    /// Everything the project would access. The servers of a practice project are inside this program, so
    /// only what runs or is read remains.
    pub(in crate::engine) fn reaches(&self) -> Vec<Reach> {
        let is_practice = self.project.is_practice();
        let mut reaches = Vec::new();
        if !is_practice {
            reaches.push(Reach::Domain(self.project.domain().clone()));
            let resolver = &self.view.domain.audit_options.resolver;
            if !resolver.is_empty() {
                reaches.push(Reach::Resolver(resolver.clone()));
            }
        }
        for side in [Side::Source, Side::Destination] {
            let server = self.server(side).filter(|_| !is_practice);
            if let Some(server) = server {
                reaches.push(Reach::Server { side, server: server.clone() });
                if let Some(pin) = self.pins.of(server) {
                    reaches.push(Reach::Certificate {
                        host: server.host.clone(),
                        port: server.port,
                        fingerprint: pin.fingerprint,
                    });
                }
            }
            let rows = self.view.mailboxes.iter().map(|row| &row.mailbox);
            let rows = rows.filter(|mailbox| !is_practice || !mailbox.way(side).needs_password());
            reaches.extend(rows.map(|mailbox| Reach::SignIn {
                side,
                server: server.cloned(),
                user: mailbox.user(side).to_owned(),
                way: mailbox.way(side).clone(),
            }));
        }
        reaches
    }

    /// The server of a side, if one is chosen.
    pub(in crate::engine) fn server(&self, side: Side) -> Option<&Endpoint> {
        match side {
            Side::Source => self.view.domain.source_server.as_ref(),
            Side::Destination => self.view.destination.server.as_ref(),
        }
    }

    /// Whose password one side of a mailbox needs.
    pub(in crate::engine) fn whose(&self, mailbox: MailboxId, side: Side) -> Option<Whose> {
        let row = self.mailbox(mailbox)?;
        Some(Whose {
            project: self.project.uuid().to_owned(),
            mailbox,
            side,
            server: self.server(side).cloned(),
            user: row.mailbox.way(side).admin().unwrap_or_else(|| row.mailbox.user(side)).to_owned(),
        })
    }
}
