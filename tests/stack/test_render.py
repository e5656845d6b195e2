"""Templates and settings: nothing is rendered with a hole in it, and a second stack is really apart."""

import configparser
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from stack import place, render, secrets, settings
from stack.console import StackError


@pytest.fixture
def stack(tmp_path):
    found = settings.read("fault", {"SHOPENDATA_FAULT_VAR": str(tmp_path)})
    secrets.make(Path(found["SECRETS"]))
    return found


@pytest.mark.parametrize("target", render.TEMPLATES | render.TEST_TEMPLATE)
def test_every_template_renders_completely(stack, target):
    assert render.write(target, stack)
    text = (stack.var / target).read_text()
    assert not render.PLACEHOLDER.search(text)
    assert "@SHOPENDATA" not in text
    assert "@secret" not in text
    assert (stack.var / target).stat().st_mode & 0o777 == 0o600
    assert not render.write(target, stack), "a second time changes nothing"


class TestOptions:
    """What the operator sets for one installation alone."""

    @pytest.fixture
    def write(self, stack):
        return (Path(stack["SECRETS"]) / "options").write_text

    def test_they_win_over_the_template_and_stand_there_once(self, stack, write):
        write("# ours\nsmtp.user = portal\nsmtp.password = 5%=b;c#d\nckan.site_title = 某市\n  公共数据\nlevel = x\n")
        render.write("ckan.ini", stack)
        parser = configparser.ConfigParser()  # as CKAN reads it
        parser.read(stack.var / "ckan.ini")
        loaded = parser["app:main"]
        assert (loaded["smtp.user"], loaded["smtp.password"]) == ("portal", "5%=b;c#d")
        assert loaded["ckan.site_title"] == "某市\n公共数据"
        assert loaded["ckan.site_id"] == "shopendata"
        text = (stack.var / "ckan.ini").read_text()
        assert text.count("ckan.site_title =") == 1
        assert "\n[logger_root]\nlevel = WARNING\n" in text, "what logs is no option"

    @pytest.mark.parametrize("name", secrets.WRITTEN)
    def test_none_are_set_at_first(self, stack, name):
        assert render.written(Path(stack["SECRETS"]), name) == {}

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("a = 1\nhunter2\n", "line 2: not `name = value`"),
            ("a = 1\nb = hunter2\na = hunter2\n", "line 3: set twice"),
            ("[app:main]\na = hunter2\n", "line 1: not `name = value`"),
            ("[DEFAULT]\na = hunter2\n", "has sections"),
            ("a = 1\n[other]\nb = hunter2\n", "has sections"),
        ],
    )
    def test_a_slip_is_said_without_what_stands_there(self, stack, write, text, said):
        write(text)
        with pytest.raises(StackError) as refused:
            render.write("ckan.ini", stack)
        assert said in str(refused.value)
        assert "hunter2" not in str(refused.value)
        assert not (stack.var / "ckan.ini").exists()


