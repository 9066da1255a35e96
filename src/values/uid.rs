//! UIDs and UIDVALIDITY (RFC 3501 section 2.3.1.1), by the side that has given them.
//!
//! Both servers of a move number their messages, and the two numbers of one message have nothing to do with each other.
//! So they are separate types that cannot be confused.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A UID of either side, for what works alike on both: the wire, and comparisons within one folder.
pub trait Uid:
    Copy + Ord + fmt::Debug + fmt::Display + Default + From<u32> + Into<u32> + Send + Sync + 'static
{
    /// The lowest UID that a message can have.
    fn first() -> Self {
        Self::from(1)
    }

    /// The highest one.
    fn last() -> Self {
        Self::from(u32::MAX)
    }

    /// The next one; the highest stays as it is.
    #[must_use]
    fn next(self) -> Self {
        Self::from(self.into().saturating_add(1))
    }
}

/// A UID of a connection that belongs to no side.
impl Uid for u32 {}

/// UID of a message in its folder at the source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SourceUid(pub u32);

/// UID of a message in its folder at the destination.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DestinationUid(pub u32);

/// UIDs of a folder are valid only together with this number; if it changes, they are reassigned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UidValidity(pub u32);

/// The position of a copy in its destination folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Placement {
    /// UIDVALIDITY of the folder.
    pub validity: UidValidity,
    /// UID of the copy.
    pub uid: DestinationUid,
}

impl Placement {
    /// The copy with this UID in a folder of this UIDVALIDITY.
    pub const fn new(validity: UidValidity, uid: DestinationUid) -> Self {
        Self { validity, uid }
    }
}

macro_rules! number {
    ($name:ident) => {
        impl From<u32> for $name {
            fn from(number: u32) -> Self {
                Self(number)
            }
        }

        impl From<$name> for u32 {
            fn from(number: $name) -> Self {
                number.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(formatter)
            }
        }
    };
}

number!(SourceUid);
number!(DestinationUid);
number!(UidValidity);

impl Uid for SourceUid {}
impl Uid for DestinationUid {}
