"""Pictures, speech, transcription and moderation on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from baimo.cli import image, made_files, moderate, speak, transcribe
from baimo.simulator.making import png, wav
from tests.cli.conftest import Handler, Run, ScriptedProvider
from tests.cli.making import simulated

SOUND = wav("One two three 四".encode())


def test_pictures_are_written_to_files_with_numbers(run: Run, folder: Path) -> None:
    assert image.run.name == "image"
    with simulated() as (_, env):
        done = run("image", "a fox", "-m", "openai/gpt-image-2", "-o", "fox.png", **env)
        assert (done.exit_code, done.stdout) == (0, "")
        assert "fox.png · image/png · 69 bytes" in done.stderr
        assert (folder / "fox.png").read_bytes().startswith(b"\x89PNG")
        done = run(
            "image",
            "wider",
            "-m",
            "openai/gpt-image-2",
            "-i",
            "fox.png",
            "-n",
            "2",
            "-o",
            "w.png",
            "--json",
            **env,
        )
        told = json.loads(done.stdout)
        assert [one["path"] for one in told["images"]] == ["w-1.png", "w-2.png"]
        assert (told["provider"], told["usage"]["output"]) == ("openai", 544)
        assert (folder / "w-1.png").read_bytes() != (folder / "w-2.png").read_bytes()
        done = run("image", "-m", "openai/gpt-image-2", "-o", "-", stdin="a fox", **env)
        assert done.stdout_bytes == png("a fox None 0")


def test_nothing_is_written_over_unless_that_is_asked_for(run: Run, folder: Path) -> None:
    assert made_files.STDOUT == "-"
    (folder / "a-2.png").write_bytes(b"mine")
    with simulated() as (simulator, env):
        asked = ("image", "a fox", "-m", "openai/gpt-image-2", "-n", "2", "-o", "a.png")
        done = run(*asked, **env)
        assert done.exit_code == 2 and "a-2.png is there already" in done.stderr
        assert simulator.requests == ()
        assert (folder / "a-2.png").read_bytes() == b"mine" and not (folder / "a-1.png").exists()
        assert run(*asked, "--force", **env).exit_code == 0
        assert (folder / "a-2.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("-o", "none/fox.png"), "there is no folder none"),
        (("-o", ".", "--force"), "cannot be written"),
        (("-o", "-", "--json"), "the file needs a name"),
        (("-o", "-", "-n", "2"), "one picture goes to standard output"),
        ((), "output is missing"),
    ],
)
def test_a_place_that_cannot_be_written_to_is_told_first(run: Run, args: tuple[str, ...], words: str) -> None:
    done = run("image", "a fox", "-m", "acme/draws", *args)
    assert done.exit_code == 2 and words in done.stderr


def test_a_file_that_came_meanwhile_is_kept(run: Run, folder: Path, provider: ScriptedProvider) -> None:
    def answer(to: Handler, body: object) -> None:
        (folder / "fox.png").write_bytes(b"mine")
        to.whole(200, {"data": [{"b64_json": "iVBORw=="}]})

    provider.will(answer)
    done = run("image", "a fox", "-m", "acme/draws", "-o", "fox.png")
    assert done.exit_code == 2 and "is there already" in done.stderr
    assert (folder / "fox.png").read_bytes() == b"mine"


def test_a_picture_at_an_address_is_fetched(run: Run, folder: Path, provider: ScriptedProvider) -> None:
    place = provider.url.replace("/v1", "/models")
    made = {"data": [{"url": place, "revised_prompt": "a red fox"}]}
    provider.will(*[lambda to, body: to.whole(200, made)] * 2)
    asked = ("image", "a fox", "-m", "acme/draws", "-o", "fox.json", "--json")
    done = run(*asked)
    assert done.exit_code != 0 and not (folder / "fox.json").exists()
    with (folder / "baimo.toml").open("a") as file:
        file.write("[media]\nallow_private = true\n")
    assert run("config", "trust").exit_code == 0
    done = run(*asked)
    (told,) = json.loads(done.stdout)["images"]
    assert (told["url"], told["revised_prompt"]) == (place, "a red fox")
    assert b'"acme"' in (folder / "fox.json").read_bytes()


def test_speech_is_written_in_the_format_of_its_name(run: Run, folder: Path) -> None:
    assert speak.run.name == "speak"
    with simulated() as (_, env):
        asked = ("speak", "Hello", "-m", "openai/tts-1", "--voice", "alloy", "--instructions", "softly")
        done = run(*asked, "-o", "a.wav", **env)
        assert (done.exit_code, (folder / "a.wav").read_bytes()) == (0, wav(b"Hello"))
        done = run(*asked, "-o", "b.bin", "--format", "pcm", "--json", **env)
        told = json.loads(done.stdout)
        assert (told["path"], told["bytes"], told["media_type"]) == ("b.bin", 5, "audio/pcm")
        assert run(*asked, "-o", "a.wav", **env).exit_code == 2
        done = run("speak", "-m", "openai/tts-1", "-o", "-", "--format", "wav", stdin="Hello", **env)
        assert done.stdout_bytes == wav(b"Hello")
        assert run("speak", "Hello", "-m", "openai/none", "-o", "c.mp3", **env).exit_code == 1
        assert not (folder / "c.mp3").exists()


def test_what_is_said_is_printed(run: Run, folder: Path) -> None:
    assert transcribe.run.name == "transcribe"
    (folder / "a.wav").write_bytes(SOUND)
    with simulated() as (simulator, env):
        asked = ("transcribe", "a.wav", "-m", "openai/whisper-1", "--language", "en", "--prompt", "Baimo")
        assert run(*asked, **env).stdout == "One two three 四\n"
        assert run(*asked, "--times", **env).stdout == "0.0–0.9 One two three 四\n"
        told = json.loads(run(*asked, "--times", "--json", **env).stdout)
        assert (told["text"], told["language"], len(told["segments"])) == ("One two three 四", "en", 1)
        streams = ("transcribe", "-", "-m", "openai/gpt-4o-transcribe", "--stream")
        assert run(*streams, stdin=SOUND, **env).stdout == "One two three 四\n"
        simulator.fault("cut@70")
        done = run(*streams, stdin=wav(b"one two three four five six seven"), **env)
        assert done.exit_code == 1
        assert done.stdout == "one two three four \n"


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("none.wav",), "cannot be read"),
        (("-",), "there is no sound"),
        (("-", "--stream", "--json"), "a stream tells no times"),
        (("-", "--stream", "--times"), "a stream tells no times"),
    ],
)
def test_what_cannot_be_heard_is_told(run: Run, args: tuple[str, ...], words: str) -> None:
    done = run("transcribe", *args, "-m", "acme/hears")
    assert done.exit_code == 2 and words in done.stderr
    done = run("transcribe", "https://a.example/b.wav", "-m", "acme/hears")
    assert done.exit_code == 2 and "by its bytes" in done.stderr


def test_what_is_unwanted_is_found(run: Run) -> None:
    assert moderate.run.name == "moderate"
    with simulated() as (_, env):
        asked = ("moderate", "fine", "-m", "openai/omni-moderation-latest")
        done = run(*asked, stdin="I kill\n", **env)
        assert (done.exit_code, done.stdout) == (0, "fine\nflagged: violence\n")
        assert run(*asked, stdin="I kill", BAIMO_LANG="zh", **env).stdout == "正常\n不当：violence\n"
        told = json.loads(run(*asked, "--json", **env).stdout)
        assert told["flagged"] is False and told["results"][0]["scores"]["violence"] == 0.01
    assert run("moderate", "-m", "acme/looks").exit_code == 2


def test_a_verdict_without_categories_is_told(run: Run, provider: ScriptedProvider) -> None:
    provider.will(lambda to, body: to.whole(200, {"results": [{"flagged": True, "categories": {}}]}))
    assert run("moderate", "a", "-m", "acme/looks").stdout == "flagged\n"
