//! H13: judges the figures from receivers' dashboards that the owner downloaded or entered.

use std::net::IpAddr;

use super::facts::{EvidenceFacts, SndsColour, SndsFacts};
use super::rule::Pen;
use crate::audit::draft::listed;
use crate::audit::{Area, Changer, Effort, Group, Importance, Status};

/// From here on Gmail holds a domain for a spammer: 0.3 % (Google's sender guidelines), in hundredths of a percent.
const BAD_RATE: u16 = 30;
/// What a sender should stay below.
const GOOD_RATE: u16 = 10;

pub(super) fn judge(pen: &mut Pen<'_, '_>, evidence: &EvidenceFacts) {
    microsoft(pen, evidence);
    google(pen);
}

/// The colours of Microsoft's Smart Network Data Services.
fn microsoft(pen: &mut Pen<'_, '_>, evidence: &EvidenceFacts) {
    if evidence.snds.is_empty() {
        return;
    }
    let with = |colour: SndsColour| -> Vec<IpAddr> {
        let newest = evidence.snds.iter().filter(|(_, facts)| facts.newest == Some(colour));
        newest.map(|(address, _)| *address).collect()
    };
    let (red, yellow, green) = (with(SndsColour::Red), with(SndsColour::Yellow), with(SndsColour::Green));
    let (status, title, words) = if !red.is_empty() {
        (
            Status::Fail,
            format!("Microsoft takes nearly all mail of {} for spam", listed(&red)),
            "Red in Smart Network Data Services: more than 90 of 100 messages were taken for spam.",
        )
    } else if !yellow.is_empty() {
        (
            Status::Warn,
            format!("Microsoft takes a part of the mail of {} for spam", listed(&yellow)),
            "Yellow in Smart Network Data Services: between 10 and 90 of 100 messages were taken for spam.",
        )
    } else if !green.is_empty() {
        (
            Status::Pass,
            format!("Microsoft takes hardly any mail of {} for spam", listed(&green)),
            "Green in Smart Network Data Services: fewer than 10 of 100 messages were taken for spam.",
        )
    } else {
        (
            Status::Unknown,
            "Microsoft shows no colour for your addresses".to_owned(),
            "It shows one only for days with more than 100 messages. This is neither a good nor a bad result.",
        )
    };
    let mut draft = pen
        .draft("delivery.dashboard-microsoft", Area::Delivery, status, Importance::Important, title)
        .words(words)
        .reference("Smart Network Data Services", "https://sendersupport.olc.protection.outlook.com/snds/");
    match status {
        Status::Fail | Status::Warn => {
            draft = draft.group(Group::SpeaksForMoving).remedy(
                Effort::High,
                Changer::YouOnTheServer,
                "Look for what else leaves the address: forwarded spam, a stolen password, a newsletter. Then ask Microsoft for mitigation.",
            );
        }
        Status::Unknown => {
            draft = draft.remedy(
                Effort::Low,
                Changer::Nobody,
                "Look at the replies of Microsoft’s servers in your mail log instead (--evidence).",
            );
        }
        _ => {}
    }
    let rows = evidence.snds.iter().take(24).map(|(address, facts)| line(address, facts));
    pen.push(draft, "Smart Network Data Services", rows.collect());
}

fn line(address: &IpAddr, facts: &SndsFacts) -> String {
    let SndsFacts { rows, green, yellow, red, trap_hits, complaints, .. } = facts;
    let complaints = if complaints.is_empty() { "not shown" } else { complaints };
    format!(
        "{address}: {rows} days, {green} green, {yellow} yellow, {red} red; complaints {complaints}; {trap_hits} trap hits"
    )
}

/// The rate of spam that Google's Postmaster Tools show.
pub(super) fn google(pen: &mut Pen<'_, '_>) {
    let Some(rate) = pen.context.facts.owner.google_spam_rate else { return };
    let shown = format!("{}.{:02}%", rate / 100, rate % 100);
    let (status, words) = match rate {
        BAD_RATE.. => {
            (Status::Fail, "At 0.3% and more Gmail refuses help and puts mail into the spam folder.")
        }
        GOOD_RATE.. => (Status::Warn, "Google asks senders to stay below 0.1%, and never to reach 0.3%."),
        _ => (Status::Pass, "Google asks senders to stay below 0.1%."),
    };
    let title = format!("Readers at Gmail call {shown} of your mail spam");
    let mut draft = pen
        .draft("delivery.dashboard-google", Area::Delivery, status, Importance::Important, title)
        .words(words)
        .reference("Email sender guidelines", "https://support.google.com/a/answer/81126");
    if status != Status::Pass {
        draft = draft.remedy(
            Effort::Medium,
            Changer::YouOnTheServer,
            "Send to people who asked for it, make leaving easy, and look for mail that others send in your name.",
        );
    }
    pen.push(draft, "Postmaster Tools, in the owner’s words", vec![format!("spam rate {shown}")]);
}
