//! Whether the headers of real messages are well formed (RFC 5322 section 3.6, RFC 2369, RFC 8058).

use super::facts::MessageFacts;
use super::rule::new;
use crate::audit::context::Context;
use crate::audit::draft::{Draft, listed};
use crate::audit::{Changer, Effort, Finding, Importance, Status};

/// Longest line that servers must take, without its end (RFC 5322 section 2.1.1).
const LONGEST_LINE: usize = 998;

pub(super) fn judge(context: &Context<'_>, messages: &[&MessageFacts], findings: &mut Vec<Finding>) {
    context.lookups.begin();
    findings.push(form(messages).done(&context.lookups));
    findings.extend(unsubscribe(messages).map(|draft| draft.done(&context.lookups)));
}

/// I3
fn form(messages: &[&MessageFacts]) -> Draft {
    let (mut wrong, mut odd) = (Vec::new(), Vec::new());
    for message in messages {
        let (faults, oddities) = faults(message);
        if !faults.is_empty() {
            wrong.push(format!("{}: {}", message.name, listed(&faults)));
        }
        if !oddities.is_empty() {
            odd.push(format!("{}: {}", message.name, listed(&oddities)));
        }
    }
    let draft = if !wrong.is_empty() {
        wrong.extend(odd);
        new(
            "message.form",
            Status::Fail,
            Importance::Important,
            "The header of your mail has faults for which receivers refuse it",
        )
        .words(format!("{}.", wrong.join("; ")))
        .remedy(
            Effort::Medium,
            Changer::YouOnTheServer,
            "Let the program that writes the mail set each of From, Date and Message-ID once.",
        )
    } else if !odd.is_empty() {
        new("message.form", Status::Warn, Importance::Minor, "The form of your mail is unusual")
            .words(format!("{}.", odd.join("; ")))
            .remedy(Effort::Medium, Changer::YouOnTheServer, "Fix the program that writes the mail.")
    } else {
        new("message.form", Status::Pass, Importance::Minor, "The headers of your mail are well formed")
            .words("From, Date and Message-ID are each there once, and no line is too long.")
    };
    draft.rfc(5322, "3.6")
}

/// What is wrong, and what is only unusual.
fn faults(message: &MessageFacts) -> (Vec<String>, Vec<String>) {
    let form = &message.form;
    let (mut faults, mut odd) = (Vec::new(), Vec::new());
    for (name, count) in [("From", form.from), ("Date", form.date), ("Message-ID", form.message_id)] {
        if count == 0 {
            faults.push(format!("{name} is missing"));
        }
    }
    faults.extend(form.doubled.iter().map(|name| format!("{name} occurs twice")));
    if form.from > 0 && message.from_domains.is_empty() {
        faults.push("From has no address".to_owned());
    }
    if form.date > 0 && !form.is_date_readable {
        faults.push("Date cannot be read".to_owned());
    }
    if form.nuls > 0 {
        faults.push("there are NUL bytes".to_owned());
    }
    if form.message_id > 0 && !form.is_message_id_whole {
        odd.push("Message-ID does not have the form <left@right>".to_owned());
    }
    if form.longest_line > LONGEST_LINE {
        odd.push(format!("a line has {} bytes, {LONGEST_LINE} are allowed", form.longest_line));
    }
    if form.broken_texts > 0 {
        odd.push("header fields have bytes that are no UTF-8".to_owned());
    }
    if form.stray_lines > 0 {
        odd.push("lines in the header are no fields".to_owned());
    }
    if form.is_cut {
        odd.push("there are more header fields than are read".to_owned());
    }
    if message.from_domains.len() > 1 {
        odd.push("From has addresses of several domains".to_owned());
    }
    (faults, odd)
}

/// I4, for mail that goes to many only.
fn unsubscribe(messages: &[&MessageFacts]) -> Option<Draft> {
    let bulk: Vec<&&MessageFacts> = messages.iter().filter(|message| message.list.is_bulk).collect();
    let names = |is_wanted: fn(&MessageFacts) -> bool| -> Vec<&str> {
        bulk.iter().filter(|message| is_wanted(message)).map(|message| message.name.as_str()).collect()
    };
    let none = names(|message| !message.list.has_web_unsubscribe && !message.list.has_mail_unsubscribe);
    let partly = names(|message| {
        (message.list.has_web_unsubscribe || message.list.has_mail_unsubscribe)
            && !(message.list.has_web_unsubscribe && message.list.is_one_click)
    });
    let remedy =
        "Add List-Unsubscribe with a https address, and List-Unsubscribe-Post: List-Unsubscribe=One-Click.";
    let draft = if bulk.is_empty() {
        return None;
    } else if !none.is_empty() {
        new("message.unsubscribe", Status::Fail, Importance::Important, format!("Bulk mail without a way out: {}", listed(&none)))
            .words("Large receivers refuse bulk mail that has no List-Unsubscribe, and readers who find no way out report it as spam.")
            .remedy(Effort::Medium, Changer::YouOnTheServer, remedy)
    } else if !partly.is_empty() {
        new(
            "message.unsubscribe",
            Status::Warn,
            Importance::Minor,
            format!("Bulk mail without one-click unsubscribe: {}", listed(&partly)),
        )
        .words("Gmail and Yahoo want it from those who send to many.")
        .remedy(Effort::Medium, Changer::YouOnTheServer, remedy)
    } else {
        new(
            "message.unsubscribe",
            Status::Pass,
            Importance::Minor,
            "Bulk mail can be unsubscribed with one click",
        )
        .words("List-Unsubscribe and List-Unsubscribe-Post are there.")
    };
    Some(draft.rfc(8058, "3.1"))
}
