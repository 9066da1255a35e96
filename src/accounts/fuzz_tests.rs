//! Every form of accounts, for any bytes. Built for tests and for `cargo fuzz` only.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "targets fail by panicking")]

use super::{AliasPlan, ExportAccount, ExportFormat, ExportInput, Format, export, left_behind, read};
use crate::mutate::Target;
use crate::values::DomainName;

/// The targets of this room.
pub const TARGETS: &[Target] = &[
    Target { name: "accounts: recognised", examples: EXAMPLES, read: recognised },
    Target { name: "accounts: every form", examples: EXAMPLES, read: every_form },
    Target { name: "accounts: plan and exports", examples: EXAMPLES, read: planned },
];

const EXAMPLES: &[&[u8]] = &[
    b"address;name;aliases\r\nanna@example.org;\"We\"\"ber\";info@example.org,x@example.org\r\n",
    b"root:x:0:0:root:/root:/bin/bash\nanna:x:1000:1000:Anna,,,:/home/anna:/bin/sh\n",
    b"anna@example.org:{SHA512-CRYPT}$6$x$y:1000:1000:Anna:/srv:/bin/false:userdb_quota=1G\n",
    b"anna@example.org example.org/anna/\n@example.org example.org/all/\n",
    b"example.org x\ninfo@example.org anna@example.org,\n  ben@example.org\n@example.org anna@example.org\n",
    b"root: anna\n\"od d\": \"|/bin/x a,b\", :include:/x\na: b\nb: a\n",
    b"[{\"username\":\"a@b.example\",\"name\":\"A\",\"active\":1},{\"address\":\"@b.example\",\"goto\":\"a@b.example,null@localhost\",\"active\":\"1\"}]",
    b"[{\"domain\":\"b.example\",\"users\":[{\"email\":\"a@b.example\",\"privileges\":[],\"status\":\"active\"}],\"aliases\":[{\"address\":\"c@b.example\",\"forwards_to\":[\"a@b.example\"]}]}]",
    b"dn: mail=a@b.example\nobjectClass: mailUser\nmail: a@b.example\ncn:: TcO8\nshadowAddress: c@b.example\n\n",
    b"CREATE TABLE `mailbox` (\n `username` text,\n `active` int\n);\nINSERT INTO `mailbox` VALUES ('a@b.example',1),('c\\'',0);\nCOPY vmail.forwardings (address, forwarding, active) FROM stdin;\nx@b.example\ta@b.example\t1\n\\.\n",
    b"account; anna; {SHA}x; Anna; W; True; SimpleUsers; anna@example.org; 0\nalias; info@example.org; True; anna@example.org\n",
];

fn domain() -> DomainName {
    DomainName::parse("example.org").unwrap()
}

fn recognised(bytes: &[u8]) {
    if let Ok(directory) = read("x", bytes, &domain(), None) {
        assert_eq!(directory.sources.len(), 1);
        assert!(directory.routes.iter().all(|route| !route.to.is_empty()));
    }
}

fn every_form(bytes: &[u8]) {
    for format in Format::ALL {
        match read("x", bytes, &domain(), Some(format)) {
            Ok(directory) => {
                let names = directory.accounts.iter().map(|account| account.name.as_str());
                let whats = directory.left_out.iter().map(|entry| entry.what.as_str());
                assert!(names.chain(whats).all(|text| !text.contains(char::is_control)));
            }
            Err(error) => assert!(error.to_string().len() < 300),
        }
    }
}

fn planned(bytes: &[u8]) {
    let Ok(directory) = read("x", bytes, &domain(), None) else { return };
    let plan = AliasPlan::of(&directory, &[]);
    assert_eq!(plan.routes.len(), directory.routes.len());
    assert!(!left_behind(&directory, &plan).is_empty());
    let accounts: Vec<ExportAccount> = directory
        .accounts
        .iter()
        .map(|account| ExportAccount {
            address: account.address.clone(),
            name: account.name.clone(),
            password: None,
        })
        .collect();
    for format in ExportFormat::ALL {
        let text = export(format, ExportInput { accounts: &accounts, plan: &plan }).text;
        let is_bad = |sign: char| sign.is_control() && !matches!(sign, '\r' | '\n');
        assert!(!text.contains(is_bad));
    }
}

#[cfg(test)]
#[test]
fn no_bytes_cause_a_panic() {
    crate::mutate::run_all(TARGETS);
}
