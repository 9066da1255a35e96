//! Microsoft's Smart Network Data Services, in the form of its download: one row of comma-separated values for each address
//! and day, with or without a first line of names.

use std::net::IpAddr;

use super::facts::SndsColour;

/// Rows of one file that are read; a year of a small network has fewer.
const MAX_ROWS: usize = 100_000;
/// Characters of a field that are kept.
const MAX_FIELD: usize = 60;
/// Fields of a row, comments not counted.
const FIELDS: usize = 12;

/// One address on one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SndsRow {
    /// The address.
    pub address: IpAddr,
    /// How much of its mail was taken for spam; `None` if Microsoft saw too little of it.
    pub colour: Option<SndsColour>,
    /// In Microsoft's words: `< 0.1%`; may be empty.
    pub complaints: String,
    /// Messages that hit traps.
    pub trap_hits: u64,
    /// The name that the server greeted with; may be empty.
    pub helo: String,
}

/// Whether the beginning of a file looks like this data.
pub fn is_snds(head: &[u8]) -> bool {
    let text = String::from_utf8_lossy(head.get(..4 << 10).unwrap_or(head));
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let Some(first) = lines.next() else { return false };
    is_heading(first) || row(first).is_some()
}

/// Reads the rows, in their order. Lines that are not rows are skipped.
pub fn read_snds(bytes: &[u8]) -> Vec<SndsRow> {
    let text = String::from_utf8_lossy(bytes);
    text.lines().filter_map(|line| row(line.trim())).take(MAX_ROWS).collect()
}

fn is_heading(line: &str) -> bool {
    let line = line.to_ascii_lowercase();
    line.contains("filter result") && line.contains("complaint rate") && line.contains(',')
}

fn row(line: &str) -> Option<SndsRow> {
    let fields = fields(line);
    let field = |index: usize| fields.get(index).map_or("", String::as_str);
    let address = field(0).parse::<IpAddr>().ok()?.to_canonical();
    if fields.len() < FIELDS {
        return None;
    }
    let colour = match field(6).to_ascii_uppercase().as_str() {
        "GREEN" => Some(SndsColour::Green),
        "YELLOW" => Some(SndsColour::Yellow),
        "RED" => Some(SndsColour::Red),
        "" => None,
        _ => return None,
    };
    Some(SndsRow {
        address,
        colour,
        complaints: field(7).to_owned(),
        trap_hits: field(10).parse().unwrap_or(0),
        helo: field(11).to_owned(),
    })
}

/// The fields of a line; one with commas in it stands in quotation marks.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut is_quoted = false;
    for letter in line.chars().take(4_000) {
        match letter {
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => fields.push(String::new()),
            _ => {
                if let Some(last) =
                    fields.last_mut().filter(|last| last.len() < MAX_FIELD && !letter.is_control())
                {
                    last.push(letter);
                }
            }
        }
    }
    fields.into_iter().map(|field| field.trim().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_with_and_without_a_heading() {
        let rows = "192.0.2.25,11/12/2026 1:00 AM,11/12/2026 11:00 PM,140,139,138,RED,1.2%,11/12/2026 3:00 AM,11/12/2026 4:00 AM,3,mail.weber.example,\"a, b\",\n\
                    192.0.2.26,11/12/2026 1:00 AM,11/12/2026 11:00 PM,12,12,12,,< 0.1%,,,0,,,\n";
        let heading = "IP Address,Activity start,Activity end,RCPT commands,DATA commands,Message recipients,Filter result,Complaint rate,Trap message start,Trap message end,Trap hits,Sample HELO,Sample MAIL FROM,Comments\n";
        for text in [rows.to_owned(), format!("{heading}{rows}")] {
            assert!(is_snds(text.as_bytes()));
            let read = read_snds(text.as_bytes());
            assert_eq!(read.len(), 2);
            assert_eq!(
                (read[0].colour, read[0].trap_hits, read[0].helo.as_str(), read[0].complaints.as_str()),
                (Some(SndsColour::Red), 3, "mail.weber.example", "1.2%")
            );
            assert_eq!((read[1].colour, read[1].address), (None, "192.0.2.26".parse().unwrap()));
        }
        for other in ["", "a,b,c\n", "192.0.2.1,2,3\n", "192.0.2.25,a,b,1,2,3,BLUE,x,,,0,,,\n"] {
            assert!(!is_snds(other.as_bytes()), "{other}");
        }
    }
}
