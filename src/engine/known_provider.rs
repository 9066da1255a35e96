//! What is known of the providers on both sides: of the one that was chosen, else of the one whose server it is.

use super::copy_limits::chosen;
use super::open_project::OpenProject;
use crate::plan::{CopyOptions, DailyCap, DestinationRules, Side};
use crate::providers::{Catalogue, Provider};
use crate::values::Bytes;

/// What the catalogue confirms that a copy meets.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ProviderLimits {
    /// Largest message.
    pub(super) message: Option<Bytes>,
    /// What one mailbox takes in a day.
    pub(super) upload_per_day: Option<Bytes>,
    /// What one mailbox of the source hands out in a day.
    pub(super) download_per_day: Option<Bytes>,
    /// Connections that one mailbox may have open.
    pub(super) connections: Option<u32>,
}

impl ProviderLimits {
    /// What goes over the line in a day at most; the owner's word counts before the provider's.
    pub(super) fn caps(&self, options: &CopyOptions) -> [Option<DailyCap>; 2] {
        let sides = [
            (Side::Destination, options.upload_bytes_per_day, self.upload_per_day),
            (Side::Source, options.download_bytes_per_day, self.download_per_day),
        ];
        sides.map(|(side, own, known)| {
            let bytes = Bytes(chosen(own, known.map(|bytes| bytes.0))?);
            Some(DailyCap { bytes, side, is_own: own.is_some() })
        })
    }
}

impl OpenProject {
    /// The provider of the destination: the chosen one, or where none is known by name, the one whose server it is.
    fn provider<'c>(&self, catalogue: &'c Catalogue) -> Option<&'c Provider> {
        let view = &self.view.destination;
        let named = view.chosen.as_ref().and_then(|(id, _)| catalogue.get(id));
        let by_server = || catalogue.at_server(view.server.as_ref()?);
        named.filter(|provider| provider.imap.is_some()).or_else(by_server)
    }

    /// What the catalogue confirms about the providers of both sides.
    pub(super) fn provider_limits(&self, catalogue: &Catalogue) -> ProviderLimits {
        let source = self.view.domain.source_server.as_ref().and_then(|server| catalogue.at_server(server));
        let down = source.and_then(|provider| provider.limits.download_bytes_per_day.as_ref());
        let download_per_day = down.map(|fact| fact.value);
        let Some(provider) = self.provider(catalogue) else {
            return ProviderLimits { download_per_day, ..ProviderLimits::default() };
        };
        let limits = &provider.limits;
        ProviderLimits {
            message: limits.message_bytes.as_ref().map(|fact| fact.value),
            upload_per_day: limits.upload_bytes_per_day.as_ref().map(|fact| fact.value),
            download_per_day,
            connections: limits.connections.as_ref().map(|fact| fact.value),
        }
    }

    /// What the provider demands of folder names, as far as it is confirmed.
    pub(super) fn destination_rules(&self, catalogue: &Catalogue) -> DestinationRules {
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
