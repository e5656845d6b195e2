"""No secret passes, and one message is one line, whatever it holds."""

import json
import random
import string

import pytest
from ckanext.shopendata.policy import key, scrub
from hypothesis import given
from hypothesis import strategies as st

SECRET = "Zq7pLm2vXw9sKd4f"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJqdGkiOiJ4eHgifQ.c2lnbmF0dXJlLXNpZ25hdHVyZQ"


def access_key():
    return key.mint(random.Random(5).choice).text


@pytest.mark.parametrize(
    "said",
    [
        f"password={SECRET}",
        f"password: {SECRET}",
        f"{{'password': '{SECRET}', 'login': 'a'}}",
        f'{{"password1":"{SECRET}"}}',
        f"Authorization: Bearer {SECRET}",
        f"{{'Authorization': '{SECRET}'}}",
        f"('Authorization', '{SECRET}')",
        f"authorization={SECRET}",
        f"Cookie: a=b; shopendata={SECRET}; c=d",
        f"Set-Cookie: shopendata={SECRET}; HttpOnly",
        f"X-Access-Key: {SECRET}",
        f"X-CKAN-API-Key={SECRET}",
        f"postgresql://ckan_web:{SECRET}@127.0.0.1:5003/ckan",
        f"redis://:{SECRET}@127.0.0.1:5004/0",
        f"GET /user/reset/abc?key={SECRET} HTTP/1.1",
        f"http://portal/verify?lang=zh&token={SECRET}#top",
        f"_csrf_token={SECRET}&x=1",
        f"api_token_key = {SECRET}",
        f"SECRET_KEY={SECRET}",
        f"person_pepper: '{SECRET}'",
        f"row.{SECRET}{SECRET}",
        f"Bearer {SECRET}",
    ],
)
def test_what_is_secret_is_taken_out(said):
    assert SECRET not in scrub.line(said)
    assert SECRET not in scrub.text(f"before\n{said}\nafter")
    assert scrub.HIDDEN in scrub.line(said)


def test_keys_and_tokens_need_no_name():
    text = access_key()
    assert scrub.line(f"tried {text} twice") == f"tried {text[:17]}{scrub.HIDDEN} twice"
    assert text[20:40] not in scrub.line(f"cut off: {text[:50]}")
    assert "c2lnbmF0dXJl" not in scrub.line(f"token was {JWT}.")


@pytest.mark.parametrize(
    "said",
    [
        "dataset air-quality published, 3 resources",
        "keys need no Redis",
        "GET /dataset/keyword?q=token HTTP/1.1",
        "目录同步 run 17 of source sandbox: done",
        "https://example.gov.cn/open-list/2026",
    ],
)
def test_what_is_not_secret_stays(said):
    assert scrub.line(said) == said


def test_fields_beside_a_message_go_by_their_names():
    told = scrub.value({"password": SECRET, "who": "a\r\nb", "list": [{"token": SECRET}], "n": 3, "none": None})
    assert told == {
        "password": scrub.HIDDEN, "who": "a\\u000d\\u000ab", "list": [{"token": scrub.HIDDEN}], "n": 3, "none": None,
    }  # fmt: skip


@given(st.text(alphabet=st.one_of(st.characters(), st.sampled_from("\r\n\x0b\x0c\x1c\x85\u2028\u2029\ud800\x1b"))))
def test_one_message_is_one_line_for_every_reader(said):
    line = scrub.line(said)
    assert len(line.splitlines()) <= 1
    assert not any(ord(one) < 32 or 127 <= ord(one) < 160 for one in line)
    line.encode()  # a lone surrogate cannot be written to any file
    assert len((json.dumps({"message": scrub.text(said)}, ensure_ascii=False)).splitlines()) == 1


@given(st.text(max_size=40), st.text(alphabet=string.ascii_letters + string.digits, min_size=12, max_size=60))
def test_no_words_around_it_bring_a_key_through(around, secret):
    planted = "sod_" + secret[:12] + "_" + "S3cr3tS3cr3t" + secret
    assert "S3cr3tS3cr3t" not in scrub.line(around + planted + around)
