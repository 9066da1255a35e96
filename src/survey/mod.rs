//! Survey: gathers Facts over the wires.
