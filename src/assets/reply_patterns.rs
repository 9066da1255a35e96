//! Reads `assets/reply_patterns.toml`: what the replies of receiving mail servers mean.

use std::collections::BTreeSet;

use regex::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};
use toml::Spanned;

use super::error::{AssetError, Lines};
use super::source::check_source;

/// What a reply of a receiver is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReplyClass {
    /// The receiver's own opinion of the sender.
    Reputation,
    /// A list that the receiver asks.
    List,
    /// Too much at once.
    Rate,
    /// Strangers are asked to come again.
    Grey,
    /// The address looks like a home connection.
    Dynamic,
    /// The name of the address (PTR).
    Ptr,
    /// The name that the server greets with.
    Helo,
    /// SPF, DKIM and DMARC together.
    Authentication,
    /// SPF.
    Spf,
    /// DKIM.
    Dkim,
    /// DMARC.
    Dmarc,
    /// Encryption.
    Tls,
    /// What the message says.
    Content,
    /// A policy without a name.
    Policy,
    /// The form of the message.
    Format,
    /// A rule of one recipient.
    Local,
    /// The DNS of the sender's domain.
    Dns,
    /// IPv6.
    Ipv6,
    /// The recipient: a typing error, a full mailbox.
    Recipient,
}

/// What a reply judges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReplyScope {
    /// The sending address.
    Ip,
    /// The range around it.
    Range,
    /// The whole network.
    Asn,
    /// The domain, wherever its mail is sent from.
    Domain,
    /// One message.
    Content,
    /// Something that the owner can set right.
    Config,
    /// One recipient, not the provider.
    ReceiverLocal,
}

/// The order in which patterns are compared: an earlier tier that fits hides the later ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tier {
    /// Wording of one receiver.
    Receiver,
    /// Wording of a gateway that stands in front of many companies.
    Gateway,
    /// Lists by their name.
    List,
    /// Wording that anybody uses.
    Anybody,
}

/// One part of a pattern, by the number in its first group.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplyCode {
    /// The first number that it is about.
    pub first: u32,
    /// The last one.
    pub last: u32,
    /// What the reply is about.
    pub class: ReplyClass,
    /// What it judges.
    pub scope: ReplyScope,
    /// What it means, in plain words.
    pub words: String,
}

/// A wording of receivers, and what it means.
#[derive(Clone, Debug)]
pub struct ReplyPattern {
    /// A short name that stays.
    pub id: String,
    /// When it is compared.
    pub tier: Tier,
    /// Ids of the receivers that say it; empty but for [`Tier::Receiver`].
    pub receivers: Vec<String>,
    /// What the reply is about.
    pub class: ReplyClass,
    /// What it judges.
    pub scope: ReplyScope,
    /// The wording.
    pub pattern: Regex,
    /// What it means, in plain words.
    pub words: String,
    /// What to do.
    pub remedy: String,
    /// A reply that it was made for.
    pub sentence: String,
    /// Parts of it by number.
    pub codes: Vec<ReplyCode>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: Spanned<String>,
    tier: Tier,
    #[serde(default)]
    receivers: Vec<String>,
    class: ReplyClass,
    scope: ReplyScope,
    pattern: Spanned<String>,
    words: String,
    remedy: String,
    sentence: Spanned<String>,
    source: Spanned<String>,
    date: Spanned<String>,
    #[serde(default)]
    codes: Vec<ReplyCode>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    pattern: Vec<Entry>,
}

/// Reads `reply_patterns.toml`, in the order of the file.
pub fn read_reply_patterns(text: &str) -> Result<Vec<ReplyPattern>, AssetError> {
    let lines = Lines(text);
    let file: File = lines.parse()?;
    let mut ids = BTreeSet::new();
    let mut patterns = Vec::new();
    for entry in file.pattern {
        check_source(lines, &entry.source, &entry.date)?;
        let at = entry.id.span();
        let wrong = |problem: String, way_out| lines.wrong(at.clone(), problem, way_out);
        let id = entry.id.get_ref().clone();
        if !ids.insert(id.clone()) {
            return Err(wrong(format!("“{id}” is there twice"), "keep one of the two"));
        }
        if (entry.tier == Tier::Receiver) == entry.receivers.is_empty() {
            let way_out = "name receivers for the tier “receiver”, and for no other";
            return Err(wrong(format!("the receivers of “{id}” do not fit its tier"), way_out));
        }
        if entry.words.trim().is_empty() || entry.remedy.trim().is_empty() {
            return Err(wrong(format!("“{id}” has no words"), "say what it means and what to do"));
        }
        let pattern = RegexBuilder::new(entry.pattern.get_ref())
            .case_insensitive(true)
            .size_limit(1 << 20)
            .build()
            .map_err(|error| {
                let problem = format!("the pattern of “{id}” is none: {error}").replace('\n', " ");
                lines.wrong(entry.pattern.span(), problem, "write a regular expression without look-around")
            })?;
        if !pattern.is_match(entry.sentence.get_ref()) {
            let problem = format!("the sentence of “{id}” does not fit its pattern");
            return Err(lines.wrong(entry.sentence.span(), problem, "give a reply that the pattern fits"));
        }
        if !entry.codes.is_empty() && pattern.captures_len() < 2
            || entry.codes.iter().any(|code| code.first > code.last)
        {
            let way_out = "put the number into the first group, and the smaller number first";
            return Err(wrong(format!("the codes of “{id}” cannot be told"), way_out));
        }
        patterns.push(ReplyPattern {
            id,
            tier: entry.tier,
            receivers: entry.receivers,
            class: entry.class,
            scope: entry.scope,
            pattern,
            words: entry.words,
            remedy: entry.remedy,
            sentence: entry.sentence.into_inner(),
            codes: entry.codes,
        });
    }
    Ok(patterns)
}
