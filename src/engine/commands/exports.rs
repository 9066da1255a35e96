use std::path::Path;

use jiff::Timestamp;

use crate::engine::actor::Actor;
use crate::engine::api::command::ReportFormat;
use crate::engine::api::snapshot::LogLine;
use crate::engine::explain;
use crate::engine::open_project::report_input;
use crate::engine::system::output_file::write_output;
use crate::message::content_digest;
use crate::project::SavedFile;
use crate::records::{ExportStage, Format};
use crate::report;

impl Actor {
    /// Writes the audit alone.
    pub(super) fn export_audit(&mut self, path: &Path, format: ReportFormat) {
        let Some(audit) = self.open.as_ref().and_then(|open| open.view.audit.report()) else {
            return self.fail(explain::nothing_to_save("There is no audit yet", "Run the audit first"));
        };
        let text = match format {
            ReportFormat::Html => report::audit_html(audit),
            ReportFormat::Json => report::audit_json(audit),
            ReportFormat::Markdown => Ok(report::audit_markdown(audit)),
        };
        match text {
            Ok(text) => {
                self.write("Saved the audit", path, &text);
            }
            Err(error) => self.fail(explain::defect("The audit could not be formatted", &error)),
        }
    }

    /// Writes the facts of the audit, which can be judged again anywhere.
    pub(super) fn export_facts(&mut self, path: &Path) {
        let Some(facts) = self.saved_facts() else { return };
        match facts.to_json() {
            Ok(text) => {
                self.write("Saved the facts", path, &text);
            }
            Err(error) => self.fail(explain::defect("The facts of the audit could not be formatted", &error)),
        }
    }

    /// Writes the lines of the log.
    pub(super) fn save_log(&mut self, path: &Path) {
        let line = |line: LogLine| {
            let at = Timestamp::from_second(line.at.0).map_or_else(|_far| String::new(), |at| at.to_string());
            format!("{at} {} {}\n", line.level, line.text)
        };
        let text: String = self.log.lines().into_iter().map(line).collect();
        self.write("Saved the log", path, &text);
    }

    /// Writes the records of a stage, or of the way back.
    pub(super) fn export_zone(&mut self, path: &Path, stage: ExportStage, format: Format) {
        let Some(open) = self.open.as_ref() else { return };
        let Some(text) = open.view.records.exports.get(&(stage, format)).cloned() else {
            return self
                .fail(explain::nothing_to_save("There are no records yet", "Prepare the records first"));
        };
        let file = SavedFile {
            path: path.to_path_buf(),
            sha256: content_digest(text.as_bytes()),
            provider: open.view.destination.chosen.as_ref().map(|(provider, _)| provider.clone()),
        };
        if self.write("Saved the zone lines", path, &text)
            && let Some(stage) = stage.of_switch()
            && self.store(|project| project.set_zone_saved(stage, &file)).is_some()
            && let Some(open) = self.open.as_mut()
        {
            open.zone_was_saved(stage, file);
        }
    }

    /// Writes the report of the whole move.
    pub(super) fn save_report(&mut self, path: &Path, format: ReportFormat) {
        let Some(open) = self.open.as_ref() else { return };
        let input = match report_input::gather(open) {
            Ok(input) => input,
            Err(error) => return self.fail(explain::project(&error)),
        };
        let text = match format {
            ReportFormat::Html => report::html(&input),
            ReportFormat::Json => report::json(&input),
            ReportFormat::Markdown => Ok(report::markdown(&input)),
        };
        let text = match text {
            Ok(text) => text,
            Err(error) => {
                return self.fail(explain::defect("The report could not be formatted", &error));
            }
        };
        let file = SavedFile {
            path: path.to_path_buf(),
            sha256: open.report_digest(),
            provider: open.view.destination.chosen.as_ref().map(|(provider, _)| provider.clone()),
        };
        if self.write("Saved the report", path, &text)
            && self.store(|project| project.set_report_saved(Some(&file))).is_some()
            && let Some(open) = self.open.as_mut()
        {
            open.saved.report = Some(file);
        }
    }

    /// Writes a file and announces it; on failure reports the error and returns false.
    pub(super) fn write(&self, words: &str, path: &Path, text: &str) -> bool {
        match write_output(path, |out| out.write_all(text.as_bytes())) {
            Ok(()) => {
                self.notice(words, Some(path.to_path_buf()));
                true
            }
            Err(error) => {
                self.fail(explain::not_written(path, &error));
                false
            }
        }
    }
}
