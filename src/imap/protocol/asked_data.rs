//! Which message data the commands under way ask for: of which messages, which section, and how many bytes of it. What
//! nobody asked for, or more of it than was asked for, is known by the text in front of its bytes.

/// What follows a text in a FETCH reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::imap) enum Holds {
    /// `BODY[]`, and where it begins if it is a piece: `BODY[]<0>`.
    Body(Option<u32>),
    /// `BODY[HEADER]`, or a choice of header fields.
    Header,
    /// Another section of a message.
    OtherSection,
    /// No section: a label, the name of a header field.
    Text,
}

impl Holds {
    /// What follows on this text.
    pub(in crate::imap) fn after(text: &[u8]) -> Self {
        let text = text.trim_ascii_end();
        if !matches!(text.last(), Some(b']' | b'>')) {
            return Self::Text;
        }
        let Some(open) = memchr::memrchr(b'[', text) else { return Self::Text };
        let section = text.get(open + 1..).unwrap_or_default();
        match section.strip_prefix(b"]") {
            Some(place) => Self::Body(origin(place)),
            None if section.get(..6).is_some_and(|name| name.eq_ignore_ascii_case(b"HEADER")) => Self::Header,
            None => Self::OtherSection,
        }
    }
}

/// The number in `<1048576>`. Some write the length behind it, as in the question.
fn origin(place: &[u8]) -> Option<u32> {
    let digits = place.strip_prefix(b"<")?.split(|byte| matches!(byte, b'.' | b'>')).next()?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// Whether bytes are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::imap) enum Fit {
    Wanted,
    /// Requested, but fewer of them.
    TooLong,
    Unasked,
}

/// The messages that a command names, as ascending ranges of UIDs; `None` for all, and where they are named by number.
type Uids = Option<Vec<(u32, u32)>>;

/// The message data that one command asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::imap) struct DataWish {
    uids: Uids,
    /// The longest message that is taken whole.
    whole: Option<usize>,
    /// Where the piece begins, and how long it may be.
    piece: Option<(u32, u32)>,
    has_header: bool,
    has_labels: bool,
}

impl DataWish {
    /// What a FETCH asks for; `None` where no message data is among it. `set` is what names the messages.
    pub(in crate::imap) fn of((set, is_by_uid): (&str, bool), items: &str) -> Option<Self> {
        let has_labels = items.contains("X-GM-LABELS");
        let section = items.split_once("BODY.PEEK[").or_else(|| items.split_once("BODY["));
        let section = section.and_then(|(_, rest)| rest.split_once(']'));
        if section.is_none() && !has_labels {
            return None;
        }
        let uids = if is_by_uid { ranges(set) } else { None };
        let mut wish = Self { uids, has_labels, ..Self::default() };
        match section {
            Some(("", rest)) => match rest.strip_prefix('<').and_then(|rest| rest.split_once('>')) {
                Some((place, _)) => {
                    let (from, length) = place.split_once('.')?;
                    wish.piece = Some((from.parse().ok()?, length.parse().ok()?));
                }
                None => wish.whole = Some(usize::MAX),
            },
            Some(_) => wish.has_header = true,
            None => {}
        }
        Some(wish)
    }

    /// Takes no whole message that is longer than this.
    pub(in crate::imap) fn at_most(mut self, bytes: usize) -> Self {
        self.whole = self.whole.map(|most| most.min(bytes));
        self
    }

    /// Whether bytes of this message are wanted.
    fn fit(&self, uid: Option<u32>, holds: Holds, length: usize) -> Fit {
        if uid.is_some_and(|uid| !self.names(uid)) {
            return Fit::Unasked;
        }
        let most = match (holds, self.piece) {
            (Holds::Body(Some(place)), Some((from, most))) if place == from => Some(most as usize),
            // Some servers do not say which piece it is.
            (Holds::Body(None), Some((_, most))) => Some(most as usize),
            (Holds::Body(None), None) => self.whole,
            (Holds::Header, _) if self.has_header => Some(usize::MAX),
            (Holds::Text, _) => Some(usize::MAX),
            _ => None,
        };
        match most {
            None => Fit::Unasked,
            Some(most) if length > most => Fit::TooLong,
            Some(_) => Fit::Wanted,
        }
    }

