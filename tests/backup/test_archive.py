"""Archives: whole, locked, private; and what is no archive any more."""

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import psycopg
import pyrage
import pytest

from stack import databases, place, secrets, settings
from stack.backup import archive, create, dump, envelope, moment, parts, restore, verify
from stack.console import StackError
from tests.backup.conftest import LOGO, PASSPHRASE, PASSWORD, SECRET_ROW

ROOT = settings.ROOT


def opened(folder, passphrase=None, **more):
    return verify.opened(folder, passphrase=passphrase, identity=None, **more)


@pytest.fixture
def copy(locked, tmp_path):
    """An archive that may be spoilt."""
    return Path(shutil.copytree(locked.folder, tmp_path / locked.folder.name))


def rewrite(folder, **changes):
    """What somebody does who alters a part and knows about manifests."""
    path = folder / archive.MANIFEST
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


class TestWhole:
    def test_everything_is_there_and_private(self, locked):
        manifest = archive.load(locked.folder)[0]
        there = {path.relative_to(locked.folder).as_posix() for path in locked.folder.rglob("*") if path.is_file()}
        assert there == {*manifest.parts, archive.MANIFEST}
        assert {f"databases/{name}.dump" for name in databases.DATABASES} < there
        assert "secrets.tar" in there
        for path in [locked.folder, *locked.folder.rglob("*")]:
            assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path

    def test_it_reads_back(self, locked, passphrase):
        verify.whole(opened(locked.folder, passphrase, digest=locked.digest))

    def test_it_reads_back_deeply(self, filled, locked, passphrase):
        verify.deep(opened(locked.folder, passphrase), filled.stack)
        with databases.connect(filled.stack) as cluster:
            names = {name for (name,) in cluster.execute("SELECT datname FROM pg_database")}
        assert not [name for name in names if name.startswith(verify.SCRATCH)]

    def test_the_manifest_says_how_far_the_record_goes(self, filled, locked):
        manifest = archive.load(locked.folder)[0]
        with databases.connect(filled.stack, "ckan") as ckan:
            count, head = ckan.execute("SELECT count(*), max(position) FROM seal.link").fetchone()
        assert (manifest.chain.events, manifest.chain.position) == (count, head)
        assert manifest.tables["ckan"]["public.shopendata_access_key"][0] == 2
        assert manifest.tables["ckan"]["public.shopendata_session"] == (0, "0")

    def test_uploads_are_in_it(self, in_clear, tmp_path):
        dump.extract(tmp_path, opened(in_clear).part("files/storage.tar"))
        assert (tmp_path / "uploads/group/logo-测试.png").read_bytes() == LOGO

    def test_every_folder_of_a_stack_is_kept_or_left_out_on_purpose(self, filled):
        known = parts.LEFT_OUT.keys() | {name.split("/")[0] for name in parts.FOLDERS}
        assert {path.name for path in filled.stack.var.iterdir()} <= known

    def test_a_recipient_needs_the_secret_key(self, filled, tmp_path):
        pair = pyrage.x25519.Identity.generate()
        made, _, _ = create.create(filled.stack, tmp_path, envelope.for_recipients([str(pair.to_public())]))
        with pytest.raises(StackError, match="--identity-file"):
            opened(made)
        key = tmp_path / "key"
        key.write_text(f"# created by age-keygen\n{pyrage.x25519.Identity.generate()}\n")
        with pytest.raises(StackError, match="No matching keys"):
            verify.whole(verify.opened(made, passphrase=None, identity=key))
        key.write_text(f"# created by age-keygen\n{pair}\n")
        verify.whole(verify.opened(made, passphrase=None, identity=key))


