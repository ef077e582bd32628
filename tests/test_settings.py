"""What the operator says, from a file and from the environment."""

from pathlib import Path

import pytest
from msgspec.structs import asdict

from parlour.flow.node import OutputLimits
from parlour.settings import AppEntry, BadSettings, Code, Provider, Settings, read

FILE = """
data = "kept"
[server]
port = 9000
[[apps]]
path = "apps/one.yml"
keys = ["env:ONE_KEY", "app-two"]
[providers.openai]
kind = "openai_compatible"
base_url = "https://models.example/v1"
api_key = "env:OPENAI_API_KEY"
models = {"gpt-4o" = "mine"}
"""


def settings(tmp_path: Path, text: str, **environment: str) -> Settings:
    path = tmp_path / "parlour.toml"
    path.write_text(text)
    return read(path, environment)


def test_without_a_file_the_defaults_hold() -> None:
    assert read(None, {}) == Settings()


def test_a_file_says_what_it_says_and_paths_start_at_its_folder(tmp_path: Path) -> None:
    found = settings(tmp_path, FILE, ONE_KEY="app-one", OPENAI_API_KEY="sk")
    assert (found.data, found.server.port, found.server.host) == ("kept", 9000, "127.0.0.1")
    assert found.apps == (AppEntry(str(tmp_path / "apps/one.yml"), keys=("app-one", "app-two")),)
    assert found.providers == {
        "openai": Provider("openai_compatible", "https://models.example/v1", "sk", models={"gpt-4o": "mine"})
    }


def test_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    said = {
        "PARLOUR_DATA": "other",
        "PARLOUR_SERVER_PORT": "7",
        "PARLOUR_SERVER_WATCH": "false",
        "PARLOUR_STORAGE_DATABASE": "memory:",
        "PARLOUR_PROVIDERS_OPENAI_API_KEY": "from-the-environment",
        "PARLOUR_PROVIDERS_MY_OWN_KIND": "scripted",
    }
    found = settings(tmp_path, FILE, ONE_KEY="app-one", **said)
    assert (found.data, found.server.port, found.server.watch) == ("other", 7, False)
    assert found.storage.database == "memory:"
    assert found.providers["openai"].api_key == "from-the-environment"
    assert found.providers["my_own"].kind == "scripted"


def test_a_providers_missing_key_is_told_to_its_callers_and_not_to_the_start(tmp_path: Path) -> None:
    assert settings(tmp_path, FILE, ONE_KEY="app-one").providers["openai"].api_key == ""


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[server]\nprot = 1", "prot"),
        ("[server]\nport = 'many'", "port"),
        ("[providers.x]\nkind = 'magic'", "magic"),
        ("[[apps]]\nid = 'nameless'", "path"),
        ("[[apps]]\npath = 'a.yml'\nkeys = ['env:NOT_THERE']", "NOT_THERE"),
        ("= 1", "line 1"),
        ("[server]\nport = 65536", "port"),
        ("[server]\nping_seconds = 0", "ping_seconds"),
        ("[server]\nmax_active = -1", "max_active"),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(BadSettings, match=named):
        settings(tmp_path, text)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match=r"nothing\.toml"):
        read(tmp_path / "nothing.toml", {})


@pytest.mark.parametrize("text", ["server = 5", "providers = 5", "[providers]\nopenai = 5"])
def test_a_value_where_a_table_belongs_is_named_although_the_environment_adds_to_it(tmp_path: Path, text: str) -> None:
    said = {"PARLOUR_SERVER_PORT": "7", "PARLOUR_PROVIDERS_OPENAI_KIND": "scripted"}
    with pytest.raises(BadSettings, match="object"):
        settings(tmp_path, text, **said)


def test_a_file_that_is_no_utf_8_is_named(tmp_path: Path) -> None:
    (tmp_path / "parlour.toml").write_bytes(b'data = "caf\xe9"')
    with pytest.raises(BadSettings, match=r"parlour\.toml.*UTF-8"):
        read(tmp_path / "parlour.toml", {})


def test_the_newline_after_a_key_in_the_environment_is_no_part_of_it(tmp_path: Path) -> None:
    found = settings(tmp_path, FILE, ONE_KEY="app-one", OPENAI_API_KEY="sk\n")
    assert found.providers["openai"].api_key == "sk"


def test_what_may_be_reached_inside_is_a_list_in_the_file_and_words_with_commas_in_the_environment(
    tmp_path: Path,
) -> None:
    text = '[web]\nallow = ["wiki.corp"]\n[[apps]]\npath = "a.yml"\nallow = ["10.0.0.0/8"]'
    found = settings(tmp_path, text)
    assert (found.web.allow, found.apps[0].allow) == (("wiki.corp",), ("10.0.0.0/8",))
    assert settings(tmp_path, text, PARLOUR_WEB_ALLOW="*.corp,10.1.2.3").web.allow == ("*.corp", "10.1.2.3")


def test_the_folder_of_libraries_for_code_starts_at_the_files_folder(tmp_path: Path) -> None:
    said = '[code]\npackages = "libraries"\nseconds = 3\nendpoint = "http://sandbox:8194"\napi_key = "env:SANDBOX_KEY"'
    found = settings(tmp_path, said, SANDBOX_KEY="k", PARLOUR_CODE_MEMORY="64").code
    assert found == Code(3, 64, packages=str(tmp_path / "libraries"), endpoint="http://sandbox:8194", api_key="k")
    with pytest.raises(BadSettings, match=r"code.*memory"):
        settings(tmp_path, "[code]\nmemory = 1")


def test_what_code_may_put_out_is_what_the_node_holds_it_to_by_default(tmp_path: Path) -> None:
    said, held = settings(tmp_path, "").code, OutputLimits()
    assert {name: getattr(said, name) for name in OutputLimits.__struct_fields__} == asdict(held)
    found = settings(tmp_path, "[code]\nmax_depth = 9", PARLOUR_CODE_MAX_STRING_LENGTH="500000").code
    assert (found.max_depth, found.max_string_length) == (9, 500_000)
    with pytest.raises(BadSettings, match=r"code.*max_number_array_length"):
        settings(tmp_path, "[code]\nmax_number_array_length = 0")


def test_the_environment_has_a_word_for_voices_and_keys_of_datasets(tmp_path: Path) -> None:
    said = {"PARLOUR_VOICE_SPEECH": "openai/tts-1", "PARLOUR_KNOWLEDGE_KEYS": "dataset-one,dataset-two"}
    found = settings(tmp_path, "", **said)
    assert found.voice.speech == "openai/tts-1"
    assert found.knowledge.keys == ("dataset-one", "dataset-two")
