//! Reads where an alias leads: what may stand at the right of an entry in Postfix, Sendmail, Exim and the panels.

use super::WhyLeftOut;

/// One target as written.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Target<'a> {
    /// A name or an address; the name gets the domain of the file.
    Name(&'a str),
    /// Not a place to which mail can be sent from elsewhere.
    NoAddress(WhyLeftOut),
}

/// Reads one target (aliases(5), virtual(5)).
pub(super) fn target(text: &str) -> Target<'_> {
    let bare = unquoted(text.trim());
    if let Some(command) = bare.strip_prefix('|') {
        return Target::NoAddress(WhyLeftOut::Program(program(command)));
    }
    let lower = bare.get(..12).unwrap_or(bare).to_ascii_lowercase();
    if lower.starts_with(":include:") {
        return Target::NoAddress(WhyLeftOut::Include);
    }
    let is_bin = ["null@localhost", "ham@localhost", "spam@localhost", "/dev/null"].contains(&bare);
    if is_bin || lower.starts_with(':') || lower.starts_with("error:") || lower.starts_with("discard:") {
        return Target::NoAddress(WhyLeftOut::Discarded);
    }
    if bare.starts_with('/') {
        return Target::NoAddress(WhyLeftOut::File);
    }
    if bare.starts_with('@') {
        return Target::NoAddress(WhyLeftOut::DomainRewrite);
    }
    // `Anna <anna@example.org>`; `\anna` is the user and not the alias of that name.
    let address = match (bare.rfind('<'), bare.ends_with('>')) {
        (Some(at), true) => bare.get(at + 1..bare.len() - 1).unwrap_or_default(),
        _ => bare,
    };
    let address = address.strip_prefix('\\').unwrap_or(address);
    Target::Name(address.strip_suffix("@localhost").unwrap_or(address))
}

/// The name of a program without folder and arguments, which may hold a password.
fn program(command: &str) -> String {
    let first = unquoted(command.trim()).split_whitespace().next().unwrap_or_default();
    first.rsplit('/').next().unwrap_or_default().chars().take(60).collect()
}

fn unquoted(text: &str) -> &str {
    text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text)
}

/// Splits a list of targets at commas outside quotation marks.
pub(super) fn targets(list: &str) -> impl Iterator<Item = &str> {
    let mut is_quoted = false;
    list.split(move |sign: char| {
        if sign == '"' {
            is_quoted = !is_quoted;
        }
        sign == ',' && !is_quoted
    })
    .map(str::trim)
    .filter(|target| !target.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_distinguished() {
        for (text, expected) in [
            ("anna", Target::Name("anna")),
            (r"\anna", Target::Name("anna")),
            ("Anna W <anna@example.org>", Target::Name("anna@example.org")),
            ("root@localhost", Target::Name("root")),
            (
                "\"|/usr/bin/procmail -p hunter2\"",
                Target::NoAddress(WhyLeftOut::Program("procmail".to_owned())),
            ),
            ("|\"/usr/lib/mailman/mail post x\"", Target::NoAddress(WhyLeftOut::Program("mail".to_owned()))),
            ("/var/mail/archive", Target::NoAddress(WhyLeftOut::File)),
            ("/dev/null", Target::NoAddress(WhyLeftOut::Discarded)),
            (":include:/etc/mail/list", Target::NoAddress(WhyLeftOut::Include)),
            (":blackhole:", Target::NoAddress(WhyLeftOut::Discarded)),
            ("@new.example", Target::NoAddress(WhyLeftOut::DomainRewrite)),
        ] {
            assert_eq!(target(text), expected, "{text}");
        }
    }

    #[test]
    fn commas_in_quotation_marks_separate_nothing() {
        let list = r#"anna, "|/bin/x a,b", ben@example.org ,"#;
        assert_eq!(targets(list).collect::<Vec<_>>(), ["anna", r#""|/bin/x a,b""#, "ben@example.org"]);
    }
}
