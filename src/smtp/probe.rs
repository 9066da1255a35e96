//! One probe: connect, greeting, EHLO, STARTTLS, certificates, QUIT.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use super::conversation::Conversation;
use super::error::SmtpError;
use super::limits::Limits;
use super::transcript::Transcript;
use crate::net::{self, Offer, Protected, Roots};
use crate::values::{
    ControlProbe, Greeting, Hello, MailService, PortProbe, ProbeSource, ProbeTarget, Reach, TlsFacts,
    TlsFailure, TlsOutcome, TlsVersion, UnixTime,
};

/// How probes are made.
#[derive(Clone, Debug, Default)]
pub struct ProbeSettings {
    /// How long each part may take.
    pub limits: Limits,
    /// Who vouches for certificates.
    pub roots: Roots,
}

/// Looks at one port of one address. What goes wrong is part of what is learnt.
pub async fn probe(target: &ProbeTarget, settings: &ProbeSettings) -> PortProbe {
    let mut look = Look {
        probe: PortProbe::begun(target.clone(), ProbeSource::Program, UnixTime::now()),
        transcript: Transcript::default(),
        settings,
        began: Instant::now(),
    };
    let whole = settings.limits.whole;
    if timeout(whole, look.run()).await.is_err() {
        look.transcript.note(&format!("given up after {} seconds", whole.as_secs()));
    }
    // Also after the first connection: senders that know TLS 1.2 only are still many.
    let is_new = look.probe.tls_facts().is_some_and(|facts| facts.version == TlsVersion::Tls13);
    if is_new && target.service == MailService::Smtp {
        let speaks = timeout(whole, speaks_tls12(target, settings)).await.unwrap_or(None);
        if let Some(speaks) = speaks {
            look.transcript.note(&format!("TLS 1.2 alone: {}", if speaks { "works" } else { "refused" }));
        }
        if let TlsOutcome::Done(facts) = &mut look.probe.tls {
            facts.speaks_tls12 = speaks;
        }
    }
    look.probe.duration_millis = millis(look.began.elapsed());
    look.probe.transcript = look.transcript.into_lines();
    look.probe
}

/// Tries whether a host that always answers is reached from here. Nothing is said to it.
pub async fn control(host: &str, address: SocketAddr, settings: &ProbeSettings) -> ControlProbe {
    let reach = match net::connect(address, settings.limits.connect).await {
        Ok(_stream) => Reach::Open,
        Err(error) => reach_of(&error),
    };
    ControlProbe { host: host.to_owned(), address: address.ip(), reach }
}

