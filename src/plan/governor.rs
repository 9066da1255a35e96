//! How hard a server may be asked after it has shown trouble. Pure: signs in, a decision out.

/// What a server has let us feel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerSign {
    /// A connection broke, or could not be made.
    Broke,
    /// The network is away, as while a laptop sleeps: no server's fault.
    Away,
    /// Another connection has the folder. Others get theirs, so nothing is lowered but what goes to this one.
    Locked,
    /// The server itself has failed.
    Fails,
    /// It has refused a command, and does not say that this passes.
    Refuses,
    /// The server reports overload without saying for how long.
    TooMuch,
    /// The server says for how long it wants to be left alone, in milliseconds.
    AsksToWait(u64),
}

/// What to do before the next try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Connections to open.
    pub connections: usize,
    /// How long to wait first, in milliseconds.
    pub wait_milliseconds: u64,
    /// Signs in a row without a step forward in between, this one counted.
    pub in_a_row: u32,
    /// What was waited since the last step forward, this wait not counted, in milliseconds.
    pub waited_milliseconds: u64,
}

/// Keeps the pace towards the servers of one mailbox: connections are lowered before the rate is, waits grow and shrink.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Governor {
    most_connections: usize,
    connections: usize,
    delay_milliseconds: u64,
    in_a_row: u32,
    away_in_a_row: u32,
    waits_alone: u32,
    waited_milliseconds: u64,
    has_worked: bool,
}

/// The first wait after fewer connections, and the longest, in milliseconds: as Dovecot's imapc (dovecot/core,
/// `src/lib-imap-client/imapc-connection.c`).
const THROTTLE_MILLISECONDS: (u64, u64) = (50, 16_000);
/// The first wait after a break, doubled each time, and the longest, in milliseconds.
const BREAK_MILLISECONDS: (u64, u64) = (500, 60_000);
/// The first wait for a lock, doubled each time, and the longest, in milliseconds.
const LOCK_MILLISECONDS: (u64, u64) = (1_000, 60_000);
/// The first wait after a failure of the server's own, doubled each time, and the longest, in milliseconds.
const FAILURE_MILLISECONDS: (u64, u64) = (15_000, 5 * 60_000);
/// The least wait where the server names one, doubled each time, and the longest of these, in milliseconds.
const ASKED_MILLISECONDS: (u64, u64) = (1_000, 60_000);
/// The first wait of a single connection where the server names none, and the longest, in milliseconds.
const ALONE_MILLISECONDS: (u64, u64) = (60_000, 15 * 60_000);

impl Governor {
    /// Begins with as many connections as are wanted.
    pub const fn new(most_connections: usize) -> Self {
        let most_connections = if most_connections == 0 { 1 } else { most_connections };
        Self {
            most_connections,
            connections: most_connections,
            delay_milliseconds: 0,
            in_a_row: 0,
            away_in_a_row: 0,
            waits_alone: 0,
            waited_milliseconds: 0,
            has_worked: false,
        }
    }

    /// Whether both servers have let us in, or anything has gone over: what has worked before is worth waiting for.
    pub const fn has_worked(&self) -> bool {
        self.has_worked
    }

    /// Both servers have let us in.
    pub const fn let_in(&mut self) {
        self.has_worked = true;
    }

    /// Connections that may be open now.
    pub const fn connections(&self) -> usize {
        self.connections
    }

    /// Messages went over since the last sign: the wait shrinks by a quarter, and one more connection is tried.
    pub fn progressed(&mut self) {
        self.delay_milliseconds -= self.delay_milliseconds / 4;
        self.connections = (self.connections + 1).min(self.most_connections);
        self.in_a_row = 0;
        self.away_in_a_row = 0;
        self.waits_alone = 0;
        self.waited_milliseconds = 0;
        self.has_worked = true;
    }

    /// Takes a sign of trouble in.
    pub fn after(&mut self, sign: ServerSign) -> Pace {
        // A network that was away for long is no reason to give up at the first break after it.
        let in_a_row = if sign == ServerSign::Away { &mut self.away_in_a_row } else { &mut self.in_a_row };
        *in_a_row = in_a_row.saturating_add(1);
        let in_a_row = *in_a_row;
        let had_several = self.connections > 1;
        if sign != ServerSign::Locked {
            self.connections = (self.connections / 2).max(1);
        }
        let wait_milliseconds = match sign {
            // One that names no time worth the name is not asked again and again without a pause.
            ServerSign::AsksToWait(milliseconds) => milliseconds.max(doubled(ASKED_MILLISECONDS, in_a_row)),
            ServerSign::Fails => doubled(FAILURE_MILLISECONDS, in_a_row),
            ServerSign::Locked => doubled(LOCK_MILLISECONDS, in_a_row),
            ServerSign::Broke | ServerSign::Away | ServerSign::Refuses => {
                doubled(BREAK_MILLISECONDS, in_a_row)
            }
            ServerSign::TooMuch if had_several => {
                let (first, most) = THROTTLE_MILLISECONDS;
                self.delay_milliseconds = (self.delay_milliseconds * 2).clamp(first, most);
                self.delay_milliseconds
            }
            ServerSign::TooMuch => {
                self.waits_alone = self.waits_alone.saturating_add(1);
                doubled(ALONE_MILLISECONDS, self.waits_alone)
            }
        };
        let waited_milliseconds = self.waited_milliseconds;
        self.waited_milliseconds = waited_milliseconds.saturating_add(wait_milliseconds);
        Pace { connections: self.connections, wait_milliseconds, in_a_row, waited_milliseconds }
    }
}

