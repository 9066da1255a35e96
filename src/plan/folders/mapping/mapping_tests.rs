use crate::plan::MailVolume;
use proptest::prelude::*;

use super::*;

fn path(text: &str) -> FolderPath {
    FolderPath(text.split('|').map(ToOwned::to_owned).collect())
}

fn folder(text: &str) -> SourceFolder {
    SourceFolder {
        raw: text.to_owned(),
        path: path(text),
        is_selectable: true,
        messages: 1,
        bytes: Bytes(10),
        ..SourceFolder::default()
    }
}

fn special(text: &str, special_use: SpecialUse) -> SourceFolder {
    SourceFolder { special_use: Some(special_use), ..folder(text) }
}

fn map(source: &[SourceFolder], rules: &DestinationRules) -> Vec<(String, String, bool)> {
    map_folders(source, &[], rules)
        .folders
        .into_iter()
        .map(|plan| (plan.source.0.join("|"), plan.destination.0.join("|"), !plan.renamed.is_empty()))
        .collect()
}

fn check(source: &[&str], rules: &DestinationRules, expected: &[(&str, &str, bool)]) {
    let source: Vec<_> = source.iter().map(|text| folder(text)).collect();
    let expected: Vec<_> =
        expected.iter().map(|(from, to, told)| ((*from).to_owned(), (*to).to_owned(), *told)).collect();
    assert_eq!(map(&source, rules), expected);
}

#[test]
fn plain_names_stay_and_the_inbox_comes_first() {
    check(
        &["Projekte|2024", "inbox", "Projekte", "Ärger"],
        &DestinationRules::default(),
        &[
            ("inbox", "INBOX", false),
            ("Projekte", "Projekte", false),
            ("Projekte|2024", "Projekte|2024", false),
            ("Ärger", "Ärger", false),
        ],
    );
}

#[test]
fn special_folders_find_their_like_and_children_follow() {
    let rules = DestinationRules {
        special: BTreeMap::from([(SpecialUse::Sent, path("Sent Items"))]),
        existing: vec![path("Deleted Items"), path("Sent Items")],
        ..DestinationRules::default()
    };
    check(
        &["Gesendet", "Gesendet|2020", "Papierkorb", "Sent Items", "Entwürfe"],
        &rules,
        &[
            ("Entwürfe", "Entwürfe", false),
            ("Gesendet", "Sent Items", true),
            ("Gesendet|2020", "Sent Items|2020", true),
            ("Papierkorb", "Deleted Items", true),
            // It has the name of the other's place, but it is not what the server marks as sent mail.
            ("Sent Items", "Sent Items 2", true),
        ],
    );
    // What the server says goes before what names say.
    let source = [special("Out", SpecialUse::Sent), folder("Gesendet")];
    assert_eq!(map(&source, &rules)[0].1, "Gesendet");
    assert_eq!(map(&source, &rules)[1].1, "Sent Items");
}

#[test]
fn below_a_folder_that_takes_none_children_stand_beside_it() {
    let rules = DestinationRules {
        existing: vec![path("Work"), path("Other")],
        childless: vec![path("Work")],
        ..DestinationRules::default()
    };
    check(
        &["Other|Deep", "WORK|Deep", "WORK|Deep|More"],
        &rules,
        &[
            ("Other|Deep", "Other|Deep", false),
            ("WORK|Deep", "Work - Deep", true),
            ("WORK|Deep|More", "Work - Deep|More", true),
        ],
    );
    // Where every folder is a file, those that hold messages have no folders below them.
    let files = DestinationRules { has_files_for_folders: true, ..rules };
    check(
        &["A", "A|Deep", "A|Deep|More", "Box|Inner", "Box|Inner|More"],
        &files,
        &[
            ("A", "A", false),
            ("A|Deep", "A - Deep", true),
            ("A|Deep|More", "A - Deep - More", true),
            ("Box|Inner", "Box|Inner", false),
            ("Box|Inner|More", "Box|Inner - More", true),
        ],
    );
}

#[test]
fn views_stay_behind_and_containers_hold_no_mail() {
    let source = [
        special("[Gmail]|All Mail", SpecialUse::All),
        special("[Gmail]|Important", SpecialUse::Important),
        SourceFolder { is_selectable: false, ..folder("[Gmail]") },
        folder("Important"),
    ];
    let plan = map_folders(&source, &[], &DestinationRules::default());
    let choices: Vec<_> = plan.folders.iter().map(|folder| (folder.source.name(), folder.choice)).collect();
    let view = FolderChoice::LeaveOut(LeftOutBecause::ItIsAView);
    assert_eq!(
        choices,
        [
            ("[Gmail]", FolderChoice::ContainerOnly),
            ("All Mail", view),
            ("Important", view),
            ("Important", FolderChoice::Copy),
        ]
    );
    assert_eq!(plan.chosen(), MailVolume { messages: 1, bytes: Bytes(10) });
}

