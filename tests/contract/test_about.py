"""What an app says of itself: /info, /parameters, /meta, /site (contract 5.8)."""

import json
from typing import Any

import pytest

from tests.contract.requirements import requirement
from tests.houses import Build, app_file, chat_app, key_of

pytestmark = pytest.mark.anyio

PATHS = ("/v1/info", "/v1/parameters", "/v1/meta", "/v1/site")
PLAIN: dict[str, Any] = {
    "opening_statement": "",
    "suggested_questions": [],
    "suggested_questions_after_answer": {"enabled": False},
    "speech_to_text": {"enabled": False},
    "text_to_speech": {"enabled": False, "voice": "", "language": "", "autoPlay": "disabled"},
    "retriever_resource": {"enabled": True},
    "annotation_reply": {"enabled": False},
    "more_like_this": {"enabled": False},
    "user_input_form": [],
    "sensitive_word_avoidance": {"enabled": False, "type": "", "configs": []},
    "file_upload": {
        "image": {
            "enabled": False,
            "number_limits": 3,
            "detail": "high",
            "transfer_methods": ["remote_url", "local_file"],
        },
        "enabled": False,
        "allowed_file_types": [],
        "allowed_file_extensions": [],
        "allowed_file_upload_methods": ["remote_url", "local_file"],
        "number_limits": 3,
    },
    "system_parameters": {
        "file_size_limit": 15,
        "image_file_size_limit": 10,
        "audio_file_size_limit": 50,
        "video_file_size_limit": 100,
        "workflow_file_upload_limit": 10,
    },
}


def named(**app: object) -> str:
    """The file of an app with these members in its head."""
    whole = json.loads(chat_app())
    return json.dumps({**whole, "app": {**whole["app"], **app}}, ensure_ascii=False)


async def said(build: Build, path: str, source: str) -> Any:
    place = await build(apps={"first": source})
    reply = await place.door.get(path)
    assert (reply.status, reply.headers["content-type"]) == (200, "application/json")
    return reply.json()


@requirement("about:info")
async def test_info_is_the_apps_card(build: Build) -> None:
    source = named(name="Ünïcode 🌧", description="Tells of rain.")
    assert await said(build, "/v1/info", source) == {
        "name": "Ünïcode 🌧",
        "description": "Tells of rain.",
        "tags": [],
        "mode": "chat",
        "author_name": "",
    }


@requirement("about:info")
async def test_info_tells_the_mode_of_a_completion_app(build: Build) -> None:
    assert (await said(build, "/v1/info", app_file("completion")))["mode"] == "completion"


@requirement("about:meta")
async def test_meta_has_no_icons_where_there_are_no_tools(build: Build) -> None:
    assert await said(build, "/v1/meta", chat_app()) == {"tool_icons": {}}


@requirement("about:site")
async def test_a_site_has_every_member_also_where_the_file_says_nothing(build: Build) -> None:
    assert await said(build, "/v1/site", chat_app()) == {
        "title": "Test",
        "icon_type": "emoji",
        "icon": "",
        "icon_background": "",
        "icon_url": None,
        "description": "",
        "use_icon_as_answer_icon": False,
        "chat_color_theme": "",
        "chat_color_theme_inverted": False,
        "copyright": "",
        "privacy_policy": "",
        "input_placeholder": None,
        "custom_disclaimer": "",
        "default_language": "en-US",
        "show_workflow_steps": True,
    }


@requirement("about:site")
async def test_a_site_shows_the_apps_icon(build: Build) -> None:
    icon = "https://example.com/icon.png"
    source = named(icon_type="link", icon=icon, icon_background="#FFF", use_icon_as_answer_icon=True)
    site = await said(build, "/v1/site", source)
    shown = (site["icon_type"], site["icon"], site["icon_url"], site["icon_background"])
    assert shown == ("link", icon, icon, "#FFF")
    assert site["use_icon_as_answer_icon"] is True


@requirement("about:parameters")
@pytest.mark.parametrize("mode", ["chat", "completion"])
async def test_every_parameter_is_there_though_the_file_names_none(build: Build, mode: str) -> None:
    assert await said(build, "/v1/parameters", app_file(mode)) == PLAIN


@requirement("about:parameters")
async def test_parameters_tell_the_features_of_the_file(build: Build) -> None:
    source = chat_app(
        opening_statement="Hello {{name}}",
        suggested_questions=["What?", ""],
        suggested_questions_after_answer={"enabled": True, "prompt": "secret"},
        speech_to_text={"enabled": True},
        text_to_speech={"enabled": True, "voice": "alloy", "language": "en-US", "autoPlay": "enabled"},
        retriever_resource={"enabled": False},
        more_like_this={"enabled": True},
    )
    found = await said(build, "/v1/parameters", source)
    assert found == PLAIN | {
        "opening_statement": "Hello {{name}}",
        "suggested_questions": ["What?", ""],
        "suggested_questions_after_answer": {"enabled": True},
        "speech_to_text": {"enabled": True},
        "text_to_speech": {"enabled": True, "voice": "alloy", "language": "en-US", "autoPlay": "enabled"},
        "retriever_resource": {"enabled": False},
        "more_like_this": {"enabled": True},
    }


