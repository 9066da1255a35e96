//! The DNS of the practice domain while its owner changes it: a primary name server, a secondary that fetches the zone some
//! seconds later, and two resolvers that remember the mail hosts as long as they may.
//!
//! Times are those of the wall, so that the real watch of a switch can be practised; to let hours pass, everything that has
//! happened is moved into the past.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use hickory_proto::rr::{LowerName, Name, RecordType};

use super::update;
use super::zones::{Answer, Zones};
use crate::rehearsal::{DOMAIN, RehearsalError};
use crate::values::UnixTime;

/// How long the secondary server takes to fetch a new version of the zone, in seconds.
pub(in crate::rehearsal) const LAG_SECS: i64 = 20;

/// One of the two practice hosts: each is a name server, and a resolver for those who ask it to look further.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::rehearsal) enum Host {
    /// Has each version at once.
    Primary,
    /// Follows.
    Secondary,
}

impl Host {
    pub(in crate::rehearsal) const ALL: [Self; 2] = [Self::Primary, Self::Secondary];
}

/// The zones of the practice world over time. Clones share them.
#[derive(Clone, Debug)]
pub(in crate::rehearsal) struct DnsWorld(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    first: Arc<Zones>,
    /// Later versions, oldest first, and since when the primary server has each.
    versions: Vec<(UnixTime, Arc<Zones>)>,
    memory: BTreeMap<(Host, LowerName), Remembered>,
}

/// An answer that a resolver keeps.
#[derive(Debug)]
struct Remembered {
    since: UnixTime,
    until: UnixTime,
    answer: Answer,
}

impl State {
    fn zones(&self, host: Host, now: UnixTime) -> &Arc<Zones> {
        let lag = if host == Host::Secondary { LAG_SECS } else { 0 };
        let newest = self.versions.iter().rev().find(|(at, _)| at.0.saturating_add(lag) <= now.0);
        newest.map_or(&self.first, |(_, zones)| zones)
    }
}

impl DnsWorld {
    pub(in crate::rehearsal) fn new(zones: Zones) -> Self {
        Self(Arc::new(Mutex::new(State {
            first: Arc::new(zones),
            versions: Vec::new(),
            memory: BTreeMap::new(),
        })))
    }

    /// Gives the primary server another version of its zone: the text is that of nsupdate.
    ///
    /// # Errors
    /// As [`update::apply`]; then nothing is changed.
    pub(in crate::rehearsal) fn publish(&self, script: &str, now: UnixTime) -> Result<(), RehearsalError> {
        self.with(|state| {
            let newest = state.versions.last().map_or(&state.first, |(_, zones)| zones);
            let zones = update::apply(newest, script)?;
            state.versions.push((now, Arc::new(zones)));
            Ok(())
        })
    }

    /// When the secondary server has caught up; `None` where it has.
    pub(in crate::rehearsal) fn behind_until(&self, now: UnixTime) -> Option<UnixTime> {
        let newest = self.with(|state| state.versions.last().map(|(at, _)| *at))?;
        let until = UnixTime(newest.0.saturating_add(LAG_SECS));
        (until > now).then_some(until)
    }

    /// When the last resolver forgets what it remembers; `None` where none remembers anything.
    pub(in crate::rehearsal) fn remembered_until(&self, now: UnixTime) -> Option<UnixTime> {
        self.with(|state| state.memory.values().map(|known| known.until).filter(|until| *until > now).max())
    }

    /// Lets this much time pass, in seconds.
    pub(in crate::rehearsal) fn let_pass(&self, seconds: i64) {
        let earlier = |time: &mut UnixTime| time.0 = time.0.saturating_sub(seconds);
        self.with(|state| {
            for (at, _) in &mut state.versions {
                earlier(at);
            }
            for known in state.memory.values_mut() {
                earlier(&mut known.since);
                earlier(&mut known.until);
            }
        });
    }

    /// The hosts to which a sender who asks this resolver delivers mail for the domain.
    pub(in crate::rehearsal) fn mail_hosts(&self, resolver: Host, now: UnixTime) -> Vec<String> {
        let Ok(domain) = Name::from_ascii(format!("{DOMAIN}.")) else { return Vec::new() };
        let answer = self.resolve(resolver, &domain, RecordType::MX, now);
        let hosts = answer.answers.iter().map(|record| record.data.to_string());
        hosts.filter_map(|data| Some(data.split_once(' ')?.1.trim_end_matches('.').to_owned())).collect()
    }

    /// What a name server says of its own knowledge.
    pub(super) fn authoritative(
        &self,
        host: Host,
        name: &Name,
        record_type: RecordType,
        now: UnixTime,
    ) -> Answer {
        self.with(|state| Arc::clone(state.zones(host, now))).answer(name, record_type)
    }

