//! Parses the texts of MTA-STS: the TXT record (RFC 8461 section 3.1) and the policy file (section 3.2). Pure.

use super::view::covers;

/// Longest time that a policy may be remembered, in seconds (RFC 8461 section 3.2).
const MAX_AGE_LIMIT: u64 = 31_557_600;

/// Most patterns for mail hosts that are read.
const MAX_PATTERNS: usize = 100;

/// What a policy asks senders to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Deliver only where the policy is kept.
    Enforce,
    /// Report only.
    Testing,
    /// Nothing; the policy is being taken back.
    Absent,
}

/// A policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// What it asks for.
    pub mode: Mode,
    /// How long senders remember it, in seconds.
    pub max_age_secs: u64,
    /// Mail hosts, or `*.` and what they end with.
    pub patterns: Vec<String>,
}

impl Policy {
    /// Reads a policy file.
    ///
    /// # Errors
    /// In words, why it is none.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (mut version, mut mode, mut max_age) = (None, None, None);
        let mut patterns = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let line = line.trim_end();
            if line.is_empty() {
                continue;
            }
            let Some((key, value)) = line.split_once(':') else {
                return Err(format!("line {} has no colon", number + 1));
            };
            let value = value.trim();
            match key.trim() {
                // Of a key that occurs twice, the first counts, but for “mx”.
                "version" => _ = version.get_or_insert(value),
                "mode" => _ = mode.get_or_insert(value),
                "max_age" => _ = max_age.get_or_insert(value),
                "mx" if patterns.len() < MAX_PATTERNS => patterns.push(value.to_ascii_lowercase()),
                _ => {}
            }
        }
        match version {
            Some("STSv1") => {}
            Some(_) => return Err("“version” is not STSv1".to_owned()),
            None => return Err("“version: STSv1” is missing".to_owned()),
        }
        let mode = match mode {
            Some("enforce") => Mode::Enforce,
            Some("testing") => Mode::Testing,
            Some("none") => Mode::Absent,
            Some(_) => return Err("“mode” is neither enforce, testing nor none".to_owned()),
            None => return Err("“mode” is missing".to_owned()),
        };
        let max_age_secs = match max_age.map(str::parse::<u64>) {
            Some(Ok(secs)) if secs <= MAX_AGE_LIMIT => secs,
            Some(Ok(_)) => return Err(format!("“max_age” is larger than {MAX_AGE_LIMIT}")),
            Some(Err(_)) => return Err("“max_age” is not a number of seconds".to_owned()),
            None => return Err("“max_age” is missing".to_owned()),
        };
        if patterns.is_empty() && mode != Mode::Absent {
            return Err("no “mx” names a mail host".to_owned());
        }
        Ok(Self { mode, max_age_secs, patterns })
    }

    /// Whether a mail host may be delivered to (RFC 8461 section 4.1).
    pub fn covers(&self, host: &str) -> bool {
        self.patterns.iter().any(|pattern| covers(pattern, &host.to_ascii_lowercase()))
    }

    /// The text of a policy file.
    pub(super) fn text(&self) -> String {
        let mode = match self.mode {
            Mode::Enforce => "enforce",
            Mode::Testing => "testing",
            Mode::Absent => "none",
        };
        let mut text = format!("version: STSv1\nmode: {mode}\n");
        for pattern in &self.patterns {
            text.extend(["mx: ", pattern, "\n"]);
        }
        text + &format!("max_age: {}\n", self.max_age_secs)
    }
}

/// The `id` of a record; in words, why it is none (RFC 8461 section 3.1).
pub(super) fn record_id(record: &str) -> Result<&str, &'static str> {
    let mut fields = record.split(';').map(str::trim);
    if fields.next() != Some("v=STSv1") {
        return Err("it does not begin with “v=STSv1;”");
    }
    let mut ids = fields.filter_map(|field| field.split_once('=')).filter(|(key, _)| key.trim() == "id");
    let (_, id) = ids.next().ok_or("it has no “id”")?;
    if ids.next().is_some() {
        return Err("“id” occurs twice, and senders take one of them or none");
    }
    let id = id.trim();
    let is_good = (1..=32).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_good.then_some(id).ok_or("its “id” is not made of 1 to 32 letters and digits")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_are_read_and_written() {
        let text = "version: STSv1\r\nmode: enforce\r\nmx: Mail.example.org\r\nmx: *.example.net\r\nmax_age: 604800\r\nother: x\r\n";
        let policy = Policy::parse(text).unwrap();
        assert_eq!((policy.mode, policy.max_age_secs), (Mode::Enforce, 604_800));
        assert!(policy.covers("mail.EXAMPLE.org") && policy.covers("a.example.net"));
        assert!(!policy.covers("a.b.example.net") && !policy.covers("example.net"));
        assert_eq!(Policy::parse(&policy.text()), Ok(policy));
        assert!(Policy::parse("version: STSv1\nmode: none\nmax_age: 86400\n").is_ok());
        for (bad, why) in [
            ("", "version"),
            ("<html>", "colon"),
            ("version: STSv2\nmode: none\nmax_age: 1", "not STSv1"),
            ("version: STSv1\nmax_age: 1\nmx: a", "mode"),
            ("version: STSv1\nmode: Enforce\nmax_age: 1\nmx: a", "neither"),
            ("version: STSv1\nmode: enforce\nmx: a", "max_age"),
            ("version: STSv1\nmode: enforce\nmx: a\nmax_age: 99999999999", "larger"),
            ("version: STSv1\nmode: enforce\nmx: a\nmax_age: -1", "number"),
            ("version: STSv1\nmode: enforce\nmax_age: 1", "mx"),
        ] {
            assert!(Policy::parse(bad).unwrap_err().contains(why), "{bad}");
        }
    }

    #[test]
    fn ids_are_letters_and_digits() {
        assert_eq!(record_id("v=STSv1; id=20260101T000000Z;"), Ok("20260101T000000Z"));
        for bad in ["v=STSv1", "v=STSv1; id=", "v=STSv1; id=2026-01-01", "V=STSv1; id=1", "id=1; v=STSv1"] {
            assert!(record_id(bad).is_err(), "{bad}");
        }
    }
}
