use std::io::Write as _;
use std::process::{Command, Stdio};

use super::*;

fn plain(packing: Packing, bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut source = bytes;
    let mut out = Vec::new();
    unpacked(packing, &mut source)?.read_to_end(&mut out)?;
    Ok(out)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// What the program of the system makes of bytes; `None` if it is missing.
fn packed_by(program: &str, bytes: &[u8]) -> Option<Vec<u8>> {
    let mut command = Command::new(program);
    let started =
        command.arg("-c").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
    let Ok(mut child) = started else {
        eprintln!("skipped: {program} is missing");
        return None;
    };
    let mut stdin = child.stdin.take().unwrap();
    let bytes = bytes.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&bytes).unwrap());
    let out = child.wait_with_output().unwrap().stdout;
    writer.join().unwrap();
    Some(out)
}

#[test]
fn every_packing_is_recognised_and_undone_also_in_several_pieces() {
    let text = "Nov 12 06:25:03 mail postfix/smtp[8]: line\n".repeat(5_000).into_bytes();
    let mut cases = vec![(Packing::Gzip, gzip(&text))];
    cases.extend(packed_by("xz", &text).map(|packed| (Packing::Xz, packed)));
    cases.extend(packed_by("zstd", &text).map(|packed| (Packing::Zstd, packed)));
    for (packing, packed) in cases {
        assert_eq!(Packing::of(&packed), Some(packing));
        assert!(plain(packing, &packed).unwrap() == text, "{packing:?}");
        let twice = [packed.as_slice(), packed.as_slice()].concat();
        assert!(
            plain(packing, &twice).unwrap() == [text.as_slice(), text.as_slice()].concat(),
            "{packing:?}"
        );
        let half = plain(packing, &packed[..packed.len() / 2]);
        assert!(half.is_err(), "half of {packing:?} passes for whole");
    }
}

#[test]
fn bombs_are_refused() {
    let zeros = vec![0; 100 << 20];
    // A hundred megabytes of nothing in a hundred kilobytes, packed once more.
    let bomb = gzip(&zeros);
    let error = plain(Packing::Gzip, &bomb).map(|bytes| bytes.len()).unwrap_err();
    assert!(error.to_string().contains("out of all proportion"), "{error}");
    for program in ["xz", "zstd"] {
        if let Some(packed) = packed_by(program, &zeros) {
            let packing = Packing::of(&packed).unwrap();
            let error = plain(packing, &packed).map(|bytes| bytes.len()).unwrap_err();
            assert!(error.to_string().contains("out of all proportion"), "{program}: {error}");
        }
    }
}

#[test]
fn a_window_that_is_too_large_is_refused_before_it_is_made() {
    let mut head = b"\xfd7zXZ\0\0\x04\xe6\xd6\xb4\x46".to_vec();
    head.extend_from_slice(&[2, 0, 0x21, 1, 40, 0, 0, 0]);
    assert_eq!(xz_window(&head), Some(u64::MAX));
    assert!(plain(Packing::Xz, &head).unwrap_err().to_string().contains("more memory"));
    head[16] = 22;
    assert_eq!(xz_window(&head), Some(8 << 20));
}
