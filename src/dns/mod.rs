//! DNS wire: asks and says honestly what came back.
