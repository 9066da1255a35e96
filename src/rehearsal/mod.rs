//! Practice servers inside the program: IMAP and DNS.
