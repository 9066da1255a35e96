//! Every format is read by the program that it is for, and means there what it means here.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Command, Output};

use mailferry::dns::Resolver;
use mailferry::providers::{Catalogue, Provider, ProviderId};
use mailferry::records::{
    Change, CurrentZone, ExportStage, Format, GroupKind, RecordsPlan, SwitchStage, ZoneRecord, desired,
    parse_zone_file, render, stage_sets,
};
use mailferry::values::{Asked, DnsQuestion, DomainName, RecordData, RecordType};
use mailferry_test_support::programs;
use mailferry_test_support::servers::named::Named;
use mailferry_test_support::servers::unpacked::require_folder;

const ZONE: &str = r#"
@ 3600 SOA ns.d.test. hostmaster.d.test. 1 7200 3600 1209600 300
@ 3600 NS ns
ns 3600 A 127.0.0.1
@ 86400 MX 10 mail
mail 3600 A 203.0.113.10
@ 3600 TXT "v=spf1 mx -all"
@ 3600 TXT "verification=1; \"quoted\" \\ \195\164"
_dmarc 3600 TXT "v=DMARC1; p=reject; rua=mailto:d@d.test"
_imaps._tcp 3600 SRV 0 1 993 mail
_25._tcp.mail 3600 TLSA 3 1 1 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
fm1._domainkey 3600 TXT "v=DKIM1; p=QUJD"
"#;

const KEY: &str = "c2VjcmV0IG9mIHRoZSB0ZXN0cywgbm90IG9mIGFueWJvZHk=";

fn provider(id: &str) -> Provider {
    Catalogue::embedded().get(&ProviderId(id.to_owned())).unwrap().clone()
}

fn sample() -> (CurrentZone, RecordsPlan) {
    let zone = parse_zone_file(ZONE, &DomainName::parse("d.test").unwrap()).unwrap();
    let plan = desired(&provider("fastmail"), &BTreeMap::new(), &zone, &BTreeSet::new());
    (zone, plan)
}

/// Answers of the server for every set that a plan knows, as `name type data`.
async fn served(
    port: u16,
    names: &BTreeSet<(String, &'static str)>,
    domain: &DomainName,
) -> BTreeSet<String> {
    // A resolver remembers what it was told.
    let resolver = Resolver::at(SocketAddr::from(([127, 0, 0, 1], port)));
    let mut found = BTreeSet::new();
    for (name, kind) in names {
        let owner = if name == "@" { domain.dns() } else { domain.below(name) };
        let types = [
            RecordType::Mx,
            RecordType::Txt,
            RecordType::Cname,
            RecordType::Srv,
            RecordType::Tlsa,
            RecordType::Ns,
            RecordType::A,
            RecordType::Aaaa,
        ];
        let record_type = types.into_iter().find(|one| one.name() == *kind).unwrap();
        let mut question = DnsQuestion::new(owner, record_type);
        if record_type == RecordType::Ns {
            // Whoever is asked above a delegation refers to it.
            question = question.to(Asked::Server(Ipv4Addr::LOCALHOST.into()));
        }
        let answer = resolver.ask(&question).await;
        if record_type == RecordType::Ns {
            found.extend(answer.delegation.iter().map(|server| format!("{name} NS {}.", server.name)));
        }
        if !answer.aliases.is_empty() && record_type != RecordType::Cname {
            continue;
        }
        for record in &answer.records {
            let shown = match record {
                RecordData::Txt(strings) => String::from_utf8_lossy(&strings.joined()).into_owned(),
                other => other.to_string(),
            };
            found.insert(format!("{name} {kind} {shown}"));
        }
    }
    found
}

#[tokio::test]
async fn nsupdate_brings_a_real_server_through_the_stages_and_back() {
    let (zone, plan) = sample();
    through_the_stages_and_back("fastmail", &zone, &plan).await;
}

/// Publishes every stage of the plan on a fresh name server with nsupdate, then the way back.
async fn through_the_stages_and_back(label: &str, zone: &CurrentZone, plan: &RecordsPlan) {
    let Some(nsupdate) = programs::require_program("nsupdate", "bind9-dnsutils") else { return };
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("d.zone"), ZONE).unwrap();
    let key = format!("key \"mover\" {{ algorithm hmac-sha256; secret \"{KEY}\"; }};");
    fs::write(folder.path().join("key"), &key).unwrap();
    let config = format!(
        "{key}\nzone \"d.test\" {{ type primary; file \"{}\"; allow-update {{ key mover; }}; }};",
        folder.path().join("d.zone").display()
    );
    let Some(named) = Named::start(&[(".", "")], &config) else { return };
    let mut changed = BTreeSet::new();
    for stage in ExportStage::ALL {
        let sets = stage_sets(plan, zone, stage);
        changed.extend(sets.changes.into_iter().map(|change| (change.name, change.record_type)));
    }
    let run = |text: &str| {
        let file = folder.path().join("commands");
        fs::write(&file, format!("server 127.0.0.1 {}\n{text}", named.port)).unwrap();
        Command::new(&nsupdate).arg("-k").arg(folder.path().join("key")).arg(&file).output().unwrap()
    };
    for stage in ExportStage::ALL {
        let text = render(plan, zone, stage, Format::Nsupdate).unwrap();
        let output = run(&text);
        let words = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{label} {stage:?}: {words}\n{text}");
        let expected: BTreeSet<String> = stage_sets(plan, zone, stage)
            .after
            .iter()
            .filter(|record| changed.contains(&(record.name.clone(), record.data.record_type())))
            .map(|record| format!("{} {} {}", record.name, record.data.record_type(), record.data.shown()))
            .collect();
        assert_eq!(served(named.port, &changed, &plan.domain).await, expected, "{label} {stage:?}\n{text}");
        // The zone is not as it was read any more, so the same again changes nothing.
        if stage == ExportStage::Stage(SwitchStage::AtTheSwitch) {
            assert!(!run(&text).status.success(), "{label}: a stage is not published twice");
        }
    }
}

