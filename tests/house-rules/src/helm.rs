//! Renders the templates of the Helm chart without Helm, as far as the chart uses its language:
//! values, `include` of labels, `toYaml`, and conditions, which all count as true. Anything else in
//! a template is an error, so that the chart stays within what is checked.

use serde_json::{Map, Value};

/// What Helm knows besides the values.
const RELEASE: [(&str, &str); 4] = [
    (".Release.Name", "example"),
    (".Release.Service", "Helm"),
    (".Chart.Name", "tidings"),
    (".Chart.Version", "0.1.0"),
];

/// A chart's values and named templates.
pub struct Chart {
    values: Value,
    /// The lines of the only named template, `tidings.labels`.
    labels: Vec<String>,
}

impl Chart {
    /// A chart with these values and helpers.
    ///
    /// # Panics
    /// If the helpers define something else than `tidings.labels`.
    pub fn new(values: Value, helpers: &str) -> Self {
        let mut lines = helpers.lines();
        assert_eq!(lines.next(), Some(r#"{{- define "tidings.labels" -}}"#));
        let labels = lines.take_while(|line| *line != "{{- end }}");
        Self {
            values,
            labels: labels.map(str::to_owned).collect(),
        }
    }

    /// Renders a template. The error names what the values do not have, or what is not supported.
    pub fn render(&self, template: &str) -> Result<String, String> {
        let mut text = String::new();
        for line in template.lines() {
            for rendered in self.render_line(line)? {
                text.push_str(&rendered);
                text.push('\n');
            }
        }
        Ok(text)
    }

    fn render_line(&self, line: &str) -> Result<Vec<String>, String> {
        let trimmed = line.trim();
        let action = trimmed
            .strip_prefix("{{-")
            .and_then(|rest| rest.strip_suffix("}}"));
        let Some(action) = action.map(str::trim) else {
            return Ok(vec![self.substitute(line)?]);
        };
        if action == "end" {
            return Ok(Vec::new());
        }
        if let Some(condition) = action.strip_prefix("if ") {
            self.lookup(condition)?;
            return Ok(Vec::new());
        }
        let (action, indent) = action
            .split_once("| nindent ")
            .ok_or_else(|| format!("unknown action {line}"))?;
        let indent = " ".repeat(indent.trim().parse().map_err(|_| line.to_owned())?);
        let lines = match action.trim().strip_prefix("toYaml ") {
            Some(path) => to_yaml(&self.lookup(path)?),
            None if action.trim() == r#"include "tidings.labels" ."# => {
                let labels = self.labels.iter().map(|label| self.substitute(label));
                labels.collect::<Result<_, _>>()?
            }
            None => return Err(format!("unknown action {line}")),
        };
        Ok(lines.iter().map(|line| format!("{indent}{line}")).collect())
    }

    fn substitute(&self, line: &str) -> Result<String, String> {
        let mut rest = line;
        let mut text = String::new();
        while let Some((before, after)) = rest.split_once("{{ ") {
            let (path, after) = after
                .split_once(" }}")
                .ok_or_else(|| format!("an action has no end: {line}"))?;
            text.push_str(before);
            match self.lookup(path)? {
                Value::String(value) => text.push_str(&value),
                Value::Number(value) => text.push_str(&value.to_string()),
                other => return Err(format!("{path} is {other}, which is no text: {line}")),
            }
            rest = after;
        }
        text.push_str(rest);
        Ok(text)
    }

    fn lookup(&self, path: &str) -> Result<Value, String> {
        let path = path.trim();
        if let Some((_, value)) = RELEASE.iter().find(|(name, _)| *name == path) {
            return Ok((*value).into());
        }
        let keys = path
            .strip_prefix(".Values.")
            .ok_or_else(|| format!("unknown action {path}"))?;
        let found = keys
            .split('.')
            .try_fold(&self.values, |value, key| value.get(key));
        found
            .cloned()
            .ok_or_else(|| format!("values.yaml has no {path}"))
    }
}

/// A flat mapping as lines of YAML.
fn to_yaml(value: &Value) -> Vec<String> {
    match value {
        Value::Object(entries) if entries.is_empty() => vec!["{}".to_owned()],
        Value::Object(entries) => to_lines(entries),
        other => vec![other.to_string()],
    }
}

fn to_lines(entries: &Map<String, Value>) -> Vec<String> {
    entries
        .iter()
        .map(|(key, value)| format!("{key}: {value}"))
        .collect()
}
