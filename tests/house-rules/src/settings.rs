//! The settings: options of the command line that also have an environment variable, and variables
//! that have no option.

use std::collections::BTreeMap;

use syn::visit::Visit;
use syn::{Attribute, Expr, Field, Fields, Meta, Token, Variant, punctuated::Punctuated};

use crate::programs::ProductSource;
use crate::tokens::{doc_text, literal};

/// A setting.
#[derive(Debug, Clone)]
pub struct Setting {
    /// Its environment variable.
    pub variable: String,
    /// Its flag, with the dashes.
    pub flag: Option<String>,
    /// The value that it has by default.
    pub default: Option<String>,
    /// What happens by default, in words, if there is no such value.
    pub default_text: Option<String>,
    /// Its help text without the default.
    pub meaning: String,
    /// The command that it belongs to, or nothing if all commands take it.
    pub command: Option<String>,
}

/// Every option with an environment variable, by variable.
///
/// # Panics
/// If an option cannot be understood.
pub fn settings(programs: &[ProductSource]) -> BTreeMap<String, Setting> {
    let constants: BTreeMap<String, String> = programs
        .iter()
        .flat_map(|program| program.source.constants())
        .collect();
    let mut visitor = OptionVisitor {
        constants,
        owner: String::new(),
        settings: Vec::new(),
        parents: BTreeMap::new(),
    };
    for program in programs {
        visitor.visit_file(program.source.file());
    }
    let OptionVisitor {
        settings, parents, ..
    } = visitor;
    let found = settings.into_iter().map(|(owner, is_global, mut setting)| {
        if !is_global {
            setting.command = Some(command(&owner, &parents));
        }
        (setting.variable.clone(), setting)
    });
    found.collect()
}

/// The variables of Tidings that the program reads without an option: every string that looks like
/// one.
pub fn variables_without_flag(programs: &[ProductSource]) -> Vec<String> {
    let options = settings(programs);
    let mut variables: Vec<String> = programs
        .iter()
        .flat_map(|program| program.source.strings())
        .filter(|text| is_variable(text) && !options.contains_key(text))
        .collect();
    variables.sort();
    variables.dedup();
    variables
}

fn is_variable(text: &str) -> bool {
    let prefixes = ["TIDINGS_", "OTEL_"];
    let mut rests = prefixes.iter().filter_map(|it| text.strip_prefix(it));
    rests.any(|rest| !rest.is_empty() && rest.chars().all(|c| c.is_ascii_uppercase() || c == '_'))
}

/// The command whose options are in the type `owner`: `tidings webhooks add`.
fn command(owner: &str, parents: &BTreeMap<String, (String, String)>) -> String {
    let mut words = Vec::new();
    let mut owner = owner;
    while let Some((parent, word)) = parents.get(owner) {
        words.insert(0, word.clone());
        owner = parent;
    }
    words.insert(0, "tidings".to_owned());
    words.join(" ")
}

struct OptionVisitor {
    constants: BTreeMap<String, String>,
    /// The struct or enum that is being visited.
    owner: String,
    /// The type that holds the option, whether it is global, and the option.
    settings: Vec<(String, bool, Setting)>,
    /// Per type of options: the enum of commands that has it, and the word of the command.
    parents: BTreeMap<String, (String, String)>,
}

impl<'ast> Visit<'ast> for OptionVisitor {
    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        self.owner = item.ident.to_string();
        syn::visit::visit_item_struct(self, item);
    }

    fn visit_item_enum(&mut self, item: &'ast syn::ItemEnum) {
        self.owner = item.ident.to_string();
        syn::visit::visit_item_enum(self, item);
    }

    fn visit_variant(&mut self, variant: &'ast Variant) {
        if let Fields::Unnamed(fields) = &variant.fields
            && let Some(syn::Type::Path(path)) = fields.unnamed.first().map(|field| &field.ty)
            && let Some(segment) = path.path.segments.last()
        {
            let word = kebab(&variant.ident.to_string());
            self.parents
                .insert(segment.ident.to_string(), (self.owner.clone(), word));
        }
        syn::visit::visit_variant(self, variant);
    }

    fn visit_field(&mut self, field: &'ast Field) {
        for attribute in &field.attrs {
            if attribute.path().is_ident("arg") {
                let option = self.option(field, attribute);
                self.settings.extend(option);
            }
        }
        syn::visit::visit_field(self, field);
    }
}

impl OptionVisitor {
    fn option(&self, field: &Field, attribute: &Attribute) -> Option<(String, bool, Setting)> {
        let name = field.ident.as_ref()?.to_string();
        let arguments = attribute
            .parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)
            .unwrap_or_else(|error| panic!("the attribute of {name} does not parse: {error}"));
        let has = |key: &str| arguments.iter().any(|meta| meta.path().is_ident(key));
        let value = |key: &str| {
            arguments.iter().find_map(|meta| match meta {
                Meta::NameValue(pair) if pair.path.is_ident(key) => Some(&pair.value),
                _ => None,
            })
        };
        let variable = literal(value("env")?)?;
        let flag = value("long")
            .and_then(literal)
            .unwrap_or_else(|| kebab(name.trim_start_matches("r#")));
        let (meaning, default_text) = split_default(&doc_text(&field.attrs));
        let default = value("default_value")
            .or_else(|| value("default_value_t"))
            .map(|value| self.value(value));
        let setting = Setting {
            variable,
            flag: has("long").then(|| format!("--{flag}")),
            default,
            default_text,
            meaning,
            command: None,
        };
        Some((self.owner.clone(), has("global"), setting))
    }

    /// The value of a literal, or of a constant of this workspace.
    fn value(&self, expression: &Expr) -> String {
        if let Some(value) = literal(expression) {
            return value;
        }
        let name = match expression {
            Expr::Path(path) => path.path.segments.last().map(|last| last.ident.to_string()),
            _ => None,
        };
        name.and_then(|name| self.constants.get(&name).cloned())
            .expect("a default is a literal or a constant that is one")
    }
}

/// Splits a help text such as `Directory of the index [default: DATA/search].`
fn split_default(text: &str) -> (String, Option<String>) {
    let text = text.trim().trim_end_matches('.');
    match text.split_once(" [default: ") {
        Some((meaning, default)) => {
            let default = default.trim_end_matches(']').to_owned();
            (meaning.to_owned(), Some(default))
        }
        None => (text.to_owned(), None),
    }
}

/// `CommandSvc` and `command_svc` as `command-svc`.
fn kebab(name: &str) -> String {
    let mut text = String::new();
    for (index, c) in name.chars().enumerate() {
        if c == '_' {
            text.push('-');
        } else {
            if c.is_uppercase() && index > 0 {
                text.push('-');
            }
            text.extend(c.to_lowercase());
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_default_in_a_help_text_is_found() {
        let (meaning, default) = split_default("Directory of the index [default: DATA/search].");
        assert_eq!(meaning, "Directory of the index");
        assert_eq!(default.as_deref(), Some("DATA/search"));
        assert_eq!(
            split_default("Log format."),
            ("Log format".to_owned(), None)
        );
    }

    #[test]
    fn names_become_flags_and_commands() {
        assert_eq!(kebab("max_body"), "max-body");
        assert_eq!(kebab("CommandSvc"), "command-svc");
    }
}
