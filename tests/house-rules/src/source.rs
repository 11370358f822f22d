//! One Rust source file, parsed, without its unit tests.

use std::path::{Path, PathBuf};

use proc_macro2::TokenStream;
use syn::spanned::Spanned;
use syn::visit::Visit;
use syn::{Attribute, File, Item, ItemUse, UseTree, Visibility};

use crate::tokens::{FunctionCall, collect_calls, collect_paths, collect_strings, literal};
use crate::workspace;

/// A type, with what a rule about names needs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TypeName {
    /// Its name.
    pub name: String,
    /// Whether it is `pub` without a restriction.
    pub is_public: bool,
    /// The line on which it is defined, from 1.
    pub line: usize,
}

/// A function with a body.
#[derive(Debug)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// The line of its `fn`, from 1.
    pub line: usize,
    /// The number of lines from `fn` to the closing brace.
    pub lines: usize,
}

/// A parsed source file.
pub struct Source {
    /// Its path relative to the root of the repository.
    pub path: PathBuf,
    /// Its whole text.
    pub text: String,
    file: File,
}

impl Source {
    /// Reads and parses a file. Items under `#[cfg(test)]` are dropped.
    ///
    /// # Panics
    /// If the file cannot be read or is not Rust.
    pub fn open(path: &Path) -> Self {
        let text = workspace::read(path);
        let mut file = syn::parse_file(&text)
            .unwrap_or_else(|error| panic!("{} does not parse: {error}", path.display()));
        drop_tests(&mut file.items);
        Self {
            path: path.to_owned(),
            text,
            file,
        }
    }

    /// Its text without comments and unit tests.
    ///
    /// Unit tests come last in a file: everything after `#[cfg(test)]` and a module is cut off.
    pub fn code(&self) -> String {
        let program = self
            .text
            .split("#[cfg(test)]\nmod ")
            .next()
            .unwrap_or_default();
        let lines = program
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"));
        lines.collect::<Vec<_>>().join("\n")
    }

    /// Every struct, enum, union, trait and type alias outside of functions and impls.
    pub fn types(&self) -> Vec<TypeName> {
        let mut names = Vec::new();
        collect_types(&self.file.items, &mut names);
        names
    }

    /// Every function with a body, methods included.
    pub fn functions(&self) -> Vec<Function> {
        let mut visitor = FunctionVisitor(Vec::new());
        visitor.visit_file(&self.file);
        visitor.0
    }

    /// The modules that the file declares with `mod name;`.
    pub fn child_modules(&self) -> Vec<String> {
        let declared = self.file.items.iter().filter_map(|item| match item {
            Item::Mod(module) if module.content.is_none() => Some(module.ident.to_string()),
            _ => None,
        });
        declared.collect()
    }

    /// The modules that the file declares with `pub mod name;`.
    pub fn public_modules(&self) -> Vec<String> {
        let declared = self.file.items.iter().filter_map(|item| match item {
            Item::Mod(module) if matches!(module.vis, Visibility::Public(_)) => {
                Some(module.ident.to_string())
            }
            _ => None,
        });
        declared.collect()
    }

    /// Every `use`, flattened: the path, the name it is known under, and whether it is exported.
    pub fn uses(&self) -> Vec<Import> {
        let mut imports = Vec::new();
        for item in &self.file.items {
            if let Item::Use(item) = item {
                flatten(item, &item.tree, &mut Vec::new(), &mut imports);
            }
        }
        imports
    }

    /// The parsed file, without its unit tests.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Every call of a function, method or macro, also those inside macros.
    pub fn calls(&self) -> Vec<FunctionCall> {
        let mut calls = Vec::new();
        for item in &self.file.items {
            collect_calls(quote(item), &mut calls);
        }
        calls
    }

    /// Every string literal, also those inside macros. Doc comments are none.
    pub fn strings(&self) -> Vec<String> {
        let mut strings = Vec::new();
        for item in &self.file.items {
            collect_strings(quote(item), &mut strings);
        }
        strings
    }

