use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::accounts::{
    AliasPlan, Encoding, Format, LeftBehind, LeftOut, PlannedRoute, RouteFrom, RouteKind, RouteTrouble,
    SourceFile, WhyLeftOut,
};
use crate::audit::{
    AddressRange, Area, CellState, Changer, CopyValue, Effort, Evidence, EvidenceOutcome, Finding, Group,
    Importance, ListRow, Outcome, Picture, RangeCell, Reference, SpfTreeNode, Status,
};
use crate::plan::{LedgerSum, MessageState, VerifySummary};
use crate::providers::{Catalogue, ProviderId};
use crate::records::{BindOptions, CurrentZone, desired, render_bind};
use crate::report::{
    AccountsReport, CopyReport, EarlierReport, FolderReport, MailboxReport, PauseReport, ProblemReport,
    RecordsReport, ReminderReport, RoundReport, SightReport, SweepReport, SwitchReport, TestReport,
    audit_json, audit_markdown, json, markdown,
};
use crate::values::{DomainName, EmailAddress, UnixTime};

const AT: UnixTime = UnixTime(1_794_733_920);

fn finding(text: &str, url: &str) -> Finding {
    Finding {
        id: text.to_owned(),
        area: Area::Spf,
        status: Status::Fail,
        group: Group::TravelsWithYou,
        importance: Importance::VeryImportant,
        effort: Some(Effort::Low),
        changer: Changer::YouInTheZone,
        title: text.to_owned(),
        words: text.to_owned(),
        remedy: Some(text.to_owned()),
        copy: Some(CopyValue { name: text.to_owned(), value: text.to_owned() }),
        reference: Some(Reference { name: text.to_owned(), url: url.to_owned() }),
        evidence: vec![Evidence {
            query: text.to_owned(),
            server: text.to_owned(),
            outcome: EvidenceOutcome::Dns(Outcome::Broken(text.to_owned())),
            data: vec![text.to_owned(); 60],
            at: AT,
            duration_millis: 12,
        }],
        picture: Some(Picture::SpfTree(vec![SpfTreeNode {
            depth: usize::MAX,
            term: text.to_owned(),
            lookups: 1,
            lookups_with_children: 1,
            running_total: 1,
            is_void: true,
            voids_with_children: 1,
            is_read: false,
            note: text.to_owned(),
        }])),
    }
}

fn range(text: &str) -> AddressRange {
    let cell = |index: u8, state: CellState| RangeCell {
        index,
        place: format!("198.51.100.{index}"),
        state,
        lists: vec![text.to_owned()],
        name: Some(text.to_owned()),
        has_generic_name: true,
    };
    AddressRange {
        range: "198.51.100.0/24".to_owned(),
        own: "198.51.100.77".to_owned(),
        own_index: 77,
        cells: vec![
            cell(76, CellState::Unknown),
            cell(77, CellState::Clean),
            cell(81, CellState::HighImpact),
            cell(82, CellState::LowerImpact),
        ],
        lists_asked: vec![text.to_owned()],
        prefix: Some(text.to_owned()),
        system: Some(64500),
        system_name: Some(text.to_owned()),
        holder: Some(text.to_owned()),
        abuse: vec![text.to_owned()],
        rows: vec![ListRow {
            name: text.to_owned(),
            zone: text.to_owned(),
            judges: "address".to_owned(),
            impact: "High".to_owned(),
            status: Status::Pass,
            words: text.to_owned(),
        }],
        never_asked: vec![text.to_owned()],
    }
}

fn audit(text: &str, url: &str) -> AuditReport {
    AuditReport {
        since: None,
        domain: DomainName::parse("weber-köln.example").unwrap(),
        at: AT,
        resolver: text.to_owned(),
        summary: text.to_owned(),
        findings: vec![finding(text, url)],
        receivers: Vec::new(),
        verdict: None,
        ranges: vec![range(text)],
        dkim_keys: BTreeMap::new(),
    }
}

