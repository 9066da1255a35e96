use crate::plan::folders::path::FolderPath;

/// A pattern for folder names: `*` stands for any letters, also across levels, `?` for one. Capitals are not told
/// apart, and levels are parted by `/`: `Archive*` is the folder with everything below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FolderPattern {
    text: String,
    folded: Vec<char>,
}

impl FolderPattern {
    /// The pattern as typed; `None` where it is empty.
    pub fn new(text: &str) -> Option<Self> {
        let trimmed = text.trim();
        (!trimmed.is_empty())
            .then(|| Self { text: trimmed.to_owned(), folded: trimmed.to_lowercase().chars().collect() })
    }

    /// As typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether the whole name fits.
    pub fn fits(&self, folder: &FolderPath) -> bool {
        let name: Vec<char> = folder.0.join("/").to_lowercase().chars().collect();
        fits(&self.folded, &name)
    }
}

/// Without going back over more than the newest `*`, so that no pattern takes longer than its length times the name's.
fn fits(pattern: &[char], name: &[char]) -> bool {
    let (mut at, mut read) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while read < name.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, read));
                at += 1;
            }
            Some('?') => {
                at += 1;
                read += 1;
            }
            Some(letter) if Some(letter) == name.get(read) => {
                at += 1;
                read += 1;
            }
            _ => match &mut star {
                Some((star_at, taken)) => {
                    *taken += 1;
                    at = *star_at + 1;
                    read = *taken;
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(at).all(|letter| *letter == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_whole_names() {
        let path = |text: &str| FolderPath(text.split('/').map(str::to_owned).collect());
        for (pattern, folder, expected) in [
            ("INBOX", "INBOX", true),
            ("inbox", "INBOX", true),
            ("Archive", "Archive/2024", false),
            ("Archive/*", "Archive", false),
            ("Archive*", "Archive/2024/Q1", true),
            ("*/2024", "Archive/2024", true),
            ("*4", "Archive/2024", true),
            ("Archive/202?", "Archive/2024", true),
            ("Archive/202?", "Archive/20244", false),
            ("ENTWÜRFE", "Entwürfe", true),
            ("*a*b*c*", "xxaxxbxxcxx", true),
            ("*a*b*c", "xxaxxbxxcxx", false),
            ("**", "anything", true),
        ] {
            assert_eq!(
                FolderPattern::new(pattern).unwrap().fits(&path(folder)),
                expected,
                "{pattern} {folder}"
            );
        }
        assert!(FolderPattern::new("  ").is_none());
        let slow = FolderPattern::new(&"*a".repeat(200)).unwrap();
        assert!(!slow.fits(&path(&"a".repeat(199))));
    }
}
