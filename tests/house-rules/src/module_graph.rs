//! Which file of a crate uses an item of which other file of that crate.
//!
//! An arrow goes to the file that *defines* the item: a re-export on the way counts only if the
//! path ends there. Declaring a module (`mod child;`) is no use of it, and neither is a re-export.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use crate::source::{Import, Source};
use crate::workspace;

type ModulePath = Vec<String>;

struct Module {
    source: Source,
    imports: Vec<Import>,
    children: Vec<String>,
}

/// The modules of one crate and the arrows between their files.
pub struct ModuleGraph {
    modules: BTreeMap<ModulePath, Module>,
}

impl ModuleGraph {
    /// Reads the crate whose root is `root_file` (`src/lib.rs` or `src/main.rs`).
    pub fn open(root_file: &Path) -> Self {
        let mut graph = Self {
            modules: BTreeMap::new(),
        };
        let dir = root_file.parent().expect("a file is in a directory");
        graph.add(Vec::new(), root_file, dir);
        graph
    }

    fn add(&mut self, path: ModulePath, file: &Path, child_dir: &Path) {
        let source = Source::open(file);
        let imports = source.uses();
        let children = source.child_modules();
        for child in &children {
            let (flat, nested) = (
                child_dir.join(format!("{child}.rs")),
                child_dir.join(child).join("mod.rs"),
            );
            let file = if workspace::root().join(&flat).exists() {
                flat
            } else {
                nested
            };
            if workspace::root().join(&file).exists() {
                let mut path = path.clone();
                path.push(child.clone());
                self.add(path, &file, &child_dir.join(child));
            }
        }
        self.modules.insert(
            path,
            Module {
                source,
                imports,
                children,
            },
        );
    }

    /// Every file with the files that it uses, itself left out.
    pub fn arrows(&self) -> BTreeMap<PathBuf, BTreeSet<PathBuf>> {
        let mut arrows = BTreeMap::new();
        for (path, module) in &self.modules {
            let used: &mut BTreeSet<PathBuf> =
                arrows.entry(module.source.path.clone()).or_default();
            let aliases: HashMap<&str, &Import> = module
                .imports
                .iter()
                .map(|import| (import.alias.as_str(), import))
                .collect();
            for import in module.imports.iter().filter(|import| !import.is_exported) {
                self.use_of(path, &import.path, used);
            }
            for named in module.source.paths() {
                match aliases.get(named[0].as_str()) {
                    Some(import) => {
                        let mut full = import.path.clone();
                        full.extend_from_slice(&named[1..]);
                        self.use_of(path, &full, used);
                    }
                    None => self.use_of(path, &named, used),
                }
            }
            used.remove(&module.source.path);
        }
        arrows
    }

    fn use_of(&self, from: &ModulePath, path: &[String], used: &mut BTreeSet<PathBuf>) {
        if let Some(file) = self
            .absolute(from, path)
            .and_then(|path| self.resolve(&path, 0))
        {
            used.insert(file);
        }
    }

    /// The path from the root of the crate, or nothing if it leads out of the crate.
    fn absolute(&self, from: &ModulePath, path: &[String]) -> Option<Vec<String>> {
        let mut base = from.clone();
        let mut rest = path;
        match rest[0].as_str() {
            "crate" => {
                base.clear();
                rest = &rest[1..];
            }
            "self" => rest = &rest[1..],
            "super" => {
                while rest.first().is_some_and(|first| first == "super") {
                    base.pop()?;
                    rest = &rest[1..];
                }
            }
            first
                if self.modules[from]
                    .children
                    .iter()
                    .any(|child| child == first) => {}
            _ => return None,
        }
        base.extend_from_slice(rest);
        Some(base)
    }

    /// The file in which what `path` names is defined.
    fn resolve(&self, path: &[String], depth: usize) -> Option<PathBuf> {
        let length = (0..=path.len())
            .rev()
            .find(|n| self.modules.contains_key(&path[..*n]))?;
        let (module, rest) = path.split_at(length);
        let module_path = module.to_vec();
        let module = &self.modules[&module_path];
        let Some(name) = rest.first() else {
            // A module alone. The item that is used through it is another path.
            return None;
        };
        let exported = module
            .imports
            .iter()
            .find(|import| import.is_exported && (import.alias == *name));
        if let Some(import) = exported
            && depth < 8
            && let Some(mut target) = self.absolute(&module_path, &import.path)
        {
            target.extend_from_slice(&rest[1..]);
            return self.resolve(&target, depth + 1);
        }
        Some(module.source.path.clone())
    }

    /// Groups of files of which each uses, directly or indirectly, all the others.
    pub fn cycles(&self) -> Vec<Vec<PathBuf>> {
        let arrows = self.arrows();
        let reach: BTreeMap<&PathBuf, BTreeSet<&PathBuf>> = arrows
            .keys()
            .map(|file| (file, reachable(&arrows, file)))
            .collect();
        let mut cycles: Vec<Vec<PathBuf>> = Vec::new();
        for file in arrows.keys().filter(|file| reach[file].contains(file)) {
            let cycle: Vec<PathBuf> = arrows
                .keys()
                .filter(|other| reach[file].contains(other) && reach[other].contains(file))
                .cloned()
                .collect();
            if !cycles.contains(&cycle) {
                cycles.push(cycle);
            }
        }
        cycles
    }
}

fn reachable<'a>(
    arrows: &'a BTreeMap<PathBuf, BTreeSet<PathBuf>>,
    from: &PathBuf,
) -> BTreeSet<&'a PathBuf> {
    let mut seen = BTreeSet::new();
    let mut stack: Vec<&PathBuf> = arrows[from].iter().collect();
    while let Some(file) = stack.pop() {
        if seen.insert(file) {
            stack.extend(arrows.get(file).into_iter().flatten());
        }
    }
    seen
}
