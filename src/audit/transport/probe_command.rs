//! A shell command to run where outgoing port 25 is open. `smtp/pasted.rs` reads its output.

use crate::values::ProbeTarget;

/// Targets that one line asks about.
const MAX_TARGETS: usize = 20;

/// A line for a shell that looks at port 25 of these hosts with `nc` and `openssl`, and prints what they say.
pub(super) fn line(targets: &[&ProbeTarget]) -> String {
    let list: Vec<String> = targets
        .iter()
        .take(MAX_TARGETS)
        .filter(|target| is_safe(target.host.as_str()))
        .map(|target| format!("{}/{}/{}", target.host, target.address, target.port))
        .collect();
    format!(
        "for t in {}; do h=${{t%%/*}}; r=${{t#*/}}; a=${{r%%/*}}; p=${{r#*/}}; \
         case $a in *:*) b=\"[$a]\";; *) b=$a;; esac; \
         echo \"mailferry-probe $h $a $p\"; \
         (sleep 2; printf 'EHLO %s\\r\\n' \"$(hostname -f 2>/dev/null || echo localhost)\"; sleep 2; printf 'QUIT\\r\\n'; sleep 1) | nc -w 15 \"$a\" \"$p\" 2>&1; \
         openssl s_client -starttls smtp -connect \"$b:$p\" -servername \"$h\" -showcerts </dev/null 2>&1; \
         done; echo 'mailferry-probe end'",
        list.join(" ")
    )
}

/// Whether a name is nothing but a name where a shell reads it.
fn is_safe(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::{DnsName, MailService};

    #[test]
    fn names_from_a_zone_cannot_become_commands() {
        let target = |host: &str| ProbeTarget {
            host: DnsName::new(host),
            address: "2001:db8::1".parse().unwrap(),
            port: 25,
            service: MailService::Smtp,
        };
        let (good, bad) = (target("mail.example"), target("$(reboot).example"));
        let line = line(&[&bad, &good]);
        assert!(line.starts_with("for t in mail.example/2001:db8::1/25; do "), "{line}");
        assert!(!line.contains("reboot") && !line.contains('\n'));
    }
}