    /// The constants at the top level that are set to one literal, as name and value.
    pub fn constants(&self) -> Vec<(String, String)> {
        let constants = self.file.items.iter().filter_map(|item| match item {
            Item::Const(item) => Some((item.ident.to_string(), literal(&item.expr)?)),
            _ => None,
        });
        constants.collect()
    }

    /// Every path of at least two segments that stands anywhere outside of `use`, macros included.
    pub fn paths(&self) -> Vec<Vec<String>> {
        let mut paths = Vec::new();
        for item in &self.file.items {
            if !matches!(item, Item::Use(_)) {
                collect_paths(quote(item), &mut paths);
            }
        }
        paths
    }
}

/// One name that a `use` brings in.
#[derive(Debug)]
pub struct Import {
    /// The segments of the path; the last one is `*` for a glob.
    pub path: Vec<String>,
    /// The name in this file.
    pub alias: String,
    /// Whether other files can use it from here.
    pub is_exported: bool,
}

fn quote(item: &Item) -> TokenStream {
    use quote::ToTokens;
    item.to_token_stream()
}

fn drop_tests(items: &mut Vec<Item>) {
    items.retain(|item| !is_test(attributes(item)));
    for item in items {
        if let Item::Mod(module) = item
            && let Some((_, items)) = &mut module.content
        {
            drop_tests(items);
        }
    }
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute
                .parse_args::<syn::Ident>()
                .is_ok_and(|ident| ident == "test")
    })
}

fn collect_types(items: &[Item], names: &mut Vec<TypeName>) {
    for item in items {
        let (ident, visibility) = match item {
            Item::Enum(item) => (&item.ident, &item.vis),
            Item::Struct(item) => (&item.ident, &item.vis),
            Item::Trait(item) => (&item.ident, &item.vis),
            Item::Type(item) => (&item.ident, &item.vis),
            Item::Union(item) => (&item.ident, &item.vis),
            Item::Mod(module) => {
                if let Some((_, items)) = &module.content {
                    collect_types(items, names);
                }
                continue;
            }
            _ => continue,
        };
        names.push(TypeName {
            name: ident.to_string(),
            is_public: matches!(visibility, Visibility::Public(_)),
            line: ident.span().start().line,
        });
    }
}

struct FunctionVisitor(Vec<Function>);

impl FunctionVisitor {
    fn push(&mut self, name: &syn::Ident, block: &syn::Block) {
        let line = name.span().start().line;
        let lines = block.span().end().line - line + 1;
        self.0.push(Function {
            name: name.to_string(),
            line,
            lines,
        });
    }
}

impl<'ast> Visit<'ast> for FunctionVisitor {
    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.push(&function.sig.ident, &function.block);
        syn::visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.push(&function.sig.ident, &function.block);
        syn::visit::visit_impl_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &'ast syn::TraitItemFn) {
        if let Some(block) = &function.default {
            self.push(&function.sig.ident, block);
        }
        syn::visit::visit_trait_item_fn(self, function);
    }
}

fn flatten(item: &ItemUse, tree: &UseTree, prefix: &mut Vec<String>, imports: &mut Vec<Import>) {
    let is_exported = !matches!(item.vis, Visibility::Inherited);
    let mut push = |path: Vec<String>, alias: String| {
        imports.push(Import {
            path,
            alias,
            is_exported,
        });
    };
    match tree {
        UseTree::Path(path) => {
            prefix.push(path.ident.to_string());
            flatten(item, &path.tree, prefix, imports);
            prefix.pop();
        }
        UseTree::Name(name) if name.ident == "self" => {
            push(prefix.clone(), prefix.last().cloned().unwrap_or_default());
        }
        UseTree::Name(name) => {
            let mut path = prefix.clone();
            path.push(name.ident.to_string());
            push(path, name.ident.to_string());
        }
        UseTree::Rename(rename) => {
            let mut path = prefix.clone();
            if rename.ident != "self" {
                path.push(rename.ident.to_string());
            }
            push(path, rename.rename.to_string());
        }
        UseTree::Glob(_) => {
            let mut path = prefix.clone();
            path.push("*".to_owned());
            push(path, "*".to_owned());
        }
        UseTree::Group(group) => {
            for tree in &group.items {
                flatten(item, tree, prefix, imports);
            }
        }
    }
}
