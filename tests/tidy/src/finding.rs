use std::fmt;

/// A place that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// Relative to the workspace, with `/`.
    pub path: String,
    /// From 1.
    pub line: usize,
    /// What is there.
    pub what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.what)
    }
}

/// Why a rule does not hold, or could not be judged: printed as it is when a test returns it.
#[derive(Clone, PartialEq, Eq)]
pub struct Complaint(String);

impl From<String> for Complaint {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for Complaint {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Debug for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// All findings under their rule and how to mend them; none when there are none.
pub fn report<T: fmt::Display>(rule: &str, mend: &str, findings: &[T]) -> Result<(), Complaint> {
    if findings.is_empty() {
        return Ok(());
    }
    let list: String = findings.iter().map(|finding| format!("  {finding}\n")).collect();
    Err(format!("\nRule: {rule}.\nMend: {mend}.\n{list}").into())
}
