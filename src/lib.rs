//! Mailferry audits a mail domain, copies its mailboxes over IMAP exactly once, and writes its new DNS records.
//!
//! The rooms, from the ground floor up (`ARCHITECTURE.md` has the map, `tests/architecture` holds it):
//!
//! | floor | rooms |
//! | --- | --- |
//! | values | [`values`], [`assets`] |
//! | pure | [`audit`], [`providers`], [`records`], [`accounts`], [`plan`], [`report`] |
//! | wires | [`dns`], [`web`], [`net`], [`imap`], [`smtp`], [`project`], [`secrets`] |
//! | jobs | [`survey`], [`signin`], [`transfer`], [`cutover`] |
//! | engine | [`engine`]: Command in, Snapshot and Event out |
//! | faces | [`cli`], `ui` (feature `gui`) |
//! | side | [`rehearsal`]: practice servers inside the program |

pub mod accounts;
pub mod assets;
pub mod audit;
pub mod cli;
pub mod cutover;
pub mod dns;
pub mod engine;
pub mod imap;
pub mod message;
pub mod net;
pub mod plan;
pub mod project;
pub mod providers;
pub mod records;
pub mod rehearsal;
pub mod report;
pub mod secrets;
pub mod signin;
pub mod smtp;
pub mod survey;
pub mod transfer;
#[cfg(feature = "gui")]
pub mod ui;
pub mod values;
pub mod web;

#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub use mailferry_test_inputs as mutate;
