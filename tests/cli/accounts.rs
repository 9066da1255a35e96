//! `mailferry accounts` and `mailferry report`: files of servers in, plans and forms of providers out.

use std::path::Path;
use std::process::{Command, Output};

use mailferry_test_support::programs::{require_program, run as run_program};
use mailferry_test_support::servers::dovecot::{Dovecot, Settings};

use crate::program::{run, words};

#[track_caller]
fn assert_status(output: &Output, expected: i32) -> String {
    let said = format!("stdout: {}\nstderr: {}", words(&output.stdout), words(&output.stderr));
    assert_eq!(output.status.code(), Some(expected), "{said}");
    words(&output.stdout)
}

const USERS: &str = "anna@weber.example:{SHA512-CRYPT}$6$geheim$geheim:1000:1000:Anna Weber::\n\
    ben@weber.example:{SHA512-CRYPT}$6$geheim$geheim:1001:1001:=Ben::\n";
const VIRTUAL: &str = "weber.example  anything\n\
    info@weber.example  anna@weber.example\n\
    team@weber.example  anna@weber.example,\n  ben@weber.example\n\
    away@weber.example  karl@else.example\n";

fn files(home: &Path) {
    std::fs::write(home.join("users"), USERS).unwrap();
    std::fs::write(home.join("virtual"), VIRTUAL).unwrap();
}

#[test]
fn files_become_a_plan_in_words_and_in_json() {
    let home = tempfile::tempdir().unwrap();
    files(home.path());
    let said = assert_status(&run(home.path(), &["accounts", "users", "virtual"]), 0);
    for expected in [
        "users: a Dovecot passwd-file; 2 mailboxes",
        "virtual: Postfix virtual aliases; 0 mailboxes, 3 aliases",
        "Aliases: 1 alias, 1 list, 1 forward to create; 1 will break SPF",
        "Filter rules (Sieve)",
    ] {
        assert!(said.contains(expected), "{expected}: {said}");
    }
    let json = assert_status(&run(home.path(), &["accounts", "users", "virtual", "--json", "-"]), 0);
    assert!(!json.contains("geheim"), "{json}");
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(value["schema"], 1);
    assert_eq!(value["directory"]["sources"][0]["format"], "dovecot-passwd");
    assert_eq!(value["counts"]["breaking_spf"], 1);
    assert_eq!(value["aliases"]["routes"][1]["kind"], "list");
    assert!(value["left_behind"].as_array().unwrap().len() >= 7);
}

#[test]
fn what_has_to_be_looked_at_ends_with_one_and_bad_usage_with_two() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(
        home.path().join("loop"),
        "a@weber.example b@weber.example\nb@weber.example a@weber.example\n",
    )
    .unwrap();
    std::fs::write(home.path().join("other"), "anna@weber.example\nx@else.example\n").unwrap();
    std::fs::write(home.path().join("names"), "anna\nben\n").unwrap();
    std::fs::write(home.path().join("shadow"), "anna:$6$geheim:19000:0:99999:7:::\n").unwrap();
    let said = assert_status(&run(home.path(), &["accounts", "loop"]), 1);
    assert!(said.contains("goes round in a circle: a@weber.example → b@weber.example → a@weber.example"));
    let said = assert_status(&run(home.path(), &["accounts", "other", "--domain", "weber.example"]), 1);
    assert!(said.contains("Mailboxes (1)") && said.contains("another domain, else.example"), "{said}");
    assert_status(&run(home.path(), &["accounts", "other"]), 0);
    // Headings alone, and a domain that the file has nothing of.
    std::fs::write(home.path().join("headings.csv"), "Email address,First name,Last name\n").unwrap();
    for file in ["headings.csv", "other"] {
        let output = run(home.path(), &["accounts", file, "--domain", "third.example"]);
        assert_status(&output, 1);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains("No mailbox and no alias was found"), "{file}: {said}");
    }
    for (arguments, status, expected) in [
        (vec!["accounts", "names"], 2, "give it with --domain"),
        (vec!["accounts", "names", "--as", "poem"], 2, "is no form of accounts"),
        (vec!["accounts", "names", "--export", "poem"], 2, "is no form to export"),
        (vec!["accounts", "other", "--export", "csv", "--passwords"], 2, "--out"),
        (
            vec!["accounts", "other", "--export", "microsoft365", "--out", "x", "--passwords"],
            2,
            "have a place for passwords",
        ),
        (vec!["accounts", "other", "--export", "csv", "--json", "-"], 2, "both go to standard output"),
        (vec!["accounts", "other", "--json", "other"], 2, "would overwrite"),
        (vec!["accounts", "shadow", "--domain", "weber.example"], 3, "password hashes (/etc/shadow)"),
        (vec!["accounts", "none", "--domain", "weber.example"], 3, "could not be read"),
        (vec!["report", "none.mailferry", "--html", "x.html"], 3, "none.mailferry"),
        (vec!["report", "none.mailferry"], 2, "--html"),
    ] {
        let output = run(home.path(), &arguments);
        assert_status(&output, status);
        let said = words(&output.stderr);
        assert!(said.contains(expected) && !said.contains("geheim"), "{arguments:?}: {said}");
    }
    let said = assert_status(&run(home.path(), &["accounts", "names", "--domain", "weber.example"]), 0);
    assert!(said.contains("ben@weber.example"), "{said}");
}

