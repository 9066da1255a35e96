//! Reads what new records are planned from, for the commands that write and publish them.

use std::path::PathBuf;

use super::args::{PlannedRecords, RecordsStage};
use super::audit::{check_domain, saved_facts};
use super::providers::{catalogue_with, destination_named};
use super::{CliError, output};
use crate::audit::Facts;
use crate::engine::headless::{RecordsQuestion, ZoneText};
use crate::providers::Catalogue;
use crate::records::{ExportStage, Format, SwitchStage};

/// A zone file of a small domain is a few kB; even one with thousands of names stays below this.
const MOST_ZONE_BYTES: u64 = 16_000_000;

/// More than any list of answers has.
const MOST_ANSWERS_BYTES: u64 = 1_000_000;

/// The files that were named.
pub struct PlanInputs {
    catalogue: Catalogue,
    answers: String,
    zone: Option<(PathBuf, String)>,
    audit: Option<Facts>,
}

impl PlanInputs {
    /// Reads them.
    pub fn read(arguments: &PlannedRecords) -> Result<Self, CliError> {
        let domain = super::checked_domain(&arguments.domain)?;
        let catalogue = catalogue_with(arguments.provider_file.as_deref())?;
        destination_named(&catalogue, &arguments.provider)?;
        let answers = match &arguments.answers {
            Some(path) => output::read_text(path, MOST_ANSWERS_BYTES)?,
            None => String::new(),
        };
        let zone = match &arguments.zone {
            Some(path) => Some((path.clone(), output::read_text(path, MOST_ZONE_BYTES)?)),
            None => None,
        };
        let audit = match &arguments.facts {
            Some(path) => {
                let facts = saved_facts(path)?;
                check_domain(&domain, &facts, path)?;
                Some(facts)
            }
            None => None,
        };
        Ok(Self { catalogue, answers, zone, audit })
    }

    /// The question for the engine.
    pub fn question<'a>(
        &'a self,
        arguments: &'a PlannedRecords,
        stage: RecordsStage,
        format: Format,
    ) -> RecordsQuestion<'a> {
        RecordsQuestion {
            domain: &arguments.domain,
            catalogue: &self.catalogue,
            provider: &arguments.provider,
            answers: &self.answers,
            zone: self.zone.as_ref().map(|(path, text)| ZoneText { path, text }),
            resolver: arguments.resolver.as_deref().unwrap_or_default(),
            selectors: &arguments.selectors,
            audit: self.audit.as_ref(),
            dropped_senders: &arguments.dropped_senders,
            stage: match stage {
                RecordsStage::Now => ExportStage::Stage(SwitchStage::Now),
                RecordsStage::Switch => ExportStage::Stage(SwitchStage::AtTheSwitch),
                RecordsStage::Later => ExportStage::Stage(SwitchStage::Later),
                RecordsStage::Rollback => ExportStage::Rollback,
            },
            format,
        }
    }
}
