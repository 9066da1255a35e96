use super::mime::{field_name, split_head};

/// Header fields that ask for a receipt (RFC 8098 section 2.1, and the older ones in use).
const REQUESTS: [&str; 4] =
    ["Disposition-Notification-To", "Return-Receipt-To", "X-Confirm-Reading-To", "Generate-Delivery-Report"];

/// Whether a message asks for a receipt.
pub fn asks_for_receipt(message: &[u8]) -> bool {
    let (head, _) = split_head(message);
    head.split_inclusive(|byte| *byte == b'\n').any(is_request)
}

fn is_request(line: &[u8]) -> bool {
    field_name(line)
        .is_some_and(|name| REQUESTS.iter().any(|known| name.eq_ignore_ascii_case(known.as_bytes())))
}

/// Renames requests for a receipt, so that no server stumbles over them or answers them. The value stays.
pub(super) fn repair(message: &[u8]) -> Option<Vec<u8>> {
    let (head, body) = split_head(message);
    let mut repaired = Vec::with_capacity(message.len() + 32);
    for line in head.split_inclusive(|byte| *byte == b'\n') {
        if is_request(line) {
            repaired.extend_from_slice(b"X-Disarmed-");
        }
        repaired.extend_from_slice(line);
    }
    if repaired.len() == head.len() {
        return None;
    }
    repaired.extend_from_slice(body);
    Some(repaired)
}

#[cfg(test)]
mod tests {
    use super::repair;

    #[test]
    fn only_requests_in_the_header_are_renamed() {
        let message = b"From: a@b\r\ndisposition-notification-to: a@b\r\n\r\nReturn-Receipt-To: a@b\r\n";
        let repaired = repair(message).unwrap();
        assert_eq!(
            repaired,
            b"From: a@b\r\nX-Disarmed-disposition-notification-to: a@b\r\n\r\nReturn-Receipt-To: a@b\r\n"
        );
        assert_eq!(repair(&repaired), None);
    }
}