#[test]
fn new_passwords_are_in_one_file_that_only_the_owner_reads() {
    let home = tempfile::tempdir().unwrap();
    files(home.path());
    let arguments =
        ["accounts", "users", "virtual", "--export", "google", "--out", "google.csv", "--passwords"];
    let output = run(home.path(), &arguments);
    assert_status(&output, 0);
    let table = std::fs::read_to_string(home.path().join("google.csv")).unwrap();
    let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(rows[1][..3], ["Anna", "Weber", "anna@weber.example"]);
    // A name that a spreadsheet would take for a formula.
    assert_eq!(rows[2][0], "'=Ben");
    let (first, second) = (rows[1][3], rows[2][3]);
    assert!(first.len() >= 20 && first != second, "{table}");
    let said = format!("{}{}", words(&output.stdout), words(&output.stderr));
    assert!(!said.contains(first) && said.contains("no place for aliases"), "{said}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        assert_eq!(std::fs::metadata(home.path().join("google.csv")).unwrap().mode() & 0o777, 0o600);
    }
    let script = assert_status(
        &run(home.path(), &["accounts", "users", "virtual", "--export", "microsoft365-aliases"]),
        0,
    );
    assert!(script.contains(
        "Set-Mailbox -Identity 'anna@weber.example' -EmailAddresses @{Add = 'smtp:info@weber.example'}"
    ));
}

#[test]
fn a_project_takes_them_and_its_report_has_them() {
    let home = tempfile::tempdir().unwrap();
    files(home.path());
    let arguments = ["accounts", "users", "virtual", "--domain", "weber.example", "--project", "w.mailferry"];
    assert_status(&run(home.path(), &arguments), 0);
    // Once more changes nothing.
    assert_status(&run(home.path(), &arguments), 0);
    let report = ["report", "w.mailferry", "--html", "r.html", "--markdown", "r.md", "--json", "r.json"];
    assert_status(&run(home.path(), &report), 0);
    let read = |name: &str| std::fs::read_to_string(home.path().join(name)).unwrap();
    let json: serde_json::Value = serde_json::from_str(&read("r.json")).unwrap();
    assert_eq!(json["report"]["accounts"]["mailboxes"], 2);
    assert_eq!(json["report"]["accounts"]["aliases"]["routes"].as_array().unwrap().len(), 3);
    for page in [read("r.html"), read("r.md")] {
        for expected in
            ["Aliases, forwards and lists", "away@weber.example", "What IMAP does not carry", "Calendars"]
        {
            assert!(page.contains(expected), "{expected}: {page}");
        }
        assert!(!page.contains("geheim"));
    }
    let other = ["accounts", "users", "--domain", "else.example", "--project", "w.mailferry"];
    assert_status(&run(home.path(), &other), 3);
    let bytes = std::fs::read(home.path().join("w.mailferry")).unwrap();
    assert!(!bytes.windows(6).any(|window| window == b"geheim"), "a hash is in the project file");
}

