"""The files in `asterisk/` agree with each other and with what is said about them."""

import re
from pathlib import Path

import pytest

import component.domain
from component import config
from lab.paths import ASTERISK_CONFIG, EJABBERD_CONFIG, PROJECT, PROSODY_CONFIG
from lab.template import PLACEHOLDER

DOMAIN = Path(component.domain.__path__[0])

pytestmark = pytest.mark.unit


def sentences() -> dict[str, str]:
    lines = (ASTERISK_CONFIG / "prompts/sentences").read_text().splitlines()
    pairs = [line.split("|") for line in lines if line and not line.startswith("#")]
    return dict(pairs)


def played() -> set[str]:
    dialplan = (ASTERISK_CONFIG / "extensions.conf").read_text()
    instructions = [line for line in dialplan.splitlines() if not line.startswith(";")]
    by_the_service = [path.read_text() for path in DOMAIN.glob("*.py")]
    return set(re.findall(r"\bivr/([a-z-]+)", "\n".join([*instructions, *by_the_service])))


def test_every_prompt_of_the_dialplan_and_the_service_has_a_sentence_and_none_is_left_over() -> (
    None
):
    assert played() == set(sentences())


def test_no_two_prompts_say_the_same() -> None:
    assert len(set(sentences().values())) == len(sentences())


def test_the_user_of_the_example_is_the_one_that_asterisk_knows() -> None:
    users = re.findall(r"(?m)^\[(.*)\]$", (ASTERISK_CONFIG / "ari.conf").read_text())
    assert config.load(PROJECT / "ivr-pubsub.example.toml").asterisk.username in users


CONFIGS = [ASTERISK_CONFIG, EJABBERD_CONFIG, PROSODY_CONFIG]


@pytest.mark.parametrize("folder", CONFIGS, ids=lambda folder: folder.name)
def test_the_readme_explains_every_placeholder_of_files_meant_for_production(folder: Path) -> None:
    files = [path for pattern in ("*.conf", "*.lua", "*.yml") for path in folder.glob(pattern)]
    placeholders = {match[0] for path in files for match in PLACEHOLDER.finditer(path.read_text())}
    explained = {match[0] for match in PLACEHOLDER.finditer((folder / "README.md").read_text())}
    assert placeholders
    assert placeholders <= explained
