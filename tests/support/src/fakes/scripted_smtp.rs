//! A mail server that says what the test wants, and keeps the mail that it takes.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// What it says to recipients whose address ends so; others are taken.
pub type Script = Vec<(&'static str, &'static str)>;

/// The server; its thread ends with the test's process.
pub struct ScriptedSmtp {
    /// Its port on 127.0.0.1.
    pub port: u16,
    mails: Arc<Mutex<Vec<String>>>,
}

impl ScriptedSmtp {
    /// Listens, and answers recipients by the script.
    ///
    /// # Panics
    /// Where no port is free.
    pub fn start(script: Script) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let mails: Arc<Mutex<Vec<String>>> = Arc::default();
        let taken = Arc::clone(&mails);
        let script = Arc::new(script);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (script, taken) = (Arc::clone(&script), Arc::clone(&taken));
                // A client that goes away in the middle has said enough.
                thread::spawn(move || drop(serve(stream, &script, &taken)));
            }
        });
        Self { port, mails }
    }

    /// The mails that were taken so far.
    ///
    /// # Panics
    /// Where a connection has panicked.
    pub fn mails(&self) -> Vec<String> {
        self.mails.lock().unwrap().clone()
    }
}

fn serve(stream: TcpStream, script: &Script, taken: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let mut out = stream.try_clone()?;
    let mut lines = BufReader::new(stream).lines();
    out.write_all(b"220 mx.receiver.test ESMTP\r\n")?;
    while let Some(line) = lines.next().transpose()? {
        let upper = line.to_ascii_uppercase();
        let reply = if upper.starts_with("EHLO") || upper.starts_with("HELO") {
            "250 mx.receiver.test".to_owned()
        } else if upper.starts_with("RCPT") {
            let address = line.split(['<', '>']).nth(1).unwrap_or_default();
            let said = script.iter().find(|(end, _)| address.ends_with(end));
            said.map_or("250 2.1.5 Ok", |(_, reply)| *reply).to_owned()
        } else if upper == "DATA" {
            out.write_all(b"354 go on\r\n")?;
            let mut mail = String::new();
            for line in lines.by_ref() {
                let line = line?;
                if line == "." {
                    break;
                }
                mail.push_str(line.strip_prefix('.').unwrap_or(&line));
                mail.push_str("\r\n");
            }
            taken.lock().unwrap().push(mail);
            "250 2.0.0 Ok: queued".to_owned()
        } else if upper == "QUIT" {
            out.write_all(b"221 bye\r\n")?;
            return Ok(());
        } else {
            "250 2.0.0 Ok".to_owned()
        };
        out.write_all(format!("{reply}\r\n").as_bytes())?;
    }
    Ok(())
}
