//! A server that answers each command as a test says.

use std::io::{BufReader, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use mailferry::imap::Access;
use mailferry::values::Security;

use crate::servers::dovecot::access;

/// What a server does with a command.
pub enum Does {
    /// `{tag}` stands for the tag.
    Says(String),
    /// These bytes, whatever they are.
    Sends(Vec<u8>),
    Nothing,
}

/// What a server does with each command.
pub type Script = Arc<dyn Fn(&str) -> Does + Send + Sync>;

/// A server that reads lines and does as it is told; its commands are kept.
pub struct Scripted {
    port: u16,
    commands: Arc<Mutex<Vec<String>>>,
}

impl Scripted {
    /// Starts it on a port of its own.
    pub fn start(capabilities: &'static str, script: impl Fn(&str) -> Does + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let commands: Arc<Mutex<Vec<String>>> = Arc::default();
        let (kept, script): (_, Script) = (Arc::clone(&commands), Arc::new(script));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (stream, script, kept) = (stream.unwrap(), Arc::clone(&script), Arc::clone(&kept));
                std::thread::spawn(move || {
                    let writer = stream.try_clone().unwrap();
                    drop(talk(BufReader::new(stream), writer, capabilities, &script, &kept));
                });
            }
        });
        Self { port, commands }
    }

    /// The way in.
    pub fn access(&self) -> Access {
        access(self.port, Security::Clear, "anna")
    }

    /// Commands as they came, without their tags, and lines that are no commands.
    pub fn commands(&self) -> Vec<String> {
        self.commands.lock().unwrap().clone()
    }
}

/// Speaks with one client until that ends.
pub fn talk(
    mut reader: impl std::io::BufRead,
    mut writer: impl Write,
    capabilities: &str,
    script: &Script,
    kept: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    writer.write_all(b"* OK ready\r\n")?;
    loop {
        let mut line = Vec::new();
        if reader.read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        let line = String::from_utf8_lossy(&line).trim_end().to_owned();
        let (tag, command) = line.split_once(' ').unwrap_or((&line, ""));
        // A line of a SASL exchange has no tag.
        kept.lock().unwrap().push(if command.is_empty() { line.clone() } else { command.to_owned() });
        let bytes = match script(command) {
            Does::Says(text) => text.replace("{tag}", tag).into_bytes(),
            Does::Sends(bytes) => [format!("{tag} OK done\r\n").into_bytes(), bytes].concat(),
            Does::Nothing if command.starts_with("CAPABILITY") => {
                format!("* CAPABILITY {capabilities}\r\n{tag} OK\r\n").into_bytes()
            }
            Does::Nothing => format!("{tag} OK\r\n").into_bytes(),
        };
        writer.write_all(&bytes)?;
    }
}
