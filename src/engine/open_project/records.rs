//! The records of the open project, and whether the saved files are current.

use crate::engine::api::snapshot::{ProviderAnswer, RecordsView, SavedView};
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::engine::api::copy_snapshot::CopyPhase;
use crate::engine::api::user_error::UserError;
use crate::engine::explain;
use crate::engine::open_project::OpenProject;
use crate::message::content_digest;
use crate::project::{ProjectError, SavedFile};
use crate::providers::Catalogue;
use crate::records::{ExportStage, Format, RecordsPlan, SwitchStage, desired, questions, render};

impl OpenProject {
    /// Another provider was chosen, so the records must be computed again.
    pub(in crate::engine) fn forget_records(&mut self, catalogue: &Catalogue) {
        self.view.records = RecordsView::default();
        if let Err(error) = self.compute_records(catalogue) {
            self.view.records.error = Some(*error);
        }
    }

    /// The records from the zone as last read, the provider and the answers; `None` before there is a zone.
    pub(in crate::engine) fn compute_records(
        &mut self,
        catalogue: &Catalogue,
    ) -> Result<Option<RecordsPlan>, Box<UserError>> {
        let computed = self.compute_plan(catalogue);
        self.compare_with_saved_zone();
        computed
    }

    fn compute_plan(&mut self, catalogue: &Catalogue) -> Result<Option<RecordsPlan>, Box<UserError>> {
        let Some((id, _)) = &self.view.destination.chosen else { return Ok(None) };
        let Some(provider) = catalogue.get(id) else { return Ok(None) };
        let stored = |error: ProjectError| Box::new(explain::project(&error));
        let answers = self.project.answers().map_err(stored)?;
        let choices = self.project.sender_choices().map_err(stored)?;
        self.view.records.answers = provider
            .answers
            .iter()
            .map(|answer| {
                let given = answers.get(&answer.name).cloned().unwrap_or_default();
                ProviderAnswer { name: answer.name.clone(), question: answer.question.clone(), value: given }
            })
            .collect();
        let Some(zone) = &self.zone else { return Ok(None) };
        let now_needed =
            questions(self.project.domain(), provider, &answers, &self.view.domain.audit_options.selectors);
        if !zone.covers(&now_needed) {
            // Some names were not queried; the zone must be read again for this provider and these answers.
            self.view.records.plan = None;
            self.view.records.zone_texts.clear();
            self.view.records.exports = Arc::default();
            return Ok(None);
        }
        let dropped = choices.into_iter().filter(|(_, is_kept)| !is_kept).map(|(term, _)| term).collect();
        let plan = desired(provider, &answers, zone, &dropped);
        let exports: BTreeMap<(ExportStage, Format), String> = ExportStage::ALL
            .into_iter()
            .flat_map(|stage| Format::ALL.into_iter().map(move |format| (stage, format)))
            // Only the whole zone may be missing, where it was not read from a file.
            .filter_map(|key| render(&plan, zone, key.0, key.1).ok().map(|text| (key, text)))
            .collect();
        let text = |stage| Some((stage, exports.get(&(ExportStage::Stage(stage), Format::Bind))?.clone()));
        self.view.records.zone_texts = SwitchStage::ALL.into_iter().filter_map(text).collect();
        self.view.records.exports = Arc::new(exports);
        self.view.records.plan = Some(Arc::new(plan.clone()));
        self.view.records.error = None;
        Ok(Some(plan))
    }

    /// A file counts as saved only while it matches the lines shown.
    fn compare_with_saved_zone(&mut self) {
        let records = &mut self.view.records;
        let compare = |(stage, file): (&SwitchStage, &SavedFile)| {
            let stage_of = *stage;
            let stage = ExportStage::Stage(*stage);
            let is_current = records
                .exports
                .iter()
                .any(|(key, text)| key.0 == stage && content_digest(text.as_bytes()) == file.sha256);
            (stage_of, SavedView { path: file.path.clone(), is_current })
        };
        records.saved = self.saved.zone.iter().map(compare).collect();
    }

    /// The zone lines of a stage were written to this file.
    pub(in crate::engine) fn zone_was_saved(&mut self, stage: SwitchStage, file: SavedFile) {
        // A file contains what was written to it last.
        self.saved.zone.retain(|_, other| other.path != file.path);
        self.saved.zone.insert(stage, file);
        self.compare_with_saved_zone();
    }

    /// The report as last saved. While mail is copied, no saved report is current.
    pub(in crate::engine) fn report_saved(&self) -> Option<SavedView> {
        let file = self.saved.report.as_ref()?;
        let is_at_rest =
            !matches!(self.view.copy.phase, CopyPhase::Running | CopyPhase::Pausing | CopyPhase::Stopping);
        let is_current = is_at_rest && self.report_digest() == file.sha256;
        Some(SavedView { path: file.path.clone(), is_current })
    }

    /// A digest of the report: while it is unchanged, so is the report, apart from its time stamp.
    pub(in crate::engine) fn report_digest(&self) -> String {
        let view = &self.view;
        let copy = &view.copy;
        let problems: Vec<_> = copy.problems.iter().map(|group| (&group.cause, group.count)).collect();
        // Rounds that saw nothing new change no more than a count.
        let switch = self.switch_log().map(|log| (log.notes.len(), log.sweeps.len(), log.finished_at));
        let content = serde_json::json!([
            [copy.route, copy.sum, copy.started_at, copy.finished_at, copy.verification, problems],
            [view.destination.chosen, view.destination.server, view.domain.source_server],
            [switch, self.switch.ticked.len()],
            [view.audit.report().map(|report| report.at), view.records.zone_texts],
        ]);
        content_digest(content.to_string().as_bytes())
    }
}

/// What was saved, according to the project file.
#[derive(Default)]
pub(in crate::engine) struct SavedFiles {
    pub(in crate::engine) zone: BTreeMap<SwitchStage, SavedFile>,
    pub(in crate::engine) report: Option<SavedFile>,
}