fn reach_of(error: &io::Error) -> Reach {
    match error.kind() {
        io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionReset => Reach::Refused,
        io::ErrorKind::TimedOut => Reach::Timeout,
        _ => Reach::NoRoute(error.to_string()),
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// How we greet: by the address of this end (RFC 5321 section 4.1.4), as a computer without a name does.
fn ehlo(stream: &TcpStream) -> String {
    match stream.local_addr().map(|address| address.ip().to_canonical()) {
        Ok(IpAddr::V4(v4)) => format!("EHLO [{v4}]"),
        Ok(IpAddr::V6(v6)) => format!("EHLO [IPv6:{v6}]"),
        Err(_unknown) => "EHLO [127.0.0.1]".to_owned(),
    }
}

/// A probe under way.
struct Look<'a> {
    probe: PortProbe,
    transcript: Transcript,
    settings: &'a ProbeSettings,
    began: Instant,
}

impl Look<'_> {
    async fn run(&mut self) {
        let ProbeTarget { address, port, service, .. } = self.probe.target;
        let stream = match net::connect(SocketAddr::new(address, port), self.limits().connect).await {
            Ok(stream) => stream,
            Err(error) => {
                self.probe.reach = reach_of(&error);
                self.transcript.note(&self.probe.reach.to_string());
                return;
            }
        };
        self.probe.reach = Reach::Open;
        self.transcript.note(&format!("connected to {}", SocketAddr::new(address, port)));
        let hello = ehlo(&stream);
        let outcome = match (service.is_tls_first(), service.is_imap()) {
            (true, is_imap) => self.tls_first(stream, &hello, is_imap).await,
            (false, true) => self.imap(stream).await,
            (false, false) => self.smtp(stream, &hello).await,
        };
        if let Err(error) = outcome {
            self.transcript.note(&error.to_string());
        }
    }

    fn limits(&self) -> Limits {
        self.settings.limits
    }

    /// Port 25 and 587.
    async fn smtp(&mut self, stream: TcpStream, hello: &str) -> Result<(), SmtpError> {
        let limit = self.limits().reply;
        let mut talk = Conversation::new(stream);
        if !self.greeted(&mut talk).await? {
            return talk.say("QUIT", limit, &mut self.transcript).await;
        }
        let answer = self.ask_hello(&mut talk, hello).await?;
        let offers = answer.code == 250 && answer.offers("STARTTLS");
        let is_hello = answer.code == 250;
        self.probe.hello = Some(answer);
        if !offers {
            if is_hello {
                self.probe.tls = TlsOutcome::NotOffered;
            }
            return talk.say("QUIT", limit, &mut self.transcript).await;
        }
        talk.say("STARTTLS", limit, &mut self.transcript).await?;
        let reply = talk.reply(limit, &mut self.transcript).await?;
        if reply.code != 220 {
            self.probe.tls = TlsOutcome::Refused { reply: format!("{} {}", reply.code, reply.words()) };
            return talk.say("QUIT", limit, &mut self.transcript).await;
        }
        let Some(mut talk) = self.secured(talk.into_clean_stream()).await else { return Ok(()) };
        self.probe.hello_in_tls = Some(self.ask_hello(&mut talk, hello).await?);
        talk.say("QUIT", limit, &mut self.transcript).await?;
        talk.reply(limit, &mut self.transcript).await.map(|_goodbye| ())
    }

    /// Port 143.
    async fn imap(&mut self, stream: TcpStream) -> Result<(), SmtpError> {
        let limit = self.limits().reply;
        let mut talk = Conversation::new(stream);
        self.greeted_by_imap(&mut talk).await?;
        let capabilities = self.ask_capabilities(&mut talk).await?;
        let offers = capabilities.offers("STARTTLS");
        self.probe.hello = Some(capabilities);
        if !offers {
            self.probe.tls = TlsOutcome::NotOffered;
            return talk.say("a3 LOGOUT", limit, &mut self.transcript).await;
        }
        talk.say("a2 STARTTLS", limit, &mut self.transcript).await?;
        let lines = talk.imap_lines("a2 ", limit, &mut self.transcript).await?;
        let answer = lines.last().map(String::as_str).unwrap_or_default();
        if !is_ok(answer) {
            self.probe.tls = TlsOutcome::Refused { reply: answer.to_owned() };
            return talk.say("a3 LOGOUT", limit, &mut self.transcript).await;
        }
        let Some(mut talk) = self.secured(talk.into_clean_stream()).await else { return Ok(()) };
        talk.say("a3 LOGOUT", limit, &mut self.transcript).await
    }

    /// Port 465 and 993.
    async fn tls_first(&mut self, stream: TcpStream, hello: &str, is_imap: bool) -> Result<(), SmtpError> {
        let limit = self.limits().reply;
        let Some(mut talk) = self.secured(Some(stream)).await else { return Ok(()) };
        if is_imap {
            self.greeted_by_imap(&mut talk).await?;
            return talk.say("a3 LOGOUT", limit, &mut self.transcript).await;
        }
        if self.greeted(&mut talk).await? {
            self.probe.hello_in_tls = Some(self.ask_hello(&mut talk, hello).await?);
        }
        talk.say("QUIT", limit, &mut self.transcript).await
    }

    /// Reads the greeting; whether the server goes on with us.
    async fn greeted<S: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        talk: &mut Conversation<S>,
    ) -> Result<bool, SmtpError> {
        let began = self.begin_greeting();
        let read = talk.reply(self.limits().greeting, &mut self.transcript).await;
        self.probe.greeting = match &read {
            Ok(reply) => {
                let millis = millis(began.elapsed());
                Greeting::Said { code: reply.code, words: reply.words(), millis }
            }
            Err(error) => no_greeting(error, began),
        };
        read.map(|reply| reply.code == 220)
    }

    async fn greeted_by_imap<S: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        talk: &mut Conversation<S>,
    ) -> Result<(), SmtpError> {
        let began = self.begin_greeting();
        let read = talk.imap_lines("* ", self.limits().greeting, &mut self.transcript).await;
        self.probe.greeting = match &read {
            Ok(lines) => Greeting::Said { code: 0, words: lines.concat(), millis: millis(began.elapsed()) },
            Err(error) => no_greeting(error, began),
        };
        read.map(|_lines| ())
    }

    /// From here on a probe that is cut off has met silence.
    fn begin_greeting(&mut self) -> Instant {
        self.probe.greeting = Greeting::Silent { millis: millis(self.limits().greeting) };
        Instant::now()
    }

    async fn ask_hello<S: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        talk: &mut Conversation<S>,
        hello: &str,
    ) -> Result<Hello, SmtpError> {
        let limit = self.limits().reply;
        talk.say(hello, limit, &mut self.transcript).await?;
        Ok(talk.reply(limit, &mut self.transcript).await?.hello())
    }

    async fn ask_capabilities<S: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        talk: &mut Conversation<S>,
    ) -> Result<Hello, SmtpError> {
        let limit = self.limits().reply;
        talk.say("a1 CAPABILITY", limit, &mut self.transcript).await?;
        let lines = talk.imap_lines("a1 ", limit, &mut self.transcript).await?;
        let words = lines.iter().filter_map(|line| line.strip_prefix("* CAPABILITY "));
        let extensions = words.flat_map(str::split_whitespace).map(str::to_owned).collect();
        Ok(Hello { code: 0, name: String::new(), extensions })
    }

    /// Makes the handshake and goes on inside, where there is a stream that nobody has put bytes into.
    async fn secured(&mut self, stream: Option<TcpStream>) -> Option<Conversation<Protected<TcpStream>>> {
        let Some(stream) = stream else {
            self.probe.tls = TlsOutcome::Injected;
            self.transcript.note("more bytes in clear text behind the reply to STARTTLS");
            return None;
        };
        self.probe.tls =
            TlsOutcome::Failed { failure: TlsFailure::Timeout, detail: "not in time".to_owned() };
        let host = self.probe.target.host.as_str();
        let looking = net::inspect(host, stream, Offer::Both, &self.settings.roots);
        match timeout(self.limits().reply, looking).await.ok()? {
            Ok(inspected) => {
                self.note_tls(&inspected.facts);
                self.probe.tls = TlsOutcome::Done(Box::new(inspected.facts));
                Some(Conversation::new(inspected.stream))
            }
            Err(error) => {
                self.transcript.note(&error.to_string());
                let detail = error.source.to_string();
                self.probe.tls = TlsOutcome::Failed { failure: error.failure, detail };
                None
            }
        }
    }

    fn note_tls(&mut self, facts: &TlsFacts) {
        self.transcript.note(&format!("{}, {}", facts.version, facts.cipher));
        for certificate in &facts.chain {
            self.transcript
                .note(&format!("certificate {}, issued by {}", certificate.subject, certificate.issuer));
        }
        self.transcript.note(&format!("chain: {}", facts.trust));
    }
}

