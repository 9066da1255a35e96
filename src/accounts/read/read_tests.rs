//! One text file per situation in `tests/cases/accounts`: files, and what is read from them.

use std::fmt::Write as _;
use std::path::Path;

use super::*;
use crate::accounts::{AliasPlan, WhyLeftOut};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases/accounts");

/// `=== name` begins a file, `=== expected` the lines that are expected.
fn parts(case: &str) -> Vec<(String, String)> {
    let mut parts: Vec<(String, String)> = Vec::new();
    for line in case.lines() {
        if let Some(name) = line.strip_prefix("=== ") {
            parts.push((name.to_owned(), String::new()));
        } else if let Some((_, text)) = parts.last_mut() {
            text.push_str(line);
            text.push('\n');
        }
    }
    parts
}

fn shown(domain: &DomainName, files: &[(String, String)]) -> String {
    let mut all = Directory::default();
    let mut shown = String::new();
    for (name, text) in files {
        match read(name, text.as_bytes(), domain, None) {
            Ok(directory) => {
                writeln!(shown, "format {}", directory.sources[0].format.name()).unwrap();
                all.absorb(directory);
            }
            Err(error) => writeln!(shown, "error {error}").unwrap(),
        }
    }
    for account in &all.accounts {
        writeln!(shown, "mailbox {} {} {}", account.address, account.user, account.name).unwrap();
    }
    let plan = AliasPlan::of(&all, &[]);
    for (route, planned) in all.routes.iter().zip(&plan.routes) {
        let to: Vec<String> = route.to.iter().map(ToString::to_string).collect();
        writeln!(shown, "route {} {}: {}", route.from, planned.kind.word(), to.join(" ")).unwrap();
        for trouble in &planned.troubles {
            writeln!(shown, "  {}", trouble.words()).unwrap();
        }
    }
    for left_out in &all.left_out {
        let why = match &left_out.why {
            WhyLeftOut::SystemAccount { .. } => "system".to_owned(),
            WhyLeftOut::Program(program) => format!("program {program}"),
            WhyLeftOut::OtherDomain(domain) => format!("other domain {domain}"),
            WhyLeftOut::File => "file".to_owned(),
            WhyLeftOut::Include => "include".to_owned(),
            WhyLeftOut::Discarded => "discarded".to_owned(),
            WhyLeftOut::DomainRewrite => "domain rewrite".to_owned(),
            WhyLeftOut::CatchAllMailbox => "catch-all mailbox".to_owned(),
            WhyLeftOut::SwitchedOff => "switched off".to_owned(),
            WhyLeftOut::NotAnAddress => "no address".to_owned(),
            WhyLeftOut::TargetNotAnAddress => "target is no address".to_owned(),
            WhyLeftOut::Repeated => "repeated".to_owned(),
        };
        writeln!(shown, "left out {} line {}: {why}", left_out.what, left_out.line).unwrap();
    }
    if !plan.summary().is_empty() {
        writeln!(shown, "plan {}", plan.summary()).unwrap();
    }
    shown.lines().flat_map(|line| [line.trim_end(), "\n"]).collect()
}

#[test]
fn every_case_reads_as_expected() {
    let domain = DomainName::parse("example.org").unwrap();
    let mut names: Vec<_> =
        std::fs::read_dir(Path::new(FOLDER)).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    assert!(names.len() >= 20, "only {} cases", names.len());
    let mut wrong = Vec::new();
    for path in names {
        let case = std::fs::read_to_string(&path).unwrap();
        let mut files = parts(&case);
        let (last, expected) = files.pop().unwrap();
        assert_eq!(last, "expected", "{}", path.display());
        let found = shown(&domain, &files);
        if found != expected {
            wrong.push(format!("{}\n--- found\n{found}--- expected\n{expected}", path.display()));
        }
        // Every hash and password in the cases has this word in it.
        assert!(!found.contains("geheim"), "{}: {found}", path.display());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_hash_is_kept_or_shown() {
    let domain = DomainName::parse("example.org").unwrap();
    let files: [&[u8]; 9] = [
        b"anna@example.org:{PLAIN}geheim with \"blanks\", and more\n",
        b"anna@example.org:geheim\nben:geheim\n",
        b"anna@example.org:geheim:1000:1000::/home/anna::\n",
        b"anna@example.org:{SHA512-CRYPT}$6$geheim$geheim:1000:1000:Anna:/srv/mail::x=geheim\n",
        b"address,name,password,first name\nanna@example.org,Anna,geheim,\n",
        b"anna@example.org,geheim\nben@example.org,geheim2\n",
        b"account; anna; {SHA}geheim; Anna; W; True; SimpleUsers; anna@example.org; 0\n",
        b"dn: mail=anna@example.org\nobjectClass: mailUser\nmail: anna@example.org\nuserPassword:: {SSHA}geheim\n",
        b"INSERT INTO mailbox (username, password, name) VALUES ('anna@example.org', '{SSHA512}geheim', 'Anna');\n",
    ];
    for bytes in files {
        let directory = read("x", bytes, &domain, None).unwrap();
        assert_eq!(directory.accounts[0].address.to_string(), "anna@example.org");
        let kept = serde_json::to_string(&directory).unwrap();
        assert!(!kept.contains("geheim"), "{kept}");
        // Whatever form it is taken for, neither what is kept nor the error repeats a password.
        for format in Format::ALL {
            let said = match read("x", bytes, &domain, Some(format)) {
                Ok(_) => String::new(),
                Err(error) => error.to_string(),
            };
            assert!(!said.contains("geheim"), "{said}");
        }
    }
    let shadow = b"anna:$6$geheim$geheim:19000:0:99999:7:::\nben:!:19000:0:99999:7:::\n";
    assert_eq!(read("x", shadow, &domain, None), Err(AccountsError::Shadow));
}

#[test]
fn huge_files_end_with_a_word() {
    let domain = DomainName::parse("example.org").unwrap();
    let many: String = (0..60_000)
        .flat_map(|number| ["user".to_owned(), number.to_string(), "@example.org\n".to_owned()])
        .collect();
    assert_eq!(read("x", many.as_bytes(), &domain, None), Err(AccountsError::TooMany(50_000)));
    let wide = format!("all: {}\n", "a,".repeat(300_000));
    assert_eq!(read("x", wide.as_bytes(), &domain, None), Err(AccountsError::TooMany(200_000)));
    assert_eq!(read("x", &vec![b'a'; 33_000_000], &domain, None), Err(AccountsError::TooLarge));
    let system: String = (0..5_000)
        .flat_map(|number| ["u".to_owned(), number.to_string(), ":x:5:5::/:/bin/sh\n".to_owned()])
        .collect();
    let directory = read("x", system.as_bytes(), &domain, None).unwrap();
    assert_eq!((directory.left_out.len(), directory.more_left_out), (1_000, 4_000));
}
