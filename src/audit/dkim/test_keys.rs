//! Recognises keys whose private half is public, because standards and manuals print it.

use data_encoding::HEXLOWER;
use ring::digest::{SHA256, digest};

use super::DkimKey;
use crate::assets::{TestKey, read_test_keys};

const KNOWN: &str = include_str!("../../../assets/dkim_test_keys.toml");

/// Where the private half of this key is printed, if it is.
pub(super) fn printed_in(key: &DkimKey) -> Option<String> {
    let fingerprint = HEXLOWER.encode(digest(&SHA256, &key.public_key).as_ref());
    // The build reads the data file first, so that it is right.
    let known: Vec<TestKey> = read_test_keys(KNOWN).unwrap_or_default();
    known.into_iter().find(|known| known.sha256 == fingerprint).map(|known| known.printed_in)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_of_the_standards_are_known() {
        for record in [
            "v=DKIM1; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/zYtIxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7od+v/RtdC2UzJ1lWT947qR+Rcac2gbto/NMqJ0fzfVjH4OuKhitdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDAQAB",
            "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
            "v=DKIM1; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB",
        ] {
            let key = DkimKey::parse(record.as_bytes()).unwrap();
            assert!(printed_in(&key).is_some(), "{record}");
        }
        let own = "v=DKIM1; k=ed25519; p=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
        assert_eq!(printed_in(&DkimKey::parse(own.as_bytes()).unwrap()), None);
    }
}
