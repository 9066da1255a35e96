//! The arguments of LIST with its extensions (RFC 5258, RFC 5819, RFC 6154), which the grammar crate does not have.

/// What a LIST asks for.
#[derive(Debug, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an option of the grammar and independent of the others"
)]
pub(super) struct ListArguments {
    /// Whether anything but reference and pattern was given.
    pub(super) is_extended: bool,
    /// Whether RETURN was given.
    pub(super) has_return: bool,
    pub(super) only_subscribed: bool,
    pub(super) only_special_use: bool,
    /// Reference and pattern joined, one for each pattern.
    pub(super) patterns: Vec<String>,
    pub(super) shows_subscribed: bool,
    pub(super) shows_children: bool,
    pub(super) shows_special_use: bool,
    /// The items of RETURN (STATUS (...)), in capitals.
    pub(super) status: Option<Vec<String>>,
}

#[derive(Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    Open,
    Close,
}

/// Reads the text after `LIST `; `None` for anything that is not of the grammar.
pub(super) fn parse(text: &str) -> Option<ListArguments> {
    let mut tokens = tokens(text)?.into_iter().peekable();
    let mut arguments = ListArguments::default();
    if tokens.next_if_eq(&Token::Open).is_some() {
        arguments.is_extended = true;
        for option in words(&mut tokens)? {
            match option.to_ascii_uppercase().as_str() {
                "SUBSCRIBED" => arguments.only_subscribed = true,
                "SPECIAL-USE" => {
                    arguments.only_special_use = true;
                    arguments.shows_special_use = true;
                }
                "REMOTE" | "RECURSIVEMATCH" => {}
                _ => return None,
            }
        }
    }
    let reference = word(&mut tokens)?;
    let patterns = if tokens.next_if_eq(&Token::Open).is_some() {
        arguments.is_extended = true;
        words(&mut tokens)?
    } else {
        vec![word(&mut tokens)?]
    };
    // A bare delimiter question: `LIST "" ""`.
    arguments.patterns = patterns.iter().map(|pattern| format!("{reference}{pattern}")).collect();
    let Some(next) = tokens.next() else { return Some(arguments) };
    if !matches!(next, Token::Word(word) if word.eq_ignore_ascii_case("RETURN"))
        || tokens.next() != Some(Token::Open)
    {
        return None;
    }
    arguments.is_extended = true;
    arguments.has_return = true;
    parse_return(&mut tokens, &mut arguments)?;
    tokens.next().is_none().then_some(arguments)
}

fn parse_return(tokens: &mut impl Iterator<Item = Token>, arguments: &mut ListArguments) -> Option<()> {
    loop {
        let option = match tokens.next()? {
            Token::Close => return Some(()),
            Token::Word(option) => option.to_ascii_uppercase(),
            Token::Open => return None,
        };
        match option.as_str() {
            "SUBSCRIBED" => arguments.shows_subscribed = true,
            "CHILDREN" => arguments.shows_children = true,
            "SPECIAL-USE" => arguments.shows_special_use = true,
            "STATUS" => {
                if tokens.next()? != Token::Open {
                    return None;
                }
                let items = words(tokens)?;
                arguments.status = Some(items.iter().map(|item| item.to_ascii_uppercase()).collect());
            }
            _ => return None,
        }
    }
}

fn word(tokens: &mut impl Iterator<Item = Token>) -> Option<String> {
    match tokens.next()? {
        Token::Word(word) => Some(word),
        Token::Open | Token::Close => None,
    }
}

/// The words up to the closing parenthesis.
fn words(tokens: &mut impl Iterator<Item = Token>) -> Option<Vec<String>> {
    let mut words = Vec::new();
    loop {
        match tokens.next()? {
            Token::Close => return Some(words),
            Token::Word(word) => words.push(word),
            Token::Open => return None,
        }
    }
}

fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        tokens.push(match character {
            ' ' => continue,
            '(' => Token::Open,
            ')' => Token::Close,
            '"' => {
                let mut word = String::new();
                loop {
                    match characters.next()? {
                        '"' => break,
                        '\\' => word.push(characters.next()?),
                        other => word.push(other),
                    }
                }
                Token::Word(word)
            }
            first if first.is_ascii_graphic() => {
                let mut word = String::from(first);
                while let Some(next) = characters.next_if(|next| !matches!(next, ' ' | '(' | ')' | '"')) {
                    word.push(next);
                }
                Token::Word(word)
            }
            _ => return None,
        });
    }
    Some(tokens)
}

/// Whether a name matches a LIST pattern: `*` is anything, `%` anything without the delimiter.
///
/// Runs in the length of name times pattern, whatever the pattern.
pub(super) fn matches(pattern: &str, name: &str, delimiter: char) -> bool {
    let name: Vec<char> = name.chars().collect();
    // reached[i]: the pattern so far matches the first i characters of the name.
    let mut reached = vec![false; name.len() + 1];
    if let Some(first) = reached.first_mut() {
        *first = true;
    }
    for wanted in pattern.chars() {
        let mut next = vec![false; name.len() + 1];
        match wanted {
            '*' | '%' => {
                let mut is_open = false;
                for (index, place) in next.iter_mut().enumerate() {
                    let crosses = index > 0 && wanted == '%' && name.get(index - 1) == Some(&delimiter);
                    is_open = (is_open && !crosses) || reached.get(index) == Some(&true);
                    *place = is_open;
                }
            }
            wanted => {
                for (index, character) in name.iter().enumerate() {
                    if *character == wanted
                        && reached.get(index) == Some(&true)
                        && let Some(place) = next.get_mut(index + 1)
                    {
                        *place = true;
                    }
                }
            }
        }
        reached = next;
    }
    reached.last() == Some(&true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_and_extended_forms_are_read() {
        let plain = parse("\"\" *").unwrap();
        assert_eq!((plain.patterns.as_slice(), plain.is_extended), (&["*".to_owned()][..], false));
        let full = parse(
            "(SUBSCRIBED) \"a/\" (\"%\" b*) RETURN (CHILDREN STATUS (messages SIZE) SUBSCRIBED SPECIAL-USE)",
        )
        .unwrap();
        assert!(full.only_subscribed && full.shows_subscribed && full.is_extended);
        assert_eq!(full.patterns, ["a/%", "a/b*"]);
        assert_eq!(full.status.unwrap(), ["MESSAGES", "SIZE"]);
        for wrong in [
            "",
            "\"\"",
            "\"\" * RETURN",
            "\"\" * RETURN (X)",
            "\"\" * RETURN (STATUS)",
            "\"\" (a",
            "\"a",
            "\"\" * x",
        ] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn patterns_match_by_level() {
        for (pattern, name, expected) in [
            ("*", "Projekte/2024", true),
            ("%", "Projekte/2024", false),
            ("%", "Projekte", true),
            ("%/%", "Projekte/2024", true),
            ("Pro*24", "Projekte/2024", true),
            ("Pro%24", "Projekte/2024", false),
            ("INBOX", "INBOX", true),
            ("", "INBOX", false),
            ("*a*a*a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false),
        ] {
            assert_eq!(matches(pattern, name, '/'), expected, "{pattern} {name}");
        }
    }
}
