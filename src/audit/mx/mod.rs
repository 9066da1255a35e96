//! Where the domain receives its mail: MX records and the hosts behind them.

mod hosts;
pub(super) mod rule;

pub(super) use hosts::hosts;
