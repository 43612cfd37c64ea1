from typing import Any

import pytest

from registry.evaluation.instructions import KNOWN, Mode, check

YES, NO = True, False

ES: list[tuple[str, dict[str, Any], str, str]] = [
    ("keywords:existence", {"keywords": ["mar"]}, "El MAR azul", "El río"),
    ("keywords:forbidden_words", {"forbidden_words": ["mar"]}, "la marea", "el mar"),
    (
        "keywords:frequency",
        {"keyword": "mar", "frequency": 1, "relation": "como máximo"},
        "el mar",
        "mar y mar",
    ),
    (
        "keywords:letter_frequency",
        {"letter": "a", "let_frequency": 1, "let_relation": "como máximo"},
        "la luz",
        "la casa",
    ),
    (
        "language:response_language",
        {"language": "es"},
        "¿Cómo estás hoy, amigo mío?",
        "How are you?",
    ),
    (
        "length_constraints:number_sentences",
        {"num_sentences": 2, "relation": "como máximo"},
        "El Sr. Paz vino. Se fue.",
        "Uno vino. Dos se fueron. Tres no.",
    ),
    (
        "length_constraints:number_words",
        {"num_words": 3, "relation": "al menos"},
        "1. uno, dos tres",
        "1. uno, dos",
    ),
    ("length_constraints:number_paragraphs", {"num_paragraphs": 2}, "a\n***\nb", "a"),
    (
        "length_constraints:nth_paragraph_first_word",
        {"num_paragraphs": 1, "nth_paragraph": 1, "first_word": "En mi opinión"},
        "En mi opinión, sí.",
        "En mi casa, sí.",
    ),
    (
        "detectable_content:number_placeholders",
        {"num_placeholders": 1, "relation": "al menos"},
        "[a]",
        "a",
    ),
    ("detectable_content:postscript", {"postscript_marker": "Nota"}, "Fin.\nNota: sí", "Fin."),
    ("detectable_format:number_bullet_lists", {"num_bullets": 1}, "* a", "a"),
    ("detectable_format:constrained_response", {}, "Quizás.", "Puede."),
    (
        "detectable_format:number_highlighted_sections",
        {"num_highlights": 1, "relation": "al menos"},
        "*a b*",
        "a b",
    ),
    (
        "detectable_format:multiple_sections",
        {"section_spliter": "Sección", "num_sections": 1, "relation": "al menos"},
        "Sección 1: a",
        "sección 1: a",
    ),
    ("detectable_format:json_format", {}, "[1]", "[1"),
    ("detectable_format:title", {}, "<<Mar>>", "<Mar>"),
    ("combination:two_responses", {}, "a******b", "a"),
    ("combination:repeat_prompt", {"prompt_to_repeat": "Di hola."}, "Di hola. Hola", "Hola"),
    ("punctuation:no_comma", {}, "sí", "sí, no"),
    ("punctuation:question_marks", {}, "Sí. ¿Qué\nes?", "Qué es?"),
    ("punctuation:exclamation_marks", {}, "¡Sí!", "¡! Sí!"),
    ("startend:end_checker", {"end_phrase": "Un saludo"}, "Adiós. Un saludo.", "Un saludo a ti"),
    ("startend:quotation", {}, '"sí"', "sí"),
    (
        "change_case:capital_word_frequency",
        {"capital_frequency": 1, "capital_relation": "como máximo"},
        "la ONU, hoy",
        "la ONU y la OTAN",
    ),
    (
        "change_case:spanish_capital",
        {},
        "EL NIÑO COME PAN CON ACEITE POR LA MAÑANA",
        "El niño come pan con aceite por la mañana",
    ),
    (
        "change_case:spanish_lowercase",
        {},
        "el niño come pan con aceite por la mañana",
        "El niño come pan con aceite por la mañana",
    ),
    ("special_character:enie", {"let_frequency": 1}, "el niño", "el niño pequeño"),
    ("special_character:dieresis", {"let_frequency": 1}, "la Cigüeña", "la cigarra"),
    (
        "special_character:tildes",
        {"num_words": 1, "relation": "como máximo"},
        "árbol y mar",
        "árbol y camión",
    ),
]

