//! Files that the headless commands write: their mode, links and devices in their place, and what must not be written
//! over.
#![cfg(unix)]

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use mailferry::project::Project;
use mailferry::values::DomainName;

const ZONE: &str = "$ORIGIN example.org.\n$TTL 300\n@ IN SOA ns hostmaster 1 2 3 4 5\n@ IN MX 10 mail\n";

/// A folder with a zone file, and the program with a home in it.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("zone"), ZONE).unwrap();
        Self(folder)
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs a line of a shell in the folder, so that umask and redirections are a shell's own.
    fn shell(&self, line: &str) -> Output {
        Command::new("sh")
            .args(["-c", line])
            .current_dir(self.0.path())
            .env("MAILFERRY", env!("CARGO_BIN_EXE_mailferry"))
            .env("HOME", self.0.path())
            .env("XDG_CONFIG_HOME", self.at("config"))
            .env("XDG_DATA_HOME", self.at("data"))
            .env_remove("DBUS_SESSION_BUS_ADDRESS")
            .output()
            .unwrap()
    }

    /// Writes the records to `out`; what stands before is run first.
    fn records(&self, before: &str, out: &str) -> Output {
        self.shell(&format!(
            "{before} exec \"$MAILFERRY\" records example.org --provider fastmail --zone zone --out {out}"
        ))
    }

    fn mode(&self, name: &str) -> u32 {
        std::fs::metadata(self.at(name)).unwrap().mode() & 0o7777
    }
}

fn words(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The records of the test lack an answer of the provider, which is a failure that is named.
#[track_caller]
fn assert_written(output: &Output, text: &[u8]) {
    assert!(matches!(output.status.code(), Some(0 | 1)), "{}", words(&output.stderr));
    assert!(words(text).contains("$ORIGIN example.org."), "{}", words(text));
}

#[test]
fn a_new_file_has_the_mode_that_the_umask_leaves_and_an_old_one_keeps_its_own() {
    let place = Place::new();
    for (mask, mode) in [("077", 0o600), ("027", 0o640), ("022", 0o644), ("002", 0o664)] {
        let output = place.records(&format!("umask {mask};"), mask);
        assert_written(&output, &std::fs::read(place.at(mask)).unwrap());
        assert_eq!(place.mode(mask), mode, "{mask}");
    }
    for mode in [0o600, 0o660, 0o644] {
        std::fs::set_permissions(place.at("022"), std::fs::Permissions::from_mode(mode)).unwrap();
        place.records("umask 022;", "022");
        assert_eq!(place.mode("022"), mode);
    }
}

#[test]
fn what_is_no_plain_file_is_written_through() {
    let place = Place::new();
    symlink("target", place.at("link")).unwrap();
    std::fs::write(place.at("target"), "old").unwrap();
    assert_written(&place.records("", "link"), &std::fs::read(place.at("target")).unwrap());
    assert!(place.at("link").is_symlink());

    let piped = place.records("mkfifo pipe; (cat pipe > got) &", "pipe");
    place.shell("while ! [ -s got ]; do sleep 0.05; done");
    assert_written(&piped, &std::fs::read(place.at("got")).unwrap());

    let shown = place.records("", "/dev/stdout");
    assert_written(&shown, &shown.stdout);
    // What was printed before stays before it.
    place.records("exec > both; echo before;", "/dev/stdout");
    let both = std::fs::read_to_string(place.at("both")).unwrap();
    assert!(both.starts_with("before\n") && both.contains("$ORIGIN"), "{both}");
    let third = place.records("exec 3> third;", "/dev/fd/3");
    assert_written(&third, &std::fs::read(place.at("third")).unwrap());
    assert!(place.records("", "/dev/null").status.code().is_some_and(|code| code < 2));

    let folder = place.records("mkdir folder;", "folder");
    assert_eq!(folder.status.code(), Some(3));
    assert!(words(&folder.stderr).contains("could not be written"), "{}", words(&folder.stderr));
}

#[test]
fn no_output_is_written_over_a_project_or_over_what_is_read() {
    let place = Place::new();
    let domain = DomainName::parse("example.org").unwrap();
    let project = Project::create(&place.at("org.mailferry"), &domain, false).unwrap();
    drop(project);
    symlink("org.mailferry", place.at("link.json")).unwrap();
    std::fs::hard_link(place.at("org.mailferry"), place.at("hard.json")).unwrap();
    let before = std::fs::read(place.at("org.mailferry")).unwrap();
    let own = ["org.mailferry", "./org.mailferry-wal", "org.mailferry-shm", "org.mailferry.lock"];
    for out in own.into_iter().chain(["link.json", "hard.json"]) {
        let copied = place.shell(&format!("exec \"$MAILFERRY\" copy --project org.mailferry --json {out}"));
        assert_eq!(copied.status.code(), Some(3), "{out}: {}", words(&copied.stderr));
        assert!(words(&copied.stderr).contains("belongs to a project"), "{out}: {}", words(&copied.stderr));
        // Nothing was touched: the project was not even opened.
        assert_eq!(std::fs::read(place.at("org.mailferry")).unwrap(), before, "{out}");
    }
    // Nor does a command without a project write over one.
    for out in ["org.mailferry", "link.json", "hard.json"] {
        assert_eq!(place.records("", out).status.code(), Some(3), "{out}");
    }
    assert_eq!(std::fs::read(place.at("org.mailferry")).unwrap(), before);
    Project::open(&place.at("org.mailferry")).unwrap();

    let over_input = place.records("", "./zone");
    assert_eq!(over_input.status.code(), Some(2), "{}", words(&over_input.stderr));
    assert_eq!(std::fs::read_to_string(place.at("zone")).unwrap(), ZONE);
    let twice = "exec \"$MAILFERRY\" copy --project org.mailferry --json a.json --messages ./a.json";
    assert_eq!(place.shell(twice).status.code(), Some(2));
    assert!(!Path::new(&place.at("a.json")).exists());
}