#[test]
fn what_is_not_the_mailbox_s_own_stays_behind_and_takes_no_role() {
    let apart = |text, because| SourceFolder { stays_because: Some(because), ..folder(text) };
    let source = [
        apart("Gesendet", LeftOutBecause::ItIsShared),
        apart("Calendar", LeftOutBecause::ItHoldsNoMail),
        special("Out", SpecialUse::Sent),
    ];
    let rules = DestinationRules {
        special: BTreeMap::from([(SpecialUse::Sent, path("Sent"))]),
        ..DestinationRules::default()
    };
    let plan = map_folders(&source, &[], &rules);
    let seen: Vec<_> = plan.folders.iter().map(|one| (one.source.name(), one.choice)).collect();
    assert_eq!(
        seen,
        [
            ("Calendar", FolderChoice::LeaveOut(LeftOutBecause::ItHoldsNoMail)),
            ("Gesendet", FolderChoice::LeaveOut(LeftOutBecause::ItIsShared)),
            ("Out", FolderChoice::Copy),
        ]
    );
    assert_eq!(plan.folders[2].destination, path("Sent"), "the role is that of the own folder");
}

#[test]
fn prefixes_come_off_and_continue() {
    let source: Vec<_> = ["INBOX", "INBOX|Sent", "INBOX|Work", "INBOX|Work|A"].map(folder).into();
    let plan = map_folders(&source, &["INBOX".to_owned()], &DestinationRules::default());
    let targets: Vec<_> = plan.folders.iter().map(|folder| folder.destination.0.join("|")).collect();
    assert_eq!(targets, ["INBOX", "Sent", "Work", "Work|A"]);
    assert!(plan.folders.iter().all(|folder| folder.renamed.is_empty()));

    let courier = DestinationRules {
        delimiter: Some('.'),
        prefix: vec!["INBOX".to_owned()],
        existing: vec![path("INBOX"), path("INBOX|Trash")],
        ..DestinationRules::default()
    };
    check(
        &["INBOX", "INBOX|Work", "Papierkorb", "v1.2", "Work"],
        &courier,
        &[
            ("INBOX", "INBOX", false),
            ("INBOX|Work", "INBOX|Work", false),
            ("Papierkorb", "INBOX|Trash", true),
            ("v1.2", "INBOX|v1․2", true),
            ("Work", "INBOX|Work 2", true),
        ],
    );
}

#[test]
fn names_that_differ_in_capitals_only_get_places_of_their_own() {
    let rules = DestinationRules { existing: vec![path("WORK")], ..DestinationRules::default() };
    check(
        &["Archive", "archive", "archive|x", "ARCHIVE", "work"],
        &rules,
        &[
            ("ARCHIVE", "ARCHIVE", false),
            ("Archive", "Archive 2", true),
            ("archive", "archive 3", true),
            ("archive|x", "archive 3|x", true),
            ("work", "WORK", true),
        ],
    );
}

#[test]
fn inboxes_without_children_flat_servers_and_depth() {
    let domino = DestinationRules { allows_inbox_children: false, ..DestinationRules::default() };
    check(
        &["INBOX", "INBOX|Kids", "Kids"],
        &domino,
        &[("INBOX", "INBOX", false), ("INBOX|Kids", "Kids", true), ("Kids", "Kids 2", true)],
    );
    let flat = DestinationRules { delimiter: None, ..DestinationRules::default() };
    check(&["A", "A|B"], &flat, &[("A", "A", false), ("A|B", "A - B", true)]);
    check(&["inbox|Kids"], &DestinationRules::default(), &[("inbox|Kids", "INBOX|Kids", false)]);
    let shallow = DestinationRules { max_depth: 2, ..DestinationRules::default() };
    check(&["A|B|C|D"], &shallow, &[("A|B|C|D", "A|B - C - D", true)]);
}

#[test]
fn a_folder_listed_twice_counts_once_and_equal_names_stay_apart() {
    let twin = SourceFolder { raw: "B&-".to_owned(), ..folder("B") };
    let targets = map(&[folder("A"), folder("A"), folder("B"), twin], &DestinationRules::default());
    let targets: Vec<_> = targets.into_iter().map(|(_, to, _)| to).collect();
    assert_eq!(targets, ["A", "B", "B 2"]);
}

#[test]
fn a_folder_of_the_destination_is_not_taken_from_the_source_folder_of_its_name() {
    let rules = DestinationRules { existing: vec![path("Trash")], ..DestinationRules::default() };
    check(
        &["Papierkorb", "Trash"],
        &rules,
        &[("Papierkorb", "Papierkorb", false), ("Trash", "Trash", false)],
    );
    check(&["Papierkorb"], &rules, &[("Papierkorb", "Trash", true)]);
}

