use proptest::prelude::*;

use super::*;

/// Public halves of keys made for these tests; nobody has the private ones.
const RSA_768: &str = "MHwwDQYJKoZIhvcNAQEBBQADawAwaAJhALaUJ5L7Bvq+S1GiuHTv2LzLm5sVKdqdlVlTt825GA7nm4A9CpC5hVNAE8Kw+6+oBYZJNzc2QkUXb9K80p9hPByyibc0P2UWufp5unhypHlHp3IEiV70GgGPIOzWv9KqqQIDAQAB";
const RSA_1024: &str = "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC2UwAIaU7L4Khn9FkftJnsILlwUI9rjd6aG+JgW2y/quzghKCLlY0G10JXUa99D1KUr+KNPQA2NiyP4xZFDP/FYPkODvs79Sv1BJP8bw5G4zbiPIKFsUo3NtFHZDdQEaNqNLhKLKWGqImDpSyiLTj1/stvG2kmrvC01Xcxnf1lkQIDAQAB";
const RSA_2048: &str = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA277p4TbfbF40rRsJrYMVG4rjDDcvQmYMk6g7wD+GjCqMmfOHnwLDrJ0U+edzu33k3fFh6B7dh3+vckMGvfsC3Y/0mfWyS7x022neE10fF9ML8E3gFz9GklKWOemlxXTA4OLGQ25LN7lt2Wh58GLI0YVciaNNz6AC0STVYhGw2LgNa/fAe/gY2Ucr6lognXbxL4b0XUsBfih8KtGu6/p7KjXqRdmRfRfZNEwm5Vpv8Uss0oMkpdWd+X+cTDsnlQHeIL7nlh3zVB9dZ0UYnVHEQ/VcaMemCV2kDZbkhHMA3j7PpU/OA0HeLNlEnPhhmFm8meD71C/iqiNLjRLP/DLntwIDAQAB";
/// Without the wrapping of `SubjectPublicKeyInfo`.
const BARE_2048: &str = "MIIBCgKCAQEA0twliq8YG/xp7o9lI9Zf26pGeIuLD5m5Mc5AoyuouGA1KDo9XP7RDH3CKtITJuX2Rr9CJtnl2GlqLWBqaKr1uQmXMnt/bmxYleuVSneNwXvmsdfTgxkPe0ECgIXf+A66aF57I8FLhSsUkKbwyHh813sWt2qnIOowKgZ/3lyulyrmzG4YWeroFNZolBgabFxD0ZH5xa68II56jVsFg7/dLtEWNgwRVo7WhLDMGualKD5+ibdTM6G6DMkP9I/r+mXFcgJY1yX1WpqZ2RgMRWAF7hwTOmQ1rLB6P7wDYMeb3xTl1q+Fp935hoH3wxtA6LeyKJM4mgrG8pZ6iBinxxU3PQIDAQAB";

fn key(record: &str) -> Result<Key, String> {
    DkimKey::parse(record.as_bytes()).map(|key| key.key)
}

#[test]
fn keys_are_measured() {
    assert_eq!(key(&format!("v=DKIM1; k=rsa; p={RSA_768}")), Ok(Key::Rsa { bits: 768 }));
    assert_eq!(key(&format!("v=DKIM1; p={RSA_1024}")), Ok(Key::Rsa { bits: 1024 }));
    assert_eq!(key(&format!("k=rsa; p={RSA_2048};")), Ok(Key::Rsa { bits: 2048 }));
    assert_eq!(key(&format!("p={BARE_2048}")), Ok(Key::Rsa { bits: 2048 }));
    assert_eq!(key("v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="), Ok(Key::Ed25519));
    assert_eq!(key("v=DKIM1; k=rsa; p="), Ok(Key::Revoked));
    let (start, end) = RSA_1024.split_at(40);
    assert_eq!(key(&format!("p={start} \t{end}")), Ok(Key::Rsa { bits: 1024 }));
}

#[test]
fn useless_keys_say_why() {
    let (half, _) = RSA_2048.split_at(120);
    for (record, word) in [
        ("v=DKIM2; p=AAAA".to_owned(), "version"),
        (format!("p={RSA_1024}; v=DKIM1"), "first"),
        ("v=DKIM1; k=rsa".to_owned(), "missing"),
        ("v=DKIM1; p=***".to_owned(), "Base64"),
        (format!("v=DKIM1; p={half}"), "cut off"),
        (format!("v=DKIM1; p={}", RSA_2048.get(..237).unwrap()), "cut off"),
        ("v=DKIM1; p=AAAAA".to_owned(), "cut off"),
        ("v=DKIM1; p=AAAA\" \"AAAA".to_owned(), "quotation marks"),
        ("v=DKIM1; p=AAAA; p=BBBB".to_owned(), "twice"),
        ("v=DKIM1; p=AAAA".to_owned(), "no RSA key"),
        ("v=DKIM1; k=ed25519; p=AAAA".to_owned(), "32 bytes"),
        ("v=DKIM1; k=dsa; p=AAAA".to_owned(), "not known"),
    ] {
        let error = key(&record).unwrap_err();
        assert!(error.contains(word), "{record}: {error}");
    }
}

#[test]
fn keys_that_nobody_should_sign_with_say_why() {
    let unfit = |record: &str| DkimKey::parse(record.as_bytes()).unwrap().unfit();
    for (record, word) in [
        ("v=DKIM1; p=".to_owned(), "withdraws"),
        (format!("p={RSA_768}"), "768 bits"),
        (format!("h=sha1; p={RSA_2048}"), "SHA-1"),
        (format!("s=tlsrpt; p={RSA_2048}"), "not meant for mail"),
        ("k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=".to_owned(), "RFC 8463"),
    ] {
        assert!(unfit(&record).is_some_and(|why| why.contains(word)), "{record}");
    }
    assert_eq!(unfit(&format!("p={RSA_2048}")), None);
    assert_eq!(unfit(&format!("p={RSA_1024}")), None);
}

#[test]
fn flags_are_read() {
    let parse = |record: &str| DkimKey::parse(record.as_bytes()).unwrap();
    assert!(parse("v=DKIM1; t=s:y; p=").is_test);
    assert!(!parse("v=DKIM1; t=s; p=").is_test);
    assert!(parse("v=DKIM1; h=sha1; p=").is_sha1_only);
    assert!(!parse("v=DKIM1; h=sha1:sha256; p=").is_sha1_only);
    assert!(parse("v=DKIM1; h=sha1:sha256; p=").allows_sha1);
    assert!(parse("v=DKIM1; s=tlsrpt; p=").is_not_for_mail && !parse("v=DKIM1; s=*; p=").is_not_for_mail);
    assert_eq!(parse("v=DKIM1; p=; rubbish; zz=1; n=note").extra, ["rubbish", "zz=1"]);
    assert!(is_key_record(b"v=DKIM1; k=rsa"));
    assert!(is_key_record(b"k=rsa; p=AAA"));
    assert!(!is_key_record(b"v=spf1 -all"));
}

proptest! {
    #![proptest_config(crate::mutate::seeds::properties(256))]

    #[test]
    fn no_record_makes_the_parser_panic(text in "\\PC{0,200}", der in proptest::collection::vec(any::<u8>(), 0..120)) {
        let _key = DkimKey::parse(text.as_bytes());
        let _key = DkimKey::parse(format!("p={}", BASE64.encode(&der)).as_bytes());
        let mut wrapped = vec![0x30, 0x0d, 0x30, 0x0b];
        wrapped.extend(der);
        let _key = DkimKey::parse(format!("p={}", BASE64.encode(&wrapped)).as_bytes());
    }
}
