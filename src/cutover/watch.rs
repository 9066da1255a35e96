//! Adds up what all rounds say. It lives in the project file, because the proof that the old records are forgotten needs every
//! answer that still showed them.

use serde::{Deserialize, Serialize};

use super::proof::ProofRecord;
use super::reading::{Sees, Sight, Viewer, sights};
use super::round::{AuthoritativeServer, Round};
use super::{CutoverError, MailRoute};
use crate::values::{DomainName, Outcome, UnixTime};

/// A waiting time that is short enough for a switch, in seconds.
pub(super) const SHORT_TTL_SECS: u32 = 300;

/// What was seen of the switch so far.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watch {
    /// From which hosts to which.
    pub route: MailRoute,
    /// The records of SPF, DKIM and DMARC that are followed as well. When the switch is over does not hang on them.
    pub proof: Vec<ProofRecord>,
    /// When everybody was last asked.
    pub last_round_at: Option<UnixTime>,
    /// Until when an answer with the old records may be kept somewhere, as far as they were seen.
    pub old_until: Option<UnixTime>,
    /// The same for answers whose waiting time was longer than five minutes.
    pub long_until: Option<UnixTime>,
    /// The longest waiting time of the old records at the servers in the last round, in seconds; `None` where none has them.
    pub old_ttl_secs: Option<u32>,
    /// When every server was first seen with a short waiting time. Taken back where a long one turns up again.
    pub lowered_at: Option<UnixTime>,
    /// When a server was first seen with the new records. Taken back where none has them any more.
    pub published_at: Option<UnixTime>,
    /// The round that found the switch over at every server. Taken back where old records turn up again.
    pub over_at: Option<UnixTime>,
    servers: Vec<ServerMemory>,
}

/// What is known of one server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct ServerMemory {
    server: AuthoritativeServer,
    /// The newest records it was seen with are the new ones.
    has_new: bool,
    /// Waiting time of what it had last, other than the new records, in seconds.
    old_ttl_secs: u32,
}

/// Where the switch stands after a round.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// What everybody sees.
    pub sights: Vec<Sight>,
    /// Whether every server in charge has the new records.
    pub is_everywhere: bool,
    /// Until when somebody may still keep the old records; `None` while a server may hand them out.
    pub old_until: Option<UnixTime>,
    /// Whether nobody can have the old records any more.
    pub is_over: bool,
}

impl Watch {
    /// Nothing was seen yet.
    pub const fn new(route: MailRoute) -> Self {
        Self {
            route,
            proof: Vec::new(),
            last_round_at: None,
            old_until: None,
            long_until: None,
            old_ttl_secs: None,
            lowered_at: None,
            published_at: None,
            over_at: None,
            servers: Vec::new(),
        }
    }

    /// Follows these records from now on. What was there before is as it was seen first.
    pub fn follow(&mut self, planned: Vec<ProofRecord>) {
        let known = std::mem::take(&mut self.proof);
        self.proof = planned
            .into_iter()
            .map(|record| match known.iter().find(|first| first.is_same_place(&record)) {
                Some(first) => record.begun_from(first),
                None => record,
            })
            .collect();
    }

    /// Servers known from earlier rounds.
    pub fn servers(&self) -> Vec<AuthoritativeServer> {
        self.servers.iter().map(|memory| memory.server.clone()).collect()
    }

    /// The longest waiting time that servers had last with the old records, in seconds; before the first round that of the plan.
    pub fn last_old_ttl_secs(&self) -> u32 {
        let known = self.servers.iter().map(|memory| memory.old_ttl_secs).max();
        known.unwrap_or_else(|| self.route.old_ttl_secs())
    }

