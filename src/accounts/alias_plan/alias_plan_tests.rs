use super::*;
use crate::accounts::read;

fn plan(mailboxes: &str, aliases: &str) -> AliasPlan {
    let domain = DomainName::parse("example.org").unwrap();
    let mut directory = read("users", mailboxes.as_bytes(), &domain, None).unwrap();
    directory.absorb(read("aliases", aliases.as_bytes(), &domain, None).unwrap());
    AliasPlan::of(&directory, &[])
}

fn shown(plan: &AliasPlan) -> Vec<String> {
    let words = |route: &PlannedRoute| {
        let ends = route.inside.iter().chain(&route.outside).map(ToString::to_string);
        let troubles = route.troubles.iter().map(|trouble| match trouble {
            RouteTrouble::BreaksSpf => " spf".to_owned(),
            RouteTrouble::Loop(path) => format!(" loop of {}", path.len()),
            RouteTrouble::NoSuchMailbox(address) => format!(" nobody {address}"),
            RouteTrouble::MailboxGetsNothing => " empty".to_owned(),
            RouteTrouble::TooLong => " long".to_owned(),
        });
        let (ends, troubles) = (ends.collect::<Vec<_>>().join(" "), troubles.collect::<String>());
        format!("{} = {} {ends}{troubles}", route.from, route.kind.word())
    };
    plan.routes.iter().map(words).collect()
}

#[test]
fn every_kind_is_distinguished() {
    let plan = plan(
        "anna@example.org\nben@example.org\n",
        "info@example.org anna@example.org\n\
         office@example.org info@example.org\n\
         team@example.org anna@example.org, ben@example.org\n\
         ben@example.org ben@example.org, ben@else.example\n\
         away@example.org x@else.example\n\
         both@example.org anna@example.org, y@else.example\n\
         lost@example.org gone@example.org\n\
         @example.org anna@example.org\n",
    );
    assert_eq!(
        shown(&plan),
        [
            "info@example.org = Alias anna@example.org",
            "office@example.org = Alias anna@example.org",
            "team@example.org = List anna@example.org ben@example.org ben@else.example spf",
            "ben@example.org = Copy and forward ben@example.org ben@else.example spf",
            "away@example.org = Forward x@else.example spf",
            "both@example.org = List anna@example.org y@else.example spf",
            "lost@example.org = Alias gone@example.org",
            "@example.org = Catch-all anna@example.org",
        ]
    );
    assert_eq!(plan.summary(), "3 aliases, 2 lists, 2 forwards, 1 catch-all to create; 4 will break SPF");
}

#[test]
fn circles_and_dead_ends_are_named() {
    let plan = plan("anna@example.org\n", "a: b\nb: c, anna\nc: a\nd: d2\nd2: d\nlost: gone\nanna: a\n");
    assert_eq!(
        shown(&plan),
        [
            "a@example.org = Leads nowhere  loop of 4 loop of 4",
            "b@example.org = Leads nowhere  loop of 4",
            "c@example.org = Leads nowhere  loop of 4 loop of 4",
            "d@example.org = Leads nowhere  loop of 3",
            "d2@example.org = Leads nowhere  loop of 3",
            "lost@example.org = Leads nowhere  nobody gone@example.org",
            "anna@example.org = Leads nowhere  loop of 4 loop of 4 empty",
        ]
    );
    let counts = plan.counts();
    assert_eq!((counts.nowhere, counts.circles, counts.without_mailbox), (7, 6, 1));
}

#[test]
fn a_long_chain_and_a_wide_fan_end() {
    let mut text = String::new();
    for number in 0..2_000 {
        text += &["n", &number.to_string(), ": n", &(number + 1).to_string(), "\n"].concat();
    }
    let chain = plan("n2000@example.org\n", &text);
    assert!(chain.routes[0].troubles.contains(&RouteTrouble::TooLong));
    assert_eq!(chain.routes[1_999].kind, RouteKind::Alias);
    // Each name leads to all others: without memory the ways through it would never end.
    let names: Vec<String> = (0..60).map(|number| format!("n{number}")).collect();
    let fan: String = names
        .iter()
        .flat_map(|name| [name.clone(), ": ".to_owned(), names.join(","), "\n".to_owned()])
        .collect();
    let fan = plan("anna@example.org\n", &fan);
    assert_eq!(fan.counts().circles, 60);
}

#[test]
fn a_fan_of_aliases_to_nobody_is_told_in_part() {
    let fan: Vec<String> = (0..150)
        .map(|at| {
            let nobody: Vec<String> = (0..60).map(|to| format!("n{at}-{to}@example.org")).collect();
            format!("a{at}@example.org a{}@example.org, {}\n", at + 1, nobody.join(", "))
        })
        .collect();
    let plan = plan("a150@example.org\n", &fan.concat());
    assert_eq!(plan.routes.len(), 150);
    assert!(plan.routes.iter().all(|route| route.troubles.len() <= MAX_TROUBLES + 1), "each has many more");
    assert_eq!(plan.routes[149].inside.len(), 1);
}