class TestSpoilt:
    """Each is refused with a word that tells what is wrong, before anything is touched."""

    @pytest.mark.parametrize("name", ["databases/ckan.dump", "files/audit.tar", "secrets.tar", "configuration.tar"])
    def test_an_altered_part(self, copy, passphrase, name):
        content = bytearray((copy / name).read_bytes())
        content[len(content) // 2] ^= 1
        (copy / name).write_bytes(content)
        with pytest.raises(StackError, match=f"{name} has been altered"):
            verify.whole(opened(copy, passphrase))

    def test_a_truncated_part(self, copy, passphrase):
        path = copy / "databases/vault.dump"
        os.truncate(path, path.stat().st_size - 1)
        with pytest.raises(StackError, match=r"databases/vault.dump has \d+ bytes instead of"):
            verify.whole(opened(copy, passphrase))

    def test_a_missing_part(self, copy, passphrase):
        (copy / "databases/datastore.dump").unlink()
        with pytest.raises(StackError, match=r"not whole: databases/datastore.dump missing"):
            verify.whole(opened(copy, passphrase))

    def test_a_part_that_the_manifest_no_longer_names(self, copy, passphrase):
        known = json.loads((copy / archive.MANIFEST).read_text())["parts"]
        (copy / "databases/vault.dump").unlink()
        rewrite(copy, parts={name: part for name, part in known.items() if name != "databases/vault.dump"})
        with pytest.raises(StackError, match=r"databases/vault.dump"):
            verify.whole(opened(copy, passphrase))

    def test_a_part_of_another_archive_with_its_hash(self, filled, copy, passphrase, tmp_path):
        """Every archive has a key of its own: the parts of two do not mix."""
        other, _, _ = create.create(filled.stack, tmp_path / "other", envelope.for_passphrase(PASSPHRASE))
        name = "databases/ckan.dump"
        shutil.copy(other / name, copy / name)
        known = json.loads((copy / archive.MANIFEST).read_text())["parts"]
        rewrite(copy, parts=known | {name: vars(archive.digest_of(copy / name))})
        with pytest.raises(StackError, match="cannot be opened"):
            verify.whole(opened(copy, passphrase))

    def test_a_rewritten_manifest(self, copy, locked, passphrase):
        rewrite(copy, made_at="2031-01-01T00:00:00+00:00")
        with pytest.raises(StackError, match="has been altered"):
            opened(copy, passphrase, digest=locked.digest)

    @pytest.mark.parametrize(
        "text", ["", "{", "[]", '{"format": "shopendata-backup-9"}', '{"format": "shopendata-backup-1"}']
    )
    def test_a_manifest_that_is_none(self, copy, text):
        (copy / archive.MANIFEST).write_text(text)
        with pytest.raises(StackError):
            archive.load(copy)

    def test_a_part_that_lies_elsewhere(self, copy):
        known = json.loads((copy / archive.MANIFEST).read_text())["parts"]
        rewrite(copy, parts=known | {"../secrets.tar": {"size": 1, "sha256": ""}})
        with pytest.raises(StackError, match="damaged"):
            archive.load(copy)

    def test_the_wrong_passphrase(self, copy, tmp_path):
        wrong = tmp_path / "wrong"
        wrong.write_text("seven little words on another piece")
        with pytest.raises(StackError, match="does not open this archive"):
            opened(copy, wrong)
        with pytest.raises(StackError, match="--passphrase-file"):
            opened(copy)

    @pytest.mark.parametrize(
        ("database", "table"),
        [("ckan", "public.shopendata_alembic_version"), ("vault", "public.shopendata_vault_version")],
    )
    def test_an_archive_from_a_newer_version(self, copy, passphrase, database, table):
        heads = json.loads((copy / archive.MANIFEST).read_text())["migrations"]
        verify.known(opened(copy, passphrase).manifest)
        heads[database][table] = "9999"
        rewrite(copy, migrations=heads)
        with pytest.raises(StackError, match="newer version"):
            verify.known(opened(copy, passphrase).manifest)
        rewrite(copy, migrations={}, postgres=99)
        with pytest.raises(StackError, match="PostgreSQL 99"):
            verify.known(opened(copy, passphrase).manifest)

    def test_a_guessable_passphrase(self):
        with pytest.raises(StackError, match="12 characters"):
            envelope.for_passphrase("hunter2")


class TestMaking:
    def test_one_that_was_killed_leaves_nothing_that_looks_like_a_backup(self, filled, tmp_path):
        """Killed at the first part it writes: the next one clears up behind it."""
        script = (
            "import sys; from pathlib import Path; from stack import settings\n"
            "from stack.backup import create, envelope\n"
            "from stack.backup import dump\n"
            "def stuck(*_): print('stuck', flush=True); sys.stdin.read()\n"
            "dump.database = stuck\n"
            f"create.create(settings.read('test'), Path({str(tmp_path)!r}), envelope.clear())"
        )
        making = subprocess.Popen(
            [sys.executable, "-c", script], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        while "stuck" not in making.stdout.readline():
            assert making.poll() is None
        with pytest.raises(StackError, match="another backup is being made"):
            create.create(filled.stack, tmp_path, envelope.clear())
        making.send_signal(signal.SIGKILL)
        making.wait()
        assert archive.kept(tmp_path) == []
        assert [path.name for path in tmp_path.iterdir() if not path.name.startswith(".")] == []
        assert [path for path in tmp_path.iterdir() if path.name.startswith(".partial")]
        made, _, _ = create.create(filled.stack, tmp_path, envelope.clear())
        assert [path.name for path in tmp_path.iterdir()] != []
        assert {path.name for path in tmp_path.iterdir()} == {".lock", made.name}

    def test_one_that_fails_leaves_nothing(self, filled, tmp_path, monkeypatch):
        monkeypatch.setattr(dump, "program", lambda name: Path("/bin/false"))
        with pytest.raises(StackError, match="pg_dump failed"):
            create.create(filled.stack, tmp_path, envelope.clear())
        assert {path.name for path in tmp_path.iterdir()} == {".lock"}

    def test_a_full_disk_is_told_before(self, filled, tmp_path, monkeypatch):
        monkeypatch.setattr(create, "_size", lambda settings: 1 << 60)
        with pytest.raises(StackError, match=r"only \d+ MB free"):
            create.create(filled.stack, tmp_path / "new", envelope.clear())
        assert list((tmp_path / "new").iterdir()) == []

    def test_only_the_latest_are_kept(self, filled, tmp_path):
        made = [create.create(filled.stack, tmp_path, envelope.clear(), keep=2) for _ in range(3)]
        assert [path.name for path in archive.kept(tmp_path)] == [made[1][0].name, made[2][0].name]
        assert made[2][2] == [made[0][0].name]

    def test_other_portals_and_what_is_no_backup_are_left_alone(self, filled, tmp_path):
        other, _, _ = create.create(filled.stack, tmp_path, envelope.clear())
        rewrite(other, site_url="https://elsewhere.example")
        (tmp_path / "notes").mkdir()
        for _ in range(2):
            create.create(filled.stack, tmp_path, envelope.clear(), keep=1)
        assert other in archive.kept(tmp_path)
        assert (tmp_path / "notes").is_dir()

    def test_the_command_locks_or_is_told_not_to(self, filled, tmp_path):
        command = [sys.executable, "-m", "stack.backup", "--var", str(filled.stack.var), "create", str(tmp_path)]
        done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
        assert (done.returncode, "--in-clear" in done.stderr) == (1, True)
        assert list(tmp_path.iterdir()) == []


class TestMoment:
    def test_who_works_meanwhile_looks_as_if_killed(self, filled):
        """Rows first, the commit that makes them count after: never the other way round in a backup."""
        stopping = threading.Event()

        def write():
            with databases.connect(filled.stack, "vault") as vault, databases.connect(filled.stack, "ckan") as ckan:
                number = 0
                while not stopping.is_set():
                    number += 1
                    vault.execute("INSERT INTO vault.moment VALUES (%s)", (number,))
                    ckan.execute("UPDATE shopendata_task SET attempts = %s WHERE kind = 'moment'", (number,))

        with databases.connect(filled.stack, "vault") as vault, databases.connect(filled.stack, "ckan") as ckan:
            vault.execute("CREATE TABLE vault.moment (number int)")
            ckan.execute(
                "INSERT INTO shopendata_task (kind, object_id, payload, created_at, due_at, attempts, error, done_at)"
                " VALUES ('moment', '-', '{}', now(), now(), 0, '', now())"
            )
            writing = threading.Thread(target=write)
            writing.start()
            try:
                for _ in range(15):
                    with moment.snapshots(filled.stack) as taken:
                        told = taken["ckan"].one("SELECT attempts FROM public.shopendata_task WHERE kind = 'moment'")
                        there = taken["vault"].one("SELECT coalesce(max(number), 0) FROM vault.moment")
                    assert told <= there <= told + 1
                    time.sleep(0.02)
                assert told > 0
            finally:
                stopping.set()
                writing.join()
                vault.execute("DROP TABLE vault.moment")
                ckan.execute("DELETE FROM shopendata_task WHERE kind = 'moment'")

    def test_nobody_waits_for_long_behind_somebody_who_writes_on_and_on(self, filled, monkeypatch):
        monkeypatch.setattr(moment, "HOLD", "50ms")
        monkeypatch.setattr(moment, "TRIES", 2)
        with databases.connect(filled.stack, "ckan") as ckan, ckan.transaction():
            ckan.execute("LOCK TABLE shopendata_task IN ROW EXCLUSIVE MODE")
            with pytest.raises(StackError, match="no moment"), moment.snapshots(filled.stack):
                pass


class TestStolen:
    """What somebody has who has the archive."""

    def text(self, folder):
        """Everything in an archive that is not locked, as text."""
        one, found = opened(folder), b""
        for name in one.manifest.parts:
            if name.endswith(".dump"):
                plain = subprocess.run(
                    [dump.program("pg_restore"), "--file=-", folder / name], check=True, capture_output=True
                )
                found += plain.stdout
            else:
                found += (folder / name).read_bytes()
        return found + (folder / archive.MANIFEST).read_bytes()

    def test_a_locked_one_says_nothing(self, locked):
        everything = b"".join(path.read_bytes() for path in locked.folder.rglob("*") if path.is_file())
        for word in ("citizen", "example.org", "交通委员会", SECRET_ROW, PASSPHRASE):
            assert word.encode() not in everything

    def test_one_in_clear_opens_nothing(self, filled, in_clear):
        text = self.text(in_clear)
        assert b"citizen@example.org" in text  # it is read rightly
        (cookie,) = (value for name, value in filled.cookies.items() if name == "shopendata")
        held = {path.name: path.read_text() for path in Path(filled.stack["SECRETS"]).iterdir()}
        for word in (
            PASSWORD,
            filled.live,
            filled.live[17:60],
            filled.token,
            cookie.removeprefix("row."),
            *held.values(),
        ):
            assert word.encode() not in text
        with databases.connect(filled.stack, "ckan") as ckan:
            hashes = [row[0] for row in ckan.execute("SELECT token_hash FROM shopendata_session")]
        assert hashes
        assert not [one for one in hashes if one.encode() in text]

    def test_it_restores_only_where_the_secrets_are(self, in_clear, tmp_path, monkeypatch):
        monkeypatch.setenv("SHOPENDATA_FAULT_VAR", str(tmp_path))
        elsewhere = settings.read("fault")
        with pytest.raises(StackError, match=r"holds no secrets.*key_pepper"):
            restore.check_target(opened(in_clear).manifest, elsewhere, replace=False)
        assert list(tmp_path.iterdir()) == []


class TestTarget:
    def test_a_running_stack_is_refused(self, filled, locked, passphrase):
        before = self.state(filled)
        with pytest.raises(StackError, match="the stack runs"):
            restore.restore(opened(locked.folder, passphrase), filled.stack, "试", replace=False)
        assert self.state(filled) == before

    def test_a_filled_one_is_refused(self, locked, passphrase, tmp_path, monkeypatch):
        monkeypatch.setenv("SHOPENDATA_FAULT_VAR", str(tmp_path))
        there = settings.read("fault")
        data = place.choose(there).postgres_data
        data.mkdir(parents=True)
        try:
            (data / "PG_VERSION").write_text("15")
            with pytest.raises(StackError, match="--yes sets it aside"):
                restore.restore(opened(locked.folder, passphrase), there, "试", replace=False)
        finally:
            shutil.rmtree(data)

    def test_a_spoilt_archive_does_not_stop_a_running_stack(self, filled, copy, passphrase):
        before = self.state(filled)
        (copy / "databases/vault.dump").unlink()
        with pytest.raises(StackError, match="not whole"):
            restore.restore(opened(copy, passphrase), filled.stack, "试", replace=True)
        assert self.state(filled) == before

    def test_what_could_not_be_set_aside_is_left_alone(self, tmp_path, monkeypatch):
        """Half of it moved, then the disk says no: everything is where it was."""
        monkeypatch.setenv("SHOPENDATA_FAULT_VAR", str(tmp_path))
        monkeypatch.setenv("SHOPENDATA_FAULT_SECRETS", str(tmp_path / "elsewhere"))
        monkeypatch.setenv("SHOPENDATA_FAULT_POSTGRES_DATA", str(tmp_path / "data"))
        there = settings.read("fault")
        chosen = place.choose(there, root=False)
        for name in ("storage", "redis", "audit", "elsewhere", "data"):
            (tmp_path / name).mkdir()
            (tmp_path / name / "file").write_text(name)
        aside, moved = restore._Aside(there, chosen), []
        rename = Path.rename

        def fails(self, target):
            if len(moved) == 3 and self.is_relative_to(tmp_path / "elsewhere"):
                raise OSError("another disk")
            moved.append(self)
            return rename(self, target)

        monkeypatch.setattr(Path, "rename", fails)
        with pytest.raises(OSError, match="another disk"):
            aside.take()
        (tmp_path / "storage").mkdir()
        (tmp_path / "storage" / "half").touch()
        (tmp_path / "solr").mkdir()
        aside.give_back()
        found = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
        assert found == {f"{name}/file" for name in ("storage", "redis", "audit", "elsewhere", "data")}
        assert not (tmp_path / "solr").exists()

    def test_a_stack_does_not_start_on_half_a_restore(self, tmp_path):
        (tmp_path / "run").mkdir()
        (tmp_path / "run" / "half-restored").write_text("/backups/one")
        done = subprocess.run(
            [sys.executable, "-m", "stack", "up", "fault"], cwd=ROOT, check=False, capture_output=True, text=True,
            env=os.environ | {"SHOPENDATA_FAULT_VAR": str(tmp_path)},
        )  # fmt: skip
        assert done.returncode == 1
        assert "a restore of /backups/one was interrupted here" in done.stderr

    def state(self, filled):
        password = secrets.read(Path(filled.stack["SECRETS"]), "ckan_web")
        with psycopg.connect(
            host=filled.stack["POSTGRES_HOST"], port=filled.stack["POSTGRES_PORT"], user="ckan_web", dbname="ckan",
            password=password,
        ) as connection:  # fmt: skip
            started = connection.execute("SELECT pg_postmaster_start_time()::text").fetchone()
        return started, sorted(path.name for path in filled.stack.var.iterdir())
