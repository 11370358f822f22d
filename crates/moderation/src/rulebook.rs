//! The compiled rules of the deployment, and the questions that services ask them.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use aho_corasick::BuildError;
use domain::body::MessageType;
use domain::deployment::content::{ContentAction, TextPlace};
use domain::deployment::feature::Feature;
use domain::ids::RuleName;
use domain::time::Timestamp;

use crate::deployment_rules::{ActiveHook, DeploymentRules};
use crate::fold::FoldedText;
use crate::links::LinkMatcher;
use crate::word_matcher::WordMatcher;

/// What a client is asked to wait if nobody knows when a feature will be on again.
const UNKNOWN_END: Duration = Duration::from_secs(60);

/// The rules of the deployment, compiled.
#[derive(Debug, Default)]
pub struct Rulebook {
    rules: DeploymentRules,
    /// `None` without words.
    words: Option<Arc<WordMatcher>>,
    links: LinkMatcher,
}

/// What the rules say of a text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Screening {
    /// Whether the text is refused.
    pub is_refused: bool,
    /// The parts of the text to mask, in bytes: in order, and not overlapping.
    pub masked: Vec<Range<usize>>,
    /// The names of the rules that flag it: word lists, or `links`.
    pub flagged_by: Vec<RuleName>,
}

impl Screening {
    /// The text with each code point of the masked parts replaced by `*`; `None` if nothing is
    /// masked.
    pub fn mask(&self, text: &str) -> Option<String> {
        if self.masked.is_empty() {
            return None;
        }
        let mut masked = String::with_capacity(text.len());
        let mut end = 0;
        for range in &self.masked {
            masked.push_str(&text[end..range.start]);
            masked.extend(text[range.clone()].chars().map(|_| '*'));
            end = range.end;
        }
        masked.push_str(&text[end..]);
        Some(masked)
    }

    fn add(&mut self, action: ContentAction, range: Range<usize>, rule: &RuleName) {
        match action {
            ContentAction::Refuse => self.is_refused = true,
            ContentAction::Mask => self.masked.push(range),
            ContentAction::Flag if !self.flagged_by.contains(rule) => {
                self.flagged_by.push(rule.clone());
            }
            ContentAction::Flag => {}
        }
    }

    /// Sorts the masked parts and merges those that overlap.
    fn merge_masked(&mut self) {
        self.masked.sort_unstable_by_key(|range| range.start);
        let mut merged: Vec<Range<usize>> = Vec::with_capacity(self.masked.len());
        for range in self.masked.drain(..) {
            match merged.last_mut() {
                Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
                _ => merged.push(range),
            }
        }
        self.masked = merged;
    }
}

impl Rulebook {
    /// Compiles these rules. Reuses what the earlier rulebook has compiled if the lists are the
    /// same.
    pub fn compile(rules: DeploymentRules, earlier: &Self) -> Result<Self, BuildError> {
        let words = if rules.word_lists == earlier.rules.word_lists {
            earlier.words.clone()
        } else {
            let lists = rules.word_lists.iter();
            let lists = lists.map(|(name, list)| (name.clone(), list.clone()));
            let matcher = WordMatcher::compile(lists, earlier.words.as_deref())?;
            (!matcher.is_empty()).then(|| Arc::new(matcher))
        };
        let links = LinkMatcher::compile(&rules.link_rules);
        Ok(Self {
            rules,
            words,
            links,
        })
    }

    /// These rules with the words of an earlier rulebook, until the words of the new lists are
    /// compiled.
    pub fn with_earlier_words(rules: DeploymentRules, earlier: &Self) -> Self {
        let links = LinkMatcher::compile(&rules.link_rules);
        Self {
            rules,
            words: earlier.words.clone(),
            links,
        }
    }

    /// The rules, as they were given.
    pub fn rules(&self) -> &DeploymentRules {
        &self.rules
    }

    /// Whether a feature is switched off at this time; if so, how long clients should wait.
    pub fn switched_off(&self, feature: Feature, now: Timestamp) -> Option<Duration> {
        let switch = self.rules.switches.get(&feature)?;
        switch.is_off(now).then(|| {
            let left = switch.until.map(|until| until.millis() - now.millis());
            left.and_then(|left| u64::try_from(left).ok())
                .map_or(UNKNOWN_END, Duration::from_millis)
        })
    }

    /// The hook, if it checks messages of this type.
    pub fn hook_for(&self, kind: MessageType) -> Option<&Arc<ActiveHook>> {
        let active = self.rules.hook.as_ref();
        active.filter(|active| active.hook.checks(kind))
    }

    /// Whether texts need to be screened at all.
    pub fn screens(&self) -> bool {
        self.words.is_some() || !self.links.is_empty()
    }

    /// Checks a text against the word lists, and the text of a message against the rules for links.
    pub fn screen(&self, place: TextPlace, text: &str) -> Screening {
        let mut screening = Screening::default();
        if let Some(words) = &self.words {
            let folded = FoldedText::new(text);
            for found in words.find(place, &folded) {
                screening.add(found.rules.action, found.range(), found.list);
            }
        }
        if place == TextPlace::Text {
            for found in self.links.find(text) {
                screening.add(self.links.action(), found.range, &RuleName::links());
            }
        }
        screening.merge_masked();
        screening
    }
}