    /// What a resolver says, which asks the name server beside it. It keeps the mail hosts of the domain only, so that a zone
    /// that is read again is the one that was published.
    pub(super) fn resolve(&self, host: Host, name: &Name, record_type: RecordType, now: UnixTime) -> Answer {
        let key = (host, LowerName::new(name));
        let is_kept = record_type == RecordType::MX && Name::from(&key.1).to_ascii() == format!("{DOMAIN}.");
        if !is_kept {
            return self.authoritative(host, name, record_type, now);
        }
        self.with(|state| {
            if let Some(known) = state.memory.get(&key).filter(|known| known.until > now) {
                let age = u32::try_from(now.seconds_since(known.since)).unwrap_or(u32::MAX);
                return known.answer.aged(age);
            }
            let answer = state.zones(host, now).answer(name, record_type);
            let ttl_secs = answer.answers.iter().map(|record| record.ttl).min().unwrap_or(0);
            let until = UnixTime(now.0.saturating_add(i64::from(ttl_secs)));
            state.memory.insert(key, Remembered { since: now, until, answer: answer.aged(0) });
            answer
        })
    }

    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Answer {
    /// The same answer this many seconds later.
    fn aged(&self, seconds: u32) -> Self {
        let mut later =
            Self { code: self.code, answers: self.answers.clone(), authority: self.authority.clone() };
        for record in &mut later.answers {
            record.ttl = record.ttl.saturating_sub(seconds);
        }
        later
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SWITCH: &str = "update delete weber-familie.example. IN MX 10 mail.weber-familie.example.\n\
        update add weber-familie.example. 300 IN MX 10 in.provider.example.\n";

    fn world() -> DnsWorld {
        DnsWorld::new(Zones::practice().unwrap())
    }

    fn mx(answer: &Answer) -> (String, u32) {
        let record = &answer.answers[0];
        (record.data.to_string(), record.ttl)
    }

    #[test]
    fn the_secondary_follows_and_resolvers_remember_until_the_waiting_time_is_over() {
        let (world, begin) = (world(), 1_000_000);
        let domain = Name::from_ascii("Weber-Familie.example.").unwrap();
        let ask = |host, at: i64| mx(&world.authoritative(host, &domain, RecordType::MX, UnixTime(at)));
        let resolve = |host, at: i64| mx(&world.resolve(host, &domain, RecordType::MX, UnixTime(at)));
        let (old, new) = ("10 mail.weber-familie.example.".to_owned(), "10 in.provider.example.".to_owned());
        assert_eq!(resolve(Host::Primary, begin), (old.clone(), 3600));
        world.publish(SWITCH, UnixTime(begin + 100)).unwrap();
        assert_eq!(ask(Host::Primary, begin + 100), (new.clone(), 300));
        assert_eq!(ask(Host::Secondary, begin + 119), (old.clone(), 3600));
        assert_eq!(world.behind_until(UnixTime(begin + 101)), Some(UnixTime(begin + 120)));
        assert_eq!(ask(Host::Secondary, begin + 120), (new.clone(), 300));
        assert_eq!(world.behind_until(UnixTime(begin + 120)), None);
        assert_eq!(resolve(Host::Primary, begin + 600), (old, 3000));
        assert_eq!(resolve(Host::Secondary, begin + 600), (new.clone(), 300), "it asks for the first time");
        assert_eq!(world.mail_hosts(Host::Primary, UnixTime(begin + 600)), ["mail.weber-familie.example"]);
        // Nobody waits an hour to practise.
        assert_eq!(world.remembered_until(UnixTime(begin + 600)), Some(UnixTime(begin + 3600)));
        world.let_pass(3000);
        assert_eq!(resolve(Host::Primary, begin + 600), (new, 300));
        assert_eq!(world.mail_hosts(Host::Primary, UnixTime(begin + 600)), ["in.provider.example"]);
    }

    #[test]
    fn what_fails_changes_nothing_and_other_records_are_never_remembered() {
        let (world, now) = (world(), UnixTime(1_000_000));
        world.publish(SWITCH, now).unwrap();
        assert!(world.publish("update add nonsense", now).is_err());
        let txt = "update add weber-familie.example. 60 IN TXT \"v=spf1 -all\"\n";
        let domain = Name::from_ascii("weber-familie.example.").unwrap();
        let count = || world.resolve(Host::Primary, &domain, RecordType::TXT, now).answers.len();
        assert_eq!(count(), 2);
        world.publish(txt, now).unwrap();
        assert_eq!(count(), 3);
    }
}