fn input(text: &str, url: &str) -> ReportInput {
    let domain = DomainName::parse("weber-köln.example").unwrap();
    let catalogue = Catalogue::embedded();
    let provider = catalogue.get(&ProviderId("fastmail".to_owned())).unwrap();
    let mut plan = desired(provider, &BTreeMap::new(), &CurrentZone::new(domain.clone()), &BTreeSet::new());
    plan.notes.push(text.to_owned());
    plan.senders.push(crate::records::Sender { term: text.to_owned(), who: text.to_owned(), is_kept: true });
    for line in plan.groups.iter_mut().flat_map(|group| &mut group.lines) {
        line.reason = text.to_owned();
        line.value = text.to_owned();
        line.name = text.to_owned();
        line.record_type = text.to_owned();
    }
    let zone_text = format!("{}{text}", render_bind(&plan, &BindOptions::default()));
    let mut sum = LedgerSum::default();
    sum.add(MessageState::Copied, 179_460);
    sum.add(MessageState::AlreadyThere, 2_480);
    sum.add(MessageState::Refused, 1);
    let folders = vec![FolderReport { name: text.to_owned(), remark: text.to_owned(), sum }];
    ReportInput {
        domain,
        made_at: AT,
        program_version: text.to_owned(),
        is_practice: true,
        source_server: text.to_owned(),
        destination: text.to_owned(),
        audit: Some(audit(text, url)),
        copy: Some(CopyReport {
            started_at: Some(AT),
            finished_at: Some(UnixTime(AT.0 + 3600)),
            mailboxes: vec![MailboxReport { address: text.to_owned(), sum, trouble: None, folders }],
            pauses: vec![PauseReport { words: text.to_owned(), times: 12, seconds: 12_000, mailboxes: 1 }],
            problems: vec![ProblemReport {
                state: MessageState::Refused,
                cause: text.to_owned(),
                count: 1,
                way_out: text.to_owned(),
                samples: vec![text.to_owned()],
            }],
            verification: Some(text.to_owned()),
            verification_counts: None,
            selection: Some(text.to_owned()),
            trial: None,
            earlier: vec![EarlierReport {
                source: text.to_owned(),
                destination: text.to_owned(),
                started_at: Some(AT),
                finished_at: None,
                mailboxes: 2,
                sum,
                verification: Some(text.to_owned()),
            }],
            remark: Some(text.to_owned()),
        }),
        records: Some(RecordsReport { plan, zone_text }),
        switch: Some(switch(text)),
        reminders: vec![
            ReminderReport {
                title: text.to_owned(),
                detail: text.to_owned(),
                from: Some(UnixTime(AT.0 + 86_400)),
                is_done: false,
            },
            ReminderReport {
                title: "Raise it".to_owned(),
                detail: text.to_owned(),
                from: None,
                is_done: true,
            },
        ],
        accounts: Some(accounts(text)),
        left_behind: vec![LeftBehind {
            id: text.to_owned(),
            title: text.to_owned(),
            words: text.to_owned(),
            what_to_do: text.to_owned(),
        }],
    }
}

fn switch(text: &str) -> SwitchReport {
    let note = |seconds: i64, new| RoundReport {
        at: UnixTime(AT.0 + seconds),
        new,
        old: 8 - new,
        wrong: 0,
        silent: 1,
        proven: new,
    };
    let sweep = |messages, is_whole| SweepReport { began_at: UnixTime(AT.0 + 600), messages, is_whole };
    SwitchReport {
        standing: text.to_owned(),
        old_hosts: vec![text.to_owned()],
        new_hosts: vec!["in1.provider.example".to_owned()],
        published_at: Some(AT),
        over_at: Some(UnixTime(AT.0 + 300)),
        finished_at: None,
        rounds: 42,
        notes: vec![note(0, 2), note(30, 8)],
        sights: vec![SightReport { who: text.to_owned(), sees: text.to_owned(), proof: text.to_owned() }],
        tests: vec![TestReport {
            name: text.to_owned(),
            judged_at: AT,
            title: text.to_owned(),
            advice: text.to_owned(),
            is_good: true,
            rows: vec![(text.to_owned(), text.to_owned())],
        }],
        sweeps: vec![sweep(2, true), sweep(1, false)],
        late_messages: 3,
        way_back: vec![text.to_owned()],
    }
}

