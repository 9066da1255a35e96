use super::*;

const STORY: &str = "550 5.7.1 Unfortunately, messages from [198.51.100.25] weren't sent. Please contact your Internet service provider since part of their network is on our block list (S3150).";

#[test]
fn notices_of_rfc_3464_are_read() {
    let raw = "From: MAILER-DAEMON@mail.weber.example\r\nTo: anna@weber.example\r\nDate: Thu, 12 Nov 2026 06:25:04 +0100\r\n\
        Subject: Undelivered Mail Returned to Sender\r\nMIME-Version: 1.0\r\n\
        Content-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\r\n\r\n\
        --b\r\nContent-Type: text/plain\r\n\r\nThis is the mail system at host mail.weber.example.\r\n\
        --b\r\nContent-Type: message/delivery-status\r\n\r\n\
        Reporting-MTA: dns; mail.weber.example\r\nArrival-Date: Thu, 12 Nov 2026 06:25:03 +0100\r\n\r\n\
        Final-Recipient: rfc822; rita@hotmail.com\r\nAction: failed\r\nStatus: 5.7.1\r\n\
        Remote-MTA: dns; hotmail-com.olc.protection.outlook.com\r\n\
        Diagnostic-Code: smtp; 550 5.7.1 Unfortunately, messages from [198.51.100.25]\r\n    weren't sent. Please contact your Internet service provider since part of\r\n    their network is on our block list (S3150).\r\n\r\n\
        Final-Recipient: rfc822; tom@gmail.com\r\nAction: delivered\r\nStatus: 2.0.0\r\n\r\n\
        Final-Recipient: rfc822; eva@small.example\r\nAction: delayed\r\nStatus: 4.4.1\r\n\r\n\
        --b\r\nContent-Type: message/rfc822\r\n\r\nFrom: anna@weber.example\r\n\r\nHello\r\n--b--\r\n";
    let bounce = read_bounce(raw.as_bytes()).unwrap();
    assert_eq!(bounce.reporter.as_deref(), Some("mail.weber.example"));
    assert_eq!(bounce.at, Some(UnixTime(1_794_461_104)));
    let [failed, delayed] = bounce.failures.as_slice() else { panic!("{bounce:?}") };
    assert_eq!(failed.reply, STORY);
    assert_eq!(failed.host, "hotmail-com.olc.protection.outlook.com");
    assert!(failed.is_permanent && !delayed.is_permanent);
    // With bare line feeds, as mailboxes on a disk have them.
    assert_eq!(read_bounce(raw.replace('\r', "").as_bytes()).unwrap().failures, bounce.failures);
}

#[test]
fn exim_without_a_status_part_is_read() {
    let raw = format!(
        "From: Mail Delivery System <Mailer-Daemon@mail.weber.example>\nTo: anna@weber.example\nX-Failed-Recipients: rita@hotmail.com\n\
        Subject: Mail delivery failed: returning message to sender\n\n\
        This message was created automatically by mail delivery software.\n\n\
        A message that you sent could not be delivered to one or more of its\nrecipients. This is a permanent error. The following address(es) failed:\n\n  \
        rita@hotmail.com\n    host hotmail-com.olc.protection.outlook.com [192.0.2.33]\n    SMTP error from remote mail server after MAIL FROM:<anna@weber.example> SIZE=1234:\n    {STORY}\n\n\
        ------ This is a copy of the message, including all the headers. ------\n\nx@y.example\n    550 not this one\n"
    );
    let bounce = read_bounce(raw.as_bytes()).unwrap();
    let [failed] = bounce.failures.as_slice() else { panic!("{bounce:?}") };
    assert_eq!(
        (failed.recipient.as_str(), failed.host.as_str()),
        ("rita@hotmail.com", "hotmail-com.olc.protection.outlook.com")
    );
    assert_eq!(failed.reply, STORY);
}

#[test]
fn qmail_is_read() {
    let raw = format!(
        "From: MAILER-DAEMON@weber.example\nSubject: failure notice\n\nHi. This is the qmail-send program at weber.example.\n\
        I'm afraid I wasn't able to deliver your message to the following addresses.\n\n\
        <rita@hotmail.com>:\n192.0.2.33 does not like recipient.\nRemote host said: {STORY}\nGiving up on 192.0.2.33.\n\n\
        --- Below this line is a copy of the message.\n\n<other@y.example>:\n550 no\n"
    );
    let bounce = read_bounce(raw.as_bytes()).unwrap();
    let [failed] = bounce.failures.as_slice() else { panic!("{bounce:?}") };
    assert_eq!(failed.recipient, "rita@hotmail.com");
    assert!(failed.reply.starts_with(STORY), "{}", failed.reply);
}

#[test]
fn exchange_quotes_the_reply() {
    let raw = format!(
        "From: postmaster@firm.example\nSubject: Undeliverable: Hello\nMIME-Version: 1.0\n\
        Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\nContent-Type: text/plain\n\n\
        Delivery has failed to these recipients or groups:\n\nrita@hotmail.com\n\nDiagnostic information for administrators:\n\n\
        Generating server: EX.firm.example\nRemote Server returned '{STORY}'\n\n--b\nContent-Type: message/delivery-status\n\n\
        Reporting-MTA: dns;EX.firm.example\n\nFinal-Recipient: rfc822;rita@hotmail.com\nAction: failed\nStatus: 5.7.1\n\n--b--\n"
    );
    // The apostrophe inside the reply does not end the quotation.
    let bounce = read_bounce(raw.as_bytes()).unwrap();
    let [failed] = bounce.failures.as_slice() else { panic!("{bounce:?}") };
    assert_eq!(failed.reply, STORY);
    let plain = "From: postmaster@firm.example\nSubject: Undeliverable\n\nrita@hotmail.com\nRemote Server returned '<mx.x.example #5.7.1 smtp; 550 5.7.1 No>'\n";
    let bounce = read_bounce(plain.as_bytes()).unwrap();
    assert_eq!(bounce.failures[0].reply, "550 5.7.1 No");
    assert_eq!(bounce.failures[0].recipient, "rita@hotmail.com");
}

#[test]
fn ordinary_mail_is_no_bounce() {
    for raw in [
        "From: a@b.example\nSubject: hi\n\nThe server said 550 5.7.1 no to rita@hotmail.com\n",
        "",
        "From: a@b.example\nContent-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\n--b--\n",
    ] {
        assert_eq!(read_bounce(raw.as_bytes()), None, "{raw}");
    }
}
