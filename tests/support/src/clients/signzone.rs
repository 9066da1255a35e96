//! BIND's own tools sign a zone (RFC 4034).

use tempfile::TempDir;

use crate::programs::{require_program, run, tied};

/// A signed zone, and what others have to know of it.
pub struct Signed {
    /// The whole zone file.
    pub text: String,
    /// The DS record for the zone above, with its owner.
    pub ds: String,
}

/// Signs a zone file with a fresh key of algorithm 13. `from` and `until` are as `dnssec-signzone` takes them.
/// `None` where the programs are missing and need not be there.
///
/// # Panics
/// Where the zone cannot be signed.
pub fn signed(name: &str, text: &str, from: &str, until: &str) -> Option<Signed> {
    let keygen = require_program("dnssec-keygen", "bind9-utils")?;
    let signzone = require_program("dnssec-signzone", "bind9-utils")?;
    let folder = TempDir::new().unwrap();
    let made = run(tied(&keygen)
        .args(["-q", "-a", "ECDSAP256SHA256", "-f", "KSK", "-K"])
        .arg(folder.path())
        .arg(name));
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    std::fs::write(folder.path().join("zone"), text).unwrap();
    let made = run(tied(&signzone)
        .current_dir(folder.path())
        .args(["-q", "-P", "-S", "-z", "-s", from, "-e", until, "-o", name, "-f", "signed", "-d", "."])
        .arg("zone"));
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let ds = std::fs::read_to_string(folder.path().join(format!("dsset-{name}."))).unwrap();
    let text = std::fs::read_to_string(folder.path().join("signed")).unwrap();
    Some(Signed { text, ds: ds.lines().next().unwrap().to_owned() })
}
