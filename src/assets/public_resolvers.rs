use std::collections::BTreeSet;
use std::net::IpAddr;

use serde::Deserialize;
use toml::Spanned;

use super::error::{AssetError, Lines};
use super::source::check_source;

/// A resolver that everybody may ask.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublicResolver {
    /// Who runs it.
    pub operator: String,
    /// Where it is asked, on port 53.
    pub address: IpAddr,
    source: Spanned<String>,
    date: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    resolver: Vec<Spanned<PublicResolver>>,
}

/// Reads `public_resolvers.toml`.
pub fn read_public_resolvers(text: &str) -> Result<Vec<PublicResolver>, AssetError> {
    let lines = Lines(text);
    let file: File = lines.parse()?;
    let mut addresses = BTreeSet::new();
    for entry in &file.resolver {
        let resolver = entry.get_ref();
        check_source(lines, &resolver.source, &resolver.date)?;
        let wrong = |problem: String, way_out| Err(lines.wrong(entry.span(), problem, way_out));
        if resolver.operator.trim().is_empty() {
            return wrong(format!("{} has no operator", resolver.address), "say who runs it");
        }
        if !addresses.insert(resolver.address) {
            return wrong(format!("{} is listed twice", resolver.address), "keep one of the two");
        }
    }
    Ok(file.resolver.into_iter().map(Spanned::into_inner).collect())
}
