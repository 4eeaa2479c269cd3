"""Judges artefacts that others' tools have made or read.

artefacts.py image PROGRAM ARCHIVE    the configuration on standard input, from skopeo, and the files in the archive
artefacts.py bills FOLDER             the bills of materials in a folder
artefacts.py chart FOLDER OUT         renders the chart with Helm's own library, has it refuse wrong values, writes manifests to OUT
"""

import io
import json
import pathlib
import sys
import tarfile

HERE = pathlib.Path(__file__).resolve().parent


def image(program, archive):
    config = json.load(sys.stdin)["config"]
    assert config["User"] == "65532:65532", config["User"]
    assert config["Entrypoint"] == [f"/usr/bin/{program}"], config["Entrypoint"]
    assert config["StopSignal"] == "SIGTERM"
    wanted = {"title", "description", "licenses", "version", "revision"}
    labels = {name.rsplit(".", 1)[-1]: text for name, text in config["Labels"].items() if name.startswith("org.opencontainers.image.")}
    assert wanted <= labels.keys() and all(labels.values()), labels
    files = {}
    with tarfile.open(archive) as outer:
        def blob(digest):
            return outer.extractfile("blobs/" + digest.replace(":", "/")).read()

        manifest = json.loads(blob(json.load(outer.extractfile("index.json"))["manifests"][0]["digest"]))
        for layer in manifest["layers"]:
            with tarfile.open(fileobj=io.BytesIO(blob(layer["digest"]))) as inner:
                files.update({"/" + entry.name.strip("/"): entry for entry in inner})
    programs = {name for name, entry in files.items() if entry.isfile() and entry.mode & 0o111 and not name.rsplit("/", 1)[-1].startswith(("lib", "ld-"))}
    assert programs == {f"/usr/bin/{program}"}, f"other programs than one: {programs}"
    folder = files["/var/lib/rogatory"]
    assert (folder.uid, folder.mode & 0o777) == (65532, 0o700), "the folder is not the user's alone"
    assert all(entry.uid == 0 and not entry.mode & 0o6022 for name, entry in files.items() if entry.isfile()), "a file that the user could change"
    assert "/usr/share/doc/rogatory/sbom.cdx.json" in files
    size = sum(entry.size for entry in files.values()) // 1_000_000
    print(f"   {program}: one program, {len([f for f in files.values() if f.isfile()])} files, {size} MB, no shell")


def bills(folder):
    import tomllib

    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    strict = JsonStrictValidator(SchemaVersion.V1_5)
    assert strict.validate_str('{"bomFormat": "CycloneDX", "specVersion": "1.5", "components": [{"name": "no type"}]}'), "the schema takes anything"
    locked = {(one["name"], one["version"]): one for one in tomllib.loads((HERE.parent / "Cargo.lock").read_text())["package"]}
    paths = sorted(pathlib.Path(folder).glob("*.cdx.json"))
    assert paths, f"no bill in {folder}"
    for path in paths:
        text = path.read_text()
        wrong = strict.validate_str(text)
        assert not wrong, f"{path} is not CycloneDX 1.5: {str(wrong).splitlines()[0]}"
        assert str(HERE.parent) not in text, f"{path} names the folder of its build"
        bill = json.loads(text)
        program, parts = bill["metadata"]["component"], bill["components"]
        refs = {one["bom-ref"] for one in [program, *parts]}
        named = {ref for one in bill["dependencies"] for ref in [one["ref"], *one.get("dependsOn", [])]}
        assert len(refs) == len(parts) + 1 and named == refs, f"{path}: its dependencies are not just its components"
        for part in parts:
            package = locked.get((part["name"], part["version"]))
            assert package, f"{path}: {part['name']} {part['version']} is not in Cargo.lock"
            assert part["purl"].startswith(f"pkg:cargo/{part['name']}@{part['version']}"), f"{path}: {part['purl']}"
            assert part.get("licenses"), f"{path}: {part['name']} without a licence"
            sums = {one["content"] for one in part.get("hashes", []) if one["alg"] == "SHA-256"}
            assert sums == ({package["checksum"]} if "checksum" in package else set()), f"{path}: {part['name']} is another one than in Cargo.lock"
        # What a gateway must not be able to do: open a seal.
        names = {part["name"] for part in parts}
        if path.name != "treaty.cdx.json":
            assert ("rogatory-seal" in names) == (path.name == "desk.cdx.json"), f"{path}: who has the code that opens a seal"
        print(f"   {path.name}: {len(parts)} components")


