//! `Received` fields (RFC 5321 section 4.4), as Postfix, Exim, Sendmail and the large receivers write them.

use std::net::IpAddr;

use super::facts::Hop;
use super::structured::without_comments;
use crate::message::internal_date_secs;

/// Reads the value of one field. What cannot be found stays empty.
pub(super) fn read(value: &str) -> Hop {
    let (clauses, date) = value.rsplit_once(';').unwrap_or((value, ""));
    let plain = without_comments(clauses);
    let words: Vec<&str> = plain.text.split_whitespace().collect();
    let after = |keyword: &str| {
        let at = words.iter().position(|word| word.eq_ignore_ascii_case(keyword))?;
        words.get(at + 1).copied()
    };
    let from = after("from");
    // What belongs to the sender stands before “by”, in comments too.
    let sender = before_by(clauses);
    let helo_in_comment = sender.split(['(', ')', ' ', '\t']).find_map(|word| word.strip_prefix("helo="));
    let helo = helo_in_comment.or(from.filter(|word| address(word).is_none()));
    let protocol = after("with").map(|word| cut(word).to_ascii_uppercase());
    Hop {
        helo: helo.map(|name| cut(name).to_lowercase()),
        address: sender.split(['(', ')', ' ', '\t', ',']).find_map(address),
        by: after("by").map(|name| cut(name).to_lowercase()),
        is_encrypted: protocol.as_deref().is_some_and(is_encrypted_protocol)
            || plain.comments.iter().any(|comment| has_tls_words(comment))
            || after("tls").is_some(),
        protocol,
        at_secs: internal_date_secs(date.trim()),
    }
}

fn before_by(clauses: &str) -> &str {
    if !clauses.trim_start().get(..4).is_some_and(|start| start.eq_ignore_ascii_case("from")) {
        return "";
    }
    match clauses.find(" by ").or_else(|| clauses.find("\tby ")) {
        Some(at) => clauses.get(..at).unwrap_or(clauses),
        None => clauses,
    }
}

/// `ESMTPS`, `ESMTPSA`, `LMTPS`, `UTF8SMTPS` and the like (RFC 3848, RFC 6531).
fn is_encrypted_protocol(protocol: &str) -> bool {
    protocol.ends_with("SMTPS")
        || protocol.ends_with("SMTPSA")
        || matches!(protocol, "LMTPS" | "LMTPSA" | "HTTPS" | "UTF8LMTPS")
}

fn has_tls_words(comment: &str) -> bool {
    let lower = comment.to_ascii_lowercase();
    lower.contains("using tls") || lower.contains("version=tls") || lower.starts_with("tls")
}

/// An address as it stands in brackets: `[192.0.2.1]`, `[IPv6:2001:db8::1]`, `[192.0.2.1]:25`, or bare.
fn address(word: &str) -> Option<IpAddr> {
    let word = match word.split_once('[') {
        Some((_, rest)) => rest.split(']').next().unwrap_or(rest),
        None => word,
    };
    let word = word
        .get(..5)
        .filter(|start| start.eq_ignore_ascii_case("IPv6:"))
        .map_or(word, |_| word.get(5..).unwrap_or(word));
    word.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

fn cut(word: &str) -> String {
    word.chars().filter(|character| !character.is_control()).take(255).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_of_many_servers_are_read() {
        for (value, helo, address, encrypted) in [
            (
                "from mail.a.example (host.a.example [192.0.2.25]) by mx.google.com with ESMTPS id x for <b@c.example> \
                 (version=TLS1_3 cipher=TLS_AES_256_GCM_SHA384 bits=256/256); Mon, 02 Nov 2026 10:00:00 +0100 (CET)",
                Some("mail.a.example"),
                Some("192.0.2.25"),
                true,
            ),
            (
                "from [192.0.2.7] (helo=Mail.A.example) by mx.b.example with esmtps (TLS1.3) tls TLS_AES_256_GCM_SHA384 \
                 (Exim 4.96) (envelope-from <a@a.example>) id 1; Mon, 2 Nov 2026 09:00:00 +0000",
                Some("mail.a.example"),
                Some("192.0.2.7"),
                true,
            ),
            (
                "from a.example (unknown [IPv6:2001:db8::25]) by mx.b.example (Postfix) with ESMTP id 1; Mon, 2 Nov 2026 09:00:00 +0000",
                Some("a.example"),
                Some("2001:db8::25"),
                false,
            ),
            ("by 2002:a05::1 with SMTP id x; Mon, 2 Nov 2026 09:00:00 +0000", None, None, false),
            ("(qmail 1 invoked by uid 0); 2 Nov 2026 09:00:00 -0000", None, None, false),
        ] {
            let hop = read(value);
            assert_eq!(hop.helo.as_deref(), helo, "{value}");
            assert_eq!(hop.address, address.map(|address| address.parse().unwrap()), "{value}");
            assert_eq!(hop.is_encrypted, encrypted, "{value}");
            assert_eq!(hop.at_secs, Some(1_793_610_000), "{value}");
        }
    }
}
