//! Reputation: what DNS lists, networks and registries say about addresses, their neighbours, and domains.

mod domain_rule;
mod history;
mod letters;
mod list;
mod neighbourhood;
mod network_rule;
mod origin;
mod range;
mod range_rule;
mod rdap;
mod registration_rule;
pub(super) mod rule;
mod subjects;

pub(super) use history::{ID as LIST_HISTORY, judge as list_history};
pub(super) use letters::{add_letters, add_requests};
pub use list::{KEY_LABEL, KeyedOperator, keyed_operators, lists_on_request, operator_of, with_key};
pub use neighbourhood::{
    ListSaid, Neighbour, NeighbourPlan, NeighbourQuestion, Neighbourhood, Said, neighbour_plan,
};
pub(super) use range::address_ranges;
pub use range::{AddressRange, CellState, ListRow, RangeCell};
pub use rdap::{
    DomainRegistration, NetworkRegistration, RdapError, RdapLookup, RdapPlan, RdapSaid, RdapSilence,
    rdap_plan, read_domain, read_network,
};
