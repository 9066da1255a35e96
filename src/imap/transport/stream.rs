use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use crate::imap::transport::deflate::Deflate;

/// What is under the gate: a transport, and compression over it once both sides have agreed.
#[derive(Debug)]
pub(in crate::imap) struct Wire {
    transport: Transport,
    deflate: Option<Box<Deflate>>,
}

#[derive(Debug)]
pub(in crate::imap) enum Transport {
    /// Loopback only.
    Clear(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Wire {
    pub(in crate::imap) fn new(transport: Transport) -> Self {
        Self { transport, deflate: None }
    }

    pub(in crate::imap) fn transport(&self) -> &Transport {
        &self.transport
    }

    /// From now on everything is packed; `early` was read already and is packed, too.
    pub(in crate::imap) fn compress(&mut self, early: Vec<u8>) {
        self.deflate = Some(Box::new(Deflate::new(early)));
    }

    pub(in crate::imap) fn is_compressed(&self) -> bool {
        self.deflate.is_some()
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Self { transport, deflate } = self.get_mut();
        match deflate {
            Some(deflate) => deflate.poll_read(transport, context, buffer),
            None => Pin::new(transport).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let Self { transport, deflate } = self.get_mut();
        match deflate {
            Some(deflate) => deflate.poll_write(transport, context, bytes),
            None => Pin::new(transport).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { transport, deflate } = self.get_mut();
        match deflate {
            Some(deflate) => deflate.poll_flush(transport, context),
            None => Pin::new(transport).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().transport).poll_shutdown(context)
    }
}

impl AsyncRead for Transport {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Clear(stream) => Pin::new(stream).poll_read(context, buffer),
            Self::Tls(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Transport {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Clear(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Clear(stream) => Pin::new(stream).poll_flush(context),
            Self::Tls(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Clear(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}