    fn names(&self, uid: u32) -> bool {
        let Some(ranges) = &self.uids else { return true };
        let behind = ranges.partition_point(|(first, _)| *first <= uid);
        behind.checked_sub(1).and_then(|at| ranges.get(at)).is_some_and(|(_, last)| uid <= *last)
    }
}

/// `1:40,44` as ranges; `None` where it names whatever there is.
fn ranges(set: &str) -> Uids {
    let range = |part: &str| {
        let (first, last) = part.split_once(':').unwrap_or((part, part));
        // `70:*` names the last message also where its number is below.
        Some((first.parse::<u32>().ok()?, last.parse::<u32>().ok()?))
    };
    let mut ranges = set.split(',').map(range).collect::<Option<Vec<_>>>()?;
    ranges.sort_unstable();
    Some(ranges)
}

/// The message data that all pending commands requested.
#[derive(Debug, Default)]
pub(in crate::imap) struct AskedData(Vec<DataWish>);

impl AskedData {
    pub(in crate::imap) fn begin(&mut self, wish: &DataWish) {
        self.0.push(wish.clone());
    }

    pub(in crate::imap) fn end(&mut self, wish: &DataWish) {
        if let Some(at) = self.0.iter().position(|asked| asked == wish) {
            self.0.swap_remove(at);
        }
    }

    /// Whether a literal of this length is wanted that stands behind such a text in a reply about this message, as far as
    /// its UID was said by then.
    pub(in crate::imap) fn fit(&self, uid: Option<u32>, holds: Holds, length: usize) -> Fit {
        let mut best = Fit::Unasked;
        for wish in &self.0 {
            match wish.fit(uid, holds, length) {
                Fit::Wanted => return Fit::Wanted,
                Fit::TooLong => best = Fit::TooLong,
                Fit::Unasked => {}
            }
        }
        best
    }
}

/// Which message a FETCH reply is about, as far as its lines say so. Literals are no part of them.
#[derive(Debug, Default)]
pub(in crate::imap) struct About {
    open: usize,
    is_named: bool,
    uid: Option<u32>,
}

impl About {
    pub(in crate::imap) const fn uid(&self) -> Option<u32> {
        self.uid
    }

    /// Walks over a line, without the length of the literal at its end.
    pub(in crate::imap) fn walk(&mut self, line: &[u8]) {
        let (mut at, mut is_quoted) = (0, false);
        let mut start = 0;
        while let Some(byte) = line.get(at) {
            match byte {
                b'\\' if is_quoted => at += 1,
                b'"' => is_quoted = !is_quoted,
                b' ' | b'(' | b')' | b'\r' | b'\n' if !is_quoted => {
                    self.word(line.get(start..at).unwrap_or_default());
                    match byte {
                        b'(' => self.open += 1,
                        b')' => self.open = self.open.saturating_sub(1),
                        _ => {}
                    }
                    start = at + 1;
                }
                _ => {}
            }
            at += 1;
        }
        self.word(line.get(start..).unwrap_or_default());
    }

