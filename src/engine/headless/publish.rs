//! Publishes a stage at the owner's own name server (RFC 2136), and asks that server what it has afterwards.

use std::collections::BTreeSet;
use std::path::Path;

use super::{RecordsQuestion, planned, to_its_end};
use crate::dns::{Resolver, TsigKey, send_update};
use crate::engine::api::user_error::UserError;
use crate::engine::explain;
use crate::engine::system::input::read_text_input;
use crate::records::{RecordsPlan, Safety, StageSets, stage_sets, stage_words, zone_update};
use crate::values::{RecordData, UnixTime, ZoneUpdate};

/// A key file has some hundred bytes.
const MOST_KEY_BYTES: u64 = 64 * 1024;

/// What would be published, to be shown before it is.
#[derive(Debug)]
pub struct Publication {
    /// The whole plan.
    pub plan: RecordsPlan,
    /// What the stage changes.
    pub sets: StageSets,
    update: ZoneUpdate,
}

/// Reads the zone and plans what a stage changes there.
///
/// # Errors
/// For the user: as [`super::records`]; or the stage would harm a sender, or cannot be written as an update.
pub fn publication(question: &RecordsQuestion<'_>) -> Result<Publication, Box<UserError>> {
    let (plan, zone) = planned(question)?;
    let sets = stage_sets(&plan, &zone, question.stage);
    let judgement = question.stage.of_switch().and_then(|stage| plan.judgement(stage));
    if let Some(judgement) = judgement.filter(|judgement| judgement.safety() == Safety::Harmful) {
        return Err(Box::new(explain::harmful_stage(&stage_words(judgement))));
    }
    let update = zone_update(&sets).ok_or_else(|| Box::new(explain::not_an_update()))?;
    Ok(Publication { plan, sets, update })
}

impl Publication {
    /// Whether the zone has this stage already.
    pub fn is_empty(&self) -> bool {
        self.sets.changes.is_empty()
    }

    /// Sends the change to the primary server, and compares what the server answers afterwards with the plan.
    ///
    /// # Errors
    /// For the user: no key, no server, a server that refuses, a zone that has changed meanwhile, or one that does not have
    /// afterwards what it agreed to.
    pub fn publish(&self, server: &str, key_file: &Path) -> Result<(), Box<UserError>> {
        let text = read_text_input(key_file, MOST_KEY_BYTES)
            .map_err(|error| Box::new(explain::key_file_not_read(key_file, &error)))?;
        let key = TsigKey::parse(&text).map_err(|error| Box::new(explain::tsig_key(key_file, &error)))?;
        to_its_end(async {
            let address =
                Resolver::address_of(server).await.map_err(|error| Box::new(explain::dns(&error)))?;
            send_update(address, &key, &self.update, UnixTime::now())
                .await
                .map_err(|error| Box::new(explain::zone_update(server, &error)))?;
            let resolver = Resolver::at(address);
            let mut differing = Vec::new();
            for set in &self.update.after {
                let answer = resolver.query(&set.name, set.record_type).await;
                let found: BTreeSet<String> = answer.records.iter().map(shown).collect();
                if found != set.records.iter().map(shown).collect() {
                    differing.push(format!("{} {}", set.name, set.record_type.name()));
                }
            }
            if differing.is_empty() {
                Ok(())
            } else {
                Err(Box::new(explain::not_published(server, &differing)))
            }
        })
    }
}

/// A record without how its text is cut into strings, which means nothing.
fn shown(record: &RecordData) -> String {
    match record {
        RecordData::Txt(strings) => format!("{:?}", strings.joined()),
        other => other.to_string(),
    }
}
