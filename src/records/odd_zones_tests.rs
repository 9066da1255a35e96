//! Zones as nobody should write them, beyond those of the other tests: whatever stands there, the new SPF record is one that
//! receivers read, and what stands in the way is named.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::audit::spf::SpfResult;
use crate::providers::{Catalogue, ProviderId};
use crate::records::spf_terms::{TermKind, terms};

const MAIL: &str = "@ 3600 MX 10 mail\nmail 3600 A 203.0.113.10\n_dmarc 3600 TXT \"v=DMARC1; p=reject; rua=mailto:d@d.example\"\n";

/// What is odd, the lines of the zone, and words that a note must have; none where there is nothing to tell.
struct Case {
    what: &'static str,
    zone: String,
    says: &'static [&'static str],
}

fn spf(what: &'static str, record: &str, more: &str, says: &'static [&'static str]) -> Case {
    Case { what, zone: format!("{MAIL}@ 3600 TXT \"{record}\"\n{more}"), says }
}

fn odd(what: &'static str, zone: &str, says: &'static [&'static str]) -> Case {
    Case { what, zone: zone.to_owned(), says }
}

#[expect(clippy::too_many_lines, reason = "a table, a line a case")]
fn cases() -> Vec<Case> {
    let eleven = (1..=11).map(|number| format!("include:i{number}.d.example ")).collect::<Vec<_>>().concat();
    let behind = (1..=11)
        .map(|number| format!("i{number} 3600 TXT \"v=spf1 ip4:198.51.100.{number} -all\"\n"))
        .collect::<Vec<_>>()
        .concat();
    vec![
        spf("macros that reverse and cut", "v=spf1 exists:%{ir}.%{v}._spf.%{d2} mx -all", "", &[]),
        spf("a macro of a quarter", "v=spf1 exists:%{l1r+-}._x.%{o} mx -all", "", &[]),
        spf("a macro that is none", "v=spf1 exists:%{q}.d.example mx -all", "", &["is not copied"]),
        spf(
            "redirect with exp",
            "v=spf1 redirect=_spf.d.example exp=why.d.example",
            "_spf 3600 TXT \"v=spf1 mx -all\"\nwhy 3600 TXT \"%{i} is not one of ours\"\n",
            &[],
        ),
        spf("exp in the middle", "v=spf1 mx exp=%{d}.why.d.example -all", "", &[]),
        spf(
            "redirect twice",
            "v=spf1 redirect=a.d.example redirect=b.d.example",
            "",
            &["“redirect=” stands 2 times"],
        ),
        spf("exp twice", "v=spf1 mx -all exp=a.d.example EXP=b.d.example", "", &["“exp=” stands 2 times"]),
        spf("redirect behind all", "v=spf1 mx ?all redirect=_spf.d.example", "", &[]),
        spf(
            "an address with a zone",
            "v=spf1 mx ip6:fe80::1%eth0 -all",
            "",
            &["ip6:fe80::1%eth0", "is not copied"],
        ),
        spf("an address in brackets", "v=spf1 mx ip6:[2001:db8::1] -all", "", &["is not copied"]),
        spf(
            "a prefix too long",
            "v=spf1 mx ip4:203.0.113.0/33 ip6:2001:db8::/129 -all",
            "",
            &["is not copied"],
        ),
        spf("eleven includes", &format!("v=spf1 {eleven}mx -all"), &behind, &["receivers stop at 10"]),
        spf("capitals", "V=SPF1 MX A:MAIL.D.EXAMPLE -ALL", "", &[]),
        spf(
            "both prefixes, a name without a dot",
            "v=spf1 a:mail//64 mx/24//48 -all",
            "",
            &["“a:mail//64” is not copied"],
        ),
        spf("ptr with a name", "v=spf1 ptr:d.example mx -all", "", &["some receivers ignore it"]),
        spf("everybody", "v=spf1 +all", "", &[]),
        spf(
            "a key for one mailbox below a DNAME",
            "v=spf1 mx -all",
            "_domainkey 3600 DNAME k.other.example.\n",
            &["k.other.example (DNAME)"],
        ),
        spf("a wildcard MX", "v=spf1 mx -all", "* 3600 MX 10 mail\n", &["“*.d.example” sends mail"]),
        spf(
            "CAA and HTTPS beside it",
            "v=spf1 mx -all",
            "@ 3600 CAA 0 issue \"ca.example\"\n@ 3600 HTTPS 1 . alpn=h2\n",
            &[],
        ),
        spf(
            "names below another origin",
            "v=spf1 mx -all",
            "$ORIGIN _domainkey.d.example.\nfm1 3600 TXT \"v=DKIM1; p=QUJD\"\n$ORIGIN d.example.\n",
            &[],
        ),
        spf(
            "a key in pieces",
            "v=spf1 mx -all",
            "fm1._domainkey 3600 TXT ( \"v=DKIM1; k=rsa; \" \"p=MIIBIjANBgkqhk\" \"iG9w0BAQEFAAOCAQ8A\" )\n",
            &[],
        ),
        odd(
            "pieces without a blank between",
            "@ 3600 MX 10 mail\nmail 3600 A 203.0.113.10\n@ 3600 TXT \"v=spf1 mx\" \"ip4:198.51.100.7 -all\"\n",
            &["ip4:198.51.100.7"],
        ),
        odd(
            "no mail at all",
            "@ 3600 MX 0 .\n@ 3600 TXT \"v=spf1 -all\"\n_dmarc 3600 TXT \"v=DMARC1; p=reject\"\n",
            &[],
        ),
        odd(
            "an alias at the domain",
            "@ 3600 CNAME host.example.net.\nmail 3600 A 203.0.113.10\n",
            &["is an alias (CNAME) of host.example.net"],
        ),
        odd(
            "a forgotten dot",
            "@ 3600 MX 10 mail.d.example\nmail 3600 A 203.0.113.10\n@ 3600 TXT \"v=spf1 mx -all\"\n",
            &["mail.d.example was meant"],
        ),
        odd(
            "an address as a host",
            "@ 3600 MX 10 203.0.113.10\n@ 3600 TXT \"v=spf1 ip4:203.0.113.10 -all\"\n",
            &["names the address 203.0.113.10"],
        ),
    ]
}

#[test]
fn odd_zones_get_a_record_that_receivers_read_and_a_word_about_what_is_wrong() {
    let fastmail = Catalogue::embedded().get(&ProviderId("fastmail".to_owned())).unwrap().clone();
    let domain = crate::values::DomainName::parse("d.example").unwrap();
    for Case { what, zone, says } in cases() {
        let current = parse_zone_file(&zone, &domain).unwrap_or_else(|error| panic!("{what}: {error}"));
        let plan = desired(&fastmail, &BTreeMap::new(), &current, &BTreeSet::new());
        for wanted in says {
            assert!(
                plan.notes.iter().any(|note| note.contains(wanted)),
                "{what}: {wanted}: {:#?}",
                plan.notes
            );
        }
        for line in plan.lines_of(GroupKind::Spf).filter(|line| line.change == Change::Add) {
            let terms = terms(&line.value);
            let broken: Vec<&str> = terms
                .iter()
                .filter(|term| matches!(term.kind, TermKind::Broken(_)))
                .map(|term| term.text.as_str())
                .collect();
            assert_eq!(broken, Vec::<&str>::new(), "{what}: {}", line.value);
            for name in ["redirect=", "exp="] {
                let count =
                    terms.iter().filter(|term| term.text.to_ascii_lowercase().starts_with(name)).count();
                assert!(count <= 1, "{what}: {}", line.value);
            }
            assert_eq!(line.value.matches("v=spf1").count(), 1, "{what}");
        }
        // Nobody who passes today is made worse without a word.
        for judgement in &plan.judgements {
            for sender in judgement.senders.iter().filter(|sender| sender.before == SpfResult::Pass) {
                let is_told = sender.is_given_up || judgement.safety() != Safety::Safe;
                assert!(sender.after == SpfResult::Pass || is_told, "{what}: {sender:?}");
            }
        }
        for stage in ExportStage::ALL {
            let text = render(&plan, &current, stage, Format::Bind).unwrap();
            let has_records = text.lines().any(|line| !line.is_empty() && !line.starts_with([';', '$']));
            assert!(!has_records || parse_zone_file(&text, &domain).is_ok(), "{what} {stage:?}: {text}");
        }
    }
}