fn no_greeting(error: &SmtpError, began: Instant) -> Greeting {
    match error {
        SmtpError::Silent { .. } => Greeting::Silent { millis: millis(began.elapsed()) },
        other => Greeting::Broken { problem: other.to_string() },
    }
}

/// Whether a tagged answer of IMAP is good.
fn is_ok(answer: &str) -> bool {
    answer.split_whitespace().nth(1).is_some_and(|word| word.eq_ignore_ascii_case("OK"))
}

/// Whether a second connection gets TLS 1.2 when nothing else is offered; `None` where that could not be found out.
async fn speaks_tls12(target: &ProbeTarget, settings: &ProbeSettings) -> Option<bool> {
    let Limits { connect, greeting, reply, .. } = settings.limits;
    let mut unread = Transcript::default();
    let stream = net::connect(SocketAddr::new(target.address, target.port), connect).await.ok()?;
    let hello = ehlo(&stream);
    let mut talk = Conversation::new(stream);
    talk.reply(greeting, &mut unread).await.ok().filter(|reply| reply.code == 220)?;
    talk.say(&hello, reply, &mut unread).await.ok()?;
    talk.reply(reply, &mut unread).await.ok()?;
    talk.say("STARTTLS", reply, &mut unread).await.ok()?;
    talk.reply(reply, &mut unread).await.ok().filter(|reply| reply.code == 220)?;
    let stream = talk.into_clean_stream()?;
    let looking = net::inspect(target.host.as_str(), stream, Offer::Tls12, &settings.roots);
    match timeout(reply, looking).await.ok()? {
        Ok(_inspected) => Some(true),
        Err(error) => (error.failure == TlsFailure::NothingInCommon).then_some(false),
    }
}

#[cfg(test)]
#[path = "probe_tests.rs"]
mod probe_tests;
