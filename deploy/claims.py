"""What the files of deploy/ say of the programs, held against the programs' source and the programs.

claims.py tests            each test that THREATS.md names is a test in the code, and each threat names one or says that it has none
claims.py metrics          each metric of rules and dashboard is one that the gateway exports, and the dashboard has its panels for all of them
claims.py scrape FOLDER    what a gateway of FOLDER answers at its ops port: ready, and metrics under the names of the rules, which promtool takes
claims.py collector        each part of a pipeline of the collector is configured, and nothing is configured for no pipeline
claims.py commands FOLDER  each command of the runbooks and the compose file is one that the programs in FOLDER take, options too
"""

import json
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
import time
import urllib.request

import yaml

DEPLOY = pathlib.Path(__file__).resolve().parent
ROOT = DEPLOY.parent


def fail(findings):
    for finding in findings:
        print(finding, file=sys.stderr)
    sys.exit(1 if findings else 0)


def tests():
    test = re.compile(r"#\[(?:tokio::)?test\b[^\]]*\]\s*(?:#\[[^\]]*\]\s*)*(?:async )?fn (\w+)")
    known = set()
    for folder in ("gateway", "tests", "treaty-schemas", "proto"):
        for file in (ROOT / folder).rglob("*.rs"):
            known.update(test.findall(file.read_text()))
    rows = re.findall(r"^\| ([A-Z]\d+) \|(.*)\|$", (DEPLOY / "THREATS.md").read_text(), re.M)
    findings = [] if len(rows) > 30 else ["THREATS.md: its tables cannot be read"]
    for threat, row in rows:
        named = re.findall(r"`(\w+)`", row.split("|")[3])
        if not named and row.split("|")[3].strip() != "–":
            findings.append(f"THREATS.md: {threat} names no test and does not say that it has none")
        findings += [f"THREATS.md: {threat}: there is no test {name}" for name in named if name not in known]
    fail(findings)


LABELS = {"rogatory_party", "rogatory_code", "rogatory_step", "rogatory_reason", "rogatory_certificate"}


def exported():
    """The metrics as Prometheus has them from a program or its collector: dots are underscores, a unit of seconds and `total` follow."""
    source = (ROOT / "gateway/telemetry/src/metrics.rs").read_text()
    names = {}
    for kind, name, rest in re.findall(r"\b(counter|latency|gauge|u64_histogram)\(\s*\"(rogatory\.[a-z.]+)\"([^;]*?)\)", source):
        base = name.replace(".", "_")
        if kind == "counter":
            names[name] = {base + "_total"}
        elif kind == "gauge":
            names[name] = {base + "_seconds" * bool(re.search(r',\s*"s",?\s*$', rest))}
        else:
            base += "_seconds" if kind == "latency" else ""
            names[name] = {base + end for end in ("_bucket", "_sum", "_count")}
    return names


def metrics():
    known = exported()
    spelled = set().union(*known.values())
    dashboard = json.loads((DEPLOY / "grafana/rogatory.json").read_text())
    asked = {"grafana/rogatory.json": [t["expr"] for p in dashboard["panels"] for t in p.get("targets", [])]}
    for file in ("rules.yaml", "rules_test.yaml"):
        asked["prometheus/" + file] = [(DEPLOY / "prometheus" / file).read_text()]
    findings = [] if len(known) >= 12 else ["metrics.rs: its instruments cannot be read"]
    for file, expressions in asked.items():
        used = set(re.findall(r"\brogatory_[a-z_]+", " ".join(expressions))) - LABELS
        findings += [f"{file}: nothing exports {name}" for name in sorted(used - spelled)]
        if file.startswith("grafana"):
            findings += [f"{file}: no panel shows {name}" for name, those in known.items() if not used & those]
    documented = {a["annotations"]["runbook_url"].split("#")[0] for g in yaml.safe_load((DEPLOY / "prometheus/rules.yaml").read_text())["groups"] for a in g["rules"]}
    findings += [f"rules.yaml: there is no {url}" for url in documented if not (ROOT / url.split("/rogatory/")[-1]).is_file()]
    fail(findings)


