use futures::StreamExt as _;

use super::actor::JobContext;
use super::copy_job::{Settings, password};
use super::jobs::{Ended, JobKind, contained};
use super::messages::Message;
use super::sign_in_job::Attempt;
use super::{UserError, explain};
use crate::imap::Detail;
use crate::plan::{DestinationRules, MailboxPlan, Oversize};
use crate::transfer;
use crate::values::Bytes;

/// Counts and maps all mailboxes, some at a time, and tells each outcome.
pub(super) async fn run(
    pairs: Vec<(Attempt, Attempt)>,
    (rules, message_limit): (DestinationRules, Option<Bytes>),
    settings: Settings,
    context: JobContext,
) {
    futures::stream::iter(pairs)
        .map(|(source, destination)| {
            let (rules, settings, context) = (&rules, &settings, &context);
            async move {
                let result = tokio::select! {
                    () = context.token.cancelled() => Err(Box::new(explain::cancelled())),
                    ended = contained(one((&source, &destination), rules, message_limit, settings)) => match ended {
                        Ended::Normally(result) => result,
                        Ended::Panicked(words) => Err(Box::new(explain::panicked(JobKind::Plan, &words))),
                    },
                };
                context
                    .tell(Message::Planned { number: context.number, mailbox: source.mailbox, result })
                    .await;
            }
        })
        .buffer_unordered(settings.parallel.max(1))
        .for_each(|()| std::future::ready(()))
        .await;
}

async fn one(
    (source, destination): (&Attempt, &Attempt),
    rules: &DestinationRules,
    message_limit: Option<Bytes>,
    settings: &Settings,
) -> Result<(MailboxPlan, Oversize), Box<UserError>> {
    let from = source.access(password(source, settings).await?);
    let to = destination.access(password(destination, settings).await?);
    let (source_session, destination_session) =
        tokio::join!(from.open_to_list(Detail::Everything), to.open_to_list(Detail::Counts));
    let mut source_session = source_session.map_err(|error| Box::new(explain::sign_in(source, &error).1))?;
    let mut destination_session =
        destination_session.map_err(|error| Box::new(explain::sign_in(destination, &error).1))?;
    let counted = async {
        let plan = transfer::inventory(&mut source_session, &mut destination_session, rules.clone()).await?;
        let (from, to) = (&mut source_session, &destination_session);
        let oversize = transfer::find_oversize(from, to, &plan, message_limit).await?;
        Ok((plan, oversize))
    };
    let counted: Result<_, transfer::TransferError> = counted.await;
    let (mut plan, oversize) =
        counted.map_err(|error| Box::new(explain::transfer(source, destination, &error)))?;
    if settings.samples_dates {
        plan.remarks.extend(transfer::flags_remark(&mut destination_session).await);
    }
    to.leave(destination_session);
    if settings.samples_dates {
        match transfer::find_earlier_move(&mut source_session, &plan).await {
            Ok(words) => plan.earlier_move = words,
            // The plan stands without it; what is the matter with a folder is told when it is copied.
            Err(error) => {
                tracing::info!(%error, "the dates of the messages were not looked at");
                return Ok((plan, oversize));
            }
        }
    }
    from.leave(source_session);
    Ok((plan, oversize))
}
