//! The program from outside: the sign-in is kept in a real keyring, a later run copies with it, and no secret shows anywhere.

use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use mailferry_test_support::clients::http::HttpClient;
use mailferry_test_support::clients::plain_imap::{PlainImap, mixed_mailbox};
use mailferry_test_support::programs::Guard;
use mailferry_test_support::servers::dovecot::{self, Dovecot, PASSWORD};
use mailferry_test_support::servers::keyring::{self, home};
use mailferry_test_support::servers::oidc::Oidc;

use crate::{mail_server, open_folder};

struct Ran {
    status: i32,
    out: String,
    words: String,
}

/// Runs the program within the keyring of this home. `see` is shown each line of its words as it comes.
fn run(home: &Path, arguments: &[&str], mut see: impl FnMut(&str)) -> Ran {
    let mut command = keyring::with_open_keyring(Path::new(env!("CARGO_BIN_EXE_mailferry")), home);
    command.args(arguments).env("MAILFERRY_LOG", "mailferry=trace");
    let mut child = command.process_group(0).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let guard = Guard::of(&child);
    let mut words = String::new();
    for line in BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok) {
        see(&line);
        words.push_str(&line);
        words.push('\n');
    }
    let mut out = String::new();
    child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
    let status = child.wait().unwrap().code().unwrap_or(-1);
    drop(guard);
    Ran { status, out, words }
}

#[test]
fn a_sign_in_is_kept_and_a_later_copy_uses_it_and_nothing_shows_a_secret() {
    if !keyring::is_available() {
        return;
    }
    let Some(oidc) = Oidc::start() else { return };
    let folder = open_folder();
    let Some(source) = Dovecot::start(&["anna"], &dovecot::Settings::default()) else { return };
    let Some(destination) = mail_server(&oidc, &["anna"], folder.path()) else { return };
    let mails = mixed_mailbox(12, '/', "");
    PlainImap::open(source.clear_port, "anna").store(&mails);
    let home = home();
    let providers = home.path().join("own.toml");
    std::fs::write(&providers, oidc.provider_file("127.0.0.1")).unwrap();
    let password = home.path().join("password");
    std::fs::write(&password, PASSWORD).unwrap();
    std::fs::set_permissions(&password, std::fs::Permissions::from_mode(0o600)).unwrap();
    let own = providers.display().to_string();
    let copy = |home: &Path| {
        let project = home.join("move.mailferry");
        run(
            home,
            &[
                "copy",
                "--from",
                &format!("imap://anna@127.0.0.1:{}", source.clear_port),
                "--to",
                &format!("imap://anna@127.0.0.1:{}", destination.clear_port),
                "--from-password-file",
                &password.display().to_string(),
                "--to-sign-in",
                "own",
                "--project",
                &project.display().to_string(),
            ],
            |_| {},
        )
    };
    // Before anybody has signed in, the copy says so and how.
    let early = copy(home.path());
    assert!(
        early.status != 0 && early.words.contains("mailferry sign-in"),
        "{}\n{}",
        early.status,
        early.words
    );

    let arguments =
        ["sign-in", "--provider", "own", "--user", "anna", "--client-id", "mailferry", "--no-browser"];
    let signed = run(home.path(), &[&arguments[..], &["--provider-file", &own]].concat(), |line| {
        if line.starts_with(&oidc.address) {
            let address = line.trim().to_owned();
            std::thread::spawn(move || HttpClient::default().get(&address));
        }
    });
    assert_eq!(signed.status, 0, "{}\n{}", signed.words, oidc.log());
    assert!(signed.words.contains("anna is signed in at Own server"), "{}", signed.words);

    let copied = copy(home.path());
    assert_eq!(copied.status, 0, "{}\n{}", copied.words, destination.log());
    let [from, to] = [&source, &destination]
        .map(|server| PlainImap::open(server.clear_port, "anna").multiset(str::to_owned));
    assert_eq!(from, to);

    // Whatever was given out by the provider is in none of the program's words and files but the keyring's own.
    let given = oidc.given();
    assert!(given.len() >= 2, "{given:?}");
    for secret in &given {
        for text in [&early.words, &signed.words, &copied.words, &signed.out, &copied.out] {
            assert!(!text.contains(secret.as_str()), "{text}");
        }
        for file in files_below(home.path()) {
            let bytes = std::fs::read(&file).unwrap_or_default();
            let is_there = bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
            assert!(!is_there, "a secret is in {}", file.display());
        }
    }

    let forgotten = run(home.path(), &["sign-in", "--provider", "own", "--user", "anna", "--forget"], |_| {});
    assert!(
        forgotten.status == 0 && forgotten.words.contains("withdrawn and forgotten"),
        "{}",
        forgotten.words
    );
    let after = copy(home.path());
    assert!(after.status != 0 && after.words.contains("mailferry sign-in"), "{}", after.words);
}

fn files_below(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() {
            files.extend(files_below(&entry.path()));
        } else if entry.file_type().unwrap().is_file() {
            files.push(entry.path());
        }
    }
    files
}

#[test]
fn guides_and_scripts_need_no_keyring_and_wrong_usage_is_reported() {
    let home = home();
    let ran = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mailferry"));
        let output = command
            .args(arguments)
            .env("HOME", home.path())
            .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus")
            .current_dir(home.path())
            .output()
            .unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ran {
            status: output.status.code().unwrap_or(-1),
            out: text(&output.stdout),
            words: text(&output.stderr),
        }
    };
    for (provider, more, words) in [
        ("google", None, "Desktop app"),
        ("google", Some("--organisation"), "domain-wide delegation"),
        ("microsoft", None, "Allow public client flows"),
        ("microsoft", Some("--organisation"), "IMAP.AccessAsApp"),
    ] {
        let mut arguments = vec!["sign-in", "--provider", provider, "--guide"];
        arguments.extend(more);
        let guide = ran(&arguments);
        assert!(
            guide.status == 0 && guide.out.starts_with("1. ") && guide.out.contains(words),
            "{}",
            guide.out
        );
        assert!(guide.out.contains("https://"), "{}", guide.out);
    }
    let unknown = ran(&["sign-in", "--provider", "nowhere", "--guide"]);
    assert!(unknown.status == 3 && unknown.words.contains("google, microsoft"), "{}", unknown.words);
    let usage = ran(&["sign-in", "--provider", "google", "--user", "anna@example.org"]);
    assert!(usage.status == 2 && usage.words.contains("--client-id"), "{}", usage.words);
    let secret = ran(&[
        "sign-in",
        "--provider",
        "google",
        "--user",
        "anna@example.org",
        "--client-id",
        "x",
        "--no-browser",
    ]);
    assert!(secret.status == 3 && secret.words.contains("--client-secret-file"), "{}", secret.words);

    let list = home.path().join("list.csv");
    std::fs::write(&list, "address,destination_user\nanna@example.org,\nben@example.org,ben@new.example\n")
        .unwrap();
    let scripts =
        ran(&["exchange-access", "--accounts", "list.csv", "--app-id", "1-2", "--object-id", "3-4"]);
    assert_eq!(scripts.status, 0, "{}", scripts.words);
    for file in ["give-access.ps1", "take-access-back.ps1"] {
        let script = std::fs::read_to_string(home.path().join(file)).unwrap();
        assert!(script.contains("'anna@example.org'") && script.contains("'ben@new.example'"), "{script}");
    }
    let missing = ran(&["exchange-access", "--accounts", "none.csv", "--app-id", "1", "--object-id", "2"]);
    assert_eq!(missing.status, 3, "{}", missing.words);
}
