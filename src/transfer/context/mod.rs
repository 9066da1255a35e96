//! What every part of a copy knows: what was asked for, what went wrong, and the folder that is under way. Knows no feature.

pub(in crate::transfer) mod budget;
pub(in crate::transfer) mod clock;
pub(in crate::transfer) mod control;
pub(in crate::transfer) mod copy_context;
pub(in crate::transfer) mod destination_name;
pub(in crate::transfer) mod error;
pub(in crate::transfer) mod export;
pub(in crate::transfer) mod flag_limits;
pub(in crate::transfer) mod flag_words;
pub(in crate::transfer) mod folder_job;
pub(in crate::transfer) mod folder_lists;
pub(in crate::transfer) mod off_thread;
pub(in crate::transfer) mod request;
pub(in crate::transfer) mod room;
pub(in crate::transfer) mod special_folders;
pub(in crate::transfer) mod under_way;
