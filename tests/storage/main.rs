//! What is kept on disk: the project file, and passwords in a real keyring.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::large_futures,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "tests and their helpers end where something is wrong, and say what they skip"
)]

mod keyring;
mod project_file;