FR: list[tuple[str, dict[str, Any], str, str]] = [
    ("keywords:existence", {"keywords": ["mer"]}, "La MER bleue", "Le lac"),
    ("keywords:forbidden_words", {"forbidden_words": ["mer"]}, "merci", "la mer"),
    (
        "keywords:frequency",
        {"keyword": "mer", "frequency": 2, "relation": "moins de"},
        "la mer",
        "mer et mer",
    ),
    (
        "keywords:letter_frequency",
        {"letter": "y", "let_frequency": 1, "let_relation": "au moins"},
        "Yeux",
        "voir",
    ),
    (
        "language:response_language",
        {"language": "fr"},
        "Comment allez-vous ce matin ?",
        "Hello you!",
    ),
    (
        "length_constraints:number_sentences",
        {"num_sentences": 3, "relation": "moins de"},
        "M. Paul vint av. J.-C. hier. Il partit.",
        "Un vint. Deux partirent. Trois non.",
    ),
    (
        "length_constraints:number_words",
        {"num_words": 3, "relation": "au moins"},
        "l'ami dit oui",
        "oui",
    ),
    ("length_constraints:number_paragraphs", {"num_paragraphs": 2}, "a\n***\nb", "a"),
    (
        "length_constraints:nth_paragraph_first_word",
        {"num_paragraphs": 1, "nth_paragraph": 1, "first_word": "Château"},
        "château. Fort",
        "Fort",
    ),
    ("detectable_content:number_placeholders", {"num_placeholders": 1}, "[a]", "a"),
    ("detectable_content:postscript", {"postscript_marker": "p.-s."}, "Fin.\nP.-S. a", "Fin."),
    ("detectable_content:informal_address", {}, "Que fais-tu ?", "Que faites-vous ?"),
    ("detectable_content:no_digits", {}, "trois", "3"),
    ("detectable_format:number_bullet_lists", {"num_bullets": 1}, "- a", "a"),
    ("detectable_format:constrained_response", {}, "Peut-être.", "Sans doute."),
    ("detectable_format:number_highlighted_sections", {"num_highlights": 1}, "*a b*", "a b"),
    (
        "detectable_format:multiple_sections",
        {"section_spliter": "Partie", "num_sections": 1},
        "Partie 1",
        "Partie un",
    ),
    ("detectable_format:json_format", {}, "{}", "{"),
    ("detectable_format:title", {}, "##Mer##", "## Mer"),
    ("combination:two_responses", {}, "a******b", "a******a"),
    ("combination:repeat_prompt", {"prompt_to_repeat": "Dis oui."}, "Dis oui. Oui", "Oui"),
    ("punctuation:no_comma", {}, "oui", "oui, non"),
    ("startend:end_checker", {"end_phrase": "Fin."}, "C'est la vie. Fin.", "Fin. Non"),
    ("startend:quotation", {}, "« oui »", "« oui"),
    (
        "change_case:capital_word_frequency",
        {"capital_frequency": 1, "capital_relation": "au moins"},
        "voir ONU",
        "non",
    ),
    (
        "change_case:french_capital",
        {},
        "NOUS ALLONS À LA PLAGE AVEC NOS AMIS DEMAIN MATIN",
        "Nous allons à la plage avec nos amis demain matin",
    ),
    (
        "change_case:french_lowercase",
        {},
        "nous allons à la plage avec nos amis demain matin",
        "Nous allons à la plage avec nos amis demain matin",
    ),
    (
        "special_character:accents",
        {"word_to_accentuate": {"lecon": "leçon"}},
        "La leçon",
        "La leçon, la lecon",
    ),
    ("special_character:ethel_or_cedilla", {"forbidden_char": "ç"}, "ceci", "ÇA"),
    ("special_character:no_accents", {}, "un ami", "été"),
]