def scrape(folder):
    gateway = pathlib.Path(folder).resolve() / "gateway"
    with tempfile.TemporaryDirectory() as base:
        state = base + "/JP"
        subprocess.run([gateway, "init", "--party", "JP", "--dir", state], check=True, capture_output=True, timeout=120)
        serve = [gateway, "serve", "--dir", state, "--output", "json", "--ops-listen", "127.0.0.1:0"]
        with subprocess.Popen(serve, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as serving:
            try:
                address = json.loads(serving.stdout.readline())["ops_listen"]
                with urllib.request.urlopen(f"http://{address}/readyz?verbose", timeout=20) as answer:
                    verbose = answer.read().decode()
                # The first look is told within seconds.
                for _ in range(40):
                    with urllib.request.urlopen(f"http://{address}/metrics", timeout=20) as answer:
                        told = answer.read().decode()
                    if "rogatory_ready 1" in told.splitlines():
                        break
                    time.sleep(0.25)
            finally:
                serving.terminate()
    findings = [] if verbose.endswith("\nready\n") and "[+] database: ok" in verbose else [f"/readyz?verbose says\n{verbose}"]
    checked = subprocess.run(["promtool", "check", "metrics"], input=told, capture_output=True, text=True, timeout=60)
    findings += [f"promtool check metrics: {line}" for line in (checked.stdout + checked.stderr).splitlines()]
    spelled = set().union(*exported().values())
    there = set(re.findall(r"^(rogatory_[a-z_]+)", told, re.M))
    findings += [f"/metrics tells {name}, which no instrument is called" for name in sorted(there - spelled)]
    findings += [f"/metrics lacks {name}" for name in sorted({"rogatory_ready", "rogatory_certificate_expires_seconds"} - there)]
    fail(findings)


def collector():
    config = yaml.safe_load((DEPLOY / "otel/collector.yaml").read_text())
    findings = []
    used = {kind: set() for kind in ("receivers", "processors", "exporters")}
    for name, pipeline in config["service"]["pipelines"].items():
        for kind, parts in used.items():
            parts.update(pipeline.get(kind, []))
        if not pipeline.get("receivers") or not pipeline.get("exporters"):
            findings.append(f"collector.yaml: the pipeline {name} leads nowhere")
    used["extensions"] = set(config["service"].get("extensions", []))
    for kind, parts in used.items():
        there = set(config.get(kind, {}))
        findings += [f"collector.yaml: {kind} has no {part}" for part in sorted(parts - there)]
        findings += [f"collector.yaml: {kind} {part} is in no pipeline" for part in sorted(there - parts)]
    fail(findings)


def lines():
    """The commands in the indented blocks of the runbooks, with their continuations."""
    for file in sorted((DEPLOY / "runbooks").glob("*.md")):
        text = re.sub(r"\\\n\s*", "", file.read_text())
        for line in text.splitlines():
            if re.match(r" {4,}(gateway|desk|treaty) ", line):
                yield file.name, shlex.split(line)
    compose = yaml.safe_load((DEPLOY / "compose/compose.yaml").read_text())
    for name, service in compose["services"].items():
        yield "compose.yaml: " + name, [service["entrypoint"][0].split("/")[-1], *service["command"]]
    script = re.sub(r"\\\n\s*", "", (DEPLOY / "compose/three-states").read_text())
    for program, rest in re.findall(r"/usr/bin/(gateway|desk) ([^<>|;&\n]*)", script):
        yield "compose/three-states", [program, *shlex.split(rest)]
    for rest in re.findall(r'"\$service" (init [^|\n]*)', script):
        yield "compose/three-states", ["gateway", *shlex.split(rest)]


def commands(folder):
    helps, findings, checked = {}, [], set()

    def ask(program, path):
        key = (program, *path)
        if key not in helps:
            done = subprocess.run([pathlib.Path(folder) / program, *path, "--help"], capture_output=True, text=True, timeout=60)
            helps[key] = done.stdout if done.returncode == 0 else None
        return helps[key]

    for where, (program, *words) in lines():
        if not (pathlib.Path(folder) / program).is_file():
            fail([f"there is no program {program} in {folder}"])
        path, shown = [], ask(program, [])
        rest = list(words)
        # Options that take a value stand before the command, too: desk --dir DIR case show.
        while rest:
            word = rest.pop(0)
            if word.startswith("--"):
                if "=" not in word and re.search(rf"{re.escape(word)} <", shown):
                    rest.pop(0)
            elif re.search(rf"^ +{re.escape(word)}( |$)", shown.split("Options:")[0].partition("Commands:")[2], re.M):
                path.append(word)
                shown = ask(program, path)
            else:
                break
        if "Commands:" in shown:
            findings.append(f"{where}: {program} {' '.join(words)}: there is no such command")
            continue
        everywhere = shown + ask(program, [])
        for option in [w.split("=")[0] for w in words if re.fullmatch(r"--?[a-z][a-z-]*(=.*)?", w)]:
            if not re.search(rf"(^|[ ,]){re.escape(option)}\b", everywhere):
                findings.append(f"{where}: {program} {' '.join(path)} does not know {option}")
        checked.add((program, *path))
    if len(checked) < 20:
        findings.append("the runbooks' commands cannot be read")
    print(f"{len(checked)} commands of the documents are commands of the programs")
    fail(findings)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["tests"]:
            tests()
        case ["metrics"]:
            metrics()
        case ["scrape", folder]:
            scrape(folder)
        case ["collector"]:
            collector()
        case ["commands", folder]:
            commands(folder)
        case _:
            sys.exit(__doc__)
