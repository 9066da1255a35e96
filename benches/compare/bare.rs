//! The bare limit: what the two servers need when nobody thinks in between. All messages are asked for at once, and a
//! stream that was made beforehand is written to the other side at the same time, without waiting and without a ledger.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Instant;

use mailferry_test_support::clients::plain_imap::Mail;
use mailferry_test_support::servers::dovecot::PASSWORD;

use super::tools::Account;

/// Messages in one APPEND.
const BATCH: usize = 100;
/// One read from a socket, in bytes.
const READ_BYTES: usize = 1 << 20;

/// The end of what the server says, which is looked at.
const END_BYTES: usize = 400;

/// A signed-in connection and all its commands.
struct Stream {
    socket: TcpStream,
    commands: Vec<u8>,
}

/// Seconds for reading everything and writing everything, both at the same time, over so many connections on each side.
pub fn seconds(from: &Account, to: &Account, mails: &[Mail], connections: usize) -> f64 {
    let mut folders: BTreeMap<&str, Vec<&Mail>> = BTreeMap::new();
    for mail in mails {
        folders.entry(&mail.folder).or_default().push(mail);
    }
    let mut streams = Vec::new();
    for lane in 0..connections {
        let mine = || folders.iter().enumerate().filter(move |(index, _)| index % connections == lane);
        let mut reads = Vec::new();
        let mut writes = Vec::new();
        for (_, (folder, mails)) in mine() {
            reads.extend(format!("r EXAMINE \"{folder}\"\r\nr UID FETCH 1:* (UID BODY.PEEK[])\r\n").bytes());
            if *folder != "INBOX" {
                writes.extend(format!("w CREATE \"{folder}\"\r\n").bytes());
            }
            writes.extend(appends(folder, mails));
        }
        streams.push(Stream::new(from, reads));
        streams.push(Stream::new(to, writes));
    }
    let began = Instant::now();
    std::thread::scope(|scope| {
        for stream in streams {
            scope.spawn(move || stream.run());
        }
    });
    began.elapsed().as_secs_f64()
}

/// Fills a folder from a generator as quickly as the server takes it.
pub fn fill(account: &Account, folder: &str, mails: impl Iterator<Item = Mail>) {
    let mut mails = mails.peekable();
    let mut is_first = true;
    while mails.peek().is_some() {
        // A portion at a time, so that the filler's memory stays small.
        let portion: Vec<Mail> = mails.by_ref().take(50 * BATCH).collect();
        let mut bytes = Vec::new();
        if std::mem::take(&mut is_first) && folder != "INBOX" {
            bytes.extend(format!("w CREATE \"{folder}\"\r\n").bytes());
        }
        bytes.extend(appends(folder, &portion.iter().collect::<Vec<_>>()));
        Stream::new(account, bytes).run();
    }
}

fn appends(folder: &str, mails: &[&Mail]) -> Vec<u8> {
    let mut stream = Vec::new();
    for batch in mails.chunks(BATCH) {
        let mut line = format!("w APPEND \"{folder}\"");
        for mail in batch {
            let Mail { flags, date, bytes, .. } = mail;
            write!(line, " ({}) \"{date}\" {{{}+}}\r\n", flags.join(" "), bytes.len()).unwrap();
            stream.extend(std::mem::take(&mut line).into_bytes());
            stream.extend_from_slice(bytes);
        }
        stream.extend_from_slice(b"\r\n");
    }
    stream
}

impl Stream {
    fn new(account: &Account, mut commands: Vec<u8>) -> Self {
        commands.extend_from_slice(b"z LOGOUT\r\n");
        let mut socket = TcpStream::connect(("127.0.0.1", account.port)).unwrap();
        socket.set_nodelay(true).unwrap();
        let password = PASSWORD.replace('"', "\\\"");
        write!(socket, "a LOGIN {} \"{password}\"\r\n", account.user).unwrap();
        // Before the answer nothing more may be sent: Dovecot's sign-in reads a few kilobytes only.
        let mut answer = Vec::new();
        while !String::from_utf8_lossy(&answer).contains("\na OK") {
            let mut buffer = [0; 4_096];
            let read = socket.read(&mut buffer).unwrap();
            assert!(read > 0, "the server ended with {:?}", String::from_utf8_lossy(&answer));
            answer.extend_from_slice(&buffer[..read]);
        }
        Self { socket, commands }
    }

    fn run(self) {
        let Self { socket, commands } = self;
        let mut reading = socket.try_clone().unwrap();
        std::thread::scope(|scope| {
            scope.spawn(move || (&socket).write_all(&commands).unwrap());
            let mut buffer = vec![0; READ_BYTES];
            let mut end = Vec::new();
            loop {
                let read = reading.read(&mut buffer).unwrap();
                if read == 0 {
                    break;
                }
                end.extend_from_slice(&buffer[read.saturating_sub(END_BYTES)..read]);
                end.drain(..end.len().saturating_sub(END_BYTES));
            }
            let end = String::from_utf8_lossy(&end).into_owned();
            assert!(end.contains("\nz OK"), "the server ended with {end:?}");
        });
    }
}
