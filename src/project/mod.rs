//! The project file: schema, migrations, ledger and lock.
