//! `mailferry audit --evidence` and `mailferry verdict`: the owner's own files, read, judged, saved and judged again.

use std::path::{Path, PathBuf};
use std::process::Output;

use mailferry::rehearsal::{EvidenceStory, Practice, PracticeOptions, practice_evidence};
use mailferry::values::UnixTime;

use crate::program::{run, words};

#[track_caller]
fn assert_status(output: &Output, expected: i32) {
    let said = format!("stdout: {}\nstderr: {}", words(&output.stdout), words(&output.stderr));
    assert_eq!(output.status.code(), Some(expected), "{said}");
}

/// The practice files of a story, in a folder below `home`.
fn evidence(home: &Path, story: EvidenceStory) -> PathBuf {
    let folder = home.join(format!("{story:?}"));
    std::fs::create_dir(&folder).unwrap();
    for file in practice_evidence(story, UnixTime::now()) {
        std::fs::write(folder.join(file.name), file.bytes).unwrap();
    }
    folder
}

#[test]
fn the_practice_domain_tells_the_story_and_a_clean_log_says_stay() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (practice, servers) = runtime.block_on(Practice::start(&PracticeOptions::default())).unwrap();
    let stop = tokio_util::sync::CancellationToken::new();
    let _serving = runtime.spawn(servers.serve(stop.clone()));
    let home = tempfile::tempdir().unwrap();
    let resolver = practice.resolver.to_string();
    let path = |name: &str| home.path().join(name).display().to_string();
    let audit = |story: EvidenceStory| {
        let folder = evidence(home.path(), story).display().to_string();
        let (facts, page) = (path(&format!("{story:?}.json")), path(&format!("{story:?}.html")));
        let output = run(
            home.path(),
            &[
                "audit",
                "weber-familie.example",
                "--resolver",
                &resolver,
                "--evidence",
                &folder,
                "--save-facts",
                &facts,
                "--html",
                &page,
            ],
        );
        assert_status(&output, 0);
        words(&output.stdout)
    };
    let said = audit(EvidenceStory::Neighbour);
    for text in [
        "VERDICT  Stay, relay part",
        "Microsoft consumer refuses the range: 159 of 168 in 30 days (31% of your recipients)",
        "part of their network is on our block list (S3150)",
        "T-Online refuses the range: 37 of 37",
        "hotmail.com relay:[smtp.relay.example]:587",
        "DISTRUSTS THE RANGE",
        "High confidence",
        "Your server sends over protected connections",
    ] {
        assert!(said.contains(text), "“{text}” is missing:\n{said}");
    }
    assert!(!said.contains("kunde"), "a recipient's name is shown:\n{said}");
    let page = std::fs::read_to_string(path("Neighbour.html")).unwrap();
    assert!(page.contains("Stay, relay part") && page.contains("part of their network is on our block list"));
    let clean = audit(EvidenceStory::Clean);
    // The domain has faults of its own, which no receiver minds.
    assert!(clean.contains("VERDICT  Stay"), "{clean}");
    assert!(!clean.contains("relay:[") && !clean.contains("DISTRUSTS"), "{clean}");
    one_finding_alone(home.path(), &resolver);
    stop.cancel();
    two_audits_side_by_side(home.path());

    // Saved facts are judged again without a network, and hold no recipient.
    let facts = std::fs::read_to_string(path("Neighbour.json")).unwrap();
    assert!(!facts.contains("kunde"), "a recipient's name is saved");
    let again = run(home.path(), &["verdict", &path("Neighbour.json"), "--json", "-"]);
    assert_status(&again, 0);
    let json: serde_json::Value = serde_json::from_slice(&again.stdout).unwrap();
    assert_eq!((json["schema"].as_u64(), json["verdict"]["outcome"].as_str()), (Some(1), Some("relay-part")));
    assert_eq!(json["receivers"][1]["trust"], "distrusts-range");
    assert_eq!(json["verdict"]["decided_by"].as_array().unwrap().len(), 3);
    the_owner_decides_otherwise(home.path());
}

/// One finding is asked for again, without the rest; what cannot be asked is refused.
fn one_finding_alone(home: &Path, resolver: &str) {
    let facts = home.join("Neighbour.json").display().to_string();
    let saved = home.join("again.json").display().to_string();
    let again = |id: &str| {
        let domain = "weber-familie.example";
        run(
            home,
            &[
                "audit",
                domain,
                "--facts",
                &facts,
                "--only",
                id,
                "--resolver",
                resolver,
                "--save-facts",
                &saved,
            ],
        )
    };
    let spf = again("spf.too-many-lookups");
    assert_status(&spf, 0);
    assert!(words(&spf.stderr).contains("a failure as before"), "{}", words(&spf.stderr));
    let answers = |path: &str| -> Vec<(String, i64)> {
        let json: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let answers = json["answers"].as_array().unwrap();
        answers.iter().map(|one| (one["question"].to_string(), one["at"].as_i64().unwrap())).collect()
    };
    let (before, after) = (answers(&facts), answers(&saved));
    assert_eq!(before.len(), after.len(), "only what was known is asked again");
    let none = again("spf.no-such-thing");
    assert_status(&none, 3);
    assert!(words(&none.stderr).contains("no finding"), "{}", words(&none.stderr));
    let files = again("delivery.sources");
    assert_status(&files, 3);
    assert!(words(&files.stderr).contains("your own files"), "{}", words(&files.stderr));
    let idle = run(home, &["audit", "weber-familie.example", "--facts", &facts, "--resolver", resolver]);
    assert_status(&idle, 2);
    assert!(words(&idle.stderr).contains("--only"), "{}", words(&idle.stderr));
}