#[test]
fn what_a_real_dovecot_lists_is_read() {
    let Some(program) = require_program("doveadm", "dovecot-imapd") else { return };
    let users = ["anna@weber.example", "ben@weber.example"];
    let Some(mut dovecot) = Dovecot::start(&users, &Settings::default()) else { return };
    let root = dovecot.root().display().to_string();
    // Only a list of users can be listed.
    let (from, to) =
        ("userdb {\n  driver = static\n  args = ", "userdb {\n  driver = passwd-file\n  default_fields = ");
    dovecot.change_configuration(from, to);
    let users_file = format!("passwd-file\n  args = username_format=%u {root}/users\n  default_fields");
    dovecot.change_configuration("passwd-file\n  default_fields", &users_file);
    dovecot.kill();
    dovecot.restart();
    let home = tempfile::tempdir().unwrap();
    let listed =
        run_program(Command::new(program).arg("-c").arg(format!("{root}/dovecot.conf")).args(["user", "*"]));
    assert!(listed.status.success(), "{}", words(&listed.stderr));
    std::fs::write(home.path().join("listed"), &listed.stdout).unwrap();
    std::fs::copy(format!("{root}/users"), home.path().join("passwd-file")).unwrap();
    for (file, form) in [("listed", "users listed by doveadm"), ("passwd-file", "a Dovecot passwd-file")] {
        let said = assert_status(&run(home.path(), &["accounts", file]), 0);
        assert!(said.contains(&format!("{file}: {form}; 2 mailboxes")), "{said}");
        assert!(said.contains("ben@weber.example") && !said.contains("battery"), "{said}");
    }
}

#[test]
fn a_real_postfix_reads_the_same_maps() {
    let (Some(postmap), Some(postalias)) =
        (require_program("postmap", "postfix"), require_program("postalias", "postfix"))
    else {
        return;
    };
    let home = tempfile::tempdir().unwrap();
    let at = |name: &str| home.path().join(name).display().to_string();
    std::fs::create_dir(home.path().join("etc")).unwrap();
    std::fs::write(home.path().join("etc/main.cf"), "compatibility_level = 3.6\n").unwrap();
    files(home.path());
    let aliases = "postmaster: anna\n\"ticket\": \"|/opt/ticket in,out\"\nteam: anna,\n\tben\n";
    std::fs::write(home.path().join("aliases"), aliases).unwrap();
    let ask = |program: &Path, arguments: &[&str]| {
        let output = run_program(Command::new(program).args(["-c", &at("etc")]).args(arguments));
        assert!(output.status.success(), "{arguments:?}: {}", words(&output.stderr));
        words(&output.stdout)
    };
    let json = assert_status(&run(home.path(), &["accounts", "users", "virtual", "--json", "-"]), 0);
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    for route in value["directory"]["routes"].as_array().unwrap() {
        let from = route["from"]["address"].as_str().unwrap();
        let theirs = ask(&postmap, &["-q", from, &format!("texthash:{}", at("virtual"))]);
        let mut theirs: Vec<&str> =
            theirs.split([',', ' ', '\n']).filter(|target| !target.is_empty()).collect();
        let mut ours: Vec<&str> =
            route["to"].as_array().unwrap().iter().map(|to| to.as_str().unwrap()).collect();
        theirs.sort_unstable();
        ours.sort_unstable();
        assert_eq!(ours, theirs, "{from}");
    }
    ask(&postalias, &[&at("aliases")]);
    let made = std::fs::read_dir(home.path()).unwrap().map(|entry| entry.unwrap().file_name());
    let made = made.map(|name| name.to_string_lossy().into_owned()).find(|name| name.starts_with("aliases."));
    assert!(made.is_some(), "postalias made no map");
    let said = assert_status(&run(home.path(), &["accounts", "aliases", "--domain", "weber.example"]), 1);
    assert!(said.contains("aliases: system aliases (/etc/aliases); 0 mailboxes, 2 aliases"), "{said}");
    assert!(said.contains("a program on the server (ticket)"), "{said}");
    // The map that postalias made is no text, and says so.
    let output = run(home.path(), &["accounts", &made.unwrap(), "--domain", "weber.example"]);
    assert_status(&output, 3);
    assert!(words(&output.stderr).contains("not the .db file"), "{}", words(&output.stderr));
}
