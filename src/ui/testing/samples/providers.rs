use crate::providers::{Comparison, ComparisonRow, Confidence, Fit, ProviderId, Source};

/// Five providers, measured.
#[expect(clippy::too_many_lines, reason = "a table of samples")]
pub fn comparisons() -> Vec<Comparison> {
    use Fit::{Fits, Neutral, NotConfirmed, Tight, TooSmall};
    let source = |host: &str| {
        Some(Source {
            url: format!("https://{host}/limits"),
            date: "2026-09-30".to_owned(),
            confidence: Confidence::High,
        })
    };
    let row = |group: &str, label: &str, value: &str, fit: Fit, source: Option<Source>| ComparisonRow {
        group: group.to_owned(),
        label: label.to_owned(),
        value: value.to_owned(),
        fit,
        source,
    };
    let column = |id: &str, name: &str, host: &str, values: [(&str, Fit); 9]| {
        let [separate, sign_in, upload, days, largest, mx, dkim, before, checked] = values;
        let src = |fit: Fit| if fit == NotConfirmed { None } else { source(host) };
        Comparison {
            provider: ProviderId(id.to_owned()),
            name: name.to_owned(),
            tagline: format!("{name} in one sentence"),
            rows: vec![
                row("Does it fit?", "14 separate mailboxes", separate.0, separate.1, None),
                row("Does it fit?", "Sign-in for the copy", sign_in.0, sign_in.1, None),
                row("Copying 43.5 GB", "Upload per mailbox and day", upload.0, upload.1, src(upload.1)),
                row("Copying 43.5 GB", "Your largest mailbox, 11.3 GB", days.0, days.1, None),
                row("Copying 43.5 GB", "Largest message over IMAP", largest.0, largest.1, src(largest.1)),
                row("Records to publish", "Incoming mail (MX)", mx.0, mx.1, None),
                row("Records to publish", "Signature (DKIM)", dkim.0, dkim.1, None),
                row("Your work", "Before the copy", before.0, before.1, None),
                row("Your work", "Facts checked", checked.0, checked.1, None),
            ],
        }
    };
    vec![
        column(
            "fastmail",
            "Fastmail",
            "fastmail.example",
            [
                ("Yes", Fits),
                ("App password per mailbox", Neutral),
                ("Not published", NotConfirmed),
                ("No daily limit known", Fits),
                ("Not confirmed", NotConfirmed),
                ("2 hosts, known", Neutral),
                ("3 CNAMEs, computed", Neutral),
                ("Create 14 app passwords", Neutral),
                ("2026-09-30", Neutral),
            ],
        ),
        column(
            "mailbox-org",
            "mailbox.org",
            "mailbox.example",
            [
                ("With the business plan", Fits),
                ("Password per mailbox", Neutral),
                ("Not published", NotConfirmed),
                ("No daily limit known", Fits),
                ("Not confirmed", NotConfirmed),
                ("3 hosts, known", Neutral),
                ("4 CNAMEs, known", Neutral),
                ("Create 14 mailboxes", Neutral),
                ("2026-09-30", Neutral),
            ],
        ),
        column(
            "google-workspace",
            "Google Workspace",
            "google.example",
            [
                ("Yes", Fits),
                ("One key for all", Neutral),
                ("500 MB", Neutral),
                ("At least 23 days", Tight),
                ("35.6 MB, 3 are larger", Tight),
                ("1 host, known", Neutral),
                ("Pasted from its console", Neutral),
                ("Create a service key", Neutral),
                ("2026-09-30", Neutral),
            ],
        ),
        column(
            "microsoft-365",
            "Microsoft 365",
            "microsoft.example",
            [
                ("Yes", Fits),
                ("OAuth only, after the administrator allows it", TooSmall),
                ("Slows down on demand", Neutral),
                ("About 4 hours", Neutral),
                ("45 MB, 1 is larger", Tight),
                ("Issued per domain", Neutral),
                ("2 CNAMEs, pasted", Neutral),
                ("Consent as administrator", Neutral),
                ("2026-09-30", Neutral),
            ],
        ),
        column(
            "generic-imap",
            "Another IMAP server",
            "imap.example",
            [
                ("Yes", Neutral),
                ("Password per mailbox", Neutral),
                ("Not published", NotConfirmed),
                ("No daily limit known", Neutral),
                ("Not confirmed", NotConfirmed),
                ("You say", Neutral),
                ("You say", Neutral),
                ("Create 14 mailboxes", Neutral),
                ("2026-09-30", Neutral),
            ],
        ),
    ]
}