GOOD = {
    "image": {"tag": "0.1.0", "digest": "sha256:" + "0" * 64, "pullSecrets": ["registry"]},
    "gateway": {"existingClaim": "jp", "existingSecret": "jp", "otlpEndpoint": "http://collector:4317", "service": {"type": "LoadBalancer"}},
    "desks": [{"name": "central", "existingClaim": "central", "existingSecret": "central"}],
    "networkPolicy": {"peers": ["198.51.100.7/32"], "desks": ["10.0.0.0/24"], "scrapers": ["10.0.9.0/24"], "egress": [{"cidr": "203.0.113.9/32", "port": 8443}]},
    "nodeSelector": {"rogatory": "yes"},
    "tolerations": [{"key": "rogatory", "operator": "Exists"}],
}
# Each is good but for one value.
WRONG = {
    "no image": {"image": {"tag": "", "digest": ""}},
    "latest": {"image": {"tag": "latest"}},
    "a digest that is none": {"image": {"digest": "sha256:12"}},
    "a second replica": {"gateway": {"replicas": 2}},
    "no claim": {"gateway": {"existingClaim": ""}},
    "a passphrase among the values": {"gateway": {"passphrase": "secret"}},
    "a privileged port": {"gateway": {"peerPort": 443}},
    "a port that is text": {"gateway": {"peerPort": "7001"}},
    "peers nobody named": {"networkPolicy": {"peers": []}},
    "a peer by name": {"networkPolicy": {"peers": ["gw.fr.example"]}},
    "an ops port that is text": {"opsPort": "7003"},
    "a scraper by name": {"networkPolicy": {"scrapers": ["prometheus"]}},
    "an unknown value": {"gatewy": {}},
    "a desk without a secret": {"desks": [{"name": "central", "existingClaim": "central"}]},
}


def with_values(base, more):
    merged = dict(base)
    for name, value in more.items():
        merged[name] = with_values(base.get(name, {}), value) if isinstance(value, dict) else value
    return merged


def chart(folder, out):
    import helm_python as helm
    import yaml

    findings = [finding for finding in helm.lint(folder, GOOD)["messages"] if finding["severity"] > 1]
    assert not findings, findings
    out = pathlib.Path(out)
    out.mkdir()
    with helm.Chart.load(folder) as chart:
        for what, wrong in WRONG.items():
            try:
                chart.render(with_values(GOOD, wrong), name="jp", namespace="rogatory")
            except helm.HelmError:
                continue
            sys.exit(f"the chart takes {what}")
        rendered = chart.render(GOOD, name="jp", namespace="rogatory")
        least = chart.render({name: GOOD[name] for name in ("image", "gateway", "networkPolicy")}, name="jp", namespace="rogatory")
    kinds = []
    for which, files in (("all", rendered), ("least", least)):
        documents = [one for name, text in files.items() if name.endswith(".yaml") for one in yaml.safe_load_all(text) if one]
        kinds = [one["kind"] for one in documents] if which == "all" else kinds
        for number, document in enumerate(documents):
            (out / f"{which}-{number}-{document['kind']}.yaml").write_text(yaml.safe_dump(document))
            if document["kind"] == "StatefulSet":
                [container] = document["spec"]["template"]["spec"]["containers"]
                # What the probes ask is a port that the pod has and that the arguments open.
                ports = {port["name"]: port["containerPort"] for port in container["ports"]}
                asked = {probe: container[probe]["httpGet"] for probe in ("startupProbe", "readinessProbe", "livenessProbe")}
                assert {one["port"] for one in asked.values()} == {"ops"} and [one["path"] for one in asked.values()] == ["/livez", "/readyz", "/livez"]
                assert container["args"][container["args"].index("--ops-listen") + 1] == f"0.0.0.0:{ports['ops']}"
                assert "@sha256:" in container["image"] and document["spec"]["replicas"] == 1
    assert {"StatefulSet", "Service", "PodDisruptionBudget", "NetworkPolicy", "ServiceAccount"} == set(kinds), kinds
    print(f"   {len(kinds)} objects, {len(WRONG)} wrong values refused")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["image", program, archive]:
            image(program, archive)
        case ["bills", folder]:
            bills(folder)
        case ["chart", folder, out]:
            chart(folder, out)
        case _:
            sys.exit(__doc__)
