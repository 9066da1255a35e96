//! What the code of each module names: every path of `use` lines, types, expressions, macros and attributes, with nested
//! groups taken apart and `self`, `super` and `crate` resolved. What is built for tests only is left out.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use syn::punctuated::Punctuated;
use syn::visit::{self, Visit};
use syn::{Attribute, ImplItem, Item, Macro, Meta, Token, UseTree};

/// A path from its root: `crate`, or the name of another crate or of something in reach.
pub type Names = Vec<String>;

/// One module that stands in the program.
pub struct Module {
    /// Where it stands below the root: `["imap", "session"]`.
    pub names: Names,
    /// Its file.
    pub file: PathBuf,
    /// What it names.
    pub paths: BTreeSet<Names>,
    /// What it offers under another place's name (`pub use`): the name, and the path that it stands for.
    pub reexports: BTreeMap<String, Names>,
}

/// All modules below a root such as `src/lib.rs`.
pub fn modules(root: &Path) -> Vec<Module> {
    let mut found = Vec::new();
    walk(root, Vec::new(), root.parent().unwrap(), &mut found);
    found
}

fn walk(file: &Path, names: Names, children: &Path, found: &mut Vec<Module>) {
    let text = std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let (module, declared) = read(&text, file, names);
    let names = module.names.clone();
    found.push(module);
    for name in declared {
        let (flat, folder) = (children.join(format!("{name}.rs")), children.join(&name).join("mod.rs"));
        let child = if flat.exists() { flat } else { folder };
        let names = names.iter().cloned().chain([name.clone()]).collect();
        walk(&child, names, &children.join(name), found);
    }
}

/// Reads the code of one file, and the modules that it declares.
pub fn read(text: &str, file: &Path, names: Names) -> (Module, Vec<String>) {
    let parsed = syn::parse_file(text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let module = Module { names, file: file.to_owned(), paths: BTreeSet::new(), reexports: BTreeMap::new() };
    let mut reader = Reader { inside: module.names.clone(), module, declared: Vec::new() };
    reader.visit_file(&parsed);
    (reader.module, reader.declared)
}

struct Reader {
    module: Module,
    /// Where the code stands: the module of the file, or one inside it.
    inside: Names,
    declared: Vec<String>,
}

impl Reader {
    fn resolve(&self, names: Names) -> Names {
        let supers = names.iter().take_while(|name| *name == "super").count();
        let (base, rest) = match names.first().map(String::as_str) {
            Some("self") => {
                let supers = names.iter().skip(1).take_while(|name| *name == "super").count();
                (self.inside.len() - supers, 1 + supers)
            }
            Some("super") => (self.inside.len() - supers, supers),
            _ => return names,
        };
        let root = std::iter::once("crate".to_owned());
        root.chain(self.inside[..base].iter().cloned()).chain(names[rest..].iter().cloned()).collect()
    }

    fn name(&mut self, names: Names) {
        let resolved = self.resolve(names);
        self.module.paths.insert(resolved);
    }

    fn tree(&mut self, tree: &UseTree, before: &Names, is_offered: bool) {
        let with = |name: &syn::Ident| before.iter().cloned().chain([name.to_string()]).collect::<Names>();
        match tree {
            UseTree::Path(path) => self.tree(&path.tree, &with(&path.ident), is_offered),
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.tree(tree, before, is_offered);
                }
            }
            UseTree::Name(name) => {
                let path = if name.ident == "self" { before.clone() } else { with(&name.ident) };
                self.import(path.last().cloned().unwrap_or_default(), path, is_offered);
            }
            UseTree::Rename(rename) => {
                let path = if rename.ident == "self" { before.clone() } else { with(&rename.ident) };
                self.import(rename.rename.to_string(), path, is_offered);
            }
            UseTree::Glob(_) => self.name(before.iter().cloned().chain(["*".to_owned()]).collect()),
        }
    }

    fn import(&mut self, name: String, path: Names, is_offered: bool) {
        if is_offered {
            self.module.reexports.insert(name, self.resolve(path.clone()));
        }
        self.name(path);
    }

    /// What stands in a macro or an attribute: names with `::` between them.
    fn tokens(&mut self, tokens: TokenStream) {
        let (mut names, mut colons) = (Names::new(), 0);
        for token in tokens {
            match token {
                TokenTree::Ident(name) => {
                    if colons != 2 {
                        self.end(&mut names);
                    }
                    names.push(name.to_string());
                    colons = 0;
                }
                TokenTree::Punct(mark) if mark.as_char() == ':' && !names.is_empty() => colons += 1,
                other => {
                    self.end(&mut names);
                    colons = 0;
                    if let TokenTree::Group(group) = other {
                        self.tokens(group.stream());
                    }
                }
            }
        }
        self.end(&mut names);
    }

    fn end(&mut self, names: &mut Names) {
        let names = std::mem::take(names);
        if names.len() > 1 {
            self.name(names);
        }
    }
}

impl<'code> Visit<'code> for Reader {
    fn visit_item(&mut self, item: &'code Item) {
        if attributes(item).iter().any(is_for_tests) {
            return;
        }
        match item {
            Item::Use(line) => {
                let is_offered = !matches!(line.vis, syn::Visibility::Inherited);
                self.tree(&line.tree, &Vec::new(), is_offered);
            }
            Item::Mod(module) => match &module.content {
                Some(_) => {
                    self.inside.push(module.ident.to_string());
                    visit::visit_item_mod(self, module);
                    self.inside.pop();
                }
                None => self.declared.push(module.ident.to_string()),
            },
            other => visit::visit_item(self, other),
        }
    }

    fn visit_impl_item(&mut self, item: &'code ImplItem) {
        let attributes: &[Attribute] = match item {
            ImplItem::Fn(item) => &item.attrs,
            ImplItem::Const(item) => &item.attrs,
            _ => &[],
        };
        if !attributes.iter().any(is_for_tests) {
            visit::visit_impl_item(self, item);
        }
    }

    fn visit_path(&mut self, path: &'code syn::Path) {
        // A name alone is a local one, or was imported before.
        if path.segments.len() > 1 {
            self.name(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, code: &'code Macro) {
        self.name(code.path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        self.tokens(code.tokens.clone());
    }

    fn visit_attribute(&mut self, attribute: &'code Attribute) {
        if let Meta::List(list) = &attribute.meta {
            self.tokens(list.tokens.clone());
        }
        visit::visit_attribute(self, attribute);
    }
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// Whether it is built for tests and for fuzzing only.
fn is_for_tests(attribute: &Attribute) -> bool {
    attribute.path().is_ident("cfg") && attribute.parse_args::<Meta>().is_ok_and(|meta| needs_tests(&meta))
}

fn needs_tests(meta: &Meta) -> bool {
    match meta {
        Meta::Path(path) => path.is_ident("test") || path.is_ident("fuzzing"),
        Meta::List(list) => {
            let parts = list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
            let parts = parts.unwrap_or_default();
            match list.path.get_ident().map(ToString::to_string).as_deref() {
                Some("any") => !parts.is_empty() && parts.iter().all(needs_tests),
                Some("all") => parts.iter().any(needs_tests),
                _ => false,
            }
        }
        Meta::NameValue(_) => false,
    }
}
