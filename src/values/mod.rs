//! Values: parsed once, then trusted. The lowest floor; knows nothing of mail servers or windows.

mod account_identity;
mod answer_book;
mod bytes;
mod chain_certificate;
mod csv_cell;
mod dns_answer;
mod domain_name;
mod email_address;
mod endpoint;
mod fingerprint;
mod grant_problem;
mod hex_bytes;
mod mail_host;
mod mailbox_id;
mod name_form;
mod outcome;
mod printable;
mod record_data;
mod record_type;
mod secret;
mod side;
mod sign_in_id;
mod sign_in_way;
mod txt_strings;
mod uid;
mod unix_time;
mod web_file;
mod zone_update;

pub use account_identity::{AccountIdentity, InboxMark, may_be_same_user};
pub use answer_book::AnswerBook;
pub use bytes::{Bytes, counted, counted_as, with_thousands};
pub use chain_certificate::{ChainCertificate, KeyKind, SignatureHash};
pub use csv_cell::{csv_cell, csv_row};
pub use dns_answer::{Asked, DnsAnswer, DnsQuestion, NamedServer, Signature};
pub use domain_name::{DnsName, DomainName, DomainNameError};
pub use email_address::{EmailAddress, EmailAddressError};
pub use endpoint::{Endpoint, EndpointError, Security};
pub use fingerprint::{Fingerprint, FingerprintError};
pub use grant_problem::{GrantProblem, GrantTrouble};
pub use hex_bytes::{HexBytes, HexBytesError};
pub use mail_host::{
    ChainTrust, ControlProbe, Greeting, Hello, MailHosts, MailService, PortProbe, ProbeSource, ProbeTarget,
    Reach, TlsFacts, TlsFailure, TlsOutcome, TlsVersion,
};
pub use mailbox_id::MailboxId;
pub use name_form::{NameForm, NameFormError};
pub use outcome::{ExtendedError, Outcome};
pub use printable::{is_unprintable, printable_json, printable_line, printable_text};
pub use record_data::RecordData;
pub use record_type::RecordType;
pub use secret::Secret;
pub use side::Side;
pub use sign_in_id::{SignInId, SignInIdError};
pub use sign_in_way::{CommandLine, CommandLineError, Credential, Mechanism, MisfitError, SignInWay};
pub use txt_strings::TxtStrings;
pub use uid::{DestinationUid, Placement, SourceUid, Uid, UidValidity};
pub use unix_time::UnixTime;
pub use web_file::{WebFile, WebOutcome};
pub use zone_update::{Prerequisite, RecordsAt, ZoneUpdate};