    /// Takes in a round. Nothing changes where it fails.
    ///
    /// # Errors
    /// [`CutoverError::ClockWentBack`]; [`CutoverError::NoSuchDomain`] where a server in charge says so.
    pub fn take_in(&mut self, domain: &DomainName, round: &Round) -> Result<Reading, CutoverError> {
        if let Some(last) = self.last_round_at.filter(|last| round.at < *last) {
            return Err(CutoverError::ClockWentBack { last, now: round.at });
        }
        let denies = |mx: &crate::values::DnsAnswer| mx.outcome == Outcome::NxDomain && mx.is_authoritative;
        if round.servers.iter().any(|one| denies(&one.mx)) {
            return Err(CutoverError::NoSuchDomain(domain.clone()));
        }
        let sights = sights(&self.route, &self.proof, round);
        self.last_round_at = Some(round.at);
        self.old_ttl_secs = None;
        self.forget_former_servers(round);
        for sight in &sights {
            if let Viewer::Server(server) = &sight.viewer {
                self.note(server, sight, round.at);
            }
        }
        if !self.servers.iter().any(|memory| memory.has_new) {
            self.published_at = None;
        }
        let is_everywhere = self.is_everywhere(&sights);
        self.lowered_at = match self.old_ttl_secs {
            Some(ttl_secs) if ttl_secs > SHORT_TTL_SECS => None,
            Some(_) => self.lowered_at.or(Some(round.at)),
            None if is_everywhere => self.lowered_at.or(Some(round.at)),
            None => self.lowered_at,
        };
        let is_past = self.old_until.is_none_or(|until| round.at >= until);
        let has_old_resolver = sights.iter().any(|sight| {
            matches!(sight.viewer, Viewer::Resolver(_))
                && !matches!(sight.sees, Sees::New | Sees::OutOfReach | Sees::Down(_))
        });
        let is_over = is_everywhere && is_past && !has_old_resolver;
        self.over_at = is_over.then(|| self.over_at.unwrap_or(round.at));
        let old_until = self.old_until.filter(|_| is_everywhere);
        Ok(Reading { sights, is_everywhere, old_until, is_over })
    }

    /// Moves everything that was seen into the past, by this many seconds.
    pub(super) fn let_pass(&mut self, seconds: i64) {
        let times = [
            &mut self.last_round_at,
            &mut self.old_until,
            &mut self.long_until,
            &mut self.lowered_at,
            &mut self.published_at,
            &mut self.over_at,
        ];
        for at in times.into_iter().flatten() {
            at.0 = at.0.saturating_sub(seconds);
        }
    }

    /// A server that is no longer in charge hands nothing out, but what it handed out last may be kept from now on.
    fn forget_former_servers(&mut self, round: &Round) {
        let (stay, leave): (Vec<_>, Vec<_>) = std::mem::take(&mut self.servers)
            .into_iter()
            .partition(|memory| round.servers.iter().any(|one| one.server == memory.server));
        self.servers = stay;
        for memory in leave.iter().filter(|memory| !memory.has_new) {
            self.may_be_kept(round.at, memory.old_ttl_secs);
        }
    }

    fn note(&mut self, server: &AuthoritativeServer, sight: &Sight, at: UnixTime) {
        let planned = self.route.old_ttl_secs();
        let place = self.servers.iter().position(|memory| memory.server == *server);
        let mut memory = place.map_or_else(
            || ServerMemory { server: server.clone(), has_new: false, old_ttl_secs: planned },
            |place| self.servers.swap_remove(place),
        );
        match sight.sees {
            Sees::New => {
                if !memory.has_new {
                    // Somebody may have asked it for the old records a moment before.
                    self.may_be_kept(at, memory.old_ttl_secs);
                }
                memory.has_new = true;
                self.published_at = self.published_at.or(Some(at));
            }
            // It says nothing about its records; what it had before holds.
            Sees::Down(_) | Sees::OutOfReach => {}
            Sees::Old | Sees::Mixed | Sees::Other | Sees::Lagging | Sees::Lying(_) => {
                memory.has_new = false;
                if let Some(ttl_secs) = sight.ttl_secs {
                    memory.old_ttl_secs = ttl_secs;
                }
                self.old_ttl_secs = self.old_ttl_secs.max(Some(memory.old_ttl_secs));
                self.may_be_kept(at, memory.old_ttl_secs);
            }
        }
        self.servers.push(memory);
    }

    /// Whoever asked at this moment may keep the answer as long as its waiting time.
    fn may_be_kept(&mut self, at: UnixTime, ttl_secs: u32) {
        let until = UnixTime(at.0.saturating_add(i64::from(ttl_secs)));
        self.old_until = self.old_until.max(Some(until));
        if ttl_secs > SHORT_TTL_SECS {
            self.long_until = self.long_until.max(Some(until));
        }
    }

    /// Every server was seen with the new records last. An address that this computer cannot reach is excused where another
    /// one of the same server answers.
    fn is_everywhere(&self, sights: &[Sight]) -> bool {
        let excused = |memory: &ServerMemory| {
            let is_out_of_reach = sights.iter().any(|sight| {
                sight.sees == Sees::OutOfReach
                    && matches!(&sight.viewer, Viewer::Server(server) if *server == memory.server)
            });
            is_out_of_reach
                && self.servers.iter().any(|other| other.server.name == memory.server.name && other.has_new)
        };
        !self.servers.is_empty() && self.servers.iter().all(|memory| memory.has_new || excused(memory))
    }
}
