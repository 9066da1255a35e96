use std::sync::LazyLock;

use crate::assets::{ServerHabits, read_server_habits};
use crate::plan::folders::mapping::DestinationRules;

/// The build reads the data file first, so that it is right.
static HABITS: LazyLock<Vec<ServerHabits>> = LazyLock::new(|| {
    read_server_habits(include_str!("../../../assets/server_habits.toml")).unwrap_or_default()
});

impl DestinationRules {
    /// Takes over what is known of the server at this host.
    pub fn learn_host(&mut self, host: &str) {
        let host = host.to_ascii_lowercase();
        let is_at = |known: &String| {
            host.strip_suffix(known.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        };
        self.learn(|habits| habits.hosts.iter().any(is_at));
    }

    /// Takes over what is known of a server that calls itself so.
    pub fn learn_software(&mut self, name: &str) {
        self.learn(|habits| habits.software.iter().any(|known| name.contains(known.as_str())));
    }

    fn learn(&mut self, is_meant: impl Fn(&ServerHabits) -> bool) {
        for habits in HABITS.iter().filter(|habits| is_meant(habits)) {
            self.max_depth = self.max_depth.min(habits.deepest_level.unwrap_or(usize::MAX));
            self.allows_inbox_children &= habits.has_inbox_children.unwrap_or(true);
            self.folder_counts.extend(&habits.folder_counts);
            self.doubtful_signs.extend(habits.doubtful_signs.chars());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_file_is_sound_and_hosts_are_distinguished() {
        read_server_habits(include_str!("../../../assets/server_habits.toml")).unwrap();
        let at = |host: &str| {
            let mut rules = DestinationRules::default();
            rules.learn_host(host);
            (rules.max_depth, rules.folder_counts)
        };
        let usual = DestinationRules::default();
        assert_eq!(at("imap.gmx.net"), (3, vec![20, 100, 256]));
        assert_eq!(at("IMAP.GMX.COM").0, 3);
        assert_eq!(at("notgmx.net"), (usual.max_depth, Vec::new()));
        let mut rules = DestinationRules::default();
        rules.learn_software("Dovecot");
        assert_eq!(rules, DestinationRules { doubtful_signs: vec!['.'], ..usual });
        rules.learn_software("Lotus Domino");
        assert!(!rules.allows_inbox_children);
    }
}
