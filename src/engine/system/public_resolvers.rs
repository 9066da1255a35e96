use std::sync::LazyLock;

use crate::assets::{PublicResolver, read_public_resolvers};

static RESOLVERS: LazyLock<Vec<PublicResolver>> = LazyLock::new(|| {
    read_public_resolvers(include_str!("../../../assets/public_resolvers.toml"))
        // The build script has read this file with the same function.
        .unwrap_or_default()
});

/// Resolvers that everybody may ask, with their operators.
pub fn public_resolvers() -> &'static [PublicResolver] {
    &RESOLVERS
}
