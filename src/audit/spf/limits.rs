//! The limits of RFC 7208 section 4.6.4 on what one check may cost.

/// Terms that may ask DNS during one check.
pub const MAX_LOOKUPS: u32 = 10;

/// Lookups that may come back empty during one check.
pub const MAX_VOID_LOOKUPS: u32 = 2;

/// Hosts of one `mx` term and names of one `ptr` term.
pub const MAX_HOSTS: usize = 10;
