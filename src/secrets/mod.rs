//! Secrets: the OS keyring, or this session only.
