use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::engine::actor::Actor;
use crate::engine::api::message_list_format::MessageListFormat;
use crate::engine::api::user_error::UserError;
use crate::engine::explain;
use crate::engine::job_kind::JobKind;
use crate::engine::jobs::results::Message;
use crate::engine::open_project::message_list::{left_out_folders, save, saved_words};
use crate::plan::MessageQuery;

impl Actor {
    /// Shows individual messages.
    pub(super) fn show_messages(&mut self, query: &MessageQuery, first: u64) {
        let shown = self.open.as_mut().map_or(Ok(()), |open| open.look_at_messages(query, first));
        if let Err(error) = shown {
            self.fail(*error);
        }
    }

    /// Hides them.
    pub(super) fn hide_messages(&mut self) {
        if let Some(open) = self.open.as_mut() {
            open.view.messages.list = None;
        }
    }

    /// Writes one row per message into a file, in the background.
    pub(super) fn save_messages(&mut self, path: PathBuf, format: MessageListFormat) {
        let Some(open) = self.open.as_mut() else { return };
        if open.view.copy.started_at.is_none() {
            return self
                .fail(explain::nothing_to_save("No messages have been read yet", "Start the copy first"));
        }
        open.view.messages.is_saving = true;
        let (project, addresses) = (Arc::clone(&open.project), open.addresses());
        let left_out = left_out_folders(&open.view.plan.mailboxes, &addresses);
        self.launch(
            JobKind::SaveMessages,
            |_context| async move {
                let target = path.clone();
                let saved = tokio::task::spawn_blocking(move || {
                    save(&project, &addresses, &left_out, &target, format)
                })
                .await;
                let result = saved.unwrap_or_else(|error| {
                    Err(Box::new(explain::defect("The message list could not be written", &error)))
                });
                (path, result)
            },
            |number, (path, result)| Message::MessagesSaved { number, path, result },
        );
    }

    /// Handles the result of writing the message list.
    pub(in crate::engine) fn messages_saved(&mut self, path: &Path, result: Result<u64, Box<UserError>>) {
        let Some(open) = self.open.as_mut() else { return };
        open.view.messages.is_saving = false;
        match result {
            Ok(count) => {
                open.view.messages.saved = Some(path.to_path_buf());
                self.notice(saved_words(count), Some(path.to_path_buf()));
            }
            Err(error) => self.fail(*error),
        }
    }
}
