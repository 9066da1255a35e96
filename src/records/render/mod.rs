//! Writes the plan for the tools that people edit zones with, one file per format.

mod bind;
mod cloudflare;
mod csv_file;
mod dnscontrol;
mod nsupdate;
mod octodns;
mod route53;
mod sets;
mod stage_update;
mod table;
mod zone;

pub use bind::{BindOptions, render_bind};
pub use sets::{ExportStage, RecordSet, SetChange, StageSets, stage_sets};
pub use stage_update::{SetAt, StageUpdate, ValueAt};
pub use zone::NotWhole;

use serde::{Deserialize, Serialize};

use super::{CurrentZone, RecordsPlan};

/// A form in which records are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// Lines for a BIND zone file, with the records that stay.
    Bind,
    /// The whole zone file.
    Zone,
    /// A file for Cloudflare's import.
    Cloudflare,
    /// A change batch for Route 53.
    Route53,
    /// The names in octoDNS's YAML.
    OctoDns,
    /// An extension of a domain in `DNSControl`.
    DnsControl,
    /// Commands for nsupdate (RFC 2136).
    Nsupdate,
    /// Comma-separated values.
    Csv,
    /// Field by field, to type into a web form.
    Table,
}

impl Format {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 9] = [
        Self::Bind,
        Self::Zone,
        Self::Cloudflare,
        Self::Route53,
        Self::OctoDns,
        Self::DnsControl,
        Self::Nsupdate,
        Self::Csv,
        Self::Table,
    ];

    /// Its name for people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bind => "Zone lines",
            Self::Zone => "Whole zone",
            Self::Cloudflare => "Cloudflare",
            Self::Route53 => "Route 53",
            Self::OctoDns => "octoDNS",
            Self::DnsControl => "DNSControl",
            Self::Nsupdate => "nsupdate",
            Self::Csv => "CSV",
            Self::Table => "Table",
        }
    }

    /// The end of a file's name.
    pub const fn suffix(self) -> &'static str {
        match self {
            Self::Bind | Self::Zone => "zone",
            Self::Cloudflare | Self::Table => "txt",
            Self::Route53 => "json",
            Self::OctoDns => "yaml",
            Self::DnsControl => "js",
            Self::Nsupdate => "nsupdate",
            Self::Csv => "csv",
        }
    }
}

/// Writes one stage of a plan. Lines that must wait, and groups that could not be read, are not in it.
///
/// # Errors
/// [`NotWhole`] where the whole zone is wanted and was not read from a file.
pub fn render(
    plan: &RecordsPlan,
    zone: &CurrentZone,
    stage: ExportStage,
    format: Format,
) -> Result<String, NotWhole> {
    let sets = stage_sets(plan, zone, stage);
    Ok(match (format, stage.of_switch()) {
        (Format::Bind, Some(through)) => render_bind(plan, &BindOptions { through, made_at: None }),
        (Format::Bind, None) => zone::snippet(&sets),
        (Format::Zone, _) => zone::whole(&sets, zone)?,
        (Format::Cloudflare, _) => cloudflare::render(&sets),
        (Format::Route53, _) => route53::render(&sets),
        (Format::OctoDns, _) => octodns::render(&sets),
        (Format::DnsControl, _) => dnscontrol::render(&sets),
        (Format::Nsupdate, _) => nsupdate::render(&sets),
        (Format::Csv, _) => csv_file::render(&sets),
        (Format::Table, _) => table::render(&sets),
    })
}

#[cfg(test)]
mod tests;
