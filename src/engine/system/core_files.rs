/// From now on a crash leaves no picture of the memory behind, in which passwords could be read. Nor do the programs that
/// are started.
#[cfg(unix)]
pub fn keep_no_core_files() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    if let Err(error) = setrlimit(Resource::Core, none) {
        tracing::warn!(%error, "a crash may leave a core file behind");
    }
}

/// Other systems keep none unless they are told to.
#[cfg(not(unix))]
pub const fn keep_no_core_files() {}
