"""The files for Docker and Kubernetes name only what exists:
packages, settings, roles, secrets, probes.
"""

import importlib
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from contact_center.screen_pop.rights import EVERYTHING
from customer_profile.timeline.domain import READ_SCOPES
from guanxi_local.first_start import ADMINISTRATOR, ADMINISTRATOR_LIMIT
from guanxi_local.parts import GATEWAY, PARTS, Part
from service_kit.postgres.programs import installed_binaries
from service_kit.postgres.server import PostgresServer

ROOT = Path(__file__).parents[3]
DEPLOY = ROOT / "deploy"
Document = dict[str, Any]


def folder_of(part: Part) -> Path:
    return ROOT / "gateway" if part is GATEWAY else ROOT / "services" / part.name


def compose() -> Document:
    document: Document = yaml.safe_load((DEPLOY / "compose" / "compose.yaml").read_text())
    return document


def manifests() -> list[Document]:
    files = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
    return [document for file in files for document in yaml.safe_load_all(file.read_text())]


def pods() -> Iterator[tuple[Document, Document]]:
    """Every workload with the one container of its pods."""
    for document in manifests():
        if document["kind"] in ("Deployment", "Job"):
            yield document, document["spec"]["template"]["spec"]["containers"][0]


def settings_of(part: Part) -> frozenset[str]:
    settings = importlib.import_module(f"{part.package}.settings").Settings
    return frozenset(f"GUANXI_{name.upper()}" for name in settings.model_fields)


def named_settings(text: str) -> set[str]:
    return set(re.findall(r"\bGUANXI_[A-Z_]+", text))


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_every_setting_that_an_image_or_a_manifest_names_exists(part: Part) -> None:
    dockerfile = named_settings((folder_of(part) / "Dockerfile").read_text())
    manifest = named_settings((DEPLOY / "kubernetes" / f"{part.name}.yaml").read_text())
    shared = named_settings((DEPLOY / "kubernetes" / "guanxi.yaml").read_text())
    secret = named_settings((DEPLOY / "kubernetes" / "secrets.example.yaml").read_text())
    composed = set(compose()["services"][part.name]["environment"])

    assert (dockerfile | manifest | shared | secret | composed) - settings_of(part) == set()


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_an_image_installs_with_hashes_copies_what_exists_and_runs_without_privileges(
    part: Part,
) -> None:
    dockerfile = (folder_of(part) / "Dockerfile").read_text()

    copied = re.findall(r"^COPY (?!--from)(\S+) ", dockerfile, re.MULTILINE)

    assert "--require-hashes" in dockerfile
    assert [
        source for source in copied if source != "openapi" and not (ROOT / source).exists()
    ] == []
    assert "USER 10001:10001" in dockerfile
    assert f'ENTRYPOINT ["python", "-m", "{part.package}"]' in dockerfile


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_compose_migrates_with_the_role_of_the_part_before_it_serves(part: Part) -> None:
    services = compose()["services"]
    serving, migrating = services[part.name], services[f"{part.name}-migrate"]

    assert (
        serving["depends_on"][f"{part.name}-migrate"]["condition"]
        == "service_completed_successfully"
    )
    assert (serving["command"], migrating["command"]) == (["serve"], ["migrate"])
    assert serving["environment"]["GUANXI_DATABASE_URL"].startswith(
        f"postgresql://guanxi_{part.schema}:"
    )
    assert serving["environment"]["GUANXI_CLIENT_ID"] == part.client_id
    assert migrating["environment"]["GUANXI_MIGRATION_DATABASE_URL"].startswith(
        f"postgresql://guanxi_{part.schema}_owner:"
    )
    assert "GUANXI_MIGRATION_DATABASE_URL" not in serving["environment"]
    assert (
        (DEPLOY / "compose" / serving["build"]["context"] / serving["build"]["dockerfile"])
        .resolve()
        .exists()
    )


def test_compose_asks_for_no_variable_that_its_example_lacks() -> None:
    asked = set(re.findall(r"\$\{([A-Z_]+)", (DEPLOY / "compose" / "compose.yaml").read_text()))

    offered = set(
        re.findall(
            r"^([A-Z_]+)=", (DEPLOY / "compose" / "settings.env.example").read_text(), re.MULTILINE
        )
    )

    assert asked == offered


