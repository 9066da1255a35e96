use std::future::poll_fn;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};

use super::*;

/// Both directions over one end of a pipe.
struct Packed(DuplexStream, Deflate);

impl Packed {
    async fn send(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let written = poll_fn(|context| self.1.poll_write(&mut self.0, context, bytes)).await.unwrap();
            bytes = &bytes[written..];
        }
    }

    async fn flush(&mut self) {
        poll_fn(|context| self.1.poll_flush(&mut self.0, context)).await.unwrap();
    }

    async fn read(&mut self, room: usize) -> io::Result<Vec<u8>> {
        let mut space = vec![0; room];
        let mut buffer = ReadBuf::new(&mut space);
        poll_fn(|context| self.1.poll_read(&mut self.0, context, &mut buffer)).await?;
        Ok(buffer.filled().to_vec())
    }
}

/// Text that packs well, bytes that do not, and every length around the sizes of buffers.
fn sample(length: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_u32;
    (0..length)
        .map(|index| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            if (index / 5_000) % 2 == 0 {
                b"Subject: again and again\r\n"[index % 26]
            } else {
                (state >> 24) as u8
            }
        })
        .collect()
}

#[tokio::test]
async fn what_was_flushed_arrives_whole_without_anything_behind_it() {
    let (ours, theirs) = tokio::io::duplex(1_000);
    let (mut ours, mut theirs) =
        (Packed(ours, Deflate::new(Vec::new())), Packed(theirs, Deflate::new(Vec::new())));
    for length in [1, 2, 10, 4_095, 8_192, 32_768, 32_769, 300_000] {
        let bytes = sample(length);
        let sending = async {
            ours.send(&bytes).await;
            ours.flush().await;
            // Flushing again sends nothing and waits for nothing.
            ours.flush().await;
        };
        let receiving = async {
            let mut found = Vec::new();
            while found.len() < bytes.len() {
                found.extend(theirs.read(777).await.unwrap());
            }
            found
        };
        let ((), found) = tokio::join!(sending, receiving);
        assert!(found == bytes, "{length} bytes");
    }
}

#[tokio::test]
async fn bytes_behind_the_consent_are_unpacked() {
    let mut pack = Compress::new(flate2::Compression::best(), false);
    let mut early = Vec::with_capacity(1_000);
    pack.compress_vec(b"* OK still here\r\n", &mut early, FlushCompress::Sync).unwrap();
    let (ours, theirs) = tokio::io::duplex(10);
    let mut ours = Packed(ours, Deflate::new(early));
    assert_eq!(ours.read(100).await.unwrap(), b"* OK still here\r\n");
    drop(theirs);
    assert_eq!(ours.read(100).await.unwrap(), b"");
}

#[tokio::test]
async fn invalid_data_and_the_end_of_a_stream_are_errors() {
    let (ours, mut theirs) = tokio::io::duplex(100);
    theirs.write_all(b"\xff\xff\xff\xff plain text").await.unwrap();
    assert!(Packed(ours, Deflate::new(Vec::new())).read(100).await.is_err());
    let (ours, mut theirs) = tokio::io::duplex(100);
    let mut pack = Compress::new(flate2::Compression::fast(), false);
    let mut whole = Vec::with_capacity(1_000);
    pack.compress_vec(b"bye", &mut whole, FlushCompress::Finish).unwrap();
    theirs.write_all(&whole).await.unwrap();
    let mut ours = Packed(ours, Deflate::new(Vec::new()));
    assert_eq!(ours.read(100).await.unwrap(), b"bye");
    assert_eq!(ours.read(100).await.unwrap(), b"", "the server ended the stream");
    let mut nothing = [0; 1];
    drop(ours);
    assert_eq!(theirs.read(&mut nothing).await.unwrap(), 0);
}

#[test]
fn compression_goes_by_the_round_trip_or_by_what_was_asked() {
    let (near, far) = (Duration::from_micros(200), Duration::from_millis(25));
    assert!(!Compression::Automatic.is_worthwhile(near) && Compression::Automatic.is_worthwhile(far));
    assert!(Compression::Always.is_worthwhile(near) && !Compression::Never.is_worthwhile(far));
}

proptest::proptest! {
    #![proptest_config(crate::mutate::seeds::properties(256))]

    #[test]
    fn any_bytes_end_or_fail_and_never_hang(bytes in proptest::prelude::any::<Vec<u8>>(), room in 1_usize..5_000) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let (ours, theirs) = tokio::io::duplex(10);
            drop(theirs);
            let mut ours = Packed(ours, Deflate::new(bytes));
            while let Ok(read) = ours.read(room).await {
                if read.is_empty() {
                    break;
                }
            }
        });
    }
}
