//! The providers on both sides: the chosen one, or the one that owns the server.

use crate::engine::open_project::OpenProject;
use crate::engine::open_project::copy_limits::chosen;
use crate::plan::{CopyOptions, DailyCap, DestinationRules};
use crate::providers::{Catalogue, Fact, Provider};
use crate::values::Bytes;
use crate::values::Side;

/// The confirmed limits of both providers.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::engine) struct ProviderLimits {
    /// Largest message.
    pub(in crate::engine) message: Option<Bytes>,
    /// What one mailbox accepts per day.
    pub(in crate::engine) upload_per_day: Option<Bytes>,
    /// What may be downloaded from one source mailbox per day.
    pub(in crate::engine) download_per_day: Option<Bytes>,
    /// What may be downloaded from one destination mailbox per day, for a full verification.
    pub(in crate::engine) read_back_per_day: Option<Bytes>,
    /// Connections that one mailbox of the source may have open.
    pub(in crate::engine) source_connections: Option<u32>,
    /// Connections that one mailbox of the destination may have open.
    pub(in crate::engine) destination_connections: Option<u32>,
}

impl ProviderLimits {
    /// What is confirmed of both providers.
    pub(in crate::engine) fn of(source: Option<&Provider>, destination: Option<&Provider>) -> Self {
        let (source, destination) = (source.map(|one| &one.limits), destination.map(|one| &one.limits));
        Self {
            message: value(destination.and_then(|limits| limits.message_bytes.as_ref())),
            upload_per_day: value(destination.and_then(|limits| limits.upload_bytes_per_day.as_ref())),
            download_per_day: value(source.and_then(|limits| limits.download_bytes_per_day.as_ref())),
            read_back_per_day: value(destination.and_then(|limits| limits.download_bytes_per_day.as_ref())),
            source_connections: value(source.and_then(|limits| limits.connections.as_ref())),
            destination_connections: value(destination.and_then(|limits| limits.connections.as_ref())),
        }
    }

    /// The daily limits for uploads to the destination and downloads from the source; the user's setting takes precedence
    /// over the provider's.
    pub(in crate::engine) fn daily_bytes(&self, options: &CopyOptions) -> [Option<u64>; 2] {
        [
            chosen(options.upload_bytes_per_day, self.upload_per_day.map(|bytes| bytes.0)),
            chosen(options.download_bytes_per_day, self.download_per_day.map(|bytes| bytes.0)),
        ]
    }

    /// The same as caps of a forecast.
    pub(in crate::engine) fn caps(&self, options: &CopyOptions) -> [Option<DailyCap>; 2] {
        let [up, down] = self.daily_bytes(options);
        let cap = |side, bytes: Option<u64>, own: Option<u64>| {
            Some(DailyCap { bytes: Bytes(bytes?), side, is_own: own.is_some() })
        };
        [
            cap(Side::Destination, up, options.upload_bytes_per_day),
            cap(Side::Source, down, options.download_bytes_per_day),
        ]
    }
}

fn value<T: Copy>(fact: Option<&Fact<T>>) -> Option<T> {
    fact.map(|fact| fact.value)
}

impl OpenProject {
    /// The provider of the destination.
    fn provider<'c>(&self, catalogue: &'c Catalogue) -> Option<&'c Provider> {
        let view = &self.view.destination;
        catalogue.provider_of(view.chosen.as_ref().map(|(id, _)| id), view.server.as_ref())
    }

    /// What the catalogue confirms about the providers of both sides.
    pub(in crate::engine) fn provider_limits(&self, catalogue: &Catalogue) -> ProviderLimits {
        let source = catalogue.provider_of(None, self.view.domain.source_server.as_ref());
        ProviderLimits::of(source, self.provider(catalogue))
    }

    /// The provider's confirmed rules for folder names.
    pub(in crate::engine) fn destination_rules(&self, catalogue: &Catalogue) -> DestinationRules {
        let mut rules = DestinationRules::default();
        if let Some(server) = &self.view.destination.server {
            rules.learn_host(&server.host);
        }
        if let Some(provider) = self.provider(catalogue) {
            let folders = &provider.folders;
            if let Some(fact) = &folders.forbidden_characters {
                rules.forbidden.clone_from(&fact.value);
            }
            if let Some(fact) = &folders.longest_name {
                rules.max_name_chars = usize::try_from(fact.value).unwrap_or(rules.max_name_chars);
            }
            if let Some(fact) = &folders.most_levels {
                rules.max_depth =
                    usize::try_from(fact.value).map_or(rules.max_depth, |levels| levels.min(rules.max_depth));
            }
            if let Some(fact) = &folders.reserved_names {
                rules.reserved.clone_from(&fact.value);
            }
        }
        rules
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_and_the_owner_have_a_say_in_what_a_day_allows() {
        let known = ProviderLimits {
            upload_per_day: Some(Bytes(500)),
            download_per_day: Some(Bytes(2_500)),
            ..ProviderLimits::default()
        };
        let caps = |options: &CopyOptions| {
            known.caps(options).map(|cap| cap.map(|cap| (cap.side, cap.bytes.0, cap.is_own)))
        };
        let (up, down) = (Side::Destination, Side::Source);
        assert_eq!(caps(&CopyOptions::default()), [Some((up, 500, false)), Some((down, 2_500, false))]);
        let own = CopyOptions {
            upload_bytes_per_day: Some(0),
            download_bytes_per_day: Some(7),
            ..CopyOptions::default()
        };
        assert_eq!(caps(&own), [None, Some((down, 7, true))]);
    }
}