#[test]
fn the_switch_and_what_remains_are_in_every_form() {
    let report = input("plain words", "https://example.org/");
    let (page, text) = (html(&report).unwrap(), markdown(&report));
    for words in [
        "The switch",
        "From plain words to in1.provider.example.",
        "New records first seen",
        "Everybody was asked 42 times",
        "3 messages still reached the old server",
        "1 message; it did not come to its end",
        "What remains afterwards",
        "2026-11-16 09:12 UTC",
    ] {
        assert!(page.contains(words), "{words}: {page}");
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(text.contains("| 2026-11-15 09:12 UTC | 2 | 6 | 0 | 1 |"), "{text}");
    assert!(!page.contains("Move finished"), "it is not");
    let steps = next_steps(&report).join("\n");
    assert!(steps.contains("From 2026-11-16 09:12 UTC on: plain words (plain words)."), "{steps}");
    assert!(!steps.contains("Raise it"), "that is done: {steps}");
    let none = ReportInput { switch: None, reminders: Vec::new(), ..report };
    assert!(html(&none).unwrap().contains("The switch has not been watched yet."));
    assert!(next_steps(&none).join("\n").contains("Keep the old server running"));
}

fn accounts(text: &str) -> AccountsReport {
    let address = |local: &str| EmailAddress::parse(&format!("{local}@example.org")).unwrap();
    AccountsReport {
        sources: vec![SourceFile {
            name: text.to_owned(),
            format: Format::Aliases,
            encoding: Encoding::Utf8,
            accounts: 1,
            routes: 1,
        }],
        mailboxes: 1,
        aliases: AliasPlan {
            routes: vec![PlannedRoute {
                from: RouteFrom::Address(address("info")),
                kind: RouteKind::List,
                inside: vec![address("anna")],
                outside: vec![EmailAddress::parse("x@else.example").unwrap()],
                troubles: vec![RouteTrouble::BreaksSpf],
            }],
        },
        left_out: vec![LeftOut {
            source: text.to_owned(),
            line: 7,
            what: text.to_owned(),
            why: WhyLeftOut::Program(text.to_owned()),
        }],
        more_left_out: 3,
    }
}

/// Checks that the tags of a page close in order, apart from void elements.
fn assert_balanced(page: &str) {
    let mut open: Vec<&str> = Vec::new();
    for piece in page.split('<').skip(1) {
        let tag = piece.split(['>', ' ', '\n']).next().unwrap();
        match tag.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop(), Some(name), "<{piece}"),
            None if ["!doctype", "meta", "br"].contains(&tag) => {}
            None => open.push(tag),
        }
    }
    assert_eq!(open, Vec::<&str>::new());
}

#[test]
fn hostile_text_stays_text() {
    let hostile = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>&{{ x }}";
    let mut report = input(hostile, "javascript:alert(1)");
    report.copy.as_mut().unwrap().mailboxes[0].trouble = Some(hostile.to_owned());
    for page in [html(&report).unwrap(), audit_html(&audit(hostile, "javascript:alert(1)")).unwrap()] {
        let lower = page.to_ascii_lowercase();
        for bad in ["<script", "<img", "onerror=alert(1)>", "javascript:", "\"'>"] {
            assert!(!lower.contains(bad), "{bad}");
        }
        assert!(page.contains("&#60;script&#62;"), "{page}");
        assert_balanced(&page);
    }
}

