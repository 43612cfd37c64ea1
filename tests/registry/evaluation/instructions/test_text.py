import nltk.tokenize
import pytest

from registry.evaluation.instructions import japanese_words, spanish_words, text


def test_punkt_knows_abbreviations_initials_and_numbers() -> None:
    said = 'Mr. J. Smith paid $3.50 at 5 p.m. on Jan. 3. "Why?" she asked. He left...'
    assert list(text.sentences(said)) == [
        "Mr. J. Smith paid $3.50 at 5 p.m. on Jan. 3.",
        '"Why?"',
        "she asked.",
        "He left...",
    ]


def test_french_has_the_abbreviations_that_its_benchmark_adds() -> None:
    assert text.count_sentences("Né av. J.-C. à Rome. Mort.", 9, "french") == 2


def test_sentences_are_counted_no_further_than_enough() -> None:
    assert text.count_sentences("One. Two. Three.", 2) == 2


def test_tokens_are_those_of_the_treebank() -> None:
    assert text.tokens("I'd go. (Can't you?)") == [
        "I", "'d", "go", ".", "(", "Ca", "n't", "you", "?", ")",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("The weather is lovely today.", "en"),
        ("Aujourd'hui, il fait très beau.", "fr"),
        ("今日はとても良い天気です。", "ja"),
        ("... 123 ...", None),
        ("https://example.org/the/weather/is/lovely me@example.org", None),
    ],
)
def test_a_language_is_told_or_not(said: str, code: str | None) -> None:
    assert text.language(said) == code


def test_a_long_text_is_cleaned_no_further_than_its_language_is_read() -> None:
    from langdetect.detector import Detector

    address = "https://example.org/" + "a" * 2_000 + " "
    said = address * 20 + "Il fait très beau aujourd'hui. " * 9_000
    kept = text._beginning(said)
    assert len(kept) < len(said)
    whole, part = text._detectors().create(), text._detectors().create()
    whole.append(said)
    part.append(kept)
    assert whole.text == part.text
    assert len(part.text) <= 10_000
    assert Detector.MAIL_RE.groups == 0


def test_what_is_split_is_cut() -> None:
    assert text.count_sentences("Yes! " * 30_000, 10**6) == text.LIMIT // 5


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("Sr. Paz, EE.UU. (aprox.)", ["Sr.", "Paz", "EE.UU.", "aprox."]),
        ("25°C. 5km 8p.m.", ["25", "°C", "5", "km", "8", "p.m."]),
        (
            "fin.Otro uno,dos a/b 1.500,50€",
            ["fin", "Otro", "uno", "dos", "a", "b", "1.500,50", "€"],
        ),
        ("https://a.es/x?y=1, yo@a.es.", ["https://a.es/x?y=1", "yo@a.es"]),
        ("¡¿...?! «—»", []),
        ("pal niño🙂", ["pa", "l", "niño", "🙂"]),
        ("cigüeña-niño US$5 =3 +34", ["cigüeña-niño", "US$", "5", "=3", "+34"]),
    ],
)
def test_spanish_words_are_those_of_spacy(said: str, words: list[str]) -> None:
    assert spanish_words.words(said) == words


def test_spacy_counts_white_space_beyond_a_blank() -> None:
    assert [spanish_words.count_words(said) for said in ("a b", "a  b", " a", "a\nb", "a ")] == [
        2,
        3,
        2,
        3,
        1,
    ]


@pytest.mark.parametrize(
    ("said", "count"),
    [
        ("一。二！三？", 3),
        ("一", 1),
        ("彼の\n犬", 1),
        ("の\n犬", 2),
        ("「一。二。」三", 1),
        ("(一。)二。", 1),
        ("一。 \n二。", 2),
        ("一｡二", 2),
        ("一\n \n二", 3),
        ("a! b", 2),
    ],
)
def test_japanese_sentences_are_counted_as_the_segmenter_does(said: str, count: int) -> None:
    assert japanese_words.count_sentences(said) == count


def test_japanese_words_come_with_their_part_of_speech() -> None:
    first, second, *_ = japanese_words.words("猫がいる")
    assert (first.surface, first.part[:2]) == ("猫", "名詞")
    assert (second.surface, second.part[:2]) == ("が", "助詞")


def test_the_tokeniser_is_the_one_of_the_reference() -> None:
    assert isinstance(text._treebank(), nltk.tokenize.NLTKWordTokenizer)
