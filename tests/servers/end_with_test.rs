//! Servers that a test starts end with the test, also when it fails or is killed.

use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use mailferry_test_support::programs::until;
use mailferry_test_support::servers::dovecot::{self, Dovecot};
use mailferry_test_support::servers::named::Named;

/// How the inner test ends, and where it writes down what it has started.
const END: &str = "MAILFERRY_TEST_END";
const STARTED: &str = "MAILFERRY_TEST_STARTED";

/// The test that fails or is killed: run by the others only.
#[test]
#[ignore = "is started by the tests beside it"]
fn a_test_with_servers() {
    let (Some(end), Some(started)) = (std::env::var_os(END), std::env::var_os(STARTED)) else { return };
    let dovecot = Dovecot::start(&["anna"], &dovecot::Settings::default());
    let named = Named::start(&[("weber.test", "")], "");
    // Connections, so that more than one process of a server is there.
    let ports = [dovecot.as_ref().map(|dovecot| dovecot.clear_port), named.as_ref().map(|named| named.port)];
    let clients = ports.map(|port| port.map(|port| TcpStream::connect(("127.0.0.1", port)).unwrap()));
    let processes = [dovecot.as_ref().map(Dovecot::process), named.as_ref().map(Named::process)];
    let processes: Vec<String> = processes.into_iter().flatten().map(|process| process.to_string()).collect();
    // Appears with its content at once.
    let unfinished = Path::new(&started).with_extension("new");
    std::fs::write(&unfinished, processes.join(" ")).unwrap();
    std::fs::rename(unfinished, started).unwrap();
    assert_ne!(end, "failure", "a failure on purpose");
    drop(clients);
    loop {
        std::thread::park();
    }
}

fn start(end: &str, started: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "end_with_test::a_test_with_servers", "--ignored", "--test-threads=1"])
        .env(END, end)
        .env(STARTED, started)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Processes that are this one or belong to its group.
fn running(process: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let Ok(stat) = std::fs::read_to_string(entry.path().join("stat")) else { continue };
        let Some((name, rest)) = stat.rsplit_once(") ") else { continue };
        let fields: Vec<&str> = rest.split(' ').collect();
        let [state, _parent, group, ..] = fields.as_slice() else { continue };
        let is_it = *group == process || name.split(' ').next() == Some(process);
        // An ended process stays in the table until somebody asks for its result.
        if is_it && *state != "Z" {
            found.push(stat);
        }
    }
    found
}

fn servers_end(end: &str, kill: impl Fn(&mut Child)) {
    let folder = tempfile::tempdir().unwrap();
    let started = folder.path().join("started");
    let mut inner = start(end, &started);
    let processes = until("the servers are started", || std::fs::read_to_string(&started).ok());
    kill(&mut inner);
    inner.wait().unwrap();
    for process in processes.split_ascii_whitespace() {
        until(&format!("process {process} ends"), || running(process).is_empty().then_some(()));
    }
}

#[test]
fn servers_end_with_a_test_that_is_killed() {
    servers_end("never", |inner| {
        inner.kill().unwrap();
    });
}

#[test]
fn servers_end_with_a_test_that_fails() {
    servers_end("failure", |_| {});
}
