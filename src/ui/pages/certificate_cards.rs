//! One question per certificate, shown on the pages where mailboxes wait for the answer.

use egui::{Align, Rect, Ui, Vec2};

use crate::engine::{
    CertificateQuestion, Command, MailboxView, ProjectView, SignInState, SignInView, certificate_questions,
};
use crate::ui::page_cx::PageCx;
use crate::ui::theme::PANEL_GAP;
use crate::ui::widgets::certificate_card::{Waiting, certificate_card};

/// At the top of the Mailboxes page; `is_wanted` scrolls the first one into view.
pub fn on_mailboxes(ui: &mut Ui, project: &ProjectView, is_wanted: bool, cx: &mut PageCx<'_>) {
    for (index, question) in certificate_questions(project).iter().enumerate() {
        let mailboxes = question.mailboxes.clone();
        let look_again = Command::TestSignIn { mailboxes };
        let top = Rect::from_min_size(ui.cursor().min, Vec2::new(1.0, 26.0));
        card(ui, question, look_again, cx);
        if is_wanted && index == 0 {
            ui.scroll_to_rect(top, Some(Align::TOP));
        }
    }
}

/// Above the other problems of the Plan and Copy pages.
pub fn on_job(ui: &mut Ui, project: &ProjectView, look_again: &Command, cx: &mut PageCx<'_>) {
    for question in &certificate_questions(project) {
        card(ui, question, look_again.clone(), cx);
    }
}

/// Whether a mailbox is waiting for such an answer.
pub fn asks_about(row: &MailboxView) -> bool {
    let is_asked = |sign_in: &SignInView| matches!(sign_in.state, SignInState::CertificateNotKnown(_));
    is_asked(&row.source) || is_asked(&row.destination)
}

fn card(ui: &mut Ui, question: &CertificateQuestion, look_again: Command, cx: &mut PageCx<'_>) {
    let waiting = Waiting { mailboxes: question.mailboxes.len(), look_again: Some(look_again) };
    let mut sent = Vec::new();
    certificate_card(ui, &question.error, &question.certificate, &waiting, &mut sent);
    for command in sent {
        cx.send(command);
    }
    ui.add_space(PANEL_GAP);
}