#[test]
fn no_report_acts_on_its_reader_whatever_strangers_say() {
    use crate::values::is_unprintable;
    for nasty in
        ["\u{1b}]0;owned\u{7}", "\u{9b}2J", "invoice\u{202e}gpj.exe", "\u{2066}x\u{2069}", "a\0b\u{7f}\rc"]
    {
        let report = input(nasty, "https://example.org/");
        let audit = audit(nasty, "https://example.org/");
        for page in [html(&report).unwrap(), audit_html(&audit).unwrap()] {
            let found: Vec<char> = page.chars().filter(|character| is_unprintable(*character)).collect();
            assert!(found.is_empty(), "{nasty:?}: {found:?}");
            assert_balanced(&page);
        }
        for text in [json(&report).unwrap(), audit_json(&audit).unwrap()] {
            assert!(!text.contains(is_unprintable), "{nasty:?}");
            // Programs get the exact words.
            let value: serde_json::Value = serde_json::from_str(&text).unwrap();
            let summary = value.pointer("/audit/summary").or_else(|| value.pointer("/report/audit/summary"));
            assert_eq!(summary.and_then(serde_json::Value::as_str), Some(nasty));
        }
    }
    let hebrew = html(&input("דואר נכנס 👩‍👩‍👧", "https://example.org/")).unwrap();
    assert!(hebrew.contains("דואר נכנס 👩‍👩‍👧"));
}

#[test]
fn markdown_says_the_same_and_strangers_write_no_marks() {
    use crate::values::is_unprintable;
    let hostile = "[x](javascript:alert(1)) <script> `code` | **bold** \u{1b}[2J\n# heading";
    let report = input(hostile, "javascript:alert(1)");
    for page in [markdown(&report), audit_markdown(&audit(hostile, "javascript:alert(1)"))] {
        assert!(!page.contains(is_unprintable), "{page}");
        for line in page.lines() {
            // What is outside of code spans has no mark of theirs.
            let outside: String = line.split('`').step_by(2).collect();
            let bare = outside.replace("\\\\", "");
            assert!(!bare.contains("[x](") && !bare.contains(" <script>"), "{line}");
            assert!(!line.starts_with("# heading"), "{page}");
        }
    }
    let page = markdown(&input("plain words", "https://example.org/"));
    for expected in [
        "# Copied: every message is accounted for",
        "181,941 on the source = 179,460 copied",
        "## Aliases, forwards and lists",
        "| `info@example.org` | List | `anna@example.org, x@else.example` | SPF will break",
        "## What IMAP does not carry",
        "## Records",
        "## What was audited",
    ] {
        assert!(page.contains(expected), "{expected}: {page}");
    }
}

#[test]
fn aliases_and_what_stays_behind_are_in_the_report() {
    let page = html(&input("plain words", "https://example.org/")).unwrap();
    for expected in [
        "Aliases, forwards and lists",
        "1 list to create; 1 will break SPF",
        "info@example.org",
        "x@else.example",
        "plain words, line 7",
        "and 3 more entries",
        "What IMAP does not carry",
        "@page",
        "table-header-group",
    ] {
        assert!(page.contains(expected), "{expected}");
    }
    // On paper it is light, whatever the screen is.
    assert!(page.contains("@media screen and (prefers-color-scheme: dark)"));
}

#[test]
fn hostile_addresses_stay_inside_their_attribute() {
    let page = audit_html(&audit("x", "https://a.example/\" onmouseover=\"alert(1)")).unwrap();
    assert!(page.contains("href=\"https://a.example/&#34; onmouseover=&#34;alert(1)\""));
}

#[test]
fn the_page_loads_nothing_and_runs_nothing() {
    let page = html(&input("plain words", "https://www.rfc-editor.org/rfc/rfc7208")).unwrap();
    assert!(page.contains("default-src 'none'"));
    assert!(page.contains("prefers-color-scheme: dark") && page.contains("@media print"));
    for bad in ["src=", "<link", "@import", "url("] {
        assert!(!page.contains(bad), "{bad}");
    }
    assert_balanced(&page);
}

