//! Audit: Facts in, Findings out. Pure: what was measured is judged, nothing is asked.

mod finding;

pub use crate::values::Outcome;
pub use finding::{
    Area, AuditReport, Changer, CopyValue, Effort, Evidence, Finding, Group, Importance, Picture, Reference,
    SpfTreeNode, Status,
};