@requirement("about:form")
@pytest.mark.parametrize(
    ("written", "told"),
    [
        (
            {"text-input": {"variable": "city", "label": "City", "required": True, "max_length": 48, "hide": False}},
            {"label": "City", "variable": "city", "required": True, "default": "", "max_length": 48, "hide": False},
        ),
        (
            {"paragraph": {"variable": "text"}},
            {"label": "text", "variable": "text", "required": False, "default": "", "max_length": None},
        ),
        (
            {"select": {"variable": "tone", "label": "T", "options": ["dry", "warm"], "default": "dry"}},
            {"label": "T", "variable": "tone", "required": False, "default": "dry", "options": ["dry", "warm"]},
        ),
        (
            {"number": {"variable": "count", "label": "N", "default": 3}},
            {"label": "N", "variable": "count", "required": False, "default": 3},
        ),
        (
            {"checkbox": {"variable": "on", "label": "On"}},
            {"label": "On", "variable": "on", "required": False, "default": None},
        ),
        (
            {"external_data_tool": {"variable": "weather", "label": "W", "config": {"api_based_extension_id": "x"}}},
            {"label": "W", "variable": "weather", "required": False, "default": ""},
        ),
    ],
)
async def test_a_form_is_a_list_of_one_key_objects(build: Build, written: Any, told: dict[str, object]) -> None:
    (kind,) = written
    found = await said(build, "/v1/parameters", chat_app(user_input_form=[written]))
    assert found["user_input_form"] == [{kind: told}]


@requirement("about:files")
async def test_file_upload_is_told_as_it_is_written(build: Build) -> None:
    written = {
        "enabled": True,
        "allowed_file_types": ["image", "document"],
        "allowed_file_extensions": [".PDF"],
        "allowed_file_upload_methods": ["local_file"],
        "number_limits": 5,
        "image": {"enabled": True, "detail": "low"},
    }
    found = await said(build, "/v1/parameters", chat_app(file_upload=written))
    methods = ["local_file"]
    assert found["file_upload"] == {
        "image": {"enabled": True, "number_limits": 5, "detail": "low", "transfer_methods": methods},
        "enabled": True,
        "allowed_file_types": ["image", "document"],
        "allowed_file_extensions": [".pdf"],
        "allowed_file_upload_methods": methods,
        "number_limits": 5,
    }


@requirement("about:files")
@pytest.mark.parametrize("enabled", [True, False])
async def test_the_older_form_of_file_upload_is_told_in_the_newer_one(build: Build, *, enabled: bool) -> None:
    image = {"enabled": enabled, "number_limits": 2, "transfer_methods": ["remote_url"], "detail": "high"}
    upload = (await said(build, "/v1/parameters", chat_app(file_upload={"image": image})))["file_upload"]
    assert upload["image"] == image
    assert (upload["enabled"], upload["allowed_file_types"], upload["number_limits"]) == (enabled, ["image"], 2)


@requirement("about:withheld")
async def test_clients_are_not_told_which_words_are_moderated(build: Build) -> None:
    moderation = {"enabled": True, "type": "keywords", "config": {"keywords": "secret"}}
    found = await said(build, "/v1/parameters", chat_app(sensitive_word_avoidance=moderation))
    assert found["sensitive_word_avoidance"] == {"enabled": True, "type": "keywords", "configs": []}
    assert "secret" not in json.dumps(found)


@requirement("about:user")
@pytest.mark.parametrize("path", PATHS)
async def test_nobody_need_say_who_asks(build: Build, path: str) -> None:
    place = await build()
    nobody = await place.door.get(path)
    for user in ("ann", "", "5"):
        assert (await place.door.get(path, user=user)).json() == nobody.json()


@requirement("about:user", "auth:first")
@pytest.mark.parametrize("path", PATHS)
async def test_each_key_hears_of_its_own_app_and_no_key_of_none(build: Build, path: str) -> None:
    place = await build(apps={"first": named(name="One"), "second": named(name="Two")})
    assert (await place.door.request("GET", path, key="")).status == 401
    if path in {"/v1/info", "/v1/site"}:
        first = (await place.door.get(path)).json()
        place.door.key = key_of("second")
        second = (await place.door.get(path)).json()
        member = "name" if path == "/v1/info" else "title"
        assert (first[member], second[member]) == ("One", "Two")
