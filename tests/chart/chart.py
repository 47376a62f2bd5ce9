"""The chart as tests see it: rendered, and what stands in it."""
import contextlib
import functools
import os
import pathlib
import shutil
import subprocess
import tempfile

import yaml

HOUSE = pathlib.Path(__file__).resolve().parent.parent.parent
CHART = HOUSE / "helm" / "dependents-pipeline"
HERE = HOUSE / "tests" / "chart"
TOOLS = pathlib.Path(os.environ["CHART_TOOLS"])
CASES = sorted(path.name.removesuffix("-values.yaml") for path in (CHART / "ci").glob("*-values.yaml"))
RELEASE, NAMESPACE = "claims", "dependents"


def values_of(case):
    return CHART / "ci" / f"{case}-values.yaml"


def run(*command, **options):
    """Ends with what the tool has said when it fails."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, **options)
    if done.returncode:
        raise AssertionError(f"{command[0]} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def template(*arguments, chart=CHART, helm="helm"):
    """What would be installed, as text."""
    with home_of_helm() as environment:
        return run(TOOLS / helm, "template", RELEASE, chart, "--namespace", NAMESPACE, *arguments, env=environment)


def lint(case):
    with home_of_helm() as environment:
        return run(TOOLS / "helm", "lint", "--strict", CHART, "--values", values_of(case), "--namespace", NAMESPACE, env=environment)


@contextlib.contextmanager
def home_of_helm():
    """Helm reads and writes nothing of the user's."""
    with tempfile.TemporaryDirectory() as home:
        yield {**os.environ, "HOME": home, "HELM_CACHE_HOME": home, "HELM_CONFIG_HOME": home, "HELM_DATA_HOME": home,
               "KUBECONFIG": f"{home}/none"}


@functools.cache
def rendered(case):
    return template("--values", values_of(case))


def objects(text):
    return [document for document in yaml.safe_load_all(text) if document]


@functools.cache
def objects_of(case):
    return objects(rendered(case))


def named(found):
    return f"{found['kind']}/{found['metadata']['name']}"


def of_kind(case, *kinds):
    return [found for found in objects_of(case) if found["kind"] in kinds]


def annotations(found):
    return found["metadata"].get("annotations") or {}


def is_hook(found):
    return "helm.sh/hook" in annotations(found)


def template_of(found):
    """The pod, with its labels, that an object makes; None: it makes none."""
    if found["kind"] == "Pod":
        return found
    return found["spec"]["template"] if found["kind"] in ("Deployment", "StatefulSet", "Job") else None


def pods(case):
    """(object, pod) of everything that runs."""
    return [(found, template_of(found)) for found in objects_of(case) if template_of(found)]


def program_of(container):
    return pathlib.PurePath(container["command"][0]).name


def notes_of(case, *words):
    """What is told after an install. `helm install` would ask a cluster, so the text is rendered as an object."""
    with tempfile.TemporaryDirectory() as folder:
        chart = pathlib.Path(folder) / CHART.name
        shutil.copytree(CHART, chart)
        text = (chart / "templates" / "NOTES.txt").read_text()
        (chart / "templates" / "notes.yaml").write_text(
            '{{- define "notes" }}' + text + '{{ end }}\nkind: Notes\ntext: |\n  {{- include "notes" . | nindent 2 }}\n')
        notes, = [found for found in objects(template("--values", values_of(case), *words, chart=chart)) if found["kind"] == "Notes"]
        return notes["text"]


@contextlib.contextmanager
def as_subchart(case, **more):
    """A chart that has ours as a dependency if it is enabled, with the values of a case under its name."""
    with tempfile.TemporaryDirectory() as folder:
        parent = pathlib.Path(folder) / "parent"
        shutil.copytree(CHART, parent / "charts" / CHART.name)
        (parent / "Chart.yaml").write_text(yaml.safe_dump({
            "apiVersion": "v2", "name": "parent", "version": "0.0.1", "dependencies": [
                {"name": CHART.name, "version": ">=0.0.0-0", "repository": "", "condition": f"{CHART.name}.enabled"}]}))
        values = {"global": {"imageRegistry": "elsewhere.test"}, CHART.name: yaml.safe_load(values_of(case).read_text()) | more}
        (parent / "values.yaml").write_text(yaml.safe_dump(values))
        yield parent
