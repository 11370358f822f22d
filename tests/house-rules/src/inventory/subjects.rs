//! The NATS streams and subjects.

use std::collections::{BTreeMap, BTreeSet};

use syn::visit::Visit;
use syn::{Attribute, Block, Member, ReturnType, Signature};

use super::markdown::{code, list, table};
use super::pattern::{format_pattern, text_pattern};
use crate::programs::ProductSource;
use crate::tokens::doc_text;

/// Calls that publish to a subject or subscribe to one.
const USES: [&str; 3] = ["publish", "publish_with_headers", "subscribe"];

/// A function that builds a subject.
struct Subject {
    function: String,
    pattern: String,
    meaning: String,
}

pub(super) fn render(programs: &[ProductSource]) -> String {
    let mut subjects = Vec::new();
    for program in programs {
        let mut visitor = SubjectVisitor(Vec::new());
        visitor.visit_file(program.source.file());
        subjects.extend(visitor.0);
        check_uses(program);
    }
    assert!(
        subjects.len() >= 4,
        "only {} subjects were found",
        subjects.len()
    );
    subjects.sort_by(|one, other| one.pattern.cmp(&other.pattern));
    let users = users(programs);
    let rows: Vec<Vec<String>> = subjects
        .iter()
        .map(|subject| {
            vec![
                code(&subject.pattern),
                users.get(&subject.function).map_or("-".to_owned(), list),
                subject.meaning.clone(),
            ]
        })
        .collect();
    table(&["subject", "used by", "meaning"], &rows)
}

/// A subject comes from a function that is found here, never from a string at its use.
fn check_uses(program: &ProductSource) {
    for call in program.source.calls() {
        let is_use = USES.contains(&call.name.as_str());
        assert!(
            !is_use || call.first_string().is_none(),
            "{}: a subject is a string; let a function named ..._subject build it",
            program.source.path.display()
        );
    }
}

/// Per function that builds a subject: the crates that call it.
fn users(programs: &[ProductSource]) -> BTreeMap<String, BTreeSet<String>> {
    let mut users: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for program in programs {
        for call in program.source.calls() {
            let packages = users.entry(call.name).or_default();
            packages.insert(program.package.clone());
        }
    }
    users
}

struct SubjectVisitor(Vec<Subject>);

impl SubjectVisitor {
    fn push(&mut self, attributes: &[Attribute], signature: &Signature, block: &Block) {
        let function = signature.ident.to_string();
        let is_text = matches!(&signature.output, ReturnType::Type(_, kind)
            if matches!(&**kind, syn::Type::Path(path) if path.path.is_ident("String")));
        if !function.ends_with("_subject") || !is_text {
            return;
        }
        let mut formats = FormatVisitor(None);
        formats.visit_block(block);
        let pattern = formats.0;
        let pattern = pattern.unwrap_or_else(|| panic!("{function} formats no subject"));
        let meaning = without_links(&doc_text(attributes));
        self.0.push(Subject {
            function,
            pattern,
            meaning,
        });
    }
}

impl<'ast> Visit<'ast> for SubjectVisitor {
    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.push(&function.attrs, &function.sig, &function.block);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.push(&function.attrs, &function.sig, &function.block);
    }
}

/// The text of a doc comment, without its links to other items.
fn without_links(text: &str) -> String {
    let mut parts = text.split("[`");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once("`]").unwrap_or((part, ""));
        let rest = match rest.strip_prefix('(') {
            Some(target) => target.split_once(')').map_or("", |(_, rest)| rest),
            None => rest,
        };
        plain.extend(["`", name, "`", rest]);
    }
    plain
}

/// The first `format!` of a block, as a pattern.
struct FormatVisitor(Option<String>);

impl<'ast> Visit<'ast> for FormatVisitor {
    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        if self.0.is_none() && call.path.is_ident("format") {
            self.0 = format_pattern(call.tokens.clone());
        }
    }
}

/// The names of the mirror's streams and the prefixes of their subjects.
pub(super) fn render_streams(programs: &[ProductSource]) -> String {
    let constants: BTreeMap<String, String> = programs
        .iter()
        .flat_map(|program| program.source.constants())
        .collect();
    let mut visitor = StreamVisitor {
        constants,
        place: (String::new(), String::new()),
        rows: Vec::new(),
    };
    for program in programs {
        visitor.visit_file(program.source.file());
    }
    assert!(!visitor.rows.is_empty(), "no stream was found");
    table(&["stream", "its subjects", "named by"], &visitor.rows)
}

/// Finds values of a struct that has a stream and the prefix of its subjects.
struct StreamVisitor {
    constants: BTreeMap<String, String>,
    /// The type whose `impl` is visited, and the function in it.
    place: (String, String),
    rows: Vec<Vec<String>>,
}

impl<'ast> Visit<'ast> for StreamVisitor {
    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        if let syn::Type::Path(path) = &*item.self_ty
            && let Some(last) = path.path.segments.last()
        {
            self.place.0 = last.ident.to_string();
        }
        syn::visit::visit_item_impl(self, item);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.place.1 = function.sig.ident.to_string();
        syn::visit::visit_impl_item_fn(self, function);
    }

    fn visit_expr_struct(&mut self, value: &'ast syn::ExprStruct) {
        let field = |name: &str| {
            let is_named =
                |member: &Member| matches!(member, Member::Named(ident) if ident == name);
            let field = value.fields.iter().find(|field| is_named(&field.member))?;
            text_pattern(&field.expr, &self.constants)
        };
        if let (Some(stream), Some(prefix)) = (field("stream"), field("subject_prefix")) {
            let (owner, function) = &self.place;
            self.rows.push(vec![
                code(&stream),
                code(&format!("{prefix}.>")),
                code(&format!("{owner}::{function}")),
            ]);
        }
        syn::visit::visit_expr_struct(self, value);
    }
}