/// Did it help? The range was distrusted, and is trusted later.
fn two_audits_side_by_side(home: &Path) {
    let path = |name: &str| home.join(name).display().to_string();
    // The later audit may have begun in the same second; what matters is which one comes first.
    let output = run(home, &["audit-diff", &path("Neighbour.json"), &path("Clean.json")]);
    assert_status(&output, 0);
    let said = words(&output.stdout);
    for text in [
        "mended",
        "Microsoft consumer: DISTRUSTS THE RANGE then, trusts you now",
        "The verdict was “Stay, relay part” and is “Stay",
    ] {
        assert!(said.contains(text), "“{text}” is missing:\n{said}");
    }
    let json =
        run(home, &["audit-diff", &path("Neighbour.json"), &path("Clean.json"), "--json", "-", "--strict"]);
    assert_status(&json, 0);
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!((json["verdict"][0].as_str(), json["verdict"][1].is_string()), (Some("relay-part"), true));
    let same = run(home, &["audit-diff", &path("Clean.json"), &path("Clean.json")]);
    assert!(words(&same.stdout).starts_with("Nothing has changed"), "{}", words(&same.stdout));
    let since = run(
        home,
        &[
            "audit",
            "weber-familie.example",
            "--facts",
            &path("Clean.json"),
            "--since",
            &path("Neighbour.json"),
        ],
    );
    assert_status(&since, 0);
    assert!(words(&since.stdout).contains("Since the audit before"), "{}", words(&since.stdout));
}

/// Answers of the owner lead to another verdict; what is decided against it is told beside it.
fn the_owner_decides_otherwise(home: &Path) {
    let path = |name: &str| home.join(name).display().to_string();
    let (saved, page) = (path("decided.json"), path("decided.html"));
    let decided = run(
        home,
        &[
            "verdict",
            &path("Neighbour.json"),
            "--answer",
            "asked=yes",
            "--answer",
            "backup=no",
            "--answer",
            "updates=no",
            "--decide",
            "stay",
            "--because",
            "my \u{1b}[31mserver",
            "--save-facts",
            &saved,
            "--html",
            &page,
        ],
    );
    assert_status(&decided, 0);
    let said = words(&decided.stdout);
    assert!(
        said.contains("VERDICT  Move everything") && said.contains("You decided otherwise: Stay."),
        "{said}"
    );
    assert!(!said.contains('\u{1b}'), "an escape reaches the terminal");
    let page = std::fs::read_to_string(page).unwrap();
    assert!(page.contains("You decided otherwise: Stay") && !page.contains('\u{1b}'));
    let again = words(&run(home, &["verdict", &saved]).stdout);
    assert_eq!(again, said);
}

#[test]
fn wrong_use_is_reported() {
    let home = tempfile::tempdir().unwrap();
    let facts = home.path().join("facts.json").display().to_string();
    std::fs::write(&facts, "{}").unwrap();
    for (arguments, status, text) in [
        (vec!["verdict", &facts], 3, "does not contain the facts"),
        (vec!["verdict", "/none/at/all"], 3, "cannot be read"),
        (vec!["verdict", &facts, "--decide", "leave"], 2, "is no outcome"),
        (vec!["verdict", &facts, "--because", "x"], 2, "--decide"),
        (vec!["verdict", &facts, "--json", &facts], 2, "would overwrite"),
        (
            vec!["audit", "weber.example", "--evidence", "/none/at/all"],
            3,
            "A file with evidence cannot be read",
        ),
        (vec!["audit", "weber.example", "--answer", "weather=yes"], 2, "second-person"),
        (vec!["audit", "weber.example", "--evidence", "x", "--facts", &facts], 2, "--facts"),
    ] {
        let output = run(home.path(), &arguments);
        assert_status(&output, status);
        assert!(words(&output.stderr).contains(text), "{arguments:?}: {}", words(&output.stderr));
    }
}

#[test]
fn what_strangers_wrote_is_clean_in_terminal_and_page() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (practice, servers) = runtime.block_on(Practice::start(&PracticeOptions::default())).unwrap();
    let stop = tokio_util::sync::CancellationToken::new();
    let _serving = runtime.spawn(servers.serve(stop.clone()));
    let home = tempfile::tempdir().unwrap();
    let log = home.path().join("mail.log");
    let now = UnixTime::now().0;
    let lines: Vec<String> = (0..40)
        .map(|number| {
            let at = now - i64::from(number % 20) * 86_400;
            format!("@{at} mail postfix/smtp[8]: Q{number}: to=<a{number}@evil.example>, relay=mx.evil.example[192.0.2.9]:25, delay=1, dsn=5.7.1, status=bounced (host mx.evil.example[192.0.2.9] said: 554 5.7.1 dynamic IP addresses are blocked \u{1b}[2J\u{202e}<script>alert(1)</script> (in reply to RCPT TO command))\n")
        })
        .collect();
    std::fs::write(&log, lines.concat()).unwrap();
    let page = home.path().join("page.html");
    let output = run(
        home.path(),
        &[
            "audit",
            "weber-familie.example",
            "--resolver",
            &practice.resolver.to_string(),
            "--evidence",
            log.to_str().unwrap(),
            "--html",
            page.to_str().unwrap(),
        ],
    );
    stop.cancel();
    assert_status(&output, 0);
    let said = words(&output.stdout);
    assert!(said.contains("dynamic IP addresses are blocked"), "{said}");
    assert!(!said.contains(['\u{1b}', '\u{202e}']));
    let page = std::fs::read_to_string(page).unwrap();
    assert!(page.contains("dynamic IP addresses are blocked") && !page.contains("<script>"));
    assert!(!page.contains(['\u{1b}', '\u{202e}']));
}
