//! Inputs for parsers: examples changed at random, the same ones in every run that begins with the same seed.
#![allow(
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "helpers of tests fail the test, and figures are shown"
)]

pub mod seeds;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

/// A parser and what must hold for every input; it panics where that does not hold.
pub struct Target {
    /// Its name in messages.
    pub name: &'static str,
    /// Well-formed examples.
    pub examples: &'static [&'static [u8]],
    /// Reads one input.
    pub read: fn(&[u8]),
}

/// Inputs for each target, unless `MAILFERRY_FUZZ_INPUTS` says otherwise.
const INPUTS: u64 = 20_000;
/// Longest input, but for repetitions.
const MAX_BYTES: usize = 4 << 10;
/// Most work that one input may make, as time of a processor without optimisation: a busy machine adds nothing to it.
const MAX_WORK: Duration = Duration::from_secs(5);

/// Pieces that parsers stumble over.
const PIECES: &[&[u8]] = &[
    b"\0",
    b"\r",
    b"\n",
    b"\r\n",
    b"\"",
    b"\\",
    b"(",
    b")",
    b"((((((((",
    b"{",
    b"}",
    b"{3}\r\nabc",
    b"{0}\r\n",
    b"{4294967296}\r\n",
    b"{99999999999999999999}\r\n",
    b"{-1}\r\n",
    b"[",
    b"]",
    b"NIL",
    b"&",
    b"&-",
    b"&AAA-",
    b"*",
    b"%",
    b"%00",
    b"%zz",
    b"@",
    b":",
    b";",
    b",",
    b"=",
    b"/",
    b"..",
    b"../",
    b" ",
    b"\t",
    b"-1",
    b"0",
    b"4294967295",
    b"18446744073709551616",
    b"9999999999999999999999999",
    b"\xff",
    b"\xc3\xa9",
    b"\xf0\x9f\x98\x80",
    b"\xed\xa0\x80",
    b"\xef\xbb\xbf",
    b"<",
    b">",
    b"<!--",
    b"]]>",
    b"&#0;",
    b"'",
    b"$",
    b"~",
    b"\x1b[2J",
    b"\xe2\x80\xae",
];

/// Beginnings of something nested, in the languages that are read here. What calls itself once for each of them dies of
/// [`DEEP`] of them.
const OPENINGS: &[&[u8]] = &[
    b"(",
    b"(1 ",
    b"( \"x\" ",
    b"(a (b) ",
    b"((",
    b"[",
    b"{\"a\":",
    b"[{\"a\":",
    b"<a>",
    b"<a b='c'>",
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n",
    b"Content-Type: message/rfc822\r\n\r\n",
    b"\"(",
];
/// How deep.
const DEEP: usize = 5_000;

/// Splitmix64: small, and the same everywhere.
#[derive(Clone, Debug)]
pub struct Random(pub u64);

impl Random {
    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`; 0 where that is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        if bound == 0 { 0 } else { (self.number() % bound as u64) as usize }
    }

    /// True once in so many times.
    pub fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// One of these.
    pub fn choose<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

/// Runs every target with its inputs and says how many there were and how long it took.
pub fn run_all(targets: &[Target]) {
    let inputs = seeds::number("MAILFERRY_FUZZ_INPUTS").unwrap_or(INPUTS);
    let first = seeds::seed();
    for target in targets {
        let (began, mut work) = (Instant::now(), worked());
        for example in target.examples {
            read(target, example, 0, &mut work);
        }
        for number in (0..inputs).map(|offset| first.wrapping_add(offset)) {
            read(target, &input(target.examples, number), number, &mut work);
        }
        // A figure to look at, and nothing to assert: machines differ.
        eprintln!("{}: {inputs} inputs in {:.1} s", target.name, began.elapsed().as_secs_f64());
    }
}

/// Reads one input; `work` is what this thread had done before, and has done now.
fn read(target: &Target, input: &[u8], number: u64, work: &mut Duration) {
    let outcome = catch_unwind(AssertUnwindSafe(|| (target.read)(input)));
    let shown =
        || String::from_utf8_lossy(input.get(..input.len().min(2_000)).unwrap_or_default()).into_owned();
    assert!(outcome.is_ok(), "{} fails at input {number}: {:?}", target.name, shown());
    let before = std::mem::replace(work, worked());
    assert!(
        work.saturating_sub(before) < MAX_WORK,
        "{} takes much work at input {number}: {:?}",
        target.name,
        shown()
    );
}

/// How long a processor has worked for this thread until now; nothing where the system does not say it.
fn worked() -> Duration {
    let counted = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = counted.split(' ').next().and_then(|field| field.parse().ok());
    Duration::from_nanos(nanoseconds.unwrap_or_default())
}

/// Input number so and so of these examples.
pub fn input(examples: &[&[u8]], number: u64) -> Vec<u8> {
    let mut random = Random(number);
    if examples.is_empty() || random.one_in(50) {
        let length = random.below(300);
        return (0..length).map(|_| random.number() as u8).collect();
    }
    let mut bytes = random.choose(examples).to_vec();
    for _change in 0..=random.below(6) {
        change(&mut bytes, examples, &mut random);
    }
    bytes
}

fn change(bytes: &mut Vec<u8>, examples: &[&[u8]], random: &mut Random) {
    let at = random.below(bytes.len() + 1);
    let end = at + random.below((bytes.len() - at).min(40) + 1);
    if random.one_in(1_000) {
        bytes.splice(at..at, random.choose(OPENINGS).repeat(DEEP));
        return;
    }
    match random.below(9) {
        0 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
        1 if at < bytes.len() => bytes[at] = random.number() as u8,
        2 => drop(bytes.drain(at..end)),
        3 => bytes.truncate(at),
        4 => {
            let piece = bytes[at..end].to_vec();
            let place = random.below(bytes.len() + 1);
            bytes.splice(place..place, piece);
        }
        5 => {
            let other = random.choose(examples);
            let from = random.below(other.len() + 1);
            bytes.truncate(at);
            bytes.extend_from_slice(&other[from..]);
        }
        6 => {
            // Rarely, and then long: what grows faster than its input shows here.
            let times = if random.one_in(200) { 2_000 } else { random.below(20) };
            let piece = if at < end { bytes[at..end].to_vec() } else { random.choose(PIECES).to_vec() };
            bytes.splice(at..at, piece.repeat(times));
            return;
        }
        _ => {
            let piece = random.choose(PIECES);
            bytes.splice(at..at, piece.iter().copied());
        }
    }
    bytes.truncate(MAX_BYTES);
}
