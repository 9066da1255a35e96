//! Gives a name server an address of its own on loopback: `named` only listens where an interface has the address.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How often a waiting relay looks whether it is over.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Passes questions on and brings answers back, over UDP and TCP, until it is dropped.
pub struct DnsRelay(Arc<AtomicBool>);

impl DnsRelay {
    /// Listens at an address and passes everything on to a port of 127.0.0.1.
    ///
    /// # Panics
    /// Where the address is taken.
    pub fn start(address: Ipv4Addr, port: u16, to: u16) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let udp = UdpSocket::bind((address, port)).unwrap();
        let tcp = TcpListener::bind((address, port)).unwrap();
        udp.set_read_timeout(Some(LOOK_EVERY)).unwrap();
        tcp.set_nonblocking(true).unwrap();
        let over = Arc::clone(&is_over);
        std::thread::spawn(move || {
            let mut question = [0; 4096];
            while !over.load(Ordering::Relaxed) {
                let Ok((length, client)) = udp.recv_from(&mut question) else { continue };
                if let Some(answer) = ask(&question[..length], to) {
                    // Who no longer waits gets nothing.
                    let _gone = udp.send_to(&answer, client);
                }
            }
        });
        let over = Arc::clone(&is_over);
        std::thread::spawn(move || {
            while !over.load(Ordering::Relaxed) {
                match tcp.accept() {
                    // A client that breaks off ends its own connection only.
                    Ok((stream, _)) => drop(pass_on(stream, to)),
                    Err(_nobody_yet) => std::thread::sleep(LOOK_EVERY),
                }
            }
        });
        Self(is_over)
    }
}

impl Drop for DnsRelay {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn ask(question: &[u8], to: u16) -> Option<Vec<u8>> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).ok()?;
    socket.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    socket.send_to(question, (Ipv4Addr::LOCALHOST, to)).ok()?;
    let mut answer = vec![0; 65_535];
    let length = socket.recv(&mut answer).ok()?;
    answer.truncate(length);
    Some(answer)
}

fn pass_on(mut client: TcpStream, to: u16) -> std::io::Result<()> {
    client.set_nonblocking(false)?;
    client.set_read_timeout(Some(Duration::from_secs(5)))?;
    let mut server = TcpStream::connect((Ipv4Addr::LOCALHOST, to))?;
    let question = framed(&mut client)?;
    server.write_all(&question)?;
    let answer = framed(&mut server)?;
    client.write_all(&answer)
}

/// One message with its length in front.
fn framed(stream: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let mut length = [0; 2];
    stream.read_exact(&mut length)?;
    let mut message = vec![0; usize::from(u16::from_be_bytes(length))];
    stream.read_exact(&mut message)?;
    Ok([&length[..], &message].concat())
}
