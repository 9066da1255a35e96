//! HTTPS wire: autoconfig files.
