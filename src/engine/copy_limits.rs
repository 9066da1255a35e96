use std::num::NonZero;

use crate::plan::CopyOptions;
use crate::providers::{Catalogue, Provider};
use crate::transfer::CopyLimits;
use crate::values::{Bytes, Endpoint};

/// The limits of a copy between these servers: what the catalogue knows of their providers, unless the owner said
/// otherwise.
pub(super) fn copy_limits(source: &Endpoint, destination: &Endpoint, options: &CopyOptions) -> CopyLimits {
    let catalogue = Catalogue::embedded();
    let known = |server: &Endpoint, limit: fn(&Provider) -> Option<Bytes>| {
        catalogue.at_server(server).and_then(limit).map(|bytes| bytes.0)
    };
    let handed_out = |provider: &Provider| Some(provider.limits.download_bytes_per_day.as_ref()?.value);
    let (down, proof) = (known(source, handed_out), known(destination, handed_out));
    let up = known(destination, |provider| Some(provider.limits.upload_bytes_per_day.as_ref()?.value));
    CopyLimits {
        download_bytes_per_day: chosen(options.download_bytes_per_day, down),
        upload_bytes_per_day: chosen(options.upload_bytes_per_day, up),
        proof_bytes_per_day: chosen(options.download_bytes_per_day, proof),
        near_pairs: near_pairs(std::thread::available_parallelism().map_or(1, NonZero::get)),
        ..CopyLimits::default()
    }
}

/// How many pairs of connections are worth it where nothing is far. The processors are what such a copy waits for, often
/// the servers' own, and every pair costs a sign-in on both sides.
fn near_pairs(processors: usize) -> usize {
    processors.clamp(2, 4)
}

/// The owner's word counts; 0 means that there is no limit.
pub(super) fn chosen(own: Option<u64>, known: Option<u64>) -> Option<u64> {
    match own {
        Some(0) => None,
        Some(bytes) => Some(bytes),
        None => known,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::Security;

    #[test]
    fn known_limits_count_unless_the_owner_says_otherwise() {
        let server = |host: &str| Endpoint::new(host, 993, Security::Tls).unwrap();
        let (gmail, own) = (server("imap.gmail.com"), server("mail.example.org"));
        let limits = |source: &Endpoint, destination: &Endpoint, options: &CopyOptions| {
            let limits = copy_limits(source, destination, options);
            (limits.download_bytes_per_day, limits.upload_bytes_per_day, limits.proof_bytes_per_day)
        };
        let mut options = CopyOptions::default();
        assert_eq!(limits(&own, &gmail, &options), (None, Some(500_000_000), Some(2_500_000_000)));
        assert_eq!(limits(&gmail, &own, &options), (Some(2_500_000_000), None, None));
        options.upload_bytes_per_day = Some(0);
        options.download_bytes_per_day = Some(7);
        assert_eq!(limits(&own, &gmail, &options), (Some(7), None, Some(7)));
    }
}
