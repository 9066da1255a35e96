use crate::audit::context::Context;
use crate::audit::draft::Draft;
use crate::audit::evidence::ReceiverFacts;
use crate::audit::{Area, Changer, Effort, Finding, Group, Importance, Status};
use crate::values::with_thousands;

/// Attempts that reached nobody before port 25 is said to be closed.
const MANY: u64 = 5;

/// C12: whether the provider lets the server out to port 25. The owner's word counts, then what the log shows.
pub(super) fn judge(context: &Context<'_>, findings: &mut Vec<Finding>) {
    context.lookups.begin();
    let evidence = context.facts.evidence.as_ref().filter(|evidence| evidence.has_log());
    let receivers = evidence.map(|evidence| evidence.receivers.as_slice()).unwrap_or_default();
    let taking = receivers.iter().filter(|receiver| delivered(receiver) > 0).count();
    let lost: u64 =
        receivers.iter().flat_map(|receiver| receiver.days.values()).map(|day| day.unreached).sum();
    let draft = match (context.facts.owner.port_25_is_open, taking) {
        (Some(false), _) => closed("You say that your provider closes it."),
        // One receiver may be a relay, which is reached over another port.
        (_, 2..) => new(Status::Pass, "Your server gets out to port 25")
            .words(format!("The log shows deliveries to {} different receivers.", with_thousands(taking as u64))),
        (Some(true), _) => {
            new(Status::Pass, "Your server gets out to port 25").words("You say that your provider leaves it open.")
        }
        (None, 0) if lost >= MANY => closed(&format!(
            "The log shows {} attempts to reach other mail servers, and none that came through.",
            with_thousands(lost)
        )),
        _ => new(Status::Unknown, "Whether your provider lets mail out is not known")
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

fn delivered(receiver: &ReceiverFacts) -> u64 {
    receiver.days.values().map(|day| day.delivered + day.later).sum()
}
