//! C12: whether outgoing port 25 is open.

use crate::audit::context::Context;
use crate::audit::draft::Draft;
use crate::audit::evidence::{EvidenceFacts, WayOut};
use crate::audit::{Area, Changer, Effort, Finding, Group, Importance, Status};
use crate::values::with_thousands;

/// C12: whether the provider lets the server out to port 25. The owner's word counts, then what the log shows.
pub(super) fn judge(context: &Context<'_>, findings: &mut Vec<Finding>) {
    context.lookups.begin();
    let way_out = context.facts.evidence.as_ref().map_or(WayOut::Unknown, EvidenceFacts::way_out);
    let draft = match (context.facts.owner.port_25_is_open, way_out) {
        (_, WayOut::Relay(host)) => new(Status::Info, "Your mail goes out through a relay")
            .words(format!("The log shows that {host} takes the mail for everybody. Whether port 25 is open does not matter then: receivers see the relay.")),
        (Some(false), _) => closed("You say that your provider closes it."),
        (_, WayOut::Direct(receivers)) => new(Status::Pass, "Your server gets out to port 25").words(format!(
            "The log shows deliveries to {} different receivers.",
            with_thousands(receivers as u64)
        )),
        (Some(true), _) => {
            new(Status::Pass, "Your server gets out to port 25").words("You say that your provider leaves it open.")
        }
        (None, WayOut::Closed(attempts)) => closed(&format!(
            "The log shows {} attempts to reach other mail servers, and none that came through.",
            with_thousands(attempts)
        )),
        (None, WayOut::Unknown) => new(Status::Unknown, "Whether your provider lets mail out is not known")
            .words("Many providers close port 25 for new customers and open it on request. Nobody can see that from outside.")
            .remedy(
                Effort::Low,
                Changer::Nobody,
                "Give the server’s mail log (--evidence), or say so (--answer port-25=yes or no).",
            ),
    };
    findings.push(draft.rfc(5321, "4.5.4.2").done(&context.lookups));
}

fn new(status: Status, title: &str) -> Draft {
    Draft::new("sender.port-25", Area::SendingAddress, status, Importance::Important, title)
}

fn closed(words: &str) -> Draft {
    new(Status::Fail, "Your server does not get out to port 25")
        .words(format!("{words} Without it no mail reaches other servers directly."))
        .remedy(
            Effort::Medium,
            Changer::YourHoster,
            "Ask the provider to open port 25 for outgoing connections, or send through a relay on port 587.",
        )
        .group(Group::SpeaksForMoving)
}