#[test]
fn a_name_that_can_stay_stays_before_one_that_comes_to_it() {
    check(
        &["Bu\u{308}ro", "Büro", "v1/2", "v1∕2"],
        &DestinationRules::default(),
        &[
            ("Bu\u{308}ro", "Büro 2", true),
            ("Büro", "Büro", false),
            ("v1/2", "v1∕2 2", true),
            ("v1∕2", "v1∕2", false),
        ],
    );
}

#[test]
fn what_lies_below_a_namesake_of_the_inbox_stays_with_it() {
    let source = ["INBOX", "INBOX|INBOX", "INBOX|INBOX|Sub", "INBOX|Work"].map(folder);
    let below = DestinationRules {
        delimiter: Some('.'),
        prefix: vec!["INBOX".to_owned()],
        ..DestinationRules::default()
    };
    let flat_inbox = DestinationRules { allows_inbox_children: false, ..DestinationRules::default() };
    for (rules, expected) in [
        (DestinationRules::default(), ["INBOX", "INBOX|INBOX 2", "INBOX|INBOX 2|Sub", "Work"]),
        (below, ["INBOX", "INBOX|INBOX 2", "INBOX|INBOX 2|Sub", "INBOX|Work"]),
        (flat_inbox, ["INBOX", "INBOX 2", "INBOX 2|Sub", "Work"]),
    ] {
        let plan = map_folders(&source, &["INBOX".to_owned()], &rules);
        let targets: Vec<String> = plan.folders.iter().map(|folder| folder.destination.0.join("|")).collect();
        assert_eq!(targets, expected);
    }
}

#[test]
fn a_long_name_stays_where_no_server_has_set_a_limit() {
    let long = "a".repeat(200);
    let plan = map_folders(&[folder(&long)], &[], &DestinationRules::default());
    assert_eq!(
        (plan.folders[0].destination.name(), plan.folders[0].renamed.as_slice()),
        (long.as_str(), &[][..])
    );
}

#[test]
fn no_name_alone_makes_a_view() {
    let named = folder("[Gmail]|All Mail");
    let told = SourceFolder { special_use: Some(SpecialUse::All), ..folder("[Gmail]|Everything") };
    let plan = map_folders(&[named, told], &[], &DestinationRules::default());
    let choices: Vec<FolderChoice> = plan.folders.iter().map(|folder| folder.choice).collect();
    assert_eq!(choices, [FolderChoice::Copy, FolderChoice::LeaveOut(LeftOutBecause::ItIsAView)]);
}

#[test]
fn names_that_may_be_refused_are_reported_before_the_folders_are_created() {
    let rules = DestinationRules {
        doubtful_signs: vec!['.'],
        existing: vec![path("v1.0")],
        ..DestinationRules::default()
    };
    let remarks = |names: &[&str]| {
        let source: Vec<_> = names.iter().map(|name| folder(name)).collect();
        map_folders(&source, &[], &rules).remarks
    };
    assert_eq!(remarks(&["Plain", "v1.0"]), [""; 0]);
    let told = remarks(&["Plain", "v1.2", "v1.2|Sub"]);
    assert!(told.len() == 1 && told[0].contains("2 folders, such as “v1.2”"), "{told:?}");
}

#[test]
fn what_was_changed_is_reported() {
    let rules = DestinationRules { forbidden: vec!['^'], ..DestinationRules::default() };
    let plan = map_folders(&[folder("a/b^")], &[], &rules);
    assert_eq!(plan.folders[0].renamed, [RenameReason::Delimiter('/'), RenameReason::Forbidden('^')]);
}

#[test]
fn thousands_of_equal_names_are_quick() {
    let source: Vec<_> =
        (0..20_000).map(|number| SourceFolder { raw: format!("{number}"), ..folder("same") }).collect();
    let targets = map(&source, &DestinationRules::default());
    assert_eq!(targets.last().map(|(_, to, _)| to.as_str()), Some("same 20000"));
}

