//! How UIDs and UIDVALIDITY stand in the file: as the numbers that they are.

use rusqlite::types::{FromSql, FromSqlResult, ToSql, ToSqlOutput, ValueRef};

use crate::values::{DestinationUid, SourceUid, UidValidity};

macro_rules! stored_as_number {
    ($name:ident) => {
        impl ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                self.0.to_sql()
            }
        }

        impl FromSql for $name {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                u32::column_result(value).map(Self)
            }
        }
    };
}

stored_as_number!(SourceUid);
stored_as_number!(DestinationUid);
stored_as_number!(UidValidity);
