//! The guide in `docs/` and the README: every page is reachable, every link leads somewhere, every command is one.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use clap::{CommandFactory as _, Parser as _};
use mailferry::cli::Arguments;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn pages() -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(root().join("docs/src"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    found.push(root().join("README.md"));
    found.sort();
    found
}

/// The targets of Markdown links and pictures that lie in this project.
fn links(text: &str) -> Vec<String> {
    text.split("](")
        .skip(1)
        .filter_map(|rest| rest.split_once(')').map(|(target, _)| target.to_owned()))
        .filter(|target| !target.contains("://"))
        .collect()
}

/// Every command of this program in a block of code, continued lines joined, comments off.
fn commands(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for block in text.split("```").skip(1).step_by(2) {
        for line in block.replace("\\\n", " ").lines() {
            let line = line.split(" #").next().unwrap().trim();
            if line.starts_with("mailferry ") {
                found.push(line.to_owned());
            }
        }
    }
    found
}

/// Words as a shell makes them of blanks and single quotes, the only signs that the guide uses.
fn words(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (number, part) in command.split('\'').enumerate() {
        if number % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}

#[test]
fn every_link_leads_to_a_file() {
    for page in pages() {
        for link in links(&fs::read_to_string(&page).unwrap()) {
            let file = link.split('#').next().unwrap();
            let target = page.parent().unwrap().join(file);
            assert!(file.is_empty() || target.exists(), "{}: {link}", page.display());
        }
    }
}

#[test]
fn every_page_is_in_the_summary() {
    let folder = root().join("docs/src");
    let summary = fs::read_to_string(folder.join("SUMMARY.md")).unwrap();
    let listed: BTreeSet<PathBuf> = links(&summary).iter().map(|link| folder.join(link)).collect();
    let is_page = |path: &PathBuf| path.starts_with(&folder) && !path.ends_with("SUMMARY.md");
    let written: BTreeSet<PathBuf> = pages().into_iter().filter(is_page).collect();
    assert_eq!(listed, written);
}

#[test]
fn every_command_is_one() {
    let mut checked = 0;
    for page in pages() {
        for command in commands(&fs::read_to_string(&page).unwrap()) {
            // `…` stands for the accounts of the line above.
            let whole =
                command.replace('…', "--accounts people.csv --from imaps://a.example --to imaps://b.example");
            if let Err(error) = Arguments::try_parse_from(words(&whole)) {
                panic!("{}: {command}\n{error}", page.display());
            }
            checked += 1;
        }
    }
    assert!(checked > 15, "{checked} commands");
}

/// The heading of the part of the page that is written from the definitions of the command line.
const EVERY_OPTION: &str = "## Every option\n";

/// Every command with its arguments, as the program's own help has them.
fn every_option() -> String {
    let mut page = String::new();
    for task in Arguments::command().get_subcommands() {
        writeln!(page, "\n### mailferry {}\n\n{}\n", task.get_name(), task.get_about().unwrap()).unwrap();
        for argument in task.get_arguments().filter(|argument| !argument.is_hide_set()) {
            let values: Vec<_> =
                argument.get_value_names().unwrap_or_default().iter().map(ToString::to_string).collect();
            let is_switch = !argument.get_action().takes_values();
            let values = if is_switch { String::new() } else { values.join(" ") };
            let name = match argument.get_long() {
                Some(long) if values.is_empty() => format!("--{long}"),
                Some(long) => format!("--{long} {values}"),
                None => values,
            };
            let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
            writeln!(page, "* `{name}`: {}", help.replace('\n', " ")).unwrap();
        }
    }
    page
}

/// `UPDATE_GUIDE=1` writes it anew.
#[test]
fn every_option_is_in_the_guide() {
    let path = root().join("docs/src/command-line.md");
    let page = fs::read_to_string(&path).unwrap();
    let (before, options) = page.split_once(EVERY_OPTION).unwrap();
    if std::env::var_os("UPDATE_GUIDE").is_some() {
        fs::write(&path, format!("{before}{EVERY_OPTION}{}", every_option())).unwrap();
        return;
    }
    assert!(options == every_option(), "the page is old: UPDATE_GUIDE=1 cargo test --test cli every_option");
}

#[test]
fn the_package_needs_what_the_set_up_installs() {
    let script = fs::read_to_string(root().join("scripts/setup.sh")).unwrap();
    let list = script.split("run_packages=(").nth(1).unwrap().split("\n)").next().unwrap();
    let is_for_building = ["gcc", "libc6-dev", "pkg-config"];
    let manifest: toml::Table = fs::read_to_string(root().join("Cargo.toml")).unwrap().parse().unwrap();
    let depends = manifest["package"]["metadata"]["deb"]["depends"].as_str().unwrap();
    let depends: BTreeSet<&str> = depends.split(", ").collect();
    for package in list.split('"').skip(1).step_by(2).map(|entry| entry.split(':').next().unwrap()) {
        assert!(is_for_building.contains(&package) || depends.contains(package), "{package}");
    }
}

#[test]
fn names_of_the_desktop_agree() {
    let entry = fs::read_to_string(root().join("packaging/linux/mailferry.desktop")).unwrap();
    let types = fs::read_to_string(root().join("packaging/linux/mailferry.xml")).unwrap();
    let description = fs::read_to_string(root().join("packaging/linux/mailferry.metainfo.xml")).unwrap();
    let mime = "application/x-mailferry-project";
    assert!(entry.contains(&format!("MimeType={mime};")) && types.contains(&format!("type=\"{mime}\"")));
    assert!(
        types.contains("pattern=\"*.mailferry\"") && description.contains(&format!("<mediatype>{mime}<"))
    );
    let is_there = |path: &str| Path::new(&root()).join(path).exists();
    assert!(is_there("packaging/icons/mailferry-256.png") && is_there("packaging/icons/mailferry.ico"));
}

/// What the workflows run, one command each.
fn steps() -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root().join(".github/workflows")).unwrap() {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        let runs =
            text.lines().filter_map(|line| line.trim_start().trim_start_matches("- ").strip_prefix("run: "));
        found.extend(runs.flat_map(|run| run.split(" && ")).map(|run| run.trim().to_owned()));
    }
    found
}