class TestSources:
    """What the systems ask for from which catalogues are taken."""

    def test_a_shell_reads_them_as_they_are(self, stack):
        secret = "a b$HOME`id`'\"%\\#;"
        (Path(stack["SECRETS"]) / "sources").write_text(f"SHOPENDATA_SOURCE_CITY = {secret}\n")
        render.write("etc/loader.env", stack)
        told = subprocess.run(
            ["sh", "-c", '. "$1"; printf %s "$SHOPENDATA_SOURCE_CITY"', "sh", stack.etc / "loader.env"],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        assert told.stdout == secret

    @pytest.mark.parametrize("name", ["PATH", "SHOPENDATA_LOADER_URL", "SHOPENDATA_SOURCE_", "SHOPENDATA_SOURCE_x y"])
    def test_nothing_else_gets_into_the_environment(self, stack, name):
        (Path(stack["SECRETS"]) / "sources").write_text(f"{name} = hunter2\n")
        with pytest.raises(StackError, match="does not begin with SHOPENDATA_SOURCE_") as refused:
            render.write("etc/loader.env", stack)
        assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("hole", ["@SHOPENDATA_NOWHERE@", "@secret:nobody@"])
def test_a_hole_is_an_error(stack, tmp_path, hole):
    (tmp_path / "template").write_text(f"port = {hole}")
    with pytest.raises(StackError, match="has no value"):
        render.text(tmp_path / "template", stack)


def test_a_secret_that_was_not_given_is_an_error(stack):
    (Path(stack["SECRETS"]) / "redis").unlink()
    with pytest.raises(StackError, match="secret:redis"):
        render.write("etc/redis.conf", stack)


def test_each_process_finds_what_it_reads():
    assert set().union(*render.NEEDS.values()) == set(render.TEMPLATES) - {"etc/supervisord.conf"}


def test_secrets_of_a_template_belong_to_its_readers():
    """Who reads a rendered file holds every secret in it, and no process reads more than it holds."""
    for process, targets in render.NEEDS.items():
        held = {name for name, holders in secrets.HOLDERS.items() if process in holders}
        for target in targets:
            text = (settings.ROOT / "config" / render.TEMPLATES[target][0]).read_text()
            asked = {name.removeprefix("secret:") for name in render.PLACEHOLDER.findall(text) if ":" in name}
            assert asked <= held, (process, target)


def test_stacks_share_no_port_and_no_folder():
    stacks = [settings.read(name, {}) for name in settings.STACKS]
    ports = [stack.port(service) for stack in stacks for service in ("nginx", *settings.LISTENING)]
    assert len(ports) == len(set(ports))
    assert len({stack["SECRETS"] for stack in stacks}) == len(stacks)


def test_a_second_stack_ignores_the_firsts_environment():
    environ = {"SHOPENDATA_PORT": "8080", "SHOPENDATA_VAR": "/elsewhere", "SHOPENDATA_SITE_URL": "https://x.gov.cn"}
    assert settings.read("portal", environ)["PORT"] == "8080"
    assert settings.read("portal", environ)["COOKIE_SECURE"] == "true"
    assert settings.read("test", environ) == settings.read("test", {})
    assert settings.read("test", {"SHOPENDATA_TEST_PORT": "7000"}).port("postgres") == 7003


def test_a_long_path_gets_a_short_socket():
    deep = {"SHOPENDATA_FAULT_VAR": "/" + "x" * 120}
    assert len(settings.read("fault", deep)["SUPERVISOR_SOCKET"]) < 100
    assert settings.read("fault", {})["SUPERVISOR_SOCKET"].startswith(settings.read("fault", {})["VAR"])


class TestAccounts:
    def test_root_gives_each_its_own(self, stack):
        chosen = place.choose(stack, root=True, reachable=True)
        assert {chosen.app, chosen.gateway, chosen.database} == {place.APP, place.GATEWAY, place.DATABASE}

    def test_a_closed_checkout_moves_the_database_and_says_so(self, stack):
        chosen = place.choose(stack, root=True, reachable=False)
        assert chosen.account("postgres") == "postgres"
        assert not chosen.postgres_data.is_relative_to(stack.var)
        other = replace(stack, values=dict(stack.values) | {"SHOPENDATA_VAR": "/another"})
        assert place.choose(other, root=True, reachable=False).postgres_data != chosen.postgres_data
        assert "run as root" in chosen.note

    def test_anybody_else_runs_everything(self, stack):
        chosen = place.choose(stack, root=False)
        assert len({chosen.account(name) for name in ("web", "gateway", "postgres")}) == 1

    def test_a_closed_folder_is_seen(self, tmp_path):
        inner = tmp_path / "closed" / "checkout"
        inner.mkdir(parents=True)
        (tmp_path / "closed").chmod(0o700)
        assert not place.open_to_others(inner)
