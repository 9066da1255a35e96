//! IMAP wire: connect, sign in, list, fetch and append, over async-imap.
