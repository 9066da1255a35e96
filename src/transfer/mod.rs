//! Transfer: inventory, copy and verify over two IMAP sides and the ledger.
