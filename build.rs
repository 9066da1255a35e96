//! Reads every file of `assets/` before anything is built, so that a wrong one stops the build and says where; and
//! writes what packagers ship beside the program: shell completions, manual pages, and the resources of Windows.

use std::error::Error;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{CommandFactory as _, ValueEnum as _};

// The same readers and definitions as in the program. Of each only a part is needed here.
#[path = "src/cli/account_list_args.rs"]
mod account_list_args;
#[path = "src/cli/args.rs"]
mod args;
#[path = "src/assets/mod.rs"]
#[expect(dead_code, unused_imports, reason = "files are checked here and used in the program")]
mod assets;
#[path = "src/cli/audit_args.rs"]
mod audit_args;
#[path = "src/cli/copy_args.rs"]
mod copy_args;
#[path = "src/providers/mod.rs"]
#[expect(dead_code, unused_imports, reason = "files are checked here and used in the program")]
mod providers;
#[path = "src/cli/test_imap_args.rs"]
mod test_imap_args;
#[path = "src/values/mod.rs"]
#[expect(dead_code, unused_imports, reason = "what the providers' files are made of")]
mod values;

/// The readers of values that the definitions of the command line name; nothing is parsed here.
mod plan {
    pub fn parse_date(text: &str) -> Result<i64, String> {
        Err(text.to_owned())
    }

    pub fn parse_size(text: &str) -> Result<u64, String> {
        Err(text.to_owned())
    }
}

#[expect(clippy::print_stderr, reason = "how a build script speaks to cargo and to people")]
fn main() -> ExitCode {
    for path in [
        "build.rs",
        "assets",
        "src/assets",
        "src/providers",
        "src/values",
        "src/cli/args.rs",
        "src/cli/account_list_args.rs",
        "src/cli/audit_args.rs",
        "src/cli/copy_args.rs",
        "src/cli/test_imap_args.rs",
    ] {
        println!("cargo::rerun-if-changed={path}");
    }
    match check_assets().and_then(|()| write_beside()).and_then(|()| add_resources()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Every file below `assets/`; the first wrong one ends the build.
fn check_assets() -> Result<(), Box<dyn Error>> {
    let root = Path::new("assets");
    let mut folders = vec![root.to_path_buf()];
    let mut provider_files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(root)?.to_string_lossy().replace('\\', "/");
            match name.strip_prefix("providers/") {
                Some(file) => provider_files.push((file.to_owned(), fs::read_to_string(&path)?)),
                None => assets::check(&name, &fs::read(&path)?)?,
            }
        }
    }
    let files: Vec<(&str, &str)> =
        provider_files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    providers::Catalogue::load(&files).map_err(|error| format!("assets/providers/{error}"))?;
    let is_embedded =
        |name: &str| providers::Catalogue::embedded_files().iter().any(|(known, _)| *known == name);
    match files.iter().find(|(name, _)| !is_embedded(name)) {
        Some((name, _)) => Err(format!(
            "assets/providers/{name}:1: nobody reads this file; name it in src/providers/catalogue.rs"
        )
        .into()),
        None => Ok(()),
    }
}

/// Completions and manual pages: into `OUT_DIR`, and where packagers find them, `target/<profile>/assets`.
fn write_beside() -> Result<(), Box<dyn Error>> {
    let out = PathBuf::from(std::env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?);
    let mut places = vec![out.join("assets")];
    // target/<profile>/build/<package>/out
    places.extend(
        out.ancestors().nth(3).filter(|_| is_below(&out, "build")).map(|profile| profile.join("assets")),
    );
    for place in places {
        let (completions, manual) = (place.join("completions"), place.join("man"));
        fs::create_dir_all(&completions)?;
        fs::create_dir_all(&manual)?;
        for shell in clap_complete::Shell::value_variants() {
            clap_complete::generate_to(*shell, &mut args::Arguments::command(), "mailferry", &completions)?;
        }
        clap_mangen::generate_to(args::Arguments::command(), &manual)?;
    }
    Ok(())
}

fn is_below(path: &Path, folder: &str) -> bool {
    path.ancestors().nth(2).and_then(Path::file_name) == Some(OsStr::new(folder))
}

/// Name and version for the Explorer.
#[cfg(windows)]
fn add_resources() -> Result<(), Box<dyn Error>> {
    if std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|system| system == "windows") {
        let mut resources = winresource::WindowsResource::new();
        resources.set("ProductName", "Mailferry").set("FileDescription", "Mailferry");
        resources.set_icon("packaging/icons/mailferry.ico");
        resources.compile()?;
    }
    Ok(())
}

#[cfg(not(windows))]
#[expect(clippy::unnecessary_wraps, reason = "as on Windows")]
fn add_resources() -> Result<(), Box<dyn Error>> {
    Ok(())
}