JA: list[tuple[str, dict[str, Any], str, str]] = [
    ("keywords:existence", {"keywords": ["猫"]}, "猫がいる。", "犬がいる。"),
    ("keywords:forbidden_words", {"forbidden_words": ["猫"]}, "犬がいる。", "猫がいる。"),
    (
        "keywords:frequency",
        {"keyword": "猫", "frequency": 2, "relation": "以上"},
        "猫と猫。",
        "猫と犬。",
    ),
    (
        "keywords:letter_frequency",
        {"letter": "か", "let_frequency": 2, "let_relation": "以上"},
        "かさとカメ",
        "かさ",
    ),
    ("language:response_language", {"language": "ja"}, "今日はとても良い天気です。", "Hello you!"),
    (
        "length_constraints:number_sentences",
        {"num_sentences": 3, "relation": "未満"},
        "彼は「はい。」と言った。終わり！",
        "一。二。三。",
    ),
    (
        "length_constraints:number_letters",
        {"num_letters": 3, "relation": "以上"},
        "あいう",
        "あい",
    ),
    ("length_constraints:number_paragraphs", {"num_paragraphs": 2}, "一\n***\n二", "一"),
    (
        "length_constraints:nth_paragraph_first_word",
        {"num_paragraphs": 2, "nth_paragraph": 2, "first_word": "愛"},
        "序。\n\n「愛は」",
        "序。\n\n恋愛",
    ),
    ("detectable_content:number_placeholders", {"num_placeholders": 1}, "[名前]", "名前"),
    (
        "detectable_content:postscript",
        {"postscript_marker": "P.P.S."},
        "では。\np.p.s. また",
        "では。\nP.S. また",
    ),
    ("detectable_format:number_bullet_lists", {"num_bullets": 2}, "・一\n・二", "・一"),
    ("detectable_format:number_numbered_lists", {"num_items": 2}, "1. 一\n2. 二", "1.一\n2. 二"),
    ("detectable_format:constrained_response", {}, "はい、そうです。", "はい。"),
    ("detectable_format:number_highlighted_sections", {"num_highlights": 1}, "《一》", "《 》"),
    (
        "detectable_format:multiple_sections",
        {"section_spliter": "章", "num_sections": 2},
        "第1章\n一\n第２章\n二",
        "第一章\n第2章",
    ),
    ("detectable_format:json_format", {}, "{}", "{"),
    ("detectable_format:title", {}, "『題』", "『』"),
    ("detectable_format:nominal_ending", {"count": 1}, "美しい朝。", "朝が来た。"),
    ("combination:two_responses", {}, "一******二", "一******一"),
    ("combination:repeat_prompt", {"prompt_to_repeat": "言って。"}, "言って。はい", "はい"),
    ("startend:end_checker", {"end_phrase": "終わり。"}, "さて「終わり。」", "終わり。さて"),
    ("startend:quotation", {}, "「はい」", "はい"),
    (
        "startend:sentence_unified_end",
        {"ending": "です"},
        "猫です。「犬だ。」です。",
        "猫です。犬だ。",
    ),
    ("punctuation:no_comma", {}, "はい", "はい、いいえ"),
    ("punctuation:no_period", {}, "はい", "はい。"),
    ("letters:furigana", {}, "漢字（かんじ）だ", "漢字（かんじ）と夢"),
    ("letters:kanji", {"kanji_limit": 3, "relation": "未満"}, "漢字だ", "漢字と夢"),
    ("letters:kansuuji", {}, "三つ", "3つ"),
    ("letters:no_katakana", {}, "ねこ", "ﾈｺ"),
    ("letters:no_hiragana", {}, "猫", "ね"),
    ("letters:katakana_only", {}, "ネコー・1！", "ネこ"),
    ("letters:hiragana_only", {}, "ねこー1！", "ねコ"),
]

SAMPLES = [
    (f"{code}:{id_}", given, yes, no)
    for code, samples in (("es", ES), ("fr", FR), ("ja", JA))
    for id_, given, yes, no in samples
]