#[test]
fn the_release_runs_what_there_is_and_takes_what_is_made() {
    let makefile = fs::read_to_string(root().join("Makefile")).unwrap();
    let manifest: toml::Table = fs::read_to_string(root().join("Cargo.toml")).unwrap().parse().unwrap();
    let mut made = Vec::new();
    for step in steps() {
        let (program, rest) = step.split_once(' ').unwrap();
        let first = rest.split(' ').next().unwrap();
        match program {
            "make" => {
                assert!(makefile.lines().any(|line| line.starts_with(&format!("{first}:"))), "{step}");
                made.push(first.to_owned());
            }
            // What it passes to the program is one of its commands.
            "cargo" if step.contains(" -- ") => {
                let own = step.split_once(" -- ").unwrap().1;
                let whole = format!("mailferry {own}");
                Arguments::try_parse_from(words(&whole)).unwrap_or_else(|error| panic!("{step}\n{error}"));
            }
            _ => {}
        }
    }
    assert!(
        made.iter().any(|target| target == "test") && made.iter().any(|target| target == "package"),
        "{made:?}"
    );
    let release = fs::read_to_string(root().join(".github/workflows/release.yml")).unwrap();
    let packager = &manifest["package"]["metadata"]["packager"];
    let out = packager["out-dir"].as_str().unwrap();
    for path in release.lines().filter(|line| line.contains("target/")).map(str::trim) {
        let path = path.strip_prefix("path: ").unwrap_or(path);
        assert!(path.starts_with(&format!("{out}/")), "{path} is where nothing is made");
    }
    for icon in packager["icons"].as_array().unwrap() {
        assert!(root().join(icon.as_str().unwrap()).is_file(), "{icon}");
    }
}
