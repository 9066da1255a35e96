use crate::rehearsal::mailbox::SampleMessage;

/// What a server refuses to store, apart from overlong lines. All of it was seen at real servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dislike {
    /// A line end that is not CRLF.
    BareLineEnd,
    /// A header with a byte above 127.
    RawHeader,
    /// An INTERNALDATE before 1970.
    OldDate,
    /// This flag.
    Flag(&'static str),
    /// A keyword, whichever.
    Keyword,
    /// A NUL byte.
    Nul,
    /// A request for a read receipt (RFC 8098).
    ReadReceipt,
    /// These bytes anywhere, as a virus scanner has it.
    Bytes(&'static [u8]),
    /// These bytes at the top of the message: a message that is inside another one is taken.
    Start(&'static [u8]),
    /// Every message.
    Anything,
}

impl Dislike {
    /// Whether the server does not like this message. `received` is as it came, before line ends are put in order.
    pub(super) fn is_met_by(self, message: &SampleMessage, received: &[u8]) -> bool {
        let header_end = received.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or(received.len());
        let header = received.get(..header_end).unwrap_or_default();
        let has = |text: &[u8], part: &[u8]| text.windows(part.len().max(1)).any(|window| window == part);
        match self {
            Self::BareLineEnd => {
                let lone_feed =
                    received.split(|byte| *byte == b'\n').rev().skip(1).any(|line| !line.ends_with(b"\r"));
                let lone_return =
                    received.split(|byte| *byte == b'\r').skip(1).any(|rest| !rest.starts_with(b"\n"));
                lone_feed || lone_return || !received.ends_with(b"\r\n")
            }
            Self::RawHeader => !header.is_ascii(),
            Self::OldDate => message.internal_date.0 < 0,
            Self::Flag(flag) => message.flags.contains(flag),
            Self::Keyword => message.flags.iter().any(|flag| !flag.starts_with('\\')),
            Self::Nul => received.contains(&0),
            Self::ReadReceipt => has(header, b"\r\nDisposition-Notification-To:"),
            Self::Bytes(bytes) => has(received, bytes),
            Self::Start(bytes) => received.starts_with(bytes),
            Self::Anything => true,
        }
    }
}