/// A primary server of `d.test` that takes changes with the key `mover`, and the files for the program.
struct Primary {
    folder: tempfile::TempDir,
    server: Named,
    zone: CurrentZone,
    plan: RecordsPlan,
}

impl Primary {
    fn start() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("d.zone"), ZONE).unwrap();
        // The server writes into its own file.
        fs::write(folder.path().join("old.zone"), ZONE).unwrap();
        let key = format!("key \"mover\" {{ algorithm hmac-sha256; secret \"{KEY}\"; }};");
        fs::write(folder.path().join("key"), &key).unwrap();
        let file = folder.path().join("d.zone").display().to_string();
        let other = "key \"other\" { algorithm hmac-sha512; secret \"b3RoZXI=\"; };";
        let config = format!(
            "{key}\n{other}\nzone \"d.test\" {{ type primary; file \"{file}\"; allow-update {{ key mover; }}; }};"
        );
        let provider =
            [("messagingengine.com", "spf 3600 TXT \"v=spf1 ip4:192.0.2.1 -all\"\n"), ("fmhosted.com", "")];
        let server = Named::start(&provider, &config)?;
        let (zone, plan) = sample();
        Some(Self { folder, server, zone, plan })
    }

    fn address(&self) -> String {
        format!("127.0.0.1:{}", self.server.port)
    }

    /// Publishes as the program does, after reading the zone from the server or from a file.
    fn publish(&self, stage: &str, key: &str, read_from: &[&str], agrees: bool) -> Output {
        let mut program = Command::new(env!("CARGO_BIN_EXE_mailferry"));
        program.args(["publish", "d.test", "--provider", "fastmail", "--stage", stage]);
        program.args(["--server", &self.address()]).args(read_from);
        program.arg("--key-file").arg(self.folder.path().join(key)).args(agrees.then_some("--yes"));
        programs::run(&mut program)
    }

    fn publish_read(&self, stage: &str, key: &str) -> Output {
        self.publish(stage, key, &["--resolver", &self.address()], true)
    }

    /// What the server answers for every set that a stage changes.
    fn served(&self) -> BTreeSet<String> {
        let changed = ExportStage::ALL
            .iter()
            .flat_map(|stage| stage_sets(&self.plan, &self.zone, *stage).changes)
            .map(|change| (change.name, change.record_type))
            .collect();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(served(self.server.port, &changed, &self.plan.domain))
    }

    /// The server has nothing but what the plan says for this stage.
    #[track_caller]
    fn assert_has(&self, stage: ExportStage) {
        let after: BTreeSet<String> = stage_sets(&self.plan, &self.zone, stage)
            .after
            .iter()
            .map(|record| format!("{} {} {}", record.name, record.data.record_type(), record.data.shown()))
            .collect();
        let now = self.served();
        assert!(now.iter().all(|line| after.contains(line)), "{now:#?}\n{after:#?}");
        assert!(now.iter().any(|line| line.starts_with("@ MX")), "{now:#?}");
    }
}