fn doubled((first, most): (u64, u64), count: u32) -> u64 {
    first.saturating_mul(1 << count.saturating_sub(1).min(20)).min(most)
}

/// Seconds of a day.
const DAY_SECONDS: i64 = 86_400;

/// What a provider lets through in a day (UTC), and what has gone through today.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DailyLimit {
    /// The most, in message bytes.
    pub most_bytes: u64,
    /// Today so far.
    pub used_bytes: u64,
}

impl DailyLimit {
    /// Whether so many bytes more are within the limit. What is larger than a whole day's share goes first of its day,
    /// or it would never go.
    pub const fn allows(self, bytes: u64) -> bool {
        self.used_bytes == 0 || self.used_bytes.saturating_add(bytes) <= self.most_bytes
    }
}

/// The number of the day (UTC) of a moment in seconds since 1970.
pub const fn utc_day(seconds: i64) -> i64 {
    seconds.div_euclid(DAY_SECONDS)
}

/// When the next day (UTC) begins, in seconds since 1970.
pub const fn next_utc_day(seconds: i64) -> i64 {
    (utc_day(seconds) + 1) * DAY_SECONDS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_are_lowered_before_the_rate() {
        let mut governor = Governor::new(8);
        let paces: Vec<(usize, u64)> = (0..7)
            .map(|_| governor.after(ServerSign::TooMuch))
            .map(|pace| (pace.connections, pace.wait_milliseconds))
            .collect();
        assert_eq!(
            paces,
            [(4, 50), (2, 100), (1, 200), (1, 60_000), (1, 120_000), (1, 240_000), (1, 480_000)]
        );
        assert_eq!(governor.after(ServerSign::TooMuch).wait_milliseconds, 900_000);
        governor.progressed();
        assert_eq!((governor.connections(), governor.delay_milliseconds), (2, 150));
        assert_eq!(
            governor.after(ServerSign::TooMuch),
            Pace { connections: 1, wait_milliseconds: 300, in_a_row: 1, waited_milliseconds: 0 }
        );
        for _ in 0..20 {
            governor.progressed();
        }
        assert_eq!(governor.connections(), 8);
    }

    #[test]
    fn what_the_server_asks_for_is_kept_to_the_millisecond() {
        let mut governor = Governor::new(4);
        for _ in 0..5 {
            assert_eq!(governor.after(ServerSign::AsksToWait(299_961)).wait_milliseconds, 299_961);
        }
        assert_eq!(governor.connections(), 1);
        let mut governor = Governor::new(1);
        let waits = (0..8).map(|_| governor.after(ServerSign::AsksToWait(0)).wait_milliseconds);
        assert_eq!(
            waits.collect::<Vec<_>>(),
            [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000],
            "a server that asks for no time at all is not asked for ever without a pause"
        );
    }

    #[test]
    fn breaks_in_a_row_are_waited_for_longer_and_longer() {
        let mut governor = Governor::new(1);
        let waits: Vec<u64> = (0..9).map(|_| governor.after(ServerSign::Broke).wait_milliseconds).collect();
        assert_eq!(waits, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
        governor.progressed();
        assert_eq!(governor.after(ServerSign::Broke).wait_milliseconds, 500);
        assert_eq!(Governor::new(0).connections(), 1);
    }

    #[test]
    fn a_server_that_fails_is_waited_for_and_the_time_is_counted() {
        let mut governor = Governor::new(1);
        let paces: Vec<(u64, u64)> = (0..6)
            .map(|_| governor.after(ServerSign::Fails))
            .map(|pace| (pace.wait_milliseconds / 1_000, pace.waited_milliseconds / 1_000))
            .collect();
        assert_eq!(paces, [(15, 0), (30, 15), (60, 45), (120, 105), (240, 225), (300, 465)]);
        governor.progressed();
        assert_eq!(governor.after(ServerSign::Fails).waited_milliseconds, 0);
    }

    #[test]
    fn a_network_that_was_away_leaves_as_many_breaks_as_before() {
        let mut governor = Governor::new(2);
        governor.let_in();
        assert!(governor.has_worked());
        assert_eq!(governor.after(ServerSign::Broke).in_a_row, 1);
        let away: Vec<u32> = (0..3).map(|_| governor.after(ServerSign::Away).in_a_row).collect();
        assert_eq!(away, [1, 2, 3]);
        assert_eq!(governor.after(ServerSign::Broke).in_a_row, 2);
    }

    #[test]
    fn a_day_has_room_until_its_limit_and_for_one_message_in_any_case() {
        let limit = |used_bytes| DailyLimit { most_bytes: 100, used_bytes };
        assert!(limit(0).allows(100) && limit(40).allows(60) && limit(0).allows(500));
        assert!(!limit(41).allows(60) && !limit(100).allows(1) && !limit(u64::MAX).allows(1));
        assert_eq!((utc_day(0), utc_day(86_399), utc_day(86_400), utc_day(-1)), (0, 0, 1, -1));
        assert_eq!((next_utc_day(0), next_utc_day(86_399), next_utc_day(86_400)), (86_400, 86_400, 172_800));
    }
}