def test_the_contact_centers_client_may_read_all_that_a_screen_pop_shows() -> None:
    (part,) = (part for part in PARTS if part.name == "contact-center")

    assert set(READ_SCOPES.values()) | EVERYTHING <= set(part.scopes)


def test_compose_registers_the_same_clients_as_the_local_launcher() -> None:
    script = (DEPLOY / "compose" / "register-clients.sh").read_text()
    registered = re.findall(r"--client-id (\S+) (.*)", script.replace("\\\n", ""))

    scopes = {client: sorted(re.findall(r"--scope (\S+)", words)) for client, words in registered}

    assert scopes.pop(ADMINISTRATOR) == []
    assert f'--all-scopes --approval-limit "{ADMINISTRATOR_LIMIT}"' in script
    assert scopes == {part.client_id: sorted(part.scopes) for part in PARTS}


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_kubernetes_has_a_migration_two_deployments_and_a_service_for_every_part(
    part: Part,
) -> None:
    kinds = {
        (one["kind"], one["metadata"]["name"]) for one in manifests() if one["kind"] != "Secret"
    }

    assert {
        ("Job", f"{part.name}-migrate"),
        ("Deployment", part.name),
        ("Deployment", f"{part.name}-work"),
        ("Service", part.name),
        ("PodDisruptionBudget", part.name),
    } <= kinds


def test_every_pod_runs_without_privileges_and_with_limits() -> None:
    for workload, container in pods():
        pod = workload["spec"]["template"]["spec"]
        name = workload["metadata"]["name"]
        assert pod["securityContext"]["runAsNonRoot"] is True, name
        assert container["securityContext"]["readOnlyRootFilesystem"] is True, name
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}, name
        assert "memory" in container["resources"]["limits"], name


def test_every_deployment_is_probed_where_the_kit_answers() -> None:
    for workload, container in pods():
        if workload["kind"] == "Deployment":
            assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
            assert container["livenessProbe"]["httpGet"]["path"] == "/livez"
            assert container["args"][0] in ("serve", "work")


def test_every_manifest_lies_in_the_namespace_and_selects_pods_that_exist() -> None:
    labels = [workload["spec"]["template"]["metadata"]["labels"] for workload, _ in pods()]
    for document in manifests():
        if document["kind"] == "Namespace":
            continue
        assert document["metadata"]["namespace"] == "guanxi"
        if document["kind"] == "Service":
            wanted = document["spec"]["selector"].items()
            assert any(wanted <= found.items() for found in labels), document["metadata"]["name"]


def test_every_secret_and_config_map_that_a_pod_reads_is_in_the_example() -> None:
    kept = {(one["kind"], one["metadata"]["name"]) for one in manifests()}
    for _, container in pods():
        for source in container["envFrom"]:
            kind = "ConfigMap" if "configMapRef" in source else "Secret"
            assert (kind, next(iter(source.values()))["name"]) in kept


def test_the_roles_script_gives_each_role_its_own_schema_and_may_be_run_again(
    server: PostgresServer,
) -> None:
    passwords = [word for part in PARTS for word in ("-v", f"{part.schema}='secret-{part.schema}'")]
    passwords += ["-v", "owner='secret-owner'"]
    command = [
        str(installed_binaries() / "bin" / "psql"),
        server.url(),
        "-v",
        "ON_ERROR_STOP=1",
        *passwords,
    ]

    for _ in range(2):
        made = subprocess.run(
            [*command, "-f", str(DEPLOY / "roles.sql")], capture_output=True, text=True, check=False
        )
        assert made.returncode == 0, made.stderr

    question = (
        "SELECT nspname, nspowner::regrole FROM pg_namespace WHERE nspowner::regrole::text LIKE"
        " 'guanxi%' ORDER BY 1"
    )
    answer = subprocess.run(
        [*command, "-Atc", question], capture_output=True, text=True, check=True
    )
    assert answer.stdout.split() == sorted(
        f"{part.schema}|guanxi_{part.schema}_owner" for part in PARTS
    )


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    import tempfile

    with tempfile.TemporaryDirectory(prefix="gl-") as name:
        Path(name).chmod(0o755)
        with PostgresServer(Path(name) / "pg", durable=False) as running:
            yield running
