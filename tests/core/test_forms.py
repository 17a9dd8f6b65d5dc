"""Form bodies: urlencoded and multipart, with limits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tagway import body, forms

BOUNDARY = b"----x7"


def multipart(*parts: bytes) -> bytes:
    return b"".join(b"--" + BOUNDARY + b"\r\n" + part + b"\r\n" for part in parts) + b"--" + BOUNDARY + b"--\r\n"


def test_fields_are_decoded_and_the_first_of_a_name_counts() -> None:
    assert forms.decode(b"a=1&b=%F0%9F%8C%BF+x&a=2&c=") == {"a": "1", "b": "🌿 x", "c": ""}


def test_multipart_fields_are_text_and_files_their_names() -> None:
    text = 'Content-Disposition: form-data; name="título"\r\n\r\nzwei\r\nZeilen'.encode()
    file = b'Content-Disposition: form-data; name="f"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n\x89PNG'
    found = {"título": "zwei\r\nZeilen", "f": "a.png"}
    assert forms.decode(multipart(text, file), 'multipart/form-data; boundary="----x7"') == found
    assert forms.decode(multipart(text, file)) == found


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b" ",
        b"abc",
        b"&&",
        b"a=&b=",
        b"&".join(b"a%d=1" % n for n in range(2_001)),
        b"--",
        b"--x\r\n",
        multipart(),
        multipart(b"x"),
    ],
    ids=range(10),
)
def test_what_is_no_form_is_refused(raw: bytes) -> None:
    with pytest.raises(body.BodyError):
        forms.decode(raw)


def test_too_many_parts_are_refused() -> None:
    with pytest.raises(body.BodyError, match="more than 2000 fields"):
        forms.decode(multipart(*[b'Content-Disposition: form-data; name="a"\r\n\r\n1'] * 2_001))


def test_brackets_nest() -> None:
    fields = {"type": "x", "data[email]": "a@b.co", "data[merges][FNAME]": "Ana", "data[merges][GROUPINGS][0][id]": "1"}
    assert forms.nested(fields) == {
        "type": "x",
        "data": {"email": "a@b.co", "merges": {"FNAME": "Ana", "GROUPINGS": {"0": {"id": "1"}}}},
    }


def test_a_name_that_is_both_value_and_object_stays_what_it_was_first() -> None:
    assert forms.nested({"data": "x", "data[email]": "y"}) == {"data": "x"}
    assert forms.nested({"data[a]": "x", "data": "y"}) == {"data": {"a": "x"}}


@given(st.binary(max_size=400), st.sampled_from(["", "multipart/form-data; boundary=x", "text/plain"]))
def test_any_bytes_are_a_form_or_refused(raw: bytes, content_type: str) -> None:
    try:
        fields = forms.decode(raw, content_type)
    except body.BodyError:
        return
    assert all(type(text) is str for pair in fields.items() for text in pair)
    forms.nested(fields)