#[test]
fn the_page_says_what_was_done_and_what_is_left() {
    let page = html(&input("plain words", "https://www.rfc-editor.org/rfc/rfc7208")).unwrap();
    for words in [
        "Copied: every message is accounted for, 1 refused",
        "181,941 on the source = 179,460 copied + 2,480 already there + 1 refused",
        "weber-köln.example",
        "xn--weber-kln-67a.example",
        "2026-11-15 09:12 UTC",
        "What to do next",
        "Travels with you",
        "and 10 more lines",
        "no real mail was touched",
        "What was copied: plain words",
    ] {
        assert!(page.contains(words), "{words}");
    }
    assert!(!page.contains("Speaks for moving"), "a group without findings has no heading");
}

#[test]
fn a_ledger_that_does_not_add_up_is_reported() {
    let mut report = input("words", "");
    report.copy.as_mut().unwrap().mailboxes[0].sum.source_count += 1;
    let page = html(&report).unwrap();
    assert!(page.contains("The ledger does not add up") && page.contains("181,942 on the source ≠"));
    assert!(json(&report).unwrap().contains("\"adds_up\": false"));
}

#[test]
fn what_stopped_or_was_not_confirmed_is_no_complete_copy() {
    let headline = |change: &dyn Fn(&mut CopyReport)| {
        let mut report = input("words", "");
        change(report.copy.as_mut().unwrap());
        let page = html(&report).unwrap();
        assert_balanced(&page);
        (page, next_steps(&report).join("\n"))
    };
    let (page, steps) = headline(&|copy| {
        copy.verification_counts =
            Some(VerifySummary { checked: 9, differences: 2, not_placed: 1, ..VerifySummary::default() });
    });
    assert!(page.contains("<h1>3 messages could not be verified at the destination</h1>"), "{page}");
    assert!(page.contains("not verified") && steps.contains("3 messages that could not be verified"));
    let (page, steps) = headline(&|copy| {
        copy.mailboxes[0].trouble = Some("The mailbox is full".to_owned());
    });
    assert!(page.contains("<h1>1 of 1 mailbox did not finish</h1>"), "{page}");
    assert!(page.contains("The mailbox is full") && steps.contains("mailboxes that stopped"));
    let (page, _) = headline(&|copy| copy.finished_at = None);
    assert!(!page.contains("accounted for"), "{page}");
}

#[test]
fn pauses_that_servers_asked_for_are_reported() {
    let page = html(&input("Request is throttled", "")).unwrap();
    for words in [
        "How servers slowed the copy down",
        "Servers asked for a pause 12 times, about 3 hours, 20 minutes added up over all mailboxes.",
        "12 times, about 3 hours, 20 minutes in 1 mailbox</td><td>Request is throttled",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
}

#[test]
fn an_empty_project_has_a_report_too() {
    let report = ReportInput { audit: None, copy: None, records: None, ..input("words", "") };
    let page = html(&report).unwrap();
    assert!(page.contains("Nothing has been copied yet") && page.contains("Prepare the new DNS records."));
    assert_balanced(&page);
}

#[test]
fn the_json_reads_back() {
    let report = input("words \u{1}", "https://a.example/");
    let text = json(&report).unwrap();
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["schema"], 1);
    assert_eq!(value["made_at_utc"], "2026-11-15T09:12:00Z");
    assert_eq!(value["sum"]["source_count"], 181_941);
    assert_eq!(value["adds_up"], true);
    let back: ReportInput = serde_json::from_value(value["report"].clone()).unwrap();
    assert_eq!(back, report);
    let audit_value: serde_json::Value =
        serde_json::from_str(&audit_json(report.audit.as_ref().unwrap()).unwrap()).unwrap();
    assert_eq!(audit_value["audit"]["findings"][0]["status"], "fail");
}

#[test]
fn next_steps_follow_what_is_there() {
    let steps = next_steps(&input("words", ""));
    let text = steps.join("\n");
    for words in [
        "1 message that the destination refused",
        "Publish 5 changed records now",
        "at the switch",
        "words: words",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
}
