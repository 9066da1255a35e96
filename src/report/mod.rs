//! Reports: HTML and JSON from plain data.
