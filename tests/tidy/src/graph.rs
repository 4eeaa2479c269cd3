use std::{collections::BTreeSet, env, process::Command};

use serde_json::Value;

use crate::workspace_root;

/// Gateways and desks run on this platform; crates for others do not count.
const PLATFORM: &str = "x86_64-unknown-linux-gnu";

/// Our packages, as `cargo metadata` sees them.
#[derive(Debug)]
pub struct Graph {
    /// The members of the workspace.
    pub packages: Vec<Package>,
}

/// A member of the workspace.
#[derive(Debug)]
pub struct Package {
    /// Its name without `rogatory-`.
    pub name: String,
    /// One line on what it is.
    pub description: String,
    /// Its folder, relative to the workspace, with `/`.
    pub folder: String,
    /// Our packages that it needs to run or to build, without `rogatory-`.
    pub arrows: BTreeSet<String>,
    /// The source files of its libraries and binaries.
    pub roots: Vec<String>,
    /// How many integration-test binaries it has.
    pub test_binaries: usize,
}

impl Graph {
    /// Asks cargo, from the lock file and without the network.
    pub fn read() -> Result<Self, String> {
        let metadata = cargo(&["metadata", "--format-version", "1", "--no-deps", "--locked", "--offline"])?;
        let metadata: Value = serde_json::from_str(&metadata).map_err(|error| format!("cargo metadata: {error}"))?;
        let packages = list(&metadata, "packages").iter().map(Package::read).collect::<Result<Vec<_>, _>>()?;
        if packages.is_empty() { Err("cargo metadata names no package".to_owned()) } else { Ok(Self { packages }) }
    }
}

impl Package {
    fn read(package: &Value) -> Result<Self, String> {
        let text = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
        let name =
            ours(&text(package, "name")).ok_or_else(|| format!("{} is not called rogatory-…", package["name"]))?;
        let root = workspace_root();
        let relative =
            |path: &str| path.strip_prefix(&*root.to_string_lossy()).unwrap_or(path).trim_start_matches('/').to_owned();
        let manifest = relative(&text(package, "manifest_path"));
        let is_kind = |target: &Value, kinds: &[&str]| {
            list(target, "kind").iter().filter_map(Value::as_str).any(|kind| kinds.contains(&kind))
        };
        let targets = list(package, "targets");
        let runs = |dependency: &&Value| dependency["kind"].as_str() != Some("dev");
        Ok(Self {
            name,
            description: text(package, "description"),
            folder: manifest.trim_end_matches("/Cargo.toml").to_owned(),
            arrows: list(package, "dependencies").iter().filter(runs).filter_map(|d| ours(&text(d, "name"))).collect(),
            roots: targets
                .iter()
                .filter(|target| is_kind(target, &["lib", "bin"]))
                .map(|target| relative(&text(target, "src_path")))
                .collect(),
            test_binaries: targets.iter().filter(|target| is_kind(target, &["test"])).count(),
        })
    }
}

/// All packages that are linked into `package` (a name without `rogatory-`): normal dependencies, with the features that are
/// on when it is built by itself. `cargo metadata` would show those that any other member turns on.
pub fn closure(package: &str) -> Result<BTreeSet<String>, String> {
    let package = format!("rogatory-{package}");
    let edges = ["--edges", "normal,no-proc-macro", "--prefix", "none", "--format", "{p}"];
    let fixed = ["--locked", "--offline", "--target", PLATFORM];
    let tree = cargo(&[&["tree", "--package", &package][..], &edges, &fixed].concat())?;
    let names: BTreeSet<String> = tree.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect();
    if names.contains(&package) { Ok(names) } else { Err(format!("cargo tree does not show {package} itself")) }
}

fn ours(name: &str) -> Option<String> {
    name.strip_prefix("rogatory-").map(str::to_owned)
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

fn cargo(arguments: &[&str]) -> Result<String, String> {
    let program = env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output = Command::new(program)
        .args(arguments)
        .current_dir(workspace_root())
        .output()
        .map_err(|error| format!("cargo {}: {error}", arguments.join(" ")))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(format!("cargo {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr)))
    }
}