def follows(id_: str, given: dict[str, Any], answer: str, mode: Mode = "reference") -> bool:
    record = {"key": 1, "instruction_id_list": [id_], "kwargs": [given]}
    return check(record, answer, mode).strict[0]


def test_the_samples_cover_every_instruction_type() -> None:
    asked = sorted(id_ for id_ in KNOWN if id_[:3] in ("es:", "fr:", "ja:"))
    assert sorted(id_ for id_, *_ in SAMPLES) == asked


@pytest.mark.parametrize("mode", ["reference", "fixed"])
@pytest.mark.parametrize(("id_", "given", "yes", "no"), SAMPLES, ids=[one[0] for one in SAMPLES])
def test_every_type_tells_an_answer_that_follows_from_one_that_does_not(
    id_: str, given: dict[str, Any], yes: str, no: str, mode: Mode
) -> None:
    assert follows(id_, given, yes, mode)
    assert not follows(id_, given, no, mode)


EDGES: list[tuple[str, dict[str, Any], str, bool, bool]] = [
    (
        "es:length_constraints:number_words",
        {"num_words": 2, "relation": "como máximo"},
        "uno\n\ndos",
        NO,
        YES,
    ),
    ("es:change_case:spanish_capital", {}, "¡123!", YES, NO),
    ("es:startend:end_checker", {"end_phrase": "Un saludo"}, "un saludo", YES, NO),
    ("es:punctuation:question_marks", {}, "¿ ? ¿Sí?", YES, YES),
    ("es:detectable_content:postscript", {"postscript_marker": "P.D."}, "p. d. sí", YES, NO),
    ("es:detectable_format:number_bullet_lists", {"num_bullets": 1}, "- a", NO, YES),
    ("fr:detectable_content:postscript", {"postscript_marker": "PS"}, "le corps", YES, NO),
    ("fr:detectable_content:informal_address", {}, "tu ou vous", YES, NO),
    ("fr:special_character:accents", {"word_to_accentuate": {"a": "à"}}, "rien", YES, NO),
    ("fr:special_character:no_accents", {}, "e\u0301te", YES, NO),
    ("fr:startend:quotation", {}, "'oui\"", NO, NO),
    ("ja:keywords:existence", {"keywords": ["創造性"]}, "創造性を育てる。", NO, YES),
    ("ja:keywords:forbidden_words", {"forbidden_words": ["創造性"]}, "創造性。", YES, NO),
    (
        "ja:length_constraints:number_letters",
        {"num_letters": 2, "relation": "未満"},
        "あ\n",
        NO,
        YES,
    ),
    ("ja:detectable_format:number_bullet_lists", {"num_bullets": 2}, "* 一\n- 二", NO, YES),
    ("ja:startend:sentence_unified_end", {"ending": "です"}, "猫です。\n犬です。\n", NO, YES),
    ("ja:letters:furigana", {}, "かな", YES, NO),
    ("ja:letters:hiragana_only", {}, "123", YES, NO),
    ("ja:letters:katakana_only", {}, "123", YES, NO),
    (
        "ja:length_constraints:nth_paragraph_first_word",
        {"num_paragraphs": 1, "nth_paragraph": 1, "first_word": "愛"},
        "## 愛とは",
        NO,
        YES,
    ),
    (
        "ja:detectable_format:multiple_sections",
        {"section_spliter": "章", "num_sections": 1},
        "本の第1章では",
        YES,
        NO,
    ),
    ("ja:startend:end_checker", {"end_phrase": "はい。"}, "**はい。**", NO, YES),
    ("ja:detectable_content:postscript", {"postscript_marker": "P.S."}, "では p.s. a", YES, NO),
]


@pytest.mark.parametrize(("id_", "given", "answer", "reference", "fixed"), EDGES)
def test_at_the_edges_each_mode_says_what_is_known_of_it(
    id_: str, given: dict[str, Any], answer: str, reference: bool, fixed: bool
) -> None:
    assert follows(id_, given, answer) is reference
    assert follows(id_, given, answer, "fixed") is fixed
