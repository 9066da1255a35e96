//! Unpacks gzip, xz and Zstandard streams, with a limit on how far each may expand.

use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

use flate2::read::MultiGzDecoder;
use lzma_rust2::XzReader;
use ruzstd::decoding::StreamingDecoder;

/// Unpacked bytes that are always allowed.
const FREE: u64 = 16 << 20;
/// Beyond those, the most unpacked bytes per packed byte. Logs reach about 30, and 200 if the same line keeps repeating.
const MOST_RATIO: u64 = 250;
/// Largest window of an xz stream; `xz -9` uses half of it.
const MOST_WINDOW: u64 = 128 << 20;

/// A compression format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    Gzip,
    Xz,
    Zstd,
    Zip,
}

impl Packing {
    /// By the first bytes.
    pub(super) fn of(head: &[u8]) -> Option<Self> {
        let known: [(&[u8], Self); 5] = [
            (&[0x1f, 0x8b], Self::Gzip),
            (&[0xfd, b'7', b'z', b'X', b'Z', 0], Self::Xz),
            (&[0x28, 0xb5, 0x2f, 0xfd], Self::Zstd),
            (b"PK\x03\x04", Self::Zip),
            (b"PK\x05\x06", Self::Zip),
        ];
        known.into_iter().find(|(magic, _)| head.starts_with(magic)).map(|(_, packing)| packing)
    }
}

/// The unpacked bytes of a stream; reading fails if they exceed the limit.
pub(super) fn unpacked<'a>(packing: Packing, source: &'a mut dyn Read) -> io::Result<Box<dyn Read + 'a>> {
    let taken = Rc::new(Cell::new(0));
    let mut counted = Counted { inner: source, taken: Rc::clone(&taken) };
    Ok(match packing {
        Packing::Gzip => Box::new(Bounded::new(MultiGzDecoder::new(counted), taken)),
        Packing::Xz => {
            let mut head = Vec::new();
            counted.by_ref().take(1_036).read_to_end(&mut head)?;
            if xz_window(&head).is_some_and(|window| window > MOST_WINDOW) {
                return Err(io::Error::other("it asks for more memory than any log needs"));
            }
            let whole = io::Cursor::new(head).chain(counted);
            Box::new(Bounded::new(XzReader::new(whole, true), taken))
        }
        Packing::Zstd => Box::new(Bounded::new(Frames { source: Some(counted), frame: None }, taken)),
        Packing::Zip => return Err(io::Error::other("a zip file is no stream")),
    })
}

/// Fails a reader that returns too many bytes for those it has consumed.
pub(super) struct Bounded<R> {
    inner: R,
    taken: Rc<Cell<u64>>,
    given: u64,
}

impl<R> Bounded<R> {
    pub(super) fn new(inner: R, taken: Rc<Cell<u64>>) -> Self {
        Self { inner, taken, given: 0 }
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.given += count as u64;
        if self.given > FREE + MOST_RATIO.saturating_mul(self.taken.get()) {
            return Err(io::Error::other("unpacked, it grows out of all proportion, as no log does"));
        }
        Ok(count)
    }
}

struct Counted<'a> {
    inner: &'a mut dyn Read,
    taken: Rc<Cell<u64>>,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.taken.set(self.taken.get() + count as u64);
        Ok(count)
    }
}

/// The frames of a Zstandard stream one after another: `zstd` and log rotation may write several.
struct Frames<R: Read> {
    source: Option<R>,
    frame: Option<StreamingDecoder<R, ruzstd::decoding::FrameDecoder>>,
}

impl<R: Read> Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some(frame) = &mut self.frame {
                let count = frame.read(buffer)?;
                if count > 0 || buffer.is_empty() {
                    return Ok(count);
                }
                self.source = self.frame.take().map(StreamingDecoder::into_inner);
            }
            let Some(source) = self.source.take() else { return Ok(0) };
            match StreamingDecoder::new(source) {
                Ok(frame) => self.frame = Some(frame),
                Err(error) => {
                    // The file ends where no further frame begins.
                    let text = error.to_string();
                    let is_end =
                        text.contains("failed to fill whole buffer") || text.contains("magic number");
                    return if is_end { Ok(0) } else { Err(io::Error::other(text)) };
                }
            }
        }
    }
}

/// The window that the first block of an xz stream needs (xz file format, sections 3.1 and 5.3.1).
fn xz_window(head: &[u8]) -> Option<u64> {
    let block = head.get(12..)?;
    let flags = *block.get(1)?;
    let mut at = 2;
    let mut number = || -> Option<u64> {
        let mut value = 0_u64;
        for shift in 0..9 {
            let byte = *block.get(at)?;
            at += 1;
            value |= u64::from(byte & 0x7f) << (7 * shift);
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    };
    for flag in [0x40, 0x80] {
        if flags & flag != 0 {
            number()?;
        }
    }
    for _ in 0..=(flags & 3) {
        let (id, size) = (number()?, number()?);
        if id == 0x21 {
            let bits = u64::from(*block.get(at)?);
            return Some(if bits >= 40 { u64::MAX } else { (2 | (bits & 1)) << (bits / 2 + 11) });
        }
        for _ in 0..size.min(32) {
            number()?;
        }
    }
    None
}

#[cfg(test)]
#[path = "unpack_tests.rs"]
mod tests;
