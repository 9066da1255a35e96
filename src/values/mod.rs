//! Values: parsed once, then trusted. The lowest floor; knows nothing of mail servers or windows.

mod account_identity;
mod answer_book;
mod bytes;
mod dns_answer;
mod domain_name;
mod email_address;
mod endpoint;
mod fingerprint;
mod mailbox_id;
mod name_form;
mod printable;
mod secret;
mod side;
mod sign_in_way;
mod txt_strings;
mod unix_time;

pub use account_identity::{AccountIdentity, InboxMark, may_be_same_user};
pub use answer_book::AnswerBook;
pub use bytes::{Bytes, counted, counted_as, with_thousands};
pub use dns_answer::{DnsAnswer, DnsQuestion, Outcome, RecordData, RecordType};
pub use domain_name::{DnsName, DomainName, DomainNameError};
pub use email_address::{EmailAddress, EmailAddressError};
pub use endpoint::{Endpoint, EndpointError, Security};
pub use fingerprint::{Fingerprint, FingerprintError};
pub use mailbox_id::MailboxId;
pub use name_form::{NameForm, NameFormError};
pub use printable::{is_unprintable, printable_json, printable_line, printable_text};
pub use secret::Secret;
pub use side::Side;
pub use sign_in_way::{CommandLine, CommandLineError, Credential, Mechanism, MisfitError, SignInWay};
pub use txt_strings::TxtStrings;
pub use unix_time::UnixTime;
