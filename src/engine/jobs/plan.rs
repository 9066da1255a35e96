use std::collections::{BTreeMap, BTreeSet};

use futures::StreamExt as _;

use crate::engine::api::user_error::UserError;
use crate::engine::attempt::AttemptPair;
use crate::engine::explain;
use crate::engine::job_kind::JobKind;
use crate::engine::jobs::context::JobContext;
use crate::engine::jobs::copy::{Settings, password};
use crate::engine::jobs::results::Message;
use crate::engine::jobs::sign_in::waits_of;
use crate::engine::jobs::{Ended, contained};
use crate::plan::{DestinationRules, MailboxPlan, Oversize};
use crate::transfer::{self, CountWishes, Counted, ProgressSink};
use crate::values::Bytes;
use crate::values::MailboxId;

/// Known folders of each source, as the server spells them.
pub(in crate::engine) type KnownFolders = BTreeMap<MailboxId, BTreeSet<String>>;

/// What is counted, and what is known of it before.
pub(in crate::engine) struct Count {
    pub(in crate::engine) pairs: Vec<AttemptPair>,
    pub(in crate::engine) rules: DestinationRules,
    /// The largest message that the provider takes.
    pub(in crate::engine) message_limit: Option<Bytes>,
    pub(in crate::engine) known: KnownFolders,
}

/// Counts and maps all mailboxes, a few at a time, and reports each result.
pub(in crate::engine) async fn run(count: Count, settings: Settings, context: JobContext) {
    let Count { pairs, rules, message_limit, mut known } = count;
    futures::stream::iter(pairs)
        .map(|pair| {
            let wishes = CountWishes {
                rules: rules.clone(),
                message_limit,
                known: known.remove(&pair.source.mailbox).unwrap_or_default(),
                uncounted: pair.source.uncounted.clone(),
            };
            let (settings, context) = (&settings, &context);
            async move {
                let mailbox = pair.source.mailbox;
                let sink = waits_of(context, mailbox, JobKind::Plan);
                let result = tokio::select! {
                    () = context.token.cancelled() => Err(Box::new(explain::cancelled())),
                    ended = contained(one(&pair, &wishes, settings, &sink)) => match ended {
                        Ended::Normally(result) => result,
                        Ended::Panicked(words) => Err(Box::new(explain::panicked(JobKind::Plan, &words))),
                    },
                };
                context.tell(Message::Planned { number: context.number, mailbox, result }).await;
            }
        })
        .buffer_unordered(settings.run.mailboxes)
        .for_each(|()| std::future::ready(()))
        .await;
}

async fn one(
    pair: &AttemptPair,
    wishes: &CountWishes,
    settings: &Settings,
    sink: ProgressSink<'_>,
) -> Result<(MailboxPlan, Oversize), Box<UserError>> {
    let AttemptPair { source, destination } = pair;
    let from = source.access(password(source, settings).await?);
    let to = destination.access(password(destination, settings).await?);
    let counted = Box::pin(transfer::count(&from, &to, wishes, sink)).await;
    let counted = counted.map_err(|error| Box::new(explain::transfer(source, destination, &error)))?;
    let Counted {
        mut plan,
        oversize,
        source: mut source_session,
        destination: mut destination_session,
        left,
    } = counted;
    plan.remarks.extend(explain::uncounted(&plan, &left));
    if settings.samples_dates {
        plan.remarks.extend(transfer::flags_remark(&mut destination_session).await);
    }
    to.leave(destination_session);
    if settings.samples_dates {
        match transfer::find_earlier_move(&mut source_session, &plan).await {
            Ok(words) => plan.earlier_move = words,
            // The plan is complete without this; a problem with a folder is reported when it is copied.
            Err(error) => {
                tracing::info!(%error, "the dates of the messages were not read");
                return Ok((plan, oversize));
            }
        }
    }
    from.leave(source_session);
    Ok((plan, oversize))
}
