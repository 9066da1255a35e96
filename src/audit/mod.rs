//! Audit: Facts in, Findings out. Pure: what was measured is judged, nothing is asked.
//!
//! Rules look answers up through [`Lookups`]; what they miss is the list of questions that a survey asks next
//! ([`missing_questions`]). So one set of rules drives the live survey and judges saved facts.
//!
//! `docs/src/checks.md` says which finding belongs to which check, and which checks are left out and why; a test holds it
//! to the code.

mod addresses;
mod again;
mod bimi;
mod comparison;
mod context;
pub mod dkim;
pub mod dmarc;
mod draft;
pub mod evidence;
mod facts;
mod finding;
mod judge;
mod key_age;
mod lookups;
pub mod message;
mod message_proof;
mod mx;
mod no_mail;
mod policy_aliases;
mod reputation;
mod rules;
mod sender;
mod senders;
pub mod spf;
mod tag_list;
mod transport;
pub mod verdict;
mod web_targets;
mod zone;

pub use again::{Behind, behind};
#[cfg(any(test, fuzzing))]
pub use bimi::fuzz_tests as bimi_fuzz_tests;
pub use comparison::{
    Change, ChangeKind, Comparison, EarlierAudit, EarlierFinding, EarlierReceiver, ReceiverChange, compare,
};
pub use facts::{FACTS_VERSION, Facts, FactsError};
pub use finding::{
    Area, AuditReport, Changer, CopyValue, Effort, Evidence, EvidenceOutcome, Finding, Group, Importance,
    Picture, Reference, SpfTreeNode, Status,
};
pub use judge::{judge, missing_questions};
pub use lookups::Lookups;
pub use message_proof::{DmarcProof, MessageProof, SignatureOutcome, SignatureProof, SpfProof, prove};
pub use reputation::{
    AddressRange, CellState, DomainRegistration, KEY_LABEL, KeyedOperator, ListRow, ListSaid, Neighbour,
    NeighbourPlan, NeighbourQuestion, Neighbourhood, NetworkRegistration, RangeCell, RdapError, RdapLookup,
    RdapPlan, RdapSaid, RdapSilence, Said, keyed_operators, lists_on_request, neighbour_plan, operator_of,
    rdap_plan, read_domain, read_network, with_key,
};
pub use sender::contact_lines;
pub use transport::mta_sts_policy::{Mode as StsMode, Policy as StsPolicy};
pub use transport::probe_targets::{StandIns, policy_addresses, probe_targets};

pub use web_targets::{WebPurpose, WebTarget, web_targets};
pub use zone::without_doubled_domain;

pub use crate::values::Outcome;
