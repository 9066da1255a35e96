/// Disables core dumps, which could contain passwords, for this process and the programs it
/// starts.
#[cfg(unix)]
pub fn keep_no_core_files() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    if let Err(error) = setrlimit(Resource::Core, none) {
        tracing::warn!(%error, "a crash may leave a core file behind");
    }
}

/// Other systems write none by default.
#[cfg(not(unix))]
pub const fn keep_no_core_files() {}