fn words(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn publish_brings_a_real_server_through_the_stages_and_back() {
    let Some(primary) = Primary::start() else { return };
    let untouched = primary.served();
    for (stage, name) in [(SwitchStage::Now, "now"), (SwitchStage::AtTheSwitch, "switch")] {
        let published = primary.publish_read(name, "key");
        assert_eq!(published.status.code(), Some(0), "{}", words(&published));
        assert!(words(&published).contains("and it answers so"), "{}", words(&published));
        primary.assert_has(ExportStage::Stage(stage));
        let again = primary.publish_read(name, "key");
        assert_eq!(again.status.code(), Some(0), "{}", words(&again));
        assert!(words(&again).contains("Nothing to publish"), "{}", words(&again));
    }
    assert_ne!(primary.served(), untouched);

    // The way back, before the last stage: what the switch has changed is as it was.
    let blind = primary.publish_read("rollback", "key");
    assert_eq!(blind.status.code(), Some(2), "{}", words(&blind));
    let old = primary.folder.path().join("old.zone").display().to_string();
    let back = primary.publish("rollback", "key", &["--zone", &old], true);
    assert_eq!(back.status.code(), Some(0), "{}", words(&back));
    primary.assert_has(ExportStage::Rollback);
    assert!(primary.served().contains("@ MX 10 mail.d.test."));
}

#[test]
fn a_refused_update_says_why_and_changes_nothing() {
    let Some(primary) = Primary::start() else { return };
    let untouched = primary.served();
    let asked = primary.publish("now", "key", &["--resolver", &primary.address()], false);
    assert_eq!(asked.status.code(), Some(2), "{}", words(&asked));
    assert!(String::from_utf8_lossy(&asked.stdout).contains("include:spf.messagingengine.com"));
    let wrong = "key mover { algorithm hmac-sha256; secret \"d3Jvbmc=\"; };";
    let unknown = "key nobody { algorithm hmac-sha256; secret \"d3Jvbmc=\"; };";
    let other = "key other { algorithm hmac-sha512; secret \"b3RoZXI=\"; };";
    for (name, text, said) in [
        ("none", "zone;", "no key in it"),
        ("wrong", wrong, "is not the one that the name server has"),
        ("unknown", unknown, "does not know the key"),
        ("other", other, "refuses the change"),
    ] {
        fs::write(primary.folder.path().join(name), text).unwrap();
        let refused = primary.publish_read("now", name);
        assert_eq!(refused.status.code(), Some(3), "{name}: {}", words(&refused));
        assert!(words(&refused).contains(said), "{name}: {}", words(&refused));
        for secret in ["d3Jvbmc=", "b3RoZXI="] {
            assert!(!words(&refused).contains(secret), "{}", words(&refused));
        }
        assert_eq!(primary.served(), untouched, "{name}");
    }
}

/// octoDNS with a folder for its files.
struct OctoDns {
    program: std::path::PathBuf,
    folder: tempfile::TempDir,
}

impl OctoDns {
    fn start() -> Option<Self> {
        let program = require_folder("octodns", "scripts/fetch-python.sh")?.join("bin/octodns-sync");
        let folder = tempfile::tempdir().unwrap();
        fs::write(
            folder.path().join("config.yaml"),
            "providers:\n  config:\n    class: octodns.provider.yaml.YamlProvider\n    directory: ./zones\n    \
             enforce_order: false\n  target:\n    class: octodns.provider.yaml.YamlProvider\n    directory: ./target\n    \
             supports_root_ns: true\nzones:\n  d.test.:\n    sources: [config]\n    targets: [target]\n",
        )
        .unwrap();
        fs::create_dir(folder.path().join("zones")).unwrap();
        fs::create_dir(folder.path().join("target")).unwrap();
        Some(Self { program, folder })
    }

    /// Every stage is taken; what is in the target after the last one.
    fn takes(&self, label: &str, zone: &CurrentZone, plan: &RecordsPlan) -> String {
        for stage in ExportStage::ALL {
            let text = render(plan, zone, stage, Format::OctoDns).unwrap();
            fs::write(self.folder.path().join("zones/d.test.yaml"), &text).unwrap();
            let output = Command::new(&self.program)
                .args(["--config-file", "config.yaml", "--doit", "--force"])
                .current_dir(self.folder.path())
                .output()
                .unwrap();
            let words = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{label} {stage:?}: {words}\n{text}");
        }
        fs::read_to_string(self.folder.path().join("target/d.test.yaml")).unwrap()
    }
}

#[test]
fn octodns_takes_every_stage_of_every_provider() {
    let Some(octodns) = OctoDns::start() else { return };
    let zone = sample().0;
    for id in ["fastmail", "google-workspace", "microsoft365", "migadu"] {
        let provider = provider(id);
        let answers: BTreeMap<String, String> = provider
            .answers
            .iter()
            .filter(|answer| answer.name != "dkim_key")
            .map(|answer| (answer.name.clone(), answer.example.clone()))
            .collect();
        let plan = desired(&provider, &answers, &zone, &BTreeSet::new());
        let target = octodns.takes(id, &zone, &plan);
        assert!(target.contains("verification=1"), "{target}");
    }
}

/// Plans with what came last into the catalogue: a key by delegation, and proposals for MTA-STS and TLS-RPT.
fn newer_shapes() -> Vec<(&'static str, RecordsPlan)> {
    let zone = sample().0;
    let planned = |id: &str, answers: &[(&str, &str)]| {
        let provider = provider(id);
        let examples = provider.answers.iter().filter(|answer| !answer.name.starts_with("dkim_"));
        let mut all: BTreeMap<String, String> =
            examples.map(|answer| (answer.name.clone(), answer.example.clone())).collect();
        all.extend(answers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        desired(&provider, &all, &zone, &BTreeSet::new())
    };
    let servers =
        [("dkim_selector", "s1"), ("dkim_server", "ns1.keys.test"), ("dkim_server_2", "ns2.keys.test")];
    let shapes = vec![
        ("a key by delegation", planned("generic-imap", &servers)),
        ("Google", planned("google-workspace", &[])),
        ("Microsoft", planned("microsoft365", &[])),
    ];
    let has = |plan: &RecordsPlan, kind, record_type: &str| {
        plan.lines_of(kind).any(|line| line.change == Change::Add && line.record_type == record_type)
    };
    for (label, plan) in &shapes {
        let is_there = if *label == "a key by delegation" {
            has(plan, GroupKind::Dkim, "NS")
        } else {
            has(plan, GroupKind::MtaSts, "TXT") && has(plan, GroupKind::TlsRpt, "TXT")
        };
        assert!(is_there, "{label}: {plan:#?}");
    }
    shapes
}

#[tokio::test]
async fn keys_by_delegation_and_proposals_go_through_every_consumer() {
    let zone = sample().0;
    let (checker, octodns) = (programs::require_program("named-checkzone", "bind9-utils"), OctoDns::start());
    for (label, plan) in newer_shapes() {
        if let Some(checker) = &checker {
            zone_text_loads(checker, label, &zone, &plan);
        }
        if let Some(octodns) = &octodns {
            let target = octodns.takes(label, &zone, &plan);
            assert!(target.contains("verification=1"), "{label}: {target}");
        }
        the_rest_says_the_same(label, &zone, &plan);
        through_the_stages_and_back(label, &zone, &plan).await;
    }
}

/// The formats without a consumer that installs: each names every record that comes, and JSON and CSV are well formed.
fn the_rest_says_the_same(label: &str, zone: &CurrentZone, plan: &RecordsPlan) {
    for stage in ExportStage::ALL {
        let sets = stage_sets(plan, zone, stage);
        let added: Vec<(String, &'static str)> = sets
            .changes
            .iter()
            .filter(|change| change.added().next().is_some())
            .map(|change| (change.name.clone(), change.record_type))
            .collect();
        let json = render(plan, zone, stage, Format::Route53).unwrap();
        let batch: serde_json::Value = serde_json::from_str(&json).unwrap();
        let in_batch: BTreeSet<(String, String)> = batch["Changes"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|change| change["Action"] != "DELETE")
            .map(|change| {
                let set = &change["ResourceRecordSet"];
                (set["Name"].as_str().unwrap().to_owned(), set["Type"].as_str().unwrap().to_owned())
            })
            .collect();
        let csv = render(plan, zone, stage, Format::Csv).unwrap();
        for row in csv::Reader::from_reader(csv.as_bytes()).records() {
            row.unwrap_or_else(|error| panic!("{label} {stage:?}: {error}\n{csv}"));
        }
        let others =
            [Format::DnsControl, Format::Table].map(|format| render(plan, zone, stage, format).unwrap());
        for (name, record_type) in &added {
            let full = format!("{}.", sets.full_name(name));
            assert!(in_batch.contains(&(full.clone(), (*record_type).to_owned())), "{label}: {full} {json}");
            let bare = sets.full_name(name);
            assert!(csv.contains(&bare) && csv.contains(record_type), "{label}: {name} {csv}");
            for text in &others {
                assert!(
                    (text.contains(name.as_str()) || text.contains(&bare)) && text.contains(record_type),
                    "{label}: {name} {text}"
                );
            }
        }
    }
}

#[test]
fn the_other_formats_that_are_zone_text_load() {
    let Some(program) = programs::require_program("named-checkzone", "bind9-utils") else { return };
    let (zone, plan) = sample();
    zone_text_loads(&program, "fastmail", &zone, &plan);
}

/// The whole zone, zone lines and Cloudflare's file, of every stage and of the way back, through BIND's checker and our reader.
fn zone_text_loads(program: &std::path::Path, label: &str, zone: &CurrentZone, plan: &RecordsPlan) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("zone");
    let loads = |text: &str| {
        fs::write(&file, text).unwrap();
        let output = Command::new(program).args(["-i", "none", "d.test"]).arg(&file).output().unwrap();
        assert!(output.status.success(), "{label}: {}\n{text}", String::from_utf8_lossy(&output.stdout));
    };
    for stage in ExportStage::ALL {
        let sets = stage_sets(plan, zone, stage);
        let text = render(plan, zone, stage, Format::Zone).unwrap();
        loads(&text);
        let read = parse_zone_file(&text, &plan.domain).unwrap();
        assert_eq!(read.records.len(), sets.after.len(), "{label}: {text}");
        let is_there = |record: &ZoneRecord| read.at(&record.name).any(|other| other.data == record.data);
        assert!(sets.after.iter().all(is_there), "{label}: {text}");
        for format in [Format::Cloudflare, Format::Bind] {
            let text = render(plan, zone, stage, format).unwrap();
            loads(&format!("$TTL 3600\n@ SOA ns.example. h.example. 1 2 3 4 5\n@ NS ns.example.\n{text}"));
        }
        let cloudflare = render(plan, zone, stage, Format::Cloudflare).unwrap();
        let added: usize = sets.changes.iter().map(|change| change.added().count()).sum();
        let read = parse_zone_file(&format!("{cloudflare}x NS ns.example.\n"), &plan.domain).unwrap();
        assert_eq!(
            read.records.iter().filter(|record| record.name != "x").count(),
            added,
            "{label}: {cloudflare}"
        );
    }
}
