use super::*;

fn client(ip: &str) -> Client {
    Client {
        ip: ip.parse().unwrap(),
        local: "strong-bad".to_owned(),
        sender_domain: "email.example.com".to_owned(),
        helo: "mx.example.org".to_owned(),
        at_secs: 1_700_000_000,
    }
}

/// The examples of RFC 7208 section 7.4, and the corners of the grammar.
#[test]
fn macros_expand_as_the_standard_says() {
    let v4 = client("192.0.2.3");
    let v6 = client("2001:db8::cb01");
    for (client, text, expected) in [
        (&v4, "%{s}", "strong-bad@email.example.com"),
        (&v4, "%{o}", "email.example.com"),
        (&v4, "%{d}", "email.example.com"),
        (&v4, "%{d4}", "email.example.com"),
        (&v4, "%{d3}", "email.example.com"),
        (&v4, "%{d2}", "example.com"),
        (&v4, "%{d1}", "com"),
        (&v4, "%{dr}", "com.example.email"),
        (&v4, "%{d2r}", "example.email"),
        (&v4, "%{l}", "strong-bad"),
        (&v4, "%{l-}", "strong.bad"),
        (&v4, "%{lr}", "strong-bad"),
        (&v4, "%{lr-}", "bad.strong"),
        (&v4, "%{l1r-}", "strong"),
        (&v4, "%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com"),
        (&v4, "%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com"),
        (&v4, "%{ir}.%{v}.%{l1r-}.lp._spf.%{d2}", "3.2.0.192.in-addr.strong.lp._spf.example.com"),
        (&v4, "%{d2}.trusted-domains.example.net", "example.com.trusted-domains.example.net"),
        (
            &v6,
            "%{ir}.%{v}._spf.%{d2}",
            "1.0.b.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6._spf.example.com",
        ),
        (&v4, "%{h}.%{p}.%%%_%-", "mx.example.org.unknown.% %20"),
        (&v4, "%{S}.x.%{L}", "strong-bad%40email.example.com.x.strong-bad"),
        (&v4, "%{d99}", "email.example.com"),
        (&v4, "%{s1r+-@.}", "strong"),
    ] {
        let expanded = MacroString::parse(text, Place::Domain)
            .map(|parsed| parsed.expand(client, "email.example.com", "unknown"));
        if text.contains('@') {
            assert!(expanded.is_err(), "@ is no delimiter: {text}");
        } else {
            assert_eq!(expanded.as_deref(), Ok(expected), "{text}");
        }
    }
    let explanation = MacroString::parse("%{c} %{r} %{t}", Place::Explanation).unwrap();
    assert_eq!(explanation.expand(&v6, "d", "p"), "2001:db8::cb01 unknown 1700000000");
}

#[test]
fn wrong_macros_say_where() {
    for (text, offset) in [
        ("a%", 1),
        ("%a", 0),
        ("ab%{", 2),
        ("%{x}", 0),
        ("%{d0}", 0),
        ("%{c}", 0),
        ("%{d.!}", 0),
        ("a\u{e9}", 1),
        ("a b", 1),
    ] {
        assert_eq!(
            MacroString::parse(text, Place::Domain).map_err(|error| error.offset),
            Err(offset),
            "{text}"
        );
    }
}

#[test]
fn a_domain_ends_in_a_macro_or_a_top_label() {
    for (text, is_domain) in [
        ("a.example", true),
        ("a.example.", true),
        ("foo:bar/baz.example.com", true),
        ("a.xn--zckzah", true),
        ("_spf.%{d}", true),
        ("%{i}.1-1", true),
        ("museum", false),
        ("museum.", false),
        ("a.example.com:8080", false),
        ("111.222.33.44", false),
        ("a.-b", false),
        ("a.b-", false),
        ("", false),
        ("%{i}x", false),
    ] {
        assert_eq!(MacroString::parse_domain(text).is_ok(), is_domain, "{text}");
    }
}

#[test]
fn long_names_lose_labels_at_the_left() {
    let long = format!("%{{l}}.{}", vec!["a23456789"; 25].join("."));
    let name =
        MacroString::parse(&long, Place::Domain).unwrap().expand_domain(&client("192.0.2.1"), "d", "p");
    assert_eq!(name.len(), 249);
    assert!(!name.contains("strong"));
}