proptest! {
    #![proptest_config(crate::mutate::seeds::properties(256))]

    #[test]
    fn every_folder_gets_one_acceptable_place_of_its_own(
        names in proptest::collection::vec(proptest::collection::vec("[aAbB/. #^]{0,6}", 1..4), 0..25),
        prefix in prop_oneof![Just(Vec::new()), Just(vec!["INBOX".to_owned()])],
    ) {
        let rules = DestinationRules {
            prefix,
            forbidden: vec!['^'],
            max_name_chars: 4,
            existing: vec![path("AB"), path("a"), path("INBOX|b")],
            ..DestinationRules::default()
        };
        let source: Vec<_> = names.iter().enumerate().map(|(number, parts)| SourceFolder {
            raw: number.to_string(),
            path: FolderPath(parts.clone()),
            ..folder("x")
        }).collect();
        let plan = map_folders(&source, &[], &rules);
        prop_assert_eq!(plan.folders.len(), source.len());
        let places: BTreeSet<_> = plan.folders.iter().map(|folder| fold(&folder.destination)).collect();
        prop_assert_eq!(places.len(), source.len());
        for folder in &plan.folders {
            for part in &folder.destination.0 {
                prop_assert!(!part.is_empty() && !part.contains(['/', '^']) && part.trim() == part);
            }
        }
        prop_assert_eq!(map_folders(&source, &[], &rules), plan);
    }
}

/// Names that come close to one another: capitals, accents in one code point or two, special folders in two languages.
fn close_name() -> impl Strategy<Value = String> {
    prop_oneof![
        "[aAbB/. #^]{0,6}",
        prop::sample::select(vec![
            "INBOX",
            "inbox",
            "Sent",
            "sent",
            "Gesendet",
            "Sent Items",
            "Trash",
            "Papierkorb",
            "Entwürfe",
            "Entwu\u{308}rfe",
            "Büro",
            "Bu\u{308}ro",
            "BÜRO",
            "Büro 2",
            "Archive",
            "Junk",
            "v1.2",
            "v1_2",
            "v1․2",
        ])
        .prop_map(str::to_owned),
    ]
}

fn any_rules() -> impl Strategy<Value = DestinationRules> {
    let delimiter = prop_oneof![Just(Some('/')), Just(Some('.')), Just(None)];
    let prefix = prop_oneof![Just(Vec::new()), Just(vec!["INBOX".to_owned()])];
    let existing = proptest::collection::vec(close_name().prop_map(|name| vec![name]), 0..5);
    (delimiter, prefix, existing, 4_usize..12, 1_usize..5, any::<bool>()).prop_map(
        |(delimiter, prefix, existing, max_name_chars, max_depth, allows_inbox_children)| {
            let below = |mut parts: Vec<String>| {
                parts.splice(0..0, prefix.iter().cloned());
                FolderPath(parts)
            };
            let existing = existing.into_iter().map(below).collect();
            DestinationRules {
                delimiter,
                existing,
                max_name_chars,
                max_depth,
                allows_inbox_children,
                forbidden: vec!['^'],
                prefix,
                ..DestinationRules::default()
            }
        },
    )
}

proptest! {
    #![proptest_config(crate::mutate::seeds::properties(256))]

    #[test]
    fn a_second_plan_finds_the_folders_of_the_first(
        names in proptest::collection::vec(proptest::collection::vec(close_name(), 1..4), 0..25),
        rules in any_rules(),
    ) {
        let source: Vec<_> = names.iter().enumerate().map(|(number, parts)| SourceFolder {
            raw: number.to_string(),
            path: FolderPath(parts.clone()),
            ..folder("x")
        }).collect();
        let first = map_folders(&source, &[], &rules);
        let raws: BTreeSet<_> = first.folders.iter().map(|folder| folder.source_raw.as_str()).collect();
        prop_assert_eq!((raws.len(), first.folders.len()), (source.len(), source.len()));
        let places: BTreeSet<_> = first.folders.iter().map(|folder| fold(&folder.destination)).collect();
        prop_assert_eq!(places.len(), source.len());

        let mut after = rules.clone();
        after.existing.extend(first.folders.iter().map(|folder| folder.destination.clone()));
        after.existing.sort();
        after.existing.dedup();
        let second = map_folders(&source, &[], &after);
        let places = |plan: &MailboxPlan| -> Vec<_> {
            plan.folders.iter().map(|folder| (folder.source_raw.clone(), folder.destination.clone())).collect()
        };
        prop_assert_eq!(places(&second), places(&first));
    }
}

#[test]
fn another_name_of_a_folder_is_left_out_and_takes_no_use_from_it() {
    let alias = SourceFolder { is_alias: true, ..special("Sent Messages", SpecialUse::Sent) };
    let source = [folder("INBOX"), folder("Sent"), alias];
    let plan = map_folders(&source, &[], &DestinationRules::default());
    let found: Vec<_> = plan
        .folders
        .iter()
        .map(|folder| (folder.source_raw.as_str(), folder.special_use, folder.choice == FolderChoice::Copy))
        .collect();
    assert_eq!(
        found,
        [
            ("INBOX", Some(SpecialUse::Inbox), true),
            ("Sent", Some(SpecialUse::Sent), true),
            ("Sent Messages", None, false)
        ]
    );
}