    /// Attributes are in the outer list.
    fn word(&mut self, word: &[u8]) {
        if word.is_empty() || self.open != 1 {
            return;
        }
        if std::mem::take(&mut self.is_named) {
            self.uid = std::str::from_utf8(word).ok().and_then(|digits| digits.parse().ok());
        } else {
            self.is_named = word.eq_ignore_ascii_case(b"UID");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(commands: &[(&str, &str)]) -> AskedData {
        let wish = |(set, items): &(&str, &str)| DataWish::of((set, true), items).unwrap();
        AskedData(commands.iter().map(wish).collect())
    }

    #[test]
    fn what_stands_behind_a_text_is_reported_by_its_last_word() {
        for (text, holds) in [
            (&b"* 5 FETCH (UID 7 BODY[] "[..], Holds::Body(None)),
            (b"* 5 FETCH (UID 7 body[]<196608> ", Holds::Body(Some(196_608))),
            (b" FLAGS (\\Seen) BODY[]<0.100> ", Holds::Body(Some(0))),
            (b"* 1 FETCH (BODY[HEADER.FIELDS (MESSAGE-ID DATE)] ", Holds::Header),
            (b"* 1 FETCH (BODY[header] ", Holds::Header),
            (b"* 1 FETCH (BODY[TEXT] ", Holds::OtherSection),
            (b"* 1 FETCH (BODY[1.MIME]<0> ", Holds::OtherSection),
            (b"* 1 FETCH (X-GM-LABELS (", Holds::Text),
            (b"", Holds::Text),
            (b"]", Holds::Text),
        ] {
            assert_eq!(Holds::after(text), holds, "{}", String::from_utf8_lossy(text));
        }
    }

    #[test]
    fn a_body_is_wanted_of_the_messages_that_are_named_and_in_the_section_that_is_asked_for() {
        let whole = asked(&[("1:4,9", "(UID BODY.PEEK[])")]);
        for uid in [1, 4, 9] {
            assert_eq!(whole.fit(Some(uid), Holds::Body(None), 1 << 20), Fit::Wanted, "{uid}");
        }
        for uid in [0, 5, 8, 10, u32::MAX] {
            assert_eq!(whole.fit(Some(uid), Holds::Body(None), 1), Fit::Unasked, "{uid}");
        }
        // The UID may come behind it.
        assert_eq!(whole.fit(None, Holds::Body(None), 1), Fit::Wanted);
        for other in [Holds::Body(Some(0)), Holds::Body(Some(5)), Holds::Header, Holds::OtherSection] {
            assert_eq!(whole.fit(Some(1), other, 1), Fit::Unasked, "{other:?}");
        }
        let headers = asked(&[("5:*", "(UID FLAGS BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])")]);
        assert_eq!(headers.fit(Some(4), Holds::Header, 9), Fit::Wanted, "the last one, whatever its number");
        assert_eq!(headers.fit(Some(4), Holds::Body(None), 9), Fit::Unasked);
        assert_eq!(AskedData::default().fit(None, Holds::Text, 1), Fit::Unasked);
        assert_eq!(DataWish::of(("1:*", true), "(UID FLAGS)"), None);
    }

    #[test]
    fn no_more_bytes_are_wanted_than_were_asked_for() {
        let pieces = asked(&[("7", "(UID BODY.PEEK[]<0.100>)"), ("7", "(UID BODY.PEEK[]<100.50>)")]);
        let fit = |place, length| pieces.fit(Some(7), Holds::Body(place), length);
        assert_eq!((fit(Some(0), 100), fit(Some(0), 101)), (Fit::Wanted, Fit::TooLong));
        assert_eq!((fit(Some(100), 50), fit(Some(100), 51)), (Fit::Wanted, Fit::TooLong));
        assert_eq!(
            (fit(Some(5), 1), fit(None, 100), fit(None, 101)),
            (Fit::Unasked, Fit::Wanted, Fit::TooLong)
        );
        let wish = DataWish::of(("7", true), "(UID BODY.PEEK[])").unwrap().at_most(10);
        let mut whole = AskedData::default();
        whole.begin(&wish);
        assert_eq!(whole.fit(Some(7), Holds::Body(None), 11), Fit::TooLong);
        whole.end(&wish);
        assert_eq!(whole.fit(Some(7), Holds::Body(None), 1), Fit::Unasked);
    }

    #[test]
    fn a_reply_is_about_the_message_that_its_outer_list_names() {
        for (lines, uid) in [
            (&[&b"* 5 FETCH (UID 7 BODY[] "[..]][..], Some(7)),
            (&[b"* 5 FETCH (FLAGS (UID 9) uid 7 BODY[] "], Some(7)),
            (&[b"* 5 FETCH (X \"UID 9\" BODY[HEADER.FIELDS (UID 4)] "], None),
            (&[b"* 5 FETCH (X-NEW ", b" UID 9 BODY[] "], Some(9)),
            (&[b"* 5 FETCH (BODY[] ", b" UID 12)\r\n"], Some(12)),
            (&[b"* 5 FETCH (UID ", b")\r\n"], None),
        ] {
            let mut about = About::default();
            for line in lines {
                about.walk(line);
            }
            assert_eq!(about.uid(), uid, "{:?}", String::from_utf8_lossy(&lines.concat()));
        }
    }
}
