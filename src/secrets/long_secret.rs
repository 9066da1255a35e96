//! Secrets that are longer than one entry of a keyring may be: Windows stores 2,560 bytes, which are 1,280 characters in
//! UTF-16, and a refresh token alone may have more.
//!
//! The entry itself says how many parts there are and under which generation; a new secret gets parts of a new generation
//! before the entry names them, so that an interruption leaves the old or the new secret and never a mixture.

use super::secret_name::SecretName;
use super::store::{Deletion, Kept, Lookup, SecretStore};
use crate::values::Secret;

/// Characters of one part.
const PART: usize = 1_000;
/// Parts of a secret at most: no grant of any provider comes near.
const MAX_PARTS: usize = 32;

/// What the entry itself says.
#[derive(Debug, PartialEq, Eq)]
enum Head<'a> {
    /// The whole secret.
    Whole(&'a str),
    /// So many parts of a generation.
    Parts { generation: &'a str, count: usize },
}

impl<'a> Head<'a> {
    fn read(text: &'a str) -> Option<Self> {
        if let Some(whole) = text.strip_prefix("whole ") {
            return Some(Self::Whole(whole));
        }
        let (generation, count) = text.strip_prefix("parts ")?.split_once(' ')?;
        let count = count.parse().ok().filter(|count| (1..=MAX_PARTS).contains(count))?;
        Some(Self::Parts { generation, count })
    }
}

impl SecretStore {
    /// Keeps a secret of any length under this name.
    pub async fn set_long(&self, name: &SecretName, secret: &Secret) -> Kept {
        let before = self.look(name).await;
        let parts = parts_of(secret.expose());
        let head = match parts.as_slice() {
            parts if (2..=MAX_PARTS).contains(&parts.len()) => {
                let generation = next_generation(&before);
                for (number, part) in parts.iter().enumerate() {
                    self.set(&name.part(&generation, number), Secret::new(*part)).await;
                }
                format!("parts {generation} {}", parts.len())
            }
            _ => format!("whole {}", secret.expose()),
        };
        let kept = self.set(name, Secret::new(head)).await;
        self.delete_parts(name, &before).await;
        kept
    }

    /// The secret under this name, read from the keyring itself; nothing where a part of it is missing.
    pub async fn look_long(&self, name: &SecretName) -> Lookup {
        let (head, kept) = match self.look_again(name).await {
            Lookup::Kept(head, kept) => (head, kept),
            missing => return missing,
        };
        match Head::read(head.expose()) {
            Some(Head::Whole(secret)) => Lookup::Kept(Secret::new(secret), kept),
            Some(Head::Parts { generation, count }) => {
                let mut whole = zeroize::Zeroizing::new(String::new());
                for number in 0..count {
                    match self.look_again(&name.part(generation, number)).await {
                        Lookup::Kept(part, _) => whole.push_str(part.expose()),
                        missing => return missing,
                    }
                }
                Lookup::Kept(Secret::new(whole.as_str()), kept)
            }
            None => Lookup::Nothing,
        }
    }

    /// Forgets it with all its parts.
    pub async fn delete_long(&self, name: &SecretName) -> Deletion {
        let before = self.look(name).await;
        match (self.delete(name).await, self.delete_parts(name, &before).await) {
            (Deletion::Done, Deletion::Done) => Deletion::Done,
            _ => Deletion::Waits,
        }
    }

    async fn delete_parts(&self, name: &SecretName, head: &Lookup) -> Deletion {
        let mut whole = Deletion::Done;
        let Lookup::Kept(head, _) = head else { return whole };
        if let Some(Head::Parts { generation, count }) = Head::read(head.expose()) {
            for number in 0..count {
                if self.delete(&name.part(generation, number)).await == Deletion::Waits {
                    whole = Deletion::Waits;
                }
            }
        }
        whole
    }
}

/// The one after the present.
fn next_generation(before: &Lookup) -> String {
    let present = match before {
        Lookup::Kept(head, _) => match Head::read(head.expose()) {
            Some(Head::Parts { generation, .. }) => generation.parse().unwrap_or(0_u64),
            _ => 0,
        },
        Lookup::Nothing | Lookup::NoAnswer => 0,
    };
    present.wrapping_add(1).to_string()
}

/// Cut where characters end.
fn parts_of(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text;
    while rest.len() > PART {
        let (part, more) = rest.split_at(rest.floor_char_boundary(PART));
        parts.push(part);
        rest = more;
    }
    parts.push(rest);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn long_secrets_come_back_whole_and_leave_nothing_behind() {
        let store = SecretStore::session_only();
        let name = SecretName::of_sign_in("google", "anna@example.org");
        assert_eq!(store.look_long(&name).await, Lookup::Nothing);
        let umlauts = "ä".repeat(1_700);
        for text in ["short", &"x".repeat(1_000), &"y".repeat(5_321), &umlauts, "short again"] {
            let kept = store.set_long(&name, &Secret::new(text)).await;
            assert_eq!(store.look_long(&name).await, Lookup::Kept(Secret::new(text), kept));
            for generation in ["1", "2"] {
                let is_used = matches!(store.look(&name.part(generation, 0)).await, Lookup::Kept(..));
                let head = store.get(&name).await.unwrap();
                let wanted = matches!(Head::read(head.expose()), Some(Head::Parts { generation: g, .. }) if g == generation);
                assert_eq!(is_used, wanted, "generation {generation} after {} bytes", text.len());
            }
        }
        // A part is gone: no half of a secret is given.
        store.set_long(&name, &Secret::new("z".repeat(2_500))).await;
        store.delete(&name.part("1", 1)).await;
        assert_eq!(store.look_long(&name).await, Lookup::Nothing);
        store.delete_long(&name).await;
        assert_eq!(store.look(&name).await, Lookup::Nothing);
        assert_eq!(store.look(&name.part("1", 0)).await, Lookup::Nothing);
    }

    #[test]
    fn every_part_fits_into_an_entry_on_windows() {
        for text in ["ü".repeat(5_000), "a".repeat(4_001), String::new()] {
            let parts = parts_of(&text);
            assert_eq!(parts.concat(), text);
            for part in &parts {
                assert!(part.encode_utf16().count() * 2 + "whole ".len() * 2 <= 2_560);
            }
        }
        assert_eq!(Head::read("parts 1 99"), None);
        assert_eq!(Head::read("other"), None);
    }
}
