//! What is copied: the same messages in every run.

use std::fmt::Write as _;

use mailferry_test_support::clients::plain_imap::{Mail, large_message};

/// Folders of the mixed mailbox.
pub const FOLDERS: usize = 10;
/// Messages of the mailbox with attachments.
pub const LARGE_MESSAGES: usize = 12;

const AVERAGE_BYTES: usize = 17_000;
const LARGE_BYTES: usize = 33_000_000;

/// Mixed sizes around the average, deterministic, spread over the folders.
pub fn mixed(messages: usize) -> Vec<Mail> {
    (0..messages)
        .map(|number| {
            let length = AVERAGE_BYTES / 8 + (number * 7_919) % (AVERAGE_BYTES * 7 / 4);
            let folder = match number % FOLDERS {
                0 => "INBOX".to_owned(),
                folder => format!("Folder {folder}"),
            };
            mail(number, length, folder)
        })
        .collect()
}

/// One of very many messages of one folder.
pub fn small(number: usize) -> Mail {
    mail(number, 400 + number * 7 % 800, "INBOX".to_owned())
}

/// A message with a large attachment.
pub fn large(number: usize) -> Mail {
    Mail {
        folder: "INBOX".to_owned(),
        flags: Vec::new(),
        date: "02-Mar-2020 10:00:00 +0100".to_owned(),
        bytes: large_message(LARGE_BYTES + number),
    }
}

fn mail(number: usize, length: usize, folder: String) -> Mail {
    let mut body = format!(
        "From: Anna <anna@example.org>\r\nTo: Ben <ben@example.org>\r\nSubject: Message {number}\r\n\
         Message-ID: <{number}@example.org>\r\nDate: Mon, 02 Mar 2020 10:{:02}:{:02} +0100\r\n\r\n",
        number / 60 % 60,
        number % 60
    );
    while body.len() < length {
        write!(body, "Line of message {number} at {} of its text, to fill it up.\r\n", body.len()).unwrap();
    }
    Mail {
        folder,
        bytes: body.into_bytes(),
        flags: if number.is_multiple_of(3) { vec!["\\Seen"] } else { Vec::new() },
        date: format!("02-Mar-2020 10:{:02}:{:02} +0100", number / 60 % 60, number % 60),
    }
}
