use serde::Deserialize;

use super::error::{AssetError, Lines};

/// Which server knows what (RFC 9224): a bootstrap file of IANA, as published.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RdapServers {
    /// What the file is about, for people.
    #[serde(rename = "description")]
    _description: String,
    /// When IANA published it.
    pub publication: String,
    /// What is looked up, and who answers for it.
    pub services: Vec<RdapService>,
    /// Version of the form.
    version: String,
}

/// Keys (endings of domains, or prefixes of addresses), and base addresses of servers.
#[derive(Clone, Debug, Deserialize)]
pub struct RdapService(pub Vec<String>, pub Vec<String>);

impl RdapService {
    /// The first base address over HTTPS.
    pub fn https(&self) -> Option<&str> {
        self.1.iter().map(String::as_str).find(|base| base.starts_with("https://"))
    }
}

/// Reads `rdap/dns.json`, `rdap/ipv4.json` or `rdap/ipv6.json`.
pub fn read_rdap_servers(text: &str) -> Result<RdapServers, AssetError> {
    let lines = Lines(text);
    let form = "take the file as IANA publishes it at https://data.iana.org/rdap/";
    let file: RdapServers = serde_json::from_str(text).map_err(|error| AssetError {
        file: String::new(),
        line: error.line().max(1),
        problem: error.to_string(),
        way_out: form,
    })?;
    if file.version != "1.0" {
        return Err(lines.wrong(0..0, format!("its version is {} and not 1.0", file.version), form));
    }
    if !is_time(&file.publication) {
        return Err(lines.wrong(0..0, format!("“{}” is not a date", file.publication), form));
    }
    let is_base = |base: &String| base.ends_with('/') && base.contains("://");
    let wrong = |service: &&RdapService| {
        service.0.is_empty() || !service.1.iter().all(is_base) || service.1.is_empty()
    };
    match file.services.iter().find(wrong) {
        Some(service) => {
            Err(lines.wrong(0..0, format!("the service for {:?} has no server", service.0), form))
        }
        None => Ok(file),
    }
}

/// `2019-06-07T19:00:02Z`. IANA's file for IPv4 is as old as that.
fn is_time(text: &str) -> bool {
    const FORM: &[u8] = b"2000-00-00T00:00:00Z";
    let fits = |(byte, form): (u8, &u8)| if *form == b'0' { byte.is_ascii_digit() } else { byte == *form };
    text.len() == FORM.len() && text.bytes().zip(FORM).all(fits)
}
