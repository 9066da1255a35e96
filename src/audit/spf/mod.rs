//! SPF (RFC 7208): parser, evaluator and cost tree. Pure: it takes answers from a book and names those that are missing.

mod breadth;
mod cheaper;
mod evaluate;
mod limits;
mod macros;
mod merge;
mod near_miss;
mod networks;
mod record;
pub(super) mod rule;
mod rule_around;
mod rule_cost;
mod rule_dangling;
mod rule_end;
mod rule_form;
mod rule_senders;
mod senders_of;
mod strangers;
mod tree;

pub use evaluate::{SpfQuery, SpfResult, SpfStep, SpfVerdict, check};
pub(in crate::audit) use evaluate::{check_with, published};
pub use limits::{MAX_HOSTS, MAX_LOOKUPS, MAX_VOID_LOOKUPS};
pub(in crate::audit) use macros::Client;
pub use near_miss::{meant, meant_term};
pub use networks::{TermNetworks, allowed_networks, effective_end};
pub use record::{DomainSpec, DualCidr, Mechanism, Qualifier, Redirect, SpfRecord, SpfSyntaxError, Term};
pub use strangers::STRANGERS;
pub use tree::record_costs;
pub(in crate::audit) use tree::{CostTree, cost_tree};
