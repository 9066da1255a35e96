//! A project and a mailbox for unit tests.

use std::sync::Arc;

use super::{Ledger, Project};
use crate::plan::{Mailbox, SignInWays};
use crate::values::{DomainName, EmailAddress};

/// A new project in this folder.
pub(crate) fn project(folder: &tempfile::TempDir) -> Arc<Project> {
    let domain = DomainName::parse("example.org").unwrap();
    Project::create(&folder.path().join("example.org.mailferry"), &domain, false).unwrap()
}

/// The ledger of a mailbox that is added.
pub(crate) fn add_mailbox(project: &Arc<Project>, address: &str) -> Ledger {
    let mailbox = Mailbox {
        address: EmailAddress::parse(address).unwrap(),
        source_user: address.to_owned(),
        destination_user: address.to_owned(),
        ways: SignInWays::default(),
        is_chosen: true,
    };
    project.ledger(project.add_mailbox(&mailbox).unwrap())
}
