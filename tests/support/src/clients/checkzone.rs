//! Zone snippets through BIND's own checker.

use std::path::Path;
use std::process::Command;

/// Puts a snippet under a SOA and a name server and runs `named-checkzone` over it, which also rewrites the zone in
/// canonical form. The error is what the checker says.
pub fn checked(program: &Path, domain: &str, snippet: &str) -> Result<String, String> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("snippet.zone"), snippet).unwrap();
    let zone = format!(
        "$TTL 3600\n@ IN SOA ns1.nordhafen.example. hostmaster.nordhafen.example. ( 1 7200 900 1209600 300 )\n\
         @ IN NS ns1.nordhafen.example.\n$INCLUDE {}\n",
        folder.path().join("snippet.zone").display()
    );
    let zone_file = folder.path().join("test.zone");
    std::fs::write(&zone_file, zone).unwrap();
    let output = Command::new(program)
        // Fail on what BIND would only warn of: names, MX targets, two SPF records.
        .args([
            "-k", "fail", "-m", "fail", "-M", "fail", "-n", "fail", "-S", "fail", "-i", "none", "-D", "-o",
            "-",
        ])
        .arg(domain)
        .arg(&zone_file)
        .output()
        .unwrap();
    let out = String::from_utf8_lossy(&output.stdout).into_owned();
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() { Ok(out) } else { Err(format!("{words}{out}\n{snippet}")) }
}
