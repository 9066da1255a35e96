//! One file per form in which servers and their panels keep accounts and aliases.

pub(super) mod aliases;
pub(super) mod doveadm_users;
pub(super) mod dovecot_passwd;
pub(super) mod iredmail;
mod json;
mod ldif;
mod lines;
pub(super) mod mail_in_a_box;
pub(super) mod mailcow;
pub(super) mod modoboa;
pub(super) mod passwd;
pub(super) mod postfix_map;
mod sql_dump;
