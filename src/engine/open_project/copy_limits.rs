//! The limits of a copy: the user's settings, the providers' limits in the catalogue, and the shares of one run
//! of several mailboxes. The forecast and the copy both use these, so they agree.

use std::num::NonZero;

use crate::engine::open_project::provider::ProviderLimits;
use crate::plan::CopyOptions;
use crate::transfer::CopyLimits;
use crate::values::Endpoint;

/// The limits shared by the mailboxes of one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) struct RunLimits {
    /// Mailboxes at the same time.
    pub(in crate::engine) mailboxes: usize,
    /// Limit on connections to one server, over all mailboxes; `None`: not set by the user.
    pub(in crate::engine) connections: Option<usize>,
    /// Sides that are on one server: a mailbox needs a connection for each.
    sides: usize,
}

impl RunLimits {
    /// The user's limit, but at least what one mailbox needs.
    pub(in crate::engine) fn new(
        mailboxes: usize,
        connections: Option<usize>,
        source: Option<&Endpoint>,
        destination: Option<&Endpoint>,
    ) -> Self {
        let is_same = source.zip(destination).is_some_and(|(source, destination)| {
            source.host.eq_ignore_ascii_case(&destination.host) && source.port == destination.port
        });
        let sides = if is_same { 2 } else { 1 };
        let connections = connections.map(|most| most.max(sides));
        let served = connections.map_or(usize::MAX, |most| most / sides);
        Self { mailboxes: mailboxes.clamp(1, served), connections, sides }
    }

    /// Connections that one mailbox may open per side while this many mailboxes are left.
    pub(in crate::engine) fn share(self, mailboxes: usize) -> usize {
        let at_once = self.mailboxes.min(mailboxes).max(1);
        self.connections.map_or(usize::MAX, |most| (most / self.sides / at_once).max(1))
    }
}

/// The limits for one mailbox: its providers' limits in the catalogue, unless overridden by the user, and
/// its share of the connections.
pub(in crate::engine) fn copy_limits(
    known: &ProviderLimits,
    options: &CopyOptions,
    share: usize,
) -> CopyLimits {
    let [up, down] = known.daily_bytes(options);
    let own =
        |limit: Option<u32>| limit.map_or(usize::MAX, |most| usize::try_from(most).unwrap_or(usize::MAX));
    CopyLimits {
        download_bytes_per_day: down,
        upload_bytes_per_day: up,
        verify_bytes_per_day: chosen(
            options.download_bytes_per_day,
            known.read_back_per_day.map(|bytes| bytes.0),
        ),
        source_connections: share.min(own(known.source_connections)),
        destination_connections: share.min(own(known.destination_connections)),
        near_pairs: near_pairs(std::thread::available_parallelism().map_or(1, NonZero::get)),
        ..CopyLimits::default()
    }
}

/// How many pairs of connections help between nearby servers. Such a copy is bound by the processors, often
/// those of the servers, and every pair costs a sign-in on both sides.
fn near_pairs(processors: usize) -> usize {
    processors.clamp(2, 4)
}

/// The user's limit takes precedence; 0 means no limit.
pub(in crate::engine) fn chosen(own: Option<u64>, known: Option<u64>) -> Option<u64> {
    match own {
        Some(0) => None,
        Some(bytes) => Some(bytes),
        None => known,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::Catalogue;
    use crate::transfer::{ConnectionCount, CopyConditions};
    use crate::values::Security;

    fn server(host: &str) -> Endpoint {
        Endpoint::new(host, 993, Security::Tls).unwrap()
    }

    fn known(source: &str, destination: &str) -> ProviderLimits {
        let catalogue = Catalogue::embedded();
        let at = |host: &str| catalogue.provider_of(None, Some(&server(host)));
        ProviderLimits::of(at(source), at(destination))
    }

    #[test]
    fn known_limits_count_unless_the_owner_says_otherwise() {
        let (gmail, own) = ("imap.gmail.com", "mail.example.org");
        let limits = |source: &str, destination: &str, options: &CopyOptions| {
            let limits = copy_limits(&known(source, destination), options, usize::MAX);
            (limits.download_bytes_per_day, limits.upload_bytes_per_day, limits.verify_bytes_per_day)
        };
        let mut options = CopyOptions::default();
        assert_eq!(limits(own, gmail, &options), (None, Some(500_000_000), Some(2_500_000_000)));
        assert_eq!(limits(gmail, own, &options), (Some(2_500_000_000), None, None));
        options.upload_bytes_per_day = Some(0);
        options.download_bytes_per_day = Some(7);
        assert_eq!(limits(own, gmail, &options), (Some(7), None, Some(7)));
    }

    #[test]
    fn a_copy_keeps_to_the_connections_that_the_catalogue_knows_and_to_its_share() {
        let (gmail, own, options) = ("imap.gmail.com", "mail.example.org", CopyOptions::default());
        let most = |source: &str, destination: &str, share: usize| {
            let limits = copy_limits(&known(source, destination), &options, share);
            (limits.source_connections, limits.destination_connections)
        };
        assert_eq!(most(own, own, usize::MAX), (usize::MAX, usize::MAX));
        assert_eq!(most(own, gmail, usize::MAX), (usize::MAX, 15));
        assert_eq!(most(gmail, own, usize::MAX), (15, usize::MAX));
        assert_eq!(most(gmail, gmail, 4), (4, 4));
        // What a copy of much mail then opens, whatever the destination is like.
        for share in 1..=40 {
            for (asks, is_near) in [(true, false), (false, true), (false, false)] {
                let limits = copy_limits(&known(own, gmail), &options, share);
                let much = CopyConditions { waiting: 1_000_000, asks, is_near, tolerated: 99 };
                let ConnectionCount { pairs, appenders } = limits.connections(much);
                assert!((1..=share).contains(&pairs), "{share}: {pairs}");
                assert!(
                    pairs * (1 + appenders) <= share.min(15),
                    "{share}: {pairs} and {appenders} beside each"
                );
            }
        }
    }

    #[test]
    fn mailboxes_share_the_connections_to_a_server() {
        let (one, other) = (server("a.example"), server("b.example"));
        let run = |mailboxes, connections| RunLimits::new(mailboxes, connections, Some(&one), Some(&other));
        assert_eq!(run(4, None), RunLimits { mailboxes: 4, connections: None, sides: 1 });
        assert_eq!(run(4, None).share(4), usize::MAX);
        assert_eq!((run(4, Some(1)).mailboxes, run(4, Some(1)).share(9)), (1, 1));
        assert_eq!((run(4, Some(2)).mailboxes, run(4, Some(2)).share(9)), (2, 1));
        assert_eq!((run(4, Some(9)).mailboxes, run(4, Some(9)).share(9)), (4, 2));
        assert_eq!(run(4, Some(9)).share(1), 9, "the last mailbox has them all");
        let same = |connections| RunLimits::new(4, Some(connections), Some(&one), Some(&server("A.example")));
        assert_eq!((same(1).mailboxes, same(1).connections, same(1).share(3)), (1, Some(2), 1));
        assert_eq!((same(5).mailboxes, same(5).share(1)), (2, 2));
        for (mailboxes, connections) in (1..9).flat_map(|one| (1..30).map(move |other| (one, other))) {
            let run = run(mailboxes, Some(connections));
            // Shares grow as fewer mailboxes are left; whoever is still under way began with a smaller one.
            assert!(run.share(mailboxes) * run.mailboxes <= connections, "{run:?}");
        }
    }
}
