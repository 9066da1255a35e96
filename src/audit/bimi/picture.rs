//! Checks a logo against the SVG profile that BIMI requires: SVG Tiny Portable/Secure.

/// Receivers ask for pictures no larger than this, in bytes.
const LARGEST: usize = 32 << 10;
/// Elements that the profile leaves out, as they move, run or fetch something.
const FORBIDDEN: [&str; 9] = [
    "script",
    "image",
    "foreignObject",
    "animate",
    "animateColor",
    "animateMotion",
    "animateTransform",
    "set",
    "a",
];

/// What keeps receivers from showing a picture, in plain words; empty if nothing does.
pub(super) fn faults(svg: &str) -> Vec<String> {
    let options = roxmltree::ParsingOptions { allow_dtd: false, nodes_limit: 20_000, ..Default::default() };
    let document = match roxmltree::Document::parse_with_options(svg, options) {
        Ok(document) => document,
        Err(error) => return vec![format!("it is no SVG that can be read: {error}")],
    };
    let root = document.root_element();
    if !root.tag_name().name().eq("svg") {
        return vec!["it is no SVG".to_owned()];
    }
    let mut faults = Vec::new();
    if root.attribute("baseProfile") != Some("tiny-ps") {
        faults.push("baseProfile is not “tiny-ps”".to_owned());
    }
    if root.attribute("version") != Some("1.2") {
        faults.push("version is not “1.2”".to_owned());
    }
    if !root.children().any(|child| child.tag_name().name() == "title") {
        faults.push("it has no title".to_owned());
    }
    if root.attribute("x").is_some() || root.attribute("y").is_some() {
        faults.push("its first element has “x” or “y”".to_owned());
    }
    for name in FORBIDDEN {
        if document.descendants().any(|node| node.tag_name().name() == name) {
            faults.push(format!("it has an element “{name}”"));
        }
    }
    let attributes = || document.descendants().flat_map(|node| node.attributes());
    if attributes().any(|attribute| attribute.name().starts_with("on")) {
        faults.push("it has an attribute that runs something".to_owned());
    }
    if attributes().any(|attribute| attribute.name() == "href" && !attribute.value().starts_with('#')) {
        faults.push("it points to something outside itself".to_owned());
    }
    if svg.len() > LARGEST {
        faults.push(format!("it has {} KiB, more than 32", svg.len() / 1_024));
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" version=\"1.2\" baseProfile=\"tiny-ps\" viewBox=\"0 0 9 9\"><title>Weber</title><rect width=\"9\" height=\"9\"/></svg>";

    #[test]
    fn the_profile_is_held() {
        assert!(faults(GOOD).is_empty());
        let large = GOOD.replace("<title>", &format!("<!--{}--><title>", "x".repeat(40_000)));
        for (svg, why) in [
            (GOOD.replace("tiny-ps", "full"), "tiny-ps"),
            (GOOD.replace("1.2", "1.1"), "1.2"),
            (GOOD.replace("title", "desc"), "title"),
            (GOOD.replace("<rect", "<script/><rect"), "script"),
            (GOOD.replace("<rect", "<rect onload=\"x()\""), "runs"),
            (GOOD.replace("<rect", "<use href=\"https://a.example/x\"/><rect"), "outside"),
            (GOOD.replace("viewBox", "x=\"1\" viewBox"), "“x”"),
            (GOOD.replace("svg", "html"), "no SVG"),
            ("<!DOCTYPE svg [<!ENTITY a \"b\">]><svg/>".to_owned(), "no SVG"),
            (large, "more than 32"),
        ] {
            let found = faults(&svg);
            assert!(found.iter().any(|fault| fault.contains(why)), "{why}: {found:?}");
        }
    }
}
